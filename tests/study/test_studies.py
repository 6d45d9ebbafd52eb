from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.data.rows import DEFAULT, setting_values
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.runtime.job import named as load
from relamp.settings.graphs import Pretraining
from relamp.study.batches import scorings
from relamp.study.config import Config, load_config
from relamp.study.overrides import GROUPS, overridden, place, spelt
from relamp.study.paths import Paths
from relamp.study.studies import BASE, CONTROL, TRAINERS, Run, Study, owner, studies

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"
GRAPHS = METHODS["graphs"]


def config(preset: str = "quick", **unsupervised: Any) -> Config:
    return load_config({"preset": preset, "unsupervised": unsupervised}, PRESETS)


def study(name: str, **unsupervised: Any) -> Study:
    return studies(config(**unsupervised))[name]


@pytest.mark.parametrize(
    ("method", "name", "found"),
    [
        ("lamp-mag", "gamma", "lamp.gamma"),
        ("simgrace", "eta", "simgrace.eta"),
        ("graphcl", "temperature", "temperature"),
        # M-Mix's methods have a temperature of their own, and an alpha that is not LAMP's.
        ("mp-mix", "temperature", "mmix.temperature"),
        ("mp-mix", "threshold", "mmix.mix.threshold"),
        *[("simgrace", "gamma", ""), ("lamp-mag", "eta", ""), ("lamp-mag-nolocal", "alpha", "")],
        *[("mp-mix-code", "contrast", ""), ("untrained", "temperature", "")],
    ],
)
def test_a_setting_lies_among_the_methods_own_options_or_the_shared_ones(method: str, name: str, found: str) -> None:
    shared, row = Pretraining(), GRAPHS[method]
    assert ".".join(place(shared, row, name) or ()) == found
    if not found:
        with pytest.raises(ValueError, match=f"the method has no setting {name}"):
            overridden(shared, row, {name: 1})


def test_an_override_changes_one_value_and_is_checked() -> None:
    changed = overridden(Pretraining(), GRAPHS["simgrace"], {"eta": 0.5, "temperature": 0.1})
    assert changed == Pretraining.model_validate({"simgrace": {"eta": 0.5}, "temperature": 0.1})
    with pytest.raises(ValueError, match="eta"):
        overridden(Pretraining(), GRAPHS["simgrace"], {"eta": -1})


def test_other_epochs_bring_their_last_checkpoint() -> None:
    changed = overridden(Pretraining(), GRAPHS["graphcl"], {"epochs": 15})
    assert changed.checkpoints == (0, 10, 15)


def test_a_setting_spells_what_the_row_names_and_what_differs() -> None:
    assert spelt(Pretraining(), GRAPHS["lamp-mag"]) == "gamma~0.2_alpha~1"
    assert spelt(Pretraining(), GRAPHS["lamp-mag"], {"gamma": 0.35}) == "gamma~0.35_alpha~1"
    assert spelt(Pretraining(), GRAPHS["lamp-mag"], {"temperature": 0.1}) == "gamma~0.2_alpha~1_temperature~0.1"
    assert spelt(Pretraining(), GRAPHS["lamp-mag"], {"temperature": 0.2}) == "gamma~0.2_alpha~1"
    assert spelt(Pretraining(), GRAPHS["lamp-mag-nolocal"]) == "gamma~0.2"
    assert spelt(Pretraining(), GRAPHS["simgrace"]) == "default"
    assert spelt(Pretraining(), GRAPHS["simgrace"], {"eta": 0.5}) == "eta~0.5"


@given(st.sampled_from(sorted(GRAPHS)), st.floats(0, 1, exclude_max=True), st.floats(0.025, 10))
def test_a_spelt_setting_comes_back_to_the_last_bit(method: str, gamma: float, temperature: float) -> None:
    row = GRAPHS[method]
    values = {n: v for n, v in {"gamma": gamma, "temperature": temperature}.items() if place(Pretraining(), row, n)}
    made = overridden(Pretraining(), row, values)
    again = overridden(Pretraining(), row, setting_values(spelt(Pretraining(), row, values)))
    assert again == made


@pytest.mark.parametrize("name", ["tables", "cross", "grid", "transfer"])
def test_a_sweep_has_no_name_of_another_study(name: str) -> None:
    sweep = {"over": {"temperature": [0.3]}, "methods": ["graphcl"]}
    with pytest.raises(RelampError, match=f"sweeps: {name} is the name of one of relamp's own studies; take another"):
        study(name, sweeps={name: sweep})


def test_the_studies_of_quick() -> None:
    found = studies(config())
    # As many as readings of mp-mix on nodes, and of kernels for edit distances, can be combined.
    assert len(found.pop("multiverse_nodes").runs) > 1
    assert len(found.pop("multiverse_edits").runs) > 1
    assert {name: len(each.runs) for name, each in found.items()} == {
        **{
            "tables": 7,
            "gamma": 6,
            "alpha": 5,
            "information": 3,
            "cross": 16,
            "linear": 11,
            "edits": 5,
            "corpus": 3,
            "transfer": 4,
            "transfer_controls": 0,
        },
        **{"nodes": 11, "theorem": 2, "grid": 8, "images": 4},
    }
    assert [name for name, each in found.items() if each.together] == ["gamma", "alpha", "grid"]
    kernels = ("wl", "graphlet", "graphlet-code")
    assert found["tables"].controls == (*kernels, "majority", "bag-labels", "bag-attributes", "bag")
    assert found["nodes"].controls_of("probe") == ("majority", "raw-features")
    assert found["nodes"].controls_of("kmeans") == ()
    assert found["nodes"].options == {"features": "rows-scaled"}
    assert found["corpus"].seeds == (0,)
    controls = found["transfer_controls"]
    assert controls.controls_of("finetune") == ("ecfp", "frozen-untrained")
    assert (controls.seeds, controls.datasets) == (found["transfer"].seeds, found["transfer"].datasets)
    # Each depends on its own options alone, and on nothing of fine-tuning.
    asked = {name: controls.facts("finetune", "Solubility", Run(name, DEFAULT)) for name in controls.controls}
    assert [list(facts["options"]) for facts in asked.values()] == [["ecfp"], ["frozen_untrained"]]
    assert asked["frozen-untrained"]["options"]["frozen_untrained"].items() >= {"hidden": 64, "layers": 5}.items()
    assert all(facts["protocol"] == {} and "training" not in facts for facts in asked.values())


def test_controls_of_transfer_learning_have_the_split_of_fine_tuning() -> None:
    drawn = {"split": "random", "split_seed": "each", "seeds": [0, 1], "controls": ["ecfp"], "also_split": ["scaffold"]}
    found = studies(load_config({"preset": "quick", "transfer": drawn}, PRESETS))
    assert found["transfer"].splits == found["transfer_controls"].splits == ("random~0", "random~1")
    assert found["also_scaffold"].splits == ("scaffold",)
    facts = found["transfer_controls"].facts("finetune", "Solubility", Run("ecfp", DEFAULT))
    assert facts["protocol"] == {"split": "random", "split_seed": "each"}
    (scoring,) = (each for each in scorings(found) if each.study.name == "transfer_controls")
    assert scoring.inputs(Paths("here"))["folds"] == [f"here/folds/{{dataset}}/random~{seed}.csv" for seed in (0, 1)]


@pytest.mark.parametrize("preset", ["quick", "desk", "rivals", "evening", "weekend", "paper"])
def test_a_path_never_means_two_trainings(preset: str) -> None:
    seen: dict[tuple[str, str, Run], dict[str, Any]] = {}
    for each in studies(config(preset)).values():
        for dataset in each.datasets:
            for run in each.trained_runs if each.name != "transfer" else ():
                settings = each.settings_of(run)
                assert seen.setdefault((each.domain, dataset, run), settings) == settings


def test_the_untrained_control_is_in_every_table_of_graphs() -> None:
    for name in ("tables", "cross", "linear", "edits"):
        assert Run("untrained", "default") in study(name, methods=["graphcl"]).runs


def test_a_sweep_varies_one_value_and_holds_the_others() -> None:
    over = study("gamma", sweeps={"gamma": [0.1, 0.2]}, pretraining={"lamp": {"alpha": 2}})
    assert over.runs == (Run("lamp-mag", "gamma~0.1_alpha~2"), Run("lamp-mag", "gamma~0.2_alpha~2"))
    assert [over.settings_of(run)["lamp"]["gamma"] for run in over.runs] == [0.1, 0.2]


def test_any_named_setting_can_be_swept() -> None:
    assert study("eta", sweeps={"eta": [0.5, 1, "2"]}).runs == (
        Run("simgrace", "eta~0.5"),
        Run("simgrace", "default"),  # the configured value is the tables' run
        Run("simgrace", "eta~2"),
    )
    both = {"temperature": {"values": [0.1], "methods": ["simgrace", "graphcl"]}}
    assert study("temperature", sweeps=both).runs == (
        Run("simgrace", "temperature~0.1"),
        Run("graphcl", "temperature~0.1"),
    )
    scope = study("prune_scope", sweeps={"prune_scope": ["layer", "encoder"]})
    assert scope.runs[1] == Run("lamp-mag", "gamma~0.2_alpha~1_prune_scope~encoder")
    assert scope.settings_of(scope.runs[1])["lamp"]["prune_scope"] == "encoder"


def test_a_grid_takes_every_combination() -> None:
    grid = study("both", sweeps={"both": {"gamma": [0.1, 0.2], "alpha": [1, 10], "methods": ["lamp-soft"]}})
    assert [run.setting for run in grid.runs] == [
        *("gamma~0.1_alpha~1", "gamma~0.1_alpha~10", "gamma~0.2_alpha~1", "gamma~0.2_alpha~10")
    ]
    assert {run.method for run in grid.runs} == {"lamp-soft"}


def test_a_sweep_without_values_is_none() -> None:
    assert not {"gamma", "alpha"} & set(studies(config(sweeps={"gamma": [], "alpha": []})))


def test_nodes_and_images_are_swept_the_same_way() -> None:
    given = {"nodes": {"sweeps": {"temperature": [0.5]}}, "images": {"sweeps": {"temperature": [0.1]}}}
    found = studies(load_config({"mmix": given}, PRESETS))
    assert found["nodes_temperature"].runs == (Run("mvgrl", "temperature~0.5"),)
    assert found["images_temperature"].runs == (Run("simclr", "temperature~0.1"),)


@pytest.mark.parametrize(
    ("method", "setting"),
    [
        ("lamp-mag", "default"),
        ("lamp-mag", "gamma~0.2"),
        ("lamp-mag", "alpha~1_gamma~0.2"),
        ("lamp-mag", "gamma~0.20_alpha~1"),
        ("lamp-mag-nolocal", "gamma~0.2_alpha~0"),
        ("untrained", "gamma~0.2"),
        ("lamp-mag", "gamma~1.5_alpha~1"),
        ("simgrace", "eta~-1"),
    ],
)
def test_another_spelling_and_a_wrong_value_are_refused(method: str, setting: str) -> None:
    with pytest.raises(RelampError, match=f"^{method}: |^there is no setting"):
        study("tables").trained_by(Run(method, setting))


@pytest.mark.parametrize("method", GRAPHS)
def test_a_method_gets_no_other_methods_options(method: str) -> None:
    tables = study("tables", methods=[method])
    words = tables.settings_of(tables.runs[0])
    own = {GRAPHS[method].group} - {None}
    assert set(words) & GROUPS == own
    assert set(words) == (set(Pretraining.model_fields) - GROUPS) | own


def test_a_method_is_known_by_its_class_and_its_options() -> None:
    tables = study("tables")
    assert tables.method_of(Run("lamp-mag-nolocal", "gamma~0.35")) == {
        "name": "lamp-mag-nolocal",
        "maker": "relamp.method.lamp:Lamp",
        "options": {"strategy": "magnitude", "local": False},
        "trains": True,
    }


def test_the_grid_of_nodes_has_no_early_stop_and_its_own_checkpoints() -> None:
    grid = studies(config())["grid"]
    words = grid.settings_of(grid.runs[0])
    assert grid.runs[0].setting == "sample_size~8_hidden~8_epochs~200"
    assert (words["sample_size"], words["hidden"], words["patience"]) == (8, 8, None)
    assert words["checkpoints"][-1] == words["epochs"] == 200


def test_a_supervised_row_of_edit_distances_shares_the_triplets_and_the_encoder_of_the_others() -> None:
    edits: dict[str, Any] = {"supervised": ["supervised"], "supervision": {"steps": 7}}
    protocol = {"nodes": [8], "self_loops": False}
    found = studies(load_config({"mmix": {"edit_distance": {**edits, "protocol": protocol}}}, PRESETS))
    run, dataset = Run("supervised", "default"), found["edits"].datasets[0]
    facts = found["supervised_edits"].facts("supervised-edits", dataset, run)
    untrained = next(run for run in found["edits"].runs if run.method == "mvgrl-untrained")
    others = found["edits"].facts("edit-distance", dataset, untrained)
    assert others["protocol"].items() <= facts["protocol"].items()
    assert facts["protocol"].keys() - others["protocol"].keys() == {"margin", "steps", "batch_size", "learning_rate"}
    assert facts["protocol"]["steps"] == 7
    assert facts["options"] == {"supervised": others["training"]["settings"]}
    assert "supervised_edits" not in studies(load_config({}, PRESETS))


def transfer(**options: Any) -> dict[str, Study]:
    return studies(load_config({"preset": "quick", "transfer": options}, PRESETS))


def test_one_pretraining_in_the_scaffold_split_says_no_more_than_before() -> None:
    facts = transfer()["transfer"].facts("finetune", "Solubility", Run("lamp-mag", "gamma~0.2_alpha~1"))
    assert "pretraining_seeds" not in facts
    assert "split" not in facts["protocol"]


def test_pretrainings_and_splits_stand_in_the_facts_of_rows() -> None:
    found = transfer(pretraining_seeds=[3, 4], split="random-scaffold", split_seed="each", also_split=["scaffold"])
    assert found["corpus"].seeds == (3, 4)
    run = Run("lamp-mag", "gamma~0.2_alpha~1")
    facts = found["transfer"].facts("finetune", "Solubility", run)
    assert facts["pretraining_seeds"] == [3, 4]
    assert (facts["protocol"]["split"], facts["protocol"]["split_seed"]) == ("random-scaffold", "each")
    assert "pretraining_seeds" not in found["transfer"].facts("finetune", "Solubility", Run("none", "default"))
    other = found["also_scaffold"]
    assert {run.method for run in other.runs} == {run.method for run in found["transfer"].runs}
    apart = Run("lamp-mag", "gamma~0.2_alpha~1_scored_split~scaffold")
    assert apart in other.runs
    assert apart.trained == run  # the same encoder
    assert owner(found, "finetune", apart) is other
    assert other.facts("finetune", "Solubility", apart)["protocol"]["split"] == "scaffold"


def test_the_old_name_of_the_seed_of_pretraining_is_read() -> None:
    assert transfer(pretraining_seed=7)["corpus"].seeds == (7,)
    with pytest.raises(RelampError, match=r"transfer\.pretraining_seed: there is no such option"):
        transfer(pretraining_seed=7, pretraining_seeds=[1])
    with pytest.raises(RelampError, match="random is the split that all is run in already"):
        transfer(split="random", also_split=["random"])


def test_the_files_of_splits() -> None:
    def files(**options: Any) -> list[str]:
        return load_config({"preset": "quick", "transfer": {"seeds": [0, 5], **options}}, PRESETS).transfer.splits()

    assert files() == ["scaffold"]
    assert files(split="random", split_seed=42) == ["random~42"]
    assert files(split="random-scaffold", split_seed="each") == ["random-scaffold~0", "random-scaffold~5"]


def test_what_intervals_of_fine_tuning_cover_is_said_as_configured() -> None:
    def words(**options: Any) -> str:
        return load_config({"preset": "quick", "transfer": options}, PRESETS).transfer.covered()

    assert words() == EVALUATIONS["finetune"].covers
    several = words(pretraining_seeds=[0, 1], seeds=[0, 1, 2], split="random", split_seed="each")
    assert several.startswith(
        "2 pre-trainings, the score of each the mean over the same 3 seeds of fine-tuning, each with "
    )
    assert "a random split of its own" in several


@pytest.mark.parametrize("domain", BASE)
def test_the_trainer_of_a_domain_takes_the_settings_of_each_of_its_methods(domain: str) -> None:
    found = studies(config())[BASE[domain]]
    for name, row in METHODS[domain].items():
        asked = found.settings_of(Run(name, spelt(found.training, row)))
        taken = load(TRAINERS[domain]).settings_class.model_validate(asked).model_dump(mode="json")
        assert {key: taken[key] for key in asked} == asked, name


def test_a_question_that_no_method_of_its_part_is_asked_is_refused_with_those_that_are() -> None:
    words = {"datasets": ["MUTAG"], "methods": ["simgrace"], "questions": ["eta", "pruned-gradient"]}
    made = load_config({"preset": "quick", "multiverse": {"lamp": words}}, PRESETS)
    with pytest.raises(RelampError, match=r"multiverse.lamp.questions: pruned-gradient: is asked of none .*, eta, "):
        studies(made)
    words["questions"] = ["eta"]
    found = studies(load_config({"preset": "quick", "multiverse": {"lamp": words}}, PRESETS))["multiverse_lamp"]
    assert [run.setting for run in found.runs] == ["default", "eta~0.1", "eta~10", "eta~100", "eta~1000"]
    words["methods"] = ["simgrace", "graphcl"]
    with pytest.raises(RelampError, match=r"multiverse.lamp.methods: graphcl: has one reading alone"):
        studies(load_config({"preset": "quick", "multiverse": {"lamp": words}}, PRESETS))


def test_nodes_are_scored_where_validation_or_the_public_code_ends_a_training() -> None:
    paper = studies(load_config({"preset": "paper"}, PRESETS))["nodes"]
    said = {
        name: paper.protocol_of("probe", "Cora", Run(name, DEFAULT))["epoch"]
        for name in ("mp-mix", "mvgrl", "mvgrl-infonce", "grace", "untrained", "raw-features", "dgi", "cca-ssg", "gala")
    }
    by_code = ("grace", "dgi", "cca-ssg", "gala")
    assert said == {name: "last" if name in by_code else "validation" for name in said}
    # Splits that are drawn have none of the nodes that are kept on the way.
    assert paper.protocol_of("probe", "DBLP", Run("mp-mix", DEFAULT))["epoch"] == "last"
    # What a setting names is as it says, and a method with other settings than its code's is one among others.
    assert paper.protocol_of("probe", "Cora", Run("dgi", "scored_epoch~test"))["epoch"] == "test"
    own = {"nodes": {"pretraining": {"dgi": {"as_published": False}}}}
    other = studies(load_config({"preset": "paper", "mmix": own}, PRESETS))["nodes"]
    assert other.protocol_of("probe", "Cora", Run("dgi", DEFAULT))["epoch"] == "validation"


def test_branches_that_are_scored_alone_share_a_training() -> None:
    methods = ["mp-mix", "mp-mix-branch-a", "mp-mix-branch-b"]
    given = {"mmix": {"graphs": {"methods": methods}}}
    linear = studies(load_config({"preset": "paper", **given}, PRESETS))["linear"]
    whole, alone = Run("mp-mix", DEFAULT), Run("mp-mix-branch-a", DEFAULT)
    assert [run.method for run in linear.trained_runs] == ["mp-mix", CONTROL]
    labels = [linear.label("svm-linear", "MUTAG", run) for run in (whole, alone)]
    assert [label.pop("method") for label in labels] == ["mp-mix", "mp-mix-branch-a"]
    assert labels[0] == labels[1]
    with pytest.raises(RelampError, match="there is no method 'mp-mix-branch-a'"):
        load_config({"preset": "paper", "unsupervised": {"methods": methods}}, PRESETS)
    with pytest.raises(RelampError, match="there is no method 'graphcl-branch-a'"):
        load_config({"preset": "paper", "mmix": {"graphs": {"methods": ["graphcl-branch-a"]}}}, PRESETS)


def test_data_sets_that_are_scored_otherwise_have_no_readings_in_common() -> None:
    nodes = {"methods": ["mp-mix"], "training": False}
    for datasets in (["Cora", "DBLP"], ["DBLP", "Cora"]):
        with pytest.raises(RelampError, match=f"{' and '.join(datasets)} are scored otherwise"):
            studies(load_config({"preset": "paper", "multiverse": {"nodes": {**nodes, "datasets": datasets}}}, PRESETS))
    assert studies(load_config({"preset": "paper", "multiverse": {"nodes": {**nodes, "datasets": ["Cora"]}}}, PRESETS))
