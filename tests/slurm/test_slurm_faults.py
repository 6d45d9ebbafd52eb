"""What can happen to a run on a cluster; after each, the same command ends with the bits of an undisturbed run."""

import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from slurm_cluster import (
    ENV,
    LOW,
    OFTEN,
    ON_GPU,
    ROOT,
    SNAKEMAKE,
    TARGET,
    Controller,
    log_of_training,
    made,
    run,
    squeue,
    until,
)

pytestmark = pytest.mark.slurm

RESUMES = re.compile(r"resumes after epoch (\d+) of 400")
SAVED = re.compile(r"SIGTERM: ended after epoch \d+ of 400( and \d+ samples)?, whose state is saved")


def finish(folder: Path, undisturbed: dict[str, Any], env: dict[str, str] = ENV) -> None:
    """Run the same command again: it ends well, with the same bits, and has not packed the data again."""
    packed = (folder / "results/quick/data/MUTAG.safetensors").stat().st_mtime_ns
    run(folder, *SNAKEMAKE, "--profile", "slurm", *OFTEN, "--", TARGET, env=env)
    assert undisturbed.items() <= made(folder).items()
    assert (folder / "results/quick/data/MUTAG.safetensors").stat().st_mtime_ns == packed


def goes_on(folder: Path) -> None:
    """The last attempt did not begin at the beginning."""
    assert int(RESUMES.findall(log_of_training(folder))[0]) > 0


def refused(folder: Path, *words: str) -> str:
    """Run a command that has to fail, and return what it printed."""
    done = subprocess.run(words, cwd=folder, env=ENV, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    return done.stdout + done.stderr


def longer(folder: Path, seeds: int) -> None:
    """Have more seeds trained: the first two end with the same bits, and the job takes longer."""
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("seeds: [0, 1]", f"seeds: {list(range(seeds))}"))


def node_of(job: str) -> str:
    return squeue("--job", job, "--format", "%N").strip()


def attempts(controller: Controller) -> int:
    """How many jobs the controller has submitted."""
    return controller.said().count("has been submitted with SLURM jobid")


def test_a_cancelled_training_saves_and_goes_on(folder: Path, undisturbed: dict[str, Any]) -> None:
    controller = Controller(folder, "--retries", "0")
    job = controller.job()
    subprocess.run(["scancel", job], check=True)
    assert controller.wait() == 1
    assert SAVED.search(log_of_training(folder))
    # What happened, and where the job's own logs are.
    assert re.search(rf"SLURM-job '{job}' failed, SLURM status is: '(CANCELLED|FAILED)'", controller.said())
    assert re.search(rf"log: results/quick/logs/train/\S+\.log, \S+/{job}\.log ", controller.said())
    finish(folder, undisturbed)
    goes_on(folder)


def test_a_cancelled_sweep_keeps_the_settings_that_it_has_finished(folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("gamma: []", "gamma: [0.1, 0.3]"))
    first, second = (f"MUTAG/lamp-mag/gamma~{gamma}_alpha~1" for gamma in (0.1, 0.3))
    target = f"results/quick/train/graphs/{second}/seed~1/encoder.safetensors"
    elsewhere = shutil.copytree(folder, folder.with_name("elsewhere"))
    run(elsewhere, *SNAKEMAKE, "--cores", "1", "--", target)

    controller = Controller(folder, "--retries", "0", target=target)
    job = controller.job()
    states = folder / "results/quick/state/train/graphs"
    until("the second setting", lambda: list((states / second).glob("*.pt")))
    subprocess.run(["scancel", job], check=True)
    assert controller.wait() == 1
    finished = {path: path.stat().st_mtime_ns for path in (states / first).iterdir()}
    assert {path.name for path in finished} == {"seed~0.pt", "seed~1.pt"}
    run(folder, *SNAKEMAKE, "--profile", "slurm", *OFTEN, "--", target)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert made(folder) == made(elsewhere)


# These two need whole nodes with GPUs, so one goes after the other.
@pytest.mark.xdist_group("nodes")
def test_a_dead_node_gives_its_training_to_another(folder: Path, undisturbed: dict[str, Any]) -> None:
    controller = Controller(folder, env=ON_GPU)
    job = controller.job()
    node = node_of(job)
    assert node in ("g1", "g2")
    run(ROOT, "tests/slurm/nodefail.sh", node)
    try:
        assert controller.wait() == 0, controller.said()
    finally:
        run(ROOT, "tests/slurm/nodefail.sh", node, "back")
    # SLURM itself has started it again, and nobody a second one beside it.
    assert attempts(controller) == 1
    goes_on(folder)
    finish(folder, undisturbed, ON_GPU)


@pytest.mark.xdist_group("nodes")
def test_a_preempted_training_comes_back(folder: Path, undisturbed: dict[str, Any]) -> None:
    (folder / "slurm/site.yaml").write_text(LOW)
    controller = Controller(folder, env=ON_GPU)
    node = node_of(controller.job())
    stronger = ["sbatch", "--exclusive", "--nodelist", node, "--partition", "gpu", "--output", "/dev/null"]
    run(folder, *stronger, "--wrap", "sleep 5")
    assert controller.wait() == 0, controller.said()
    # Its own log is of the second start; how the first one ended stands in SLURM's.
    logs = (folder / ".snakemake/slurm_logs").rglob("*.log")
    assert any(SAVED.search(log.read_text()) for log in logs)
    goes_on(folder)
    finish(folder, undisturbed, ON_GPU)


def test_the_time_limit_is_announced_and_the_next_attempt_gets_more(folder: Path, undisturbed: dict[str, Any]) -> None:
    longer(folder, 30)
    # SLURM looks every half minute, and sends the signal so much early: 25 to 55 seconds after the first start,
    # which a busy machine may take for starting alone. The next attempts have a minute more each.
    limits = ["--set-resources", "train_graphs:runtime=attempt", "train_graphs:slurm_extra='--signal=TERM@5'"]
    controller = Controller(folder, *limits, "--retries", "4")
    assert controller.wait() == 0, controller.said()
    assert attempts(controller) > 1
    assert "runtime=2" in controller.said()
    assert re.search(r"SLURM status is: '(FAILED|TIMEOUT)'", controller.said())
    goes_on(folder)
    finish(folder, undisturbed)


def test_a_training_that_lacks_memory_gets_more(folder: Path, undisturbed: dict[str, Any]) -> None:
    controller = Controller(folder, "--set-resources", "train_graphs:mem_mb=300*attempt**3")
    assert controller.wait() == 0, controller.said()
    assert attempts(controller) == 2
    assert re.search(r"SLURM status is: '(OUT_OF_MEMORY|FAILED)'", controller.said())
    (first,) = re.findall(r"external_jobid: (\d+)", controller.said())
    (log,) = (folder / ".snakemake/slurm_logs").rglob(f"{first}.log")
    assert re.search("(?i)memory limit|oom", log.read_text())
    finish(folder, undisturbed)


def test_a_controller_that_was_killed_is_followed_by_one_that_knows(folder: Path, undisturbed: dict[str, Any]) -> None:
    controller = Controller(folder)
    job = controller.job()
    controller.end(signal.SIGKILL)
    # The job runs on, and the folder is locked, so that no second job writes the same files.
    assert squeue("--job", job, "--format", "%T").strip() == "RUNNING"
    assert "--unlock" in refused(folder, *SNAKEMAKE, "--profile", "slurm", "--", TARGET)
    said = run(folder, "slurm/resume.sh", *OFTEN, "--", TARGET)
    assert f"\n{job} RUNNING rule_train_graphs_wildcards_MUTAG_lamp-mag_gamma~0.2_alpha~1\n" in said
    goes_on(folder)
    finish(folder, undisturbed)


def test_control_c_cancels_the_jobs_and_a_second_controller_is_refused(
    folder: Path, undisturbed: dict[str, Any]
) -> None:
    longer(folder, 7)
    controller = Controller(folder)
    job = controller.job()
    assert "a Snakemake still runs in this folder" in refused(folder, "slurm/resume.sh", "--", TARGET)
    second = refused(folder, *SNAKEMAKE, "--profile", "slurm", "--", TARGET)
    assert "LockException" in second
    assert "submitted" not in second
    assert squeue("--job", job, "--format", "%T").strip() == "RUNNING"

    controller.end(signal.SIGINT)
    until("the end of the job", lambda: not squeue("--job", job))
    assert SAVED.search(log_of_training(folder))
    finish(folder, undisturbed)
    goes_on(folder)
