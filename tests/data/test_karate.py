import numpy as np

from relamp.data.nodes import PackedNodes
from relamp.data.packaged import karate_club


def test_the_karate_club_is_the_published_one(tmp_path) -> None:
    data = karate_club()
    assert (data.num_nodes, data.num_classes, data.edge_index.shape) == (34, 4, (2, 156))
    assert (data.features().toarray() == np.eye(34)).all()
    degree = np.bincount(data.edge_index[0], minlength=34)
    assert (degree[0], degree[33], degree[11]) == (16, 17, 1)  # Zachary's Mr. Hi, the officer, and the loner
    assert sorted(data.y[data.train]) == [0, 1, 2, 3]
    assert np.array_equal(np.sort(np.concatenate([data.train, data.test])), np.arange(34))
    data.save(tmp_path / "karate.safetensors")
    again = PackedNodes.load(tmp_path / "karate.safetensors")
    assert np.array_equal(again.edge_index, data.edge_index)
    assert np.array_equal(again.y, data.y)
