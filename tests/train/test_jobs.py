"""The training jobs: files in, files out."""

import json
import logging
import lzma
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from guarded import save_guarded
from image_sets import two_classes
from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.data.jobs import scaffold
from relamp.data.pack_corpus import pack_corpus
from relamp.data.packaged import pack
from relamp.data.rows import FINETUNE_COLUMNS, RUN, read_table, write_rows
from relamp.errors import RelampError
from relamp.method.table import METHODS as METHODS_OF
from relamp.runtime.files import read_json, sha256, write_json
from relamp.runtime.sealed import read_sealed
from relamp.train.jobs import finetune, training_facts
from timeless import timeless
from training import params, run_job

DATA = {"graphs": random_graphs(0, count=48), "nodes": random_nodes(0, sizes=(20, 30)), "images": two_classes(count=40)}
SETTINGS: dict[str, dict[str, Any]] = {
    "graphs": {"epochs": 3, "checkpoints": [0, 3], "batch_size": 16, "hidden": 8, "layers": 2, "local_nodes": 20},
    "nodes": {"epochs": 3, "checkpoints": [0], "hidden": 6, "patience": None, "branches": ["a", "average"]},
    "images": {"epochs": 3, "checkpoints": [0, 3], "batch_size": 16, "width": 2, "projection": 8},
}
METHODS = {"graphs": "lamp-mag", "nodes": "mp-mix", "images": "simclr-mo-mix-op"}
UNTRAINED = {"graphs": "untrained", "nodes": "untrained", "images": "image-untrained"}
FILES = ["embeddings.safetensors", "encoder.safetensors", "history.csv", "run.json"]


def run(domain: str, folder: Path, seeds: list[int], method: str = "", data: Any = None) -> dict[int, Path]:
    save_guarded(DATA[domain] if data is None else data, folder / "data.safetensors")
    folders = {seed: folder / f"seed~{seed}" for seed in seeds}
    row = params(domain, method or METHODS[domain])
    run_job(folder / "data.safetensors", folders, folder / "state", domain, row, SETTINGS[domain])
    return folders


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: timeless(path) for path in folder.iterdir()}


@pytest.mark.parametrize("domain", DATA)
def test_a_folder_per_seed_and_nothing_twice(domain: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folders = run(domain, tmp_path / "one", [0, 1])
    first = content(folders[0])
    assert sorted(first) == sorted([*FILES, "mixed.csv"] if domain == "images" else FILES)
    assert list(pd.read_csv(folders[0] / "history.csv")["epoch"]) == [1, 2, 3]
    facts = read_json(folders[1] / "run.json")
    assert facts["method"] == params(domain, METHODS[domain])
    assert (facts["seed"], facts["dataset"]) == (1, DATA[domain].name)
    branches = ["_branch~a", "_branch~average"] if domain == "nodes" else [""]
    with safe_open(folders[0] / "embeddings.safetensors", "numpy") as file:
        assert sorted(file.keys()) == [f"epoch~{epoch}{branch}" for epoch in (0, 3) for branch in branches]
        words = file.metadata()
    assert words.get("final_epoch") == ("3" if domain == "nodes" else None)
    told = {"method": params(domain, METHODS[domain]), "settings": SETTINGS[domain], "seed": 0, "data": facts["data"]}
    assert json.loads(words["facts"]) == told

    # The workflow removes a job's outputs before it runs again: with one more seed, only that one is trained.
    for path in [path for folder in folders.values() for path in folder.iterdir()]:
        path.unlink()
    before = (tmp_path / "one" / "state" / "seed~0.pt").stat().st_mtime_ns
    run(domain, tmp_path / "one", [0, 1, 2])
    assert (tmp_path / "one" / "state" / "seed~0.pt").stat().st_mtime_ns == before
    assert content(folders[0]) == first
    # Another place, the same bits.
    assert content(run(domain, tmp_path / "two", [0])[0]) == first


@pytest.mark.parametrize("domain", DATA)
def test_a_control_is_what_training_starts_from(domain: str, tmp_path: Path) -> None:
    # With mixing, what is read out is mixed before the first step too.
    host = "mvgrl-infonce" if domain == "nodes" else METHODS[domain]
    still, trained = (run(domain, tmp_path / name, [0], name)[0] for name in (UNTRAINED[domain], host))
    assert pd.read_csv(still / "history.csv").empty
    with (
        safe_open(still / "embeddings.safetensors", "numpy") as one,
        safe_open(trained / "embeddings.safetensors", "numpy") as two,
    ):
        assert {key.partition("_")[0] for key in one.keys()} == {"epoch~0"}  # noqa: SIM118 - no mapping
        assert all(np.array_equal(one.get_tensor(key), two.get_tensor(key)) for key in one.keys())  # noqa: SIM118


def test_other_data_start_over(tmp_path: Path) -> None:
    first = content(run("graphs", tmp_path, [0])[0])["encoder.safetensors"]
    assert content(run("graphs", tmp_path, [0], data=random_graphs(1, count=48))[0])["encoder.safetensors"] != first


def test_a_copy_on_the_node_s_own_disk_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = content(run("graphs", tmp_path / "there", [0])[0])
    monkeypatch.setenv("RELAMP_SCRATCH", str(tmp_path / "disk"))
    near = content(run("graphs", tmp_path / "near", [0])[0])
    digest = sha256(tmp_path / "near" / "data.safetensors")
    assert [path.name for path in (tmp_path / "disk").rglob("*.safetensors")] == [f"{digest}.safetensors"]
    assert near == there


def test_the_rows_of_fine_tuning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    data, split = tmp_path / "m.safetensors", tmp_path / "split.csv"
    save_guarded(pack("Solubility").take(np.arange(0, 1282, 6)), data)
    scaffold(data, split)
    (folder := tmp_path / "encoder").mkdir()
    settings = {**SETTINGS["graphs"], "checkpoints": [], "epochs": 1}
    run_job(data, {0: folder}, tmp_path / "state", "molecules", params("graphs", "lamp-soft"), settings)
    rows = {}
    for start, encoder in (("lamp-soft", folder / "encoder.safetensors"), ("none", None)):
        output = tmp_path / f"{start}.csv"
        labels, options = {"method": start, "dataset": "Solubility"}, {"epochs": 2, "batch_size": 32}
        finetune(
            data,
            split,
            [split],
            [encoder] if encoder else [],
            [0, 1],
            (8, 2),
            tmp_path / start,
            labels,
            options,
            output,
        )
        rows[start] = read_table(output)
        assert rows[start].columns.tolist() == [*RUN, *FINETUNE_COLUMNS]
        assert len(rows[start]) == 2 * 2 * 2  # seeds, epochs, parts
        assert rows[start]["value"].between(0, 1).all()
    assert not rows["none"]["value"].equals(rows["lamp-soft"]["value"])


def test_a_packed_corpus_is_trained_on_without_rdkit(tmp_path: Path) -> None:
    raw = tmp_path / "a.smi.xz"
    raw.write_bytes(lzma.compress("\n".join(["CCO", "c1ccccc1", "CC#N", "C", "OO", "CCN"] * 4).encode()))
    pack_corpus("A", raw, data := tmp_path / "a.safetensors", tmp_path / "a.csv", tmp_path / "parts", processes=1)
    write_json(tmp_path / "a.guard.json", {"sha256": sha256(data)})
    settings = {"epochs": 1, "checkpoints": [], "batch_size": 8, "hidden": 8, "layers": 2, "local_nodes": 20}
    names = [name for name, row in METHODS_OF["molecules"].items() if row.trains]
    code = f"""
import sys
sys.modules["rdkit"] = None  # an import of it fails
sys.path.insert(0, {str(Path(__file__).parents[1] / "support")!r})
from pathlib import Path
from training import params, run_job
for name in {names!r}:
    (folder := Path({str(tmp_path)!r}) / name).mkdir()
    row, data = params("molecules", name), folder.parent / "a.safetensors"
    run_job(data, {{0: folder}}, folder / "state", "molecules", row, {settings!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(len(pd.read_csv(tmp_path / name / "history.csv")) == 1 for name in names)


def test_fine_tuning_has_the_encoder_of_the_method_that_trained_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, split, seen = tmp_path / "m.safetensors", tmp_path / "split.csv", []
    save_guarded(pack("Solubility").take(np.arange(0, 1282, 20)), data)
    scaffold(data, split)
    settings = {**SETTINGS["graphs"], "checkpoints": [], "epochs": 1}
    monkeypatch.setattr("relamp.train.jobs.training_facts", noted(seen, training_facts))
    for name in ("ad-gcl", "simgrace"):
        (folder := tmp_path / name).mkdir()
        method = params("molecules", name)
        run_job(data, {0: folder}, tmp_path / f"state-{name}", "molecules", method, settings)
        seen.clear()
        labels = {"method": name, "dataset": "Solubility", "training": {"method": method, "settings": settings}}
        output, state = tmp_path / f"{name}.csv", tmp_path / f"tuned-{name}"
        options = {"epochs": 1, "batch_size": 32}
        finetune(data, split, [split], [folder / "encoder.safetensors"], [0], (8, 2), state, labels, options, output)
        # Nothing is noted of the encoder of all others.
        assert [facts.get("variant") for facts in seen] == [{"messages": "relu"} if name == "ad-gcl" else None]
        assert "variant" in seen[0] or name == "simgrace"
        assert len(read_table(output)) == 2
        assert read_sealed(output)[0]["data"] == sha256(data)


def noted(seen: list[dict[str, Any]], function: Any) -> Any:
    def called(*args: Any, **kwargs: Any) -> Any:
        seen.append(function(*args, **kwargs))
        return seen[-1]

    return called


def test_each_encoder_is_fine_tuned_with_all_seeds_each_in_its_own_split(tmp_path: Path) -> None:
    data, splits = tmp_path / "m.safetensors", [tmp_path / f"{seed}.csv" for seed in (0, 1)]
    save_guarded(pack("Solubility").take(np.arange(0, 1282, 6)), data)
    for seed, split in enumerate(splits):
        scaffold(data, split, f"random~{seed}")
    encoders = [tmp_path / f"encoder{seed}" / "encoder.safetensors" for seed in (3, 4)]
    method, settings = params("graphs", "lamp-soft"), {**SETTINGS["graphs"], "checkpoints": [], "epochs": 1}
    for seed, encoder in zip((3, 4), encoders, strict=True):
        encoder.parent.mkdir()
        run_job(data, {seed: encoder.parent}, tmp_path / "state", "molecules", method, settings)
    made = {"method": method, "settings": settings}
    options = {"epochs": 2, "batch_size": 32, "split": "random", "split_seed": "each"}

    def tuned(name: str, starts: list[int], encoder: list[Path], split: list[Path], seeds: list[int]) -> pd.DataFrame:
        labels = {"method": "lamp-soft", "dataset": "Solubility", "training": made, "pretraining_seeds": starts}
        output, state = tmp_path / f"{name}.csv", tmp_path / name
        finetune(data, splits[0], split, encoder, seeds, (8, 2), state, labels, options, output)
        return read_table(output)

    rows = tuned("all", [3, 4], encoders, splits, [0, 1])
    assert rows.columns.tolist() == [*RUN, *FINETUNE_COLUMNS, "pretraining_seed"]
    # The first encoder's states lie where those of one alone do.
    states = ("seed~0", "seed~1", "pretraining~4/seed~0", "pretraining~4/seed~1")
    assert all((tmp_path / "all" / f"{name}.pt").is_file() for name in states)
    for start, encoder in zip((3, 4), encoders, strict=True):
        for seed, split in enumerate(splits):
            alone = tuned(f"{start}-{seed}", [start], [encoder], [split], [seed])
            mine = rows[(rows["pretraining_seed"] == start) & (rows["seed"] == seed)].drop(columns="pretraining_seed")
            pd.testing.assert_frame_equal(mine.reset_index(drop=True), alone)
    with pytest.raises(RelampError, match="seed"):
        tuned("wrong", [4, 3], encoders, splits, [0, 1])


def test_rows_that_lack_a_pretraining_are_refused(tmp_path: Path) -> None:
    path, facts = tmp_path / "rows.csv", {"method": "m", "dataset": "BBBP", "seeds": [0], "pretraining_seeds": [0, 1]}
    row = dict(zip(FINETUNE_COLUMNS, (0, 1, "test", 0, "roc_auc", 0.5), strict=True))
    for starts in ([0], [0, 1]):
        frame = pd.DataFrame([{**row, "pretraining_seed": start} for start in starts])
        write_rows(path, [frame], facts, [*FINETUNE_COLUMNS, "pretraining_seed"])
        if starts == [0]:
            with pytest.raises(RelampError, match="has not the 2 seeds of pre-training"):
                read_table(path)
    assert len(read_table(path)) == 2
