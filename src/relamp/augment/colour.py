"""Random changes of colours, drawn for each image of a batch; values from 0 to 1."""

from collections.abc import Callable

import torch
from torch import Tensor

_Change = tuple[Callable[[Tensor, Tensor], Tensor], float]

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in Pillow's conversion to grey


def luma(x: Tensor) -> Tensor:
    """Return the grey value of images `[n, 3 or 1, H, W]`, `[n, 1, H, W]`."""
    if x.shape[1] == 1:
        return x
    weights = torch.tensor(LUMA, dtype=x.dtype, device=x.device)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


def brightness(x: Tensor, factor: Tensor) -> Tensor:
    """Multiply images `[n, C, H, W]` by a factor each, `[n]`; 1 changes nothing, 0 is black."""
    return _blend(x, torch.zeros_like(x), factor)


def contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Move images from (factor 0) or towards (above 1) their mean grey value; 1 changes nothing."""
    return _blend(x, luma(x).mean(dim=(1, 2, 3), keepdim=True), factor)


def saturation(x: Tensor, factor: Tensor) -> Tensor:
    """Move images from (factor 0) or towards (above 1) their grey version; 1 changes nothing."""
    return _blend(x, luma(x), factor)


def turn_hue(x: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue of images `[n, 3, H, W]` by a share of a full circle each, `[n]`, in the HSV model."""
    value, largest = x.max(1)
    chroma = value - x.amin(1)
    safe = torch.where(chroma > 0, chroma, 1.0)
    red, green, blue = x.unbind(1)
    sixth = torch.stack([(green - blue) / safe, 2 + (blue - red) / safe, 4 + (red - green) / safe])
    # Grey has no hue: its chroma of 0 makes any hue harmless.
    hue = sixth.gather(0, largest[None])[0] + 6 * turn[:, None, None]
    # Smith (1978): each channel is the value less the chroma, by a trapezoid of the hue that is shifted for each.
    shift = torch.tensor([5.0, 3.0, 1.0], dtype=x.dtype, device=x.device)[:, None, None]
    k = (shift + hue[:, None]) % 6
    return value[:, None] - chroma[:, None] * torch.minimum(k, 4 - k).clamp(0, 1)


def jitter(
    x: Tensor, strengths: tuple[float, float, float, float], probability: float, random: torch.Generator
) -> Tensor:
    """Change brightness, contrast, saturation and hue of some images, in an order that is drawn for each.

    Images are `[n, C, H, W]`; saturation and hue of grey ones are left alone. Factors of brightness, contrast and
    saturation are drawn from 1 - s to 1 + s of their strengths s and not below 0, turns of the hue from -s to s. An
    image is changed at all with the probability.
    """
    n, changes = len(x), _changes(x.shape[1])
    chosen = torch.rand(n, generator=random, device=x.device) < probability
    order = torch.rand(n, len(strengths), generator=random, device=x.device).argsort(1)
    drawn = torch.rand(n, len(strengths), generator=random, device=x.device, dtype=x.dtype) * 2 - 1
    x = x.clone()
    for position in range(len(strengths)):
        for number, (change, centre) in enumerate(changes):
            rows = (chosen & (order[:, position] == number)).nonzero()[:, 0]
            if strengths[number] > 0 and len(rows):
                factor = centre + strengths[number] * drawn[rows, number]
                x[rows] = change(x[rows], factor if centre == 0 else factor.clamp_min(0))
    return x


def random_grey(x: Tensor, probability: float, random: torch.Generator) -> Tensor:
    """Take the colours from some images `[n, C, H, W]`; all channels stay, with equal values."""
    chosen = torch.rand(len(x), generator=random, device=x.device) < probability
    return torch.where(chosen[:, None, None, None], luma(x), x)


def _changes(channels: int) -> list[_Change]:
    """Return each change with the factor or turn that changes nothing."""
    light: list[_Change] = [(brightness, 1.0), (contrast, 1.0)]
    return light if channels == 1 else [*light, (saturation, 1.0), (turn_hue, 0.0)]


def _blend(x: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    factor = factor[:, None, None, None]
    return (factor * x + (1 - factor) * other).clamp(0, 1)
