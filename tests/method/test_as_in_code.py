"""GraphCL and SimGRACE as their public code on graphs has them, whatever the configuration says."""

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.data.batch import collate, with_self_loops
from relamp.loss.nt_xent import nt_xent
from relamp.method.augmented import augmented
from relamp.method.simgrace import perturb
from relamp.method.table import METHODS
from relamp.model.embeddings import forward_with
from relamp.settings.graphs import GraphclOptions, Pretraining, SimgraceOptions
from relamp.study.overrides import place
from relamp.train.graphs import GraphTrainer
from seeded import randomness
from training import make

# All else than in the code.
OTHER = Pretraining(
    self_loops="none",
    directions="both",
    shuffle="epoch",
    features="degrees",
    layers=2,
    initialisation="pytorch",
    graphcl=GraphclOptions(augmentations=("attribute_masking",), social_edges=False, strength=0.6),
    simgrace=SimgraceOptions(anchor="clean", eta=10.0),
)
SOCIAL = random_graphs(0, count=12, cardinality=(1,), most=20)
CODED = ["graphcl-code", "simgrace-code"]


def trainer(name: str, settings: Pretraining = OTHER) -> GraphTrainer:
    return GraphTrainer(SOCIAL, make("graphs", name, settings), 0)


def test_graphcl_contrasts_clean_graphs_with_views_by_the_code() -> None:
    made, index = trainer("graphcl-code"), np.arange(12)
    options = GraphclOptions(
        augmentations=("node_drop", "subgraph", "edge_perturbation"), strength=0.1, kept=0.2, reading="code"
    )
    clean = with_self_loops(collate(SOCIAL, index), but_last=True)
    view = augmented(clean, options, made.encoder, randomness(5))
    assert not (view.edge_index[0] == view.edge_index[1]).any()
    one, other = (made.head(made.encoder(batch).graph) for batch in (clean, view))
    got = made.method.loss(made.encoder, made.head, made.batch(index), randomness(5)).total
    assert got.item() == pytest.approx(nt_xent(one, other, 0.2, "one").item(), rel=1e-5)


def test_simgrace_anchors_the_perturbed_branch_of_five_layers() -> None:
    made, index = trainer("simgrace-code"), np.arange(12)
    assert len(made.encoder.updates) == 5
    clean = with_self_loops(collate(SOCIAL, index), but_last=True)
    weights = perturb(made.encoder, 10.0, randomness(5).torch)
    one, other = made.encoder(clean).graph, forward_with(made.encoder, weights, clean, own_statistics=True).graph
    got = made.method.loss(made.encoder, made.head, made.batch(index), randomness(5)).total
    assert got.item() == pytest.approx(nt_xent(made.head(other), made.head(one), 0.2, "one").item(), rel=1e-5)


@pytest.mark.parametrize("name", CODED)
def test_settings_that_the_code_decides_cannot_be_named_and_change_nothing(name: str) -> None:
    row = METHODS["graphs"][name]
    decided = {key: value for key, value in row.fixed["options"].items() if key != row.group}
    decided |= row.fixed["options"][row.group]
    assert set(decided) == set(row.lacks)
    assert all(place(OTHER, row, key) is None for key in decided)
    assert place(OTHER, row, "temperature") is not None
    usual = OTHER.model_validate({**Pretraining().model_dump(), "simgrace": {"eta": 10.0}})
    one, two = (trainer(name, settings).encoder.state_dict() for settings in (OTHER, usual))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert made_of(name, OTHER) == made_of(name, usual)


def made_of(name: str, settings: Pretraining) -> list[dict[str, float]]:
    short = settings.model_copy(update={"epochs": 2, "checkpoints": (0, 2), "batch_size": 6})
    return trainer(name, short).run().history
