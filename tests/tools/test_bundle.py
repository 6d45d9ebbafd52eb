"""A finished run as one file, and what it says of itself."""

import json
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import yaml

from relamp import lite
from relamp.__main__ import main
from relamp.errors import RelampError
from relamp.runtime.files import sha256, write_json
from relamp.runtime.home import home
from relamp.runtime.log import first_line, last_line
from relamp.runtime.sealed import write_sealed
from relamp.study.config import configured
from relamp.study.plan import Plan
from relamp.tools.bundle import bundle
from relamp.tools.crate import Part, Run, crate
from stored_rows import write_run

SIDECAR = {
    "command": "snakemake all",
    "created": "2027-01-02T03:04:05+00:00",
    "git": {"commit": "abc", "dirty": True},
    "inputs": [],
    "packages": {"numpy": "2.4.6", "torch": "2.13.0+cpu", "absent": None, "snakemake": "9.27.1"},
    "platform": "Linux",
    "python": "3.11.7",
}
CITED = {
    "title": "relamp",
    "version": "1.2",
    "license": "MIT",
    "keywords": ["a", "b"],
    "authors": [
        {"given-names": "Ada", "family-names": "Lovelace", "orcid": "https://orcid.org/0000-0000-0000-0001"},
        {"name": "The others"},
    ],
    "references": [{"title": "X", "doi": "10.1/x"}, {"title": "Y"}],
}


def need_rocrate() -> None:
    if find_spec("rocrate") is None:
        pytest.skip("rocrate is not installed")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `relamp render` makes of a small run."""
    need_rocrate()
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_run(folder)
        lite.pack(Path("rows.zip"))
        lite.render(Path("rows.zip"), Path("out"))
    return folder / "out"


@pytest.fixture(scope="module")
def bundled(rendered: Path) -> Path:
    assert main(["bundle", str(rendered.parent / "bundle.zip"), str(rendered)]) == 0
    return rendered.parent / "bundle.zip"


def graph(path: Path) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        found = json.loads(archive.read("ro-crate-metadata.json"))
    assert found["@context"] == [
        "https://w3id.org/ro/crate/1.1/context",
        "https://w3id.org/ro/terms/workflow-run/context",
    ]
    return {entity["@id"]: entity for entity in found["@graph"]}


def ids(things: Any) -> set[str]:
    return {thing["@id"] for thing in ([things] if isinstance(things, dict) else things)}


def test_every_file_is_described_with_its_sum(bundled: Path, tmp_path: Path) -> None:
    entities = graph(bundled)
    with zipfile.ZipFile(bundled) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    described = {unquote(name) for name in ids(entities["./"]["hasPart"])}
    assert described == names - {"ro-crate-metadata.json"}
    subprocess.run(["sha256sum", "--check", "--quiet", "sha256sums.txt"], cwd=tmp_path, check=True)
    lines = (tmp_path / "sha256sums.txt").read_text().splitlines()
    assert len(lines) == len(described) - 1
    for digest, name in (line.split("  ") for line in lines):
        entity = entities[quote(name)]
        assert entity["sha256"] == digest
        assert entity["contentSize"] == str((tmp_path / name).stat().st_size)
        assert "File" in entity["@type"]
    expected = {"config.json", "verdict.html", "claims.csv", "tables/lamp_table1.tex", "figures/lamp_fig4.pdf"}
    assert names >= {*expected, "rows/svm-rbf/MUTAG/wl/default/rows.csv", "published/claims.yaml", "README.md"}


def test_it_follows_the_profile(bundled: Path) -> None:
    entities = graph(bundled)
    root, about = entities["./"], entities["ro-crate-metadata.json"]
    assert ids(about["conformsTo"]) == {
        "https://w3id.org/ro/crate/1.1",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    }
    profiles = [f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow")]
    assert ids(root["conformsTo"]) == {*profiles, "https://w3id.org/workflowhub/workflow-ro-crate/1.0"}
    assert all(entities[name]["@type"] == "CreativeWork" for name in ids(root["conformsTo"]))
    (main_id,) = ids(root["mainEntity"])
    workflow = entities[main_id]
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert entities[workflow["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    (action_id,) = ids(root["mentions"])
    action = entities[action_id]
    assert (action["@type"], action["instrument"]) == ("CreateAction", {"@id": main_id})
    assert ids(action["object"]) >= {"config.json", "published/lamp_table1.csv"}
    assert ids(action["result"]) >= {"verdict.csv", "figures/lamp_fig4.png"}
    assert not ids(action["object"]) & ids(action["result"])
    assert entities["sha256sums.txt"]["about"] == {"@id": action_id}
    # No entity is named that is not there.
    text = json.dumps(list(entities.values()))
    referred = {part.split('"')[0] for part in text.split('{"@id": "')[1:]}
    web = {name for name in referred - set(entities) if name.startswith("https://")}
    assert referred <= set(entities) | web


def test_licence_and_authors_are_those_of_the_citation(bundled: Path) -> None:
    entities, cited = graph(bundled), yaml.safe_load((home() / "CITATION.cff").read_text())
    root = entities["./"]
    assert root["license"] == {"@id": f"https://spdx.org/licenses/{cited['license']}"}
    assert {entities[author]["name"] for author in ids(root["author"])} == {each["name"] for each in cited["authors"]}
    assert "https://doi.org/10.1145/3534678.3539248" in ids(root["citation"])
    created = json.loads((bundled.parent / "out" / "verdict.json").read_text())["created"]
    assert root["datePublished"] >= created


def test_the_same_run_gives_the_same_bytes(
    bundled: Path, rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in rendered.rglob("*"):
        path.touch()
    bundle(tmp_path / "again.zip", rendered)
    assert (tmp_path / "again.zip").read_bytes() == bundled.read_bytes()


def test_everything_is_made_again_out_of_it(bundled: Path, rendered: Path, tmp_path: Path) -> None:
    lite.render(bundled, tmp_path / "out")
    for name in ("verdict.csv", "claims.csv", "tables/lamp_table1.csv", "figures/lamp_fig4.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (rendered / name).read_bytes()


def test_an_unfinished_run_is_told(rendered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rendered / "tables" / "lamp_table1.md"
    text = table.read_bytes()
    table.unlink()
    try:
        assert main(["bundle", str(tmp_path / "b.zip"), str(rendered)]) == 1
    finally:
        table.write_bytes(text)
    assert "tables/lamp_table1.md: not there; finish the run" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def write_finished(plan: Plan, facts: dict[str, Any]) -> None:
    """Write a file for all that a finished run has; sidecars and other JSON say `facts`."""
    for artifact in plan.artifacts.values():
        for files in (*plan.inputs(artifact).values(), *plan.outputs(artifact).values()):
            for path in map(Path, [files] if isinstance(files, str) else files):
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(json.dumps(facts) if path.suffix == ".json" else path.name)
                if "rows" in path.parts:
                    write_sealed(path, path.name)


def test_a_run_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_rocrate()
    monkeypatch.chdir(tmp_path)
    plan = Plan(configured(), "results/quick", "figures/quick", str(home() / "published"))
    write_finished(plan, SIDECAR)
    log = Path("results/quick/logs/pack/MUTAG.log")
    log.parent.mkdir(parents=True)
    log.write_text(f"10:00:00 {first_line('pack', 2)}\n10:00:01 {last_line()}\n")
    assert bundle(Path("b.zip")) > 100
    with zipfile.ZipFile("b.zip") as archive:
        names, logs = set(archive.namelist()), archive.read("logs.csv").decode().splitlines()
    kept = {"figures/mmix_fig4.png", "tables/data.html", "data/MUTAG.guard.json", "folds/MUTAG/seed~0.csv"}
    assert names >= kept
    assert not [name for name in names if name.endswith(".safetensors") or "__pycache__" in name]
    assert logs[0] == "log,threads,cpu_s,resumed,sha256"
    assert logs[1].startswith("pack/MUTAG.log,2,")
    entities = graph(Path("b.zip"))
    assert entities["./"]["datePublished"] == SIDECAR["created"]
    assert entities["#run"]["description"] == "snakemake all; Python 3.11.7 on Linux; commit abc, altered"
    assert entities["logs.csv"]["about"] == {"@id": "#run"}


def test_without_rocrate_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rocrate", "rocrate.model", "rocrate.rocrate"):
        monkeypatch.setitem(sys.modules, name, None)
    run = Run("a", "b", "c", "2027-01-01", {}, CITED)
    with pytest.raises(RelampError, match=r"needs the package rocrate; `pip install 'relamp\[bundle\]'` brings it"):
        crate([Part("Snakefile", "workflow", "0", 1)], run)


def test_people_packages_and_papers_are_named() -> None:
    need_rocrate()
    run = Run("a", "b", "c", "2027-01-01", {"torch": "2.13.0+cpu"}, CITED)
    text = crate([Part("Snakefile", "workflow", "0", 1), Part("a b~c.csv", "result", "1", 2, "what")], run)
    entities = {entity["@id"]: entity for entity in json.loads(text)["@graph"]}
    assert entities["https://orcid.org/0000-0000-0000-0001"] == {
        "@id": "https://orcid.org/0000-0000-0000-0001",
        "@type": "Person",
        "name": "Ada Lovelace",
    }
    assert entities["#author-2"]["@type"] == "Organization"
    assert ids(entities["./"]["author"]) == {"https://orcid.org/0000-0000-0000-0001", "#author-2"}
    assert ids(entities["./"]["citation"]) == {"https://doi.org/10.1/x", "#paper-2"}
    assert entities["https://pypi.org/project/torch/2.13.0/"]["softwareVersion"] == "2.13.0+cpu"
    assert entities["a%20b~c.csv"]["description"] == "what"
    assert entities["a%20b~c.csv"]["encodingFormat"] == "text/csv"


def test_rows_that_are_not_what_they_were_are_refused(
    rendered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = next((rendered / "rows").rglob("rows.csv"))
    whole = rows.read_bytes()
    for content in (whole.replace(b"0.", b"1."), whole.split(b"\n", 2)[2]):
        rows.write_bytes(content)
        try:
            assert main(["bundle", str(tmp_path / "b.zip"), str(rendered)]) == 1
        finally:
            rows.write_bytes(whole)
        assert "rows.csv: its content does not match its sha256 line" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_bundle_has_the_configuration_of_its_verdicts(bundled: Path, rendered: Path) -> None:
    with zipfile.ZipFile(bundled) as archive:
        words = json.loads(archive.read("config.json"))
    assert words == json.loads((rendered / "config.json").read_text())
    assert words["sealed"]


def test_a_run_is_bundled_as_it_was_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_rocrate()
    monkeypatch.chdir(tmp_path)
    judged = configured({"judging": {"margin": 5.0}})
    file = Path("results/quick/config/given.json")
    write_json(file, judged.recorded())
    named = {"path": str(file), "sha256": sha256(file)}
    plan = Plan(judged, "results/quick", "figures/quick", str(home() / "published"))
    facts = {**SIDECAR, "configuration": named}
    write_finished(plan, facts)
    bundle(Path("b.zip"))
    with zipfile.ZipFile("b.zip") as archive:
        assert json.loads(archive.read("config.json"))["config"]["judging"]["margin"] == 5.0
    table = Path("results/quick/tables/lamp_table1.csv")
    changed = {**facts, "inputs": [{"path": str(table), "sha256": "0" * 64}]}
    Path("results/quick/verdict.json").write_text(json.dumps(changed))
    with pytest.raises(RelampError, match=r"lamp_table1\.csv: is not what the verdicts were made of"):
        bundle(Path("b.zip"))
