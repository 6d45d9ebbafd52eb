"""Pre-train one node-level method on one data set, seed after seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file

from relamp.checkpoint import fingerprint
from relamp.closure import closure_sha256
from relamp.data.nodes import PackedNodes
from relamp.files import sha256, whole, write_csv, write_json
from relamp.loop import Resume
from relamp.node_settings import NodePretraining
from relamp.progress import Progress
from relamp.steps.pretrain import choose_device
from relamp.train_nodes import TrainedNodes, pretrain_nodes

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
        settings: see `relamp.node_settings.NodePretraining`, the method's own options among them.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device = choose_device(threads)
    data = PackedNodes.load(data_path)
    chosen = NodePretraining.model_validate(settings)
    facts = {
        "data": sha256(data_path),
        "code": closure_sha256(code),
        "method": method,
        "settings": chosen.model_dump(mode="json"),
        "torch": torch.__version__,
        "threads": threads,
    }
    for number, (seed, folder) in enumerate(folders.items()):
        resume = Resume(state_folder / f"seed~{seed}.pt", fingerprint({**facts, "seed": seed}))
        what = f"{data.name} {method} seed {seed} ({number + 1} of {len(folders)}), epochs"
        with Progress(what, chosen.epochs) as progress:
            trained = pretrain_nodes(data, chosen, seed, device=device, resume=resume, on_epoch=progress.to)
        done = {"final_epoch": trained.final, "epochs": len(trained.history)}
        _write(folder, trained, {**facts, **done, "seed": seed, "dataset": data.name})


def _write(folder: Path, trained: TrainedNodes, facts: Mapping[str, Any]) -> None:
    with whole(folder / "encoder.safetensors") as beside:
        save_file({name: value.contiguous() for name, value in trained.encoder.items()}, beside)
    arrays = {name: value.contiguous() for name, value in trained.embeddings.items()}
    if trained.kept is not None:
        arrays["nodes"] = trained.kept
    with whole(folder / "embeddings.safetensors") as beside:
        save_file(arrays, beside, metadata={"final_epoch": str(trained.final)})
    write_csv(folder / "history.csv", pd.DataFrame(trained.history, columns=_HISTORY))
    write_json(folder / "run.json", facts)
