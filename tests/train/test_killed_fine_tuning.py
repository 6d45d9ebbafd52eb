"""Fine-tuning as a process of its own that is killed with no warning (kill -9), from two encoders with two seeds."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from guarded import save_guarded
from relamp.data.jobs import scaffold
from relamp.data.packaged import pack
from slurm_cluster import until
from timeless import timeless
from training import params, run_job

SCRIPT = """
import sys
from pathlib import Path

from relamp.train.jobs import finetune

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
data, split = folder / "m.safetensors", folder / "split.csv"
encoders = [folder / f"seed~{seed}" / "encoder.safetensors" for seed in (0, 1)]
labels = {"method": "lamp-soft", "dataset": "Solubility", "pretraining_seeds": [0, 1]}
finetune(data, split, [split], encoders, [0, 1], (8, 2), out / "state", labels, {"epochs": 12}, out / "rows.csv")
"""


def start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", SCRIPT, str(folder), str(out)]
    return subprocess.Popen(words, env={**os.environ, "RELAMP_SAVE_SECONDS": "0"}, stderr=subprocess.DEVNULL)


def test_fine_tuning_that_is_killed_goes_on_to_the_same_rows(tmp_path: Path) -> None:
    data = tmp_path / "m.safetensors"
    save_guarded(pack("Solubility").take(np.arange(0, 1282, 3)), data)
    scaffold(data, tmp_path / "split.csv")
    folders = {seed: tmp_path / f"seed~{seed}" for seed in (0, 1)}
    for folder in folders.values():
        folder.mkdir()
    settings = {"hidden": 8, "layers": 2, "epochs": 1, "checkpoints": [], "local_nodes": 50}
    run_job(data, folders, tmp_path / "state", "molecules", params("graphs", "lamp-soft"), settings)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(tmp_path, whole).wait(120) == 0
    # In the first training of each encoder.
    for state in ("seed~0.pt", "pretraining~1/seed~0.pt"):
        with start(tmp_path, killed) as job:
            until("a state", (killed / "state" / state).is_file)
            job.kill()
        assert job.returncode == -9
        assert not (killed / "rows.csv").exists()
    done = killed / "state" / "seed~0.pt"
    before = done.stat().st_mtime_ns
    assert start(tmp_path, killed).wait(120) == 0
    assert done.stat().st_mtime_ns == before  # what is done is not trained again
    assert timeless(killed / "rows.csv") == timeless(whole / "rows.csv")
