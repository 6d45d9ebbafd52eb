"""What a job asks of a cluster: memory, time and a GPU, by its kind, the size of its data, its work and the attempt."""

import csv
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from relamp.data.registry import REGISTRY, Expected
from relamp.errors import RelampError, shortened
from relamp.method.table import MethodRow
from relamp.runtime.environment import device_name
from relamp.runtime.yaml_words import read_options
from relamp.study.names import check_known
from relamp.study.studies import Run, Study

Counts = Literal["nothing", "passes", "graphs", "nodes", "features", "messages", "pairs"]
Sizes = Mapping[str, Expected]
# A data set that is in no registry and of which no size is known is taken to be of a common one.
UNKNOWN = {"graphs": 2_000, "nodes": 20_000, "features": 2_000, "messages": 2_000_000, "pairs": 4_000_000}
# A job that takes this much longer than expected still ends within its limit, and one that takes longer gets twice the
# time at its next attempt, and resumes from its saved state.
MARGIN = 3
SHORTEST = 10  # minutes
SPLIT_NODES = 1640  # of the largest public split of one graph, Cora's
A_THREADS_WORTH = 20  # seconds: a process takes two to start
# Attempts beyond the third ask for what the third did: who allows many has trainings go on after a limit each time.
MOST_DOUBLINGS = 2
NUMBERS = ("seconds", "seconds_per_million", "mb", "mb_per_million", "disk_mb", "disk_mb_per_million")
# What a cluster's own words may bound, and in which unit.
LIMITS = {"runtime": "minutes, or a time like 1-12:00:00", "mem_mb": "megabytes"}
# What the SLURM executor reads; `slurm_extra` has all other words of sbatch.
SITE_WORDS = (
    *(*LIMITS, "slurm_account", "slurm_partition", "slurm_extra", "slurm_cluster", "cluster", "clusters", "qos"),
    *("gpu_model", "gres", "constraint", "nodes", "mem_mb_per_cpu", "cpus_per_task", "cpus_per_gpu", "disk_mb"),
)
# Share of the labels that are there, where most are missing.
_LABELLED = {"ToxCast": 0.29, "MUV": 0.16}
# What it takes to train a supervised model of nodes until it stops, in epochs of GAT on the same graph (Citeseer).
_NODE_MODELS = {"mlp": 80, "gcn": 110, "chebyshev": 130, "gat": 1000, "jknet": 1400}
# A pair of nodes in LAMP's local loss, in passes of a node through the encoder.
_PAIR = 0.0043
# What Snakemake itself needs inside a job, twice: the batch script's and the step's.
LAYERS_MB = 300


@dataclass(frozen=True)
class Rate:
    """What one kind of job needs.

    Attributes:
        kind: name.
        counts: what it passes over: graphs (or molecules, or images), nodes, features of a node, messages (nodes, and
            edges in both directions), pairs of graphs, or nothing of a data set's size, so that only its passes count.
        gpu: whether a GPU helps.
        holds: what its memory and its files grow with, in the same words.
        seconds, seconds_per_million: for starting, and for each million that is counted, each time it is passed over.
        mb, mb_per_million: memory likewise, `mb` for each CPU; it does not grow with the number of passes.
        disk_mb, disk_mb_per_million: of its files likewise.
    """

    kind: str
    counts: Counts
    holds: Counts
    gpu: bool
    seconds: float
    seconds_per_million: float
    mb: float
    mb_per_million: float
    disk_mb: float = 0
    disk_mb_per_million: float = 0


@dataclass(frozen=True)
class Need:
    """What a job asks for.

    Attributes:
        start_s: how long it takes to start, in seconds.
        expected_s: how long it should take, start included.
        runtime: its limit, in minutes.
        mem_mb: memory.
        gpu: number of GPUs.
    """

    start_s: int
    expected_s: int
    runtime: int
    mem_mb: int
    disk_mb: int
    gpu: int


def load_rates(path: Path | str) -> dict[str, Rate]:
    """Read the table of rates.

    Raises:
        RelampError: with the line, if it is not well-formed.
    """
    rates = {}
    with Path(path).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for cells in reader:
            try:
                rates[cells["kind"]] = _rate(cells)
            except (ValueError, KeyError, TypeError) as error:
                raise RelampError(f"{path}: line {reader.line_num}: {error}; correct it") from error
    return rates


def _rate(cells: Mapping[str, str]) -> Rate:
    for name in ("counts", "holds"):
        if cells[name] not in get_args(Counts):
            raise ValueError(f"{cells[name]!r} cannot be counted")
    numbers = [float(cells[name]) for name in NUMBERS]
    if min(numbers) < 0:
        raise ValueError("a rate is negative")
    counts, holds = (cast(Counts, cells[name]) for name in ("counts", "holds"))
    return Rate(cells["kind"], counts, holds, cells["gpu"] == "yes", *numbers)


def count(counts: Counts, dataset: str | None, own: Sizes | None = None) -> int:
    """Return how much of something a data set has, by the registry or the sizes of the user's own data sets."""
    if counts == "passes":
        return 1
    if counts == "nothing" or dataset is None:
        return 0
    found = REGISTRY[dataset].expected if dataset in REGISTRY else (own or {}).get(dataset)
    if found is None:
        return UNKNOWN[counts]
    graphs = found.graphs or found.rows
    if counts == "nodes":
        return found.nodes or 25 * graphs
    if counts == "features":
        return found.features
    if counts == "messages":
        # Where the numbers are not known yet, those of small molecules.
        return found.nodes + 2 * found.edges or 75 * graphs
    return graphs if counts == "graphs" else graphs**2


def contrasts(dataset: str, sample_size: int) -> float:
    """Return the pairs of nodes that a step compares, in millions: of a sample, or of all where there are fewer.

    Its products with features take as long as so many more pairs: a third of the features of each node.
    """
    row = REGISTRY.get(dataset)
    nodes = min(sample_size, row.expected.nodes or sample_size) if row else sample_size
    features = row.expected.features if row else 0
    return nodes * (nodes + features / 3) / 1e6


def training_work(study: Study, run: Run, dataset: str) -> float:
    """Return how much work the training of a run is, in the unit of its domain's kind.

    Images: passes over pictures of Digits at width 8. Nodes: pairs that mp-mix compares at width 256, in millions.
    Graphs and molecules: passes of a node through both branches of LAMP's encoder, 3 layers of width 32, in millions.
    Other methods, encoders and the local loss are counted as so many of these as they take time on a CPU.
    """
    shape = _shape(study, run)
    if study.domain == "images":
        each = image_work(count("features", dataset), shape.width)
    elif study.domain == "nodes":
        each = _node_step(study, run, dataset, shape)
    else:
        each = _node_passes(study, run, dataset, shape)
    return float(len(study.seeds) * planned_epochs(study.row(run.method), dataset, shape) * each)


def image_work(features: int, width: int) -> float:
    """Return the work of ResNet-18 on an image of so many values, over that on one of Digits (64) at width 8.

    Narrow convolutions move more bytes than they multiply numbers, so that it grows with the width and with its square;
    the constants are measured (`benchmarks/bench_images.py`). Colours come together in the first layer.
    """
    digits, narrow = 64, 8
    pixels = (features // 3 if features % 3 == 0 else features) / digits

    def each(pixels: float, width: int) -> float:
        return 50 + pixels * (10.6 * width + 0.435 * width**2)

    return each(pixels, width) / each(1, narrow)


def planned_epochs(row: MethodRow, dataset: str, shape: Any) -> int:
    """Return how many epochs a training has at most: those of the method's public code, if it is trained by that."""
    own = row.own_epochs(dataset, shape)
    return int(shape.epochs if own is None else min(own, shape.most_epochs(row.group)))


def _node_step(study: Study, run: Run, dataset: str, shape: Any) -> float:
    """Return the work of a step on nodes; its constants are measured (benchmarks/RESULTS.md)."""
    row = study.row(run.method)
    blocks = 4 if row.steps_over == "sample" and shape.sample == "blocks" else 1
    return row.work * blocks * passed_over(row, dataset, shape.sample_size, study.sizes) * float(shape.hidden) / 256


def passed_over(row: MethodRow, dataset: str, sample_size: int, own: Sizes | None = None) -> float:
    """Return what a method's step on nodes passes over, in millions."""
    if row.steps_over == "sample":
        return contrasts(dataset, sample_size)
    over = count("messages", dataset, own) if row.steps_over == "messages" else count("nodes", dataset, own) ** 2
    return over / 1e6


def _node_passes(study: Study, run: Run, dataset: str, shape: Any) -> float:
    """Return the work of an epoch; its constants are measured (benchmarks/RESULTS.md)."""
    graphs, nodes = (count(what, dataset, study.sizes) for what in ("graphs", "nodes"))
    layers = _layers(study, run, shape)
    work = nodes * encoder_work(shape.hidden, layers) * study.row(run.method).work
    if _is_local(study, run):
        batches = math.ceil(graphs / shape.batch_size)
        compared = layers if shape.lamp.node_embedding == "concat" else 1
        work += _PAIR * shape.hidden / 32 * compared / 3 * batches * min(shape.local_nodes, nodes / batches) ** 2
    return float(work) / 1e6


def _layers(study: Study, run: Run, shape: Any) -> int:
    """Return the number of layers of an encoder: M-Mix's has one a branch, MVGRL's own those of its settings.

    Their heads are counted with them.
    """
    row, chosen = study.row(run.method), study.trained_by(run).model_dump()
    if row.group != "mmix":
        return int(shape.layers)
    own = "host" not in row.lacks and chosen["mmix"]["host"] == "mvgrl"
    return int(chosen["mmix"]["host_layers"]) if own else 1


def encoder_work(hidden: int, layers: int) -> float:
    """Return how long a node takes in some encoder, in passes through three layers of width 32."""
    # Products with weights grow with the square of the width, all else with the width. In a molecular encoder products
    # are twice as many, but half of the atoms of a batch have an equal and are computed with it.
    return hidden / 32 * layers / 3 * (0.65 + 0.35 * hidden / 32)


def _is_local(study: Study, run: Run) -> bool:
    """Return whether a run compares nodes with nodes as LAMP does (Eq. 20)."""
    row, settings = study.row(run.method), study.trained_by(run).model_dump()
    return row.group == "lamp" and row.fixed.get("local", True) and settings["lamp"]["alpha"] > 0


def training_disk(study: Study, run: Run, dataset: str) -> float:
    """Return what the training of a run leaves, in MB; for images the rates know it."""
    shape, seeds = _shape(study, run), len(study.seeds)
    if study.domain == "images":
        return 0
    if study.domain == "nodes":
        # The final embeddings besides those of checkpoints; both branches have weights for each feature.
        nodes, floats = count("nodes", dataset), len(shape.branches) * shape.hidden
        kept = min(nodes, SPLIT_NODES) if shape.keep == "split" and count("graphs", dataset) == 1 else nodes
        weights = 2 * count("features", dataset) * shape.hidden
        on_the_way = trained_mb(kept, floats * len(shape.checkpoints), 0)
        return seeds * (on_the_way + trained_mb(nodes, floats, weights))
    layers = _layers(study, run, shape)
    weights = 4 * layers * shape.hidden**2
    graphs = count("graphs", dataset, study.sizes)
    # M-Mix's two branches are stored together and each alone.
    stored = 3 if study.row(run.method).group == "mmix" else 1
    return seeds * trained_mb(graphs, stored * layers * shape.hidden * len(shape.checkpoints), weights)


def scoring_work(study: Study, evaluation: str, run: Run, dataset: str) -> float:
    """Return how much work it is to score one seed of a run, in passes over the data."""
    protocol = study.protocol_of(evaluation, dataset, run)
    if evaluation == "finetune":
        # Of both controls the dearer one: a tree passes over the molecules that have a label of its task.
        row = REGISTRY.get(dataset)
        tasks = row.expected.tasks if row else 1
        return float(study.options["ecfp"]["trees"] * tasks * _LABELLED.get(dataset, 1))
    if evaluation == "supervised-nodes":
        return float(protocol["runs"] * min(protocol["epochs"], _NODE_MODELS[run.method]))
    if evaluation == "supervised-graphs":
        drawn = protocol["epochs"] * protocol["steps"] * protocol["batch_size"]
        return float(2 * protocol["folds"] * drawn / count("graphs", dataset, study.sizes))
    if evaluation == "supervised-edits":
        return float((protocol["steps"] * protocol["batch_size"] + protocol["graphs"]) * sum(protocol["nodes"]))
    if evaluation == "edit-distance":
        return float(protocol["graphs"] * sum(protocol["nodes"]))
    checkpoints = len(study.training.model_dump()["checkpoints"]) + 1 if evaluation == "probe" else 1
    if evaluation.endswith("-validated"):  # all of them, which are those of the methods themselves
        own = (study.row(run.method).fixed.get("options", {}).get("checkpoints", ()) for run in study.runs)
        checkpoints = max(map(len, own), default=1)
    branches = len(study.training.model_dump().get("branches", "1")) if evaluation == "probe" else 1
    return float(protocol.get("runs", 1) * protocol.get("starts", 1) * checkpoints * branches)


def _shape(study: Study, run: Run) -> Any:
    """Return the settings that a run is trained by: the shared ones, or those of M-Mix's own training; or none."""
    chosen: Any = study.trained_by(run)
    row = study.row(run.method)
    shape = (row.group == "mmix" and chosen.mmix.training) or chosen
    own = {key: value for key, value in row.fixed.get("options", {}).items() if not isinstance(value, Mapping)}
    shape = shape.model_copy(update=own)
    return shape if row.trains else shape.model_copy(update={"epochs": 0 if row.encodes else 1})


def trained_mb(embedded: int, floats: int, weights: int) -> float:
    """Return what one training leaves, its result and its state, in MB.

    Args:
        embedded: graphs or nodes.
        floats: how many are kept for each of them, in both files.
        weights: of the encoder, which the state holds four times: now, at its best, and the optimiser's two moments.
    """
    return 4 * (2 * embedded * floats + 5 * weights) / 1e6


def need(
    rate: Rate,
    dataset: str | None,
    times: float = 1,
    attempt: int = 1,
    threads: int = 1,
    own: Sizes | None = None,
) -> Need:
    """Return what a job needs; the second attempt asks for twice the memory and time, later ones for four times.

    Args:
        rate: of its kind.
        dataset: name of its data set, if it has one.
        times: how often it passes over the data: epochs, seeds and settings multiplied.
        attempt: 1 at first.
        threads: CPUs; what has several works in as many processes.
        own: sizes of the user's own data sets.
    """
    millions, held = (count(what, dataset, own) / 1e6 for what in (rate.counts, rate.holds))
    # Snakemake takes `--cores 0` for a dry run, too.
    threads = max(1, threads)
    seconds = rate.seconds + rate.seconds_per_million * millions * times / threads
    minutes = max(SHORTEST, math.ceil(MARGIN * seconds / 60))
    memory = LAYERS_MB + rate.mb * threads + rate.mb_per_million * held
    more = 2 ** min(attempt - 1, MOST_DOUBLINGS)
    return Need(
        start_s=math.ceil(rate.seconds),
        expected_s=math.ceil(seconds),
        runtime=minutes * more,
        mem_mb=math.ceil(memory / 100) * 100 * more,
        disk_mb=math.ceil(rate.disk_mb + rate.disk_mb_per_million * held),
        gpu=int(rate.gpu and has_gpus()),
    )


def threads_for(rate: Rate, dataset: str | None, times: float, most: int, own: Sizes | None = None) -> int:
    """Return the threads that a job is worth, see `need`: one for each `A_THREADS_WORTH` of work, at most `most`."""
    work = rate.seconds_per_million * count(rate.counts, dataset, own) / 1e6 * times
    return max(1, min(most, math.ceil(work / A_THREADS_WORTH)))


def has_gpus() -> bool:
    """Return whether training jobs ask for a GPU: always, unless RELAMP_DEVICE says that they train elsewhere."""
    return not device_name().startswith("cpu")


def cores_of(profile: Path | str) -> int:
    """Return the most CPUs that a job gets on a cluster, by its profile."""
    return int(read_options(profile)["cores"])


def site_words(path: Path | str) -> dict[str, dict[str, str | int]]:
    """Read a cluster's own words (partition, account, QOS, GPU model, constraint): of `all` jobs, `cpu` and `gpu` ones.

    `runtime` may be spelt as SLURM does (`1-12:00:00`), and is returned in minutes.

    Raises:
        RelampError: if there is anything else in the file.
    """
    if not Path(path).is_file():
        return {}
    found: dict[str, dict[str, str | int]] = {}
    for key, group in read_options(path).items():
        if key not in ("all", "cpu", "gpu") or not isinstance(group, dict | None):
            raise RelampError(f"{path}: {key}: what stands here is all, cpu or gpu, each with resource: value below it")
        found[key] = {}
        for name, value in (group or {}).items():
            try:
                check_known(str(name), SITE_WORDS, "resource")
            except ValueError as error:
                raise RelampError(f"{path}: {key}: {error}") from error
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise RelampError(f"{path}: {key}: {name}: {shortened(value)} is neither a word nor a whole number")
            if name == "runtime":
                value = _minutes(str(value))
            if name in LIMITS and (isinstance(value, str) or value < 1):
                raise RelampError(f"{path}: {key}: {name}: {value!r} is not a number of {LIMITS[name]}")
            found[key][name] = value
    return found


def _minutes(text: str) -> int | str:
    """Return a time as SLURM spells it, m[:s], h:m:s or days-h[:m[:s]], in minutes that have begun; else as it is."""
    found = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text)
    if not found:
        return text
    days, *rest = (int(part) if part else 0 for part in found.groups())
    if found[1] is None and found[4] is None:
        rest = [0, *rest[:2]]
    seconds = ((24 * days + rest[0]) * 60 + rest[1]) * 60 + rest[2]
    return math.ceil(seconds / 60)


def asked(
    rate: Rate,
    words: Mapping[str, Mapping[str, str | int]],
    times: float | Callable[[Any], float] = 1,
    kept: Callable[[Any], float] = lambda _: 0,
    own: Sizes | None = None,
) -> dict[str, Any]:
    """Return the resources of a rule, as functions of the wildcards and the attempt.

    Args:
        rate: of its kind.
        words: see `site_words`. `runtime` and `mem_mb` among them are the most that a job asks for, in minutes and MB.
        times: see `need`; a number, or a function of the wildcards.
        kept: MB of disk beyond those of the rate, see `trained_mb`.
        own: sizes of the user's own data sets.
    """
    on_gpu = rate.gpu and has_gpus()
    given = {**words.get("all", {}), **words.get("gpu" if on_gpu else "cpu", {})}
    most = {name: int(given.pop(name)) for name in LIMITS if name in given}

    def function(name: str) -> Callable[[Any, int, int], int]:
        def resource(wildcards: Any, attempt: int, threads: int) -> int:
            passes = times(wildcards) if callable(times) else times
            named = getattr(wildcards, "dataset", None)
            found = int(getattr(need(rate, named, passes, attempt, threads, own), name))
            if name == "disk_mb":
                found += math.ceil(kept(wildcards))
            return min(found, most.get(name, found))

        return resource

    names = ["start_s", "expected_s", "runtime", "mem_mb", "disk_mb", *(["gpu"] if rate.gpu else [])]
    return {"kind": rate.kind, **{name: function(name) for name in names}, **given}
