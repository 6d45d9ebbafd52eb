from pathlib import Path

import pandas as pd
import pytest
import yaml

from relamp.data.rows import write_table
from relamp.errors import RelampError
from relamp.site.findings import FILE, Findings, Numbers, load_findings
from relamp.site.records import Record

CELLS = pd.DataFrame(
    [
        ("lamp_table1", "a", "D", "accuracy", "", 90.02, 88.64, "worse", "quick"),
        ("lamp_table1", "a", "E", "accuracy", "", 70.0, float("nan"), "not run", ""),
        ("mmix_table10", "b", "D", "accuracy", "n=10", 50.0, 40.0, "better", "desk"),
        ("mmix_table10", "b", "D", "accuracy", "n=15", 51.0, 41.0, "worse", "desk"),
    ],
    columns=["artifact", "method", "dataset", "metric", "part", "published", "mean", "verdict", "run"],
)
CLAIMS = pd.DataFrame({"outcome": ["holds", "fails", "holds"]})


def said(folder: Path, sentence: str) -> str:
    empty: dict[str, object] = {name: [] for name in Findings.model_fields if name != "artifacts"}
    (folder / FILE).write_text(yaml.safe_dump({**empty, "artifacts": {}, "headline": [sentence]}))
    scores = pd.DataFrame(
        [
            ("svm-rbf", "bag", "D", "accuracy", "", "nested", seed, value)
            for seed, value in ((0, 0.5), (0, 0.7), (1, 0.8))
        ],
        columns=["evaluation", "method", "dataset", "metric", "part", "protocol", "seed", "value"],
    )
    scores.to_csv(folder / "scores.csv", index=False)
    steps = pd.DataFrame(
        {"role": ["rung", "gain"], "method": "a", "rung": "host", "gain": 1.46, "low": [0, -0.04], "high": 3.2}
    )
    for part in ("tables", "figures"):
        (folder / part).mkdir(exist_ok=True)
    steps.to_csv(folder / "tables" / "lamp_ladder1.csv", index=False)
    answers = {"question": "ties", "answer": ["one", "two"], "effect": [-1.46, 3], "low": [-3.2, 1], "high": [-0.04, 5]}
    moves = pd.DataFrame({"method": "a", "dataset": "D", **answers})
    moves.to_csv(folder / "tables" / "multiverse_effects.csv", index=False)
    means = pd.DataFrame({"dataset": "D", "mean": [71.26, 72.0, 80.0], "role": ["reading", "reading", "level"]})
    means.assign(ties=["one", "two", "one"]).to_csv(folder / "figures" / "multiverse_svm-rbf_a.csv", index=False)
    probed = [
        *((0, 25, "average", "test", 0.5), (0, 25, "average", "test", 0.7), (1, 25, "average", "test", 0.8)),
        *((0, 25, "average", "valid", 0.3), (0, 25, "a", "test", 0.1), (0, 50, "average", "test", 0.2)),
    ]
    rows = pd.DataFrame(probed, columns=["seed", "epoch", "branch", "split", "value"])
    write_table(folder / "rows" / "probe" / "D" / "b" / "default" / "rows.csv", rows, {})
    quick = Record("quick", folder, CELLS, CLAIMS, {}, {}, {}, {}, {})
    return load_findings(folder, Numbers([quick], CELLS, CLAIMS)).headline[0]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ('{{ here("lamp_table1", "a", "D") }} ({{ printed("lamp_table1", "a", "D") }})', "88.6 (90.0)"),
        ('{{ here("mmix_table10", "b", "D", part="n=15") }}', "41.0"),
        ('{{ printed("lamp_table1", "a", "E") }}', "70.0"),
        ('{{ ran() }} {{ ran("lamp_table1") }} {{ count("worse") }} {{ count("worse", "mmix_table10") }}', "3 1 2 1"),
        ('{{ claimed() }} {{ claimed("holds") }} {{ runs_of("mmix_table10") }}', "3 2 desk"),
        ('{{ step("quick", "lamp_table1", "a", "host") }}', "1.5 (0.0 to 3.2)"),
        ('{{ effect("quick", "a", "D", "ties", "one") }}', "-1.5 (-3.2 to 0.0)"),
        ('{{ reading("quick", "svm-rbf", "a", "D", "ties", "one") }}', "71.3"),
        # The mean over seeds of their means over folds: (60 + 80) / 2.
        ('{{ score("quick", "svm-rbf", "bag", "D") }}', "70.0"),
        ('{{ after("quick", "b", "D", 25) }} {{ after("quick", "b", "D", 25, "valid") }}', "70.0 30.0"),
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
        ('{{ after("quick", "b", "D", 30) }}', "b on D was not probed after 30 epochs in quick"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ here( }}", "findings.yaml: "),
    ],
)
def test_a_number_that_no_run_has_is_an_error(tmp_path: Path, sentence: str, message: str) -> None:
    with pytest.raises(RelampError, match=message.replace("(", r"\(")):
        said(tmp_path, sentence)


def test_a_file_that_is_missing_or_says_something_else_is_named(tmp_path: Path) -> None:
    numbers = Numbers([], CELLS, CLAIMS)
    with pytest.raises(RelampError, match=r"findings\.yaml: is not there"):
        load_findings(tmp_path, numbers)
    (tmp_path / FILE).write_text("headline: [a]\nmore: 1\n")
    with pytest.raises(RelampError, match=r"findings\.yaml: scope: Field required"):
        load_findings(tmp_path, numbers)
