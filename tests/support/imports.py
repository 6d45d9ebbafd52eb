"""What source files import: an independent and coarser reading than the library's."""

import ast
from collections.abc import Iterable
from pathlib import Path


def imports(path: Path) -> set[str]:
    """Dotted names that one file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import, which the closure does not follow"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(paths: Iterable[Path]) -> set[str]:
    """First parts of all that some files import."""
    return {name.partition(".")[0] for path in paths if path.suffix == ".py" for name in imports(path)}
