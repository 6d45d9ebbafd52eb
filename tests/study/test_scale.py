"""What a run has in another size than the papers, from the configuration, and the papers' grid of settings."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from relamp.judge.scale import read_scale
from relamp.runtime.home import home
from relamp.study.batches import scorings, trainings
from relamp.study.config import Config, load_config
from relamp.study.plan import Plan
from relamp.study.scale import scale
from relamp.study.studies import studies

GAMMAS, ALPHAS = 19, 5


def config(preset: str, **words: Any) -> Config:
    return load_config({"preset": preset, **words}, home() / "workflow" / "presets")


def test_the_papers_grid_is_trained_and_scored_once() -> None:
    found = {name: study for name, study in studies(config("paper")).items() if not study.of_readings}
    trained = Counter((run.method, run.setting) for each in trainings(found) if not each.alone for run in each.runs)
    scored = Counter(
        (run.method, run.setting) for each in scorings(found) if each.evaluation == "svm-rbf" for run in each.runs
    )
    assert max(trained.values()) == max(scored[key] for key in scored if key[1] != "default") == 1
    counts = Counter(method for method, _ in scored)
    wanted = {"lamp-mag": GAMMAS * ALPHAS, "lamp-soft": GAMMAS * ALPHAS, "lamp-mag-nolocal": GAMMAS}
    assert {name: counts[name] for name in wanted} == wanted


def test_figures_of_sweeps_show_slices_of_the_grid() -> None:
    plan = Plan(config("paper"), "results/paper", "figures/paper")
    judged = set(plan.inputs(plan.artifacts["judge"])["rows"])
    for name, values in (("lamp_fig4", GAMMAS), ("lamp_fig5", ALPHAS)):
        rows = set(plan.inputs(plan.artifacts[name])["rows"])
        assert rows <= judged
        mag = [Path(path) for path in rows if Path(path).parts[-3] == "lamp-mag" and "MUTAG" in path]
        assert len(mag) == values


def test_the_paper_has_its_own_size_but_for_what_public_codes_have_larger() -> None:
    sized = read_scale(scale(config("paper")))
    every = {(name, of, m): each for name, sets in sized.items() for of, ms in sets.items() for m, each in ms.items()}
    assert not any(each.missing for each in every.values())
    smaller = {key: each.sizes for key, each in every.items() if each.sizes}
    # More nodes than a step of the preset's takes have these two sets alone.
    grace, mixes = ("grace", "grace-mp-mix"), ("mp-mix", "mvgrl-infonce")
    assert {(of, m): smaller["probe", of, m] for of in ("Pubmed", "DBLP") for m in grace} == {
        **{("Pubmed", m): {"nodes a step": [4_000, 19_717]} for m in grace},
        **{("DBLP", m): {"nodes a step": [4_000, 17_716]} for m in grace},
    }
    assert all(smaller["kmeans", "Pubmed", m] == {"nodes a step": [4_000, 10_000]} for m in mixes)
    # These compare no sampled nodes.
    assert not any(("probe", "Pubmed", m) in smaller for m in ("mvgrl", "dgi", "cca-ssg", "gae", "untrained"))
    assert {of for name, of, _ in smaller if name in ("probe", "kmeans")} == {"Pubmed", "DBLP"}
    other = {key: each for key, each in smaller.items() if key[0] not in ("probe", "kmeans")}
    of_mmix = ("mvgrl", "mp-mix", "mvgrl-untrained", "mvgrl-host-untrained")
    assert other == {
        **{("edit-distance", "COIL-DEL", m): {"dimensions": [512, 2_048]} for m in of_mmix},
        ("supervised-edits", "COIL-DEL", "supervised"): {"steps": [1_000, 10_000]},
    }
    assert [*sized["svm-rbf"]["MUTAG"]["lamp-soft"].settings] == [95, 95]


def test_m_mix_searches_widths_and_batches_of_which_one_is_run() -> None:
    sized = scale(config("paper"))
    found = {
        (name, of): sized[name][of]["mp-mix"]["settings"] for name, of in (("svm-linear", "MUTAG"), ("probe", "Cora"))
    }
    assert found == {("svm-linear", "MUTAG"): [1, 4 * 7], ("probe", "Cora"): [1, 3 * 7]}
    for name in ("mvgrl", "mvgrl-untrained"):
        assert sized["svm-linear"]["MUTAG"][name]["settings"] == [1, 1]
    assert sized["svm-linear"]["MUTAG"]["mp-mix-branch-a"]["settings"] == [1, 28]


def test_a_step_on_nodes_contrasts_no_more_than_there_are() -> None:
    words = {"nodes": {"datasets": ["Cora"], "methods": ["mp-mix", "mvgrl"], "pretraining": {"sample_size": 2_000}}}
    found = scale(config("paper", mmix=words))["probe"]["Cora"]
    assert found["mp-mix"]["sizes"] == {"nodes a step": [2_000, 2_708]}
    assert found["mvgrl"]["sizes"] == {}


def test_a_copy_is_told_and_images_have_the_sizes_of_m_mix_but_for_the_stand_in() -> None:
    small = {"datasets": ["Digits", "CIFAR-10", "CIFAR-10-JPEG"], "pretraining": {"epochs": 10, "checkpoints": [0, 10]}}
    sized = read_scale(scale(config("paper", mmix={"images": small})))["image-probe"]
    found = {name: sized[name]["simclr"].sizes for name in small["datasets"]}
    # The preset has width 32 and no flips for its stand-in; M-Mix has 64 and flips.
    assert found["Digits"] == {"epochs": [10, 100]}
    assert found["CIFAR-10"] == {"epochs": [10, 500], "width": [32, 64], "flip": [0, 0.5]}
    assert found["CIFAR-10-JPEG"] == {**found["CIFAR-10"], "data": ["CIFAR-10 (JPEG copy)", "CIFAR-10"]}


@pytest.mark.parametrize(
    ("evaluation", "dataset", "method", "sizes", "settings"),
    [
        ("svm-rbf", "MUTAG", "lamp-mag", {"N_s": [1000, 5000]}, [10, 95]),
        ("svm-rbf", "MUTAG", "lamp-soft", {"N_s": [1000, 5000]}, [1, 95]),
        ("svm-rbf", "MUTAG", "lamp-mag-nolocal", {"N_s": [1000, 5000]}, [1, 19]),
        ("svm-rbf", "MUTAG", "graphcl", {}, [1, 1]),  # N_s is LAMP's
        ("svm-rbf", "MUTAG", "wl", {}, [1, 1]),
        ("finetune", "Solubility", "none", {"epochs": [20, 100]}, [1, 1]),
    ],
)
def test_sizes_of_quick(
    evaluation: str, dataset: str, method: str, sizes: dict[str, list[int]], settings: list[int]
) -> None:
    found = scale(config("quick"))[evaluation][dataset][method]
    assert (found["sizes"], found["settings"]) == (sizes, settings)


def test_sizes_follow_the_configuration() -> None:
    desk = scale(config("desk"))
    assert desk["probe"]["Cora"]["mvgrl"]["sizes"]["epochs"] == [100, 2000]
    assert desk["probe"]["Cora"]["mvgrl"]["settings"] == [1, 1]  # a probe chooses nothing
    assert "epochs" not in desk["probe"]["Cora"]["untrained"]["sizes"]
    # GALA alone needs more than M-Mix's 2,000.
    words = {"nodes": {"datasets": ["Cora"], "methods": ["gala", "gae"]}}
    assert scale(config("desk", mmix=words))["probe"]["Cora"]["gala"]["sizes"]["epochs"] == [100, 10_000]
    words["nodes"] |= {"pretraining": {"gala": {"most_epochs": 50}}}
    less = scale(config("desk", mmix=words))["probe"]["Cora"]
    assert (less["gala"]["sizes"]["epochs"], less["gae"]["sizes"]["epochs"]) == ([50, 10_000], [100, 2000])
    molecules = scale(config("quick"))["finetune"]["Solubility"]["lamp-mag"]["sizes"]
    assert molecules["corpus"] == ["NCI", "ZINC15"]
    assert (molecules["epochs"], molecules["fine-tuning epochs"]) == ([5, 80], [20, 100])
    whole = {"unsupervised": {"pretraining": {"local_nodes": 5000}, "sweeps": {"gamma": [0.2]}}}
    again = scale(config("quick", **whole))["svm-rbf"]["MUTAG"]["lamp-mag"]
    assert (again["sizes"], again["settings"]) == ({}, [5, 95])
