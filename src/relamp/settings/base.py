"""What all settings share: their base, and the types of single values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Ratio = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Epoch = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """Base of all settings: frozen, and strict about keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def reached(checkpoints: tuple[int, ...], last: int | None) -> tuple[int, ...]:
    """Return epochs none of which is beyond the last; raises ValueError otherwise.

    To be called by the validator of a field, not of the whole: so it is told together with the faults of other fields.
    `last` is None where it has faults of its own.
    """
    late = [epoch for epoch in checkpoints if last is not None and epoch > last]
    if late:
        raise ValueError(f"beyond the last epoch, {last}: {', '.join(map(str, late))}")
    return checkpoints


def with_the_last(checkpoints: tuple[int, ...], last: int | None) -> tuple[int, ...]:
    """Return epochs with the last one among them; raises ValueError otherwise."""
    if last is not None and last not in checkpoints:
        raise ValueError(f"the last epoch, {last}, is missing, which is evaluated")
    return checkpoints
