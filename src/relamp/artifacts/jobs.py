"""The jobs that make figures and tables of stored rows, each with its sidecar."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.rows import read_by_evaluation, read_tables
from relamp.data.verified import verified
from relamp.judge.published import load_not_run, load_published, reasons
from relamp.render.budget_table import budget_table
from relamp.render.data_table import data_table
from relamp.render.sidecar import save_drawn, write_sidecar
from relamp.render.tables import render_table
from relamp.runtime.files import read_csv, read_json
from relamp.runtime.job import named
from relamp.runtime.made import joined


def draw(
    draw: str,
    options: Mapping[str, Any],
    output: Path,
    command: str,
    rows: Sequence[Path] = (),
    draws: Sequence[Path] = (),
    data: Path | None = None,
    mixed: Path | None = None,
    cells: Path | None = None,
    asked: Path | None = None,
) -> None:
    """Write a figure as png, pdf and svg, its numbers as csv and its sidecar as json.

    `draw` names the drawing, "module:function", which takes `rows`, `draws`, `mixed` (mixing weights) and `cells`
    (judged) as frames and `data` (packed) as a path, as far as they are given, and the options. `output` is the
    picture; the other files lie beside it. `command` makes it again; `asked` is as in
    `relamp.data.rows.read_tables`, in all jobs.
    """
    files = {"rows": rows, "draws": draws, "mixed": [mixed] if mixed else []}
    read = {name: pd.concat(read_tables(paths, asked), ignore_index=True) for name, paths in files.items() if paths}
    if cells:
        read["cells"] = read_csv(cells)
    if data:
        verified(data)
    given: dict[str, Any] = {**read, **({"data": data} if data else {})}
    inputs = [*rows, *draws, *(path for path in (data, mixed, cells) if path)]
    save_drawn(named(draw)(**given, **options), output, inputs, command)


def tabulate(
    rows: Sequence[Path],
    published: Path,
    not_run: Path,
    title: str,
    shows: Sequence[str] | None,
    transposed: bool,
    second: bool,
    output: Path,
    command: str,
    splits: Sequence[Path] = (),
    asked: Path | None = None,
) -> None:
    """Write a table of a paper, published rows beside those of this run, as html, csv, md and tex with a sidecar.

    `rows` lie in `rows/<evaluation>/...`; `published` are the printed cells, `not_run` says why some of them cannot be
    run, `title` are the first words of the caption.
    `shows` names methods of this run besides those that the table prints, None all; `transposed` has data sets as rows,
    `second` marks the second best in LaTeX.
    `output` is the page; the other files lie beside it. The sidecar also names the folds or `splits` of the rows.
    """
    printed = load_published(published.parent, published.stem)
    table = render_table(read_by_evaluation(rows, asked), printed, title, shows, transposed, second)
    only_printed = reasons(load_not_run(not_run, printed))
    words = "".join(f" Only published: {', '.join(of.values())}. {reason}" for reason, of in only_printed.items())
    replace(table, caption=table.caption + words).write(output.with_suffix(""))
    write_sidecar(output, [published, not_run, *splits, *rows], command)


def budget(runs: Sequence[Path], output: Path, command: str) -> None:
    """Write what each training on graphs takes as one table; `runs` are files run.json of finished trainings.

    Seconds are those that a run.json says itself or, of an older version, those of the job's benchmark row.
    """
    found = []
    for (folder, results), files in groupby(runs, lambda path: (path.parents[1], path.parents[6])):
        seeds, row = list(files), results / "benchmarks" / f"{folder.relative_to(results)}.jsonl"
        lines = row.read_text(encoding="utf-8").splitlines() if row.is_file() else []
        took = float(json.loads(lines[-1])["s"]) / len(seeds) if lines else None
        if worked := joined(*(read_json(file).get("made", []) for file in seeds)):
            took = sum(entry["seconds"] for entry in worked) / len(seeds)
        facts, epochs = read_json(seeds[0]), len(read_csv(seeds[0].with_name("history.csv")))
        found.append({**facts, "setting": folder.name, "epochs": epochs, "seeds": len(seeds), "seconds": took})
    budget_table(found).write(output.with_suffix(""))
    write_sidecar(output, runs, command)


def guard_table(reports: Sequence[Path], output: Path, command: str) -> None:
    """Write the data guard's findings on all data sets as one table."""
    data_table([read_json(path) for path in reports]).write(output.with_suffix(""))
    write_sidecar(output, reports, command)
