"""The command `relamp`."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from relamp.__main__ import main
from relamp.errors import RelampError
from relamp.runtime.files import sha256, write_json
from relamp.runtime.home import home
from relamp.study.config import configured
from relamp.study.recorded import SIDECAR
from relamp.tools import run
from relamp.tools.commands import COMMANDS
from relamp.tools.overrides import entries

ROOT = Path(__file__).parents[2]
HEAD = "artifact,paper,method,label,dataset,evaluation,metric,part,published,spread,decimals,mean,low,high,seeds"
VERDICTS = f"""{HEAD},verdict,verdict_seeds
lamp_table1,lamp,a,A,MUTAG,svm-rbf,accuracy,,90.0,1.0,1,80.0,79.0,81.0,5,worse,worse
lamp_table1,lamp,b,B,MUTAG,svm-rbf,accuracy,,90.0,,1,,,,,not run,not run
"""
CLAIMS = """id,paper,where,quote,outcome,coverage,evidence
a,lamp,Section 1,it is best,fails,1 of 8 data sets: MUTAG,over b: -3.00
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have become Snakemake."""
    seen: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, command: seen.append(command[3:]))
    return seen


def fails(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("relamp: ")
    return lines[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(_words: Sequence[str]) -> int:
        with TemporaryDirectory(dir=folder) as place:
            Path(place, "half").touch()
            os.kill(os.getpid(), number)
        return 0

    monkeypatch.setattr("relamp.__main__.named", lambda _: command)
    before = signal.getsignal(number)
    assert main(["site"]) == 128 + number
    assert not list(folder.iterdir())
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "completion":
        pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: relamp {name} ")


def test_help_names_every_command_and_loads_none() -> None:
    code = "import sys; from relamp.__main__ import main\ntry: main(['-h'])\nfinally: print('|', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown, _, modules = done.stdout.partition("|")
    assert all(f"  {name}" in shown and command.about in shown for name, command in COMMANDS.items())
    assert not set(modules.split()) & {"pandas", "numpy", "pydantic", "matplotlib", "torch", "snakemake"}


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "relamp", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("relamp 0.")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_full_disk_behind_the_output_is_a_line(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "relamp", "options"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "relamp: standard output: No space left on device; write it elsewhere\n"


def test_a_reader_that_has_seen_enough_is_no_fault(folder: Path) -> None:
    command = f"set -o pipefail; {sys.executable} -m relamp options | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("mirrors: []")
    assert done.stderr == ""


def test_an_unknown_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rnu"])
    assert "invalid choice: 'rnu'" in capsys.readouterr().err


@pytest.mark.skipif(find_spec("snakemake") is None, reason="snakemake is not installed")
class TestRun:
    def test_everything_is_run_with_the_workflow_of_relamp(self, folder: Path, started: list[list[str]]) -> None:
        main(["run"])
        snakefile = str(home() / "Snakefile")
        assert started == [["--snakefile", snakefile, *run.ALWAYS, *run.QUIET, "--cores", "all", "--"]]

    def test_the_folders_own_snakefile_comes_first(self, folder: Path, started: list[list[str]]) -> None:
        (folder / "Snakefile").touch()
        main(["run"])
        assert started[0][:2] == ["--snakefile", "Snakefile"]

    def test_words_are_passed_on(self, folder: Path, started: list[list[str]]) -> None:
        words = "run lamp_fig2 audit --cores 3 -n --preset desk --config a=1 b.c=[NO] b.d=x -- --forceall --until pack"
        main(words.split())
        (command,) = started
        assert command[2:] == [
            *run.ALWAYS,
            *("--dry-run", "--cores", "3", "--forceall", "--until", "pack", "--config"),
            *("a=1", 'b={"c": ["NO"], "d": "x"}', 'preset="desk"', "--", "lamp_fig2", "audit"),
        ]

    def test_a_profile_says_the_cores(self, folder: Path, started: list[list[str]]) -> None:
        main(["run", "--profile", "slurm"])
        main(["run", "--profile", "slurm", "--cores", "9"])
        (folder / "slurm").mkdir()
        main(["run", "--profile", "slurm"])
        profiles = [command[command.index("--profile") + 1 :] for command in started]
        shipped = str(home() / "slurm")
        assert profiles == [[shipped, "--"], [shipped, "--cores", "9", "--"], ["slurm", "--"]]

    def test_what_is_no_entry_is_told(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--config lamp_fig2: an entry has the form KEY=VALUE" in fails(["run", "--config", "lamp_fig2"], capsys)
        assert "--config 1a=2: an entry" in fails(["run", "--config", "1a=2"], capsys)
        assert "--config a: line 1: " in fails(["cost", "--config", "a={"], capsys)
        for command in ("cost", "progress"):
            assert "config: sedes: " in fails([command, "--config", "sedes=1"], capsys)
            assert "config: preset: " in fails([command, "--preset", "nope"], capsys)

    def test_cost_and_progress_only_print(self, folder: Path, started: list[list[str]]) -> None:
        main(["cost", "--preset", "paper"])
        main(["progress"])
        assert started[0][2:] == [*run.ONLY_PRINTED, "--config", 'preset="paper"', "--", "cost"]
        assert started[1][2:] == [*run.ONLY_PRINTED, "--", "progress"]

    def test_it_runs_for_real(self, folder: Path) -> None:
        words = ["run", "audit", "--cores", "1", "--config", "unsupervised.sweeps={}"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        subprocess.run([sys.executable, "-m", "relamp", *words], env=environment, check=True, capture_output=True)
        assert (folder / "results" / "quick" / "tables" / "audit.md").is_file()


def test_without_snakemake_it_is_said_how_to_have_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "find_spec", lambda _: None)
    assert "pip install 'relamp[all]'" in fails(["run"], capsys)


def test_a_part_of_an_entry_is_overridden_by_a_later_one() -> None:
    assert entries(["a.b=1", "a={c: 2}", "a.b=3"]) == {"a": {"b": 3, "c": 2}}
    with pytest.raises(RelampError, match="form KEY=VALUE"):
        entries(["a..b=1"])
    with pytest.raises(RelampError, match="b stands here a second time"):
        entries(["a={b: 1, b: 2}"])


def test_nothing_is_what_an_entry_may_say(folder: Path) -> None:
    assert configured(entries(["transfer.molecules=null"])).transfer.molecules is None


def test_a_configuration_that_cannot_be_read_is_not_replaced_by_another(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = folder / "config.yaml"
    own.unlink(missing_ok=True)
    own.symlink_to("nowhere")
    assert "config.yaml: is not there" in fails(["cost"], capsys)
    own.unlink()
    own.mkdir()
    assert "config.yaml: is no text that can be read" in fails(["cost"], capsys)
    own.rmdir()
    (folder / "config.yml").write_text("preset: desk\n")
    assert "config.yml: the configuration is read from config.yaml; rename it" in fails(["cost"], capsys)


def test_verdicts_of_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "results/quick/verdict.csv: is not there" in fails(["verdict"], capsys)
    assert "results/desk/verdict.csv: is not there" in fails(["verdict", "--preset", "desk"], capsys)
    results = folder / "results" / "quick"
    results.mkdir(parents=True)
    (results / "verdict.csv").write_text(VERDICTS)
    assert "results/quick/claims.csv: is not there" in fails(["verdict"], capsys)
    (results / "claims.csv").write_text(CLAIMS)
    (results / "verdict.md").touch()
    assert main(["verdict"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "it is best" in said[0]
    assert "A on MUTAG, accuracy by SVM with an RBF kernel: LAMP prints 90.0 ± 1.0, this run finds 80.00" in said[1]
    assert said[2:] == [
        "",
        "numbers  1 worse, 1 not run",
        "claims   1 fails",
        "page     results/quick/verdict.md",
    ]
    for words in (["--config", "fail_on=worse"], ["results/quick", "--config", "fail_on=worse"]):
        assert main(["verdict", *words]) == 1
        assert capsys.readouterr().err.startswith("relamp: 1 verdicts are worse\n")
    (folder / "config.yaml").write_text("fail_on: [worse]\n")
    assert main(["verdict"]) == 1
    (folder / "config.yaml").unlink()
    capsys.readouterr()
    assert "config: preset: " in fails(["verdict", "results/quick", "--preset", "nope"], capsys)
    for name, text, end in (("verdict.csv", VERDICTS, "not run,"), ("claims.csv", CLAIMS, "fails,")):
        for cut in (text[: text.rindex(end) + 4], text.splitlines()[0]):
            (results / name).write_text(cut)
            assert f"results/quick/{name}: is not whole, it has " in fails(["verdict"], capsys)
        (results / name).write_text(text)
    assert main(["verdict", "results/quick", "--fail-on", "worse"]) == 1
    assert capsys.readouterr().err.startswith("relamp: 1 verdicts are worse\nlamp_table1: A on MUTAG: worse")


def test_verdicts_that_were_judged_otherwise_than_asked_are_not_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = folder / "results" / "quick"
    (results / "config").mkdir(parents=True)
    (results / "verdict.csv").write_text(VERDICTS)
    (results / "claims.csv").write_text(CLAIMS)
    words = results / "config" / "a.json"
    write_json(words, configured(entries(["judging.margin=3", "fail_on=worse"])).recorded())
    named = {"path": f"results/quick/config/{words.name}", "sha256": sha256(words)}
    write_json(results / SIDECAR, {"inputs": [], "configuration": named})
    otherwise = "results/quick: its verdicts were made with another `judging` than is asked for; make them again"
    # Of a folder that is named the working folder's configuration says nothing.
    for wanted, others in (
        (["--config", "judging.margin=3"], ["--config", "judging.margin=0.01"]),
        (["results/quick", "--config", "judging.margin=3"], ["results/quick", "--config", "judging={margin: 4}"]),
        (["results/quick", "--config", "fail_on=better"], []),
    ):
        assert main(["verdict", *wanted]) == 0
        assert otherwise in fails(["verdict", *others], capsys)
    (folder / "config.yaml").write_text("judging: {margin: 3}\n")
    assert main(["verdict"]) == 0


def test_files_that_are_no_verdicts_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("", "a,b\n1,2\n"):
        (folder / "verdict.csv").write_text(text)
        (folder / "claims.csv").write_text(text)
        assert "verdict.csv and claims.csv are none of a run" in fails(["verdict", "."], capsys)


def test_a_missing_package_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    monkeypatch.delitem(sys.modules, "relamp.tools.completion", raising=False)
    assert "shtab is not installed; `pip install" in fails(["completion", "bash"], capsys)


def test_recorded_verdicts_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdict", str(ROOT / "reproduction" / "quick")]) == 0
    assert "numbers  " in capsys.readouterr().out


class TestCompletion:
    @pytest.fixture(autouse=True)
    def _(self) -> None:
        pytest.importorskip("shtab")

    def test_words_options_targets_and_presets_are_completed(self, tmp_path: Path) -> None:
        from relamp.tools.completion import script

        (tmp_path / "relamp").write_text(script("bash"))

        def completed(*words: str) -> set[str]:
            line = 'source ./relamp; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; '
            line += '_shtab_relamp relamp "${COMP_WORDS[COMP_CWORD]}" ""; echo "${COMPREPLY[@]}"'
            command = ["bash", "-c", line, "bash", *words]
            return set(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split())

        assert completed("relamp", "") >= set(COMMANDS)
        assert completed("relamp", "co") == {"compare", "completion", "cost"}
        assert completed("relamp", "run", "lamp_f") == {"lamp_fig2", "lamp_fig4", "lamp_fig5"}
        assert completed("relamp", "run", "--preset", "") == {"desk", "evening", "paper", "quick", "rivals", "weekend"}
        assert completed("relamp", "verdict", "--f") == {"--fail-on"}

    def test_the_script_of_zsh_is_read_by_zsh(self) -> None:
        from relamp.tools.completion import script

        text = script("zsh")
        assert text.rstrip().endswith("compdef _shtab_relamp relamp")
        assert "lamp_fig2" in text


def test_a_place_without_rights_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(_words: Sequence[str]) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "locked/verdict.csv")

    monkeypatch.setattr("relamp.__main__.named", lambda _: command)
    assert "locked/verdict.csv: [Errno 13] Permission denied" in fails(["verdict", "locked"], capsys)

    def broken(_words: Sequence[str]) -> int:
        raise OSError("what names no file is a fault of relamp's")

    monkeypatch.setattr("relamp.__main__.named", lambda _: broken)
    with pytest.raises(OSError, match="a fault"):
        main(["verdict"])
