"""Tables as their jobs write them, from their records and the published numbers as they are."""

import json
from pathlib import Path

import pandas as pd
import pytest

from judged_by import JUDGED_BY
from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import Table
from relamp.artifacts.jobs import tabulate
from relamp.data.rows import write_rows
from relamp.judge.published import AGGREGATES, load_protocols, load_published, measures, run_as
from relamp.render.tables import REPRODUCED
from relamp.study.plan import methods_by_evaluation
from stored_rows import probe_row

PUBLISHED = Path(__file__).parents[2] / "published"
TABLES = [made for made in ARTIFACTS.values() if isinstance(made, Table)]
AGAIN = {
    "dgi-diffusion": "DGI (X, D)",
    "graphcl-nodes": "GraphCL (nodes)",
    "grace": "GRACE",
    "grace-imix": "GRACE+(i-mix)",
    "raw-features": "Raw features",
}


def tabulated(folder: Path, name: str, *methods: str) -> Path:
    made, output = ARTIFACTS[name], folder / "table.html"
    assert isinstance(made, Table)
    rows = []
    for method in methods:
        rows.append(folder / "rows/probe/Cora" / method / "default/rows.csv")
        found = pd.DataFrame([probe_row(seed, 5, 0.8) for seed in (0, 1)])
        write_rows(rows[-1], [found], {"method": method, "dataset": "Cora", "setting": "default"}, [*map(str, found)])
    inputs = (rows, PUBLISHED / f"{name}.csv", PUBLISHED / "not_run.yaml")
    tabulate(*inputs, made.title, made.shows, made.transposed, made.second, output, f"snakemake {name}")
    return output


def test_table_2_shows_rivals_that_it_prints_under_other_names(tmp_path: Path) -> None:
    found = pd.read_csv(tabulated(tmp_path, "mmix_table2", *AGAIN, "dgi").with_suffix(".csv"))
    here = found[found["source"] == REPRODUCED]
    assert dict(zip(here["method"], here["label"], strict=True)) == AGAIN | {"dgi": "DGI"}


def test_the_caption_says_why_rows_are_only_published(tmp_path: Path) -> None:
    page = tabulated(tmp_path, "mmix_table3")
    for text in (page.read_text(), page.with_suffix(".md").read_text(), page.with_suffix(".tex").read_text()):
        said = " ".join(text.split())
        assert "Only published: PATCHY. It has no official code." in said
        assert "Only published: InfoGCL. No public code was found for it." in said
        assert "VERSE" not in said  # of Table 2
    named = [Path(each["path"]).name for each in json.loads(page.with_suffix(".json").read_text())["inputs"]]
    assert "not_run.yaml" in named
    assert "Only published" not in tabulated(tmp_path, "mmix_table8").read_text()


@pytest.mark.parametrize("made", TABLES, ids=lambda made: made.name)
def test_a_table_shows_all_that_its_printed_rows_are_judged_by(made: Table) -> None:
    cells = load_published(PUBLISHED, made.name)
    cells = measures(cells[~cells["dataset"].isin(AGGREGATES)], JUDGED_BY, load_protocols(PUBLISHED / "protocols.yaml"))
    can, evaluated = methods_by_evaluation(), {rows.evaluation for rows in made.rows}
    pairs = zip(cells["method"], cells["evaluation"], strict=True)
    run = {name for method, how in pairs if how in evaluated and (name := run_as(made.name, method)) in can[how]}
    assert run
    assert made.shows is None or run <= {*cells["method"], *made.shows}
