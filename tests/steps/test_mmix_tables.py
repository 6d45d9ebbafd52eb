import json
from pathlib import Path

import pandas as pd
import pytest

from relamp.render.artifacts import MMIX_TABLES
from relamp.steps.mmix_tables import render_mmix_table, render_sample_sizes

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


@pytest.mark.parametrize("name", MMIX_TABLES)
def test_a_table_without_any_run_shows_the_published_cells(name: str, tmp_path: Path) -> None:
    table = render(name, {kind: [] for kind in MMIX_TABLES[name].kinds}, tmp_path / "t")
    assert set(table["source"]) == {"published"}


def test_sample_sizes_are_drawn_with_their_numbers(tmp_path: Path) -> None:
    settings = [(10, 8), (100, 8), (10, 64), (100, 64)]
    rows = [
        probe_rows(tmp_path / f"{samples}-{dim}.csv", "mp-mix", "Cora", (0.5 + dim / 1000, 0.6))
        for samples, dim in settings
    ]
    render_sample_sizes(rows, settings, tmp_path / "f", "snakemake mmix_fig2")
    plotted = pd.read_csv(tmp_path / "f.csv")
    assert list(zip(plotted["samples"], plotted["dimension"], strict=True)) == settings
    assert (tmp_path / "f.png").stat().st_size > 1000
