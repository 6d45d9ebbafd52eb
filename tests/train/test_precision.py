"""Products of matrices in bfloat16 (RELAMP_PRECISION)."""

import numpy as np
import pytest
import torch
from torch import nn

from molecule_graphs import random_molecules
from relamp.errors import RelampError
from relamp.kernels.precision import in_bfloat16
from relamp.model.gin import mlp
from relamp.runtime.environment import precision
from relamp.train.trainer import Trained
from seeded import gen
from training import CLASSES, same, train

DATA = random_molecules(0)
SETTINGS = CLASSES["molecules"](epochs=3, checkpoints=(0, 3), batch_size=8, hidden=16, layers=2, local_nodes=10)


@pytest.fixture
def trained(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Trained:
    monkeypatch.setenv("RELAMP_PRECISION", request.param)
    return train("molecules", "lamp-mag", DATA, SETTINGS)


@pytest.mark.parametrize("trained", ["", "single"], indirect=True)
def test_without_it_nothing_changes(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_PRECISION")
    assert same(trained, train("molecules", "lamp-mag", DATA, SETTINGS))


@pytest.mark.parametrize("trained", ["bfloat16"], indirect=True)
def test_with_it_losses_are_near(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_PRECISION")
    plain = train("molecules", "lamp-mag", DATA, SETTINGS)
    losses, others = ([row["loss"] for row in each.history] for each in (trained, plain))
    assert losses != others
    # The first epoch's; later on steps have led elsewhere.
    assert losses[0] == pytest.approx(others[0], abs=0.1)
    assert np.isfinite(losses).all()
    assert {value.dtype for value in trained.encoder.values() if value.is_floating_point()} == {torch.float32}
    assert all(z.dtype == torch.float32 and z.isfinite().all() for z in trained.embeddings.values())


def test_products_are_those_of_rounded_numbers_and_gradients_are_single() -> None:
    module = nn.ModuleDict({"mlp": mlp([3, 4, 2], gen(0), "pytorch"), "other": nn.Linear(3, 2)})
    first, _, second = module["mlp"]
    x = torch.randn(5, 3, generator=gen(1))
    half = torch.bfloat16
    hidden = nn.functional.linear(x.to(half), first.weight.to(half), first.bias.to(half)).relu()
    expected = nn.functional.linear(hidden, second.weight.to(half), second.bias.to(half)).float()
    plain, other = module["mlp"](x), module["other"](x)
    in_bfloat16(module)
    y = module["mlp"](x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, expected, rtol=0, atol=0)
    torch.testing.assert_close(y, plain, rtol=0, atol=0.02)
    assert torch.equal(module["other"](x), other)
    y.sum().backward()
    assert first.weight.grad.dtype == torch.float32
    assert first.weight.grad.any()


def test_other_precisions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAMP_PRECISION", "half")
    with pytest.raises(RelampError, match="RELAMP_PRECISION: 'half' is no precision; use single or bfloat16"):
        precision()
