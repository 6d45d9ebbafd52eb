import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.augment.graphs import AUGMENTATIONS, Union
from relamp.errors import RelampError
from unions import complete, cycle, packed, parts, path, star, undirected, union, unions

every = pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
readings = pytest.mark.parametrize("reading", ["paper", "code"])
RNG = np.random.default_rng


def same(a, b) -> bool:
    redraw = (a.redraw is None and b.redraw is None) or np.array_equal(a.redraw, b.redraw)
    arrays = zip((a.keep, a.edge_index, a.edge_origin), (b.keep, b.edge_index, b.edge_origin), strict=True)
    return redraw and all(np.array_equal(x, y) for x, y in arrays)


@every
@readings
@settings(max_examples=40, deadline=None)
@given(given_union=unions(), strength=st.floats(0, 1), seed=st.integers(0, 9))
def test_laws_of_a_view(name, reading, given_union, strength, seed) -> None:
    edge_index, offset = given_union
    before = edge_index.copy()
    view = AUGMENTATIONS[name](Union.of(edge_index, offset, strength, reading), RNG(seed))
    assert same(view, AUGMENTATIONS[name](Union.of(edge_index, offset, strength, reading), RNG(seed)))
    assert np.array_equal(edge_index, before)
    assert view.keep.shape == (offset[-1],)
    assert view.edge_index.dtype == view.edge_origin.dtype == np.int64
    assert view.edge_index.shape == (2, len(view.edge_origin))
    assert view.keep[view.edge_index].all()
    # Every edge takes its attributes from an edge of the same graph; only perturbation makes edges that were not there.
    graph = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    origin = edge_index[:, view.edge_origin]
    assert np.array_equal(graph[view.edge_index[0]], graph[origin[0]])
    assert np.array_equal(graph[view.edge_index[1]], graph[origin[0]])
    if name != "edge_perturbation":
        assert np.array_equal(view.edge_index, origin)
        both = view.keep[edge_index].all(axis=0)
        if reading == "code" and strength > 0:
            both &= edge_index[0] != edge_index[1]
        assert np.array_equal(view.edge_origin, np.flatnonzero(both))
    assert (view.redraw is not None) == (name == "attribute_masking")
    if reading == "code" and strength > 0:
        held = set(view.edge_index.ravel().tolist()) | set(edge_index[0, edge_index[0] == edge_index[1]].tolist())
        assert (view.edge_index[0] != view.edge_index[1]).all()
        assert set(np.flatnonzero(view.keep).tolist()) <= held


@every
@readings
@settings(max_examples=15, deadline=None)
@given(given_union=unions())
def test_strength_zero_is_the_identity(name, reading, given_union) -> None:
    edge_index, offset = given_union
    view = AUGMENTATIONS[name](Union.of(edge_index, offset, 0.0, reading), RNG(0))
    assert view.keep.all()
    assert np.array_equal(view.edge_index, edge_index)
    assert np.array_equal(view.edge_origin, np.arange(edge_index.shape[1]))
    assert view.redraw is None or not view.redraw.any()


@every
@readings
@settings(max_examples=25, deadline=None)
@given(given_union=unions(), seed=st.integers(0, 9), data=st.data())
def test_graphs_outside_the_mask_are_left_alone(name, reading, given_union, seed, data) -> None:
    edge_index, offset = given_union
    count = len(offset) - 1
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype=bool)
    view = AUGMENTATIONS[name](Union.of(edge_index, offset, 0.5, reading).only(mask), RNG(seed))
    whole = AUGMENTATIONS[name](Union.of(edge_index, offset, 0.0), RNG(seed))
    for altered, found, original in zip(mask, parts(view, offset), parts(whole, offset), strict=True):
        assert altered or found == original
    if view.redraw is not None:
        assert not view.redraw[~np.repeat(mask, np.diff(offset))].any()


@every
@readings
def test_the_mask_alters_what_it_names(name, reading) -> None:
    edge_index, offset = union([cycle(12)] * 3)
    view = AUGMENTATIONS[name](Union.of(edge_index, offset, 0.5, reading).only(np.array([True, False, True])), RNG(0))
    first, second, third = parts(view, offset)
    original = parts(AUGMENTATIONS[name](Union.of(edge_index, offset, 0.0), RNG(0)), offset)[0]
    assert second == original
    if name == "attribute_masking":
        assert view.redraw.reshape(3, 12).sum(axis=1).tolist() == [6, 0, 6]
    else:
        assert original not in (first, third)


@every
@readings
def test_another_seed_gives_another_view(name, reading) -> None:
    edge_index, offset = union([cycle(20), star(20), complete(9)])
    first, other = (AUGMENTATIONS[name](Union.of(edge_index, offset, 0.3, reading), RNG(s)) for s in (0, 1))
    assert not same(first, other)


@every
def test_narrow_integers_do_not_overflow(name) -> None:
    data = packed([undirected(300, [(i, i + 1) for i in range(299)])])
    wide = AUGMENTATIONS[name](Union.of(data.edge_index.astype(np.int64), data.node_offset, 0.3), RNG(0))
    assert same(AUGMENTATIONS[name](Union.of(data.edge_index, data.node_offset, 0.3), RNG(0)), wide)


@every
def test_senseless_arguments_are_refused(name) -> None:
    edge_index, offset = union([path(3)])
    for strength in (-0.1, 1.1, float("nan")):
        with pytest.raises(RelampError, match="is no share"):
            AUGMENTATIONS[name](Union.of(edge_index, offset, strength), RNG(0))
    with pytest.raises(RelampError, match="no reading 'words'; choose one of paper, code"):
        AUGMENTATIONS[name](Union.of(edge_index, offset, 0.1, "words"), RNG(0))
    with pytest.raises(RelampError, match="for 1 graphs"):
        AUGMENTATIONS[name](Union.of(edge_index, offset, 0.1).only(np.ones(2, dtype=bool)), RNG(0))
