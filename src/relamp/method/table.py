"""The methods by domain and name, one line each. This file imports no method: names are checked without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class MethodRow:
    """How a method is found and shown.

    Attributes:
        label: the papers' spelling.
        maker: "module:class" of a `relamp.method.base.Method`; the class takes the domain's training settings first.
        swept: named settings that a path always spells.
        fixed: further arguments of the class.
        group: the group of the training settings that belongs to this method alone.
        trains: False for controls that stay as they were drawn.
        lacks: named settings that have no effect on the method.
    """

    label: str
    maker: str
    swept: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    group: str | None = None
    trains: bool = True
    lacks: tuple[str, ...] = ()


def _of(maker: str, group: str | None = None) -> Callable[..., MethodRow]:
    """Return what makes a row of one class."""

    def row(label: str, swept: tuple[str, ...] = (), trains: bool = True, lacks: Any = (), **fixed: Any) -> MethodRow:
        return MethodRow(label, f"relamp.method.{maker}", swept, fixed, group, trains, tuple(lacks))

    return row


_lamp, _mmix = _of("lamp:Lamp", "lamp"), _of("mmix:MMix", "mmix")
_mvgrl, _grace, _simclr = _of("mvgrl:MVGRL", "diffusion"), _of("grace:GRACE", "grace"), _of("simclr:SimCLR")

# Where M-Mix's public code between graphs differs from its paper, or settles what the paper leaves open.
_AS_IN_CODE: Mapping[str, Any] = {
    "features": "attributes",
    "first_label": "shared",
    "diffusion": "adjacency",
    "mix": {"score_gradient": False},
    "negatives": "batch",
    "readout": "output",
}

_GRAPHS = {
    "lamp-mag": _lamp("LAMP-Mag", ("gamma", "alpha"), strategy="magnitude"),
    "lamp-soft": _lamp("LAMP-Soft", ("gamma", "alpha"), strategy="soft-filter"),
    "lamp-mag-nolocal": _lamp(
        "LAMP-Mag w/o local loss", ("gamma",), strategy="magnitude", local=False, lacks=["alpha", "local_nodes"]
    ),
    "simgrace": _of("simgrace:SimGRACE", "simgrace")("SimGRACE"),
    "graphcl": _of("graphcl:GraphCL", "graphcl")("GraphCL"),
    "untrained": _of("graphs:GraphMethod")("Untrained", trains=False),
    "mvgrl": _mmix("MVGRL", mixer="none", objective="local-global"),
    "mvgrl-infonce": _mmix("MVGRL (InfoNCE)", mixer="none"),
    "mo-mix": _mmix("mo-mix", mixer="mo-mix"),
    "mp-mix": _mmix("mp-mix", mixer="mp-mix"),
    "mp-mix-nodiv": _mmix("mp-mix w/o div", mixer="mp-mix-nodiv"),
    "mp-mix-node": _mmix("mp-mix (node only)", mixer="mp-mix", objective="node"),
    "mp-mix-graph": _mmix("mp-mix (graph only)", mixer="mp-mix", objective="graph"),
    "mp-mix-branch-a": _mmix("mp-mix (branch a)", mixer="mp-mix", options={"branch": "a"}, lacks=["branch"]),
    "mp-mix-branch-b": _mmix("mp-mix (branch b)", mixer="mp-mix", options={"branch": "b"}, lacks=["branch"]),
    "mp-mix-code": _mmix("mp-mix (as in its code)", mixer="mp-mix", options=_AS_IN_CODE, lacks=_AS_IN_CODE),
    "mvgrl-untrained": _mmix("MVGRL, untrained", mixer="none", trains=False),
    "random-mix": _mmix("random-mix", mixer="random-mix"),
    "binary-mix": _mmix("binary-mix", mixer="binary-mix"),
}

_NODES = {
    "mvgrl": _mvgrl("MVGRL", mixer="none", objective="local-global"),
    "mvgrl-infonce": _mvgrl("MVGRL (InfoNCE)", mixer="none"),
    "mo-mix": _mvgrl("mo-mix", mixer="mo-mix"),
    "mp-mix": _mvgrl("mp-mix", mixer="mp-mix"),
    "mp-mix-nodiv": _mvgrl("mp-mix w/o div", mixer="mp-mix-nodiv"),
    "mo-mix-op": _mvgrl("mo-mix-op", mixer="mo-mix", mix={"scope": "op"}, lacks=["scope"]),
    "mp-mix-op": _mvgrl("mp-mix-op", mixer="mp-mix", mix={"scope": "op"}, lacks=["scope"]),
    "binary-mix": _mvgrl("binary-mix", mixer="binary-mix"),
    "random-mix": _mvgrl("random-mix", mixer="random-mix"),
    "imix": _mvgrl("i-mix", mixer="i-mix"),
    "grace": _grace("GRACE", mixer="none"),
    "grace-gat": _grace("GRACE (GAT)", mixer="none", encoder="gat"),
    "grace-imix": _grace("GRACE+(i-mix)", mixer="i-mix"),
    "grace-mp-mix-nodiv": _grace("GRACE+(mp-mix w/o div)", mixer="mp-mix-nodiv"),
    "grace-mp-mix": _grace("GRACE+(mp-mix)", mixer="mp-mix"),
    "grace-untrained": _grace("GRACE, untrained", mixer="none", trains=False),
    "untrained": _mvgrl("Untrained", mixer="none", trains=False),
}

_IMAGES = {
    "image-untrained": _simclr("Untrained", mixer="none", trains=False),
    "simclr": _simclr("SimCLR", mixer="none"),
    "simclr-binary-mix": _simclr("SimCLR+(binary-mix)", mixer="binary-mix"),
    "simclr-mo-mix-op": _simclr("SimCLR+(mo-mix-op)", mixer="mo-mix"),
    "simclr-mp-mix-op": _simclr("SimCLR+(mp-mix-op)", mixer="mp-mix"),
}

# Molecules are trained on by the methods of graphs.
METHODS: Mapping[str, Mapping[str, MethodRow]] = MappingProxyType(
    {"graphs": MappingProxyType(_GRAPHS), "nodes": MappingProxyType(_NODES), "images": MappingProxyType(_IMAGES)}
)
