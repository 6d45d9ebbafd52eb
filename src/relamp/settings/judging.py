"""How strictly reproduced numbers are judged: options that are fixed before a number is seen."""

from typing import Literal, get_args

from relamp.settings.base import Positive, Settings, Share

Verdict = Literal["reproduced", "better", "worse", "inconclusive", "not run"]
Protocol = Literal["fixed", "nested", "oracle"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


class Judging(Settings):
    """What a verdict rests on."""

    margin: Positive = 2.0
    """Points around a published value within which the interval of a reproduced value must lie."""
    confidence: Share = 0.95
    """Confidence of the intervals."""
    rope: Positive = 1.0
    """Points within which two methods count as equal (region of practical equivalence)."""
    protocol: Literal["fixed", "nested"] = "fixed"
    """Scores that are judged: of the fixed setting (fixed) or of the setting chosen within each fold (nested); oracle
    scores are never judged, since they choose the setting by test scores."""
