"""What holds for all settings, and the bounds of their values."""

import importlib
import pkgutil
from typing import Any

import pytest
from pydantic import ValidationError

import relamp.settings
from relamp.settings.base import Settings
from relamp.settings.evaluation import (
    ClusterProtocol,
    DamageProtocol,
    EditDistanceProtocol,
    ImageProbe,
    Kernels,
    ProbeProtocol,
    SvmProtocol,
)
from relamp.settings.graphs import GraphclOptions, LampOptions, MmixOptions, MmixTraining, Pretraining, SimgraceOptions
from relamp.settings.images import ImagePretraining, ImageViews
from relamp.settings.judging import Judging
from relamp.settings.mixing import MixSettings
from relamp.settings.molecules import Finetuning
from relamp.settings.nodes import NodePretraining
from relamp.settings.own import OwnMolecules
from relamp.settings.places import Places

for module in pkgutil.iter_modules(relamp.settings.__path__, "relamp.settings."):
    importlib.import_module(module.name)


def kinds(base: type[Settings] = Settings) -> list[type[Settings]]:
    """All settings of the room."""
    return [
        found
        for kind in base.__subclasses__()
        if kind.__module__.startswith("relamp.settings.")
        for found in (kind, *kinds(kind))
    ]


def made(kind: type[Settings]) -> Settings:
    """Settings by their defaults, but for what has none."""
    return kind.model_validate({"file": "a.smi"} if kind is OwnMolecules else {})


every = pytest.mark.parametrize("kind", kinds())


@every
def test_defaults_are_valid_and_come_back_from_json(kind: type[Settings]) -> None:
    one = made(kind)
    assert kind.model_validate(one.model_dump()) == one
    assert kind.model_validate(one.model_dump(mode="json")) == one


@every
def test_unknown_keys_are_refused_and_nothing_can_be_changed(kind: type[Settings]) -> None:
    with pytest.raises(ValidationError, match="nonsense"):
        kind.model_validate({"nonsense": 1})
    name = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made(kind), name, getattr(made(kind), name))


@every
def test_every_field_and_every_model_has_a_description(kind: type[Settings]) -> None:
    assert str(kind.__doc__).rstrip().endswith(".")
    for name, field in kind.model_fields.items():
        text = field.description or ""
        assert text.endswith("."), name
        assert text[0].isupper(), name


@pytest.mark.parametrize(
    ("kind", "field", "bad", "good"),
    [
        (Pretraining, "epochs", [-1, 1.5, "abc", None], [1000]),
        (Pretraining, "batch_size", [1, 0, -2], [2]),
        (Pretraining, "learning_rate", [0, -1, float("inf"), float("nan")], [1e-9, "1e-3"]),
        (Pretraining, "hidden", [0], [1]),
        (Pretraining, "layers", [0], [1]),
        (Pretraining, "temperature", [0, 0.02, -1], [0.025, 1]),
        (Pretraining, "local_nodes", [1], [2]),
        (Pretraining, "directions", ["neither"], ["one", "both"]),
        (Pretraining, "shuffle", ["always"], ["once", "epoch"]),
        (Pretraining, "self_loops", [True, "some"], ["none", "all", "all-but-last"]),
        (Pretraining, "lamp", [{"prune_scope": "node"}], [{"node_embedding": "last"}]),
        (LampOptions, "gamma", [1, -0.1, float("nan"), "abc", [0.1], None], [0, "0.99"]),
        (LampOptions, "alpha", [-1, float("inf")], [0]),
        (SimgraceOptions, "eta", [0, -1, float("inf")], [0.1]),
        (GraphclOptions, "augmentations", [[], ["drop"], "subgraph"], [["attribute_masking"]]),
        (GraphclOptions, "strength", [1, -0.1, float("nan")], [0, 0.99]),
        (MmixOptions, "diffusion", ["katz"], ["adjacency"]),
        (MmixOptions, "training", [{"epochs": 100}], [None, {"epochs": 100, "checkpoints": [100]}]),
        (SvmProtocol, "folds", [1], [2]),
        (SvmProtocol, "inner_folds", [1], [2]),
        (SvmProtocol, "C", [[0.0], [1, -1], 1.0], [[1]]),
        (Kernels, "graphlet_size", [2, 6], [3, 4, 5]),
        (Kernels, "wl_iterations", [0], [1]),
        (EditDistanceProtocol, "nodes", [[3]], [[4]]),
        (ProbeProtocol, "shares", [[0, 0.1], [0.5, 0.5]], [[0.9, 0]]),
        (ClusterProtocol, "starts", [0], [1]),
        (ImageProbe, "scaling", ["max"], ["none"]),
        (Finetuning, "dropout", [1, -0.1], [0, 0.9]),
        (Finetuning, "epochs", [0], [1]),
        (DamageProtocol, "strength", [0, 1], [0.5]),
        (DamageProtocol, "draws", [0], [1]),
        (DamageProtocol, "readings", [["both"]], [["code"]]),
        (Judging, "protocol", ["oracle"], ["nested"]),
        (Judging, "margin", [0, float("inf")], [0.1]),
        (Judging, "confidence", [0, 1], [0.5]),
        (Judging, "rope", [-1], [2]),
        (MixSettings, "constant", [1.0, -0.1], [0, None]),
        (MixSettings, "threshold", [1.1], [-1, 1]),
        (MixSettings, "weight_dropout", [1.0], [0]),
        (MixSettings, "denominator", ["none"], ["all"]),
        (ImageViews, "crop_area", [(0.5, 0.2), (0.5, 1.2)], [(0.5, 0.5)]),
        (ImageViews, "crop_ratio", [(2, 1)], [(1, 1)]),
        (ImageViews, "flip", [1.5], [0, 1]),
        (ImagePretraining, "mix", [{"scope": "wp"}], [{"scope": "op"}]),
        (NodePretraining, "branches", [[], ["c"]], [["a", "b"]]),
        (NodePretraining, "grace", [{"drop_edges": [0.2, 1.0]}], [{"mask_features": [0, 0.9]}]),
    ],
)
def test_values_have_bounds(kind: type[Settings], field: str, bad: list[Any], good: list[Any]) -> None:
    for value in good:
        kind.model_validate({field: value})
    for value in bad:
        with pytest.raises(ValidationError, match=field):
            kind.model_validate({field: value})


@pytest.mark.parametrize("kind", [Pretraining, NodePretraining, ImagePretraining, MmixTraining])
def test_checkpoints_are_epochs_up_to_the_last(kind: type[Settings]) -> None:
    assert kind(epochs=5, checkpoints=(5, 1)).model_dump()["checkpoints"] == (5, 1)
    for given in ({"epochs": 5, "checkpoints": [5, 6]}, {"epochs": 0, "checkpoints": [0, 1]}):
        with pytest.raises(ValidationError, match="beyond the last epoch"):
            kind.model_validate(given)
    if kind is MmixTraining:
        with pytest.raises(ValidationError, match="the last epoch, 5, is missing"):
            kind(epochs=5, checkpoints=(0,))
    else:
        assert kind(epochs=5, checkpoints=()).model_dump()["checkpoints"] == ()
    # A fault of the epochs is told alone.
    with pytest.raises(ValidationError, match="1 validation error"):
        kind.model_validate({"epochs": -1, "checkpoints": [7]})


def test_defaults_are_checked_against_what_is_given() -> None:
    with pytest.raises(ValidationError, match="beyond the last epoch, 10: 20"):
        Pretraining(epochs=10)


def test_mixing_by_the_adjacency_needs_a_graph() -> None:
    with pytest.raises(ValidationError, match="without a graph there is no adjacency"):
        MixSettings(operator="adjacency", scope="op")


@pytest.mark.parametrize(
    "place",
    ["ftp://host/a", "file:///a", "http://", "https://me:pa/ss@host/a", "http://host:port/a", "http://me:p w@host/a"],
)
def test_an_address_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ValidationError, match=r"an address is http\(s\)://host"):
        Places(mirrors=(place,))


def test_what_is_recorded_of_mirrors_has_no_password() -> None:
    places = Places(mirrors=("https://me:word@host/a", "/data/m@x"))
    assert places.mirrors[0] == "https://me:word@host/a"
    assert places.model_dump(mode="json")["mirrors"] == ["https://host/a", "/data/m@x"]
