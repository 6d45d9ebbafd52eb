"""What trains, with a torch that says what it is told to say."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime import device as devices
from relamp.runtime.device import device, device_words, gpu_there
from relamp.runtime.log import first_line, ran


def torch_of(gpus: int = 0) -> Any:
    cuda = SimpleNamespace(is_available=lambda: gpus > 0, device_count=lambda: gpus)
    return SimpleNamespace(__version__="2.9.0+cpu", cuda=cuda)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without GPU and scheduler."""
    for name in ("RELAMP_DEVICE", *devices._HELD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(devices, "gpu_there", lambda: False)


def test_a_gpu_is_taken_where_torch_sees_one() -> None:
    assert (device(torch_of(1)), device(torch_of(0))) == ("cuda", "cpu")


def test_the_switch_decides(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(devices, "gpu_there", lambda: True)
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    for named in ("cpu", "cuda", "cuda:1"):
        monkeypatch.setenv("RELAMP_DEVICE", named)
        assert device(torch_of(2)) == named
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("gpus", "named", "there"), [(0, "cuda", "no GPU here"), (1, "cuda:1", "1 GPU here"), (2, "cuda:7", "2 GPUs here")]
)
def test_a_device_that_is_not_there_is_told_in_a_line(
    gpus: int, named: str, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAMP_DEVICE", named)
    with pytest.raises(RelampError) as error:
        device(torch_of(gpus))
    said = f"{named} is asked for, but torch 2.9.0+cpu finds {there}; set it to cpu, or unset it"
    assert str(error.value) == f"RELAMP_DEVICE: {said}"


IDLE = "torch 2.9.0+cpu cannot use this machine's GPU, so the CPU trains and the GPU is idle; "


def test_the_cpu_does_not_train_in_a_job_that_holds_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_there", lambda: True)
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    with pytest.raises(RelampError, match=IDLE.replace("+", r"\+")):
        device(torch_of())


@pytest.mark.parametrize("there", [True, False])
def test_elsewhere_it_is_said_on_the_terminal(
    there: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "gpu_there", lambda: there)
    if not there:  # a scheduler's pretended GPU
        monkeypatch.setenv("SLURM_GPUS_ON_NODE", "1")
    monkeypatch.setitem(sys.modules, "torch", torch_of())
    assert device_words() == ", cpu with torch 2.9.0+cpu"
    assert capsys.readouterr().err == f"relamp: {IDLE}install torch's CUDA build or set RELAMP_DEVICE=cpu\n"


def test_drivers_show_gpus_as_files(tmp_path: Path) -> None:
    (tmp_path / "nvidiactl").touch()
    assert not gpu_there(tmp_path)
    (tmp_path / "nvidia0").touch()
    assert gpu_there(tmp_path)


def test_the_first_line_names_device_build_and_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert device_words() == ""
    monkeypatch.setitem(sys.modules, "torch", torch_of())
    line = first_line("train_graphs", 2, device_words())
    assert line.startswith("train_graphs, 2 CPUs on ")
    assert line.endswith(", cpu with torch 2.9.0+cpu")
    (log := tmp_path / "job.log").write_text(f"12:00:00 {line}\n12:00:01 used 1.0 s of CPU time\n")
    found = ran(log)
    assert found is not None
    assert found.threads == 2
