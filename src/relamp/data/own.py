"""A user's own data set in the TUDataset text format: read, and what is not used of it named."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from relamp.data.archive import Folder
from relamp.data.content import Provenance
from relamp.data.folds import fitting_folds
from relamp.data.nodes import distinct
from relamp.data.packed import PackedGraphs
from relamp.data.read import ReadDataset
from relamp.data.tu import chunks, read_tu
from relamp.errors import RelampError
from relamp.runtime.files import sha256
from relamp.settings.own import OwnData

_ALWAYS = ("A", "graph_indicator", "graph_labels", "node_labels")
_OPTIONS = ("node_attributes", "edge_labels")
_NEVER = ("edge_attributes", "graph_attributes")
_CLOSE = 0.8  # how alike a misspelt name is, from 0 to 1
_MANY_CLASSES = 10
_NAMED = 10  # files in one message
_NOT_SEEN = {
    "node_attributes": "node attributes are seen by encoders and by the bag, not by graph kernels",
    "edge_labels": "edge labels are seen by the GIN (LAMP, GraphCL, SimGRACE, untrained), not by MVGRL, M-Mix, graph "
    "kernels, the bag and the edit distance",
}


def read_own(name: str, own: OwnData, split: Mapping[str, Any] | None = None) -> ReadDataset:
    """Read a user's own data set; `info` has `files` with their sha256, those `unread`, and `warnings`.

    `split` says what classifies it: `folds`, `inner_folds` by option, and `datasets`, the options that name it; without
    one, labels that no fold can hold are a warning.

    Raises RelampError if a file is damaged or misspelt, if node numbers start again in each graph, or if the graphs
    cannot be classified.
    """
    folder = Path(own.folder)
    options = [option for option in _OPTIONS if getattr(own, option)]
    read = [f"{name}_{part}.txt" for part in (*_ALWAYS, *options)]
    unread = sorted(set(_files_of(folder, name)) - set(read))
    _refuse_misspelt(folder, name, unread)
    scaled: Literal["scaled"] | None = "scaled" if own.node_attributes else None
    data = read_tu(folder, name, node_attributes=scaled, edge_labels=own.edge_labels)
    warnings = [*_node_warnings(data), *_edge_warnings(folder, data), *_unread_warnings(name, own, unread)]
    warnings += [f"{name}: {_NOT_SEEN[option]}" for option in options]
    if fault := _class_fault(data, split):
        if split:
            raise RelampError(f"{name}: {fault}")
        warnings.append(f"{name}: {fault}")
    files = {path.name: sha256(path) for path in map(folder.joinpath, read) if path.is_file()}
    info = {**data.info, "source": "own", "files": files, "unread": unread, "warnings": warnings}
    return ReadDataset(replace(data, info=info), Provenance("own", "a data set of the user's own"))


def contradictions(report: Mapping[str, Any]) -> list[str]:
    """Warn, by the guard's report, where most graphs are alike to one of another class: what tells them is not read."""
    alike, graphs = report["duplicates"]["conflicting_graphs"], report["graphs"]
    if 2 * alike <= graphs:
        return []
    fault = f"{alike:,} of {graphs:,} graphs are alike to a graph of another class in all that is used of them"
    return [f"{report['name']}: {fault}; what tells the classes apart may not be among it"]


def _files_of(folder: Path, name: str) -> Iterator[str]:
    """Yield the names of a folder's files but for hidden ones, a README, and those of other data sets there."""
    found = [path.name for path in folder.iterdir() if path.is_file()]
    sets = {name, *(file.removesuffix("_A.txt") for file in found if file.endswith("_A.txt"))}
    for file in found:
        owners = [other for other in sets if file.startswith(f"{other}_")]
        if max(owners, key=len, default=name) == name and not file.startswith((".", "README", f"{name}_README")):
            yield file


def _refuse_misspelt(folder: Path, name: str, unread: Sequence[str]) -> None:
    """Refuse a file whose name is nearly that of one which is not there."""
    parts = {part.casefold(): part for part in (*_ALWAYS, *_OPTIONS, *_NEVER)}
    for file in unread:
        stem = file.casefold().removeprefix(f"{name.casefold()}_").partition(".")[0]
        ends = [part for part in parts if stem.endswith(f"_{part}")]
        close = [*sorted(ends, key=len, reverse=True), *difflib.get_close_matches(stem, parts, 1, _CLOSE)]
        meant = f"{name}_{parts[close[0]]}.txt" if close else file
        if meant != file and not (folder / meant).exists():
            raise RelampError(
                f"{folder / file}: is not read, since its name is no name of the format; rename it {meant}, or take it "
                "out of the folder"
            )


def _unread_warnings(name: str, own: OwnData, unread: Sequence[str]) -> Iterator[str]:
    for option in _OPTIONS:
        if f"{name}_{option}.txt" in unread:
            chosen = f"own: {{{name}: {{folder: {own.folder}, {option}: true}}}}"
            yield f"{name}_{option}.txt: is not used; {chosen} in config.yaml uses it"
    others = [file for file in unread if file not in {f"{name}_{option}.txt" for option in _OPTIONS}]
    if others:
        more = f" and {len(others) - _NAMED:,} more files" if len(others) > _NAMED else ""
        yield f"{name}: relamp has no use for {', '.join(others[:_NAMED])}{more}"


def _node_warnings(data: PackedGraphs) -> Iterator[str]:
    if len(empty := np.flatnonzero(data.num_nodes == 0)):
        fault = f"{len(empty):,} of {len(data):,} graphs have a label and no node (first: graph {empty[0] + 1})"
        yield f"{data.name}_graph_indicator.txt: {fault}"


def _edge_warnings(folder: Path, data: PackedGraphs) -> list[str]:
    """Say what of the edges' lines is lost; raises RelampError if node numbers start again in each graph."""
    file, total = f"{data.name}_A.txt", len(data.x)
    pieces = [(pairs[:, 0] - 1) * total + pairs[:, 1] - 1 for pairs in chunks(Folder(folder), file)]
    listed: NDArray[np.int64] = np.concatenate([np.zeros(0, dtype=np.int64), *pieces])
    lines, listed = len(listed), distinct(listed)
    source, target = np.divmod(listed, total)
    one_way = len(listed) - len(np.intersect1d(target * total + source, listed, assume_unique=True))
    repeated, edgeless = lines - len(listed), int((data.num_edges == 0).sum())
    last = int(max(source.max(initial=-1), target.max(initial=-1))) + 1
    lone = int(((data.num_edges == 0) & (data.num_nodes > 1)).sum())
    if last and last <= data.num_nodes.max() < total and (lone > 1 or (lone and repeated)):
        raise RelampError(
            f"{folder / file}: no edge goes beyond node {last} of {total}, and {edgeless} of {len(data)} graphs are "
            "left without edges: node numbers seem to start again in each graph; number the nodes through all graphs"
        )
    edges = len(listed) - (len(listed) - one_way - int((source == target).sum())) // 2
    found = []
    if one_way:
        fault = f"{one_way:,} of {edges:,} edges are listed in one direction alone"
        found.append(f"{file}: {fault}; edges have no direction here, so if it means something, it is lost")
    if repeated:
        fault = f"{repeated:,} of {lines:,} lines repeat an edge"
        found.append(f"{file}: {fault}; an edge counts once, so if its multiplicity means something, it is lost")
    if loops := data.info["self_loops_removed"]:
        found.append(f"{file}: {loops:,} nodes have a self-loop, which is left out: graphs are simple here")
    if 2 * edgeless > len(data):
        found.append(f"{file}: {edgeless:,} of {len(data):,} graphs have no edges")
    return found


def _class_fault(data: PackedGraphs, split: Mapping[str, Any] | None) -> str:
    """Say why the graphs cannot be trained on or classified, and what to do; nothing if they can."""
    counts, names = np.bincount(data.y), data.info["classes"]
    known = split or {"folds": 10, "inner_folds": {}, "datasets": ["an experiment that classifies graphs"]}
    out = f"take {data.name} out of {' and '.join(known['datasets'])}" if split else "leave it out where classes count"
    if len(data) == 1:
        return f"has one graph, which has no other to be told from; add graphs, or {out}"
    if len(counts) == 1:
        return f"all {len(data)} graphs are of class {names[0]}, so there is nothing to classify; add classes, or {out}"
    folds, inner = known["folds"], max(known["inner_folds"].values(), default=2)
    rarest = int(counts.min())
    fitting = fitting_folds(rarest, folds, inner)
    if fitting == (folds, inner) or (fitting and not split):
        return ""
    rare = np.flatnonzero(counts < max(folds, rarest + 1))
    few = ", ".join(f"class {names[i]}: {counts[i]}" for i in rare[:5]) + (" ..." if len(rare) > 5 else "")
    short = f"{len(rare)} of {len(counts)} classes have too few graphs"
    fault = f"{short} for {folds} folds and {inner} inner folds ({few})"
    if len(counts) > _MANY_CLASSES and 2 * len(rare) > len(counts):
        fault = (
            f"{len(counts)} different labels for {len(data)} graphs look like a regression target, and relamp "
            f"classifies graphs: {fault}"
        )
    if not split or fitting is None:
        return f"{fault}; join the rare classes, or {out}"
    changes = {"unsupervised.svm.folds": (folds, fitting[0])}
    changes |= {option: (value, fitting[1]) for option, value in known["inner_folds"].items()}
    advice = " and ".join(f"{option} to {fit}" for option, (value, fit) in changes.items() if fit < value)
    return f"{fault}; set {advice}, or {out}"
