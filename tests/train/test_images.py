import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from image_sets import two_classes
from relamp.data.images import PackedImages
from relamp.method.simclr import SimCLR
from relamp.method.table import METHODS
from relamp.model.resnet import ResNet18
from relamp.settings.images import ImagePretraining, ImageViews
from relamp.settings.mixing import MixSettings
from relamp.train.images import ImageTrainer
from relamp.train.trainer import Trained

SETTINGS = ImagePretraining(
    epochs=3,
    checkpoints=(0, 2, 3),
    batch_size=8,
    width=2,
    projection=6,
    picture_anchors=3,
    mix={"scope": "op", "threshold": 0.2},
)
MIXERS = [row.fixed["mixer"] for row in METHODS["images"].values() if row.trains]
DATA = two_classes()


def pretrain(data: PackedImages, mixer: str, seed: int = 0, **change: object) -> Trained:
    return ImageTrainer(data, SimCLR(SETTINGS.model_copy(update=change), mixer), seed).run()


@pytest.mark.parametrize("mixer", MIXERS)
def test_all_mixers_start_from_the_same_encoder_and_see_no_test_images(mixer: str) -> None:
    trained = pretrain(DATA, mixer, 3)
    untrained = pretrain(DATA, "none", 3, epochs=0, checkpoints=(0,))
    assert torch.equal(trained.embeddings["epoch~0"], untrained.embeddings["epoch~0"])
    assert untrained.history == []
    pixels = DATA.images.copy()
    pixels[DATA.test] = 255 - pixels[DATA.test]
    other = PackedImages(DATA.name, pixels, 1 - DATA.y, DATA.train, DATA.test)
    again = pretrain(other, mixer, 3)
    assert all(torch.equal(trained.encoder[k], again.encoder[k]) for k in trained.encoder)
    assert torch.equal(trained.embeddings["epoch~3"][DATA.train], again.embeddings["epoch~3"][DATA.train])
    assert not torch.equal(trained.embeddings["epoch~3"][DATA.test], again.embeddings["epoch~3"][DATA.test])


def simclr_by_hand(z1: torch.Tensor, z2: torch.Tensor, temperature: float, unit: bool = True) -> float:
    """Chen et al. 2020, Eq. 1, with loops: 2 n rows, all others in the denominator; z1 of length 1 or as it is."""
    z = torch.cat([F.normalize(z1, dim=1) if unit else z1, F.normalize(z2, dim=1)]).double()
    n, total = len(z1), 0.0
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        terms = {k: float(torch.exp(z[i] @ z[k] / temperature)) for k in range(2 * n) if k != i}
        total -= np.log(terms[partner] / sum(terms.values()))
    return total / (2 * n)


def fixed(mixer: str, **change: object) -> tuple[ImageTrainer, torch.Tensor, float, float]:
    """Return a trainer, the outputs of a batch whose two views are the images, its loss and its diversity."""
    views = ImageViews(crop_area=(1, 1), crop_ratio=(1, 1), flip=0, jitter=0, grey=0)
    trainer = ImageTrainer(DATA, SimCLR(SETTINGS.model_copy(update={"views": views, **change}), mixer), 0)
    trainer.mode(training=False)  # so that both views get the same statistics, and no weight is dropped
    index = DATA.train[:6]
    loss, batch = trainer.loss(index), trainer.batch(index)
    z = trainer.head[0](trainer.encoder(batch.normalised(batch.images))).detach()
    return trainer, z, loss.total.item(), loss.parts["diversity"].item()


def test_without_mixing_the_loss_is_simclrs() -> None:
    _, z, loss, diversity = fixed("none")
    assert loss == pytest.approx(simclr_by_hand(z, z, 0.4), rel=1e-4)
    assert diversity == 0


@pytest.mark.parametrize("length", ["as-mixed", "unit"])
def test_the_first_view_is_mixed_and_contrasted_with_the_second(length: str) -> None:
    _, z, loss, _ = fixed("mo-mix", mixed_length=length)
    unit = F.normalize(z, dim=1)
    cosine = unit @ unit.T
    mixed = torch.zeros_like(z)
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i and cosine[i, j] >= 0.2]
        weights = torch.exp(cosine[i, others])
        mixed[i] = 0.2 * unit[i] + 0.8 * (weights / weights.sum()) @ unit[others] if others else unit[i]
    assert loss == pytest.approx(simclr_by_hand(mixed, z, 0.4, length == "unit"), rel=1e-4)
    assert not np.isclose(loss, simclr_by_hand(z, z, 0.4), rtol=1e-3)


def test_mo_mix_as_its_code_has_it_is_a_softmax_over_all_that_exceed_the_threshold_without_gradient() -> None:
    mix = MixSettings(scope="op", threshold=0.3, constant=None, score_gradient=False)
    trainer, z, loss, _ = fixed("mo-mix", mix=mix)
    unit = F.normalize(z, dim=1)
    likely = torch.exp(unit @ unit.T) * (unit @ unit.T >= 0.3)
    share = likely / likely.sum(1, keepdim=True)
    assert loss == pytest.approx(simclr_by_hand(share @ unit, z, 0.4, unit=False), rel=1e-4)
    leaf = unit.clone().requires_grad_()
    (grad,) = torch.autograd.grad(trainer.head[1](leaf).z.sum(), leaf)
    torch.testing.assert_close(grad, share.sum(0)[:, None].expand_as(grad))


def test_mp_mix_adds_its_diversity() -> None:
    trainer, z, loss, diversity = fixed("mp-mix")
    mixed = trainer.head[1](F.normalize(z, dim=1))
    assert diversity == pytest.approx(mixed.diversity.item())
    assert loss == pytest.approx(simclr_by_hand(mixed.z.detach(), z, 0.4, unit=False) + diversity, rel=1e-4)
    assert -4 <= diversity <= 0


def test_training_lowers_the_loss() -> None:
    history = pretrain(DATA, "mp-mix", epochs=8, checkpoints=(), width=4).history
    assert history[-1]["loss"] < history[0]["loss"]


def test_embeddings_are_the_encoders_of_normalised_images_whatever_the_batch() -> None:
    data = two_classes(3)
    trained = pretrain(data, "none")
    encoder = ResNet18(3, 2, torch.Generator()).eval()
    encoder.load_state_dict(trained.encoder)
    pixels = torch.from_numpy(data.images).double() / 255
    train = pixels[data.train]
    mean, std = train.mean((0, 2, 3), keepdim=True), train.std((0, 2, 3), keepdim=True, unbiased=False)
    alone = torch.cat([encoder(image[None]) for image in ((pixels - mean) / std).float()])
    torch.testing.assert_close(trained.embeddings["epoch~3"], alone.detach(), atol=1e-4, rtol=1e-4)
    assert trained.embeddings["epoch~3"].shape == (26, 16)


def test_a_channel_without_variance_is_not_divided_by_zero() -> None:
    flat = PackedImages("flat", np.full((4, 1, 8, 8), 51, dtype=np.uint8), DATA.y[:4], np.arange(3), np.array([3]))
    mean, std = SimCLR(SETTINGS).prepare(flat, torch.device("cpu"))
    assert (mean.item(), std.item()) == (pytest.approx(0.2), 1.0)


@pytest.mark.parametrize("mixer", ["binary-mix", "mo-mix", "mp-mix"])
def test_what_was_mixed_is_written_down_for_some_anchors(mixer: str) -> None:
    mixed = pretrain(DATA, mixer).tables["mixed"]
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
    mixed = pretrain(DATA, "none").tables["mixed"]
    pd.testing.assert_frame_equal(mixed, pd.DataFrame(columns=["anchor", "image", "weight"]))
