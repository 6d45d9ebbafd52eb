"""A second Snakemake beside the one that runs the job: it only reads what the first has made, or would make."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from relamp.errors import without_user

log = logging.getLogger(__name__)


def second_snakemake(
    snakefile: str,
    config: Mapping[str, Any],
    targets: Sequence[str],
    options: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Return what a Snakemake said of some targets, by the same configuration, with further variables around it.

    What it said holds no user or password of an address, wherever it is cut.
    """
    words = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    # The outer Snakemake holds the lock of the folder, and the inner one writes nothing there, whatever lies half-made.
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock", *options]
    command += ["--config", *words, "--", *targets]
    log.info("%s", without_user(" ".join(command)))
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    done.stdout, done.stderr = without_user(done.stdout), without_user(done.stderr)
    return done
