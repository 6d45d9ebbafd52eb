from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.study.config import load_config
from relamp.study.runs import fixed_runs, node_params, node_setting

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"


def fault(mmix: dict[str, Any]) -> str:
    with pytest.raises(RelampError) as caught:
        load_config({"mmix": mmix}, PRESETS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("mmix", "message"),
    [
        ({"nodes": {"datasets": ["MUTAG"]}}, "mmix.nodes.datasets.0: labelled nodes are needed, which MUTAG has not"),
        (
            {"nodes": {"methods": ["mp-mx"]}},
            "mmix.nodes.methods.0: there is no method on nodes 'mp-mx'; did you mean",
        ),
        ({"images": {"datasets": ["Cora"]}}, "mmix.images.datasets.0: images are needed, which Cora has not"),
        (
            {"images": {"picture": "simcrl"}},
            "mmix.images.picture: there is no method on images 'simcrl'; did you mean",
        ),
        (
            {"edit_distance": {"kernels": ["rw"]}},
            "kernels.0: there is no kernel for edit distances 'rw'",
        ),
        ({"nodes": {"probes": {"Coar": {}}}}, "mmix.nodes.probes.Coar.[key]: there is no data set 'Coar'"),
        ({"nodes": {"probes": {"Cora": {"split": "odd"}}}}, "split: input should be 'public' or 'random'"),
        ({"nodes": {"seeds": []}}, "mmix.nodes.seeds: at least one is needed"),
        ({"nodes": {"sweeps": 1}}, "mmix.nodes.sweeps: there is no such option"),
    ],
)
def test_a_fault_is_told_with_its_place(mmix: dict[str, Any], message: str) -> None:
    assert message in fault(mmix)


def test_a_probe_of_a_data_set_that_is_not_run_is_no_fault() -> None:
    config = load_config({"preset": "paper", "mmix": {"nodes": {"datasets": ["Cora"]}}}, PRESETS)
    assert config.mmix.nodes.probe_of("DBLP").split == "random"


def test_the_probe_of_a_data_set_is_laid_over_the_shared_one() -> None:
    nodes = load_config({"preset": "paper"}, PRESETS).mmix.nodes
    assert (nodes.probe_of("Citeseer").weight_decay, nodes.probe_of("Cora").weight_decay) == (0.01, 0.0)
    assert nodes.probe_of("DBLP").split == "random"


def test_a_point_of_the_grid_lies_over_the_shared_settings() -> None:
    config = load_config({}, PRESETS)
    plain, point = node_params(config, node_setting()), node_params(config, node_setting(8, 32))
    assert (plain["sample_size"], plain["hidden"]) == (10_000, 64)
    assert (point["sample_size"], point["hidden"], point["patience"]) == (8, 32, None)


def test_graph_level_methods_need_not_be_among_the_unsupervised_ones() -> None:
    config = load_config({}, PRESETS)
    runs = fixed_runs(config, "MUTAG", ["mvgrl", "lamp-mag"])
    assert [run.method for run in runs] == ["mvgrl", "lamp-mag", "untrained"]
    assert runs[1].setting == "gamma~0.2_alpha~1"
