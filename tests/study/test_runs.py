import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.method.base import build
from relamp.method.table import METHODS as ALL
from relamp.runtime.code import import_closure
from relamp.settings.graphs import Pretraining
from relamp.settings.images import ImagePretraining
from relamp.settings.mixing import MIXERS
from relamp.settings.nodes import NodePretraining
from relamp.study.config import Config, load_config
from relamp.study.runs import (
    NO_SETTING,
    Run,
    all_runs,
    fixed_params,
    method_params,
    pretraining_params,
    reference_runs,
    setting_name,
    setting_values,
    sweep_runs,
    table3_runs,
    table_runs,
    transfer_labels,
)

METHODS = ALL["graphs"]
PRESETS = Path(__file__).parents[2] / "workflow" / "presets"
gammas = st.floats(0, 1, exclude_max=True)
alphas = st.floats(0, allow_infinity=False)
methods = st.sampled_from(sorted(METHODS))


def config(**unsupervised: Any) -> Config:
    return load_config({"unsupervised": unsupervised}, PRESETS)


def test_settings_are_spelt_as_the_paths_show_them() -> None:
    assert setting_name("lamp-mag", 0.2, 1) == "gamma~0.2_alpha~1"
    assert setting_name("lamp-soft", 0.05, 0.01) == "gamma~0.05_alpha~0.01"
    assert setting_name("lamp-mag", 0, 100.0) == "gamma~0_alpha~100"
    assert setting_name("lamp-mag-nolocal", 0.95, 7) == "gamma~0.95"
    assert setting_name("simgrace", 0.2, 1) == setting_name("untrained", 0.5, 3) == NO_SETTING == "default"


@given(methods, gammas, alphas)
def test_values_come_back_to_the_last_bit(method: str, gamma: float, alpha: float) -> None:
    both = {"gamma": gamma, "alpha": alpha}
    assert setting_values(method, setting_name(method, **both)) == {n: both[n] for n in METHODS[method].swept}


@given(methods, gammas, alphas)
def test_a_setting_is_one_safe_part_of_a_path(method: str, gamma: float, alpha: float) -> None:
    name = setting_name(method, gamma, alpha)
    assert not set(name) & set("/\\ \t\n{}*?'\"")
    assert name.count("_") == max(0, len(METHODS[method].swept) - 1)


@given(st.lists(gammas, min_size=2, max_size=2, unique=True))
def test_two_gammas_never_share_a_path(pair: list[float]) -> None:
    assert setting_name("lamp-mag", pair[0], 1) != setting_name("lamp-mag", pair[1], 1)


def test_gammas_that_differ_in_the_seventh_digit_do_not_share_a_path() -> None:
    assert setting_name("lamp-mag-nolocal", 0.1234567, 1) == "gamma~0.1234567"
    assert setting_name("lamp-mag-nolocal", 0.12345671, 1) == "gamma~0.12345671"
    runs = list(all_runs(config(datasets=["MUTAG"], methods=[], alphas=[], gammas=[0.1234567, 0.12345671])))
    assert [run.method for run in runs] == ["untrained", "lamp-mag", "lamp-mag"]
    assert len(set(runs)) == 3


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("lamp-mag", ""),
        ("lamp-mag", "default"),
        ("lamp-mag", "gamma~0.2"),
        ("lamp-mag", "alpha~1_gamma~0.2"),
        ("lamp-mag", "gamma~0.2_alpha~1_alpha~1"),
        ("lamp-mag", "gamma~0.2_alpha~one"),
        ("lamp-mag", "gamma~0.2_alpha"),
        ("lamp-mag", "gamma~0.2~1_alpha~1"),
        ("lamp-mag", "gamma~0.20_alpha~1"),
        ("lamp-mag", "gamma~ 0.2_alpha~1"),
        ("lamp-mag", "gamma=0.2_alpha=1"),
        ("lamp-mag-nolocal", "gamma~0.2_alpha~0"),
        ("lamp-mag-nolocal", "gamma~0.2_gamma~0.3"),
        ("untrained", "gamma~0.2"),
        ("untrained", ""),
        ("simgrace", "eta~1"),
    ],
)
def test_other_spellings_are_refused_with_an_example(method: str, name: str) -> None:
    with pytest.raises(RelampError) as caught:
        setting_values(method, name)
    example = setting_name(method, 0.2, 1)
    assert str(caught.value) == f"{method}: there is no setting {name!r}; it is spelt like {example}"


@given(methods, st.text(alphabet="gamalph~_0.12e-", max_size=25))
def test_any_text_is_read_or_refused(method: str, name: str) -> None:
    try:
        values = setting_values(method, name)
    except RelampError:
        return
    assert setting_name(method, **{"gamma": 0, "alpha": 0, **values}) == name


@pytest.mark.parametrize("method", METHODS)
def test_every_row_of_the_table_makes_a_method(method: str) -> None:
    params = method_params(method, setting_name(method, 0.2, 1))
    assert params["name"] == method
    made = build(params, Pretraining())
    module, _, name = params["maker"].partition(":")
    assert type(made) is getattr(import_module(module), name)
    assert set(params["options"]) == set(METHODS[method].fixed) | set(METHODS[method].swept)
    taken = set(inspect.signature(type(made).__init__).parameters) - {"self", "settings"}
    assert set(params["options"]) == taken - {"args", "kwargs"}


@pytest.mark.parametrize(("domain", "settings"), [("nodes", NodePretraining()), ("images", ImagePretraining())])
def test_every_row_on_nodes_and_images_makes_a_method(domain: str, settings: Any) -> None:
    for name, row in ALL[domain].items():
        made = build(fixed_params(domain, name), settings)
        assert made.settings.epochs == (settings.epochs if row.trains else 0)
        assert row.group is None or row.group in type(settings).model_fields
    assert {row.fixed["mixer"] for row in ALL["nodes"].values()} == set(MIXERS)


def test_the_table_holds_the_names_that_the_papers_compare() -> None:
    assert set(METHODS) >= {"lamp-mag", "lamp-soft", "lamp-mag-nolocal", "simgrace", "graphcl", "untrained"}
    assert len({row.label for row in METHODS.values()}) == len(METHODS)
    assert all(set(row.swept) <= {"gamma", "alpha"} for row in METHODS.values())
    assert all("/" not in name and "_" not in name for name in METHODS)
    assert {row.group for row in METHODS.values()} - {None} <= set(Pretraining.model_fields)
    assert [name for name, row in METHODS.items() if not row.trains] == ["untrained", "mvgrl-untrained"]


def test_the_table_can_be_read_without_any_method(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import relamp.method.table\n")
    assert [path.name for path in import_closure(tmp_path / "a.py")] == ["__init__.py", "__init__.py", "table.py"]


def test_method_params_by_hand() -> None:
    assert method_params("lamp-mag-nolocal", "gamma~0.35") == {
        "name": "lamp-mag-nolocal",
        "maker": "relamp.method.lamp:Lamp",
        "options": {"strategy": "magnitude", "alpha": 0.0, "gamma": 0.35},
        "trains": True,
    }


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_told_of_no_other_methods_options(method: str) -> None:
    groups = {row.group for row in METHODS.values() if row.group}
    own = {METHODS[method].group} - {None}
    params = pretraining_params(method, Pretraining())
    assert set(params) & groups == own
    assert set(params) == (set(Pretraining.model_fields) - groups) | own
    assert Pretraining.model_validate(params) == Pretraining()


def test_changing_an_option_changes_only_its_own_methods_params() -> None:
    plain = Pretraining()
    for group, option in (
        ("lamp", {"own_statistics": True}),
        ("simgrace", {"eta": 2.0}),
        ("graphcl", {"views": "one"}),
    ):
        changed = Pretraining.model_validate({group: option})
        assert changed != plain
        for method, row in METHODS.items():
            assert (pretraining_params(method, changed) != pretraining_params(method, plain)) == (row.group == group)


def test_table_runs_are_every_method_at_the_fixed_setting() -> None:
    chosen = config(methods=["graphcl", "lamp-mag", "lamp-mag-nolocal"], gamma=0.3, alpha=2)
    assert table_runs(chosen, "MUTAG") == [
        Run("MUTAG", "graphcl", "default"),
        Run("MUTAG", "lamp-mag", "gamma~0.3_alpha~2"),
        Run("MUTAG", "lamp-mag-nolocal", "gamma~0.3"),
        Run("MUTAG", "untrained", "default"),  # the control is always there
    ]


def test_sweeps_vary_one_value_and_hold_the_other() -> None:
    chosen = config(sweep_method="lamp-soft", gamma=0.3, alpha=2, gammas=[0.1, 0.3], alphas=[2, 4])
    assert sweep_runs(chosen, "NCI", "gamma") == [
        Run("NCI", "lamp-soft", "gamma~0.1_alpha~2"),
        Run("NCI", "lamp-soft", "gamma~0.3_alpha~2"),
    ]
    assert sweep_runs(chosen, "NCI", "alpha") == [
        Run("NCI", "lamp-soft", "gamma~0.3_alpha~2"),
        Run("NCI", "lamp-soft", "gamma~0.3_alpha~4"),
    ]


def test_reference_runs_are_the_controls_that_are_configured() -> None:
    assert [run.method for run in reference_runs(config(), "MUTAG")] == ["lamp-mag-nolocal", "untrained"]
    assert [run.method for run in reference_runs(config(methods=["lamp-mag", "graphcl"]), "MUTAG")] == ["untrained"]
    assert [run.method for run in reference_runs(config(sweep_method="lamp-soft"), "MUTAG")] == ["untrained"]


def test_table_3_takes_its_methods_from_table_1() -> None:
    chosen = config()
    taken = table3_runs(chosen, "MUTAG")
    assert {run.method for run in taken} == {"lamp-mag", "lamp-mag-nolocal", "simgrace", "untrained"}
    assert set(taken) <= set(table_runs(chosen, "MUTAG"))
    assert [run.method for run in table3_runs(config(methods=["graphcl"]), "MUTAG")] == ["untrained"]


grids = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5]), unique=True, max_size=4)


@given(
    st.lists(st.sampled_from(["MUTAG", "Cuneiform"]), unique=True),
    st.lists(methods, unique=True),
    grids,
    grids,
    st.sampled_from(["lamp-mag", "lamp-soft"]),
)
def test_all_runs_are_tables_and_sweeps_each_once(
    datasets: list[str], chosen: list[str], over_gamma: list[float], over_alpha: list[float], swept: str
) -> None:
    made = config(datasets=datasets, methods=chosen, gammas=over_gamma, alphas=over_alpha, sweep_method=swept)
    runs = list(all_runs(made))
    assert len(runs) == len(set(runs))
    parts = [
        run
        for dataset in datasets
        for part in (table_runs(made, dataset), sweep_runs(made, dataset, "gamma"), sweep_runs(made, dataset, "alpha"))
        for run in part
    ]
    assert set(runs) == set(parts)
    assert {run for dataset in datasets for run in reference_runs(made, dataset)} <= set(runs)


def test_the_quick_preset_asks_for_this_many_runs() -> None:
    # Two data sets; 6 methods, 6 gammas and 5 alphas, of which two settings are the table's own lamp-mag run.
    assert len(list(all_runs(config()))) == 2 * (6 + 6 + 5 - 2)


def test_transfer_rows_are_marked_with_what_the_method_takes() -> None:
    chosen = load_config({"transfer": {"gamma": 0.4, "alpha": 3}}, PRESETS)
    assert transfer_labels(chosen, "lamp-soft", "Solubility") == {
        "method": "lamp-soft",
        "dataset": "Solubility",
        "gamma": 0.4,
        "alpha": 3.0,
    }
    assert transfer_labels(chosen, "none", "Solubility") == {"method": "none", "dataset": "Solubility"}
    assert transfer_labels(chosen, "graphcl", "Solubility") == {"method": "graphcl", "dataset": "Solubility"}
