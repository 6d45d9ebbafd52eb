"""Supervised training for the graph edit distance (M-Mix Table 10): M-Mix's encoder on triplets of other graphs.

For each size n an encoder is trained, which starts as `mvgrl-untrained` does, and is tested on the very triplets of all
other methods. Triplets to train on are made in the same way of graphs that are not drawn for these.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from relamp.data.batch import collate
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.streams import stream, stream_number
from relamp.errors import RelampError
from relamp.evaluate.edit_distance import COLUMNS as _COLUMNS
from relamp.evaluate.edit_distance import Triplets, cosine, drawn_graphs, edit_scores, triplets_of
from relamp.evaluate.embeddings import Run
from relamp.method.mmix import MMix
from relamp.settings.graphs import Pretraining
from relamp.settings.supervised import EditModel, SupervisedEdits
from relamp.train.adam import Adam
from relamp.train.jobs import choose_device
from relamp.train.supervised import descend

COLUMNS = _COLUMNS
_EMBEDDED_AT_ONCE = 256


def score_supervised_edits(run: Run) -> Iterator[pd.DataFrame]:
    """Yield accuracy and ties of triplets and ROC-AUC of pairs, for each seed and size n.

    The label's `options` have the settings of the encoder, by the method's name. What was trained before a kill is not
    trained again. Raises RelampError for an unknown model, where no graph is left to train on, and where a loss is not
    finite.
    """
    chosen, data = SupervisedEdits.model_validate(run.protocol), PackedGraphs.load(run.data)
    kind, known = run.label["method"], get_args(EditModel)
    if kind not in known:
        raise RelampError(f"there is no supervised model for edit distances {kind!r}; known: {', '.join(known)}")
    settings, device = Pretraining.model_validate(run.label.get("options", {}).get(kind, {})), choose_device(1)
    arrays: list[NDArray[Any]] = [data.x, data.node_offset, data.edge_index, data.edge_offset]
    arrays += [] if data.attributes is None else [data.attributes]
    for seed in run.seeds:
        for nodes in chosen.nodes:
            rows = run.shared(
                [kind, settings.model_dump(mode="json"), run.protocol, seed, nodes],
                arrays,
                partial(_rows, data, settings, chosen, seed, nodes, device),
            )
            yield rows.assign(n=nodes, seed=seed)


def _rows(
    data: PackedGraphs, settings: Pretraining, chosen: SupervisedEdits, seed: int, nodes: int, device: torch.device
) -> pd.DataFrame:
    random = stream(seed, "edits", nodes)
    small, tested, others = drawn_graphs(data, nodes, chosen, random)
    made = triplets_of(small, tested, chosen, random)
    training = EditTraining(small, settings, chosen, seed, nodes, device)
    training.fit(others)
    anchor, positive, negative = training.embed(made)
    scores = edit_scores(cosine(anchor, positive), cosine(anchor, negative))
    return pd.DataFrame({"metric": list(scores), "value": list(scores.values())})


def triplet_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """Return the mean of max(0, margin - cos(a, p) + cos(a, n)) over triplets of embeddings, `[G, d]` each."""
    near, far = (F.cosine_similarity(anchor, other) for other in (positive, negative))
    return F.relu(margin - near + far).mean()


class EditTraining:
    """A training under way, on graphs of which `small` has the first nodes."""

    def __init__(
        self,
        small: PackedGraphs,
        settings: Pretraining,
        chosen: SupervisedEdits,
        seed: int,
        nodes: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.small, self.chosen, self.device = small, chosen, torch.device(device)
        self.method = MMix(settings, "none")
        drawn = self.method.draw(small, torch.Generator().manual_seed(stream_number(seed, "weights")))
        # Any: the method knows of which kind they are.
        self.encoder: Any = drawn[0].to(self.device)
        self.head: Any = drawn[1].to(self.device)
        self.samples = stream(seed, "samples", nodes)
        self.optimiser = Adam([*self.encoder.parameters()], chosen.learning_rate)
        self.largest = int(small.num_nodes.max(initial=0))

    def fit(self, graphs: Integers) -> None:
        """Train on some of the graphs; raises RelampError where there are none, or the loss is not finite."""
        if not len(graphs):
            raise RelampError(f"{self.small.name}: all graphs are drawn for the test; lower the number of graphs")
        for step in range(1, self.chosen.steps + 1):
            anchor, positive, negative = map(self.embedded, self.drawn(graphs))
            loss = triplet_loss(anchor, positive, negative, self.chosen.margin)
            descend(loss, f"{self.small.name}: the loss of step {step}", self.optimiser)

    def drawn(self, graphs: Integers) -> Triplets:
        """Make triplets of some of these graphs anew."""
        size = min(self.chosen.batch_size, len(graphs))
        index = self.samples.choice(graphs, size=size, replace=False)
        return triplets_of(self.small, index, self.chosen, self.samples)

    @torch.no_grad()
    def embed(self, made: Triplets) -> list[Tensor]:
        """Return the embeddings of anchors, positives and negatives, `[G, d]` each."""
        every = np.arange(len(made.anchor))
        chunks = np.split(every, range(_EMBEDDED_AT_ONCE, len(every), _EMBEDDED_AT_ONCE))
        return [torch.cat([self.embedded(part.take(index)) for index in chunks]).cpu() for part in made]

    def embedded(self, part: PackedGraphs) -> Tensor:
        """Return the embeddings of graphs, `[G, d]`."""
        features = torch.from_numpy(self.method.prepare(part, self.device))
        batch = replace(collate(part, np.arange(len(part))), features=features, largest=self.largest)
        random = torch.Generator(self.device).manual_seed(0)
        return self.method.embed(self.encoder, self.head, batch.to(self.device), random)[""]
