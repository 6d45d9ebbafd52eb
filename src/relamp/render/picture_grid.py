"""Picture grids: anchors, and the images that were mixed into them with their weights (M-Mix Fig. 4 and 5)."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relamp.data.images import PackedImages
from relamp.errors import RelampError
from relamp.render.style import COLUMN, TALLEST, TEXT, in_style, note, short_name

COLUMNS = ("anchor", "image", "weight")
_CELL, _BELOW = 0.76, 0.34  # inches: a picture, and the lines below it
_NARROW = 5  # pictures that a column holds side by side
_SAME, _OTHER = "#009E73", "#D55E00"


def picture_grid(
    data: Path, mixed: pd.DataFrame, anchors: int = 4, partners: int = 7, skip: int = 0
) -> tuple[Figure, pd.DataFrame]:
    """Draw a row for each anchor: the anchor itself, then the images with the largest mixing weights.

    Below each stands its weight and its class; a solid frame says that it is of the anchor's class, a dashed one that
    it is not. The weight of the anchor itself stands below the anchor. That what is mixed in resembles the anchor, as
    the paper says, can be told by the share of the weights that goes to images of the anchor's class.

    Args:
        data: packed images.
        mixed: image numbers `anchor` and `image`, and the `weight` of image in anchor.
        anchors, skip: how many of the anchors of `mixed`, in its order, have a row, and how many before them have none.
        partners: images per row.

    Returns the figure, and one row per picture drawn: anchor, rank (0 is the anchor itself), image, weight, class,
    same_class, and the anchor's number of `partners` in all, the `shown` share of the weights that is drawn, and the
    `class_share` of all weights but the anchor's own that goes to its class (none without partners), beside the share
    of that class among the other images, `class_expected`. Raises RelampError where nothing was mixed, weights are
    missing, image numbers are not those of the images, or there are no anchors after those that are skipped.
    """
    images = PackedImages.load(data)
    plotted = _plotted(images, mixed, anchors, partners, skip)
    rows = list(plotted.groupby("anchor", sort=False))
    columns = 1 + int(plotted["rank"].max())
    with in_style():
        width = COLUMN if columns <= _NARROW else TEXT
        height = (min(_CELL, width / columns) + _BELOW) * len(rows) + 0.75
        figure = Figure(figsize=(width, min(height, TALLEST)), layout="constrained")
        axes = figure.subplots(len(rows), columns, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for line, (_, part) in zip(axes, rows, strict=True):
            for axis, cell in zip(line, part.to_dict("records"), strict=False):
                _draw(axis, images, cell)
            if len(part) == 1 and columns > 1:
                line[1].text(0.0, 0.5, "mixed with\nnone", transform=line[1].transAxes, va="center", fontsize="small")
        axes[0][0].set_title("anchor", fontsize="small")
        if columns > 1:
            axes[0][1].set_title("mixed in", fontsize="small", loc="left")
        figure.suptitle(short_name(images.name), fontsize="medium")
        note(figure, _words(plotted))
    return figure, plotted


def _words(plotted: pd.DataFrame) -> str:
    words = "weight, class (solid frame: the anchor's, dashed: another)"
    if (least := plotted["shown"].min()) < 1 - 1e-6:
        words += f"\nonly the largest weights are drawn: {least:.0%} or more of the sum"
    if not plotted["partners"].any():
        words += "\nno other image of the batch is mixed into any of these"
    shares = plotted.drop_duplicates("anchor").dropna(subset="class_share")
    if len(shares):
        share, expected = shares["class_share"].mean(), shares["class_expected"].mean()
        words += (
            f"\n{share:.0%} of the weights mixed in are of the anchor's class, while {expected:.0%} of all images are"
        )
    return words


def _plotted(data: PackedImages, mixed: pd.DataFrame, anchors: int, partners: int, skip: int) -> pd.DataFrame:
    if mixed.empty:
        raise RelampError(f"picture grid: nothing was mixed on {data.name}; choose a method that mixes")
    if mixed[list(COLUMNS)].isna().any(axis=None):
        raise RelampError(f"picture grid: some images or weights are missing on {data.name}; train again")
    numbers = mixed[["anchor", "image"]].to_numpy()
    if numbers.min() < 0 or numbers.max() >= len(data):
        raise RelampError(f"picture grid: {data.name} has {len(data)} images, but others were mixed; train again")
    parts = []
    chosen = mixed["anchor"].drop_duplicates().iloc[skip : skip + anchors]
    if chosen.empty:
        raise RelampError(
            f"picture grid: the weights of {skip} anchors or fewer are stored on {data.name}, and other figures show "
            "those; raise images.pretraining.picture_anchors"
        )
    for anchor in chosen:
        part = mixed[mixed["anchor"] == anchor]
        own = float(part.loc[part["image"] == anchor, "weight"].sum())
        others = part[(part["image"] != anchor) & (part["weight"] > 0)]
        # Ties by number, so that the same weights always give the same picture.
        drawn = others.sort_values(["weight", "image"], ascending=[False, True]).head(partners)
        images, weights = [int(anchor), *drawn["image"].astype(int)], [own, *drawn["weight"].astype(float)]
        rows = pd.DataFrame({"anchor": int(anchor), "rank": range(len(images)), "image": images, "weight": weights})
        shown = rows["weight"].sum() / part["weight"].sum()
        parts.append(rows.assign(partners=len(others), shown=shown, **_class_shares(data, int(anchor), others)))
    table = pd.concat(parts, ignore_index=True)
    classes = data.y[table["image"].to_numpy()]
    table["class"] = [data.class_name(int(number)) for number in classes]
    table["same_class"] = classes == data.y[table["anchor"].to_numpy()]
    return table


def _class_shares(data: PackedImages, anchor: int, others: pd.DataFrame) -> dict[str, float]:
    """Return how much of the weights goes to images of the anchor's class, and how many of the images are of it."""
    same = data.y == data.y[anchor]
    weights, inside = others["weight"].to_numpy(float), same[others["image"].to_numpy()]
    share = weights[inside].sum() / weights.sum() if len(weights) else float("nan")
    return {"class_share": float(share), "class_expected": float((same.sum() - 1) / (len(same) - 1))}


def _draw(axis: Axes, data: PackedImages, cell: Mapping[Hashable, Any]) -> None:
    picture = data.images[cell["image"]]
    axis.set_axis_on()
    axis.grid(visible=False)
    axis.set(xticks=[], yticks=[])
    shown = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)  # colours need no map and no limits
    axis.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    frame: Any = (
        {"color": _SAME, "linestyle": "-"} if cell["same_class"] else {"color": _OTHER, "linestyle": (0, (3, 2))}
    )
    for spine in axis.spines.values():
        spine.set(visible=True, linewidth=1.8, **(frame if cell["rank"] else {"color": "black"}))
    axis.set_xlabel(f"{cell['weight']:.3f}\n{cell['class'].replace('_', ' ')}", fontsize="small", labelpad=3)
