"""What counts, by content: which source files and files from outside decide what a job makes, as a file of hashes.

Times decide nothing: a file from an archive or a backup, older than what was made of the one before, is seen by its
hash, and one that was only touched reruns nothing.

Left out are `runtime`, which says how a job runs and not what it makes, and `settings`, whose values reach a job as its
arguments: editing a log line or the options of another method reruns nothing.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from relamp.errors import RelampError
from relamp.runtime.files import read_json, sha256, write_changed
from relamp.runtime.home import home

PACKAGE = Path(__file__).parents[1]
NOT_COUNTED = ("runtime", "settings")
_PREFIXES = tuple(f"{room}/" for room in NOT_COUNTED)


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


def write_code(target: Path, script: Path | str, *modules: str, outside: Sequence[Path | str] = ()) -> None:
    """Write the hash and name of each source file that counts for a script, itself and files from outside among them.

    A line per file; what stands there already is not written again and keeps its time, so that an unchanged source
    reruns nothing.
    """
    counted = {path.relative_to(PACKAGE).as_posix(): path for path in import_closure(script, *modules)}
    code = {name: path for name, path in counted.items() if not name.startswith(_PREFIXES)}
    write_hashes(target, {**code, f"scripts/{Path(script).name}": Path(script), **{str(p): Path(p) for p in outside}})


def write_hashes(target: Path, files: Mapping[str, Path]) -> None:
    """Write the hash and name of each file, one per line, unless they stand there."""
    write_changed(target, "".join(f"{_sha256(path)}  {name}\n" for name, path in files.items()))


def write_altered(target: Path, record: Path) -> None:
    """Write which files are there but not as a record has them (`path`, `sha256`), if any are.

    While they are as recorded, or there is no record, what stands there stays, so that it changes once for each change.
    """
    lines = []
    try:
        known = read_json(record) if record.is_file() else []
        for path, expected in ((Path(entry["path"]), entry["sha256"]) for entry in known):
            if path.is_file() and (found := _sha256(path)) != expected:
                lines.append(f"{found}  {path.name}\n")
    except (RelampError, KeyError, TypeError):
        lines.append(f"{_sha256(record)}  {record.name}\n")  # damaged itself
    if lines or not target.is_file():
        write_changed(target, "".join(lines))


def altered(text: str) -> list[str]:
    """Return the source files of a list, as `write_code` writes it, that are not here with the content they had."""
    lines = [line.partition("  ") for line in text.splitlines()]
    return [name for digest, _, name in lines if not (path := _source(name)).is_file() or _sha256(path) != digest]


def _source(name: str) -> Path:
    return home() / "workflow" / name if name.startswith("scripts/") else PACKAGE / name


@cache
def _sha256(path: Path) -> str:
    return sha256(path)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the package's files that one file imports itself."""
    names = list(_names(ast.parse(path.read_text(encoding="utf-8")).body))
    # Templates that a module fills in count as its code.
    templates = path.parent.glob("templates/*") if "jinja2" in names else ()
    return (*(file for name in names for file in _files(name)), *sorted(templates))


# Where statements hold others. Expressions hold no imports, and are most of a file.
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


def _names(block: Iterable[ast.AST]) -> Iterator[str]:
    for node in block:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from relamp.data import packed` names a module, `from relamp.data.packed import x` does not:
            # a name that is no file simply finds none.
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        for name in _BLOCKS:
            yield from _names(getattr(node, name, ()))


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
