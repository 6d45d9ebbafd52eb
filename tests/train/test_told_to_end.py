"""A training that is told to end, as a process of its own: what SLURM does to it before it takes the node away."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from guarded import save_guarded
from relamp.data.packaged import pack
from relamp.runtime.signals import SIGNALS
from timeless import timeless

SCRIPT = """
import sys
from pathlib import Path
from types import SimpleNamespace

from relamp.runtime.job import run
from relamp.settings.graphs import Pretraining
from relamp.train.jobs import pretrain

data, out = Path(sys.argv[1]), Path(sys.argv[2])


def main():
    settings = Pretraining(hidden=8, layers=2, epochs=30, checkpoints=(0, 30), local_nodes=100).model_dump(mode="json")
    options = {"strategy": "magnitude"}
    method = {"name": "lamp-mag", "maker": "relamp.method.lamp:Lamp", "options": options, "trains": True}
    encoders = [out / f"seed~{seed}" / "encoder.safetensors" for seed in (0, 1)]
    pretrain(data, data, encoders, [0, 1], [out / "state"], [method], [settings], "relamp.train.graphs:GraphTrainer")


nothing = {name: {} for name in ("wildcards", "params", "input", "output", "config")}
run(main, SimpleNamespace(rule="train_graphs", threads=1, log=out / "job.log", **nothing))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "MUTAG.safetensors"
    return save_guarded(pack("MUTAG"), path)


def start(data: Path, out: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", SCRIPT, str(data), str(out)]
    return subprocess.Popen(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def made(out: Path) -> dict[str, Any]:
    return {f"{path.parent.name}/{path.name}": timeless(path) for path in out.glob("seed~*/*")}


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("undisturbed")
    with start(data, out) as job:
        _, errors = job.communicate(timeout=120)
    assert job.returncode == 0, errors
    assert len(made(out)) == 8
    return made(out)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_training_saves_ends_and_goes_on_to_the_same_bits(
    data: Path, tmp_path: Path, undisturbed: dict[str, Any], number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "job.log"
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0.05")
    with start(data, tmp_path) as job:
        while not list(tmp_path.glob("state/*.pt")):
            assert job.poll() is None
            time.sleep(0.01)
        job.send_signal(number)
        _, errors = job.communicate(timeout=60)
    assert job.returncode == 1
    assert "Traceback" not in errors
    assert f"relamp: {number.name}: ended after epoch " in errors
    assert "whose state is saved; the same command resumes from there" in log.read_text().splitlines()[-1]
    assert made(tmp_path) != undisturbed

    with start(data, tmp_path) as job:
        _, errors = job.communicate(timeout=120)
    assert job.returncode == 0, errors
    assert "resumes after epoch " in log.read_text()
    assert made(tmp_path) == undisturbed
