"""Controls of transfer learning, against RDKit and scikit-learn called by hand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import AllChem
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from guarded import save_guarded
from relamp.data.batch import collate
from relamp.data.folds import save_folds
from relamp.data.molecules import pack_molecules
from relamp.data.packed import MISSING, PackedGraphs
from relamp.data.rows import FINETUNE_COLUMNS, read_table
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.jobs import score
from relamp.judge.rows import finetuned
from relamp.model.molecular_gin import build_encoder
from relamp.settings.molecules import Finetuning, FingerprintForest, UntrainedProbe
from relamp.train import molecule_controls
from relamp.train.molecule_controls import fingerprints, probe_scores, score_molecule_controls, untrained_embeddings
from relamp.train.molecules import Finetuner
from slow_molecular_gin import slow
from timeless import timeless

PARTS = ("C", "CC(C)", "C1CCCCC1", "c1ccccc1", "N", "O", "C(=O)O", "Cl", "C#N", "[C@H](F)")
FOREST = {"trees": 20}
PROBE = {"hidden": 8, "layers": 2}
OPTIONS = {"ecfp": FOREST, "frozen_untrained": PROBE, "frozen_calibrated": PROBE}
METHODS = ("ecfp", "frozen-untrained", "frozen-calibrated")


def molecules(count: int = 60) -> PackedGraphs:
    """Chains of parts, with four tasks: two with gaps, one class among those trained on, one class in the test part."""
    rng = np.random.default_rng(0)
    smiles = ["".join(PARTS[i] for i in rng.permutation([0, 0, 1, 1, 0, *rng.integers(0, 2, 2)])) for _ in range(count)]
    smiles = [f"{line}{PARTS[i]}" for line, i in zip(smiles, rng.integers(2, len(PARTS), count), strict=True)]
    y = rng.integers(0, 2, (count, 4))
    y[:, 0] = [("c" in line or "O" in line) != (rng.random() < 0.2) for line in smiles]
    y[rng.random(y.shape) < 0.2] = MISSING
    y[:40, 2], y[40:50, 2], y[50:, 2] = 1, np.arange(10) % 2, np.arange(10) % 2
    y[50:, 3] = 0
    return pack_molecules("fake", smiles, y.astype(np.int8))


DATA, PART = molecules(), np.repeat([0, 1, 2], (40, 10, 10))


def run(folder: Path, method: str, data: PackedGraphs = DATA, threads: int = 1, **options: Any) -> pd.DataFrame:
    data.save(folder / "data.safetensors")
    save_folds(folder / "split.csv", PART)
    label = {"method": method, "options": {**OPTIONS, **options}}
    split = dict.fromkeys((3, 5), folder / "split.csv")
    given = Run(folder / "data.safetensors", [3, 5], label, {}, folds=split, threads=threads)
    return pd.concat(score_molecule_controls(given), ignore_index=True)


def by_hand(learn: Any, x: np.ndarray) -> dict[tuple[str, int], float]:
    """The areas of tasks 0 and 1: labels that are missing are neither trained on nor scored."""
    found = {}
    for task in (0, 1):
        known = DATA.y[:, task] != MISSING
        model = learn().fit(x[known & (PART == 0)], DATA.y[known & (PART == 0), task])
        for number, split in ((1, "valid"), (2, "test")):
            here = known & (number == PART)
            found[split, task] = roc_auc_score(DATA.y[here, task], model.predict_proba(x[here])[:, 1])
    return found


def areas(rows: pd.DataFrame, seed: int) -> Mapping[Any, float]:
    return rows[rows["seed"] == seed].set_index(["split", "task"])["value"].to_dict()


@pytest.mark.parametrize("chirality", [False, True])
def test_bits_are_those_of_rdkits_older_call(chirality: bool) -> None:
    found = fingerprints(DATA, FingerprintForest(chirality=chirality))
    assert found.shape == (60, 2048)
    for line, bits in zip(DATA.smiles, found, strict=True):
        wanted = AllChem.GetMorganFingerprintAsBitVect(Chem.MolFromSmiles(line), 2, 2048, useChirality=chirality)
        assert set(np.flatnonzero(bits)) == set(wanted.GetOnBits())
        assert bits.max() == 1
    # One neighbourhood more where handedness counts.
    one, other = pack_molecules("two", ["C[C@H](F)Cl", "C[C@@H](F)Cl"]), FingerprintForest(chirality=chirality)
    assert np.array_equal(*fingerprints(one, other)) != chirality


def test_a_forest_for_each_task_is_scored_as_by_hand(tmp_path: Path) -> None:
    rows, x = run(tmp_path, "ecfp"), fingerprints(DATA, FingerprintForest())
    for seed in (3, 5):
        wanted = by_hand(lambda: RandomForestClassifier(20, class_weight="balanced", random_state=seed), x)  # noqa: B023
        found = areas(rows, seed)
        assert {key: found[key] for key in wanted} == wanted
    assert areas(rows, 3) != areas(rows, 5)
    other = run(tmp_path, "ecfp", ecfp={**FOREST, "class_weight": "none"})
    plain = by_hand(lambda: RandomForestClassifier(20, random_state=3), x)
    assert {key: areas(other, 3)[key] for key in plain} == plain


@pytest.mark.parametrize(("method", "shown"), [("frozen-untrained", None), ("frozen-calibrated", np.arange(40))])
def test_a_probe_of_each_task_is_scored_as_by_hand(
    tmp_path: Path, method: str, shown: NDArray[np.int64] | None
) -> None:
    rows = run(tmp_path, method)
    for seed in (3, 5):
        z = untrained_embeddings(DATA, UntrainedProbe(**PROBE), seed, shown).astype(float)
        found, wanted = areas(rows, seed), {}
        for task in (0, 1):
            known = DATA.y[:, task] != MISSING
            train = known & (PART == 0)
            scaled = (z - z[train].mean(axis=0)) / z[train].std(axis=0)
            model = LogisticRegression(max_iter=1000).fit(scaled[train], DATA.y[train, task])
            for number, split in ((1, "valid"), (2, "test")):
                here = known & (number == PART)
                wanted[split, task] = roc_auc_score(DATA.y[here, task], scaled[here] @ model.coef_[0])
        assert {key: found[key] for key in wanted} == pytest.approx(wanted)
    assert areas(rows, 3) != areas(rows, 5)


def test_the_penalty_of_a_probe_is_that_of_the_settings() -> None:
    x, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    spread = [np.ptp(probe_scores(UntrainedProbe(C=C), x, y, x)) for C in (0.001, 1.0)]
    assert spread[0] < 0.2 * spread[1]


def test_the_frozen_encoder_is_the_one_that_fine_tuning_starts_from() -> None:
    options = UntrainedProbe(hidden=8, layers=2, initialisation="xavier")
    settings = Finetuning(dropout=0.0, initialisation="xavier")
    tuner = Finetuner(DATA, np.arange(40), np.arange(40, 60), settings, (8, 2), 5)
    tuner.head = torch.nn.Identity()
    wanted = tuner.embed()[""].numpy()
    np.testing.assert_allclose(untrained_embeddings(DATA, options, 5)[40:], wanted, rtol=1e-4, atol=1e-6)
    assert not np.allclose(untrained_embeddings(DATA, options, 3)[40:], wanted, rtol=1e-2)


def test_statistics_of_a_calibrated_encoder_are_means_over_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(molecule_controls, "_AT_ONCE", 20)
    shown = np.r_[0:30, 45]  # in two batches, of 16 and 15
    found = untrained_embeddings(DATA, UntrainedProbe(**PROBE), 5, shown)
    encoder = build_encoder(DATA, 8, 2, torch.Generator().manual_seed(stream_number(5, "weights")), "pytorch")
    for norm in encoder.norms:
        norm.momentum = None  # PyTorch's own mean over batches
    with torch.no_grad():
        for index in (shown[:16], shown[16:]):
            slow(encoder.train(), collate(DATA, index))
        _, wanted = slow(encoder.eval(), collate(DATA, np.arange(60)))
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-5)
    assert np.abs(found - untrained_embeddings(DATA, UntrainedProbe(**PROBE), 5)).max() > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_tasks_of_one_class(tmp_path: Path, method: str) -> None:
    """Nothing can be learnt of one class, so that all are scored alike; among those scored there is then no area."""
    found = areas(run(tmp_path, method), 3)
    assert [found["valid", 2], found["test", 2]] == [0.5, 0.5]
    assert np.isnan(found["test", 3])
    assert 0 <= found["valid", 3] <= 1


@pytest.mark.parametrize("method", METHODS)
def test_labels_that_are_missing_or_scored_teach_nothing(tmp_path: Path, method: str) -> None:
    x = run(tmp_path, method)
    y = DATA.y.copy()
    y[PART != 0] = np.where(y[PART != 0] == MISSING, MISSING, 1 - y[PART != 0])
    turned = run(tmp_path, method, replace(DATA, y=y))
    # With all scored labels turned round the same scores have the area that is missing to 1.
    np.testing.assert_allclose(turned["value"], 1 - x["value"])


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_the_same_on_several_threads_and_are_read_as_those_of_fine_tuning(tmp_path: Path, method: str) -> None:
    save_guarded(DATA, tmp_path / "data.safetensors")
    save_folds(tmp_path / "split.csv", PART)
    (tmp_path / "code.txt").write_text("code")
    outputs = [tmp_path / str(threads) / "rows/finetune/fake/m/default/rows.csv" for threads in (1, 3)]
    label = {"method": method, "dataset": "fake", "setting": "default", "options": OPTIONS}
    for threads, output in zip((1, 3), outputs, strict=True):
        score(
            data=tmp_path / "data.safetensors",
            code=tmp_path / "code.txt",
            embeddings=[],
            seeds=[3, 5],
            labels=[label],
            evaluation="relamp.train.molecule_controls:score_molecule_controls",
            protocols=[{}],
            output=[output],
            cache=tmp_path / str(threads) / "state",
            folds=[tmp_path / "split.csv"] * 2,
            threads=threads,
        )
    assert timeless(outputs[0]) == timeless(outputs[1])
    rows = read_table(outputs[0], {"seeds": [3, 5], "options": OPTIONS})
    assert set(FINETUNE_COLUMNS) < set(rows)
    with threadpool_limits(1):
        own = run(tmp_path, method)
    wanted = own[(own["split"] == "test") & (own["seed"] == 3)]["value"].mean()
    once = finetuned(rows).set_index("seed")
    assert once.loc[3, "value"] == pytest.approx(wanted)
    assert once["epoch"].tolist() == [1, 1]


def test_what_cannot_be_controlled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        RelampError, match="no control 'wl' of fine-tuning; known: ecfp, frozen-untrained, frozen-calibrated"
    ):
        run(tmp_path, "wl")
    with pytest.raises(RelampError, match="fake: has no SMILES"):
        run(tmp_path, "ecfp", replace(DATA, smiles=()))
    with pytest.raises(RelampError, match="fake: has no task labels"):
        run(tmp_path, "ecfp", replace(DATA, y=DATA.y[:, :0]))
