"""Interim."""

from relamp.settings.graphs import DamageProtocol, EditDistanceProtocol, Kernels, SvmProtocol
from relamp.settings.images import ImageProbe
from relamp.settings.nodes import ClusterProtocol, ProbeProtocol

__all__ = [
    "ClusterProtocol",
    "DamageProtocol",
    "EditDistanceProtocol",
    "ImageProbe",
    "Kernels",
    "ProbeProtocol",
    "SvmProtocol",
]
