"""The job of all evaluations: several runs on one data set, scored by one of them."""

import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.folds import load_folds
from relamp.data.rows import write_rows
from relamp.data.verified import check_trained, verified
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.runtime.files import sha256
from relamp.runtime.job import named
from relamp.runtime.kept import make_each
from relamp.runtime.made import of_rows, since
from relamp.runtime.progress import Progress


def score(
    data: Path,
    code: Path,
    embeddings: Sequence[Path],
    seeds: Sequence[int],
    labels: Sequence[Mapping[str, Any]],
    evaluation: str,
    protocols: Sequence[Mapping[str, Any]],
    output: Sequence[Path],
    cache: Path,
    folds: Sequence[Path] = (),
    lender: Path | None = None,
    threads: int = 1,
) -> None:
    """Score several runs on one packed data set, unless the same rows are cached from an earlier job.

    Args:
        data, seeds, labels, protocols: see `relamp.evaluate.embeddings.Run`; a label and a protocol for each run. Of
            one that names its `training`, embeddings of any other are refused.
        code: hashes of the source files that count.
        embeddings: one file per run and seed, all seeds of a run one after another; none for kernels and the bag.
        evaluation: "module:function" (`Evaluation.score` or `controls`): it takes a `Run` and yields frames of rows,
            each of one `seed`; its module names their columns in `COLUMNS`.
        output: one CSV per run.
        cache: a folder where each output is kept under a hash of all that it depends on.
        folds: one file per seed.
        lender: the cache of another run, from which what is missing is taken.
        threads: processes, and where there are fewer runs, threads of each.

    Raises:
        RelampError: there are more or fewer embeddings than the runs need, or data or embeddings are not what they
            should be.
    """
    count = len(seeds) if embeddings else 0
    digest = verified(data)
    arguments: list[dict[str, Any]] = []
    asked = {name: value for protocol in protocols for name, value in protocol.items() if name == "folds"}
    for path in folds:
        load_folds(path, {"data": digest, **asked})  # for all runs at once
    for number, (label, protocol) in enumerate(zip(labels, protocols, strict=True)):
        of_run = embeddings[number * count : (number + 1) * count]
        if len(of_run) < count:
            raise RelampError(f"{label['method']}: has {len(of_run)} files of embeddings for {count} seeds")
        if "training" in label:
            training = {**label["training"], "data": digest}
            for seed, path in zip(seeds, of_run, strict=False):
                check_trained(path, {**training, "seed": seed}, protocol)
        arguments.append(
            {
                **{"data": data, "seeds": list(seeds), "evaluation": evaluation, "label": label, "protocol": protocol},
                "embeddings": dict(zip(seeds, of_run, strict=False)),
                "folds": dict(zip(seeds, folds, strict=True)) if folds else {},
            }
        )
    if left := embeddings[len(labels) * count :]:
        raise RelampError(f"{left[0]}: belongs to no run; give as many labels as there are runs")
    counted = sha256(code)
    uncounted = {
        **{"store": cache / "shared" / counted[:16], "threads": max(1, threads // len(labels))},
        **{"code": counted, "digest": digest},  # among the arguments they are by their files
    }
    facts = [_facts(digest, **each) for each in arguments]
    make_each(_score_run, arguments, output, cache, code, threads, "runs scored", lender, uncounted, facts)


def _score_run(evaluation: str, output: Path, code: str, digest: str, **run: Any) -> None:
    scored, given, began = named(evaluation), Run(**run), time.monotonic()
    parts: list[pd.DataFrame] = []
    what = f"{given.label['dataset']} {given.label['method']}, seeds scored"
    # Processes share the CPUs; and what threads add up, they add in an order that depends on their number.
    with threadpool_limits(1), Progress(what, len(given.seeds)) as progress:
        for part in scored(given):
            # One seed may give several parts: those before it are complete.
            progress.to(given.seeds.index(part["seed"].iloc[0]))
            parts.append(part)
        progress.to(len(given.seeds))
    made = {"made": of_rows(since(began), given.embeddings.values()), "code": code}
    write_rows(output, parts, {**_facts(digest, **run), **made}, import_module(scored.__module__).COLUMNS)


def _facts(digest: str, label: Mapping[str, Any], seeds: Sequence[int], protocol: Mapping[str, Any], **_: Any) -> Any:
    """Return what rows say of themselves, whoever makes them; `digest` is that of the packed data."""
    return {**label, "data": digest, "seeds": list(seeds), "protocol": dict(protocol)}
