"""Two processes that train together come to the weights of one, a batch of which has the same negatives."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from guarded import save_guarded
from model_graphs import random_graphs
from molecule_graphs import random_molecules
from relamp.data.batch import collate
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.method.table import METHODS
from relamp.train.loop import save_state
from training import CLASSES, TRAINERS, Killed, make, params, run_job

DATA: dict[str, PackedGraphs] = {"graphs": random_graphs(0, count=11), "molecules": random_molecules(0)}
SETTINGS = {"hidden": 8, "layers": 2, "local_nodes": 10, "epochs": 2, "checkpoints": (0, 2), "batch_size": 8}
SHARED = [
    (domain, name)
    for domain in DATA
    for name, row in METHODS[domain].items()
    if row.trains and make(domain, name, CLASSES[domain].model_validate(SETTINGS)).shares
]
# What a process of two, or the only one, learns: in double precision, its losses, gradients and embeddings.
SCRIPT = """
import os, pickle, sys
import torch
from torch import distributed
where, rank, count, cases = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), pickle.load(sys.stdin.buffer)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
if count > 1:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", f"file://{where}/store", rank=rank, world_size=count)
from relamp.data.batch import Batch
from training import CLASSES, TRAINERS, make
seen = Batch.inputs
Batch.inputs = lambda batch, cardinality: seen(batch, cardinality).double()
made = {}
for domain, name, data, settings in cases:
    trainer = TRAINERS[domain](data, make(domain, name, CLASSES[domain].model_validate(settings)), 0)
    modules = torch.nn.ModuleDict({"encoder": trainer.encoder, "head": trainer.head, "parts": trainer.parts}).double()
    # Where all rows are equal, as behind a pruned filter, they are 0 but for rounding, which a ReLU must not decide on.
    random = torch.Generator().manual_seed(0)
    for each in modules.modules():
        if isinstance(each, torch.nn.BatchNorm1d | torch.nn.Linear) and each.bias is not None:
            torch.nn.init.normal_(each.bias, 0, 0.1, generator=random)
    for optimiser in (trainer.optimiser, *trainer.optimisers.values()):
        for column in (optimiser.mean, optimiser.square):
            column[:] = [each.double() for each in column]
    gradients, plain = [], trainer.optimiser.step
    def step():
        gradients.append([None if p.grad is None else p.grad.clone() for p in trainer.optimiser.parameters])
        plain()
    trainer.optimiser.step = step
    trained = trainer.run()
    made[domain, name] = {
        "history": trained.history,
        "gradients": gradients,
        "embeddings": trained.embeddings,
        "state": modules.state_dict(),
    }
torch.save(made, f"{where}/{rank}-{count}.pt")
"""


def learnt(folder: Path, count: int) -> list[Any]:
    cases = pickle.dumps([(domain, name, DATA[domain], SETTINGS) for domain, name in SHARED])
    words = [[sys.executable, "-c", SCRIPT, str(folder), str(number), str(count)] for number in range(count)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    jobs = [subprocess.Popen(each, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env) for each in words]
    for job in jobs:
        assert job.stdin
        with job.stdin as pipe:
            pipe.write(cases)
    for job in jobs:
        assert job.stderr
        errors = job.stderr.read()
        assert job.wait() == 0, errors.decode()
    return [torch.load(folder / f"{number}-{count}.pt", weights_only=False) for number in range(count)]


@pytest.fixture(scope="module")
def all_learnt(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("together")
    return [*learnt(folder, 1), *learnt(folder, 2)]


def test_the_methods_that_say_so_are_shared() -> None:
    names = {name for _, name in SHARED}
    assert {"lamp-mag", "lamp-soft", "lamp-mag-nolocal", "simgrace", "graphcl", "joao", "infograph", "rgcl"} <= names


@pytest.mark.parametrize(("domain", "name"), SHARED)
def test_two_processes_have_the_losses_and_gradients_of_one(domain: str, name: str, all_learnt: list[Any]) -> None:
    alone, one, two = (each[domain, name] for each in all_learnt)
    for each in (one, two):
        # The control of statistics has none; what both processes show them stands in the state.
        assert len(each["gradients"]) > 2 or name == "untrained-calibrated"
        torch.testing.assert_close(each["gradients"][:1], alone["gradients"][:1], rtol=1e-9, atol=1e-12)
        # Later on Adam, which divides small gradients by small numbers, makes rounding visible.
        torch.testing.assert_close(each, alone, rtol=1e-5, atol=1e-7)
    # To the bit, so that processes never drift apart.
    for key, value in one["state"].items():
        assert torch.equal(value, two["state"][key]), key


def test_a_share_of_no_graphs_and_methods_that_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = collate(DATA["molecules"], np.arange(1))
    monkeypatch.setattr("relamp.data.batch.processes", lambda: 2)
    monkeypatch.setattr("relamp.data.batch.rank", lambda: 0)
    share = batch.share
    assert (share.batch.num_graphs, len(share.batch.x), share.batch.edge_index.shape[1]) == (0, 0, 0)
    with pytest.raises(ValueError, match="cannot be shared"):
        _ = replace(batch, message_weight=torch.ones(batch.edge_index.shape[1])).share
    monkeypatch.setattr("relamp.train.trainer.processes", lambda: 2)
    chosen = CLASSES["molecules"].model_validate(SETTINGS)
    with pytest.raises(RelampError, match="AutoGCL: cannot be trained by several processes; train it with RELAMP_PROC"):
        TRAINERS["molecules"](DATA["molecules"], make("molecules", "autogcl", chosen), 0)


def job(folder: Path, **settings: Any) -> Path:
    """Pre-train as a job does, on stored molecules; return the folder of a seed."""
    data = save_guarded(DATA["molecules"], folder / "molecules.safetensors")
    chosen = CLASSES["molecules"].model_validate({**SETTINGS, **settings}).model_dump(mode="json")
    run_job(data, {0: folder / "seed~0"}, folder / "state", "molecules", params("molecules", "lamp-mag"), chosen)
    return folder / "seed~0"


def test_a_job_of_two_processes_writes_what_a_job_of_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = job(tmp_path / "one")
    monkeypatch.setenv("RELAMP_PROCESSES", "2")
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0")
    both = job(tmp_path / "two")
    assert sorted(path.name for path in alone.iterdir()) == sorted(path.name for path in both.iterdir())
    # In single precision a ReLU may open by rounding, so that losses part.
    one, two = (pd.read_csv(folder / "history.csv")["loss"][0] for folder in (alone, both))
    assert one == pytest.approx(two, rel=0.05)
    one, two = (load_file(folder / "embeddings.safetensors")["epoch~0"] for folder in (alone, both))
    torch.testing.assert_close(one, two)
    facts, others = (json.loads((folder / "run.json").read_text()) for folder in (alone, both))
    assert facts.keys() ^ others.keys() == {"processes"}

    # The first process is killed, as it were, between two batches: the state is both processes', and so is the rest.
    def dies(*state: Any) -> None:
        save_state(*state)
        raise Killed

    monkeypatch.setattr("relamp.train.loop.save_state", dies)
    with pytest.raises(Killed):
        job(tmp_path / "again")
    monkeypatch.setattr("relamp.train.loop.save_state", save_state)
    resumed = job(tmp_path / "again")
    for name in ("encoder.safetensors", "embeddings.safetensors", "history.csv"):
        assert (resumed / name).read_bytes() == (both / name).read_bytes()


def test_processes_that_would_start_from_different_places_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAMP_PROCESSES", "2")
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0")

    def dies(*state: Any) -> None:
        save_state(*state)
        raise Killed

    with monkeypatch.context() as once:
        once.setattr("relamp.train.loop.save_state", dies)
        with pytest.raises(Killed):
            job(tmp_path)
    # The other process finds the state, this one does not.
    monkeypatch.setattr("relamp.train.loop.load_state", lambda *_: None)
    with pytest.raises(RelampError, match="RELAMP_PROCESSES: the processes do not go on from the same place"):
        job(tmp_path)


def test_what_another_process_alone_cannot_do_is_what_it_ends_with(tmp_path: Path) -> None:
    words = pickle.dumps(("relamp.runtime.environment:save_seconds", {}, 0, 1, str(tmp_path / "store")))
    serve = [sys.executable, "-c", "from relamp.train.together import serve; serve()"]
    wrong = {**os.environ, "RELAMP_SAVE_SECONDS": "soon"}
    ended = subprocess.run(serve, input=words, env=wrong, capture_output=True, check=False)
    assert ended.returncode == 1
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith("RELAMP_SAVE_SECONDS: ")


def test_what_all_processes_cannot_do_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELAMP_PROCESSES", "2")
    data = save_guarded(DATA["molecules"], tmp_path / "molecules.safetensors")
    chosen = CLASSES["molecules"].model_validate(SETTINGS).model_dump(mode="json")
    with pytest.raises(RelampError, match="AutoGCL: cannot be trained by several processes"):
        run_job(data, {0: tmp_path / "seed~0"}, tmp_path / "state", "molecules", params("molecules", "autogcl"), chosen)
    assert "Traceback" not in capfd.readouterr().err


def test_a_process_that_dies_ends_the_job_and_leaves_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAMP_PROCESSES", "2")
    monkeypatch.setenv("RELAMP_SAVE_SECONDS", "0")
    started: list[Any] = []

    class Noted(subprocess.Popen):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            started.append(self)

    def dies(*state: Any) -> None:
        save_state(*state)
        started[0].kill()

    monkeypatch.setattr("relamp.train.together.subprocess.Popen", Noted)
    monkeypatch.setattr("relamp.train.loop.save_state", dies)
    with pytest.raises(
        RelampError, match=r"RELAMP_PROCESSES: .* has ended \(it was killed\); the same command resumes"
    ):
        job(tmp_path)
    assert [each.poll() for each in started] == [-9]
