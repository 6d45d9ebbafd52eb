"""Fine-tune a pre-trained molecular encoder on a labelled data set, seed after seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file

from relamp.checkpoint import fingerprint
from relamp.closure import closure_sha256
from relamp.data.folds import load_folds
from relamp.data.packed import Integers, PackedGraphs
from relamp.evaluate.roc_auc import roc_auc_per_task
from relamp.files import sha256
from relamp.finetune import finetune
from relamp.loop import Resume
from relamp.progress import Progress
from relamp.settings import Finetuning
from relamp.steps.pretrain import choose_device
from relamp.steps.rows import FINETUNE_COLUMNS, write_rows


def finetune_seeds(
    data_path: Path,
    split_path: Path,
    encoder_path: Path | None,
    seeds: Sequence[int],
    shape: tuple[int, int],
    state_folder: Path,
    labels: Mapping[str, Any],
    settings: Mapping[str, Any],
    code: Sequence[Path],
    output: Path,
    threads: int = 1,
) -> None:
    """Write one row for each seed, epoch, part of the scaffold split (valid, test) and task: its ROC-AUC.

    Args:
        data_path: packed molecules with task labels.
        split_path: the part of each molecule, see `relamp.steps.splits.fix_scaffold_split`.
        encoder_path: the pre-trained encoder, or None to start from scratch.
        seeds: of fine-tuning.
        shape: width and number of layers of the encoder.
        state_folder: where training states are kept, one file a seed.
        labels: columns that say what the rows belong to.
        settings: see `relamp.settings.Finetuning`.
        code: the source files that the result depends on.
        output: the CSV.
        threads: CPU threads.
    """
    device = choose_device(threads)
    chosen = Finetuning.model_validate(settings)
    data = PackedGraphs.load(data_path)
    part = load_folds(split_path)
    train, valid, test = (np.flatnonzero(part == number) for number in range(3))
    scored = {"valid": valid, "test": test}
    facts = {
        "data": sha256(data_path),
        "split": sha256(split_path),
        "encoder": sha256(encoder_path) if encoder_path else None,
        "code": closure_sha256(code),
        "settings": chosen.model_dump(mode="json"),
        "shape": shape,
        "torch": torch.__version__,
        "threads": threads,
    }
    pretrained = load_file(encoder_path) if encoder_path else None
    both = np.concatenate([valid, test])
    parts = []
    for number, seed in enumerate(seeds):
        resume = Resume(state_folder / f"seed~{seed}.pt", fingerprint({**facts, "seed": seed}))
        what = f"{data.name} {labels['method']} seed {seed} ({number + 1} of {len(seeds)}), epochs"
        with Progress(what, chosen.epochs) as progress:
            logits = finetune(
                data,
                train,
                both,
                chosen,
                shape,
                seed,
                pretrained,
                device=device,
                resume=resume,
                on_epoch=progress.to,
            )
        for epoch, scores in enumerate(logits, start=1):
            parts += _rows(data, scored, torch.split(scores, [len(valid), len(test)]), seed, epoch)
    write_rows(output, parts, labels, FINETUNE_COLUMNS)


def _rows(
    data: PackedGraphs, scored: Mapping[str, Integers], scores: Sequence[torch.Tensor], seed: int, epoch: int
) -> list[pd.DataFrame]:
    parts = []
    for (split, index), logits in zip(scored.items(), scores, strict=True):
        area = roc_auc_per_task(data.y[index], logits.numpy())
        rows = area[["task", "roc_auc"]].rename(columns={"roc_auc": "value"})
        parts.append(rows.assign(seed=seed, epoch=epoch, split=split, metric="roc_auc"))
    return parts
