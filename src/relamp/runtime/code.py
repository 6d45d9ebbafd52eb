"""Which source files a script depends on: the modules of this package that it imports, and those that they import."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def import_closure(script: Path | str, *modules: str) -> list[Path]:
    """Return the files of this package that a script imports, directly or through other modules, sorted.

    Imports inside functions count; `modules` names further ones (dotted) that the script loads by name.
    """
    seen: set[Path] = set()
    waiting = [*_imported(Path(script)), *(path for name in modules for path in _files(name))]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported(path)
    return sorted(seen)


def closure_sha256(paths: Iterable[Path]) -> str:
    """Return one hash of the contents of some source files, whatever folder they lie in."""
    digest = hashlib.sha256()
    # Resolved, since the repository may be reached through a link.
    for path in sorted(path.resolve() for path in paths):
        digest.update(path.relative_to(PACKAGE.resolve()).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the package's files that one file imports itself."""
    return tuple(file for name in _names(ast.parse(path.read_text(encoding="utf-8"))) for file in _files(name))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from relamp.data import packed` names a module, `from relamp.data.packed import x` does not:
            # a name that is no file simply finds none.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(name: str) -> Iterator[Path]:
    """Yield the file of a dotted name of this package, and the __init__ files that run before it."""
    first, *rest = name.split(".")
    if first != PACKAGE.name:
        return
    folder = PACKAGE
    yield folder / "__init__.py"
    for part in rest:
        if (folder / f"{part}.py").is_file():
            yield folder / f"{part}.py"
            return
        folder = folder / part
        if not (folder / "__init__.py").is_file():
            return
        yield folder / "__init__.py"
