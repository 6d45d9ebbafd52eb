import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relamp.runtime.log import RESUMES, Ran, first_line, last_line, ran


def test_the_first_line_says_where_a_job_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert first_line("svm_table", 4) == f"svm_table, 4 CPUs on {platform.node()}"
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert first_line("pack", 1) == f"pack, 1 CPU on {platform.node()}, SLURM job 17"


@pytest.mark.parametrize(
    ("messages", "took_over"),
    [
        ([], False),
        (["MUTAG, epochs: 3 of 20"], False),
        (["MUTAG, epochs: 3 of 20", f"{RESUMES} after epoch 3 of 20, from a.pt"], True),
        (["SIGTERM: ended; the same command resumes from there"], False),
    ],
)
def test_a_log_tells_how_its_job_ran(tmp_path: Path, messages: list[str], took_over: bool) -> None:
    log = tmp_path / "a.log"
    for threads in (1, 8):
        lines = [first_line("svm_table", threads), *messages, "used 12.5 s of CPU time"]
        log.write_text("".join(f"12:34:56 {line}\n" for line in lines))
        assert ran(log) == Ran(threads, 12.5, took_over)


def test_the_last_line_counts_this_process_and_its_children() -> None:
    def used() -> float:
        return float(last_line().split()[1])

    before = used()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    between = used()
    start = time.process_time()
    while time.process_time() < start + 0.5:
        pass
    assert between - before > 0.35
    assert used() - between > 0.35


def test_a_log_that_is_no_jobs_tells_nothing(tmp_path: Path) -> None:
    assert ran(tmp_path / "a.log") is None
    begun = f"12:00:00 {first_line('pack', 1)}\n"
    for text in ("", "12:00:00 MUTAG, epochs: 3 of 20\n", begun, f"{begun}12:00:01 killed\n"):
        (tmp_path / "a.log").write_text(text)
        assert ran(tmp_path / "a.log") is None
