"""M-Mix on graphs, on top of MVGRL: hard negatives by mixing each node with its neighbours (M-Mix Section 3)."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.info_nce import cross_info_nce, info_nce, node_info_nce_by_graph
from relamp.method.base import Loss, Randomness
from relamp.method.two_branches import TwoBranches
from relamp.model.mvgrl import MVGRLEncoder
from relamp.model.padding import View, averaged, rows
from relamp.settings.graphs import Pretraining

# Both parts of Eq. 11, or one of them alone (Table 4).
Objective = Literal["both", "node", "graph"]


class MMix(TwoBranches):
    """M-Mix: branch a's nodes are mixed, and contrasted with branch b's."""

    def __init__(
        self, settings: Pretraining, mixer: str, objective: Objective = "both", options: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(settings, options)
        self.mixer, self.objective = mixer, objective

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the two branches with g and the mixer; there is no head besides."""
        return self.branches(data, generator, self.mixer), nn.Identity()

    def loss(self, encoder: MVGRLEncoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return the objective of one batch (Eq. 10 and 11)."""
        a, b, diversity = self.views(encoder, batch, random.torch)
        parts: dict[str, Tensor] = {}
        if self.objective != "graph":
            parts |= {"node": self._between_nodes(a, b, batch, random), "diversity": diversity}
        if self.objective != "node":
            # Eq. 11 as printed subtracts the node objectives; they are meant to be added, since both are minimised.
            contrast = cross_info_nce if self.options.contrast == "across" else info_nce
            # It sees directions alone, which are the same for mean and sum.
            parts["graph"] = contrast(averaged(a, batch), averaged(b, batch))
        return Loss(torch.stack(list(parts.values())).sum(), parts)

    def _between_nodes(self, a: View, b: View, batch: Batch, random: Randomness) -> Tensor:
        """Return Eq. 10 without its diversity term."""
        options, drawn, weight = self.options, None, None
        if options.negatives == "batch" and len(a.nodes) > options.sample_size:
            order = torch.randperm(len(a.nodes), generator=random.torch, device=random.torch.device)
            drawn = order[: options.sample_size].to(batch.graph.device)
        if options.padding == "largest":
            x, y, graph, weight = rows((a, b), batch, drawn)
        else:
            x, y, graph = (z if drawn is None else z[drawn] for z in (a.nodes, b.nodes, batch.graph))
        if options.negatives == "batch":
            graph = torch.zeros_like(graph)
        return node_info_nce_by_graph(x, y, graph, options.temperature, options.contrast, weight)
