"""Judge everything that was run: scores of all protocols, verdicts on numbers and claims, the audit of the papers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from relamp.errors import RelampError
from relamp.judge.audit import audit, render_audit
from relamp.judge.claims import Evidence, check_claims, load_claims
from relamp.judge.evaluations import judged_scores, run_as
from relamp.judge.measured import KINDS, all_measured, read_scores
from relamp.judge.published import load_published
from relamp.judge.rows import selected_tests
from relamp.judge.verdict import judge_cells, refuse
from relamp.render.sidecar import write_sidecar
from relamp.render.verdict_page import Links, verdict_page
from relamp.render.verdict_words import verdict_markdown
from relamp.runtime.files import write_csv, write_text
from relamp.settings.judging import Judging

_TABLE_SETTING = ["method", "dataset", "gamma", "alpha"]


def score_all(
    rows: Mapping[str, Sequence[Path]], fixed: Mapping[str, Mapping[str, float]], scores: Path, settings: Path
) -> None:
    """Write the scores of all evaluations and protocols, and those of every setting, one row a run.

    Args:
        rows: files of stored rows by kind of experiment, see `relamp.judge.measured.KINDS`.
        fixed: the gamma and alpha of the tables: of "finetune", and of "svm" for all else.
        scores: a CSV with the columns of `relamp.judge.measured`.
        settings: a CSV of the test accuracies at the last epoch of every gamma and alpha that was run (kind svm).
    """
    unknown = sorted(set(rows) - set(KINDS))
    if unknown:
        raise RelampError(f"scores: there are no kinds of rows {unknown}; known: {', '.join(KINDS)}")
    stored = {kind: read_rows(paths) for kind, paths in rows.items() if paths}
    if not stored:
        raise RelampError("scores: there are no rows; run the evaluation first")
    both = all_measured(stored, fixed)
    write_csv(scores, both)
    write_csv(settings, _last_epochs(stored.get("svm")))


def read_rows(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of several files as one frame, each with the file that it is from."""
    return pd.concat([pd.read_csv(path).assign(rows=str(path)) for path in paths], ignore_index=True)


def judge(
    scores: Path,
    settings: Path,
    damage: Sequence[Path],
    published: Sequence[Path],
    claims: Path,
    methods: Mapping[str, Sequence[str]],
    judging: Mapping[str, Any],
    preset: str,
    rendered: Mapping[str, str],
    stem: Path,
    command: str,
) -> None:
    """Write the verdicts as CSV, Markdown and HTML, with those on the claims, and a sidecar.

    Args:
        scores, settings: what `score_all` wrote.
        damage: files of damage rows, one a data set.
        published: files of published numbers.
        claims: see `relamp.judge.claims`.
        methods: what relamp can run, by evaluation: `relamp.study.runnable`.
        judging: see `relamp.settings.judging.Judging`.
        preset: what was run.
        rendered: the page of each artifact that is rendered, its sidecar beside it.
        stem: the outputs without their suffix; the claims' rows lie beside them in `claims.csv`.
        command: what makes them.
    """
    chosen = Judging.model_validate(judging)
    found = read_scores(scores)
    printed = pd.concat([load_published(path.parent, path.stem) for path in published], ignore_index=True)
    cells = judge_cells(printed, found, methods, chosen)
    evidence = Evidence(
        scores=judged_scores(found, chosen.protocol),
        settings=pd.read_csv(settings),
        damage=_median_damage(damage),
        published=printed,
        margin=chosen.margin,
        confidence=chosen.confidence,
    )
    told = how_judged(chosen, preset)
    tested = check_claims(load_claims(claims), evidence)
    write_csv(stem.with_suffix(".csv"), cells)
    write_csv(stem.with_name("claims.csv"), tested)
    write_text(stem.with_suffix(".md"), verdict_markdown(cells, tested, told, preset))
    links = _links(found, cells, rendered, stem.parent)
    write_text(stem.with_suffix(".html"), verdict_page(cells, tested, told, preset, links))
    inputs = [scores, settings, *damage, *published, claims]
    write_sidecar(stem.with_suffix(".json"), inputs, command)


def how_judged(judging: Judging, preset: str) -> dict[str, str]:
    """Say in words what verdicts rest on, by topic; it is fixed by the configuration before a number is seen."""
    protocols = {
        "fixed": "the tables' gamma and alpha from the configuration, the last epoch, and C chosen on inner folds",
        "nested": "gamma, alpha, epoch and C chosen for each outer fold on inner validation alone",
    }
    smaller = {
        "Size": f"the preset {preset} trains less than the papers do: a number that it finds worse says that this "
        "training does not reach it, not that the papers' own would not."
    }
    return ({} if preset == "paper" else smaller) | {
        f"Protocol {judging.protocol}": f"{protocols[judging.protocol]}.",
        "Interval": f"at {judging.confidence:.0%}, with the corrected resampled variance, since folds share training "
        "data.",
        "Verdict": f"reproduced, if the interval lies within {judging.margin:g} points of the published value; better "
        "or worse, if it lies wholly outside; inconclusive, if it lies across the border, with the number of further "
        "seeds that would decide it.",
        "Over seeds alone": "the same rule with an interval over seeds, which says whether more seeds on the same data "
        "would find the published value, and nothing about other data.",
        "Claim": "it holds if the whole interval says so, fails if the whole interval says the contrary, and rests on "
        "the data sets named beside it. A gain by x has to be above x less the margin, one over x above x, and what "
        "is above its rivals is undecided until all of them were run.",
        "Evaluation": "a number is judged by that of its table alone, which stands above the table: of one method on "
        "one data set, an SVM with an RBF kernel and a linear one give two numbers, and a name that has several "
        "numbers in the papers is judged against each.",
        "Fine-tuning": "all runs of a method start from one pre-trained encoder, and their interval does not cover "
        "what another pre-training would change.",
        "Without folds": "probes, k-means, images and graph edit distances have nothing to choose either: the score of "
        "a seed is the mean over its runs at the last embeddings, and the interval is Student's over the seeds. It "
        "covers what another pre-training, and other first weights, centres or triplets, would change; it does not "
        "cover other splits than the public one where there is one, nor other data.",
        "Fractions": f"NMI, ARI and graph edit distance are judged in per cent, so that {judging.margin:g} points are "
        f"{judging.margin / 100:g}.",
        "Dagger": "rows with one, a paper's own repetition of a rival, are judged by the same runs as that rival.",
    }


def audit_papers(folder: Path, csv: Path, markdown: Path) -> None:
    """Check the papers' own arithmetic, and write every check and a list of the disagreements."""
    checks = audit(folder)
    write_csv(csv, checks)
    write_text(markdown, render_audit(checks))


def print_verdicts(cells: Path, claims: Path, page: Path, words: Sequence[str]) -> None:
    """Print how many cells and claims have each verdict; raises RelampError for those not put up with."""
    console = Console()
    judged, tested = pd.read_csv(cells), pd.read_csv(claims)
    for what, column in (("numbers", judged["verdict"]), ("claims", tested["outcome"])):
        counts = ", ".join(f"{count} {word}" for word, count in column.value_counts().items())
        console.print(f"{what:<8} {counts}", highlight=False, soft_wrap=True)
    # A path stays whole in a log, whatever its length and its brackets.
    console.print(f"{'page':<8} {page}", highlight=False, soft_wrap=True, markup=False)
    refuse(judged, words)


def _last_epochs(rows: pd.DataFrame | None) -> pd.DataFrame:
    """Return the test accuracy at the last epoch of every setting, seed and fold."""
    columns = [*_TABLE_SETTING, "seed", "fold", "epoch", "value"]
    if rows is None:
        return pd.DataFrame(columns=columns)
    tests = selected_tests(rows)
    last = tests.groupby(_TABLE_SETTING, dropna=False)["epoch"].transform("max")
    return tests.loc[tests["epoch"].isna() | (tests["epoch"] == last), columns]


def _median_damage(paths: Sequence[Path]) -> pd.DataFrame:
    key = ["dataset", "augmentation", "reading"]
    # A configuration may damage nothing.
    rows = pd.concat([pd.DataFrame(columns=[*key, "value"], dtype=object), *map(pd.read_csv, paths)])
    return rows.astype({"value": float}).groupby(key, sort=False)["value"].median().rename("median").reset_index()


def _links(scores: pd.DataFrame, cells: pd.DataFrame, rendered: Mapping[str, str], folder: Path) -> Links:
    key = ["method", "dataset", "evaluation"]
    fixed = scores[scores["protocol"] == "fixed"].drop_duplicates(key)
    files = {tuple(row[name] for name in key): row["rows"] for row in fixed.to_dict("records")}
    rows = {}
    for cell in cells.to_dict("records"):
        if path := files.get((run_as(cell["artifact"], cell["method"]), cell["dataset"], cell["evaluation"])):
            rows[cell["artifact"], cell["method"], cell["dataset"]] = _relative(path, folder)
    pages = {name: _relative(page, folder) for name, page in rendered.items()}
    sidecars = {name: page.removesuffix(".html") + ".json" for name, page in pages.items()}
    return Links(rows, pages, sidecars)


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
