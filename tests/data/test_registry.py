import csv
import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from relamp.data.registry import REGISTRY, RemoteFile, Variant, load_registry, short_name
from relamp.errors import RelampError

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


def test_the_data_sets_that_the_published_tables_name_are_there() -> None:
    named = set()
    for path in (ROOT / "published").glob("lamp_table*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            named |= {line["dataset"] for line in csv.DictReader(file)}
    means = {name for name in named if name.endswith(".")}  # A.A., A.R., Avg.
    assert named - means <= set(REGISTRY)
    assert len(named - means) == 16


@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_row_is_consistent(name: str) -> None:
    row = REGISTRY[name]
    expected = row.expected
    assert (row.name, bool(row.citation), bool(row.licence)) == (name, True, True)
    assert expected.rows >= expected.graphs or row.kind == "nodes"
    assert (expected.classes > 1) == (
        row.kind in ("graphs", "images") or name in ("Cora", "Cora-LINQS", "Citeseer", "Pubmed", "DBLP", "KarateClub")
    )
    assert not (expected.classes and expected.tasks)
    if expected.class_counts:
        without = {"Citeseer": 15}.get(name, 0)  # nodes of no class
        items = {"graphs": expected.graphs, "nodes": expected.nodes, "images": expected.rows}[row.kind]
        assert sum(expected.class_counts) + without == items
    for file in row.remote:
        assert row.source in (f"collection:{file.collection}", "package:grakel")
        assert len({variant.sha256 for variant in file.variants}) == len(file.variants)
        assert file.urls or name == "ZINC15" or all(variant.note for variant in file.variants)
        assert all(url.rpartition("/")[2] == file.name for url in file.urls)
        assert file.exact == (row.kind in ("nodes", "images"))
        # Where content must decide, there is a fingerprint, but for the one corpus whose file was never read.
        assert file.exact or row.fingerprint or name == "ZINC15-2M"
    assert bool(row.fingerprint) == bool(row.ordered)


# Means of nodes and edges as TUDataset publishes them; M-Mix, Table 1, has some of them too. Its text gives
# REDDIT-BINARY the nodes of REDDIT-MULTI-5K, and the edges of its own.
@pytest.mark.parametrize(
    ("name", "graphs", "nodes", "edges"),
    [
        ("MUTAG", 188, 17.93, 19.79),
        ("PTC_MR", 344, 14.29, 14.69),
        ("PROTEINS", 1113, 39.06, 72.82),
        ("NCI1", 4110, 29.87, 32.30),
        ("IMDB-BINARY", 1000, 19.77, 96.53),
        ("IMDB-MULTI", 1500, 13.00, 65.94),
        ("COIL-DEL", 3900, 21.54, 54.24),
        ("DD", 1178, 284.32, 715.66),
        ("REDDIT-BINARY", 2000, 429.63, 497.75),
        ("REDDIT-MULTI-5K", 4999, 508.52, 594.87),
    ],
)
def test_published_means(name: str, graphs: int, nodes: float, edges: float) -> None:
    found = REGISTRY[name].expected
    assert (found.graphs, round(found.nodes / graphs, 2), round(found.edges / graphs, 2)) == (graphs, nodes, edges)


def test_published_counts() -> None:
    # Rows and molecules that pretrain-gnns keeps; nodes of M-Mix, Table 1; rows of the images' papers.
    molecules = {"BBBP": (2050, 2039), "Tox21": (7831, 7823), "SIDER": (1427, 1427), "ClinTox": (1483, 1477)}
    molecules |= {"BACE": (1513, 1513), "ToxCast": (8576, None), "MUV": (93087, None), "HIV": (41127, None)}
    for name, (rows, kept) in molecules.items():
        assert REGISTRY[name].kind == "molecules"
        assert REGISTRY[name].expected.rows == rows
        assert kept is None or REGISTRY[name].expected.graphs == kept
    nodes = {"Citeseer": 3327, "Cora": 2708, "Pubmed": 19717, "DBLP": 17716, "PPI": 56944}
    assert {name: REGISTRY[name].expected.nodes for name in nodes} == nodes
    for name, classes in (("CIFAR-10", 10), ("CIFAR-100", 100)):
        found = REGISTRY[name].expected
        assert (found.rows, found.features, found.class_counts) == (60000, 3 * 32 * 32, (60000 // classes,) * classes)
    assert {REGISTRY[name].kind for name in ("ZINC15", "ZINC15-2M")} == {"corpus"}


def test_a_short_name_is_the_registrys_or_the_users_own() -> None:
    assert (short_name("REDDIT-MULTI-5K"), short_name("MUTAG"), short_name("MINE")) == ("RED-M5K", "MUTAG", "MINE")


def test_files_of_the_mirror_are_known_forms() -> None:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    seen = 0
    for row in REGISTRY.values():
        for file in row.remote:
            path = DATA / file.collection / file.name
            if not path.is_file():
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            (variant,) = [one for one in file.variants if one.sha256 == digest]
            assert (variant.size, variant.form != "listed") == (path.stat().st_size, True)
            if path.suffix == ".zip":
                assert variant.unpacked == sum(item.file_size for item in zipfile.ZipFile(path).infolist())
            seen += 1
    # A mirror may hold collections that the registry does not have.
    known = {file.collection for row in REGISTRY.values() for file in row.remote}
    assert seen == sum(path.is_file() for name in known for path in (DATA / name).glob("*")) > 0


def test_size_and_unpacked_of_several_forms() -> None:
    forms = (Variant("0" * 64, "listed"), Variant("1" * 64, "upstream", 5, 9), Variant("2" * 64, "rebuilt", 4, 12))
    assert RemoteFile("a", "b", (), forms).unpacked == 12
    assert (RemoteFile("a", "b").known, RemoteFile("a", "b").unpacked) == ("none", None)


ROW = {"name": "A", "paper_name": "A", "kind": "graphs", "source": "collection:C", "folder": "", "rows": "3"}
ROW |= dict.fromkeys(("graphs", "nodes", "edges", "self_loops", "tasks", "features"), "")
ROW |= dict.fromkeys(("fingerprint", "ordered", "rdkit", "copy_of"), "")
ROW |= {"classes": "2", "class_counts": "2 1", "licence": "MIT", "citation": "A 2020"}
FILE = {"dataset": "A", "collection": "C", "name": "A.zip", "exact": "", "urls": "http://a/A.zip https://b/A.zip"}
FILE |= {"variant": "upstream", "sha256": "0" * 64, "size": "7", "unpacked": "", "note": ""}


def tables(folder: Path, rows: list[dict[str, str]], files: list[dict[str, str]]) -> tuple[Path, Path]:
    paths = folder / "r.csv", folder / "f.csv"
    for path, lines, header in zip(paths, (rows, files), (ROW, FILE), strict=True):
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, list(header))
            writer.writeheader()
            writer.writerows(lines)
    return paths


def test_tables_are_read_as_written(tmp_path: Path) -> None:
    second = {**FILE, "sha256": "1" * 64, "variant": "listed", "size": "", "note": "n"}
    packaged = {**FILE, "dataset": "B", "name": "b.txt", "variant": "package", "urls": ""}
    inside = {**ROW, "name": "B", "paper_name": "b", "source": "package:p", "class_counts": "5*2", "folder": "f"}
    rows = load_registry(*tables(tmp_path, [ROW, inside], [FILE, second, packaged]))
    assert list(rows) == ["A", "B"]
    variants = (Variant("0" * 64, "upstream", 7), Variant("1" * 64, "listed", None, None, "n"))
    assert rows["A"].remote == (RemoteFile("C", "A.zip", ("http://a/A.zip", "https://b/A.zip"), variants),)
    assert (rows["A"].expected.class_counts, rows["A"].package, rows["A"].files) == ((2, 1), None, {})
    assert (rows["B"].expected.class_counts, rows["B"].package, rows["B"].files) == ((5, 5), "p", {"b.txt": "0" * 64})
    # A file of which no form is known yet.
    bare = load_registry(*tables(tmp_path, [ROW], [{**FILE, "sha256": "", "variant": ""}]))
    assert bare["A"].remote[0].variants == ()


@pytest.mark.parametrize(
    ("row", "file", "message"),
    [
        ({"kind": "graph"}, {}, "r.csv: line 2: 'graph' is none of graphs, molecules, corpus, nodes, images"),
        ({"rows": "three"}, {}, "r.csv: line 2: invalid literal for int"),
        ({"citation": ""}, {}, "r.csv: line 2: citation is empty"),
        ({"source": "somewhere"}, {}, "r.csv: line 2: 'somewhere' does not look like"),
        ({"class_counts": "1 1 1"}, {}, "r.csv: line 2: has 3 class counts for 2 classes"),
        ({"fingerprint": "wl5:12"}, {}, "r.csv: line 2: 'wl5:12' does not look like"),
        ({"ordered": "wl5:12"}, {}, "r.csv: line 2: 'wl5:12' does not look like"),
        ({"source": "package:p"}, {}, "r.csv: line 2: its source is package:p, but its files are ['A.zip']"),
        ({}, {"dataset": "B"}, "r.csv: line 2: its source is collection:C, but its files are []"),
        ({}, {"sha256": "0" * 63}, f"f.csv: line 2: '{'0' * 63}' does not look like"),
        ({}, {"variant": "new"}, "f.csv: line 2: 'new' is none of upstream, repacked, rebuilt, listed"),
        ({}, {"name": "../A.zip"}, "f.csv: line 2: '../A.zip' does not look like"),
        ({}, {"collection": ""}, "f.csv: line 2: '' does not look like"),
        ({}, {"urls": "ftp://a/A.zip"}, "f.csv: line 2: 'ftp://a/A.zip' does not look like"),
        ({}, {"exact": "no"}, "f.csv: line 2: 'no' is none of yes"),
        ({}, {"size": "big"}, "f.csv: line 2: invalid literal for int"),
    ],
)
def test_a_fault_is_told_with_its_line(row: dict[str, str], file: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=re.escape(message)):
        load_registry(*tables(tmp_path, [{**ROW, **row}], [{**FILE, **file}]))


def test_what_occurs_twice_or_belongs_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"f\.csv: line 3: the sha256 0{64} occurs twice"):
        load_registry(*tables(tmp_path, [ROW], [FILE, FILE]))
    with pytest.raises(RelampError, match=r"r\.csv: line 3: A or its short name B occurs twice"):
        load_registry(*tables(tmp_path, [ROW, {**ROW, "paper_name": "B"}], [FILE]))
    with pytest.raises(RelampError, match=r"f\.csv: B is no data set of r\.csv"):
        load_registry(*tables(tmp_path, [ROW], [FILE, {**FILE, "dataset": "B"}]))


def test_a_line_with_too_few_or_too_many_cells_is_refused(tmp_path: Path) -> None:
    paths = tables(tmp_path, [ROW], [FILE])
    whole = paths[1].read_text(encoding="utf-8")
    for broken in (whole + "A,C,A.zip\n", whole + ",".join("x" * 11) + "\n"):
        paths[1].write_text(broken, encoding="utf-8")
        with pytest.raises(RelampError, match=r"f\.csv: line 3 has too few or too many cells"):
            load_registry(*paths)
