"""Two small runs of made-up rows side by side, as folders, packed, and recorded."""

import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from relamp.data.rows import read_table, write_table
from relamp.lite import render
from relamp.runtime.files import sha256, write_csv, write_json
from relamp.runtime.sealed import read_sealed
from relamp.study.config import load_config
from relamp.study.plan import Plan
from relamp.tools.compare import main, one_line
from stored_rows import write_rows_of

ROOT = Path(__file__).parents[2]
GIVEN = {
    "preset": "quick",
    "damage": {"datasets": ["MUTAG"], "draws": 2},
    "unsupervised": {
        "datasets": ["MUTAG"],
        "methods": ["lamp-mag", "untrained"],
        "kernels": ["wl"],
        "seeds": [0, 1, 2],
        "sweeps": {"gamma": [0.2, 0.9], "alpha": []},
    },
    "transfer": {"methods": ["none"], "seeds": [0, 1]},
    "mmix": {
        "nodes": {"methods": ["mp-mix", "untrained"], "seeds": [0, 1]},
        "graphs": {"methods": ["mp-mix"]},
        "edit_distance": {"methods": ["mp-mix"]},
        "images": {"methods": ["simclr"]},
    },
    "cross": {"datasets": ["MUTAG"], "methods": ["mp-mix"]},
}
SCORED = "rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"


def write_run(folder: Path) -> Path:
    write_rows_of(Plan(load_config(GIVEN, ROOT / "workflow" / "presets"), str(folder), ""))
    cells = {
        "artifact": ["lamp_table1"],
        "label": ["LAMP-Mag"],
        "dataset": ["MUTAG"],
        "metric": ["accuracy"],
        "part": [""],
    }
    write_csv(folder / "verdict.csv", pd.DataFrame({**cells, "verdict": ["reproduced"]}))
    write_csv(folder / "claims.csv", pd.DataFrame({"paper": ["lamp"], "id": ["best"], "outcome": ["undecided"]}))
    write_json(folder / "train/graphs/run.json", {"cpu": "CPU A", "device": "cpu"})
    return folder


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return write_run(tmp_path / "one")


@pytest.fixture
def other(one: Path, tmp_path: Path) -> Path:
    shutil.copytree(one, tmp_path / "other")
    return tmp_path / "other"


def worsen(folder: Path, by: float) -> None:
    """Take a share of every test accuracy of one method at the last epoch."""
    facts, rows = read_sealed(folder / SCORED)[0], read_table(folder / SCORED)
    tests = rows["metric"] == "test_accuracy"
    rows.loc[tests, "value"] = rows.loc[tests, "value"] * (1 - by)
    write_table(folder / SCORED, rows, facts)


def test_equal_runs_are_equal(one: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(one), str(other), "--fail-on", "unequal"]) == 0
    said = capsys.readouterr().out
    assert "equal" in said
    assert "verdicts changed: 0" in said
    assert "beyond" not in said


def test_a_number_beyond_the_spread_is_told_and_fails_where_asked(
    one: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worsen(other, 0.9)
    table, page = tmp_path / "numbers.csv", tmp_path / "page.md"
    assert main([str(one), str(other), "--csv", str(table), "--markdown", str(page)]) == 0
    assert "svm-rbf lamp-mag gamma~0.2_alpha~1 MUTAG accuracy" in capsys.readouterr().out
    numbers = pd.read_csv(table)
    (row,) = numbers[numbers["outcome"] != "equal"].to_dict("records")
    assert (row["method"], row["setting"], row["outcome"]) == ("lamp-mag", "gamma~0.2_alpha~1", "beyond it")
    assert row["other"] == pytest.approx(row["one"] / 10)
    assert "| svm-rbf lamp-mag gamma~0.2_alpha~1 MUTAG accuracy |" in page.read_text()
    assert main([str(one), str(other), "--fail-on", "beyond"]) == 1
    assert main([str(one), str(other), "--fail-on", "verdicts"]) == 0
    capsys.readouterr()
    # What cannot be written is told after what was found, and is not what --fail-on means.
    assert main([str(one), str(other), "--csv", str(page / "numbers.csv")]) == 2
    said = capsys.readouterr()
    assert "svm-rbf lamp-mag gamma~0.2_alpha~1 MUTAG accuracy" in said.out
    assert said.err.startswith(f"relamp: {page}: ")


def test_changed_verdicts_claims_options_and_machines_are_told(
    one: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, old, new in (("verdict.csv", "reproduced", "worse"), ("claims.csv", "undecided", "fails")):
        (other / name).write_text((other / name).read_text().replace(old, new))
    write_json(other / "train/graphs/run.json", {"cpu": "CPU B", "device": "cpu"})
    shutil.rmtree(other / "rows" / "damage")
    assert main([str(one), str(other), "--fail-on", "verdicts"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "lamp_table1 LAMP-Mag MUTAG accuracy reproduced worse" in said
    assert "lamp best undecided fails" in said
    assert "CPU CPU A (cpu) CPU B (cpu)" in said
    assert "only in the first" in said
    assert "configuration: not recorded" in said


def test_rows_that_say_they_were_made_otherwise_are_named(
    one: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, epochs, data in ((one, 20, "a" * 64), (other, 1, "b" * 64)):
        for name in (SCORED, SCORED.replace("0.2", "0.9")):
            facts, rows = read_sealed(folder / name)[0], read_table(folder / name)
            facts |= {"code": str(folder), "made": str(folder)}
            facts |= {"data": data} if name == SCORED else {}
            write_table(folder / name, rows, {**facts, "training": {"settings": {"epochs": epochs}}})
    # One that is older than a fact, or than an option, says nothing against the other.
    newer, facts = other / "rows/svm-rbf/MUTAG/wl/default/rows.csv", {"data": "c" * 64}
    write_table(newer, read_table(newer), {**read_sealed(newer)[0], **facts})
    assert main([str(one), str(other)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    start = lines.index("rows made otherwise: 2 differences")
    place = SCORED.removeprefix("rows/")
    assert lines[start + 2 : start + 5] == [
        f'data "{"a" * 64}" "{"b" * 64}" {place}',
        f"training.settings.epochs 20 1 {place} and 1 more",
        "",
    ]
    assert main([str(one), str(one)]) == 0
    assert "made otherwise" not in capsys.readouterr().out


def packed(folder: Path, file: Path, **changes: object) -> Path:
    config = load_config({**GIVEN, **changes}, ROOT / "workflow" / "presets")
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((folder / "rows").rglob("*.csv")):
            archive.write(path, path.relative_to(folder))
        archive.writestr("config.json", json.dumps({**config.recorded(), "cpu": ["CPU Z (cpu)"]}))
    return file


def test_packed_rows_are_judged_and_a_recorded_folder_has_its_own_verdicts(
    one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = packed(one, tmp_path / "first.zip")
    second = packed(one, tmp_path / "second.zip", judging={"margin": 40})
    assert main([str(first), str(second)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "judging.margin 2.0 40.0" in said
    assert "CPU" not in said
    assert "verdicts changed: 0" not in said
    recorded = tmp_path / "reproduction"
    recorded.mkdir()
    shutil.copy(first, recorded / "rows.zip")
    for name in ("verdict.csv", "claims.csv"):
        shutil.copy(one / name, recorded / name)
    assert main([str(recorded), str(one)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "verdicts changed: 0" in said
    assert "CPU CPU Z (cpu) CPU A (cpu)" in said


@pytest.mark.parametrize("content", [None, b"no zip", {}, {"config.json": "{}"}])
def test_what_is_no_run_is_told_in_a_line(
    one: Path, tmp_path: Path, content: object, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "place.zip"
    if isinstance(content, bytes):
        place.write_bytes(content)
    elif isinstance(content, dict):
        with zipfile.ZipFile(place, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    assert main([str(one), str(place)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("relamp: ")


def test_a_confidence_is_a_number_between_0_and_1(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("0", "1", "nan"):
        with pytest.raises(SystemExit):
            main([str(one), str(one), "--confidence", word])
    assert "between 0 and 1" in capsys.readouterr().err


def test_numbers_that_one_run_lacks_are_unequal(one: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(other / "rows" / "damage")
    assert main([str(one), str(other), "--fail-on", "unequal"]) == 1
    assert main([str(other), str(one), "--fail-on", "unequal"]) == 1
    assert "only in the second" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "verdicts were not made, so that none"),
        ("", "verdict.csv: is no table that can be read"),
        ("artifact,label\n", "verdict.csv: lacks the columns dataset, metric, part, verdict"),
    ],
)
def test_verdicts_that_are_not_there_cannot_be_compared(
    one: Path, other: Path, content: str | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = other / "verdict.csv"
    file.unlink() if content is None else file.write_text(content)
    assert main([str(one), str(other), "--fail-on", "verdicts"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("relamp: ")
    assert told in line


def test_a_sidecar_that_says_nothing_is_told(one: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json(other / "verdict.json", {"inputs": []})
    assert main([str(one), str(other)]) == 2
    assert "verdict.json: does not say what made the verdicts" in capsys.readouterr().err


def test_verdicts_of_other_rows_than_are_there_are_not_compared(
    one: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [{"path": f"results/quick/{SCORED}", "sha256": sha256(other / SCORED)}, {"path": "a.csv", "sha256": ""}]
    facts = {"inputs": named, "git": {"commit": "a", "dirty": False}, "python": "3", "packages": {}}
    write_json(other / "verdict.json", facts)
    assert main([str(one), str(other), "--fail-on", "verdicts"]) == 0
    worsen(other, 0.5)
    capsys.readouterr()
    assert main([str(one), str(other)]) == 0
    assert f"verdicts: made of other rows than are there now in {other}" in capsys.readouterr().out
    assert "beyond it; verdicts made of other rows than are there now (`relamp compare`" in one_line(other, one)
    assert main([str(one), str(other), "--fail-on", "verdicts"]) == 2
    assert f"{other}: verdicts were made of other rows than are there now, so that none" in capsys.readouterr().err


def test_what_was_rendered_from_rows_is_a_run(
    one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    render(packed(one, tmp_path / "rows.zip"), tmp_path / "out")
    assert main([str(tmp_path / "out"), str(tmp_path / "out"), "--fail-on", "unequal"]) == 0
    assert "verdicts changed: 0" in capsys.readouterr().out
