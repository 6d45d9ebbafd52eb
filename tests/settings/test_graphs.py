import inspect
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from relamp.settings import evaluation, graphs
from relamp.settings.evaluation import DamageProtocol, Kernels, SvmProtocol
from relamp.settings.graphs import Augmentation, Finetuning, GraphclOptions, Pretraining, Settings, SimgraceOptions

ALL = [
    value
    for value in {**vars(graphs), **vars(evaluation)}.values()
    if inspect.isclass(value) and issubclass(value, Settings) and value is not Settings
]


@pytest.mark.parametrize("kind", ALL)
def test_defaults_are_valid_and_come_back_from_json(kind: type[Settings]) -> None:
    made = kind()
    assert kind.model_validate(made.model_dump()) == made
    assert kind.model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize("kind", ALL)
def test_unknown_keys_are_refused_and_nothing_can_be_changed(kind: type[Settings]) -> None:
    with pytest.raises(ValidationError, match="nonsense"):
        kind.model_validate({"nonsense": 1})
    name = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(kind(), name, getattr(kind(), name))


@pytest.mark.parametrize("kind", [kind for kind in ALL if "Attributes:" in str(kind.__doc__)])
def test_every_option_is_explained_and_no_other(kind: type[Settings]) -> None:
    lines = inspect.cleandoc(str(kind.__doc__)).partition("Attributes:")[2].splitlines()
    explained = {name.strip() for line in lines if ": " in line for name in line.split(": ")[0].split(",")}
    own = {name for name in kind.model_fields if name not in {"lamp", "simgrace", "graphcl"}}
    assert explained == own


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
        (Pretraining, "shuffle", ["never"], ["once", "epoch"]),
        (Pretraining, "self_loops", [True, "some"], ["none", "all", "all-but-last"]),
        (Pretraining, "lamp", [{"prune_scope": "node"}, {"gamma": 0.1}], [{"node_embedding": "last"}]),
        (SimgraceOptions, "eta", [0, -1, float("inf")], [0.1]),
        (GraphclOptions, "augmentations", [[], ["drop"], "subgraph"], [["attribute_masking"]]),
        (GraphclOptions, "strength", [1, -0.1, float("nan")], [0, 0.99]),
        (SvmProtocol, "folds", [1], [2]),
        (SvmProtocol, "inner_folds", [1], [2]),
        (SvmProtocol, "C", [[0.0], [1, -1], 1.0], [[1]]),
        (Kernels, "graphlet_size", [2, 6], [3, 4, 5]),
        (Kernels, "wl_iterations", [0], [1]),
        (Finetuning, "dropout", [1, -0.1], [0, 0.9]),
        (Finetuning, "epochs", [0], [1]),
        (DamageProtocol, "strength", [0, 1], [0.5]),
        (DamageProtocol, "draws", [0], [1]),
        (DamageProtocol, "readings", [["both"]], [["code"]]),
    ],
)
def test_values_have_bounds(kind: type[Settings], field: str, bad: list[Any], good: list[Any]) -> None:
    for value in good:
        kind.model_validate({field: value})
    for value in bad:
        with pytest.raises(ValidationError, match=field):
            kind.model_validate({field: value})


@pytest.mark.parametrize("given", [{"epochs": 10}, {"epochs": 3, "checkpoints": [0, 4]}, {"checkpoints": [21]}])
def test_checkpoints_cannot_come_after_the_last_epoch(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="beyond the last epoch"):
        Pretraining.model_validate(given)


def test_checkpoints_may_be_any_epochs_up_to_the_last() -> None:
    assert Pretraining(epochs=0, checkpoints=(0,)).checkpoints == (0,)
    assert Pretraining(epochs=5, checkpoints=()).checkpoints == ()
    assert Pretraining(epochs=5, checkpoints=(5, 1)).checkpoints == (5, 1)


def test_augmentations_and_readings_are_those_of_the_library() -> None:
    graph = pytest.importorskip("relamp.augment.graphs", exc_type=ImportError)
    assert set(get_args(Augmentation)) == set(graph.AUGMENTATIONS)
    assert set(get_args(graphs.Reading)) == set(get_args(graph.Reading))
