"""M-Mix's mixing written slowly, and small inputs for it."""

import itertools

import torch
from torch import Tensor

from relamp.mixing.similarity import Mixed, MixSettings, make_mixer
from seeded import gen

Edges = list[tuple[int, int]]


def some(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=gen(seed), dtype=torch.float64)


def mixer(name: str, dim: int = 3, seed: int = 0, **options: object) -> torch.nn.Module:
    return make_mixer(name, dim, MixSettings(**options), gen(seed)).double()


def index(edges: Edges) -> Tensor:
    return torch.tensor(edges, dtype=torch.long).reshape(-1, 2).T


def complete(n: int) -> Edges:
    return list(itertools.permutations(range(n), 2))


def random_edges(n: int, seed: int, share: float = 0.4) -> Edges:
    upper = (torch.rand(n, n, generator=gen(seed)) < share).triu(1)
    return [(i, j) for i, j in (upper | upper.T).nonzero().tolist()]


def cosine(u: Tensor, v: Tensor) -> Tensor:
    return (u @ v) / (u.norm().clamp_min(1e-12) * v.norm().clamp_min(1e-12))


def slow_mix(model: torch.nn.Module, z: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
    """Eq. 2 and 5 to 7 read aloud: mixed samples and the dense matrix of weights, row i for sample i."""
    options, n = model.settings, len(z)
    projected = isinstance(model.query, torch.nn.Linear)
    q, k = (z @ model.query.weight.T, z @ model.key.weight.T) if projected else (z, z)
    lam = [[torch.zeros((), dtype=z.dtype) for _ in range(n)] for _ in range(n)]
    for i in range(n):
        if options.scope == "wp":
            scope = [j for j in range(n) if (j, i) in edges or j == i]
        else:
            scope = [j for j in range(n) if max(float(cosine(q[i], k[j]).detach()), -1) >= options.threshold]
        others = [j for j in scope if j != i]
        if model.constant is None and scope:
            total = sum(torch.exp(cosine(q[i], k[j])) for j in scope)
            for j in scope:
                lam[i][j] = torch.exp(cosine(q[i], k[j])) / total
        elif model.constant is not None and others:
            counted = others if options.denominator == "others" else [*others, i]
            total = sum(torch.exp(cosine(q[i], k[j])) for j in counted)
            for j in others:
                lam[i][j] = (1 - options.constant) * torch.exp(cosine(q[i], k[j])) / total
            lam[i][i] = torch.tensor(options.constant, dtype=z.dtype)
        else:
            lam[i][i] = torch.ones((), dtype=z.dtype)
    matrix = torch.stack([torch.stack(row) for row in lam])
    return matrix @ z, matrix


def dense(mixed: Mixed) -> Tensor:
    """The weights as a matrix, row i for sample i."""
    pairs, values = mixed.weights
    n = len(mixed.z)
    return values.new_zeros(n, n).index_put_((pairs[1], pairs[0]), values, accumulate=True)
