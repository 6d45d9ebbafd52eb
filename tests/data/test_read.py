import hashlib
import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from rdkit import rdBase

from archives import contents, make_zip
from relamp.data import read
from relamp.data.fingerprint import fingerprint
from relamp.data.guard import inspect_nodes
from relamp.data.packaged import folder
from relamp.data.packed import PackedGraphs
from relamp.data.read import fetch_files, from_record, most_bytes, read_fetched, to_record
from relamp.data.registry import REGISTRY
from relamp.errors import RelampError
from relamp.settings.places import Places

MIRROR = Path(__file__).parents[2].parent / "shared" / "data"
SMALL = (
    *("MUTAG", "PROTEINS", "NCI1", "DD", "IMDB-BINARY", "IMDB-MULTI", "PTC_MR", "COIL-DEL", "REDDIT-BINARY"),
    *("BBBP", "SIDER", "ClinTox", "BACE", "Cora", "Cora-LINQS", "Citeseer", "Pubmed", "DBLP"),
)


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    """A mirror that holds MUTAG, packed anew from the files inside GraKeL."""
    place = tmp_path / "mirror" / "TUDataset" / "MUTAG.zip"
    place.parent.mkdir(parents=True)
    where = folder(REGISTRY["MUTAG"])
    return make_zip(place, contents((where / name for name in REGISTRY["MUTAG"].files), "MUTAG/"))


def places(zipped: Path) -> Places:
    return Places(mirrors=(str(zipped.parents[1]),), offline=True, cache=str(zipped.parents[2] / "cache"))


def test_a_repacked_file_is_fetched_written_down_and_read(zipped: Path) -> None:
    record = json.loads(json.dumps(to_record(fetch_files("MUTAG", places(zipped)))))
    digest = hashlib.sha256(zipped.read_bytes()).hexdigest()
    assert record == [
        {"name": "MUTAG.zip", "path": str(zipped), "place": f"mirror {zipped.parents[1]}", "sha256": digest}
    ]
    done = read_fetched("MUTAG", from_record("MUTAG", record))
    assert isinstance(done.data, PackedGraphs)
    assert done.provenance.content == "as expected"
    assert done.provenance.note.startswith(f"MUTAG.zip has the unknown sha256 {digest} (mirror ")
    # The packed file must not depend on where its raw files lay.
    assert done.data.info["files"] == {"MUTAG.zip": digest}
    assert str(zipped.parent) not in json.dumps(done.data.info)
    assert fingerprint(done.data) == REGISTRY["MUTAG"].fingerprint
    assert done.dropped.empty


def test_a_file_that_changed_or_went_away_since_is_refused(zipped: Path) -> None:
    record = to_record(fetch_files("MUTAG", places(zipped)))
    with zipped.open("ab") as file:
        file.write(b"x")
    with pytest.raises(RelampError, match=r"MUTAG\.zip: sha256 is \w+ but was \w+ when it was fetched; fetch it again"):
        from_record("MUTAG", record)
    zipped.unlink()
    with pytest.raises(RelampError, match=r"MUTAG\.zip: is not there any more; fetch it again with `snakemake"):
        from_record("MUTAG", record)


def test_all_missing_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RelampError) as caught:
        fetch_files("Cora", Places(mirrors=(str(tmp_path / "m"),), offline=True, cache=str(tmp_path / "c")))
    text = str(caught.value)
    for file in REGISTRY["Cora"].remote:
        assert f"put the file at {tmp_path}/m/Planetoid/{file.name}" in text


def test_content_of_another_data_set_is_refused(zipped: Path) -> None:
    """The zip file of another data set, with its files named as if they were MUTAG's."""
    where = folder(REGISTRY["Cuneiform"])
    files = {name.replace("Cuneiform", "MUTAG"): (where / name).read_bytes() for name in REGISTRY["Cuneiform"].files}
    make_zip(zipped, files)
    with pytest.raises(RelampError, match=r"MUTAG\.zip: sha256 is .* found 267 rows but the registry expects 188"):
        read_fetched("MUTAG", fetch_files("MUTAG", places(zipped)))


def test_the_same_graphs_from_last_to_first_are_refused(zipped: Path) -> None:
    where, total = folder(REGISTRY["MUTAG"]), REGISTRY["MUTAG"].expected

    def turned(name: str) -> bytes:
        table = np.loadtxt(where / f"MUTAG_{name}.txt", delimiter=",", dtype=int)
        size = {"A": total.nodes + 1, "graph_indicator": total.graphs + 1}.get(name)
        table = table[::-1] if size is None else size - table[::-1]
        return "".join(f"{', '.join(map(str, np.atleast_1d(row)))}\n" for row in table).encode()

    names = ("A", "graph_indicator", "graph_labels", "node_labels")
    make_zip(zipped, {f"MUTAG/MUTAG_{name}.txt": turned(name) for name in names})
    with pytest.raises(RelampError, match=r"MUTAG\.zip: sha256 .*it holds the known graphs, but") as caught:
        read_fetched("MUTAG", fetch_files("MUTAG", places(zipped)))
    assert "\n" not in str(caught.value)
    assert "its fingerprint is" not in str(caught.value)


def test_the_rows_of_a_table_in_another_order_are_refused(tmp_path: Path) -> None:
    source = MIRROR / "MoleculeNet" / "bace.csv"
    if not source.is_file() or REGISTRY["BACE"].rdkit != rdBase.rdkitVersion:
        pytest.skip(f"no mirror at {MIRROR}, or another RDKit")
    target = tmp_path / "MoleculeNet" / "bace.csv"
    target.parent.mkdir()
    pd.read_csv(source, low_memory=False).sample(frac=1, random_state=1).to_csv(target, index=False)
    files = fetch_files("BACE", Places(mirrors=(str(tmp_path),), offline=True, cache=str(tmp_path / "cache")))
    with pytest.raises(RelampError, match=r"bace\.csv: sha256 is .*it holds the known graphs, but their order"):
        read_fetched("BACE", files)


def test_a_bomb_is_refused_by_the_expected_size(zipped: Path) -> None:
    with ZipFile(zipped, "a") as archive:
        archive.writestr("README.txt", b"0" * 2**22)
    with pytest.raises(RelampError, match=r"MUTAG\.zip: unpacks to .* but at most 1,048,576 are expected"):
        read_fetched("MUTAG", fetch_files("MUTAG", places(zipped)))


def test_the_expected_size_leaves_room_for_repacking() -> None:
    assert most_bytes(REGISTRY["COLLAB"], "COLLAB.zip") == 2 * 364307031
    assert most_bytes(REGISTRY["MUTAG"], "MUTAG.zip") == 2**20
    assert most_bytes(REGISTRY["PPI"], "ppi.zip") == 2**30


def test_a_collection_without_a_reader_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_READERS", {})
    with pytest.raises(RelampError, match="MUTAG: there is no reader of TUDataset yet; leave MUTAG out"):
        read_fetched("MUTAG", [])


@pytest.mark.parametrize("name", SMALL)
def test_every_set_of_the_mirror_is_as_expected(name: str, tmp_path: Path) -> None:
    dataset = REGISTRY[name]
    if not all((MIRROR / file.collection / file.name).is_file() for file in dataset.remote):
        pytest.skip(f"no mirror at {MIRROR}")
    done = read_fetched(name, fetch_files(name, Places(mirrors=(str(MIRROR),), offline=True, cache=str(tmp_path))))
    if isinstance(done.data, PackedGraphs):
        if done.data.info.get("rdkit", "") != dataset.rdkit:
            pytest.skip(f"the fingerprint is of RDKit {dataset.rdkit}")
        assert done.provenance.note == f"sha256 known; content as expected ({dataset.fingerprint})"
    else:
        assert done.provenance.note == "sha256 known; counts as expected"
        assert inspect_nodes(done.data)["edges"] == dataset.expected.edges
