import os
from pathlib import Path

import pytest

from relamp.steps import progress
from relamp.steps.progress import log_of, print_progress, queued, recent

COMMENT = "rule_pretrain_wildcards_MUTAG_lamp-mag_gamma~0.2_alpha~1"


def log(folder: Path, name: str, *lines: str, age: float = 0) -> Path:
    path = folder / "results" / "quick" / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (1000 - age, 1000 - age))
    return path


def test_a_line_for_each_job_of_the_folder_ends_with_the_last_line_of_its_log(tmp_path: Path) -> None:
    one = log(tmp_path, "pretrain/MUTAG/lamp-mag/gamma~0.2_alpha~1.log", "first", "12:00:00 MUTAG, epochs: 3 of 20")
    two = log(tmp_path, "svm/MUTAG/lamp-mag/gamma~0.2_alpha~1.log", "of another job")
    queue = "\n".join(
        [
            f"7|RUNNING|1:02|10:00|g1|{COMMENT}|{tmp_path}",
            f"8|PENDING|0:00|10:00||{COMMENT}|{tmp_path}",
            f"9|RUNNING|0:05|10:00|n1|rule_scores|{tmp_path}",
            f"10|RUNNING|1:02|10:00|g1|{COMMENT}|/elsewhere",
            f"11|RUNNING|1:02|10:00|g1|my own job|{tmp_path}",
        ]
    )
    assert queued(queue, [one, two], tmp_path) == [
        "       7 RUNNING         1:02 of 10:00     g1       pretrain MUTAG_lamp-mag_gamma~0.2_alpha~1: "
        "12:00:00 MUTAG, epochs: 3 of 20",
        "       8 PENDING         0:00 of 10:00              pretrain MUTAG_lamp-mag_gamma~0.2_alpha~1",
        "       9 RUNNING         0:05 of 10:00     n1       scores",
    ]


def test_a_log_is_found_by_its_rules_folder_or_else_the_latest(tmp_path: Path) -> None:
    old = log(tmp_path, "transfer/pretrain/NCI/graphcl/default.log", age=50)
    new = log(tmp_path, "mmix/svm/NCI/graphcl/default.log")
    plain = log(tmp_path, "judge/scores.log")
    logs = [old, new, plain]
    assert log_of("pretrain", "NCI_graphcl_default", logs) == old
    assert log_of("pretrain_corpus", "NCI_graphcl_default", logs) == new  # the latest of those that fit
    assert log_of("scores", "", logs) == plain
    assert log_of("scores", "NCI", logs) is None


def test_without_slurm_recent_logs_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh, stale = log(tmp_path, "pack/A.log", "half"), log(tmp_path, "pack/B.log", "x", age=10_000)
    assert recent([fresh, stale], 1030) == [f"   30 s ago  {fresh}: half"]
    monkeypatch.setattr(progress.shutil, "which", lambda _: None)
    print_progress(tmp_path / "results")  # both are of long ago
    assert capsys.readouterr().out == "no job has written to its log lately\n"
