"""A second Snakemake beside the one that runs the job: it only reads what the first has made, or would make."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

log = logging.getLogger(__name__)


def second_snakemake(
    snakefile: str,
    config: Mapping[str, Any],
    targets: Sequence[str],
    options: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Return what a Snakemake said of some targets, by the same configuration, with further variables around it."""
    words = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    # The outer Snakemake holds the lock of the folder, and the inner one writes nothing there, whatever lies half-made.
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock"]
    command += ["--workflow-profile", "none", *options]
    command += ["--config", *words, "--", *targets]
    log.info("%s", " ".join(command))
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )
