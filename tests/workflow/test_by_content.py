"""Own data, sources, published numbers and a mirror's files count by content, whatever their times are."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from relamp.runtime.files import sha256, write_json
from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run

pytestmark = needs_snakemake

CONFIG = """
preset: quick
own: {OK: mine}
damage: {datasets: [OK], draws: 1}
"""
TARGETS = ["lamp_fig2", "audit"]
OLD = 1_600_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_project(tmp_path_factory.mktemp("content") / "project", CONFIG)
    (folder / "mine").mkdir()
    files = {
        "A": "1, 2\n2, 1\n3, 4\n4, 3\n4, 5\n5, 4\n",
        "graph_indicator": "1\n1\n2\n2\n2\n",
        "graph_labels": "0\n1\n",
    }
    for name, text in {**files, "graph_labels": "0\n1\n"}.items():
        (folder / "mine" / f"OK_{name}.txt").write_text(text)
    run(folder, *SNAKEMAKE, "--cores", "1", *TARGETS)
    return folder


def planned(folder: Path, *targets: str) -> set[str]:
    said = run(folder, *SNAKEMAKE, "--cores", "1", "--dry-run", *(targets or TARGETS))
    rules = set(re.findall(r"^(?:local)?rule (\w+):", said, flags=re.MULTILINE))
    assert bool(rules) != ("Nothing to be done" in said)
    return rules


def touch(paths: Iterable[Path]) -> None:
    for path in paths:
        os.utime(path)


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    [
        ("mine/OK_graph_labels.txt", "0\n1", "1\n0", {"pack", "damage", "lamp_fig2"}),
        ("src/relamp/graph/damage.py", "\nimport ", "\n# A word.\nimport ", {"damage", "lamp_fig2"}),
        ("workflow/scripts/damage.py", "rows", "Rows", {"damage", "lamp_fig2"}),
        ("published/claims.yaml", "\n", "\n# A word.\n", {"audit"}),
        ("published/lamp_table1.csv", "81.66", "81.67", {"audit"}),
    ],
)
def test_another_content_with_an_older_time_runs_again(
    folder: Path, name: str, old: str, new: str, rules: set[str]
) -> None:
    path = folder / name
    before, state = path.read_text(encoding="utf-8"), path.stat()
    if old not in before:
        old, new = before[:10], before[:10].swapcase()
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    os.utime(path, (OLD, OLD))
    try:
        assert planned(folder) == rules
    finally:
        path.write_text(before, encoding="utf-8")
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert planned(folder) == set()


def test_a_new_and_a_missing_file_of_own_data_run_again(folder: Path) -> None:
    more = folder / "mine" / "OK_node_labels.txt"
    more.write_text("0\n1\n0\n1\n1\n")
    os.utime(more, (OLD, OLD))
    assert planned(folder) == {"pack", "damage", "lamp_fig2"}
    more.unlink()
    assert planned(folder) == set()


def test_touched_files_run_nothing(folder: Path) -> None:
    touch([*(folder / "mine").iterdir(), *(folder / "published").iterdir(), *(folder / "src").rglob("*.py")])
    touch([folder / "config.yaml", *(folder / "workflow" / "presets").iterdir()])
    assert planned(folder) == set()


def test_a_mirrors_other_file_is_fetched_anew_once(folder: Path, tmp_path: Path) -> None:
    # A record of a fetch, as it would be; what the file holds does not matter to a plan.
    remote = "PROTEINS"
    raw, record = tmp_path / "raw.zip", folder / f"results/quick/raw/{remote}.json"
    raw.write_bytes(b"one")
    target = str(record.relative_to(folder))
    planned(folder, target)
    write_json(record, [{"name": "raw.zip", "path": str(raw), "place": "mirror", "sha256": sha256(raw)}])
    run(folder, *SNAKEMAKE, "--cores", "1", "--touch", target)
    assert planned(folder, target) == set()
    touch([raw])
    assert planned(folder, target) == set()
    raw.write_bytes(b"two")
    os.utime(raw, (OLD, OLD))
    assert planned(folder, target) == {"fetch"}
    # Fetched again, it is as recorded, and nothing is left to do.
    write_json(record, [{"name": "raw.zip", "path": str(raw), "place": "mirror", "sha256": sha256(raw)}])
    assert planned(folder, target) == set()
    raw.write_bytes(b"one")
    assert planned(folder, target) == {"fetch"}
    shutil.move(raw, tmp_path / "unplugged.zip")
    record.unlink()
