from dataclasses import replace

import numpy as np
import pytest

from packed_examples import small_images
from relamp.data.content import check_content, content_of
from relamp.data.images import PackedImages
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError


def test_what_a_small_set_says_of_itself() -> None:
    data = small_images()
    assert (len(data), data.num_classes, data.channels, small_images(1).channels) == (5, 3, 3, 1)
    assert [data.class_name(number) for number in range(3)] == ["cat", "dog", "2"]
    assert replace(data, info={}).class_name(0) == "0"


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
    with pytest.raises(RelampError, match=f"small: arrays of packed images do not fit together: .*{message}"):
        replace(small_images(), **change)


@pytest.mark.parametrize(("name", "classes"), [("CIFAR-10", 10), ("CIFAR-100", 100)])
def test_the_registry_is_matched_by_counts_alone_of_the_right_size(name: str, classes: int) -> None:
    # No memory is used: all images are the same one.
    images = np.broadcast_to(np.zeros(1, dtype=np.uint8), (60000, 3, 32, 32))
    y = np.arange(60000) % classes
    data = PackedImages(name, images, y, np.arange(50000), np.arange(50000, 60000))
    assert check_content(REGISTRY[name], content_of(data)).as_expected
    y = np.where(np.arange(60000) == 0, 1, y)
    with pytest.raises(RelampError, match="class_counts"):
        check_content(REGISTRY[name], content_of(replace(data, y=y)))
