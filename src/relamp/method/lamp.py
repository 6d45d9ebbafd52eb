"""LAMP: contrast the encoder with a pruned version of itself (LAMP Section 4.3, 4.4 and Algorithm 1)."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.loss.nt_xent import contrast, nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Embeddings, Encoder, forward_with
from relamp.settings.graphs import Pretraining

Strategy = Literal["magnitude", "soft-filter"]
Scope = Literal["layer", "encoder"]


class Lamp(GraphMethod):
    """LAMP-Mag and LAMP-Soft, with gamma and alpha of the settings' group `lamp`; not `local` is alpha = 0 (Eq. 21)."""

    def __init__(self, settings: Pretraining, strategy: Strategy, local: bool = True) -> None:
        super().__init__(settings)
        self.strategy, self.alpha = strategy, settings.lamp.alpha if local else 0.0
        self.masks: dict[str, Tensor] = {}

    def start_epoch(self, encoder: Encoder) -> None:
        """Prune the latest dense encoder (Algorithm 1, line 3)."""
        options = self.settings.lamp
        self.masks = prune(weight_matrices(encoder), options.gamma, self.strategy, options.prune_scope)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between both branches' graphs plus alpha times the local loss between their nodes (Eq. 21)."""
        settings = self.settings
        dense, pruned = encoder(batch), self.pruned(encoder, batch)
        graph = nt_xent(head(dense.graph), head(pruned.graph), settings.temperature, settings.directions)
        if self.alpha == 0:
            return Loss(graph, {"graph": graph})
        nodes = sample_nodes(len(batch.x), settings.local_nodes, random.torch).to(batch.x.device)
        one, two = (branch.node(settings.lamp.node_embedding)[nodes] for branch in (dense, pruned))
        # Eq. 20: a node's positive is itself in the other branch, its negatives are the nodes of other graphs.
        local = contrast(one, two, batch.graph[nodes], settings.temperature, settings.directions)
        return Loss(graph + self.alpha * local, {"graph": graph, "local": local})

    def pruned(self, encoder: Encoder, batch: Batch) -> Embeddings:
        """Embed a batch with the sparse encoder (Eq. 18), whose weights are the dense ones under the epoch's masks."""
        options = self.settings.lamp
        dense = weight_matrices(encoder)
        weights = {name: dense[name] * mask for name, mask in self.masks.items()}
        with torch.set_grad_enabled(options.pruned_gradient and torch.is_grad_enabled()):
            return forward_with(encoder, weights, batch, options.own_statistics)


def sample_nodes(available: int, wanted: int, generator: torch.Generator) -> Tensor:
    """Return up to N_s distinct node numbers of a batch in ascending order, uniformly drawn where there are more."""
    if available <= wanted:
        return torch.arange(available)
    drawn = torch.randperm(available, generator=generator, device=generator.device)[:wanted]
    return drawn.sort().values.cpu()


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
