"""Write the workflow's report: one HTML file with all figures, tables and captions."""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.files import whole

log = logging.getLogger(__name__)


def write_report(snakefile: str, config: Mapping[str, Any], targets: Sequence[str], output: Path) -> None:
    """Have a second Snakemake, which only reads what the first has made, write the report of some targets.

    Raises:
        RelampError: with the end of what it said, if it fails.
    """
    options = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    with whole(output) as beside:
        # The outer Snakemake holds the lock of the folder, and the inner one writes nothing but the report.
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock", "--cores", "1"]
        command += ["--report", str(beside), "--config", *options, "--", *targets]
        log.info("%s", " ".join(command))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        log.info("%s", done.stdout + done.stderr)
        if done.returncode:
            raise RelampError(f"{output}: the report could not be written: {done.stderr.strip()[-500:]}")
