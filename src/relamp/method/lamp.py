"""LAMP: contrast the encoder with a pruned version of itself (LAMP Section 4.3, 4.4 and Algorithm 1)."""

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.loss.nt_xent import local_contrastive, nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.method.prune import Strategy, prune, weight_matrices
from relamp.model.embeddings import Embeddings, Encoder, forward_with
from relamp.settings.graphs import Pretraining


class Lamp(GraphMethod):
    """LAMP-Mag and LAMP-Soft; with alpha = 0, LAMP without the local loss.

    Args:
        settings: temperature, number of sampled nodes and the choices the paper leaves open.
        gamma: pruning ratio in [0, 1).
        alpha: weight of the local loss (Eq. 21).
        strategy: pruning strategy, see `relamp.method.prune.prune`.
    """

    def __init__(self, settings: Pretraining, gamma: float, alpha: float, strategy: Strategy) -> None:
        super().__init__(settings)
        self.gamma, self.alpha, self.strategy = gamma, alpha, strategy
        self.masks: dict[str, Tensor] = {}

    def start_epoch(self, encoder: Encoder) -> None:
        """Prune the latest dense encoder (Algorithm 1, line 3)."""
        self.masks = prune(weight_matrices(encoder), self.gamma, self.strategy, self.settings.lamp.prune_scope)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between both branches' graphs plus alpha times the local loss between their nodes (Eq. 21)."""
        settings = self.settings
        dense, pruned = encoder(batch), self.pruned(encoder, batch)
        graph = nt_xent(head(dense.graph), head(pruned.graph), settings.temperature, settings.directions)
        if self.alpha == 0:
            return Loss(graph, {"graph": graph})
        nodes = sample_nodes(len(batch.x), settings.local_nodes, random.torch).to(batch.x.device)
        local = local_contrastive(
            dense.node(settings.lamp.node_embedding)[nodes],
            pruned.node(settings.lamp.node_embedding)[nodes],
            batch.graph[nodes],
            settings.temperature,
            settings.directions,
        )
        return Loss(graph + self.alpha * local, {"graph": graph, "local": local})

    def pruned(self, encoder: Encoder, batch: Batch) -> Embeddings:
        """Embed a batch with the sparse encoder (Eq. 18), whose weights are the dense ones under the epoch's masks."""
        options = self.settings.lamp
        dense = weight_matrices(encoder)
        weights = {name: dense[name] * mask for name, mask in self.masks.items()}
        if options.pruned_gradient:
            return forward_with(encoder, weights, batch, options.own_statistics)
        with torch.no_grad():
            return forward_with(encoder, weights, batch, options.own_statistics)


def sample_nodes(available: int, wanted: int, generator: torch.Generator) -> Tensor:
    """Return up to N_s distinct node numbers of a batch in ascending order, uniformly drawn where there are more."""
    if available <= wanted:
        return torch.arange(available)
    drawn = torch.randperm(available, generator=generator, device=generator.device)[:wanted]
    return drawn.sort().values.cpu()
