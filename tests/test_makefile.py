"""What make decides before it runs anything: which Python installs, what a run is told, where caches lie."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A Python that says it is another one, and makes no environment.
PYTHON = """#!/bin/sh
case "$1" in
  -c) exec "{python}" -c 'import sys; code = sys.argv[1]; sys.version_info = ({version}); exec(code)' "$2" ;;
  --version) echo "Python {name}" ;;
  *) echo "would $*"; exit 7 ;;
esac
"""


def make(*words: str, code: int, **environment: str) -> str:
    done = subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(("name", "installs"), [("3.10.4", 0), ("3.11.9", 1), ("3.12.1", 1), ("3.13.0", 0)])
def test_only_a_python_that_the_lock_has_wheels_for_installs(tmp_path: Path, name: str, installs: bool) -> None:
    python = tmp_path / "python"
    python.write_text(PYTHON.format(python=sys.executable, name=name, version=name.replace(".", ", ")))
    python.chmod(0o755)
    said = make("install", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}", code=2)
    refused = f"relamp installs on Python 3.11 and 3.12, and {python} is Python {name}; name another with PYTHON=...\n"
    assert (refused in said) != installs
    assert ("would -m venv" in said) == installs


def shown(*words: str, **environment: str) -> list[str]:
    """The commands that would run the workflow and print its summary."""
    lines = make("-n", "reproduce", *words, code=0, **environment).splitlines()
    return [line for line in lines if "-m snakemake" in line or "tools.summary" in line]


def test_preset_and_entries_reach_the_run_and_its_summary() -> None:
    run, summary = shown("PRESET=desk", "CONFIG=offline=true fail_on=worse", "TARGET=lamp_fig4", "CORES=3")
    assert "-m snakemake lamp_fig4 --cores 3 --resources mem_mb=$(" in run
    assert run.endswith("--logger relamp --config preset=desk offline=true fail_on=worse")
    assert summary.endswith("-m relamp.tools.summary preset=desk offline=true fail_on=worse")
    assert shown(PRESET="desk")[0].rstrip().endswith("--config preset=desk")
    # What nobody names is config.yaml's.
    assert "--config" not in shown()[0]
    assert shown()[1].rstrip().endswith("-m relamp.tools.summary")


def test_entries_whose_braces_the_shell_would_take_apart_are_refused() -> None:
    said = make("-n", "store", "STORE=S", 'CONFIG=unsupervised={"seeds":[0,1]}', code=2)
    assert 'CONFIG takes no braces: name each entry in full, as in CONFIG="unsupervised.seeds=[0,1]"' in said
    assert "unsupervised.seeds=[0,1]" in make("-n", "store", "STORE=S", "CONFIG=unsupervised.seeds=[0,1]", code=0)


def test_caches_lie_beside_the_results_where_home_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = tmp_path / "home"
    probe = ["-f", "-", "-f", "Makefile", "probe"]

    def caches(home: Path) -> str:
        environment = {key: value for key, value in os.environ.items() if key not in ("XDG_CACHE_HOME", "MPLCONFIGDIR")}
        rule = 'probe:\n\t@echo "$${XDG_CACHE_HOME:-} $${MPLCONFIGDIR:-}"\n'
        done = subprocess.run(
            ["make", *probe],
            cwd=ROOT,
            env={**environment, "HOME": str(home)},
            input=rule,
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout.strip()

    assert caches(home) == ""
    cache = f"{ROOT}/.snakemake/cache"
    assert caches(tmp_path / "file" / "home") == f"{cache} {cache}/matplotlib"
