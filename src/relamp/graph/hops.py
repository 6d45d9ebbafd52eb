"""How far nodes are from others, for all graphs of a batch together."""

from torch import Tensor


def hops(edge_index: Tensor, start: Tensor, nodes: int, most: int) -> Tensor:
    """Return the edges `[2, e]` on the shortest way from some nodes `[m]` to each, `[nodes]`; `most + 1` if more."""
    source, target = edge_index
    far = start.new_full((nodes,), most + 1).index_fill(0, start, 0)
    for step in range(most):
        reached = target[far[source] == step]
        far[reached] = far[reached].clamp_max(step + 1)
    return far
