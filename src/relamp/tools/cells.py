"""How many cells of each table are done, running or missing: from stored rows, a plan of the rest, and jobs at work."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.sealed import check_facts, read_sealed
from relamp.study.cells import Cell
from relamp.tools.plan import Job

DONE, RUNNING, MISSING, LEFT_OUT = "done", "running", "missing", "-"
LEGEND = "-: left out by this preset; empty: no number is printed, or none that relamp can run"


@dataclass(frozen=True)
class Standing:
    """How far stored files are.

    Attributes:
        done: those that are there as they are asked for.
        running: others that a job at work is for.
        again: of those that are done, the ones that are made again: code or data have changed since.
        wrong: a line for each that is there, but was cut, edited, or made with other settings.
    """

    done: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    wrong: tuple[str, ...] = ()

    def of(self, path: str) -> str:
        """Return the word for a file; for none, that it is left out."""
        if not path:
            return LEFT_OUT
        return DONE if path in self.done else RUNNING if path in self.running else MISSING


def standing(asked: Mapping[str, Mapping[str, Any]], jobs: Iterable[Job], at_work: Collection[str]) -> Standing:
    """Return how far files are whose facts are `asked`, by the jobs that would still run and the logs of those at work.

    A file is running where the job that writes it is at work, or one before that which trains its method.
    """
    done, wrong = set(), []
    for path, facts in asked.items():
        if Path(path).is_file():
            try:
                check_facts(path, read_sealed(path)[0], facts)
            except RelampError as error:
                wrong.append(str(error))
            else:
                done.add(path)
    makers = {path: job for job in jobs for path in job.outputs}
    running = {path for path in asked.keys() - done if _is_running(path, makers, at_work)}
    return Standing(frozenset(done), frozenset(running), frozenset(done & makers.keys()), tuple(wrong))


def _is_running(path: str, makers: Mapping[str, Job], at_work: Collection[str]) -> bool:
    """Return whether a job at work writes rows, which lie in `METHOD/SETTING/`, or trains the method on the way."""
    method, left, seen = PurePath(path).parts[-3], [path], {path}
    while left:
        file = left.pop()
        job = makers.get(file)
        if not job:
            continue
        own = file == path or any(method in PurePath(output).parts for output in job.outputs)
        if own and job.log in at_work:
            return True
        left += [given for given in job.inputs if given not in seen]
        seen.update(job.inputs)
    return False


def counted(files: Sequence[str], found: Standing, hours: float) -> str:
    """Return in words how many cells are done, running and missing, by their files, and how many CPU-hours are left."""
    words = [found.of(path) for path in files]
    of = len(files) - words.count(LEFT_OUT)
    parts = [f"{words.count(DONE)} of {of} cells done"]
    parts += [f"{words.count(word)} {word}" for word in (RUNNING, MISSING)]
    parts += [f"{hours:.1f} CPU-hours left"]
    again = sum(path in found.again for path in files)
    more = [f"{again} done before are made again"] * bool(again)
    more += [f"{words.count(LEFT_OUT)} left out by this preset"] * bool(words.count(LEFT_OUT))
    return "; ".join([", ".join(parts), *more])


def grid(cells: Sequence[Cell], found: Standing) -> list[str]:
    """Return the cells of a table as lines: methods below one another, data sets side by side."""
    several = len({cell.metric for cell in cells}) > 1
    places = {cell: " ".join(filter(None, (cell.dataset, cell.metric * several, cell.part))) for cell in cells}
    columns = list(dict.fromkeys(places.values()))
    words: dict[str, dict[str, str]] = {}
    for cell, place in places.items():
        words.setdefault(cell.method, {})[place] = found.of(cell.rows)
    lines = [["", *columns], *([method, *(of.get(name, "") for name in columns)] for method, of in words.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines]
