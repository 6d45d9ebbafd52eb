"""What a data set holds, compared with what the registry says it must hold."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from relamp.data.fingerprint import fingerprint, ordered_fingerprint
from relamp.data.guard import inspect_nodes
from relamp.data.images import PackedImages
from relamp.data.mirror import Fetched
from relamp.data.nodes import PackedNodes
from relamp.data.packed import PackedGraphs
from relamp.data.registry import Dataset
from relamp.errors import RelampError

PackedData = PackedGraphs | PackedNodes | PackedImages
_Counts = Mapping[str, int | tuple[int, ...]]

# Which molecules parse, and so how much there is of these, changes between versions of RDKit.
_LEFT_TO_RDKIT = {"graphs", "nodes", "edges"}
_REORDERED = (
    "it holds the known graphs, but their order or that of their nodes, or charges, isotopes or chirality are others, "
    "on which splits and draws depend"
)
_MAY_BE_UNKNOWN = {"graphs", "nodes", "edges", "class_counts"}  # compared where the registry has them


class Content(NamedTuple):
    """What was read.

    Attributes:
        counts: the counts of the registry's `Expected`, as far as the kind of data has them.
        fingerprint, ordered: see `relamp.data.fingerprint`; empty for kinds without, whose files must be known ones.
        rdkit: the version of RDKit that read the molecules.
    """

    counts: _Counts
    fingerprint: str = ""
    ordered: str = ""
    rdkit: str = ""


Standing = Literal["as expected", "order unknown", "differs", "own"]


class Provenance(NamedTuple):
    """How content stands to the registry, and what is known of it, in words.

    Attributes:
        content: `as expected` only if no result can differ; `differs` has an excuse; `own` is in no registry.
        note: why.
    """

    content: Standing
    note: str


def content_of(data: PackedData) -> Content:
    """Count what a packed data set holds, and fingerprint graphs; `features` of images are the numbers of an image."""
    labels = data.y[data.y >= 0] if data.y.ndim == 1 else None
    sizes = [] if labels is None else np.bincount(labels).tolist()
    counts: dict[str, int | tuple[int, ...]] = {"classes": len(sizes), "class_counts": tuple(sizes)}
    if isinstance(data, PackedImages):
        return Content({**counts, "rows": len(data), "features": int(np.prod(data.images.shape[1:]))})
    counts["tasks"] = data.y.shape[1] if labels is None else 0
    if isinstance(data, PackedNodes):
        report = inspect_nodes(data)
        same = {key: report[key] for key in ("graphs", "nodes", "edges", "self_loops", "features")}
        return Content({**counts, **same, "rows": data.num_nodes})
    loops = int((data.edge_index[0] == data.edge_index[1]).sum())
    counts |= {
        "rows": len(data) + len(data.info.get("dropped", ())),
        "graphs": len(data),
        "nodes": len(data.x),
        "edges": (int(data.num_edges.sum()) - loops) // 2,
        "self_loops": loops + data.info.get("self_loops_removed", 0),
    }
    return Content(counts, fingerprint(data), ordered_fingerprint(data), data.info.get("rdkit", ""))


def check_content(dataset: Dataset, found: Content, files: Sequence[Fetched] = ()) -> Provenance:
    """Compare what was read with the registry.

    Content with both of the registry's fingerprints passes, whatever the sha256 of its files; where the registry does
    not know the order, the note says so. Other content, be it the same graphs in another order, passes only if the
    sha256 of every file is known and if it is plain why the content differs: another RDKit reads molecules otherwise,
    and a few of upstream's files are known by sha256 alone. Without a fingerprint the counts decide.

    Raises RelampError, with all that differs, otherwise.
    """
    differing = _differing(dataset, found.counts)
    unknown = [file for file in files if not file.verified]
    told = [f"{file.name} has the unknown sha256 {file.sha256} ({file.place})" for file in unknown]
    files_are = "; ".join(told) or "sha256 known"
    reasons = list(differing.values())
    if found.fingerprint != dataset.fingerprint:
        other = f"its fingerprint is {found.fingerprint} but the registry has {dataset.fingerprint or 'none'}"
        reasons.insert(0, other)
    elif dataset.ordered and found.ordered != dataset.ordered:
        reasons.insert(0, f"{_REORDERED} ({found.ordered} but the registry has {dataset.ordered})")
    if not reasons and (found.fingerprint or not unknown):
        if not found.fingerprint:
            return Provenance("as expected", "sha256 known; counts as expected")
        if not dataset.ordered:
            return Provenance("order unknown", f"{files_are}; known content, order unknown ({found.ordered})")
        return Provenance("as expected", f"{files_are}; content as expected ({found.fingerprint})")
    why = "; ".join(reasons) or "there is no fingerprint to go by"
    if unknown:
        advice = "delete the file or add the variant, for its content is not the known one either"
        wrong = [f"{f.name}: sha256 is {f.sha256} but the registry has {f.file.known} ({f.place})" for f in unknown]
        raise RelampError("\n".join(f"{file}; {advice}: {dataset.name}: {why}" for file in wrong))
    excuse = _excuse(dataset, found, set(differing), files)
    if not excuse:
        raise RelampError(
            f"{dataset.name}: {why}; correct the registry or the reader, since the raw files are the known ones"
        )
    return Provenance("differs", f"sha256 known; {why} ({excuse})")


def _differing(dataset: Dataset, counts: _Counts) -> dict[str, str]:
    """Say which counts are not the expected ones."""
    pairs: dict[str, tuple[Any, Any]] = {key: (value, getattr(dataset.expected, key)) for key, value in counts.items()}
    return {
        key: f"found {_number(value)} {key} but the registry expects {_number(wanted)}"
        for key, (value, wanted) in pairs.items()
        if value != wanted and (wanted or key not in _MAY_BE_UNKNOWN)
    }


def _number(value: int | tuple[int, ...]) -> str:
    return f"{value:,}" if isinstance(value, int) else "/".join(map(str, value))


def _excuse(dataset: Dataset, found: Content, differing: set[str], files: Sequence[Fetched]) -> str:
    """Say why known files may hold other content than the registry's, or nothing if they may not."""
    if not dataset.fingerprint and not differing:
        return "no fingerprint to compare with"
    if found.rdkit and found.rdkit != dataset.rdkit and differing <= _LEFT_TO_RDKIT:
        return f"read by RDKit {found.rdkit}, the fingerprint by {dataset.rdkit or 'another'}"
    listed = [file.name for file in files if file.variant == "listed"]
    return f"{', '.join(listed)}: upstream's file, known by sha256 alone" if listed else ""
