"""LAMP: contrast the encoder with a pruned version of itself (LAMP Section 4.3, 4.4 and Algorithm 1)."""

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.loss.nt_xent import contrast, nt_xent
from relamp.method.base import Loss, Randomness, Training
from relamp.method.graphs import GraphMethod
from relamp.method.prune import Strategy, prune, weight_matrices
from relamp.model.embeddings import Embeddings, Encoder, forward_with
from relamp.settings.graphs import Pretraining


class Lamp(GraphMethod):
    """LAMP-Mag and LAMP-Soft, with gamma and alpha of the settings' group `lamp`; not `local` is alpha = 0 (Eq. 21)."""

    shares = True
    changes = ("masks", "snapshot")

    def __init__(self, settings: Pretraining, strategy: Strategy, local: bool = True) -> None:
        super().__init__(settings)
        self.strategy, self.alpha = strategy, settings.lamp.alpha if local else 0.0
        self.masks: dict[str, Tensor] = {}
        self.snapshot: dict[str, Tensor] = {}

    def start_epoch(self, training: Training) -> None:
        """Prune the latest dense encoder (Algorithm 1, line 3)."""
        options, encoder = self.settings.lamp, training.encoder
        self.masks = prune(weight_matrices(encoder), options.gamma, self.strategy, options.prune_scope)
        if options.sparse == "snapshot":
            weights = {name: weight.detach().clone() for name, weight in encoder.named_parameters()}
            self.snapshot = weights | {name: weights[name] * mask for name, mask in self.masks.items()}

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between both branches' graphs plus alpha times the local loss between their nodes (Eq. 21)."""
        settings = self.settings
        dense, pruned = encoder(batch), self.pruned(encoder, batch)
        graph = nt_xent(head(dense.graph), head(pruned.graph), settings.temperature, settings.directions)
        if self.alpha == 0:
            return Loss(graph, {"graph": graph})
        nodes = sample_nodes(len(batch.x), settings.local_nodes, random.torch).to(batch.x.device)
        one, two = (branch.node(settings.lamp.node_embedding, nodes) for branch in (dense, pruned))
        # Eq. 20: a node's positive is itself in the other branch, its negatives are the nodes of other graphs.
        local = contrast(one, two, batch.graph[nodes], settings.temperature, settings.directions)
        return Loss(graph + self.alpha * local, {"graph": graph, "local": local})

    def pruned(self, encoder: Encoder, batch: Batch) -> Embeddings:
        """Embed a batch with the sparse encoder (Eq. 18): the dense weights under the epoch's masks, live or copied."""
        options = self.settings.lamp
        if options.sparse == "snapshot":
            return forward_with(encoder, self.snapshot, batch, options.own_statistics)
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
