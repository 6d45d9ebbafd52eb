import json
from pathlib import Path

import pandas as pd
import pytest

from relamp.render.artifacts import MMIX_TABLES
from relamp.steps.mmix_tables import render_mmix_table

ROOT = Path(__file__).parents[2]


def probe_rows(path: Path, method: str, dataset: str, values: tuple[float, ...], metric: str = "accuracy") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(
        [
            {"method": method, "dataset": dataset, "seed": seed, "epoch": 5, "branch": "average", "final": True}
            | {"run": 0, "split": "test", "metric": metric, "value": value}
            for seed, value in enumerate(values)
        ]
    ).to_csv(path, index=False)
    return path


def render(name: str, rows: dict[str, list[Path]], stem: Path) -> pd.DataFrame:
    table = MMIX_TABLES[name]
    published = ROOT / "published" / f"{name}.csv"
    render_mmix_table(rows, published, table.title, table.methods, stem, f"snakemake {name}")
    return pd.read_csv(stem.with_suffix(".csv"))


def test_node_classification_stands_beside_the_published_cells(tmp_path: Path) -> None:
    rows = [
        probe_rows(tmp_path / "a.csv", "mp-mix", "Cora", (0.8, 0.82)),
        probe_rows(tmp_path / "b.csv", "untrained", "KarateClub", (0.5,)),
        probe_rows(tmp_path / "c.csv", "grace", "Cora", (0.7,)),
    ]
    table = render("mmix_table2", {"nodes": rows}, tmp_path / "t")
    here = table[table["source"] != "published"].set_index(["method", "dataset"])["value"]
    assert here.to_dict() == {("mp-mix", "Cora"): pytest.approx(81.0), ("untrained", "KarateClub"): 50.0}
    printed = table[(table["source"] == "published") & (table["method"] == "mp-mix")].set_index("dataset")["value"]
    assert printed["Cora"] == 85.9
    sidecar = json.loads((tmp_path / "t.json").read_text())
    assert sidecar["command"] == "snakemake mmix_table2"
    assert len(sidecar["inputs"]) == 4


def test_each_metric_of_clustering_is_a_column_as_a_fraction(tmp_path: Path) -> None:
    rows = [probe_rows(tmp_path / f"{m}.csv", "mvgrl", "Cora", (0.5, 0.6), m) for m in ("nmi", "ari")]
    table = render("mmix_table5", {"clusters": rows}, tmp_path / "t")
    here = table[table["source"] != "published"].set_index("dataset")["value"]
    assert here.to_dict() == {"Cora NMI": pytest.approx(0.55), "Cora ARI": pytest.approx(0.55)}
    assert "0.6291" in (tmp_path / "t.md").read_text()


def test_the_word_for_a_split_makes_no_column_of_its_own(tmp_path: Path) -> None:
    """Table 8 prints transductive and inductive, one a data set: the run's cells belong below the same heads."""
    rows = [
        probe_rows(tmp_path / "a.csv", "grace", "DBLP", (0.8, 0.82)),
        probe_rows(tmp_path / "b.csv", "grace", "PPI", (0.6, 0.7), "micro_f1"),
    ]
    table = render("mmix_table8", {"nodes": rows}, tmp_path / "t")
    here = table[table["source"] != "published"].set_index("dataset")["value"].to_dict()
    assert here == {"DBLP": pytest.approx(81.0), "PPI": pytest.approx(65.0)}
    assert set(table.loc[table["source"] == "published", "dataset"]) == {"DBLP", "PPI"}


def test_sizes_of_graphs_are_columns(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        [{"method": "wl", "dataset": "COIL-DEL", "n": 50, "seed": 0, "metric": "accuracy", "value": 0.5}]
    )
    rows.to_csv(tmp_path / "a.csv", index=False)
    table = render("mmix_table10", {"edits": [tmp_path / "a.csv"]}, tmp_path / "t")
    both = table[(table["method"] == "wl") & (table["dataset"] == "COIL-DEL accuracy n=50")]
    assert both.set_index("source")["value"].to_dict() == {"published": 0.934, "reproduced here": 0.5}


def test_the_default_scope_is_shown_beside_its_printed_name(tmp_path: Path) -> None:
    rows = [probe_rows(tmp_path / "a.csv", "mo-mix", "Cora", (0.8, 0.82))]
    table = render("mmix_table7", {"nodes": rows}, tmp_path / "t")
    assert table.loc[table["source"] != "published", ["method", "dataset"]].to_numpy().tolist() == [["mo-mix", "Cora"]]
    assert "mo-mix-wp" in set(table["method"])


@pytest.mark.parametrize("name", MMIX_TABLES)
def test_a_table_without_any_run_shows_the_published_cells(name: str, tmp_path: Path) -> None:
    table = render(name, {kind: [] for kind in MMIX_TABLES[name].kinds}, tmp_path / "t")
    assert set(table["source"]) == {"published"}
