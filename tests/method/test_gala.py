import numpy as np
import torch

from diffused import dense_operators
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.method.gala import GALA, sharpening
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))


def test_sharpening_by_hand() -> None:
    # Node 0 between 1 and 2: degrees with the loops of weight 2 are 4, 3, 3; node 3 is alone.
    found = sharpening(normalised_adjacency(np.array([[0, 0, 1, 2], [1, 2, 0, 0]]), 4, self_loops=0)).toarray()
    edge = -1 / 12**0.5
    expected = [[0.5, edge, edge, 0], [edge, 2 / 3, 0, 0], [edge, 0, 2 / 3, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(found, expected)


def test_the_objective_is_that_of_dense_layers() -> None:
    method = GALA(NodePretraining(hidden=4, gala={"as_published": False, "first": 6}))
    encoder, head = method.draw(DATA, gen())
    x = torch.from_numpy(method.inputs(DATA).toarray())
    smooth = torch.from_numpy(dense_operators(DATA.edge_index, 40, 1)[0]).float()
    adjacency = torch.zeros(40, 40)
    adjacency[DATA.edge_index[0], DATA.edge_index[1]] = 1
    half = (2 + adjacency.sum(1)).rsqrt()
    sharp = half[:, None] * (2 * torch.eye(40) - adjacency) * half
    z = (smooth @ (smooth @ x @ encoder[0]).relu() @ encoder[1]).relu()
    made = (sharp @ (sharp @ z @ head[0]).relu() @ head[1]).relu()
    expected = sum(((x[i] - made[i]) ** 2).sum() for i in range(40)) / 80
    batch = NodeBatch(method.prepare(DATA, CPU), torch.tensor([0, 3]))
    found = method.loss(encoder, head, batch, randomness()).total
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    wanted = [*encoder, *head]
    check_gradients(found, expected, wanted, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(method.embed(encoder, head, batch, gen())["average"], z, atol=1e-6, rtol=1e-5)


def test_published_settings_and_a_training_that_lowers_the_objective() -> None:
    made = NodeTrainer(DATA, GALA(NodePretraining(epochs=300, checkpoints=(0,))), 0)
    own = made.settings
    assert (own.epochs, own.hidden, own.weight_decay, own.gala.first) == (300, 100, 5e-4, 400)
    longer = NodePretraining(epochs=300, checkpoints=(0,), gala={"most_epochs": 20_000})
    assert NodeTrainer(DATA, GALA(longer), 0).settings.epochs == 10_000
    history = made.run().history
    assert history[-1]["loss"] < 0.9 * history[0]["loss"]
