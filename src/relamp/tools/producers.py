"""Which rules make a file, found by how its path ends.

Snakemake compares a path with every output that begins like it. Here thousands do, each for any data set, and few end
alike, so that planning many runs takes half the time.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any


class ByEnd:
    """What takes the place of Snakemake's `OutputIndex`, its look-up of the rules that make a file.

    Of rules that stand in an order (`ruleorder`) the first alone is found: Snakemake itself would plan a job of each,
    and leave out all but one only then.
    """

    def __init__(self, rules: Iterable[Any]) -> None:
        self._by_end: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
        for rule in rules:
            for product in rule.products():
                self._by_end[str(product.constant_suffix())].append((product, rule))
        self._lengths = sorted({len(end) for end in self._by_end})
        # Most files are read by several jobs, each of which asks who makes them.
        self._known: dict[str, set[Any]] = {}

    def match_producers(self, targetfile: str) -> set[Any]:
        """Return the rules that make a file."""
        if targetfile not in self._known:
            self._known[targetfile] = self._match(targetfile)
        return self._known[targetfile]

    def _match(self, targetfile: str) -> set[Any]:
        size = len(targetfile)
        ends = (targetfile[size - length :] for length in self._lengths if length <= size)
        alike = (pair for end in ends for pair in self._by_end.get(end, ()))
        found = {rule for product, rule in alike if product.match(targetfile)}
        return {rule for rule in found if not any(other > rule for other in found)}
