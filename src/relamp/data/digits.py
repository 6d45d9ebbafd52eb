"""Handwritten digits that ship inside scikit-learn: images for those who have no network."""

from importlib.metadata import version

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from relamp.data.images import PackedImages

BRIGHTEST = 16  # upstream counts the inked pixels of 4 x 4 blocks
TEST_SHARE = 0.2


def read_digits(seed: int = 0) -> PackedImages:
    """Read the 1,797 grey images of 8 x 8 (Alpaydin and Kaynak 1998, UCI: the test part) as the set "Digits".

    Upstream has no split of them: a stratified one is drawn from the seed, 20 % for the test. Values 0 ... 16 become
    0 ... 255.
    """
    bunch = load_digits()
    y = bunch.target.astype(np.int64)
    train, test = train_test_split(np.arange(len(y)), test_size=TEST_SHARE, stratify=y, random_state=seed)
    return PackedImages(
        name="Digits",
        images=np.round(bunch.images * (255 / BRIGHTEST)).astype(np.uint8)[:, None],
        y=y,
        train=np.sort(train),
        test=np.sort(test),
        info={
            "classes": [str(digit) for digit in bunch.target_names],
            "source": "package:sklearn",
            "package_version": version("scikit-learn"),
            "split": f"stratified, {TEST_SHARE:.0%} test, seed {seed}",
        },
    )
