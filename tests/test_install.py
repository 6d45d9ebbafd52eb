"""What the scripts of install/ do, with a Python that only writes down what pip is told."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TORCH = re.findall(r"^torch==(\S+)", (ROOT / "install" / "torch.lock").read_text(), re.MULTILINE)[0]


def stand_in(folder: Path, requires: str = "", installed: str = "") -> Path:
    """Write a Python whose pip writes a line to `said`, and which has torch from the start or once pip installs it."""
    words = "Name: torch\nVersion: {}\nRequires-Dist: {}\n"
    (folder / "METADATA").write_text(words.format(f"{TORCH}+any", requires))
    python, site = folder / "python", folder / "site" / "torch.dist-info"
    python.write_text(
        f"""#!/bin/sh
[ "$1" = -c ] && PYTHONPATH={folder}/site exec {sys.executable} -S "$@"
echo "$@" >> {folder}/said
case "$*" in
  *install*torch*) mkdir -p {site} && cp {folder}/METADATA {site}/ ;;
  */dev/stdin) cat > {folder}/given ;;
esac
"""
    )
    python.chmod(0o755)
    if installed:
        site.mkdir(parents=True)
        (site / "METADATA").write_text(words.format(installed, requires))
    return python


def packages(python: Path, *what: str, index: str = "") -> list[str]:
    """Install by the script; return what pip was told, a line each."""
    command = ["bash", str(ROOT / "install" / "packages.sh"), str(python), *what]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "TORCH_INDEX": index}, capture_output=True)
    return (python.parent / "said").read_text().splitlines()


def locks(said: list[str]) -> list[str]:
    return [match[1] for line in said if (match := re.search(r"--requirement (\S+)", line))]


@pytest.mark.parametrize(("requires", "cuda"), [("nvidia-cublas==13", ["install/cuda.lock"]), ("filelock", [])])
def test_torch_is_what_pip_chooses_and_cuda_comes_with_its_ordinary_build_only(
    requires: str, cuda: list[str], tmp_path: Path
) -> None:
    said = packages(stand_in(tmp_path, requires))
    assert locks(said) == ["install/build.lock", "install/torch.lock", *cuda, "requirements.lock"]
    (chosen,) = [line for line in said if " download " in line]
    assert chosen.endswith(f"torch=={TORCH}")
    for line in said:
        assert "--no-deps" in line
        assert line == chosen or {"--require-hashes", "--no-build-isolation"} <= set(line.split()), line
    # What was downloaded, and nothing else, is compared with the lock.
    folder = re.search(r"--dest (\S+)", chosen)
    assert folder
    assert f"--no-index --find-links {folder[1]} --requirement install/torch.lock" in said[2]
    assert not Path(folder[1]).exists()


def test_an_index_of_torch_that_is_named_is_trusted(tmp_path: Path) -> None:
    said = packages(stand_in(tmp_path, "filelock"), index="https://index.invalid/cpu")
    assert locks(said) == ["install/build.lock", "requirements.lock"]
    assert said[1].endswith(f"--index-url https://index.invalid/cpu torch=={TORCH}")


@pytest.mark.parametrize(("version", "kept"), [(TORCH, True), (f"{TORCH}+cpu", True), ("2.1.0", False)])
def test_a_torch_that_is_there_is_not_fetched_again(version: str, kept: bool, tmp_path: Path) -> None:
    said = packages(stand_in(tmp_path, "filelock", version))
    assert ("install/torch.lock" not in locks(said)) is kept


def test_developers_get_theirs_besides(tmp_path: Path) -> None:
    assert locks(packages(stand_in(tmp_path), "dev")) == ["install/build.lock", "requirements-dev.lock"]


def test_one_environment_gets_the_lines_of_the_lock_that_it_names(tmp_path: Path) -> None:
    packages(stand_in(tmp_path), "envs/render.yaml")
    given, whole = ((tmp_path / "given").read_text(), (ROOT / "requirements.lock").read_text())
    *_, conda = yaml.safe_load((ROOT / "envs" / "render.yaml").read_text())["dependencies"]
    builders = re.findall(r"^[a-z0-9-]+==[^ ;]+", (ROOT / "install" / "build.lock").read_text(), re.MULTILINE)
    assert set(re.findall(r"^[a-z0-9-]+==[^ ;\n]+", given, re.MULTILINE)) == set(conda["pip"]) - set(builders)
    assert all(block in whole for block in re.split(r"^(?=[a-z0-9])", given, flags=re.MULTILINE))
    assert given.count("--hash=sha256:") > 100


def test_what_is_removed_is_nothing_that_is_read(tmp_path: Path) -> None:
    kept = {"torch/bin/torch_shm_manager", "grakel/tests/data/a", "numpy/testing/a.py", "pulp/solverdir/cbc/linux/a"}
    gone = {"torch/bin/test_jit", "torch/include/a.h", "torch/test/a", "numpy/_core/tests/a.py", "pulp/tests/a.py"}
    folders = ("llvmlite", "matplotlib", "mpl_toolkits", "networkx", "numba", "pandas", "scipy", "sklearn", "sympy")
    for name in (*kept, *gone, *(f"{folder}/tests/a" for folder in folders)):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).touch()
    (tmp_path / "python").write_text(f"#!/bin/sh\necho {tmp_path / 'site'}\n")
    (tmp_path / "python").chmod(0o755)
    subprocess.run(["bash", str(ROOT / "install" / "slim.sh"), str(tmp_path / "python")], check=True)
    left = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()}
    assert left == kept


def test_a_container_gets_what_is_in_git() -> None:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    expected = ["/.git", *(line if line.startswith("/") else f"**/{line}" for line in ignored)]
    assert (ROOT / ".containerignore").read_text().split() == expected
