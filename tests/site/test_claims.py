import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recorded_runs import record
from relamp.judge.claims import Claim
from relamp.judge.evidence import Difference, Terms
from relamp.judge.intervals import Part, half_width_of
from relamp.runtime.sealed import write_sealed
from relamp.settings.judging import NOT_RUN, TOO_FEW
from relamp.site.claims import merged_claims
from relamp.site.records import Record

SAID = {"id": "c", "paper": "lamp", "where": "here", "quote": "it is so", "about": "measured"}
BEATS = {"kind": "beats", "artifact": "lamp_table1", "method": "a", "over": "b"}
GAIN = {"kind": "gain", "artifact": "lamp_table1", "method": "a", "over": "b", "points": 1}
BEST = {"kind": "best_average", "artifact": "lamp_table1", "method": "a"}
PART = Part(1.0, 10)
HALF = half_width_of([PART], 0.95)  # 2.23
SIZE = {"holds": 5.0, "undecided": 0.0, "fails": -5.0}


def terms(*datasets: str, methods: Sequence[str] = "ab") -> Terms:
    """A table of methods on data sets."""
    cells = [("lamp_table1", method, name, 50.0) for method in methods for name in datasets]
    return Terms(pd.DataFrame(cells, columns=["artifact", "method", "dataset", "value"]), 2.0, 0.95)


def merged(records: list[Record], by: Terms, formula: dict[str, Any] = BEATS) -> dict[Any, Any]:
    (row,) = merged_claims(records, [Claim.model_validate({**SAID, "measured": formula})], by).to_dict("records")
    return row


def tried(rival: str = "b", **outcomes: str) -> dict[str, str]:
    """A claim with what a run tells of it on data sets: by how far `a` is above a rival."""
    of = [(name, SIZE[word]) for name, word in outcomes.items()]
    bounds = [(name, mean, {"mean": mean, "low": mean - HALF, "high": mean + HALF}) for name, mean in of]
    pieces = [
        Difference(dataset=name, rival=rival, what=f"{name}, over {rival}", parts=(PART,), **given)
        for name, _, given in bounds
    ]
    return {"pieces": "[" + ",".join(piece.model_dump_json() for piece in pieces) + "]"}


def said(**outcomes: str) -> str:
    return "; ".join(
        f"{name}, over b: {SIZE[word]:+.2f} ({SIZE[word] - HALF:+.2f} to {SIZE[word] + HALF:+.2f})"
        for name, word in outcomes.items()
    )


def test_what_is_said_of_each_data_set_is_tried_on_each_by_the_run_nearest_there() -> None:
    small = record(
        "small",
        [{"scaled": "epochs 1 / 100"}, {"scaled": "epochs 1 / 100", "dataset": "E"}],
        [tried(D="fails", E="undecided")],
    )
    large = record("large", [{}], [tried(D="holds")])
    other = record("other", [{"dataset": "F"}], [tried(F="holds")])
    for records in ([small, large, other], [other, large, small]):
        row = merged(records, terms("D", "E", "F"))
        # On D it is the run of the paper's size that counts, by which it holds.
        assert row["outcome"] == "undecided"
        assert row["coverage"] == "3 of 3 data sets: D, E, F"
        assert set(row["run"].split(", ")) == {"small", "large", "other"}
        assert row["evidence"] == said(D="holds", E="undecided", F="holds")
    assert merged([large, other], terms("D", "E", "F"))["outcome"] == "undecided"  # nothing is known of E
    assert merged([large, other], terms("D", "F"))["outcome"] == "holds"
    fourth = record("fourth", [{"dataset": "G"}], [tried(G="holds")])
    assert merged([small, large, other, fourth], terms("D", "E", "F", "G"))["coverage"] == "all 4 data sets"


@pytest.mark.parametrize(
    ("on_d", "on_e", "word"),
    [("holds", "holds", "holds"), ("holds", "fails", "fails"), ("holds", "undecided", "undecided")],
)
def test_it_holds_where_it_holds_on_each_and_fails_where_it_fails_on_one(on_d: str, on_e: str, word: str) -> None:
    one = record("one", [{}], [tried(D=on_d)])
    two = record("two", [{"dataset": "E"}], [tried(E=on_e)])
    row = merged([one, two], terms("D", "E"))
    assert (row["outcome"], row["run"], row["method"]) == (word, "one, two", "a")
    assert row["evidence"].startswith(said(E="fails") if word == "fails" else said(D=on_d, E=on_e))


def test_the_size_is_that_of_method_and_rival_and_of_equal_ones_the_run_with_most_numbers_counts() -> None:
    rival, other = {"method": "b"}, {"method": "c", "scaled": "epochs 1 / 100"}
    many = record("many", [{}, rival, other], [tried(D="fails")])
    few = record("few", [{}, rival], [tried(D="holds")])
    assert merged([few, many], terms("D"))["run"] == "many"
    far = record("far", [{}, {**rival, "scaled": "epochs 1 / 100"}, other, {"method": "d"}], [tried(D="fails")])
    assert merged([few, far], terms("D"))["run"] == "few"
    assert merged([record("z", few.cells.to_dict("records"), [tried(D="holds")]), few], terms("D"))["run"] == "few"


def test_equally_near_runs_that_disagree_leave_a_claim_undecided_and_say_so() -> None:
    one, two = record("one", [{}], [tried(D="fails")]), record("two", [{}], [tried(D="holds")])
    for records in ([one, two], [two, one]):
        row = merged(records, terms("D"))
        assert (row["outcome"], row["run"], row["coverage"]) == ("undecided", "one, two", "1 of 1 data sets: D")
        by_one, by_two = said(D="fails"), said(D="holds")
        assert row["evidence"] == f"equally near runs disagree; by one it fails: {by_one}; by two it holds: {by_two}"
        assert row["torn"]
    # What another set says holds beside each of them; a run that is further away has no say.
    third = record("third", [{"dataset": "E"}], [tried(E="fails")])
    agreed = merged([one, two, third], terms("D", "E"))
    assert (agreed["outcome"], bool(agreed["torn"])) == ("fails", False)
    far = record("far", [{"scaled": "epochs 1 / 100"}], [tried(D="holds")])
    assert merged([one, far], terms("D"))["outcome"] == "fails"


def test_what_is_said_of_no_method_is_of_the_run_where_the_papers_own_are_nearest() -> None:
    falls = {"kind": "falls_above", "artifact": "lamp_fig4", "table": "lamp_table1", "parameter": "x", "threshold": 1}
    quoted = {"method": "b", "quoted": "elsewhere"}
    grid = record(
        "grid", [{"settings": "23 of 95 settings"}, {**quoted, "scaled": "epochs 1 / 100"}], [tried(D="fails")]
    )
    rivals = record("rivals", [{"settings": "5 of 95 settings"}, quoted, quoted], [tried(D="holds")])
    assert merged([rivals, grid], terms("D"), falls)["run"] == "grid"


def test_a_run_with_too_few_seeds_comes_after_all_others() -> None:
    few = record("few", [{"verdict": TOO_FEW}], [tried(D="fails")])
    small = record("small", [{"scaled": "epochs 1 / 100"}], [tried(D="holds")])
    assert merged([few, small], terms("D"))["run"] == "small"
    assert merged([few], terms("D"))["run"] == "few"


def test_an_average_is_over_the_data_sets_of_all_runs() -> None:
    one, two = record("one", [{}], [tried(D="holds")]), record("two", [{"dataset": "E"}], [tried(E="undecided")])
    none = record("none", [{"verdict": NOT_RUN}], [{}])
    for records in ([one, two, none], [none, two, one]):
        row = merged(records, terms("D", "E"), GAIN)
        # The mean of 5 and 0, of which each has a variance of 1: the mean of both has a half.
        half = half_width_of([Part(0.25, 10), Part(0.25, 10)], 0.95)
        assert half < HALF
        assert row["evidence"] == f"claimed +1; over b: +2.50 ({2.5 - half:+.2f} to {2.5 + half:+.2f})"
        assert (row["outcome"], set(row["run"].split(", "))) == ("holds", {"one", "two"})
    assert merged([one], terms("D", "E"), GAIN)["outcome"] == "undecided"  # the other data set was not run
    assert merged([none], terms("D", "E"), GAIN)["run"] == merged([none], terms("D", "E"))["run"] == ""
    assert merged([none], terms("D", "E"), GAIN)["outcome"] == NOT_RUN


def test_each_rival_is_of_the_nearest_run_that_has_it() -> None:
    near = record("near", [{}], [tried(D="holds")])
    pieces = [*json.loads(tried(D="fails")["pieces"]), *json.loads(tried("c", D="holds")["pieces"])]
    far = record("far", [{"scaled": "epochs 1 / 100"}], [{"pieces": json.dumps(pieces)}])
    row = merged([near, far], terms("D", methods="abc"), BEST)
    assert (row["outcome"], row["run"]) == ("holds", "near, far")  # that `b` is above in the far run does not count
    assert merged([near], terms("D", methods="abc"), BEST)["outcome"] == "undecided"


def test_bounds_that_are_not_known_stay_so() -> None:
    piece = Difference(dataset="D", rival="b", what="D, over b", mean=5, low=math.nan, high=math.nan, parts=(PART,))
    row = merged([record("one", [{}], [{"pieces": f"[{piece.model_dump_json()}]"}])], terms("D"))
    assert (row["outcome"], row["evidence"]) == ("undecided", "D, over b: +5.00")


def alone(folder: Path, name: str, method: str, scores: Sequence[float], **given: Any) -> Record:
    """A run of one method on a data set, each seed with two folds, which nothing else was compared with."""
    protocol, scaled = given.get("protocol", {"folds": 2}), given.get("scaled", "")
    rows = [
        {"method": method, "dataset": "D", "setting": "default", "evaluation": "svm-rbf", "metric": "accuracy"}
        | {"part": "", "protocol": rule, "seed": seed, "fold": fold, "value": score + 0.01 * fold}
        for rule in ("fixed", "nested")
        for seed, score in enumerate(scores)
        for fold in range(2)
    ]
    place = folder / name
    facts = {"protocol": protocol}
    write_sealed(place / "rows" / "svm-rbf" / "D" / method / "default" / "rows.csv", "seed\n", facts)
    pd.DataFrame(rows).to_csv(place / "scores.csv", index=False)
    return replace(record(name, [{"method": method, "scaled": scaled}], [{}]), folder=place)


def test_a_rival_that_no_run_has_beside_the_method_is_of_another_that_measured_alike(tmp_path: Path) -> None:
    one = alone(tmp_path, "one", "a", [0.80, 0.82, 0.81])
    other = alone(tmp_path, "other", "b", [0.70, 0.71, 0.70, 0.99])
    for records in ([one, other], [other, one]):
        row = merged(records, terms("D"))
        # Of the seeds that both have: 10, 11 and 11 points, each in both folds.
        assert row["evidence"].startswith("D, over b: +10.67 (")
        assert (row["outcome"], row["run"], bool(row["torn"])) == ("holds", "one, other", False)
    # A run that has both comes first, unless it is further from the paper's size than the two are together.
    both = record("both", [{}], [tried(D="fails")])
    assert merged([one, other, both], terms("D"))["run"] == "both"
    size = "epochs 1 / 100"
    folder = alone(tmp_path, "small", "a", [0.80, 0.82, 0.81]).folder
    of_both = [{"scaled": size}, {"method": "b", "scaled": size}]
    small = replace(record("small", of_both, [tried(D="fails")]), folder=folder)
    assert merged([one, other, small], terms("D"))["run"] == "one, other"
    # The small run has both methods at a hundredth: as far as one of two is whose other is at a ten-thousandth.
    for epochs, run in (("9,000", "one, further"), ("11,000", "small")):
        further = alone(tmp_path, "further", "b", [0.70, 0.71, 0.70, 0.99], scaled=f"epochs 1 / {epochs}")
        assert merged([one, further, small], terms("D"))["run"] == run


def test_the_size_of_a_rival_is_that_of_the_row_that_prints_it(tmp_path: Path) -> None:
    """LAMP's Table 1 prints joao, which is run as joao-code."""

    def rival(name: str, scores: Sequence[float], scaled: str = "") -> Record:
        both = [alone(tmp_path, name, method, scores).scores for method in ("a", "joao-code")]
        pd.concat(both).to_csv(tmp_path / name / "scores.csv", index=False)
        own = {"method": "a", "scaled": "epochs 1 / 5"}
        return replace(
            record(name, [own, {"method": "joao", "quoted": "elsewhere", "scaled": scaled}], [{}]),
            folder=tmp_path / name,
        )

    one = alone(tmp_path, "one", "a", [0.80, 0.82, 0.81])
    far, near = rival("a far one", [0.90, 0.91, 0.92], "epochs 1 / 100"), rival("near", [0.70, 0.71, 0.70])
    by = terms("D", methods=["a", "joao"])
    row = merged([one, far, near], by, {**BEATS, "over": "joao"})
    assert (row["outcome"], row["run"]) == ("holds", "one, near")


def test_a_rival_by_another_reading_has_a_say_beside_a_run_that_has_both(tmp_path: Path) -> None:
    folder = alone(tmp_path, "both", "a", [0.80, 0.82, 0.81]).folder
    both = replace(record("both", [{}, {"method": "b"}], [tried(D="fails")]), folder=folder)
    same = alone(tmp_path, "same", "b", [0.70, 0.71, 0.70])
    row = merged([both, same], terms("D"))
    assert (row["outcome"], row["run"], row["torn"]) == ("fails", "both", False)
    read = alone(tmp_path, "another", "b", [0.70, 0.71, 0.70], scaled="wl iterations 2 / 3")
    for records in ([both, read], [read, both]):
        row = merged(records, terms("D"))
        assert (row["outcome"], row["run"], row["torn"]) == ("undecided", "both, another", True)
        told = [part[: part.index(":")] for part in row["evidence"].split("; ")[1:]]
        assert told == ["by both it fails", "by both and another it holds"]
    # By another reading and further from the paper's size it has none.
    far = alone(tmp_path, "far", "b", [0.70, 0.71, 0.70], scaled="epochs 1 / 100; wl iterations 2 / 3")
    assert merged([both, far], terms("D"))["run"] == "both"


def test_two_runs_that_measured_otherwise_tell_nothing_together(tmp_path: Path) -> None:
    one = alone(tmp_path, "one", "a", [0.80, 0.82, 0.81])
    other = alone(tmp_path, "other", "b", [0.70, 0.71, 0.70], protocol={"folds": 2, "scaling": "length"})
    assert merged([one, other], terms("D"))["outcome"] == NOT_RUN
    # Rows that are older than an option were made with its default.
    older = alone(tmp_path, "older", "b", [0.70, 0.71, 0.70], protocol={"folds": 2, "scaling": "none"})
    for records in (
        [one, older],
        [alone(tmp_path, "new", "a", [0.8] * 3, protocol={"folds": 2, "scaling": "none"}), older],
    ):
        assert merged(records, terms("D"))["outcome"] == "holds"


def test_a_number_of_another_split_tells_nothing_of_a_claim(tmp_path: Path) -> None:
    one, other = (alone(tmp_path, name, name, [0.80, 0.82, 0.81]) for name in "ab")
    elsewhere = other.scores.assign(dataset="D-2")
    elsewhere.to_csv(other.folder / "scores.csv", index=False)
    other = replace(other, cells=record("b", [{"method": "b", "scaled": "split of D-2 / D"}]).cells)
    for records in ([one, other], [other, one]):
        assert merged(records, terms("D"))["outcome"] == NOT_RUN


def test_of_two_rivals_alike_the_run_nearest_to_the_papers_size_counts(tmp_path: Path) -> None:
    one = alone(tmp_path, "one", "a", [0.80, 0.82, 0.81])
    far = alone(tmp_path, "far", "b", [0.90, 0.91, 0.92], scaled="epochs 1 / 100")
    near = alone(tmp_path, "near", "b", [0.70, 0.71, 0.70])
    assert merged([one, far, near], terms("D"))["run"] == "one, near"
    assert merged([one, far], terms("D"))["outcome"] == "fails"
    again = alone(tmp_path, "again", "b", [0.90, 0.91, 0.92])
    row = merged([one, near, again], terms("D"))
    assert (row["outcome"], row["run"], bool(row["torn"])) == ("undecided", "one, again, near", True)
    assert row["evidence"].startswith("equally near runs disagree; by one and again it fails: D, over b: -10.00 (")
