import pytest
from pydantic import ValidationError

from relamp.settings.nodes import NodePretraining, ProbeProtocol


def test_the_defaults_are_the_papers() -> None:
    chosen = NodePretraining()
    assert (chosen.epochs, chosen.patience, chosen.hidden, chosen.learning_rate) == (2000, 30, 256, 3e-4)
    assert (chosen.temperature, chosen.mix.constant, chosen.grace.layers) == (1.0, 0.2, 1)
    assert (chosen.diffusion.kind, chosen.diffusion.alpha) == ("ppr", 0.2)
    probe = ProbeProtocol()
    assert (probe.runs, probe.steps, probe.learning_rate, probe.weight_decay) == (50, 300, 0.01, 0.0)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"mixer": "mp-mix"}, "Extra inputs"),
        ({"epochs": 5, "checkpoints": [0, 6]}, "beyond the last epoch, 5: 6"),
        ({"grace": {"drop_edges": [0.2, 1.0]}}, "less than 1"),
        ({"branches": []}, "at least 1 item"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        NodePretraining.model_validate(options)


def test_a_split_must_leave_something_to_test_on() -> None:
    with pytest.raises(ValidationError, match="nothing is left"):
        ProbeProtocol(shares=(0.5, 0.5))
