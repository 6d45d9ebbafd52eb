from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from relamp.data.images import PackedImages
from relamp.model.resnet import ResNet18
from relamp.settings.images import IMAGE_METHODS, ImagePretraining, ImageViews
from relamp.train.images import ImagePretrainer, TrainedImages, _statistics, pretrain_images
from relamp.train.loop import Resume

SETTINGS = ImagePretraining(
    epochs=3,
    checkpoints=(0, 2, 3),
    batch_size=8,
    width=2,
    projection=6,
    picture_anchors=3,
    mix={"scope": "op", "threshold": 0.2},
)
MIXERS = [row.mixer for row in IMAGE_METHODS.values() if row.trains]


def images(channels: int = 1, count: int = 26, seed: int = 0) -> PackedImages:
    """Images of two classes: bright above or bright below."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    pixels = rng.integers(0, 100, size=(count, channels, 8, 8))
    for number, of_class in enumerate(y):
        pixels[number, :, 4 * of_class : 4 * of_class + 4] += 150
    order = rng.permutation(count)
    return PackedImages("two", pixels.astype(np.uint8), y, np.sort(order[:18]), np.sort(order[18:]))


DATA = images()


def same(one: TrainedImages, two: TrainedImages) -> bool:
    return (
        one.history == two.history
        and one.mixed.equals(two.mixed)
        and one.embeddings.keys() == two.embeddings.keys()
        and all(torch.equal(one.embeddings[k], two.embeddings[k]) for k in one.embeddings)
        and all(torch.equal(one.encoder[k], two.encoder[k]) for k in one.encoder)
    )


@pytest.mark.parametrize("mixer", MIXERS)
def test_same_seed_same_bits_and_a_killed_run_goes_on_to_them(mixer: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    whole = pretrain_images(DATA, mixer, SETTINGS, 7)
    assert sorted(whole.embeddings) == [0, 2, 3]
    assert [row["epoch"] for row in whole.history] == [1, 2, 3]
    torch.manual_seed(2)

    def kill(done: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    resume = Resume(tmp_path / "state.pt", "key", every=0)
    with pytest.raises(KeyboardInterrupt):
        pretrain_images(DATA, mixer, SETTINGS, 7, resume=resume, on_epoch=kill)
    seen: list[int] = []
    assert same(whole, pretrain_images(DATA, mixer, SETTINGS, 7, resume=resume, on_epoch=seen.append))
    assert seen == [1, 2, 3]
    assert not same(whole, pretrain_images(DATA, mixer, SETTINGS, 8))


@pytest.mark.parametrize("mixer", MIXERS)
def test_all_mixers_start_from_the_same_encoder_and_see_no_test_images(mixer: str) -> None:
    trained = pretrain_images(DATA, mixer, SETTINGS, 3)
    untrained = pretrain_images(DATA, "none", SETTINGS.model_copy(update={"epochs": 0, "checkpoints": (0,)}), 3)
    assert torch.equal(trained.embeddings[0], untrained.embeddings[0])
    assert untrained.history == []
    pixels = DATA.images.copy()
    pixels[DATA.test] = 255 - pixels[DATA.test]
    other = PackedImages(DATA.name, pixels, 1 - DATA.y, DATA.train, DATA.test)
    again = pretrain_images(other, mixer, SETTINGS, 3)
    assert all(torch.equal(trained.encoder[k], again.encoder[k]) for k in trained.encoder)
    assert torch.equal(trained.embeddings[3][DATA.train], again.embeddings[3][DATA.train])
    assert not torch.equal(trained.embeddings[3][DATA.test], again.embeddings[3][DATA.test])


def simclr_by_hand(z1: torch.Tensor, z2: torch.Tensor, temperature: float) -> float:
    """Chen et al. 2020, Eq. 1, with loops: 2 n rows, all others in the denominator."""
    z = torch.cat([F.normalize(z1, dim=1), F.normalize(z2, dim=1)]).double()
    n, total = len(z1), 0.0
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        terms = {k: float(torch.exp(z[i] @ z[k] / temperature)) for k in range(2 * n) if k != i}
        total -= np.log(terms[partner] / sum(terms.values()))
    return total / (2 * n)


def fixed(mixer: str, **change: object) -> tuple[ImagePretrainer, torch.Tensor, float, float]:
    """Return a trainer, the outputs of a batch whose two views are the images, its loss and its diversity."""
    views = ImageViews(crop_area=(1, 1), crop_ratio=(1, 1), flip=0, jitter=0, grey=0)
    settings = SETTINGS.model_copy(update={"views": views, **change})
    trainer = ImagePretrainer(DATA, mixer, settings, 0, torch.device("cpu"))
    trainer._train(False)  # so that both views get the same statistics, and no weight is dropped
    index = DATA.train[:6]
    loss, diversity = trainer._loss(index)
    return trainer, trainer._project(trainer._load(index)).detach(), loss.item(), diversity.item()


def test_without_mixing_the_loss_is_simclrs() -> None:
    _, z, loss, diversity = fixed("none")
    assert loss == pytest.approx(simclr_by_hand(z, z, 0.4), rel=1e-4)
    assert diversity == 0


def test_the_first_view_is_mixed_and_contrasted_with_the_second() -> None:
    _, z, loss, _ = fixed("mo-mix")
    unit = F.normalize(z, dim=1)
    cosine = unit @ unit.T
    mixed = torch.zeros_like(z)
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i and cosine[i, j] >= 0.2]
        weights = torch.exp(cosine[i, others])
        mixed[i] = 0.2 * unit[i] + 0.8 * (weights / weights.sum()) @ unit[others] if others else unit[i]
    assert loss == pytest.approx(simclr_by_hand(mixed, z, 0.4), rel=1e-4)
    assert not np.isclose(loss, simclr_by_hand(z, z, 0.4), rtol=1e-3)


def test_mp_mix_adds_its_diversity() -> None:
    trainer, z, loss, diversity = fixed("mp-mix")
    mixed = trainer.mixer(F.normalize(z, dim=1))
    assert diversity == pytest.approx(mixed.diversity.item())
    assert loss == pytest.approx(simclr_by_hand(mixed.z.detach(), z, 0.4) + diversity, rel=1e-4)
    assert -4 <= diversity <= 0


def test_training_lowers_the_loss_and_history_adds_up() -> None:
    settings = SETTINGS.model_copy(update={"epochs": 8, "checkpoints": (), "width": 4})
    history = pretrain_images(DATA, "mp-mix", settings, 0).history
    assert history[-1]["loss"] < history[0]["loss"]
    for row in history:
        assert row["loss"] == pytest.approx(row["info_nce"] + row["diversity"], abs=1e-5)


def test_embeddings_are_the_encoders_of_normalised_images_whatever_the_batch() -> None:
    data = images(3)
    trained = pretrain_images(data, "none", SETTINGS, 0)
    encoder = ResNet18(3, 2, torch.Generator()).eval()
    encoder.load_state_dict(trained.encoder)
    pixels = torch.from_numpy(data.images).double() / 255
    train = pixels[data.train]
    mean, std = train.mean((0, 2, 3), keepdim=True), train.std((0, 2, 3), keepdim=True, unbiased=False)
    alone = torch.cat([encoder(image[None]) for image in ((pixels - mean) / std).float()])
    torch.testing.assert_close(trained.embeddings[3], alone.detach(), atol=1e-4, rtol=1e-4)
    assert trained.embeddings[3].shape == (26, 16)


def test_a_channel_without_variance_is_not_divided_by_zero() -> None:
    flat = PackedImages("flat", np.full((4, 1, 8, 8), 51, dtype=np.uint8), DATA.y[:4], np.arange(3), np.array([3]))
    mean, std = _statistics(flat)
    assert (mean.item(), std.item()) == (pytest.approx(0.2), 1.0)


@pytest.mark.parametrize("mixer", ["binary-mix", "mo-mix", "mp-mix"])
def test_what_was_mixed_is_written_down_for_some_anchors(mixer: str) -> None:
    mixed = pretrain_images(DATA, mixer, SETTINGS, 0).mixed
    assert list(mixed.columns) == ["anchor", "image", "weight"]
    assert mixed["anchor"].nunique() == 3
    assert set(mixed["anchor"]) | set(mixed["image"]) <= set(DATA.train.tolist())
    assert not mixed.duplicated(["anchor", "image"]).any()
    np.testing.assert_allclose(mixed.groupby("anchor")["weight"].sum(), 1, rtol=1e-5)
    own = mixed.loc[mixed["anchor"] == mixed["image"], "weight"]
    if mixer == "binary-mix":
        assert mixed["weight"].tolist() == [0.5] * 6
    if mixer == "mo-mix":
        assert all(weight == pytest.approx(0.2) or weight == 1 for weight in own)
    falling = mixed.groupby("anchor")["weight"].apply(lambda weight: weight.is_monotonic_decreasing)
    assert falling.all()


def test_without_mixing_there_is_nothing_to_write_down() -> None:
    mixed = pretrain_images(DATA, "none", SETTINGS, 0).mixed
    pd.testing.assert_frame_equal(mixed, pd.DataFrame(columns=["anchor", "image", "weight"]))
