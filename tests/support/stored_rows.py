"""Small frames of stored rows, as the figures take them."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import yaml

from guarded import save_guarded
from information_rows import information_rows
from relamp.data.images import PackedImages
from relamp.data.rows import setting_name, write_rows, write_table
from relamp.evaluate.hard_negatives import measure_hardness
from relamp.evaluate.mixing_weights import neighbour_weights
from relamp.evaluate.pruned_views import COLUMNS
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.ladder import CHANCE, ON_TEST, RUNGS, stand_ins
from relamp.render.style import PAPER_ORDER, label
from relamp.runtime.home import home
from relamp.settings.judging import PROTOCOLS
from relamp.settings.mixing import MixSettings
from relamp.study.config import load_config
from relamp.study.paths import INFORMATION
from relamp.study.plan import Plan

EIGHT = PAPER_ORDER[:8]
OWN = ("lamp-soft", "lamp-mag", "lamp-mag-nolocal", "simgrace", "graphcl", "untrained", "wl", "graphlet")
MANY = (*OWN, "a-rival-with-a-rather-long-name", *(f"rival-{number}" for number in range(6)))
GAMMAS = tuple(round(0.05 * number, 2) for number in range(1, 20))
ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)
_EDGES = np.array([(i, j) for i in range(8) for j in range(8) if i != j and (i + j) % 3]).T
MIXED = ((5, 5, 0.2), (5, 1, 0.3), (5, 2, 0.4), (5, 3, 0.1), (0, 0, 1.0), (2, 2, 0.5), (2, 3, 0.25), (2, 1, 0.25))

# A configuration with few rows.
SMALL = {
    "preset": "quick",
    "damage": {"datasets": ["MUTAG"], "draws": 1},
    "unsupervised": {
        "datasets": ["MUTAG"],
        "methods": ["lamp-mag", "untrained", "simgrace"],
        "kernels": ["wl"],
        "seeds": [0, 1],
        "sweeps": {"gamma": [0.1, 0.2, 0.9], "alpha": [0.1, 1]},
    },
    "transfer": {"methods": ["none", "lamp-mag"], "seeds": [0, 1]},
    "mmix": {
        "nodes": {"methods": ["mp-mix", "untrained"], "seeds": [0, 1]},
        "graphs": {"methods": ["mp-mix"]},
        "edit_distance": {"methods": ["mp-mix"]},
        "images": {"methods": ["simclr"]},
    },
    "cross": {"datasets": ["MUTAG"], "methods": ["mp-mix"]},
}


def damage_rows(datasets: Sequence[str] = ("MUTAG",), graphs: int = 11, draws: int = 2) -> pd.DataFrame:
    """Values 0, 0.1 ... 1 in every cell."""
    rows = product(datasets, ("subgraph", "node_drop"), ("code", "paper"), range(draws), range(graphs))
    made = pd.DataFrame(rows, columns=["dataset", "augmentation", "reading", "draw", "graph"])
    return made.assign(status="ok", value=made["graph"] / 10)


def svm_rows(
    method: str, setting: Mapping[str, float | str], dataset: str = "MUTAG", mean: float = 70.0, seeds: int = 5
) -> pd.DataFrame:
    """Two folds per seed; the seeds' means have the given mean and a deviation of half a point."""
    at = np.linspace(-1, 1, seeds) if seeds > 1 else np.zeros(1)
    values = mean + 0.5 * at / (at.std(ddof=1) if seeds > 1 else 1)
    rows = [
        {"seed": seed, "epoch": 20, "fold": fold, "candidate": 1.0, "selected": True, "metric": metric, "value": value}
        for seed in range(seeds)
        for fold in (0, 1)
        for metric, value in (("test_accuracy", (values[seed] + 4 * fold - 2) / 100), ("inner_accuracy", 0.5))
    ]
    return of_run(rows, method, dataset, **setting)


def of_run(rows: Sequence[Mapping[str, object]], method: str, dataset: str, **setting: float | str) -> pd.DataFrame:
    """Rows of a run with the columns that say so."""
    run = {"method": method, "dataset": dataset, "setting": setting_name(setting), **setting}
    return pd.DataFrame([{**run, **row} for row in rows])


def write_made_up(path: Path, facts: Mapping[str, Any], epochs: Sequence[int] = (0, 20)) -> None:
    """Write made-up rows of the run that a path and its facts name."""
    if path.parent.name == "damage":
        write_table(path, damage_rows([path.stem]), facts)
        return
    evaluation, _, method, _ = path.parts[-5:-1]
    if evaluation == INFORMATION:
        views = information_rows(gammas=facts["protocol"]["gammas"], seeds=len(facts["seeds"]))
        write_rows(path, [views[list(COLUMNS)]], facts, COLUMNS)
        return
    rng = np.random.default_rng(len(str(path)))
    svm = [
        {"fold": fold, "candidate": C, "selected": C == 1, "metric": f"{part}_accuracy"}
        | ({"value": 0.9} if part == "inner" and C == 1 else {})
        for fold, C, part in product(range(facts["protocol"].get("folds", 3)), (0.1, 1.0), ("inner", "test"))
    ]
    edits: list[dict[str, object]] = [
        {"n": n, "metric": name} for n in (15, 10) for name in ("accuracy", "ties", "roc_auc")
    ]
    of_epoch: dict[str, list[dict[str, object]]] = {
        "finetune": [{"split": split, "task": 0, "metric": "roc_auc"} for split in ("valid", "test")],
        "probe": [{"run": 0, "branch": "average", "split": "test", "metric": "accuracy"}],
        "kmeans": [{"run": 0, "branch": "average", "metric": metric} for metric in ("nmi", "ari")],
        "edit-distance": edits,
        "image-probe": [{"run": 0, "split": "test", "metric": "accuracy"}],
        "supervised-nodes": [{"run": 0, "chosen": 7, "split": "test", "metric": "accuracy"}],
        "supervised-graphs": svm,
        "supervised-edits": edits,
        "svm-rbf": svm,
        "svm-linear": svm,
    }
    known: list[dict[str, object]] = [{"epoch": epoch} for epoch in (epochs[:1] if "untrained" in method else epochs)]
    if method in ("wl", "graphlet", "majority", "raw-features") or method.startswith("bag"):
        known = [{"epoch": np.nan}]
    if evaluation in ("edit-distance", "supervised-edits", "supervised-nodes"):
        known = [{}]
    rows = [
        {"seed": seed, **at, "value": rng.uniform(0.6, 0.8), **more}
        for seed, at, more in product(facts["seeds"], known, of_epoch[evaluation])
    ]
    frame = pd.DataFrame(rows)
    write_rows(path, [frame], facts, list(frame))


def sweep_rows(
    parameter: str,
    values: Sequence[float],
    datasets: Sequence[str] = ("MUTAG",),
    seeds: int = 5,
    references: bool = True,
    method: str = "lamp-mag",
    **others: float,
) -> pd.DataFrame:
    """Accuracies 70, 71 ... per cent of a method; level lines at 68 and 70."""
    parts = [
        svm_rows(method, {**others, parameter: value}, dataset, 70.0 + number, seeds)
        for dataset in datasets
        for number, value in enumerate(values)
    ]
    if references:
        parts += [svm_rows("untrained", {}, dataset, 68.0, seeds) for dataset in datasets]
        parts += [svm_rows("lamp-mag-nolocal", {"gamma": 0.2}, dataset, 70.0, seeds) for dataset in datasets]
    return pd.concat(parts, ignore_index=True)


def probe_row(seed: int, epoch: int, value: float, n: int = 100, f: int = 8, **over: object) -> dict[str, object]:
    setting = {"sample_size": n, "hidden": f}
    marks = {"method": "mp-mix", "dataset": "Cora", "setting": setting_name(setting), **setting, "seed": seed}
    rest = {"run": 0, "branch": "average", "final": True, "split": "test", "metric": "accuracy", "value": value}
    return marks | {"epoch": epoch} | rest | over


def grid_rows(
    samples: Sequence[int],
    dimensions: Sequence[int],
    epochs: Sequence[int] = (200,),
    seeds: int = 2,
    methods: Sequence[str] = ("mp-mix", "mp-mix-nodiv"),
) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        probe_row(seed, epoch, 0.5 + 0.02 * np.log1p(epoch * f) + rng.normal(0, 0.01), n, f, method=m)
        | {"final": epoch == epochs[-1]}
        for m, n, f, epoch, seed in product(methods, samples, dimensions, epochs, range(seeds))
    ]
    return pd.DataFrame(rows)


def hardness(methods: Sequence[str] = ("mo-mix", "mp-mix"), seeds: int = 2) -> dict[str, pd.DataFrame]:
    """Rows and draws of the theorem's check."""
    parts: dict[str, list[pd.DataFrame]] = {"rows": [], "draws": []}
    for method, seed in product(methods, range(seeds)):
        rng = np.random.default_rng(seed)
        z = rng.normal(size=(8, 4))
        maps = (rng.normal(size=(4, 4)), rng.normal(size=(4, 4))) if method == "mp-mix" else None
        made = measure_hardness(z, neighbour_weights(z, _EDGES, MixSettings(), maps), 40, rng)
        for name, rows in zip(parts, made, strict=True):
            parts[name].append(rows.assign(method=method, dataset="KarateClub", seed=seed))
    return {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}


def images(channels: int = 3) -> PackedImages:
    pixels = np.random.default_rng(0).integers(0, 256, size=(9, channels, 4, 4), dtype=np.uint8)
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0])
    return PackedImages("CIFAR-10", pixels, y, np.arange(7), np.array([7, 8]), {"classes": ["cat", "pickup_truck"]})


@cache
def images_file(channels: int = 3) -> Path:
    path = Path(mkdtemp()) / "images.safetensors"
    return save_guarded(images(channels), path)


def mixed(*rows: tuple[int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["anchor", "image", "weight"])


def scores(
    methods: Sequence[str] = OWN, datasets: Sequence[str] = EIGHT, noise: float = 1.0, seeds: int = 2, folds: int = 2
) -> pd.DataFrame:
    """Scores of all protocols: methods come out 0.3 points below one another, but for the noise."""
    rng = np.random.default_rng(len(methods) + len(datasets))
    rows = []
    for (place, method), dataset in product(enumerate(methods), datasets):
        fixed = 60 - 0.3 * place + noise * rng.standard_normal()
        trained = method not in ("untrained", "bag", "graphlet", "wl")
        values = {"fixed": fixed, "nested": fixed + trained, "oracle": fixed + trained * rng.uniform(1, 9)}
        values |= {name: fixed + trained * (place + 1) for place, name in enumerate(PROTOCOLS[3:])}
        for (protocol, value), seed, fold in product(values.items(), range(seeds), range(folds)):
            rows.append((method, dataset, protocol, seed, fold, value / 100, 30 if trained else 1))
    made = pd.DataFrame(rows, columns=["method", "dataset", "protocol", "seed", "fold", "value", "candidates"])
    return made if folds > 1 else made.assign(fold=np.nan)


def write_rows_of(plan: Plan) -> None:
    """Write made-up rows for all that a plan renders without packed data."""
    asked = {path: facts for made in plan.artifacts.values() for path, facts in plan.asked(made).items()}
    for path in plan.all_rows():
        write_made_up(Path(path), asked[path])


def write_run(folder: Path) -> None:
    """Write the made-up rows of a finished run of SMALL, and its configuration."""
    config = load_config(SMALL, home() / "workflow" / "presets")
    write_rows_of(Plan(config, str(folder / "results" / "quick"), ""))
    (folder / "config.yaml").write_text(yaml.safe_dump(SMALL))


def ladder_rows(
    datasets: Sequence[str],
    methods: Sequence[str],
    evaluation: str = "svm-rbf",
    seeds: int = 3,
    metric: str = "accuracy",
    part: str = "",
) -> pd.DataFrame:
    """Rungs of printed numbers; the host of the first data set was not run."""
    domain, chooses = EVALUATIONS[evaluation].domain, EVALUATIONS[evaluation].chooses
    rng, rows = np.random.default_rng(len(datasets)), []
    shared: dict[tuple[str, str], float] = {}
    for dataset, method in product(datasets, methods):
        of = stand_ins(domain, method, {domain: dict.fromkeys(methods, "bag-labels")}, set())
        names = {name: run_as for name, (run_as, _) in of.items()}
        if metric in EVALUATIONS[evaluation].chance:
            names["majority"] = CHANCE
        names |= dict.fromkeys(ON_TEST, method if chooses else "")
        at = {"paper": "lamp", "artifact": "lamp_table1", "method": method, "label": label(method), "dataset": dataset}
        for place, rung in enumerate(rung for rung in RUNGS if rung in of or rung in (*ON_TEST, "printed")):
            run_as = names.get(rung, "")
            known = bool(run_as) or rung == "printed"
            drawn = 60 + 3 * place + rng.uniform(0, 5)
            mean = shared.setdefault((dataset, run_as), drawn) if rung in RUNGS[:5] else drawn
            mean = mean if known and not (rung == "host" and dataset == datasets[0]) else np.nan
            bounds = {"low": mean - 2, "high": mean + 2, "seeds": seeds} if rung != "printed" else {}
            more = {"evaluation": evaluation, "metric": metric, "part": part, "rung": rung, "run_as": run_as}
            rows.append({**at, **more, "mean": mean, **bounds, "reason": "" if mean == mean else "it was not run"})
    return pd.DataFrame(rows)


def judged_cells(papers: Sequence[str], number: int) -> pd.DataFrame:
    """Judged numbers of tables, of every verdict in turn, and one of each paper that was not run."""
    words = ["inconclusive", "reproduced", "better", "worse", "too few seeds", "not comparable"]
    rng, rows = np.random.default_rng(5), []
    for paper in papers:
        for place in range(number + 1):
            mean = 60 + 0.7 * place + rng.uniform()
            at = {"paper": paper, "artifact": f"{paper}_table1", "method": f"m{place}", "dataset": "MUTAG"}
            found = {"published": mean + 3, "mean": mean, "low": mean - 2, "high": mean + 2, "margin": 2.0}
            word = words[place % len(words)] if place < number else "not run"
            rows.append({**at, "metric": "accuracy", "part": "", **found, "verdict": word})
    return pd.DataFrame(rows)
