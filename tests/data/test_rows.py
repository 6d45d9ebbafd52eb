import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.data.rows import (
    DEFAULT,
    read_by_evaluation,
    read_rows,
    read_table,
    setting_name,
    setting_values,
    with_parameters,
    write_rows,
)
from relamp.errors import RelampError

NAMES = st.from_regex(r"[a-z]+(_[a-z]+)?", fullmatch=True)
VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
    | st.sampled_from(["both", "one", "labels-or-degrees"])
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_setting_and_its_name_are_inverse(values: dict[str, float | bool | str]) -> None:
    name = setting_name(values)
    assert "/" not in name
    assert setting_values(name) == values
    assert [type(value) for value in setting_values(name).values()] == [type(value) for value in values.values()]


def test_settings_are_spelt_as_in_paths() -> None:
    assert setting_name({}) == DEFAULT
    assert setting_name({"gamma": 0.2, "alpha": 1}) == "gamma~0.2_alpha~1"
    assert setting_name({"sample_size": 8, "hidden": 64, "epochs": 200}) == "sample_size~8_hidden~64_epochs~200"
    assert setting_name({"gamma": 0.1234567}) == "gamma~0.1234567"
    assert setting_name({"patience": None}) == "patience~null"
    assert setting_name({"own_statistics": True, "readout": "encoder"}) == "own_statistics~true_readout~encoder"


@pytest.mark.parametrize(
    "name", ["", "gamma", "gamma~", "~1", "gamma~0.20", "gamma~1_gamma~2", "gamma~1__alpha~2", "a b~1", "gamma~nan"]
)
def test_a_name_spelt_otherwise_is_refused(name: str) -> None:
    with pytest.raises(RelampError, match=r"there is no setting|cannot be written"):
        setting_values(name)


@pytest.mark.parametrize("value", ["a_b", "a~b", "a/b", "", "0.5", "true", "null", "nan", float("nan")])
def test_a_value_that_could_not_be_read_back_is_refused(value: float | str) -> None:
    with pytest.raises(RelampError, match="cannot be written"):
        setting_name({"mode": value})


def test_rows_have_their_run_its_parameters_and_the_columns_of_the_evaluation(tmp_path: Path) -> None:
    files = {}
    for setting in ("default", "gamma~0.2_alpha~1", "gamma~0.2"):
        labels = {"method": "lamp", "dataset": "MUTAG", "setting": setting, "source": "embeddings"}
        files[setting] = tmp_path / "rows" / "svm-rbf" / "MUTAG" / "lamp" / setting / "rows.csv"
        write_rows(files[setting], [pd.DataFrame({"value": [0.5], "seed": [1]})], labels, ("seed", "value"))
    text = files["default"].read_text().splitlines()
    assert json.loads(text[1].removeprefix("# ")) == {**labels, "setting": "default"}
    assert text[2:] == ["method,dataset,setting,seed,value", "lamp,MUTAG,default,1,0.5"]
    assert list(read_table(files["gamma~0.2_alpha~1"])) == [
        *("method", "dataset", "setting", "gamma", "alpha", "seed", "value")
    ]
    rows = read_rows(files.values())
    assert rows["rows"].tolist() == list(map(str, files.values()))
    parameters = with_parameters(rows[["setting"]])
    assert parameters["gamma"].fillna(-1).tolist() == [-1, 0.2, 0.2]
    assert parameters["alpha"].fillna(-1).tolist() == [-1, 1, -1]
    assert list(read_by_evaluation(files.values())) == ["svm-rbf"]
    with pytest.raises(RelampError, match="columns seed of their own"):
        write_rows(tmp_path / "x.csv", [], {"method": "m", "dataset": "d", "setting": "seed~1"}, ("seed",))
    with pytest.raises(RelampError, match="rows lie in"):
        read_by_evaluation([tmp_path / "rows.csv"])
    with pytest.raises(RelampError, match="none"):
        read_rows([])


FACTS: dict[str, Any] = {
    **{"evaluation": "svm-rbf", "method": "lamp", "dataset": "MUTAG", "setting": "gamma~0.5", "seeds": [0, 1]},
    "protocol": {"folds": 10, "C": [1.0]},
    "training": {"method": {"name": "lamp"}, "settings": {"epochs": 6, "hidden": 8}},
}
COLUMNS = ("seed", "fold", "value")


def stored(path: Path, count: int = 2, folds: int = 10, **changes: Any) -> Path:
    rows = [(seed, fold, 8 / 9) for seed in range(count) for fold in range(folds)]
    write_rows(path, [pd.DataFrame(rows, columns=list(COLUMNS))], {**FACTS, **changes}, COLUMNS)
    return path


def asked_of(path: Path) -> Path:
    (asked := path.with_name("asked.json")).write_text(json.dumps({str(path): FACTS}))
    return asked


def test_rows_that_are_as_asked_are_read(tmp_path: Path) -> None:
    path = stored(tmp_path / "rows.csv")
    rows = read_rows([path], asked_of(path))
    assert (len(rows), rows["value"].unique().tolist()) == (20, [8 / 9])
    with pytest.raises(RelampError, match=r"other\.csv: the configuration asks for no such rows; leave the file out"):
        read_rows([stored(tmp_path / "other.csv")], asked_of(path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-6] + b"\n",  # in the last number
        lambda text: b"".join(line for line in text.splitlines(keepends=True) if b",8,0." not in line),
        lambda text: text.replace(b'"epochs": 6', b'"epochs": 9'),
        lambda text: text.partition(b"\n")[2],  # without its first line
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda _: bytes(range(256)),
        lambda _: b"",
    ],
)
def test_rows_that_were_changed_are_refused_by_name(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = stored(tmp_path / "rows.csv")
    path.write_bytes(damage(path.read_bytes()))
    message = f"{path}: its content does not match its sha256 line; delete it and run `snakemake --cores 2 -- {path}`"
    for asked in (None, asked_of(path)):
        with pytest.raises(RelampError) as error:
            read_rows([path], asked)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"setting": "gamma~0.2"}, 'was made with setting "gamma~0.2", but "gamma~0.5" is asked for'),
        (
            {"training": {"method": {"name": "lamp"}, "settings": {"epochs": 20, "hidden": 8}}},
            "was made with training.settings.epochs 20, but 6 is asked for",
        ),
        ({"training": None}, "was made with training null, but"),
        ({"seeds": [0, 1, 2, 3, 4]}, "was made with seeds [0, 1, 2, 3, 4], but [0, 1] is asked for"),
        ({"protocol": {"folds": 10}}, "was made with protocol.C none, but [1.0] is asked for"),
        ({"protocol": {"folds": 10, "C": [1.0], "more": 1}}, "was made with protocol.more 1, but none is asked for"),
        ({"evaluation": "svm-linear", "dataset": "DD"}, '"svm-rbf" is asked for (and 1 more differences)'),
        ({"folds": 8}, "has 8 to 8 of 10 folds"),
        ({"seeds_written": 1}, "has the seeds [0] of [0, 1]"),
    ],
)
def test_rows_of_another_configuration_or_with_parts_missing_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    folds, count = changes.pop("folds", 10), changes.pop("seeds_written", 2)
    path = stored(tmp_path / "rows.csv", count, folds, **changes)
    with pytest.raises(RelampError) as error:
        read_rows([path], asked_of(path))
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert str(error.value).endswith(f"delete it and run `snakemake --cores 2 -- {path}`")


def test_missing_rows_are_told_with_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"gone\.csv: is not there; make it with `snakemake .*gone\.csv`"):
        read_rows([tmp_path / "gone.csv"])
