from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.provenance import TARGET
from relamp.study.command import command
from relamp.study.config import given_options, load_config

PRESETS = Path(__file__).parents[2] / "workflow" / "presets"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Snakefile").touch()
    monkeypatch.chdir(tmp_path)


def told(given: dict[str, Any], snakefile: str = "Snakefile") -> list[str]:
    return command(given, PRESETS, Path(snakefile))


def test_only_what_changes_anything_is_told() -> None:
    shipped = {"mirrors": [], "offline": False, "own": {}, "fail_on": []}
    assert told({"preset": "desk", **shipped}) == ["snakemake", "--cores", "all", TARGET, "--config", "preset=desk"]
    assert told({})[-1] == "preset=quick"
    # What the preset says itself is no change either.
    assert (
        told({"preset": "quick", "damage": {"datasets": ["MUTAG", "Cuneiform", "Solubility-3"]}})[-1] == "preset=quick"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"damage": {"datasets": ["MUTAG"], "strength": 0.5}},
        {"unsupervised": {"sweeps": {"gamma": [0.3], "both": {"gamma": [0.2, 0.5], "alpha": [1, 10]}}}},
        {"mmix": {"nodes": {"pretraining": {"patience": None}}}},
        {"mirrors": '/data/a mirror\'s "é"', "judging": {"margin": 1e-5}, "fail_on": "worse"},
        {"mirrors": ["/a", "/b"], "offline": True},
    ],
)
def test_snakemake_reads_the_same_configuration_from_it(given: dict[str, Any]) -> None:
    words = told(given)
    entries = words[words.index("--config") + 1 :]
    assert len(entries) == 1 + len(given)
    read = given_options([], entries)
    assert load_config(read, PRESETS) == load_config(given, PRESETS)
    # Told once more, it is the same command.
    assert told(read) == words
    assert load_config(given, PRESETS) != load_config({}, PRESETS)


def test_a_data_set_that_only_another_entry_explains_keeps_that_entry(tmp_path: Path) -> None:
    (tmp_path / "MINE_A.txt").touch()
    words = told({"own": {"MINE": str(tmp_path)}, "damage": {"datasets": ["MINE"]}})
    assert words[-2:] == ['damage={"datasets": ["MINE"]}', f'own={{"MINE": "{tmp_path}"}}']


def test_user_names_and_passwords_stay_out() -> None:
    words = told({"mirrors": ["https://me:secret@mirror.example/data", "http://me@b/"]})
    assert words[-1] == 'mirrors=["https://mirror.example/data", "http://b/"]'


def test_a_snakefile_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "Snakefile").touch()
    assert told({}, str(tmp_path / "clone" / "Snakefile"))[3:5] == ["--snakefile", "clone/Snakefile"]
    assert "--snakefile" not in told({}, str(tmp_path / "Snakefile"))


def test_faults_are_those_of_the_configuration() -> None:
    with pytest.raises(RelampError, match="there is no such option"):
        told({"unsupervise": {}})
