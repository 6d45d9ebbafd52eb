"""Support vector machines on a precomputed kernel, in the very steps of libsvm, compiled.

Sequential minimal optimisation with second-order choice of the pair (Fan et al. 2005) and shrinking, as in libsvm 3
(Chang and Lin 2011) and so in scikit-learn's SVC: the same pairs in the same order, sums in the same order, kernel rows
in single precision and all else in double. Where no processor fuses products and sums, every bit is SVC's. It is
faster since its loops over the samples are free of branches, which a compiler makes vector instructions of.

With G the gradient of libsvm's objective, all is said in slopes s_i = -y_i G_i: the label then is in no loop. A sample
may go up (its y_i alpha_i may grow) or down, or, between the bounds, both: `up` and `down` hold 0 where it may, and an
infinity where it may not, which added to a slope puts it out of a maximum or minimum.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.integer[Any]]
Function = TypeVar("Function", bound=Callable[..., Any])

TOLERANCE = 1e-3
# What a curvature that is not positive counts as.
LEAST_CURVATURE = 1e-12
# Steps between two looks at what can be shrunk, but for small data.
SHRINK_EVERY = 1_000
# No sum may be taken in another order or fused; a maximum may, and is but for NaN and the sign of zero.
_FLAGS = ("nnan", "nsz")


def compiled(signature: Any = None) -> Callable[[Function], Function]:
    """Compile a function: when it is first called by another, or, with a signature, now, kept for later processes."""

    def compile_now(function: Function) -> Function:
        words: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": set(_FLAGS)}
        if signature is None:
            return njit(inline="always", **words)(function)  # type: ignore[no-any-return]
        try:
            return njit(signature, cache=True, **words)(function)  # type: ignore[no-any-return]
        except Exception:  # no folder to keep it in, or it is full, or what it holds is damaged
            return njit(signature, **words)(function)  # type: ignore[no-any-return]

    return compile_now


@intrinsic  # type: ignore[untyped-decorator]
def _larger(_context: Any, _a: Any, _b: Any) -> tuple[Any, Any]:
    """Return the larger of two numbers; as one instruction, unlike `max`, it makes a loop one of vectors."""

    def build(_: Any, builder: Any, __: Any, pair: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *pair, flags=_FLAGS), *pair, flags=_FLAGS)

    return types.float64(types.float64, types.float64), build


class _Kernel(NamedTuple):
    """A kernel whose columns follow the samples, which change places; a row does so when it is next asked for.

    Attributes:
        rows: `[n, n]`, row i of sample i wherever that stands.
        sample: which stands at each place, `[n]`.
        swaps: pairs of places, in the order in which they were swapped, `[more than there are, 2]`.
        followed: how many of the swaps each row has followed, `[n]`.
        made: how many swaps there have been, `[1]`.
    """

    rows: Singles
    sample: Integers
    swaps: Integers
    followed: Integers
    made: Integers


class _Samples(NamedTuple):
    """What changes its place with a sample, `[n]` each.

    Attributes:
        sign: label, 1 or -1.
        diagonal: of the kernel.
        alpha: dual variable.
        slope: -y G.
        bound: what the samples at C add to the slope.
        up, down: 0 if y alpha may grow, or fall; else -infinity, or infinity.
    """

    sign: Floats
    diagonal: Floats
    alpha: Floats
    slope: Floats
    bound: Floats
    up: Floats
    down: Floats


@compiled()
def _row(kernel: _Kernel, place: int) -> Singles:
    """Return the row `[n]` of the sample at a place, once it has followed all swaps."""
    sample = kernel.sample[place]
    row: Singles = kernel.rows[sample]
    for number in range(kernel.followed[sample], kernel.made[0]):
        a, b = kernel.swaps[number, 0], kernel.swaps[number, 1]
        row[a], row[b] = row[b], row[a]
    kernel.followed[sample] = kernel.made[0]
    return row


@compiled()
def _restore(kernel: _Kernel) -> None:
    """Undo all swaps in all rows."""
    for sample in range(len(kernel.rows)):
        row = kernel.rows[sample]
        for number in range(kernel.followed[sample] - 1, -1, -1):
            a, b = kernel.swaps[number, 0], kernel.swaps[number, 1]
            row[a], row[b] = row[b], row[a]


@compiled()
def _highest(slope: Floats, up: Floats) -> float:
    """Return the highest slope of those that may go up."""
    top = -np.inf
    for t in range(len(slope)):
        top = _larger(slope[t] + up[t], top)
    return top


@compiled()
def _lowest(slope: Floats, down: Floats) -> float:
    """Return the lowest slope of those that may go down."""
    low = np.inf
    for t in range(len(slope)):
        low = -_larger(-slope[t] - down[t], -low)
    return low


@compiled()
def _step(slope: Floats, up: Floats, row_i: Singles, row_j: Singles, change_i: float, change_j: float) -> float:
    """Follow the change of two y_i alpha_i with all slopes; return the highest slope as `_highest` does."""
    top = -np.inf
    for t in range(len(slope)):
        slope[t] -= row_i[t] * change_i + row_j[t] * change_j
        top = _larger(slope[t] + up[t], top)
    return top


@compiled()
def _gains(
    gain: Floats, slope: Floats, down: Floats, diagonal: Floats, row: Singles, own: float, top: float
) -> tuple[float, float]:
    """Write what each partner of a sample gains; return the largest and the lowest slope of those that may go down.

    The sample has a slope of `top` and a diagonal entry `own`; who is no partner gains -1.
    """
    most, lowest = -1.0, np.inf
    for t in range(len(slope)):
        s = slope[t] + down[t]
        lowest = -_larger(-s, -lowest)
        curvature = own + diagonal[t] - 2.0 * row[t]
        curvature = curvature if curvature > 0 else LEAST_CURVATURE
        difference = top - s
        each = difference * difference / curvature
        gain[t] = each if difference > 0 else -1.0
        most = _larger(gain[t], most)
    return most, lowest


@compiled()
def _last(values: Floats, wanted: float) -> int:
    """Return the last place of a value that is there; libsvm takes the last of equals."""
    place = -1
    for t in range(len(values)):
        place = max(place, t if values[t] == wanted else -1)
    return place


@compiled()
def _last_highest(slope: Floats, up: Floats, top: float) -> int:
    """Return the last place of the highest slope of those that may go up, -1 if none may."""
    place = -1
    for t in range(len(slope)):
        place = max(place, t if slope[t] + up[t] == top else -1)
    return place if top > -np.inf else -1


@compiled()
def _choose(kernel: _Kernel, samples: _Samples, gain: Floats, active: int, top: float) -> tuple[int, int]:
    """Return the places of the pair to move, up and down; the second is -1 at the optimum of the active samples."""
    i = _last_highest(samples.slope[:active], samples.up[:active], top)
    if i < 0:
        return i, -1
    slope, down, diagonal = samples.slope[:active], samples.down[:active], samples.diagonal[:active]
    most, lowest = _gains(gain, slope, down, diagonal, _row(kernel, i), diagonal[i], top)
    if top - lowest < TOLERANCE or most < 0:
        return i, -1
    return i, _last(gain[:active], most)


@compiled()
def _is_shrunk(samples: _Samples, place: int, top: float, lowest: float) -> bool:
    """Return whether a sample stands at a bound that it will hardly leave."""
    slope, up, down = samples.slope[place], samples.up[place], samples.down[place]
    return bool((up < 0 and slope > top) or (down > 0 and slope < lowest))


@compiled()
def _shrink(kernel: _Kernel, samples: _Samples, active: int, top: float, lowest: float) -> int:
    """Swap the active samples that are shrunk behind all others; return how many stay active."""
    place = 0
    while place < active:
        if _is_shrunk(samples, place, top, lowest):
            active -= 1
            while active > place and _is_shrunk(samples, active, top, lowest):
                active -= 1
            if active > place:
                for each in samples:
                    each[place], each[active] = each[active], each[place]
                of, number = kernel.sample, kernel.made[0]
                of[place], of[active] = of[active], of[place]
                kernel.swaps[number, 0], kernel.swaps[number, 1] = place, active
                kernel.made[0] += 1
        place += 1
    return active


@compiled()
def _reconstruct(kernel: _Kernel, samples: _Samples, active: int) -> None:
    """Bring the slopes of the shrunk up to date: what those at C add is in `bound`, that of the free ones is summed."""
    sign, alpha, slope, n = samples.sign, samples.alpha, samples.slope, len(samples.sign)
    if active == n:
        return
    free = 0
    for j in range(active):
        free += samples.up[j] == samples.down[j]
    for j in range(active, n):
        slope[j] = samples.bound[j] + sign[j]
    if free * n > 2 * active * (n - active):
        for i in range(active, n):
            row, s = _row(kernel, i), slope[i]
            for j in range(active):
                if samples.up[j] == samples.down[j]:
                    s -= sign[j] * alpha[j] * row[j]
            slope[i] = s
    else:
        for i in range(active):
            if samples.up[i] == samples.down[i]:
                row, signed = _row(kernel, i), sign[i] * alpha[i]
                for j in range(active, n):
                    slope[j] -= signed * row[j]


@compiled()
def _moved(
    a_i: float, a_j: float, G_i: float, G_j: float, alike: bool, curvature: float, C: float
) -> tuple[float, float]:
    """Return both alphas at the optimum of the two within 0 ... C, by labels alike or not; their gradients are G."""
    if not alike:
        delta, difference = (-G_i - G_j) / curvature, a_i - a_j
        a_i, a_j = a_i + delta, a_j + delta
        if difference > 0:
            if a_j < 0:
                a_i, a_j = difference, 0.0
            if a_i > C:
                a_i, a_j = C, C - difference
        else:
            if a_i < 0:
                a_i, a_j = 0.0, -difference
            if a_j > C:
                a_i, a_j = C + difference, C
    else:
        delta, total = (G_i - G_j) / curvature, a_i + a_j
        a_i, a_j = a_i - delta, a_j + delta
        if total > C:
            if a_i > C:
                a_i, a_j = C, total - C
            if a_j > C:
                a_i, a_j = total - C, C
        else:
            if a_j < 0:
                a_i, a_j = total, 0.0
            if a_i < 0:
                a_i, a_j = 0.0, total
    return a_i, a_j


@compiled()
def _set(kernel: _Kernel, samples: _Samples, place: int, alpha: float, C: float) -> None:
    """Give a sample another alpha, and say where it may go from there."""
    sign, was_bound = samples.sign[place], samples.alpha[place] >= C
    samples.alpha[place] = alpha
    if was_bound != (alpha >= C):
        row, signed = _row(kernel, place), -sign * C if was_bound else sign * C
        for t in range(len(row)):
            samples.bound[t] -= signed * row[t]
    # With a label of -1, y alpha goes up as alpha goes down.
    grows, falls = alpha < C, alpha > 0
    samples.up[place] = 0.0 if (grows if sign > 0 else falls) else -np.inf
    samples.down[place] = 0.0 if (falls if sign > 0 else grows) else np.inf


@compiled()
def _threshold(samples: _Samples) -> float:
    """Return what decisions are compared with: the mean of the free samples, or the middle of those at bounds."""
    total, free = 0.0, 0
    for t in range(len(samples.slope)):
        if samples.up[t] == samples.down[t]:
            total -= samples.slope[t]
            free += 1
    if free > 0:
        return total / free
    return -(_highest(samples.slope, samples.up) + _lowest(samples.slope, samples.down)) / 2


_KERNEL = types.NamedTuple(
    (types.float32[:, ::1], types.int64[::1], types.int64[:, ::1], types.int64[::1], types.int64[::1]), _Kernel
)
_SAMPLES = types.NamedUniTuple(types.float64[::1], 7, _Samples)


@compiled(types.Tuple((types.float64, types.int64))(_KERNEL, _SAMPLES, types.float64[::1], types.float64))
def _solve(kernel: _Kernel, samples: _Samples, gain: Floats, C: float) -> tuple[float, int]:
    """Bring samples from alphas of 0 to the optimum; return the threshold and the number of steps."""
    n, sign, alpha, slope, up, down = len(gain), samples.sign, samples.alpha, samples.slope, samples.up, samples.down
    active, unshrunk, steps, until = n, False, 0, min(n, SHRINK_EVERY) + 1
    top = _highest(slope, up)
    while True:
        until -= 1
        if until == 0:
            until = min(n, SHRINK_EVERY)
            lowest = _lowest(slope[:active], down[:active])
            if not unshrunk and top - lowest <= 10 * TOLERANCE:
                unshrunk = True
                _reconstruct(kernel, samples, active)
                active = n
            if kernel.made[0] + n > len(kernel.swaps):
                more = np.empty((2 * len(kernel.swaps), 2), np.int64)
                for number in range(kernel.made[0]):
                    more[number, 0], more[number, 1] = kernel.swaps[number, 0], kernel.swaps[number, 1]
                kernel = _Kernel(kernel.rows, kernel.sample, more, kernel.followed, kernel.made)
            active = _shrink(kernel, samples, active, top, lowest)
            top = _highest(slope[:active], up[:active])
        i, j = _choose(kernel, samples, gain, active, top)
        if j < 0:
            _reconstruct(kernel, samples, active)
            active, until = n, 1
            top = _highest(slope, up)
            i, j = _choose(kernel, samples, gain, active, top)
            if j < 0:
                break
        steps += 1
        row_i, row_j, alike = _row(kernel, i), _row(kernel, j), sign[i] == sign[j]
        curvature = samples.diagonal[i] + samples.diagonal[j] - 2.0 * row_i[j]
        curvature = curvature if curvature > 0 else LEAST_CURVATURE
        a_i, a_j = _moved(alpha[i], alpha[j], -sign[i] * slope[i], -sign[j] * slope[j], alike, curvature, C)
        change_i, change_j = sign[i] * (a_i - alpha[i]), sign[j] * (a_j - alpha[j])
        _set(kernel, samples, i, a_i, C)
        _set(kernel, samples, j, a_j, C)
        top = _step(slope[:active], up[:active], row_i, row_j, change_i, change_j)
    _restore(kernel)
    return _threshold(samples), steps


def fit(rows: Singles, diagonal: Floats, sign: Floats, C: float) -> tuple[Floats, float, int]:
    """Return y_i alpha_i `[n]`, the threshold that decisions are compared with, and the number of steps.

    Of a kernel `[n, n]`, which is changed meanwhile and the same afterwards, its diagonal `[n]` in double precision,
    and labels 1 and -1 `[n]`.
    """
    n = len(sign)
    kernel = _Kernel(rows, np.arange(n), np.empty((2 * n, 2), int), np.zeros(n, int), np.zeros(1, int))
    up, down = np.where(sign > 0, 0, -np.inf), np.where(sign > 0, np.inf, 0)
    # All gradients are -1 at first.
    samples = _Samples(sign.copy(), diagonal.copy(), np.zeros(n), sign.copy(), np.zeros(n), up, down)
    threshold, steps = _solve(kernel, samples, np.empty(n), C)
    coefficients = np.empty(n)
    coefficients[kernel.sample] = samples.sign * samples.alpha
    return coefficients, threshold, steps


@compiled("float64[:, ::1](float64[:, ::1], float64[:, ::1])")
def decide(coefficients: Floats, across: Floats) -> Floats:
    """Return the decisions `[C, m]` by coefficients `[C, n]` and the kernel to what is decided on `[n, m]`.

    Added up in the order of the samples, as libsvm does: among equal samples rounding alone can decide.
    """
    sums = np.zeros((len(coefficients), across.shape[1]))
    for k in range(len(across)):
        for c in range(len(coefficients)):
            weight, row, into = coefficients[c, k], across[k], sums[c]
            if weight != 0:
                for t in range(len(row)):
                    into[t] += weight * row[t]
    return sums


def classify(rows: Singles, diagonal: Floats, across: Floats, label: Integers, C: Sequence[float]) -> Integers:
    """Return the classes `[len(C), m]` that machines of one class against another vote for, the first among equals.

    Args:
        rows: kernel among the samples to fit on, which stand in the order of their classes, `[n, n]`.
        diagonal: of this kernel, in double precision, `[n]`.
        across: kernel from these samples to those to classify, `[n, m]`.
        label: of the samples to fit on, `[n]`.
        C: one set of machines for each.
    """
    classes, first = np.unique(label, return_index=True)
    members = np.split(np.arange(len(label)), first[1:])
    votes = np.zeros((len(classes), len(C), across.shape[1]), dtype=np.int64)
    for i, j in combinations(range(len(classes)), 2):
        both = np.concatenate((members[i], members[j]))
        part = rows if len(both) == len(rows) else rows[np.ix_(both, both)]
        sign = np.repeat((1.0, -1.0), (len(members[i]), len(members[j])))
        fits = [fit(part, diagonal[both], sign, c) for c in C]
        decisions = decide(np.stack([coefficients for coefficients, _, _ in fits]), across[both])
        for_i = decisions > np.array([threshold for _, threshold, _ in fits])[:, None]
        votes[i] += for_i
        votes[j] += ~for_i
    return np.asarray(classes[votes.argmax(axis=0)])
