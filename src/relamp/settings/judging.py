"""How strictly reproduced numbers are judged: options that are fixed before a number is seen."""

from typing import Final, Literal, get_args

from relamp.settings.base import Positive, Settings, Share

Verdict = Literal["reproduced", "better", "worse", "inconclusive", "too few seeds", "not comparable", "not run"]
Protocol = Literal["fixed", "nested", "oracle", "epoch-on-test", "setting-on-test", "C-on-test", "all-on-test"]
NOT_RUN: Final = "not run"
TOO_FEW: Final = "too few seeds"
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
LOOSER = PROTOCOLS[3:]
"""Rules of public codes that choose on the test part more freely than the oracle does."""
LEAST_SEEDS = 3
"""Of fewer seeds the spread is not known well enough for a verdict."""


class Judging(Settings):
    """What a verdict rests on."""

    margin: Positive = 2.0
    """Points that a reproduced mean may lie from a published one, with the whole interval of their difference."""
    confidence: Share = 0.95
    """Confidence of the intervals."""
    rope: Positive = 1.0
    """Points within which two methods count as equal (region of practical equivalence)."""
    protocol: Literal["fixed", "nested"] = "nested"
    """Scores that are judged: of the setting and epoch chosen within each fold (nested, the papers' grid search on
    validation sets) or of the fixed setting (fixed); scores chosen on the test part are never judged."""
    printed_divisor: Literal["n", "n-1"] = "n"
    """Divisor of a printed ± over n runs: n, as in public codes (np.std), or n - 1; in an interval it stands for the
    standard deviation by n - 1 either way."""
