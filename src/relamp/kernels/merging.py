"""Groups of the nodes of a graph by greedy minimisation of structural entropy, compiled.

Nodes that are joined are merged in pairs, the best pair first, up to one root for each part; then inner nodes of that
binary tree are dissolved into their parents, the cheapest first, until every leaf is at most two steps below the root.
Both orders are kept by heaps. A pair's gain never changes; the price of dissolving a node only rises, so that a price
that is found too low goes back into the heap.
"""

from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from relamp.kernels.smo import compiled

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

# What SEGA's public code adds to each volume and cut, so that no logarithm is of 0.
_MORE = 1.0


@compiled()
def _gain(a: int, b: int, weight: float, total: float, volume: Floats, cut: Floats) -> float:
    """Return what it adds to the entropy, times the total volume, that two nodes become one with the leaves of both."""
    one, two = volume[a] + _MORE, volume[b] + _MORE
    both = one + two
    inner_one, inner_two = volume[a] - cut[a], volume[b] - cut[b]
    made: float = inner_one * np.log(both / one) + inner_two * np.log(both / two) - 2 * weight * np.log(total / both)
    return made


@compiled()
def _price(a: int, parent: int, volume: Floats, between: Floats) -> float:
    """Return what it adds to the entropy, but for a factor, that a node's children become those of its parent."""
    made: float = between[a] * np.log((volume[parent] + _MORE) / (volume[a] + _MORE))
    return made


@compiled()
def _last(a: int, onward: Numbers) -> int:
    """Return where a chain of numbers ends, and shorten it."""
    while onward[a] != a:
        onward[a] = onward[onward[a]]
        a = onward[a]
    return a


@compiled("int64[::1](int64[::1], int64[::1], int64[::1], float64[::1], float64[::1], float64[::1])")
def group(
    parts: Numbers, start: Numbers, other: Numbers, weight: Floats, node_volume: Floats, node_cut: Floats
) -> Numbers:
    """Return the group of each node `[n]`, by the number of its first node.

    Nodes `parts[p]:parts[p + 1]` are grouped by themselves. Node v is joined to `other[start[v]:start[v + 1]]`, which
    are of its part and not v, by weights; both directions are there. Its volume `[n]` is the sum of its edges' weights,
    and its cut that without the edges inside, which what stands for a group of nodes has.
    """
    result = np.arange(len(node_volume))
    for part in range(len(parts) - 1):
        first, n = parts[part], parts[part + 1] - parts[part]
        if n < 3:  # two nodes below a root have nothing to share
            continue
        volume, cut, between = np.zeros(2 * n), np.zeros(2 * n), np.zeros(2 * n)
        volume[:n], cut[:n] = node_volume[first : first + n], node_cut[first : first + n]
        parent, now = np.full(2 * n, -1), np.arange(2 * n)
        total = volume.sum()
        near, near_weight = [other[:0]], [weight[:0]]
        near.clear()
        near_weight.clear()
        heap = [(0.0, 0, 0, 0.0)]
        heap.clear()
        for a in range(n):
            low, high = start[first + a], start[first + a + 1]
            near.append(other[low:high] - first)
            near_weight.append(weight[low:high].copy())
            for b, w in zip(near[a], near_weight[a]):  # noqa: B905 - numba's zip knows no strict
                if b > a:
                    heap.append((_gain(a, b, w, total, volume, cut), a, int(b), w))
        heapify(heap)
        made, shared = n, np.zeros(2 * n)
        while len(heap):
            _, a, b, w = heappop(heap)
            if parent[a] >= 0 or parent[b] >= 0:
                continue
            parent[a] = parent[b] = now[a] = now[b] = made
            volume[made], cut[made], between[made] = volume[a] + volume[b], cut[a] + cut[b] - 2 * w, w
            count, found = 0, np.empty(len(near[a]) + len(near[b]), dtype=np.int64)
            for old in (a, b):
                for c, v in zip(near[old], near_weight[old]):  # noqa: B905
                    top = _last(c, now)
                    if top != made:
                        if shared[top] == 0:
                            found[count] = top
                            count += 1
                        shared[top] += v
                near[old], near_weight[old] = other[:0], weight[:0]
            near.append(found[:count])
            near_weight.append(shared[found[:count]])
            shared[found[:count]] = 0
            for c, v in zip(near[made], near_weight[made]):  # noqa: B905
                heappush(heap, (_gain(c, made, v, total, volume, cut), int(c), made, v))
            made += 1
        root = made - 1
        if (parent[:made] < 0).sum() > 1:
            root = made
            volume[root] = total
            parent[:made][parent[:made] < 0] = root
            made += 1
        # From here on a node that is dissolved leads on to the one that has its children.
        now[:] = np.arange(2 * n)
        inner = np.zeros(2 * n, dtype=np.int64)
        prices = [(0.0, 0)]
        prices.clear()
        for a in range(n, made):
            if a != root:
                inner[parent[a]] += 1
                prices.append((_price(a, parent[a], volume, between), a))
        heapify(prices)
        while len(prices):
            price, a = heappop(prices)
            above = _last(parent[a], now)
            if above == root and inner[a] == 0:
                continue
            present = _price(a, above, volume, between)
            if present > price:
                heappush(prices, (present, a))
                continue
            now[a] = above
            between[above] += between[a]
            inner[above] += inner[a] - 1
        named = np.full(2 * n, -1)
        for a in range(n):
            above = _last(parent[a], now)
            if above != root:
                if named[above] < 0:
                    named[above] = first + a
                result[first + a] = named[above]
    return result
