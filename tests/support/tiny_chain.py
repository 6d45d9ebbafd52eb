"""A tiny chain on MUTAG, run as a program by itself: data, folds, two epochs of LAMP, support vector machines.

`python tiny_chain.py FOLDER` leaves history.csv, rbf.csv and linear.csv there.
"""

import sys
from pathlib import Path

from relamp.data.jobs import folds as fix_folds
from relamp.data.jobs import pack
from relamp.evaluate.jobs import score
from relamp.study.studies import TRAINERS
from relamp.train.jobs import pretrain

# All 188 graphs are one batch: the loss of the first epoch is that of the first step, before any weight moves.
SETTINGS = {"epochs": 2, "checkpoints": [0, 2], "batch_size": 188, "hidden": 16, "layers": 2}
PROTOCOL = {"folds": 3, "inner_folds": 2, "C": [0.1, 10.0]}
LAMP = {"name": "lamp-mag", "maker": "relamp.method.lamp:Lamp", "options": {"strategy": "magnitude"}, "trains": True}
LABELS = {"method": "lamp-mag", "dataset": "MUTAG", "setting": "default"}


def main(folder: Path) -> None:
    data, folds, encoder = folder / "data.safetensors", folder / "folds.csv", folder / "encoder.safetensors"
    pack("MUTAG", data, folder / "data.guard.json", folder / "dropped.csv", None, None, folder / "parts")
    fix_folds(data, [0], PROTOCOL["folds"], {0: folds})
    pretrain(data, data, [encoder], [0], [folder / "state"], [LAMP], [SETTINGS], TRAINERS["graphs"])
    for kernel in ("rbf", "linear"):
        score(
            data=data,
            code=data,
            embeddings=[folder / "embeddings.safetensors"],
            seeds=[0],
            labels=[LABELS],
            evaluation="relamp.evaluate.svm:score_svm",
            protocols=[{**PROTOCOL, "kernel": kernel}],
            output=[folder / f"{kernel}.csv"],
            cache=folder / "cache",
            folds=[folds],
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
