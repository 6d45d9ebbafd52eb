import subprocess
import sys

import pytest
from pydantic import ValidationError

from relamp.settings.mixing import MixSettings


def test_the_paper_is_the_default() -> None:
    options = MixSettings()
    assert (options.constant, options.denominator, options.scope) == (0.2, "others", "wp")
    assert (options.score_gradient, options.diversity, options.operator) == (True, "apart", "weights")


@pytest.mark.parametrize(
    "wrong",
    [
        {"constant": 1.0},
        {"constant": -0.1},
        {"threshold": 1.1},
        {"weight_dropout": 1.0},
        {"denominator": "none"},
        {"operator": "adjacency", "scope": "op"},
        {"theta": 0.9},
    ],
)
def test_refuses_what_is_out_of_range(wrong) -> None:
    with pytest.raises(ValidationError):
        MixSettings(**wrong)


def test_needs_no_torch() -> None:
    code = "import sys, relamp.settings.mixing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
