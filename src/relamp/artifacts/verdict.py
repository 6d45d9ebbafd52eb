"""Judge everything that was run: scores of all protocols, verdicts on numbers and claims, the audit of the papers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from relamp.data.registry import originals
from relamp.data.rows import read_by_evaluation, read_tables
from relamp.judge import audit as papers
from relamp.judge.claims import check_claims, check_printed, load_claims
from relamp.judge.evidence import Evidence
from relamp.judge.ladder import Bags, explained, gains, ladder
from relamp.judge.published import (
    JudgedBy,
    MeasuredBy,
    evaluations,
    load_not_run,
    load_protocols,
    load_published,
    run_as,
)
from relamp.judge.runs import all_runs, judged_scores, last_epochs, scores
from relamp.judge.scale import read_scale, sizes_of_stand_ins
from relamp.judge.theorem import verdicts
from relamp.judge.verdict import as_run, judge_cells, printed_cells, refuse, standing_in
from relamp.judge.words import counted, how_judged
from relamp.render.sidecar import write_sidecar
from relamp.render.verdict_page import verdict_markdown, verdict_page
from relamp.runtime.files import read_csv, write_csv, write_text
from relamp.settings.judging import Judging


def judge(
    rows: Sequence[Path],
    damage: Sequence[Path],
    published: Sequence[Path],
    protocols: Path,
    not_run: Path,
    claims: Path,
    fixed: Mapping[str, Mapping[str, str]],
    methods: Mapping[str, Sequence[str]],
    judged_by: JudgedBy,
    judging: Mapping[str, Any],
    preset: str,
    run: str,
    pages: Mapping[str, str],
    scale: Mapping[str, Any],
    bags: Bags,
    output: Path,
    command: str,
    asked: Path | None = None,
    views: Sequence[Path] = (),
    grid: Sequence[Path] = (),
    gamma: float = 0.0,
    covers: Mapping[str, str] | None = None,
) -> None:
    """Write the verdicts on published numbers and claims as CSV, Markdown and HTML, with scores and a sidecar.

    `rows` are those of all evaluations, in `rows/<evaluation>/...`; `damage` has one file per data set. `fixed` is, by
    evaluation and method, the setting of the tables (`default` where none is named); `methods`, by evaluation, what
    relamp can run: a published cell of anything else gets no verdict; `judged_by`, by artifact and domain of the data
    set, the evaluation; `pages` the page of each artifact that is rendered, its sidecar beside it; `protocols` says how
    printed numbers were measured, `not_run` which printed rows relamp cannot run, `preset` is what was run and `run`
    its name, `scale` how large it is beside the paper's, `bags` which control sees the same features as a method
    (`relamp.judge.ladder`); `views` are rows of the check of LAMP's Theorem 4.1, `gamma` the tables' pruning ratio,
    `grid` rows of M-Mix's sample sizes and widths, which claims are about and which are no candidates of a table,
    `covers` what intervals cover by evaluation, where it is not what its record says. `output` is the page; `.csv`,
    `.md` and `.json` of the same name, `claims.csv`, `scores.csv` and, of what explains the numbers, `steps.csv` lie
    beside it.
    """
    chosen = Judging.model_validate(judging)
    stored = all_runs(read_by_evaluation([*rows, *grid], asked))
    every, run_on = standing_in(stored), set(stored["dataset"])
    sizes = sizes_of_stand_ins(read_scale(scale), originals(run_on))
    runs = every[~every["rows"].isin([*map(str, grid)])].reset_index(drop=True)
    found = _below(output.parent, scores(runs, fixed))
    printed = pd.concat([load_published(path.parent, path.stem) for path in published], ignore_index=True)
    measured_by, only_printed = load_protocols(protocols), load_not_run(not_run, printed)
    cells = judge_cells(printed, found, methods, judged_by, chosen, measured_by, sizes)
    rungs = ladder(printed_cells(printed, found, methods, judged_by, measured_by), found, bags, chosen)
    said_of_steps = explained(gains(as_run(rungs, run_on), as_run(found, run_on), chosen))
    evidence = Evidence(
        scores=judged_scores(found, chosen.protocol),
        settings=last_epochs(every),
        damage=_median_damage(damage, asked),
        published=printed,
        judged_by=judged_by,
        margin=chosen.margin,
        confidence=chosen.confidence,
        theorem=_theorem(views, gamma, chosen.confidence, asked),
        fixed=fixed,
        evaluations=evaluations(cells),
    )
    said = load_claims(claims)
    how, tested = how_judged(chosen, preset), check_claims(said, evidence)
    sentences = [(name, sentence) for name, of in said_of_steps.items() for sentence in of]
    steps = pd.DataFrame(sentences, columns=["artifact", "sentence"])
    tables = {"scores.csv": found, f"{output.stem}.csv": cells, "claims.csv": tested, "steps.csv": steps}
    for name, rows_of in tables.items():
        write_csv(output.with_name(name), rows_of)
    write_text(output.with_suffix(".md"), verdict_markdown(cells, tested, how, run, said_of_steps, only_printed))
    # A page links what is there when it is written.
    there = {
        name: page for name, page in pages.items() if Path(page).is_file() and Path(page).with_suffix(".json").is_file()
    }
    near = {name: _relative(page, output.parent) for name, page in there.items()}
    of_paper = {str(name): table for name, table in printed.groupby("artifact", sort=False)}
    numbers = {name: each.about for name, each in measured_by.items()}
    of_papers = check_printed(said, of_paper), numbers
    page = verdict_page(
        *(cells, tested, how, run, files_of_rows(found, cells, measured_by), near, *of_papers),
        *(said_of_steps, only_printed, covers),
    )
    write_text(output.with_suffix(".html"), page)
    inputs = [*rows, *damage, *views, *grid, *published, protocols, not_run, claims]
    write_sidecar(output, inputs, command, [output.with_name(name) for name in tables])


def audit(published: Sequence[Path], claims: Path, output: Path, command: str) -> None:
    """Check the papers' own arithmetic; write every check (`output`, a CSV) and, as `.md`, what disagrees."""
    checks = papers.audit(published, claims)
    write_csv(output.with_suffix(".csv"), checks)
    write_text(output.with_suffix(".md"), papers.render_audit(checks))
    write_sidecar(output.with_suffix(".json"), [*published, claims], command)


def print_verdicts(cells: Path, claims: Path, page: Path, fail_on: Sequence[str]) -> None:
    """Print how many cells and claims have each verdict; raises RelampError if a cell has one of `fail_on`."""
    console = Console()
    judged, tested = read_csv(cells), read_csv(claims)
    for what, column in (("numbers", judged["verdict"]), ("claims", tested["outcome"])):
        console.print(f"{what:<8} {counted(column)}", highlight=False, soft_wrap=True)
    # A path stays whole in a log, whatever its length and its brackets.
    console.print(f"{'page':<8} {page}", highlight=False, soft_wrap=True, markup=False)
    refuse(judged, fail_on)


def _median_damage(paths: Sequence[Path], asked: Path | None) -> pd.DataFrame:
    key = ["dataset", "augmentation", "reading"]
    # A configuration may damage nothing.
    rows = pd.concat([pd.DataFrame(columns=[*key, "value"], dtype=object), *read_tables(paths, asked)])
    return rows.astype({"value": float}).groupby(key, sort=False)["value"].median().rename("median").reset_index()


def _theorem(paths: Sequence[Path], gamma: float, confidence: float, asked: Path | None) -> pd.DataFrame:
    """Return the verdicts on LAMP's Theorem 4.1 but for the accuracy of encoders that were swept."""
    none = pd.DataFrame()
    return verdicts(pd.concat([none, *read_tables(paths, asked)]), none, none, gamma, confidence)


def files_of_rows(
    found: pd.DataFrame, cells: pd.DataFrame, protocols: Mapping[str, MeasuredBy]
) -> dict[tuple[str, str, str], str]:
    """Return the file of stored rows that a number is judged by, by artifact, method and data set.

    A number of another split is judged by the rows of that split, where there are any.
    """
    key = ["method", "dataset", "evaluation"]
    files = found[found["protocol"] == "fixed"].drop_duplicates(key).set_index(key)["rows"].to_dict()
    rows = {}
    by = cells["measured_by"] if "measured_by" in cells else [""] * len(cells)
    for artifact, method, dataset, how, measured in zip(*(cells[name] for name in ("artifact", *key)), by, strict=True):
        places = protocols[measured].places(dataset) if measured in protocols else ()
        paths = [files.get((run_as(artifact, method), place, how)) for place in (*places, dataset)]
        if path := next(filter(None, paths), None):
            rows[artifact, method, dataset] = path
    return rows


def _below(folder: Path, found: pd.DataFrame) -> pd.DataFrame:
    """Return scores whose files of rows are named as seen from a folder, wherever that lies."""
    return found.assign(rows=found["rows"].map({path: _relative(path, folder) for path in found["rows"].unique()}))


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
