"""What explains printed numbers: a picture with a row for each control and method, and the rungs as a table."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import count, product
from string import ascii_lowercase
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.ladder import CHANCE, RUNGS, measured
from relamp.judge.words import METRICS, PROTOCOL_WORDS
from relamp.render.markup import TextTable, bounds
from relamp.render.style import (
    in_order,
    in_style,
    is_left,
    label,
    legend,
    ordered,
    ordered_methods,
    panels,
    short_name,
)
from relamp.settings.judging import Judging

# Colour and shape both tell the rungs apart.
_LOOKS: Mapping[str, tuple[str, str, str]] = {
    "majority": ("#7F7F7F", "v", "majority class"),
    "bag": ("#56B4E9", "s", "same features, no edges"),
    "untrained": ("#CC79A7", "^", "untrained encoder"),
    "calibrated": ("#8C510A", ">", "untrained, calibrated"),
    "scratch": ("#E69F00", "<", "no pre-training"),
    "host": ("#009E73", "D", "host, trained"),
    "method": ("#0072B2", "o", "method, trained"),
    "all-on-test": ("#D55E00", "P", "all chosen on test"),
}
_PRINTED, _CONTROLS = ("#000000", "printed"), ("majority", "bag", "untrained", "calibrated", "scratch", "host")
_ORDER = ("nodes", "images", "graphs", "molecules")
_PANEL = ["dataset", "part", "metric"]
_SHORT = {"bag-labels": "Bag of labels", "bag-attributes": "Bag of features", "mvgrl-untrained": "Untrained MVGRL"}
_SHORT |= {"grace-untrained": "Untrained GRACE", "mvgrl-infonce": "MVGRL (InfoNCE)"}
_SHORT |= {"image-untrained": "Untrained SimCLR"}
_BESIDE = {"svm-rbf": "RBF", "svm-linear": "linear"}
_BESIDE |= dict.fromkeys(("svm-rbf-validated", "svm-linear-validated"), "its own SVM")
_ROW, _LETTERS = 0.165, 6.5  # inches per row, points
_COLUMNS = 4
_INTERVAL = "its interval"
# Rungs of a table of fine-tuning, which has no majority class and no bag.
_TUNED_HEAD = {"majority": "chance", "bag": "fingerprints", "untrained": "frozen", "scratch": "no pre-training"}
_FINGERPRINTS = "ecfp"
_WORDS = (
    "What explains printed numbers: score of the majority class{chance}; of a bag of the node features that the "
    "encoder sees, or of the features themselves on nodes; of the untrained encoder with the same features; of that of "
    "LAMP also calibrated, after passes over the data that move only its batch normalisation's statistics; of the "
    "host, trained; of the method ({protocol}); the same with looser rules, which choose epoch, setting, C, or all "
    "three, on the test part, and the oracle; and the printed number.{tuned} All are by the evaluation of the printed "
    "number. Hosts: MVGRL, with the objective of M-Mix where that was run, GRACE, SimCLR, and for LAMP SimGRACE. Means "
    "over seeds and folds, in per cent, also where the paper prints fractions. Below: what each step adds to the one "
    "before it, in points, over the data sets of the method, and its interval at {confidence:.0%}: over seeds and "
    "folds, which share encoders and training data, of paired runs; of the step to the printed number over seeds, "
    "with the printed ± where the paper says of how many runs it is."
)
_TUNED = (
    " Of fine-tuning these are, in place of a bag and of an untrained encoder, a random forest on fingerprints and a "
    "linear probe of the untrained encoder, frozen, also calibrated on the training molecules; then that encoder, "
    "fine-tuned (no pre-training); host and method are pre-trained and fine-tuned."
)


class _Row(NamedTuple):
    """A row of the picture: the rungs of a control or host that methods share, or of a printed method.

    Attributes:
        evaluation: where a data set has several; empty for that of most numbers.
        rung: majority, bag, untrained, calibrated, scratch, host or method.
        name: whose scores it shows.
        printed: how the paper spells the method; empty for the others.
        look: by the name of a rung; a method that is a rung of others looks like it.
    """

    evaluation: str
    rung: str
    name: str
    printed: str = ""
    look: str = ""

    @property
    def text(self) -> str:
        """Return how the row is called."""
        beside = f" ({_BESIDE.get(self.evaluation, self.evaluation)})" if self.evaluation else ""
        return (self.printed or _SHORT.get(self.name, label(self.name))) + beside


def ladder_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw the rungs of all printed numbers of a table; return them in order as well.

    Each data set, part of it and metric has a panel. `rows` are those of `relamp.judge.ladder.ladder`. Controls
    and hosts that methods share have one row; a method's row has its mean, what choices on the test part make of it,
    and the printed number as a line. Raises RelampError where there are none.
    """
    if rows.empty:
        raise RelampError("ladder: there are no rungs to draw; run a method of the table on a data set that it prints")
    of_domain = rows.assign(domain=rows["evaluation"].map({name: row.domain for name, row in EVALUATIONS.items()}))
    names = [
        name for each in _ORDER for name in ordered(of_domain.loc[of_domain["domain"] == each, "dataset"].unique())
    ]
    lines = _lines(of_domain)
    orders: dict[str, Sequence[Any]] = {"dataset": names, **_as_printed(rows), "evaluation": list(EVALUATIONS)}
    orders |= {"method": ordered_methods(rows["method"]), "label": sorted(rows["label"].unique()), "rung": RUNGS}
    plotted = in_order(rows, orders)
    parts = [of for _, of in plotted.groupby(_PANEL, sort=False)]
    with in_style():
        height = _ROW * len(lines) + 0.4
        figure, axes = panels([_title(of, plotted) for of in parts], _COLUMNS, height, narrow=1, above=0.75)
        for axis, of in zip(axes, parts, strict=True):
            _draw(axis, of, lines)
        legend(figure, _handles(plotted, lines))
        metrics = plotted["metric"].unique()
        what = METRICS.get(metrics[0], metrics[0]) if len(metrics) == 1 else "score"
        figure.supxlabel(f"{what} (%), with its interval over seeds", fontsize="medium")
    return figure, plotted


def ladder_table(rows: pd.DataFrame, gains: pd.DataFrame, judging: Judging) -> TextTable:
    """Return the rungs as a table, and below them what each step adds (`relamp.judge.ladder.gains`).

    A letter in place of a number stands for the reason why it is missing, which the caption says; a rung that a method
    cannot have is left empty.
    """
    orders: dict[str, Sequence[Any]] = {"evaluation": list(EVALUATIONS), **_as_printed(rows)}
    sorted_rows = in_order(rows, {**orders, "dataset": ordered(rows["dataset"]), "rung": RUNGS})
    reasons = [reason for reason in sorted_rows["reason"].unique() if reason]
    letters = dict(zip(reasons, _letters(), strict=False))
    shown_rungs = [rung for rung in RUNGS if rows.empty or (rows["rung"] == rung).any()]
    blocks: dict[str, list[list[str]]] = {}
    key = ["evaluation", "metric", "part", "dataset", "label", "method"]
    for (evaluation, metric, part, dataset, name, _), of in sorted_rows.groupby(key, sort=False):
        triples = zip(of["rung"], of["mean"], of["reason"], strict=True)
        own = {rung: letters[reason] if pd.isna(mean) else f"{mean:.2f}" for rung, mean, reason in triples}
        shown = [own.get(rung, "") for rung in shown_rungs]
        where = ", ".join(filter(None, (short_name(str(dataset)), str(part))))
        blocks.setdefault(measured(str(evaluation), str(metric)), []).append([where, str(name), *shown])
    for (evaluation, metric, name, _), of in gains.groupby(["evaluation", "metric", "label", "method"], sort=False):
        found = of.set_index("rung")[["gain", "low", "high"]].dropna(subset=["gain"]).to_dict("index")
        datasets, parts = of["datasets"].iloc[0].split(), of["parts"].iloc[0].split()
        where = short_name(datasets[0]) if len(datasets) == 1 else f"{len(datasets)} data sets"
        where += f", {len(parts)} sizes" if len(parts) > 1 else ""
        cells = [f"{found[rung]['gain']:+.2f}" if rung in found else "" for rung in shown_rungs]
        intervals = [bounds(found[rung], 1) if rung in found else "" for rung in shown_rungs]
        title = f"What each step adds, {measured(str(evaluation), str(metric))}"
        blocks.setdefault(title, []).extend([[where, str(name), *cells], ["", _INTERVAL, *intervals]])
    guessed = rows.loc[rows["run_as"] == CHANCE, "evaluation"].unique()
    chance = (
        f", or in its place of {', '.join(EVALUATIONS[name].by_chance for name in guessed)}" if len(guessed) else ""
    )
    fine_tuned = (rows["rung"] == "scratch").any()
    protocol, tuned = PROTOCOL_WORDS[judging.protocol], _TUNED if fine_tuned else ""
    words = _WORDS.format(protocol=protocol, chance=chance, tuned=tuned, confidence=judging.confidence)
    if letters:
        words += f" Missing: {'; '.join(f'{letter}, {reason}' for reason, letter in letters.items())}."
    numbers = pd.concat([rows.assign(role="rung"), gains.assign(role="gain")], ignore_index=True)
    spelt = _TUNED_HEAD if fine_tuned else {}
    head = ("data set", "method", *(spelt.get(rung, rung).replace("-on-test", " on test") for rung in shown_rungs))
    return TextTable(numbers, head, blocks, words, text_columns=2)


def _as_printed(rows: pd.DataFrame) -> dict[str, Sequence[Any]]:
    """Return metrics and parts of data sets in the order of the printed table."""
    return {name: rows[name].unique().tolist() for name in ("metric", "part")}


def _title(panel: pd.DataFrame, plotted: pd.DataFrame) -> str:
    """Return the title of a panel: its data set, and part and metric where there are several."""
    dataset, part, metric = panel[_PANEL].iloc[0]
    where = ", ".join(filter(None, (short_name(dataset), part)))
    several = len(plotted["metric"].unique()) > 1
    return where + (("\n" if part else ", ") + METRICS.get(metric, metric) if several else "")


def _letters() -> Iterator[str]:
    """Yield a, b ... z, aa, ab ..."""
    return ("".join(letters) for length in count(1) for letters in product(ascii_lowercase, repeat=length))


def _lines(rows: pd.DataFrame) -> list[_Row]:
    """Return the rows of the picture: for each evaluation of a data set its controls, hosts and methods."""
    found: list[_Row] = []
    main = {str(domain): of["evaluation"].mode().iloc[0] for domain, of in rows.groupby("domain")}
    blocks = rows["evaluation"].where(rows["evaluation"] != rows["domain"].map(main), "")
    for block in ["", *(name for name in EVALUATIONS if (blocks == name).any())]:
        of = rows[blocks == block]
        own = of[of["rung"] == "method"]
        for rung in _CONTROLS:
            names = set(of.loc[of["rung"] == rung, "run_as"]) - {"", *own["run_as"]}
            found += [_Row(block, rung, name, look=rung) for name in sorted(names)]
        looks = {name: rung for rung in _CONTROLS for name in of.loc[of["rung"] == rung, "run_as"]}
        for method in ordered_methods(own["run_as"]):
            texts = sorted(own.loc[own["run_as"] == method, "label"].unique())
            look = looks.get(method, "method")
            found += [_Row(block, "method", method, text, look) for text in texts]
    return found


def _draw(axis: Axes, rows: pd.DataFrame, lines: Sequence[_Row]) -> None:
    for place, line in enumerate(lines):
        of = rows[rows["evaluation"] == line.evaluation] if line.evaluation else rows
        if line.rung == "method":
            _method(axis, _by_rung(of[of["label"] == line.printed]), line.look, place)
        else:
            _rung(axis, _by_rung(of[of["run_as"] == line.name]).get(line.rung), line.rung, place)
    axis.margins(x=0.08)
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.set_ylim(len(lines) - 0.5, -0.5)
    axis.set_yticks(range(len(lines)), [line.text for line in lines], fontsize=_LETTERS)
    axis.tick_params(axis="y", length=0, labelleft=is_left(axis))
    axis.grid(visible=False, axis="y")
    controls = [place for place in range(1, len(lines)) if _apart(lines[place - 1], lines[place])]
    for place in controls:
        axis.axhline(place - 0.5, color="0.75", linewidth=0.6, zorder=0)


def _apart(above: _Row, below: _Row) -> bool:
    """Return whether two rows belong to two groups: controls, methods, another evaluation."""
    return above.evaluation != below.evaluation or (above.rung == "method") != (below.rung == "method")


def _by_rung(rows: pd.DataFrame) -> dict[str, Mapping[Hashable, Any]]:
    return dict(zip(rows["rung"], rows.to_dict("records"), strict=True))


def _rung(axis: Axes, row: Mapping[Hashable, Any] | None, rung: str, place: int) -> None:
    colour, marker, _ = _LOOKS[rung]
    if row is None:
        return
    if pd.isna(row["mean"]):
        axis.text(0.03, place, "not run", transform=axis.get_yaxis_transform(), va="center", fontsize=6, color="0.4")
        return
    axis.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.0)
    axis.plot([row["mean"]], [place], color=colour, marker=marker, markersize=3.5, linestyle="")


def _method(axis: Axes, rungs: Mapping[str, Mapping[Hashable, Any]], look: str, place: int) -> None:
    """Draw the row of a method: where it stands, where choices on the test part take it, and what is printed."""
    if not rungs:
        return
    own, loose, printed = (rungs[name]["mean"] for name in ("method", "all-on-test", "printed"))
    if pd.notna(loose):
        colour, marker, _ = _LOOKS["all-on-test"]
        axis.plot([own, loose], [place, place], color=colour, linewidth=0.7, linestyle=":")
        axis.plot([loose], [place], color=colour, marker=marker, markersize=3.5, linestyle="")
    _rung(axis, rungs["method"], look, place)
    axis.plot([printed] * 2, [place - 0.42, place + 0.42], color=_PRINTED[0], linewidth=1.6)


def _handles(rows: pd.DataFrame, lines: Sequence[_Row]) -> list[Line2D]:
    chosen = {"all-on-test"} & set(rows.dropna(subset=["mean"])["rung"])
    looks = {rung: look for rung, look in _LOOKS.items() if rung in {*chosen, *(line.look for line in lines)}}
    least = {line.name for line in lines if line.rung == "majority"}
    if CHANCE in least:
        looks["majority"] = (*looks["majority"][:2], "chance" if least == {CHANCE} else "majority class or chance")
    if any(line.name == _FINGERPRINTS for line in lines):
        looks["bag"] = (*looks["bag"][:2], "forest on fingerprints")
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4, label=text)
        for colour, marker, text in looks.values()
    ]
    return [*handles, Line2D([], [], color=_PRINTED[0], marker="|", markersize=8, linestyle="", label=_PRINTED[1])]
