from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from relamp.artifacts.split_effect import split_effect
from relamp.data.rows import FINETUNE_COLUMNS, read_table, write_rows


def rows_of(folder: Path, dataset: str, split: str, values: list[float]) -> Path:
    """One epoch of fine-tuning by seed; without a name the split of the tables."""
    setting = f"gamma~0.2_scored_split~{split}" if split else "gamma~0.2"
    path = folder / "rows" / "finetune" / dataset / "lamp-mag" / setting / "rows.csv"
    path.parent.mkdir(parents=True)
    pairs = product(enumerate(values), ("valid", "test"))
    rows = pd.DataFrame([(seed, 1, part, 0, "roc_auc", value) for (seed, value), part in pairs])
    facts = {"method": "lamp-mag", "dataset": dataset, "setting": setting}
    write_rows(path, [rows.set_axis(FINETUNE_COLUMNS, axis=1)], facts, FINETUNE_COLUMNS)
    return path


def test_what_a_random_split_adds_by_hand(tmp_path: Path) -> None:
    files = [
        *(rows_of(tmp_path, "BBBP", "", [0.60, 0.62, 0.64]), rows_of(tmp_path, "BBBP", "random", [0.80, 0.84, 0.82])),
        *(rows_of(tmp_path, "BACE", "", [0.70, 0.70, 0.70]), rows_of(tmp_path, "BACE", "random", [0.75, 0.71, 0.73])),
    ]
    output, fixed = tmp_path / "split_effect.html", {"finetune": {"lamp-mag": "gamma~0.2"}}
    split_effect(files, fixed, {}, "scaffold", output, "snakemake split_effect")
    found = pd.read_csv(output.with_suffix(".csv"))
    whole = found[found["split"] == "random"].set_index("dataset")
    assert whole.loc["BBBP", "gain"] == pytest.approx(20)
    # The differences by seed are 20, 22 and 18: s is 2, and t of two degrees of freedom 4.3027.
    assert whole.loc["BBBP", "high"] - 20 == pytest.approx(4.3027 * 2 / 3**0.5, rel=1e-4)
    assert whole.loc["2 data sets", "gain"] == pytest.approx(11.5)
    # Of BACE 5, 1 and 3, s is 2 as well: variances 4 / 3 each, halved twice, with four degrees of freedom (2.7764).
    assert whole.loc["2 data sets", "high"] - 11.5 == pytest.approx(2.7764 * (4 / 3 / 2) ** 0.5, rel=1e-4)
    page = output.read_text()
    assert "In the random split, in points: LAMP-Mag +11.5 (9.2 to 13.8)." in page
    assert len(found) == 5
    # Where a data set lacks a split there is no mean, and what is said names those that have it.
    files = [*files, rows_of(tmp_path, "ClinTox", "", [0.70, 0.70, 0.70])]
    split_effect(files, fixed, {}, "scaffold", output, "snakemake split_effect")
    words = "in points: LAMP-Mag on BBBP +20.0 (15.0 to 25.0), LAMP-Mag on BACE +3.0 (-2.0 to 8.0)."
    assert words in output.read_text()
    assert len(read_table(files[0])) == 6
