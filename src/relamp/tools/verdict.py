"""Say what a finished or recorded run found: how many numbers and claims hold, and what contradicts the papers."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pandas as pd

from relamp.artifacts.verdict import print_verdicts
from relamp.errors import RelampError
from relamp.judge.formula import OUTCOMES
from relamp.render.verdict_page import contradictions
from relamp.settings.judging import VERDICTS, Verdict
from relamp.study.config import configured
from relamp.study.recorded import SIDECAR, read_sidecar, recorded_config
from relamp.tools.overrides import add_overrides, overrides


def main(words: Sequence[str]) -> int:
    """Print counts, page and contradictions; return the exit status.

    Raises RelampError if there are no verdicts, or one that `--fail-on` names.
    """
    parser = argparse.ArgumentParser(prog="relamp verdict", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="with verdict.csv and claims.csv (results/<preset>)")
    add_overrides(parser)
    parser.add_argument(
        "--fail-on", nargs="+", default=[], choices=get_args(Verdict), help="verdicts that are an error"
    )
    given = parser.parse_args(words)
    over = overrides(given)
    # Of a run that is named the configuration of the working folder says nothing.
    config = None if given.folder and not over else configured(over)
    folder = given.folder or Path("results") / (config or configured(over)).name
    fail_on = given.fail_on or (config.fail_on if config else ())
    cells, claims = folder / "verdict.csv", folder / "claims.csv"
    missing = [path for path in (cells, claims) if not path.is_file()]
    if missing:
        raise RelampError(f"{missing[0]}: is not there; make it with `relamp run verdict`, or name a run's folder")
    if (folder / SIDECAR).is_file():
        read_sidecar(folder / SIDECAR)
    # Of a named folder the working folder's own `judging` says nothing, entries of the command do.
    made = recorded_config(folder) if config and ("judging" in over or not given.folder) else None
    if made and config and made.judging != config.judging:
        raise RelampError(
            f"{folder}: its verdicts were made with another `judging` than is asked for; make them again with "
            "`relamp run verdict`"
        )
    try:
        judged, tried = pd.read_csv(cells), pd.read_csv(claims, keep_default_na=False)
        for name, known, found in ((cells, VERDICTS, judged["verdict"]), (claims, OUTCOMES, tried["outcome"])):
            # A file that was cut ends within a line, or has none.
            if found.empty or not set(found) <= {*known}:
                others = ", ".join(sorted(set(map(str, found)) - {*known})) or "no line"
                raise RelampError(f"{name}: is not whole, it has {others}; make it again with `relamp run verdict`")
        lines = contradictions(judged, tried)
    except (KeyError, ValueError) as error:
        raise RelampError(f"{folder}: verdict.csv and claims.csv are none of a run ({error}); name another") from error
    print("\n".join(lines or ["Nothing that was run contradicts the papers."]), end="\n\n")
    pages = [folder / f"verdict.{kind}" for kind in ("html", "md")]
    print_verdicts(cells, claims, next((page for page in pages if page.is_file()), cells), fail_on)
    return 0
