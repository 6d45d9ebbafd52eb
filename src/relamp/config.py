"""The whole configuration: config.yaml over a preset, checked before any job starts."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator

from relamp.data.registry import DATASETS
from relamp.errors import RelampError
from relamp.method.table import METHODS
from relamp.settings import (
    DamageProtocol,
    Finetuning,
    Kernels,
    Pretraining,
    Ratio,
    Seed,
    Settings,
    SvmProtocol,
)

FROM_SCRATCH = "none"  # the transfer experiments' name for no pre-training
KERNELS = ("wl", "graphlet")


def _one_of(known: Collection[str], what: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            folded = {other.casefold(): other for other in known}
            close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
            hint = f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(known)}"
            raise ValueError(f"there is no {what} {name!r}; {hint}")
        return name

    return AfterValidator(check)


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"named twice: {', '.join(map(str, twice))}")
    return values


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not Field(min_length=1), which also complains where all items are there but wrong.
    if not values:
        raise ValueError("at least one is needed")
    return values


def _sweeps_both(method: str) -> str:
    missing = [name for name in ("gamma", "alpha") if name not in METHODS[method].swept]
    if missing:
        raise ValueError(f"{method} has no {' and no '.join(missing)} to vary")
    return method


_once = AfterValidator(_distinct)
DatasetName = Annotated[str, _one_of(DATASETS, "data set")]
MethodName = Annotated[str, _one_of(METHODS, "method")]
TransferMethodName = Annotated[str, _one_of((*METHODS, FROM_SCRATCH), "method")]
KernelName = Annotated[str, _one_of(KERNELS, "kernel")]
SweptMethodName = Annotated[MethodName, AfterValidator(_sweeps_both)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_some), _once]
Datasets = Annotated[tuple[DatasetName, ...], _once]
Gammas = Annotated[tuple[Ratio, ...], _once]
Alpha = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Damage(DamageProtocol):
    """Fig. 2: which data sets, and how they are damaged."""

    datasets: Datasets


class EvaluatedPretraining(Pretraining):
    """Pre-training whose last epoch is evaluated, so its embeddings must be kept."""

    @field_validator("checkpoints")
    @classmethod
    def _have_the_last(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        last = info.data.get("epochs")
        if last is not None and last not in checkpoints:
            raise ValueError(f"the last epoch, {last}, is missing, which is evaluated")
        return checkpoints


class Unsupervised(Settings):
    """Tables 1 and 3, Fig. 4 and 5: pre-training on a data set, an SVM on its embeddings.

    Attributes:
        datasets, methods, kernels: what is compared.
        seeds: of pre-training, folds and everything else that is drawn.
        gamma, alpha: the fixed setting of the tables.
        gammas, alphas: the grids of Fig. 4 and 5, each at the other's fixed value.
        sweep_method: whose gamma and alpha are varied.
    """

    datasets: Datasets
    methods: Annotated[tuple[MethodName, ...], _once]
    kernels: Annotated[tuple[KernelName, ...], _once] = ()
    seeds: Seeds
    gamma: Ratio
    alpha: Alpha
    gammas: Gammas
    alphas: Annotated[tuple[Alpha, ...], _once]
    sweep_method: SweptMethodName = "lamp-mag"
    pretraining: EvaluatedPretraining = EvaluatedPretraining()
    svm: SvmProtocol = SvmProtocol()
    kernel_options: Kernels = Kernels()


class Transfer(Settings):
    """Table 2: pre-training on a corpus of molecules, fine-tuning on others.

    Attributes:
        corpus: what is pre-trained on.
        datasets, methods: what is compared; "none" starts from scratch.
        seeds: of fine-tuning.
        pretraining_seed: of the one pre-trained encoder a method.
        gamma, alpha: LAMP's setting.
    """

    corpus: DatasetName
    datasets: Datasets
    methods: Annotated[tuple[TransferMethodName, ...], _once]
    seeds: Seeds
    pretraining_seed: Seed = 0
    gamma: Ratio
    alpha: Alpha
    pretraining: Pretraining
    finetuning: Finetuning


class Config(Settings):
    """All that a run depends on."""

    preset: str
    damage: Damage
    unsupervised: Unsupervised
    transfer: Transfer


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the entries of `over` laid upon it, mappings entry by entry, everything else as a whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def load_config(given: Mapping[str, Any], presets: Path) -> Config:
    """Return the checked configuration: what the user gave, laid over the preset it names.

    Raises:
        RelampError: with a line for every fault, all of them at once.
    """
    names = sorted(path.stem for path in presets.glob("*.yaml"))
    preset = given.get("preset", "quick")
    if preset not in names:
        raise RelampError(f"config: preset: there is no preset {preset!r}; known: {', '.join(names)}")
    base = yaml.safe_load((presets / f"{preset}.yaml").read_text(encoding="utf-8"))
    try:
        return Config.model_validate(merge({**base, "preset": preset}, given))
    except ValidationError as error:
        raise RelampError("\n".join(_line(fault) for fault in error.errors())) from error


def _line(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"config: {place}: there is no such option"
    if fault["type"] == "missing":
        return f"config: {place}: is missing"
    message = fault["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    given = fault["input"]
    return f"config: {place}: {message}" + ("" if isinstance(given, Mapping | Settings) else f" (given: {given!r})")
