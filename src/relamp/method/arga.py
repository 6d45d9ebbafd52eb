"""ARGA and ARVGA: graph autoencoders whose codes a discriminator takes for Gaussian noise (Pan et al. 2018)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.data.packed import Integers
from relamp.errors import RelampError
from relamp.kernels.product import Linear
from relamp.loss.reconstruction import reconstruction
from relamp.method.base import Loss, Training
from relamp.method.gae import GAE, Reconstructed
from relamp.settings.nodes import NodePretraining


class ARGA(GAE):
    """ARGA, or with `variational` ARVGA: an epoch is a round of several steps of reconstruction, then one of each side.

    A discriminator learns to tell codes from draws of N(0, 1), and the encoder to mislead it; ARGA's encoder goes on
    reconstructing meanwhile. The history shows the reconstruction, and no epoch is chosen by it.
    """

    group = "arga"

    def __init__(self, settings: NodePretraining, variational: bool = False) -> None:
        super().__init__(settings.model_copy(update={"patience": None}), variational)
        if settings.inductive:
            raise RelampError("ARGA is trained on all nodes; leave out `inductive`")

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return what ARGA's public code sets, on all data sets."""
        rates = {"learning_rate": 5e-4, "discriminator_rate": 1e-3}
        return {**super().published(dataset), **rates, "hidden": 32, "epochs": 50}

    def parts(self, data: PackedNodes, generator: torch.Generator) -> Mapping[str, nn.Module]:
        """Return the discriminator of codes."""
        hidden, first = self.settings.hidden, self.settings.arga.first
        layers = [Linear(*shape) for shape in ((hidden, 2 * first), (2 * first, first), (first, 1))]
        for layer in layers:
            nn.init.normal_(layer.weight, std=0.01, generator=generator)
            nn.init.zeros_(layer.bias)
        return {"discriminator": nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])}

    def learning_rate(self, part: str) -> float:
        """Return the discriminator's."""
        return self.settings.arga.discriminator_rate

    def step(self, training: Training, index: Integers) -> Loss:
        """Take the steps of a round; return the loss of the last one of reconstruction."""
        encoder, scores = training.encoder, training.parts["discriminator"]
        graph, random = training.head(training.batch(index).graph), training.random.torch
        for _ in range(self.settings.arga.steps):
            loss = training.loss(index)
            training.descend(loss.total)
        codes = self.codes(encoder, graph, random)[0].detach()
        drawn = torch.randn(codes.shape, generator=random, device=random.device).to(codes)
        training.descend(F.softplus(-scores(drawn)).mean() + F.softplus(scores(codes)).mean(), "discriminator")
        training.descend(self.misled(encoder, scores, graph, random))
        return loss

    def misled(self, encoder: Any, scores: Any, graph: Reconstructed, random: torch.Generator) -> Tensor:
        """Return the cross-entropy of codes that are taken for draws; ARGA's has the reconstruction besides."""
        codes, _ = self.codes(encoder, graph, random)
        misled = F.softplus(-scores(codes)).mean()
        return misled if self.variational else misled + reconstruction(codes, graph.pairs)

    def noise(self, graph: Reconstructed, random: torch.Generator) -> Tensor | None:
        """Return what is added to ARGA's hidden nodes, `[N, first]`; ARVGA has noise enough."""
        if self.variational:
            return None
        shape = (graph.pairs.n, self.settings.arga.first)
        return self.settings.arga.noise * torch.randn(shape, generator=random, device=random.device)
