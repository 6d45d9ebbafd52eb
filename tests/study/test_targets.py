"""What is asked for by name."""

import re
from pathlib import Path
from typing import Any

import pytest

from relamp.artifacts import ARTIFACTS
from relamp.errors import RelampError
from relamp.study.config import load_config, merge
from relamp.study.names import FROM_SCRATCH
from relamp.study.plan import Plan
from relamp.study.targets import check_targets

ROOT = Path(__file__).parents[2]


def plan(**given: Any) -> Plan:
    return Plan(load_config(given, ROOT / "workflow" / "presets"), "results/quick", "figures/quick")


def everything(of: Plan) -> list[str]:
    """All files that artifacts are made of and that they are."""
    found: list[str | list[str]] = [*of.artifacts]
    for made in of.artifacts.values():
        found += [*of.inputs(made).values(), *of.outputs(made).values()]
    for study in of.studies.values():
        for dataset in study.datasets:
            runs = [run for run in study.trained_runs if run.method != FROM_SCRATCH]
            found += of.paths.trained(study.domain, dataset, runs, study.seeds).values()
    return [path for paths in found for path in ([paths] if isinstance(paths, str) else paths)]


@pytest.mark.parametrize("preset", ["quick", "desk", "rivals", "evening", "weekend", "paper"])
def test_all_that_a_configuration_names_may_be_asked_for(preset: str) -> None:
    check_targets(everything(plan(preset=preset)), plan(preset=preset))


def test_what_lies_elsewhere_is_none_of_its_business() -> None:
    others = ("all", "verdict", "README.md", "results/desk/data/MUTG.safetensors", "results/quick/verdict.html")
    check_targets([*others, "results/quick/data/DD.guard.json", "results/quick/raw/Cora.json"], plan())


TRAINED = "results/quick/train/graphs/MUTAG"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("results/quick/data/MUTG.safetensors", "there is no data set 'MUTG'; did you mean MUTAG?"),
        ("results/quick/data/MUTG.guard.json", "there is no data set 'MUTG'; did you mean MUTAG?"),
        ("results/quick/raw/Corra.json", "there is no data set 'Corra'; did you mean Cora?"),
        ("results/quick/folds/mutag/seed~0.csv", "there is no data set 'mutag'; did you mean MUTAG?"),
        ("results/quick/rows/damage/MUTG.csv", "there is no data set 'MUTG'; did you mean MUTAG?"),
        (f"{TRAINED}/lamp-mga/gamma~1/seed~0/run.json", "there is no method 'lamp-mga'; did you mean lamp-mag?"),
        (f"{TRAINED}/mvgrl-infonc/default/seed~0/run.json", "there is no method 'mvgrl-infonc'; did you mean mvgrl-i"),
        (f"{TRAINED}/wl/default/seed~0/run.json", "there is no method 'wl'"),
        (f"{TRAINED}/lamp-mag/gama~1/seed~0/run.json", "lamp-mag: setting 'gama~1': the method has no setting gama"),
        (f"{TRAINED}/lamp-mag/gamma~9_alpha~1/seed~0/run.json", "input should be less than 1 (given: 9.0)"),
        (
            "results/quick/train/graph/MUTAG/lamp-mag/default/seed~0/run.json",
            "there is no domain 'graph'; did you mean",
        ),
        ("results/quick/rows/svm/MUTAG/lamp-mag/default/rows.csv", "there is no evaluation 'svm'; "),
        ("results/quick/rows/svm-rbf/MUTAG/lmap-mag/default/rows.csv", "there is no method 'lmap-mag'; did you mean"),
        (
            "results/quick/rows/probe/Cora/mvgl-branch-a/default/rows.csv",
            "there is no method 'mvgl'; did you mean mvgrl",
        ),
        # A branch is scored alone, but trained with the other.
        (f"{TRAINED}/mp-mix-branch-a/default/seed~0/run.json", "there is no method 'mp-mix-branch-a'; did you mean"),
    ],
)
def test_an_unknown_name_within_a_path_is_told(target: str, message: str) -> None:
    with pytest.raises(RelampError, match=re.escape(message)) as caught:
        check_targets(["all", target], plan())
    assert str(caught.value).startswith(f"{target}: ")
    assert len(str(caught.value).splitlines()) == 1


EMPTY: dict[str, dict[str, Any]] = {
    "lamp_fig2": {"damage": {"datasets": []}},
    "lamp_fig4 lamp_fig5": {"unsupervised": {"datasets": []}},
    "mmix_fig2 mmix_fig3": {"mmix": {"nodes": {"sweep": {"dimensions": []}}}},
    "mmix_fig4 mmix_fig5": {"mmix": {"images": {"datasets": []}}},
}


@pytest.mark.parametrize(("names", "given"), EMPTY.items(), ids=EMPTY)
def test_what_nothing_is_run_for_is_left_out_and_said_so(names: str, given: dict[str, Any]) -> None:
    of = plan(**given)
    assert set(names.split()) <= set(of.left_out)
    assert {*of.artifacts, *of.left_out} == {*ARTIFACTS, "multiverse"}
    check_targets(of.artifacts, of)
    for name in names.split():
        with pytest.raises(RelampError, match=f"{name}: nothing is run for it; name data sets"):
            check_targets([name], of)


def test_with_all_lists_empty_tables_and_verdicts_remain() -> None:
    none: dict[str, Any] = {"datasets": [], "methods": []}
    mmix = {"nodes": none, "graphs": none, "edit_distance": {"methods": []}}
    graphs = {**none, "kernels": [], "sweeps": {"gamma": [], "alpha": []}}
    given = {"transfer": none, "cross": none, "mmix": mmix, "unsupervised": graphs}
    for each in EMPTY.values():
        given = merge(given, each)
    of = plan(**given)
    assert {"judge", "audit", "data_table", "lamp_table1"} <= set(of.artifacts)
    assert {"cross_table", "leakage", "comparisons"} <= set(of.left_out)


@pytest.mark.parametrize("given", [{"damage": {"readings": []}}, {"unsupervised": {"svm": {"C": []}}}])
def test_an_empty_list_of_choices_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(RelampError, match="at least 1 item"):
        plan(**given)
