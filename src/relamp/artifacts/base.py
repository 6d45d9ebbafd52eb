"""What an artifact is: one record, from which its target, rule, files, caption and links follow.

A figure is a drawing in `relamp.render` and a record; a table is a record. The records import no package, so that a
list of all targets needs none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Graph kernels, see relamp.evaluate.controls.
KERNELS = ("wl", "graphlet", "graphlet-code", "sp", "random-walk", "mlg", "dgk")
# Controls of graphs beside the bag, see relamp.evaluate.controls: one bag for each of the features of settings.
CONTROLS = (
    "majority",
    "bag-labels",
    "bag-degrees",
    "bag-labels-or-degrees",
    "bag-labels-and-degrees",
    "bag-attributes",
)
# Controls of molecules, see relamp.train.molecule_controls.
TRANSFER_CONTROLS = ("ecfp", "frozen-untrained", "frozen-calibrated")
PAPERS = {"lamp": "LAMP", "mmix": "M-Mix", "both": "Claims and verdicts", "data": "Data sets"}


class Rows(NamedTuple):
    """Rows of an evaluation of a study (see `relamp.study.studies`), of all its methods or of some, `but` for others.

    The study `sweeps` stands for all sweeps of LAMP's unsupervised experiments, `also_splits` for fine-tuning in all
    further splits.
    """

    study: str
    evaluation: str
    methods: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A figure, a table or a page.

    Attributes:
        name: its target.
        label: how the paper numbers it, or a short title.
        paper: `lamp`, `mmix`, `data` or, by default, `both`: its category in the report.
        rows: stored rows that it is made of.
        inputs: further inputs, by the names of `relamp.study.plan.INPUTS`.
        call: the job function that makes it, "module:function".
        draw: of a figure its drawing in `relamp.render`, "module:function".
        options: of the drawing of a figure.
        given: further arguments that follow from the configuration, by the names of `relamp.study.plan.GIVEN`.
        outputs: files by the function's parameters, with `{results}` and `{figures}` for folders; the report shows the
            first of each.
        caption: its template in workflow/report, by default of its name; None for what the report does not show.
        about: the text of the caption, where artifacts share a template, as tables do (`table`) and figures may
            (`figure`).
        lite: whether it is made of rows alone, without packed data.
    """

    name: str
    label: str
    paper: str = "both"
    rows: tuple[Rows, ...] = ()
    inputs: tuple[str, ...] = ()
    call: str = ""
    draw: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    caption: str | None = ""
    about: str = ""
    lite: bool = True

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the modules that its job loads by name."""
        return tuple(name.partition(":")[0] for name in (self.call, self.draw) if name)


def of_figure(name: str, *more: str) -> tuple[str, ...]:
    """Return the files of a figure, the picture first, its sidecar last."""
    return tuple(f"{{figures}}/{name}.{kind}" for kind in ("png", "pdf", "svg", "csv", *more, "json"))


def of_table(name: str, *kinds: str) -> tuple[str, ...]:
    """Return the files of a table, the page first."""
    return tuple(f"{{results}}/tables/{name}.{kind}" for kind in kinds or ("html", "csv", "md", "tex", "json"))


@dataclass(frozen=True, kw_only=True)
class Figure(Artifact):
    """A figure, made by its drawing."""

    call: str = "relamp.artifacts.jobs:draw"

    def __post_init__(self) -> None:
        object.__setattr__(self, "outputs", {"output": of_figure(self.name)})


@dataclass(frozen=True, kw_only=True)
class Table(Artifact):
    """A table of a paper, published rows beside reproduced ones; its cells are judged by the evaluations of its rows.

    Attributes:
        title: first words of its caption; `{corpus}` stands for the molecules that encoders were pre-trained on.
        shows: methods of this run besides those that the table prints; None shows all.
        transposed: data sets as rows.
        second: whether the paper underlines the second best numbers.
    """

    title: str
    shows: tuple[str, ...] | None = ("untrained",)
    transposed: bool = False
    second: bool = False
    call: str = "relamp.artifacts.jobs:tabulate"
    caption: str | None = "table"
    inputs: tuple[str, ...] = ("published",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outputs", {"output": of_table(self.name)})


@dataclass(frozen=True, kw_only=True)
class Ladder(Artifact):
    """What explains the numbers of a table: a picture, and the same as a table.

    Attributes:
        explains: the name of the table.
    """

    explains: str
    call: str = "relamp.artifacts.ladder:ladder"
    inputs: tuple[str, ...] = ("explained",)
    given: tuple[str, ...] = ("fixed", "methods", "judged_by", "judging", "bags")
    caption: str | None = "ladder"

    def __post_init__(self) -> None:
        kinds = ("html", "csv", "md", "tex")
        object.__setattr__(self, "outputs", {"figure": of_figure(self.name), "table": of_table(self.name, *kinds)})


def figure(paper: str, number: int, draw: str, *rows: Rows, **more: Any) -> Figure:
    """Return the record of a figure that a paper numbers; `draw` stands in `relamp.render`, `more` are other fields."""
    name, label = f"{paper}_fig{number}", f"Fig. {number}"
    return Figure(name=name, label=label, paper=paper, rows=rows, draw=f"relamp.render.{draw}", **more)


def table(paper: str, number: int, title: str, *rows: Rows, about: str, on: str = "", **more: Any) -> Table:
    """Return the record of a table that a paper numbers; `on` ends its title, `more` are other fields."""
    label, of = f"Table {number}", PAPERS[paper]
    title, about = f"{title} ({of}, {label}){on}", f"**{of} {label}.** {about}"
    return Table(name=f"{paper}_table{number}", label=label, paper=paper, title=title, rows=rows, about=about, **more)


def ladder(paper: str, number: int, *rows: Rows) -> Ladder:
    """Return the record of what explains a numbered table, from rows of the table and of its controls."""
    table, about = f"{paper}_table{number}", f"**What explains {PAPERS[paper]} Table {number}.**"
    label = f"Table {number}, explained"
    return Ladder(name=f"{paper}_ladder{number}", label=label, paper=paper, rows=rows, explains=table, about=about)
