"""The commands of the site's numbers: each is valid, plans its rows, and leaves other methods out."""

import json
import shlex
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relamp.runtime.home import home
from relamp.runtime.sealed import differing
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
    assert again(command, CONFIG, CONFIG, f"rows/{place}/rows.csv") == expected


@pytest.mark.parametrize(
    ("then", "today", "place", "expected"),
    [
        ({"pretraining": {"keep": "all"}}, {"pretraining": {"keep": "all"}}, "probe/D", {}),
        (
            {"pretraining": {"keep": "all", "gone": 1}},
            {"pretraining": {"keep": "split", "new": 2}},
            "kmeans/D",
            {"pretraining": {"keep": "all"}},
        ),
        # An option that came later stands as what was done before it.
        ({"probe": {}}, {"probe": {"epoch": "validation"}}, "probe/D", {"probe": {"epoch": "last"}}),
        ({"probe": {}}, {"probe": {"epoch": "validation"}}, "svm-rbf/D", {}),
        # What a data set has of its own today.
        (
            {"probe": {"scaling": "none"}, "probes": {}},
            {"probe": {"scaling": "none"}, "probes": {"D": {"scaling": "length"}}},
            "probe/D",
            {"probes": {"D": {"scaling": "none"}}},
        ),
        (
            {"probe": {"scaling": "none"}, "probes": {}},
            {"probe": {"scaling": "none"}, "probes": {"D": {"scaling": "length"}}},
            "probe/E",
            {},
        ),
    ],
)
def test_a_command_names_what_was_chosen_otherwise_then(
    then: Any, today: Any, place: str, expected: dict[str, Any]
) -> None:
    others: Any = {"unsupervised": {"methods": []}, "cross": {"methods": []}}
    configs = [{**others, "mmix": {"nodes": {"methods": [], **nodes}}} for nodes in (then, today)]
    found = again(RUN, *configs, f"rows/{place}/mp-mix/default/rows.csv")
    assert found == (shlex.join([*RUN.split(), f"mmix={json.dumps({'nodes': expected})}"]) if expected else RUN)


@cache
def planned(words: tuple[str, ...]) -> Mapping[tuple[str, ...], Any]:
    """Return the facts that each file of rows is to have."""
    config = load_config(entries(words), home() / "workflow" / "presets")
    plan, asked = Plan(config, f"results/{config.name}", ""), {}
    for artifact in plan.artifacts.values():
        asked |= plan.asked(artifact)
    return {Path(path).parts[2:]: json.loads(json.dumps(facts)) for path, facts in asked.items()}


@pytest.mark.parametrize("name", sorted(path.parent.name for path in RECORDED.glob(f"*/{ROWS}")))
def test_the_command_of_every_recorded_file_plans_it_with_its_settings(name: str) -> None:
    folder, none = RECORDED / name, pd.DataFrame()
    sidecar = read_sidecar(folder / SIDECAR)
    config = (configuration_of(sidecar, folder) or {})["config"]
    record = Record(name, folder, none, none, {}, sidecar, config, {})
    with zipfile.ZipFile(folder / ROWS) as archive:
        found = [path for path in map(Path, archive.namelist()) if len(path.parts) == 6]
        heads = [archive.read(str(path)).split(b"\n", 2)[1] for path in found]
    assert len(found) > 5
    for path, head in zip(found, heads, strict=True):
        words = shlex.split(again(record.command, config, record.today, str(path)))
        asked, facts = planned(tuple(words[words.index("--config") + 1 :]))[path.parts], json.loads(head[2:])
        assert [each for key in asked for each in differing(facts.get(key), asked[key], key)] == [], words
