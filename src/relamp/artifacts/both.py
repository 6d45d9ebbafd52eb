"""What both papers share: the data guard's table, verdicts and what stands behind them."""

from relamp.artifacts.base import CONTROLS, Artifact, Figure, Rows, Table, of_figure, of_table
from relamp.artifacts.lamp import LAMP, VALIDATED
from relamp.artifacts.mmix import MMIX

_RBF = (Rows("tables", "svm-rbf"), Rows("sweeps", "svm-rbf"))
# Without controls that would only take ranks from methods; the bag stands for those alike.
_RANKED = tuple(rows._replace(but=CONTROLS) for rows in _RBF)
# Of all tables, so that a new one is judged.
_JUDGED = (
    *(*_RBF, Rows("cross", "svm-rbf")),
    *(rows for made in (*LAMP, *MMIX) if isinstance(made, Table) for rows in made.rows if rows not in _RBF),
)

BOTH: tuple[Artifact, ...] = (
    Artifact(
        name="data_table",
        label="data guard",
        paper="data",
        inputs=("guards",),
        call="relamp.artifacts.jobs:guard_table",
        outputs={"output": of_table("data", "html", "csv", "json")},
        caption="data",
        lite=False,
    ),
    Artifact(
        name="judge",
        label="verdicts",
        rows=_JUDGED,
        inputs=("damage", "grid", "views", "all_published", "protocols", "claims", "pages"),
        call="relamp.artifacts.verdict:judge",
        given=(
            "fixed",
            "gamma",
            "judging",
            "methods",
            "preset",
            "run",
            "judged_by",
            "pages",
            "scale",
            "bags",
            "covers",
        ),
        outputs={
            "output": (
                *(f"{{results}}/verdict.{kind}" for kind in ("html", "csv", "md", "json")),
                "{results}/claims.csv",
                "{results}/scores.csv",
                "{results}/steps.csv",
            )
        },
        caption="verdict",
    ),
    Figure(
        name="numbers",
        label="All numbers",
        inputs=("verdicts",),
        draw="relamp.render.all_numbers:all_numbers_figure",
        caption="figure",
        about="**All numbers.** Every published number that was run, against what was found, with its interval and "
        "coloured by its verdict; the line is equality, the grey band the margin of the verdicts. Fractions are shown "
        "in per cent.",
    ),
    Artifact(
        name="leakage",
        label="Leakage gap",
        rows=(*_RANKED, Rows("transfer", "finetune"), Rows("supervised_graphs", "supervised-graphs")),
        call="relamp.artifacts.comparisons:leakage",
        given=("fixed",),
        outputs={"figure": of_figure("leakage"), "table": of_table("leakage", "html", "csv", "md")},
    ),
    Artifact(
        name="split_effect",
        label="What the split changes",
        rows=(Rows("transfer", "finetune"), Rows("also_splits", "finetune")),
        call="relamp.artifacts.split_effect:split_effect",
        given=("fixed", "judging", "split"),
        outputs={"output": of_table("split_effect")},
    ),
    Artifact(
        name="comparisons",
        label="Average ranks",
        rows=_RANKED,
        call="relamp.artifacts.comparisons:compare_methods",
        given=("fixed", "judging"),
        outputs={"figure": of_figure("ranks"), "table": of_table("comparisons", "html", "csv")},
        caption="ranks",
    ),
    Artifact(
        name="cross_table",
        label="All methods on all data sets",
        rows=(Rows("tables", "svm-rbf"), Rows("cross", "svm-rbf"), Rows("linear", "svm-linear"), *VALIDATED),
        call="relamp.artifacts.comparisons:cross_table",
        given=("fixed",),
        outputs={"output": of_table("cross_table")},
    ),
    Artifact(
        name="budget",
        label="What each training takes",
        inputs=("runs",),
        call="relamp.artifacts.jobs:budget",
        outputs={"output": of_table("budget")},
        lite=False,
    ),
    Artifact(
        name="audit",
        label="audit",
        inputs=("all_published", "claims"),
        call="relamp.artifacts.verdict:audit",
        outputs={"output": of_table("audit", "csv", "md", "json")},
        caption=None,
    ),
    Artifact(
        name="index",
        label="first page",
        inputs=("made",),
        call="relamp.artifacts.first_page:first_page",
        given=("gallery", "run"),
        outputs={"output": ("{results}/index.html", "{results}/index.json")},
        caption=None,
    ),
)
