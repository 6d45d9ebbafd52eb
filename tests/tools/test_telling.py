import io
import logging
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from relamp.tools import telling
from relamp.tools.killed import KilledJobs
from relamp.tools.telling import Job, Plan, Teller, planned, spoken
from slurm_cluster import until


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock."""
    now = [0.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def record(message: str = "", level: int = logging.INFO, **words: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    made.__dict__.update(words)
    return made


def info(number: int, rule: str = "train_graphs", **resources: int) -> logging.LogRecord:
    wildcards = {"dataset": "MUTAG", "method": "lamp-mag", "setting": "default"}
    words = {"jobid": number, "rule_name": rule, "wildcards": wildcards, "log": ["a.log"], "threads": 1}
    return record(event="job_info", resources=resources, **words)


def lines(teller: Teller) -> list[str]:
    assert isinstance(teller.stream, io.StringIO)
    return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in teller.stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (5970, "100 min"), (7500, "2 h 5 min")]
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert spoken(seconds) == words.replace("100 min", "1 h 40 min")


def test_the_time_left_by_hand(at: Callable[[float], None]) -> None:
    plan = Plan(2, {1: Job(60, 1), 2: Job(60, 1), 3: Job(60, 2)})
    # 60 + 60 + 2 * 60 core-seconds on two cores, at the expected speed.
    assert plan.left() == 120
    plan.jobs[1].since = plan.jobs[2].since = 0.0
    at(30)
    assert plan.left() == 90  # half of two jobs is done
    at(180)
    plan.ended(1)
    plan.ended(2)
    # 120 s were expected and 360 taken; with a minute of trust in the rates, (360 + 60) / (120 + 60) as long.
    assert plan.left() == pytest.approx(60 * 420 / 180)
    plan.ended(3)
    plan.ended(7)  # nobody knows it
    assert plan.left() == 0
    # A single long job takes as long as it does, whatever the cores.
    assert Plan(64, {1: Job(600, 1), 2: Job(1, 1)}).left() == 600


def test_a_plan_of_snakemakes_jobs() -> None:
    jobs = {4: SimpleNamespace(resources={"expected_s": 30}, threads=8), 5: SimpleNamespace(resources={}, threads=1)}
    words, plan = planned(jobs, 2)
    assert words == "2 jobs, about 35 s on 2 cores"
    assert plan.jobs == {4: Job(30, 2), 5: Job(10, 1)}


def test_a_run_is_a_line_for_each_job(at: Callable[[float], None]) -> None:
    teller = Teller(io.StringIO())
    teller.hear(record("Building DAG of jobs..."))
    teller.hear(record("Job stats: ...", event="run_info", stats={"all": 1, "total": 3}))
    teller.hear(record("2 jobs, about 100 s on 1 cores", plan=Plan(1, {1: Job(50, 1), 2: Job(50, 1)})))
    teller.hear(info(1, expected_s=50))
    at(50)
    teller.hear(record(event="job_finished", job_id=1))
    teller.hear(info(2, "score_svm"))
    teller.hear(record("RuleException:\nCalledProcessError in file ...", logging.ERROR, event="error"))
    teller.hear(
        record("Error in rule", logging.ERROR, event="job_error", jobid=2, rule_name="score_svm", log=["b.log"])
    )
    teller.hear(record("Exiting because a job execution failed. Look above for error messages", logging.ERROR))
    teller.hear(info(2, "score_svm"))  # tried again
    at(120)
    teller.hear(record(event="job_finished", job_id=2))
    teller.hear(info(3, "all"))
    teller.hear(record(event="job_finished", job_id=3))
    teller.hear(record("the disk is nearly full", logging.WARNING))
    teller.close()
    teller.close()  # Snakemake does, and Python at its end
    assert lines(teller) == [
        "2 jobs, about 100 s on 1 cores",
        "[1/2] train graphs MUTAG lamp-mag: 50 s; about 50 s left",
        "failed: score svm MUTAG lamp-mag after 0 s (see b.log)",
        "[2/2] score svm MUTAG lamp-mag: 70 s",
        "the disk is nearly full",
        "2 of 2 jobs done in 2 min",
    ]


def test_what_is_at_work_is_told_after_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_SILENCE_S", 0.01)
    teller = Teller(io.StringIO())
    teller.hear(record("1 job", plan=Plan(1, {1: Job(50, 1)})))
    teller.hear(info(1))
    until("a word", lambda: len(lines(teller)) > 1, 10)
    teller.close()
    assert re.fullmatch(r"at work: train graphs MUTAG lamp-mag \(0 s\); about \d+ s left", lines(teller)[1])


def test_a_dry_run_lists_jobs() -> None:
    teller = Teller(io.StringIO(), dry=True)
    teller.hear(info(1, expected_s=300))
    teller.hear(info(2, "lamp_fig2"))
    teller.close()
    assert lines(teller) == ["train graphs MUTAG lamp-mag: about 5 min", "lamp fig2 MUTAG lamp-mag"]


def test_only_a_killed_job_is_said_to_be_killed(capsys: pytest.CaptureFixture[str]) -> None:
    heard = KilledJobs()
    for number, how in ((1, "returned non-zero exit status 1."), (2, "returned non-zero exit status 137.")):
        heard.emit(info(number, mem_mb=1900))
        heard.emit(record(f"Command 'x' {how}", event="error"))
        heard.emit(record(event="job_error", jobid=number, rule_name="train_graphs"))
    heard.emit(record("Command 'x' died with <Signals.SIGKILL: 9>.", event="error"))
    heard.emit(record(event="job_error", jobid=7, rule_name="pack"))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("relamp: train graphs MUTAG lamp-mag: killed from outside (SIGKILL), most likely because")
    assert "it had asked for 1900 MB" in first
    assert "relamp: pack: killed" in second
    assert "it asks for none" in second
