"""The first page leads to everything that was made, and to nothing else."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from markupsafe import escape

from links import Links
from relamp.artifacts.first_page import first_page
from relamp.runtime.provenance import TARGET, configured_by

NAN = float("nan")
CELL: dict[str, Any] = {
    **{"paper": "lamp", "artifact": "lamp_table1", "method": "wl", "label": "WL", "dataset": "MUTAG"},
    **{"evaluation": "svm-rbf", "metric": "accuracy", "part": "", "published": 80.72, "spread": 3.0, "decimals": 2},
    **{"mean": 70.5, "low": 69.25, "high": 71.75, "verdict": "worse", "verdict_seeds": "worse"},
}
NOT_RUN = {**CELL, "dataset": "DD", "mean": NAN, "low": NAN, "high": NAN}
NOT_RUN |= {"verdict": "not run", "verdict_seeds": "not run"}
CLAIM = {"id": "one", "paper": "mmix", "where": "Table 3", "quote": "<b>ours</b>", "outcome": "fails"}
CLAIM |= {"coverage": "1 of 8 data sets", "evidence": "over a: -5"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    results = tmp_path / "results" / "quick"
    tables = [f"tables/lamp_table{name}" for name in ("1.html", "1.csv", "9.html")]
    for name in (*tables, "verdict.html", "../../figures/quick/a & b.png"):
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        (results / name).write_text(name)
    pd.DataFrame([CELL, NOT_RUN]).to_csv(results / "verdict.csv", index=False)
    pd.DataFrame([CLAIM]).to_csv(results / "claims.csv", index=False)
    sidecar = {"created": "2026-01-01T00:00:00+00:00", "git": {"commit": "a" * 40, "dirty": True}, "platform": "Linux"}
    (results / "verdict.json").write_text(json.dumps(sidecar))
    return results


def made(run: Path) -> str:
    figures = run.parents[1] / "figures" / "quick"
    gallery = [
        {"name": "lamp_table1", "label": "Table 1", "paper": "lamp", "title": "Accuracy <1>", "files": []},
        {"name": "fig", "label": "Fig. 9", "paper": "mmix", "title": "", "files": [str(figures / "a & b.png")]},
        {"name": "gone", "label": "Fig. 8", "paper": "mmix", "title": "", "files": [str(figures / "gone.png")]},
        {"name": "lamp_table9", "label": "Table 9", "paper": "lamp", "title": "", "print_alone": True},
    ]
    gallery = [{"print_alone": False, **each} for each in gallery]
    gallery[3]["files"] = [str(run / "tables" / "lamp_table9.html")]
    gallery[0]["files"] = [str(run / "tables" / f"lamp_table1.{kind}") for kind in ("html", "csv", "tex")]
    files = [Path(path) for each in gallery for path in each["files"]]
    first_page(
        cells=run / "verdict.csv",
        claims=run / "claims.csv",
        picture=figures / "numbers.png",
        made=files,
        gallery=gallery,
        run="quick",
        output=run / "index.html",
        command="snakemake index",
    )
    return (run / "index.html").read_text(encoding="utf-8")


def test_every_link_leads_to_a_file_or_a_place_of_the_page(run: Path) -> None:
    links = Links(made(run))
    files = [link for link in links.found if not link.startswith("#")]
    assert set(files) == {
        "verdict.html",
        *("tables/lamp_table1.html", "tables/lamp_table1.csv", "../../figures/quick/a & b.png"),
        "tables/lamp_table9.html",
    }
    assert all((run / link).is_file() for link in files)
    assert {link[1:] for link in links.found if link.startswith("#")} <= links.anchors
    # Neither a missing file nor what has none at all is shown.
    assert "Fig. 8" not in made(run)


def test_what_was_found_is_said_in_two_sentences(run: Path) -> None:
    shown = made(run)
    assert "The run quick measured 1 of 2 published numbers: 1 worse. Of 1 claims it tested 1: 1 fails." in shown
    pd.DataFrame([NOT_RUN]).to_csv(run / "verdict.csv", index=False)
    pd.DataFrame([{**CLAIM, "outcome": "not run"}]).to_csv(run / "claims.csv", index=False)
    assert "The run quick measured none of 1 published numbers. Of 1 claims it tested none." in made(run)
    assert "LAMP prints 80.72 ± 3.00, this run finds 70.50, worse (69.25 to 71.75)." in shown
    assert "commit aaaaaaaaaaaa, altered" in shown


def test_what_has_printed_numbers_alone_is_a_line_below_the_others(run: Path) -> None:
    shown = made(run)
    assert 'nothing of it run here: <a href="tables/lamp_table9.html">Table 9</a>.' in shown
    assert shown.index("Table 9") > shown.index("Accuracy")
    assert '<article id="lamp_table9">' not in shown


def test_texts_are_escaped_and_commands_are_those_of_the_run(run: Path) -> None:
    words = ["snakemake", "--cores", "all", TARGET, "--config", "preset=paper", "run=mine", 'mmix={"nodes": {}}']
    file = run / "configuration.json"
    file.write_text(json.dumps({"config": {}, "command": words}))
    with configured_by(file):
        shown = made(run)
    assert "<b>ours" not in shown
    assert "Accuracy &lt;1&gt;" in shown
    again = "snakemake --cores all lamp_table1 --config preset=paper run=mine 'mmix={\"nodes\": {}}'"
    assert f"<code>{escape(again)}</code>" in shown
    assert '<meta name="viewport"' in shown
