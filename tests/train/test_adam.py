"""Adam against torch's own class."""

import subprocess
import sys

import torch

from relamp.train.adam import Adam
from seeded import gen


def test_steps_are_those_of_torch_also_after_a_restoration() -> None:
    drawn = [torch.randn(3, 4, generator=gen(0), dtype=torch.float64), torch.randn(5, generator=gen(1)).double()]
    one, two = ([each.clone().requires_grad_() for each in (*drawn, torch.ones(2))] for _ in range(2))
    theirs, ours = torch.optim.Adam(one, lr=0.01, weight_decay=0.1), Adam(two, 0.01, 0.1)
    for step in range(6):
        for parameters, optimiser in ((one, theirs), (two, ours)):
            optimiser.zero_grad()
            # The last one has no gradient, and stays.
            sum((each * (step + 1)).sin().sum() for each in parameters[:2]).backward()  # type: ignore[union-attr]
            optimiser.step()
        if step == 2:
            state = ours.state_dict()
            ours = Adam(two, 0.01, 0.1)
            ours.load_state_dict(state)
        for expected, found in zip(one, two, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    assert torch.equal(two[2].detach(), torch.ones(2))


def test_a_training_step_imports_no_compiler() -> None:
    step = (
        "import sys, torch; from relamp.train.adam import Adam; p = torch.ones(2).requires_grad_(); a = Adam([p], 0.1);"
        "p.sum().backward(); a.step(); a.zero_grad(); print('torch._dynamo' in sys.modules, p.tolist()[0] < 1)"
    )
    done = subprocess.run([sys.executable, "-c", step], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
