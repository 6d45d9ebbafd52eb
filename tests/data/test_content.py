from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from packed_examples import small_images, small_nodes, typed_paths
from relamp.data.content import Content, check_content, content_of
from relamp.data.fingerprint import fingerprint, ordered_fingerprint
from relamp.data.mirror import Fetched
from relamp.data.packed import PackedGraphs
from relamp.data.registry import REGISTRY, Dataset, Expected, RemoteFile, Variant
from relamp.errors import RelampError

KNOWN, UNKNOWN = "1" * 64, "2" * 64


def fetched(digest: str = KNOWN, form: str = "upstream") -> Fetched:
    file = RemoteFile("Set", "a.zip", (), (Variant(KNOWN, form),))  # type: ignore[arg-type]
    return Fetched(file, Path("m/Set/a.zip"), "mirror m", digest)


def row(data: PackedGraphs, **changes: object) -> Dataset:
    """A registry's row that expects these graphs."""
    found = content_of(data)
    expected = Expected(**found.counts)  # type: ignore[arg-type]
    base = Dataset("paths", "paths", "graphs", "collection:Set", "", {}, expected, "-", "-")
    return replace(replace(base, fingerprint=found.fingerprint, ordered=found.ordered), **changes)  # type: ignore[arg-type]


def test_content_by_hand() -> None:
    found = content_of(replace(typed_paths((0, 2), second_edge=(2, 2)), info={"dropped": [{}] * 3}))
    assert found.counts == {
        **{"rows": 5, "graphs": 2, "nodes": 5, "edges": 2, "self_loops": 1},
        **{"classes": 3, "tasks": 0, "class_counts": (1, 0, 1)},
    }
    assert found.rdkit == ""
    tasks = content_of(replace(typed_paths(), y=np.zeros((2, 4), dtype=np.int8), info={"rdkit": "9"}))
    assert [tasks.counts[key] for key in ("classes", "tasks", "class_counts")] == [0, 4, ()]
    assert tasks.rdkit == "9"


def test_nodes_and_images_by_hand() -> None:
    nodes = content_of(small_nodes()).counts
    assert nodes == {
        **{"rows": 5, "graphs": 2, "nodes": 5, "edges": 3, "self_loops": 2},
        **{"classes": 3, "tasks": 0, "features": 3, "class_counts": (2, 1, 1)},  # a missing label is no class
    }
    assert content_of(replace(small_nodes(), y=np.eye(5, 4, dtype=np.int8))).counts["tasks"] == 4
    images = content_of(small_images()).counts
    assert images == {"rows": 5, "classes": 3, "features": 24, "class_counts": (2, 2, 1)}
    known = set(asdict(REGISTRY["MUTAG"].expected))
    assert {*content_of(typed_paths()).counts, *nodes, *images} == known


def test_known_content_passes_with_a_note() -> None:
    data = typed_paths()
    good = fingerprint(data)
    plain = check_content(row(data), content_of(data), [fetched()])
    assert (plain.content, plain.note) == ("as expected", f"sha256 known; content as expected ({good})")
    repacked = check_content(row(data), content_of(data), [fetched(UNKNOWN)])
    assert repacked.content == "as expected"
    assert repacked.note == f"a.zip has the unknown sha256 {UNKNOWN} (mirror m); content as expected ({good})"


def test_wrong_content_of_an_unknown_file_never_passes() -> None:
    data, wrong = typed_paths(), typed_paths(second_edge=(0, 1))
    with pytest.raises(RelampError) as caught:
        check_content(row(data), content_of(wrong), [fetched(), fetched(UNKNOWN)])
    assert str(caught.value) == (
        f"a.zip: sha256 is {UNKNOWN} but the registry has {KNOWN} (mirror m); delete the file or add the variant, for "
        f"its content is not the known one either: paths: its fingerprint is {fingerprint(wrong)} but the registry has "
        f"{fingerprint(data)}; found 2 edges but the registry expects 3"
    )
    # Neither the right counts nor another RDKit nor a missing fingerprint excuse an unknown file.
    swapped = replace(typed_paths((1, 0)), info={"rdkit": "2"})
    for dataset in (row(data), row(data, rdkit="1"), row(data, fingerprint="")):
        with pytest.raises(RelampError, match="add the variant, for its content is not the known one either"):
            check_content(dataset, content_of(swapped), [fetched(UNKNOWN)])


def test_the_same_graphs_in_another_order_are_not_as_expected() -> None:
    data = typed_paths()
    other = replace(data.take(np.array([1, 0])), y=np.array([1, 0]))
    assert fingerprint(other) == fingerprint(data)
    with pytest.raises(RelampError, match=r"their order or that .*, or charges, .* on which splits .* depend"):
        check_content(row(data), content_of(other), [fetched(UNKNOWN)])
    with pytest.raises(RelampError, match="correct the registry or the reader, since the raw files are the known ones"):
        check_content(row(data), content_of(other), [fetched()])
    listed = check_content(row(data), content_of(other), [fetched(form="listed")])
    assert listed.content == "differs"
    assert "it holds the known graphs" in listed.note


def test_where_the_registry_does_not_know_the_order_the_note_says_so() -> None:
    data, ordered = typed_paths(), ordered_fingerprint(typed_paths())
    for digest, files in ((KNOWN, "sha256 known"), (UNKNOWN, f"a.zip has the unknown sha256 {UNKNOWN} (mirror m)")):
        found = check_content(row(data, ordered=""), content_of(data), [fetched(digest)])
        assert (found.content, found.note) == ("order unknown", f"{files}; known content, order unknown ({ordered})")


def test_counts_alone_do_not_vouch_for_an_unknown_file() -> None:
    counts = content_of(typed_paths()).counts
    dataset = row(typed_paths(), fingerprint="", ordered="")
    assert check_content(dataset, Content(counts), [fetched()]).note == "sha256 known; counts as expected"
    with pytest.raises(RelampError, match=r"add the variant.*: there is no fingerprint to go by"):
        check_content(dataset, Content(counts), [fetched(UNKNOWN)])


def test_wrong_content_of_a_known_file_needs_an_excuse() -> None:
    data, swapped = typed_paths(), typed_paths((1, 0))
    with pytest.raises(RelampError, match="correct the registry or the reader, since the raw files are the known ones"):
        check_content(row(data), content_of(swapped), [fetched()])
    with pytest.raises(RelampError, match=r"found 3 classes but .* 2; found 0/0/2 class_counts but .* expects 1/1"):
        check_content(row(data), content_of(typed_paths((2, 2))), [fetched()])
    listed = check_content(row(data), content_of(swapped), [fetched(form="listed")])
    assert listed.content == "differs"
    assert listed.note.endswith(" (a.zip: upstream's file, known by sha256 alone)")
    unknown = check_content(row(data, fingerprint=""), content_of(swapped), [fetched()])
    assert unknown.note.endswith("(no fingerprint to compare with)")


def test_another_rdkit_may_read_other_molecules_but_no_other_rows() -> None:
    data = replace(typed_paths(), info={"rdkit": "2"})
    fewer = replace(data.take(np.array([0])), y=np.array([1]))
    listed = replace(fewer, info={"rdkit": "2", "dropped": [{}]})

    def dataset(rdkit: str) -> Dataset:
        return row(data, rdkit=rdkit, expected=replace(row(data).expected, class_counts=()))

    dropped = check_content(dataset("1"), content_of(listed))
    assert dropped.content == "differs"
    assert "found 1 graphs but the registry expects 2" in dropped.note
    assert dropped.note.endswith(" (read by RDKit 2, the fingerprint by 1)")
    with pytest.raises(RelampError, match="found 1 rows but the registry expects 2"):
        check_content(dataset("1"), content_of(fewer))
    with pytest.raises(RelampError, match="correct the registry or the reader"):
        check_content(dataset("2"), content_of(listed))


def test_counts_that_the_registry_does_not_know_are_not_compared() -> None:
    data = typed_paths()
    dataset = row(data, expected=Expected(rows=2, graphs=0, nodes=0, edges=0, classes=2))
    assert check_content(dataset, content_of(data)).content == "as expected"
