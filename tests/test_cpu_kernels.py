"""Other CPUs: numpy, scipy and torch choose their kernels by what the CPU can, and each rounds in its own way.

Every kernel that this CPU can run is asked for by name, in a process of its own: they are chosen when a library is
loaded.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

TESTS = Path(__file__).parent
# Prints the names of OpenBLAS' kernels, by which other names go too, and does the tests of a file.
PYTEST = """
import json, sys, numpy, pytest, scipy.linalg, threadpoolctl
print(json.dumps([one.get("architecture") for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]))
sys.exit(pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", sys.argv[1]]))
"""


@dataclass(frozen=True)
class Kernels:
    """What OpenBLAS and torch (its own, MKL's and oneDNN's) call kernels of one kind, and the flags a CPU has then."""

    openblas: str
    torch: tuple[str, str, str]
    flags: frozenset[str]

    def environment(self) -> dict[str, str]:
        """Return the environment in which they are taken; what says how to run these tests is left out."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        aten, mkl, onednn = self.torch
        return {
            **kept,
            "OPENBLAS_CORETYPE": self.openblas,
            "ATEN_CPU_CAPABILITY": aten,
            "MKL_ENABLE_INSTRUCTIONS": mkl,
            "ONEDNN_MAX_CPU_ISA": onednn,
        }


OLD, AVX2 = ("default", "SSE4_2", "SSE41"), ("avx2", "AVX2", "AVX2")
AVX512 = ("avx512", "AVX512", "AVX512_CORE")
ALL = [
    Kernels("Prescott", OLD, frozenset({"pni"})),
    Kernels("Nehalem", OLD, frozenset({"sse4_2"})),
    Kernels("Sandybridge", OLD, frozenset({"avx"})),
    Kernels("Haswell", AVX2, frozenset({"avx2", "fma"})),
    Kernels("SkylakeX", AVX512, frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})),
]
# Prescott's are those of a Katmai, in OpenBLAS' own words.
ALIASES = {"Katmai": "Prescott"}


def cpu_flags() -> set[str]:
    """Return the flags in /proc/cpuinfo, or none: on another system, or another kind of CPU."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split(":")[1].split()) for line in lines if line.startswith("flags")), set())


def run(kernels: Kernels, *words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *words], env=kernels.environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("kernels", ALL, ids=lambda kernels: kernels.openblas)
def test_the_linear_machine_reaches_its_optimum_by_every_kernel(kernels: Kernels) -> None:
    if missing := kernels.flags - cpu_flags():
        pytest.skip(f"/proc/cpuinfo lists no {', '.join(sorted(missing))}")
    said = run(kernels, "-c", PYTEST, TESTS / "evaluate" / "test_linear_svm.py")
    taken = {ALIASES.get(name, name) for name in json.loads(said.splitlines()[0])}
    if taken != {kernels.openblas}:
        pytest.skip(f"numpy and scipy have taken {taken} instead, and pass; their BLAS has no such kernels")


def test_a_chain_comes_to_the_same_by_every_kernel(tmp_path: Path) -> None:
    flags = cpu_flags()
    able = {kernels.torch: kernels for kernels in ALL if kernels.flags <= flags}
    if len(able) < 2:
        pytest.skip("/proc/cpuinfo lists no AVX2: there is one kind of kernels only")
    found = []
    for kernels in able.values():
        folder = tmp_path / kernels.openblas
        folder.mkdir()
        run(kernels, TESTS / "support" / "tiny_chain.py", folder)
        found.append({name: pd.read_csv(folder / f"{name}.csv", comment="#") for name in ("history", "rbf", "linear")})
    for other in found[1:]:
        first, last = (abs(other["history"] / found[0]["history"] - 1).iloc[epoch] for epoch in (0, 1))
        assert first.max() < 1e-5  # the loss of the first step, and its parts
        assert last.max() < 1e-3  # adaptive steps enlarge what rounding leaves of small gradients
        for machine in ("rbf", "linear"):
            mine, theirs = found[0][machine], other[machine]
            apart = (theirs["value"] - mine["value"]).abs()
            assert apart[mine["epoch"] == 0].max() < 0.035  # untrained: two graphs of the 63 in a fold
            assert apart.max() < 0.1
            assert apart.mean() < 0.03
