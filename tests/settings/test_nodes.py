import pytest
from pydantic import ValidationError
from relamp.method.node_table import NODE_METHODS

from relamp.settings.mixing import MIXERS
from relamp.settings.nodes import NodePretraining, ProbeProtocol
from relamp.study.config import merge


def test_the_defaults_are_the_papers() -> None:
    chosen = NodePretraining()
    assert (chosen.epochs, chosen.patience, chosen.hidden, chosen.learning_rate) == (2000, 30, 256, 3e-4)
    assert (chosen.temperature, chosen.mix.constant, chosen.layers) == (1.0, 0.2, 1)
    assert (chosen.diffusion.kind, chosen.diffusion.alpha) == ("ppr", 0.2)
    probe = ProbeProtocol()
    assert (probe.runs, probe.steps, probe.learning_rate, probe.weight_decay) == (50, 300, 0.01, 0.0)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"mixer": "mixup"}, "no mixer 'mixup'"),
        ({"epochs": 5, "checkpoints": [0, 6]}, "beyond the last epoch, 5: 6"),
        ({"encoder": "gat"}, "one GCN layer each"),
        ({"layers": 2}, "one GCN layer each"),
        ({"host": "grace", "branches": ["a"]}, "GRACE has one encoder"),
        ({"host": "grace", "readout": "output"}, "GRACE has one encoder"),
        ({"host": "grace", "encoder": "gat", "hidden": 10}, "cannot be shared among 4 heads"),
        ({"host": "grace", "grace": {"drop_edges": [0.2, 1.0]}}, "less than 1"),
        ({"branches": []}, "at least 1 item"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        NodePretraining.model_validate(options)


def test_a_split_must_leave_something_to_test_on() -> None:
    with pytest.raises(ValidationError, match="nothing is left"):
        ProbeProtocol(shares=(0.5, 0.5))


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
