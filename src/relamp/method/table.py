"""The methods by domain and name, one line each. This file imports no method: names are checked without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal


@dataclass(frozen=True)
class MethodRow:
    """How a method is found and shown.

    Attributes:
        label: the papers' spelling.
        maker: "module:class" of a `relamp.method.base.Method`; the class takes the domain's training settings first.
        swept: named settings that a path always spells.
        fixed: further arguments of the class.
        group: the group of the training settings that belongs to this method alone.
        trains: False for what takes no step: controls that stay as they were drawn, and methods in closed form.
        lacks: named settings that have no effect on the method.
        evaluation: that of its public code, where it is not the one of the tables.
        work: how long a step takes beside one of LAMP's without its local loss, where `cost` is to know it; on nodes,
            for each of what it passes over, beside a pair of mp-mix.
        steps_over: what a step on nodes passes over: pairs of those sampled, messages, or pairs of all.
        epochs: of its public code by data set, under "" of all others, where it is trained by that; none where it is
            trained as long as all.
        encodes: False for what has no encoder that could be shown other graphs: vectors of those of one data set.
    """

    label: str
    maker: str
    swept: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    group: str | None = None
    trains: bool = True
    lacks: tuple[str, ...] = ()
    evaluation: str = ""
    work: float = 1.0
    steps_over: Literal["sample", "messages", "pairs"] = "sample"
    epochs: Mapping[str, int] = field(default_factory=dict)
    encodes: bool = True

    def own_epochs(self, dataset: str, training: Any) -> int | None:
        """Return the epochs of its public code on a data set; None where training settings do not train it by that."""
        group = getattr(training, self.group or "", None)
        published = getattr(group, "as_published", getattr(group, "by_dataset", False))
        return self.epochs.get(dataset, self.epochs.get("")) if published else None


def _of(maker: str, group: str | None = None, without: tuple[str, ...] = ()) -> Callable[..., MethodRow]:
    """Return what makes a row of one class, which lacks some settings."""

    def row(label: str, swept: tuple[str, ...] = (), trains: bool = True, lacks: Any = (), **fixed: Any) -> MethodRow:
        return MethodRow(label, f"relamp.method.{maker}", swept, fixed, group, trains, (*without, *lacks))

    return row


def _named(options: Mapping[str, Any]) -> list[str]:
    """Return the names of some options, those of a group among them."""
    return [key for name, value in options.items() for key in (value if isinstance(value, Mapping) else [name])]


def _timed(rows: Mapping[str, MethodRow], work: Mapping[str, float]) -> dict[str, MethodRow]:
    """Return rows with how long a step takes, where it was measured; what was measured must be among the rows."""
    assert work.keys() <= rows.keys(), f"no rows: {sorted(work.keys() - rows.keys())}"
    return {name: replace(row, work=work.get(name, 1.0)) for name, row in rows.items()}


def _learnt(maker: str, group: str, label: str) -> MethodRow:
    """Return the row of vectors that gensim learns when they are drawn."""
    return MethodRow(label, f"relamp.method.{maker}", group=group, trains=False, encodes=False)


_lamp = _of("lamp:Lamp", "lamp")
_mmix = _of("mmix:MMix", "mmix", ("host", "host_layers", "host_learning_rate"))
_host = _of("mvgrl_graphs:GraphMVGRL", "mmix", ("contrast", "negatives", "sample_size", "temperature", "readout"))
# No rival mixes anything, or contrasts by M-Mix's objective.
_UNMIXED = ("diversity", "temperature", "contrast", "together", "host_together", "readout", "sample", "sample_size")
_dgi, _gae = _of("dgi:DGI", "dgi", _UNMIXED), _of("gae:GAE", "gae", _UNMIXED)
_arga = _of("arga:ARGA", "arga", (*_UNMIXED, "patience"))
_mvgrl, _grace, _simclr = _of("mvgrl:MVGRL", "diffusion"), _of("grace:GRACE", "grace"), _of("simclr:SimCLR")

# Where M-Mix's public code between graphs differs from its paper, or settles what the paper leaves open.
_AS_IN_CODE: Mapping[str, Any] = {
    "features": "attributes",
    "first_label": "shared",
    "diffusion": "adjacency",
    "mix": {"score_gradient": False, "diversity": "together", "layer": "code"},
    "negatives": "batch",
    "contrast": "across",
    "padding": "largest",
    "pooling": "mean",
    "readout": "output",
}
_FIXED_BY_CODE = _named(_AS_IN_CODE)

# GraphCL's and SimGRACE's public code on graphs. SimGRACE's eta is tuned there too, and stays a setting.
_SHELL: Mapping[str, Any] = {
    "self_loops": "all-but-last",
    "directions": "one",
    "shuffle": "once",
    "features": "labels",
    "initialisation": "xavier",
}
_GRAPHCL: Mapping[str, Any] = {
    "augmentations": ["node_drop", "subgraph"],
    "social_edges": True,
    "strength": 0.1,
    "kept": 0.2,
    "reading": "code",
    "views": "one",
}
_SIMGRACE: Mapping[str, Any] = {"anchor": "perturbed"}

# What the public codes of further rivals set on graphs; the encoder is GraphCL's, and so is the number of epochs.
_INFOGRAPH: Mapping[str, Any] = {"self_loops": "none", "learning_rate": 0.001}
_ADGCL: Mapping[str, Any] = {"self_loops": "none", "learning_rate": 0.001, "batch_size": 32, "shuffle": "epoch"}
_GCS: Mapping[str, Any] = {"self_loops": "none", "learning_rate": 0.001, "shuffle": "epoch"}
_RGCL: Mapping[str, Any] = {"shuffle": "epoch"}
_AUTOGCL: Mapping[str, Any] = {**_GCS, "temperature": 0.5}
_SEGA: Mapping[str, Any] = {"directions": "one"}
_JOAO: Mapping[str, Any] = {"directions": "one"}
_JOAOV2: Mapping[str, Any] = {**_JOAO, "learning_rate": 0.001}

# GraphCL's shell in whole, which public codes have but for what they set themselves.
_WHOLE_SHELL: Mapping[str, Any] = {
    **_SHELL,
    "learning_rate": 0.01,
    "temperature": 0.2,
    "batch_size": 128,
    "hidden": 32,
    "layers": 3,
}
_DEEP: Mapping[str, Any] = {"layers": 5, "directions": "both"}


def _published(
    made: Callable[..., MethodRow],
    label: str,
    own: Mapping[str, Any],
    epochs: int,
    every: int,
    evaluation: str = "",
    **fixed: Any,
) -> MethodRow:
    """Return the row of a rival as its public code trains and scores it, whatever is configured."""
    scored = list(range(0, epochs + 1, every))
    options = {**_WHOLE_SHELL, **own, "epochs": epochs, "checkpoints": scored}
    row = made(f"{label} (as in its code)", options=options, lacks=list(options), **fixed)
    return replace(row, evaluation=evaluation)


# The encoder of AD-GCL and GCS sees no labels, and has no ReLU behind its last layer.
_NO_LABELS: Mapping[str, Any] = {"norm": "before", "inputs": "ones"}
_infograph = _of("infograph:InfoGraph", without=("temperature", "directions"))
_joao, _adgcl, _gcs = _of("joao:JOAO", "joao"), _of("adgcl:ADGCL", "adgcl"), _of("gcs:GCS", "gcs")
_rgcl, _autogcl = _of("rgcl:RGCL", "rgcl", ("directions",)), _of("autogcl:AutoGCL")

_GRAPHS = {
    "lamp-mag": _lamp("LAMP-Mag", ("gamma", "alpha"), strategy="magnitude"),
    "lamp-soft": _lamp("LAMP-Soft", ("gamma", "alpha"), strategy="soft-filter"),
    "lamp-mag-nolocal": _lamp(
        "LAMP-Mag w/o local loss", ("gamma",), strategy="magnitude", local=False, lacks=["alpha", "local_nodes"]
    ),
    "simgrace": _of("simgrace:SimGRACE", "simgrace")("SimGRACE"),
    "simgrace-code": _of("simgrace:SimGRACE", "simgrace")(
        "SimGRACE (as in its code)",
        options={**_SHELL, "layers": 5, "simgrace": _SIMGRACE},
        lacks=[*_SHELL, "layers", *_SIMGRACE],
    ),
    "graphcl": _of("graphcl:GraphCL", "graphcl")("GraphCL"),
    "graphcl-code": _of("graphcl:GraphCL", "graphcl")(
        "GraphCL (as in its code)",
        options={**_SHELL, "layers": 3, "graphcl": _GRAPHCL},
        lacks=[*_SHELL, "layers", *_GRAPHCL],
    ),
    "untrained": _of("graphs:GraphMethod")("Untrained", trains=False),
    "untrained-calibrated": _of("calibrated:Calibrated", without=("temperature", "directions", "local_nodes"))(
        "Untrained, calibrated"
    ),
    "mvgrl": _host("MVGRL"),
    "mvgrl-code": _host("MVGRL (as in its code)", options={"padding": "largest"}, lacks=["padding"]),
    "mvgrl-infonce": _mmix("MVGRL (InfoNCE)", mixer="none"),
    "mo-mix": _mmix("mo-mix", mixer="mo-mix"),
    "mp-mix": _mmix("mp-mix", mixer="mp-mix"),
    "mp-mix-nodiv": _mmix("mp-mix w/o div", mixer="mp-mix-nodiv"),
    "mp-mix-node": _mmix("mp-mix (node only)", mixer="mp-mix", objective="node"),
    "mp-mix-graph": _mmix("mp-mix (graph only)", mixer="mp-mix", objective="graph"),
    "mp-mix-code": _mmix("mp-mix (as in its code)", mixer="mp-mix", options=_AS_IN_CODE, lacks=_FIXED_BY_CODE),
    # The code has mp-mix alone; this is mo-mix by its other choices.
    "mo-mix-code": _mmix("mo-mix (as mp-mix's code)", mixer="mo-mix", options=_AS_IN_CODE, lacks=_FIXED_BY_CODE),
    "mvgrl-host-untrained": _host("MVGRL's own encoder, untrained", trains=False),
    "mvgrl-untrained": _mmix("MVGRL, untrained", mixer="none", trains=False),
    "random-mix": _mmix("random-mix", mixer="random-mix"),
    "binary-mix": _mmix("binary-mix", mixer="binary-mix"),
}

# Of LAMP's Table 1: in GraphCL's shell, by the encoder and the number of epochs that it shares, and as published.
RIVALS = {
    "infograph": _infograph("InfoGraph", options=_INFOGRAPH, lacks=_INFOGRAPH),
    "joao": _joao("JOAO", options=_JOAO, lacks=_JOAO),
    "joaov2": _joao("JOAOv2", options=_JOAOV2, lacks=_JOAOV2, heads=5),
    "ad-gcl": _adgcl("AD-GCL", options=_ADGCL, lacks=_ADGCL),
    "gcs": _gcs("GCS", options=_GCS, lacks=_GCS),
    "rgcl": _rgcl("RGCL", options=_RGCL, lacks=_RGCL),
    "autogcl": _autogcl("AutoGCL", options=_AUTOGCL, lacks=_AUTOGCL),
    "sega": _of("sega:SEGA", "sega")("SEGA", options=_SEGA, lacks=_SEGA),
    "infograph-code": _published(_infograph, "InfoGraph", _INFOGRAPH, 20, 20),
    "joao-code": _published(_joao, "JOAO", _JOAO, 20, 20),
    "joaov2-code": _published(_joao, "JOAOv2", _JOAOV2, 40, 20, heads=5),
    "ad-gcl-code": _published(
        *(_adgcl, "AD-GCL", {**_ADGCL, **_DEEP}, 150, 5, "svm-linear-validated"),
        encoder={**_NO_LABELS, "readout": "last"},
    ),
    "gcs-code": _published(
        *(_gcs, "GCS", {**_GCS, **_DEEP}, 50, 1, "svm-rbf-validated"),
        encoder={**_NO_LABELS, "dropout": 0.5, "head": 32},
    ),
    "rgcl-code": _published(_rgcl, "RGCL", _RGCL, 40, 20),
    "autogcl-code": _published(
        _autogcl, "AutoGCL", {**_AUTOGCL, **_DEEP, "hidden": 128}, 30, 10, encoder={"inputs": "all"}
    ),
    "node2vec": _learnt("node2vec:Node2Vec", "node2vec", "node2vec"),
    "graph2vec": _learnt("graph2vec:Graph2Vec", "graph2vec", "graph2vec"),
    "sub2vec": _learnt("sub2vec:Sub2Vec", "sub2vec", "sub2vec"),
}
# CPU-seconds on IMDB-BINARY, beside those of LAMP-Mag without its local loss; all that gensim learns is one step.
_GRAPH_WORK = {
    **{"graphcl": 3, "infograph": 2.2, "joao": 3, "joaov2": 3, "ad-gcl": 12, "gcs": 7, "rgcl": 5, "sega": 4.3},
    **{"node2vec": 2000, "sub2vec": 2000, "graph2vec": 1100},
}
_GRAPHS |= RIVALS
_GRAPH_WORK |= {f"{name}-code": work for name, work in _GRAPH_WORK.items() if f"{name}-code" in _GRAPHS}
_GRAPHS = _timed(_GRAPHS, _GRAPH_WORK)

# The same on nodes; and what MVGRL's own code has there.
_NODES_BOTH: Mapping[str, Any] = {
    "features": "rows-scaled",
    "sample": "blocks",
    "sample_size": 2000,
    "diffusion": {"kind": "ppr", "alpha": 0.2, "loop_weight": 2, "sparsified": "citeseer"},
}
_NODES_CODE: Mapping[str, Any] = {
    **_NODES_BOTH,
    "contrast": "across",
    "together": "sum",
    "readout": "output",
    "patience": None,
    "mix": {"layer": "code", "score_gradient": True, "diversity": "apart"},
}
_NODES_MP_CODE = {**_NODES_CODE, "mix": {**_NODES_CODE["mix"], "operator": "adjacency", "weight_dropout": 0.1}}
_NODES_HOST_CODE = {**_NODES_BOTH, "host_together": "sum", "patience": 20, "hidden": 512, "learning_rate": 1e-3}

_NODES = {
    "mvgrl": _mvgrl("MVGRL", mixer="none", objective="local-global"),
    "mvgrl-code": _mvgrl(
        "MVGRL (as in its code)",
        mixer="none",
        objective="local-global",
        options=_NODES_HOST_CODE,
        lacks=_named(_NODES_HOST_CODE),
    ),
    "mvgrl-matrix": _mvgrl("MVGRL (discriminator as a matrix)", mixer="none", objective="local-global", bilinear=False),
    "mvgrl-infonce": _mvgrl("MVGRL (InfoNCE)", mixer="none"),
    "mo-mix": _mvgrl("mo-mix", mixer="mo-mix"),
    # The code has mp-mix alone; this is mo-mix by its other choices, but for the adjacency, which asks for no weights.
    "mo-mix-code": _mvgrl("mo-mix (as mp-mix's code)", mixer="mo-mix", options=_NODES_CODE, lacks=_named(_NODES_CODE)),
    "mp-mix": _mvgrl("mp-mix", mixer="mp-mix"),
    "mp-mix-code": _mvgrl(
        "mp-mix (as in its code)", mixer="mp-mix", options=_NODES_MP_CODE, lacks=_named(_NODES_MP_CODE)
    ),
    "mp-mix-nodiv": _mvgrl("mp-mix w/o div", mixer="mp-mix-nodiv"),
    "mo-mix-op": _mvgrl("mo-mix-op", mixer="mo-mix", mix={"scope": "op"}, lacks=["scope"]),
    "mp-mix-op": _mvgrl("mp-mix-op", mixer="mp-mix", mix={"scope": "op"}, lacks=["scope"]),
    "binary-mix": _mvgrl("binary-mix", mixer="binary-mix"),
    "random-mix": _mvgrl("random-mix", mixer="random-mix"),
    # Of S X, not of X. What the tables of M-Mix print has the inputs X and A: it is i-mix on GRACE.
    "mvgrl-imix": _mvgrl("MVGRL+(i-mix)", mixer="i-mix"),
    "grace": _grace("GRACE", mixer="none"),
    "grace-gat": _grace("GRACE (GAT)", mixer="none", encoder="gat"),
    "grace-imix": _grace("GRACE+(i-mix)", mixer="i-mix"),
    "grace-mp-mix-nodiv": _grace("GRACE+(mp-mix w/o div)", mixer="mp-mix-nodiv"),
    "grace-mp-mix": _grace("GRACE+(mp-mix)", mixer="mp-mix"),
    "grace-untrained": _grace("GRACE, untrained", mixer="none", trains=False),
    "grace-gat-untrained": _grace("GRACE (GAT), untrained", mixer="none", encoder="gat", trains=False),
    "untrained": _mvgrl("Untrained", mixer="none", trains=False),
    "dgi": _dgi("DGI", lacks=["kind", "alpha", "time", "tolerance", "sparsified", "loop_weight"]),
    "dgi-diffusion": _dgi("DGI (X, D)", lacks=["loop_weight"], operator="diffusion"),
    "graphcl-nodes": _of("graphcl_nodes:GraphCLNodes", "graphcl", _UNMIXED)("GraphCL (nodes)"),
    "cca-ssg": _of("cca_ssg:CcaSsg", "cca_ssg", _UNMIXED)("CCA-SSG"),
    "gae": _gae("GAE"),
    "vgae": _gae("VGAE", variational=True),
    "arga": _arga("ARGA"),
    "arvga": _arga("ARVGA", variational=True, lacks=["noise"]),
    "gala": _of("gala:GALA", "gala", _UNMIXED)("GALA"),
    "mgae": _of("mgae:MGAE", "mgae")("MGAE", trains=False),
    "deepwalk": _learnt("deepwalk:DeepWalk", "deepwalk", "DeepWalk"),
}
# Measured on four graphs (benchmarks/RESULTS.md); the others compare sampled nodes as mp-mix does. All that DeepWalk
# learns is one step; a step of ARGA is a round of five of GAE and one of each side.
_SAMPLED = {"mo-mix-op": 2.2, "mp-mix-op": 2.2, "mvgrl-imix": 0.6, "grace-imix": 0.6}
_OF_MESSAGES = {
    **{"mvgrl": 230, "mvgrl-matrix": 200, "dgi": 50, "dgi-diffusion": 260, "graphcl-nodes": 75},
    **{"cca-ssg": 450, "gala": 240, "deepwalk": 20_000},
}
_OF_PAIRS = {"gae": 0.08, "vgae": 0.08, "arga": 0.6, "arvga": 0.6}
_NODES = _timed(_NODES, {**_SAMPLED, **_OF_MESSAGES, **_OF_PAIRS})
_NODES |= {name: replace(_NODES[name], steps_over="messages") for name in _OF_MESSAGES}
_NODES |= {name: replace(_NODES[name], steps_over="pairs") for name in _OF_PAIRS}
# As the methods themselves have them, for what must not wait for torch.
_GRACE = {"Cora": 200, "Citeseer": 200, "Pubmed": 1500, "DBLP": 1000}
_EPOCHS: Mapping[str, Mapping[str, int]] = {
    **{name: _GRACE for name, row in _NODES.items() if row.group == "grace" and row.trains},
    **{name: {"": 200} for name in ("gae", "vgae")},
    **{name: {"": 50} for name in ("arga", "arvga")},
    **{name: {"": 10_000} for name in ("dgi", "dgi-diffusion", "graphcl-nodes", "gala")},
    "cca-ssg": {"Cora": 50, "Citeseer": 20, "Pubmed": 100, "": 50},
}
_NODES |= {name: replace(_NODES[name], epochs=epochs) for name, epochs in _EPOCHS.items()}

# Of LAMP's Table 2. What public codes set on molecules, but for sizes and epochs: those are of the settings, so that
# all are scaled alike. M-Mix sees no bonds.
_ON_MOLECULES: Mapping[str, Any] = {
    "learning_rate": 0.001,
    "temperature": 0.1,
    "directions": "one",
    "shuffle": "epoch",
    "initialisation": "pytorch",
}
_GRAPHCL_MOLECULES: Mapping[str, Any] = {
    "augmentations": ["node_drop", "subgraph"],
    "social_edges": False,
    "strength": 0.2,
    "kept": None,
    "reading": "molecules",
    "views": "both",
}
_ADGCL_MOLECULES: Mapping[str, Any] = {
    "temperature": 0.2,
    "initialisation": "xavier",
    "adgcl": {"regularisation": 5.0},
}
_GCS_MOLECULES: Mapping[str, Any] = {
    "temperature": 0.2,
    "directions": "both",
    "initialisation": "xavier",
    "gcs": {"iterations": 1, "threshold": 0.1},
}
_AUTOGCL_MOLECULES: Mapping[str, Any] = {"temperature": 0.5, "directions": "both"}
_RELU_MESSAGES: Mapping[str, Any] = {"messages": "relu"}


def _molecular(
    made: Callable[..., MethodRow], label: str, own: Mapping[str, Any], lacks: tuple[str, ...] = (), **fixed: Any
) -> MethodRow:
    """Return the row of a method as its public code pre-trains on molecules."""
    options = {**_ON_MOLECULES, **own}
    return made(label, options=options, lacks=[*_named(options), *lacks], **fixed)


_molecular_joao = _of("joao_molecules:MolecularJOAO", "joao")
_OF_GRAPHS = ("lamp-mag", "lamp-soft", "lamp-mag-nolocal", "simgrace", "graphcl", "untrained")
# They contrast nothing by NT-Xent.
_PRETEXT = ("temperature", "directions", "local_nodes")
_MOLECULES = {
    **{name: _GRAPHS[name] for name in _OF_GRAPHS},
    "graphcl-code": _molecular(
        _of("graphcl:GraphCL", "graphcl"), "GraphCL (as in its code)", {"graphcl": _GRAPHCL_MOLECULES}
    ),
    "simgrace-code": _molecular(
        _of("simgrace:SimGRACE", "simgrace"),
        "SimGRACE (as in its code)",
        {"shuffle": "never", "simgrace": {"eta": 0.1, "anchor": "clean"}},
    ),
    "infograph": RIVALS["infograph"],
    "joao": _molecular(_molecular_joao, "JOAO", {}),
    "joaov2": _molecular(_molecular_joao, "JOAOv2", {}, heads=5),
    "ad-gcl": _molecular(_adgcl, "AD-GCL", _ADGCL_MOLECULES, encoder=_RELU_MESSAGES),
    "gcs": _molecular(_of("gcs_molecules:MolecularGCS", "gcs"), "GCS", _GCS_MOLECULES, encoder=_RELU_MESSAGES),
    "rgcl": _molecular(_of("rgcl_molecules:MolecularRGCL", "rgcl"), "RGCL", {}, ("kept",)),
    "autogcl": _molecular(_autogcl, "AutoGCL", _AUTOGCL_MOLECULES, raw=True),
    "infomax": _of("infomax:Infomax", without=_PRETEXT)("Infomax"),
    "edgepred": _of("edgepred:EdgePred", without=_PRETEXT)("EdgePred"),
    "attrmasking": _of("attrmasking:AttrMasking", "attrmasking", _PRETEXT)("AttrMasking"),
    "contextpred": _of("contextpred:ContextPred", "contextpred", _PRETEXT)("ContextPred"),
    "graphmae": _of("graphmae:GraphMAE", "graphmae", _PRETEXT)("GraphMAE"),
    "d-sla": _of("dsla:DSLA", "dsla", _PRETEXT)("D-SLA"),
}

# Measured on a CPU (benchmarks/RESULTS.md); JOAO's passes after an epoch are among its steps.
_WORK = {
    **{"simgrace-code": 0.8, "graphcl-code": 0.9, "infograph": 0.6, "joao": 2.8, "joaov2": 2.8, "ad-gcl": 4.2},
    **{"gcs": 1.8, "rgcl": 1.5, "autogcl": 1.2, "infomax": 0.6, "edgepred": 0.6, "attrmasking": 0.8},
    **{"contextpred": 0.5, "graphmae": 0.9, "d-sla": 3.1},
}
_MOLECULES = _timed(_MOLECULES, _WORK)

_IMAGES = {
    "image-untrained": _simclr("Untrained", mixer="none", trains=False),
    "simclr": _simclr("SimCLR", mixer="none"),
    "simclr-binary-mix": _simclr("SimCLR+(binary-mix)", mixer="binary-mix"),
    "simclr-mo-mix-op": _simclr("SimCLR+(mo-mix-op)", mixer="mo-mix"),
    "simclr-mp-mix-op": _simclr("SimCLR+(mp-mix-op)", mixer="mp-mix"),
}

METHODS: Mapping[str, Mapping[str, MethodRow]] = MappingProxyType(
    {
        "graphs": MappingProxyType(_GRAPHS),
        "molecules": MappingProxyType(_MOLECULES),
        "nodes": MappingProxyType(_NODES),
        "images": MappingProxyType(_IMAGES),
    }
)
