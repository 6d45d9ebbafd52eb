from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.data.rows import (
    DEFAULT,
    read_by_evaluation,
    read_rows,
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
    assert setting_name({"own_statistics": True, "readout": "encoder"}) == "own_statistics~true_readout~encoder"


@pytest.mark.parametrize(
    "name", ["", "gamma", "gamma~", "~1", "gamma~0.20", "gamma~1_gamma~2", "gamma~1__alpha~2", "a b~1", "gamma~nan"]
)
def test_a_name_spelt_otherwise_is_refused(name: str) -> None:
    with pytest.raises(RelampError, match=r"there is no setting|cannot be written"):
        setting_values(name)


@pytest.mark.parametrize("value", ["a_b", "a~b", "a/b", "", "0.5", "true", "nan", float("nan")])
def test_a_value_that_could_not_be_read_back_is_refused(value: float | str) -> None:
    with pytest.raises(RelampError, match="cannot be written"):
        setting_name({"mode": value})


def test_rows_have_their_run_its_parameters_and_the_columns_of_the_evaluation(tmp_path: Path) -> None:
    files = {}
    for setting in ("default", "gamma~0.2_alpha~1", "gamma~0.2"):
        labels = {"method": "lamp", "dataset": "MUTAG", "setting": setting, "source": "embeddings"}
        files[setting] = tmp_path / "rows" / "svm-rbf" / "MUTAG" / "lamp" / setting / "rows.csv"
        write_rows(files[setting], [pd.DataFrame({"value": [0.5], "seed": [1]})], labels, ("seed", "value"))
    assert files["default"].read_text() == "method,dataset,setting,seed,value\nlamp,MUTAG,default,1,0.5\n"
    assert list(pd.read_csv(files["gamma~0.2_alpha~1"])) == [
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
