import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from diffused import dense_operators
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.method.dgi import DGI, Discriminator
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
SETTINGS = NodePretraining(hidden=8, dgi={"as_published": False, "diffusion": {"loop_weight": 1}})


def test_scores_by_hand() -> None:
    scores = Discriminator(2, gen())
    scores.weight.data = torch.tensor([[[1.0, 2.0], [0.0, -1.0]]])
    scores.bias.data = torch.tensor([0.5])
    true, false, summaries = torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.5]])
    # W c is (2, -0.5): scores 2 and -0.5.
    expected = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-0.5))) / 2
    assert scores(true, false, summaries).item() == pytest.approx(expected)
    # Two summaries are two scores, added up, the bias of each among them.
    twice = (np.log1p(np.exp(-4.0)) + np.log1p(np.exp(-1.0))) / 2
    assert scores(true, false, summaries.repeat(2, 1)).item() == pytest.approx(twice)


def test_weights_start_as_those_of_torchs_bilinear_layer() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Bilinear(64, 64, 1)
    torch.nn.init.xavier_uniform_(layer.weight)
    found, expected = (each.weight.abs().max().item() for each in (Discriminator(64, gen()), layer))
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("operator", ["adjacency", "diffusion"])
def test_the_objective_is_the_cross_entropy_against_shuffled_features(operator: str) -> None:
    method = DGI(SETTINGS, operator)
    encoder, head = method.draw(DATA, gen())
    torch.nn.init.normal_(head.bias, generator=gen(1))
    dense = dense_operators(DATA.edge_index, 40, 1)[operator == "diffusion"]
    x, s = torch.from_numpy(method.inputs(DATA).toarray()), torch.from_numpy(dense).float()
    order = torch.randperm(40, generator=gen(7))
    true, false = (encoder.acts[0](s @ some @ encoder.first + encoder.bias[0]) for some in (x, x[order]))
    summary = torch.sigmoid(true.mean(0))
    bilinear = torch.nn.functional.bilinear(
        torch.cat([true, false]), summary.expand(80, -1).contiguous(), head.weight, head.bias
    )
    expected = binary_cross_entropy_with_logits(bilinear[:, 0], torch.arange(80).lt(40).float())
    batch = NodeBatch(method.prepare(DATA, CPU), torch.tensor([0, 3]))
    found = method.loss(encoder, head, batch, randomness(7)).total
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    wanted = [encoder.first, encoder.bias[0], head.weight, head.bias]
    check_gradients(found, expected, wanted, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(method.embed(encoder, head, batch, gen())["average"], true, atol=1e-6, rtol=1e-5)


def test_published_settings_follow_the_data_set() -> None:
    settings = NodePretraining(epochs=300, checkpoints=(0,), sample_size=20, patience=None)
    widths = {name: DGI(settings).on(name).settings.hidden for name in ("Cora", "Pubmed", "KarateClub")}
    assert widths == {"Cora": 512, "Pubmed": 256, "KarateClub": 512}
    own = DGI(settings, "diffusion").on("Cora")
    assert own.operator == "diffusion"
    assert (own.settings.epochs, own.settings.patience, own.settings.learning_rate) == (300, 20, 1e-3)
    plain = DGI(SETTINGS)
    assert plain.on("Cora") is plain
    # A step sees all nodes.
    assert len(NodeTrainer(DATA, DGI(settings), 0).samples()) == 40


def test_training_lowers_the_objective() -> None:
    settings = NodePretraining(epochs=60, dgi={"as_published": True})
    history = NodeTrainer(DATA, DGI(settings), 0).run().history
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
