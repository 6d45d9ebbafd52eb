"""From stored embeddings to the rows of the check of M-Mix's Theorem 3.1."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from guarded import save_guarded
from node_graphs import random_nodes
from relamp.data.rows import read_table
from relamp.data.verified import header_of
from relamp.errors import RelampError
from relamp.evaluate.hard_negatives import DRAW_COLUMNS, NODE_COLUMNS
from relamp.evaluate.theorem import hard_negatives
from relamp.runtime.files import sha256

SEEDS = (0, 1)
SETTINGS = {"branches": ["average", "z"], "mix": {}}
RUN = ("method", "dataset", "setting", "seed")


def run(folder: Path, mixer: str, branch: str = "z", maps: bool = True, **over: Any) -> tuple[pd.DataFrame, ...]:
    """Measure on embeddings that are drawn at random, with the maps of mp-mix."""
    data = random_nodes(0)
    digest = sha256(save_guarded(data, folder / "data.safetensors"))
    method = {"options": {"mixer": mixer, **over.pop("options", {})}}
    rng, paths, settings = np.random.default_rng(0), [], {**SETTINGS, **over}
    for seed in SEEDS:
        paths.append((folder / f"z{seed}.safetensors", folder / f"encoder{seed}.safetensors"))
        arrays = {f"epoch~4_branch~{branch}": rng.normal(size=(len(data.y), 6)).astype(np.float32)}
        facts = {"method": method, "settings": settings, "seed": seed, "data": digest}
        save_file(arrays, paths[-1][0], metadata={"final_epoch": "4", **header_of(arrays, facts)})
        names = ("mixer.query.weight", "mixer.key.weight") if maps else ("other",)
        arrays = {name: rng.normal(size=(6, 6)).astype(np.float32) for name in names}
        save_file(arrays, paths[-1][1], metadata=header_of(arrays, facts))
    embeddings, encoder = (dict(zip(SEEDS, files, strict=True)) for files in zip(*paths, strict=True))
    output, draws = folder / "rows.csv", folder / "draws.csv"
    labels = {"method": mixer, "dataset": "random", "setting": "default"}
    hard_negatives(
        *(folder / "data.safetensors", embeddings, encoder, SEEDS, labels),
        *(method, settings, output, draws, 30, 20),
    )
    return read_table(output), read_table(draws)


def test_rows_say_who_gets_which_weight(tmp_path: Path) -> None:
    rows, draws = run(tmp_path, "mo-mix")
    assert tuple(rows) == (*RUN, *NODE_COLUMNS)
    assert tuple(draws) == (*RUN, *DRAW_COLUMNS)
    assert (len(rows), len(draws)) == (2 * 2 * 20, 2 * 2 * 30)
    dot = rows[rows["measure"] == "dot"]
    # The weights of mo-mix are ranked by the similarities of what it mixes; those of mp-mix are not.
    np.testing.assert_allclose(dot["given"], dot["ranked"], atol=1e-12)
    mp = run(tmp_path, "mp-mix")[0].query("measure == 'dot'")
    assert (mp["given"] < mp["ranked"] - 1e-9).any()
    for of_mixer in (dot, mp):
        assert of_mixer["hardest"].all()
        assert (of_mixer["first_holds"] == of_mixer["swaps"]).all()
    for one, other in zip(run(tmp_path, "mp-mix"), run(tmp_path, "mp-mix"), strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mixer": "binary-mix"}, "no weights that follow similarities"),
        ({"mixer": "mo-mix", "branches": ["average", "a"]}, "what it mixes is not stored; set `branches"),
        ({"mixer": "mo-mix", "mix": {"scope": "op"}}, "has no weights over neighbours"),
        ({"mixer": "mo-mix", "options": {"mix": {"operator": "adjacency"}}}, "has no weights over neighbours"),
        ({"mixer": "mo-mix", "options": {"mix": {"layer": "code"}}}, "has no weights over neighbours"),
        ({"mixer": "mo-mix", "branch": "average"}, "lacks the final embeddings of branch z"),
        ({"mixer": "mp-mix", "maps": False}, r"has no map 'mixer.query.weight', which mp-mix mixes by"),
    ],
)
def test_methods_and_files_without_such_weights_are_refused(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(RelampError, match=message):
        run(tmp_path, **given)
