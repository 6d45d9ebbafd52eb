"""Made-up rows of the check of LAMP's Theorem 4.1."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from relamp.data.rows import setting_values


def information_rows(
    datasets: Sequence[str] = ("MUTAG",),
    methods: Sequence[str] = ("lamp-mag",),
    seeds: int = 3,
    gammas: Sequence[float] = (0.05, 0.2, 0.95),
    augmentations: Sequence[str] = ("node_drop", "subgraph"),
    lead: float = 0.1,
    noise: float = 0.001,
    strengths: Sequence[float] = (0.2,),
    setting: str = "gamma~0.2_alpha~1",
) -> pd.DataFrame:
    """Pruned encoders keep 0.3, and so much more than views; all but for some noise."""
    rng = np.random.default_rng(0)
    views = [("encoder", 0.0, "-", 0), *(("pruned", gamma, "-", 0) for gamma in gammas)]
    views += list(product(augmentations, strengths, ("paper", "code"), (0, 1)))
    views += list(product(("noise",), (1.0,), "-", (0, 1))) if augmentations else []
    rows = []
    for dataset, method, seed in product(datasets, methods, range(seeds)):
        for view in views:
            mean = 0.3 if view[0] in ("encoder", "pruned") else 0.3 - lead
            rows += [
                (dataset, method, seed, *view, np.nan, name, value) for name, value in (("classes", 50), ("same", 1))
            ]
            folds = [(fold, "logistic") for fold in (0.0, 1.0)] + [(np.nan, "neighbours")]
            rows += [(dataset, method, seed, *view, *each, mean + noise * rng.normal()) for each in folds]
            if view[0] in ("pruned", "noise") or (view[0] != "encoder" and view[3] == 1):
                pair = (*view[:3], view[3] if view[0] in ("pruned", "noise") else 0)
                rows.append((dataset, method, seed, *pair, np.nan, "info_nce", mean + noise * rng.normal()))
                rows.append((dataset, method, seed, *pair, np.nan, "candidates", 94))
        rows.append((dataset, method, seed, "wl", 0.0, "-", 0, np.nan, "classes", 51))
    columns = ["dataset", "method", "seed", "view", "level", "reading", "draw", "fold", "estimator", "value"]
    return pd.DataFrame(rows, columns=columns).assign(setting=setting, **setting_values(setting))
