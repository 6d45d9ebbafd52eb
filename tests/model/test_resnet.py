import pytest
import torch
from torch import nn
from torch.nn import functional as F

from relamp.model.resnet import Block, ResNet18
from seeded import gen


def test_it_is_the_known_resnet_with_another_stem_and_no_classifier() -> None:
    model = ResNet18(3, 64, gen())
    # The known ResNet-18 of 11,689,512 has a classifier of 512 x 1000 + 1000 and a 7x7 stem in place of a 3x3 one.
    assert sum(weights.numel() for weights in model.parameters()) == 11_689_512 - 513_000 - (49 - 9) * 3 * 64
    assert sum(isinstance(module, nn.Conv2d) for module in model.modules()) == 1 + 16 + 3
    assert not any(isinstance(module, nn.MaxPool2d) for module in model.modules())


@pytest.mark.parametrize(("side", "last"), [(8, 1), (32, 4), (28, 4)])
def test_stem_keeps_the_size_and_three_stages_halve_it(side: int, last: int) -> None:
    model = ResNet18(3, 2, gen())
    x = torch.rand(2, 3, side, side)
    assert model.stem(x).shape == (2, 2, side, side)
    assert model.blocks(model.stem(x)).shape == (2, 16, last, last)
    assert model(x).shape == (2, model.dim) == (2, 16)


def test_a_block_by_the_plain_formula() -> None:
    torch.manual_seed(0)
    for before, after, stride in ((3, 3, 1), (2, 4, 2)):
        block = Block(before, after, stride).eval()
        x = torch.randn(2, before, 6, 6)
        h = F.conv2d(x, block.conv1.weight, stride=stride, padding=1) / (1 + 1e-5) ** 0.5
        h = F.conv2d(h.relu(), block.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5
        short = x
        if stride == 2:
            short = F.conv2d(x, block.shortcut[0].weight, stride=2) / (1 + 1e-5) ** 0.5
        torch.testing.assert_close(block(x), (h + short).relu())


def test_weights_are_he_normal_by_outgoing_connections() -> None:
    # Variance 2 / (9 * 128).
    assert ResNet18(3, 16, gen(1)).blocks[-1].conv2.weight.std().item() == pytest.approx(
        (2 / (9 * 128)) ** 0.5, rel=0.02
    )
