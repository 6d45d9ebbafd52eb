"""The methods by domain and name: one line each. This file imports no method, so that names can be checked without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from relamp.method.node_table import NODE_METHODS
from relamp.settings.images import IMAGE_METHODS


@dataclass(frozen=True)
class MethodRow:
    """How a method is found and shown.

    Attributes:
        label: the papers' spelling.
        maker: "module:class" of an object with the protocol `relamp.method.base.Method`.
        swept: which of gamma and alpha the class takes from the configuration's grids.
        fixed: further arguments of the class.
        settings: whether the class takes the pre-training settings as first argument.
        group: the group of the pre-training settings that belongs to this method alone.
        trains: False for controls that stay as they were drawn.
    """

    label: str
    maker: str
    swept: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    settings: bool = True
    group: str | None = None
    trains: bool = True


def _lamp(label: str, *swept: str, **fixed: object) -> MethodRow:
    return MethodRow(label, "relamp.method.lamp:Lamp", swept, fixed, group="lamp")


def _mmix(
    label: str, mixer: str, objective: str = "both", options: Mapping[str, Any] | None = None, *, trains: bool = True
) -> MethodRow:
    fixed = {"mixer": mixer, "objective": objective, "options": options or {}}
    return MethodRow(label, "relamp.method.mmix:MMix", fixed=fixed, group="mmix", trains=trains)


# Where M-Mix's public code between graphs differs from its paper, or settles what the paper leaves open.
_AS_IN_CODE: Mapping[str, Any] = {
    "features": "labels-and-degrees",
    "diffusion": "adjacency",
    "mix": {"score_gradient": False},
    "negatives": "batch",
    "readout": "output",
}


GRAPH_METHODS: Mapping[str, MethodRow] = MappingProxyType(
    {
        "lamp-mag": _lamp("LAMP-Mag", "gamma", "alpha", strategy="magnitude"),
        "lamp-soft": _lamp("LAMP-Soft", "gamma", "alpha", strategy="soft-filter"),
        "lamp-mag-nolocal": _lamp("LAMP-Mag w/o local loss", "gamma", strategy="magnitude", alpha=0.0),
        "simgrace": MethodRow("SimGRACE", "relamp.method.simgrace:SimGRACE", group="simgrace"),
        "graphcl": MethodRow("GraphCL", "relamp.method.graphcl:GraphCL", group="graphcl"),
        "untrained": MethodRow("Untrained", "relamp.method.untrained:Untrained", settings=False, trains=False),
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
)

METHODS: Mapping[str, Mapping[str, MethodRow]] = {
    "graphs": GRAPH_METHODS,
    "nodes": {
        name: MethodRow(
            row.label,
            "relamp.model.grace:GRACE" if row.options["host"] == "grace" else "relamp.model.mvgrl:MVGRL",
            fixed=row.options,
            trains=name != "untrained",
        )
        for name, row in NODE_METHODS.items()
    },
    "images": {
        name: MethodRow(row.label, "relamp.train.images:SimCLR", fixed={"mixer": row.mixer}, trains=row.trains)
        for name, row in IMAGE_METHODS.items()
    },
}
