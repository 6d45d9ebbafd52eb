"""The report and the summary at the end of a run."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relamp.errors import RelampError
from relamp.tools.report import write_report
from relamp.tools.summary import print_summary

HEAD = "paper,method,label,dataset,evaluation,metric,part,published,spread,decimals"
CELLS = f"""{HEAD},mean,low,high,seeds,verdict,verdict_seeds
lamp,a,A*,MUTAG,svm-rbf,accuracy,,90.0,1.0,1,80.0,79.0,81.0,5,worse,worse
lamp,b,B,MUTAG,svm-rbf,accuracy,,90.0,,1,,,,,not run,not run
"""
CLAIMS = """id,paper,where,quote,outcome,coverage,evidence
a,lamp,Section 1,it is {best},fails,1 of 8 data sets: MUTAG,over b: -3.00
b,lamp,Section 2,it helps,not run,,
"""


def fake_snakemake(monkeypatch: pytest.MonkeyPatch, returncode: int) -> list[list[str]]:
    """Write the landing page in place of a report."""
    seen: list[list[str]] = []

    def run(command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        Path(command[command.index("--report") + 1]).write_text(Path(env["RELAMP_LANDING"]).read_text())
        return subprocess.CompletedProcess(command, returncode, "", "it did not work")

    monkeypatch.setattr(subprocess, "run", run)
    return seen


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "workflow" / "report").mkdir(parents=True)
    (tmp_path / "workflow" / "report" / "workflow.rst").write_text("The rest.\n")
    (tmp_path / "cells.csv").write_text(CELLS)
    (tmp_path / "claims.csv").write_text(CLAIMS)
    return tmp_path


def write(project: Path, config: dict[str, Any]) -> None:
    cells, claims = project / "cells.csv", project / "claims.csv"
    write_report(str(project / "Snakefile"), config, ["a", "b"], cells, claims, project / "out" / "r.html")


def test_the_report_is_of_all_targets_and_its_landing_page_begins_with_the_verdicts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = fake_snakemake(monkeypatch, 0)
    write(project, {"preset": "quick", "unsupervised": {"gamma": 0.3}})
    (command,) = seen
    assert command[-3:] == ["--", "a", "b"]
    assert {"--nolock", 'unsupervised={"gamma": 0.3}'} <= set(command)
    lines = (project / "out" / "r.html").read_text().splitlines()
    assert lines[0] == "Does it hold?"
    assert lines[3:5] == ["- **Numbers**: 1 worse, 1 not run", "- **Claims**: 1 fails, 1 not run"]
    # Nothing that a template or reStructuredText would take for its own.
    assert "it is (best)" in lines[5]
    where = "A\\* on MUTAG, accuracy by SVM with an RBF kernel"
    assert f"{where}: LAMP prints 90.0 ± 1.0, this run finds 80.00, worse (79.00 to 81.00)." in lines[6]
    assert lines[-1] == "The rest."


def test_a_failure_leaves_no_report(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_snakemake(monkeypatch, 1)
    with pytest.raises(RelampError, match="it did not work"):
        write(project, {})
    assert list((project / "out").iterdir()) == []


def test_a_mirrors_password_stands_in_no_message_and_no_log(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    address = "http://me:sesame@host/" + "m" * 480  # what is said of a failure is cut within the password
    seen: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        return subprocess.CompletedProcess(command, 1, f"asked {address}", f"said {address}")

    monkeypatch.setattr(subprocess, "run", run)
    with caplog.at_level("INFO"), pytest.raises(RelampError) as caught:
        write(project, {"mirrors": [address]})
    assert f'mirrors=["{address}"]' in seen[0]
    assert "mmm" in str(caught.value)
    assert "mmm" in caplog.text
    assert "me:" not in caplog.text + str(caught.value)
    assert "sam" not in caplog.text + str(caught.value)


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
