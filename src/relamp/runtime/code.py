"""The code that counts: which source files decide what a script makes, as one file of their hashes.

Left out are `runtime`, which says how a job runs and not what it makes, and `settings`, whose values reach a job as its
arguments: editing a log line or the options of another method reruns nothing.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from relamp.runtime.files import sha256, write_changed

PACKAGE = Path(__file__).parents[1]
NOT_COUNTED = ("runtime", "settings")


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
            waiting += _imported(path) if path.suffix == ".py" else ()
    return sorted(seen)


def write_code(target: Path, script: Path | str, *modules: str) -> None:
    """Write the hash and name of each source file that counts for a script, one per line, unless they stand there.

    A file that is not written again keeps its time, so that an unchanged source reruns nothing.
    """
    counted = [
        path for path in import_closure(script, *modules) if path.relative_to(PACKAGE).parts[0] not in NOT_COUNTED
    ]
    lines = [f"{_sha256(path)}  {path.relative_to(PACKAGE).as_posix()}" for path in counted]
    write_changed(target, "\n".join(lines) + "\n")


@cache
def _sha256(path: Path) -> str:
    return sha256(path)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the package's files that one file imports itself."""
    names = list(_names(ast.parse(path.read_text(encoding="utf-8"))))
    # Templates that a module fills in count as its code.
    templates = path.parent.glob("templates/*") if "jinja2" in names else ()
    return (*(file for name in names for file in _files(name)), *sorted(templates))


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
