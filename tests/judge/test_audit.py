"""The audit against cases made by hand, and what it is known to find in the two papers."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.judge.audit import COLUMNS, audit, render_audit
from relamp.judge.published import load_published, paper_datasets
from relamp.judge.ranks import average_ranks

FOLDER = Path(__file__).parents[2] / "published"
HEAD = "paper,artifact,method,dataset,metric,value,spread,spread_meaning,n,note\n"


def audit_of(folder: Path) -> pd.DataFrame:
    return audit(folder.glob("*.csv"), folder / "claims.yaml")


@pytest.fixture(scope="module")
def papers() -> pd.DataFrame:
    return audit_of(FOLDER)


def folder(tmp_path: Path, claims: str = "[]", **tables: list[tuple[str, str, str, str]]) -> Path:
    """Tables of (method, data set, value, spread) in `tmp_path`."""
    for name, cells in tables.items():
        lines = []
        for method, dataset, value, spread in cells:
            metric = "average_rank" if dataset == "A.R." else "accuracy"
            lines.append(f"p,{name},{method},{dataset},{metric},{value},{spread},,,{'' if value else 'gap'}\n")
        (tmp_path / f"{name}.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
    (tmp_path / "claims.yaml").write_text(claims, encoding="utf-8")
    return tmp_path


def outcome(frame: pd.DataFrame) -> dict[str, tuple[str, str, bool]]:
    return {row.where: (row.claimed, row.recomputed, row.agrees) for row in frame.itertuples()}


def test_ranks_by_hand() -> None:
    cells = pd.DataFrame({"A": [90.0, 80.0, 80.0], "B": [70.0, np.nan, 75.0]}, index=["x", "y", "z"])
    # On A: 1, 2.5 and 2.5; on B: 2 and 1, without y.
    np.testing.assert_array_equal(average_ranks(cells), [1.5, 2.5, 1.75])


def test_printed_aggregates_are_checked_to_their_decimals(tmp_path: Path) -> None:
    cells = [("x", "A", "90.1", ""), ("x", "B", "80.0", ""), ("x", "A.A.", "85.05", ""), ("x", "A.R.", "1.0", "")]
    cells += [("y", "A", "80.0", ""), ("y", "B", "81.0", ""), ("y", "A.A.", "80.52", ""), ("y", "A.R.", "1.4", "")]
    # The mean of x is 85.05, that of y 80.5; both have the average rank 1.5.
    found = outcome(audit_of(folder(tmp_path, t=cells)))
    assert found == {
        "x, A.A.": ("85.05", "85.0500", True),
        "x, A.R.": ("1.0", "1.500", False),
        "y, A.A.": ("80.52", "80.5000", False),
        "y, A.R.": ("1.4", "1.500", False),
    }


def test_an_average_over_a_gap_is_no_average(tmp_path: Path) -> None:
    gap = [("x", "A", "90.0", ""), ("x", "B", "", ""), ("x", "A.A.", "90.00", "")]
    dash = [("y", "A", "80.0", ""), ("y", "B", "", ""), ("y", "A.A.", "", "")]
    assert outcome(audit_of(folder(tmp_path, t=gap + dash))) == {"x, A.A.": ("90.00", "–", False)}


def test_cells_of_several_tables_are_compared(tmp_path: Path) -> None:
    one = [("x", "A", "90.0", "1.0"), ("x", "B", "80.0", "0.5"), ("z", "A", "70.0", "")]
    two = [("x", "A", "90.0", "1.0"), ("x", "B", "80.0", "0.6"), ("y", "A", "70.0", "")]
    assert outcome(audit_of(folder(tmp_path, t1=one, t2=two))) == {
        "x on A, accuracy, in several tables": ("90.0 ± 1.0", "90.0 ± 1.0 (t2)", True),
        "x on B, accuracy, in several tables": ("80.0 ± 0.5", "80.0 ± 0.6 (t2)", False),
    }


@pytest.mark.parametrize("spread", ["0.5", "0.6"])
def test_one_row_under_two_names_is_found(tmp_path: Path, spread: str) -> None:
    one = [("x", name, "90.0", "0.5") for name in "ABC"]
    two = [("y", name, "90.0", spread if name == "C" else "0.5") for name in "ABC"]
    found = audit_of(folder(tmp_path, t2=one, t10=two))
    # A single other digit makes it two rows.
    assert found["where"].tolist() == (["x and y"] if spread == "0.5" else [])
    assert found["artifact"].tolist() == (["t2"] if spread == "0.5" else [])


def test_claims_become_rows_with_their_quote_and_remark(tmp_path: Path) -> None:
    claims = """
    - {paper: p, where: Section 1, quote: better by 1 and 2 points, remark: read so, about: printed,
       printed: {kind: gain, artifact: t, method: x, over: [[y]], points: {A: "1.0", B: "2.0"}}}
    """
    cells = [("x", "A", "81.0", ""), ("y", "A", "80.0", ""), ("x", "B", "61.0", ""), ("y", "B", "60.0", "")]
    found = audit_of(folder(tmp_path, claims, t=cells))
    assert found["agrees"].tolist() == [True, False]
    assert found["where"].tolist() == [f"Section 1: “better by 1 and 2 points”, {name}" for name in "AB"]
    assert set(found["remark"]) == {"read so"}


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match="there are no published tables"):
        audit_of(tmp_path)


def test_the_audit_is_a_sorted_frame_of_truths(papers: pd.DataFrame) -> None:
    assert tuple(papers.columns) == COLUMNS
    assert papers["agrees"].dtype == bool
    assert not papers[["artifact", "where"]].duplicated().any()
    assert papers["paper"].is_monotonic_increasing
    artifacts = [name for name, _ in itertools.groupby(papers["artifact"])]
    assert artifacts.index("mmix_table9") < artifacts.index("mmix_table10")
    assert len(artifacts) == len(set(artifacts))


def test_what_is_known_to_disagree_in_lamp(papers: pd.DataFrame) -> None:
    """The list of published/README.md, and no others."""
    wrong = papers[(papers["paper"] == "lamp") & ~papers["agrees"]]
    ranks = wrong[wrong["where"].str.endswith("A.R.")]
    assert set(ranks["artifact"]) == {"lamp_table2"}
    assert len(ranks) == 11
    sums = wrong[wrong["where"].str.endswith("Avg.")].set_index("where")["recomputed"].to_dict()
    assert sums == {"AttrMasking, Avg.": "71.1500", "No Pre-Train, Avg.": "66.9625"}
    text = wrong[wrong["where"].str.contains("“")]
    assert text["artifact"].tolist() == ["lamp_table1", "lamp_table1", "lamp_table2", "lamp_table3"]
    assert len(wrong) == 11 + 2 + 4 + 5


def test_cells_that_both_papers_quote(papers: pd.DataFrame) -> None:
    """Twenty-eight, of which five differ by more than rounding."""
    both = papers[papers["where"].str.endswith("as two papers quote it")]
    assert len(both) == 28
    wrong = both[~both["agrees"]].set_index("where")
    numbers = {where.partition(",")[0]: row["recomputed"] for where, row in wrong.iterrows()}
    assert numbers == {
        "joao on REDDIT-BINARY": "88.1 ± 0.2 (mmix_table3)",
        "joaov2 on REDDIT-BINARY": "88.8 ± 0.6 (mmix_table3)",
        "mvgrl on IMDB-BINARY": "74.2 ± 0.7 (mmix_table3)",
        "mvgrl on MUTAG": "89.7 ± 1.1 (mmix_table3)",
        "mvgrl on REDDIT-BINARY": "84.5 ± 0.6 (mmix_table3)",
    }


@pytest.mark.parametrize(
    ("one", "other", "agrees"),
    [
        *(("75.40", "75.4", True), ("87.67", "87.6", True), ("87.67", "87.7", True), ("87.67", "87.5", False)),
        *(("87.6", "87.7", False), ("87.60", "87.61", False), ("87.60", "87.60", True)),
    ],
)
def test_quotes_are_compared_as_coarse_as_the_coarser(tmp_path: Path, one: str, other: str, agrees: bool) -> None:
    head = HEAD.rstrip().replace("\n", "") + ",quoted\n"
    for paper, table, value in (("p", "t1", one), ("q", "t2", other)):
        line = f"{paper},{table},x,A,accuracy,{value},,,,,elsewhere\n"
        own = f"{paper},{table},y,A,accuracy,{value}1,,,,,\n"  # no quote: each paper's own number
        (tmp_path / f"{table}.csv").write_text(head + line + own, encoding="utf-8")
    (tmp_path / "claims.yaml").write_text("[]", encoding="utf-8")
    found = outcome(audit_of(tmp_path))
    assert found == {"x on A, accuracy, as two papers quote it": (one, f"{other} (t2)", agrees)}


def test_one_cell_explains_the_averages_and_ranks_of_table_2() -> None:
    rows = load_published(FOLDER, "lamp_table2")
    wide = rows.pivot_table("value", "label", "dataset", dropna=False)
    cells = wide[paper_datasets(rows)]
    assert cells.loc["AttrMasking", "BACE"] == 79.3
    cells.loc["AttrMasking", "BACE"] = 69.3
    assert ((average_ranks(cells) - wide["A.R."]).abs() <= 0.05 + 1e-9).all()
    assert cells.loc["AttrMasking"].mean() == pytest.approx(wide.loc["AttrMasking", "Avg."])


def test_what_is_known_to_disagree_in_mmix(papers: pd.DataFrame) -> None:
    wrong = papers[(papers["paper"] == "mmix") & ~papers["agrees"]]
    names = wrong[wrong["claimed"] == "two methods"]["where"].tolist()
    assert names == ["mo-mix and mo-mix-op", "mo-mix-wp and mp-mix", "mvgrl and mvgrl-reproduced"]
    repeats = wrong[wrong["where"].str.endswith("in several tables")]
    assert len(repeats) == 14
    assert {where.split(" on ")[0] for where in repeats["where"]} == {"mvgrl", "mvgrl-reproduced"}
    text = wrong[wrong["where"].str.contains("“")]
    tables = text["artifact"].str.removeprefix("mmix_table").astype(int).value_counts().sort_index().to_dict()
    assert tables == {1: 2, 2: 3, 3: 1, 6: 1, 8: 1, 9: 1, 10: 1}
    assert len(wrong) == 3 + 14 + 10


def test_the_rendering_leads_with_what_disagrees(papers: pd.DataFrame) -> None:
    text = render_audit(papers)
    wrong = int((~papers["agrees"]).sum())
    assert f"{len(papers)} checks" in text
    assert f"## Disagreements ({wrong})" in text
    assert (
        text.index("Disagreements")
        < text.index("AttrMasking, Avg.")
        < text.index("Agreements")
        < text.index("AD-GCL, A.A.")
    )
    rows = [line for line in text.splitlines() if line.startswith(("| lamp | lamp_", "| mmix | mmix_"))]
    assert len(rows) == len(papers)
    right = render_audit(papers[papers["agrees"]])
    assert "## Disagreements (0)\n\nNone." in right
    pipes = papers.head(1).assign(remark="a | b")
    assert r"a \| b" in render_audit(pipes)
