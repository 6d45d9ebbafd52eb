import math
from pathlib import Path

import pytest

from recorded_runs import record
from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.settings.judging import NOT_RUN
from relamp.site.records import distance, merged, open_records, read_words, told, what_was_run


@pytest.mark.parametrize(
    ("scaled", "expected"),
    [
        ("", 0.0),
        ("seeds 3 / 5", math.log(5 / 3)),
        ("epochs 100 / 2,000; seeds 3 / 5", math.log(20) + math.log(5 / 3)),
        ("batch size 256 / 128", math.log(2)),  # larger is another size as well
        ("learning rate 1e-05 / 0.0001", math.log(10)),
        ("epochs none / 5", 1.0),
        ("5 of 95 settings", math.log(19)),
        ("corpus 50 of 2,000 molecules of A / A; seeds 3 / 5", math.log(40) + math.log(5 / 3)),
        ("the paper's sizes are not known", 1.0),
        ("wl iterations 2 / 3; seeds 3 / 5", math.log(5 / 3)),  # a reading is no size
    ],
)
def test_the_distance_is_the_logarithm_of_how_often_sizes_hold_each_other(scaled: str, expected: float) -> None:
    assert distance(scaled) == pytest.approx(expected)


def test_a_number_is_of_the_run_nearest_to_the_papers_size_whatever_it_found() -> None:
    far = record("far", [{"scaled": "epochs 1 / 100", "verdict": "reproduced", "mean": 90.0}])
    close = record("near", [{"scaled": "epochs 50 / 100", "verdict": "worse", "mean": 50.0}])
    for records in ([far, close], [close, far]):
        (row,) = merged(records).to_dict("records")
        assert (row["run"], row["verdict"], row["mean"]) == ("near", "worse", 50.0)


def test_equally_near_runs_with_another_verdict_are_told_beside_it() -> None:
    found = {"a": "worse", "b": "inconclusive", "c": "worse", "d": "better"}
    runs = [record(name, [{"verdict": verdict}]) for name, verdict in found.items()]
    far = record("far", [{"scaled": "epochs 1 / 100", "verdict": "reproduced"}])
    for records in ([*runs, far], [far, *reversed(runs)]):
        (row,) = merged(records).to_dict("records")
        assert (row["run"], row["otherwise"]) == ("a", "worse by a, inconclusive by b, better by d")
        assert (row["verdict"], row["contested"]) == ("inconclusive", True)
    agreed = merged([runs[0], runs[2], far])
    assert agreed[["otherwise", "verdict", "contested"]].to_numpy().tolist() == [["", "worse", False]]
    # What one run reproduces stays so, and what none calls worse or better is not contested.
    for verdict in ("reproduced", "inconclusive"):
        first = record("a", [{"verdict": verdict}])
        (row,) = merged([first, record("b", [{"verdict": "worse"}])]).to_dict("records")
        assert (row["verdict"], row["otherwise"], row["contested"]) == (verdict, "worse by b", False)


def test_another_reading_is_as_near_and_comes_after_the_one_of_the_preset_paper() -> None:
    other = record("a", [{"scaled": "wl iterations 2 / 3", "verdict": "reproduced"}])
    usual = record("b", [{"scaled": "", "verdict": "better"}])
    for records in ([other, usual], [usual, other]):
        (row,) = merged(records).to_dict("records")
        assert (row["run"], row["verdict"]) == ("b", "inconclusive")
        assert row["otherwise"] == "better by b, reproduced by a"


def test_fewer_seeds_tell_against_a_verdict_by_another_reading_alone() -> None:
    usual = record("usual", [{"scaled": "seeds 5 / 50", "verdict": "worse", "seeds": 5.0}])
    for words, contested in (
        ("seeds 3 / 50; split of B / A", True),
        ("seeds 3 / 50", False),
        ("split of B / A", False),
    ):
        size = "" if "seeds" in words else "epochs 1 / 100; "
        other = record("other", [{"scaled": size + words, "verdict": "inconclusive", "seeds": 3.0}])
        for records in ([usual, other], [other, usual]):
            (row,) = merged(records).to_dict("records")
            assert (row["run"], row["contested"]) == ("usual", contested), words


def test_a_run_with_too_few_seeds_for_a_verdict_comes_last() -> None:
    far = record("far", [{"scaled": "epochs 1 / 100", "verdict": "worse", "mean": 50.0}])
    few = record("few", [{"scaled": "", "verdict": "too few seeds", "mean": 70.0, "seeds": 1.0}])
    none = record("none", [{"scaled": "", "verdict": NOT_RUN, "mean": math.nan, "seeds": math.nan}])
    assert merged([few, none, far])["run"].tolist() == ["far"]
    otherwise = record("close", [{"scaled": "", "verdict": "not comparable", "mean": 80.0}])
    assert merged([otherwise, few, far])["run"].tolist() == ["far"]
    assert merged([otherwise, few])["run"].tolist() == ["close"]
    assert merged([few, none])["run"].tolist() == ["few"]


def test_the_command_leaves_out_where_a_user_has_the_data() -> None:
    assert record("a", []).command == "snakemake --cores all --config preset=a"


def test_of_equal_sizes_more_seeds_decide_and_then_the_name() -> None:
    cell = {"verdict": "worse", "mean": 1.0}
    few, many = record("a", [cell]), record("b", [{**cell, "seeds": 5.0}])
    assert merged([few, many])["run"].tolist() == ["b"]
    assert merged([record("z", [cell]), few])["run"].tolist() == ["a"]


def test_a_number_that_nothing_runs_is_told_once_and_names_no_run() -> None:
    absent = {"verdict": NOT_RUN, "mean": math.nan, "seeds": math.nan}
    both = merged([record("a", [absent, {**absent, "dataset": "E"}]), record("b", [absent])])
    assert both["verdict"].tolist() == [NOT_RUN] * 2
    assert both["run"].tolist() == ["", ""]
    ran = merged([record("a", [absent]), record("b", [{"verdict": "worse", "mean": 1.0, "scaled": "epochs 1 / 9"}])])
    assert ran["run"].tolist() == ["b"]


def test_counts_of_a_record_are_whole_numbers(tmp_path: Path) -> None:
    counted = {"seeds": 5, "folds": 10, "decimals": 1, "further_seeds": 1}
    cells = record("a", [counted, dict.fromkeys(counted, None)]).cells.assign(
        part="", measured_by="", note="", protocol=""
    )
    cells.to_csv(tmp_path / "verdict.csv", index=False)
    read = read_words(tmp_path / "verdict.csv")
    assert [str(value) for value in read[[*counted]].iloc[0]] == ["5", "10", "1", "1"]
    assert read[[*counted]].iloc[1].isna().all()


def test_without_recorded_runs_there_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"holds no recorded run \(NAME/rows.zip\)"):
        open_records(tmp_path, tmp_path / "out", tmp_path / "none")


def test_rows_tell_in_words_what_made_them() -> None:
    commit = 10 * "abcd"
    trained = [
        {"machine": "A", "commit": commit, "seconds": 1234},
        {"machine": "B", "commit": None, "seconds": 2},
    ]
    made = {"scoring": [{"machine": "A", "commit": f"{commit}, altered", "seconds": 0.2}], "training": trained}
    words = ["scoring: A, commit abcdabcdabcd, altered, 0 s", "training: A, commit abcdabcdabcd, 1,234 s"]
    assert told(made).split("; ") == [*words, "training: B, commit unknown, 2 s"]
    assert told({}) == ""


def test_the_readme_says_of_every_recorded_run_what_it_is(tmp_path: Path) -> None:
    recorded = home() / "reproduction"
    said = what_was_run(recorded / "README.md")
    assert set(said) == {path.parent.name for path in recorded.glob("*/rows.zip")}
    assert all(said.values())
    table = [
        "| folder | what | on |",
        "| --- | --- | --- |",
        "| `one/`, `two/` | a thing | here |",
        "| `three/` | another | |",
    ]
    (tmp_path / "README.md").write_text("\n".join(table))
    found = what_was_run(tmp_path / "README.md")
    assert found == {"one": "a thing", "two": "a thing", "three": "another"}
    assert what_was_run(tmp_path / "none.md") == {}
