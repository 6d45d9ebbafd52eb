import builtins
import collections
import contextlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from archives import make_zip
from relamp.data import unpickle
from relamp.data.unpickle import load_npy, load_npz, load_pickle, load_pickle_stream
from relamp.errors import RelampError


class Call:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def load(data: bytes) -> Any:
    return load_pickle_stream(io.BytesIO(data), "x.tar/a")


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="<i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([1, 2], dtype=">i8"),
        np.array([True, False]),
        np.array(["a", "bcd"]),
        np.zeros((0, 4), dtype=np.float32),
        np.array(3.5),
    ],
)
def test_arrays_come_back(array: np.ndarray, protocol: int) -> None:
    found = load(pickle.dumps(array, protocol))
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("protocol", range(2, 5))
def test_sparse_matrices_lists_and_dictionaries_come_back(protocol: int) -> None:
    matrix = csr_matrix(np.array([[0, 1.5, 0], [2, 0, 0]], dtype=np.float32))
    neighbours = collections.defaultdict(list, {0: [1, 2], 1: [0]})
    found = load(pickle.dumps([matrix, neighbours, {"k": np.arange(2)}], protocol))
    assert type(found[0]) is csr_matrix
    np.testing.assert_array_equal(found[0].toarray(), matrix.toarray())
    assert found[0].dtype == np.float32
    assert (type(found[1]), found[1]) == (dict, {0: [1, 2], 1: [0]})
    assert found[2]["k"].tolist() == [0, 1]


def test_a_pickle_of_python_2_holds_its_bytes_as_text() -> None:
    # What Python 2's cPickle writes for np.array([1, 255], dtype='<i2'): the raw bytes are a str, here one above 127.
    text = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\ntcnumpy\ndtype\n(S'i2'\nI0\n"
        b"I1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x01\\x00\\xff\\x00'\ntb."
    )
    found = load(text)
    assert (found.tolist(), found.dtype) == ([1, 255], np.dtype("<i2"))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["system", "eval", "exec", "open", "import", "getattr", "factory"])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path, kind: str, protocol: int) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').close()"
    call = {
        "system": Call(os.system, f"touch {mark}"),
        "eval": Call(builtins.eval, code),
        "exec": Call(builtins.exec, code),
        "open": Call(builtins.open, str(mark), "w"),
        "import": Call(builtins.__import__, "antigravity"),
        "getattr": Call(builtins.getattr, 1, "real"),
        "factory": collections.defaultdict(os.getcwd),
    }[kind]
    data = pickle.dumps([{"deep": call}, np.arange(3)], protocol)
    with pytest.raises(RelampError, match=r"its pickle asks for .* it was not run"):
        load(data)
    assert not mark.exists()
    # The same pickle does what it says elsewhere, so the refusal above means something.
    if kind in ("system", "eval", "exec", "open"):
        pickle.loads(data)
        assert mark.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("numpy.testing._private.utils runstring", "numpy.testing rundocs", "numpy load", "numpy fromfile"),
        *("numpy memmap", "numpy frompyfunc", "numpy.lib.npyio load", "numpy.lib._npyio_impl load"),
        *("numpy.f2py compile", "numpy.distutils.exec_command exec_command", "numpy.core.multiarray scalar"),
        *("numpy.core.multiarray fromfile", "numpy._core.numeric _frombuffer", "numpy ndarray.tofile"),
        *("numpy ndarray.__class__", "numpy os", "numpy.core os.system", "scipy.sparse load_npz"),
        *("scipy.sparse csr_matrix.__init__", "scipy.sparse.csr np", "scipy.sparse._csr csr_matrix.__class__"),
        *("scipy._lib._util _lazywhere", "copyreg _reconstructor", "copy_reg _reconstructor", "builtins object"),
        *("__builtin__ apply", "collections OrderedDict", "collections defaultdict.__class__", "posix system"),
        "subprocess Popen",
    ],
)
def test_no_other_name_of_numpy_scipy_or_python_is_admitted(name: str) -> None:
    module, attribute = (part.encode() for part in name.split(" "))
    by_line = b"c" + module + b"\n" + attribute + b"\n."
    by_stack = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(p)]) + p for p in (module, attribute)) + b"\x93."
    for data in (by_line, by_stack):
        with pytest.raises(RelampError, match=f"its pickle asks for {name.replace(' ', '.')}"):
            load(data)


def test_a_pickle_cannot_write_to_the_classes_that_it_names() -> None:
    before = dict(vars(csr_matrix))
    for module, name in ((b"scipy.sparse.csr", b"csr_matrix"), (b"numpy", b"ndarray"), (b"numpy", b"dtype")):
        # BUILD on the class itself with a pair (None, attributes) sets attributes.
        with pytest.raises(RelampError, match="is no sound pickle"):
            load(b"c" + module + b"\n" + name + b"\n(N(dS'tocsr'\nI1\nsS'state'\nI7\nstb.")
    assert dict(vars(csr_matrix)) == before
    assert load(pickle.dumps(csr_matrix(np.eye(2)), 2)).tocsr().shape == (2, 2)


def test_objects_cannot_be_made_of_numbers_by_false_flags() -> None:
    # numpy itself would take these 8 bytes for a pointer: the dtype O without its flag "pickled as a list".
    text = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I1\ntcnumpy\ndtype\n(S'O8'\nI0\n"
        b"I1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x10\\x00\\x00\\x00\\x00\\x00\\x00\\x00'\ntb."
    )
    with pytest.raises(RelampError, match="is no sound pickle"):
        load(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [("indices", [0, 9]), ("indices", [-1, 0]), ("indptr", [0, 2, 1]), ("indptr", [0, 1]), ("data", [1.0])],
)
def test_a_sparse_matrix_that_points_outside_itself_is_refused(key: str, value: list) -> None:
    matrix = csr_matrix(np.eye(2))
    setattr(matrix, key, np.array(value, dtype=getattr(matrix, key).dtype))
    with pytest.raises(RelampError, match="is no sound pickle"):
        load(pickle.dumps(matrix, 2))


@pytest.mark.parametrize(("value", "reason"), [((1,), "a tuple"), (np.array(["2020"], dtype="M8[Y]"), "dtype M8")])
def test_other_kinds_of_data_are_refused(value: Any, reason: str) -> None:
    with pytest.raises(RelampError, match=rf"x\.tar/a: is no sound pickle \({reason}"):
        load(pickle.dumps(value, 2))


@given(cut=st.floats(0, 1, exclude_max=True), flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255))))
@settings(max_examples=150, deadline=None)
def test_broken_bytes_give_data_or_the_one_error(cut: float, flips: list[tuple[float, int]]) -> None:
    data = bytearray(pickle.dumps([csr_matrix(np.eye(3)), {1: [2]}, np.arange(4)], 2))
    for where, byte in flips:
        data[int(where * len(data))] = byte
    with contextlib.suppress(RelampError):
        load(bytes(data[: int(cut * len(data))]))
        assert flips, "what is merely cut off is always refused"


def test_few_bytes_that_stand_for_very_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "_MOST_ENTRIES", 2000)  # of a million
    ones: Any = [1] * 10
    for _ in range(2):
        ones = [ones] * 10
    assert np.sum(load(pickle.dumps(ones))) == 10**3
    for _ in range(7):
        ones = [ones] * 10  # ten thousand million entries, in 200 bytes
    boxed = np.empty(1, dtype=object)
    boxed[0] = ones
    for bomb in (ones, {"a": ones}, boxed):
        with pytest.raises(RelampError, match="it has more than 2,000 entries"):
            load(pickle.dumps(bomb))
    ones.append(ones)
    with pytest.raises(RelampError, match="is no sound pickle"):
        load(pickle.dumps(ones))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"/none: cannot be read"):
        load_pickle(tmp_path / "none")


def test_npz_with_plain_and_object_arrays(tmp_path: Path) -> None:
    plain = np.asfortranarray(np.arange(6).reshape(2, 3))
    np.savez(tmp_path / "a.npz", plain=plain, sparse=csr_matrix(np.eye(3)), empty=np.zeros((0, 2)), none=np.array(None))
    found = load_npz(tmp_path / "a.npz", 10**5)
    np.testing.assert_array_equal(found["plain"], plain)
    np.testing.assert_array_equal(found["sparse"].toarray(), np.eye(3))
    assert found["empty"].shape == (0, 2)
    assert found["none"] is None
    with pytest.raises(RelampError, match="but at most 100 are expected"):
        load_npz(tmp_path / "a.npz", 100)


def test_a_malicious_object_array_is_refused_and_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    held = np.empty((), dtype=object)
    held[()] = Call(os.system, f"touch {mark}")
    np.savez(tmp_path / "a.npz", adj_matrix=held)
    with pytest.raises(RelampError, match=r"a\.npz/adj_matrix\.npy: its pickle asks for posix\.system"):
        load_npz(tmp_path / "a.npz", 10**5)
    assert not mark.exists()


def npy(header: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<i4'}", b"<html>"),
        *(npy(b"[" * 9000), npy(b"(" * 9000 + b")" * 9000), npy(b"-" * 9000 + b"1"), npy(b"  x\n y\n"), npy(b"'")),
        *(npy(b"{'descr': '|O', 'fortran_order': False, 'shape': ('a',)}"), npy(b"\x00\xff")),
    ],
)
def test_a_broken_npy_is_refused(data: bytes) -> None:
    with pytest.raises(RelampError, match=r"x\.npy: is no sound npy file") as caught:
        load_npy(io.BytesIO(data), "x.npy")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("shape", [(3,), (2**40, 2**40), (-1,), ("a",)])
def test_a_shape_that_its_bytes_do_not_fill_is_refused(tmp_path: Path, shape: tuple) -> None:
    header = repr({"descr": "<i4", "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 8
    with pytest.raises(RelampError, match=r"a\.npz/y\.npy: is no sound npy file"):
        load_npz(make_zip(tmp_path / "a.npz", {"y.npy": data}), 10**5)
