"""Which pre-training runs a configuration asks for, and how a run's setting is spelt in paths."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from relamp.errors import RelampError
from relamp.method.table import METHODS
from relamp.settings.graphs import Pretraining
from relamp.settings.nodes import NodePretraining
from relamp.study.config import Config

NO_SETTING = "default"  # the path of a method that sweeps nothing


class Run(NamedTuple):
    """A method at one setting on one data set, over all seeds."""

    dataset: str
    method: str
    setting: str


Select = Callable[..., list[Run]]  # of a configuration, a data set and what else it takes


def _spelt(value: float) -> str:
    short = f"{value:g}"
    # :g keeps six digits; where they are too few, two values must not share a path.
    return short if float(short) == value else repr(float(value))


def setting_name(method: str, gamma: float, alpha: float) -> str:
    """Return what a method takes of gamma and alpha as a path part, such as `gamma~0.2_alpha~1`."""
    values = {"gamma": gamma, "alpha": alpha}
    return "_".join(f"{name}~{_spelt(values[name])}" for name in METHODS["graphs"][method].swept) or NO_SETTING


def setting_values(method: str, name: str) -> dict[str, float]:
    """Return the numbers of a path part; the inverse of `setting_name`.

    Raises:
        RelampError: if the name is not spelt as `setting_name` spells it for this method.
    """
    try:
        pairs = dict(part.split("~") for part in name.split("_")) if name != NO_SETTING else {}
        values = {key: float(value) for key, value in pairs.items()}
    except ValueError:
        values = {}
    # Spelt again, so that no two paths mean one setting.
    if tuple(values) != METHODS["graphs"][method].swept or name != setting_name(
        method, **{"gamma": 0, "alpha": 0, **values}
    ):
        example = setting_name(method, 0.2, 1)
        raise RelampError(f"{method}: there is no setting {name!r}; it is spelt like {example}")
    if not 0 <= values.get("gamma", 0) < 1 or not 0 <= values.get("alpha", 0) < float("inf"):
        raise RelampError(f"{method}: setting {name!r}: gamma must lie in [0, 1) and alpha must be 0 or more")
    return values


def method_params(method: str, name: str) -> dict[str, Any]:
    """Return what a job needs to know of a method at a setting: the table row's maker, with all its options."""
    row = METHODS["graphs"][method]
    options = {**row.fixed, **setting_values(method, name)}
    return {"name": method, "maker": row.maker, "options": options, "trains": row.trains}


def pretraining_params(method: str, settings: Pretraining) -> dict[str, Any]:
    """Return the settings that a method's result depends on: the other methods' own options are left out."""
    groups = {row.group for row in METHODS["graphs"].values() if row.group}
    return settings.model_dump(mode="json", exclude=groups - {METHODS["graphs"][method].group})


def fixed_settings(config: Config) -> dict[str, dict[str, float]]:
    """Return gamma and alpha of the tables, by kind of experiment."""
    svm, finetune = config.unsupervised, config.transfer
    return {
        "svm": {"gamma": svm.gamma, "alpha": svm.alpha},
        "finetune": {"gamma": finetune.gamma, "alpha": finetune.alpha},
    }


def table_runs(config: Config, dataset: str) -> list[Run]:
    """Return the runs of Tables 1 and 3: every method at the fixed setting, and always the untrained control."""
    return fixed_runs(config, dataset, config.unsupervised.methods)


def fixed_runs(config: Config, dataset: str, methods: Sequence[str]) -> list[Run]:
    """Return the runs of some methods at the fixed setting, and of the untrained control."""
    chosen, names = config.unsupervised, dict.fromkeys([*methods, "untrained"])
    return [Run(dataset, m, setting_name(m, chosen.gamma, chosen.alpha)) for m in names]


def table3_runs(config: Config, dataset: str) -> list[Run]:
    """Return the runs of Table 3: LAMP-Mag with and without its local loss, SimGRACE, and the untrained control."""
    wanted = ("simgrace", "lamp-mag-nolocal", "lamp-mag", "untrained")
    return [run for run in table_runs(config, dataset) if run.method in wanted]


def sweep_runs(config: Config, dataset: str, parameter: str) -> list[Run]:
    """Return the runs of Fig. 4 (`gamma`) or Fig. 5 (`alpha`): the swept method over one grid."""
    chosen, method = config.unsupervised, config.unsupervised.sweep_method
    grid: Mapping[str, tuple[float, ...]] = {"gamma": chosen.gammas, "alpha": chosen.alphas}
    fixed = {"gamma": chosen.gamma, "alpha": chosen.alpha}
    return [Run(dataset, method, setting_name(method, **{**fixed, parameter: value})) for value in grid[parameter]]


def swept_runs(config: Config, dataset: str, parameter: str) -> list[Run]:
    """Return the runs of a sweep that no table shows."""
    shown = set(table_runs(config, dataset))
    return [run for run in sweep_runs(config, dataset, parameter) if run not in shown]


def cross_runs(config: Config, dataset: str) -> list[Run]:
    """Return the runs of the cross table that no other table shows."""
    shown = set(table_runs(config, dataset))
    return [run for run in fixed_runs(config, dataset, config.cross.methods) if run not in shown]


def reference_runs(config: Config, dataset: str) -> list[Run]:
    """Return the runs that Fig. 4 and 5 draw as lines: the controls among the configured methods."""
    wanted = ("untrained", f"{config.unsupervised.sweep_method}-nolocal")
    return [run for run in table_runs(config, dataset) if run.method in wanted]


def all_runs(config: Config) -> Iterator[Run]:
    """Yield every run of the unsupervised experiments once."""
    runs = {
        run: None
        for dataset in config.unsupervised.datasets
        for runs in (
            table_runs(config, dataset),
            sweep_runs(config, dataset, "gamma"),
            sweep_runs(config, dataset, "alpha"),
        )
        for run in runs
    }
    yield from runs


def node_setting(samples: int | None = None, dimension: int | None = None) -> str:
    """Return a point of the grid of M-Mix's Fig. 2 as a path part, such as `samples~500_dim~64`."""
    return NO_SETTING if samples is None else f"samples~{samples}_dim~{dimension}"


def fixed_params(domain: str, method: str) -> dict[str, Any]:
    """Return what a job needs to know of a method on nodes or images: the table row's maker, with all its options."""
    row = METHODS[domain][method]
    return {"name": method, "maker": row.maker, "options": dict(row.fixed), "trains": row.trains}


def node_params(config: Config, setting: str) -> dict[str, Any]:
    """Return the settings of node-level training at a setting."""
    shared = config.mmix.nodes.pretraining.model_dump(mode="json")
    point: dict[str, Any] = {}
    if setting != NO_SETTING:
        pairs, sweep = dict(part.split("~") for part in setting.split("_")), config.mmix.nodes.sweep
        public = config.mmix.nodes.probe_of(sweep.dataset).split == "public"
        point = {
            "sample_size": int(pairs["samples"]),
            "hidden": int(pairs["dim"]),
            "epochs": sweep.epochs,
            "checkpoints": list(sweep.checkpoints),
            "patience": None,
            "branches": ["average"],
            "keep": "split" if public else "all",
        }
    return NodePretraining.model_validate({**shared, **point}).model_dump(mode="json")


def transfer_labels(config: Config, method: str, dataset: str) -> dict[str, Any]:
    """Return the columns that mark the rows of one fine-tuning."""
    chosen = config.transfer
    swept = METHODS["graphs"][method].swept if method in METHODS["graphs"] else ()
    values = {"gamma": chosen.gamma, "alpha": chosen.alpha}
    return {"method": method, "dataset": dataset, **{name: values[name] for name in swept}}
