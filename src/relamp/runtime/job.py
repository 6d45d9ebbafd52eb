"""How a job runs: its function's arguments, its log, and one clear line when it fails."""

import inspect
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from relamp.errors import RelampError, printable, shortened
from relamp.runtime.controller import follow
from relamp.runtime.device import device_words
from relamp.runtime.log import first_line, last_line
from relamp.runtime.provenance import command_for
from relamp.runtime.signals import Ended, heeded
from relamp.runtime.terminal import patient


class _Printable(logging.Formatter):
    """Keeps passwords of addresses and control characters out of a log, whoever writes a line."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def run(function: Callable[..., None], job: Any) -> None:
    """Call a job function with what the workflow's job object has for its parameters; exit 1 where it fails.

    What goes wrong stands in the job's log; a warning, and an error that the user can act on, also as one line on the
    terminal. Signals end a job likewise, a training once its state is saved, and so does the end of its controller.
    """
    with patient():
        _run(function, job)


def _run(function: Callable[..., None], job: Any) -> None:
    if job.log:
        path = Path(str(job.log))
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(path, mode="w")
    else:
        handler = logging.StreamHandler()
    handler.setFormatter(_Printable("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    if job.log:
        logging.getLogger().addHandler(_terminal())
    with heeded():
        _said(function, job)


def _said(function: Callable[..., None], job: Any) -> None:
    """Call a job function; say why it ends before it is done."""
    try:
        if job.log:
            logging.info("%s", first_line(job.rule, job.threads, device_words()))
        follow(lambda: os.kill(os.getpid(), signal.SIGTERM))
        function(**bound(function, words_of(job)))
        if job.log:
            logging.info("%s", last_line())
    except Ended as end:
        logging.error("%s: ended before it was done; the same command runs it again", end)  # noqa: TRY400 - no fault
        print(f"relamp: {end}: ended before it was done (see {job.log})", file=sys.stderr)
        raise SystemExit(1) from None
    except RelampError as error:
        logging.error("%s", error)  # noqa: TRY400 - the message is meant for users, who need no traceback
        if job.log:
            print(f"relamp: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        logging.error("%s", traceback.format_exc())  # noqa: TRY400 - the same, through one handler
        said = shortened(printable(f"{type(error).__name__}: {error}"), 1000)
        print(f"relamp: {said} (see {job.log})", file=sys.stderr)
        raise SystemExit(1) from None


def _terminal() -> logging.Handler:
    """Return what shows the warnings of this package on the terminal; errors are shown when they end the job."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("relamp: warning: %(message)s"))
    handler.addFilter(lambda record: record.levelno == logging.WARNING and record.name.startswith("relamp"))
    return handler


def named(name: str) -> Any:
    """Return what "module:name" names: jobs load by name what only some of them depend on."""
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


def words_of(job: Any) -> dict[str, Any]:
    """Return what a job object has, by name: outputs and inputs with a name, params, wildcards, threads and config.

    `command` makes the target of the job's rule again.
    """
    parts = [job.wildcards, job.params, job.input, job.output]
    words = {name: value for part in parts for name, value in part.items()}
    return {"command": command_for(job.rule), "config": job.config, "threads": job.threads, **words}


def bound(function: Callable[..., Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function's arguments out of words by the same names, as its annotations want them.

    `Path` is one file, of several the first; `Path | None` is None for an empty list; `Sequence[Path]` is all files;
    `Mapping[int, Path]` is a file per seed, in the order of the word `seeds`. Everything else is passed as it is. A
    parameter without a word has its default.

    Raises:
        TypeError: a parameter has neither.
    """
    hints, found = get_type_hints(function), {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in words:
            found[name] = _converted(words[name], hints.get(name), words.get("seeds", ()))
        elif parameter.default is inspect.Parameter.empty:
            raise TypeError(f"{function.__module__}.{function.__qualname__}: nothing is given for {name}")
    return found


def _converted(value: Any, hint: Any, seeds: Sequence[int]) -> Any:
    optional = get_origin(hint) in (UnionType, Union) and Path in get_args(hint)
    if hint is Path or optional:
        files = [value] if isinstance(value, str | Path) else list(value or ())
        return Path(files[0]) if files or not optional else None
    if get_origin(hint) is Sequence and get_args(hint) == (Path,):
        return [Path(file) for file in ([value] if isinstance(value, str | Path) else value)]
    if get_origin(hint) is Mapping and get_args(hint) == (int, Path):
        files = [value] if isinstance(value, str | Path) else value
        return dict(zip(seeds, map(Path, files), strict=True))
    return value
