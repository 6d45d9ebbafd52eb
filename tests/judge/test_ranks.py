import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.judge.ranks import critical_difference, rank_methods, undecided_groups

# Demsar 2006, Table 6: AUC of C4.5 with parameters m and cf tuned or not. Its last digits hide one difference: voting
# is printed as 0.975 twice, with the ranks 2 and 3, so the third digit is completed here.
NAMES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
DEMSAR = {
    "adult (sample)": (0.763, 0.768, 0.771, 0.798),
    "breast cancer": (0.599, 0.591, 0.590, 0.569),
    "breast cancer wisconsin": (0.954, 0.971, 0.968, 0.967),
    "cmc": (0.628, 0.661, 0.654, 0.657),
    "ionosphere": (0.882, 0.888, 0.886, 0.898),
    "iris": (0.936, 0.931, 0.916, 0.931),
    "liver disorders": (0.661, 0.668, 0.609, 0.685),
    "lung cancer": (0.583, 0.583, 0.563, 0.625),
    "lymphography": (0.775, 0.838, 0.866, 0.875),
    "mushroom": (1.000, 1.000, 1.000, 1.000),
    "primary tumor": (0.940, 0.962, 0.965, 0.962),
    "rheum": (0.619, 0.666, 0.614, 0.669),
    "voting": (0.972, 0.981, 0.9751, 0.9750),
    "wine": (0.957, 0.978, 0.946, 0.970),
}


def as_cells(table: dict[str, tuple[float, ...]], names: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (name, dataset, value) for dataset, values in table.items() for name, value in zip(names, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["method", "dataset", "mean"])


def slow_ranks(table: dict[str, tuple[float, ...]], names: tuple[str, ...]) -> dict[str, float]:
    """Count, on each data set, the better ones and half of the equal ones."""
    ranks = {}
    for number, name in enumerate(names):
        on_each = [
            1 + sum(other > line[number] for other in line) + (sum(other == line[number] for other in line) - 1) / 2
            for line in table.values()
        ]
        ranks[name] = sum(on_each) / len(on_each)
    return ranks


def slow_friedman(table: dict[str, tuple[float, ...]], ranks: dict[str, float]) -> tuple[float, float]:
    """Demsar 2006, Section 3.2.2, without the correction for ties, and that correction (Conover 1999, Section 5.8)."""
    n, k = len(table), len(ranks)
    plain = 12 * n / (k * (k + 1)) * (sum(rank**2 for rank in ranks.values()) - k * (k + 1) ** 2 / 4)
    ties = sum(line.count(value) ** 3 - line.count(value) for line in table.values() for value in set(line))
    return plain, 1 - ties / (n * k * (k * k - 1))


def test_demsars_worked_example() -> None:
    found = rank_methods(as_cells(DEMSAR, NAMES))
    # The average ranks of Table 6.
    printed = {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}
    assert dict(found.ranks) == pytest.approx(printed, abs=5e-4)
    assert list(found.ranks) == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    # He finds chi-squared 9.28 without a correction for ties, which scipy makes.
    plain, correction = slow_friedman(DEMSAR, dict(found.ranks))
    assert plain == pytest.approx(9.28, abs=5e-3)
    assert found.friedman is not None
    assert found.friedman * correction == pytest.approx(plain)
    # And by chi-squared of 3 degrees of freedom, whose survival function has this closed form.
    x = found.friedman
    survival = math.erfc(math.sqrt(x / 2)) + math.sqrt(2 * x / math.pi) * math.exp(-x / 2)
    assert found.p_value == pytest.approx(survival)
    # "The critical value at α = 0.05 is 2.569, and the critical difference 1.25": nobody differs.
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)


def test_demsars_worked_example_at_ten_per_cent() -> None:
    # "At α = 0.10 ... 1.12": C4.5 is worse than C4.5+m and C4.5+m+cf, C4.5+cf in neither group alone (his Figure 1a).
    found = rank_methods(as_cells(DEMSAR, NAMES), alpha=0.10)
    assert found.critical_difference == pytest.approx(1.12, abs=5e-3)
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf"), ("C4.5+cf", "C4.5"))


@pytest.mark.parametrize(
    ("methods", "alpha", "q"),
    [(2, 0.05, 1.960), (3, 0.05, 2.343), (6, 0.05, 2.850), (10, 0.05, 3.164), (4, 0.10, 2.291), (10, 0.10, 2.920)],
)
def test_critical_values_of_demsars_table_5(methods: int, alpha: float, q: float) -> None:
    found = critical_difference(methods, 20, alpha)
    assert found == pytest.approx(q * math.sqrt(methods * (methods + 1) / 120), rel=5e-4)


def test_only_data_sets_that_all_have_count() -> None:
    cells = as_cells(DEMSAR, NAMES)
    cells = cells[~((cells["method"] == "C4.5") & cells["dataset"].isin(["wine", "cmc"]))]
    cells.loc[cells["dataset"] == "iris", "mean"] = math.nan
    found = rank_methods(cells)
    assert found.left_out == ("cmc", "iris", "wine")
    rest = {name: values for name, values in DEMSAR.items() if name not in found.left_out}
    assert found.datasets == tuple(sorted(rest))
    assert dict(found.ranks) == pytest.approx(slow_ranks(rest, NAMES))


def test_too_little_for_a_test_is_ranked_all_the_same() -> None:
    one = rank_methods(as_cells({"MUTAG": (3.0, 2.0, 2.0)}, ("a", "b", "c")))
    assert dict(one.ranks) == {"a": 1.0, "b": 2.5, "c": 2.5}
    two = rank_methods(as_cells({"MUTAG": (3.0, 2.0), "NCI1": (3.0, 2.0)}, ("a", "b")))
    assert dict(two.ranks) == {"a": 1.0, "b": 2.0}
    for few in (one, two):
        assert (few.friedman, few.p_value, few.critical_difference, few.groups) == (None, None, None, ())


def test_nonsense_is_refused() -> None:
    cells = as_cells(DEMSAR, NAMES)
    with pytest.raises(RelampError, match=r"method C4\.5, dataset wine: a cell to rank has a duplicate"):
        rank_methods(pd.concat([cells, cells[cells["dataset"] == "wine"]]))
    with pytest.raises(RelampError, match="1 methods have 14 data sets"):
        rank_methods(cells[cells["method"] == "C4.5"])
    apart = cells[(cells["method"] == "C4.5") == (cells["dataset"] == "wine")]
    with pytest.raises(RelampError, match=r"4 methods have 0 data sets .*C4\.5"):
        rank_methods(apart)
    # A method without any value is not silently left out.
    with pytest.raises(RelampError, match=r"4 methods have 0 .*C4\.5\+m"):
        rank_methods(cells.assign(mean=cells["mean"].mask(cells["method"] == "C4.5+m")))
    with pytest.raises(RelampError, match="0 methods have 0"):
        rank_methods(cells.iloc[:0])


def test_methods_that_are_all_alike() -> None:
    found = rank_methods(as_cells({"A": (1.0,) * 3, "B": (2.0,) * 3}, ("x", "y", "z")))
    assert (found.friedman, found.p_value, found.groups) == (0.0, 1.0, (("x", "y", "z"),))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_ranks_against_a_slow_count_in_any_order(data: st.DataObject) -> None:
    names = tuple("abcdef"[: data.draw(st.integers(3, 6))])
    # Few values, so that there are ties.
    lines = st.tuples(*[st.integers(0, 4).map(float)] * len(names))
    table = dict(enumerate(data.draw(st.lists(lines, min_size=2, max_size=8))))
    named = {f"D{number}": line for number, line in table.items()}
    cells = as_cells(named, names)
    found = rank_methods(cells)
    assert dict(found.ranks) == pytest.approx(slow_ranks(named, names))
    plain, correction = slow_friedman(named, dict(found.ranks))
    if correction > 0:
        assert found.friedman == pytest.approx(plain / correction, abs=1e-9)
    assert rank_methods(cells.sample(frac=1, random_state=len(cells))) == found
    assert sum(found.ranks.values()) == pytest.approx(len(names) * (len(names) + 1) / 2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1, 9), min_size=1, max_size=9), st.floats(0.1, 9))
def test_groups_are_the_largest_sets_without_a_difference(ranks: list[float], difference: float) -> None:
    named = {chr(97 + number): rank for number, rank in enumerate(ranks)}

    def alike(group: tuple[str, ...]) -> bool:
        return all(abs(named[one] - named[other]) < difference for one, other in combinations(group, 2))

    cliques = [set(group) for size in range(2, len(named) + 1) for group in combinations(named, size) if alike(group)]
    largest = [group for group in cliques if not any(group < other for other in cliques)]
    found = undecided_groups(named, difference)
    assert sorted(map(sorted, found)) == sorted(map(sorted, largest))
    starts = [min(named[name] for name in group) for group in found]
    assert starts == sorted(starts)
    assert all(np.diff([named[name] for name in group]).min() >= 0 for group in found)


def test_sums_that_differ_in_their_last_bit_are_equal() -> None:
    cells = as_cells({"D": (0.1 + 0.2, 0.3, 0.1), "E": (0.3, 0.1 + 0.2, 0.1)}, ("a", "b", "c"))
    assert 0.1 + 0.2 != 0.3
    assert rank_methods(cells).ranks == {"a": 1.5, "b": 1.5, "c": 3.0}
    assert rank_methods(as_cells({"D": (0.1 + 0.2, 0.3, 0.1)}, ("a", "b", "c"))).ranks["b"] == 1.5
