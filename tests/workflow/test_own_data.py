"""A user's own data from their files to the tables: the tests that run the workflow itself."""

import gzip
import json
import shutil
from pathlib import Path

import pandas as pd

from relamp.data.packaged import folder, pack
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


MOLECULES = """
preset: quick
own:
  LIBRARY: library.smi.gz
  ASSAY: {file: assay.csv, smiles_column: structure, label_columns: [active]}
transfer:
  corpus: LIBRARY
  molecules: 40
  datasets: [ASSAY]
  methods: [simgrace, none]
  seeds: [0]
  pretraining: {epochs: 1, hidden: 8, layers: 2}
  finetuning: {epochs: 1}
"""


def test_molecules_named_in_the_configuration_are_trained_on_and_appear_in_the_table(tmp_path: Path) -> None:
    clone = copy_project(tmp_path / "project", MOLECULES)
    smiles = pack("Solubility").smiles
    with gzip.open(clone / "library.smi.gz", "wt") as file:
        file.write("\n".join([*smiles[:60], *["C("] * 20]))
    rows = [f'"{line}",{len(line) % 2}' for line in smiles[::6]]
    (clone / "assay.csv").write_text("\n".join(["structure,active", *rows, "none,1"]))
    said = run(clone, *SNAKEMAKE, "--cores", "1", "lamp_table2")
    assert "warning: library.smi.gz: 20 of 80 lines are left out, since they are no molecules" in said
    assert "warning: assay.csv: 1 of 215 lines are left out" in said
    table = pd.read_csv(clone / "results/quick/tables/lamp_table2.csv")
    mine = table[(table["dataset"] == "ASSAY") & (table["source"] != "published")].set_index("method")["value"]
    assert {"simgrace", "none"} < set(mine.index)  # controls are there too
    assert mine.between(0, 100).all()
    assert "pre-trained here on 40 molecules of LIBRARY" in (clone / "results/quick/tables/lamp_table2.md").read_text()
