import numpy as np
import pandas as pd
import pytest

from relamp.errors import RelampError
from relamp.render.picture_grid import picture_grid
from stored_rows import MIXED, images, images_file, mixed

ROWS = mixed(*MIXED)


def test_the_plotted_weights_by_hand() -> None:
    _, plotted = picture_grid(images_file(), ROWS, anchors=3, partners=2)
    assert plotted["anchor"].tolist() == [5, 5, 5, 0, 2, 2, 2]
    assert plotted["image"].tolist() == [5, 2, 1, 0, 2, 1, 3]  # of equal weights, the smaller number first
    assert plotted["rank"].tolist() == [0, 1, 2, 0, 0, 1, 2]
    assert plotted["weight"].tolist() == [0.2, 0.4, 0.3, 1.0, 0.5, 0.25, 0.25]
    assert plotted["partners"].tolist() == [3, 3, 3, 0, 2, 2, 2]
    np.testing.assert_allclose(plotted["shown"], [0.9] * 3 + [1.0] * 4)
    classes = images().y[plotted["image"]]
    assert plotted["class"].tolist() == [("cat", "pickup_truck")[of] for of in classes]
    assert plotted["same_class"].tolist() == [True, False, True, True, True, False, False]


def test_how_much_goes_to_the_anchor_s_class_by_hand() -> None:
    figure, plotted = picture_grid(images_file(), ROWS, anchors=3, partners=2)
    told = plotted.drop_duplicates("anchor").set_index("anchor")
    # Of 5, a pickup truck, the partners 1 and 3 are too, not 2; all that is mixed in counts, drawn or not.
    assert told.loc[5, "class_share"] == pytest.approx(0.4 / 0.8)
    assert (np.isnan(told.loc[0, "class_share"]), told.loc[2, "class_share"]) == (True, 0.0)
    # Of the eight other images, three are pickup trucks beside number 5, and four cats beside number 2.
    assert told["class_expected"].tolist() == [3 / 8, 4 / 8, 4 / 8]
    words = " ".join(figure.get_supxlabel().split())
    assert "25% of the weights mixed in are of the anchor's class, while 44% of all images are" in words


def test_the_next_anchors() -> None:
    _, plotted = picture_grid(images_file(), ROWS, anchors=1, partners=2, skip=2)
    assert list(dict.fromkeys(plotted["anchor"])) == [2]
    assert picture_grid(images_file(), ROWS, anchors=2)[1]["anchor"].unique().tolist() == [5, 0]
    with pytest.raises(RelampError, match="raise images"):
        picture_grid(images_file(), ROWS, skip=3)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_figure_shows_each_picture_with_its_weight(channels: int) -> None:
    data = images(channels)
    figure, plotted = picture_grid(images_file(channels), ROWS, anchors=3, partners=2)
    drawn = [axis for axis in figure.axes if axis.images]
    assert len(drawn) == len(plotted) == 7
    for axis, cell in zip(drawn, plotted.itertuples(), strict=True):
        pixels = np.asarray(axis.images[0].get_array())
        np.testing.assert_array_equal(pixels.reshape(4, 4, channels), data.images[cell.image].transpose(1, 2, 0))
        assert axis.get_xlabel() == f"{cell.weight:.3f}\n{['cat', 'pickup truck'][data.y[cell.image]]}"
        solid = axis.spines["left"].get_linestyle() in ("-", "solid")
        assert solid == cell.same_class
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert words == ["mixed with\nnone"]
    assert "90% or more" in figure.get_supxlabel()
    assert "or more" not in picture_grid(images_file(channels), ROWS, anchors=3, partners=3)[0].get_supxlabel()
    # Of one that is mixed with none the words say so, and not of some.
    alone = picture_grid(images_file(channels), ROWS[ROWS["anchor"] == ROWS["anchor"].iloc[-1]], anchors=1)[0]
    lonely = ROWS[ROWS["image"] == ROWS["anchor"]]
    assert (
        "no other image of the batch is mixed into any"
        in picture_grid(images_file(channels), lonely)[0].get_supxlabel()
    )
    assert "no other image" not in figure.get_supxlabel() + alone.get_supxlabel()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (mixed(), "nothing was mixed on CIFAR-10"),
        (mixed((0, 9, 0.5)), "has 9 images, but others were mixed"),
        (mixed((0, -1, 0.5)), "has 9 images, but others were mixed"),
        (mixed((0, 1, np.nan)), "some images or weights are missing"),
    ],
)
def test_rows_that_cannot_be_drawn_are_refused(rows: pd.DataFrame, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        picture_grid(images_file(), rows)
