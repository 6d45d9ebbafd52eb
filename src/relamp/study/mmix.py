"""M-Mix's experiments, as the configuration names them; see `relamp.study.config`."""

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from relamp.method.node_table import NODE_METHODS
from relamp.settings.base import Count, Epoch, Settings, reached, with_the_last
from relamp.settings.evaluation import ClusterProtocol, EditDistanceProtocol, ImageProbe, ProbeProtocol, SvmProtocol
from relamp.settings.images import IMAGE_METHODS, ImagePretraining
from relamp.settings.nodes import NodePretraining
from relamp.study.names import (
    ClassifiedName,
    ImagesName,
    MethodName,
    NodesName,
    Once,
    Seeds,
    one_of,
)

EDIT_KERNELS = ("hist-kernel", "wl")
NodeMethodName = Annotated[str, one_of(NODE_METHODS, "method on nodes")]
ImageMethodName = Annotated[str, one_of(IMAGE_METHODS, "method on images")]
EditKernelName = Annotated[str, one_of(EDIT_KERNELS, "kernel for edit distances")]


class NodeSweep(Settings):
    """Fig. 2 and 3: sample size against output dimension.

    Attributes:
        dataset: whose nodes.
        methods: with and without the diversity term.
        sample_sizes, dimensions: the grid.
        epochs: of every run of the grid, without early stopping.
        checkpoints: the epochs that Fig. 3 shows.
    """

    dataset: NodesName
    methods: Annotated[tuple[NodeMethodName, ...], Once] = ("mp-mix-nodiv", "mp-mix")
    sample_sizes: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Once]
    dimensions: Annotated[tuple[Count, ...], Once]
    epochs: Count = 2000
    checkpoints: Annotated[tuple[Epoch, ...], Once, Field(min_length=2, validate_default=True)] = (
        *(0, 10, 20, 50, 100, 200, 500, 1000, 2000),
    )

    @field_validator("checkpoints")
    @classmethod
    def _reach_the_last(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        last = info.data.get("epochs")
        return reached(with_the_last(checkpoints, last), last)

    def settings(self) -> list[tuple[int, int]]:
        """Return sample size and dimension of each point of the grid."""
        return [(samples, dimension) for samples in self.sample_sizes for dimension in self.dimensions]


class HardNegativesCheck(Settings):
    """Theorem 3.1 on stored embeddings: are negatives harder by ranked weights than by permuted ones?

    Attributes:
        dataset, methods: whose embeddings, of the tables' setting.
        permutations: of a node's weights.
        anchors: at most so many nodes are measured.
    """

    dataset: NodesName
    methods: Annotated[tuple[NodeMethodName, ...], Once, Field(min_length=1)] = ("mo-mix", "mp-mix")
    permutations: Count = 1000
    anchors: Count = 2000

    @field_validator("methods")
    @classmethod
    def _mix_over_neighbours(cls, methods: tuple[str, ...]) -> tuple[str, ...]:
        for name in methods:
            options = NODE_METHODS[name].options
            mixes = options["mixer"] in ("mo-mix", "mp-mix", "mp-mix-nodiv")
            if not mixes or options["host"] != "mvgrl" or options.get("mix", {}).get("scope", "wp") != "wp":
                raise ValueError(f"{name} does not mix the neighbours of MVGRL's branch by similarity")
        return methods


class NodeExperiments(Settings):
    """Tables 2, 5, 6, 7, 8 and 9 on nodes, Fig. 2 and 3.

    Attributes:
        datasets, methods: what is compared.
        seeds: of pre-training.
        pretraining: what all methods share; a method's own options lie over it.
        probe, clustering: how embeddings are scored.
        probes: by data set, what is laid over `probe`; an entry of one that is not run waits until it is.
        sweep: the grid of Fig. 2 and 3.
        theorem: the check of Theorem 3.1.
    """

    datasets: Annotated[tuple[NodesName, ...], Once]
    methods: Annotated[tuple[NodeMethodName, ...], Once]
    seeds: Seeds
    pretraining: NodePretraining = NodePretraining()
    probe: ProbeProtocol = ProbeProtocol()
    clustering: ClusterProtocol = ClusterProtocol()
    probes: dict[NodesName, dict[str, Any]] = Field(default_factory=dict)
    sweep: NodeSweep
    theorem: HardNegativesCheck

    @model_validator(mode="after")
    def _the_mixed_branch_is_kept(self) -> "NodeExperiments":
        if "a" not in self.pretraining.branches:
            raise ValueError(
                "pretraining.branches lacks 'a', the mixed one, on whose embeddings Theorem 3.1 is checked"
            )
        return self

    @model_validator(mode="after")
    def _probes_are_sound(self) -> "NodeExperiments":
        for over in self.probes.values():
            ProbeProtocol.model_validate({**self.probe.model_dump(), **over})
        return self

    def probe_of(self, dataset: str) -> ProbeProtocol:
        """Return how the embeddings of a data set are probed."""
        return ProbeProtocol.model_validate({**self.probe.model_dump(), **self.probes.get(dataset, {})})


class GraphExperiments(Settings):
    """Tables 3, 4, 6 and 9 on graphs: encoders of the unsupervised experiments, scored by a linear SVM.

    Attributes:
        datasets, methods: which of them.
        svm: the linear protocol.
    """

    datasets: Annotated[tuple[ClassifiedName, ...], Once]
    methods: Annotated[tuple[MethodName, ...], Once]
    svm: SvmProtocol = SvmProtocol(kernel="linear")


class EditExperiments(Settings):
    """Table 10: graph edit distance.

    Attributes:
        dataset: whose graphs; its encoders are those of the unsupervised experiments.
        methods, kernels: what is compared.
        protocol: triplets and pairs.
    """

    dataset: ClassifiedName
    methods: Annotated[tuple[MethodName, ...], Once]
    kernels: Annotated[tuple[EditKernelName, ...], Once] = EDIT_KERNELS
    protocol: EditDistanceProtocol = EditDistanceProtocol()


class ImageExperiments(Settings):
    """Table 7 on images, Fig. 4 and 5.

    Attributes:
        datasets, methods, seeds: what is run.
        pretraining, probe: how.
        picture: the method whose mixing weights are drawn.
    """

    datasets: Annotated[tuple[ImagesName, ...], Once]
    methods: Annotated[tuple[ImageMethodName, ...], Once]
    seeds: Seeds
    pretraining: ImagePretraining = ImagePretraining()
    probe: ImageProbe = ImageProbe()
    picture: ImageMethodName = "simclr-mo-mix-op"


class Mmix(Settings):
    """All of M-Mix's experiments."""

    nodes: NodeExperiments
    graphs: GraphExperiments
    edit_distance: EditExperiments
    images: ImageExperiments
