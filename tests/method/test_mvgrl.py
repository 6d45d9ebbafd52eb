from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from diffused import dense_operators, slow_sparsified
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.method.base import build
from relamp.method.mvgrl import MVGRL
from relamp.method.nodes import NodeBatch
from relamp.method.table import METHODS
from relamp.settings.nodes import NodePretraining
from relamp.study.overrides import overridden, place
from relamp.study.readings import TRAINING, all_readings
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
SETTINGS = NodePretraining(hidden=8, branches=("a", "b", "average"))


def dense_loss(encoder, own, order: torch.Tensor, rows: torch.Tensor | None, *operators: np.ndarray) -> torch.Tensor:
    x = torch.from_numpy(MVGRL(SETTINGS).inputs(DATA).toarray())
    dense = [
        layer.act(torch.from_numpy(operator).float() @ features @ layer.linear.weight.T + layer.linear.bias)
        for features in (x, x[order])
        for layer, operator in zip((encoder.a, encoder.b), operators, strict=True)
    ]
    return own(*(z if rows is None else z[rows] for z in dense))


@pytest.mark.parametrize("rows", [None, torch.tensor([0, 3, 17, 39])])
@pytest.mark.parametrize(("loop", "sparse"), [(1, False), (2, False), (2, True)])
def test_mvgrls_own_objective_is_that_of_shuffled_features_on_the_same_graph(
    rows: torch.Tensor | None, loop: int, sparse: bool
) -> None:
    diffusion = {"loop_weight": loop, "sparsified": "always" if sparse else "never"}
    method = MVGRL(NodePretraining(hidden=8, diffusion=diffusion), objective="local-global")
    encoder, own = method.draw(DATA, gen())
    near, far = dense_operators(DATA.edge_index, 40, loop)
    far = slow_sparsified(far, DATA.edge_index.shape[1]) if sparse else far
    order = torch.randperm(40, generator=gen(7))
    expected = dense_loss(encoder, own, order, rows, near, far)
    found = method.loss(encoder, own, NodeBatch(method.prepare(DATA, CPU), rows), randomness(7)).total
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    wanted = [encoder.a.linear.weight, encoder.b.linear.bias, encoder.b.linear.weight, own.weight]
    check_gradients(found, expected, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", ["Cora", "Citeseer"])
def test_the_diffusion_of_citeseer_is_sparsified_as_all_are_if_wanted(name: str) -> None:
    data, seen = replace(DATA, name=name), {}
    for when in ("never", "citeseer", "always"):
        diffusion = {"sparsified": when}
        seen[when] = MVGRL(NodePretraining(hidden=8, diffusion=diffusion), "mp-mix").prepare(data, CPU)
    assert torch.equal(seen["never"].a, seen["always"].a)
    assert not torch.allclose(seen["never"].b, seen["always"].b, atol=1e-3)
    assert torch.equal(seen["citeseer"].b, seen["always" if name == "Citeseer" else "never"].b)


def test_both_branches_together_are_averaged_by_m_mix_and_summed_by_mvgrl() -> None:
    def embedded(objective: str = "info-nce", **options: str) -> dict[str, torch.Tensor]:
        method = MVGRL(SETTINGS.model_copy(update=options), objective=objective)
        encoder, head = method.draw(DATA, gen())
        return method.embed(encoder, head, NodeBatch(method.prepare(DATA, CPU)), gen())

    for objective, option, default in (("info-nce", "together", "average"), ("local-global", "host_together", "sum")):
        assert list(embedded(objective)) == ["a", "b", default]
        mean, total = (embedded(objective, **{option: which}) for which in ("average", "sum"))
        torch.testing.assert_close(2 * mean.pop("average"), total["sum"])
        torch.testing.assert_close(total.pop("sum"), mean["a"] + mean["b"])
        assert all(torch.equal(mean[branch], total[branch]) for branch in mean)
        (other,) = {"together", "host_together"} - {option}
        assert list(embedded(objective, **{other: default})) == ["a", "b", default]


def test_the_wanted_branches_are_embedded() -> None:
    method = MVGRL(SETTINGS.model_copy(update={"branches": ("concat", "a", "z")}), mixer="mp-mix")
    encoder, head = method.draw(DATA, gen())
    graph = method.prepare(DATA, CPU)
    made = method.embed(encoder, head, NodeBatch(graph), torch.Generator())
    assert list(made) == ["concat", "a", "z"]
    a, b = encoder.readout(graph.a, graph.b, graph.edge_index, torch.Generator(), "output")
    torch.testing.assert_close(made["concat"], torch.cat([a, b], dim=1))
    torch.testing.assert_close(made["a"], a)
    torch.testing.assert_close(made["z"], encoder(graph.a, graph.b)[0])


def test_options_of_mixing_lie_over_the_settings() -> None:
    settings = NodePretraining(mix={"threshold": 0.5})
    assert MVGRL(settings, "mo-mix", mix={"scope": "op"}).mix == settings.mix.model_copy(update={"scope": "op"})
    with pytest.raises(ValueError, match="there is no adjacency"):
        MVGRL(settings, "mo-mix", mix={"scope": "op", "operator": "adjacency"})


@pytest.mark.parametrize("contrast", ["all", "across"])
def test_negatives_are_those_of_both_branches_or_of_the_other_alone(contrast: str) -> None:
    method = MVGRL(SETTINGS.model_copy(update={"contrast": contrast, "temperature": 0.5}), "mo-mix")
    encoder, head = method.draw(DATA, gen())
    graph, sample = method.prepare(DATA, CPU), torch.tensor([0, 3, 17, 39, 8])
    mixed, other = encoder.views(graph.a, graph.b, graph.edge_index, gen(), sample)
    u, v = (normalize(z, dim=1) for z in (mixed.z, other))
    logits, target = u @ v.T / 0.5, torch.arange(5)
    if contrast == "across":
        expected = (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2
    else:
        every = torch.cat([u, v])
        expected = cross_entropy((every @ every.T / 0.5).fill_diagonal_(-torch.inf), torch.arange(10).roll(5))
    found = method.loss(encoder, head, NodeBatch(graph, sample), randomness()).total
    torch.testing.assert_close(found, expected)
    wanted = [encoder.a.linear.weight, encoder.b.linear.weight]
    check_gradients(found, expected, wanted, atol=1e-6, rtol=1e-4)


def test_i_mix_has_labels_of_its_own_in_whatever_contrast() -> None:
    losses = []
    for contrast in ("all", "across"):
        method = MVGRL(SETTINGS.model_copy(update={"contrast": contrast}), "i-mix")
        encoder, head = method.draw(DATA, gen())
        graph = method.prepare(DATA, CPU)
        losses.append(method.loss(encoder, head, NodeBatch(graph), randomness(3)).total)
        mixed, other = encoder.views(graph.a, graph.b, graph.edge_index, gen(3))
        partner, share = mixed.label
        label = torch.diag(share).index_put_((torch.arange(40), partner), 1 - share, accumulate=True)
        expected = cross_entropy(normalize(mixed.z, dim=1) @ normalize(other, dim=1).T, label)
        torch.testing.assert_close(losses[-1], expected)
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", ["mp-mix-code", "mo-mix-code", "mvgrl-code"])
def test_methods_as_in_code_are_those_with_all_answers_of_public_code(name: str) -> None:
    row, plain = METHODS["nodes"][name], METHODS["nodes"][name.removesuffix("-code")]
    settings = NodePretraining(hidden=8, branches=("average", "a"), epochs=50, checkpoints=(0,))
    given = {"alpha": 0.5, "sparsified": "never", "layer": "words", "patience": 7, "learning_rate": 0.5}
    # What is given does not matter, but for what the code leaves to the settings.
    other = overridden(settings, plain, given)
    answers = {}
    for reading in all_readings():
        # Of mo-mix the code knows nothing.
        left_open = name == "mo-mix-code" and reading.key == "operator"
        if (
            (reading.domain, reading.paper, reading.of) == ("nodes", "mmix", TRAINING)
            and reading.code
            and not left_open
        ):
            concerned = reading.concerns(name.removesuffix("-code"))
            answers |= reading.answers[reading.code] if concerned else {}
    if name == "mvgrl-code":
        answers |= {"patience": 20, "hidden": 512, "learning_rate": 1e-3}
        assert {"host_together", "loop_weight", "sample", "features", "sparsified"} <= set(answers)
    else:
        answers |= {"learning_rate": 0.5}
        assert {"contrast", "together", "layer", "patience", "readout"} <= set(answers)
    expected = overridden(settings, plain, {**answers, "sample_size": 2000})
    made = build({"maker": row.maker, "options": row.fixed, "trains": True}, other)
    assert made.settings == expected
    assert all(place(settings, row, key) is None for key in answers if key != "learning_rate" or name == "mvgrl-code")
    assert place(settings, row, "epochs") == ("epochs",)


def test_mvgrls_own_objective_mixes_nothing() -> None:
    with pytest.raises(ValueError, match="MVGRL's own, which mixes nothing"):
        MVGRL(SETTINGS, "mp-mix", "local-global")
