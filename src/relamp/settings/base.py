"""What all settings share: their base, and the types of single values."""

import re
from contextlib import suppress
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

Ratio = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Temperature = Annotated[float, Field(ge=0.025, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, lt=2**31)]
AtLeastTwo = Annotated[int, Field(ge=2, lt=2**31)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Epoch = Annotated[int, Field(ge=0, lt=2**31)]


def _in_a_path(value: Any) -> Any:
    """Return a value that can stand in a path, where `_`, `~` and `/` part names from values."""
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    if not re.fullmatch(r"[A-Za-z0-9.+-]+", text):
        raise ValueError("a value is a number or a word of letters, digits, -, + and .")
    # Numbers of nested options arrive from the command line as text.
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return text


Value = Annotated[bool | int | float | str | None, BeforeValidator(_in_a_path)]


class Settings(BaseModel):
    """Base of all settings: frozen, strict about keys; the docstring under a field is its description."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


# Both are checked with the field and not with the whole model, so that faults of other fields are listed too. The field
# `epochs` must come before them; it is missing where it has faults of its own.
def _reached(checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
    last = info.data.get("epochs")
    late = [epoch for epoch in checkpoints if last is not None and epoch > last]
    if late:
        raise ValueError(f"beyond the last epoch, {last}: {', '.join(map(str, late))}")
    return checkpoints


def _with_the_last(checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
    last = info.data.get("epochs")
    if last is not None and last not in checkpoints:
        raise ValueError(f"the last epoch, {last}, is missing, which is evaluated")
    return checkpoints


Checkpoints = Annotated[tuple[Epoch, ...], AfterValidator(_reached)]
CheckpointsWithLast = Annotated[tuple[Epoch, ...], AfterValidator(_reached), AfterValidator(_with_the_last)]
