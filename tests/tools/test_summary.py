import io
from pathlib import Path

import pytest
from rich.console import Console

from relamp.tools import summary
from relamp.tools.summary import main, print_summary


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "desk").mkdir(parents=True)
    return tmp_path / "results" / "desk"


def said() -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    print_summary("desk", console)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


def test_before_anything_is_made_it_says_so(results: Path) -> None:
    assert said() == [
        "figures  figures/desk  (not made yet)",
        "tables   results/desk/tables  (not made yet)",
        "open     results/desk/report.html  (not made yet)",
    ]


def test_verdicts_claims_and_the_page_to_open(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (results / "verdict.csv").write_text("method,verdict\na,worse\nb,not run\nc,not run\n")
    (results / "claims.csv").write_text("id,outcome\na,holds\n")
    (results / "report.html").touch()
    # Nothing is recorded to compare with.
    assert said()[:2] == ["numbers  2 not run, 1 worse", "claims   1 holds"]
    assert said()[-1] == "open     results/desk/report.html"
    (results / "index.html").touch()
    assert said()[-1] == "open     results/desk/index.html"
    monkeypatch.setattr(summary, "one_line", lambda one, other: f"{one} as {other}")
    assert not [line for line in said() if line.startswith("compared")]
    Path("reproduction/desk").mkdir(parents=True)
    assert "compared results/desk as reproduction/desk" in said()


def test_the_preset_of_the_command_goes_before_that_of_the_file(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def named(*given: str) -> str:
        main(given)
        return capsys.readouterr().out.split("figures/")[1].split()[0]

    Path("config.yaml").write_text("preset: paper\n")
    assert named() == "paper"
    assert named("offline=true", "preset=desk") == "desk"
    Path("config.yaml").write_text("run: mine\n")
    assert named() == "quick-mine"
