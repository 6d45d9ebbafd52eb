"""M-Mix: each sample mixed with many others by weights that follow their similarity, into a hard negative."""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from relamp.kernels.pairs import Pairs, pair_dot, pair_sum, sum_by_target
from relamp.kernels.prelu import PReLU
from relamp.kernels.product import drawn_linear
from relamp.kernels.units import unit_rows
from relamp.mixing.base import ROWS_AT_ONCE, BinaryMix, IMix, Mixed, Mixer, PairWeights, needed
from relamp.settings.mixing import MixSettings, known_mixer


class SimilarityMix(Mixer):
    """M-Mix: mixes each sample with all others in scope, by the softmax of their similarities (Eq. 2, 5-8).

    mo-mix takes cosine similarities of the samples themselves and gives the sample itself the weight C (Eq. 5, 7);
    mp-mix takes them between two linear maps, queries and keys (Eq. 6), which the diversity term drives apart (Eq. 8);
    random-mix takes standard normal numbers instead (Section 4.4). A sample with nobody in scope keeps itself.

    In the scope "op", theta decides who is in the softmax at all, so that weights sum to 1 (Eq. 2) there too.
    """

    def __init__(
        self, name: str, dim: int, settings: MixSettings, generator: torch.Generator, loop_weight: float = 1
    ) -> None:
        super().__init__()
        self.loop_weight = loop_weight
        projected = name in ("mp-mix", "mp-mix-nodiv")
        self.settings = settings
        if settings.scope == "wp":
            self.reach = "graph" if settings.operator == "adjacency" else "neighbours"
        self.constant = settings.constant if name == "mo-mix" else None
        self.random, self.diverse = name == "random-mix", name == "mp-mix"
        self.drop = settings.weight_dropout if projected else 0.0
        self.query, self.key = (
            drawn_linear(dim, dim, generator, bias=False) if projected else nn.Identity() for _ in range(2)
        )

    def forward(self, z: Tensor, edge_index: Tensor | None = None, random: torch.Generator | None = None) -> Mixed:
        """Mix the rows of z `[n, d]`, see `Mixer`."""
        q = unit_rows(self.query(z))
        k = unit_rows(self.key(z)) if isinstance(self.key, nn.Linear) else q
        diversity = -(q - k).square().sum(1).mean() if self.diverse else z.new_zeros(())
        if self.settings.diversity == "together":
            diversity = -diversity
        if not self.settings.score_gradient:
            q, k = q.detach(), k.detach()
        if self.settings.scope == "op":
            mixed, weights = self._over_rows(z, q, k, random)
        elif edge_index is None:
            raise ValueError("the scope 'wp' mixes over neighbours: pass edge_index, or choose the scope 'op'")
        else:
            mixed, weights = self._over_neighbours(z, q, k, edge_index, random)
        return Mixed(mixed, diversity, weights)

    def _over_neighbours(
        self, z: Tensor, q: Tensor, k: Tensor, edge_index: Tensor, random: torch.Generator | None
    ) -> tuple[Tensor, PairWeights]:
        """Mix in the scope "wp": pairs are the edges, and beside them each sample with itself."""
        n, rows = len(z), torch.arange(len(z), device=z.device)
        source, target = edge_index[:, edge_index[0] != edge_index[1]]
        pairs, edges = Pairs(source, target, n), len(source)
        received = torch.bincount(target, minlength=n)
        if self.settings.operator == "adjacency":
            # The entries of `D^-1/2 (A + w I) D^-1/2`.
            loop = self.loop_weight
            into, out = (count.to(z.dtype) + loop for count in (received, torch.bincount(source, minlength=n)))
            share, own = (into[target] * out[source]).rsqrt(), loop * (into * out).rsqrt()
        elif self.constant is not None:
            weight = pair_dot(q, k, pairs).exp()
            total = sum_by_target(weight, target, n) + self._own_term(q, k)
            share = (1 - self.constant) * weight / total.index_select(0, target)
            own = (received == 0).to(z) * (1 - self.constant) + self.constant
        else:
            # Of all pairs in one vector, as they are drawn.
            everyone = torch.cat([target, rows])
            if self.random:
                score = _normal(everyone.shape, random).to(z)
            else:
                score = torch.cat([pair_dot(q, k, pairs), (q * k).sum(1)])
            weight = score.exp()
            total = sum_by_target(weight, everyone, n)
            shares = self._dropout(weight / total.index_select(0, everyone), random)
            share, own = shares[:edges], shares[edges:]
        mixed = torch.addcmul(pair_sum(share, z, pairs), own[:, None], z)
        ends = torch.stack([torch.cat([source, rows]), torch.cat([target, rows])])
        return mixed, PairWeights(ends, torch.cat([share, own]).detach())

    def _over_rows(
        self, z: Tensor, q: Tensor, k: Tensor, random: torch.Generator | None
    ) -> tuple[Tensor, PairWeights | None]:
        """Mix in the scope "op", some rows at a time; their weights are made again in the backward pass."""
        n = len(z)
        if n <= ROWS_AT_ONCE:
            mixed, share = self._block(z, q, k, 0, n, self._seed(random))
            pairs = share.nonzero().T.flip(0)
            return mixed, PairWeights(pairs, share.detach()[pairs[1], pairs[0]])
        blocks = []
        for start in range(0, n, ROWS_AT_ONCE):
            # Each block draws from its own seed, so that it draws the same when it is made again.
            bounds = (start, min(start + ROWS_AT_ONCE, n), self._seed(random))
            made: tuple[Tensor, Tensor] = checkpoint(
                self._block, z, q, k, *bounds, use_reentrant=False, preserve_rng_state=False
            )
            blocks.append(made[0])
        return torch.cat(blocks), None

    def _block(self, z: Tensor, q: Tensor, k: Tensor, start: int, end: int, seed: int | None) -> tuple[Tensor, Tensor]:
        """Mix the rows from `start` to `end`; return them `[b, d]` and their weights `[b, n]`."""
        random = None if seed is None else torch.Generator().manual_seed(seed)
        similarity = q[start:end] @ k.T
        # Rounding may leave a cosine a little outside [-1, 1], and theta = -1 or 1 is meant.
        inside = similarity.detach().clamp(-1, 1) >= self.settings.threshold
        own = torch.eye(end - start, len(z), dtype=torch.bool, device=z.device).roll(start, 1)
        if self.constant is not None:
            inside &= ~own
        alone = ~inside.any(1, keepdim=True)
        weight = (_normal(similarity.shape, random).to(z) if self.random else similarity).exp() * inside
        total = weight.sum(1, keepdim=True) + self._own_term(q[start:end], k[start:end])[:, None]
        share = weight / torch.where(alone, 1.0, total)
        if self.constant is not None:
            share = (1 - self.constant) * share + self.constant * own.to(z)
        share = self._dropout(torch.where(alone, own.to(z), share), random)
        return share @ z, share

    def _own_term(self, q: Tensor, k: Tensor) -> Tensor:
        """Return what the sample itself adds to the denominator of Eq. 7 where it does, `[b]`."""
        counts = self.constant is not None and self.settings.denominator == "all"
        return (q * k).sum(1).exp() if counts else q.new_zeros(len(q))

    def _dropout(self, share: Tensor, random: torch.Generator | None) -> Tensor:
        """Set some weights to 0 and scale the others up, in training."""
        if not self.training or self.drop == 0:
            return share
        kept = _uniform(share.shape, random).to(share.device) >= self.drop
        return share * kept / (1 - self.drop)

    def _seed(self, random: torch.Generator | None) -> int | None:
        """Draw a seed, if anything is to be drawn."""
        if not self.random and (not self.training or self.drop == 0):
            return None
        random = needed(random)
        return int(torch.randint(2**62, (), generator=random, device=random.device))


def make_mixer(name: str, dim: int, settings: MixSettings, generator: torch.Generator, loop_weight: float = 1) -> Mixer:
    """Return one of MIXERS for samples `[n, dim]`, freshly drawn; "mp-mix-nodiv" is mp-mix without the diversity term.

    Where it mixes by the adjacency, that has self-loops of this weight. Raises ValueError if there is no such mixer.
    """
    plain = {"none": Mixer, "binary-mix": BinaryMix, "i-mix": IMix}
    return plain[name]() if known_mixer(name) in plain else SimilarityMix(name, dim, settings, generator, loop_weight)


def mixing_mlp(dim: int, generator: torch.Generator, bias: bool = True) -> nn.Sequential:
    """Return g of Eq. 9, Linear-PReLU-Linear of constant width, which follows the mixing on graphs."""
    return nn.Sequential(drawn_linear(dim, dim, generator, bias), PReLU(), drawn_linear(dim, dim, generator, bias))


def _normal(shape: torch.Size, random: torch.Generator | None) -> Tensor:
    random = needed(random)
    return torch.randn(shape, generator=random, device=random.device)


def _uniform(shape: torch.Size, random: torch.Generator | None) -> Tensor:
    random = needed(random)
    return torch.rand(shape, generator=random, device=random.device)
