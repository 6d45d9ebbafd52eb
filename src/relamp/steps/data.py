"""Fetch the raw files of a data set, and pack it with its guard's report."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relamp.data.content import Content, Provenance, check_content, content_of_images
from relamp.data.guard import inspect, render
from relamp.data.guard_nodes import inspect_nodes
from relamp.data.mirror import Fetched
from relamp.data.nodes import PackedNodes
from relamp.data.pack_corpus import pack_corpus
from relamp.data.packed import PackedGraphs
from relamp.data.read import (
    Packed,
    ReadDataset,
    fetch_files,
    from_record,
    most_bytes,
    read_embedded,
    read_fetched,
    read_own,
    to_record,
)
from relamp.data.registry import REGISTRY
from relamp.runtime.files import read_json, write_csv, write_json
from relamp.settings.places import Places

log = logging.getLogger(__name__)


def fetch_dataset(name: str, config: Mapping[str, Any], output: Path) -> None:
    """Find or download the raw files of a data set, and write down where they lie and what they hash to."""
    files = fetch_files(name, Places.of(config))
    for file in files:
        log.info("%s: %s (%s)", file.name, file.place, file.variant or "unknown sha256, the content will decide")
    write_json(output, to_record(files))


def pack_dataset(
    name: str,
    packed: Path,
    guard: Path,
    dropped: Path,
    *,
    record: Path | None = None,
    own: Path | None = None,
    parts: Path | None = None,
    processes: int = 1,
) -> None:
    """Verify and read a data set, and write it packed, with the guard's report and the list of dropped rows.

    Args:
        name: of the registry, or of a user's own data set.
        packed, guard, dropped: what is written.
        record: what `fetch_dataset` wrote; None where the files ship inside a package.
        own: the folder of a user's own data set.
        parts: a folder in which the parts of a large corpus outlive a killed job.
        processes: how many pack a large corpus.
    """
    if own is not None:
        _write(read_own(name, own), packed, guard, dropped)
    elif record is None:
        _write(read_embedded(name), packed, guard, dropped)
    else:
        files = from_record(name, read_json(record))
        if REGISTRY[name].kind == "corpus":
            _stream(name, files[0], packed, guard, dropped, parts or packed.with_suffix(".parts"), processes)
        else:
            _write(read_fetched(name, files), packed, guard, dropped)


def _write(read: ReadDataset, packed: Path, guard: Path, dropped: Path) -> None:
    write_csv(dropped, read.dropped)
    _write_guard(guard, _report(read.data), read.provenance)
    read.data.save(packed)


def _report(data: Packed) -> dict[str, Any]:
    if isinstance(data, PackedGraphs):
        report = inspect(data)
        log.info("%s", render(report))
        return report
    if isinstance(data, PackedNodes):
        return inspect_nodes(data)
    return {"name": data.name, "train": len(data.train), "test": len(data.test), **content_of_images(data).counts}


def _stream(name: str, file: Fetched, packed: Path, guard: Path, dropped: Path, parts: Path, processes: int) -> None:
    """Pack a corpus that is too large to be held."""
    dataset = REGISTRY[name]
    # Whole before it is checked, so that only checked content ever has the output's name.
    unchecked = packed.with_name(f"{name}.unchecked{packed.suffix}")
    limit, info = most_bytes(dataset, file.name), {"source": dataset.source}
    corpus = pack_corpus(name, file.path, unchecked, dropped, parts, processes=processes, most_bytes=limit, info=info)
    report = corpus.info["report"]
    log.info("%s", render(report))
    counts = {key: report[key] for key in ("graphs", "nodes", "edges", "self_loops")}
    found = Content({"rows": corpus.info["rows"], **counts}, corpus.info["fingerprint"], corpus.info["rdkit"])
    try:
        _write_guard(guard, report, check_content(dataset, found, [file]))
        unchecked.replace(packed)
    finally:
        unchecked.unlink(missing_ok=True)


def _write_guard(guard: Path, report: Mapping[str, Any], provenance: Provenance) -> None:
    log.info("%s", provenance.note)
    write_json(guard, {**report, "provenance": provenance.note, "as_expected": provenance.as_expected})
