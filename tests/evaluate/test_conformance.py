"""What every evaluation of the table must hold; a new one is covered by its record."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError
from safetensors.numpy import save_file

from guarded import save_guarded
from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.data.folds import load_folds, save_folds, stratified_folds
from relamp.data.images import PackedImages
from relamp.data.packaged import read_digits
from relamp.data.rows import FINETUNE_COLUMNS, RUN, read_rows, read_table
from relamp.data.verified import verified
from relamp.errors import RelampError
from relamp.evaluate.jobs import score
from relamp.evaluate.table import EVALUATIONS, Evaluation
from relamp.judge.runs import all_runs, cells, scores
from relamp.runtime.files import sha256
from relamp.runtime.log import RESUMES
from relamp.runtime.provenance import cpu_model
from relamp.runtime.sealed import read_sealed
from relamp.settings.judging import PROTOCOLS
from relamp.settings.supervised import EditModel, GraphModel, NodeModel
from reordered import reordered
from timeless import timeless

SEEDS = (3, 5)
SETTING = "eta~0.5_mode~both"
METRICS = {"test_accuracy", "inner_accuracy", "valid_accuracy", "accuracy", "micro_f1", "roc_auc", "nmi", "ari", "ties"}
# Of whatever protocol has such a field.
SMALL = {"folds": 3, "inner_folds": 2, "C": [0.1, 10.0], "runs": 2, "steps": 5, "starts": 1, "nodes": [6, 5]}
SMALL |= {"graphs": 15, "epochs": 3}
# Rows of fine-tuning are only read here.
SCORED = [row for row in EVALUATIONS.values() if row.name != "finetune"]
SOURCES = dict.fromkeys(
    ("svm-rbf", "svm-linear"), ("embeddings", "kernel", "bag", "bag-labels-and-degrees", "majority")
)
SOURCES |= {"edit-distance": ("embeddings", "kernel"), "probe": ("embeddings", "raw-features", "majority")}
SOURCES |= {"supervised-nodes": get_args(NodeModel), "supervised-graphs": get_args(GraphModel)}
SOURCES |= {"supervised-edits": get_args(EditModel)}
CASES = [(row, source) for row in SCORED for source in SOURCES.get(row.name, ("embeddings",))]
# Scores that are no means over what a seed draws from the samples by their number.
ORDERLESS = {"svm-rbf": "test_accuracy", "svm-linear": "test_accuracy", "probe": "accuracy", "image-probe": "accuracy"}

each_case = pytest.mark.parametrize(("row", "source"), CASES, ids=lambda value: getattr(value, "name", value))
each_record = pytest.mark.parametrize("row", EVALUATIONS.values(), ids=lambda row: row.name)


def found(name: str) -> Any:
    module, _, item = name.partition(":")
    return getattr(import_module(module), item)


@cache
def images() -> PackedImages:
    whole = read_digits()
    return PackedImages("Digits", whole.images[:60], whole.y[:60] % 3, np.arange(40), np.arange(40, 60), whole.info)


def data_of(domain: str) -> Any:
    return {"graphs": lambda: random_graphs(0, count=120), "nodes": random_nodes, "images": images}[domain]()


def arrays_of(row: Evaluation, samples: int, seed: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Embeddings that tell the samples apart a little, by the names that training gives them, and words."""
    rng = np.random.default_rng(seed)
    z = {epoch: rng.normal(size=(samples, 4)).astype(np.float32) for epoch in (0, 2)}
    if row.name == "edit-distance":
        return {f"n~{n}": rng.normal(size=(3, 15, 4)).astype(np.float32) for n in (6, 5)}, {}
    if row.domain == "nodes":
        named = {f"epoch~{epoch}_branch~{branch}": z[epoch] for epoch in z for branch in ("a", "average")}
        return named, {"final_epoch": "2"}
    return {f"epoch~{epoch}": array for epoch, array in z.items()}, {}


class Job:
    """Files of one evaluation in a folder, and the call that scores them."""

    def __init__(self, folder: Path, row: Evaluation, source: str = "embeddings", order: Any = None) -> None:
        data = data_of(row.domain)
        samples = len(data.y)
        order = np.arange(samples) if order is None else order
        self.folder, self.row, self.data = folder, row, folder / "data.safetensors"
        save_guarded(reordered(data, order), self.data)
        (folder / "code.txt").write_text("code")
        self.folds, self.embeddings = [], []
        for seed in SEEDS:
            if "folds" in found(row.protocol).model_fields:
                self.folds.append(folder / f"folds{seed}.csv")
                save_folds(self.folds[-1], stratified_folds(data.y, 3, seed)[order])
            if source == "embeddings":
                self.embeddings.append(folder / f"{seed}.safetensors")
                arrays, words = arrays_of(row, samples, seed)
                arrays = {name: z[order] if len(z) == samples else z for name, z in arrays.items()}
                save_file(arrays, self.embeddings[-1], metadata=words)
        kernels = {"kernel": "wl", "embeddings": "method"}
        self.label = {"method": kernels.get(source, source), "dataset": "some", "setting": SETTING}
        self.score = row.score if source == "embeddings" else row.controls or row.score
        self.protocol = {key: value for key, value in SMALL.items() if key in found(row.protocol).model_fields}
        self.protocol |= {"kernel": "linear"} if row.name.startswith("svm-linear") else {}
        self.output = folder / "rows" / row.name / "some" / self.label["method"] / SETTING / "rows.csv"

    def run(self, copies: int = 1, **changes: Any) -> pd.DataFrame:
        outputs = [self.output, *(self.output.with_name(f"{n}.csv") for n in range(1, copies))]
        given = {
            **{"data": self.data, "code": self.folder / "code.txt", "embeddings": self.embeddings * copies},
            **{"seeds": SEEDS, "labels": [self.label] * copies, "evaluation": self.score, "folds": self.folds},
            **{"output": outputs, "cache": self.folder / "state", **changes},
        }
        given.setdefault("protocols", [self.protocol] * len(given["labels"]))
        score(**given)
        return read_rows(given["output"][:1])


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(*arguments: Any, **more: Any) -> Job:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return Job(folder, *arguments, **more)

    return make


@each_record
def test_a_record_is_whole(row: Evaluation) -> None:
    assert EVALUATIONS[row.name] is row
    assert row.domain in ("graphs", "molecules", "nodes", "images")
    assert row.title
    assert row.covers
    assert callable(found(row.read))
    protocol = found(row.protocol)
    assert issubclass(protocol, BaseModel)
    with pytest.raises(ValidationError, match="nonsense"):
        protocol.model_validate({"nonsense": 1})


@each_case
def test_rows_are_complete_and_in_range(row: Evaluation, source: str, job: Callable[..., Job]) -> None:
    made = job(row, source)
    rows = made.run()
    columns = import_module(made.score.partition(":")[0]).COLUMNS
    assert list(rows) == [*RUN, "eta", "mode", *columns, "rows"]
    assert rows[["method", "dataset", "setting", "eta", "mode"]].drop_duplicates().to_numpy().tolist() == [
        [made.label["method"], "some", SETTING, 0.5, "both"]
    ]
    assert set(rows["seed"]) == set(SEEDS)
    assert read_sealed(made.output)[0]["data"] == sha256(made.data)
    assert not rows.drop(columns="value").duplicated().any()
    assert set(rows["metric"]) <= METRICS
    low = np.where(rows["metric"] == "ari", -0.5, 0)
    assert ((rows["value"] >= low) & (rows["value"] <= 1)).all()


@each_case
def test_the_same_inputs_give_the_same_rows_and_a_cached_file_equals_a_fresh_one(
    row: Evaluation, source: str, job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one, other = job(row, source), job(row, source)
    one.run()
    fresh = one.output.read_bytes()
    one.output.unlink()
    assert RESUMES not in caplog.text
    one.run()
    assert f"{RESUMES} with 1 of 1" in caplog.text
    assert one.output.read_bytes() == fresh
    other.run()
    assert timeless(other.output) == timeless(one.output)
    facts, _ = read_sealed(one.output)
    (entry,) = facts["made"]["scoring"]
    assert (entry["machine"], len(facts["code"])) == (cpu_model(), 64)
    assert entry["seconds"] >= 0


@each_case
def test_other_code_is_scored_anew(
    row: Evaluation, source: str, job: Callable[..., Job], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = job(row, source)
    made.run()
    (made.folder / "code.txt").write_text("other")
    made.run()
    assert RESUMES not in caplog.text


@pytest.mark.parametrize(
    ("row", "metric"), [(EVALUATIONS[name], metric) for name, metric in ORDERLESS.items()], ids=list(ORDERLESS)
)
def test_the_order_of_samples_does_not_matter(row: Evaluation, metric: str, job: Callable[..., Job]) -> None:
    plain = job(row)
    order = np.random.default_rng(1).permutation(len(data_of(row.domain).y))
    rows = [part[part["metric"] == metric] for part in (plain.run(), job(row, order=order).run())]
    leave = ["rows", "selected"]
    key = [name for name in rows[0] if name not in ("value", *leave)]
    one, other = (part.drop(columns=leave, errors="ignore").sort_values(key, ignore_index=True) for part in rows)
    pd.testing.assert_frame_equal(one, other)


def stored(row: Evaluation, job: Callable[..., Job]) -> pd.DataFrame:
    if row in SCORED:
        return job(row, SOURCES.get(row.name, ("embeddings",))[0]).run().assign(setting="default")
    keys = list(product(SEEDS, (1, 2), ("valid", "test"), (0, 1)))
    rows = pd.DataFrame(
        [(*key, "roc_auc", value) for key, value in zip(keys, np.random.default_rng(0).random(len(keys)), strict=True)]
    )
    rows = rows.set_axis(FINETUNE_COLUMNS, axis=1)
    return rows.assign(method="method", dataset="some", setting="default", rows="rows.csv")


@each_record
def test_what_is_read_has_one_score_per_seed_and_fold(row: Evaluation, job: Callable[..., Job]) -> None:
    rows = stored(row, job)
    runs = all_runs({row.name: rows})
    scored = scores(runs, {})
    key = ["method", "dataset", "evaluation", "metric", "part", "protocol", "seed", "fold"]
    assert not scored.duplicated(key).any()
    assert set(scored["seed"]) == set(SEEDS)
    assert set(scored["protocol"]) == (set(PROTOCOLS) if row.chooses else {"fixed"})
    folds = scored.groupby(key[:-1])["fold"].nunique().unique().tolist()
    assert folds == [rows["fold"].nunique() if "fold" in rows else 0]
    assert np.isfinite(scored["value"]).all()
    assert set(scored["rows"]) == set(rows["rows"])
    shuffled = all_runs({row.name: rows.sample(frac=1, random_state=0)})
    pd.testing.assert_frame_equal(scores(shuffled, {}), scored, check_exact=True)
    summary = cells(runs)
    assert (summary["seeds"] == len(SEEDS)).all()
    assert summary["spread_meaning"].str.startswith("standard deviation over 2 seeds").all()
    # A table and a verdict say the same of one cell.
    fixed = scored[scored["protocol"] == "fixed"].groupby(["method", "metric", "part", "seed"])["value"].mean()
    means = fixed.groupby(["method", "metric", "part"]).mean() * (1 if row.fractions else 100)
    pd.testing.assert_series_equal(
        summary.groupby(["method", "metric", "part"])["mean"].first(), means, check_names=False
    )


def test_several_runs_get_their_own_files_in_several_processes(job: Callable[..., Job]) -> None:
    made = job(EVALUATIONS["svm-rbf"])
    labels: list[Mapping[str, Any]] = [{**made.label, "method": name} for name in ("one", "two")]
    outputs = [made.folder / "rows" / name / "rows.csv" for name in ("one", "two")]
    made.run(embeddings=[*made.embeddings, *made.embeddings[::-1]], labels=labels, output=outputs, threads=2)
    one, two = (read_table(path) for path in outputs)
    assert (set(one["method"]), set(two["method"])) == ({"one"}, {"two"})
    assert one["value"].tolist() != two["value"].tolist()
    with pytest.raises(RelampError, match="two: has 1 files of embeddings for 2 seeds"):
        made.run(copies=2, embeddings=made.embeddings[:1] * 3, labels=labels)
    with pytest.raises(RelampError, match="belongs to no run"):
        made.run(embeddings=made.embeddings * 2)


def test_folds_are_as_many_as_the_protocol_says(job: Callable[..., Job]) -> None:
    made = job(EVALUATIONS["svm-rbf"])
    facts = {"data": verified(made.data), "folds": 3}
    for path in made.folds:
        save_folds(path, load_folds(path), {"file": path.name, **facts})
    made.run(protocols=[{**made.protocol, "folds": 3}])
    with pytest.raises(RelampError, match=r"folds3\.csv: was made with folds 3, but 5 is asked for"):
        made.run(protocols=[{**made.protocol, "folds": 5}])


def test_each_run_is_scored_by_its_own_protocol(job: Callable[..., Job]) -> None:
    made = job(EVALUATIONS["svm-rbf"])
    protocols = [made.protocol, {**made.protocol, "inner_folds": 3}]
    labels = [made.label, {**made.label, "setting": "scored_inner_folds~3"}]
    own = made.run(copies=2, labels=labels, protocols=protocols)
    other = read_table(made.output.with_name("1.csv"), {**labels[1], "seeds": SEEDS, "protocol": protocols[1]})
    inner = "inner_accuracy"
    assert own.loc[own["metric"] == inner, "value"].tolist() != other.loc[other["metric"] == inner, "value"].tolist()
    # Only how C is chosen differs: each C has the test scores that it had.
    tested = [rows[rows["metric"] == "test_accuracy"].reset_index(drop=True)["value"] for rows in (own, other)]
    pd.testing.assert_series_equal(*tested)
    # The same runs by themselves.
    assert made.run()["value"].tolist() == own["value"].tolist()


def test_what_is_no_control_is_refused(job: Callable[..., Job]) -> None:
    made = job(EVALUATIONS["svm-rbf"], "kernel")
    with pytest.raises(RelampError, match="there is no graph kernel 'lamp-mag'; known: wl, sp"):
        made.run(labels=[{**made.label, "method": "lamp-mag"}])
