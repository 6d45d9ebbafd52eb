"""Figures, tables and pages: one record each, and the jobs that make them.

Importing the records needs no installed package: `python -m relamp.artifacts` lists all targets.
"""

from collections.abc import Mapping
from types import MappingProxyType

from relamp.artifacts.base import Artifact
from relamp.artifacts.both import BOTH
from relamp.artifacts.lamp import LAMP
from relamp.artifacts.mmix import MMIX

ARTIFACTS: Mapping[str, Artifact] = MappingProxyType({artifact.name: artifact for artifact in (*LAMP, *MMIX, *BOTH)})
