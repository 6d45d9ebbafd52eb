"""A user's own data set from the folder to the tables: the one test that runs the workflow itself."""

import json
import shutil
from pathlib import Path

import pandas as pd

from relamp.data.packaged import folder
from relamp.data.registry import REGISTRY
from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run

pytestmark = needs_snakemake

CONFIG = """
preset: quick
own: {MINE: mine}
damage: {datasets: [MINE], draws: 1}
unsupervised:
  datasets: [MINE]
  methods: [untrained]
  kernels: []
  seeds: [0]
  sweeps: {gamma: [], alpha: []}
"""


def test_a_folder_named_in_the_configuration_appears_in_the_tables(tmp_path: Path) -> None:
    clone = copy_project(tmp_path / "project", CONFIG)
    (clone / "mine").mkdir()
    for name in REGISTRY["MUTAG"].files:
        shutil.copy(folder(REGISTRY["MUTAG"]) / name, clone / "mine" / name.replace("MUTAG", "MINE"))
    run(clone, *SNAKEMAKE, "--cores", "1", "lamp_table1", "lamp_fig2", "results/quick/data/MINE.guard.json")
    table = pd.read_csv(clone / "results/quick/tables/lamp_table1.csv")
    mine = table[(table["dataset"] == "MINE") & (table["source"] != "published")].set_index("method")["value"]
    assert set(mine.index) == {"untrained", "bag"}
    assert mine.between(50, 100).all()
    assert "MINE" in (clone / "results/quick/tables/lamp_table1.md").read_text()
    assert set(pd.read_csv(clone / "figures/quick/lamp_fig2.csv")["dataset"]) == {"MINE"}
    guard = json.loads((clone / "results/quick/data/MINE.guard.json").read_text())
    assert (guard["graphs"], guard["provenance"]) == (188, "a data set of the user's own")

    # A changed file is packed again; one that breaks the data is refused with its place, and nothing is left of it.
    labels = clone / "mine" / "MINE_graph_labels.txt"
    labels.write_text(labels.read_text().replace("-1", "?", 1))
    said = run(clone, *SNAKEMAKE, "--cores", "1", "lamp_table1", code=1)
    (line,) = {line for line in said.splitlines() if line.startswith("relamp: ")}
    assert line.startswith("relamp: mine/MINE_graph_labels.txt: ")
    assert not (clone / "results/quick/data/MINE.safetensors").exists()
