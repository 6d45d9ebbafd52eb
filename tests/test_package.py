"""What is built: a wheel that works in an empty folder, and an sdist that is the repository."""

import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = ROOT / "reproduction" / "quick" / "rows.zip"
# What a wheel holds besides the library.
AT_HOME = ("CITATION.cff", "Snakefile", "config.yaml", "envs", "profiles", "published", "slurm", "workflow")

pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")


def build(folder: Path, kind: str, target: Path) -> Path:
    """Build a folder's project, without the network; return the file."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (file,) = target.iterdir()
    return file


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("RECORD")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    with tarfile.open(build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        archive.extractall(folder := tmp_path_factory.mktemp("sources"), filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


@pytest.fixture(scope="module")
def library(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where the wheel is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("library")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def relamp(library: Path, folder: Path, *words: str, program: str = "") -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PYTHONPATH"] = str(library)
    command = [sys.executable, *(["-m", "relamp"] if not program else [program]), *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_holds_the_library_and_what_it_reads(wheel: Path) -> None:
    found = {name for name in files(wheel) if ".dist-info/" not in name}
    packages = (ROOT / "src" / "relamp", ROOT / "src" / "snakemake_logger_plugin_relamp")
    kept = [
        path for each in packages for path in each.rglob("*") if path.is_file() and path.parent.name != "__pycache__"
    ]
    expected = {path.relative_to(ROOT / "src").as_posix() for path in kept}
    for name in AT_HOME:
        below = (ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name]
        inside = [path for path in below if path.is_file() and path.parent.name != "__pycache__"]
        expected |= {f"relamp/home/{path.relative_to(ROOT).as_posix()}" for path in inside}
    assert found == expected
    assert "relamp/py.typed" in found


def test_the_metadata_name_licence_version_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        words = {name.rpartition("/")[2]: archive.read(name).decode() for name in files(wheel) if "dist-info/" in name}
    lines = words["METADATA"].splitlines()
    assert {"License-Expression: MIT", "Author: The relamp authors", "Name: relamp"} <= set(lines)
    assert "Classifier: Typing :: Typed" in lines
    assert not [line for line in lines if line.startswith("Project-URL")]
    always = [line for line in lines if line.startswith("Requires-Dist") and ";" not in line]
    needed = {line.split()[1].partition(">")[0] for line in always}
    assert "matplotlib" in needed
    assert not needed & {"torch", "rdkit", "snakemake", "datamol"}
    assert "relamp = relamp.__main__:main" in words["entry_points.txt"]


def test_it_works_in_an_empty_folder(library: Path, tmp_path: Path) -> None:
    options = relamp(library, tmp_path, "options")
    assert options.splitlines()[0].startswith("mirrors: []")
    assert relamp(library, tmp_path, "--version", program=str(library / "bin" / "relamp")).startswith("relamp 0.")
    said = relamp(library, tmp_path, "render", str(ROWS), "out")
    assert "numbers  " in said
    assert (tmp_path / "out" / "tables" / "lamp_table1.tex").is_file()
    assert (tmp_path / "out" / "figures" / "lamp_fig4.pdf").is_file()
    assert relamp(library, tmp_path, "verdict", "out").endswith("out/verdict.html\n")


@pytest.mark.skipif(find_spec("snakemake") is None, reason="snakemake is not installed")
def test_it_runs_the_workflow_that_it_brought(library: Path, tmp_path: Path) -> None:
    relamp(library, tmp_path, "run", "audit", "--cores", "1")
    assert (tmp_path / "results" / "quick" / "tables" / "audit.csv").is_file()
    assert str(library) not in (tmp_path / "results" / "quick" / "code" / "audit.txt").read_text()


def test_an_sdist_has_what_it_takes_to_test_it(sources: Path) -> None:
    for name in (*AT_HOME, "tests", "docs", "reproduction", "src", "Makefile", "requirements.lock", "LICENSE"):
        assert (sources / name).exists(), name
    assert not [path for path in sources.rglob("*") if path.name in (".git", "__pycache__", ".snakemake")]
    assert not (sources / "results").exists()
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_pins.py", "tests/study/test_options.py"]
    environment = {**os.environ, "PYTHONPATH": str(sources / "src")}
    subprocess.run(command, cwd=sources, env=environment, check=True, capture_output=True)


def test_a_wheel_out_of_the_sdist_is_the_same(sources: Path, wheel: Path, tmp_path: Path) -> None:
    assert files(build(sources, "wheel", tmp_path)) == files(wheel)
