"""The table of graph kernels that are scored beside embeddings."""

import numpy as np

from relamp.artifacts.base import KERNELS
from relamp.evaluate.controls import DRAWLESS, DRAWN
from relamp.evaluate.kernels import normalised
from relamp.settings.evaluation import Kernels
from unions import complete, packed, path


def test_each_kernel_that_can_be_asked_for_is_scored_and_no_other() -> None:
    assert sorted([*DRAWLESS, *DRAWN]) == sorted(KERNELS)


def test_graphlets_as_in_code_are_the_deep_kernels_and_need_no_vectors() -> None:
    # Six nodes, all linked, have triangles alone; two nodes the graphlet without edges; of four that are linked a
    # triangle and three edges, since one node is left beside the first three. Base and similarity are not the options'.
    data = packed([complete(6), path(2), complete(4)])
    options = Kernels.model_validate({"dgk": {"base": "wl", "graphlet_size": 3, "samples": 40}})
    shares = np.array([[1, 0, 0], [0, 0, 1], [1 / 4, 3 / 4, 0]])
    np.testing.assert_allclose(DRAWN["graphlet-code"](data, options, 0), normalised(shares @ shares.T), atol=1e-12)
