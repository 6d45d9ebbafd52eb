"""Products of matrices by the fastest library that torch brings for this CPU, and dense layers made of them."""

import os
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F

# Below this many multiplications oneDNN takes longer to begin than MKL to end.
LEAST_WORK = 1 << 20


def _has_onednn() -> bool:
    """Whether oneDNN is worth asking: MKL, which torch asks by itself, uses half of such a CPU if it is not Intel's."""
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    # This operator has no promise of torch to stay; without it products are right and slower.
    return wide and hasattr(torch.ops.mkldnn, "_linear_pointwise")


ONEDNN = _has_onednn()

# oneDNN, and torch beside it, keep what they compile for each shape, 0.6 MB, of the last 1,024 shapes; where the number
# of rows differs from step to step that pins gigabytes of the heap. They read this when they first multiply.
for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(_cache, "64")


def product(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `a b^T`, perhaps plus a row `[m]`, of rows `[n, d]` and `[m, d]`: `[n, m]`, without gradient."""
    work = a.shape[0] * a.shape[1] * b.shape[0]
    if ONEDNN and work >= LEAST_WORK and a.dtype == torch.float32 and a.device.type == "cpu":
        # A second factor that is part of a wider matrix would go a way that takes a thousand times as long.
        b = b if b.is_contiguous() or b.T.is_contiguous() else b.contiguous()
        made: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")
        return made
    return F.linear(a, b, bias)


class _Linear(Function):
    """`x W^T + b`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        (grad,), (x, weight), wanted = grads, ctx.saved_tensors, ctx.needs_input_grad
        return (
            product(grad, weight.T) if wanted[0] else None,
            product(grad.T, x.T) if wanted[1] else None,
            grad.sum(0) if wanted[2] else None,
        )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `x W^T + b`, `[n, m]` of rows `[n, d]` and `[m, d]`, by `product` forward and backward."""
    made: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return made


class Linear(nn.Linear):
    """`nn.Linear` of rows `[n, d]`, by `product` forward and backward."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x W^T + b`, `[n, m]`."""
        return linear(x, self.weight, self.bias)


def drawn_linear(columns: int, width: int, generator: torch.Generator, bias: bool = True) -> Linear:
    """Return a layer from `columns` to `width` with Xavier uniform weights and a bias of zeros, or none."""
    layer = Linear(columns, width, bias=bias)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
