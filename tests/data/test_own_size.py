from pathlib import Path

import pytest

from relamp.data import own_size
from relamp.data.own_size import size_of
from relamp.data.registry import Expected


def write(where: Path, graphs: int, both: bool = True) -> Path:
    """Write paths of 20 nodes, each edge there and back or once."""
    edges = [(20 * g + k + 1, 20 * g + k + 2) for g in range(graphs) for k in range(19)]
    listed = [pair for a, b in edges for pair in ([(a, b), (b, a)] if both else [(a, b)])]
    (where / "M_A.txt").write_text("".join(f"{a}, {b}\n" for a, b in listed))
    (where / "M_graph_indicator.txt").write_text("".join(f"{g + 1}\n" * 20 for g in range(graphs)))
    (where / "M_graph_labels.txt").write_text("\n".join(str(g % 2) for g in range(graphs)))  # no end of line
    return where


@pytest.mark.parametrize("both", [True, False])
def test_sizes_are_counted(tmp_path: Path, both: bool) -> None:
    assert size_of(write(tmp_path, 24, both), "M") == Expected(rows=24, graphs=24, nodes=480, edges=456)


@pytest.mark.parametrize("both", [True, False])
def test_sizes_of_large_files_are_estimated(tmp_path: Path, both: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_size, "_COUNTED", 1000)
    monkeypatch.setattr(own_size, "_SAMPLE", 128)
    found = size_of(write(tmp_path, 2000, both), "M")
    assert (found.graphs, found.nodes) == (pytest.approx(2000, rel=0.05), pytest.approx(40_000, rel=0.05))
    assert found.edges == pytest.approx(38_000, rel=0.05)


def test_what_cannot_be_read_has_no_size(tmp_path: Path) -> None:
    assert size_of(tmp_path, "M") == Expected(rows=0, graphs=0, nodes=0, edges=0)
