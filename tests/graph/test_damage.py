import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import relamp.graph.damage as module
from relamp.augment.graphs import AUGMENTATIONS, Union
from relamp.errors import RelampError
from relamp.graph.damage import measure_damage
from unions import complete, cycle, packed, path, star, undirected

RNG = np.random.default_rng
MIXED = [star(6), (4, []), cycle(9), (2, [(1, 1)]), (0, []), complete(7), (1, [(0, 0)]), path(8)]


def test_by_hand() -> None:
    data = packed([complete(10), cycle(10)])
    rows = measure_damage(data, "node_drop", "paper", 0.2, 3, RNG(0))
    first = rows[rows["graph"] == 0]
    # K_10 becomes K_8: ln 10 to ln 8.
    np.testing.assert_allclose(first["before"], math.log(10))
    np.testing.assert_allclose(first["after"], math.log(8))
    np.testing.assert_allclose(first["value"], 1 - math.log(8) / math.log(10))
    assert len(first) == 3
    # A fifth of a cycle is a path of two nodes.
    grown = measure_damage(data, "subgraph", "paper", 0.2, 2, RNG(0))
    np.testing.assert_allclose(grown["value"], 1 - math.log(2) / math.log(10))
    masked = measure_damage(data, "attribute_masking", "paper", 0.2, 1, RNG(0))
    assert masked["value"].tolist() == [0, 0]
    emptied = measure_damage(data, "node_drop", "paper", 1.0, 1, RNG(0))
    assert emptied["value"].tolist() == [1, 1]


def test_edge_perturbation_can_add_entropy() -> None:
    rows = measure_damage(packed([star(200)] * 5), "edge_perturbation", "paper", 0.2, 2, RNG(0))
    assert (rows["value"] < 0).all()


def test_status() -> None:
    rows = measure_damage(packed(MIXED, name="a"), "node_drop", "paper", 0.5, 4, RNG(0))
    assert rows.loc[0, ["dataset", "augmentation", "reading"]].tolist() == ["a", "node_drop", "paper"]
    expected = ["ok", "no_edges", "ok", "zero_entropy", "no_edges", "ok", "zero_entropy", "ok"]
    assert rows["status"].tolist() == expected * 4
    assert rows["draw"].tolist() == [d for d in range(4) for _ in MIXED]
    assert rows["graph"].tolist() == list(range(8)) * 4
    assert np.array_equal(rows["value"].notna(), rows["status"] == "ok")
    assert (rows.loc[rows["status"] != "ok", "before"] == 0).all()


@pytest.mark.parametrize("name", ["node_drop", "edge_perturbation", "subgraph"])
@pytest.mark.parametrize("reading", ["paper", "code"])
@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_against_networkx(name, reading, strength) -> None:
    models = [nx.gnp_random_graph(n, 0.3, seed=n) for n in (5, 12, 25)]
    data = packed([undirected(len(g), g.edges) for g in models])
    rows = measure_damage(data, name, reading, strength, 1, RNG(7))
    [generator] = RNG(7).spawn(1)
    view = AUGMENTATIONS[name](Union.of(data.global_edge_index(), data.node_offset, strength, reading), generator)
    changed = nx.MultiDiGraph(view.edge_index.T.tolist())
    for number, model in enumerate(models):
        nodes = range(data.node_offset[number], data.node_offset[number + 1])
        after = slow([changed.degree(v) / 2 for v in nodes if v in changed])
        before = slow([d for _, d in model.degree])
        assert rows["value"][number] == pytest.approx(1 - after / before, abs=1e-12)
    assert strength > 0 or (rows["value"] == 0).all()


def slow(degree) -> float:
    return -sum(g / sum(degree) * math.log(g / sum(degree)) for g in degree if g)


def test_same_seed_same_rows_and_more_draws_change_none() -> None:
    data = packed(MIXED)
    few, again = (measure_damage(data, "edge_perturbation", "code", 0.4, 2, RNG(3)) for _ in range(2))
    many = measure_damage(data, "edge_perturbation", "code", 0.4, 5, RNG(3))
    pd.testing.assert_frame_equal(few, again)
    pd.testing.assert_frame_equal(few, many[: len(few)])
    assert many["value"].nunique() > few["value"].nunique()


def test_pieces_cover_every_graph_once(monkeypatch) -> None:
    whole = measure_damage(packed(MIXED), "subgraph", "paper", 1.0, 1, RNG(0))
    for size in (1, 7, 20):
        monkeypatch.setattr(module, "_PIECE", size)
        pieces = list(module._pieces(packed(MIXED).edge_offset))
        assert len(pieces) > 1
        assert [g for first, last in pieces for g in range(first, last)] == list(range(len(MIXED)))
        # All graphs with edges but the looped ones are connected, so at strength 1 growth keeps them whole.
        pd.testing.assert_frame_equal(measure_damage(packed(MIXED), "subgraph", "paper", 1.0, 1, RNG(0)), whole)
    assert (whole["value"].dropna() == 0).all()


def test_no_graphs() -> None:
    assert len(measure_damage(packed([]), "node_drop", "paper", 0.2, 2, RNG(0))) == 0


def test_unknown_augmentation() -> None:
    with pytest.raises(RelampError, match="tiny: no augmentation 'shake'; choose one of node_drop"):
        measure_damage(packed([path(3)]), "shake", "paper", 0.2, 1, RNG(0))
