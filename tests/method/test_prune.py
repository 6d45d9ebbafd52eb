import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relamp.method.prune import prune, pruned_count, weight_matrices
from relamp.model.gin import GIN
from relamp.model.molecular_gin import MolecularGIN
from seeded import gen

W = torch.tensor([[0.1, -4.0, 2.0], [-0.5, 0.3, 0.0]])


def test_magnitude_by_hand() -> None:
    # |w| ascending: 0 (last), 0.1 (first), 0.3, 0.5, 2, 4; half of six are pruned.
    mask = prune({"w": W}, 0.5, "magnitude")["w"]
    assert mask.tolist() == [[False, True, True], [True, False, False]]


def test_soft_filter_by_hand() -> None:
    # Row norms: sqrt(20.01) and sqrt(0.34): the second filter goes, with all its weights.
    mask = prune({"w": W}, 0.5, "soft-filter")["w"]
    assert mask.tolist() == [[True] * 3, [False] * 3]


def test_scope_encoder_ranks_over_all_matrices() -> None:
    weights = {"small": torch.tensor([[0.1, 0.2]]), "large": torch.tensor([[5.0, 6.0]])}
    by_layer = prune(weights, 0.5, "magnitude", "layer")
    overall = prune(weights, 0.5, "magnitude", "encoder")
    assert [m.tolist() for m in by_layer.values()] == [[[False, True]], [[False, True]]]
    assert [m.tolist() for m in overall.values()] == [[[False, False]], [[True, True]]]
    filters = {"a": torch.tensor([[1.0, 1.0], [9.0, 0.0]]), "b": torch.tensor([[0.1], [0.2]])}
    assert [m.tolist() for m in prune(filters, 0.5, "soft-filter", "encoder").values()] == [
        [[True, True], [True, True]],
        [[False], [False]],
    ]


@pytest.mark.parametrize(("size", "ratio", "count"), [(100, 0.29, 29), (20, 0.35, 7), (10, 0.19, 1), (7, 0.0, 0)])
def test_count_is_the_whole_part(size: int, ratio: float, count: int) -> None:
    assert pruned_count(size, ratio) == count


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 8),
    st.integers(1, 8),
    st.floats(0, 0.99),
    st.sampled_from(["magnitude", "soft-filter"]),
)
def test_against_sorting_by_hand(seed: int, rows: int, columns: int, ratio: float, strategy) -> None:
    weight = torch.randn(rows, columns, generator=gen(seed))
    mask = prune({"w": weight}, ratio, strategy)["w"]
    if strategy == "magnitude":
        places = sorted(((i, j) for i in range(rows) for j in range(columns)), key=lambda p: abs(weight[p].item()))[
            : pruned_count(rows * columns, ratio)
        ]
    else:
        norms = [sum(v * v for v in row) for row in weight.tolist()]
        worst = sorted(range(rows), key=lambda i: norms[i])[: pruned_count(rows, ratio)]
        places = [(i, j) for i in worst for j in range(columns)]
    assert {(i, j) for i, j in (~mask).nonzero().tolist()} == set(places)


def test_equal_weights_are_pruned_in_order_of_place() -> None:
    assert prune({"w": torch.ones(1, 4)}, 0.5, "magnitude")["w"].tolist() == [[False, False, True, True]]


@pytest.mark.parametrize("ratio", [-0.1, 1.0, 1.5])
def test_ratio_outside_its_range_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\)"):
        prune({"w": W}, ratio, "magnitude")


def test_only_transformation_weights_are_pruned() -> None:
    generator = gen()
    gin = GIN((7,), 32, 3, generator)
    assert {name: tuple(w.shape) for name, w in weight_matrices(gin).items()} == {
        "updates.0.0.weight": (32, 7),
        "updates.0.2.weight": (32, 32),
        "updates.1.0.weight": (32, 32),
        "updates.1.2.weight": (32, 32),
        "updates.2.0.weight": (32, 32),
        "updates.2.2.weight": (32, 32),
    }
    molecular = weight_matrices(MolecularGIN(8, 2, generator))
    assert set(molecular) == {f"updates.{i}.{j}.weight" for i in (0, 1) for j in (0, 2)}


def test_masks_do_not_follow_the_gradient() -> None:
    linear = nn.Linear(3, 2)
    assert not any(
        mask.requires_grad for mask in prune(weight_matrices(nn.Sequential(linear)), 0.5, "magnitude").values()
    )
