"""Fine-tune a pre-trained molecular encoder on a labelled data set, seed after seed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file

from relamp.data.folds import load_folds
from relamp.data.local_copy import near
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.rows import FINETUNE_COLUMNS, write_rows
from relamp.evaluate.roc_auc import roc_auc_per_task
from relamp.runtime.files import sha256
from relamp.settings.molecules import Finetuning
from relamp.steps.training import choose_device, train_seeds, training_facts
from relamp.train.loop import Resume
from relamp.train.molecules import finetune


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
        settings: see `relamp.settings.graphs.Finetuning`.
        code: the source files that the result depends on.
        output: the CSV.
        threads: CPU threads.
    """
    device = choose_device(threads)
    chosen = Finetuning.model_validate(settings)
    data = PackedGraphs.load(near(data_path))
    part = load_folds(split_path)
    train_index, valid, test = (np.flatnonzero(part == number) for number in range(3))
    scored = {"valid": valid, "test": test}
    inputs = {"split": sha256(split_path), "encoder": sha256(encoder_path) if encoder_path else None, "shape": shape}
    facts = training_facts(data_path, code, chosen, threads, device, **inputs)
    pretrained = load_file(encoder_path) if encoder_path else None
    both = np.concatenate([valid, test])

    def train(seed: int, resume: Resume, on_epoch: Callable[[int], None]) -> list[torch.Tensor]:
        return finetune(
            data, train_index, both, chosen, shape, seed, pretrained, device=device, resume=resume, on_epoch=on_epoch
        )

    parts = []
    what = f"{data.name} {labels['method']}"
    for seed, logits, _ in train_seeds(seeds, state_folder, facts, what, chosen.epochs, train):
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
