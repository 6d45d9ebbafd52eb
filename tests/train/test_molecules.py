from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_graphs import random_graphs
from relamp.data.packed import MISSING, PackedGraphs
from relamp.errors import RelampError
from relamp.model.molecular_gin import MolecularGIN
from relamp.settings.molecules import Finetuning, MolecularPretraining
from relamp.train.graphs import GraphTrainer
from relamp.train.loop import Resume
from relamp.train.molecules import Finetuner, masked_bce, refuse_one_class
from seeded import gen
from training import Killed, kill_at, kill_at_saving, make

SETTINGS = Finetuning(epochs=4, batch_size=8)
SHAPE = (8, 2)


def molecules(count: int = 40, tasks: int = 2) -> PackedGraphs:
    """Fake molecules whose first task says whether atom type 3 occurs."""
    graphs = random_graphs(0, count=count, cardinality=(4, 3))
    rng = np.random.default_rng(0)
    has = np.add.reduceat((graphs.x[:, 0] == 3).astype(int), graphs.node_offset[:-1]) > 0
    y = np.stack([has.astype(np.int8), rng.integers(-1, 2, size=count).astype(np.int8)], axis=1)[:, :tasks]
    bonds = np.zeros((graphs.edge_index.shape[1], 2), dtype=np.int64)
    return replace(graphs, name="fake", cardinality=(120, 4), y=y, edge_attr=bonds)


DATA = molecules()
TRAIN, SCORED = np.arange(30), np.arange(30, 40)


def run(seed: int = 0, pretrained=None, **options) -> list[torch.Tensor]:
    return logits(Finetuner(DATA, TRAIN, SCORED, SETTINGS, SHAPE, seed, pretrained), **options)


def logits(tuner: Finetuner, **options) -> list[torch.Tensor]:
    return list(tuner.run(**options).embeddings.values())


def test_masked_bce_by_hand() -> None:
    logits = torch.tensor([[0.0, 2.0], [1.0, -1.0]])
    y = torch.tensor([[1, MISSING], [0, 1]])
    expected = (np.log(2) + np.log(1 + np.e) + np.log(1 + np.e)) / 3
    assert masked_bce(logits, y).item() == pytest.approx(expected, rel=1e-6)
    assert masked_bce(logits, torch.full((2, 2), MISSING)).item() == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 4))
def test_masked_bce_gives_missing_labels_no_gradient(seed: int, n: int, tasks: int) -> None:
    generator = gen(seed)
    logits = torch.randn(n, tasks, generator=generator, dtype=torch.float64, requires_grad=True)
    y = torch.randint(-1, 2, (n, tasks), generator=generator)
    loss = masked_bce(logits, y)
    loss.backward()
    known = (y != MISSING).nonzero().tolist()
    terms = [-np.log(p if y[i, t] == 1 else 1 - p) for i, t in known for p in [1 / (1 + np.exp(-logits[i, t].item()))]]
    assert loss.item() == pytest.approx(np.mean(terms) if terms else 0.0)
    assert torch.count_nonzero(logits.grad[y == MISSING]) == 0
    # The gradient of the mean cross-entropy is (p - y) / number of labels.
    expected = (torch.sigmoid(logits.detach()) - y).masked_fill(y == MISSING, 0) / max(len(known), 1)
    torch.testing.assert_close(logits.grad, expected)


def test_a_variant_of_the_encoder_is_fine_tuned_as_it_was_trained() -> None:
    plain = Finetuner(DATA, TRAIN, SCORED, SETTINGS, SHAPE, 0)
    variant = Finetuner(DATA, TRAIN, SCORED, SETTINGS, SHAPE, 0, variant={"messages": "relu"})
    assert (plain.encoder.messages, variant.encoder.messages) == ("sum", "relu")
    assert all(map(torch.equal, plain.encoder.state_dict().values(), variant.encoder.state_dict().values()))
    assert not torch.equal(plain.embed()[""], variant.embed()[""])


def test_same_seed_same_bits_whatever_the_global_seed() -> None:
    torch.manual_seed(0)
    first = run()
    torch.manual_seed(1)
    assert all(torch.equal(a, b) for a, b in zip(first, run(), strict=True))
    assert not torch.equal(first[-1], run(seed=1)[-1])
    assert len(first) == 4
    assert first[0].shape == (10, 2)


def test_a_killed_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    resume = Resume(tmp_path / "state.pt", "key", every=0)

    with pytest.raises(Killed):
        run(resume=resume, on_epoch=kill_at(2))
    seen: list[int] = []
    resumed = run(resume=resume, on_epoch=seen.append)
    assert seen == [2, 3, 4]
    assert all(torch.equal(a, b) for a, b in zip(run(), resumed, strict=True))


def test_a_run_killed_within_an_epoch_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resume = Resume(tmp_path / "state.pt", "key", every=0)
    for number in (1, 5):
        kill_at_saving(number, monkeypatch)
        with pytest.raises(Killed):
            run(resume=resume)
    monkeypatch.undo()
    assert all(torch.equal(a, b) for a, b in zip(run(), run(resume=resume), strict=True))


def test_it_learns_a_simple_rule_and_starts_from_the_given_encoder() -> None:
    chosen = Finetuning(epochs=40, batch_size=8, dropout=0.0, learning_rate=0.01)
    data = molecules(200, tasks=1)
    scores = logits(Finetuner(data, np.arange(150), np.arange(150, 200), chosen, (16, 2), 0))[-1]
    assert ((scores[:, 0] > 0).numpy() == data.y[150:, 0]).mean() > 0.9
    given = MolecularGIN(*SHAPE, gen(99)).state_dict()
    assert not torch.equal(run()[0], run(pretrained=given)[0])


def test_first_weights_of_encoder_and_head_on_molecules() -> None:
    """PyTorch's on molecules, of encoder, projection and prediction head; embeddings of atoms and bonds stay Xavier."""

    def pretrainer(**options: object) -> GraphTrainer:
        chosen = MolecularPretraining(hidden=8, layers=2, **options)
        return GraphTrainer(DATA, make("graphs", "untrained", chosen), 0)

    def tuner(**options: object) -> Finetuner:
        return Finetuner(DATA, TRAIN, SCORED, Finetuning(**options), SHAPE, 0)

    for drawn in (pretrainer, tuner):
        usual, xavier = drawn(), drawn(initialisation="xavier")
        for one, other in ((usual.encoder, xavier.encoder), (usual.head, xavier.head)):
            other_weights = dict(other.named_parameters())
            for name, weight in one.named_parameters():
                apart = name.startswith(("updates", "0", "2"))
                assert torch.equal(weight, other_weights[name]) != apart, name
                assert (apart and name.endswith("bias")) <= bool(weight.all() and not other_weights[name].any())
    assert usual.head[0].weight.abs().max() <= 8**-0.5


def test_the_encoder_of_an_earlier_epoch_is_that_of_a_shorter_pretraining() -> None:
    """So the 80th epoch of a loop of 99 is asked for by 80 epochs."""

    def made(epochs: int) -> GraphTrainer:
        chosen = MolecularPretraining(hidden=8, layers=2, epochs=epochs, checkpoints=(), batch_size=16, shuffle="epoch")
        return GraphTrainer(DATA, make("graphs", "lamp-mag", chosen), 0)

    long, seen = made(3), {}

    def keep(epoch: int) -> None:
        seen[epoch] = {name: value.clone() for name, value in long.encoder.state_dict().items()}

    long.run(on_epoch=keep)
    short = made(2).run().encoder
    assert all(torch.equal(value, seen[2][name]) for name, value in short.items())
    assert not all(torch.equal(value, seen[3][name]) for name, value in short.items())


def test_leaks_and_missing_labels_are_refused() -> None:
    with pytest.raises(RelampError, match="both trained on and scored"):
        Finetuner(DATA, TRAIN, np.array([29, 30]), SETTINGS, SHAPE, 0)
    with pytest.raises(RelampError, match="no task labels"):
        Finetuner(replace(DATA, y=np.zeros((40, 0), dtype=np.int8)), TRAIN, SCORED, SETTINGS, SHAPE, 0)


def test_a_part_that_no_task_can_be_scored_on_is_refused() -> None:
    data = replace(DATA, y=np.tile(np.array([[1, 0], [1, MISSING], [0, 0], [1, 1]], dtype=np.int8), (10, 1)))
    refuse_one_class(data, {"valid": np.array([0, 2]), "test": np.array([2, 3])})
    with pytest.raises(RelampError, match="fake: no task has both classes among the 2 molecules of its test part, so"):
        refuse_one_class(data, {"valid": np.array([0, 2]), "test": np.array([0, 1])})
    with pytest.raises(RelampError, match="among the 0 molecules of its valid part"):
        refuse_one_class(data, {"valid": np.array([], dtype=np.int64)})
