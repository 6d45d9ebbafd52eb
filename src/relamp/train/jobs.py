"""The training jobs, files in and files out: pre-training, fine-tuning, embedding the graphs of the edit distance."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file
from torch import Tensor

from relamp.data.folds import load_folds
from relamp.data.local_copy import local_copy
from relamp.data.packed import PackedGraphs, write_columns
from relamp.data.rows import FINETUNE_COLUMNS, write_rows, write_table
from relamp.data.verified import check_trained, header_of, verified
from relamp.kernels.shares import processes, rank
from relamp.method.base import build
from relamp.runtime.device import device as device_named
from relamp.runtime.environment import precision
from relamp.runtime.files import sha256, write_csv, write_json
from relamp.runtime.job import named
from relamp.runtime.kept import borrow, fingerprint
from relamp.runtime.made import Made, joined, of_rows
from relamp.runtime.progress import Progress
from relamp.runtime.provenance import cpu_model
from relamp.settings.base import Settings
from relamp.settings.evaluation import EditDistanceProtocol
from relamp.settings.graphs import Pretraining
from relamp.settings.molecules import Finetuning
from relamp.train.loop import Resume
from relamp.train.together import together
from relamp.train.trainer import Trained, Trainer

log = logging.getLogger(__name__)


def pretrain(
    data: Path,
    code: Path,
    encoder: Sequence[Path],
    seeds: Sequence[int],
    states: Sequence[Path],
    methods: Sequence[Mapping[str, Any]],
    settings: Sequence[Mapping[str, Any]],
    trainer: str,
    lenders: Sequence[Path] = (),
    threads: int = 1,
    corpus: str = "",
) -> None:
    """Pre-train at one or several settings, for each seed.

    Beside each encoder's file come embeddings.safetensors, history.csv, run.json and the method's further tables. The
    embeddings are arrays `epoch~K`, on nodes `epoch~K_branch~B`, with `nodes` where checkpoints keep only some of them
    and the final epoch in the header. Seeds that an earlier, killed job has finished are not trained again.

    `encoder` has all seeds of a setting one after another; `states` (a folder), `methods` (see
    `relamp.method.base.build`) and `settings` (of the domain's training) have one entry per setting, as have `lenders`,
    folders of states of another run, from which what fits is taken. `trainer` is the domain's, "module:class", named so
    that a job depends on the code of its own domain alone. `corpus` names the data where they are a subset or the
    user's own, and is a fact of the encoders.

    RELAMP_PROCESSES processes train together, see `relamp.train.together`; only the first of them writes.
    """
    arguments = locals().copy()
    for folder, lender in zip(states, () if processes() > 1 else lenders, strict=False):
        borrow(folder, lender)
    with together("relamp.train.jobs:pretrain", arguments):
        device, made, digest = choose_device(threads), named(trainer), verified(data)
        packed = made.opened(local_copy(data, digest))
        files = [encoder[start : start + len(seeds)] for start in range(0, len(encoder), len(seeds))]
        for paths, state, row, given in zip(files, states, methods, settings, strict=True):
            log.info("%s: %s", row["name"], row["options"])
            chosen = made.settings_class.model_validate(given)
            method = build(row, chosen)
            count = {"processes": processes()} if processes() > 1 else {}
            facts = training_facts(digest, code, chosen, threads, device, method=dict(row), **count)
            make = partial(made, packed, method, device=device)
            done = train_seeds(make, seeds, state, facts, f"{packed.name} {row['name']}")
            # What the configuration asks for, and no version of anything: it gives the same files for the same results.
            asked = {"method": dict(row), "settings": dict(given), "data": digest}
            asked |= {"corpus": corpus} if corpus else {}
            for path, (trained, own) in zip(paths, done, strict=True):
                told = {**own, "dataset": packed.name}
                if rank() == 0:
                    _write(path, trained, told, {**asked, "seed": own["seed"]}, ["epoch", "loss", *method.terms])


def finetune(
    data: Path,
    code: Path,
    split: Sequence[Path],
    encoder: Sequence[Path],
    seeds: Sequence[int],
    shape: tuple[int, int],
    state: Path,
    labels: Mapping[str, Any],
    settings: Mapping[str, Any],
    output: Path,
    lender: Path | None = None,
    threads: int = 1,
) -> None:
    """Fine-tune an encoder for each seed; write its ROC-AUC, a row per seed, epoch, part (valid, test) and task.

    `split` has the part of each molecule, 0 to 2 for training, validation and test: one file for all seeds, or one for
    each. Without `encoder` training starts from scratch; of several, one for each of the labels' `pretraining_seeds`,
    each is fine-tuned with all seeds, and rows name its own. `shape` is its width and number of layers; `settings` are
    those of `Finetuning`, and how molecules are split. `labels` are facts of the rows; an encoder must be one of their
    `training`, whose method says if it is a variant. `lender` is another run's folder of states, from which what fits
    is taken.
    """
    device, digest = choose_device(threads), verified(data)
    chosen = Finetuning.model_validate({name: settings[name] for name in Finetuning.model_fields if name in settings})
    # Encoders are like that of the method which trained them.
    own = (labels.get("training") or {}).get("method", {}).get("options", {}).get("encoder")
    variant: dict[str, Any] = {"variant": dict(own)} if own else {}
    packed, starts = PackedGraphs.load(local_copy(data, digest)), labels.get("pretraining_seeds", [0])
    names = ("Finetuner", "roc_auc_rows", "refuse_one_class")
    finetuner, rows_of, refuse = (named(f"relamp.train.molecules:{name}") for name in names)
    parts = [(split[0], list(seeds))]
    if len(split) > 1:
        parts = [(file, [seed]) for file, seed in zip(split, seeds, strict=True)]
    rows: list[pd.DataFrame] = []
    made: Made = []
    for start, path in zip(starts, encoder, strict=True) if encoder else [(None, None)]:
        # Of one encoder, or the first, states lie where those of one always did.
        folder = Path("" if start in (None, starts[0]) else f"pretraining~{start}")
        if lender:
            borrow(state / folder, lender / folder)
        if path:
            check_trained(path, {**trained_as, "seed": start} if (trained_as := labels.get("training")) else {})
        pretrained = load_file(path) if path else None
        for file, of in parts:
            part = load_folds(file, {"data": digest})
            train, valid, test = (np.flatnonzero(part == number) for number in range(3))
            scored = np.concatenate([valid, test])
            refuse(packed, {"valid": valid, "test": test})
            inputs = {"split": sha256(file), "encoder": sha256(path) if path else None, "shape": list(shape)}
            facts = training_facts(digest, code, chosen, threads, device, **inputs, **variant)
            common = {"pretrained": pretrained, "device": device, **variant}
            make = partial(finetuner, packed, train, scored, chosen, shape, **common)
            what = f"{packed.name} {labels['method']}" + (f" pre-training {start}" if len(starts) > 1 and path else "")
            for trained, own in train_seeds(make, of, state / folder, facts, what):
                made = joined(made, trained.made)
                mine = rows_of(packed, trained, {"valid": valid, "test": test}, own["seed"])
                rows += [each.assign(pretraining_seed=start) for each in mine]
    columns = [*FINETUNE_COLUMNS, *(["pretraining_seed"] if encoder and len(starts) > 1 else [])]
    facts = {**labels, "data": digest, "seeds": list(seeds), "protocol": dict(settings), "made": of_rows(made, encoder)}
    write_rows(output, rows, facts, columns)


def embed_edits(
    data: Path,
    encoder: Mapping[int, Path],
    seeds: Sequence[int],
    method: Mapping[str, Any],
    settings: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Mapping[int, Path],
    trainer: str,
    threads: int = 1,
) -> None:
    """Embed the triplets of the graph edit distance: for each seed an array `n~N` of `[3, G, D]` per size.

    Anchors, positives and negatives stand one after another. Data, encoders, method, settings and trainer are those of
    `pretrain`, the protocol is an `EditDistanceProtocol`.
    """
    device, digest = choose_device(threads), verified(data)
    packed, training = PackedGraphs.load(data), {"method": dict(method), "settings": dict(settings), "data": digest}
    chosen = EditDistanceProtocol.model_validate(protocol)
    made = build(method, Pretraining.model_validate(settings))
    holding, edits = named(trainer), named("relamp.evaluate.edit_distance:edits")
    for seed in seeds:
        check_trained(encoder[seed], facts := {**training, "seed": seed})
        weights, arrays = load_file(encoder[seed]), {}
        for nodes, triplets in edits(packed, chosen, seed):
            holders = [holding(part, made, seed, device) for part in triplets]
            for holder in holders:
                holder.encoder.load_state_dict(weights)
            arrays[f"n~{nodes}"] = torch.stack([holder.embed()[""] for holder in holders])
        _write_tensors(output[seed], arrays, {**facts, "protocol": dict(protocol)})


def choose_device(threads: int) -> torch.device:
    """Return the device that `relamp.runtime.device` names, and set the number of threads."""
    torch.set_num_threads(threads)
    chosen = device_named(torch)
    return torch.device(f"cuda:{rank()}" if processes() > 1 and chosen.startswith("cuda") else chosen)


def training_facts(
    data: str, code: Path, settings: Settings, threads: int, device: torch.device, **others: Any
) -> dict[str, Any]:
    """Return all that a training depends on but its seed: a state of other facts is not resumed.

    `data` is the sha256 of the packed file. A GPU adds up in another order than a CPU, and its random streams cannot be
    resumed there.
    """
    return {
        "data": data,
        "code": sha256(code),
        "settings": settings.model_dump(mode="json"),
        "torch": torch.__version__,
        "threads": threads,
        "device": device.type,
        # Named where it is not the default, so that other states stay what they are.
        **({} if precision() == "single" else {"precision": precision()}),
        **others,
    }


def train_seeds(
    make: Callable[[int], Trainer[Any]], seeds: Sequence[int], states: Path, facts: Mapping[str, Any], what: str
) -> Iterator[tuple[Trained, dict[str, Any]]]:
    """Yield the result and the facts of each seed, resumed where an earlier job was killed; `what` names the run."""
    for number, seed in enumerate(seeds, start=1):
        own, trainer = {**facts, "seed": seed}, make(seed)
        words = f"{what} seed {seed} ({number} of {len(seeds)}), epochs"
        with Progress(words, trainer.settings.epochs) as progress:
            trained = trainer.run(Resume(states / f"seed~{seed}.pt", fingerprint(own), facts=own), progress.to)
        yield trained, own


def _write(
    encoder: Path, trained: Trained, facts: dict[str, Any], asked: Mapping[str, Any], columns: Sequence[str]
) -> None:
    """Write a run's files, the encoder's beside all others."""
    folder, words = encoder.parent, {}
    if trained.final is not None:
        words = {"final_epoch": str(trained.final)}
        facts = {**facts, "final_epoch": trained.final, "epochs": len(trained.history)}
    kept = {} if trained.kept is None else {"nodes": trained.kept}
    _write_tensors(encoder, trained.encoder, asked)
    _write_tensors(folder / "embeddings.safetensors", {**trained.embeddings, **kept}, asked, words)
    history = pd.DataFrame(trained.history) if trained.history else pd.DataFrame(columns=list(columns))
    write_csv(folder / "history.csv", history)
    for name, rows in trained.tables.items():
        write_table(folder / f"{name}.csv", rows, asked)
    # Not among the facts that a state is resumed by: another CPU may go on, if with other last bits.
    made = {"cpu": cpu_model(), "made": trained.made}
    write_json(folder / "run.json", {**facts, "parameters": trained.parameters, **made})


def _write_tensors(
    path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> None:
    """Write tensors as a whole or not at all, with facts, their sha256 and further words in the file's header."""
    arrays = {name: value.contiguous().numpy() for name, value in tensors.items()}
    write_columns(path, {**header_of(arrays, facts), **(words or {})}, arrays)
