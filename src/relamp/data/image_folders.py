"""Reader of images as JPEG files, a folder for each class, in one archive for each part of the split."""

import io
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relamp.data.images import PackedImages
from relamp.data.tar import tar_files
from relamp.errors import RelampError, reason

_SIDE = 32
_MOST_BYTES = 2**16  # of one image, packed: far more than three bytes a pixel


def read_image_folders(train: Path | str, test: Path | str, name: str, most_bytes: int = 2**30) -> PackedImages:
    """Read two .tar.gz, of training and test images, whose members are called like `train/airplane/0000.jpg`.

    Classes have numbers by the alphabet, which for CIFAR-10 is the numbering of its makers. Images come in the order of
    their paths, whatever the order in the archives, and training images first.

    Raises RelampError if an archive is damaged or hostile or unpacks to over `most_bytes`, if a member is no JPEG in
    colours of 32 x 32 in a folder of a class, or if the two have other classes.
    """
    parts = [_part(Path(path), most_bytes) for path in (train, test)]
    classes, of_test = (sorted({member.parent.name for member in part}) for part in parts)
    if classes != of_test:
        differing = ", ".join(sorted(set(classes) ^ set(of_test)))
        raise RelampError(f"{test}: its classes are not those of {train}: {differing}; fetch both again")
    members = [sorted(part) for part in parts]
    number = {folder: i for i, folder in enumerate(classes)}
    y = np.array([number[member.parent.name] for part in members for member in part], dtype=np.int64)
    images = np.stack([part[member] for part, names in zip(parts, members, strict=True) for member in names])
    last, numbers = len(members[0]), np.arange(len(y))
    return PackedImages(name, images, y, numbers[:last], numbers[last:], {"classes": classes})


def _part(path: Path, most_bytes: int) -> Mapping[PurePosixPath, NDArray[np.uint8]]:
    """Return the images `[3, 32, 32]` of an archive by their paths in it."""
    found: dict[PurePosixPath, NDArray[np.uint8]] = {}
    for member, stream in tar_files(path, most_bytes):
        place = f"{path}/{member}"
        if member in found or len(member.parts) != 3:
            fault = "occurs twice" if member in found else "is not called like part/class/image.jpg"
            raise RelampError(f"{place}: {fault}; fetch the archive again")
        found[member] = _decoded(stream, place)
    if not found:
        raise RelampError(f"{path}: holds no image; fetch it again")
    return found


def _decoded(stream: BinaryIO, place: str) -> NDArray[np.uint8]:
    content = stream.read(_MOST_BYTES + 1)
    try:
        # The size stands in the header: nothing larger is decoded.
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            if len(content) > _MOST_BYTES or image.size != (_SIDE, _SIDE) or image.mode != "RGB":
                wide, tall = image.size
                fault = f"is {wide} x {tall} in mode {image.mode} and {len(content):,} bytes or more"
                raise RelampError(f"{place}: {fault}, not {_SIDE} x {_SIDE} in RGB; fetch the archive again")
            return np.asarray(image).transpose(2, 0, 1).copy()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RelampError(f"{place}: is no sound JPEG ({reason(error)}); fetch the archive again") from error
