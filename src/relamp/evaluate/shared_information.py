"""What two embeddings of the same graphs have in common, in nats: the InfoNCE bound of a small critic."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from relamp.errors import RelampError
from relamp.evaluate.information import Floats, standardised

_DECAYS, _SMALLEST = (0.9, 0.999), 1e-8  # Adam's own
_TEMPERATURE = 0.1  # at the start
_TIE = 1e-12
_LEAST = 8  # graphs: two of the training half say when to stop


class Shared(NamedTuple):
    """What two embeddings of the same graphs have in common, on graphs that the critic has not seen.

    Attributes:
        bound: InfoNCE, log N and the mean logarithm of the share that a graph's own pair gets among all N.
        retrieval: how often a graph's own pair scores best of N, as a share.
        candidates: N.
    """

    bound: float
    retrieval: float
    candidates: int


def info_nce_bound(scores: Floats) -> float:
    """Return the InfoNCE bound of a critic's scores `[N, N]`, own pairs on the diagonal, the mean of both directions.

    It is at most log N (van den Oord et al. 2018).
    """
    own = scores.diagonal()
    parts = [(own - logsumexp(scores, axis=axis)).mean() for axis in (0, 1)]
    return float(np.log(len(scores)) + np.mean(parts))


def retrieval(scores: Floats) -> float:
    """Return the share of rows and columns whose diagonal is the best of `scores` `[N, N]`; equal bests share one."""
    shares = []
    for s in (scores, scores.T):
        best = s >= s.max(axis=1, keepdims=True) - _TIE
        shares.append((best.diagonal() / best.sum(axis=1)).mean())
    return float(np.mean(shares))


def shared_information(
    one: Floats, other: Floats, random: np.random.Generator, most: int, width: int = 64, steps: int = 200
) -> Shared:
    """Return the InfoNCE bound on the information that two embeddings `[G, D]` share, and how often pairs are found.

    The critic is the cosine of two linear maps to `width` dimensions over a learnt temperature. It is trained on half
    of the graphs, a quarter of which only say after how many steps it is at its best, and measured on the other half.
    Of each half at most `most` graphs are taken. Fewer than eight graphs are too few (RelampError).
    """
    if len(one) < _LEAST:
        raise RelampError(f"shared information: {len(one)} graphs, but a critic takes {_LEAST}; leave the data set out")
    order = random.permutation(len(one))
    count = min(len(order) // 2, most)
    fit, watched, test = order[: count - count // 4], order[count - count // 4 : count], order[-count:]
    # What both sides are standardised by is of the graphs fitted on.
    sides = [(*standardised(z[fit], z[watched]), standardised(z[fit], z[test])[1]) for z in (one, other)]
    fitted, seen, tested = zip(*sides, strict=True)
    critic = Critic.drawn([z.shape[1] for z in fitted], width, random)
    critic.train(fitted, seen, steps)
    scores = critic.scores(*tested)
    return Shared(info_nce_bound(scores), retrieval(scores), count)


class Critic:
    """The cosine of two linear maps over a temperature, `exp(-scale)`, trained by Adam on InfoNCE."""

    def __init__(self, first: Floats, second: Floats, scale: float = -np.log(_TEMPERATURE)) -> None:
        self.weights: list[Floats] = [first, second, np.array(scale)]

    @classmethod
    def drawn(cls, dims: Sequence[int], width: int, random: np.random.Generator) -> "Critic":
        """Return a critic before training; both maps are alike where both sides have as many dimensions."""
        first = random.normal(size=(width, dims[0])) / np.sqrt(dims[0])
        alike = dims[0] == dims[1]
        return cls(first, first.copy() if alike else random.normal(size=(width, dims[1])) / np.sqrt(dims[1]))

    def scores(self, one: Floats, other: Floats) -> Floats:
        """Return the score of each row of `one` with each row of `other`."""
        a, b = (_unit(z @ w.T)[0] for z, w in zip((one, other), self.weights, strict=False))
        return np.asarray(np.exp(self.weights[2]) * (a @ b.T))

    def gradient(self, one: Floats, other: Floats) -> list[Floats]:
        """Return the gradient of minus `info_nce_bound` by both maps and the logarithm of the scale."""
        sides = [_unit(z @ w.T) for z, w in zip((one, other), self.weights, strict=False)]
        (a, _), (b, _) = sides
        factor, cosine = np.exp(self.weights[2]), a @ b.T
        s, n = factor * cosine, len(one)
        by_score = np.exp(s - logsumexp(s, axis=0)) + np.exp(s - logsumexp(s, axis=1, keepdims=True)) - 2 * np.eye(n)
        by_score /= 2 * n
        found: list[Floats] = []
        by_unit = (factor * by_score @ b, factor * by_score.T @ a)
        for z, (unit, length), g in zip((one, other), sides, by_unit, strict=True):
            found.append(((g - unit * (g * unit).sum(axis=1, keepdims=True)) / length).T @ z)
        return [*found, np.array((by_score * s).sum())]

    def train(
        self, fitted: Sequence[Floats], watched: Sequence[Floats], steps: int, rate: float = 3e-3, every: int = 5
    ) -> None:
        """Take some steps of Adam on all pairs of `fitted`, and go back to where the bound on `watched` was best."""
        moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self.weights]
        best, bound = self.weights, info_nce_bound(self.scores(*watched))
        for step in range(1, steps + 1):
            gradient, self.weights = self.gradient(*fitted), list(self.weights)
            for i, g in enumerate(gradient):
                first, second = (d * m + (1 - d) * v for d, m, v in zip(_DECAYS, moments[i], (g, g * g), strict=True))
                moments[i] = first, second
                unbiased = [m / (1 - d**step) for d, m in zip(_DECAYS, moments[i], strict=True)]
                self.weights[i] = self.weights[i] - rate * unbiased[0] / (np.sqrt(unbiased[1]) + _SMALLEST)
            if step % every == 0 and (now := info_nce_bound(self.scores(*watched))) > bound:
                best, bound = self.weights, now
        self.weights = best


def _unit(x: Floats) -> tuple[Floats, Floats]:
    """Return rows of length 1, and their lengths `[n, 1]`; rows of zeros stay."""
    length = np.linalg.norm(x, axis=1, keepdims=True)
    length = np.where(length > 0, length, 1.0)
    return x / length, length
