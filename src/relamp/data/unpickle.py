"""Pickles and object arrays of upstream files, opened without running what they name."""

import math
import pickle
import re
import tokenize
from collections import defaultdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.archive import Archive
from relamp.errors import RelampError, reason

_PLAIN_DTYPE = re.compile(r"[biufc]\d{1,2}|[SU]\d{1,6}|O\d?")

# All that bytes which are no sound pickle may make the unpickler raise.
_FAULTS = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, ImportError),
    *(ArithmeticError, MemoryError, RecursionError),
)
_HEADER_FAULTS = (
    *(ValueError, TypeError, LookupError, OverflowError, MemoryError, RecursionError),
    *(SyntaxError, tokenize.TokenError),  # numpy parses the header of Python 2 token by token
)
_MOST_ENTRIES = 2**20  # of all lists and dictionaries of a pickle; a list that occurs often counts each time


def load_pickle(path: Path | str) -> Any:
    """Load a pickle of numpy arrays, CSR matrices, lists or dictionaries, Python 2's (text as latin1) included.

    Raises RelampError if the file is missing or broken, or if it names anything outside the exact list; nothing that
    it names is imported or run. Match the checksum first all the same.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return load_pickle_stream(file, str(path))
    except OSError as error:
        raise RelampError(f"{path}: cannot be read ({error.strerror}); fetch it again") from error


def load_npz(path: Path | str, most_bytes: int) -> dict[str, Any]:
    """Load all arrays of an npz file that unpacks to at most `most_bytes`; object arrays as `load_pickle` does.

    An object array without dimensions becomes what it holds.

    Raises RelampError as `load_pickle`, `load_npy` and `Archive` do.
    """
    archive = Archive(path, most_bytes)
    arrays = {}
    for name in archive:
        with archive.open(name) as stream:
            arrays[name.removesuffix(".npy")] = load_npy(stream, archive.place(name))
    return arrays


def load_npy(stream: BinaryIO, place: str) -> Any:
    """Load one array in numpy's npy format from a stream; `place` is what messages call it.

    Raises RelampError if it is broken or its pickled objects are not admitted.
    """
    try:
        read_header = _HEADERS[npy.read_magic(stream)]
        shape, fortran_order, dtype = read_header(stream)
        if min(shape, default=0) < 0:
            raise ValueError(f"shape {shape} is negative")
        if not dtype.hasobject:
            # Python's integers do not overflow for a hostile shape; too few bytes fail in the reshaping.
            size = math.prod(int(side) for side in shape) * dtype.itemsize
            flat = np.frombuffer(stream.read(size), dtype=dtype)
            return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)
    except _HEADER_FAULTS as error:
        raise RelampError(f"{place}: is no sound npy file ({reason(error)}); fetch it again") from error
    return load_pickle_stream(stream, place)


_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def load_pickle_stream(stream: BinaryIO, place: str) -> Any:
    """Load a pickle from a stream as `load_pickle` does; `place` is what messages call it.

    It is unpickled into stand-ins that only record, and then what they stand for is built.
    """
    names = _stand_ins()

    class Restricted(pickle.Unpickler):
        """Looks names up in the exact list and imports nothing."""

        def find_class(self, module: str, name: str) -> Any:
            """Return what an admitted name stands for."""
            if (module, name) not in names:
                raise _RefusedError(f"{module}.{name}")
            return names[module, name]

    try:
        value = _Builder().build(Restricted(stream, encoding="latin1").load())
    except _RefusedError as refused:
        raise RelampError(
            f"{place}: its pickle asks for {refused}, which is neither an array nor a sparse matrix and could run "
            "anything; it was not run: do not use this file, fetch it again"
        ) from refused
    except _FAULTS as error:
        raise RelampError(f"{place}: is no sound pickle ({reason(error)}); fetch it again") from error
    return value.item() if isinstance(value, np.ndarray) and value.dtype.hasobject and value.ndim == 0 else value


class _RefusedError(Exception):
    """A name that is not admitted."""


class _Recorded:
    """Base of the stand-ins, which say what `kind` of thing they stand for."""

    kind = ""
    state: Any = None

    def __init__(self, *made: Any) -> None:
        self.made = made

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _stand_ins() -> dict[tuple[str, str], Any]:
    """Return what each admitted name stands for: those of upstream files, of Python 2 and 3, of old and new numpy.

    numpy's own classes trust the state that they are given (a dtype's flags can make numbers pass for pointers), so
    they are not let near a pickle. The classes are made anew each time, since a pickle may write to them.
    """
    array, dtype, sparse = (type(kind, (_Recorded,), {"kind": kind}) for kind in ("array", "dtype", "sparse"))
    return {
        ("numpy", "ndarray"): array,
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: array(),
        ("numpy._core.multiarray", "_reconstruct"): lambda *_: array(),
        ("numpy", "dtype"): dtype,
        ("scipy.sparse.csr", "csr_matrix"): sparse,
        ("scipy.sparse._csr", "csr_matrix"): sparse,
        ("__builtin__", "list"): list,
        ("builtins", "list"): list,
        ("collections", "defaultdict"): defaultdict,
        # How Python 3 writes bytes for Python 2 to read.
        ("_codecs", "encode"): lambda text, _: text.encode("latin1"),
        ("__builtin__", "bytes"): lambda: b"",
    }


class _Builder:
    """Builds what stand-ins stand for, within lists and dictionaries too, up to so many entries in all."""

    def __init__(self) -> None:
        self.left = _MOST_ENTRIES

    def build(self, value: Any) -> Any:
        """Return what a value stands for; raises one of `_FAULTS` if it is not admitted."""
        if isinstance(value, _Recorded) and value.kind == "array":
            return self.array(value)
        if isinstance(value, _Recorded) and value.kind == "sparse":
            data, indices, indptr = (self.build(value.state[key]) for key in ("data", "indices", "indptr"))
            return checked_csr(data, indices, indptr, value.state["_shape"])
        if isinstance(value, dict):
            return {key: self.build(entry) for key, entry in self.counted(value).items()}
        if isinstance(value, list):
            return [self.build(entry) for entry in self.counted(value)]
        if isinstance(value, str | bytes | int | float | None):
            return value
        raise TypeError(f"a {type(value).__name__} where data is expected")

    def array(self, array: _Recorded) -> NDArray[Any]:
        """Build an array from its pickled state: version, shape, dtype, whether columns come first, and entries."""
        _, shape, kind, fortran_order, raw = array.state
        code, order = str(kind.made[0]), str(kind.state[1])
        if not _PLAIN_DTYPE.fullmatch(code) or order not in "<>|=" or kind.state[2:5] != (None, None, None):
            raise ValueError(f"dtype {code} is not plain")
        shape = tuple(int(side) for side in shape)
        if code.startswith("O"):
            flat = np.empty(len(raw), dtype=object)
            for i, entry in enumerate(self.counted(raw)):
                flat[i] = self.build(entry)
        else:
            data = raw.encode("latin1") if isinstance(raw, str) else raw
            flat = np.frombuffer(data, dtype=np.dtype(order + code)).copy()
        return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)

    def counted(self, entries: Any) -> Any:
        """Return a list or dictionary, unless there are too many entries by now: nested lists that share their parts
        are few bytes and many entries.
        """
        self.left -= len(entries)
        if self.left < 0:
            raise ValueError(f"it has more than {_MOST_ENTRIES:,} entries")
        return entries


def checked_csr(data: Any, indices: Any, indptr: Any, shape: Any) -> csr_matrix[Any]:
    """Put a CSR matrix together, with scipy's full check of its offsets and columns (ValueError and its like)."""
    rows, columns = (int(side) for side in shape)
    matrix = csr_matrix((data, indices, indptr), shape=(rows, columns))
    matrix.check_format(full_check=True)
    return matrix
