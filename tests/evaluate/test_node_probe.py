import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError
from relamp.evaluate.clustering import score_clustering
from relamp.evaluate.embeddings import Run, of_nodes
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.evaluate.node_probe import counted, random_split, score_probe
from relamp.settings.evaluation import EpochChoice

PROBE = {"runs": 3, "steps": 10}


def stored(folder: Path, data: PackedNodes, known: np.ndarray | None = None) -> Run:
    """Embeddings of two epochs and branches; those of the first epoch of the `known` nodes alone."""
    data.save(folder / "data.safetensors")
    rng, total = np.random.default_rng(0), len(data.y)
    arrays = {
        f"epoch~{e}_branch~{b}": rng.normal(size=(total, 4)).astype(np.float32)
        for e in (0, 4)
        for b in ("a", "average")
    }
    if known is not None:
        arrays = {name: z[known] if name.startswith("epoch~0") else z for name, z in arrays.items()}
        arrays["nodes"] = known
    save_file(arrays, folder / "z.safetensors", metadata={"final_epoch": "4"})
    label = {"method": "mp-mix", "dataset": "random"}
    return Run(folder / "data.safetensors", [7], label, PROBE, {7: folder / "z.safetensors"})


def test_rows_are_the_probe_s_and_branches_are_not_clustered_alone(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(20, 30))
    data = replace(data, test=data.test[:-5])
    split = np.concatenate([data.train, data.valid, data.test])
    run = stored(tmp_path, data, np.sort(split))
    rows = pd.concat(score_probe(run))
    assert len(rows) == 2 * 2 * 3 * 3  # epochs, branches, runs, parts
    assert set(rows[rows["final"]]["epoch"]) == {4}
    z = next(e.z for e in of_nodes(run.embeddings[7], 50) if (e.epoch, e.branch) == (4, "a"))
    wanted = evaluate_probe(z, data.y, {"test": data.test, "train": data.train}, 7, range(3), 10, 0.01, 0.0)
    mine = rows.query("epoch == 4 and branch == 'a' and split == 'test'")["value"]
    assert mine.tolist() == wanted.query("split == 'test'")["value"].tolist()
    clusters = pd.concat(score_clustering(replace(run, protocol={"runs": 2, "starts": 1})))
    # Of the first epoch there are not all nodes.
    assert clusters[["epoch", "branch"]].drop_duplicates().to_numpy().tolist() == [[4, "average"]]
    assert len(clusters) == 2 * 2


def test_small_embeddings_are_probed_like_large_ones_if_they_are_scaled(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(60,))
    run = stored(tmp_path, data)

    def scores(factor: float, scaling: str) -> list[float]:
        folder = tmp_path / f"{factor}"
        folder.mkdir(exist_ok=True)
        save_file(
            {name: factor * z for name, z in load_file(run.embeddings[7]).items()},
            folder / "z.safetensors",
            metadata={"final_epoch": "4"},
        )
        of = replace(run, embeddings={7: folder / "z.safetensors"}, protocol={**PROBE, "scaling": scaling})
        return pd.concat(score_probe(of))["value"].tolist()

    assert scores(1e-3, "none") != scores(1, "none")
    assert scores(1e-3, "length") == pytest.approx(scores(1, "length"))
    assert scores(1, "length") != scores(1, "none")


# Of epochs 0, 2, 4 and 6 in two runs: means on validation nodes .9, .5, .5 and .4, on test nodes .9, .3, .2 and .7.
ON = {"valid": [(0.9, 0.9), (0.4, 0.6), (0.5, 0.5), (0.2, 0.6)], "test": [(0.9, 0.9), (0.2, 0.4), (0, 0.4), (0.7, 0.7)]}


@pytest.mark.parametrize(("by", "epochs"), [("last", {"a": 6, "b": 6}), ("validation", {"a": 2, "b": 4})])
def test_the_epoch_that_counts_is_the_one_that_is_asked_for(by: EpochChoice, epochs: dict[str, int]) -> None:
    rows = pd.DataFrame(
        [
            # The other branch has the middle two in the other order.
            {"branch": branch, "epoch": epoch, "final": epoch == 6, "run": run, "split": split, "value": value}
            for branch, order in (("a", (0, 1, 2, 3)), ("b", (0, 3, 2, 1)))
            for split, of in ON.items()
            for epoch, place in zip((0, 2, 4, 6), order, strict=True)
            for run, value in enumerate(of[place])
        ]
    )
    found = counted(rows, by)
    assert found.drop(columns="final").equals(rows.drop(columns="final"))
    assert found[found["final"]].groupby("branch")["epoch"].unique().map(list).to_dict() == {
        name: [epoch] for name, epoch in epochs.items()
    }
    # By test nodes that of .7, which the branches have at epochs 6 and 2.
    on_test = counted(rows, "test")
    assert on_test[on_test["final"]].groupby("branch")["epoch"].unique().map(list).to_dict() == {"a": [6], "b": [2]}
    # Before training, and where one epoch is stored, there is nothing to choose.
    for few in (rows[rows["epoch"] == 0], rows[rows["epoch"].isin([0, 6])]):
        assert counted(few, by).equals(few)
    with pytest.raises(RelampError, match="no nodes to choose an epoch by validation"):
        counted(rows[rows["split"] == "test"], "validation")


def test_scores_are_of_the_epoch_that_validation_chooses(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(60,))
    run = stored(tmp_path, data)
    arrays = {name.replace("~0_", "~2_"): z for name, z in load_file(run.embeddings[7]).items()}
    # After two epochs the class itself is embedded, after the last nothing.
    known = {name: np.eye(4, dtype=np.float32)[data.y % 4] * 9 for name in arrays if "~2_" in name}
    save_file({**arrays, **known}, tmp_path / "z.safetensors", metadata={"final_epoch": "4"})
    rows = pd.concat(score_probe(replace(run, protocol={**PROBE, "epoch": "validation"})))
    assert set(rows[rows["final"]]["epoch"]) == {2}
    plain = pd.concat(score_probe(run))
    assert set(plain[plain["final"]]["epoch"]) == {4}
    assert plain.drop(columns="final").equals(rows.drop(columns="final"))


def test_a_drawn_split_is_another_in_each_run(tmp_path: Path) -> None:
    run = stored(tmp_path, random_nodes(sizes=(60,), split=False))
    with pytest.raises(RelampError, match="no public split"):
        list(score_probe(run))
    rows = pd.concat(score_probe(replace(run, protocol={**PROBE, "runs": 6, "split": "random", "shares": [0.3, 0.1]})))
    assert len(set(rows.query("split == 'test' and epoch == 0 and branch == 'a'")["value"])) > 1


def test_many_labels_are_scored_by_micro_f1_and_cannot_be_clustered(tmp_path: Path) -> None:
    run = stored(tmp_path, random_nodes(sizes=(20, 10, 10), tasks=4))
    assert set(pd.concat(score_probe(run))["metric"]) == {"micro_f1"}
    with pytest.raises(RelampError, match="no classes"):
        list(score_clustering(replace(run, protocol={})))


def test_nodes_without_an_embedding_are_not_probed(tmp_path: Path) -> None:
    run = stored(tmp_path, random_nodes(), np.array([0, 1, 2]))
    with pytest.raises(RelampError, match="epoch 0 lacks the embeddings of 37 nodes"):
        list(score_probe(run))
    assert [embeddings.known.sum() for embeddings in of_nodes(run.embeddings[7], 40)] == [3, 3, 40, 40]


def test_a_drawn_split_leaves_out_epochs_that_lack_nodes_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = stored(tmp_path, random_nodes(), np.array([0, 1, 2]))
    drawn = replace(run, protocol={**PROBE, "split": "random", "shares": [0.3, 0.1]})
    with caplog.at_level(logging.INFO):
        rows = pd.concat(score_probe(drawn))
    assert set(rows["epoch"]) == {4}
    assert "epochs [0] have embeddings of some nodes alone" in caplog.text


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"epoch~1_branch~a": (3, 2)}, {"final_epoch": "1"}),
        ({"epoch~1_branch~a": (40, 2)}, {}),
        ({"weights": (40, 2)}, {"final_epoch": "1"}),
    ],
)
def test_other_files_are_refused(arrays: dict, metadata: dict, tmp_path: Path) -> None:
    path = tmp_path / "embeddings.safetensors"
    save_file({name: np.zeros(shape, dtype=np.float32) for name, shape in arrays.items()}, path, metadata=metadata)
    with pytest.raises(RelampError, match="delete it and run again"):
        list(of_nodes(path, 40))


DATA = random_nodes(sizes=(100,))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(0.2, 0.5), st.floats(0, 0.3))
def test_a_random_split_covers_the_labelled_nodes_once(seed: int, train: float, valid: float) -> None:
    y = DATA.y.copy()
    y[[5, 17]] = -1
    data = replace(DATA, y=y)
    split = random_split(data, (train, valid), np.random.default_rng(seed))
    assert np.array_equal(np.sort(np.concatenate(list(split.values()))), np.flatnonzero(y >= 0))
    assert (len(split["train"]), len(split["valid"])) == (round(train * 98), round(valid * 98))
    again = random_split(data, (train, valid), np.random.default_rng(seed))
    assert all(np.array_equal(split[part], again[part]) for part in split)


def test_splits_differ_by_seed_and_refuse_what_cannot_be_learnt() -> None:
    one, two = (random_split(DATA, (0.1, 0.1), np.random.default_rng(seed)) for seed in (0, 1))
    assert not np.array_equal(one["test"], two["test"])
    with pytest.raises(RelampError, match="do not show every class"):
        random_split(DATA, (0.02, 0.1), np.random.default_rng(0))
    with pytest.raises(RelampError, match="leave a part empty"):
        random_split(DATA, (0.001, 0.1), np.random.default_rng(0))


def test_nodes_with_many_labels_are_all_split() -> None:
    data = random_nodes(sizes=(30,), tasks=2)
    assert sum(map(len, random_split(data, (0.5, 0.1), np.random.default_rng(0)).values())) == 30
