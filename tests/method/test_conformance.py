"""What every method of the table must do, in its domain: a new line is covered without a new test."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from image_sets import two_classes
from model_graphs import random_graphs
from molecule_graphs import random_molecules
from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes, sparse_parts
from relamp.data.packed import PackedGraphs
from relamp.method.table import METHODS
from relamp.train.loop import Resume
from relamp.train.trainer import Trained
from reordered import edgeless, renumbered, reordered
from training import CLASSES, TRAINERS, Killed, kill_at, kill_at_saving, make, same, train

ALL = [(domain, name) for domain, rows in METHODS.items() for name in rows]
TRAINED = [(domain, name) for domain, name in ALL if METHODS[domain][name].trains]
ON_GRAPHS = [(domain, name) for domain, name in ALL if domain != "images"]
DATA = {
    "graphs": random_graphs(0, count=21),
    "molecules": random_molecules(0),
    "nodes": random_nodes(0, sizes=(40,)),
    "images": two_classes(),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "graphs": {
        "epochs": 4,
        "checkpoints": (0, 2, 4),
        "batch_size": 8,
        "hidden": 8,
        "layers": 2,
        "local_nodes": 10,
        "sub2vec": {"length": 50},
    },
    "molecules": {"epochs": 4, "checkpoints": (0, 2, 4), "batch_size": 8, "hidden": 8, "layers": 2, "local_nodes": 10},
    "nodes": {"epochs": 4, "checkpoints": (0, 2), "hidden": 8, "sample_size": 15, "patience": None},
    "images": {"epochs": 4, "checkpoints": (0, 2, 4), "batch_size": 8, "width": 2, "projection": 6},
}
# Settings under which more changes between two epochs.
ALSO: dict[str, list[dict[str, Any]]] = {
    "graphs": [{}, {"shuffle": "epoch", "lamp": {"sparse": "snapshot"}}],
    "molecules": [{}, {"shuffle": "epoch"}],
    "nodes": [{}, {"patience": 3, "learning_rate": 1.0}],
    "images": [{}],
}


@pytest.fixture(autouse=True)
def _needs_gensim(request: pytest.FixtureRequest) -> None:
    chosen = request.node.callspec.params
    if not METHODS[chosen["domain"]][chosen["name"]].encodes:
        pytest.importorskip("gensim", reason="vectors of words need gensim")


def settings(domain: str, **more: Any) -> Any:
    return CLASSES[domain].model_validate({**SETTINGS[domain], **more})


def permuted(data: Any) -> tuple[Any, np.ndarray]:
    """The same graphs with their nodes, and edges, in another order, or images; and what stands in each place."""
    rng = np.random.default_rng(1)
    if isinstance(data, PackedGraphs):
        return renumbered(data, 1), np.arange(len(data))
    order = rng.permutation(len(data.y))
    moved = reordered(data, order)
    if isinstance(data, PackedNodes):
        names = ("feature_offset", "feature_index", "feature_value")
        features = dict(zip(names, sparse_parts(data.features()[order]), strict=True))
        edges = np.argsort(order)[data.edge_index][:, rng.permutation(data.edge_index.shape[1])]
        moved = replace(moved, **features, edge_index=edges)
    return moved, order


@pytest.mark.parametrize(("domain", "name"), ALL)
def test_same_seed_same_bits_and_another_seed_other_bits(domain: str, name: str) -> None:
    torch.manual_seed(1)
    first = train(domain, name, DATA[domain], settings(domain), 7)
    torch.manual_seed(2)
    assert same(first, train(domain, name, DATA[domain], settings(domain), 7))
    # MGAE draws nothing.
    assert same(first, train(domain, name, DATA[domain], settings(domain), 8)) == (name == "mgae")


@pytest.mark.parametrize(("domain", "name"), TRAINED)
def test_checkpoints_and_history_are_complete(domain: str, name: str) -> None:
    chosen = settings(domain)
    method = make(domain, name, chosen)
    trained = TRAINERS[domain](DATA[domain], method, 0).run()
    # A method with a patience of its own ends with the weights of its lowest loss.
    last = 4 if trained.final is None else trained.final
    kept = list(dict.fromkeys(f"epoch~{epoch}" for epoch in (0, 2, last)))
    assert list(dict.fromkeys(key.partition("_")[0] for key in trained.embeddings)) == kept
    assert [row["epoch"] for row in trained.history] == [1, 2, 3, 4]
    columns = list(trained.history[0])
    assert columns[:2] == ["epoch", "loss"]
    assert not method.terms or columns[2:] == list(method.terms)
    for row in trained.history:
        assert list(row) == columns
        assert np.isfinite(list(row.values())).all()
        # The weights of all terms are 1 by default.
        assert row["loss"] == pytest.approx(sum(row[name] for name in columns[2:]), abs=1e-5)
    count = len(DATA[domain].y)
    assert all(len(z) == count and z.isfinite().all() for z in trained.embeddings.values())


def resumed_within(domain: str, name: str, chosen: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Return the result of a training that is killed between two batches, twice if an epoch has three."""
    resume = Resume(folder / "within.pt", "key", every=0)
    for number in (1, 3):
        kill_at_saving(number, monkeypatch)
        with pytest.raises(Killed):
            train(domain, name, DATA[domain], chosen, resume=resume)
    monkeypatch.undo()
    return train(domain, name, DATA[domain], chosen, resume=resume)


@pytest.mark.parametrize(
    ("domain", "name", "more"), [(domain, name, more) for domain, name in TRAINED for more in ALSO[domain]]
)
def test_a_killed_training_resumes_to_the_same_bits(
    domain: str, name: str, more: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(domain, **more)
    whole = train(domain, name, DATA[domain], chosen)
    resume = Resume(tmp_path / "state.pt", "key", every=0)
    for epoch in (1, 3):
        with pytest.raises(Killed):
            train(domain, name, DATA[domain], chosen, resume=resume, on_epoch=kill_at(epoch))
    seen: list[int] = []
    assert same(whole, train(domain, name, DATA[domain], chosen, resume=resume, on_epoch=seen.append))
    assert seen == [3, 4]
    # Once more, from the state of a training that is done.
    assert same(whole, train(domain, name, DATA[domain], chosen, resume=resume))
    assert same(whole, resumed_within(domain, name, chosen, tmp_path, monkeypatch)), "killed within an epoch"


@pytest.mark.parametrize(
    ("domain", "name"), [("graphs", "lamp-soft"), ("molecules", "lamp-mag"), ("graphs", "rgcl"), ("graphs", "joaov2")]
)
def test_a_method_that_forgets_what_it_prepared_for_an_epoch_is_told(
    domain: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(domain)
    whole = train(domain, name, DATA[domain], chosen)
    monkeypatch.setattr(type(make(domain, name, chosen)), "changes", ())
    try:
        found = resumed_within(domain, name, chosen, tmp_path, monkeypatch)
    except AttributeError:
        return
    assert not same(whole, found)


@pytest.mark.parametrize(("domain", "name"), ALL)
def test_an_untrained_embedding_follows_the_order_of_the_nodes(domain: str, name: str) -> None:
    if "self_loops" in METHODS[domain][name].lacks:
        pytest.skip("a self-loop on all nodes but the last depends on the order")
    if not METHODS[domain][name].encodes:
        pytest.skip("walks and words are drawn for nodes and graphs in their order")
    moved, order = permuted(DATA[domain])
    more: dict[str, Any] = {"self_loops": "all"} if domain == "graphs" else {}
    if name == "random-mix":
        # Its weights are drawn for nodes in their order: what they mix follows no node.
        more |= {"readout": "encoder"} if domain == "nodes" else {"mmix": {"readout": "encoder"}}
    if domain == "nodes":
        # Which edges are left out is drawn by their places.
        more |= {"gae": {"edges": "all"}, "arga": {"edges": "all"}}
    chosen = settings(domain, **more)
    one, two = (TRAINERS[domain](data, make(domain, name, chosen), 0).embed() for data in (DATA[domain], moved))
    assert one.keys() == two.keys()
    for branch in one:
        torch.testing.assert_close(two[branch], one[branch][order], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("domain", "name"), TRAINED)
def test_gradients_are_finite_and_reach_every_weight(domain: str, name: str) -> None:
    trainer = TRAINERS[domain](DATA[domain], make(domain, name, settings(domain)), 0)
    trainer.mode(training=True)
    trainer.drawn = np.arange(8)
    trainer.start_epoch()
    trainer.step(trainer.drawn)
    parts = {"encoder": trainer.encoder, "head": trainer.head, **trainer.parts}
    gradients = {f"{part}.{key}": w.grad for part, module in parts.items() for key, w in module.named_parameters()}
    assert all(gradient is None or gradient.isfinite().all() for gradient in gradients.values())
    still = {key for key, gradient in gradients.items() if gradient is None or not gradient.any()}
    if name == "untrained-calibrated":
        assert still == gradients.keys(), "it is a control, which learns nothing"
        return
    # MVGRL's own objective on nodes leaves out g, which its encoder has; and where the gradient of similarities is cut,
    # as in M-Mix's code for graphs, nothing but the diversity term trains the projections of mp-mix. JOAOv2 has
    # the head of one augmentation an epoch.
    outside = {(host, "encoder.head") for host in ("mvgrl", "mvgrl-code", "mvgrl-matrix")}
    # CCA-SSG takes the mean off all columns, and with it the last bias.
    outside.add(("cca-ssg", "encoder.bias"))
    if domain == "graphs":
        outside |= {(without, "encoder.mixer") for without in ("mp-mix-nodiv", "mp-mix-graph")}
        outside |= {(v2, f"head.{number}") for v2 in ("joaov2", "joaov2-code") for number in range(1, 5)}
    if domain == "molecules":
        # Both views have a head of five; and no optimiser has RGCL's projection.
        outside |= {("joaov2", f"head.{number}") for number in range(5)} | {("rgcl", "head.projection")}
    # What is added to the scores of all candidates says nothing about which is the original.
    still.discard("head.4.bias" if name == "d-sla" else "")
    assert {key for key in still if (name, ".".join(key.split(".")[:2])) not in outside} == set()


@pytest.mark.parametrize(("domain", "name"), ON_GRAPHS)
def test_graphs_without_edges(domain: str, name: str) -> None:
    trained = train(domain, name, edgeless(DATA[domain]), settings(domain))
    assert all(np.isfinite(list(row.values())).all() for row in trained.history)
    assert all(z.isfinite().all() for z in trained.embeddings.values())


@pytest.mark.parametrize(("domain", "name"), ON_GRAPHS)
def test_one_graph_with_one_node(domain: str, name: str) -> None:
    if domain != "nodes":
        data = DATA[domain]
        alone = data.take(np.flatnonzero(np.diff(data.node_offset) == 1)[:1])
        assert (len(alone), len(alone.x)) == (1, 1)
        # A batch norm cannot be trained on one row; embedding it is another matter.
        embeddings = TRAINERS[domain](alone, make(domain, name, settings(domain)), 0).embed()
    else:
        alone = edgeless(random_nodes(sizes=(3,), split=False))
        one = {
            "feature_offset": alone.feature_offset[:2],
            "feature_index": alone.feature_index[: alone.feature_offset[1]],
        }
        alone = replace(alone, **one, y=alone.y[:1], graph_offset=np.array([0, 1]))
        trained = train(domain, name, alone, settings(domain))
        embeddings = trained.embeddings
        assert all(np.isfinite(row["loss"]) for row in trained.history)
    assert all(len(z) == 1 and z.isfinite().all() for z in embeddings.values())
