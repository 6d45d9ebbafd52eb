"""Prune the weight matrices of an encoder (LAMP Section 4.3)."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

Strategy = Literal["magnitude", "soft-filter"]
Scope = Literal["layer", "encoder"]


def pruned_count(size: int, ratio: float) -> int:
    """Return how many of `size` things a ratio in [0, 1) prunes: the whole part of their product."""
    # 0.29 * 100 is 28.999999999999996 in floating point, and 29 is meant.
    return int(size * ratio + 1e-9)


def _keep_largest(score: Tensor, ratio: float) -> Tensor:
    """Return a mask of the scores `[n]` that drops the lowest share; equal scores are dropped in order of place."""
    keep = torch.ones(len(score), dtype=torch.bool, device=score.device)
    keep[torch.argsort(score, stable=True)[: pruned_count(len(score), ratio)]] = False
    return keep


def weight_matrices(encoder: nn.Module) -> dict[str, Tensor]:
    """Return the weight matrices W of the update functions by name: those of every linear layer of the encoder.

    Biases, batch normalisation and the embeddings of atoms and bonds are no transformation weights and stay dense.
    """
    return {
        f"{name}.weight": module.weight for name, module in encoder.named_modules() if isinstance(module, nn.Linear)
    }


def prune(weights: Mapping[str, Tensor], ratio: float, strategy: Strategy, scope: Scope = "layer") -> dict[str, Tensor]:
    """Return a boolean mask for each weight matrix `[out, in]`, False where it is pruned (LAMP Section 4.3).

    "magnitude" drops the entries of least absolute value (Han et al. 2015), "soft-filter" the output filters, that is
    whole rows, of least Euclidean norm (He et al. 2018); soft, since the next pruning starts from the dense weights.

    They are ranked within each matrix ("layer": "the weight values of W^l ranked below gamma") or over all ("encoder").
    Raises ValueError if the ratio, gamma, is outside [0, 1).
    """
    if not 0 <= ratio < 1:
        raise ValueError(f"pruning ratio {ratio} is outside [0, 1)")
    scores = {
        name: (weight.abs() if strategy == "magnitude" else weight.norm(dim=1)).detach().flatten()
        for name, weight in weights.items()
    }
    if scope == "layer":
        kept = {name: _keep_largest(score, ratio) for name, score in scores.items()}
    else:
        keep = _keep_largest(torch.cat(list(scores.values())), ratio)
        kept = dict(zip(scores, torch.split(keep, [len(score) for score in scores.values()]), strict=True))
    return {
        name: kept[name].view(weight.shape) if strategy == "magnitude" else kept[name][:, None].expand_as(weight)
        for name, weight in weights.items()
    }
