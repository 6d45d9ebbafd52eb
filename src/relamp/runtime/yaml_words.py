"""YAML as people write it: `NO` and `24:00:00` are words, a key stands once, no alias stands for millions of entries.

PyYAML reads YAML 1.1, in which `NO` is false, `24:00:00` is 86,400 and the second of two equal keys wins. What is a
number, a truth or nothing is here what the core schema of YAML 1.2 says.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from relamp.errors import RelampError, reason, shortened

MOST_ENTRIES = 20_000  # of a file, aliases written out; the longest preset has some hundred


def read_words(path: Path | str) -> Any:
    """Return what a YAML file holds; None if it is empty.

    Raises RelampError, with the line, if it cannot be read, is no YAML, has a key twice or more than `MOST_ENTRIES`.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; make it, or name another file") from error
    except (OSError, ValueError) as error:
        raise RelampError(f"{path}: is no text that can be read ({reason(error)}); correct it") from error
    return parse_words(text, str(path))


def read_options(path: Path | str) -> dict[str, Any]:
    """Return the options that a YAML file holds, none if it is empty; raises RelampError as `read_words` does."""
    found = read_words(path)
    if not isinstance(found, dict | None):
        raise RelampError(f"{path}: holds {shortened(found, 60)} and no options, each a line `name: value`; correct it")
    return found or {}


def parse_words(text: str, place: str) -> Any:
    """Return what a YAML text holds; `place` is what messages call it. Raises RelampError as `read_words` does."""
    try:
        found = yaml.load(text, _Words)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise RelampError(f"{place}: {where}{shortened(error.problem or 'is no YAML')}; correct it") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise RelampError(f"{place}: is no YAML that can be read ({reason(error)}); correct it") from error
    refuse_excess(found, place)
    return found


def refuse_excess(value: Any, place: str) -> None:
    """Raise RelampError if nested lists and mappings have over `MOST_ENTRIES`, each use of a shared one counted."""
    waiting, count = [value], 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list | tuple):
            count += len(part)
            if count > MOST_ENTRIES:
                raise RelampError(f"{place}: has more than {MOST_ENTRIES:,} entries; shorten it")
            waiting += part.values() if isinstance(part, dict) else part


class _Words(yaml.SafeLoader):
    """The core schema of YAML 1.2, without its octal and hexadecimal numbers."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as PyYAML has them
    yaml_constructors: ClassVar[dict[str | None, Any]] = {}
    nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Stop while a file of very many entries is read, not after it."""
        self.nodes += 1
        if self.nodes > 2 * MOST_ENTRIES + 1:
            raise yaml.MarkedYAMLError(problem=f"has more than {MOST_ENTRIES:,} entries")
        return super().compose_node(parent, index)

    def mapping(self, node: Any) -> dict[Any, Any]:
        """Return a mapping whose keys are words or numbers, each there once; those of `<<` stand below its own."""
        lines: dict[Any, int] = {}
        own: dict[Any, Any] = {}
        below: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            key = self.construct_object(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            value = self.construct_object(value_node, deep=True)
            if key is None:
                raise yaml.MarkedYAMLError(problem="a key is a word or a number", problem_mark=mark)
            if key in lines:
                fault = f"{shortened(str(key), 60)} stands here a second time (first in line {lines[key]})"
                raise yaml.MarkedYAMLError(problem=fault, problem_mark=mark)
            lines[key] = mark.line + 1
            if key != "<<" or key_node.style is not None:
                own[key] = value
            elif isinstance(value, dict):
                below = value
            else:
                raise yaml.MarkedYAMLError(problem="<< takes one mapping", problem_mark=mark)
        return {**below, **own}


_core: Any = _Words  # whose constructors the type stubs do not describe


def _scalars(tag: str, pattern: str, first: str, make: Any) -> None:
    _Words.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})$"), list(first))
    _core.add_constructor(f"tag:yaml.org,2002:{tag}", lambda loader, node: make(loader.construct_scalar(node)))


_scalars("bool", "true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text.lower() == "true")
_scalars("null", "~|null|Null|NULL|", "~nN", lambda _: None)
_scalars("int", "[-+]?[0-9]+", "-+0123456789", int)
_scalars(
    "float",
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    "-+.0123456789",
    lambda text: float(text.replace(".", "") if text.lstrip("-+.")[:1] in "iInN" else text),
)
_core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("$"), [""])
_core.add_constructor("tag:yaml.org,2002:str", lambda loader, node: loader.construct_scalar(node))
_core.add_constructor("tag:yaml.org,2002:seq", lambda loader, node: loader.construct_sequence(node, deep=True))
_core.add_constructor("tag:yaml.org,2002:map", _core.mapping)
_core.add_constructor(None, _core.construct_undefined)
