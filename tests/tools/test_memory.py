from pathlib import Path

import psutil

from relamp.tools.memory import _left_in_groups, free_mb


def group(folder: Path, limit: str, used: int, cached: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nactive_file 7\n")


def test_each_group_above_has_its_limit(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("1:name=systemd:/other\n0::/user/session\n")
    group(tmp_path / "user" / "session", "max", 900, 0)
    assert _left_in_groups(tmp_path, membership) == []
    group(tmp_path / "user", "1000", 900, 300)  # what only caches files is free
    assert _left_in_groups(tmp_path, membership) == [400]
    group(tmp_path / "user" / "session", "1000", 2000, 0)  # the limit was lowered meanwhile
    assert _left_in_groups(tmp_path, membership) == [0, 400]
    assert _left_in_groups(tmp_path, tmp_path / "none") == []


def test_no_more_is_free_than_there_is() -> None:
    assert 0 < free_mb() <= psutil.virtual_memory().total // 10**6
