"""The whole configuration: config.yaml over a preset, checked before any job starts."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator

from relamp.data.places import Places, as_list
from relamp.data.registry import REGISTRY, Dataset
from relamp.errors import RelampError
from relamp.judge.judging import Judging, Verdict
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
BAG = "bag"  # the structure-blind control, see relamp.evaluate.bag


def _check_known(name: str, known: Collection[str], what: str) -> str:
    if name not in known:
        folded = {other.casefold(): other for other in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
        hint = f"did you mean {folded[close[0]]}?" if close else f"known: {', '.join(known)}"
        raise ValueError(f"there is no {what} {name!r}; {hint}")
    return name


def _one_of(known: Collection[str], what: str) -> AfterValidator:
    return AfterValidator(lambda name: _check_known(name, known, what))


def _dataset(fits: Callable[[Dataset], bool], wanted: str, *, own: bool) -> AfterValidator:
    """Check the name of a data set and whether it is of the kind that an experiment needs."""
    fitting = [row.name for row in REGISTRY.values() if fits(row)]

    def check(name: str, info: ValidationInfo) -> str:
        # The user's own data sets are named in the same configuration, see load_config.
        known = [*(info.context or {}).get("own", ()), *fitting] if own else fitting
        if name in REGISTRY and name not in known:
            raise ValueError(f"{wanted} are needed, which {name} has not; known: {', '.join(known)}")
        return _check_known(name, known, "data set")

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
GraphsName = Annotated[str, _dataset(lambda row: row.kind in ("graphs", "molecules"), "graphs", own=True)]
ClassifiedName = Annotated[str, _dataset(lambda row: row.kind == "graphs", "graphs with a class each", own=True)]
CorpusName = Annotated[str, _dataset(lambda row: row.kind in ("molecules", "corpus"), "molecules", own=False)]
TasksName = Annotated[
    str, _dataset(lambda row: row.kind == "molecules" and row.expected.tasks > 0, "labelled molecules", own=False)
]
MethodName = Annotated[str, _one_of(METHODS, "method")]
TransferMethodName = Annotated[str, _one_of((*METHODS, FROM_SCRATCH), "method")]
KernelName = Annotated[str, _one_of(KERNELS, "kernel")]
SweptMethodName = Annotated[MethodName, AfterValidator(_sweeps_both)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_some), _once]
Gammas = Annotated[tuple[Ratio, ...], _once]
Alpha = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Damage(DamageProtocol):
    """Fig. 2: which data sets, and how they are damaged."""

    datasets: Annotated[tuple[GraphsName, ...], _once]


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

    datasets: Annotated[tuple[ClassifiedName, ...], _once]
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

    corpus: CorpusName
    datasets: Annotated[tuple[TasksName, ...], _once]
    methods: Annotated[tuple[TransferMethodName, ...], _once]
    seeds: Seeds
    pretraining_seed: Seed = 0
    gamma: Ratio
    alpha: Alpha
    pretraining: Pretraining
    finetuning: Finetuning


def _new_name(name: str) -> str:
    if name in REGISTRY:
        raise ValueError("the registry has a data set of that name; take another")
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ValueError("a name is made of letters, digits, _, - and .")
    return name


def _tu_folders(own: dict[str, str]) -> dict[str, str]:
    for name, folder in own.items():
        if not (Path(folder) / f"{name}_A.txt").is_file():
            raise ValueError(f"there is no file {name}_A.txt in the folder {folder}")
    return own


OwnName = Annotated[str, AfterValidator(_new_name)]


class Config(Places):
    """All that a run depends on.

    Attributes:
        preset: what everything else is laid over.
        own: the user's own data sets, each a folder with `NAME_A.txt` and so on, in the TUDataset text format.
        damage, unsupervised, transfer: the experiments.
        judging: how strictly numbers are judged.
        fail_on: verdicts at which `snakemake verdict` ends with an error, for use in continuous integration.
    """

    preset: str
    own: Annotated[dict[OwnName, str], AfterValidator(_tu_folders)] = Field(default_factory=dict)
    damage: Damage
    unsupervised: Unsupervised
    transfer: Transfer
    judging: Judging = Judging()
    fail_on: Annotated[tuple[Verdict, ...], BeforeValidator(as_list)] = ()


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
    merged = merge({**base, "preset": preset}, given)
    own = merged.get("own")
    try:
        return Config.model_validate(merged, context={"own": list(own) if isinstance(own, Mapping) else ()})
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
