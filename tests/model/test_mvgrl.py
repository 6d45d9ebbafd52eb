import math

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from diffused import dense_operators, slow_diffusion, slow_sparsified
from mixing import slow_mix
from node_graphs import random_nodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.graph.sparsified import sparsified
from relamp.mixing.similarity import SimilarityMix
from relamp.model.mvgrl import COMBINED, LocalGlobal, MVGRLEncoder, Operators, branch_inputs
from relamp.model.node_encoder import edges_of
from relamp.settings.mixing import MixSettings
from relamp.settings.nodes import DiffusionSettings
from seeded import gen

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
EDGES = edges_of(DATA, CPU)
NEAR, FAR = (torch.from_numpy(part) for part in branch_inputs(DATA.edge_index, DATA.features()))
SAMPLE = torch.tensor([1, 4, 8, 20, 33])
DENSE = dense_operators(DATA.edge_index, 40)


def encoder(mixer: str | None, **mix: object) -> MVGRLEncoder:
    return MVGRLEncoder(DATA.num_features, 8, gen(), mixer, MixSettings(**mix)).eval()


def test_both_branches_see_what_the_dense_formula_gives() -> None:
    x = DATA.features().toarray()
    for found, operator in zip((NEAR, FAR), DENSE, strict=True):
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found, operator @ x, atol=1e-5)
    near, far = branch_inputs(DATA.edge_index, DATA.features(), "heat", time=2.0)
    np.testing.assert_allclose(near, NEAR)
    np.testing.assert_allclose(far, slow_diffusion(DENSE[0], "heat", time=2.0) @ x, atol=1e-5)
    near, far = branch_inputs(DATA.edge_index, DATA.features(), "adjacency")
    assert near is far


def test_a_path_of_two_nodes_by_hand() -> None:
    # T has 1/2 everywhere: eigenvalue 1 for (1, 1) and 0 for (1, -1), so PPR is 1 and alpha = 0.2 on these two.
    near, far = branch_inputs(np.array([[0, 1], [1, 0]]), csr_matrix(np.eye(2, dtype=np.float32)))
    np.testing.assert_allclose(near, [[0.5, 0.5], [0.5, 0.5]], atol=1e-6)
    np.testing.assert_allclose(far, [[0.6, 0.4], [0.4, 0.6]], atol=1e-6)


def test_a_branch_is_one_gcn_layer() -> None:
    model = encoder("mp-mix")
    x = DATA.features().toarray()
    for layer, operator, z in zip((model.a, model.b), DENSE, model(NEAR, FAR), strict=True):
        h = operator @ x @ layer.linear.weight.detach().numpy().T + layer.linear.bias.detach().numpy()
        np.testing.assert_allclose(z.detach(), np.where(h > 0, h, 0.25 * h), atol=1e-5)


def test_branches_are_combined() -> None:
    a, b = torch.tensor([[1.0, 2]]), torch.tensor([[3.0, 8]])
    made = {name: combine(a, b).tolist() for name, combine in COMBINED.items()}
    assert made == {"a": [[1, 2]], "b": [[3, 8]], "sum": [[4, 10]], "average": [[2, 5]], "concat": [[1, 2, 3, 8]]}


@pytest.mark.parametrize("mixer", ["mo-mix", "none"])
def test_the_readout_output_is_what_is_contrasted(mixer: str) -> None:
    model = encoder(mixer)
    mixed, other = model.views(NEAR, FAR, EDGES, gen())
    a, b = model.readout(NEAR, FAR, EDGES, gen(), "output")
    torch.testing.assert_close((a, b), (mixed.z, other))
    torch.testing.assert_close(model.readout(NEAR, FAR, EDGES, gen(), "encoder"), model(NEAR, FAR))


def test_without_mixing_the_head_follows_branch_a_and_without_a_mixer_nothing() -> None:
    model = encoder("none")
    mixed, other = model.views(NEAR, FAR, EDGES, gen())
    torch.testing.assert_close(mixed.z, model.head(model.a(NEAR)))
    torch.testing.assert_close(other, model.b(FAR))
    assert mixed.diversity == 0
    bare = encoder(None)
    torch.testing.assert_close(bare.views(NEAR, FAR, EDGES, None, SAMPLE)[0].z, bare.a(NEAR[SAMPLE]))


@pytest.mark.parametrize("operator", ["weights", "adjacency"])
@pytest.mark.parametrize("mixer", ["none", "mo-mix", "mp-mix", "mp-mix-nodiv"])
def test_a_sample_is_mixed_as_in_the_whole_graph(mixer: str, operator: str) -> None:
    model = encoder(mixer, operator=operator)
    (some, b), (whole, every) = (model.views(NEAR, FAR, EDGES, gen(), sample) for sample in (SAMPLE, None))
    torch.testing.assert_close(some.z, whole.z[SAMPLE])
    torch.testing.assert_close(b, every[SAMPLE])


@pytest.mark.parametrize("mixer", ["binary-mix", "mp-mix"])
def test_without_a_graph_a_sample_is_mixed_within_itself(mixer: str) -> None:
    model = encoder(mixer, scope="op", threshold=0.5)
    mixed, _ = model.views(NEAR, FAR, EDGES, gen(), SAMPLE)
    torch.testing.assert_close(mixed.z, model.head(model.mixer(model.a(NEAR[SAMPLE]), None).z))


def test_imix_mixes_inputs() -> None:
    model = encoder("i-mix")
    mixed, _ = model.views(NEAR, FAR, EDGES, gen(5), SAMPLE)
    partner, share = mixed.label
    inputs = share[:, None] * NEAR[SAMPLE] + (1 - share)[:, None] * NEAR[SAMPLE][partner]
    torch.testing.assert_close(mixed.z, model.head(model.a(inputs)))


def slow_branch_a(model: MVGRLEncoder) -> torch.Tensor:
    """M-Mix's layer as its code has it, by dense matrices: A X W, mixed, g without biases, bias, PReLU."""
    own = dict(model.named_parameters())

    def prelu(x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        return torch.maximum(x, torch.zeros_like(x)) + slope * torch.minimum(x, torch.zeros_like(x))

    x = torch.from_numpy(DENSE[0] @ DATA.features().toarray()).double() @ own["a.linear.weight"].T
    if isinstance(model.mixer, SimilarityMix):
        x, _ = slow_mix(model.mixer, x, [(int(j), int(i)) for j, i in EDGES.T])
    inner = prelu(x @ own["head.0.weight"].T, own["head.1.weight"])
    return prelu(inner @ own["head.2.weight"].T + own["a.linear.bias"], own["a.act.weight"])


@pytest.mark.parametrize("mixer", ["none", "mo-mix", "mp-mix"])
def test_the_codes_layer_mixes_before_the_activation_and_g_has_no_biases(mixer: str) -> None:
    model = encoder(mixer, layer="code").double()
    model.a.linear.bias.data.normal_(generator=gen(3))
    near, far = NEAR.double(), FAR.double()
    mixed, other = model.views(near, far, EDGES, gen())
    expected = slow_branch_a(model)
    torch.testing.assert_close(mixed.z, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(other, model.b(far))
    torch.testing.assert_close(model.readout(near, far, EDGES, gen(), "output")[0], mixed.z)
    torch.testing.assert_close(model.readout(near, far, EDGES, gen(), "encoder"), model(near, far))
    torch.testing.assert_close(model.views(near, far, EDGES, gen(), SAMPLE)[0].z, mixed.z[SAMPLE])
    push = torch.randn(40, 8, generator=gen(4), dtype=torch.float64)
    wanted = [value for name, value in model.named_parameters() if not name.startswith("b.")]
    found, slow = (torch.autograd.grad((z * push).sum(), wanted) for z in (mixed.z, expected))
    for one, two in zip(found, slow, strict=True):
        torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-4)


def test_both_layers_start_from_the_same_weights() -> None:
    words, code = (encoder("mp-mix", layer=layer).state_dict() for layer in ("words", "code"))
    assert set(words) - set(code) == {"head.0.bias", "head.2.bias"}
    assert all(torch.equal(words[name], code[name]) for name in code)


def test_methods_start_from_the_same_branches() -> None:
    one, two, three = (encoder(mixer).state_dict() for mixer in (None, "none", "mp-mix"))
    assert all(torch.equal(one[name], two[name]) and torch.equal(one[name], three[name]) for name in one)


def operators(**settings: object) -> Operators:
    return Operators.of(DATA.edge_index, DATA.features(), DiffusionSettings(**settings), CPU)


def test_both_operators_and_their_gradients_are_the_dense_ones() -> None:
    y = torch.randn(40, 5, generator=gen()).requires_grad_()
    weight = torch.randn(40, 5, generator=gen(1))
    made = operators(loop_weight=1)
    for sparse, operator in zip((made.a, made.b), DENSE, strict=True):
        dense = torch.from_numpy(operator).float()
        torch.testing.assert_close(sparse(y), dense @ y, atol=1e-5, rtol=0)
        (found,) = torch.autograd.grad((sparse(y) * weight).sum(), y)
        torch.testing.assert_close(found, dense.T @ weight, atol=1e-5, rtol=0)
    kernel, expected = operators(kind="heat", time=2.0).b(torch.eye(40)), slow_diffusion(DENSE[0], "heat", time=2.0)
    torch.testing.assert_close(kernel, torch.from_numpy(expected).float(), atol=1e-5, rtol=0)


def test_self_loops_of_another_weight_are_branch_as_alone() -> None:
    dense = [torch.from_numpy(part).float() for part in dense_operators(DATA.edge_index, 40, 2)]
    x = DATA.features()
    near, far = branch_inputs(DATA.edge_index, x, loop_weight=2)
    made = operators()  # the default
    for found, operator, apply in zip((near, far), dense, (made.a, made.b), strict=True):
        np.testing.assert_allclose(found, operator.numpy() @ x.toarray(), atol=1e-5)
        torch.testing.assert_close(apply(torch.eye(40)), operator, atol=1e-5, rtol=0)


def test_a_sparse_diffusion_is_not_symmetric() -> None:
    matrix = sparsified(normalised_adjacency(DATA.edge_index, 40), DATA.edge_index.shape[1] / 40, "ppr")
    dense = torch.from_numpy(slow_sparsified(DENSE[1], DATA.edge_index.shape[1])).float()
    assert not torch.allclose(dense, dense.T)
    x = DATA.features()
    near, far = branch_inputs(DATA.edge_index, x, diffusion=matrix)
    np.testing.assert_allclose(near, NEAR)
    np.testing.assert_allclose(far, dense.numpy() @ x.toarray(), atol=1e-5)
    made = Operators.of(DATA.edge_index, x, DiffusionSettings(), CPU, matrix)
    y = torch.randn(40, 5, generator=gen()).requires_grad_()
    weight = torch.randn(40, 5, generator=gen(1))
    torch.testing.assert_close(made.b(y), dense @ y, atol=1e-5, rtol=0)
    (found,) = torch.autograd.grad((made.b(y) * weight).sum(), y)
    torch.testing.assert_close(found, dense.T @ weight, atol=1e-5, rtol=0)
    torch.testing.assert_close(made.a(y), operators().a(y))


def test_where_branch_a_mixes_by_its_adjacency_self_loops_have_its_weight() -> None:
    mix = MixSettings(operator="adjacency")
    model = MVGRLEncoder(DATA.num_features, 8, gen(), "mo-mix", mix, 2).eval()
    z = model.a(NEAR)
    dense = torch.from_numpy(dense_operators(DATA.edge_index, 40, 2)[0]).float()
    torch.testing.assert_close(model.views(NEAR, FAR, EDGES, gen())[0].z, model.head(dense @ z))


def test_the_loss_of_the_discriminator_by_hand() -> None:
    own = LocalGlobal(1, torch.Generator())
    own.weight.data.fill_(2.0)
    a, b = torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [-1.0]])
    false_a, false_b = torch.tensor([[3.0]]), torch.tensor([[-2.0]])
    # Both means are 0, so both summaries are sigmoid(0) * 2 = 1, and scores are the values themselves.
    true = [math.log1p(math.exp(-value)) for value in (1, -1, 0, 0)]
    false = [math.log1p(math.exp(value)) for value in (3, -2)]
    expected = (sum(true) / 4 + sum(false) / 2) / 2
    assert own(a, b, false_a, false_b).item() == pytest.approx(expected)
    own.weight.data.zero_()
    assert own(a, b, false_a, false_b).item() == pytest.approx(math.log(2))


def test_each_branch_is_scored_against_the_others_summary() -> None:
    own = LocalGlobal(3, gen())
    z = torch.randn(4, 5, 3, generator=gen(2), dtype=torch.float64)
    weight = own.weight.detach().double().numpy()
    a, b, false_a, false_b = z.numpy()
    losses = []
    for nodes, false, other in ((b, false_b, a), (a, false_a, b)):
        summary = 1 / (1 + np.exp(-other.mean(0)))
        losses += [(0, -math.log(1 / (1 + math.exp(-(row @ weight @ summary))))) for row in nodes]
        losses += [(1, -math.log(1 - 1 / (1 + math.exp(-(row @ weight @ summary))))) for row in false]
    expected = sum(np.mean([value for kind, value in losses if kind == which]) for which in (0, 1)) / 2
    assert own.double()(*z).item() == pytest.approx(expected)


def test_a_bilinear_discriminator_is_torchs_layer_drawn_as_such() -> None:
    own, layer = LocalGlobal(6, gen()).double(), torch.nn.Bilinear(6, 6, 1).double()
    drawn = torch.nn.init.xavier_uniform_(torch.empty(1, 6, 6), generator=gen())
    assert torch.equal(own.weight, drawn[0].double())
    assert own.weight.abs().max() <= math.sqrt(6 / 42)
    assert LocalGlobal(6, gen(), bilinear=False).weight.abs().max() > math.sqrt(6 / 42)
    own.bias.data.fill_(0.4)
    layer.weight.data.copy_(own.weight[None])
    layer.bias.data.fill_(0.4)
    z = torch.randn(4, 5, 6, generator=gen(2), dtype=torch.float64)
    a, b, false_a, false_b = z
    toward_a, toward_b = (nodes.mean(0).sigmoid().expand(5, 6) for nodes in (a, b))
    scores = [layer(nodes, c) for nodes, c in ((b, toward_a), (a, toward_b), (false_b, toward_a), (false_a, toward_b))]
    labels = torch.tensor([1.0, 0.0], dtype=torch.float64).repeat_interleave(10)[:, None]
    expected = torch.nn.functional.binary_cross_entropy_with_logits(torch.cat(scores), labels)
    found = own(*z)
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(loss, [w.weight, w.bias]) for loss, w in ((found, own), (expected, layer))]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two.reshape(one.shape))
