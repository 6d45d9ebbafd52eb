import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from relamp.data.rows import write_table
from relamp.errors import RelampError
from relamp.judge.verdict import TOO_WIDE
from relamp.site.findings import FILE, Findings, Numbers, load_findings
from relamp.site.records import Record

CELLS = pd.DataFrame(
    [
        ("lamp_table1", "a", "D", "accuracy", "", 90.02, 88.64, "worse", "quick"),
        ("lamp_table1", "a", "E", "accuracy", "", 70.0, float("nan"), "not run", ""),
        ("mmix_table10", "b", "D", "accuracy", "n=10", 50.0, 40.0, "better", "desk"),
        ("mmix_table10", "b", "D", "accuracy", "n=15", 51.0, 41.5, "worse", "desk"),
    ],
    columns=["artifact", "method", "dataset", "metric", "part", "published", "mean", "verdict", "run"],
).assign(scaled=["", "", "epochs 20 / 200; seeds 3 / 5", "seeds 3 / 5"])
CELLS = CELLS.assign(otherwise=["", "", "worse by b", ""], contested=False)
CLAIMS = pd.DataFrame({"id": ["wins", "loses", "ties"], "outcome": ["holds", "fails", "holds"]}).assign(
    evidence=["claimed +1; over b: +0.86 (+0.04 to +1.69); over c on 1 of 8: +2.00 (+1.00 to +3.00)", "", ""]
)


def said(folder: Path, sentence: str) -> str:
    empty: dict[str, object] = {name: [] for name in Findings.model_fields if name != "artifacts"}
    (folder / FILE).write_text(yaml.safe_dump({**empty, "artifacts": {}, "together": [sentence]}))
    scores = pd.DataFrame(
        [
            ("svm-rbf", method, "D", "accuracy", "", "nested", seed, fold, value)
            for method, seed, fold, value in (
                ("bag", 0, 0, 0.5),
                ("bag", 0, 1, 0.7),
                ("bag", 1, 0, 0.8),
                ("wl", 0, 0, 0.9),
            )
        ],
        columns=["evaluation", "method", "dataset", "metric", "part", "protocol", "seed", "fold", "value"],
    )
    scores.to_csv(folder / "scores.csv", index=False)
    steps = pd.DataFrame(
        {"role": ["rung", "gain"], "method": "a", "rung": "host", "gain": 1.46, "low": [0, -0.04], "high": 3.2}
    )
    for part in ("tables", "figures"):
        (folder / part).mkdir(exist_ok=True)
    steps.to_csv(folder / "tables" / "lamp_ladder1.csv", index=False)
    rules = pd.DataFrame(
        {"dataset": ["D", "D", "E", "E"], "rung": ["method", "C-on-test"] * 2, "mean": [60, 62, 61, 64]}
    )
    rules.assign(role="rung", method="a").to_csv(folder / "tables" / "lamp_ladder2.csv", index=False)
    answers = {"question": "ties", "answer": ["one", "two"], "effect": [-1.46, 3], "low": [-3.2, 1], "high": [-0.04, 5]}
    moves = pd.DataFrame({"method": "a", "dataset": "D", **answers})
    moves.to_csv(folder / "tables" / "multiverse_effects.csv", index=False)
    means = pd.DataFrame({"dataset": "D", "mean": [71.26, 72.0, 80.0], "role": ["reading", "reading", "level"]})
    means.assign(ties=["one", "two", "one"]).to_csv(folder / "figures" / "multiverse_svm-rbf_a.csv", index=False)
    pairs = {
        "method": "a",
        "rival": "b",
        "datasets": ["D", "E"],
        "mean": [1.25, 3],
        "low": [-0.04, 2],
        "high": [2.5, 4],
    }
    pd.DataFrame(pairs).to_csv(folder / "tables" / "comparisons.csv", index=False)
    curve = {"method": "a", "dataset": "D", "x": [0.1, 0.5, 0.9, None], "mean": [71.26, 72.0, 60.0, 90.0]}
    pd.DataFrame({**curve, "role": [*["curve"] * 3, "reference"]}).to_csv(
        folder / "figures" / "lamp_fig4.csv", index=False
    )
    damage = {"dataset": "D", "augmentation": "subgraph", "reading": ["paper", "code"], "median": [61.94, -2.86]}
    pd.DataFrame(damage).to_csv(folder / "figures" / "lamp_fig2.csv", index=False)
    evidence = "claimed +1; D, over b: +1.46 (-0.04 to +3.26); E, over b: place 2"
    pd.DataFrame({"id": ["wins"], "evidence": evidence}).to_csv(folder / "claims.csv", index=False)
    probed = [
        *((0, 25, "average", "test", 0.5), (0, 25, "average", "test", 0.7), (1, 25, "average", "test", 0.8)),
        *((0, 25, "average", "valid", 0.3), (0, 25, "a", "test", 0.1), (0, 50, "average", "test", 0.2)),
    ]
    rows = pd.DataFrame(probed, columns=["seed", "epoch", "branch", "split", "value"])
    write_table(folder / "rows" / "probe" / "D" / "b" / "default" / "rows.csv", rows, {})
    clusters = [
        (0, 25, "sum", "nmi", 0.2, False),
        (1, 25, "sum", "nmi", 0.4, True),
        (1, 25, "sum", "ari", 0.9, True),
        (1, 25, "b", "nmi", 0.9, True),
        (0, 50, "sum", "nmi", 0.8, True),
    ]
    found = pd.DataFrame(clusters, columns=["seed", "epoch", "branch", "metric", "value", "final"])
    write_table(folder / "rows" / "kmeans" / "D" / "b" / "default" / "rows.csv", found, {})
    ends = pd.DataFrame(
        {"seed": [0, 1], "epoch": [75, 60], "branch": "sum", "metric": "nmi", "value": 0.5, "final": True}
    )
    write_table(folder / "rows" / "kmeans" / "D" / "c" / "default" / "rows.csv", ends, {})
    # Nothing is chosen before training; of equal epochs the first.
    chosen = [(0, 0, 0.9, 0.9), (0, 25, 0.5, 0.4), (0, 50, 0.4, 0.6), (0, 75, 0.5, 0.3), (1, 25, 0.2, 0.5)]
    # A checkpoint within the patience is later than the end.
    chosen += [(1, 60, 0.6, 0.2), (1, 80, 0.1, 0.1)]
    each = [
        (seed, epoch, "average", *part)
        for seed, epoch, *on in chosen
        for part in zip(("valid", "test"), on, strict=True)
    ]
    rows = pd.DataFrame(each, columns=rows.columns)
    write_table(folder / "rows" / "probe" / "D" / "c" / "default" / "rows.csv", rows, {})
    quick = Record("quick", folder, CELLS, CLAIMS, {}, {}, {}, {})
    return load_findings(folder, Numbers([quick], CELLS, CLAIMS)).together[0]


def beside(folder: Path, name: str, method: str, values: list[float], inner: str = "shuffled") -> Record:
    """Return a run with the accuracies of a method on D, of two seeds in two folds."""
    (folder / name).mkdir()
    place = folder / name / "rows" / "svm-rbf" / "D" / method / "default" / "rows.csv"
    write_table(place, pd.DataFrame({"seed": [0]}), {"protocol": {"inner": inner}})
    scores = pd.DataFrame({"seed": [0, 0, 1, 1], "fold": [0, 1, 0, 1], "value": values}).assign(
        **{"evaluation": "svm-rbf", "method": method, "dataset": "D", "setting": "default", "rows": place},
        **{"metric": "accuracy", "part": ""},
    )
    both = pd.concat([scores.assign(protocol=protocol) for protocol in ("fixed", "nested")])
    both.to_csv(folder / name / "scores.csv", index=False)
    return Record(name, folder / name, CELLS, CLAIMS, {}, {}, {}, {})


def test_a_rival_may_be_of_another_run_that_measured_alike(tmp_path: Path) -> None:
    one = beside(tmp_path, "one", "a", [0.52, 0.61, 0.53, 0.64])
    other = beside(tmp_path, "other", "b", [0.5, 0.6, 0.5, 0.6])
    third = beside(tmp_path, "third", "b", [0.5, 0.6, 0.5, 0.6], inner="unshuffled")
    numbers = Numbers([one, other, third], CELLS, CLAIMS)
    # Differences of 2, 1, 3 and 4 points: by seed 1.5 and 3.5.
    assert numbers.over("one", "a", "b", "D", "other").startswith("2.5 (")
    assert numbers.over("other", "b", "a", "D", "one").startswith("-2.5 (")
    with pytest.raises(RelampError, match="one and third did not measure both on D alike"):
        numbers.over("one", "a", "b", "D", "third")
    with pytest.raises(RelampError, match="one and other did not measure both on D alike"):
        numbers.over("one", "a", "c", "D", "other")


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('{{ here("lamp_table1", "a", "D") }} ({{ printed("lamp_table1", "a", "D") }})', "88.6 (90.0)"),
        ('{{ here("mmix_table10", "b", "D", part="n=15") }}', "41.5"),
        ('{{ printed("lamp_table1", "a", "E") }}', "70.0"),
        ('{{ ran() }} {{ ran("lamp_table1") }} {{ count("worse") }} {{ count("worse", "mmix_table10") }}', "3 1 2 1"),
        ('{{ claimed() }} {{ claimed("holds") }} {{ runs_of("mmix_table10") }}', "3 2 desk"),
        ('{{ step("quick", "lamp_table1", "a", "host") }}', "1.5 (0.0 to 3.2)"),
        ('{{ effect("quick", "a", "D", "ties", "one") }}', "-1.5 (-3.2 to 0.0)"),
        ('{{ reading("quick", "svm-rbf", "a", "D", "ties", "one") }}', "71.3"),
        # The mean over seeds of their means over folds: (60 + 80) / 2.
        ('{{ score("quick", "svm-rbf", "bag", "D") }}', "70.0"),
        ('{{ clustered("quick", "b", "D", "nmi", 25) }}', "30.0"),
        ('{{ after("quick", "b", "D", 25) }} {{ after("quick", "b", "D", 25, "valid") }}', "70.0 30.0"),
        ('{{ among("quick", "svm-rbf", "D", "bag", "wl") }}', "70.0 to 90.0"),
        ('{{ seeds("quick", "svm-rbf", "bag", "D") }}', "60.0, 80.0"),
        (
            '{{ over("quick", "a", "b", "D") }} / {{ over("quick", "b", "a", "D") }}',
            "1.2 (0.0 to 2.5) / -1.2 (-2.5 to 0.0)",
        ),
        # 90.02 - 88.64; then 50 - 40 and 51 - 41.5.
        ('{{ apart("lamp_table1", "a") }} {{ below("mmix_table10", "b") }}', "1.4 9.5 to 10.0"),
        ('{{ between("quick", "lamp_fig4", "a", "D", 0, 0.5) }}', "71.3 to 72.0"),
        ('{{ between("quick", "lamp_fig4", "a", "D") }}', "60.0 to 72.0"),
        ('{{ lost("quick", "D", "subgraph", "paper") }} {{ lost("quick", "D", "subgraph", "code", 1) }}', "62 -2.9"),
        ('{{ value("quick", "figures/lamp_fig2", "median", dataset="D", reading="paper") }}', "61.9"),
        ('{{ evidence("quick", "wins", "D, over b") }}', "1.5 (0.0 to 3.3)"),
        ('{{ evidence("", "wins", "over b") }}', "0.9 (0.0 to 1.7)"),
        ('{{ count("worse", "lamp_table1", "a") }} {{ count("worse", "", "c") }}', "1 0"),
        ('{{ smaller("better") }} {{ smaller("worse") }}', "1 0"),
        ('{{ fewer_seeds("better") }} {{ fewer_seeds("worse") }} {{ torn() }}', "0 1 1"),
        ('{{ ended("quick", "b", "D") }}', "25 to 50"),
        # 40 and 20 by validation, 60 and 50 by test.
        ('{{ best_epoch("quick", "c", "D", "validation") }} {{ best_epoch("quick", "c", "D", "test") }}', "30.0 55.0"),
        ('{{ best_epoch("quick", "c", "D", "last") }}', "25.0"),
        # The bag's 70 less itself.
        ('{{ ahead("quick", "svm-rbf", "bag", "bag", ["D"], "accuracy", "nested") }}', "0.0"),
        # 62 and 64 with the other rule, 60 and 61 by the method.
        ('{{ adds("quick", "lamp_table2", "a", "C-on-test") }}', "2.5"),
        ("plain < words", "plain < words"),
    ],
)
def test_numbers_come_from_the_rows(tmp_path: Path, sentence: str, expected: str) -> None:
    assert said(tmp_path, sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ('{{ here("lamp_table1", "a", "E") }}', "0 numbers that were run are lamp_table1, a, E"),
        ('{{ here("mmix_table10", "b", "D") }}', "2 numbers that were run are"),
        ('{{ printed("mmix_table10", "b", "E") }}', "0 printed numbers are mmix_table10, b, E"),
        ('{{ score("desk", "svm-rbf", "bag", "D") }}', "no recorded run 'desk'; known are quick"),
        ('{{ score("quick", "svm-rbf", "bag", "F") }}', "quick has no score svm-rbf, bag, F"),
        (
            '{{ step("quick", "lamp_table1", "a", "bag") }}',
            "0 rows of tables/lamp_ladder1 in quick are gain, a, bag; name",
        ),
        (
            '{{ effect("quick", "a", "E", "ties", "one") }}',
            "0 rows of tables/multiverse_effects in quick are a, E, ties, one",
        ),
        ('{{ effect("desk", "a", "D", "ties", "one") }}', "no recorded run 'desk'; known are quick"),
        ('{{ step("quick", "lamp_table9", "a", "host") }}', "the recorded run quick has no tables/lamp_ladder9"),
        (
            '{{ reading("quick", "svm-rbf", "a", "D", "knots", "one") }}',
            "figures/multiverse_svm-rbf_a in quick has no knots; ",
        ),
        (
            '{{ reading("quick", "svm-rbf", "a", "D", "ties", "no") }}',
            "0 rows of figures/multiverse_svm-rbf_a in quick are D, ",
        ),
        ('{{ after("quick", "a", "D", 25) }}', "the recorded run quick has no probe of a on D"),
        ('{{ after("quick", "b", "D", 30) }}', "b on D in quick, probed: nothing is there of epoch 30"),
        (
            '{{ clustered("quick", "b", "D", "nmi", 30) }}',
            "b on D in quick, nmi of k-means: nothing is there of epoch 30",
        ),
        ('{{ best_epoch("quick", "b", "D", "test") }}', "b on D was probed after its last epoch alone in quick"),
        ('{{ over("quick", "a", "c", "D") }}', "0 rows of tables/comparisons in quick are a, c, D; name one"),
        ('{{ apart("lamp_table1", "b") }}', "no number of b in lamp_table1 was run"),
        ('{{ between("quick", "lamp_fig4", "a", "D", 2) }}', "lamp_fig4 in quick has no curve of a on D there"),
        ('{{ evidence("quick", "wins", "D") }}', "wins in quick has no one difference of 'D'; it has claimed"),
        (
            '{{ evidence("", "wins", "over c") }}',
            "wins over all runs has no one difference of 'over c'; it has claimed",
        ),
        ('{{ evidence("", "places", "over c") }}', "0 rows of claims over all runs are places"),
        ('{{ evidence("quick", "wins", "E, over b") }}', "wins in quick has no one difference of 'E, over b'"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ here( }}", "findings.yaml: "),
    ],
)
def test_a_number_that_no_run_has_is_an_error(tmp_path: Path, sentence: str, message: str) -> None:
    with pytest.raises(RelampError, match=message.replace("(", r"\(")):
        said(tmp_path, sentence)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("{{ decided_by() }} {{ decided_by(4) }} {{ decided_by(3) }} {{ too_wide() }}", "1 1 0 1"),
        # Over two runs Student's factor is 12.7, and the printed ± 3 has an interval of 38 points; over ten one of
        # 2.3, and 86 is more than that and the margin above 80. What is over ten in print stays so.
        ('{{ if_over(2, "worse") }} {{ if_over(2, "inconclusive") }} {{ if_over(10, "worse") }}', "1 3 3"),
        ('{{ contested() }} {{ count("inconclusive") }} {{ if_over(10, "inconclusive") }}', "1 3 1"),
        # A number that is not comparable stays so, and one that was not run is not counted.
        ('{{ if_over(2, "not comparable") }} {{ if_over(2, "not run") }}', "1 0"),
        ('{{ shift("lamp", "own").below }} of {{ shift("lamp", "own").numbers }}', "1 of 1"),
        ('{{ shift("lamp", "quoted").median }}', "-6.0"),
    ],
)
def test_what_many_numbers_show(tmp_path: Path, sentence: str, expected: str) -> None:
    nothing = float("nan")
    cells = pd.DataFrame(
        [
            ("lamp-mag", "D", nothing, "inconclusive", "", 4, ""),
            ("wl", "D", nothing, "inconclusive", "GCL", nothing, f"not even 1,000; {TOO_WIDE}"),
            ("wl", "E", 10, "worse", "GCL", nothing, ""),
            ("wl", "F", nothing, "not comparable", "GCL", nothing, ""),
            ("wl", "G", nothing, "not run", "GCL", nothing, ""),
            # Another run says otherwise, so that it stays open whatever its ± is over.
            ("wl", "H", 10, "inconclusive", "GCL", nothing, ""),
        ],
        columns=["method", "dataset", "n", "verdict", "quoted", "further_seeds", "note"],
    ).assign(paper="lamp", artifact="lamp_table1", metric="accuracy", part="", published=86.0, spread=3.0)
    cells = cells.assign(mean=80.0, std_seeds=0.0, seeds=3, scaled="", contested=cells["dataset"] == "H")
    empty: dict[str, object] = {name: [] for name in Findings.model_fields if name != "artifacts"}
    (tmp_path / FILE).write_text(yaml.safe_dump({**empty, "artifacts": {}, "together": [sentence]}))
    assert load_findings(tmp_path, Numbers([], cells, CLAIMS)).together == (expected,)


def test_a_file_that_is_missing_or_says_something_else_is_named(tmp_path: Path) -> None:
    numbers = Numbers([], CELLS, CLAIMS)
    with pytest.raises(RelampError, match=r"findings\.yaml: is not there"):
        load_findings(tmp_path, numbers)
    (tmp_path / FILE).write_text("headline: []\nglance: []\nmore: 1\n")
    with pytest.raises(RelampError, match=r"findings\.yaml: scope: Field required"):
        load_findings(tmp_path, numbers)


def test_the_numbers_of_the_readme_are_those_of_the_findings() -> None:
    root = Path(__file__).parents[2]
    readme = (root / "README.md").read_text()
    told = " ".join((root / "reproduction" / "findings.txt").read_text().split())
    opening = " ".join(readme.split("\nA number is reproduced")[0].split())
    interval = r"-?\d+\.\d+ \(-?\d+\.\d+ to -?\d+\.\d+"
    of_points = opening.split(" 1. ")[1].replace(" points (", " (")
    for numbers, of in (
        (r"\d+\.\d+", of_points),
        (interval, of_points),
        (r"(?<![\d,])\d+ of \d+(?![\d,])", opening),
    ):
        found = set(re.findall(numbers, of))
        assert found
        assert found <= set(re.findall(numbers, told))
