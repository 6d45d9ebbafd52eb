"""The controls of transfer learning, which pre-train nothing: a forest on fingerprints, and frozen untrained encoders.

All have the split of fine-tuning and are scored as it is: a model for each task, fitted to the training molecules that
have a label there.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from relamp.data.batch import collate
from relamp.data.folds import load_folds
from relamp.data.packed import MISSING, Integers, PackedGraphs
from relamp.data.rows import FINETUNE_COLUMNS
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.roc_auc import roc_auc_per_task
from relamp.model.molecular_gin import build_encoder
from relamp.settings.molecules import FingerprintForest, UntrainedProbe

COLUMNS = FINETUNE_COLUMNS
ECFP, FROZEN, CALIBRATED = "ecfp", "frozen-untrained", "frozen-calibrated"
_TRAIN, _SCORED = 0, {"valid": 1, "test": 2}  # as in the file of the split
_AT_ONCE = 256

Floats = NDArray[np.float64]
# From features `[n, d]` and classes `[n]` of labelled molecules and the features of others to scores of these.
Learn = Callable[[NDArray[Any], Integers, NDArray[Any]], Floats]


def score_molecule_controls(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the ROC-AUC per part (valid, test) and task of the control that the method names, for each seed.

    ECFP is a random forest on fingerprints; FROZEN a logistic regression on the embeddings of the encoder from which
    fine-tuning without pre-training starts by the same seed; CALIBRATED the same, once its batch normalisation has been
    shown the training molecules. The label's `options` are those of `FingerprintForest` under `ecfp`, or of
    `UntrainedProbe` under `frozen_untrained` and `frozen_calibrated`. There is one epoch. What was fitted before a kill
    is not fitted again.

    Raises RelampError for another method, and for data without labels of tasks or without SMILES.
    """
    name, given, data = run.label["method"], run.label.get("options", {}), PackedGraphs.load(run.data)
    if name not in (known := (ECFP, FROZEN, CALIBRATED)):
        raise RelampError(f"there is no control {name!r} of fine-tuning; known: {', '.join(known)}")
    if data.y.ndim != 2 or data.y.shape[1] == 0:
        raise RelampError(f"{data.name}: has no task labels to learn; choose another transfer data set")
    forest = FingerprintForest.model_validate(given.get("ecfp", {}))
    probe = UntrainedProbe.model_validate({} if name == ECFP else given.get(name.replace("-", "_"), {}))
    bits = fingerprints(data, forest) if name == ECFP else None
    for seed in run.seeds:
        part = load_folds(run.folds[seed])
        shown = np.flatnonzero(part == _TRAIN) if name == CALIBRATED else None
        x = untrained_embeddings(data, probe, seed, shown) if bits is None else bits
        learn = partial(probe_scores, probe) if bits is None else partial(forest_scores, forest, seed, run.threads)
        make = partial(_rows, data.y, part, learn, x)
        yield run.shared([name, given, seed], [x, data.y, part], make).assign(seed=seed, epoch=1, metric="roc_auc")


def fingerprints(data: PackedGraphs, options: FingerprintForest) -> NDArray[np.uint8]:
    """Return the Morgan fingerprint of each molecule, `[G, bits]` of 0 and 1; of radius 2 it is ECFP4 (Rogers 2010).

    Raises RelampError if the data have no SMILES.
    """
    if not data.smiles:
        raise RelampError(f"{data.name}: has no SMILES, of which fingerprints are made; leave out the control {ECFP}")
    generator = GetMorganGenerator(radius=options.radius, fpSize=options.bits, includeChirality=options.chirality)
    with rdBase.BlockLogs():
        return np.stack([generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(line)) for line in data.smiles])


@torch.no_grad()
def untrained_embeddings(
    data: PackedGraphs, options: UntrainedProbe, seed: int, shown: Integers | None = None
) -> NDArray[np.float32]:
    """Return the embedding of each molecule `[G, hidden]` by the encoder as fine-tuning by this seed draws it.

    As it was drawn, its batch normalisation has mean 0 and variance 1, whatever the data. With `shown`, the numbers of
    molecules, it has the means of their batches' statistics, by one pass in training mode.
    """
    torch.set_num_threads(1)  # more would add up in another order
    generator = torch.Generator().manual_seed(stream_number(seed, "weights"))
    encoder = build_encoder(data, options.hidden, options.layers, generator, options.initialisation)
    # Parts of nearly one size: a last one alone might be of one atom, which has no variance.
    parts = [] if shown is None else np.array_split(shown, -(-len(shown) // _AT_ONCE))
    for seen, index in enumerate(parts, start=1):
        for part in encoder.modules():
            if isinstance(part, torch.nn.BatchNorm1d):
                part.momentum = 1 / seen  # the plain mean over batches
        encoder.train()(collate(data, index))
    every = np.arange(len(data))
    chunks = np.split(every, range(_AT_ONCE, len(every), _AT_ONCE))
    return torch.cat([encoder.eval()(collate(data, index)).graph for index in chunks]).numpy()


def forest_scores(
    options: FingerprintForest, seed: int, threads: int, x: NDArray[Any], y: Integers, scored: NDArray[Any]
) -> Floats:
    """Return the share of votes for class 1, of trees that were grown on x and y; `seed` draws the forest."""
    weights = None if options.class_weight == "none" else options.class_weight
    forest = RandomForestClassifier(options.trees, class_weight=weights, random_state=seed, n_jobs=threads).fit(x, y)
    # Several threads would add up votes in the order in which they are done.
    votes: Floats = forest.set_params(n_jobs=1).predict_proba(scored)[:, 1]
    return votes


def probe_scores(options: UntrainedProbe, x: NDArray[Any], y: Integers, scored: NDArray[Any]) -> Floats:
    """Return the logits of a logistic regression that was fitted to x and y, features standardised by x."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=options.C, max_iter=options.steps))
    logits: Floats = model.fit(x.astype(np.float64), y).decision_function(scored.astype(np.float64))
    return logits


def scores_per_task(learn: Learn, x: NDArray[Any], y: Integers, train: NDArray[np.bool_]) -> Floats:
    """Return scores `[G, T]` of all but the training molecules, learnt task by task; those of others are 0.

    Labels are `[G, T]`. A task of which the training molecules show one class, or none, scores all molecules alike.
    """
    found, others = np.zeros(y.shape), x[~train]
    for task, labels in enumerate(y.T):
        index = np.flatnonzero(train & (labels != MISSING))
        if len(np.unique(labels[index])) == 2:
            found[~train, task] = learn(x[index], labels[index], others)
    return found


def _rows(y: Integers, part: Integers, learn: Learn, x: NDArray[Any]) -> pd.DataFrame:
    scores = scores_per_task(learn, x, y, part == _TRAIN)
    areas = {split: roc_auc_per_task(y[part == number], scores[part == number]) for split, number in _SCORED.items()}
    rows = [area[["task", "roc_auc"]].assign(split=split) for split, area in areas.items()]
    return pd.concat(rows, ignore_index=True).rename(columns={"roc_auc": "value"})
