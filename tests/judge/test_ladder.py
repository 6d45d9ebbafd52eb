"""Ladders of three cells, computed by hand from a few rows."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from relamp.evaluate.clustering import adjusted_rand_score, normalized_mutual_info_score
from relamp.evaluate.edit_distance import edit_scores
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.ladder import RUNGS, SCRATCH, explained, gains, ladder, stand_ins
from relamp.judge.runs import all_runs, scores
from relamp.judge.verdict import printed_cells
from relamp.render.ladder import ladder_table
from relamp.settings.judging import Judging
from relamp.study.names import FROM_SCRATCH

BAGS = {
    "graphs": {"lamp-mag": "bag-labels", "wl": "bag-labels", "mp-mix-branch-a": "bag-attributes"},
    "nodes": {"mp-mix": "raw-features"},
    "molecules": dict.fromkeys(("lamp-mag", "none"), "ecfp"),
}
JUDGED_BY = {
    **{"lamp_table1": {"graphs": "svm-rbf"}, "mmix_table6": {"nodes": "probe", "graphs": "svm-linear"}},
    **{"lamp_table2": {"molecules": "finetune"}, "mmix_table5": {"nodes": "kmeans"}},
    **{"mmix_table7": {"nodes": "probe", "images": "image-probe"}, "mmix_table10": {"graphs": "edit-distance"}},
}
METHODS = {
    **{"svm-rbf": ["lamp-mag", "wl"], "probe": ["mp-mix", "mp-mix-branch-a", "mvgrl"], "svm-linear": ["wl"]},
    **{"kmeans": ["mp-mix"], "edit-distance": ["mp-mix", "wl"], "finetune": ["lamp-mag", "none"]},
    "image-probe": ["simclr", "simclr-mo-mix-op"],
}
METHODS["probe"].append("raw-features")
JUDGED_BY["mmix_table2"] = {"nodes": "probe"}
FIXED = {"svm-rbf": {"lamp-mag": "gamma~0.2"}, "finetune": {"lamp-mag": "gamma~0.2"}}

# Of one fold: by C the inner and the test accuracy.
Fold = Mapping[float, tuple[float, float]]


def svm(method: str, folds: Sequence[Sequence[Fold]], epoch: float = np.nan, setting: str = "default") -> pd.DataFrame:
    """Rows of a support vector machine: of each seed its folds; C is that of the best inner accuracy."""
    rows = []
    for seed, of_seed in enumerate(folds):
        for fold, candidates in enumerate(of_seed):
            chosen = max(candidates, key=lambda C: candidates[C][0])
            for C, (inner, test) in candidates.items():
                at = {"seed": seed, "epoch": epoch, "fold": fold, "candidate": C, "selected": chosen == C}
                rows += [{**at, "metric": "inner_accuracy", "value": inner / 100}]
                rows += [{**at, "metric": "test_accuracy", "value": test / 100}]
    frame = pd.DataFrame(rows).assign(method=method, dataset="MUTAG", setting=setting, rows="")
    return frame.assign(gamma=float(setting.partition("~")[2])) if "~" in setting else frame


def plain(*tests: Sequence[float]) -> list[list[Fold]]:
    """Of each seed its folds with one candidate."""
    return [[{1.0: (50, test)} for test in seed] for seed in tests]


def probed(method: str, *seeds: float, branch: str = "average", dataset: str = "Cora") -> pd.DataFrame:
    """Rows of a probe: two runs a seed, half a point from the seed's mean."""
    rows = [
        {"seed": seed, "run": run, "value": (value + shift) / 100}
        for seed, value in enumerate(seeds)
        for run, shift in enumerate((-0.5, 0.5))
    ]
    facts = {"method": method, "dataset": dataset, "setting": "default", "epoch": 9, "final": True, "rows": ""}
    return pd.DataFrame(rows).assign(**facts, branch=branch, split="test", metric="accuracy")


def tuned(method: str, *tests: Sequence[float], setting: str = "default") -> pd.DataFrame:
    """Rows of fine-tuning: of each seed the test score of two epochs, of which validation prefers the first."""
    rows = [
        {"seed": seed, "epoch": epoch, "split": split, "task": 0, "metric": "roc_auc", "value": value / 100}
        for seed, epochs in enumerate(tests)
        for epoch, test in enumerate(epochs, start=1)
        for split, value in (("test", test), ("valid", 90 - epoch))
    ]
    return pd.DataFrame(rows).assign(method=method, dataset="BBBP", setting=setting, rows="")


def edited(method: str, **scores: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Rows of edit distances: by metric and part of each seed a value in per cent."""
    rows = [
        {"n": int(part[2:]), "seed": seed, "metric": metric, "value": value / 100}
        for metric, parts in scores.items()
        for part, values in parts.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(method=method, dataset="COIL-DEL", setting="default", rows="")


def printed(
    artifact: str, method: str, dataset: str, value: float, label: str = "", **more: object
) -> dict[str, object]:
    return {
        **{"paper": artifact.split("_")[0], "artifact": artifact, "method": method, "label": label or method},
        **{"dataset": dataset, "metric": "accuracy", "value": value, "spread": np.nan, "decimals": 1},
        **more,
    }


def scored(rows: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    return scores(all_runs({name: pd.concat(of, ignore_index=True) for name, of in rows.items()}), FIXED)


def made(rows: Mapping[str, Sequence[pd.DataFrame]], *cells: Mapping[str, object]) -> pd.DataFrame:
    found = scored(rows)
    located = printed_cells(pd.DataFrame(cells), found, METHODS, JUDGED_BY, {})
    return ladder(located, found, BAGS, Judging())


def steps_of(rungs: pd.DataFrame, rows: Mapping[str, Sequence[pd.DataFrame]]) -> pd.DataFrame:
    return gains(rungs, scored(rows), Judging())


def half(variance: float, freedom: float) -> float:
    return float(stats.t.ppf(0.975, freedom)) * variance**0.5


def between(gain: float, variance: float, freedom: float) -> str:
    """An interval as sentences have it."""
    width = half(variance, freedom)
    return f"({gain - width:.1f} to {gain + width:.1f})"


def of_runs(*runs: float) -> tuple[float, float]:
    """Variance of the mean of two seeds with two folds each, and its degrees of freedom by Welch and Satterthwaite.

    Half the variance of the seeds' means, of one; that within a seed, of which as much is tested as is learnt, of two.
    """
    table = np.array(runs).reshape(2, 2)
    seeds, folds = table.mean(axis=1).var(ddof=1) / 2, table.var(axis=1, ddof=1).mean()
    return seeds + folds, (seeds + folds) ** 2 / (seeds**2 / 1 + folds**2 / 2)


def values(rungs: pd.DataFrame) -> dict[str, float]:
    return rungs.dropna(subset=["mean"]).set_index("rung")["mean"].to_dict()


# Two folds each of two seeds; the setting gamma~0.5 has the better inner accuracy in the first fold of seed 0 alone.
LAMP = [
    svm("majority", plain((60, 70), (64, 70))),
    svm("bag-labels", plain((80, 84), (82, 82))),
    svm("untrained", plain((84, 86), (84, 86)), epoch=0),
    svm("untrained-calibrated", plain((86, 86), (84, 86)), epoch=20),
    svm("simgrace", plain((85, 87), (86, 86)), epoch=20),
    svm(
        "lamp-mag",
        [[{1.0: (80, 84), 10.0: (79, 88)}, {1.0: (90, 90)}], [{1.0: (80, 86)}, {1.0: (80, 84)}]],
        epoch=20,
        setting="gamma~0.2",
    ),
    svm(
        "lamp-mag",
        [[{1.0: (81, 90)}, {1.0: (70, 94)}], [{1.0: (70, 70)}, {1.0: (70, 72)}]],
        epoch=20,
        setting="gamma~0.5",
    ),
]


def test_a_cell_of_lamp_by_hand() -> None:
    found = made({"svm-rbf": LAMP}, printed("lamp_table1", "lamp-mag", "MUTAG", 91.5, "LAMP-Mag"))
    # Nothing of it is fine-tuned.
    assert found["rung"].tolist() == [rung for rung in RUNGS if rung != "scratch"]
    assert values(found) == pytest.approx(
        {
            **{"majority": 66.0, "bag": 82.0, "untrained": 85.0, "calibrated": 85.5, "host": 86.0},
            # Nested: fold 0 of seed 0 takes gamma 0.5 (90), the others gamma 0.2 (90, 86, 84).
            "method": (90 + 90 + 86 + 84) / 4,
            # One epoch was scored: that of the fixed setting (84, 90, 86, 84).
            "epoch-on-test": 86.0,
            # By seed the better setting: 92 of gamma 0.5 against 87, and 85 of gamma 0.2 against 71.
            "setting-on-test": (92 + 85) / 2,
            "C-on-test": (88 + 90 + 86 + 84) / 4,
            "all-on-test": (92 + 85) / 2,
            # For all seeds and folds one setting: gamma 0.2 has 86, gamma 0.5 has 81.5.
            "oracle": 86.0,
            "printed": 91.5,
        }
    )
    assert (found["reason"] == "").all()
    names = found.set_index("rung")["run_as"]
    assert names[["majority", "bag", "untrained", "calibrated", "host", "method"]].tolist() == [
        *("majority", "bag-labels", "untrained", "untrained-calibrated", "simgrace", "lamp-mag")
    ]
    # A kernel has no batch normalisation, and so no such rung.
    wl = svm("wl", plain((80, 80), (80, 80)))
    kernel = made({"svm-rbf": [*LAMP, wl]}, printed("lamp_table1", "wl", "MUTAG", 80.7))
    both = ladder_table(pd.concat([found, kernel]), steps_of(found, {"svm-rbf": LAMP}), Judging())
    assert both.head[4:6] == ("untrained", "calibrated")
    (method, other), _ = both.blocks.values()
    assert (method[4:7], other[4:7]) == (["85.00", "85.50", "86.00"], ["a", "", "a"])
    assert {len(row) for rows in both.blocks.values() for row in rows} == {len(both.head)}
    # The interval is Student's over the seeds, whose means of the majority are 65 and 67.
    width = half(np.var([65, 67], ddof=1) / 2, 1)
    bounds = found.set_index("rung").loc["majority", ["low", "high"]].astype(float)
    assert bounds.tolist() == pytest.approx([66 - width, 66 + width])


def test_a_cell_of_a_branch_of_nodes_by_hand_with_the_host_that_was_run() -> None:
    rows = [
        *(probed("majority", 30, 30), probed("raw-features", 47, 48), probed("untrained", 70, 72, branch="a")),
        *(probed("untrained", 71, 73), probed("mvgrl", 80, 81, branch="a"), probed("mvgrl", 82, 82)),
        *(probed("mp-mix", 81, 83, branch="a"), probed("mp-mix", 84, 84)),
    ]
    # A label of the branch; the other printed row is the average of both branches.
    cells = [
        printed("mmix_table6", "mp-mix-branch-a", "Cora", 85.3, "z_a"),
        printed("mmix_table6", "mp-mix", "Cora", 85.9),
    ]
    found = made({"probe": rows}, *cells)
    alone = found[found["method"] == "mp-mix-branch-a"].set_index("rung")
    steps = {"majority": 30, "bag": 47.5, "untrained": 71, "host": 80.5, "method": 82, "printed": 85.3}
    assert values(found[found["method"] == "mp-mix-branch-a"]) == pytest.approx(steps)
    assert alone.loc[["bag", "untrained", "host"], "run_as"].tolist() == [
        *("raw-features", "untrained-branch-a", "mvgrl-branch-a")
    ]
    both = {"majority": 30, "bag": 47.5, "untrained": 72, "host": 82, "method": 84, "printed": 85.9}
    assert values(found[found["method"] == "mp-mix"]) == pytest.approx(both)
    # A probe chooses nothing.
    loose = alone.loc[["epoch-on-test", "setting-on-test", "C-on-test", "all-on-test", "oracle"]]
    assert loose["mean"].isna().all()
    assert set(loose["reason"]) == {"this evaluation chooses nothing"}


def test_an_untrained_encoder_is_like_the_method() -> None:
    def control(domain: str, method: str, rung: str = "untrained") -> tuple[str, str]:
        return stand_ins(domain, method, {}, set())[rung]

    assert control("graphs", "mp-mix") == ("mvgrl-untrained", "")
    # Its encoder has no batch normalisation.
    assert "calibrated" not in stand_ins("graphs", "mp-mix", {}, set())
    assert control("graphs", "graphcl", "calibrated") == ("untrained-calibrated", "")
    assert control("graphs", "mp-mix-branch-b") == ("mvgrl-untrained-branch-b", "")
    assert control("nodes", "grace-gat") == ("grace-gat-untrained", "")
    assert control("nodes", "grace-branch-a") == ("grace-untrained-branch-a", "")
    other = ("", "no untrained encoder of this kind is run")
    assert control("graphs", "ad-gcl-code") == control("graphs", "ad-gcl-code", "calibrated") == other
    # Its messages have a ReLU, which neither control has.
    assert {control("molecules", "ad-gcl", rung) for rung in ("untrained", "scratch")} == {other}
    assert control("molecules", "simgrace", "scratch") == ("none", "")


def test_rivals_on_nodes_have_features_below_them_and_no_untrained_encoder_of_another_kind() -> None:
    bags = {"nodes": dict.fromkeys(("dgi", "mgae"), "raw-features")}
    known = {"untrained", "raw-features", "majority"}
    found = stand_ins("nodes", "dgi", bags, known)
    assert found["bag"] == ("raw-features", "")
    assert found["untrained"] == ("", "no untrained encoder of this kind is run")
    assert found["host"] == ("", "it has no host")
    assert stand_ins("nodes", "mgae", bags, known)["untrained"] == ("", "it trains nothing")


def test_raw_features_are_the_printed_row_linear() -> None:
    rows = [probed("majority", 30, 30), probed("raw-features", 47, 48)]
    found = made({"probe": rows}, printed("mmix_table2", "linear", "Cora", 47.9))
    assert values(found) == pytest.approx({"majority": 30, "method": 47.5, "printed": 47.9})


def test_a_cell_of_a_kernel_says_what_is_missing_and_why() -> None:
    wl = svm("wl", [[{1.0: (80, 79), 10.0: (70, 83)}, {1.0: (80, 81)}], [{1.0: (80, 80)}, {1.0: (80, 80)}]])
    rows = {"svm-rbf": [wl, svm("majority", plain((60, 70), (64, 70)))]}
    found = made(rows, printed("lamp_table1", "wl", "MUTAG", 80.7))
    assert values(found) == pytest.approx(
        {
            **{"majority": 66, "method": 80, "epoch-on-test": 80, "setting-on-test": 80, "C-on-test": 81},
            **{"all-on-test": 81, "oracle": 80, "printed": 80.7},
        }
    )
    reasons = found[found["mean"].isna()].set_index("rung")["reason"].to_dict()
    assert reasons == {
        **{"bag": "bag-labels was not run", "untrained": "it trains nothing", "host": "it trains nothing"}
    }
    (sentence,) = explained(steps_of(found, rows))["lamp_table1"]
    # Above the majority class in the folds: 19, 11, 16, 10; with the right C 4, 0, 0, 0 more; the seeds 82 and 80 then.
    own, loose = between(14, *of_runs(19, 11, 16, 10)), between(1, *of_runs(4, 0, 0, 0))
    assert sentence == (
        "wl (SVM with an RBF kernel; MUTAG): of the 14.7 points between the majority class and the printed value, "
        f"wl itself reaches 14.0 {own}, choosing epoch, setting and C on the test part adds 1.0 {loose}; the printed "
        f"value lies 0.3 {between(0.3, 2 / 2, 1)} below that. The largest step is wl itself; its interval overlaps "
        "zero and that of the second largest, choosing epoch, setting and C on the test part."
    )


def test_a_cell_of_clusters_by_hand_in_per_cent() -> None:
    def clustered(method: str, nmi: Sequence[float], ari: Sequence[float]) -> pd.DataFrame:
        parts = [probed(method, *of).assign(metric=name) for name, of in (("nmi", nmi), ("ari", ari))]
        return pd.concat(parts).drop(columns="split")

    rows = [clustered("untrained", (28, 30), (16, 18)), clustered("mvgrl", (54, 56), (46, 50))]
    cells = [printed("mmix_table5", "mp-mix", "Cora", value, metric=name) for name, value in (("nmi", 0.6483),)]
    cells += [printed("mmix_table5", "mp-mix", "Cora", 0.5917, metric="ari")]
    rows.append(clustered("mp-mix", (53, 54), (45, 46)))
    found = made({"kmeans": rows}, *cells)
    steps = steps_of(found, {"kmeans": rows})
    nmi = found[found["metric"] == "nmi"]
    wanted = {"majority": 0.0, "untrained": 29.0, "host": 55.0, "method": 53.5, "printed": 64.83}
    assert values(nmi) == pytest.approx(wanted)
    ari = {"majority": 0.0, "untrained": 17.0, "host": 48.0, "method": 45.5, "printed": 59.17}
    assert values(found[found["metric"] == "ari"]) == pytest.approx(ari)
    assert nmi.set_index("rung")["reason"]["bag"] == "k-means on nodes measures no control"
    both = steps.set_index(["metric", "rung"])["gain"]
    assert both["nmi"].dropna().to_dict() == pytest.approx(
        {"untrained": 29.0, "host": 26.0, "method": -1.5, "printed": 11.33}
    )
    said = explained(steps)["mmix_table5"]
    # The untrained encoder against a constant; the host's 26 in both seeds; 1 and 2 taken off.
    assert said[0].startswith(
        "mp-mix (k-means on nodes, NMI; Cora): of the 64.8 points between one cluster for all nodes and the printed "
        f"value, an untrained encoder reaches 29.0 {between(29, 2 / 2, 1)}, training the host, MVGRL, adds 26.0 (26.0 "
        f"to 26.0), mp-mix itself takes off 1.5 {between(1.5, 0.5 / 2, 1)}; 11.3 "
    )
    assert said[1].startswith("mp-mix (k-means on nodes, ARI; Cora): of the 59.2 points")


def test_cells_of_edit_distances_by_hand_for_each_size_and_metric() -> None:
    rows = [
        edited("mvgrl-untrained", accuracy={"n=20": (84, 86), "n=10": (93, 95)}, roc_auc={"n=20": (80, 82)}),
        edited("mvgrl", accuracy={"n=20": (86, 88), "n=10": (94, 96)}, roc_auc={"n=20": (75, 77)}),
        edited("mp-mix", accuracy={"n=20": (80, 82), "n=10": (90, 92)}, roc_auc={"n=20": (70, 72)}),
        edited("wl", accuracy={"n=20": (83, 85), "n=10": (72, 74)}, roc_auc={"n=20": (55, 57)}),
    ]
    cells = [
        printed("mmix_table10", method, "COIL-DEL", value, metric=metric, protocol=part)
        for method, metric, part, value in (
            *(("mp-mix", "accuracy", "n=20", 0.856), ("mp-mix", "accuracy", "n=10", 0.911)),
            *(("mp-mix", "roc_auc", "n=20", 0.794), ("wl", "accuracy", "n=20", 0.826)),
        )
    ]
    found = made({"edit-distance": rows}, *cells).set_index(["method", "metric", "part"])
    for at, wanted in {
        ("mp-mix", "accuracy", "n=20"): [50.0, 85.0, 87.0, 81.0, 85.6],
        ("mp-mix", "accuracy", "n=10"): [50.0, 94.0, 95.0, 91.0, 91.1],
        ("mp-mix", "roc_auc", "n=20"): [50.0, 81.0, 76.0, 71.0, 79.4],
    }.items():
        rungs = ["majority", "untrained", "host", "method", "printed"]
        assert values(found.loc[[at]]) == pytest.approx(dict(zip(rungs, wanted, strict=True)))
    kernel = found.loc[[("wl", "accuracy", "n=20")]]
    assert values(kernel) == pytest.approx({"majority": 50.0, "method": 84.0, "printed": 82.6})
    reasons = kernel.set_index("rung")["reason"]
    assert reasons["untrained"] == reasons["host"] == "it trains nothing"
    assert reasons["bag"].startswith("an edit leaves node features as they are")
    assert reasons["oracle"] == "this evaluation chooses nothing"
    # Both sizes count alike: 50 to 89.5, 91 and 86, and 88.35 printed.
    of = steps_of(found.reset_index(), {"edit-distance": rows})
    mine = of[(of["method"] == "mp-mix") & (of["metric"] == "accuracy")].set_index("rung")
    wanted_gains = {"untrained": 39.5, "host": 1.5, "method": -5.0, "printed": 2.35}
    assert mine["gain"].dropna().to_dict() == pytest.approx(wanted_gains)
    # One encoder for both sizes: a seed has the mean of its sizes, of the untrained ones 88.5 and 90.5.
    width = half(2 / 2, 1)
    assert mine.loc["untrained", ["low", "high"]].tolist() == pytest.approx([39.5 - width, 39.5 + width])
    (sentence, *_) = explained(of)["mmix_table10"]
    assert sentence.startswith(
        "mp-mix (graph edit distance, accuracy; COIL-DEL; mean of n=20, n=10): of the 38.3 points between similarities "
        "drawn at random and the printed value, an untrained encoder reaches 39.5 ("
    )


def test_a_cell_of_fine_tuning_by_hand() -> None:
    rows = [
        # Controls have one epoch.
        *(tuned("ecfp", (70,), (71,)), tuned("frozen-untrained", (57,), (60,))),
        tuned("frozen-calibrated", (59,), (60,)),
        tuned("none", (60, 64), (62, 66)),
        tuned("simgrace", (66, 65), (68, 67)),
        tuned("lamp-mag", (70, 69), (72, 75), setting="gamma~0.2").assign(gamma=0.2),
    ]
    cells = [
        printed("lamp_table2", "lamp-mag", "BBBP", 73.5, "LAMP-Mag", metric="roc_auc"),
        printed("lamp_table2", "none", "BBBP", 65.8, metric="roc_auc"),
    ]
    rungs = made({"finetune": rows}, *cells)
    mine = rungs[rungs["method"] == "lamp-mag"]
    # Nested takes the first epoch, the test part the second one for seed 1.
    wanted = {
        "majority": 50.0,
        "bag": 70.5,
        "untrained": 58.5,
        "calibrated": 59.5,
        "scratch": 61.0,
        "host": 67.0,
        "method": 71.0,
    }
    wanted |= {"epoch-on-test": 72.5}
    wanted |= {"setting-on-test": 72.0, "all-on-test": 72.5, "oracle": 72.5, "printed": 73.5}
    assert values(mine) == pytest.approx(wanted)
    assert mine["rung"].tolist() == list(RUNGS)
    controls = ["chance", "ecfp", "frozen-untrained", "frozen-calibrated", FROM_SCRATCH]
    assert mine["run_as"].tolist()[:7] == [*controls, "simgrace", "lamp-mag"]
    reasons = mine[mine["mean"].isna()].set_index("rung")["reason"].to_dict()
    assert reasons == {"C-on-test": "fine-tuning has no C"}
    scratch = rungs[rungs["method"] == "none"].set_index("rung")
    assert set(scratch.loc[["scratch", "host"], "reason"]) == {"it is not pre-trained"}
    assert scratch.loc[["bag", "untrained"], "mean"].tolist() == pytest.approx([70.5, 58.5])
    assert scratch.loc["method", "mean"] == pytest.approx(61.0)
    (sentence, _) = explained(steps_of(rungs, {"finetune": rows}))["lamp_table2"]
    # In both seeds 6 and 4 more; then 0 and 3.
    assert sentence.startswith(
        "LAMP-Mag (fine-tuning, ROC-AUC; BBBP): of the 23.5 points between one score for all molecules and the printed "
        f"value, a forest on fingerprints reaches 20.5 {between(20.5, 0.5 / 2, 1)}, a linear probe of an untrained "
        f"encoder takes off 12.0 {between(12, 2 / 2, 1)}, showing the data to its batch normalisation adds 1.0 "
        f"{between(1, 2 / 2, 1)}, fine-tuning without pre-training adds 1.5 {between(1.5, 0.5 / 2, 1)}, pre-training "
        "the host, SimGRACE, adds 6.0 (6.0 to 6.0), LAMP-Mag itself adds 4.0 (4.0 to 4.0), choosing epoch and setting "
        f"on the test part adds 1.5 {between(1.5, 4.5 / 2, 1)}; 1.0 {between(1.0, 12.5 / 2, 1)} are left."
    )
    assert SCRATCH == FROM_SCRATCH
    table = ladder_table(rungs, steps_of(rungs, {"finetune": rows}), Judging())
    head = ["chance", "fingerprints", "frozen", "calibrated", "no pre-training", "host", "method", "epoch on test"]
    assert list(table.head)[2:10] == head
    (first, *_) = next(iter(table.blocks.values()))
    assert first[:9] == ["BBBP", "LAMP-Mag", "50.00", "70.50", "58.50", "59.50", "61.00", "67.00", "71.00"]
    assert "a random forest on fingerprints" in table.caption


def test_a_cell_of_images_by_hand() -> None:
    def of(method: str, *seeds: float) -> pd.DataFrame:
        return probed(method, *seeds, dataset="CIFAR-10").drop(columns="branch")

    rows = [of("image-untrained", 30, 32), of("simclr", 86, 88), of("simclr-mo-mix-op", 88, 89)]
    cells = [printed("mmix_table7", name, "CIFAR-10", 90.09) for name in ("simclr", "simclr-mo-mix-op")]
    found = made({"image-probe": rows}, *cells).set_index("method")
    wanted = {"untrained": 31.0, "host": 87.0, "method": 88.5, "printed": 90.09}
    assert values(found.loc["simclr-mo-mix-op"]) == pytest.approx(wanted)
    reasons = found.loc["simclr"].set_index("rung")["reason"]
    assert reasons[["majority", "bag"]].tolist() == ["linear probe on images measures no control"] * 2
    assert reasons["host"] == "it is a host itself"


def test_chance_is_what_an_answer_scores_that_knows_nothing() -> None:
    rng = np.random.default_rng(0)
    classes = rng.integers(7, size=200)
    one = np.zeros(200)
    kmeans = {"nmi": normalized_mutual_info_score(classes, one), "ari": adjusted_rand_score(classes, one)}
    assert {name: 100 * value for name, value in kmeans.items()} == pytest.approx(EVALUATIONS["kmeans"].chance)
    drawn = edit_scores(*rng.uniform(size=(2, 100_000)))
    found = {name: 100 * drawn[name] for name in ("accuracy", "roc_auc")}
    assert found == pytest.approx(EVALUATIONS["edit-distance"].chance, abs=1)
    # Equal similarities are never right, whatever the metric of the pairs says.
    equal = edit_scores(np.ones(9), np.ones(9))
    assert (equal["accuracy"], equal["roc_auc"]) == (0.0, 0.5)
    assert EVALUATIONS["finetune"].chance == {"roc_auc": 100 * equal["roc_auc"]}


def test_gains_are_means_over_data_sets_of_the_steps_that_all_have() -> None:
    rungs = made({"svm-rbf": LAMP}, printed("lamp_table1", "lamp-mag", "MUTAG", 91.5, "LAMP-Mag"))
    other = rungs.assign(dataset="DD", mean=rungs["mean"] + np.arange(len(rungs)))
    other.loc[other["rung"] == "host", "mean"] = np.nan
    found = scored({"svm-rbf": LAMP})
    twice = pd.concat([found, found.assign(dataset="DD")])

    def said(rungs: pd.DataFrame) -> str:
        (sentence,) = explained(gains(rungs, twice, Judging()))["lamp_table1"]
        return sentence

    alone = gains(rungs, found, Judging()).set_index("rung")["gain"].dropna().to_dict()
    wanted = {"bag": 16, "untrained": 3, "calibrated": 0.5, "host": 0.5, "method": 1.5, "all-on-test": 1, "printed": 3}
    assert alone == pytest.approx(wanted)
    both = gains(pd.concat([rungs, other]), twice, Judging()).set_index("rung")
    assert both["datasets"].unique().tolist() == ["DD MUTAG"]
    # Added to the rungs of the second: 0 to 3, then 5 to the method, 9 to all on test, 11 to the printed number.
    gained = {"bag": 16.5, "untrained": 3.5, "calibrated": 1, "method": 2 + 1, "all-on-test": 1 + 2, "printed": 3 + 1}
    assert both["gain"].dropna().to_dict() == pytest.approx(gained)
    bag, untrained = of_runs(20, 14, 18, 12), of_runs(4, 2, 2, 4)
    calibrated, host = of_runs(2, 0, 0, 0), of_runs(-1, 1, 2, 0)
    # Nested has 90, 90, 86, 84 above the host's 85, 87, 86, 86; all on test 90, 94, 86, 84; 92 and 85 by seed.
    method, loose, seeds = of_runs(5, 3, 0, -2), of_runs(0, 4, 0, 0), 24.5 / 2
    # Two data sets with the same runs: each variance counts for a quarter, and the degrees of freedom add up.
    one, width = gains(rungs, found, Judging()).set_index("rung").loc["bag"], half(bag[0] / 2, 2 * bag[1])
    assert [one["low"], one["high"]] == pytest.approx([16 - half(*bag), 16 + half(*bag)])
    assert both.loc["bag", ["low", "high"]].tolist() == pytest.approx([16.5 - width, 16.5 + width])
    width = half(seeds / 2, 2)
    assert both.loc["printed", ["low", "high"]].tolist() == pytest.approx([4 - width, 4 + width])
    largest = (
        "The largest step is a bag of the same node features; its interval overlaps zero and that of the second "
        "largest, "
    )
    assert said(rungs) == (
        "LAMP-Mag (SVM with an RBF kernel; MUTAG): of the 25.5 points between the majority class and the printed "
        f"value, a bag of the same node features reaches 16.0 {between(16, *bag)}, an untrained encoder adds 3.0 "
        f"{between(3, *untrained)}, showing the data to its batch normalisation adds 0.5 "
        f"{between(0.5, *calibrated)}, training the host, SimGRACE, adds 0.5 {between(0.5, *host)}, "
        f"LAMP-Mag itself adds 1.5 {between(1.5, *method)}, choosing epoch, setting and C on the test part adds 1.0 "
        f"{between(1, *loose)}; 3.0 {between(3, seeds, 1)} are left. {largest}an untrained encoder."
    )
    bare = rungs[rungs["rung"].isin(["method", "all-on-test", "printed"])]
    assert said(bare) == (
        "LAMP-Mag (SVM with an RBF kernel; MUTAG): of the 4.0 points between what LAMP-Mag reaches and the printed "
        f"value, choosing epoch, setting and C on the test part reaches 1.0 {between(1, *loose)}; 3.0 "
        f"{between(3, seeds, 1)} are left. The largest step is what nothing here explains; its interval overlaps zero "
        "and that of the second largest, choosing epoch, setting and C on the test part."
    )
    below = rungs.assign(mean=rungs["mean"].where(rungs["rung"] != "printed", 60.0))
    assert "MUTAG): the printed value lies 6.0 points below the majority class, a bag" in said(below)
    assert f"; the printed value lies 28.5 {between(28.5, seeds, 1)} below that. The largest" in said(below)
    less = rungs[rungs["rung"] != "host"].assign(mean=lambda found: found["mean"].where(found["rung"] != "bag", 66.0))
    assert f"features adds nothing {between(0, *bag)}, an untrained encoder adds 19.0 (" in said(less)
    assert ", training adds 2.0 (" in said(less)


def test_a_step_without_spread_is_certain_and_of_one_run_unknown() -> None:
    rows = [probed("untrained", 70, 72, 71), probed("mvgrl", 80, 82, 81), probed("mp-mix", 85, 87, 86)]
    cell = printed("mmix_table6", "mp-mix", "Cora", 85.9)
    (sentence,) = explained(steps_of(made({"probe": rows}, cell), {"probe": rows}))["mmix_table6"]
    assert sentence.endswith("The largest step is training the host, MVGRL.")
    assert "MVGRL, reaches 10.0 (10.0 to 10.0), mp-mix itself adds 5.0 (5.0 to 5.0); the" in sentence
    single = [of[of["seed"] == 0] for of in rows]
    (sentence,) = explained(steps_of(made({"probe": single}, cell), {"probe": single}))["mmix_table6"]
    assert "MVGRL, reaches 10.0, mp-mix itself adds 5.0; 0.9 are left." in sentence
    assert sentence.endswith("The largest step is training the host, MVGRL; its interval is not known.")


def test_the_printed_spread_and_rungs_of_other_seeds_widen_a_step() -> None:
    rows = [probed("mvgrl", 80, 82, 84), probed("mp-mix", 85, 87)]
    cell = printed("mmix_table6", "mp-mix", "Cora", 88.0, spread=2.0, n=50)
    rungs = made({"probe": rows}, cell)
    steps = steps_of(rungs, {"probe": rows}).set_index("rung")
    # Welch: 4 / 3 of the host with 2 degrees of freedom, 2 / 2 of the method with 1; nothing is paired.
    variances, freedoms = np.array([4 / 3, 1.0]), np.array([2, 1])
    width = half(variances.sum(), variances.sum() ** 2 / (variances**2 / freedoms).sum())
    assert steps.loc["method", ["low", "high"]].tolist() == pytest.approx([4 - width, 4 + width])
    # The printed deviation of 50 runs is by n, so that its variance is 4 * 50 / 49 / 50.
    variances, freedoms = np.array([1.0, 4 / 49]), np.array([1, 49])
    width = half(variances.sum(), variances.sum() ** 2 / (variances**2 / freedoms).sum())
    assert steps.loc["printed", ["low", "high"]].tolist() == pytest.approx([2 - width, 2 + width])
    last = rungs.set_index("rung").loc["printed"]
    assert (last["std"], last["seeds"]) == (pytest.approx(2 * (50 / 49) ** 0.5), 50)


def test_what_is_not_judged_has_no_ladder() -> None:
    cells = [printed("lamp_table1", "lamp-mag", "DD", 79.5), printed("lamp_table1", "graphcl", "MUTAG", 86.8)]
    assert made({"svm-rbf": LAMP}, *cells).empty
    assert steps_of(made({"svm-rbf": LAMP}, *cells), {"svm-rbf": LAMP}).empty


@pytest.mark.parametrize(
    ("domain", "method", "known", "untrained", "host"),
    [
        ("graphs", "mp-mix", {"mvgrl", "mvgrl-infonce"}, "mvgrl-untrained", "mvgrl-infonce"),
        ("graphs", "mp-mix", {"mvgrl"}, "mvgrl-untrained", "mvgrl"),
        ("graphs", "mvgrl", {"mvgrl-infonce"}, "mvgrl-host-untrained", "it is a host itself"),
        ("graphs", "simgrace", set(), "untrained", "it has no host"),
        ("graphs", "lamp-mag-nolocal", set(), "untrained", "simgrace"),
        (
            "graphs",
            "mp-mix-branch-a",
            {"mvgrl"},
            "mvgrl-untrained-branch-a",
            "mvgrl-infonce-branch-a",
        ),
        ("nodes", "grace-mp-mix", set(), "grace-untrained", "grace"),
        ("nodes", "grace-gat", set(), "grace-gat-untrained", "no host of this kind is run"),
        ("nodes", "mo-mix-branch-b", {"mvgrl-branch-b"}, "untrained-branch-b", "mvgrl-branch-b"),
        ("images", "simclr-mp-mix-op", set(), "image-untrained", "simclr"),
        ("molecules", "lamp-soft", {"simgrace"}, "frozen-untrained", "simgrace"),
        ("molecules", "graphcl", set(), "frozen-untrained", "it has no host"),
    ],
)
def test_untrained_encoder_and_host_are_those_of_the_method(
    domain: str, method: str, known: set[str], untrained: str, host: str
) -> None:
    found = stand_ins(domain, method, {}, known)
    assert ["".join(found[name]) for name in ("untrained", "host")] == [untrained, host]
    assert found["bag"] == ("", "no bag of its features is run")


def test_controls_of_molecules_that_were_not_run_are_told() -> None:
    cell = printed("lamp_table2", "lamp-mag", "BBBP", 73.5, metric="roc_auc")
    lamp = tuned("lamp-mag", (70, 69), (72, 75), setting="gamma~0.2").assign(gamma=0.2)
    found = made({"finetune": [lamp]}, cell).set_index("rung")
    missing = {"bag": "ecfp", "untrained": "frozen-untrained", "calibrated": "frozen-calibrated"}
    missing |= {"scratch": "none", "host": "simgrace"}
    assert found["reason"][list(missing)].to_dict() == {rung: f"{name} was not run" for rung, name in missing.items()}
