import colorsys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from relamp.augment.colour import brightness, contrast, jitter, luma, random_grey, saturation, turn_hue
from seeded import gen


def pictures(n: int = 5, channels: int = 3, seed: int = 0) -> Tensor:
    return torch.rand(n, channels, 4, 3, generator=gen(seed))


def test_changes_by_hand() -> None:
    # One image of two pixels: a reddish one and white.
    x = torch.tensor([[[[0.5, 1.0]], [[0.25, 1.0]], [[0.0, 1.0]]]])
    grey = 0.299 * 0.5 + 0.587 * 0.25
    torch.testing.assert_close(luma(x), torch.tensor([[[[grey, 1.0]]]]))
    half, double = torch.tensor([0.5]), torch.tensor([2.0])
    torch.testing.assert_close(brightness(x, double)[0, :, 0, 0], torch.tensor([1.0, 0.5, 0.0]))
    mean = (grey + 1) / 2
    torch.testing.assert_close(contrast(x, half)[0, :, 0, 0], torch.tensor([0.5, 0.25, 0.0]) / 2 + mean / 2)
    torch.testing.assert_close(saturation(x, half)[0, :, 0, 0], torch.tensor([0.5, 0.25, 0.0]) / 2 + grey / 2)
    torch.testing.assert_close(saturation(x, double)[0, :, 0, 0], torch.tensor([1 - grey, 0.5 - grey, 0.0]))
    # A third of the circle makes red green.
    torch.testing.assert_close(turn_hue(x, torch.tensor([1 / 3]))[0, :, 0, 0], torch.tensor([0.0, 0.5, 0.25]))


@given(st.integers(0, 2**31), st.floats(-0.5, 0.5))
@settings(max_examples=20, deadline=None)
def test_hue_as_the_standard_library_turns_it(seed: int, turn: float) -> None:
    x = pictures(1, seed=seed).double()
    x[0, :, 0, 0] = 0.4  # grey
    x[0, :, 0, 1] = torch.tensor([1.0, 1.0, 0.0])  # two channels share the maximum
    found = turn_hue(x, torch.tensor([turn], dtype=torch.float64))
    for row in range(4):
        for column in range(3):
            hue, saturated, value = colorsys.rgb_to_hsv(*x[0, :, row, column].tolist())
            wanted = colorsys.hsv_to_rgb((hue + turn) % 1, saturated, value)
            assert found[0, :, row, column].tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("change", [brightness, contrast, saturation])
def test_factor_one_changes_nothing_and_all_stays_in_range(change) -> None:
    x = pictures()
    assert torch.equal(change(x, torch.ones(5)), x)
    far = change(x, torch.tensor([0.0, 0.3, 1.7, 5.0, 100.0]))
    assert (far.min() >= 0, far.max() <= 1) == (True, True)
    assert not torch.equal(far, x)
    # Each image has its own factor: changed alone it becomes the same.
    torch.testing.assert_close(change(x[3:4], torch.tensor([5.0])), far[3:4])


@given(st.integers(0, 2**31), st.sampled_from([1, 3]), st.floats(0, 1), st.floats(0, 2), st.floats(0, 0.5))
@settings(max_examples=25, deadline=None)
def test_jitter_stays_in_range_whatever_its_strength(
    seed: int, channels: int, probability: float, strength: float, hue: float
) -> None:
    x = pictures(7, channels, seed)
    before, random = x.clone(), gen(seed)
    found = jitter(x, (strength, strength, strength, hue), probability, random)
    assert found.shape == x.shape
    assert found.min() >= -1e-6
    assert found.max() <= 1 + 1e-6
    assert torch.equal(x, before)  # what is given stays as it is


def test_jitter_of_no_strength_or_no_probability_is_the_identity() -> None:
    x = pictures()
    random = gen()
    assert torch.equal(jitter(x, (0.0, 0.0, 0.0, 0.0), 1.0, random), x)
    assert torch.equal(jitter(x, (0.4, 0.4, 0.4, 0.1), 0.0, random), x)


def test_jitter_changes_its_share_of_images_each_in_its_own_way() -> None:
    x = pictures(1).expand(4000, -1, -1, -1)
    found = jitter(x, (0.4, 0.4, 0.4, 0.1), 0.8, gen())
    changed = (found != x).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(0.8, abs=0.03)
    assert len(found[changed].flatten(1).unique(dim=0)) == changed.sum()


def test_jitter_is_its_changes_one_after_another_in_the_order_of_each_image() -> None:
    x, strengths = pictures(40), (0.9, 0.8, 0.7, 0.4)
    found = jitter(x, strengths, 0.7, gen(2))
    random = gen(2)
    chosen = torch.rand(40, generator=random) < 0.7
    order = torch.rand(40, 4, generator=random).argsort(1)
    drawn = 2 * torch.rand(40, 4, generator=random) - 1
    for i in range(40):
        image = x[i : i + 1]
        for number in order[i].tolist() if chosen[i] else []:
            amount = strengths[number] * drawn[i, number][None]
            image = (
                turn_hue(image, amount)
                if number == 3
                else (brightness, contrast, saturation)[number](image, (1 + amount).clamp(min=0))
            )
        torch.testing.assert_close(found[i : i + 1], image)
    assert len(order.unique(dim=0)) > 12  # of 24
    # The order matters, or the above would say nothing of it.
    twice = torch.tensor([1.8])
    one, other = contrast(brightness(x[:1], twice), twice), brightness(contrast(x[:1], twice), twice)
    assert not torch.allclose(one, other)


def test_grey_pictures_have_equal_channels_and_their_share() -> None:
    x = pictures(3000)
    found = random_grey(x, 0.2, gen())
    grey = (found != x).flatten(1).any(1)
    assert grey.float().mean().item() == pytest.approx(0.2, abs=0.03)
    assert torch.equal(found[grey], luma(x[grey]).expand(-1, 3, -1, -1))
    assert torch.equal(random_grey(x, 0.0, torch.Generator()), x)
    one = pictures(4, 1)
    assert torch.equal(random_grey(one, 1.0, torch.Generator()), one)
