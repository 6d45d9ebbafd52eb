"""A method with a rival that has an optimiser of its own, two steps a batch, and a probability that is no weight."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from image_sets import two_classes
from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.method.base import Loss, Training
from relamp.method.table import METHODS
from relamp.runtime.job import named
from relamp.train.loop import Resume
from training import CLASSES, TRAINERS, Killed, kill_at, same

DATA = {"graphs": random_graphs(0, count=21), "nodes": random_nodes(0, sizes=(40,)), "images": two_classes()}
METHOD = {"graphs": "simgrace", "nodes": "grace", "images": "simclr"}
SHORT: dict[str, dict[str, Any]] = {
    "graphs": {"epochs": 4, "checkpoints": (0, 4), "batch_size": 8, "hidden": 8, "layers": 2},
    "nodes": {"epochs": 4, "checkpoints": (0,), "hidden": 8, "patience": None},
    "images": {"epochs": 4, "checkpoints": (0, 4), "batch_size": 8, "width": 2, "projection": 6},
}


def toy(domain: str) -> Any:
    """A method of the domain whose loss is weighed by the rival's output and by the probability."""
    row = METHODS[domain][METHOD[domain]]

    class Toy(named(row.maker)):
        def draw(self, data: Any, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
            encoder, head = super().draw(data, generator)
            head.register_buffer("probability", torch.tensor(0.5))
            return encoder, head

        def parts(self, data: Any, generator: torch.Generator) -> Mapping[str, nn.Module]:
            rival = nn.Linear(1, 1, bias=False)
            nn.init.normal_(rival.weight, generator=generator)
            return {"rival": rival}

        def learning_rate(self, part: str) -> float:
            assert part == "rival"
            return 0.1

        def start_epoch(self, training: Training) -> None:
            assert sum(map(len, training.chunks())) == len(DATA[domain].y)
            self.seen = np.concatenate(list(training.batches()))
            self.stepped: list[np.ndarray] = []

        def step(self, training: Training, index: np.ndarray) -> Loss:
            assert training.parts["rival"].training
            self.stepped.append(index)
            weight = lambda: training.parts["rival"](training.head.probability.view(1, 1)).sigmoid().squeeze()  # noqa: E731
            training.descend(-weight() * training.loss(index).total.detach(), "rival")
            loss = training.loss(index)
            training.descend(loss.total * weight().detach())
            return loss

        def end_epoch(self, training: Training) -> None:
            assert np.array_equal(self.seen, np.concatenate(self.stepped))
            training.head.probability.mul_(0.9)

    return Toy(CLASSES[domain].model_validate(SHORT[domain]), **row.fixed)


@pytest.mark.parametrize("domain", DATA)
def test_a_killed_training_of_several_optimisers_resumes_to_the_same_bits(domain: str, tmp_path: Path) -> None:
    def trainer() -> Any:
        return TRAINERS[domain](DATA[domain], toy(domain), 0)

    whole = trainer()
    result = whole.run()
    for epoch in (1, 3):
        with pytest.raises(Killed):
            trainer().run(Resume(tmp_path / "state.pt", "key", every=0), kill_at(epoch))
    again = trainer()
    assert same(result, again.run(Resume(tmp_path / "state.pt", "key", every=0)))
    assert torch.equal(whole.parts["rival"].weight, again.parts["rival"].weight)
    assert whole.head.probability.item() == again.head.probability.item() == pytest.approx(0.5 * 0.9**4)


@pytest.mark.parametrize("domain", DATA)
def test_each_step_moves_its_own_weights_alone(domain: str) -> None:
    trainer = TRAINERS[domain](DATA[domain], toy(domain), 0)
    plain = TRAINERS[domain](
        DATA[domain],
        named(METHODS[domain][METHOD[domain]].maker)(
            CLASSES[domain].model_validate(SHORT[domain]), **METHODS[domain][METHOD[domain]].fixed
        ),
        0,
    )
    # Parts are drawn last: encoder and head are those of the method without them.
    assert all(
        torch.equal(value, trainer.encoder.state_dict()[key]) for key, value in plain.encoder.state_dict().items()
    )
    assert (trainer.optimiser.lr, trainer.optimisers["rival"].lr) == (trainer.settings.learning_rate, 0.1)
    weights = [*trainer.encoder.parameters(), *trainer.head.parameters()]
    rival = trainer.parts["rival"].weight
    before, own = [each.detach().clone() for each in weights], rival.detach().clone()
    trainer.descend(rival.sum() + sum(each.sum() for each in weights), "rival")
    assert all(torch.equal(*pair) for pair in zip(before, weights, strict=True))
    # Adam's first step is the learning rate.
    assert (own - rival).item() == pytest.approx(0.1, rel=1e-4)
    moved = rival.detach().clone()
    trainer.descend(rival.sum() + sum(each.sum() for each in weights))
    assert torch.equal(moved, rival)
    assert not any(torch.equal(*pair) for pair in zip(before, weights, strict=True))
