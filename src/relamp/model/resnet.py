"""ResNet-18 as it is used on small images: a 3x3 stem and no max pooling."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (1, 2, 4, 8)  # widths, in units of the first
BLOCKS = 2  # a stage


class Block(nn.Module):
    """The basic residual block (He et al. 2016): two 3x3 convolutions, the first with the stride, and a shortcut.

    Where size or channels change, the shortcut is a 1x1 convolution.
    """

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = _conv(before, after, 3, stride), nn.BatchNorm2d(after)
        self.conv2, self.norm2 = _conv(after, after, 3, 1), nn.BatchNorm2d(after)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(_conv(before, after, 1, stride), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """Map `[n, before, H, W]` to `[n, after, H / stride, W / stride]`."""
        h = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(h)) + self.shortcut(x))


class ResNet18(nn.Module):
    """ResNet-18 (He et al. 2016) without its classifier, for images of 8 x 8 to some 64 x 64.

    As SimCLR on CIFAR has it (Chen et al. 2020, B.9): a 3x3 stem of stride 1, no max pooling; four stages of two blocks
    each, the last three halve the sides; mean pooling. 11,168,832 parameters at width 64, as in the paper, and three
    channels. Weights are He normal by outgoing connections. `dim` is the width of the features, 8 * width.
    """

    def __init__(self, channels: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.dim = width * STAGES[-1]
        self.stem, self.norm = _conv(channels, width, 3, 1), nn.BatchNorm2d(width)
        blocks: list[nn.Module] = []
        before = width
        for number, times in enumerate(STAGES):
            for position in range(BLOCKS):
                blocks.append(Block(before, width * times, 2 if number > 0 and position == 0 else 1))
                before = width * times
        self.blocks = nn.Sequential(*blocks)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map images `[n, channels, H, W]` to features `[n, dim]`."""
        features: Tensor = self.blocks(F.relu(self.norm(self.stem(x)))).mean(dim=(2, 3))
        return features


def _conv(before: int, after: int, side: int, stride: int) -> nn.Conv2d:
    """Return a convolution that keeps the size at stride 1, without bias: normalisation follows and has one."""
    return nn.Conv2d(before, after, side, stride=stride, padding=side // 2, bias=False)
