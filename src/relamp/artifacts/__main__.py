"""List the targets of all figures, tables and pages, for `make help`."""

from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import PAPERS

for artifact in ARTIFACTS.values():
    print(f"  {artifact.name:<14} {PAPERS[artifact.paper]}: {artifact.label}")
