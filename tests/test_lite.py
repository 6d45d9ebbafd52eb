"""From stored rows alone: pack them, render everything, and import nothing heavy."""

import hashlib
import html
import json
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from relamp.__main__ import main
from relamp.artifacts import ARTIFACTS
from relamp.errors import RelampError
from relamp.runtime.provenance import command_for, configured_by
from relamp.study.config import configured, load_config, restored
from relamp.study.packed_rows import unpacked
from stored_rows import SMALL, write_run

ROOT = Path(__file__).parents[1]
# What it loads by name.
NAMED = sorted({module for made in ARTIFACTS.values() if made.lite for module in made.modules})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose small run has finished, with made-up rows."""
    write_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_is_rendered_from_packed_rows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, out = project / "rows.zip", project / "out"
    assert main(["pack", str(rows)]) == 0
    first = rows.read_bytes()
    assert main(["pack", str(rows)]) == 0
    assert rows.read_bytes() == first
    assert main(["render", str(rows), str(out)]) == 0
    figures = ("lamp_fig2", "lamp_fig4", "lamp_fig5", "mmix_fig2", "mmix_fig3", "leakage", "ranks", "numbers")
    curves = ("probe_mp-mix", "probe_untrained", "edit-distance_wl", "edit-distance_hist-kernel")
    figures += tuple(f"multiverse_{curve}" for curve in curves)
    ladders = {*(f"lamp_ladder{n}" for n in (1, 3)), *(f"mmix_ladder{n}" for n in (3, 4, 6, 9))}
    assert {path.stem for path in (out / "figures").glob("*.png")} == {*figures, *ladders}
    tables = {path.stem for path in (out / "tables").glob("*.html")}
    papers = {f"mmix_table{number}" for number in range(2, 11)}
    papers |= {f"lamp_table{number}" for number in range(1, 4)}
    papers |= {"multiverse", "multiverse_effects"}
    assert tables == {*papers, *ladders, "cross_table", "leakage", "comparisons"}
    cells = pd.read_csv(out / "verdict.csv")
    assert set(cells.loc[cells["verdict"] != "not run", "dataset"]) == {"MUTAG"}
    assert "too few seeds" in capsys.readouterr().out
    # Each link of a page leads to what lies beside it, or to a place of the page.
    for page in ("verdict.html", "index.html"):
        text = (out / page).read_text()
        links = {html.unescape(link) for link in re.findall(r'(?:href|src)="([^"]+)"', text)}
        anchors = {link[1:] for link in links if link.startswith("#")}
        assert len(links) > len(anchors) > 0
        assert anchors <= set(re.findall(r'id="([^"]+)"', text))
        assert not [link for link in links if link[0] != "#" and not (out / link).exists()]
    # Rows that are unpacked over it take away what was said of the earlier ones: a rendering may be cut off.
    unpacked(rows, out)
    assert (out / "verdict.html").exists()
    assert not any((out / name).exists() for name in ("verdict.csv", "verdict.json", "claims.csv"))


def test_a_run_that_is_not_finished_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv").unlink()
    assert main(["pack", str(project / "rows.zip")]) == 1
    missing = "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv"
    assert f"{missing}: not there; make it with `snakemake --cores 2 -- {missing}`" in capsys.readouterr().err
    assert not (project / "rows.zip").exists()


def test_another_preset_than_the_configured_one_is_packed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", str(project / "rows.zip"), "--preset", "desk"]) == 1
    assert "relamp: results/desk/" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"<html>", None, {}])
def test_what_holds_no_rows_is_told(
    tmp_path: Path, content: bytes | dict[str, str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.zip"
    if isinstance(content, bytes):
        rows.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(rows, "w") as archive:
            archive.writestr("other.txt", json.dumps(content))
    assert main(["render", str(rows), str(tmp_path / "out")]) == 1
    assert str(rows) in capsys.readouterr().err


def repacked(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Pack the members anew, each as changed, without those that become None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if (content := change(info.filename, old.read(info))) is not None:
                new.writestr(info.filename, content)
    return target


def test_a_hostile_or_broken_archive_is_a_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, out = project / "rows.zip", project / "bad.zip", project / "out"
    assert main(["pack", str(good)]) == 0
    words = json.loads(zipfile.ZipFile(good).read("config.json"))
    first = next(name for name in zipfile.ZipFile(good).namelist() if name.endswith("MUTAG/wl/default/rows.csv"))

    def told(bytes_of: Path, message: str) -> None:
        capsys.readouterr()
        assert main(["render", str(bytes_of), str(out)]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("relamp: ")
        assert message in line
        assert len(line) < 1000
        # Nothing is half there, beside it neither, and what was there stays.
        assert not [path for path in project.iterdir() if path.name.startswith((".out", "out"))]

    odd = {**words, "config": {**words["config"], "preset": 3, "judging": {"margin": -1}}}
    for config, message in (
        *((b"no json", "config.json: is no JSON"), (b"[" * 10**5, "is no JSON that"), (b"[]", "holds no `config`")),
        *((b"{}", "holds no `config` and `own`"), (b"\xff\xfe\x00", "is no JSON")),
        (
            json.dumps(odd).encode(),
            "bad.zip/config.json: preset: input should be a valid string (given: 3) (and 1 more)",
        ),
        (json.dumps({**words, "command": "a b"}).encode(), "config.json: its command is no list of words"),
        (json.dumps({**words, "command": ["a", 3]}).encode(), "config.json: its command is no list of words"),
        (
            json.dumps({**words, "own": ["../.."]}).encode(),
            "own: a name is made of letters, digits, _, - and ., the last not at its end (given",
        ),
        (json.dumps({**words, "own": 3}).encode(), "holds no `config` and `own`"),
    ):
        told(repacked(good, bad, lambda name, old, new=config: new if name == "config.json" else old), message)  # type: ignore[misc]
    told(
        repacked(good, bad, lambda name, old: None if name == first else old), f"bad.zip: lacks {first}; pack it again"
    )
    for rows in (b"", b"\xff\xfe\x00\x01", b"\n"):
        change = lambda name, old, new=rows: new if name == first else old  # noqa: E731
        told(
            repacked(good, bad, change),
            f"bad.zip: {first}: not what was packed; fetch the file again, or pack it again",
        )
    with zipfile.ZipFile(repacked(good, bad, lambda _, old: old), "a") as archive:
        archive.writestr("../outside.csv", "x")
    told(bad, "the member '../outside.csv' has a path that leads outside")
    assert not (project / "outside.csv").exists()
    content = bytearray(good.read_bytes())
    content[len(content) // 3] ^= 1
    bad.write_bytes(content)
    told(bad, "bad.zip/")
    bad.write_bytes(good.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"))
    told(bad, "bad.zip/")  # every member marked as encrypted


def test_rows_say_by_which_command_their_run_is_made_again(project: Path) -> None:
    rows, folder = project / "rows.zip", project / "results" / configured().name
    assert main(["pack", str(rows)]) == 0
    command = ["snakemake", "--cores", "all", "{target}", "--config", "run=mine"]
    assert unpacked_command(rows, project / "unknown") == []
    # An older archive has no command: that of the sidecar beside it.
    beside = project / "recorded" / "older.zip"
    beside.parent.mkdir()
    repacked(rows, beside, lambda name, data: without_command(data) if name == "config.json" else data)
    judged(beside.parent, [*command, 'mirrors=["/data"]', "offline=true"])
    assert unpacked_command(beside, project / "older") == command
    judged(folder, [*command, "offline=true"])
    assert main(["pack", str(rows)]) == 0
    assert unpacked_command(rows, project / "known") == command


def judged(folder: Path, command: list[str]) -> None:
    """Write the sidecar of verdicts, with the configuration that it names."""
    words = json.dumps({**configured().recorded(), "command": command})
    (folder / "config").mkdir()
    (folder / "config" / "a.json").write_text(words)
    named = {"path": "config/a.json", "sha256": hashlib.sha256(words.encode()).hexdigest()}
    (folder / "verdict.json").write_text(json.dumps({"inputs": [], "configuration": named}))


def without_command(data: bytes) -> bytes:
    words = json.loads(data)
    del words["command"]
    return json.dumps(words).encode()


def unpacked_command(rows: Path, out: Path) -> list[str]:
    unpacked(rows, out)
    with configured_by(out / "config.json"):
        assert command_for("a b") == shlex.join("a b" if word == "{target}" else word for word in read(out))
    return read(out)


def read(out: Path) -> list[str]:
    command: list[str] = json.loads((out / "config.json").read_text())["command"]
    return command


def test_own_data_sets_need_no_folder_any_more(project: Path) -> None:
    with pytest.raises(RelampError, match="there is no data set 'MINE'"):
        load_config({**SMALL, "damage": {"datasets": ["MINE"]}}, ROOT / "workflow" / "presets")
    assert main(["pack", str(project / "rows.zip")]) == 0
    with zipfile.ZipFile(project / "rows.zip") as archive:
        words = json.loads(archive.read("config.json"))
    words["config"]["damage"]["datasets"] = ["MINE"]
    config = restored({**words, "own": ["MINE"]}, "x")
    assert config.damage.datasets == ("MINE",)


def test_nothing_heavy_is_imported() -> None:
    # What `make lite` and `make site` import; their environment has none of these.
    names = ", ".join(["relamp.lite", "relamp.site.build", *NAMED])
    command = [sys.executable, "-c", f"import {names}, sys; print(*sys.modules)"]
    modules = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert not modules & {"torch", "torch_geometric", "rdkit", "grakel", "datamol", "snakemake", "sklearn", "tqdm"}
