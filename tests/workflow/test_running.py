"""How a run begins and ends, on a workflow of two rules that includes the project's own rules of running."""

import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from slurm_cluster import ENV, ROOT, copy_project, needs_snakemake, until

pytestmark = needs_snakemake

SNAKEFILE = f"""
import sys
from pathlib import Path

from relamp.errors import RelampError


include: "{ROOT}/workflow/running.smk"


onstart:
    begin()


rule all:
    input:
        "out/MUTAG.txt",


rule work:
    output:
        output="out/{{dataset}}.txt",
    log:
        "logs/{{dataset}}.log",
    resources:
        mem_mb=700,
        expected_s=3,
    script:
        "work.py"
"""
# Counts to 30 as a training does its epochs, unless it is told to end, or how.
WORK = """
import os, signal, time
from pathlib import Path

from relamp.errors import RelampError
from relamp.runtime.files import whole, write_text
from relamp.runtime.job import run
from relamp.runtime.signals import deferred


def work(output: Path):
    how = Path("how").read_text() if Path("how").exists() else ""
    state = Path("state")
    if how == "fail":
        Path("failing").touch()
        while Path("how").exists():
            time.sleep(0.05)
        raise RelampError("it fails")
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    with deferred() as asked:
        for epoch in range(int(state.read_text()) if state.exists() else 0, 30):
            time.sleep(0.1)
            with whole(state, orphan=True) as beside:
                beside.write_text(str(epoch + 1))
            if asked():
                raise RelampError(f"{asked()}: ended after epoch {epoch + 1}, saved")
    write_text(output, "made " * 30)


run(work, snakemake)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "work.py").write_text(textwrap.dedent(WORK))
    return tmp_path


def words(*more: str, python: str = sys.executable) -> list[str]:
    return [python, "-m", "snakemake", "--workflow-profile", "none", "--cores", "2", *more]


def start(folder: Path, *more: str, **options: object) -> subprocess.Popen[str]:
    # Under `nohup` the tests themselves ignore SIGHUP, and what they start would too.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **heard, **options}
    return subprocess.Popen(words(*more), cwd=folder, text=True, start_new_session=True, **given)  # type: ignore[call-overload, no-any-return]


def run(folder: Path, *more: str, code: int = 0, python: str = sys.executable) -> str:
    done = subprocess.run(
        words(*more, python=python), cwd=folder, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def epochs(folder: Path) -> int:
    return int((folder / "state").read_text()) if (folder / "state").exists() else 0


def job_of(folder: Path) -> int:
    """The process that works in a folder."""
    jobs = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{folder}/.snakemake/scripts/" in (process / "cmdline").read_text():
                jobs.append(int(process.name))
        except OSError:
            continue
    (job,) = jobs
    return job


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def at_work(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A Snakemake whose job has begun to count."""
    with start(folder) as process:
        try:
            until("the first epochs", lambda: epochs(folder) > 2)
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGTERM", "SIGTERM alone"])
def test_a_signal_saves_the_state_and_the_plain_command_goes_on(
    folder: Path, at_work: subprocess.Popen[str], name: str
) -> None:
    number = signal.Signals[name.split()[0]]
    (at_work.send_signal if "alone" in name else lambda sent: os.killpg(at_work.pid, sent))(number)
    said, _ = at_work.communicate(timeout=60)
    assert at_work.returncode == 1
    assert "Traceback" not in said
    assert "Error" not in said.replace("WorkflowError:\nAt least one job did not complete successfully.", "")
    assert re.search(r"^relamp: SIG\w+: ended after epoch \d+, saved$", said, flags=re.MULTILINE)
    assert f"relamp: {number.name}: jobs at work save what they can and end" in said
    assert 2 < epochs(folder) < 30
    before = epochs(folder)
    assert "1 of 1 steps" in run(folder, "out/MUTAG.txt")
    assert (folder / "out" / "MUTAG.txt").read_text() == "made " * 30
    assert before < epochs(folder) == 30


def test_a_closed_terminal_saves_the_state_and_leaves_nothing_behind(folder: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execv(sys.executable, words())
    until("the first epochs", lambda: epochs(folder) > 2)
    job = job_of(folder)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert not lives(job)
    assert 2 < epochs(folder) < 30
    assert ": ended after epoch" in (folder / "logs" / "MUTAG.log").read_text()
    assert not list((folder / ".snakemake" / "locks").glob("*"))


def test_a_second_signal_ends_jobs_at_once(folder: Path, at_work: subprocess.Popen[str]) -> None:
    job = job_of(folder)
    os.kill(job, signal.SIGSTOP)  # it hears nothing
    for _ in range(2):
        at_work.send_signal(signal.SIGINT)
        time.sleep(0.3)
    said, _ = at_work.communicate(timeout=60)
    assert at_work.returncode == 1
    assert not lives(job)
    assert "Traceback" not in said
    assert "memory" not in said


def test_the_whole_workflow_ends_well_too(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project", "preset: quick\n")
    setting = project / "results/quick/train/graphs/MUTAG/lamp-mag/gamma~0.2_alpha~1"
    log = project / "results/quick/logs/train/graphs/MUTAG/lamp-mag/gamma~0.2_alpha~1.log"
    longer = 'unsupervised={"pretraining": {"epochs": 5000, "checkpoints": [5000]}}'
    target = str(setting.relative_to(project) / "seed~0" / "encoder.safetensors")
    with start(project, "--config", longer, "--", target, env=ENV) as process:
        try:
            until("the first epochs", lambda: log.exists() and "epochs:" in log.read_text())
            process.send_signal(signal.SIGTERM)
            said, _ = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 1
    assert re.search(r"^\d jobs, about .* on 2 cores$", said, flags=re.MULTILINE)
    assert "relamp: SIGTERM: jobs at work save what they can and end" in said
    assert re.search(r"ended after epoch \d+ of 5000.*, whose state is saved", said)


@pytest.mark.parametrize("hook", ["onstart", "onsuccess", "onerror"])
def test_the_workflow_has_each_hook_once_since_the_last_alone_is_heeded(hook: str) -> None:
    files = [path for path in (ROOT / "workflow").iterdir() if path.suffix == ".smk" or path.name == "Snakefile"]
    assert sum(path.read_text().splitlines().count(f"{hook}:") for path in files) <= 1


def test_before_any_job_has_started_a_signal_ends_it_with_one_line(folder: Path) -> None:
    (folder / "Snakefile").write_text(SNAKEFILE + "\nPath('parsed').touch()\nimport time\ntime.sleep(60)\n")
    with start(folder) as process:
        until("the rules", (folder / "parsed").exists)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "relamp: SIGINT: ended before any job was started"
    assert "Traceback" not in said


def test_a_job_ends_with_its_controller_and_the_folder_stays_locked_until_then(
    folder: Path, at_work: subprocess.Popen[str]
) -> None:
    job = job_of(folder)
    os.kill(job, signal.SIGSTOP)  # so that it does not end while others start
    said = run(folder, "--unlock", code=1)
    (line,) = [line for line in said.splitlines() if "relamp" in line]
    assert f"{folder}: still at work here: Snakemake {at_work.pid}, job {job}; wait for them" in line
    at_work.kill()
    at_work.wait()
    assert f"still at work here: job {job};" in run(folder, "--unlock", code=1)
    os.kill(job, signal.SIGCONT)
    until("the end of the job", lambda: not lives(job), 30)
    assert epochs(folder) < 30
    assert not (folder / "out" / "MUTAG.txt").exists()
    run(folder, "--unlock")
    run(folder, "--rerun-incomplete")
    assert (folder / "out" / "MUTAG.txt").exists()


def test_a_killed_job_is_told_with_what_it_had_asked_for(folder: Path) -> None:
    (folder / "how").write_text("kill")
    for more in ((), ("--quiet", "all"), ("--logger", "relamp")):
        said = run(folder, *more, code=1)
        (line,) = [line for line in said.splitlines() if line.startswith("relamp: ")]
        assert line.startswith("relamp: work MUTAG: killed from outside (SIGKILL), most likely because memory ran out;")
        assert "it had asked for 700 MB" in line
        assert "--set-resources work:mem_mb=<MB>" in line


def test_a_reader_that_goes_away_leaves_nothing_stuck(folder: Path) -> None:
    (folder / "how").write_text("fail")
    reader, writer = os.pipe()
    with start(folder, stdout=writer, stderr=writer) as process:
        os.close(writer)
        until("the job", (folder / "failing").exists)
        os.close(reader)
        (folder / "how").unlink()
        assert process.wait(timeout=60) == 1
    assert "it fails" in (folder / "logs" / "MUTAG.log").read_text()
    assert not list((folder / ".snakemake" / "locks").glob("*"))


def test_a_python_below_a_folder_with_a_space(folder: Path) -> None:
    odd = folder / "my project's"
    odd.mkdir()
    for name in ("Snakefile", "work.py"):
        (folder / name).rename(odd / name)
    (odd / "python").symlink_to(Path(sys.prefix))
    run(odd, python=str(odd / "python" / "bin" / "python"))
    assert (odd / "out" / "MUTAG.txt").exists()


def test_the_logger_tells_a_line_for_each_job_and_what_failed(folder: Path) -> None:
    said = run(folder, "--logger", "relamp")
    shown = [re.sub(r"^\d\d:\d\d:\d\d  |\d+(?= s\b)", "", line) for line in said.splitlines()]
    # Snakemake says before anybody logs which file system it assumes.
    assert shown[-3:] == ["1 job, about  s on 2 cores", "[1/1] work MUTAG:  s", "1 of 1 jobs done in  s"]
    assert "Nothing to be done" in run(folder, "--logger", "relamp")
    (folder / "out" / "MUTAG.txt").unlink()
    assert re.search(r"  work MUTAG: about 3 s$", run(folder, "--logger", "relamp", "-n"), flags=re.MULTILINE)
    (folder / "how").write_text("fail")
    with start(folder, "--logger", "relamp") as process:
        until("the job", (folder / "failing").exists)
        (folder / "how").unlink()
        failed, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "\nrelamp: it fails\n" in failed
    assert re.search(r"^\S+  failed: work MUTAG after \d+ s \(see logs/MUTAG.log\)$", failed, flags=re.MULTILINE)
    assert "CalledProcessError" not in failed


def test_the_logger_leaves_it_to_the_rules_which_relamp_is_imported() -> None:
    script = "import sys, snakemake_logger_plugin_relamp; sys.exit('relamp' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_slurm_its_profile_ends_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A path on which there is everything but SLURM.
    programs = folder / "bin"
    programs.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            if program.name not in ("sbatch", "sacct") and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))
    said = run(folder, "--executor", "slurm", "--jobs", "1", code=1)
    assert "relamp: there is no SLURM here (no sbatch); leave --profile slurm out, or run on a login node\n" in said
    assert "Traceback" not in said
    assert "sacct" not in said


def test_the_plain_command_takes_all_cores_and_goes_on_and_leaves_another_profile_its_own(folder: Path) -> None:
    default = folder / "profiles" / "default"
    default.mkdir(parents=True)
    copy(ROOT / "profiles" / "default" / "config.yaml", default)
    (folder / "other.yaml").write_text("cores: 7\n")
    plain = [sys.executable, "-m", "snakemake"]
    environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}

    def said(*more: str, **given: str) -> str:
        environ = {**environment, **given}
        done = subprocess.run([*plain, *more], cwd=folder, env=environ, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    # What was killed between beginning and end is made anew without a word.
    (folder / "out").mkdir()
    (folder / "out" / "MUTAG.txt").write_text("half")
    marks = folder / ".snakemake" / "incomplete"
    marks.mkdir(parents=True)
    (marks / b64encode(b"out/MUTAG.txt").decode()).touch()
    assert f"Provided cores: {len(os.sched_getaffinity(0))}" in said("out/MUTAG.txt")
    assert (folder / "out" / "MUTAG.txt").read_text() == "made " * 30
    profile = str(folder / "other.yaml")
    (folder / "state").write_text("29")
    assert "Provided cores: 7" in said("--forceall", "--profile", profile)
    assert "Provided cores: 7" in said("--forceall", SNAKEMAKE_PROFILE=profile)
