import os
from pathlib import Path

import pytest

from relamp.errors import RelampError
from relamp.runtime.earlier import keep, put_back
from relamp.runtime.files import write_text


def test_what_was_there_comes_back_with_its_time_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files, folder = ["figures/a.png", "figures/b.png", "figures/never.png"], Path("state/earlier")
    for name in files[:2]:
        write_text(name, f"old {name}")
        os.utime(name, ns=(10**18, 10**18))
    keep(files, folder)
    Path(files[0]).unlink()
    write_text(files[1], "new")
    assert put_back(files, folder) == [files[0]]
    assert Path(files[0]).read_text() == "old figures/a.png"
    assert Path(files[0]).stat().st_mtime_ns == 10**18
    assert Path(files[1]).read_text() == "new"
    assert put_back(files, folder) == []
    # What was not there when the next run begins does not come back.
    Path(files[0]).unlink()
    keep(files, folder)
    assert put_back(files, folder) == []


def test_without_links_a_copy_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    write_text("a.png", "old")
    os.utime("a.png", ns=(10**18, 10**18))
    keep(["a.png"], Path("earlier"))
    Path("a.png").unlink()
    assert put_back(["a.png"], Path("earlier")) == ["a.png"]
    assert (Path("a.png").read_text(), Path("a.png").stat().st_mtime_ns) == ("old", 10**18)


def test_where_nothing_can_be_kept_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text("a.png", "old")
    write_text("earlier", "a file where the folder would be")
    with pytest.raises(RelampError, match=r"a\.png: cannot be written \(File exists\); free some space"):
        keep(["a.png"], Path("earlier"))
