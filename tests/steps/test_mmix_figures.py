"""M-Mix's figures from stored files: files in, files out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from node_graphs import random_nodes
from relamp.data.rows import read_rows
from relamp.errors import RelampError
from relamp.evaluate.hard_negatives import DRAW_COLUMNS, NODE_COLUMNS
from relamp.render.hard_negatives import hard_negatives_figure
from relamp.render.over_epochs import over_epochs_figure
from relamp.render.sample_sizes import sample_size_figure
from relamp.render.sidecar import save_drawn
from relamp.runtime.code import import_closure
from relamp.steps.hard_negative_rows import score_hard_negatives
from relamp.steps.node_rows import probe_embeddings
from relamp.steps.nodes import pretrain_nodes_seeds

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
KINDS = {".pdf", ".svg", ".png", ".csv", ".json"}
SETTINGS = {"epochs": 4, "checkpoints": [0, 2, 4], "patience": None, "hidden": 6, "branches": ["average", "a"]}


def train(folder: Path, **over: object) -> tuple[dict[int, Path], dict]:
    """Pre-train on a small graph for two seeds; return the embeddings' files and the settings."""
    random_nodes(0).save(folder / "data.safetensors")
    folders, settings = {seed: folder / f"seed~{seed}" for seed in (0, 1)}, {**SETTINGS, **over}
    code = import_closure(SCRIPTS / "pretrain_nodes.py")
    pretrain_nodes_seeds(folder / "data.safetensors", folders, folder / "state", "any", settings, code)
    return {seed: path / "embeddings.safetensors" for seed, path in folders.items()}, settings


def encoders(embeddings: dict[int, Path]) -> dict[int, Path]:
    return {seed: path.with_name("encoder.safetensors") for seed, path in embeddings.items()}


def score(folder: Path, embeddings: dict[int, Path], settings: dict, **over: int) -> tuple[Path, Path]:
    outputs = folder / "rows.csv", folder / "draws.csv"
    labels = {"method": settings["mixer"], "dataset": "random"}
    data = folder / "data.safetensors"
    score_hard_negatives(data, embeddings, encoders(embeddings), labels, settings, *outputs, **over)
    return outputs


def test_from_embeddings_to_the_check_of_the_theorem(tmp_path: Path) -> None:
    scored = []
    for mixer in ("mo-mix", "mp-mix"):
        (folder := tmp_path / mixer).mkdir()
        embeddings, settings = train(folder, mixer=mixer)
        scored.append(score(folder, embeddings, settings, permutations=30, most_nodes=20))
    rows, draws = pd.read_csv(scored[0][0]), pd.read_csv(scored[0][1])
    assert tuple(rows) == ("method", "dataset", "seed", *NODE_COLUMNS)
    assert tuple(draws) == ("method", "dataset", "seed", *DRAW_COLUMNS)
    assert (len(rows), len(draws)) == (2 * 2 * 20, 2 * 2 * 30)
    dot = rows[rows["measure"] == "dot"]
    # The weights of mo-mix are ranked by the similarities of what it mixes; those of mp-mix are not.
    np.testing.assert_allclose(dot["given"], dot["ranked"], atol=1e-12)
    mp = pd.read_csv(scored[1][0]).query("measure == 'dot'")
    assert (mp["given"] < mp["ranked"] - 1e-9).any()
    assert dot["hardest"].all()
    assert mp["hardest"].all()
    assert (dot["first_holds"] == dot["swaps"]).all()
    drawn = hard_negatives_figure(*(read_rows(paths) for paths in zip(*scored, strict=True)))
    inputs = [path for paths in scored for path in paths]
    save_drawn(drawn, tmp_path / "theorem", inputs, "snakemake mmix_theorem")
    assert {path.suffix for path in tmp_path.glob("theorem.*")} == KINDS
    sidecar = json.loads((tmp_path / "theorem.json").read_text())
    assert (sidecar["command"], len(sidecar["inputs"])) == ("snakemake mmix_theorem", 4)
    plotted = pd.read_csv(tmp_path / "theorem.csv")
    assert set(plotted["method"]) == {"mo-mix", "mp-mix"}


def test_the_same_seed_measures_the_same(tmp_path: Path) -> None:
    embeddings, settings = train(tmp_path, mixer="mp-mix")
    made = [tuple(path.read_bytes() for path in score(tmp_path, embeddings, settings)) for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"mixer": "binary-mix"}, "no weights that follow similarities"),
        ({"mixer": "mo-mix", "branches": ["average"]}, "which is not stored; set `branches"),
        ({"mixer": "mo-mix", "readout": "output"}, "which is not stored; set `branches"),
        ({"mixer": "mo-mix", "mix": {"scope": "op"}}, "has no weights over neighbours"),
    ],
)
def test_methods_without_such_weights_are_refused(tmp_path: Path, over: dict, message: str) -> None:
    embeddings, settings = train(tmp_path, **over)
    with pytest.raises(RelampError, match=message):
        score(tmp_path, embeddings, settings)


def test_embeddings_of_other_runs_are_refused(tmp_path: Path) -> None:
    embeddings, settings = train(tmp_path, mixer="mo-mix", branches=["average"])
    with pytest.raises(RelampError, match="lacks the final embeddings of branch a"):
        score(tmp_path, embeddings, {**settings, "branches": ["average", "a"]})
    (tmp_path / "b").mkdir()
    embeddings, settings = train(tmp_path / "b", mixer="mo-mix")
    with pytest.raises(RelampError, match=r"has no map 'mixer.query.weight', which mp-mix mixes by"):
        score(tmp_path / "b", embeddings, {**settings, "mixer": "mp-mix"})


def test_from_checkpoints_to_both_figures_of_the_grid(tmp_path: Path) -> None:
    points, rows = [(8, 4), (20, 4), (8, 12), (20, 12)], []
    for samples, dimension in points:
        (folder := tmp_path / f"{samples}-{dimension}").mkdir()
        embeddings, _ = train(folder, mixer="mp-mix", hidden=dimension, sample_size=samples, keep="split")
        rows.append(folder / "rows.csv")
        marks = {"method": "mp-mix", "dataset": "random"}
        probe_embeddings(folder / "data.safetensors", embeddings, marks, {"runs": 2, "steps": 5}, rows[-1])
    labels = [{"sample_size": samples, "hidden": dimension} for samples, dimension in points]
    for draw, name in ((over_epochs_figure, "fig3"), (sample_size_figure, "fig2")):
        save_drawn(draw(read_rows(rows, labels)), tmp_path / name, rows, f"snakemake {name}")
        assert {path.suffix for path in tmp_path.glob(f"{name}.*")} == KINDS
        assert len(json.loads((tmp_path / f"{name}.json").read_text())["inputs"]) == 4
    epochs = pd.read_csv(tmp_path / "fig3.csv")
    assert epochs["epoch"].tolist() == [0, 2, 4] * 4
    assert list(zip(epochs["samples"], epochs["dimension"], strict=True))[::3] == [(8, 4), (8, 12), (20, 4), (20, 12)]
    # The last epoch of Fig. 3 is what Fig. 2 shows.
    key = ["samples", "dimension"]
    last = epochs[epochs["epoch"] == 4].set_index(key)["mean"]
    assert pd.read_csv(tmp_path / "fig2.csv").set_index(key)["mean"].to_dict() == pytest.approx(last.to_dict())
