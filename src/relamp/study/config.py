"""The whole configuration: config.yaml over a preset, checked before any job starts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.settings.base import Ratio, Seed, Settings, with_the_last
from relamp.settings.evaluation import DamageProtocol, Kernels, SvmProtocol
from relamp.settings.graphs import Finetuning, Pretraining
from relamp.settings.judging import Judging, Verdict
from relamp.settings.places import Places, as_list
from relamp.study.mmix import Mmix
from relamp.study.names import (
    Alpha,
    ClassifiedName,
    CorpusName,
    Gammas,
    GraphsName,
    KernelName,
    MethodName,
    Once,
    Seeds,
    SweptMethodName,
    TasksName,
    TransferMethodName,
)


class Damage(DamageProtocol):
    """Fig. 2: which data sets, and how they are damaged."""

    datasets: Annotated[tuple[GraphsName, ...], Once]


class EvaluatedPretraining(Pretraining):
    """Pre-training whose last epoch is evaluated, so its embeddings must be kept."""

    @field_validator("checkpoints")
    @classmethod
    def _have_the_last(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return with_the_last(checkpoints, info.data.get("epochs"))


class Unsupervised(Settings):
    """Tables 1 and 3, Fig. 4 and 5: pre-training on a data set, an SVM on its embeddings.

    Attributes:
        datasets, methods, kernels: what is compared.
        seeds: of pre-training, folds and everything else that is drawn.
        gamma, alpha: the fixed setting of the tables.
        gammas, alphas: the grids of Fig. 4 and 5, each at the other's fixed value.
        sweep_method: whose gamma and alpha are varied.
    """

    datasets: Annotated[tuple[ClassifiedName, ...], Once]
    methods: Annotated[tuple[MethodName, ...], Once]
    kernels: Annotated[tuple[KernelName, ...], Once] = ()
    seeds: Seeds
    gamma: Ratio
    alpha: Alpha
    gammas: Gammas
    alphas: Annotated[tuple[Alpha, ...], Once]
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
    datasets: Annotated[tuple[TasksName, ...], Once]
    methods: Annotated[tuple[TransferMethodName, ...], Once]
    seeds: Seeds
    pretraining_seed: Seed = 0
    gamma: Ratio
    alpha: Alpha
    pretraining: Pretraining
    finetuning: Finetuning


class Cross(Settings):
    """The cross table, which neither paper has: graph-level methods of both, on graph data sets of both.

    Attributes:
        datasets, methods: what is run, at the tables' fixed setting; whatever else was run is shown too.
    """

    datasets: Annotated[tuple[ClassifiedName, ...], Once] = ()
    methods: Annotated[tuple[MethodName, ...], Once] = ()


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
        damage, unsupervised, transfer: LAMP's experiments.
        mmix: M-Mix's.
        cross: the table of both.
        judging: how strictly numbers are judged.
        fail_on: verdicts at which `snakemake verdict` ends with an error, for use in continuous integration.
    """

    preset: str
    own: Annotated[dict[OwnName, str], AfterValidator(_tu_folders)] = Field(default_factory=dict)
    damage: Damage
    unsupervised: Unsupervised
    transfer: Transfer
    mmix: Mmix
    cross: Cross = Cross()
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
