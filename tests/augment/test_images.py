import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from relamp.augment.images import _boxes, augment, random_flip, random_resized_crop
from relamp.settings.images import ImageViews
from seeded import gen

NOTHING = ImageViews(crop_area=(1, 1), crop_ratio=(1, 1), flip=0, jitter=0, grey=0)


def pictures(n: int = 6, channels: int = 3, height: int = 8, width: int = 8) -> Tensor:
    return torch.rand(n, channels, height, width, generator=gen())


@pytest.mark.parametrize(("height", "width"), [(8, 8), (32, 32), (5, 9)])
def test_views_of_no_strength_are_the_images(height: int, width: int) -> None:
    x = pictures(height=height, width=width)
    torch.testing.assert_close(augment(x, NOTHING, gen()), x, atol=1e-5, rtol=0)


@given(
    st.integers(0, 2**31),
    st.sampled_from([(3, 8, 8), (1, 8, 8), (3, 5, 9)]),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.floats(0.3, 3),
    st.floats(1, 3),
)
@settings(max_examples=30, deadline=None)
def test_boxes_lie_inside_and_have_their_area_and_ratio(
    seed: int, shape: tuple[int, int, int], area: float, other: float, ratio: float, stretch: float
) -> None:
    _, height, width = shape
    low, high = sorted((area, other))
    box = _boxes(50, height, width, (low, high), (ratio, ratio * stretch), gen(seed))
    top, left, tall, wide = box.unbind(1)
    assert min(top.min(), left.min()) >= 0
    assert (top + tall).max() <= height + 1e-9
    assert (left + wide).max() <= width + 1e-9
    whole = (tall == height) & (wide == width)
    share, found = (tall * wide)[~whole] / (height * width), (wide / tall)[~whole]
    assert ((share >= low - 1e-9) & (share <= high + 1e-9)).all()
    assert ((found >= ratio - 1e-9) & (found <= ratio * stretch + 1e-9)).all()


def test_boxes_are_spread_as_they_should() -> None:
    box = _boxes(20000, 100, 100, (0.1, 0.5), (1 / 2, 2), gen())
    top, left, tall, wide = box.unbind(1)
    share, ratio = tall * wide / 1e4, (wide / tall).log() / math.log(2)
    assert share.mean().item() == pytest.approx(0.3, abs=0.005)
    assert share.std().item() == pytest.approx(0.4 / 12**0.5, abs=0.005)
    assert ratio.mean().item() == pytest.approx(0.0, abs=0.02)
    place = top / (100 - tall), left / (100 - wide)
    for of_place in place:
        assert of_place.mean().item() == pytest.approx(0.5, abs=0.01)
        assert of_place.std().item() == pytest.approx(12**-0.5, abs=0.01)


def test_a_box_that_never_fits_is_the_whole_image() -> None:
    box = _boxes(3, 8, 8, (1, 1), (2, 3), gen())
    assert box.tolist() == [[0, 0, 8, 8]] * 3


def test_a_crop_is_stretched_to_the_whole_size() -> None:
    # An image that is its own coordinates tells what each pixel was cut from.
    side = 16
    places = torch.arange(side) + 0.5
    x = torch.stack([places[:, None].expand(side, side), places.expand(side, side)])[None] / side
    found = random_resized_crop(x.double(), (0.2, 0.3), (0.5, 2), gen(4))[0] * side
    top, left, tall, wide = _boxes(1, side, side, (0.2, 0.3), (0.5, 2), gen(4))[0]
    # Bilinear sampling of a slope is exact, but for the half pixel at the image's own edge.
    rows = (top + tall * places.double() / side).clamp(0.5, side - 0.5)
    columns = (left + wide * places.double() / side).clamp(0.5, side - 0.5)
    torch.testing.assert_close(found[0], rows[:, None].expand(side, side), atol=1e-6, rtol=0)
    torch.testing.assert_close(found[1], columns.expand(side, side), atol=1e-6, rtol=0)


def test_flips_are_drawn_for_each_image() -> None:
    x = pictures(4000, 1, 2, 2)
    assert torch.equal(random_flip(x, 0.0, torch.Generator()), x)
    assert torch.equal(random_flip(x, 1.0, torch.Generator()), x[..., [1, 0]])
    flipped = (random_flip(x, 0.5, gen()) != x).flatten(1).any(1)
    assert flipped.float().mean().item() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("channels", [1, 3])
def test_views_stay_in_range_and_differ_by_image_and_by_draw(channels: int) -> None:
    x = pictures(1, channels).expand(64, -1, -1, -1)
    random = gen()
    first, second = augment(x, ImageViews(), random), augment(x, ImageViews(), random)
    assert first.shape == x.shape
    assert first.min() >= 0
    assert first.max() <= 1
    assert len(first.flatten(1).unique(dim=0)) == 64
    assert not (first == second).flatten(1).all(1).any()
    assert torch.equal(first, augment(x, ImageViews(), gen()))
