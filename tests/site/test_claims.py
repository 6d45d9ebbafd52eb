import json
from typing import Any

import pytest

from recorded_runs import record
from relamp.judge.claims import Claim
from relamp.site.claims import merged_claims
from relamp.site.records import NOT_RUN, Record

SAID = {"id": "c", "paper": "lamp", "where": "here", "quote": "it is so", "about": "measured"}
BEATS = {"kind": "beats", "artifact": "lamp_table1", "method": "a", "over": "b"}
GAIN = {"kind": "gain", "artifact": "lamp_table1", "method": "a", "over": "b", "points": 1}


def merged(records: list[Record], formula: dict[str, Any] = BEATS) -> dict[Any, Any]:
    (row,) = merged_claims(records, [Claim.model_validate({**SAID, "measured": formula})]).to_dict("records")
    return row


def tried(outcome: str, of: int, **by_dataset: str) -> dict[str, str]:
    """A claim that was tried on some of so many data sets, with its outcome on each."""
    each = {name: [word, f"{name}, over b: {word}"] for name, word in by_dataset.items()}
    coverage = f"{len(each)} of {of} data sets: {', '.join(each)}"
    return {"outcome": outcome, "coverage": coverage, "by_dataset": json.dumps(each)}


def test_what_is_said_of_each_data_set_is_tried_on_each_by_the_run_nearest_there() -> None:
    small = record(
        "small",
        [{"scaled": "epochs 1 / 100"}, {"scaled": "epochs 1 / 100", "dataset": "E"}],
        [tried("fails", 3, D="fails", E="undecided")],
    )
    large = record("large", [{}], [tried("undecided", 3, D="holds")])
    other = record("other", [{"dataset": "F"}], [tried("undecided", 3, F="holds")])
    for records in ([small, large, other], [other, large, small]):
        row = merged(records)
        # On D it is the run of the paper's size that counts, by which it holds.
        assert row["outcome"] == "undecided"
        assert sorted(row["coverage"].removeprefix("3 of 3 data sets: ").split(", ")) == ["D", "E", "F"]
        assert set(row["run"].split(", ")) == {"small", "large", "other"}
        assert set(row["evidence"].split("; ")) == {"D, over b: holds", "E, over b: undecided", "F, over b: holds"}
    assert merged([large, other])["outcome"] == "undecided"  # nothing is known of E


@pytest.mark.parametrize(
    ("on_d", "on_e", "word", "evidence"),
    [
        ("holds", "holds", "holds", "D, over b: holds; E, over b: holds"),
        ("holds", "fails", "fails", "E, over b: fails"),
        ("holds", "undecided", "undecided", "D, over b: holds; E, over b: undecided"),
    ],
)
def test_it_holds_where_it_holds_on_each_and_fails_where_it_fails_on_one(
    on_d: str, on_e: str, word: str, evidence: str
) -> None:
    one = record("one", [{}], [tried("undecided", 2, D=on_d)])
    two = record("two", [{"dataset": "E"}], [tried("undecided", 2, E=on_e)])
    row = merged([one, two])
    assert (row["outcome"], row["run"], row["evidence"], row["method"]) == (word, "one, two", evidence, "a")


def test_the_size_is_that_of_the_method_and_of_equal_ones_the_run_with_most_numbers_counts() -> None:
    rival = {"method": "b", "scaled": "epochs 1 / 100"}
    many = record("many", [{}, rival, {**rival, "method": "c"}], [tried("fails", 1, D="fails")])
    few = record("few", [{}, {"method": "b"}], [tried("holds", 1, D="holds")])
    assert merged([few, many])["run"] == "many"
    assert merged([record("z", few.cells.to_dict("records"), [tried("holds", 1, D="holds")]), few])["run"] == "few"


def test_what_is_said_of_all_together_is_of_the_run_that_tried_it_on_most_data_sets() -> None:
    one = record("one", [{}], [{"outcome": "holds", "coverage": "1 of 8 data sets: D"}])
    two = record("two", [{"scaled": "epochs 1 / 9"}], [{"outcome": "fails", "coverage": "2 of 8 data sets: D, E"}])
    none = record("none", [{"verdict": NOT_RUN}], [{"outcome": NOT_RUN, "coverage": ""}])
    for records in ([one, two, none], [none, two, one]):
        row = merged(records, GAIN)
        assert (row["outcome"], row["run"]) == ("fails", "two")
    assert merged([none], GAIN)["run"] == merged([none])["run"] == ""
    nearer = record("later", [{}], [{"outcome": "holds", "coverage": "2 of 8 data sets: D, E"}])
    assert merged([two, nearer], GAIN)["run"] == "later"
