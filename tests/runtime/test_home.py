"""Where the files are that relamp needs besides its modules."""

from pathlib import Path

import pytest

from relamp.errors import RelampError
from relamp.runtime import home as module
from relamp.runtime.home import home

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_them_itself() -> None:
    assert home() == ROOT
    assert (home() / "Snakefile").is_file()


def test_an_installed_package_brings_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "lib" / "relamp"
    (package / "home" / "workflow" / "presets").mkdir(parents=True)
    # What lies around an installed package is none of its business.
    (tmp_path / "workflow" / "presets").mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert home() == package / "home"


def test_neither_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "lib" / "relamp")
    with pytest.raises(RelampError, match="the workflow's files are missing here; install relamp again"):
        home()
