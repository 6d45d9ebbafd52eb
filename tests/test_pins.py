"""pyproject.toml, requirements.lock and envs/*.yaml must say the same."""

import re
import sys
import tomllib
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
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
# Where the name to import is not the name to install.
INSTALLED_AS = {"sklearn": "scikit-learn", "yaml": "pyyaml", "torch_geometric": "torch-geometric"}
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


def lock() -> dict[str, str]:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def pins(env: Path) -> dict[str, str]:
    content = yaml.safe_load(env.read_text())
    assert content["channels"] == ["conda-forge", "nodefaults"]
    python, pip, packages = content["dependencies"]
    assert (python, pip, list(packages)) == ("python=3.11", "pip", ["pip"])
    return {normal(name): version for name, version in (line.split("==") for line in packages["pip"])}


def test_the_lock_satisfies_pyproject() -> None:
    wanted = [*PROJECT["dependencies"], *(r for group in PROJECT["optional-dependencies"].values() for r in group)]
    locked = lock()
    for requirement in map(Requirement, wanted):
        if requirement.name == "relamp":
            assert requirement.extras == set(PROJECT["optional-dependencies"]) - {"all", "dev"}
            continue
        assert requirement.specifier.contains(locked[normal(requirement.name)]), requirement


def test_the_lock_leaves_the_build_of_torch_open() -> None:
    assert "+" not in lock()["torch"]
    assert not [name for name in lock() if name.startswith(("nvidia", "cuda", "triton"))]


@pytest.mark.parametrize("env", ENVS, ids=lambda path: path.stem)
def test_an_environment_equals_the_lock(env: Path) -> None:
    locked = lock()
    assert pins(env) == {name: locked[name] for name in pins(env)}


@pytest.mark.parametrize(
    ("env", "extras"),
    [
        ("render", ["render"]),
        ("data", ["data"]),
        ("train", ["train"]),
        ("evaluate", ["train"]),
        ("report", ["workflow"]),
    ],
)
def test_extras_bring_what_an_environment_has(env: str, extras: list[str]) -> None:
    groups = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in extras for line in groups[name])]
    assert set(pins(ROOT / "envs" / f"{env}.yaml")) <= {normal(Requirement(line).name) for line in lines}


def test_the_version_is_said_once() -> None:
    assert relamp.__version__ == PROJECT["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert {reference.get("doi") for reference in citation["references"]} == {None, "10.1145/3534678.3539248"}


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
    assert needed <= set(pins(ROOT / "envs" / f"{env}.yaml"))


def test_every_script_belongs_to_a_rule() -> None:
    scripts = {path.stem for path in (ROOT / "workflow" / "scripts").glob("*.py")}
    assert scripts == set(rules_by_script())


def test_every_data_package_is_in_the_environment_that_packs() -> None:
    needed = {normal(INSTALLED_AS.get(row.package, row.package)) for row in REGISTRY.values() if row.package}
    assert needed <= set(pins(ROOT / "envs" / "data.yaml"))
