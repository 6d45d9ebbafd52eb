import subprocess
import sys

import pytest
from pydantic import ValidationError

from relamp.settings.images import ImagePretraining, ImageViews


def test_the_papers_settings_are_the_default() -> None:
    settings = ImagePretraining()
    assert (settings.epochs, settings.batch_size, settings.learning_rate, settings.weight_decay) == (
        500,
        256,
        1e-3,
        1e-6,
    )
    assert (settings.width, settings.projection, settings.temperature) == (64, 128, 0.4)
    assert (settings.mix.scope, settings.mix.threshold, settings.mix.constant) == ("op", 0.9, 0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checkpoints": (501,)}, "beyond the last epoch, 500: 501"),
        ({"mix": {"scope": "wp"}}, "the scope of mixing must be 'op'"),
        ({"views": {"crop_area": (0.5, 0.2)}}, "least and greatest share"),
        ({"views": {"crop_area": (0.5, 1.2)}}, "at most 1"),
        ({"views": {"crop_ratio": (2, 1)}}, "the least ratio comes first"),
        ({"views": {"flip": 1.5}}, "less than or equal to 1"),
        ({"colour": 1}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ImagePretraining.model_validate(change)


def test_views_without_flip_for_digits() -> None:
    assert ImagePretraining.model_validate({"views": {"flip": 0}}).views == ImageViews(flip=0)


def test_settings_are_read_without_torch() -> None:
    code = "import sys, relamp.settings.images; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
