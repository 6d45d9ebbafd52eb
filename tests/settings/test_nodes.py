import pytest
from pydantic import ValidationError
from relamp.method.node_table import NODE_METHODS

from relamp.settings.mixing import MIXERS
from relamp.settings.nodes import NodePretraining
from relamp.study.config import merge


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"mixer": "mixup"}, "no mixer 'mixup'"),
        ({"encoder": "gat"}, "one GCN layer each"),
        ({"layers": 2}, "one GCN layer each"),
        ({"host": "grace", "branches": ["a"]}, "GRACE has one encoder"),
        ({"host": "grace", "readout": "output"}, "GRACE has one encoder"),
        ({"host": "grace", "encoder": "gat", "hidden": 10}, "cannot be shared among 4 heads"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        NodePretraining.model_validate(options)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_every_method_fits_settings_made_for_others(name: str) -> None:
    base = {
        "epochs": 7,
        "checkpoints": [0],
        "branches": ["a", "average"],
        "readout": "output",
        "mix": {"threshold": 0.5},
    }
    chosen = NodePretraining.model_validate(merge(base, NODE_METHODS[name].options))
    assert chosen.mix.threshold == 0.5
    assert chosen.epochs == (0 if name == "untrained" else 7)


def test_every_mixer_is_some_method() -> None:
    assert {row.options["mixer"] for row in NODE_METHODS.values()} == set(MIXERS)
