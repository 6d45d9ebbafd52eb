from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from relamp.method.build import build
from relamp.study.runs import method_params, setting_name

from model_graphs import random_graphs
from relamp.data.batch import collate
from relamp.method.base import Method
from relamp.method.table import METHODS
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import Trained, batches, embed, pretrain
from relamp.train.loop import Resume

DATA = random_graphs(0, count=21)
SETTINGS = Pretraining(epochs=4, checkpoints=(0, 2, 4), batch_size=8, hidden=8, layers=2, local_nodes=10)


def make(name: str, settings: Pretraining = SETTINGS) -> Method:
    params = method_params(name, setting_name(name, 0.3, 1.0))
    return build(params["maker"], settings if params["settings"] else None, params["options"])


def same(one: Trained, two: Trained) -> bool:
    return (
        one.history == two.history
        and one.embeddings.keys() == two.embeddings.keys()
        and all(torch.equal(one.embeddings[k], two.embeddings[k]) for k in one.embeddings)
        and all(torch.equal(one.encoder[k], two.encoder[k]) for k in one.encoder)
    )


TRAINED = [name for name, row in METHODS.items() if row.trains]


@pytest.mark.parametrize("name", TRAINED)
def test_same_seed_same_bits_and_other_seed_other_bits(name: str) -> None:
    torch.manual_seed(1)
    first = pretrain(DATA, make(name), SETTINGS, 7)
    torch.manual_seed(2)
    np.random.default_rng(3)
    assert same(first, pretrain(DATA, make(name), SETTINGS, 7))
    assert not same(first, pretrain(DATA, make(name), SETTINGS, 8))
    assert sorted(first.embeddings) == [0, 2, 4]
    assert [row["epoch"] for row in first.history] == [1, 2, 3, 4]


@pytest.mark.parametrize("shuffle", ["once", "epoch"])
@pytest.mark.parametrize("name", TRAINED)
def test_a_killed_run_goes_on_to_the_same_bits(name: str, shuffle: str, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"shuffle": shuffle})
    whole = pretrain(DATA, make(name, settings), settings, 0)

    def kill_at(epoch: int):
        def on_epoch(done: int) -> None:
            if done == epoch:
                raise KeyboardInterrupt

        return on_epoch

    resume = Resume(tmp_path / "state.pt", "key", every=0)
    for epoch in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            pretrain(DATA, make(name, settings), settings, 0, resume=resume, on_epoch=kill_at(epoch))
    seen: list[int] = []
    assert same(whole, pretrain(DATA, make(name, settings), settings, 0, resume=resume, on_epoch=seen.append))
    assert seen == [3, 4]


def test_training_lowers_the_loss() -> None:
    history = pretrain(DATA, make("lamp-mag"), SETTINGS.model_copy(update={"epochs": 12, "checkpoints": ()}), 0).history
    assert history[-1]["loss"] < history[0]["loss"]
    for row in history:
        assert row["loss"] == pytest.approx(row["graph"] + row["local"], rel=1e-5)


def test_seeds_of_methods_start_from_the_same_encoder() -> None:
    first, second = (pretrain(DATA, make(name), SETTINGS, 5).embeddings[0] for name in ("lamp-soft", "graphcl"))
    assert torch.equal(first, second)


def test_untrained_is_the_encoder_at_epoch_zero() -> None:
    settings = SETTINGS.model_copy(update={"epochs": 0, "checkpoints": (0,)})
    untrained = pretrain(DATA, make("untrained"), settings, 5)
    assert torch.equal(untrained.embeddings[0], pretrain(DATA, make("lamp-mag"), SETTINGS, 5).embeddings[0])
    with pytest.raises(RuntimeError, match="no loss"):
        make("untrained").loss(None, None, None, None)  # type: ignore[arg-type]


def test_embedding_does_not_depend_on_batches_or_neighbours() -> None:
    trained = pretrain(DATA, make("simgrace"), SETTINGS, 0)
    from relamp.model.build import build_encoder

    encoder = build_encoder(DATA, 8, 2, torch.Generator())
    encoder.load_state_dict(trained.encoder)
    together = embed(encoder, DATA, SETTINGS)
    alone = torch.cat([encoder.eval()(collate(DATA, np.array([i]))).graph for i in range(len(DATA))])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(together, trained.embeddings[4])


@given(st.integers(2, 60), st.integers(2, 20))
def test_batches_cover_everything_once_and_none_is_alone(count: int, size: int) -> None:
    parts = list(batches(count, size, np.arange(count)[::-1]))
    assert np.concatenate(parts).tolist() == list(range(count))[::-1]
    assert all(2 <= len(part) <= size + 1 for part in parts)
    assert len(parts) == max(1, -(-count // size) - (count % size == 1 and count > 1))
