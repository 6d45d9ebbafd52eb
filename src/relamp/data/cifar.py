"""Reader of CIFAR-10 and CIFAR-100, the Python versions of their archives."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relamp.data.images import PackedImages
from relamp.data.tar import tar_members
from relamp.data.unpickle import load_pickle_stream
from relamp.errors import RelampError

_SHAPE = (3, 32, 32)


class _Format(NamedTuple):
    """How an archive names what it holds: files of images, in the order of packing, and of class names; their keys."""

    train: list[str]
    test: str
    meta: str
    labels: str
    names: str
    num_classes: int


_BATCHES = [f"data_batch_{i}" for i in range(1, 6)]
_FORMATS: Mapping[str, _Format] = {
    "CIFAR-10": _Format(_BATCHES, "test_batch", "batches.meta", "labels", "label_names", 10),
    # Of its two kinds of labels, the fine ones: they make it a set of 100 classes.
    "CIFAR-100": _Format(["train"], "test", "meta", "fine_labels", "fine_label_names", 100),
}


def read_cifar(path: Path | str, name: str, most_bytes: int = 2**30) -> PackedImages:
    """Read `cifar-10-python.tar.gz` or `cifar-100-python.tar.gz` (Krizhevsky 2009) straight from the archive.

    A batch is a pickle of Python 2: `data` is `[n, 3072]` uint8, an image's 1024 red, green and blue values row by
    row, and the labels are a list. Training images come first, in the order of the batches' numbers.

    Raises RelampError if a file is missing, duplicate, damaged or hostile, or if it unpacks to over `most_bytes`.
    """
    form = _FORMATS[name]
    batches = [*form.train, form.test]
    found: dict[str, Mapping[str, Any]] = {}
    for file, stream in tar_members(path, most_bytes):
        if file in (*batches, form.meta):
            if file in found:
                raise RelampError(f"{path}/{file}: the archive has two files of that name; fetch it again")
            value = load_pickle_stream(stream, f"{path}/{file}")
            if not isinstance(value, dict):
                fault = f"holds a {type(value).__name__} where a dictionary is expected"
                raise RelampError(f"{path}/{file}: {fault}; fetch it again")
            # Keys are text to Python 2 and bytes to whoever writes them anew by Python 3.
            found[file] = {_text(key): entry for key, entry in value.items()}
    if missing := [file for file in (*batches, form.meta) if file not in found]:
        raise RelampError(f"{path}: has no {', '.join(missing)}; is it the Python version of {name}? Fetch it again")
    parts = [_batch(found[file], form, f"{path}/{file}") for file in batches]
    num_train = sum(len(labels) for _, labels in parts[: len(form.train)])
    images, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = found[form.meta].get(form.names)
    if not isinstance(names, list) or len(names) != form.num_classes:
        fault = f"its `{form.names}` do not name {form.num_classes} classes"
        raise RelampError(f"{path}/{form.meta}: {fault}; fetch it again")
    info = {"classes": [_text(name) for name in names]}
    return PackedImages(name, images, y, np.arange(num_train), np.arange(num_train, len(y)), info)


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def _batch(batch: Mapping[str, Any], form: _Format, place: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images `[n, 3, 32, 32]` and the labels `[n]` of one batch."""
    pixels, listed = batch.get("data"), batch.get(form.labels)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (np.prod(_SHAPE),):
        shape = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise RelampError(f"{place}: its `data` is {shape}, not uint8 [n, {np.prod(_SHAPE)}]; fetch it again")
    if not isinstance(listed, list) or not all(type(label) is int for label in listed):
        raise RelampError(f"{place}: its `{form.labels}` are no list of integers; fetch it again")
    labels = np.array(listed, dtype=np.int64)
    if len(labels) != len(pixels) or (labels.size and not 0 <= labels.min() <= labels.max() < form.num_classes):
        raise RelampError(
            f"{place}: {len(labels)} labels for {len(pixels)} images, and they must be 0 to {form.num_classes - 1}; "
            "fetch it again"
        )
    return pixels.reshape(-1, *_SHAPE), labels
