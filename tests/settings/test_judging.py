from typing import get_args

import pytest
from pydantic import ValidationError

from relamp.settings.judging import PROTOCOLS, VERDICTS, Judging, Protocol, Verdict


def test_what_the_readme_promises_if_nothing_is_configured() -> None:
    judging = Judging()
    assert (judging.margin, judging.confidence, judging.rope, judging.protocol) == (2.0, 0.95, 1.0, "fixed")


def test_names_and_types_agree() -> None:
    assert get_args(Verdict) == VERDICTS
    assert get_args(Protocol) == PROTOCOLS


@pytest.mark.parametrize(
    "given",
    [
        {"protocol": "oracle"},
        {"margin": 0},
        {"margin": float("inf")},
        {"confidence": 0},
        {"confidence": 1},
        {"rope": -1},
        {"margins": 2},
    ],
)
def test_what_cannot_be_judged_by_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(given))):
        Judging.model_validate(given)


def test_rules_are_not_changed_once_they_are_stated() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Judging().margin = 5.0  # type: ignore[misc]
