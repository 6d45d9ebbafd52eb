"""A subset of the corpus: its place, its size, and that rows of two subsets are never taken for each other."""

from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.study.batches import trainings
from relamp.study.config import Config, load_config, restored
from relamp.study.own import corpus_words, own_sizes
from relamp.study.paths import Paths, all_datasets
from relamp.study.plan import Plan
from relamp.study.resources import count, training_work
from relamp.study.scale import scale
from relamp.study.studies import Run, studies
from relamp.study.targets import check_targets

PRESETS = home() / "workflow" / "presets"
LAMP = Run("lamp-mag", "gamma~0.2_alpha~1")


def config(preset: str = "quick", **transfer: Any) -> Config:
    return load_config({"preset": preset, "transfer": transfer}, PRESETS)


def test_it_has_a_place_of_its_own() -> None:
    found = config(molecules=500)
    assert "NCI~500" in all_datasets(found)
    assert studies(found)["corpus"].datasets == ("NCI~500",)
    encoder = Paths("r").trained("molecules", "NCI~500", [LAMP], [0])["encoder"]
    assert encoder == ["r/train/molecules/NCI~500/lamp-mag/gamma~0.2_alpha~1/seed~0/encoder.safetensors"]
    plan = Plan(found, "results/quick", "figures/quick")
    check_targets(["results/quick/data/NCI~500.safetensors"], plan)
    with pytest.raises(RelampError, match="there is no data set 'NCJ'"):
        check_targets(["results/quick/data/NCJ~500.safetensors"], plan)


def test_its_number_is_a_fact_of_encoders_and_of_rows() -> None:
    facts = []
    for molecules in (500, 600):
        found = studies(config(molecules=molecules))
        label = found["transfer"].facts("finetune", "Solubility", LAMP)
        (made,) = (each for each in trainings(found) if each.name == "train_molecules")
        # The encoder's header has it, which fine-tuning compares with the rows' facts.
        assert label["training"]["corpus"] == made.params(Paths("r"))["corpus"] == f"NCI~{molecules}"
        assert found["transfer"].facts("finetune", "Solubility", Run("none", "default"))["training"] is None
        facts.append(label)
    assert facts[0] != facts[1]


def test_all_molecules_are_what_they_were() -> None:
    found = studies(config())
    assert config().transfer.molecules is None
    assert set(found["transfer"].facts("finetune", "Solubility", LAMP)["training"]) == {"method", "settings"}
    assert all("corpus" not in made.params(Paths("r")) for made in trainings(found))
    assert corpus_words(config()) == "NCI"


def test_titles_and_scale_say_how_many_of_how_many() -> None:
    found = config("paper", molecules=50_000)
    words = "50,000 of 2,897,081 molecules of ZINC15"
    plan = Plan(found, "results/paper", "figures/paper")
    assert f"pre-trained here on {words}" in plan.params(plan.artifacts["lamp_table2"])["title"]
    controls = Plan(config("paper", methods=["none"]), "results/paper", "figures/paper")
    assert controls.params(controls.artifacts["lamp_table2"])["title"].endswith(", pre-trained here on nothing")
    sized = scale(found)["finetune"]["BBBP"]
    assert sized["lamp-mag"]["sizes"] == {"corpus": [words, "ZINC15"]}
    assert sized["none"]["sizes"] == {}
    assert scale(config("paper"))["finetune"]["BBBP"]["lamp-mag"]["sizes"] == {}


def test_its_jobs_are_planned_by_its_own_size() -> None:
    whole, part = (studies(config("paper", molecules=molecules))["corpus"] for molecules in (None, 289_708))
    assert count("graphs", "ZINC15~289708", part.sizes) == 289_708
    of = training_work(part, LAMP, "ZINC15~289708") / training_work(whole, LAMP, "ZINC15")
    assert of == pytest.approx(0.1, rel=0.01)
    # Where nothing is known of the whole, its atoms are guessed as for any molecules.
    unknown = own_sizes(config("paper", corpus="ZINC15-2M", molecules=1000))
    assert count("nodes", "ZINC15-2M~1000", unknown) == 25_000


@pytest.mark.parametrize(
    ("molecules", "message"),
    [
        (4_991, r"transfer\.molecules: there are 4,990 molecules in NCI; ask for fewer, or for all with null"),
        (1, r"transfer\.molecules: input should be greater than or equal to 2 \(given: 1\)"),
        ("many", r"transfer\.molecules: input should be a valid integer"),
    ],
)
def test_what_cannot_be_drawn_is_a_line(molecules: Any, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        config(molecules=molecules)


def test_it_outlives_the_record_of_a_run() -> None:
    found = restored(config(molecules=500).recorded(), "here")
    assert found.transfer.trained_on == "NCI~500"
