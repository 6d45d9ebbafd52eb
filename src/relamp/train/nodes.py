"""Pre-training on the nodes of one graph or several, without their labels (M-Mix Section 3.3)."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.nodes import PARTS, PackedNodes
from relamp.data.packed import Integers, ranges
from relamp.errors import RelampError
from relamp.loss.info_nce import node_objective
from relamp.model.grace import GRACE, sparse_nodes
from relamp.model.mvgrl import MVGRL, diffused_nodes
from relamp.model.node_views import Host
from relamp.settings.nodes import NodePretraining
from relamp.train.loop import Resume, run_epochs


@dataclass
class TrainedNodes:
    """What node-level pre-training leaves behind.

    Attributes:
        encoder: weights of the final epoch, by name.
        embeddings: `[N, d]`, or for checkpoints `[n, d]` of the nodes in `kept`, by the names of `embedding_name`.
        history: one row an epoch: epoch, loss and its parts before weighting.
        final: the epoch whose weights count: the one of the lowest loss with early stopping, else the last.
        kept: nodes of the checkpoints' embeddings, ascending; None for all.
    """

    encoder: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    final: int = 0
    kept: Tensor | None = None


def embedding_name(epoch: int, branch: str) -> str:
    """Return what the embeddings of a branch after an epoch are called in files."""
    return f"epoch~{epoch}_branch~{branch}"


def take_graphs(data: PackedNodes, graphs: Integers) -> PackedNodes:
    """Return some graphs, ascending, as packed nodes of their own, without a split."""
    nodes = ranges(data.graph_offset, graphs)
    inside = np.zeros(data.num_nodes, dtype=bool)
    inside[nodes] = True
    number_of = np.cumsum(inside) - 1
    entries = ranges(data.feature_offset, nodes)
    none = np.zeros(0, dtype=np.int64)
    return PackedNodes(
        name=data.name,
        num_features=data.num_features,
        feature_offset=np.concatenate([[0], np.cumsum(np.diff(data.feature_offset)[nodes])]).astype(np.int64),
        feature_index=data.feature_index[entries],
        feature_value=None if data.feature_value is None else data.feature_value[entries],
        edge_index=number_of[data.edge_index[:, inside[data.edge_index[0]]]],
        y=data.y[nodes],
        train=none,
        valid=none,
        test=none,
        graph_offset=np.concatenate([[0], np.cumsum(np.diff(data.graph_offset)[graphs])]).astype(np.int64),
        info=data.info,
    )


class NodePretrainer:
    """Everything a training run changes while it goes on: weights, optimiser, generators, results so far."""

    def __init__(self, data: PackedNodes, settings: NodePretraining, seed: int, device: torch.device) -> None:
        """Draw the weights from the seed and prepare the graph, once for training and once for embedding."""
        self.settings, self.device, self.seed = settings, device, seed
        self.graph = _prepared(data, settings, device)
        seen, self.seen_graph = data, self.graph
        if settings.inductive:
            seen = take_graphs(data, _training_graphs(data))
            self.seen_graph = _prepared(seen, settings, device)
        self.num_seen = seen.num_nodes
        maker: Callable[..., nn.Module] = MVGRL if settings.host == "mvgrl" else GRACE
        self.host = maker(data.num_features, settings, torch.Generator().manual_seed(seed)).to(device)
        self.random = torch.Generator(device).manual_seed(seed + 1)
        self.order = np.random.default_rng(seed)
        # foreach on CPU gains nothing and the plain loop's order of operations is the same on every machine.
        self.optimiser = torch.optim.Adam(self.host.parameters(), lr=settings.learning_rate, foreach=False)
        self.epoch = 0
        self.lowest = float("inf")
        self.best = copy.deepcopy(self.host.state_dict())
        self.result = TrainedNodes(kept=_kept(data, settings))
        if 0 in settings.checkpoints:
            self._keep(0)

    def run_epoch(self) -> None:
        """Take one step, unless the loss has long stopped falling: then the training is at its end."""
        trained = len(self.result.history)
        if self.settings.patience is not None and trained - self.result.final >= self.settings.patience:
            self.epoch = self.settings.epochs
            return
        loss, parts = self._loss()
        if not np.isfinite(loss.item()):
            raise RelampError(f"epoch {trained + 1}: the loss is {loss.item()}; lower the learning rate")
        # The loss is that of the weights before the step, and so is what counts as the best epoch's.
        if self.settings.patience is not None and loss.item() < self.lowest:
            self.lowest, self.result.final = loss.item(), trained
            self.best = copy.deepcopy(self.host.state_dict())
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.epoch += 1
        self.result.history.append({"epoch": self.epoch, "loss": loss.item(), **parts})
        if self.epoch in self.settings.checkpoints:
            self._keep(self.epoch)

    def finish(self) -> TrainedNodes:
        """Go back to the weights that count and keep their embeddings, of all nodes."""
        if self.settings.patience is None:
            self.result.final = self.epoch
        else:
            self.host.load_state_dict(self.best)
        self._keep(self.result.final, everything=True)
        self.result.encoder = {name: value.cpu() for name, value in self.host.state_dict().items()}
        return self.result

    def _loss(self) -> tuple[Tensor, dict[str, float]]:
        """Return the objective on a fresh sample of nodes (Eq. 10), and its parts."""
        self.host.train()
        sample = None
        if self.settings.sample_size < self.num_seen:
            drawn = self.order.choice(self.num_seen, self.settings.sample_size, replace=False)
            sample = torch.from_numpy(np.sort(drawn)).to(self.device)
        if isinstance(self.host, MVGRL) and self.settings.objective == "local-global":
            loss = self.host.local_global(self.seen_graph, sample, self.random)
            return loss, {"node": loss.item(), "diversity": 0.0}
        host: Host = self.host  # type: ignore[assignment]
        views = host.views(self.seen_graph, sample, self.random)
        weighted = self.settings.diversity * views.diversity
        loss = node_objective(views.mixed, views.other, weighted, self.settings.temperature, views.label)
        return loss, {"node": (loss - weighted).item(), "diversity": views.diversity.item()}

    @torch.no_grad()
    def _keep(self, epoch: int, everything: bool = False) -> None:
        """Keep the embeddings of the weights as they are now."""
        self.host.eval()
        host: Host = self.host  # type: ignore[assignment]
        # A generator of its own: what is drawn for embeddings must not change the training.
        made = host.embed(self.graph, torch.Generator(self.device).manual_seed(self.seed))
        rows = None if everything else self.result.kept
        for branch, z in made.items():
            self.result.embeddings[embedding_name(epoch, branch)] = z.cpu() if rows is None else z.cpu()[rows]

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on to the same final bits."""
        return {
            "epoch": self.epoch,
            "host": self.host.state_dict(),
            "best": self.best,
            "lowest": self.lowest,
            "optimiser": self.optimiser.state_dict(),
            "order": self.order.bit_generator.state,
            "random": self.random.get_state(),
            "final": self.result.final,
            "embeddings": self.result.embeddings,
            "history": self.result.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.epoch, self.lowest, self.best = state["epoch"], state["lowest"], state["best"]
        self.host.load_state_dict(state["host"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.order.bit_generator.state = state["order"]
        self.random.set_state(state["random"])
        self.result.final, self.result.embeddings = state["final"], state["embeddings"]
        self.result.history = state["history"]


def pretrain_nodes(
    data: PackedNodes,
    settings: NodePretraining,
    seed: int,
    *,
    device: torch.device | str = "cpu",
    resume: Resume | None = None,
    on_epoch: Callable[[int], None] = lambda _: None,
) -> TrainedNodes:
    """Train a freshly drawn host framework on a graph without its labels.

    An epoch is one step. The same arguments on the same machine give the same bits, also through a stop and a
    resumption.

    Args:
        data: the nodes.
        settings: the method and its training.
        seed: of weights, samples and every draw.
        device: where to train.
        resume: where to save the state and to look for an earlier one.
        on_epoch: see `relamp.train.loop.run_epochs`; after an early stop it is called with the number of all epochs.

    Raises:
        RelampError: the loss is not finite, or the split that the settings need is missing.
    """
    trainer = NodePretrainer(data, settings, seed, torch.device(device))
    run_epochs(trainer, settings.epochs, resume, on_epoch)
    return trainer.finish()


def _prepared(data: PackedNodes, settings: NodePretraining, device: torch.device) -> Any:
    """Return the graph as the host sees it."""
    if settings.host == "mvgrl":
        return diffused_nodes(data, settings.diffusion, device, own=settings.objective == "local-global")
    return sparse_nodes(data, device)


def _training_graphs(data: PackedNodes) -> Integers:
    """Return the graphs that hold the public split's training nodes."""
    if not len(data.train):
        raise RelampError(f"{data.name}: has no public split, so no graphs to train on; leave out `inductive`")
    graphs: Integers = np.unique(data.graph_of_node()[data.train])
    return graphs


def _kept(data: PackedNodes, settings: NodePretraining) -> Tensor | None:
    """Return the nodes whose embeddings checkpoints keep; None for all."""
    if settings.keep == "all":
        return None
    nodes = np.sort(np.concatenate([getattr(data, part) for part in PARTS]))
    if not len(nodes):
        raise RelampError(f"{data.name}: has no public split to keep embeddings of; take `keep: all`")
    return torch.from_numpy(nodes)
