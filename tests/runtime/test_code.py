import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from imports import imports, packages
from relamp.method.table import METHODS
from relamp.runtime import code as closure
from relamp.runtime.code import PACKAGE, altered, import_closure, write_altered, write_code
from relamp.runtime.job import named

WORKFLOW = Path(__file__).parents[2] / "workflow"
SCRIPTS = sorted((WORKFLOW / "scripts").glob("*.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAKERS = sorted({(name, row.maker.partition(":")[0]) for name, rows in METHODS.items() for row in rows.values()})


def names(paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(PACKAGE).as_posix() for path in paths]


def room(name: str) -> list[Path]:
    """All that a room's files import, and themselves."""
    files = sorted((PACKAGE / name).rglob("*.py"))
    assert files
    return sorted({*files, *(path for file in files for path in import_closure(file))})


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("import os\nfrom relampx import y\nimport numpy.random\n", ""),
        ("import relamp.errors", "errors"),
        ("import relamp.errors as e", "errors"),
        ("from relamp import errors", "errors"),
        ("from relamp.errors import RelampError", "errors"),
        ("from relamp.errors import *", "errors"),
        ("def later():\n    from relamp.errors import RelampError", "errors"),
        ("try:\n    import relamp.errors\nexcept ImportError:\n    raise", "errors"),
        ("import relamp.data", "data/__init__"),
        ("from relamp import data", "data/__init__"),
        ("from relamp import nonsense\nimport relamp.data.nonsense.more", "data/__init__"),
        (
            "from relamp.data.folds import load_folds",
            "data/__init__ data/folds data/packed data/streams errors "
            "runtime/__init__ runtime/controller runtime/files runtime/sealed",
        ),
    ],
)
def test_every_way_to_import_a_module_counts(tmp_path: Path, text: str, files: str) -> None:
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    expected = ["__init__.py", *(f"{name}.py" for name in files.split())] if files else []
    assert names(import_closure(tmp_path / "script.py")) == expected


@pytest.mark.parametrize(("domain", "module"), MAKERS)
def test_editing_a_method_reruns_no_other(domain: str, module: str) -> None:
    found = names(import_closure(WORKFLOW / "scripts" / "pretrain.py", f"relamp.train.{domain}", module))
    # The base class of a domain is no other method, and is itself the one that is left untrained; a method that is a
    # kind of another one, as ARGA is of GAE, runs again with it.
    makers = {row.maker for rows in METHODS.values() for row in rows.values() if row.maker.startswith(f"{module}:")}
    bases = {base.__module__ for maker in makers for base in named(maker).__mro__}
    others = {name for _, name in MAKERS} - bases - {f"relamp.method.{domain}"}
    assert not {name.removeprefix("relamp.").replace(".", "/") + ".py" for name in others} & set(found)
    assert {f"train/{domain}.py", "train/loop.py", "train/jobs.py"} <= set(found)
    # So a new line in a table, or a new check of the configuration, retrains nothing.
    assert not [name for name in found if name.startswith(("study/", "artifacts/")) or name.endswith("/table.py")]
    assert "data/registry.py" not in found


def test_pruning_counts_for_lamp_alone() -> None:
    users = {module for _, module in MAKERS if "method/prune.py" in names(import_closure(PACKAGE / "lite.py", module))}
    assert users == {"relamp.method.lamp"}


def test_the_closure_is_what_python_loads(tmp_path: Path) -> None:
    # An independent reading, by fixed point over all files of the package.
    direct = {path: imports(path) for path in SOURCES}
    modules = {".".join(("relamp", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in SOURCES}
    modules |= {name.removesuffix(".__init__"): path for name, path in modules.items()}

    def touched(dotted: str) -> set[Path]:
        parts = dotted.split(".")
        return {modules[name] for i in range(len(parts)) if (name := ".".join(parts[: i + 1])) in modules}

    for script in SCRIPTS:
        reached = {path for name in imports(script) for path in touched(name)}
        while more := {path for seen in reached for name in direct[seen] for path in touched(name)} - reached:
            reached |= more
        # Beside modules there are templates, which no import names.
        assert {path for path in import_closure(script) if path.suffix == ".py"} == reached


def test_nothing_in_the_library_knows_snakemake() -> None:
    assert len(SOURCES) > 20
    assert not [path for path in SOURCES if "snakemake" in packages([path])]


# From the ground up: a room imports rooms below it alone, and of one floor none another.
FLOORS = [
    floor.split()
    for floor in (
        *("errors", "runtime", "settings", "kernels", "data", "augment", "graph", "loss mixing", "model", "method"),
        *("evaluate", "train", "judge", "render", "artifacts", "study", "tools", "lite __main__", "site"),
    )
]
FLOOR = {name: number for number, rooms in enumerate(FLOORS) for name in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_no_import_runs_upwards() -> None:
    for path in SOURCES:
        for name in imports(path) if path.parent != PACKAGE or path.name != "__init__.py" else ():
            parts = name.split(".")
            if parts[0] == "relamp" and len(parts) > 1:
                here, there = room_of(path), parts[1]
                assert here == there or FLOOR[there] < FLOOR[here], f"{path.relative_to(PACKAGE)} imports {name}"


def test_every_room_has_a_floor_and_few_files_lie_loose() -> None:
    assert {room_of(path) for path in SOURCES} - {"__init__"} == set(FLOOR)
    assert len(list(PACKAGE.glob("*.py"))) <= 4


@pytest.mark.parametrize(
    ("rooms", "heavy"),
    [
        (("evaluate", "judge", "render", "artifacts"), {"torch", "torch_geometric"}),
        (("runtime", "settings"), {"numpy", "torch", "scipy", "sklearn"}),
    ],
)
def test_rooms_after_training_need_no_torch_and_what_does_not_count_computes_nothing(
    rooms: tuple[str, ...], heavy: set[str]
) -> None:
    for name in rooms:
        assert not heavy & packages(room(name)), name


def test_data_knows_no_method_and_methods_know_no_data_set() -> None:
    known = set(names(room("method")))
    assert not {"data/registry.py", "data/packaged.py", "data/tu.py", "data/molecules.py"} & known


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_only_training_scripts_need_torch(script: Path) -> None:
    needs = "torch" in packages(import_closure(script))
    assert needs == (script.stem in {"pretrain", "finetune", "embed_edits", "information"})


def test_scores_survive_edits_of_training_and_of_other_evaluations() -> None:
    found = names(import_closure(WORKFLOW / "scripts" / "score.py", "relamp.evaluate.svm"))
    assert "evaluate/svm.py" in found
    assert not [name for name in found if name.startswith(("model/", "method/", "train/", "loss/", "augment/"))]
    assert not {"evaluate/clustering.py", "evaluate/edit_distance.py", "evaluate/table.py"} & set(found)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package as if it were this one, and a script that imports it."""
    texts = {
        "__init__.py": "",
        "a.py": "from relamp.b import c\n",
        "b.py": "from relamp import a\nc = 1\n",
        "other.py": "",
        "runtime/__init__.py": "",
        "runtime/log.py": "word = 1\n",
    }
    for name, text in texts.items():
        path = tmp_path / "relamp" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "script.py").write_text("from relamp import a\nfrom relamp.runtime import log\n")
    monkeypatch.setattr(closure, "PACKAGE", tmp_path / "relamp")
    return tmp_path


def written(package: Path) -> str:
    for cached in (closure._imported, closure._sha256):
        cached.cache_clear()
    write_code(package / "code.txt", package / "script.py")
    return (package / "code.txt").read_text()


def test_the_code_that_counts_is_a_line_per_file(package: Path) -> None:
    lines = [line.split("  ") for line in written(package).splitlines()]
    assert [name for _, name in lines] == ["__init__.py", "a.py", "b.py", "scripts/script.py"]
    assert lines[2][0] == hashlib.sha256(b"from relamp import a\nc = 1\n").hexdigest()


def test_only_an_edit_that_counts_writes_it_again(package: Path) -> None:
    first, time = written(package), (package / "code.txt").stat().st_mtime_ns
    for name in ("other.py", "runtime/log.py"):
        (package / "relamp" / name).write_text("edited = 2\n")
    assert written(package) == first
    assert (package / "code.txt").stat().st_mtime_ns == time
    changed = package / "relamp" / "b.py"
    before = changed.read_text()
    changed.write_text("c = 2\n")
    assert written(package) != first
    changed.write_text(before)
    assert written(package) == first


def test_a_folder_reached_through_a_link_has_the_same_code(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = written(package)
    (package / "link").symlink_to(package)
    monkeypatch.setattr(closure, "PACKAGE", package / "link" / "relamp")
    assert written(package) == straight


def test_templates_count_where_they_are_filled_in(package: Path) -> None:
    (package / "relamp" / "templates").mkdir()
    (package / "relamp" / "templates" / "page.html").write_text("<p>")
    assert "templates/page.html" not in written(package)
    (package / "relamp" / "b.py").write_text("from jinja2 import Template\nc = 1\n")
    assert "templates/page.html" in written(package)


def test_files_from_outside_count_by_content(package: Path) -> None:
    outside, target = package / "claims.yaml", package / "code.txt"
    outside.write_text("a")
    write_code(target, package / "script.py", outside=[outside])
    assert target.read_text().splitlines()[-1] == f"{hashlib.sha256(b'a').hexdigest()}  {outside}"


def test_what_a_record_does_not_say_is_written_once_for_each_change(tmp_path: Path) -> None:
    target, record, raw = tmp_path / "altered.txt", tmp_path / "record.json", tmp_path / "raw.zip"

    def written(content: bytes | None, recorded: bytes) -> str:
        closure._sha256.cache_clear()
        raw.unlink(missing_ok=True) if content is None else raw.write_bytes(content)
        entry = {"path": str(raw), "sha256": hashlib.sha256(recorded).hexdigest()}
        record.write_text(json.dumps([entry]))
        write_altered(target, record)
        return target.read_text()

    write_altered(target, record)
    assert target.read_text() == ""
    assert written(b"1", b"1") == ""
    told = written(b"2", b"1")
    assert told == f"{hashlib.sha256(b'2').hexdigest()}  raw.zip\n"
    # Fetched anew it is as recorded: what was told stays, or the next look would be a change.
    assert written(b"2", b"2") == told
    assert written(b"1", b"2") not in ("", told)
    # A mirror that is not there now has not changed.
    assert written(None, b"1") == target.read_text() != ""
    for damaged in ("[", '{"a": 1}', "[1]", '[{"path": "x"}]'):
        closure._sha256.cache_clear()
        record.write_text(damaged)
        write_altered(target, record)
        assert target.read_text() == f"{hashlib.sha256(damaged.encode()).hexdigest()}  record.json\n"


def test_a_list_of_source_files_says_which_are_altered_here(tmp_path: Path) -> None:
    write_code(file := tmp_path / "code.txt", WORKFLOW / "scripts" / "folds.py")
    text = file.read_text()
    assert "  scripts/folds.py\n" in text
    assert altered(text) == []
    lines = [line if not line.endswith("  errors.py") else f"{'0' * 64}  errors.py" for line in text.splitlines()]
    assert altered("\n".join([*lines, f"{'0' * 64}  scripts/gone.py", "garbage"])) == [
        "errors.py",
        "scripts/gone.py",
        "",
    ]
