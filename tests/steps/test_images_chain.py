from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relamp.data.digits import read_digits
from relamp.data.images import PackedImages
from relamp.data.packed import map_arrays
from relamp.data.rows import read_rows
from relamp.render.picture_grid import picture_grid
from relamp.render.sidecar import save_drawn
from relamp.runtime.files import read_json
from relamp.steps.image_probe import probe_images, scaled
from relamp.steps.images import pretrain_image_seeds

SETTINGS = {
    "epochs": 1,
    "checkpoints": [0, 1],
    "batch_size": 32,
    "width": 2,
    "projection": 8,
    "views": {"flip": 0.0},
    "mix": {"scope": "op", "threshold": 0.5},
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    whole = read_digits()
    path = tmp_path_factory.mktemp("data") / "digits.safetensors"
    PackedImages("Digits", whole.images[:150], whole.y[:150], np.arange(100), np.arange(100, 150), whole.info).save(
        path
    )
    return path


def pretrain(packed: Path, where: Path, method: str, seeds: tuple[int, ...] = (0, 1)) -> dict[int, Path]:
    folders = {seed: where / method / f"seed~{seed}" for seed in seeds}
    code = [Path(__file__).parents[2] / "src" / "relamp" / "train" / "images.py"]
    pretrain_image_seeds(packed, folders, where / "state" / method, method, SETTINGS, code)
    return folders


def test_from_images_to_rows_and_a_picture_grid(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAMP_DEVICE", "cpu")
    folders = pretrain(packed, tmp_path, "simclr-mo-mix-op")
    assert sorted(path.name for path in folders[0].iterdir()) == [
        "embeddings.safetensors",
        "encoder.safetensors",
        "history.csv",
        "mixed.csv",
        "run.json",
    ]
    arrays, _ = map_arrays(folders[1] / "embeddings.safetensors")
    assert {key: value.shape for key, value in arrays.items()} == {"epoch~0": (150, 16), "epoch~1": (150, 16)}
    assert list(pd.read_csv(folders[0] / "history.csv").columns) == ["epoch", "loss", "info_nce", "diversity"]
    facts = read_json(folders[1] / "run.json")
    assert (facts["dataset"], facts["seed"], facts["method"]["mixer"]) == ("Digits", 1, "mo-mix")

    embeddings = {seed: folder / "embeddings.safetensors" for seed, folder in folders.items()}
    labels = {"method": "simclr-mo-mix-op", "dataset": "Digits"}
    probe_images(packed, embeddings, labels, {"steps": 50, "runs": 2}, tmp_path / "rows.csv")
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert list(rows.columns) == ["method", "dataset", "seed", "epoch", "run", "split", "metric", "value"]
    assert len(rows) == 2 * 2 * 2 * 2
    assert not rows.duplicated(["seed", "epoch", "run", "split"]).any()
    assert rows["value"].between(0, 1).all()
    assert rows.loc[rows["split"] == "train", "value"].mean() > 0.3  # of ten classes: something is learned

    mixed = folders[0] / "mixed.csv"
    drawn = picture_grid(packed, read_rows([mixed]), anchors=2, partners=3)
    save_drawn(drawn, tmp_path / "grid", [packed, mixed], "snakemake grid")
    assert {path.suffix for path in tmp_path.glob("grid.*")} == {".pdf", ".svg", ".png", ".csv", ".json"}
    assert pd.read_csv(tmp_path / "grid.csv")["anchor"].nunique() == 2


def test_the_control_is_not_trained_and_a_finished_job_changes_nothing(packed: Path, tmp_path: Path) -> None:
    folder = pretrain(packed, tmp_path, "image-untrained", (0,))[0]
    arrays, _ = map_arrays(folder / "embeddings.safetensors")
    assert list(arrays) == ["epoch~0"]
    assert pd.read_csv(folder / "history.csv").empty
    assert pd.read_csv(folder / "mixed.csv").empty
    trained = pretrain(packed, tmp_path, "simclr", (0,))[0]
    np.testing.assert_array_equal(map_arrays(trained / "embeddings.safetensors")[0]["epoch~0"], arrays["epoch~0"])
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    assert pretrain(packed, tmp_path, "simclr", (0,))[0] == trained
    assert {path.name: path.read_bytes() for path in trained.iterdir()} == before


def test_scaling_by_hand() -> None:
    features = np.array([[3.0, 4.0, 7.0], [1.0, 0.0, 7.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    train = np.array([0, 1])
    np.testing.assert_allclose(scaled(features, train, "standard"), [[1, 1, 0], [-1, -1, 0], [-2, -1, -7]])
    np.testing.assert_array_equal(scaled(features, train, "none"), features)
    wanted = np.array([[3, 4, 7], [1, 0, 7], [0, 0, 0]]) / np.sqrt([[74], [50], [1]])
    np.testing.assert_allclose(scaled(features, train, "length"), wanted, rtol=1e-6)
