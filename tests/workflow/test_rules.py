"""Each rule's words and its script's function fit; the record of an artifact brings all that belongs to it."""

import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from inspect import Parameter, signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import Figure, Table
from relamp.runtime import job
from relamp.runtime.job import named
from relamp.study.config import configured
from relamp.study.plan import Plan
from slurm_cluster import ROOT, needs_snakemake, run

# Words that no function takes: they decide when a rule runs, or what its report shows.
ONLY_FOR_SNAKEMAKE = {"code", "registered", "own_files", "altered", "artifacts", "others", "call", "about"}
ONLY_FOR_SNAKEMAKE |= {"given_params", "guard", "linked"}

pytestmark = needs_snakemake


@pytest.fixture(scope="module")
def rules() -> Iterator[dict[str, Any]]:
    """All rules of the workflow as shipped, by name."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

    # The workflow names its configuration to jobs by the environment, and tests after this one are no jobs of it.
    with (
        patch.dict(os.environ),
        pytest.MonkeyPatch.context() as moved,
        SnakemakeApi(OutputSettings(quiet={"all"})) as api,
    ):
        moved.chdir(ROOT)
        made = api.workflow(
            resource_settings=ResourceSettings(cores=1), config_settings=ConfigSettings(), snakefile=ROOT / "Snakefile"
        )
        yield {rule.name: rule for rule in made._workflow.rules}


def function_of(script: str, params: Any) -> Any:
    """The function that a script calls."""
    called: list[Any] = []
    path = ROOT / "workflow" / script
    spec = spec_from_file_location("__main__", path)
    module = module_from_spec(spec)
    module.snakemake = SimpleNamespace(params=params)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "run", lambda function, _: called.append(function))
        spec.loader.exec_module(module)
    (function,) = called
    return function


def test_each_rule_gives_its_scripts_function_what_it_takes_and_nothing_else(rules: dict[str, Any]) -> None:
    scripted = {name: rule for name, rule in rules.items() if rule.script}
    assert len(scripted) > 50
    for name, rule in scripted.items():
        assert rule.log, name
        assert rule.conda_env, name
        params = SimpleNamespace(call=rule.params.get("call"))
        taken = signature(function_of(rule.script, params)).parameters
        named_words = [*rule.params.keys(), *rule.input.keys(), *rule.output.keys()]
        assert len(named_words) == len(set(named_words)), f"{name}: a word has two meanings"
        given = {*rule.wildcard_names, *named_words}
        needed = {key for key, of in taken.items() if of.default is Parameter.empty} - {"command", "threads", "config"}
        assert needed <= given, f"{name}: {needed - given} is missing"
        # Files beside the one that a function writes by its name, and wildcards, need not be taken.
        files = set(rule.output.keys()) | rule.wildcard_names
        unknown = given - set(taken) - ONLY_FOR_SNAKEMAKE - files
        assert not unknown, f"{name}: nothing takes {unknown}"


def test_every_script_is_a_docstring_imports_and_one_call() -> None:
    scripts = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
    assert 10 < len(scripts) < 20
    for script in scripts:
        lines = script.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 8
        # Processes of a job's own import its script again.
        assert lines[-2] == 'if __name__ == "__main__":'
        assert lines[-1].startswith("    run(")


def test_every_rule_with_a_script_has_log_and_environment(rules: dict[str, Any]) -> None:
    for name, rule in rules.items():
        if rule.script:
            assert rule.log, name
            assert rule.conda_env, name


def test_no_rule_depends_on_where_the_clone_lies(rules: dict[str, Any]) -> None:
    for name, rule in rules.items():
        files = [str(path) for path in (*rule.input, *rule.output) if not callable(path)]
        assert str(ROOT) not in "\n".join([*files, *map(str, rule.params)]), name


def test_a_file_is_made_by_the_first_of_the_rules_that_snakemake_finds(rules: dict[str, Any]) -> None:
    from snakemake.output_index import OutputIndex

    from relamp.tools.producers import ByEnd

    every, first = (index(list(rules.values())) for index in (OutputIndex, ByEnd))
    made = Plan(configured({"preset": "quick"}), "results/quick", "figures/quick").stored()
    assert len(made) > 200
    for path in made:
        assert first.match_producers(path) == every.match_producers(path) != set(), path
    path = "results/quick/train/graphs/MUTAG/lamp-mag/gamma~0.35_alpha~1/seed~0/run.json"
    assert every.match_producers(path) == {rules["train_graphs"], rules["train_gamma_lamp_mag"]}
    assert first.match_producers(path) == {rules["train_gamma_lamp_mag"]}
    for unknown in ("results/quick/train/graphs/MUTAG/lamp-mag/default", "", "results/quick/verdict.csvx"):
        assert first.match_producers(unknown) == set()


@pytest.mark.parametrize("name", ARTIFACTS)
def test_an_artifact_follows_from_its_record(name: str, rules: dict[str, Any]) -> None:
    artifact = ARTIFACTS[name]
    if name in Plan(configured({"preset": "quick"}), "", "").left_out:
        assert name not in rules
        return
    rule = rules[name]
    assert callable(named(artifact.call))
    if isinstance(artifact, Figure):
        assert callable(named(artifact.draw))
    if isinstance(artifact, Table):
        assert (ROOT / "published" / f"{name}.csv").is_file()
        assert artifact.about
    if artifact.caption is not None:
        assert (ROOT / "workflow" / "report" / f"{artifact.caption or name}.rst").is_file()
    files = [str(path) for path in rule.output]
    # A page that leads to other files has no numbers of its own.
    assert {Path(path).suffix for path in files} >= {".json" if name == "index" else ".csv"}
    assert len(files) == len(set(files))
    assert rule.params["call"] == artifact.call


def test_targets_are_listed_without_any_package() -> None:
    said = run(ROOT / "src", sys.executable, "-S", "-m", "relamp.artifacts")
    assert {line.split()[0] for line in said.splitlines()} == set(ARTIFACTS)
