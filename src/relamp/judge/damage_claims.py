"""Claims about the structural entropy that augmentations take away."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

from relamp.judge.evidence import Evidence, Loss, Terms
from relamp.judge.formula import Measured, Result, on_side


class _OfDamage(Measured[Loss]):
    """What is about the median loss of entropy on each data set; undecided where the readings disagree."""

    piece = Loss

    augmentation: str

    def pieces(self, evidence: Evidence) -> list[Loss]:
        """Return the median loss on each data set by each reading."""
        # Where no graph has a loss, as without edges, there is no median either, and it decides nothing.
        rows = evidence.damage[evidence.damage["dataset"].isin(self.covered(evidence))].dropna(subset=["median"])
        wide = rows.pivot_table("median", ["dataset", "reading"], "augmentation", sort=False)
        if self.augmentation not in wide:
            return []
        wide = wide.dropna(subset=[self.augmentation])
        others = wide.drop(columns=self.augmentation).max(axis=1)
        return [
            Loss(dataset=dataset, reading=reading, median=mine, other=other)
            for (dataset, reading), mine, other in zip(wide.index, wide[self.augmentation], others, strict=True)
        ]

    def _concluded(self, pieces: Sequence[Loss], _terms: Terms) -> Result:
        by_reading: dict[str, list[bool]] = {}
        for piece in pieces:
            by_reading.setdefault(piece.reading, []).append(self._holds(piece))
        shown = [f"{piece.dataset}: {self._shown(piece)} ({piece.reading})" for piece in pieces]
        said = [self._said(held) for held in by_reading.values()]
        return on_side(all(said), not any(said)), shown

    def _said(self, held: Sequence[bool]) -> bool:
        return all(held)

    @abstractmethod
    def _holds(self, piece: Loss) -> bool: ...

    def _shown(self, piece: Loss) -> str:
        return f"median loss {100 * piece.median:.1f} %"


class LosesOver(_OfDamage):
    """The median loss of entropy is over the fraction on each data set or, `generally`, on more than half of them."""

    kind: Literal["loses_over"]
    fraction: float
    generally: bool = False

    def _said(self, held: Sequence[bool]) -> bool:
        return 2 * sum(held) > len(held) if self.generally else all(held)

    def _holds(self, piece: Loss) -> bool:
        return piece.median > self.fraction


class LosesMost(_OfDamage):
    """The median loss of entropy is above that of every other augmentation, on each data set."""

    kind: Literal["loses_most"]

    def pieces(self, evidence: Evidence) -> list[Loss]:
        """Return those of data sets with other augmentations."""
        return [piece for piece in super().pieces(evidence) if not math.isnan(piece.other)]

    def _holds(self, piece: Loss) -> bool:
        return piece.median > piece.other

    def _shown(self, piece: Loss) -> str:
        return f"{100 * piece.median:.1f} % against {100 * piece.other:.1f} %"


class AddsEntropy(_OfDamage):
    """The median loss of entropy is negative on each data set."""

    kind: Literal["adds_entropy"]

    def _holds(self, piece: Loss) -> bool:
        return piece.median < 0
