"""Which edits of the source run jobs again: one small run, and what Snakemake would do after each edit."""

import re
import shutil
from pathlib import Path

from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run

CONFIG = """
preset: quick
unsupervised:
  datasets: [MUTAG]
  methods: [lamp-mag, simgrace]
  seeds: [0]
  sweeps: {gamma: [], alpha: []}
  svm: {folds: 2, inner_folds: 2, C: [1.0]}
  pretraining: {epochs: 1, checkpoints: [1], hidden: 8, layers: 2, local_nodes: 50}
"""
TARGET = "results/quick/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"
# What says how a job runs, and the options of a method that is not in this run.
HARMLESS = {
    "runtime/log.py": ("CPU{'s' * (threads > 1)} on", "CPU{'s' * (threads > 1)} there on"),
    "runtime/progress.py": ("%s: %d of %d%s", "%s: %d out of %d%s"),
    "settings/graphs.py": (
        "class GraphclOptions(base.Settings):",
        "class GraphclOptions(base.Settings):\n    more: int = 1\n",
    ),
}
PRUNE = {"method/prune.py": ("\nimport torch", "\n# Another word.\nimport torch")}

pytestmark = needs_snakemake


def edit(folder: Path, changes: dict[str, tuple[str, str]]) -> None:
    for name, (old, new) in changes.items():
        path = folder / "src/relamp" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def planned(folder: Path) -> list[str]:
    """The rules that would run, trainings with their method."""
    said = run(folder, *SNAKEMAKE, "--dry-run", "--", TARGET)
    blocks = re.findall(r"^rule (\w+):\n(.*?)(?=^\[|\Z)", said, flags=re.MULTILINE | re.DOTALL)
    assert bool(blocks) != ("Nothing to be done" in said)
    methods = [re.search(r"wildcards:.* method=([\w-]+)", block) for _, block in blocks]
    return sorted(f"{rule} {method[1]}" if method else rule for (rule, _), method in zip(blocks, methods, strict=True))


def test_an_edit_reruns_what_it_may_change_and_nothing_else(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project", CONFIG)
    run(folder, *SNAKEMAKE, "--cores", "2", "--", TARGET)
    assert planned(folder) == []
    edit(folder, HARMLESS)
    assert planned(folder) == []
    edit(folder, PRUNE)
    lamp = ["score_svm_rbf_tables", "train_graphs lamp-mag"]
    assert planned(folder) == lamp
    # The edit undone, all results are as good as before.
    edit(folder, {name: (new, old) for name, (old, new) in PRUNE.items()})
    assert planned(folder) == []
    # What Snakemake remembers of a run is not what an edit is known by.
    edit(folder, PRUNE)
    shutil.rmtree(folder / ".snakemake")
    assert planned(folder) == lamp
