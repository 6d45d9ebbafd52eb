"""What a cluster's user is given: a profile with the settings that are safe, a container, and a page that is true."""

import os
import re
import shlex
import subprocess

import pytest
import yaml

from slurm_cluster import PLAN, ROOT, needs_snakemake, run

PROFILE = yaml.safe_load((ROOT / "slurm" / "profile.yaml").read_text())
PAGE = (ROOT / "slurm" / "README.md").read_text()
DEFINITION = (ROOT / "envs" / "relamp.def").read_text()


def test_the_profile_keeps_clear_of_what_breaks() -> None:
    assert PROFILE["executor"] == "slurm"
    # sacct never notices a job cancelled by hand; arrays lose outputs; requeueing has to be said; retries multiply.
    assert PROFILE["slurm-status-command"] == "squeue"
    assert not [key for key in PROFILE if "array" in key or "group" in key]
    assert PROFILE["slurm-requeue"] is True
    assert PROFILE["retries"] > 0
    rules = "".join(path.read_text() for path in (ROOT / "workflow").glob("*.smk"))
    assert not re.search(r"^ *(retries|group):", rules, flags=re.MULTILINE)
    # Notice before the limit; and the log of a job that is started again keeps why it had ended.
    assert "--signal=TERM@" in PROFILE["default-resources"]["slurm_extra"]
    assert "--open-mode=append" in PROFILE["default-resources"]["slurm_extra"]


def test_nothing_of_one_cluster_is_in_the_profile_or_the_rules() -> None:
    words = ("slurm_partition", "slurm_account", "gpu_model", "constraint:", "qos")
    for path in (ROOT / "slurm" / "profile.yaml", *(ROOT / "workflow").glob("*.smk")):
        lines = [line for line in path.read_text().splitlines() if not line.strip().startswith("#")]
        assert not [line for line in lines if any(word in line for word in words)], path


def plan(*arguments: str, **environment: str) -> str:
    return run(ROOT, *PLAN, "--forceall", "--rerun-incomplete", *arguments, env={**os.environ, **environment})


@needs_snakemake
def test_jobs_that_train_ask_for_a_gpu_unless_the_switch_says_cpu() -> None:
    for device, gpus in (("", "1"), ("cpu", "0")):
        assert set(re.findall(r"gpu=(\d)", plan("lamp_table1", RELAMP_DEVICE=device))) == {gpus}


@needs_snakemake
def test_every_job_that_is_submitted_says_what_it_needs() -> None:
    for block in plan("all", "mmix").split("\nrule ")[1:]:
        rule = block.partition(":")[0]
        if rule in ("all", "mmix", "fetch", "efficiency", "report"):  # these run where the command is typed
            continue
        for name in ("mem_mb", "runtime", "expected_s", "disk_mb"):
            assert re.search(rf"resources: .*{name}=\d+", block), (rule, name)
        # `progress` finds a job's log by the values of its wildcards, in the order in which SLURM's comment has them.
        (log,) = re.findall(r"^    log: (.*)", block, flags=re.MULTILINE)
        at = 0
        for value in re.findall(r"\w+=([^,\n]+)", "".join(re.findall(r"^    wildcards: (.*)", block, re.MULTILINE))):
            at = log.index(value, at) + len(value)


@needs_snakemake
def test_an_image_can_be_named() -> None:
    assert "rule pack" in plan("datasets", RELAMP_IMAGE="relamp.sif")


def test_both_containers_take_the_same_steps() -> None:
    header, *sections = re.split(r"^%(\w+)\n", DEFINITION, flags=re.MULTILINE)
    parts = dict(zip(sections[::2], sections[1::2], strict=True))
    keys = dict(line.split(": ", 1) for line in header.splitlines() if line and not line.startswith("#"))
    assert keys["Bootstrap"] == "docker"
    assert set(parts) == {"files", "post", "environment", "test", "labels"}
    commands = re.findall(r"^([A-Z]+) (.*)", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    first = [
        words for command, words in commands[: commands.index(("WORKDIR", "/relamp"))] if command in ("COPY", "RUN")
    ]
    copied = {source: target.rstrip("/") for source, target in map(str.split, first[:-1])}
    given = dict(line.split() for line in parts["files"].splitlines() if line.strip())
    # A file goes below the folder that a Containerfile names.
    assert given == {
        "requirements.lock": f"{copied['requirements.lock']}/requirements.lock",
        "install": copied["install"],
    }
    assert parts["post"].strip() == first[-1]
    assert keys["From"] == dict(commands)["ARG"].removeprefix("BASE=docker.io/library/")
    for line in ("PYTHONNOUSERSITE=1", "LC_ALL=C.UTF-8"):
        assert line in parts["environment"]
        assert line in (ROOT / "Containerfile").read_text()


@needs_snakemake
@pytest.mark.parametrize("path", ["README.md", "slurm/README.md", "envs/relamp.def", "docs/data.md"])
def test_every_command_that_is_shown_can_be_parsed(path: str) -> None:
    from snakemake.cli import get_argument_parser

    text = (ROOT / path).read_text()
    shown = re.findall(r"`(?:RELAMP\w+=\S+ )?(snakemake [^`]+)`", text)
    shown += re.findall(r"^[#$ ]*(?:RELAMP\w+=\S+ )?(snakemake -[^`#\n]+)", text, flags=re.MULTILINE)
    assert shown
    for command in shown:
        # A profile is a file's defaults, which are of no interest here.
        words = [word for word in shlex.split(command) if word != "..."][1:]
        words = [word for word in words if word not in ("--profile", "slurm")]
        try:
            get_argument_parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"snakemake does not take: {command}")


def test_what_the_page_names_is_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "slurm" / target).exists(), target
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([\w-]+)", PAGE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    for word in re.findall(r"RELAMP_\w+", PAGE):
        files = [ROOT / "workflow" / "Snakefile", *(ROOT / "src").rglob("*.py")]
        assert any(word in path.read_text() for path in files), word
    for script in ("slurm/resume.sh", "tests/slurm/up.sh", "tests/slurm/down.sh", "tests/slurm/nodefail.sh"):
        assert os.access(ROOT / script, os.X_OK)
        subprocess.run(["bash", "-n", ROOT / script], check=True)
