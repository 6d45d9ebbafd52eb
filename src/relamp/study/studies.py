"""What a configuration asks for, as data: runs of methods on data sets, and how they are trained and evaluated."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from relamp.data.registry import REGISTRY, Expected
from relamp.data.rows import DEFAULT, branch_of, setting_name, setting_values
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS, MethodRow
from relamp.runtime.job import named as load
from relamp.settings.base import Settings
from relamp.settings.evaluation import ProbeProtocol
from relamp.settings.molecules import DrawnSplit
from relamp.study.config import Config
from relamp.study.experiments import ImageExperiments, NodeExperiments, Unsupervised, swept_methods
from relamp.study.names import BAG, FROM_SCRATCH
from relamp.study.overrides import GROUPS, SCORED, named, overridden, parted, reason, scored_by, spelt
from relamp.study.own import own_sizes
from relamp.study.readings import universe

CONTROL = "untrained"
# The study by whose settings any one run of a domain is trained.
BASE = {"graphs": "tables", "molecules": "corpus", "nodes": "nodes", "images": "images"}
# What trains it, by name: studies are read without torch.
TRAINERS = {
    "graphs": "relamp.train.graphs:GraphTrainer",
    "molecules": "relamp.train.graphs:MoleculeTrainer",
    "nodes": "relamp.train.nodes:NodeTrainer",
    "images": "relamp.train.images:ImageTrainer",
}
_KERNELS = {"svm-linear-validated": "linear", "svm-rbf-validated": "rbf"}
_READINGS = "multiverse_"  # how the names of studies of all readings begin
ALSO_SPLIT = "also_"  # how the names of studies of further splits of molecules begin
Protocol = Callable[[str], Settings]  # of a data set


class Run(NamedTuple):
    """A method at one setting; over all data sets and seeds of its study."""

    method: str
    setting: str

    @property
    def trained(self) -> "Run":
        """The run whose encoder it has: of all branches, and without options by which it alone is scored."""
        return Run(branch_of(self.method)[0], parted(self.setting)[0])


@dataclass(frozen=True)
class Study:
    """Runs that are trained and evaluated alike.

    Attributes:
        name: of an experiment or sweep.
        domain: graphs, molecules, nodes or images.
        datasets: data sets of the runs.
        runs: methods at their settings.
        seeds: seeds of each run.
        training: settings of training, which a run's setting overrides.
        protocols: by evaluation, its protocol on a data set.
        controls: kernels, bags and what else does not train.
        options: options of these.
        together: whether one job trains all settings of a method on a data set, as for sweeps.
        sizes: of the user's own data sets.
        starts: seeds of the pre-trained encoders that its runs start from, where they are fine-tuned.
        splits: names of the split of molecules, of one for all seeds or of one for each.
        corpus: what encoders of molecules are pre-trained on, a subset or the user's own; empty for all of a known one.
        over: parameters that a sweep of the configuration varies.
    """

    name: str
    domain: str
    datasets: tuple[str, ...]
    runs: tuple[Run, ...]
    seeds: tuple[int, ...]
    training: Settings
    protocols: Mapping[str, Protocol] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    together: bool = False
    starts: tuple[int, ...] = (0,)
    splits: tuple[str, ...] = ("scaffold",)
    over: tuple[str, ...] = ()
    sizes: Mapping[str, Expected] = field(default_factory=dict)
    corpus: str = ""
    # What `trained_by` has found: a plan asks it for each run some hundred times.
    _trained: dict[Run, Settings] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def of_readings(self) -> bool:
        """Whether it runs methods under all readings: none of its settings is a candidate of any choice."""
        return self.name.startswith(_READINGS)

    @property
    def of_another_split(self) -> bool:
        """Whether it repeats fine-tuning in another split, so that none of its settings is a candidate either."""
        return self.name.startswith(ALSO_SPLIT)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of its runs, and its controls, each once."""
        return tuple(dict.fromkeys((*(run.method for run in self.runs), *self.controls)))

    @property
    def trained_runs(self) -> tuple[Run, ...]:
        """Its runs as they are trained, each once; kernels are none."""
        return tuple(dict.fromkeys(run.trained for run in self.runs if run.method not in self.controls))

    def row(self, method: str) -> MethodRow:
        """Return the row of a method of this domain, or of the one whose branch is scored alone."""
        return METHODS[self.domain][branch_of(method)[0]]

    def controls_of(self, evaluation: str) -> tuple[str, ...]:
        """Return the controls that an evaluation can score."""
        return self.controls if self.controls and EVALUATIONS[evaluation].controls else ()

    def trained_by(self, run: Run) -> Settings:
        """Return the training settings of a run; raises RelampError if its setting is misspelt or out of range."""
        if run not in self._trained:
            self._trained[run] = self._trained_anew(run)
        return self._trained[run]

    def _trained_anew(self, run: Run) -> Settings:
        row, values = self.row(run.method), setting_values(run.setting)
        try:
            chosen = overridden(self.training, row, values)
        except ValueError as error:
            raise RelampError(f"{run.method}: setting {run.setting!r}: {reason(error)}") from error
        # Spelt in one way, so that no two paths mean one setting.
        if run.setting != (wanted := setting_name({**named(chosen, row), **values})):
            raise RelampError(f"{run.method}: there is no setting {run.setting!r}; it is spelt like {wanted}")
        return chosen

    def settings_of(self, run: Run) -> dict[str, Any]:
        """Return the same as a job gets it: without the options of other methods, on which the result cannot depend."""
        return self.trained_by(run).model_dump(mode="json", exclude=set(GROUPS - {self.row(run.method).group}))

    def protocol_of(self, evaluation: str, dataset: str, run: Run) -> dict[str, Any]:
        """Return the options by which a run is scored; raises RelampError if its setting names a wrong one.

        A method that is trained as in its public code, which says where training ends, is scored there.
        """
        protocol, given = self.protocols[evaluation](dataset), parted(run.setting)[1]
        if isinstance(protocol, ProbeProtocol) and self._ends_by_code(dataset, run):
            given = {"epoch": "last", **given}
        try:
            chosen = scored_by(protocol, given)
        except ValueError as error:
            raise RelampError(f"{run.method}: setting {run.setting!r}: {reason(error)}") from error
        return chosen.model_dump(mode="json")

    def _ends_by_code(self, dataset: str, run: Run) -> bool:
        if run.method in self.controls:
            return False
        return self.row(run.method).own_epochs(dataset, self.trained_by(run.trained)) is not None

    def facts(
        self, evaluation: str, dataset: str, run: Run, protocol: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what the rows of a run say of themselves, and are asked for: all that decides them but data and code.

        `protocol` is that of the study, unless it is given.
        """
        chosen = protocol or self.protocol_of(evaluation, dataset, run)
        return {**self.label(evaluation, dataset, run), "seeds": list(self.seeds), "protocol": chosen}

    def label(self, evaluation: str, dataset: str, run: Run) -> dict[str, Any]:
        """Return the same without seeds and protocol: the run, and how it was trained or the options of its kernel."""
        label = {"evaluation": evaluation, "dataset": dataset, **run._asdict()}
        if run.method in self.controls_of(evaluation):
            # A group of options is that of the control of its name.
            others = {key for key, value in self.options.items() if isinstance(value, Mapping)} - {
                run.method.replace("-", "_")
            }
            return {**label, "options": {key: value for key, value in self.options.items() if key not in others}}
        label = {**label, "training": self.training_of(run)}
        if self.starts != (0,) and label["training"]:
            label["pretraining_seeds"] = list(self.starts)
        return label

    def training_of(self, run: Run) -> dict[str, Any] | None:
        """Return how the encoder of a run is trained; None where training starts from scratch."""
        if run.method == FROM_SCRATCH:
            return None
        # Rows from before there were others say nothing of a whole known corpus.
        of = {"corpus": self.corpus} if self.corpus else {}
        return {"method": self.method_of(run.trained), "settings": self.settings_of(run.trained), **of}

    def method_of(self, run: Run) -> dict[str, Any]:
        """Return a method as a job gets it: its class, with the options that the class takes."""
        row = self.row(run.method)
        return {"name": run.method, "maker": row.maker, "options": dict(row.fixed), "trains": row.trains}


def scored(found: Mapping[str, Study], evaluation: str) -> list[Study]:
    """Return the studies that an evaluation scores, in the order in which a shared run belongs to one.

    Those without data sets come last: a job scores all runs of its study, and would have all methods of the tables
    trained for a data set that another study alone has.
    """
    fitting = [study for study in found.values() if evaluation in study.protocols]
    return sorted(fitting, key=lambda study: not study.datasets)


def owner(found: Mapping[str, Study], evaluation: str, run: Run) -> Study:
    """Return the study with which a run is scored by an evaluation: the first one that has it."""
    of = scored(found, evaluation)
    return next(study for study in of if run in study.runs or run.method in study.controls_of(evaluation))


def studies(config: Config) -> dict[str, Study]:
    """Return all studies of a configuration by name, in the order in which a shared run is trained with one."""
    found = [*_graph_studies(config), *_transfer(config), *_node_studies(config), *_image_studies(config)]
    found += _universes(config)
    sizes, names = own_sizes(config), [study.name for study in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RelampError(f"sweeps: {', '.join(twice)} is the name of one of relamp's own studies; take another")
    return {study.name: replace(study, sizes=sizes) for study in found}


def _graph_studies(config: Config) -> Iterator[Study]:
    chosen, linear, edits = config.unsupervised, config.mmix.graphs, config.mmix.edit_distance
    options = chosen.kernel_options.model_dump(mode="json")
    study = partial(Study, domain="graphs", seeds=chosen.seeds, training=chosen.pretraining)
    with_controls = partial(study, controls=(*chosen.kernels, BAG), options=options)
    rbf = {"svm-rbf": _always(chosen.svm)}

    def fixed(methods: Sequence[str]) -> tuple[Run, ...]:
        return fixed_runs("graphs", chosen.pretraining, [*methods, CONTROL])

    further = {name: _protocol(name, options) for name, options in chosen.further.items()}
    tables = fixed(chosen.methods)
    yield with_controls("tables", datasets=chosen.datasets, runs=tables, protocols={**rbf, **further})
    # Methods that their public codes score otherwise than the tables are scored so besides.
    for name, kernel in _KERNELS.items():
        own = [method for method in chosen.methods if METHODS["graphs"][method].evaluation == name]
        protocol = _protocol(name, {**chosen.validated.model_dump(), "kernel": kernel})
        runs = fixed_runs("graphs", chosen.pretraining, own)
        if runs:
            yield study(name, datasets=chosen.datasets, runs=runs, protocols={name: protocol})
    yield from _sweeps("", chosen, rbf)
    theorem = fixed_runs("graphs", chosen.pretraining, chosen.theorem.methods)
    yield study("information", datasets=chosen.theorem.datasets, runs=theorem)
    cross = tuple(dict.fromkeys((*tables, *fixed(config.cross.methods))))
    yield with_controls("cross", datasets=config.cross.datasets, runs=cross, protocols=rbf)
    svm = {"svm-linear": _always(linear.svm)}
    yield with_controls("linear", datasets=linear.datasets, runs=fixed(linear.methods), protocols=svm)
    labelled = {"supervised-graphs": _always(linear.supervision)}
    if linear.supervised:
        models = study("supervised_graphs", datasets=linear.datasets, runs=(), protocols=labelled)
        yield replace(models, controls=linear.supervised)
    edit = {"edit-distance": _always(edits.protocol)}
    runs = fixed(edits.methods) if edits.methods else ()
    yield study("edits", datasets=(edits.dataset,), runs=runs, protocols=edit, controls=edits.kernels)
    if edits.supervised:
        trained = {"supervised-edits": _always(edits.supervised_protocol)}
        models = study("supervised_edits", datasets=(edits.dataset,), runs=(), protocols=trained)
        (start,) = fixed_runs("graphs", chosen.pretraining, ["mvgrl-untrained"])
        settings = models.settings_of(start)
        yield replace(models, controls=edits.supervised, options=dict.fromkeys(edits.supervised, settings))


def _transfer(config: Config) -> Iterator[Study]:
    chosen = config.transfer
    runs = fixed_runs("molecules", chosen.pretraining, [name for name in chosen.methods if name != FROM_SCRATCH])
    scratch = tuple(Run(name, DEFAULT) for name in chosen.methods if name == FROM_SCRATCH)
    whole = chosen.molecules is None and chosen.corpus in REGISTRY
    corpus = "" if whole else chosen.trained_on
    study = partial(Study, domain="molecules", training=chosen.pretraining, corpus=corpus)
    yield study("corpus", datasets=(chosen.trained_on,), runs=runs, seeds=chosen.pretraining_seeds)
    study = partial(study, datasets=chosen.datasets, seeds=chosen.seeds)
    for split in (chosen.split, *chosen.also_split):
        tuned = (*runs, *scratch)
        if split != chosen.split:
            words = {f"{SCORED}split": split}
            tuned = tuple(Run(run.method, setting_name({**setting_values(run.setting), **words})) for run in tuned)
        yield study(
            "transfer" if split == chosen.split else f"{ALSO_SPLIT}{split}",
            runs=tuned,
            protocols={"finetune": _always(chosen.tuned(split))},
            together=split != chosen.split,
            starts=chosen.pretraining_seeds,
            splits=tuple(chosen.splits(split)),
        )
    if chosen.controls:
        # By options of their own alone, none of which fine-tuning has.
        drawn = DrawnSplit(split=chosen.split, split_seed=chosen.split_seed)
        yield study(
            "transfer_controls",
            runs=(),
            protocols={"finetune": _always(Settings() if chosen.split == "scaffold" else drawn)},
            controls=chosen.controls,
            options=chosen.options_of_controls,
            splits=tuple(chosen.splits()),
        )


def _node_studies(config: Config) -> Iterator[Study]:
    nodes, theorem, sweep = config.mmix.nodes, config.mmix.nodes.theorem, config.mmix.nodes.sweep
    probe: dict[str, Protocol] = {"probe": nodes.probe_of}
    tables = _tables(nodes, {**probe, "kmeans": _always(nodes.clustering)})
    tables = replace(tables, controls=nodes.controls, options={"features": nodes.pretraining.features})
    yield tables
    labelled: dict[str, Protocol] = {"supervised-nodes": nodes.supervision_of}
    if nodes.supervised:
        yield replace(tables, name="supervised_nodes", runs=(), protocols=labelled, controls=nodes.supervised)
    runs = fixed_runs("nodes", nodes.pretraining, theorem.methods)
    yield Study("theorem", "nodes", (theorem.dataset,), runs, nodes.seeds, nodes.pretraining)
    yield from _sweeps("nodes_", nodes, probe)
    # Curves over epochs need checkpoints, and no early stop; only the average of both branches is shown.
    keep = "split" if nodes.probe_of(sweep.dataset).split == "public" else "all"
    over = {"checkpoints": sweep.checkpoints, "epochs": sweep.epochs, "patience": None}
    training = nodes.pretraining.model_copy(update={**over, "branches": ("average",), "keep": keep})
    grid = tuple(Run(name, setting_name(values)) for name in sweep.methods for values in sweep.points())
    yield Study("grid", "nodes", (sweep.dataset,), grid, nodes.seeds, training, probe, together=True)


def _image_studies(config: Config) -> Iterator[Study]:
    images = config.mmix.images
    probe = {"image-probe": _always(images.probe)}
    yield _tables(images, probe)
    yield from _sweeps("images_", images, probe)


def _universes(config: Config) -> Iterator[Study]:
    """Yield a study per part of the multiverse: its methods under all their readings."""
    graphs, nodes, edits = config.unsupervised, config.mmix.nodes, config.mmix.edit_distance
    shared = ("graphs", graphs.seeds, graphs.pretraining)
    parts: list[tuple[str, tuple[str, Any, Any], dict[str, Protocol]]] = [
        ("lamp", shared, {"svm-rbf": _always(graphs.svm)}),
        ("graphs", shared, {"svm-linear": _always(config.mmix.graphs.svm)}),
        ("edits", shared, {"edit-distance": _always(edits.protocol)}),
        ("nodes", ("nodes", nodes.seeds, nodes.pretraining), {"probe": nodes.probe_of}),
    ]
    for name, (domain, seeds, training), protocols in parts:
        chosen = getattr(config.multiverse, name)
        if not (chosen.methods and chosen.datasets):
            continue
        study = Study(f"{_READINGS}{name}", domain, chosen.datasets, (), seeds, training, protocols, together=True)
        found = {method: answers(config, study, method) for method in chosen.methods}
        if idle := set(chosen.questions).difference(*(way for ways in found.values() for way in ways.values())):
            every = [answers(config, study, method, ()) for method in chosen.methods]
            known = sorted({key for ways in every for way in ways.values() for key in way})
            what = f"multiverse.{name}.questions: {', '.join(sorted(idle))}"
            raise RelampError(f"{what}: is asked of none of its methods; there are {', '.join(known)}")
        if alone := [method for method, ways in found.items() if len(ways) == 1]:
            what = f"multiverse.{name}.methods: {', '.join(alone)}"
            raise RelampError(f"{what}: has one reading alone by the questions asked; leave it out, or ask more of it")
        runs = [Run(method, setting) for method, ways in found.items() for setting in ways]
        # What trains nothing is scored as configured with the controls.
        controls = tuple(method for method in chosen.methods if method not in METHODS[domain])
        runs = [run for run in runs if run.method not in controls or run.setting != DEFAULT]
        yield replace(study, runs=tuple(runs), controls=controls)


def answers(
    config: Config, study: Study, method: str, questions: Collection[str] | None = None
) -> dict[str, dict[str, str]]:
    """Return by setting the answers of a method in a study of all readings, those that are configured first.

    To the questions that the configuration names, or to others; none are all.
    """
    chosen, part = config.multiverse, getattr(config.multiverse, study.name.removeprefix(_READINGS))
    ((evaluation, protocol),) = study.protocols.items()
    asked = part.questions if questions is None else questions
    first, *others = (
        universe(
            *(study.domain, method, study.training, evaluation, protocol(dataset), chosen.complete, chosen.sampled),
            trained=part.training,
            asked=asked,
        )
        for dataset in study.datasets
    )
    if any(other != first for other in others):
        what = f"multiverse.{study.name.removeprefix(_READINGS)}.datasets: {' and '.join(study.datasets)}"
        raise RelampError(f"{what} are scored otherwise, so that they have no readings in common; give each a run")
    return first


def _tables(chosen: NodeExperiments | ImageExperiments, protocols: Mapping[str, Protocol]) -> Study:
    """Return the study of the tables of a domain, which has its name."""
    runs = fixed_runs(chosen.domain, chosen.pretraining, chosen.methods)
    return Study(chosen.domain, chosen.domain, chosen.datasets, runs, chosen.seeds, chosen.pretraining, protocols)


def fixed_runs(domain: str, training: Settings, methods: Sequence[str]) -> tuple[Run, ...]:
    """Return the runs of some methods at the setting of the tables, each once."""
    rows = METHODS[domain]
    return tuple(Run(name, spelt(training, rows[branch_of(name)[0]])) for name in dict.fromkeys(methods))


def _sweeps(
    prefix: str, chosen: Unsupervised | NodeExperiments | ImageExperiments, protocols: Mapping[str, Protocol]
) -> Iterator[Study]:
    """Yield a study per sweep, of the methods that it names, or of the first that takes all its parameters."""
    training, rows = chosen.pretraining, METHODS[chosen.domain]
    for name, sweep in chosen.sweeps.items():
        swept = product(swept_methods(sweep, rows, chosen.methods, training), sweep.points())
        runs = tuple(dict.fromkeys(Run(method, spelt(training, rows[method], values)) for method, values in swept))
        study = partial(Study, f"{prefix}{name}", chosen.domain, chosen.datasets, runs, chosen.seeds, training)
        yield study(protocols, together=True, over=tuple(sweep.over))


def _protocol(evaluation: str, options: Mapping[str, Any]) -> Protocol:
    return _always(load(EVALUATIONS[evaluation].protocol).model_validate(options))


def _always(chosen: Settings) -> Protocol:
    return lambda _: chosen
