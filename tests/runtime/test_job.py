import contextlib
import logging
import platform
import signal
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.job import bound, run
from relamp.runtime.signals import SIGNALS, deferred
from slurm_cluster import SNAKEMAKE, needs_snakemake
from slurm_cluster import run as run_words


@contextlib.contextmanager
def no_handlers() -> Iterator[None]:
    """A root logger as a fresh process has it; the test runner's own handlers come back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


def job(log: Path | str, **params: Any) -> SimpleNamespace:
    nothing: dict[str, Any] = {}
    parts = {"wildcards": {"dataset": "MUTAG"}, "params": params, "input": {"data": "a.bin"}, "output": nothing}
    return SimpleNamespace(rule="pack", log=str(log), threads=2, config={"preset": "quick"}, **parts)


def call(main: Callable[..., None], given: Any) -> int:
    with no_handlers():
        try:
            run(main, given)
        except SystemExit as end:
            return -1 if end.code is None else int(end.code)
    return 0


def test_a_job_gets_its_words_by_name_and_its_messages_stand_in_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    got = []

    def main(data: Path, dataset: str, gamma: float, threads: int, config: Mapping[str, Any], more: int = 3) -> None:
        got.append((data, dataset, gamma, threads, config, more))
        logging.getLogger("relamp.runtime.progress").info("MUTAG, epochs: 10 of 20")
        logging.getLogger("relamp.runtime.progress").debug("nobody needs this")

    given = job(tmp_path / "logs" / "deep" / "a.log", gamma=0.2)
    assert call(main, given) == 0
    assert got == [(Path("a.bin"), "MUTAG", 0.2, 2, {"preset": "quick"}, 3)]
    first, line, last = Path(given.log).read_text(encoding="utf-8").splitlines()
    assert f" pack, 2 CPUs on {platform.node()}" in first
    assert last.endswith(" s of CPU time")
    assert line.endswith(" MUTAG, epochs: 10 of 20")
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""


def test_a_warning_of_this_package_stands_on_the_terminal_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        logging.getLogger("relamp.data.jobs").warning("MINE: %s", "not used")
        logging.getLogger("relamp.data.jobs").info("nothing to see")
        logging.getLogger("elsewhere").warning("not ours")

    given = job(tmp_path / "a.log")
    assert call(main, given) == 0
    assert capsys.readouterr().err == "relamp: warning: MINE: not used\n"
    text = Path(given.log).read_text(encoding="utf-8")
    assert all(words in text for words in ("MINE: not used", "nothing to see", "not ours"))


def files(
    one: Path,
    maybe: Path | None,
    many: Sequence[Path],
    by_seed: Mapping[int, Path],
    word: str,
    plain: Sequence[str] = (),
) -> None:
    """A job function with a parameter of each kind."""


def test_files_come_as_the_annotations_want_them() -> None:
    words = {"one": "a", "maybe": [], "many": "b", "by_seed": ["c", "d"], "seeds": [3, 5], "word": "x", "other": 1}
    assert bound(files, words) == {
        **{"one": Path("a"), "maybe": None, "many": [Path("b")], "by_seed": {3: Path("c"), 5: Path("d")}, "word": "x"}
    }
    # Of several files, one is the first; text that is no file stays text.
    words |= {"one": ["a.html", "a.csv"], "maybe": "m", "plain": ["p"]}
    found = bound(files, words)
    assert (found["one"], found["maybe"], found["plain"]) == (Path("a.html"), Path("m"), ["p"])
    with pytest.raises(ValueError, match="zip"):
        bound(files, {**words, "by_seed": ["c"]})  # not one for each seed
    with pytest.raises(TypeError, match="files: nothing is given for maybe"):
        bound(files, {"one": "a"})


def users_error() -> None:
    raise RelampError("a.txt: sha256 is 1f but the registry has 9c; delete it") from KeyError("hidden")


def fault() -> None:
    raise ValueError("shapes differ")


ENDED = "ended before it was done"


@pytest.mark.parametrize(
    ("main", "shown", "logged"),
    [
        (users_error, *["a.txt: sha256 is 1f but the registry has 9c; delete it"] * 2),
        (fault, "ValueError: shapes differ (see {log})", "ValueError: shapes differ"),
        *(
            (
                lambda number=number: signal.raise_signal(number),
                f"{number.name}: {ENDED} (see {{log}})",
                f"{number.name}: {ENDED}; the same command runs it again",
            )
            for number in SIGNALS
        ),
    ],
)
def test_what_ends_a_job_is_one_line_on_the_terminal_and_in_its_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], main: Callable[..., None], shown: str, logged: str
) -> None:
    given = job(tmp_path / "a.log")
    assert call(main, given) == 1
    assert capsys.readouterr().err == f"relamp: {shown.format(log=given.log)}\n"
    first, *traceback, line = Path(given.log).read_text(encoding="utf-8").rstrip().splitlines()
    assert f" pack, 2 CPUs on {platform.node()}" in first
    assert line.endswith(logged)
    # A fault that is the program's has its traceback in the log.
    assert any(text.endswith("in fault") for text in traceback) == bool(traceback) == (main is fault)


def test_a_second_signal_does_not_cut_off_what_a_job_says_of_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class ToldError(RelampError):
        def __str__(self) -> str:
            signal.raise_signal(signal.SIGTERM)  # while it is being said
            return "SIGHUP: ended after epoch 3, saved"

    def main() -> None:
        with deferred():
            signal.raise_signal(signal.SIGHUP)
            raise ToldError

    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        assert call(main, job(tmp_path / "a.log")) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not heard
    assert capsys.readouterr().err.endswith("relamp: SIGHUP: ended after epoch 3, saved\n")


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_end_from_outside_passes_through(tmp_path: Path, end: type[BaseException]) -> None:
    def main() -> None:
        raise end

    with no_handlers(), pytest.raises(end):
        run(main, job(tmp_path / "a.log"))


def test_a_log_is_of_the_last_attempt(tmp_path: Path) -> None:
    for text in ("first", "second"):
        assert call(lambda text=text: logging.getLogger("x").info(text), job(tmp_path / "a.log")) == 0
    assert (tmp_path / "a.log").read_text(encoding="utf-8").count("\n") == 3  # how it began and ended, and the message


def test_without_a_log_messages_go_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(lambda: logging.getLogger("x").info("hello"), job("")) == 0
    assert capsys.readouterr().err.endswith(" hello\n")


@needs_snakemake
def test_a_job_under_snakemake_gets_its_words_and_its_threads(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(
        textwrap.dedent("""
            rule one:
                output: output="out.txt"
                log: "logs/one.log"
                threads: 2
                params: word="these"
                script: "script.py"
        """)
    )
    (tmp_path / "script.py").write_text(
        textwrap.dedent("""
            import os
            from pathlib import Path

            from relamp.errors import RelampError
            from relamp.runtime.job import run


            def main(word: str, output: Path, threads: int):
                raise RelampError(f"{word} {output.name} {threads} {os.environ['OMP_NUM_THREADS']}")


            run(main, snakemake)
        """)
    )
    said = run_words(tmp_path, *SNAKEMAKE, "--cores", "2", code=1)
    assert said.splitlines().count("relamp: these out.txt 2 2") == 1
    assert "Traceback" not in said
    assert (tmp_path / "logs" / "one.log").read_text().endswith(" these out.txt 2 2\n")


def test_a_log_holds_no_password_and_no_control_character(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        logging.info("asked %s", ["http://me:sesame@host/a"])
        raise ValueError("http://me:sesame@host/b \x1b[31m" + "long" * 1000)

    assert call(main, job(tmp_path / "a.log")) == 1
    log, terminal = (tmp_path / "a.log").read_text(), capsys.readouterr().err
    assert "asked ['http://host/a']" in log
    assert terminal.startswith("relamp: ValueError: http://host/b \\x1b[31mlonglong")
    assert len(terminal) < 1200
    for text in (log, terminal):
        assert "sesame" not in text
        assert "\x1b" not in text
