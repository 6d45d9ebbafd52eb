"""What each commit is held to, and that it says so."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MADE = ("build", "dist", "results", "figures", ".venv", "lite", "site", "store", "relamp-quick.zip")


def test_hooks_run_what_make_check_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    # Local ones alone: another repository's would have a version of its own.
    assert [repo["repo"] for repo in hooks] == ["local"]
    programs = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks[0]["hooks"]}
    makefile = (ROOT / "Makefile").read_text()
    check = makefile[makefile.index("\ncheck:") : makefile.index("\nformat:")]
    assert programs == set(re.findall(r"\$\(BIN\)/(\w+)", check)) - {"python"}


def test_the_changelog_names_the_version_or_what_is_unreleased() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    heads = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert heads
    assert heads[0] == "Unreleased" or heads[0].startswith(version)
    assert set(re.findall(r"^### (.*)$", text, flags=re.MULTILINE)) <= {"Added", "Changed", "Fixed", "Removed"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
@pytest.mark.parametrize(
    "name", [*["build", "dist", "results", "figures", ".venv", "lite", "site", "store", "relamp-quick.zip"]]
)
def test_what_is_made_is_ignored(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "-q", f"{name}/x"], cwd=ROOT, check=False).returncode == 0


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
def test_files_are_as_the_editor_is_told_to_write_them() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kinds = (".py", ".smk", ".md", ".yaml", ".yml", ".toml", ".cff", ".sh", ".rst", ".html")
    free = ("published/", "reproduction/")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in kinds and not name.startswith(free) and path.is_file():
            text = path.read_bytes().decode("utf-8")
            assert "\r" not in text, name
            assert text.endswith("\n") or not text, name
            assert not re.search(r"[ \t]\n", text), name
