"""A user's own molecules in the configuration: which names fit where, and which faults are told."""

from pathlib import Path
from typing import Any

import pytest

from relamp.data.registry import Expected
from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.settings.own import OwnMolecules
from relamp.study.config import Config, load_config, restored
from relamp.study.own import is_corpus, own_data, own_sizes, raw_files, split_of
from relamp.study.paths import all_datasets
from relamp.study.plan import Plan
from relamp.study.scale import scale
from relamp.study.studies import Run, studies

PRESETS = home() / "workflow" / "presets"
LAMP = Run("lamp-mag", "gamma~0.2_alpha~1")


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Any]:
    """A corpus, LIB, and molecules with two tasks, ASSAY."""
    (tmp_path / "lib.smi").write_text("CCO\nCC\nC\n")
    (tmp_path / "assay.csv").write_text("mol,a,b\nC,1,0\n")
    assay = {"file": str(tmp_path / "assay.csv"), "smiles_column": "mol", "label_columns": ["a", "b"]}
    return {"LIB": str(tmp_path / "lib.smi"), "ASSAY": assay}


def config(own: dict[str, Any], **transfer: Any) -> Config:
    return load_config({"own": own, "transfer": transfer}, PRESETS)


def fault(own: dict[str, Any], **given: Any) -> str:
    with pytest.raises(RelampError) as told:
        load_config({"own": own, **given}, PRESETS)
    (line,) = str(told.value).splitlines()
    return line.removeprefix("config: ")


def test_a_corpus_and_labelled_molecules_go_where_they_fit(places: dict[str, Any], tmp_path: Path) -> None:
    found = config(places, corpus="LIB", datasets=["ASSAY", "Solubility"])
    assert found.own["LIB"] == OwnMolecules(file=str(tmp_path / "lib.smi"))
    assert {"LIB", "ASSAY"} <= {*all_datasets(found)}
    assert own_data(found, "ASSAY") == places["ASSAY"]
    assert raw_files(found, "LIB") == [tmp_path / "lib.smi"]
    assert (is_corpus(found, "LIB"), is_corpus(found, "ASSAY"), is_corpus(found, "ZINC15")) == (True, False, True)
    assert split_of(found, "ASSAY") is None
    assert own_sizes(found)["LIB"] == Expected(rows=3, graphs=3, nodes=0, edges=0)
    # Labels of a corpus are not looked at.
    assert config(places, corpus="ASSAY").transfer.corpus == "ASSAY"


def test_rows_say_that_the_corpus_is_the_users_own(places: dict[str, Any]) -> None:
    found = config(places, corpus="LIB")
    facts = studies(found)["transfer"].facts("finetune", "Solubility", LAMP)
    assert facts["training"]["corpus"] == "LIB"
    assert scale(found)["finetune"]["Solubility"]["lamp-mag"]["sizes"]["corpus"] == ["LIB", "ZINC15"]
    part = config(places, corpus="LIB", molecules=2)
    assert studies(part)["transfer"].facts("finetune", "Solubility", LAMP)["training"]["corpus"] == "LIB~2"
    plan = Plan(part, "results/quick", "figures/quick")
    assert "pre-trained here on 2 molecules of LIB" in plan.params(plan.artifacts["lamp_table2"])["title"]
    # What is rendered elsewhere from the rows asks for the same.
    again = restored(part.recorded(), "here")
    assert studies(again)["transfer"].facts("finetune", "Solubility", LAMP) == studies(part)["transfer"].facts(
        "finetune", "Solubility", LAMP
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"transfer": {"datasets": ["LIB"]}}, "transfer.datasets.0: labelled molecules are needed, which LIB has not"),
        ({"damage": {"datasets": ["LIB"]}}, "damage.datasets.0: graphs are needed, which LIB has not; known: MUTAG"),
        ({"damage": {"datasets": ["ASSAY"]}}, "damage.datasets.0: graphs are needed, which ASSAY has not"),
        ({"transfer": {"corpus": "LIBB"}}, "transfer.corpus: there is no data set 'LIBB'; did you mean LIB?"),
    ],
)
def test_a_name_of_another_kind_is_told(places: dict[str, Any], given: dict[str, Any], message: str) -> None:
    assert fault(places, **given).startswith(message)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("none.smi", "own: there is no file none.smi"),
        ("a{b}.smi", "own: braces in the file a{b}.smi would be wildcards of Snakemake; rename or link it"),
        ({"smiles_column": "x"}, "own.M.file: is missing"),
        ({"file": "lib.smi", "label_column": "x"}, "own.M.label_column: there is no such option"),
        ({"file": "lib.smi", "edge_labels": True}, "own.M.edge_labels: there is no such option"),
        ({"file": "lib.smi", "label_columns": ["x"]}, "own.M: lib.smi has no columns; name a .csv or .tsv file, or no"),
        ({"file": "lib.smi", "smiles_column": "x"}, "own.M: lib.smi has no columns; name a .csv or .tsv file, or no"),
        ({"file": "a.csv", "label_columns": ["x", "x"]}, "own.M: the column x is named twice"),
        ({"file": "a.csv", "label_columns": "x", "smiles_column": "x"}, "own.M: the column x is named twice"),
        (3, "own.M: "),
    ],
)
def test_own_molecules_that_are_none_are_told(
    own: Any, message: str, places: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fault({"M": own}).startswith(message)
