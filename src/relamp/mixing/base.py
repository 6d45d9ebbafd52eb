"""What a mixer returns, and the mixers without weights of their own: none at all, binary mixing and i-mix."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

ROWS_AT_ONCE = 512


class PairWeights(NamedTuple):
    """Which sample went into which: `pairs` `[2, m]` from row 0 into row 1, `values` `[m]`, without gradient."""

    pairs: Tensor
    values: Tensor


@dataclass(frozen=True)
class Mixed:
    """Mixed samples.

    Attributes:
        z: `[n, d]`, row i is the hard negative of sample i.
        diversity: the term that Eq. 10 adds (Eq. 8), 0 for mixers without one.
        weights: the weights that made z; None without mixing, and in the scope "op" above ROWS_AT_ONCE samples.
        label: for i-mix, the partner of each sample `[n]` and the share of the sample itself `[n]`, of which its
            loss makes the virtual label; see `relamp.loss.info_nce.n_pair`.
    """

    z: Tensor
    diversity: Tensor
    weights: PairWeights | None = None
    label: tuple[Tensor, Tensor] | None = None


class Mixer(nn.Module):
    """Mixes samples, which may be embeddings or inputs; this one leaves them as they are ("none")."""

    # Others of the batch, neighbours, or neighbours by weights that need the whole graph.
    reach: Literal["batch", "neighbours", "graph"] = "batch"
    # Whether its own place is the input space.
    mixes_inputs = False

    def forward(self, z: Tensor, edge_index: Tensor | None = None, random: torch.Generator | None = None) -> Mixed:
        """Mix the rows of z `[n, d]`.

        The scope "wp" needs edges `[2, e]`, a message from row 0 to row 1, each edge once; self-loops are ignored.
        Where the mixer draws dropout or weights, it needs `random`.
        """
        return Mixed(z, z.new_zeros(()))

    def __call__(self, z: Tensor, edge_index: Tensor | None = None, random: torch.Generator | None = None) -> Mixed:
        """Mix the rows of z (typed, unlike `nn.Module.__call__`)."""
        mixed: Mixed = super().__call__(z, edge_index, random)
        return mixed


class BinaryMix(Mixer):
    """Mixes each sample half and half with the most similar other one of the batch (Section 4.4); no scope."""

    def forward(self, z: Tensor, edge_index: Tensor | None = None, random: torch.Generator | None = None) -> Mixed:
        """Mix the rows of z `[n, d]`; the choice of the partner has no gradient."""
        if len(z) < 2:
            return Mixed(z, z.new_zeros(()))
        unit, rows = F.normalize(z.detach(), dim=1), torch.arange(len(z), device=z.device)
        partner = torch.empty_like(rows)
        for block in torch.split(rows, ROWS_AT_ONCE):
            similarity = unit[block] @ unit.T
            similarity[rows[: len(block)], block] = -torch.inf
            partner[block] = similarity.argmax(1)
        return Mixed((z + z[partner]) / 2, z.new_zeros(()), _two(partner, torch.full_like(unit[:, 0], 0.5)))


class IMix(Mixer):
    """i-mix (Lee et al. 2021): mixes each sample with a random partner, which has the smaller share.

    The share is drawn from Beta(1, 1), and that or the rest is the sample's own, whichever is larger, as in i-mix's
    public code. Its loss takes the mixed label of `Mixed`.
    """

    mixes_inputs = True

    def forward(self, z: Tensor, edge_index: Tensor | None = None, random: torch.Generator | None = None) -> Mixed:
        """Mix the rows of z `[n, d]` with those of a random permutation."""
        random = needed(random)
        partner = torch.randperm(len(z), generator=random, device=random.device).to(z.device)
        drawn = torch.rand(len(z), generator=random, device=random.device).to(z)
        share = torch.maximum(drawn, 1 - drawn)
        mixed = share[:, None] * z + (1 - share)[:, None] * z[partner]
        return Mixed(mixed, z.new_zeros(()), _two(partner, share), (partner, share))


def _two(partner: Tensor, share: Tensor) -> PairWeights:
    """Return the weights of samples that are mixed with one partner each."""
    rows = torch.arange(len(partner), device=partner.device)
    pairs = torch.stack([torch.cat([rows, partner]), torch.cat([rows, rows])])
    return PairWeights(pairs, torch.cat([share, 1 - share]))


def needed(random: torch.Generator | None) -> torch.Generator:
    """Refuse to draw from the global generator."""
    if random is None:
        raise ValueError("this mixer draws random numbers: pass a generator, or call eval() to leave out dropout")
    return random
