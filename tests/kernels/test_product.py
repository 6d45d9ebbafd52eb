"""Products and dense layers against numpy in double precision, in all layouts that a factor may have."""

import ctypes
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from relamp.kernels import product as kernel
from relamp.kernels.product import Linear, product
from seeded import gen

# Prints how many MB of the heap are in use after one product, and after one of each of 400 other shapes.
SHAPES = """
import ctypes, torch
from relamp.kernels.product import product
class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena a b c hblkhd d e uordblks f g".split()]
count = ctypes.CDLL(None).mallinfo2
count.restype = Heap
a, b = torch.ones(1200, 256), torch.ones(256, 256)
for rows in range(800, 1201):
    product(a[:rows], b)
    if rows in (800, 1200):
        heap = count()
        print((heap.uordblks + heap.hblkhd) / 1e6)
"""


def laid_out(matrix: Tensor, layout: str) -> Tensor:
    """The same numbers as they are, as the transpose of a matrix, as part of a wider one or of one with more rows."""
    if layout == "turned":
        return matrix.T.contiguous().T
    if layout == "part":
        return torch.cat([matrix, matrix], dim=1)[:, matrix.shape[1] :]
    return torch.cat([matrix, matrix]).T.contiguous().T[: len(matrix)] if layout == "turned part" else matrix


@pytest.mark.parametrize("shape", [(1, 5, 3), (130, 70, 260), (3, 400, 1000), (1200, 1000, 1), (0, 4, 3), (4, 0, 3)])
@pytest.mark.parametrize("first", ["plain", "turned", "part", "turned part"])
@pytest.mark.parametrize("second", ["plain", "turned", "part", "turned part"])
def test_product(shape: tuple[int, int, int], first: str, second: str) -> None:
    n, d, m = shape
    a, b, bias = (torch.randn(*size, generator=gen(n)) for size in ((n, d), (m, d), (m,)))
    exact = a.double() @ b.double().T
    a, b = laid_out(a, first), laid_out(b, second)
    torch.testing.assert_close(product(a, b).double(), exact, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(product(a, b, bias).double(), exact + bias, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_that_of_torch(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LEAST_WORK", 0)
    own, plain = Linear(3, 4, bias=bias), nn.Linear(3, 4, bias=bias)
    own.load_state_dict(plain.state_dict())
    x = torch.randn(5, 3, generator=gen(), requires_grad=True)
    weight = torch.randn(5, 4, generator=gen(1))
    found = [torch.autograd.grad((layer(x) * weight).sum(), [x, *layer.parameters()]) for layer in (own, plain)]
    torch.testing.assert_close(own(x), plain(x))
    torch.testing.assert_close(found[0], found[1])
    own = own.double()
    assert torch.autograd.gradcheck(own, (x.detach().double().requires_grad_(),))


def test_without_onednn_the_product_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = torch.randn(2, 300, 300, generator=gen()).unbind()
    made = product(a, b)
    monkeypatch.setattr(kernel, "ONEDNN", False)
    torch.testing.assert_close(product(a, b), made, rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not kernel.ONEDNN, reason="products go by oneDNN on CPUs with AVX-512 alone")
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc counts its heap from 2.33 on")
def test_products_of_ever_new_shapes_do_not_fill_the_heap() -> None:
    done = subprocess.run([sys.executable, "-c", SHAPES], capture_output=True, text=True, check=True)
    first, last = map(float, done.stdout.split())
    # 64 shapes, twice 0.3 MB each; all 400 would be 240 MB.
    assert last - first < 80
