"""MVGRL on nodes (Hassani and Khasahmadi 2020), and M-Mix on top of it (M-Mix Section 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.graph.sparsified import sparse_diffusion
from relamp.method.base import Loss, Randomness
from relamp.method.nodes import NodeBatch, NodeMethod
from relamp.mixing.nodes import taken
from relamp.model.mvgrl import COMBINED, LocalGlobal, MVGRLEncoder, Operators, branch_inputs
from relamp.model.node_encoder import edges_of
from relamp.settings.nodes import NodePretraining


@dataclass(frozen=True)
class DiffusedNodes:
    """A graph as MVGRL sees it: `S X` of both branches `[N, F]`, edges `[2, E]`, and operators for its own loss."""

    a: Tensor
    b: Tensor
    edge_index: Tensor
    operators: Operators | None = None


class MVGRL(NodeMethod):
    """MVGRL with M-Mix in branch a; without a mixer, MVGRL with the same head.

    The objective is Eq. 9 and 10 ("info-nce"), or MVGRL's own ("local-global"), which mixes nothing; `options` override
    the settings, those of a group one by one, and `mix` those of mixing. MVGRL's own objective has a discriminator,
    which is drawn as in its public code or, without `bilinear`, as a matrix.
    """

    terms = ("node", "diversity")

    def __init__(
        self,
        settings: NodePretraining,
        mixer: str = "none",
        objective: Literal["info-nce", "local-global"] = "info-nce",
        mix: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        bilinear: bool = True,
    ) -> None:
        words = settings.model_dump()
        for name, value in (options or {}).items():
            words[name] = {**words[name], **value} if isinstance(value, Mapping) else value
        settings = settings.model_validate(words)
        super().__init__(settings)
        if objective == "local-global" and mixer != "none":
            raise ValueError("the objective 'local-global' is MVGRL's own, which mixes nothing")
        self.mixer, self.own, self.bilinear = mixer, objective == "local-global", bilinear
        self.mix = settings.mix.model_validate({**settings.mix.model_dump(), **(mix or {})})

    def prepare(self, data: PackedNodes, device: torch.device) -> DiffusedNodes:
        """Return both branches' inputs, as the settings' `diffusion` says; its tolerance bounds their error."""
        x, options, edges = self.inputs(data), self.settings.diffusion, data.edge_index
        made = sparse_diffusion(data, options)
        kind, loops = (options.kind, options.alpha, options.time, options.tolerance), options.loop_weight
        inputs = branch_inputs(edges, x, *kind, loop_weight=loops, diffusion=made)
        a, b = (torch.from_numpy(part).to(device) for part in inputs)
        operators = Operators.of(edges, x, options, device, made) if self.own else None
        return DiffusedNodes(a, b, edges_of(data, device), operators)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the two branches with g and the mixer, and the discriminator of MVGRL's own objective."""
        hidden = self.settings.hidden
        loops = self.settings.diffusion.loop_weight
        encoder = MVGRLEncoder(data.num_features, hidden, generator, self.mixer, self.mix, loops)
        return encoder, LocalGlobal(hidden, generator, self.bilinear) if self.own else nn.Identity()

    def loss(self, encoder: MVGRLEncoder, head: nn.Module, batch: NodeBatch, random: Randomness) -> Loss:
        """Return the objective of the sampled nodes; MVGRL's own is against freshly shuffled features."""
        graph, sample = batch.graph, batch.sample
        if not self.own:
            return self.contrast(*encoder.views(graph.a, graph.b, graph.edge_index, random.torch, sample))
        order = torch.randperm(len(graph.a), generator=random.torch, device=random.torch.device).to(graph.a.device)
        false = [
            layer.act(operator(graph.operators.features.times(layer.linear.weight.T)[order]) + layer.linear.bias)
            for layer, operator in ((encoder.a, graph.operators.a), (encoder.b, graph.operators.b))
        ]
        true = encoder(taken(graph.a, sample), taken(graph.b, sample))
        total = head(*true, *(taken(z, sample) for z in false))
        return Loss(total, {"node": total, "diversity": total.new_zeros(())})

    def embed(
        self, encoder: MVGRLEncoder, head: nn.Module, batch: NodeBatch, random: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the embeddings of all nodes `[N, hidden]` (concat: `[N, 2 hidden]`) for each wanted branch."""
        graph: DiffusedNodes = batch.graph
        a, b = encoder.readout(graph.a, graph.b, graph.edge_index, random, self.settings.readout)
        together = self.settings.host_together if self.own else self.settings.together
        wanted = [together if branch == "average" else branch for branch in self.settings.branches]
        return {branch: encoder.a(graph.a) if branch == "z" else COMBINED[branch](a, b) for branch in wanted}
