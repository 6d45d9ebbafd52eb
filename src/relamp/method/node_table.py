"""Node-level methods by name: what each sets of `relamp.settings.nodes.NodePretraining`. This file imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class NodeMethodRow:
    """How a node-level method is shown and set.

    Attributes:
        label: the paper's spelling.
        options: settings that make it this method; laid over the experiment's, mappings entry by entry.
    """

    label: str
    options: Mapping[str, Any] = field(default_factory=dict)


def _mvgrl(label: str, mixer: str, **mix: Any) -> NodeMethodRow:
    return NodeMethodRow(label, {"host": "mvgrl", "mixer": mixer, **({"mix": mix} if mix else {})})


def _grace(label: str, mixer: str, encoder: str = "gcn") -> NodeMethodRow:
    options = {"host": "grace", "mixer": mixer, "encoder": encoder, "branches": ["average"], "readout": "encoder"}
    return NodeMethodRow(label, options)


NODE_METHODS: Mapping[str, NodeMethodRow] = MappingProxyType(
    {
        "mvgrl": NodeMethodRow("MVGRL", {"host": "mvgrl", "mixer": "none", "objective": "local-global"}),
        "mvgrl-infonce": _mvgrl("MVGRL (InfoNCE)", "none"),
        "mo-mix": _mvgrl("mo-mix", "mo-mix"),
        "mp-mix": _mvgrl("mp-mix", "mp-mix"),
        "mp-mix-nodiv": _mvgrl("mp-mix w/o div", "mp-mix-nodiv"),
        "mo-mix-op": _mvgrl("mo-mix-op", "mo-mix", scope="op"),
        "mp-mix-op": _mvgrl("mp-mix-op", "mp-mix", scope="op"),
        "binary-mix": _mvgrl("binary-mix", "binary-mix"),
        "random-mix": _mvgrl("random-mix", "random-mix"),
        "imix": _mvgrl("i-mix", "i-mix"),
        "grace": _grace("GRACE", "none"),
        "grace-gat": _grace("GRACE (GAT)", "none", "gat"),
        "grace-imix": _grace("GRACE+(i-mix)", "i-mix"),
        "grace-mp-mix-nodiv": _grace("GRACE+(mp-mix w/o div)", "mp-mix-nodiv"),
        "grace-mp-mix": _grace("GRACE+(mp-mix)", "mp-mix"),
        "untrained": NodeMethodRow("Untrained", {"host": "mvgrl", "mixer": "none", "epochs": 0, "checkpoints": [0]}),
    }
)
