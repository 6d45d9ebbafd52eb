"""AutoGCL: two generators choose which nodes a view keeps, and are trained with the encoder (Yin et al. 2022)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.model.node_scores import NodeScores
from relamp.settings.graphs import Pretraining

# Width of the generators, as the public code has it.
WIDTH = 128


class AutoGCL(GraphMethod):
    """Contrast two of the graphs as they are and two generated views, drawn with replacement; views are to differ.

    Nodes that a view drops keep their place, without features and edges. The generators see nodes as the encoder does,
    or with `raw` the numbers of their categories.
    """

    def __init__(
        self,
        settings: Pretraining,
        options: Mapping[str, Any] | None = None,
        encoder: Mapping[str, Any] | None = None,
        raw: bool = False,
    ) -> None:
        super().__init__(settings, options, encoder)
        self.raw = raw

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and the head and both generators, whose learning rate is that of the encoder."""
        encoder: Any
        encoder, head = super().draw(data, generator)
        shared = encoder, [WIDTH, 2], generator, self.settings.initialisation
        generators = (NodeScores(*shared, relu_first=True, raw=self.raw) for _ in range(2))
        return encoder, nn.ModuleDict({"projection": head, "generators": nn.ModuleList(generators)})

    def loss(self, encoder: Encoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between both inputs, plus how alike the gates are: 1 less their mean squared difference."""
        one, two = (gate(generator(batch), random.torch) for generator in head["generators"])
        inputs = [batch, gated(batch, one), gated(batch, two)]
        pair = random.numpy.integers(len(inputs), size=2)
        z, other = (head["projection"](encoder(inputs[which]).graph) for which in pair)
        graph = nt_xent(z, other, self.settings.temperature, self.settings.directions)
        alike = 1 - F.mse_loss(one, two)
        return Loss(graph + alike, {"graph": graph, "alike": alike})


def gate(logits: Tensor, random: torch.Generator) -> Tensor:
    """Return 1 for each node that is kept, else 0, `[n]`, by logits `[n, 2]` of keeping and dropping it.

    Drawn by the Gumbel-max trick; the gradient is that of the softmax (Jang et al. 2017), at temperature 1.
    """
    noise = torch.rand(logits.shape, generator=random, device=random.device, dtype=logits.dtype).to(logits.device)
    soft = torch.softmax(logits - (-noise.clamp_min(1e-20).log()).log(), dim=1)[:, 0]
    return (soft > 0.5).to(soft.dtype) + (soft - soft.detach())


def gated(batch: Batch, gate: Tensor) -> Batch:
    """Return a view of the nodes whose gate `[n]` is open, and of the edges between them."""
    stays, (source, target) = gate.detach() > 0.5, batch.edge_index
    return replace(batch, message_weight=(stays[source] & stays[target]).float(), gate=gate, search=False)
