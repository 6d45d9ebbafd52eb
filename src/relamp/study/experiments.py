"""The experiments of both papers, as the configuration names them: data sets, methods, seeds, settings and sweeps."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from relamp.data.registry import REGISTRY
from relamp.method.table import METHODS, MethodRow
from relamp.settings.base import AtLeastTwo, CheckpointsWithLast, Count, Seed, Settings, Value
from relamp.settings.evaluation import (
    ClusterProtocol,
    DamageProtocol,
    EditDistanceProtocol,
    ImageProbe,
    InformationProtocol,
    Kernels,
    ProbeProtocol,
    SvmProtocol,
    ValidatedSvm,
)
from relamp.settings.graphs import Pretraining
from relamp.settings.images import ImagePretraining
from relamp.settings.molecules import DrawnFinetuning, Finetuning, MolecularPretraining, Split, TransferControls
from relamp.settings.nodes import NodePretraining
from relamp.settings.supervised import EditSupervision, SupervisedEdits, SupervisedGraphs, SupervisedNodes
from relamp.study import names
from relamp.study.overrides import overridden, place, reason


class Sweep(Settings):
    """Several values of one or more named settings, everything else as configured.

    In short: `gamma: [0.1, 0.2]`, `gamma: {values: [0.1, 0.2], methods: [lamp-soft]}`, and as a grid under any name:
    `both: {gamma: [0.1, 0.2], alpha: [1, 10]}`.
    """

    over: Annotated[dict[str, Annotated[tuple[Value, ...], names.Once]], Field(min_length=1)]
    """Values per parameter: a field of the method's own options or of the training settings; several make a grid."""
    methods: Annotated[tuple[str, ...], names.Once] = ()
    """Methods that are swept; by default the first of the experiment's that takes all the parameters."""

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield the values of each point, all combinations of several parameters."""
        return (dict(zip(self.over, values, strict=True)) for values in product(*self.over.values()))


def _written_out(sweeps: Any) -> Any:
    """Return sweeps without shorthand, those without values left out."""
    if not isinstance(sweeps, Mapping):
        return sweeps
    full: dict[str, Any] = {}
    for name, given in sweeps.items():
        words = {"values": given} if isinstance(given, list | tuple) else given
        if isinstance(words, Mapping) and "over" not in words:
            over = {name if key == "values" else key: value for key, value in words.items() if key != "methods"}
            words = {"over": over, **({"methods": words["methods"]} if "methods" in words else {})}
        values = words.get("over") if isinstance(words, Mapping) else None
        if not isinstance(values, Mapping) or all(values.values()):
            full[name] = words
    return full


def swept_methods(
    sweep: Sweep, rows: Mapping[str, MethodRow], methods: Sequence[str], training: Settings
) -> tuple[str, ...]:
    """Return the methods of a sweep: those it names, or the first that takes its parameters.

    First come methods whose own settings these are by name (gamma and alpha are LAMP's), then those of the experiment.
    Raises ValueError if a method does not take a parameter, or a value of it.
    """
    fit = [name for name in (*methods, *rows) if all(place(training, rows[name], key) for key in sweep.over)]
    fit.sort(key=lambda name: not set(sweep.over) <= set(rows[name].swept))
    over = f"{' and '.join(sweep.over)}; a sweep varies fields of the training settings or of the method's own options"
    if not fit:
        raise ValueError(f"no method takes {over}")
    for name in sweep.methods or fit[:1]:
        if name not in fit:
            raise ValueError(f"{name} does not take {over}")
        for values in sweep.points():
            overridden(training, rows[name], values)
    return sweep.methods or tuple(fit[:1])


SweepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# For editors, which see what is typed.
Typed = dict[SweepName, tuple[Value, ...] | dict[str, tuple[Value, ...]] | Sweep]
Sweeps = Annotated[dict[SweepName, Sweep], BeforeValidator(_written_out, json_schema_input_type=Typed)]


class _Swept(Settings):
    """An experiment with sweeps; its domain says which methods there are."""

    domain: ClassVar[str]
    sweeps: Sweeps = Field(default_factory=dict)
    """Settings that are varied, by name; each sweep gets a figure, and `gamma` and `alpha` are LAMP's Fig. 4 and 5.
    Those of the preset stay unless they are given without values (`gamma: []`)."""

    @model_validator(mode="after")
    def _sweeps_are_sound(self) -> Self:
        chosen: Any = self
        for name, sweep in self.sweeps.items():
            try:
                swept_methods(sweep, METHODS[self.domain], chosen.methods, chosen.pretraining)
            except ValueError as error:
                raise ValueError(f"sweeps.{name}: {reason(error)}") from error
        return self


class Damage(DamageProtocol):
    """Fig. 2: structural entropy before and after augmentation."""

    datasets: Annotated[tuple[names.GraphsName, ...], names.Once]
    """Data sets whose graphs are augmented."""


class EvaluatedPretraining(Pretraining):
    """Pre-training whose last epoch is evaluated, so its embeddings must be kept."""

    checkpoints: CheckpointsWithLast = (0, 10, 20)
    """Epochs whose embeddings are stored and evaluated; 0 is before training, and the last epoch must be among them."""


class TheoremCheck(InformationProtocol):
    """LAMP's Theorem 4.1 on stored encoders: does a pruned one keep more information than an augmented graph does?"""

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once] = ()
    """Data sets whose encoders are measured, at the tables' setting."""
    methods: Annotated[tuple[names.EncoderName, ...], names.Once] = ("lamp-mag", "graphcl", "untrained")
    """Methods whose encoders are measured; those of M-Mix have other encoders."""

    @field_validator("methods")
    @classmethod
    def _have_weights_to_prune(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        if other := [name for name in methods if METHODS["graphs"][name].group == "mmix"]:
            raise ValueError(f"{', '.join(other)}: not the encoder that LAMP prunes; name methods of LAMP's tables")
        return methods


class Unsupervised(_Swept):
    """LAMP's Tables 1 and 3, Fig. 4 and 5, Theorem 4.1: pre-training on a data set, an SVM on its embeddings."""

    domain: ClassVar[str] = "graphs"

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once]
    """Data sets of the tables."""
    methods: Annotated[tuple[names.MethodName, ...], names.Once]
    """Methods of the tables; the untrained control is always run."""
    kernels: Annotated[tuple[names.KernelName, ...], names.Once] = ()
    """Graph kernels that are compared, and further controls: the most frequent class (majority) and bags of node
    features (bag-labels and so on, by the answers of `pretraining.features`)."""
    seeds: names.Seeds
    """Seeds of pre-training, folds and everything else that is drawn."""
    pretraining: EvaluatedPretraining = EvaluatedPretraining()
    """Pre-training on graphs."""
    svm: SvmProtocol = SvmProtocol()
    """Cross-validation of the SVM on embeddings and kernels."""
    validated: ValidatedSvm = ValidatedSvm()
    """Cross-validation of methods whose public code scores them so; each has its own kernel."""
    kernel_options: Kernels = Kernels()
    """Options of the graph kernels."""
    further: dict[names.EvaluationName, dict[str, Any]] = Field(default_factory=dict)
    """Further evaluations of the tables' runs, by name, each with its options."""
    theorem: TheoremCheck = TheoremCheck()
    """The check of Theorem 4.1."""


def _are_there(molecules: int | None, info: ValidationInfo) -> int | None:
    row = REGISTRY.get(info.data.get("corpus", ""))
    known = (row.expected.graphs or row.expected.rows) if row else 0
    if row and molecules and 0 < known < molecules:
        raise ValueError(f"there are {known:,} molecules in {row.name}; ask for fewer, or for all with null")
    return molecules


class Transfer(Settings):
    """LAMP's Table 2: pre-training on a corpus of molecules, fine-tuning on others."""

    corpus: names.CorpusName
    """Molecules that encoders are pre-trained on."""
    molecules: Annotated[AtLeastTwo | None, AfterValidator(_are_there)] = None
    """How many of them, drawn uniformly with seed 0; null for all."""
    datasets: Annotated[tuple[names.TasksName, ...], names.Once]
    """Labelled molecules that encoders are fine-tuned on."""
    methods: Annotated[tuple[names.TransferMethodName, ...], names.Once]
    """Pre-training methods; `none` starts from scratch."""
    controls: Annotated[tuple[names.TransferControlName, ...], names.Once] = ()
    """Controls in the same split, which pre-train nothing: a random forest on fingerprints (ecfp), and a logistic
    regression on the embeddings of an untrained encoder, as it was drawn (frozen-untrained) or with the training
    molecules' statistics in its batch normalisation (frozen-calibrated)."""
    seeds: names.Seeds
    """Seeds of fine-tuning and of the controls."""
    pretraining_seeds: names.Seeds = (0,)
    """Seeds of pre-training: from each encoder all seeds of fine-tuning start. With several, a run is the mean over its
    seeds of fine-tuning, and intervals are over pre-trainings."""
    split: Split = "scaffold"
    """How molecules are split into 80 % training, 10 % validation and 10 % test: whole scaffolds, the largest first
    (scaffold), or in an order that is drawn (random-scaffold), or each molecule by itself (random)."""
    split_seed: Seed | Literal["each"] = 0
    """Seed of a split that is drawn, the same for all runs, or a split for each seed of fine-tuning (each)."""
    also_split: Annotated[tuple[Split, ...], names.Once] = ()
    """Further splits in which all is fine-tuned again, to say what the split alone changes."""
    pretraining: MolecularPretraining
    """Pre-training on the corpus; as many epochs as the encoder has that is fine-tuned."""
    finetuning: Finetuning
    """Fine-tuning."""
    control_options: TransferControls = TransferControls()
    """Options of the controls."""

    @property
    def options_of_controls(self) -> dict[str, Any]:
        """The options with those of the encoder, which is that of fine-tuning without pre-training."""
        drawn = {"initialisation": self.finetuning.initialisation}
        shape = self.pretraining.model_dump(mode="json", include={"hidden", "layers"})
        words = self.control_options.model_dump(mode="json")
        frozen = ("frozen_untrained", "frozen_calibrated")
        return {**words, **{name: {**words[name], **shape, **drawn} for name in frozen}}

    @property
    def trained_on(self) -> str:
        """The name of what encoders are pre-trained on: the corpus, or a subset of it, such as ZINC15~50000."""
        return f"{self.corpus}~{self.molecules}" if self.molecules else self.corpus

    @model_validator(mode="before")
    @classmethod
    def _old_name(cls, given: Any) -> Any:
        """Take the one seed of pre-training that earlier versions had, and recorded."""
        if not isinstance(given, Mapping) or "pretraining_seed" not in given or "pretraining_seeds" in given:
            return given
        others = {name: value for name, value in given.items() if name != "pretraining_seed"}
        return {**others, "pretraining_seeds": [given["pretraining_seed"]]}

    @field_validator("also_split")
    @classmethod
    def _other_splits(cls, also: tuple[Split, ...], info: ValidationInfo) -> tuple[Split, ...]:
        if info.data.get("split") in also:
            raise ValueError(f"{info.data['split']} is the split that all is run in already; leave it out")
        return also

    def tuned(self, split: Split) -> Finetuning:
        """Return how encoders are fine-tuned in a split."""
        if split == self.split == "scaffold":
            return self.finetuning
        drawn = {"split": split, "split_seed": self.split_seed}
        return DrawnFinetuning.model_validate({**self.finetuning.model_dump(), **drawn})

    def covered(self) -> str:
        """Return what the intervals of its scores cover."""
        each, starts = self.split != "scaffold" and self.split_seed == "each", len(self.pretraining_seeds)
        split = f"a {self.split} split of its own" if each else f"the same {self.split} split"
        if starts == 1:
            return f"seeds, each with {split} and from the same pre-trained encoder, not another pre-training"
        runs = f"{len(self.seeds)} seeds of fine-tuning, each with {split}"
        each_is = f"the score of each the mean over the same {runs}"
        return f"{starts} pre-trainings, {each_is}; without pre-training, over these seeds"

    def splits(self, split: Split | None = None) -> list[str]:
        """Return the names of the files of a split, one for all seeds of fine-tuning or one for each."""
        name = split or self.split
        if name == "scaffold":
            return [name]
        return [f"{name}~{seed}" for seed in (self.seeds if self.split_seed == "each" else (self.split_seed,))]


class Cross(Settings):
    """The cross table, which neither paper has: graph-level methods of both papers on graph data sets of both."""

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once] = ()
    """Data sets besides those of the tables."""
    methods: Annotated[tuple[names.MethodName, ...], names.Once] = ()
    """Methods besides those of the tables."""


class NodeSweep(Settings):
    """M-Mix's Fig. 2 and 3: sample size against output dimension."""

    dataset: names.NodesName
    """Data set whose nodes are embedded."""
    methods: Annotated[tuple[names.NodeMethodName, ...], names.Once] = ("mp-mix-nodiv", "mp-mix")
    """Methods, with and without the diversity term."""
    sample_sizes: Annotated[tuple[AtLeastTwo, ...], names.Once]
    """Nodes that are contrasted per step."""
    dimensions: Annotated[tuple[Count, ...], names.Once]
    """Widths of the embeddings."""
    epochs: Count = 2000
    """Epochs of every run of the grid, without early stopping."""
    checkpoints: Annotated[CheckpointsWithLast, names.Once, Field(min_length=2)] = (
        *(0, 10, 20, 50, 100, 200, 500, 1000, 2000),
    )
    """Epochs that Fig. 3 shows."""

    def points(self) -> list[dict[str, Any]]:
        """Return the settings of each point of the grid."""
        return [
            {"sample_size": samples, "hidden": dimension, "epochs": self.epochs}
            for samples, dimension in product(self.sample_sizes, self.dimensions)
        ]


class HardNegativesCheck(Settings):
    """M-Mix's Theorem 3.1 on stored embeddings: are negatives harder by ranked weights than by permuted ones?"""

    dataset: names.NodesName
    """Data set whose embeddings are checked, at the tables' setting."""
    methods: Annotated[tuple[names.NodeMethodName, ...], names.Once] = ("mo-mix", "mp-mix")
    """Methods whose mixing is checked."""
    permutations: Count = 1000
    """Permutations of a node's weights."""
    anchors: Count = 2000
    """Greatest number of nodes that are measured."""

    @field_validator("methods")
    @classmethod
    def _mix_over_neighbours(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        for name in methods:
            row = METHODS["nodes"][name]
            mixes = row.fixed.get("mixer") in ("mo-mix", "mp-mix", "mp-mix-nodiv")
            as_in_code, over = "options" in row.fixed, row.fixed.get("mix", {}).get("scope", "wp")
            if not mixes or as_in_code or not row.maker.endswith(":MVGRL") or over != "wp":
                raise ValueError(f"{name} does not mix the neighbours of MVGRL's branch by similarity")
        return methods


class NodeExperiments(_Swept):
    """M-Mix's Tables 2, 5, 6, 7, 8 and 9 on nodes, Fig. 2 and 3."""

    domain: ClassVar[str] = "nodes"

    datasets: Annotated[tuple[names.NodesName, ...], names.Once]
    """Data sets of the tables."""
    methods: Annotated[tuple[names.NodeMethodName, ...], names.Once]
    """Methods of the tables."""
    controls: Annotated[tuple[names.NodeControlName, ...], names.Once] = ()
    """Controls that see no edges: the most frequent class (majority) and the features themselves (raw-features)."""
    seeds: names.Seeds
    """Seeds of pre-training."""
    pretraining: NodePretraining = NodePretraining()
    """Pre-training on nodes; a method's own options override it."""
    probe: ProbeProtocol = ProbeProtocol()
    """Linear probe on embeddings."""
    clustering: ClusterProtocol = ClusterProtocol()
    """Clustering of embeddings by k-means."""
    probes: dict[names.NodesName, dict[str, Any]] = Field(default_factory=dict)
    """Overrides of `probe` by data set; one for a data set that is not run has no effect."""
    supervised: Annotated[tuple[names.NodeModelName, ...], names.Once] = ()
    """Supervised models of Table 2, which see labels."""
    supervision: SupervisedNodes = SupervisedNodes()
    """How these are trained and tested; splits of a data set are drawn as `probes` says."""
    sweep: NodeSweep
    """The grid of Fig. 2 and 3."""
    theorem: HardNegativesCheck
    """The check of Theorem 3.1."""

    @model_validator(mode="after")
    def _parts_fit_one_another(self) -> Self:
        if self.theorem.methods and "z" not in self.pretraining.branches:
            raise ValueError("pretraining.branches lacks 'z', what is mixed, on which Theorem 3.1 is checked")
        for by in (self.probe.epoch, *(self.probe_of(dataset).epoch for dataset in self.probes)):
            if by != "last" and max(self.pretraining.checkpoints, default=0) == 0:
                raise ValueError(f"probe.epoch: {by} chooses among pretraining.checkpoints, which has no trained epoch")
        for dataset in (*self.datasets, *self.probes):
            probe = self.probe_of(dataset)
            if self.pretraining.keep == "split" and probe.split == "random" and probe.epoch != "last":
                raise ValueError(
                    f"probes: {dataset}: a random split has no epochs to choose among, as pretraining.keep: split "
                    "keeps those of the public one; take keep: all, or epoch: last for it"
                )
        plain: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in (*self.methods, *self.theorem.methods)]
        for name, values in (*plain, *product(self.sweep.methods, self.sweep.points())):
            try:
                overridden(self.pretraining, METHODS["nodes"][name], values)
            except ValueError as error:
                raise ValueError(f"{name}: {reason(error)}") from error
        return self

    def probe_of(self, dataset: str) -> ProbeProtocol:
        """Return how the embeddings of a data set are probed."""
        return ProbeProtocol.model_validate({**self.probe.model_dump(), **self.probes.get(dataset, {})})

    def supervision_of(self, dataset: str) -> SupervisedNodes:
        """Return how supervised models are trained on a data set: in splits drawn as those of its probe are."""
        drawn = self.probe_of(dataset).model_dump(include={"split", "shares"} & self.probes.get(dataset, {}).keys())
        return SupervisedNodes.model_validate({**self.supervision.model_dump(), **drawn})


class GraphExperiments(Settings):
    """M-Mix's Tables 3, 4, 6 and 9 on graphs: encoders of the unsupervised experiments, scored by a linear SVM."""

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once]
    """Data sets of the tables."""
    methods: Annotated[tuple[names.BranchName, ...], names.Once]
    """Methods of the tables."""
    svm: SvmProtocol = SvmProtocol(kernel="linear")
    """Cross-validation of the linear SVM."""
    supervised: Annotated[tuple[names.GraphModelName, ...], names.Once] = ()
    """Supervised models of Table 3, which see labels, in the same folds."""
    supervision: SupervisedGraphs = SupervisedGraphs()
    """How these are trained and tested."""


class EditExperiments(Settings):
    """M-Mix's Table 10: graph edit distance."""

    dataset: names.ClassifiedName
    """Graphs that are edited; its encoders are those of the unsupervised experiments."""
    methods: Annotated[tuple[names.EncoderName, ...], names.Once]
    """Methods whose embeddings are compared."""
    kernels: Annotated[tuple[names.EditKernelName, ...], names.Once] = names.EDIT_KERNELS
    """Graph kernels that are compared."""
    protocol: EditDistanceProtocol = EditDistanceProtocol()
    """Triplets and pairs."""
    supervised: Annotated[tuple[names.EditModelName, ...], names.Once] = ()
    """Supervised models: M-Mix's encoder, trained on triplets of graphs that are not tested on."""
    supervision: EditSupervision = EditSupervision()
    """How these are trained."""

    @property
    def supervised_protocol(self) -> SupervisedEdits:
        """How supervised models are trained and tested: on triplets that are made by the protocol."""
        return SupervisedEdits.model_validate({**self.protocol.model_dump(), **self.supervision.model_dump()})


class ImageExperiments(_Swept):
    """M-Mix's Table 7 on images, Fig. 4 and 5."""

    domain: ClassVar[str] = "images"

    datasets: Annotated[tuple[names.ImagesName, ...], names.Once]
    """Data sets of the table; Fig. 4 shows the first, Fig. 5 the second."""
    methods: Annotated[tuple[names.ImageMethodName, ...], names.Once]
    """Methods of the table."""
    seeds: names.Seeds
    """Seeds of pre-training."""
    pretraining: ImagePretraining = ImagePretraining()
    """Pre-training on images."""
    probe: ImageProbe = ImageProbe()
    """Linear probe on features."""
    picture: names.ImageMethodName = "simclr-mo-mix-op"
    """Method whose mixing weights Fig. 4 and 5 show."""


class _Universe(Settings):
    """Methods that are run under all readings of their paper."""

    training: bool = True
    """Whether readings of the training are run; those of the evaluation, which always are, train nothing anew."""
    questions: Annotated[tuple[str, ...], names.Once] = ()
    """Questions whose answers are run, by their keys in `relamp.study.readings`; all others stay as configured. By
    default all are asked."""


class GraphUniverse(_Universe):
    """Methods on graphs that are run under all readings of their paper."""

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once] = ()
    """Data sets."""
    methods: Annotated[tuple[names.MethodName, ...], names.Once] = ()
    """Methods."""


class EditUniverse(_Universe):
    """Methods and kernels for edit distances that are run under all readings of their paper."""

    datasets: Annotated[tuple[names.ClassifiedName, ...], names.Once] = ()
    """Data sets."""
    methods: Annotated[tuple[names.EditMethodName, ...], names.Once] = ()
    """Methods and graph kernels."""


class NodeUniverse(_Universe):
    """Methods on nodes that are run under all readings of their paper."""

    datasets: Annotated[tuple[names.NodesName, ...], names.Once] = ()
    """Data sets."""
    methods: Annotated[tuple[names.NodeMethodName, ...], names.Once] = ()
    """Methods."""


class Multiverse(Settings):
    """All readings of methods, see `relamp.study.readings`; by seeds and settings of the tables."""

    lamp: GraphUniverse = GraphUniverse()
    """On graphs, scored as in LAMP's Table 1."""
    graphs: GraphUniverse = GraphUniverse()
    """On graphs, scored as in M-Mix's Table 3."""
    edits: EditUniverse = EditUniverse()
    """On graphs, scored as in M-Mix's Table 10."""
    nodes: NodeUniverse = NodeUniverse()
    """On nodes, scored as in M-Mix's Table 2."""
    complete: Count = 16
    """All combinations of answers are run where there are no more than these; or else one answer is changed at a time,
    from relamp's and from those of public code."""
    sampled: Annotated[int, Field(ge=0, le=1000)] = 8
    """Further combinations that are drawn where not all are run."""


class Mmix(Settings):
    """All of M-Mix's experiments."""

    nodes: NodeExperiments
    """Experiments on nodes."""
    graphs: GraphExperiments
    """Experiments on graphs."""
    edit_distance: EditExperiments
    """Graph edit distance."""
    images: ImageExperiments
    """Experiments on images."""
