"""The papers' numbers and claims: as they print them, as files are read, and as numbers are compared with scores."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from judged_by import JUDGED_BY
from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.claims import Claim, load_claims
from relamp.judge.published import (
    AGGREGATES,
    evaluation_of,
    load_not_run,
    load_protocols,
    load_published,
    measures,
    paper_aggregates,
    paper_datasets,
    reasons,
    run_as,
)
from relamp.study.plan import methods_by_evaluation

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "published"
TABLES = sorted(path.stem for path in FOLDER.glob("*_table*.csv"))
TEXTS = ROOT.parent / "shared" / "papers"
PAPERS = {"lamp": TEXTS / "lamp.txt", "mmix": TEXTS / "m-mix.txt"}
needs_papers = pytest.mark.skipif(not TEXTS.is_dir(), reason="the texts of the papers are not beside the repository")
CLAIMS = load_claims(FOLDER / "claims.yaml")
ROW = ["artifact", "method"]
MEASURED = [claim for claim in CLAIMS if claim.measured]

UPSTREAM = {"RED-B": "REDDIT-BINARY", "RED-M5K": "REDDIT-MULTI-5K", "IMDB-B": "IMDB-BINARY"}
SIZES = {"lamp_table1": 19 * 10, "lamp_table2": 20 * 10, "lamp_table3": 3 * 9}


def paper_lines(number: int) -> list[str]:
    """The lines from a table's caption to the next line of prose."""
    lines = [line.strip() for line in PAPERS["lamp"].read_text(encoding="utf-8").splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith(f"Table {number}:"))
    return [line for line in lines[start:] if line]


def is_cell(word: str) -> bool:
    return re.fullmatch(r"-|\d+\.\d+(±\d+\.\d+)?", word) is not None


def upright(number: int) -> dict[tuple[str, str], str]:
    """(label, data set) -> the printed cell, for a table with methods as rows."""
    lines = paper_lines(number)
    head = next(line for line in lines if line.endswith("A.R.")).split()
    cells = {}
    for line in lines[lines.index(" ".join(head)) + 1 :]:
        words = line.split()
        if len(words) <= len(head) or not all(map(is_cell, words[-len(head) :])):
            break
        for name, cell in zip(head, words[-len(head) :], strict=True):
            cells[" ".join(words[: -len(head)]), UPSTREAM.get(name, name)] = cell
    return cells


def transposed() -> dict[tuple[str, str], str]:
    methods = ("SimGRACE", "LAMP-Mag w/o L_LocalC", "LAMP-Mag")
    cells = {}
    for line in paper_lines(3):
        name, *words = line.split()
        if len(words) == len(methods) and all(map(is_cell, words)):
            for method, cell in zip(methods, words, strict=True):
                cells[method, UPSTREAM.get(name, name)] = cell
            if name == "A.A.":
                break
    return cells


@needs_papers
@pytest.mark.parametrize("artifact", SIZES)
def test_every_cell_is_as_the_paper_prints_it(artifact: str) -> None:
    number = int(artifact[-1])
    printed = transposed() if number == 3 else upright(number)
    assert len(printed) == SIZES[artifact]
    stored = pd.read_csv(FOLDER / f"{artifact}.csv", dtype=str, keep_default_na=False)
    ours = {
        (row.label, row.dataset): f"{row.value}±{row.spread}" if row.spread else row.value or "-"
        for row in stored.itertuples()
    }
    assert ours == printed


MMIX_SIZES = {2: 28 * 3, 3: 26 * 5, 4: 4 * 5, 5: 7 * 6, 6: 3 * 7, 7: 4 * 5, 8: 6 * 2, 9: 5 * 7, 10: 5 * 8}
GAPS = {"mmix_table2": 3, "mmix_table3": 17, "mmix_table7": 2}
# The last line of the head, by table: what follows are rows of cells.
MMIX_HEADS = {
    2: "input mode Cora Citeseer Pubmed",
    3: "MUTAG PTC_MR IMDB-BIN IMDB-MULTI REDDIT-BIN",
    4: "METHODS MUTAG PTC_MR IMDB-BIN IMDB-MULTI REDDIT-BIN",
    5: "NMI ARI NMI ARI NMI ARI",
    6: "Cora Citeseer Pubmed MUTAG PTC_MR IMDB-BIN IMDB-MULTI",
    7: "Method Cora Citeseer PubMed Method CIFAR-10 CIFAR-100",
    8: "GRACE (GAT) GRACE+(i-mix [23]) GRACE+(mp-mix w/o div) GRACE+(mp-mix)",
    9: "Cora Citeseer Pubmed MUTAG PTC_MR IMDB-BIN IMDB-MULTI",
    10: "n HIST-KERNEL WL-KERNEL supervised MVGRL MVGRL+(mp-mix)",
}
MMIX_UPSTREAM = {"PubMed": "Pubmed", "IMDB-BIN": "IMDB-BINARY", "REDDIT-BIN": "REDDIT-BINARY"}
MMIX_CELL = re.compile(r"\d+\.\d+(?: ± \d+\.\d+)?|–|∼")
GROUPS = re.compile("^(unsupervised|supervised|kernel|ours|Accuracy|AUC)")


def bare(text: str) -> str:
    """Without citations, spaces and the underscores of subscripts, and without a rotated heading before it."""
    return GROUPS.sub("", re.sub(r"\[\d+\]|[\s_]", "", text)) or "supervised"


def mmix_rows(number: int, count: int) -> list[tuple[str, list[str]]]:
    """The first rows after a table's head: the text before the cells, and the cells."""
    text = unicodedata.normalize("NFKC", PAPERS["mmix"].read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    caption = next(i for i, line in enumerate(lines) if line.startswith(f"Table {number}:"))
    head = next(i for i, line in enumerate(lines) if i > caption and line == MMIX_HEADS[number])
    # The words before a run of cells are its label, wherever the text breaks the line.
    rest = " ".join(lines[head + 1 :])
    rows: list[tuple[str, list[str]]] = []
    end = 0
    for cell in MMIX_CELL.finditer(rest):
        between = rest[end : cell.start()].strip()
        if between and len(rows) == count:
            return rows
        if between:
            rows.append((bare(between), []))
        rows[-1][1].append(cell[0])
        end = cell.end()
    return rows


def mmix_columns(number: int) -> list[str]:
    """The data sets (with the metric, in Table 5) of the columns, by their upstream names."""
    if number == 5:
        return [f"{name} {metric}" for name in ("Cora", "Citeseer", "Pubmed") for metric in ("nmi", "ari")]
    words = [word for word in MMIX_HEADS[number].split() if word not in {"input", "mode", "METHODS", "Method"}]
    return [MMIX_UPSTREAM.get(word, word) for word in words]


def mmix_stored(number: int) -> pd.DataFrame:
    rows = pd.read_csv(FOLDER / f"mmix_table{number}.csv", dtype=str, keep_default_na=False)
    printed = [f"{row.value} ± {row.spread}" if row.spread else row.value or "–" for row in rows.itertuples()]
    return rows.assign(printed=printed)


@needs_papers
@pytest.mark.parametrize("number", [2, 3, 4, 5, 6, 9])
def test_every_cell_is_as_mmix_prints_it(number: int) -> None:
    stored = mmix_stored(number)
    columns = mmix_columns(number)
    names = stored["dataset"] + (" " + stored["metric"] if number == 5 else "")
    ours = []
    for label, rows in stored.groupby("label", sort=False):
        # Table 2 prints what goes into a method after its name.
        mode = re.sub(".*input ", "", rows["note"].iloc[0]) if number == 2 else ""
        assert names[rows.index].tolist() == columns
        ours.append((bare(f"{label} {mode}"), rows["printed"].tolist()))
    assert ours == mmix_rows(number, len(ours))


@needs_papers
def test_every_cell_of_nodes_and_images_is_as_mmix_prints_it() -> None:
    stored = mmix_stored(7)
    by_label = dict(iter(stored.groupby("label", sort=False)))
    printed = mmix_rows(7, 8)
    ours = [(bare(label), rows["printed"].tolist()) for label, rows in by_label.items()]
    # The paper sets nodes and images side by side, and a dash of images as a tilde.
    assert ours == [
        (label, [cell.replace("∼", "–") for cell in cells]) for label, cells in printed[::2] + printed[1::2]
    ]
    for label, rows in by_label.items():
        assert rows["dataset"].tolist() == (mmix_columns(7)[3:] if "SimCLR" in label else mmix_columns(7)[:3])


@needs_papers
@pytest.mark.parametrize(("number", "rows"), [(8, 2), (10, 8)])
def test_every_cell_of_tables_with_methods_as_columns_is_as_mmix_prints_it(number: int, rows: int) -> None:
    stored = mmix_stored(number)
    labels = stored["label"].unique().tolist()
    head = bare(MMIX_HEADS[number]).removeprefix("n")
    assert bare("".join(labels)).endswith(head)
    ours = []
    for (metric, dataset, protocol), cells in stored.groupby(["metric", "dataset", "protocol"], sort=False):
        assert cells["label"].tolist() == labels
        name = f"{dataset}{protocol.capitalize()}" if number == 8 else protocol.removeprefix("n=")
        ours.append((name, cells["printed"].tolist()))
        assert metric == (
            "roc_auc" if number == 10 and len(ours) > 4 else "micro_f1" if dataset == "PPI" else "accuracy"
        )
    assert ours == mmix_rows(number, rows)


@pytest.mark.parametrize("artifact", TABLES)
def test_files_load_and_say_what_they_hold(artifact: str) -> None:
    rows = load_published(FOLDER, artifact)
    paper = artifact.split("_")[0]
    assert len(rows) == {**SIZES, **{f"mmix_table{number}": size for number, size in MMIX_SIZES.items()}}[artifact]
    assert set(rows["paper"]) == {paper}
    assert (rows["value"].isna() == rows["note"].str.startswith("missing in the paper")).all()
    assert (rows["spread"].notna() == (rows["spread_meaning"] != "")).all()
    assert (rows["n"].notna() == ~rows["spread_meaning"].isin(["", "not stated"])).all()
    assert (rows["spread"].dropna() >= 0).all()
    assert not rows[["method", "label"]].drop_duplicates()["method"].duplicated().any()
    if paper == "mmix":
        assert paper_aggregates(rows) == []
        assert rows["value"].isna().sum() == GAPS.get(artifact, 0)
    else:
        assert len(paper_datasets(rows)) == 8
        assert set(rows.loc[rows["dataset"] == "A.R.", "metric"]) <= {"average_rank"}
        whole = rows["dataset"].isin(paper_aggregates(rows))
        assert (rows["spread"].isna() == (rows["value"].isna() | whole)).all()


def test_runs_behind_a_spread_are_said_of_the_authors_own_rows_alone() -> None:
    rows = load_published(FOLDER, "mmix_table2")
    counts = rows.dropna(subset=["spread"]).set_index("method")["n"].groupby(level=0).max()
    own = {"mo-mix", "mp-mix", "mp-mix-nodiv"}
    assert set(counts.index[counts == 50]) == own | {name for name in counts.index if name.endswith("-reproduced")}
    assert set(load_published(FOLDER, "mmix_table3")["n"].dropna()) == {5}


HEAD = "paper,artifact,method,dataset,metric,value,spread,spread_meaning,n,note"
GOOD = "p,t,gcn,MUTAG,accuracy,74.00,1.2,std over folds,10,"


def written(folder: Path, *lines: str) -> Path:
    (folder / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_decimals_label_and_empty_cells(tmp_path: Path) -> None:
    rows = load_published(written(tmp_path, HEAD, GOOD, "p,t,gcn,DD,accuracy,,,,,no memory"), "t")
    assert rows["decimals"].tolist() == [2, 0]
    assert rows["label"].tolist() == ["gcn", "gcn"]
    np.testing.assert_array_equal(rows["value"], [74.0, np.nan])
    np.testing.assert_array_equal(rows["n"], [10.0, np.nan])


def test_a_protocol_tells_cells_apart(tmp_path: Path) -> None:
    lines = [f"{HEAD},protocol", f"{GOOD},linear", f"{GOOD},svm"]
    assert len(load_published(written(tmp_path, *lines), "t")) == 2


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([f"{HEAD},colour", f"{GOOD},red"], "unknown columns .'colour'."),
        ([HEAD.replace(",note", ""), GOOD[:-1]], "columns .'note'. are missing"),
        ([HEAD, GOOD, GOOD.replace("74.00", "75.00")], "line 3: the cell .* is a duplicate"),
        ([HEAD, GOOD.replace("74.00", "7x")], "line 2: value '7x' is not a number"),
        ([HEAD, GOOD.replace("1.2", "~1")], "line 2: spread '~1' is not a number"),
        ([HEAD, GOOD.replace("74.00", "")], "line 2: no value and no note"),
        ([HEAD, GOOD.replace("gcn", "")], "line 2: method is empty"),
        ([HEAD, GOOD.replace("p,t", "p,u")], "artifacts .'u'."),
        ([HEAD], "no rows"),
        ([], "is no table that can be read"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        load_published(written(tmp_path, *lines), "t")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"absent\.csv"):
        load_published(tmp_path, "absent")


@pytest.mark.parametrize("artifact", TABLES)
def test_every_printed_cell_has_an_evaluation(artifact: str) -> None:
    cells = load_published(FOLDER, artifact)
    cells = cells[~cells["dataset"].isin(AGGREGATES)]
    found = measures(cells, JUDGED_BY)
    assert set(found["evaluation"]) <= set(EVALUATIONS)
    fractions = found["evaluation"].isin(["kmeans", "edit-distance"])
    # What the paper prints as fractions is in per cent, and nothing else is changed.
    for name in ("value", "spread"):
        wanted = cells[name].where(~fractions, 100 * cells[name])
        pd.testing.assert_series_equal(found[name], wanted)
    assert (cells.loc[fractions, "value"] <= 1).all()
    assert (cells.loc[~fractions, "value"].dropna() > 1).all()
    # A cell is still told from every other.
    assert not found.duplicated(["method", "dataset", "evaluation", "metric", "part"]).any()


def test_a_table_may_have_several_evaluations_by_kind_of_data_set() -> None:
    of_graphs = [evaluation_of(JUDGED_BY, "mmix_table6", name) for name in ("Pubmed", "PTC_MR")]
    of_images = [evaluation_of(JUDGED_BY, "mmix_table7", name) for name in ("Cora", "CIFAR-100")]
    assert of_graphs + of_images == ["probe", "svm-linear", "probe", "image-probe"]


def test_what_nothing_is_known_of_is_refused() -> None:
    with pytest.raises(RelampError, match="mine_table1: nothing says how its cells are measured"):
        evaluation_of(JUDGED_BY, "mine_table1", "MUTAG")
    with pytest.raises(RelampError, match="mmix_table6: CIFAR-10 is of the domain images, the table of nodes and"):
        evaluation_of(JUDGED_BY, "mmix_table6", "CIFAR-10")


def test_parts_are_sizes_and_not_the_words_for_a_split() -> None:
    assert set(measures(load_published(FOLDER, "mmix_table8"), JUDGED_BY)["part"]) == {""}
    assert set(measures(load_published(FOLDER, "mmix_table10"), JUDGED_BY)["part"]) == {"n=50", "n=20", "n=15", "n=10"}


def test_printed_names_of_what_relamp_runs() -> None:
    names = ("mvgrl", "mvgrl-reproduced", "mo-mix-wp", "mp-mix", "mo-mix-op")
    assert [run_as("mmix_table2", name) for name in names] == ["mvgrl", "mvgrl", "mo-mix", "mp-mix", "mo-mix-op"]
    # Without mixing, but with M-Mix's objectives.
    assert [run_as("mmix_table9", name) for name in names[:2]] == ["mvgrl", "mvgrl-infonce"]
    assert run_as("mmix_table7", "mvgrl") == "mvgrl-infonce"
    assert run_as("mmix_table2", "imix") == "grace-imix"
    # Rivals are judged as published.
    assert run_as("lamp_table1", "ad-gcl") == "ad-gcl-code"
    assert [run_as(table, "joao") for table in ("mmix_table3", "lamp_table2")] == ["joao-code", "joao"]
    assert [run_as(table, "graphlet") for table in ("mmix_table3", "lamp_table1")] == ["graphlet-code"] * 2
    assert run_as("mmix_table2", "linear") == "raw-features"
    # Of the two DGI and the two GraphCL that are printed, one of each M-Mix ran itself.
    assert [run_as("mmix_table2", name) for name in ("dgi", "dgi-reproduced")] == ["dgi", "dgi-diffusion"]
    assert [run_as("mmix_table2", name) for name in ("graphcl", "graphcl-reproduced")] == ["graphcl", "graphcl-nodes"]


def test_what_cannot_be_run_has_a_reason_and_nothing_else_has() -> None:
    tables = [load_published(FOLDER, name) for name in TABLES]
    cells = measures(
        pd.concat([table[~table["dataset"].isin(AGGREGATES)].dropna(subset=["value"]) for table in tables]),
        JUDGED_BY,
        load_protocols(FOLDER / "protocols.yaml"),
    )
    can = methods_by_evaluation()
    rows = cells.assign(can=[run_as(*key) in can[how] for *key, how in cells[[*ROW, "evaluation"]].to_numpy()])
    run = rows.groupby(ROW)["can"].any()
    found = load_not_run(FOLDER / "not_run.yaml", pd.concat(tables))
    assert set(map(tuple, found[ROW].to_numpy())) == set(run.index[~run])
    assert {("mmix_table2", "infogcl"), ("mmix_table3", "patchy")} <= set(run.index[~run])


def not_run(tmp_path: Path, text: str) -> pd.DataFrame:
    (tmp_path / "not_run.yaml").write_text(text)
    return load_not_run(
        tmp_path / "not_run.yaml", pd.concat([load_published(FOLDER, f"mmix_table{n}") for n in (2, 3)])
    )


def test_reasons_are_shown_once_with_the_papers_labels_and_those_of_other_tables_are_left_out(tmp_path: Path) -> None:
    found = not_run(
        tmp_path,
        "- {rows: {mmix_table3: [gat-eps, patchy], mmix_table2: [lp]}, reason: No code.}\n"
        "- {rows: {mmix_table10: [supervised]}, reason: One word.}\n"
        "- {rows: {mmix_table2: [ica]}, reason: Not written.}\n",
    )
    assert reasons(found) == {
        "No code.": {"mmix_table3": "GAT-ε, PATCHY", "mmix_table2": "LP"},
        "Not written.": {"mmix_table2": "ICA"},
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- {rows: {mmix_table2: [gmi]}, reason: No code.}", "no table prints gmi of mmix_table2"),
        ("- {rows: {mmix_table2: [lp, lp]}, reason: No code.}", "method lp: a row that is not run has a duplicate"),
        ("- {rows: {mmix_table2: [lp]}}", "0.reason: Field required"),
        ("- {rows: {mmix_table2: [lp]}, reason: no sentence}", "0.reason: String should match"),
        ("- {rows: {}, reason: No code.}", "0.rows: Dictionary should have at least 1 item"),
    ],
)
def test_wrong_reasons_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        not_run(tmp_path, text)


def squeezed(text: str) -> str:
    """Without what a PDF's text adds or loses: ligatures, italics, spaces, line breaks, marks of hyphenation."""
    return re.sub(r"[\s­-]", "", unicodedata.normalize("NFKC", text))


@needs_papers
def test_every_quote_is_in_the_paper() -> None:
    texts = {paper: squeezed(file.read_text(encoding="utf-8")) for paper, file in PAPERS.items()}
    missing = [claim.quote for claim in CLAIMS if squeezed(claim.quote) not in texts[claim.paper]]
    assert missing == []


def test_claims_on_measured_cells_have_ids_of_their_own() -> None:
    names = [claim.id for claim in MEASURED]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("claim", MEASURED, ids=lambda claim: claim.id)
def test_claims_speak_of_what_the_papers_print(claim: Claim) -> None:
    formula = claim.measured
    assert formula
    assert formula.artifact.startswith(f"{claim.paper}_")
    cells = load_published(FOLDER, formula.table or formula.artifact)
    over = getattr(formula, "over", "all")
    over = {over} if isinstance(over, str) else {*over}
    method = getattr(formula, "method", "all")
    both = [load_published(FOLDER, name)["method"] for name in {formula.table, formula.artifact} if name in TABLES]
    assert {*over, method, *getattr(formula, "beside", ())} - {"all"} <= set(pd.concat(both))
    assert method not in over - {"all"}
    assert {*(formula.datasets or ()), *formula.leave_out} <= set(cells["dataset"])
