"""Write the workflow's report: one HTML file with all figures, tables and captions."""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.judge.words import counted
from relamp.render.verdict_page import contradictions
from relamp.runtime.files import whole
from relamp.tools.plan import second_snakemake

log = logging.getLogger(__name__)

LANDING = "RELAMP_LANDING"  # the environment variable by which the Snakefile learns of the landing page


def write_report(
    snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cells: Path, claims: Path, output: Path
) -> None:
    """Have a second Snakemake, which only reads what the first has made, write the report of some targets.

    The landing page begins with the verdicts: `cells` and `claims` are files of `relamp.artifacts.verdict.judge`.
    Raises RelampError, with the end of what it said, if it fails.
    """
    with whole(output) as beside, TemporaryDirectory() as folder:
        landing = Path(folder) / "landing.rst"
        description = Path(snakefile).parent / "workflow" / "report" / "workflow.rst"
        landing.write_text(_verdicts(cells, claims) + description.read_text(encoding="utf-8"), encoding="utf-8")
        style = str(description.with_name("style.css"))
        options = ["--cores", "1", "--report", str(beside), "--report-stylesheet", style]
        done = second_snakemake(snakefile, config, targets, options, {LANDING: str(landing)})
        log.info("%s", done.stdout + done.stderr)
        if done.returncode:
            raise RelampError(f"{output}: the report could not be written: {done.stderr.strip()[-500:]}")


def _verdicts(cells: Path, claims: Path) -> str:
    """Return the verdicts as the beginning of the landing page, in reStructuredText."""
    numbers, tested = pd.read_csv(cells, keep_default_na=True), pd.read_csv(claims, keep_default_na=False)
    lines = ["Does it hold?", "-------------", ""]
    for what, words in (("Numbers", numbers["verdict"]), ("Claims", tested["outcome"])):
        lines.append(f"- **{what}**: {counted(words)}")
    lines += [f"- {_rst(line)}" for line in contradictions(numbers, tested)]
    return "\n".join([*lines, "", "Each with its evidence under *Claims and verdicts*.", "", ""])


def _rst(text: str) -> str:
    """Return a text without meaning to reStructuredText, or to the template that the page is."""
    return re.sub(r"([\\*`|_])", r"\\\1", text).replace("{", "(").replace("}", ")")
