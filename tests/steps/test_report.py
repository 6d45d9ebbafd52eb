"""The report and the summary at the end of a run."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relamp.errors import RelampError
from relamp.steps import report
from relamp.steps.report import write_report
from relamp.steps.summary import print_summary


def fake_snakemake(monkeypatch: pytest.MonkeyPatch, returncode: int) -> list[list[str]]:
    seen: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        Path(command[command.index("--report") + 1]).write_text("<html>")
        return subprocess.CompletedProcess(command, returncode, "", "it did not work")

    monkeypatch.setattr(report.subprocess, "run", run)
    return seen


def test_the_inner_call_names_configuration_and_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = fake_snakemake(monkeypatch, 0)
    write_report("Snakefile", {"preset": "quick", "unsupervised": {"gamma": 0.3}}, ["a", "b"], tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text() == "<html>"
    command = seen[0]
    assert "--nolock" in command
    assert command[-3:] == ["--", "a", "b"]
    assert 'unsupervised={"gamma": 0.3}' in command


def test_a_failure_leaves_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_snakemake(monkeypatch, 1)
    with pytest.raises(RelampError, match="it did not work"):
        write_report("Snakefile", {}, ["a"], tmp_path / "r.html")
    assert list(tmp_path.iterdir()) == []


def summary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    text = io.StringIO()
    print_summary("quick", Console(file=text, width=120))
    return text.getvalue()


def test_summary_names_places_and_numbers_in_common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tmp_path / "results" / "quick" / "tables"
    tables.mkdir(parents=True)
    head = "source,method,label,dataset,value,spread,spread_meaning,n_seeds,n_folds\n"
    body = (
        "published,lamp-mag,LAMP-Mag,MUTAG,90.02,1.59,not stated,,\n"
        "published,lamp-mag,LAMP-Mag,DD,79.47,0.97,not stated,,\n"
        "reproduced here,lamp-mag,LAMP-Mag,MUTAG,86.5,1.8,over seeds,5,10\n"
    )
    for name in ("lamp_table1.csv", "lamp_table3.csv"):
        (tables / name).write_text(head + body)
    (tables / "data.csv").write_text("data_set,graphs\nMUTAG,188\n")
    text = summary(tmp_path, monkeypatch)
    assert "results/quick/report.html  (not made yet)" in text
    assert text.count("90.02") == 1
    assert "-3.52" in text
    assert "79.47" not in text


def test_summary_before_any_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary(tmp_path, monkeypatch).count("not made yet") == 3
