"""The methods by domain and name, one line each. This file imports no method: names are checked without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class MethodRow:
    """How a method is found and shown.

    Attributes:
        label: the papers' spelling.
        maker: "module:class" of a `relamp.method.base.Method`; the class takes the domain's training settings first.
        swept: which parameters the class takes besides, whose values the configuration gives.
        fixed: further arguments of the class.
        group: the group of the training settings that belongs to this method alone.
        trains: False for controls that stay as they were drawn.
    """

    label: str
    maker: str
    swept: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    group: str | None = None
    trains: bool = True


def _lamp(label: str, *swept: str, **fixed: object) -> MethodRow:
    return MethodRow(label, "relamp.method.lamp:Lamp", swept, fixed, group="lamp")


def _mmix(
    label: str, mixer: str, objective: str = "both", options: Mapping[str, Any] | None = None, *, trains: bool = True
) -> MethodRow:
    fixed = {"mixer": mixer, "objective": objective, "options": options or {}}
    return MethodRow(label, "relamp.method.mmix:MMix", fixed=fixed, group="mmix", trains=trains)


def _mvgrl(label: str, mixer: str, *, trains: bool = True, **fixed: object) -> MethodRow:
    return MethodRow(
        label, "relamp.method.mvgrl:MVGRL", fixed={"mixer": mixer, **fixed}, group="diffusion", trains=trains
    )


def _grace(label: str, mixer: str, encoder: str = "gcn") -> MethodRow:
    return MethodRow(label, "relamp.method.grace:GRACE", fixed={"mixer": mixer, "encoder": encoder}, group="grace")


def _simclr(label: str, mixer: str = "none", *, trains: bool = True) -> MethodRow:
    return MethodRow(label, "relamp.method.simclr:SimCLR", fixed={"mixer": mixer}, trains=trains)


# Where M-Mix's public code between graphs differs from its paper, or settles what the paper leaves open.
_AS_IN_CODE: Mapping[str, Any] = {
    "features": "labels-and-degrees",
    "diffusion": "adjacency",
    "mix": {"score_gradient": False},
    "negatives": "batch",
    "readout": "output",
}

_GRAPHS = {
    "lamp-mag": _lamp("LAMP-Mag", "gamma", "alpha", strategy="magnitude"),
    "lamp-soft": _lamp("LAMP-Soft", "gamma", "alpha", strategy="soft-filter"),
    "lamp-mag-nolocal": _lamp("LAMP-Mag w/o local loss", "gamma", strategy="magnitude", alpha=0.0),
    "simgrace": MethodRow("SimGRACE", "relamp.method.simgrace:SimGRACE", group="simgrace"),
    "graphcl": MethodRow("GraphCL", "relamp.method.graphcl:GraphCL", group="graphcl"),
    "untrained": MethodRow("Untrained", "relamp.method.graphs:GraphMethod", trains=False),
    "mvgrl": _mmix("MVGRL", "none", "local-global"),
    "mvgrl-infonce": _mmix("MVGRL (InfoNCE)", "none"),
    "mo-mix": _mmix("mo-mix", "mo-mix"),
    "mp-mix": _mmix("mp-mix", "mp-mix"),
    "mp-mix-nodiv": _mmix("mp-mix w/o div", "mp-mix-nodiv"),
    "mp-mix-node": _mmix("mp-mix (node only)", "mp-mix", "node"),
    "mp-mix-graph": _mmix("mp-mix (graph only)", "mp-mix", "graph"),
    "mp-mix-branch-a": _mmix("mp-mix (branch a)", "mp-mix", options={"branch": "a"}),
    "mp-mix-branch-b": _mmix("mp-mix (branch b)", "mp-mix", options={"branch": "b"}),
    "mp-mix-code": _mmix("mp-mix (as in its code)", "mp-mix", options=_AS_IN_CODE),
    "mvgrl-untrained": _mmix("MVGRL, untrained", "none", trains=False),
    "random-mix": _mmix("random-mix", "random-mix"),
    "binary-mix": _mmix("binary-mix", "binary-mix"),
}

_NODES = {
    "mvgrl": _mvgrl("MVGRL", "none", objective="local-global"),
    "mvgrl-infonce": _mvgrl("MVGRL (InfoNCE)", "none"),
    "mo-mix": _mvgrl("mo-mix", "mo-mix"),
    "mp-mix": _mvgrl("mp-mix", "mp-mix"),
    "mp-mix-nodiv": _mvgrl("mp-mix w/o div", "mp-mix-nodiv"),
    "mo-mix-op": _mvgrl("mo-mix-op", "mo-mix", mix={"scope": "op"}),
    "mp-mix-op": _mvgrl("mp-mix-op", "mp-mix", mix={"scope": "op"}),
    "binary-mix": _mvgrl("binary-mix", "binary-mix"),
    "random-mix": _mvgrl("random-mix", "random-mix"),
    "imix": _mvgrl("i-mix", "i-mix"),
    "grace": _grace("GRACE", "none"),
    "grace-gat": _grace("GRACE (GAT)", "none", "gat"),
    "grace-imix": _grace("GRACE+(i-mix)", "i-mix"),
    "grace-mp-mix-nodiv": _grace("GRACE+(mp-mix w/o div)", "mp-mix-nodiv"),
    "grace-mp-mix": _grace("GRACE+(mp-mix)", "mp-mix"),
    "untrained": _mvgrl("Untrained", "none", trains=False),
}

_IMAGES = {
    "image-untrained": _simclr("Untrained", trains=False),
    "simclr": _simclr("SimCLR"),
    "simclr-binary-mix": _simclr("SimCLR+(binary-mix)", "binary-mix"),
    "simclr-mo-mix-op": _simclr("SimCLR+(mo-mix-op)", "mo-mix"),
    "simclr-mp-mix-op": _simclr("SimCLR+(mp-mix-op)", "mp-mix"),
}

# Molecules are trained on by the methods of graphs.
METHODS: Mapping[str, Mapping[str, MethodRow]] = MappingProxyType(
    {
        "graphs": MappingProxyType(_GRAPHS),
        "nodes": MappingProxyType(_NODES),
        "images": MappingProxyType(_IMAGES),
    }
)
