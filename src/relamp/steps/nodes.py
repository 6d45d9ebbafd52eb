"""Pre-train one node-level method on one data set, seed after seed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.local_copy import near
from relamp.data.nodes import PackedNodes
from relamp.runtime.files import write_csv, write_json
from relamp.settings.nodes import NodePretraining
from relamp.steps.training import choose_device, folders_of, train_seeds, training_facts, write_tensors
from relamp.train.loop import Resume
from relamp.train.nodes import TrainedNodes, pretrain_nodes

_HISTORY = ["epoch", "loss", "node", "diversity"]


def pretrain_nodes_seeds(
    data_path: Path,
    folders: Mapping[int, Path],
    state_folder: Path,
    method: str,
    settings: Mapping[str, Any],
    code: Sequence[Path],
    threads: int = 1,
) -> None:
    """Pre-train for each seed and write its folder: encoder, embeddings, history and run.json.

    The embeddings' file has the arrays `epoch~K_branch~B`, the array `nodes` where checkpoints keep only some nodes,
    and the final epoch in its header. Seeds that an earlier, killed job has finished are not trained again.

    Args:
        data_path: packed nodes.
        folders: the output folder of each seed.
        state_folder: where training states are kept, one file a seed.
        method: its name, for the record.
        settings: see `relamp.settings.nodes.NodePretraining`, the method's own options among them.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device = choose_device(threads)
    data = PackedNodes.load(near(data_path))
    chosen = NodePretraining.model_validate(settings)
    facts = training_facts(data_path, code, chosen, threads, device, method=method)

    def train(seed: int, resume: Resume, on_epoch: Callable[[int], None]) -> TrainedNodes:
        return pretrain_nodes(data, chosen, seed, device=device, resume=resume, on_epoch=on_epoch)

    for seed, trained, own in train_seeds(folders, state_folder, facts, f"{data.name} {method}", chosen.epochs, train):
        done = {"final_epoch": trained.final, "epochs": len(trained.history)}
        _write(folders[seed], trained, {**own, **done, "dataset": data.name})


def pretrain_nodes_settings(
    data_path: Path,
    encoders: Sequence[Path],
    seeds: Sequence[int],
    states: Sequence[Path],
    method: str,
    settings: Sequence[Mapping[str, Any]],
    code: Sequence[Path],
    threads: int,
) -> None:
    """Do this for one or several settings; arguments as in `relamp.steps.pretrain.pretrain_settings`."""
    for folders, state, chosen in zip(folders_of(encoders, seeds), states, settings, strict=True):
        pretrain_nodes_seeds(data_path, folders, state, method, chosen, code, threads)


def _write(folder: Path, trained: TrainedNodes, facts: Mapping[str, Any]) -> None:
    write_tensors(folder / "encoder.safetensors", trained.encoder)
    kept = {} if trained.kept is None else {"nodes": trained.kept}
    words = {"final_epoch": str(trained.final)}
    write_tensors(folder / "embeddings.safetensors", {**trained.embeddings, **kept}, words)
    write_csv(folder / "history.csv", pd.DataFrame(trained.history, columns=_HISTORY))
    write_json(folder / "run.json", facts)
