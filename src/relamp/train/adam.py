"""Adam as torch has it, without the class that imports torch's compiler: that alone takes seconds in each job."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam (Kingma and Ba 2015) with torch's defaults, one fused pass over each parameter."""

    def __init__(self, parameters: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        self.parameters, self.lr, self.weight_decay = list(parameters), lr, weight_decay
        self.mean = [torch.zeros_like(each) for each in self.parameters]
        self.square = [torch.zeros_like(each) for each in self.parameters]
        self.steps = [torch.zeros((), device=each.device) for each in self.parameters]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for each in self.parameters:
            each.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Take a step in every parameter that has a gradient."""
        found = [number for number, each in enumerate(self.parameters) if each.grad is not None]

        def of(column: Sequence[Tensor | None]) -> list[Tensor]:
            return [column[number] for number in found]  # type: ignore[misc]

        adam(
            of(self.parameters),
            of([each.grad for each in self.parameters]),
            of(self.mean),
            of(self.square),
            [],
            of(self.steps),
            foreach=False,
            fused=True,
            amsgrad=False,
            maximize=False,
            lr=self.lr,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            weight_decay=self.weight_decay,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what steps change."""
        return {"mean": self.mean, "square": self.square, "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to what `state_dict` returned."""
        self.mean, self.square, self.steps = state["mean"], state["square"], state["steps"]
