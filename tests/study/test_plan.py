"""What each job and artifact is given: files, arguments, and nothing twice."""

import json
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from relamp.artifacts.base import CONTROLS, Ladder
from relamp.runtime.code import import_closure
from relamp.settings.graphs import Features
from relamp.settings.supervised import NodeModel
from relamp.study.batches import ANY, controls_of, scorings, trainings
from relamp.study.config import load_config
from relamp.study.paths import Paths, all_datasets
from relamp.study.plan import Plan, methods_by_evaluation
from relamp.study.studies import Run, owner, studies

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"
STUDIES = studies(load_config({}, PRESETS))
TRAININGS = {each.name: each for each in trainings(STUDIES)}


def plan(**given: Any) -> Plan:
    return Plan(load_config(given, PRESETS), "results", "figures")


def wildcards(**values: str) -> Any:
    return SimpleNamespace(items=lambda: values.items(), **values)


def test_paths_by_hand() -> None:
    paths, run = Paths("r"), Run("lamp-mag", "gamma~0.2_alpha~1")
    assert paths.train("graphs", "MUTAG", run) == "r/train/graphs/MUTAG/lamp-mag/gamma~0.2_alpha~1"
    assert paths.rows("svm-rbf", "MUTAG", run) == "r/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"
    made = paths.trained("images", "Digits", [Run("simclr", "default")], [0, 1])
    assert made["mixed"] == [f"r/train/images/Digits/simclr/default/seed~{seed}/mixed.csv" for seed in (0, 1)]
    assert "mixed" not in paths.trained("graphs", "MUTAG", [run], [0])


@pytest.mark.parametrize("preset", ["quick", "desk", "rivals", "evening", "weekend", "paper"])
def test_every_row_that_is_read_is_written_by_one_job(preset: str) -> None:
    config = load_config({"preset": preset}, PRESETS)
    found, paths = studies(config), Paths("results")
    written: list[str] = []
    for made in scorings(found):
        # A rule is for any data set; controls are a job each.
        for dataset in {d for study in found.values() for d in study.datasets}:
            if made.runs[0].method != ANY.method:
                written += [path.replace("{dataset}", dataset) for path in made.output(paths)]
            else:
                names = controls_of(found, made.evaluation)
                written += [paths.rows(made.evaluation, dataset, Run(name, "default")) for name in names]
    assert len(written) == len(set(written))
    read = [path for path in Plan(config, "results", "figures").all_rows() if "/finetune/" not in path]
    # Those of damage and of Theorem 4.1 have a rule of their own.
    assert {path for path in read if "/damage/" not in path and "/information/" not in path} <= set(written)


def test_a_job_trains_one_run_or_all_of_a_sweep() -> None:
    assert set(TRAININGS) == {
        *(f"train_{name}" for name in ("graphs", "molecules", "nodes", "images")),
        *("train_gamma_lamp_mag", "train_alpha_lamp_mag", "train_grid_mp_mix", "train_grid_mp_mix_nodiv"),
        "train_multiverse_nodes_mp_mix",
    }
    assert TRAININGS["train_graphs"].runs == (ANY,)
    # What the table trains is no part of the sweep's job.
    assert [run.setting for run in TRAININGS["train_gamma_lamp_mag"].runs] == [
        f"gamma~{gamma}_alpha~1" for gamma in (0.05, 0.35, 0.5, 0.75, 0.95)
    ]
    one = wildcards(dataset="MUTAG", method="lamp-mag", setting="gamma~0.3_alpha~1")
    (settings,) = TRAININGS["train_graphs"].params(Paths("r"))["settings"](one)
    assert settings["lamp"]["gamma"] == 0.3


def test_work_follows_epochs_seeds_and_settings() -> None:
    run = wildcards(dataset="MUTAG", method="lamp-mag", setting="gamma~0.2_alpha~1")
    # 3,371 nodes through both branches, and the pairs of 1,000 sampled nodes in each of two batches.
    epoch = (3371 + 0.0043 * 2 * 1000**2) / 1e6
    assert TRAININGS["train_graphs"].work(run) == pytest.approx(5 * 20 * epoch)
    assert TRAININGS["train_graphs"].work(wildcards(dataset="MUTAG", method="untrained", setting="default")) == 0
    assert TRAININGS["train_gamma_lamp_mag"].work(run) == pytest.approx(5 * 5 * 20 * epoch)
    # The karate club has fewer nodes than a sample: all pairs of 34 nodes in each of 200 steps, a third of its 34
    # features counting as so many more, at width 64 instead of 256.
    nodes = wildcards(dataset="KarateClub", method="mp-mix", setting="default")
    assert TRAININGS["train_nodes"].work(nodes) == pytest.approx(3 * 200 * 34 * (34 + 34 / 3) * 64 / 256 / 1e6)
    assert all(each.disk(run) > 0 for name, each in TRAININGS.items() if name == "train_graphs")


def test_work_on_nodes_follows_what_a_method_passes_over() -> None:
    def work(method: str) -> float:
        each = TRAININGS["train_nodes"].work(wildcards(dataset="KarateClub", method=method, setting="default"))
        return each / (3 * 200 * 64 / 256)

    pairs = 34 * (34 + 34 / 3) / 1e6
    # 34 nodes and 78 edges in both directions; all pairs of 34 nodes; twice the sampled pairs.
    assert work("dgi") == pytest.approx(50 * (34 + 2 * 78) / 1e6)
    assert work("gae") == pytest.approx(0.08 * 34**2 / 1e6)
    assert (work("mp-mix"), work("mp-mix-op")) == pytest.approx((pairs, 2.2 * pairs))


def test_a_job_of_scores_takes_the_embeddings_and_folds_of_its_runs() -> None:
    made = {each.name: each for each in scorings(STUDIES)}
    tables = made["score_svm_rbf_tables"]
    inputs = tables.inputs(Paths("r"))
    assert len(inputs["embeddings"]) == 7 * 5
    assert inputs["folds"] == [f"r/folds/{{dataset}}/seed~{seed}.csv" for seed in range(5)]
    assert inputs["guard"] == "r/data/{dataset}.guard.json"
    run = Run("lamp-mag", "gamma~0.2_alpha~1")
    assert tables.params(Paths("r"))["labels"](wildcards(dataset="MUTAG"))[0] == {
        **{"evaluation": "svm-rbf", "method": "lamp-mag", "dataset": "MUTAG", "setting": "gamma~0.2_alpha~1"},
        "training": {"method": tables.study.method_of(run), "settings": tables.study.settings_of(run)},
    }
    controls = made["score_svm_rbf_controls"]
    assert not controls.inputs(Paths("r"))["embeddings"]
    # Editing a kernel scores no embeddings again.
    assert (tables.score, controls.score) == (
        "relamp.evaluate.svm:score_svm",
        "relamp.evaluate.controls:score_controls",
    )
    assert {"kernels.py", "bag.py"}.isdisjoint(path.name for path in import_closure("/dev/null", "relamp.evaluate.svm"))
    assert controls_of(STUDIES, "edit-distance") == ["hist-kernel", "wl"]


def test_controls_of_molecules_are_scored_in_the_split_of_fine_tuning_and_pre_train_nothing() -> None:
    (made,) = (each for each in scorings(STUDIES) if each.evaluation == "finetune")
    assert (made.name, made.most_threads) == ("score_finetune_controls", 8)
    assert controls_of(STUDIES, "finetune") == ["ecfp", "frozen-untrained"]
    inputs = made.inputs(Paths("r"))
    assert inputs["folds"] == ["r/folds/{dataset}/scaffold.csv"] * 3
    assert not inputs["embeddings"]
    without = plan(transfer={"controls": []})
    assert not [each for each in scorings(without.studies) if each.evaluation == "finetune"]
    # Table 2 and what explains it have them; nothing else takes ranks or places from methods.
    whole, rows = plan(), [f"results/rows/finetune/Solubility/{name}/default/rows.csv" for name in ("ecfp", "none")]
    made_of = {name: set(whole.inputs(whole.artifacts[name])["rows"]) for name in ("lamp_table2", "judge", "leakage")}
    assert [set(rows) <= made_of[name] for name in ("lamp_table2", "judge", "leakage")] == [True, True, False]
    assert whole.inputs(whole.known["lamp_ladder2"])["rows"] == whole.inputs(whole.known["lamp_table2"])["rows"]
    # Trees pass over the molecules that have a label of their task: of ToxCast's labels 29 % are there.
    work = [made.work(wildcards(dataset=dataset, method="ecfp")) for dataset in ("Solubility", "ToxCast")]
    assert work == pytest.approx([3 * 500, 3 * 500 * 617 * 0.29])


def test_a_supervised_model_of_nodes_counts_by_what_it_takes_itself() -> None:
    models = list(get_args(NodeModel))

    def work(model: str, **supervision: int) -> float:
        nodes = {"supervised": models, "supervision": supervision, "seeds": [0, 1]}
        found = plan(mmix={"nodes": nodes}).studies
        (made,) = (each for each in scorings(found) if each.evaluation == "supervised-nodes")
        return made.work(wildcards(dataset="Cora", method=model, setting="default"))

    # Two seeds of ten runs, in epochs of GAT.
    taken = [work(model, runs=10, epochs=5000) for model in models]
    assert dict(zip(models, taken, strict=True)) == {
        "mlp": 1600, "gcn": 2200, "chebyshev": 2600, "gat": 20_000, "jknet": 28_000
    }  # fmt: skip
    assert work("jknet", runs=10, epochs=20) == work("mlp", runs=10, epochs=20) == 400


def test_what_shows_rows_alone_is_left_out_where_there_are_none() -> None:
    left = set(plan(preset="evening").left_out)
    assert {"cross_table", "comparisons", "mmix_theorem", "multiverse"} <= left
    assert not {"lamp_table1", "lamp_table2", "lamp_ladder2", "mmix_table2"} & left


def test_verdicts_are_made_where_nothing_is_scored_too() -> None:
    # LAMP's Fig. 2 alone: its claims are judged, and the picture of all numbers and the first page read the verdicts.
    nothing: dict[str, Any] = {"datasets": []}
    made = plan(
        unsupervised={**nothing, "sweeps": {}, "theorem": nothing},
        transfer=nothing,
        cross=nothing,
        mmix={
            "nodes": {**nothing, "sweep": {"sample_sizes": [], "dimensions": []}, "theorem": {"methods": []}},
            "graphs": nothing,
        },
    )
    assert {"judge", "numbers", "lamp_fig2"} <= set(made.artifacts)


def test_claims_on_the_grid_are_tried_on_its_rows_and_no_table_chooses_among_them() -> None:
    chosen = plan(mmix={"nodes": {"sweep": {"methods": ["mp-mix"], "sample_sizes": [8], "dimensions": [8, 64]}}})
    judged = chosen.artifacts["judge"]
    names = ("sample_size~8_hidden~8_epochs~200", "sample_size~8_hidden~64_epochs~200")
    rows = [f"results/rows/probe/KarateClub/mp-mix/{name}/rows.csv" for name in names]
    assert chosen.inputs(judged)["grid"] == rows
    assert not set(rows) & set(chosen.inputs(judged)["rows"])
    assert set(rows) <= chosen.asked(judged).keys()


def test_of_a_table_it_is_said_whether_the_print_stands_there_alone() -> None:
    alone = {each["name"]: each["print_alone"] for each in plan(preset="evening").gallery()}
    assert {"lamp_table1", "mmix_table2"} <= {name for name, print_alone in alone.items() if print_alone}
    assert not any(alone[name] for name in ("lamp_table2", "lamp_ladder2", "audit"))


def test_a_figure_of_a_sweep_that_is_not_run_is_left_out() -> None:
    assert {"lamp_fig4", "lamp_fig5"} <= set(plan(preset="rivals").left_out)
    assert not {"lamp_fig4", "lamp_fig5"} & set(plan().left_out)


def test_readings_of_an_evaluation_are_jobs_of_their_own_and_train_nothing() -> None:
    none: dict[str, Any] = {"datasets": [], "methods": []}
    given = {"datasets": ["MUTAG"], "training": False}
    edits = {**given, "methods": ["mp-mix", "wl"]}
    chosen = plan(multiverse={"nodes": none, "lamp": {**given, "methods": ["lamp-mag"]}, "edits": edits})
    without = plan(multiverse={"nodes": none, "edits": none})
    assert {each.name for each in trainings(chosen.studies)} == {each.name for each in trainings(without.studies)}
    made = {each.name: each for each in scorings(chosen.studies)}
    names = {"svm_rbf_multiverse_lamp", "edit_distance_multiverse_edits", "edit_distance_multiverse_edits_controls"}
    new = {f"score_{name}" for name in names}
    assert set(made) - {each.name for each in scorings(without.studies)} == new
    assert {name: {run.method for run in made[name].runs} for name in new} == {
        "score_svm_rbf_multiverse_lamp": {"lamp-mag"},
        "score_edit_distance_multiverse_edits": {"mp-mix"},
        "score_edit_distance_multiverse_edits_controls": {"wl"},
    }
    # What is configured is scored with the tables, and all others of its encoder.
    lamp, first = made["score_svm_rbf_multiverse_lamp"], "gamma~0.2_alpha~1"
    folds, shuffled = f"{first}_scored_inner_folds~10", f"{first}_scored_inner~shuffled"
    assert [run.setting for run in lamp.runs] == [folds, shuffled, f"{shuffled}_scored_inner_folds~10"]
    paths, at = Paths("r"), wildcards(dataset="MUTAG")
    encoder = "r/train/graphs/{dataset}/lamp-mag/gamma~0.2_alpha~1"
    embeddings = [f"{encoder}/seed~{seed}/embeddings.safetensors" for seed in chosen.config.unsupervised.seeds]
    assert lamp.inputs(paths)["embeddings"] == embeddings * 3
    configured = chosen.config.unsupervised.svm.model_dump(mode="json")
    both = {"inner": "shuffled", "inner_folds": 10}
    assert lamp.params(paths)["protocols"](at) == [
        {**configured, **{name: both[name] for name in of}} for of in (["inner_folds"], ["inner"], both)
    ]
    trained = {str(label["training"]) for label in lamp.params(paths)["labels"](at)}
    assert trained == {str(chosen.studies["tables"].training_of(Run("lamp-mag", first)))}
    edited = made["score_edit_distance_multiverse_edits"]
    assert edited.inputs(paths)["embeddings"][0] == (
        f"r/edits/{{dataset}}/mp-mix/{edited.runs[0].setting}/seed~{chosen.config.unsupervised.seeds[0]}.safetensors"
    )
    assert not made["score_edit_distance_multiverse_edits_controls"].inputs(paths)["embeddings"]
    # And the curves have all of them.
    asked = {path for path in chosen.asked(chosen.artifacts["multiverse"]) if "/mp-mix/" in path}
    runs = [Run("mp-mix", "default"), *edited.runs]
    assert asked == {chosen.paths.rows("edit-distance", "MUTAG", run) for run in runs}


def test_readings_of_a_data_set_that_no_table_has_are_scored_without_the_tables_methods() -> None:
    none: dict[str, Any] = {"datasets": [], "methods": []}
    lamp = {"datasets": ["IMDB-BINARY"], "methods": ["lamp-mag"]}
    given = {"multiverse": {"lamp": lamp, "nodes": none, "edits": none}, "cross": {"datasets": []}}
    configured = Run("lamp-mag", "gamma~0.2_alpha~1")

    def scored_with(**more: Any) -> set[str]:
        found = plan(**given, **more).studies
        (made,) = (each for each in scorings(found) if each.evaluation == "svm-rbf" and configured in each.runs)
        assert owner(found, "svm-rbf", configured) is made.study
        return {run.method for run in made.runs}

    assert scored_with(unsupervised={"datasets": []}) == {"lamp-mag"}
    assert {"lamp-mag", "simgrace", "untrained"} <= scored_with(unsupervised={"datasets": ["MUTAG"]})


def test_no_artifact_reads_a_file_twice() -> None:
    chosen = plan()
    for artifact in chosen.artifacts.values():
        files = list(chain.from_iterable([f] if isinstance(f, str) else f for f in chosen.inputs(artifact).values()))
        assert len(files) == len(set(files))
        assert files


@pytest.mark.parametrize("preset", ["quick", "desk", "rivals", "evening", "weekend", "paper"])
def test_of_all_stored_results_it_is_said_what_they_must_be(preset: str) -> None:
    chosen = plan(preset=preset)
    for artifact in chosen.artifacts.values():
        inputs, asked = chosen.inputs(artifact), chosen.asked(artifact)
        rows = [
            path
            for name in ("rows", "draws", "damage", "grid", "mixed", "swept", "accuracies", "views")
            for path in inputs.get(name, ())
        ]
        assert set(asked) == set(rows)
        # JSON holds it, and a run is told from every other of its file's neighbours.
        assert json.loads(json.dumps(asked)) == asked
        assert len({json.dumps(facts, sort_keys=True) for facts in asked.values()}) >= len(rows) / 2
    assert set(chosen.all_rows()) <= set(chosen.stored())
    assert not [path for path in chosen.stored() if "published" in path]


def test_rows_are_asked_for_as_their_job_writes_them() -> None:
    chosen = plan()
    made = {each.name: each for each in scorings(chosen.studies)}["score_svm_rbf_tables"]
    words = made.params(chosen.paths)
    at = wildcards(dataset="MUTAG")
    pairs = zip(words["labels"](at), words["protocols"](at), strict=True)
    written = [{**label, "seeds": words["seeds"], "protocol": protocol} for label, protocol in pairs]
    asked = chosen.asked(chosen.artifacts["lamp_table1"])
    for path, facts in zip(made.output(chosen.paths), written, strict=True):
        assert asked[path.replace("{dataset}", "MUTAG")] == facts


def test_the_verdicts_wait_for_the_pages_that_they_link() -> None:
    chosen = plan()
    linked = chosen.inputs(chosen.artifacts["judge"])["linked"]
    assert {"results/tables/lamp_table1.html", "results/tables/mmix_table10.json"} <= set(linked)
    assert len(linked) == 2 * len(chosen.pages())


def test_a_figure_of_lamp_waits_for_no_image_of_m_mix() -> None:
    chosen = plan()
    for name in ("lamp_fig4", "leakage", "comparisons"):
        rows = chosen.inputs(chosen.artifacts[name])["rows"]
        assert not [path for path in rows if "/image-probe/" in path or "/probe/" in path]


def test_sweeps_get_figures_and_those_of_the_papers_their_numbers() -> None:
    chosen = plan(unsupervised={"sweeps": {"eta": [0.5, 1], "both": {"gamma": [0.1], "alpha": [1, 2]}}})
    assert {"lamp_fig4", "lamp_fig5", "sweep_eta", "sweep_both"} <= set(chosen.artifacts)
    eta = chosen.params(chosen.artifacts["sweep_eta"])["options"]
    assert (eta["parameter"], eta["methods"], eta["configured"]) == ("eta", ["simgrace"], 1.0)
    rows = chosen.inputs(chosen.artifacts["sweep_eta"])["rows"]
    assert "results/rows/svm-rbf/MUTAG/simgrace/eta~0.5/rows.csv" in rows
    assert "results/rows/svm-rbf/MUTAG/simgrace/default/rows.csv" in rows
    assert "results/rows/svm-rbf/MUTAG/untrained/default/rows.csv" in rows


def test_the_tables_settings_are_given_by_method() -> None:
    fixed = plan().fixed()
    assert fixed["svm-rbf"] == {
        **dict.fromkeys(("lamp-mag", "lamp-soft"), "gamma~0.2_alpha~1"),
        "lamp-mag-nolocal": "gamma~0.2",
    }
    assert fixed["probe"] == {}


def test_a_table_is_judged_by_the_evaluations_of_its_rows() -> None:
    chosen = plan()
    judged = chosen.params(chosen.artifacts["judge"])["judged_by"]
    assert judged["lamp_table1"] == judged["lamp_fig4"] == {"graphs": "svm-rbf"}
    assert judged["mmix_table6"] == {"nodes": "probe", "graphs": "svm-linear"}
    assert judged["mmix_table5"] == {"nodes": "kmeans"}


def test_a_bag_is_named_only_where_it_sees_what_the_encoder_does() -> None:
    bags = plan().bags()
    assert bags["graphs"]["lamp-mag"] == bags["graphs"]["untrained"] == bags["graphs"]["wl"] == "bag-labels"
    assert bags["graphs"]["mp-mix"] == bags["graphs"]["mp-mix-code"] == "bag-attributes"
    assert set(bags["nodes"].values()) == {"raw-features"}
    # The bag of attributes lets two labels share a column, as MVGRL's code does; degrees have bins of their own.
    own = plan(unsupervised={"pretraining": {"features": "attributes", "mmix": {"first_label": "own"}}}).bags()[
        "graphs"
    ]
    assert "lamp-mag" not in own
    assert "mp-mix" not in own
    assert own["mp-mix-code"] == "bag-attributes"
    degrees = {"features": "degrees", "max_degree": 9, "mmix": {"features": "degrees", "first_label": "own"}}
    found = plan(unsupervised={"pretraining": degrees}).bags()["graphs"]
    assert (found.get("lamp-mag"), found["mp-mix"]) == (None, "bag-degrees")
    counted = plan(unsupervised={"pretraining": degrees, "kernel_options": {"max_degree": 9}}).bags()["graphs"]
    assert (counted["lamp-mag"], counted.get("mp-mix")) == ("bag-degrees", None)


def test_a_ladder_has_the_rows_of_its_table_and_of_its_controls_and_judges_nothing() -> None:
    chosen = plan()
    ladders = {made.name: made for made in chosen.artifacts.values() if isinstance(made, Ladder)}
    # The tables of nodes print no number of the karate club.
    assert list(ladders) == [*(f"lamp_ladder{n}" for n in (1, 3)), *(f"mmix_ladder{n}" for n in (3, 4, 6, 9))]
    assert set(chosen.left_out) >= {"lamp_ladder2", *(f"mmix_ladder{n}" for n in (2, 5, 7, 8, 10))}
    for made in ladders.values():
        rows = set(chosen.inputs(made)["rows"])
        assert set(chosen.inputs(chosen.artifacts[made.explains])["rows"]) <= rows
        assert rows <= set(chosen.inputs(chosen.artifacts["judge"])["rows"])
        assert any("/majority/" in path for path in rows)
    assert not ladders.keys() & chosen.judged_by().keys()
    of_nodes = plan(mmix={"nodes": {"datasets": ["Cora-LINQS", "Cora"]}}).artifacts
    assert {"mmix_ladder2", "mmix_ladder5", "mmix_ladder7"} <= of_nodes.keys()
    assert "lamp_ladder2" in plan(transfer={"datasets": ["BBBP"]}).artifacts
    for images in ("CIFAR-10", "CIFAR-10-JPEG"):  # a copy is judged for its original
        assert "mmix_ladder7" in plan(mmix={"images": {"datasets": [images]}}).artifacts
    assert "mmix_ladder10" in plan(mmix={"edit_distance": {"dataset": "COIL-DEL"}}).artifacts


def test_controls_take_no_ranks_from_methods() -> None:
    assert ("majority", *(f"bag-{features}" for features in get_args(Features))) == CONTROLS
    chosen = plan()
    for name in ("leakage", "comparisons"):
        rows = chosen.inputs(chosen.artifacts[name])["rows"]
        assert not [path for path in rows if "/majority/" in path or "/bag-" in path]
        assert [path for path in rows if "/bag/" in path]


def test_methods_that_an_evaluation_can_score() -> None:
    methods = methods_by_evaluation()
    assert {"lamp-mag", "wl", "bag"} <= set(methods["svm-rbf"])
    assert "none" in methods["finetune"]
    assert {"mp-mix", "mp-mix-branch-a", "raw-features"} <= set(methods["probe"])
    assert "grace-branch-a" not in methods["probe"]
    assert "hist-kernel" in methods["edit-distance"]


def test_all_data_sets_are_each_once_and_the_users_own_among_them(tmp_path: Path) -> None:
    (tmp_path / "MINE_A.txt").write_text("1, 2\n")
    quick = all_datasets(load_config({"own": {"MINE": str(tmp_path)}}, PRESETS))
    assert quick == ["MUTAG", "Cuneiform", "Solubility-3", "NCI", "Solubility", "KarateClub", "Digits", "MINE"]


@pytest.mark.parametrize(
    "both", [{"gamma": [0.1, 0.2, 0.5], "alpha": [1, 2]}, {"alpha": [1, 2], "gamma": [0.1, 0.2, 0.5]}]
)
def test_of_a_grid_the_longer_side_is_the_axis(both: dict[str, list[float]]) -> None:
    # A recorded configuration has its words in another order.
    chosen = plan(unsupervised={"sweeps": {"both": both}})
    assert chosen.params(chosen.artifacts["sweep_both"])["options"]["parameter"] == "gamma"
