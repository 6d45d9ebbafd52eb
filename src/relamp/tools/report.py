"""Write the workflow's report: one HTML file with all figures, tables and captions."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.render.verdict_words import contradictions
from relamp.runtime.files import whole

log = logging.getLogger(__name__)

LANDING = "RELAMP_LANDING"  # the environment variable by which the Snakefile learns of the landing page


def write_report(
    snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cells: Path, claims: Path, output: Path
) -> None:
    """Have a second Snakemake, which only reads what the first has made, write the report of some targets.

    The landing page begins with the verdicts: `cells` and `claims` are the files that `relamp.steps.judge` wrote.

    Raises:
        RelampError: with the end of what it said, if it fails.
    """
    options = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    with whole(output) as beside, TemporaryDirectory() as folder:
        landing = Path(folder) / "landing.rst"
        description = Path(snakefile).parent / "workflow" / "report" / "workflow.rst"
        landing.write_text(_verdicts(cells, claims) + description.read_text(encoding="utf-8"), encoding="utf-8")
        # The outer Snakemake holds the lock of the folder, and the inner one writes nothing but the report.
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock", "--cores", "1"]
        command += ["--report", str(beside), "--config", *options, "--", *targets]
        log.info("%s", " ".join(command))
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, LANDING: str(landing)}
        )
        log.info("%s", done.stdout + done.stderr)
        if done.returncode:
            raise RelampError(f"{output}: the report could not be written: {done.stderr.strip()[-500:]}")


def _verdicts(cells: Path, claims: Path) -> str:
    """Return the verdicts as the beginning of the landing page, in reStructuredText."""
    numbers, tested = pd.read_csv(cells, keep_default_na=True), pd.read_csv(claims, keep_default_na=False)
    lines = ["Does it hold?", "-------------", ""]
    for what, words in (("Numbers", numbers["verdict"]), ("Claims", tested["outcome"])):
        counts = ", ".join(f"{count} {word}" for word, count in words.value_counts().items())
        lines.append(f"- **{what}**: {counts}")
    lines += [f"- {_rst(line)}" for line in contradictions(numbers, tested)]
    return "\n".join([*lines, "", "Each with its evidence under *Claims and verdicts*.", "", ""])


def _rst(text: str) -> str:
    """Return a text without meaning to reStructuredText, or to the template that the page is."""
    return re.sub(r"([\\*`|_])", r"\\\1", text).replace("{", "(").replace("}", ")")
