"""Jobs on data sets: fetch and verify the raw files, pack them, and fix the folds and splits of all methods."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relamp.data.content import Content, PackedData, Provenance, check_content, content_of
from relamp.data.fingerprint import ordered_fingerprint
from relamp.data.folds import save_folds, stratified_folds
from relamp.data.guard import inspect, inspect_nodes, render
from relamp.data.mirror import Fetched
from relamp.data.nodes import PackedNodes
from relamp.data.own import contradictions, read_own
from relamp.data.own_molecules import PROVENANCE, pack_own_corpus, read_labelled
from relamp.data.pack_corpus import pack_corpus
from relamp.data.packed import PackedGraphs
from relamp.data.read import fetch_files, from_record, most_bytes, read_fetched, read_packaged, to_record
from relamp.data.registry import REGISTRY
from relamp.data.scaffold import random_scaffold_split, random_split, scaffold_split
from relamp.data.subset import SEED, write_subset
from relamp.data.verified import verified
from relamp.runtime.files import read_json, sha256, write_csv, write_json
from relamp.settings.own import OwnData, OwnMolecules
from relamp.settings.places import Places

log = logging.getLogger(__name__)


def fetch(dataset: str, config: Mapping[str, Any], output: Path) -> None:
    """Find or download the raw files of a data set, and record where they lie and what they hash to."""
    places = Places.model_validate({name: config[name] for name in Places.model_fields if name in config})
    files = fetch_files(dataset, places)
    for file in files:
        log.info("%s: %s (%s)", file.name, file.place, file.variant or "unknown sha256, the content will decide")
    write_json(output, to_record(files))


def pack(
    dataset: str,
    packed: Path,
    guard: Path,
    dropped: Path,
    record: Path | None,
    own: Mapping[str, Any] | None,
    parts: Path,
    split: Mapping[str, Any] | None = None,
    threads: int = 1,
) -> None:
    """Verify and read a data set, and write it packed, with the guard's report and the list of dropped rows.

    `record` is what `fetch` wrote, None where the files are shipped inside a package; `own` is an `OwnData` and `split`
    how it is classified, see `relamp.data.own`, or an `OwnMolecules`; what of it is not used is told on the terminal
    too. A large corpus is packed by `threads` processes, and its `parts` outlive a killed job.
    """
    if own is not None and "file" in own:
        _pack_molecules(dataset, OwnMolecules.model_validate(own), packed, guard, dropped, parts, threads)
        return
    files = from_record(dataset, read_json(record)) if record and not own else []
    if files and REGISTRY[dataset].kind == "corpus":
        _stream(dataset, files[0], packed, guard, dropped, parts, threads)
        return
    if own is not None:
        read = read_own(dataset, OwnData.model_validate(own), split)
    else:
        read = read_fetched(dataset, files) if record else read_packaged(dataset)
    write_csv(dropped, read.dropped)
    report = _report(read.data)
    if own is not None:
        report["warnings"] += contradictions(report)
        for text in report["warnings"]:
            log.warning("%s", text)
    read.data.save(packed)
    _write_guard(guard, report, read.provenance, packed)


def subset(data: Path, known: Path, dataset: str, molecules: str, packed: Path, guard: Path) -> None:
    """Write some molecules of a packed corpus as one of its own, see `relamp.data.subset`, with the guard's report.

    `known` is the report on the whole.
    """
    digest, name = verified(data), f"{dataset}~{molecules}"
    report = write_subset(data, digest, int(molecules), name, packed)
    log.info("%s", render(report))
    whole = read_json(known)
    note = f"{int(molecules):,} of {whole['graphs']:,} molecules of {dataset}, drawn with seed {SEED}"
    _write_guard(guard, report, Provenance(whole["content"], f"{note}; {whole['provenance']}"), packed)


def folds(data: Path, seeds: Sequence[int], folds: int, output: Mapping[int, Path]) -> None:
    """Write the fold of each graph for each seed: every method is scored in the same folds."""
    digest, graphs = verified(data), PackedGraphs.load(data)
    for seed in seeds:
        facts = {"file": output[seed].name, "data": digest, "folds": folds}
        save_folds(output[seed], stratified_folds(graphs.y, folds, seed, name=graphs.name), facts)


def scaffold(data: Path, output: Path, split: str = "scaffold") -> None:
    """Write the part of a split that each molecule is in: 0 train, 1 valid, 2 test.

    `split` is `scaffold`, or has a seed: `random-scaffold~0`, `random~0`.
    """
    digest = verified(data)
    molecules, (kind, _, seed) = PackedGraphs.load(data), split.partition("~")
    part = np.empty(len(molecules), dtype=np.int64)
    made = {
        "scaffold": lambda: scaffold_split(molecules.smiles),
        "random-scaffold": lambda: random_scaffold_split(molecules.smiles, int(seed)),
        "random": lambda: random_split(len(molecules), int(seed)),
    }
    for number, index in enumerate(made[kind]()):
        part[index] = number
    log.info("%s: %s split of %s molecules", molecules.name, split, ", ".join(map(str, np.bincount(part))))
    save_folds(output, part, {"file": output.name, "data": digest})


def _report(data: PackedData) -> dict[str, Any]:
    if isinstance(data, PackedGraphs):
        report = inspect(data)
        log.info("%s", render(report))
        return report
    if isinstance(data, PackedNodes):
        return inspect_nodes(data)
    return {"name": data.name, "train": len(data.train), "test": len(data.test), **content_of(data).counts}


def _stream(name: str, file: Fetched, packed: Path, guard: Path, dropped: Path, parts: Path, threads: int) -> None:
    """Pack a corpus that is too large to be held."""
    dataset = REGISTRY[name]
    # Whole before it is checked, so that only checked content ever has the output's name.
    unchecked = packed.with_name(f"{name}.unchecked{packed.suffix}")
    limit, info = most_bytes(dataset, file.name), {"source": dataset.source}
    corpus = pack_corpus(name, file.path, unchecked, dropped, parts, processes=threads, most_bytes=limit, info=info)
    report = corpus.info["report"]
    log.info("%s", render(report))
    counts = {key: report[key] for key in ("graphs", "nodes", "edges", "self_loops")}
    facts = corpus.info["fingerprint"], ordered_fingerprint(corpus), corpus.info["rdkit"]
    found = Content({"rows": corpus.info["rows"], **counts}, *facts)
    try:
        _write_guard(guard, report, check_content(dataset, found, [file]), unchecked)
        unchecked.replace(packed)
    finally:
        unchecked.unlink(missing_ok=True)


def _pack_molecules(
    name: str, own: OwnMolecules, packed: Path, guard: Path, dropped: Path, parts: Path, threads: int
) -> None:
    """Pack a user's own molecules: labelled ones at once, a corpus as one that is too large to be held."""
    if own.label_columns:
        read = read_labelled(name, own)
        write_csv(dropped, read.dropped)
        report = _report(read.data)
        read.data.save(packed)
    else:
        corpus, warnings = pack_own_corpus(name, own, packed, dropped, parts, threads)
        report = {**corpus.info["report"], "warnings": warnings}
        log.info("%s", render(report))
    for text in report["warnings"]:
        log.warning("%s", text)
    _write_guard(guard, report, PROVENANCE, packed)


def _write_guard(guard: Path, report: Mapping[str, Any], provenance: Provenance, packed: Path) -> None:
    """Write the report with the sha256 of the packed file, by which every later job knows it again."""
    log.info("%s", provenance.note)
    known = {"provenance": provenance.note, "content": provenance.content, "sha256": sha256(packed)}
    write_json(guard, {**report, **known})
