"""Checks of a paper's sentences against tables of a few cells, each worked out by hand."""

from typing import Any

import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.claims import Claim, Finding
from relamp.judge.published import load_published

HEAD = "paper,artifact,method,dataset,metric,value,spread,spread_meaning,n,note,protocol"
CELLS = [
    "p,t,ours,A,accuracy,90.0,0.3,,,,",
    "p,t,ours,B,accuracy,80.0,0.5,,,,",
    "p,t,ours,A.R.,accuracy,1.5,,,,,",
    "p,t,old,A,accuracy,88.6,0.4,,,,",
    "p,t,old,B,accuracy,80.0,0.5,,,,",
    "p,t,old,A.R.,accuracy,1.8,,,,,",
    "p,t,older,A,accuracy,88.0,0.2,,,,",
    "p,t,older,B,accuracy,,,,,gap,",
    "p,t,older,A.R.,accuracy,3.0,,,,,",
]
SEVERAL = {"methods": ["ours", "older"], "over": ["old"], "datasets": ["A"]}
BY_SIZE = {("accuracy", 5): (0.9, 0.8), ("accuracy", 9): (0.7, 0.75), ("roc_auc", 5): (0.6, 0.5)}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("published")
    by_size = [
        f"p,u,{method},C,{metric},{value},,,,,n={size}"
        for (metric, size), values in BY_SIZE.items()
        for method, value in zip(("ours", "old"), values, strict=True)
    ]
    for name, cells in (("t", CELLS), ("u", by_size)):
        (folder / f"{name}.csv").write_text("\n".join([HEAD, *cells]) + "\n", encoding="utf-8")
    read = {name: load_published(folder, name) for name in ("t", "u")}
    return {**read, "v": read["t"].assign(value=read["t"]["value"] + 5, artifact="v")}


def check(tables: dict[str, pd.DataFrame], **of: Any) -> list[Finding]:
    claim = {"paper": "p", "where": "here", "quote": "so", "about": "printed", "printed": {"artifact": "t", **of}}
    return Claim.model_validate(claim).printed.check(tables)


@pytest.mark.parametrize(
    ("over", "points", "agrees"),
    [
        # On A: 90.0 - 88.6 = 1.4 over old, 2.0 over older; on B: 0.0. It is over the best rival.
        (["older", "old"], {"A": "1.4", "B": "0.0"}, [True, True]),
        (["older", "old"], {"A": "2.0"}, [False]),
        (["older"], {"A": "2.0"}, [True]),
        # It is rounded as the claim is.
        (["old"], {"A": "1"}, [True]),
        (["old"], {"A": "1.40"}, [True]),
        (["old"], {"A": "1.41"}, [False]),
        # (1.4 + 0.0) / 2 = 0.7
        (["old"], {"average": "0.7"}, [True]),
        (["old"], {"average": ">0.7"}, [False]),
        (["old"], {"average": ">0.6", "B": ">0"}, [True, False]),
    ],
)
def test_gains_by_hand(
    tables: dict[str, pd.DataFrame], over: list[str], points: dict[str, str], agrees: list[bool]
) -> None:
    found = check(tables, kind="gain", method="ours", over=[over], points=points)
    assert [finding.agrees for finding in found] == agrees


def test_a_gain_holds_by_one_of_its_readings(tables: dict[str, pd.DataFrame]) -> None:
    (found,) = check(tables, kind="gain", method="ours", over=[["old"], ["older"]], points={"A": "2.0"})
    assert found == Finding("2.0", "1.40 over old; 2.00 over older", True, "A")


def test_places_are_counted_and_shared(tables: dict[str, pd.DataFrame]) -> None:
    first, second = check(tables, kind="places", method="ours", places={1: 2, 2: 1})
    assert first == Finding("2 times", "2 times (A, B)", True, "place 1")
    assert second == Finding("1 times", "0 times", False, "place 2")
    (old,) = check(tables, kind="places", method="old", places={2: 1})
    assert old.recomputed == "1 times (A)"


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ({}, "on 1 of 2; not on B: 80 against 80 of old"),  # a lead is strict
        ({"leave_out": ["B"]}, "on 1 of 1"),
        ({"datasets": ["A"], "over": ["older"]}, "on 1 of 1"),
        # Low ranks and low spreads lead.
        ({"methods": ["ours", "old"], "datasets": ["A.R."]}, "on 1 of 1"),
        ({"methods": ["older"], "datasets": ["A.R."]}, "on 0 of 1; not on A.R.: 3 against 1.5 of ours"),
        ({"measure": "spread", "datasets": ["A"]}, "on 0 of 1; not on A: 0.3 against 0.2 of older"),
        # Each or any of several methods must lead.
        (SEVERAL, "on 0 of 1; not on A: 88 against 88.6 of old"),
        ({**SEVERAL, "need": "any"}, "on 1 of 1"),
        # Of which one has no number on B.
        ({**SEVERAL, "datasets": ["A", "B"]}, "on 0 of 1; not on A: 88 against 88.6 of old"),
        # Metrics and protocols are columns of their own.
        ({"artifact": "u"}, "on 2 of 3; not on C, accuracy, n=9: 0.7 against 0.75 of old"),
        ({"artifact": "u", "metric": "accuracy", "protocol": "n=5"}, "on 1 of 1"),
        ({"artifact": "u", "metric": "accuracy", "protocol": "n=9"}, "on 0 of 1; not on C: 0.7 against 0.75 of old"),
        # The rivals may be those of another table.
        ({"over": ["old"], "datasets": ["A"], "against": "v"}, "on 0 of 1; not on A: 90 against 93.6 of old"),
    ],
)
def test_leads_by_hand(tables: dict[str, pd.DataFrame], formula: dict[str, Any], found: str) -> None:
    remark = "equal as printed: B" if not formula else ""
    wanted = Finding("everywhere", found, "not on" not in found, remark=remark)
    assert check(tables, **{"kind": "leads", "methods": ["ours"], **formula}) == [wanted]


def test_sums(tables: dict[str, pd.DataFrame]) -> None:
    assert check(tables, kind="sum", parts=["20", "2", "4"], total="24") == [Finding("24", "20 + 2 + 4 = 26", False)]
    assert check(tables, kind="sum", parts=["0.1", "0.2"], total="0.3")[0].agrees


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
def test_formulas_that_speak_of_nothing_are_refused(
    tables: dict[str, pd.DataFrame], formula: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(RelampError, match=complaint):
        check(tables, **formula)
