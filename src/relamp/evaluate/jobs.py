"""What the workflow calls: several runs on one data set scored by one evaluation, and the check of Theorem 3.1."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.data.rows import write_rows
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run, of_nodes
from relamp.evaluate.hard_negatives import DRAW_COLUMNS, NODE_COLUMNS, measure_hardness
from relamp.evaluate.mixing_weights import Maps, neighbour_weights
from relamp.runtime.job import named
from relamp.runtime.kept import make_each
from relamp.runtime.progress import Progress
from relamp.settings.mixing import MixSettings

MIXED_BRANCH = "a"
_PROJECTED = ("mp-mix", "mp-mix-nodiv")


def score(
    data: Path,
    code: Path,
    embeddings: Sequence[Path],
    seeds: Sequence[int],
    labels: Sequence[Mapping[str, Any]],
    evaluation: str,
    protocol: Mapping[str, Any],
    output: Sequence[Path],
    cache: Path,
    folds: Sequence[Path] = (),
    threads: int = 1,
) -> None:
    """Score several runs on one data set, unless the same rows are cached from an earlier job.

    Args:
        data: the packed data set.
        code: hashes of the source files that count.
        embeddings: one file per run and seed, all seeds of a run one after another; none for kernels and the bag.
        seeds: of every run.
        labels: of each run, see `relamp.evaluate.embeddings.Run`.
        evaluation: "module:function" (`Evaluation.score`): it takes a `Run` and yields frames of rows, each of one
            `seed`; its module names their columns in `COLUMNS`.
        protocol: settings of the evaluation.
        output: one CSV per run.
        cache: a folder where each output is kept under a hash of all that it depends on.
        folds: one file per seed.
        threads: processes.

    Raises:
        RelampError: there are more or fewer embeddings than the runs need.
    """
    waiting = list(embeddings)
    arguments = []
    for label in labels:
        count = len(seeds) if embeddings and label.get("source", "embeddings") == "embeddings" else 0
        of_run, waiting = waiting[:count], waiting[count:]
        if len(of_run) < count:
            raise RelampError(f"{label['method']}: has {len(of_run)} files of embeddings for {count} seeds")
        arguments.append(
            {
                **{"data": data, "seeds": list(seeds), "evaluation": evaluation, "label": label, "protocol": protocol},
                "embeddings": dict(zip(seeds, of_run, strict=False)),
                "folds": dict(zip(seeds, folds, strict=True)) if folds else {},
            }
        )
    if waiting:
        raise RelampError(f"{waiting[0]}: belongs to no run; give as many labels as there are runs")
    make_each(_score_run, arguments, output, cache, code, threads, "runs scored")


def _score_run(evaluation: str, output: Path, **run: Any) -> None:
    scored, given = named(evaluation), Run(**run)
    parts: list[pd.DataFrame] = []
    what = f"{given.label['dataset']} {given.label['method']}, seeds scored"
    with Progress(what, len(given.seeds)) as progress:
        for part in scored(given):
            # One seed may give several parts: those before it are complete.
            progress.to(given.seeds.index(part["seed"].iloc[0]))
            parts.append(part)
        progress.to(len(given.seeds))
    write_rows(output, parts, given.label, import_module(scored.__module__).COLUMNS)


def hard_negatives(
    data: Path,
    embeddings: Mapping[int, Path],
    encoder: Mapping[int, Path],
    seeds: Sequence[int],
    labels: Mapping[str, Any],
    method: Mapping[str, Any],
    settings: Mapping[str, Any],
    output: Path,
    draws: Path,
    permutations: int = 1000,
    anchors: int | None = None,
) -> None:
    """Measure how hard the mixed negatives of the final epoch are (M-Mix Theorem 3.1).

    Args:
        data: packed nodes, for the neighbours.
        embeddings, encoder: of each seed, with branch a among the embeddings.
        seeds: which.
        labels: method, dataset, setting.
        method: its `options` hold the `mixer`, and options of mixing that override those of the settings.
        settings: of the pre-training, with `mix`, `branches` and `readout`.
        output: the CSV of one row per seed, node and measure, see `relamp.evaluate.hard_negatives`.
        draws: the CSV of one row per seed, measure and draw of permutations.
        permutations: of each node's weights.
        anchors: at most so many nodes are measured; None for all.

    Raises:
        RelampError: the method has no mixing weights, or the embeddings that it mixes are not stored.
    """
    options = method["options"]
    mixer = options.get("mixer", "none")
    if mixer not in ("mo-mix", *_PROJECTED):
        raise RelampError(f"{labels['method']}: has no weights that follow similarities; take mo-mix or mp-mix")
    if settings["readout"] != "encoder" or MIXED_BRANCH not in settings["branches"]:
        raise RelampError(
            f"{labels['method']}: what is mixed is branch a of the encoder, which is not stored; "
            "set `branches: [average, a]` and `readout: encoder`"
        )
    mix = MixSettings.model_validate({**settings.get("mix", {}), **options.get("mix", {})})
    nodes = PackedNodes.load(data)
    parts: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    with Progress(f"{labels['dataset']} {labels['method']}, seeds measured", len(seeds)) as progress:
        for done, seed in enumerate(seeds, start=1):
            z = _final(embeddings[seed], nodes.num_nodes)
            maps = _maps(encoder[seed]) if mixer in _PROJECTED else None
            mixing = neighbour_weights(z, nodes.edge_index, mix, maps)
            made = measure_hardness(z, mixing, permutations, np.random.default_rng([seed, 31]), anchors)
            for part, frame in zip(parts, made, strict=True):
                part.append(frame.assign(seed=seed))
            progress.to(done)
    for path, part, columns in zip((output, draws), parts, (NODE_COLUMNS, DRAW_COLUMNS), strict=True):
        write_rows(path, part, labels, ("seed", *columns))


def _final(path: Path, num_nodes: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    for stored in of_nodes(path, num_nodes):
        if stored.final and stored.branch == MIXED_BRANCH:
            return stored.z
    raise RelampError(f"{path}: lacks the final embeddings of branch {MIXED_BRANCH}; delete it and run again")


def _maps(path: Path) -> Maps:
    arrays, _ = map_arrays(path)
    try:
        return arrays["mixer.query.weight"], arrays["mixer.key.weight"]
    except KeyError as error:
        raise RelampError(f"{path}: has no map {error}, which mp-mix mixes by; delete it and run again") from error
