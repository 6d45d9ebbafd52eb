import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archives import make_tar
from relamp.data.image_folders import read_image_folders
from relamp.data.read import fetch_files, read_fetched
from relamp.data.registry import REGISTRY, originals
from relamp.errors import RelampError
from relamp.settings.places import Places

UPSTREAM = Path(__file__).parents[2].parent / "shared" / "data"


def picture(red: int, side: int = 32, mode: str = "RGB", form: str = "JPEG") -> bytes:
    """A plain picture; JPEG keeps it but for rounding."""
    out = io.BytesIO()
    Image.new(mode, (side, side), red if mode == "L" else (red, 50, 200)).save(out, form)
    return out.getvalue()


TRAIN = {"train/cat/0001.jpg": picture(20), "train/ant/0000.jpg": picture(10), "train/cat/0000.jpg": picture(30)}
TEST = {"test/cat/0000.jpg": picture(40), "test/ant/0000.jpg": picture(60)}


def write(folder: Path, train: dict[str, bytes] = TRAIN, test: dict[str, bytes] = TEST) -> tuple[Path, Path]:
    return make_tar(folder / "train.tar.gz", train), make_tar(folder / "test.tar.gz", test)


def test_images_come_by_part_class_and_number_whatever_their_order(tmp_path: Path) -> None:
    data = read_image_folders(*write(tmp_path), "pictures")
    assert (data.train.tolist(), data.test.tolist(), data.y.tolist()) == ([0, 1, 2], [3, 4], [0, 1, 1, 0, 1])
    assert data.info["classes"] == ["ant", "cat"]
    assert data.images.shape == (5, 3, 32, 32)
    # Red, green and blue, each the same all over; JPEG rounds them by a step or two.
    wanted = [[red, 50, 200] for red in (10, 30, 20, 60, 40)]
    assert np.abs(data.images.astype(int) - np.array(wanted)[:, :, None, None]).max() <= 2


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (TRAIN, {"test/cat/0000.jpg": picture(40)}, r"test\.tar\.gz: its classes are not those of .*train.*: ant"),
        ({}, TEST, r"train\.tar\.gz: holds no image"),
        ({"train/0000.jpg": picture(1)}, TEST, r"train/0000\.jpg: is not called like part/class/image\.jpg"),
        (TRAIN, {**TEST, "test/ant/1.jpg": b"no picture"}, r"test/ant/1\.jpg: is no sound JPEG \("),
        (TRAIN, {**TEST, "test/ant/1.jpg": picture(1)[:400]}, r"test/ant/1\.jpg: is no sound JPEG \("),
        (TRAIN, {**TEST, "test/ant/1.jpg": picture(1, form="PNG")}, r"test/ant/1\.jpg: is no sound JPEG \("),
        (TRAIN, {**TEST, "test/ant/1.jpg": picture(1, side=33)}, r"1\.jpg: is 33 x 33 in mode RGB .*not 32 x 32"),
        (TRAIN, {**TEST, "test/ant/1.jpg": picture(1, mode="L")}, r"1\.jpg: is 32 x 32 in mode L .*not 32 x 32"),
        (TRAIN, {**TEST, "test/ant/1.jpg": picture(1) + b"0" * 2**16}, r"1\.jpg: is 32 x 32 .* 65,537 bytes or more"),
    ],
)
def test_what_is_no_such_archive_is_refused(
    tmp_path: Path, train: dict[str, bytes], test: dict[str, bytes], words: str
) -> None:
    with pytest.raises(RelampError, match=words):
        read_image_folders(*write(tmp_path, train, test), "pictures")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"train\.tar\.gz: .*at most 1,000"):
        read_image_folders(*write(tmp_path), "pictures", 1000)


def test_the_copy_of_cifar_10_is_known_as_one() -> None:
    assert originals({"CIFAR-10-JPEG", "MUTAG", "a user's own"}) == {"CIFAR-10-JPEG": "CIFAR-10"}
    assert originals({"CIFAR-10-JPEG", "CIFAR-10"}) == originals({"CIFAR-100"}) == {}
    copy, original = REGISTRY["CIFAR-10-JPEG"], REGISTRY["CIFAR-10"]
    assert (copy.copy_of, original.copy_of, copy.expected) == ("CIFAR-10", "", original.expected)


@pytest.mark.skipif(not (UPSTREAM / "CIFAR-10-jpeg").is_dir(), reason=f"{UPSTREAM}/CIFAR-10-jpeg is not there")
def test_the_real_one_is_cifar_10_but_for_its_pixels(tmp_path: Path) -> None:
    places = Places(mirrors=[str(UPSTREAM)], cache=str(tmp_path), offline=True)
    found = read_fetched("CIFAR-10-JPEG", fetch_files("CIFAR-10-JPEG", places))
    assert found.provenance.content == "as expected"
    images, train = found.data.images, found.data.train  # type: ignore[union-attr]
    assert np.bincount(found.data.y[train]).tolist() == [5000] * 10
    # Means of the training pixels by channel, as codes that normalise CIFAR-10 have them: 0.4914, 0.4822, 0.4465.
    means = images[train].mean(axis=(0, 2, 3)) / 255
    assert np.abs(means - [0.4914, 0.4822, 0.4465]).max() < 1e-3
