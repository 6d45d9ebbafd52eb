"""The commands of the site's numbers: each is valid, plans its rows, and leaves other methods out."""

import shlex
import zipfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from relamp.runtime.home import home
from relamp.site.again import again
from relamp.site.records import ROWS, Record
from relamp.study.config import load_config
from relamp.study.plan import Plan
from relamp.study.recorded import SIDECAR, configuration_of, read_sidecar
from relamp.tools.overrides import entries

RECORDED = Path(__file__).parents[2] / "reproduction"
CONFIG = {
    "unsupervised": {"methods": ["lamp-mag", "graph2vec"]},
    "cross": {"methods": ["mvgrl"]},
    "mmix": {"graphs": {"methods": ["mvgrl", "mp-mix"]}},
}
RUN = "snakemake --cores all --config preset=a"


@pytest.mark.parametrize(
    ("command", "place", "expected"),
    [
        (RUN, "svm-rbf/D/graph2vec/default", f"""{RUN} 'unsupervised={{"methods": ["graph2vec"]}}'"""),
        (RUN, "svm-rbf/D/mvgrl/default", f"""{RUN} 'cross={{"methods": ["mvgrl"]}}'"""),
        # A kernel has a job of its own, and so has what is supervised.
        (RUN, "svm-rbf/D/wl/default", RUN),
        (RUN, "supervised-graphs/D/gcn/default", RUN),
        # What the run itself overrides stays.
        (
            f"""{RUN} 'mmix={{"graphs": {{"datasets": ["D"], "methods": ["mvgrl", "mp-mix"]}}}}' run=b""",
            "svm-linear/D/mp-mix/default",
            f"""{RUN} run=b 'mmix={{"graphs": {{"datasets": ["D"], "methods": ["mp-mix"]}}}}'""",
        ),
    ],
)
def test_a_command_names_the_one_method_that_its_job_would_score_with_others(
    command: str, place: str, expected: str
) -> None:
    assert again(command, CONFIG, f"rows/{place}/rows.csv") == expected


@cache
def planned(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    config = load_config(entries(words), home() / "workflow" / "presets")
    return {Path(each).parts[2:] for each in Plan(config, f"results/{config.name}", "").all_rows()}


@pytest.mark.parametrize("name", sorted(path.parent.name for path in RECORDED.glob(f"*/{ROWS}")))
def test_the_command_of_every_recorded_file_plans_it(name: str) -> None:
    folder, none = RECORDED / name, pd.DataFrame()
    sidecar = read_sidecar(folder / SIDECAR)
    config = (configuration_of(sidecar, folder) or {})["config"]
    record = Record(name, folder, none, none, {}, sidecar, config, {})
    with zipfile.ZipFile(folder / ROWS) as archive:
        found = [path for path in map(Path, archive.namelist()) if len(path.parts) == 6]
    assert len(found) > 5
    for path in found:
        words = shlex.split(again(record.command, config, str(path)))
        assert path.parts in planned(tuple(words[words.index("--config") + 1 :])), words
