"""How strictly reproduced numbers are judged: options that are fixed before a number is seen."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from relamp.settings.base import Positive, Settings

Verdict = Literal["reproduced", "better", "worse", "inconclusive", "not run"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Protocol = Literal["fixed", "nested", "oracle"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)


class Judging(Settings):
    """What a verdict rests on.

    Attributes:
        margin: points around a published value within which the interval of a reproduced one must lie.
        confidence: of the intervals.
        rope: points within which two methods count as equal.
        protocol: whose scores are judged; the oracle's never are, since it chooses on test scores.
    """

    margin: Positive = 2.0
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    rope: Positive = 1.0
    protocol: Literal["fixed", "nested"] = "fixed"
