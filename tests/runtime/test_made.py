import time
from pathlib import Path

import pytest

from relamp.runtime.files import write_json
from relamp.runtime.made import joined, of_rows, since


def entry(machine: str, seconds: float, commit: str | None = "c") -> dict[str, object]:
    return {"machine": machine, "commit": commit, "seconds": seconds}


def test_seconds_of_one_machine_and_commit_are_added_up() -> None:
    parts = [entry("A", 1.5), entry("B", 2)], [entry("A", 0.25), entry("A", 3, None)]
    assert joined(*parts) == [entry("A", 1.75), entry("B", 2), entry("A", 3, None)]
    assert joined() == joined([]) == []


def test_work_is_that_of_this_machine_and_commit_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relamp.runtime.made.machine", lambda: "A")
    monkeypatch.setattr("relamp.runtime.made.commit", lambda: "c")
    (found,) = since(time.monotonic() - 60)
    assert found == entry("A", pytest.approx(60, abs=5))


def test_rows_say_what_trained_the_files_that_they_score(tmp_path: Path) -> None:
    files = [tmp_path / f"seed~{seed}" / "embeddings.safetensors" for seed in range(3)]
    for seed, path in enumerate(files):
        path.parent.mkdir()
        # An older one does not say it, and beside some files there is none.
        if seed < 2:
            write_json(path.with_name("run.json"), {"made": [entry("A", 4)]} if seed else {"cpu": "A"})
    scoring = [entry("B", 1)]
    assert of_rows(scoring, files) == {"scoring": scoring, "training": [entry("A", 4)]}
    assert of_rows(scoring, files[2:]) == of_rows(scoring) == {"scoring": scoring}
