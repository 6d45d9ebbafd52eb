import math

import pytest
import torch

from relamp.loss.told_apart import told_apart


def test_the_value_by_hand() -> None:
    true, false = torch.tensor([0.0, math.log(3)]), torch.tensor([math.log(3)])
    # Chances of 1/2 and 3/4 that what is true is true, and of 1/4 that the other is false.
    expected = (math.log(2) + math.log(4 / 3)) / 2 + math.log(4)
    assert told_apart(true, false).item() == pytest.approx(expected, rel=1e-6)
    assert told_apart(true[:0], false).item() == pytest.approx(math.log(4), rel=1e-6)
    assert told_apart(true[:0], false[:0]).item() == 0


def test_gradients_are_those_of_torchs_cross_entropy() -> None:
    true, false = (torch.randn(n, dtype=torch.float64).requires_grad_() for n in (5, 3))
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    expected = bce(true, torch.ones_like(true)) + bce(false, torch.zeros_like(false))
    for one, two in zip(
        *(torch.autograd.grad(loss, (true, false)) for loss in (told_apart(true, false), expected)), strict=True
    ):
        torch.testing.assert_close(one, two)
