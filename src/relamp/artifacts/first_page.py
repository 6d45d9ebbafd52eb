"""The first page of a run: what holds, what contradicts, and where everything is."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.artifacts.base import PAPERS
from relamp.render.markup import page
from relamp.render.sidecar import write_sidecar
from relamp.render.verdict_page import NOTHING, contradictions, counts
from relamp.runtime.files import read_json, write_text
from relamp.runtime.provenance import command_for
from relamp.settings.judging import NOT_RUN

_KINDS = {"html": "page", "json": "how it was made"}  # of files; others are called by their ending


def first_page(
    cells: Path,
    claims: Path,
    picture: Path,
    made: Sequence[Path],
    gallery: Sequence[Mapping[str, Any]],
    run: str,
    output: Path,
    command: str,
) -> None:
    """Write `output`, a page that leads to all that a run has made, with its sidecar.

    `cells` and `claims` are files of `relamp.artifacts.verdict.judge`, beside its page and sidecar, `picture` that of
    all numbers. `gallery` is that of `relamp.study.plan.Plan`, `made` all files of it: no link leads to one that is not
    there.
    """

    def near(path: str | Path) -> str:
        return Path(os.path.relpath(path, output.parent)).as_posix()

    there = {str(path) for path in (cells, claims, picture, *made) if path.is_file()}
    shown = [{**each, "files": [name for name in each["files"] if name in there]} for each in gallery]
    shown = [each for each in shown if each["files"]]
    judged, tested = pd.read_csv(cells), pd.read_csv(claims, keep_default_na=False)
    papers = []
    for paper, title in PAPERS.items():
        of_paper = [each for each in shown if each["paper"] == paper]
        cards = [_card(each, near) for each in of_paper if not each["print_alone"]]
        alone = [(each["label"], near(each["files"][0])) for each in of_paper if each["print_alone"]]
        papers.append({"name": title, "artifacts": cards, "print_alone": alone})
    write_text(
        output,
        page(
            "index.html",
            run=run,
            summary=_summary(judged, tested, run),
            verdicts=counts(judged["verdict"]),
            outcomes=counts(tested["outcome"]),
            contradictions=contradictions(judged, tested),
            nothing=NOTHING,
            picture=near(picture) if picture.is_file() else "",
            verdicts_page=near(cells.with_suffix(".html")),
            papers=[paper for paper in papers if paper["artifacts"] or paper["print_alone"]],
            made_by=_made_by(read_json(cells.with_suffix(".json"))),
        ),
    )
    write_sidecar(output, [cells, claims], command)


def _card(made: Mapping[str, Any], near: Any) -> dict[str, Any]:
    """Return what the page shows of an artifact: its picture, if it has one, a link to each file, and its command."""
    pictures = [name for name in made["files"] if name.endswith(".png")]
    kinds = [(Path(name).suffix[1:], name) for name in made["files"]]
    files: dict[str, str] = {}
    for kind, name in kinds:
        # Of two files of one kind, a figure's and a table's, the second one is named in full.
        word = _KINDS.get(kind, kind)
        files[word if word not in files else Path(name).name] = near(name)
    picture = near(pictures[0]) if pictures else ""
    return {**made, "picture": picture, "files": files, "command": command_for(made["name"])}


def _summary(cells: pd.DataFrame, claims: pd.DataFrame, name: str) -> str:
    words, outcomes = cells["verdict"].value_counts(), claims["outcome"].value_counts()
    run, tested = len(cells) - words.get(NOT_RUN, 0), len(claims) - outcomes.get(NOT_RUN, 0)
    found = ", ".join(f"{count} {word}" for word, count in counts(cells["verdict"]) if word != NOT_RUN)
    said = ", ".join(f"{count} {word}" for word, count in counts(claims["outcome"]) if word != NOT_RUN)
    measured = f"{run} of {len(cells)} published numbers: {found}" if run else f"none of {len(cells)} published numbers"
    tried = f"{tested}: {said}" if tested else "none"
    return f"The run {name} measured {measured}. Of {len(claims)} claims it tested {tried}."


def _made_by(sidecar: Mapping[str, Any]) -> str:
    git = sidecar["git"]
    commit = f"commit {git['commit'][:12]}{', altered' if git['dirty'] else ''}" if git["commit"] else "no commit known"
    return f"Judged {sidecar['created']}, {commit}, on {sidecar['platform']}."
