import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archives import make_tar
from relamp.data.cifar import read_cifar
from relamp.errors import RelampError

PER_BATCH = 4


def batch(number: int, labels: str = "labels", classes: int = 10) -> dict[str, Any]:
    rng = np.random.default_rng(number)
    data = rng.integers(0, 256, size=(PER_BATCH, 3072), dtype=np.uint8)
    names = [f"image_{number}_{i}.png" for i in range(PER_BATCH)]
    listed = rng.integers(0, classes, size=PER_BATCH).tolist()
    return {"data": data, labels: listed, "batch_label": f"training batch {number}", "filenames": names}


def cifar10() -> dict[str, Any]:
    """The files of CIFAR-10, in upstream's haphazard order, with four images a batch."""
    meta = {"num_cases_per_batch": PER_BATCH, "label_names": [f"class{i}" for i in range(10)], "num_vis": 3072}
    batches = {f"data_batch_{i}": batch(i) for i in (4, 3, 2, 5, 1)}
    return {**batches, "test_batch": batch(6), "batches.meta": meta, "readme.html": b"words"}


def cifar100() -> dict[str, Any]:
    files = {}
    for name, number in (("train", 1), ("test", 2)):
        files[name] = {**batch(number, "fine_labels", 100), "coarse_labels": [0] * PER_BATCH}
    coarse, fine = [f"group{i}" for i in range(20)], [f"class{i}" for i in range(100)]
    return {**files, "meta": {"coarse_label_names": coarse, "fine_label_names": fine}, "file.txt~": b"words"}


def write(path: Path, files: dict[str, Any], key: Any = str, folder: str = "cifar-10-batches-py") -> Path:
    members = {}
    for name, value in files.items():
        if isinstance(value, dict):
            value = {key(name): entry for name, entry in value.items()}
        members[f"{folder}/{name}"] = value if isinstance(value, bytes) else pickle.dumps(value, 2)
    return make_tar(path, members)


@pytest.mark.parametrize("key", [str, str.encode])  # bytes if Python 3 writes anew what Python 2 wrote
def test_cifar_10_is_read_in_the_order_of_its_batches(tmp_path: Path, key: Any) -> None:
    files = cifar10()
    data = read_cifar(write(tmp_path / "c.tar.gz", files, key), "CIFAR-10")
    parts = [files[name] for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")]
    rows = np.concatenate([part["data"] for part in parts])
    assert data.images.shape == (24, 3, 32, 32)
    assert data.y.tolist() == [label for part in parts for label in part["labels"]]
    assert (data.train.tolist(), data.test.tolist()) == (list(range(20)), list(range(20, 24)))
    # By upstream's words: 1024 red, 1024 green, 1024 blue, each row by row, the first 32 numbers the first row's red.
    for image, channel, row, column in [(0, 0, 0, 0), (3, 0, 0, 31), (7, 1, 5, 2), (23, 2, 31, 31)]:
        assert data.images[image, channel, row, column] == rows[image, 1024 * channel + 32 * row + column]
    assert data.info["classes"][3] == "class3"


def test_cifar_100_has_fine_labels(tmp_path: Path) -> None:
    files = cifar100()
    data = read_cifar(write(tmp_path / "c.tar.gz", files, folder="cifar-100-python"), "CIFAR-100")
    assert data.y.tolist() == files["train"]["fine_labels"] + files["test"]["fine_labels"]
    assert (len(data.train), len(data.test)) == (4, 4)
    assert len(data.info["classes"]) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_batch_3": {"data": [1], "labels": [0]}}, "/data_batch_3: its `data` is list"),
        ({"test_batch": {"data": np.zeros((2, 5), dtype=np.uint8), "labels": [0, 0]}}, r"uint8 \(2, 5\), not uint8"),
        ({"test_batch": {"data": np.zeros((1, 3072), dtype=np.int8), "labels": [0]}}, "`data` is int8"),
        ({"test_batch": {"data": np.zeros((2, 3072), dtype=np.uint8), "labels": [0]}}, "1 labels for 2 images"),
        ({"test_batch": {"data": np.zeros((1, 3072), dtype=np.uint8), "labels": [10]}}, "must be 0 to 9"),
        ({"test_batch": {"data": np.zeros((1, 3072), dtype=np.uint8), "labels": ["a"]}}, "no list of integers"),
        ({"test_batch": [1]}, "/test_batch: holds a list where a dictionary"),
        ({"batches.meta": {"label_names": ["cat"]}}, "do not name 10 classes"),
        ({"data_batch_2": b"hello"}, "/data_batch_2: is no sound pickle"),
        ({"data_batch_2": pickle.dumps(print)}, r"/data_batch_2: its pickle asks for builtins\.print"),
    ],
)
def test_batches_that_are_off_are_named(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read_cifar(write(tmp_path / "c.tar.gz", {**cifar10(), **change}), "CIFAR-10")


def test_missing_and_doubled_files_are_named(tmp_path: Path) -> None:
    files = cifar10()
    with pytest.raises(RelampError, match=r"has no train, test, meta; is it the Python version of CIFAR-100"):
        read_cifar(write(tmp_path / "c.tar.gz", files), "CIFAR-100")
    with pytest.raises(RelampError, match=r"c\.tar\.gz/test_batch: the archive has two files of that name"):
        read_cifar(write(tmp_path / "c.tar.gz", {**files, "again/test_batch": batch(1)}), "CIFAR-10")
    with pytest.raises(RelampError, match="but at most 50,000 are expected"):
        read_cifar(write(tmp_path / "c.tar.gz", files), "CIFAR-10", most_bytes=50000)
