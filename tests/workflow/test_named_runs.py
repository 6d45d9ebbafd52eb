"""A named run lies beside the unnamed one of its preset, and what both share is not made again."""

import hashlib
import re
from pathlib import Path

from relamp.tools.compare import main
from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run

pytestmark = needs_snakemake

CONFIG = """
preset: quick
unsupervised:
  datasets: [MUTAG]
  methods: [lamp-mag, simgrace]
  kernels: []
  seeds: [0]
  sweeps: {gamma: [], alpha: []}
  svm: {folds: 2, inner_folds: 2, C: [1.0]}
  pretraining: {epochs: 2, checkpoints: [2], hidden: 8, layers: 2, local_nodes: 50}
"""
ROWS = "rows/svm-rbf/MUTAG/simgrace/default/rows.csv"
NAMED = ["--config", "run=eta3", 'unsupervised={"pretraining": {"lamp": {"gamma": 0.5}}}']


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_changed_parameter_is_compared_with_what_it_was(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project", CONFIG)
    run(folder, *SNAKEMAKE, "--cores", "1", "lamp_table1")
    before = digests(folder / "results/quick")
    said = run(folder, *SNAKEMAKE, "--cores", "1", "lamp_table1", *NAMED)
    # No data set is packed again, and all of the unnamed run is as it was.
    assert not re.search(r"^rule pack:", said, flags=re.MULTILINE)
    after = digests(folder / "results/quick")
    assert {name: after[name] for name in before} == before
    assert not {name for name in set(after) - set(before) if "/config/" not in name and "/code/" not in name}
    one, other = folder / "results/quick", folder / "results/quick-eta3"
    # The training that is the same is taken over, the other one is made.
    logs = {path.parent.name: path.read_text() for path in other.glob("logs/train/graphs/MUTAG/*/*.log")}
    assert "resumes after epoch 2 of 2" in logs["simgrace"]
    assert "resumes" not in logs["lamp-mag"]
    scored = next(other.glob("logs/score/svm-rbf/MUTAG/*.log")).read_text()
    assert re.search(r"resumes with \d of \d that an earlier job had made", scored)
    assert (one / ROWS).read_bytes() == (other / ROWS).read_bytes()
    encoders = [next(of.glob("train/graphs/MUTAG/lamp-mag/*/seed~0/encoder.safetensors")) for of in (one, other)]
    assert encoders[0].read_bytes() != encoders[1].read_bytes()
    # Neither has anything left to do, in turn.
    for words in ([], NAMED, []):
        assert "Nothing to be done" in run(folder, *SNAKEMAKE, "--cores", "1", "--dry-run", "lamp_table1", *words)
    assert main([str(one), str(other)]) == 0
