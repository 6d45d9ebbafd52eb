"""M-Mix's experiments, as the configuration names them; see `relamp.config`."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from relamp.config_names import (
    ClassifiedName,
    ImagesName,
    MethodName,
    NodesName,
    Once,
    Seeds,
    one_of,
)
from relamp.image_settings import IMAGE_METHODS, ImagePretraining, ImageProbe
from relamp.method.node_table import NODE_METHODS
from relamp.node_settings import ClusterProtocol, NodePretraining, ProbeProtocol
from relamp.settings import EditDistanceProtocol, SvmProtocol
from relamp.settings_base import Count, Settings

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
    """

    dataset: NodesName
    methods: Annotated[tuple[NodeMethodName, ...], Once] = ("mp-mix-nodiv", "mp-mix")
    sample_sizes: Annotated[tuple[Annotated[int, Field(ge=2)], ...], Once]
    dimensions: Annotated[tuple[Count, ...], Once]


class NodeExperiments(Settings):
    """Tables 2, 5, 6, 7, 8 and 9 on nodes, Fig. 2 and 3.

    Attributes:
        datasets, methods: what is compared.
        seeds: of pre-training.
        pretraining: what all methods share; a method's own options lie over it.
        probe, clustering: how embeddings are scored.
        probes: by data set, what is laid over `probe`.
        sweep: the grid of Fig. 2 and 3.
    """

    datasets: Annotated[tuple[NodesName, ...], Once]
    methods: Annotated[tuple[NodeMethodName, ...], Once]
    seeds: Seeds
    pretraining: NodePretraining = NodePretraining()
    probe: ProbeProtocol = ProbeProtocol()
    clustering: ClusterProtocol = ClusterProtocol()
    probes: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sweep: NodeSweep

    @model_validator(mode="after")
    def _probes_are_sound(self) -> "NodeExperiments":
        for dataset, over in self.probes.items():
            if dataset not in self.datasets:
                raise ValueError(f"probes: {dataset} is none of the data sets {', '.join(self.datasets)}")
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
