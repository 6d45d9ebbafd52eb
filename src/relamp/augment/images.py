"""Views of images for contrastive learning: random crops, flips and colours, on whole batches (SimCLR)."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.augment.colour import jitter, random_grey
from relamp.settings.images import ImageViews

TRIES = 10  # as many as are usual before an image is left whole


def augment(x: Tensor, views: ImageViews, random: torch.Generator) -> Tensor:
    """Return one view of each image: crop, flip, colour jitter and grey, in that order (M-Mix, Section 4.1).

    Images are `[n, C, H, W]` with values from 0 to 1. Everything is drawn for each of them on its own.
    """
    x = random_resized_crop(x, views.crop_area, views.crop_ratio, random)
    x = random_flip(x, views.flip, random)
    x = jitter(x, (views.brightness, views.contrast, views.saturation, views.hue), views.jitter, random)
    return random_grey(x, views.grey, random)


def random_resized_crop(
    x: Tensor, area: tuple[float, float], ratio: tuple[float, float], random: torch.Generator
) -> Tensor:
    """Cut a random box from each image `[n, C, H, W]` and stretch it to the whole size, bilinearly.

    The box's share of the image is drawn uniformly, the logarithm of its ratio of width to height too, until it fits
    in; after ten tries the image is left whole. Boxes begin anywhere, also between pixels.
    """
    n, _, height, width = x.shape
    box = _boxes(n, height, width, area, ratio, random)
    top, left, tall, wide = box.to(x.dtype).unbind(1)
    scale_x, scale_y = wide / width, tall / height
    # In the sampler's coordinates the image reaches from -1 to 1.
    centre_x, centre_y = (2 * left + wide) / width - 1, (2 * top + tall) / height - 1
    zero = torch.zeros_like(top)
    rows = [torch.stack([scale_x, zero, centre_x], 1), torch.stack([zero, scale_y, centre_y], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    # The clamp is against rounding alone: what is interpolated stays in range.
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False).clamp(0, 1)


def _boxes(
    n: int, height: int, width: int, area: tuple[float, float], ratio: tuple[float, float], random: torch.Generator
) -> Tensor:
    """Draw n boxes `[n, 4]`: top, left, height and width in pixels, in double precision."""
    shape, device = (n, TRIES), random.device

    def uniform(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=random, device=device, dtype=torch.float64)

    size = uniform(shape, *area) * height * width
    stretch = uniform(shape, math.log(ratio[0]), math.log(ratio[1])).exp()
    tall, wide = (size / stretch).sqrt(), (size * stretch).sqrt()
    fits = (tall <= height) & (wide <= width)
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    fitting = fits.any(1)
    tall = torch.where(fitting, tall.gather(1, first)[:, 0], height)
    wide = torch.where(fitting, wide.gather(1, first)[:, 0], width)
    place = uniform((n, 2))
    return torch.stack([place[:, 0] * (height - tall), place[:, 1] * (width - wide), tall, wide], dim=1)


def random_flip(x: Tensor, probability: float, random: torch.Generator) -> Tensor:
    """Swap left and right of some images `[n, C, H, W]`."""
    chosen = torch.rand(len(x), generator=random, device=x.device) < probability
    return torch.where(chosen[:, None, None, None], x.flip(3), x)
