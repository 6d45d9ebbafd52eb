from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from relamp.data.content import check_content, content_of_images
from relamp.data.images import PackedImages
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError


def small(channels: int = 3) -> PackedImages:
    """Five images of 2 x 4, counted through."""
    size = 5 * channels * 8
    return PackedImages(
        name="small",
        images=np.arange(size, dtype=np.uint8).reshape(5, channels, 2, 4),
        y=np.array([0, 1, 2, 1, 0]),
        train=np.array([0, 1, 3]),
        test=np.array([2]),
        info={"classes": ["cat", "dog"], "source": "here"},
    )


def test_what_a_small_set_says_of_itself() -> None:
    data = small()
    assert (len(data), data.num_classes, data.channels, small(1).channels) == (5, 3, 3, 1)
    assert [data.class_name(number) for number in range(3)] == ["cat", "dog", "2"]
    assert replace(data, info={}).class_name(0) == "0"
    assert content_of_images(data).counts == {"rows": 5, "classes": 3, "features": 24, "class_counts": (2, 2, 1)}


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_saved_comes_back_by_memory_map(tmp_path: Path, channels: int) -> None:
    data = small(channels)
    data.save(tmp_path / "a.safetensors")
    again = PackedImages.load(tmp_path / "a.safetensors")
    for entry in fields(PackedImages):
        np.testing.assert_array_equal(getattr(again, entry.name), getattr(data, entry.name), err_msg=entry.name)
    assert isinstance(again.images.base, np.ndarray)
    assert not again.images.flags.writeable
    assert load_file(tmp_path / "a.safetensors")["images"].dtype == np.uint8
    data.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match="is not there"):
        PackedImages.load(tmp_path / "a.safetensors")
    small().save(tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-30])
    with pytest.raises(RelampError, match=r"a\.safetensors: "):
        PackedImages.load(tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(whole.replace(b'{"images":"', b'{"sounds":"'))
    with pytest.raises(RelampError, match="holds no packed images"):
        PackedImages.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((5, 3, 2, 4))}, r"images \(5, 3, 2, 4\) of float64"),
        ({"images": np.zeros((5, 2, 2, 4), dtype=np.uint8)}, r"images \(5, 2, 2, 4\) of uint8"),
        ({"images": np.zeros((5, 8), dtype=np.uint8)}, r"images \(5, 8\) of uint8"),
        ({"y": np.array([0, 1])}, r"5 images, labels \(2,\)"),
        ({"y": np.array([0, 1, -1, 0, 0])}, "labels below 0"),
        ({"test": np.array([3])}, "the parts of the split share images"),
        ({"test": np.array([5])}, "name images that are not there"),
        ({"train": np.array([-1])}, "name images that are not there"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict, message: str) -> None:
    with pytest.raises(RelampError, match=f"small: packed images do not fit together: .*{message}"):
        replace(small(), **change)


@pytest.mark.parametrize(("name", "classes"), [("CIFAR-10", 10), ("CIFAR-100", 100)])
def test_the_registry_is_matched_by_counts_alone_of_the_right_size(name: str, classes: int) -> None:
    # No memory is used: all images are the same one.
    images = np.broadcast_to(np.zeros(1, dtype=np.uint8), (60000, 3, 32, 32))
    y = np.arange(60000) % classes
    data = PackedImages(name, images, y, np.arange(50000), np.arange(50000, 60000))
    assert check_content(REGISTRY[name], content_of_images(data)).as_expected
    y = np.where(np.arange(60000) == 0, 1, y)
    with pytest.raises(RelampError, match="class_counts"):
        check_content(REGISTRY[name], content_of_images(replace(data, y=y)))
