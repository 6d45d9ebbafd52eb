"""Checks of a paper's sentences against tables of a few cells, each worked out by hand."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.claims import Claim, Finding
from relamp.judge.published import load_published

HEAD = "paper,artifact,method,dataset,metric,value,spread,spread_meaning,n,note,protocol"
VALUES = {
    ("ours", "A"): ("90.0", "0.3"),
    ("ours", "B"): ("80.0", "0.5"),
    ("ours", "A.R."): ("1.5", ""),
    ("old", "A"): ("88.6", "0.4"),
    ("old", "B"): ("80.0", "0.5"),
    ("old", "A.R."): ("1.8", ""),
    ("older", "A"): ("88.0", "0.2"),
    ("older", "B"): ("", ""),
    ("older", "A.R."): ("3.0", ""),
}


def tables(tmp_path: Path) -> dict[str, pd.DataFrame]:
    lines = [HEAD]
    for (method, dataset), (value, spread) in VALUES.items():
        lines.append(f"p,t,{method},{dataset},accuracy,{value},{spread},,,{'' if value else 'gap'},")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    by_size = [
        f"p,u,{method},C,{metric},{value},,,,,n={size}"
        for method, metric, size, value in [
            ("ours", "accuracy", 5, 0.9),
            ("ours", "accuracy", 9, 0.7),
            ("ours", "roc_auc", 5, 0.6),
            ("old", "accuracy", 5, 0.8),
            ("old", "accuracy", 9, 0.75),
            ("old", "roc_auc", 5, 0.5),
        ]
    ]
    (tmp_path / "u.csv").write_text("\n".join([HEAD, *by_size]) + "\n", encoding="utf-8")
    return {name: load_published(tmp_path, name) for name in ("t", "u")}


def check(tmp_path: Path, **of: Any) -> list[Finding]:
    formula = {"artifact": "t", **of}
    claim = Claim.model_validate({"paper": "p", "where": "here", "quote": "so", "printed": formula})
    return claim.printed.check(tables(tmp_path))


def gain(tmp_path: Path, *over: list[str], **points: str) -> list[bool]:
    return [found.agrees for found in check(tmp_path, kind="gain", method="ours", over=over, points=points)]


def test_a_gain_is_over_the_best_rival(tmp_path: Path) -> None:
    # On A: 90.0 - 88.6 = 1.4 over old, 2.0 over older; on B: 0.0.
    assert gain(tmp_path, ["older", "old"], A="1.4", B="0.0") == [True, True]
    assert gain(tmp_path, ["older", "old"], A="2.0") == [False]
    assert gain(tmp_path, ["older"], A="2.0") == [True]


def test_a_gain_holds_by_one_of_its_readings(tmp_path: Path) -> None:
    (found,) = check(tmp_path, kind="gain", method="ours", over=[["old"], ["older"]], points={"A": "2.0"})
    assert found == Finding("2.0", "1.40 over old; 2.00 over older", True, "A")


def test_a_gain_is_rounded_as_the_claim_is(tmp_path: Path) -> None:
    assert gain(tmp_path, ["old"], A="1") == [True]
    assert gain(tmp_path, ["old"], A="1.40") == [True]
    assert gain(tmp_path, ["old"], A="1.41") == [False]


def test_a_gain_on_average_and_one_with_a_bound(tmp_path: Path) -> None:
    # (1.4 + 0.0) / 2 = 0.7
    assert gain(tmp_path, ["old"], average="0.7") == [True]
    assert gain(tmp_path, ["old"], average=">0.7") == [False]
    assert gain(tmp_path, ["old"], average=">0.6", B=">0") == [True, False]


def test_places_are_counted_and_shared(tmp_path: Path) -> None:
    first, second = check(tmp_path, kind="places", method="ours", places={1: 2, 2: 1})
    assert first == Finding("2 times", "2 times (A, B)", True, "place 1")
    assert second == Finding("1 times", "0 times", False, "place 2")
    (old,) = check(tmp_path, kind="places", method="old", places={2: 1})
    assert old.recomputed == "1 times (A)"


def test_a_lead_is_strict_and_says_where_it_fails(tmp_path: Path) -> None:
    (found,) = check(tmp_path, kind="leads", methods=["ours"])
    assert not found.agrees
    assert found.recomputed == "on 1 of 2; not on B: 80 against 80 of old"
    assert found.remark == "equal as printed: B"
    assert check(tmp_path, kind="leads", methods=["ours"], leave_out=["B"])[0].agrees
    assert check(tmp_path, kind="leads", methods=["ours"], datasets=["A"], over=["older"])[0].agrees


def test_low_ranks_and_low_spreads_lead(tmp_path: Path) -> None:
    assert check(tmp_path, kind="leads", methods=["ours", "old"], datasets=["A.R."])[0].agrees
    assert not check(tmp_path, kind="leads", methods=["older"], datasets=["A.R."])[0].agrees
    (spread,) = check(tmp_path, kind="leads", methods=["ours"], measure="spread", datasets=["A"])
    assert spread.recomputed == "on 0 of 1; not on A: 0.3 against 0.2 of older"


def test_each_or_any_of_several_methods_must_lead(tmp_path: Path) -> None:
    several = {"kind": "leads", "methods": ["ours", "older"], "over": ["old"], "datasets": ["A"]}
    assert [check(tmp_path, **several, need=need)[0].agrees for need in ("each", "any")] == [False, True]


def test_metrics_and_protocols_are_columns_of_their_own(tmp_path: Path) -> None:
    (found,) = check(tmp_path, artifact="u", kind="leads", methods=["ours"])
    assert found.recomputed == "on 2 of 3; not on C, accuracy, n=9: 0.7 against 0.75 of old"
    kept = {"artifact": "u", "kind": "leads", "methods": ["ours"], "metric": "accuracy"}
    assert check(tmp_path, **kept, protocol="n=5")[0].agrees
    assert not check(tmp_path, **kept, protocol="n=9")[0].agrees


def test_rivals_of_another_table(tmp_path: Path) -> None:
    other = tables(tmp_path)
    better = other["t"].assign(value=other["t"]["value"] + 5, artifact="v")
    formula = {
        "kind": "leads",
        "artifact": "t",
        "methods": ["ours"],
        "over": ["old"],
        "datasets": ["A"],
        "against": "v",
    }
    claim = Claim.model_validate({"paper": "p", "where": "here", "quote": "so", "printed": formula})
    assert claim.printed.check(other | {"v": better})[0].recomputed == "on 0 of 1; not on A: 90 against 93.6 of old"


def test_sums(tmp_path: Path) -> None:
    assert check(tmp_path, kind="sum", parts=["20", "2", "4"], total="24") == [Finding("24", "20 + 2 + 4 = 26", False)]
    assert check(tmp_path, kind="sum", parts=["0.1", "0.2"], total="0.3")[0].agrees


@pytest.mark.parametrize(
    ("formula", "complaint"),
    [
        ({"kind": "places", "method": "new", "places": {1: 1}}, "has no method new; known: ours, old, older"),
        ({"kind": "places", "method": "ours", "places": {1: 1}, "artifact": "x"}, "no such published table"),
        ({"kind": "leads", "methods": ["ours"], "datasets": ["Z"]}, "has no cells"),
        ({"kind": "gain", "method": "ours", "over": [["old"]], "points": {"Z": "1"}}, "has no cells"),
        ({"kind": "gain", "method": "ours", "over": [["old"]], "points": {"C": "1"}, "artifact": "u"}, "several cells"),
    ],
)
def test_formulas_that_speak_of_nothing_are_refused(tmp_path: Path, formula: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        check(tmp_path, **formula)
