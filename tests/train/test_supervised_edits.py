from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from model_graphs import random_graphs
from relamp.data.packed import PackedGraphs
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.edit_distance import cosine, drawn_graphs, edit_scores, edits, triplets_of
from relamp.evaluate.embeddings import Run
from relamp.method.mmix import MMix
from relamp.settings.graphs import Pretraining
from relamp.settings.supervised import SupervisedEdits
from relamp.train import supervised_edits
from relamp.train.graphs import GraphTrainer
from relamp.train.supervised_edits import EditTraining, score_supervised_edits, triplet_loss

SMALL = {"nodes": [6, 5], "graphs": 20, "steps": 3, "batch_size": 4}
SETTINGS = Pretraining.model_validate({"hidden": 8, "mmix": {"features": "labels-and-degrees"}})


def run_of(folder: Path, data: PackedGraphs | None = None, method: str = "supervised", **more: object) -> Run:
    (random_graphs(0, count=120) if data is None else data).save(folder / "data.safetensors")
    label = {"method": method, "options": {"supervised": SETTINGS.model_dump(mode="json")}}
    return Run(folder / "data.safetensors", [7], label, {**SMALL, **more})


def training(data: PackedGraphs, nodes: int = 6, **more: object) -> tuple[EditTraining, np.ndarray, np.ndarray]:
    """A training, the graphs that are tested and the others."""
    chosen = SupervisedEdits.model_validate({**SMALL, **more})
    small, tested, others = drawn_graphs(data, nodes, chosen, stream(7, "edits", nodes))
    return EditTraining(small, SETTINGS, chosen, 7, nodes), tested, others


def test_loss_and_gradients_are_those_of_a_loop() -> None:
    random = torch.Generator().manual_seed(0)
    fast, slow = [
        [z.clone().requires_grad_() for z in made]
        for made in [[torch.randn(9, 4, generator=random, dtype=torch.float64) for _ in range(3)]] * 2
    ]
    terms = []
    for a, p, n in zip(*slow, strict=True):
        near, far = (a @ other / (a @ a).sqrt() / (other @ other).sqrt() for other in (p, n))
        difference = 0.1 - near + far
        terms.append(difference if difference > 0 else 0 * difference)
    loop = sum(terms) / len(terms)
    loss = triplet_loss(*fast, 0.1)
    assert 0 < sum(term.item() == 0 for term in terms) < 9
    assert loss.item() == pytest.approx(loop.item(), abs=1e-12)
    loss.backward()
    loop.backward()
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=0, atol=1e-12)


def test_an_embedding_of_zeros_has_finite_gradients() -> None:
    made = [torch.zeros(2, 3, requires_grad=True), *(torch.ones(2, 3, requires_grad=True) for _ in range(2))]
    loss = triplet_loss(*made, 0.1)
    loss.backward()
    assert loss.item() == pytest.approx(0.1)
    assert all(z.grad is not None and torch.isfinite(z.grad).all() for z in made)


@pytest.mark.parametrize("reading", ["code", "words"])
def test_it_is_tested_on_the_triplets_of_all_methods(
    reading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    embed = EditTraining.embed
    monkeypatch.setattr(EditTraining, "embed", lambda self, made: (seen.append(made), embed(self, made))[1])
    run = run_of(tmp_path, reading=reading)
    list(score_supervised_edits(run))
    wanted = edits(PackedGraphs.load(run.data), SupervisedEdits.model_validate(run.protocol), 7)
    for made, (_, other) in zip(seen, wanted, strict=True):
        for one, two in zip(made, other, strict=True):
            for name in ("x", "edge_index", "node_offset", "edge_offset", "edge_weight", "degree"):
                assert np.array_equal(getattr(one, name), getattr(two, name))


def test_it_is_trained_on_no_graph_that_is_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each graph is known by its class.
    data = random_graphs(0, count=120)
    data = replace(data, y=np.arange(120))
    taken = []
    drawn = EditTraining.drawn
    monkeypatch.setattr(
        EditTraining, "drawn", lambda self, graphs: (taken.append(made := drawn(self, graphs)), made)[1]
    )
    run = run_of(tmp_path, data, nodes=[6], steps=40)
    list(score_supervised_edits(run))
    ((_, made),) = edits(data, SupervisedEdits.model_validate(run.protocol), 7)
    trained = np.concatenate([part.anchor.y for part in taken])
    assert len(trained) == 160
    assert not np.isin(trained, made.anchor.y).any()
    # Each step has other graphs, each once, and triplets of them.
    assert all(len(set(part.anchor.y)) == 4 for part in taken)
    assert len({tuple(part.anchor.y) for part in taken}) > 35
    assert all(np.array_equal(part.anchor.y, part.negative.y) for part in taken)
    assert any(part.anchor.edge_index.tolist() != part.positive.edge_index.tolist() for part in taken)


def test_no_drawn_graph_is_among_the_others() -> None:
    data = random_graphs(0, count=120)
    for nodes in (6, 5):
        _, tested, others = training(data, nodes)
        assert len(np.unique(tested)) == 20
        assert not np.isin(others, tested).any()
        assert (np.diff(others) > 0).all()


def test_before_training_it_is_the_untrained_encoder() -> None:
    data = random_graphs(0, count=120)
    made_of, tested, _ = training(data)
    made = triplets_of(made_of.small, tested, made_of.chosen, np.random.default_rng(0))
    found = made_of.embed(made)
    for part, z in zip(made, found, strict=True):
        holder = GraphTrainer(part, MMix(SETTINGS, "none"), 7)
        torch.testing.assert_close(z, holder.embed()[""])
    assert found[0].std() > 0


def test_it_learns_which_copy_is_nearer() -> None:
    made_of, tested, others = training(
        random_graphs(0, count=300), graphs=100, steps=100, batch_size=20, learning_rate=0.01
    )
    made = triplets_of(made_of.small, tested, made_of.chosen, np.random.default_rng(0))

    def scores() -> dict[str, float]:
        anchor, positive, negative = made_of.embed(made)
        loss = triplet_loss(anchor, positive, negative, 0.1).item()
        return {**edit_scores(cosine(anchor, positive), cosine(anchor, negative)), "loss": loss}

    before = scores()
    made_of.fit(others)
    after = scores()
    assert before["accuracy"] < 0.85
    assert after["accuracy"] > 0.95
    assert after["roc_auc"] > 0.95
    assert after["loss"] < before["loss"] / 10


def test_rows_are_of_each_size_and_the_same_again(tmp_path: Path) -> None:
    rows = pd.concat(score_supervised_edits(run_of(tmp_path)), ignore_index=True)
    assert rows["n"].tolist() == [6] * 3 + [5] * 3
    assert rows["metric"].tolist() == ["accuracy", "ties", "roc_auc"] * 2
    assert rows["value"].between(0, 1).all()
    again = pd.concat(score_supervised_edits(run_of(tmp_path)), ignore_index=True)
    pd.testing.assert_frame_equal(rows, again, check_exact=True)


def test_one_seed_gives_the_same_bits_and_another_size_alone_does_too(tmp_path: Path) -> None:
    data = random_graphs(0, count=120)
    weights = []
    for _ in range(2):
        made_of, _, others = training(data)
        made_of.fit(others)
        weights.append(torch.cat([each.detach().reshape(-1) for each in made_of.encoder.parameters()]))
    assert torch.equal(*weights)
    both = pd.concat(score_supervised_edits(run_of(tmp_path)))
    alone = pd.concat(score_supervised_edits(run_of(tmp_path, nodes=[5])))
    pd.testing.assert_frame_equal(both[both["n"] == 5], alone, check_exact=True)


def test_what_cannot_be_trained_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RelampError, match="no supervised model for edit distances 'gmn'; known: supervised"):
        list(score_supervised_edits(run_of(tmp_path, method="gmn")))
    data = random_graphs(0, count=120)
    fit = sum(map(len, training(data, 6)[1:]))
    with pytest.raises(RelampError, match="all graphs are drawn for the test; lower the number of graphs"):
        list(score_supervised_edits(run_of(tmp_path, nodes=[6], graphs=fit)))
    monkeypatch.setattr(supervised_edits, "triplet_loss", lambda *_: torch.tensor(torch.nan))
    with pytest.raises(RelampError, match="random: the loss of step 1 is nan"):
        list(score_supervised_edits(run_of(tmp_path)))


def test_what_was_trained_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = replace(run_of(tmp_path), store=tmp_path / "kept")
    made = score_supervised_edits(run)
    first = next(made)
    made.close()
    calls = list[int]()
    fit = EditTraining.fit
    monkeypatch.setattr(EditTraining, "fit", lambda *given: (calls.append(1), fit(*given))[1])
    rows = pd.concat(score_supervised_edits(run))
    assert len(calls) == 1
    pd.testing.assert_frame_equal(rows.iloc[:3], first, check_exact=True)
