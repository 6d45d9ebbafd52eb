from pathlib import Path

import pytest

from relamp.study.config import Config, load_config
from relamp.study.own import own_data, own_sizes, split_of
from relamp.study.studies import studies

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """MINE is classified twice, OTHER not at all."""
    for name in ("MINE", "OTHER"):
        (tmp_path / f"{name}_A.txt").write_text("1, 2\n2, 1\n")
        (tmp_path / f"{name}_graph_indicator.txt").write_text("1\n1\n2\n")
        (tmp_path / f"{name}_graph_labels.txt").write_text("0\n1\n")
    given = {
        "own": {"MINE": {"folder": str(tmp_path), "edge_labels": True}, "OTHER": str(tmp_path)},
        "unsupervised": {"datasets": ["MINE"], "svm": {"folds": 4}},
        "mmix": {"graphs": {"datasets": ["MINE"], "svm": {"inner_folds": 3}}},
        "damage": {"datasets": ["OTHER"]},
    }
    return load_config(given, PRESETS)


def test_packing_gets_what_is_used_and_how_it_is_classified(config: Config, tmp_path: Path) -> None:
    assert own_data(config, "MINE") == {"folder": str(tmp_path), "node_attributes": False, "edge_labels": True}
    assert own_data(config, "MUTAG") is None
    assert split_of(config, "MINE") == {
        "folds": 4,
        "inner_folds": {"unsupervised.svm.inner_folds": 5, "mmix.graphs.svm.inner_folds": 3},
        "datasets": ["unsupervised.datasets", "mmix.graphs.datasets"],
    }
    # What is in the registry has been looked at.
    assert split_of(config, "OTHER") is split_of(config, "MUTAG") is None


def test_studies_know_the_sizes(config: Config) -> None:
    sizes = own_sizes(config)
    assert [(size.graphs, size.nodes, size.edges) for size in sizes.values()] == [(2, 3, 1)] * 2
    assert all(study.sizes == sizes for study in studies(config).values())
