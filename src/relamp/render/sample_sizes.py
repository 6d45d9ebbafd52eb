"""Accuracy against sample size and output dimension (M-Mix Fig. 2)."""

import pandas as pd
from matplotlib.figure import Figure

from relamp.render.style import COLOURS, LINES, MARKERS, in_style, label, panels

SIZE = (3.6, 2.6)


def sample_size_figure(cells: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw a panel for each method: sample size on the x-axis, a line for each dimension, bars of one deviation.

    `cells` has the columns method, dataset, samples, dimension, mean, std_seeds (in per cent) and seeds. Returns the
    figure and what is plotted.
    """
    plotted = cells.sort_values(["dataset", "method", "dimension", "samples"]).reset_index(drop=True)
    groups = list(plotted.groupby(["dataset", "method"], sort=False))
    with in_style():
        titles = [f"{dataset}, {label(str(method))}" for (dataset, method), _ in groups]
        figure, axes = panels(titles, most_columns=2, size=SIZE)
        for axis, (_, rows) in zip(axes, groups, strict=True):
            for number, (dimension, line) in enumerate(rows.groupby("dimension")):
                axis.errorbar(
                    line["samples"],
                    line["mean"],
                    yerr=line["std_seeds"].fillna(0),
                    color=COLOURS[number % len(COLOURS)],
                    marker=MARKERS[number % len(MARKERS)],
                    linestyle=LINES[number % len(LINES)],
                    capsize=2,
                    label=f"{dimension}",
                )
            axis.set_xscale("log")
            ticks = sorted(rows["samples"].unique())
            axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axis.minorticks_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 7), title="output dimension")
        figure.supxlabel("nodes contrasted in a step", fontsize="medium")
        figure.supylabel("accuracy (%)", fontsize="medium")
    return figure, plotted
