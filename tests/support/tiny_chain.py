"""A tiny chain on MUTAG, run as a program by itself: data, folds, two epochs of LAMP, support vector machines.

`python tiny_chain.py FOLDER` leaves history.csv, rbf.csv and linear.csv there.
"""

import shutil
import sys
from pathlib import Path

from relamp.runs import method_params
from relamp.steps.data import pack_dataset
from relamp.steps.pretrain import pretrain_seeds
from relamp.steps.splits import fix_folds
from relamp.steps.svm import score_embeddings

# All 188 graphs are one batch: the loss of the first epoch is that of the first step, before any weight moves.
SETTINGS = {"epochs": 2, "checkpoints": [0, 2], "batch_size": 188, "hidden": 16, "layers": 2}
PROTOCOL = {"folds": 3, "inner_folds": 2, "C": [0.1, 10.0]}


def main(folder: Path) -> None:
    data, folds, encoder = folder / "data.safetensors", folder / "folds.csv", folder / "encoder"
    pack_dataset("MUTAG", data, folder / "guard.json", folder / "dropped.csv")
    fix_folds(data, PROTOCOL["folds"], {0: folds})
    row = method_params("lamp-mag", "gamma~0.2_alpha~1")
    pretrain_seeds(data, {0: encoder}, folder / "state", row, SETTINGS, [])
    shutil.copy(encoder / "history.csv", folder)
    embeddings, labels = {0: encoder / "embeddings.safetensors"}, {"method": "lamp-mag", "dataset": "MUTAG"}
    for kernel in ("rbf", "linear"):
        score_embeddings(data, embeddings, {0: folds}, labels, {**PROTOCOL, "kernel": kernel}, folder / f"{kernel}.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
