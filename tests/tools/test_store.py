"""A run's state is stored, carried and taken over; nothing damaged, foreign or of other code is."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch

from guarded import save_guarded
from model_graphs import random_graphs
from relamp.__main__ import main
from relamp.data.rows import read_table, write_rows, write_table
from relamp.runtime.code import write_code
from relamp.runtime.files import sha256
from relamp.runtime.home import home
from relamp.runtime.log import RESUMES
from relamp.study.studies import TRAINERS
from relamp.tools.restore import restore
from relamp.tools.store import store
from relamp.tools.stored import CODE, INDEX, OBJECTS, kind_of
from relamp.train.jobs import pretrain
from relamp.train.loop import load_state, save_state
from training import Killed, kill_at_saving, params

RUN = Path("results/quick")
TRAIN = RUN / "state/train/graphs/MUTAG/lamp-mag/gamma~0.2"
ROWS = RUN / f"state/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2/{'1' * 64}.csv"
MADE = [{"machine": "CPU A", "commit": "c", "seconds": 4.0}]


@pytest.fixture(autouse=True, params=["store", "store.zip"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store's path, in a folder with a run: a finished training, one under way, its rows, rows in common."""
    monkeypatch.chdir(tmp_path)
    write_code(RUN / "code/folds.txt", home() / "workflow/scripts/folds.py")
    for seed, done in ((0, 5), (1, 2)):
        save(seed, done)
    code = sha256(RUN / "code/folds.txt")
    facts = {"method": "lamp-mag", "dataset": "MUTAG", "setting": "gamma~0.2", "code": code, "made": {"scoring": MADE}}
    write_rows(ROWS, [pd.DataFrame({"value": [0.5]})], facts, ["value"])
    write_table(RUN / f"state/shared/{code[:16]}/{'2' * 64}.csv", pd.DataFrame({"value": [1]}), {})
    return tmp_path / request.param


def save(seed: int, done: int, key: str = "key", code: str = "") -> None:
    facts = {"code": code or sha256(RUN / "code/folds.txt"), "seed": seed, "torch": "2.0", "device": "cpu"}
    about = {"facts": facts, "epochs": [done, 0, 5], "made": MADE}
    save_state(TRAIN / f"seed~{seed}.pt", f"{key}{seed}", {"epoch": done, "weights": torch.full((9,), done)}, about)


def files(folder: Path) -> dict[str, str]:
    """All files below a folder, or of a zip file, by their sha256."""
    if folder.suffix == ".zip":
        with zipfile.ZipFile(folder) as archive:
            return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    return {path.relative_to(folder).as_posix(): sha256(path) for path in folder.rglob("*") if path.is_file()}


def change(place: Path, name: str, content: bytes) -> None:
    """Replace a file of a store."""
    if place.suffix != ".zip":
        (place / name).write_bytes(content)
        return
    with zipfile.ZipFile(place) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(place, "w") as archive:
        for each, old in parts.items():
            archive.writestr(each, content if each == name else old)


def index(place: Path) -> Iterator[dict[str, object]]:
    if place.suffix != ".zip":
        text = (place / INDEX).read_text()
    else:
        with zipfile.ZipFile(place) as archive:
            text = archive.read(INDEX).decode()
    *entries, end = map(json.loads, text.splitlines())
    assert end == {"entries": len(entries)}
    return iter(entries)


def index_keys(place: Path) -> list[str]:
    return [str(entry["key"]) for entry in index(place) if entry["seed"] == 0]


def edited(place: Path, /, **words: object) -> None:
    lines = [json.dumps({**entry, **words}) for entry in index(place)]
    change(place, INDEX, "\n".join([*lines, json.dumps({"entries": len(lines)})]).encode())


def test_what_a_run_keeps_is_carried_to_another_machine(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (RUN / "state/earlier").mkdir()
    (RUN / "state/earlier/page.html").touch()
    (TRAIN / ".seed~2.12@here.part.pt").write_bytes(b"half")
    before = files(RUN / "state")
    assert main(["store", str(place)]) == 0
    said = capsys.readouterr().out
    assert all(
        f"1  {kind}\n" in said for kind in ("trainings finished", "trainings under way", "rows", "rows in common")
    )
    entries = {str(entry["place"]): entry for entry in index(place)}
    told = entries["state/train/graphs/MUTAG/lamp-mag/gamma~0.2/seed~1.pt"]
    assert [told[name] for name in ("dataset", "method", "setting", "seed", "epochs", "made")] == [
        *("MUTAG", "lamp-mag", "gamma~0.2", 1, [2, 0, 5], MADE)
    ]
    assert told["code"] == sha256(RUN / "code/folds.txt")
    shutil.rmtree(RUN)
    assert main(["restore", str(place)]) == 0
    said = capsys.readouterr().out
    assert "1  trainings under way\n" in said
    assert "trainings by torch 2.0 on cpu: jobs with the same go on with them" in said
    after = files(RUN / "state")
    assert after == {name: digest for name, digest in before.items() if kind_of(f"state/{name}")}
    assert len(after) == 4
    # There already: nothing is taken twice, and nothing is at fault.
    again = restore(place)
    assert (again.taken, len(again.stays), again.damaged) == ([], 4, [])


def test_a_run_with_a_name_is_told_by_the_configuration(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = RUN.with_name("quick-mine")
    named.mkdir()
    (RUN / "state").rename(named / "state")
    assert main(["store", str(place)]) == 1
    assert "results/quick/state: holds nothing yet to store" in capsys.readouterr().err
    words = [str(place), "--preset", "quick", "--config", "run=mine"]
    before = files(named / "state")
    assert main(["store", *words]) == 0
    shutil.rmtree(named / "state")
    assert main(["restore", *words]) == 0
    assert files(named / "state") == before


def test_storing_again_adds_what_is_new_and_holds_what_is_further_on(place: Path) -> None:
    store(place)
    first = files(place)
    store(place)
    assert files(place) == first
    save(1, 4)
    store(place)
    second = files(place)
    assert len(second) == len(first)
    assert {name for name in second if name not in first} == {f"{OBJECTS}/{sha256(TRAIN / 'seed~1.pt')}"}
    # Another machine is less far.
    save(1, 3)
    assert [entry.epochs for entry in store(place).entries.values() if entry.seed == 1] == [(4, 0, 5)]
    assert files(place) == second
    found = restore(place)
    assert [entry.seed for entry in found.taken] == [1]
    assert (load_state(TRAIN / "seed~1.pt", "key1") or {})["state"]["epoch"] == 4


def test_a_damaged_object_is_named_and_all_others_are_taken(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(place)
    digest = sha256(ROWS)
    change(place, f"{OBJECTS}/{digest}", ROWS.read_bytes().replace(b"0.5", b"0.9"))
    shutil.rmtree(RUN / "state")
    assert main(["restore", str(place)]) == 1
    assert f"left out: {place}: objects/{digest} ({ROWS.relative_to(RUN)}) is damaged" in capsys.readouterr().out
    assert not ROWS.exists()
    assert len(files(RUN / "state")) == 3


def test_storing_again_mends_a_damaged_object(place: Path) -> None:
    store(place)
    whole = files(place)
    change(place, f"{OBJECTS}/{sha256(ROWS)}", b"")
    store(place)
    assert files(place) == whole


def test_what_other_code_made_is_counted_and_left_out(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store(place)
    shutil.rmtree(RUN / "state")
    monkeypatch.setattr("relamp.runtime.code._sha256", lambda path: "0" if path.name == "folds.py" else sha256(path))
    assert main(["restore", str(place)]) == 0
    said = capsys.readouterr().out
    assert "left out: 1 trainings finished: made by other code (" in said
    assert "folds.py" in said
    assert not (RUN / "state").exists()


def test_a_list_of_source_files_that_was_changed_is_none(place: Path) -> None:
    store(place)
    shutil.rmtree(RUN / "state")
    change(place, f"{CODE}/{sha256(RUN / 'code/folds.txt')}.txt", b"")
    found = restore(place)
    assert found.taken == []
    assert "is damaged" in found.damaged[0]
    assert "(4 entries are of this code)" in found.damaged[0]


def test_what_no_job_takes_over_any_more_is_not_stored(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(0, 5, code="f" * 64)
    save_state(TRAIN / "seed~1.pt", "key1", {"epoch": 2})
    (TRAIN / "seed~2.pt").write_bytes(b"half a st")
    assert main(["store", str(place)]) == 1
    said = capsys.readouterr().out
    assert "left out: 1 files: made by other code than that of the last run here" in said
    assert "left out: 1 files: an older version made them" in said
    assert "seed~2.pt: saved training state cannot be read" in said
    assert len(list(index(place))) == 2


@pytest.mark.parametrize(
    "where",
    [
        *("../x.csv", "/tmp/x.csv", "state/../x.csv", f"state/rows/../../{'1' * 64}.csv", "state\\rows\\x.csv"),
        *("state/train/g/.hidden/seed~0.pt", f"state/rows/a\0b/{'1' * 64}.csv", "tables/x.csv", ""),
    ],
)
def test_a_place_outside_the_state_refuses_the_whole_store(
    place: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store(place)
    shutil.rmtree(RUN / "state")
    edited(place, place=where)
    assert main(["restore", str(place)]) == 1
    assert "is no place of a run's state; do not use this store" in capsys.readouterr().err
    assert not (RUN / "state").exists()


@pytest.mark.parametrize("words", [{"sha256": "../../x"}, {"code": "x"}, {"bytes": "many"}, {"epochs": [1]}])
def test_an_index_that_is_none_is_told(
    place: Path, words: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    store(place)
    edited(place, **words)
    assert main(["restore", str(place)]) == 1
    assert f"{place}: line " in capsys.readouterr().err


def test_a_training_of_other_settings_stays_and_one_of_other_code_gives_way(place: Path) -> None:
    store(place)
    save(0, 1, key="other settings")
    save(1, 5, key="other code", code="f" * 64)
    found = restore(place)
    assert [entry.seed for entry in found.taken] == [1]
    assert load_state(TRAIN / "seed~0.pt", "other settings0")
    assert load_state(TRAIN / "seed~1.pt", "key1")
    assert len(read_table(ROWS)) == 1


def test_of_a_place_with_trainings_by_several_settings_the_one_stored_last_is_taken_over(place: Path) -> None:
    # Keys in either order, so that the order of the index does not decide.
    for key in ("b", "a", "c", "b"):
        save(0, 5, key=key)
        store(place)
        store(place)
        (TRAIN / "seed~0.pt").unlink()
        found = restore(place)
        assert load_state(TRAIN / "seed~0.pt", f"{key}0")
        assert len([entry for entry in found.stays if entry.seed == 0]) == len({*index_keys(place)}) - 1
    assert index_keys(place) == ["a0", "b0", "c0"]


def test_an_index_that_was_cut_is_none(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(place)
    lines = [json.dumps(entry) for entry in index(place)]
    for kept in ([], lines[:2], lines, [*lines[:2], json.dumps({"entries": 4})]):
        change(place, INDEX, "\n".join(kept).encode())
        for command in ("restore", "store"):
            assert main([command, str(place)]) == 1
            assert f"{place}: index.jsonl is cut off, or of an older version" in capsys.readouterr().err


def test_an_interrupted_store_is_completed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(place)
    whole = files(place)
    shutil.rmtree(place) if place.is_dir() else place.unlink()

    def killed(_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("relamp.tools.store.index_text", killed)
        with pytest.raises(KeyboardInterrupt):
            store(place)
    assert not (place / INDEX).exists()
    assert place.is_dir() == (place.suffix != ".zip")
    store(place)
    assert files(place) == whole


def test_a_training_under_way_goes_on_elsewhere_to_the_same_bits(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0")
    data = save_guarded(random_graphs(0, count=24), Path("data.safetensors"))
    settings = {"epochs": 3, "checkpoints": [3], "batch_size": 8, "hidden": 8, "layers": 2, "local_nodes": 20}

    def trained(states: Path, out: str) -> list[bytes]:
        encoder = Path(out) / "seed~0/encoder.safetensors"
        row = params("graphs", "lamp-mag")
        pretrain(data, RUN / "code/folds.txt", [encoder], [0], [states], [row], [settings], TRAINERS["graphs"])
        return [encoder.with_name(f"{name}.safetensors").read_bytes() for name in ("encoder", "embeddings")]

    whole, states = trained(Path("states"), "whole"), TRAIN.with_name("gamma~0.3")
    with monkeypatch.context() as patched:
        kill_at_saving(2, patched)
        with pytest.raises(Killed):
            trained(states, "killed")
    assert {entry.epochs[0] < 3 for entry in store(place).entries.values() if entry.setting == "gamma~0.3"} == {True}
    shutil.rmtree(RUN / "state")
    restore(place)
    assert RESUMES not in caplog.text
    assert trained(states, "again") == whole
    assert RESUMES in caplog.text


def test_what_is_no_store_is_told(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["restore", str(place)]) == 1
    assert f"{place}: is not there; make it with `relamp store" in capsys.readouterr().err
    assert main(["store", str(tmp_path)]) == 1
    assert "is there and no results store; name another folder" in capsys.readouterr().err
    shutil.rmtree(RUN / "code")
    assert main(["store", str(place)]) == 1
    assert "results/quick: nothing was run here yet" in capsys.readouterr().err
    assert not place.exists()
    shutil.rmtree(RUN)
    assert main(["store", str(place)]) == 1
    assert "results/quick/state: holds nothing yet to store" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"), [("a/rows.csv", f"is no results store, it has no {INDEX}"), (INDEX, "unpacks to 1,000,000 bytes")]
)
def test_an_archive_that_unpacks_to_more_than_its_size_is_no_store(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "rows.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(10**6))
    assert main(["restore", str(place)]) == 1
    assert f"{place}: {said}" in capsys.readouterr().err
