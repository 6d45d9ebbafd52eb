"""Cross-entropy of what belongs together against what does not, by scores of both."""

from torch import Tensor
from torch.nn import functional as F


def told_apart(true: Tensor, false: Tensor) -> Tensor:
    """Return `-log sigmoid` of scores `[p]` of what is true plus `-log(1 - sigmoid)` of others `[m]`, each averaged.

    Of no scores the average is 0.
    """
    return F.softplus(-true).sum() / max(len(true), 1) + F.softplus(false).sum() / max(len(false), 1)
