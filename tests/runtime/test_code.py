import ast
import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.method.table import METHODS, MethodRow
from relamp.runtime import code as closure
from relamp.runtime.code import PACKAGE, closure_sha256, import_closure

WORKFLOW = Path(__file__).parents[2] / "workflow"
SCRIPTS = sorted((WORKFLOW / "scripts").glob("*.py"))
JOBS = {
    name for rules in (WORKFLOW / "rules").glob("*.smk") for name in re.findall(r"scripts/(\w+)\.py", rules.read_text())
}
SOURCES = sorted(PACKAGE.rglob("*.py"))
ROWS = [(domain, name, row) for domain, rows in METHODS.items() for name, row in rows.items()]
LOADED_BY_NAME = {row.maker.partition(":")[0] for _, _, row in ROWS}


def names(paths: Iterable[Path]) -> list[str]:
    return [path.relative_to(PACKAGE).as_posix() for path in paths]


def closed(tmp_path: Path, text: str, *modules: str) -> list[str]:
    script = tmp_path / f"{hashlib.sha256(text.encode()).hexdigest()}.py"
    script.write_text(text, encoding="utf-8")
    return names(import_closure(script, *modules))


def imports(path: Path) -> set[str]:
    """Dotted names that one file imports; an independent and coarser reading than the library's."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import, which the closure does not follow"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(paths: Iterable[Path]) -> set[str]:
    """First parts of all that some files import."""
    return {name.partition(".")[0] for path in paths for name in imports(path)}


def room(name: str) -> list[Path]:
    """All that a room's files import, and themselves."""
    files = sorted((PACKAGE / name).rglob("*.py"))
    assert files
    return sorted({*files, *(path for file in files for path in import_closure(file))})


def test_a_script_without_the_package_depends_on_nothing(tmp_path: Path) -> None:
    assert closed(tmp_path, "import os\nfrom relampx import y\nimport numpy.random\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "import relamp.errors",
        "import relamp.errors as e",
        "from relamp import errors",
        "from relamp.errors import RelampError",
        "from relamp.errors import *",
        "def later():\n    from relamp.errors import RelampError",
        "try:\n    import relamp.errors\nexcept ImportError:\n    raise",
    ],
)
def test_every_way_to_import_a_module_counts(tmp_path: Path, text: str) -> None:
    assert closed(tmp_path, text) == ["__init__.py", "errors.py"]


def test_modules_are_followed_through_modules(tmp_path: Path) -> None:
    found = closed(tmp_path, "from relamp.data.folds import load_folds")
    assert found == [
        "__init__.py",
        "data/__init__.py",
        "data/folds.py",
        "data/packed.py",
        "errors.py",
        "runtime/__init__.py",
        "runtime/files.py",
    ]


def test_a_package_alone_counts_as_its_init(tmp_path: Path) -> None:
    assert closed(tmp_path, "import relamp.data") == ["__init__.py", "data/__init__.py"]
    assert closed(tmp_path, "from relamp import data") == ["__init__.py", "data/__init__.py"]


def test_names_that_are_no_file_find_no_file(tmp_path: Path) -> None:
    assert closed(tmp_path, "from relamp import nonsense\nimport relamp.data.nonsense.more") == [
        "__init__.py",
        "data/__init__.py",
    ]


def test_modules_that_import_each_other_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "relamp"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("import relamp.b\n")
    (package / "b.py").write_text("from relamp import a\n")
    (package / "c.py").write_text("from relamp import a\n")
    monkeypatch.setattr(closure, "PACKAGE", package)
    assert import_closure(package / "a.py") == [package / name for name in ("__init__.py", "a.py", "b.py")]


def test_pretraining_depends_on_a_loss_only_through_its_method(tmp_path: Path) -> None:
    text = "from relamp.train.jobs import pretrain"
    plain = closed(tmp_path, text, "relamp.train.graphs")
    assert {"train/graphs.py", "train/loop.py", "method/base.py", "settings/graphs.py"} <= set(plain)
    assert not {"train/nodes.py", "train/images.py", "train/molecules.py", "model/resnet.py"} & set(plain)
    assert not [name for name in plain if name.startswith(("loss/", "evaluate/", "mixing/"))]
    lamp = closed(tmp_path, text, "relamp.train.graphs", "relamp.method.lamp")
    assert {"loss/nt_xent.py", "method/prune.py", "method/lamp.py"} <= set(lamp)
    assert set(plain) < set(lamp)


@pytest.mark.parametrize(("domain", "name", "row"), ROWS)
def test_editing_a_method_reruns_no_other(domain: str, name: str, row: MethodRow) -> None:
    module = row.maker.partition(":")[0]
    found = names(import_closure(WORKFLOW / "scripts" / "pretrain.py", f"relamp.train.{domain}", module))
    bases = {f"relamp.method.{room}" for room in METHODS}
    others = {name.removeprefix("relamp.").replace(".", "/") + ".py" for name in LOADED_BY_NAME - {module} - bases}
    assert not others & set(found)
    # So a new line in the table, or a new check of the configuration, retrains nothing.
    assert not {"method/table.py", "study/config.py", "runs.py", "data/registry.py"} & set(found)


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
        assert set(import_closure(script)) == reached


def test_no_import_is_relative_and_none_but_the_methods_is_by_name() -> None:
    for path in SOURCES:
        imports(path)  # asserts
        if "importlib" in packages([path]) and "import_module" in path.read_text(encoding="utf-8"):
            assert path == PACKAGE / "method" / "base.py"


def test_nothing_in_the_library_knows_snakemake() -> None:
    assert len(SOURCES) > 20
    assert not [path for path in SOURCES if "snakemake" in packages([path])]


@pytest.mark.parametrize("name", ["evaluate", "judge", "render"])
def test_rooms_after_training_need_no_torch(name: str) -> None:
    assert not {"torch", "torch_geometric"} & packages(room(name))
    assert not any(path.parts[0] in {"method", "model"} for path in map(Path, names(room(name)))) or name == "render"
    assert not {"method/lamp.py", "method/base.py", "data/batch.py"} & set(names(room(name)))


def test_data_knows_no_method_and_methods_know_no_data_set() -> None:
    assert not [name for name in names(room("data")) if name.startswith(("method/", "model/", "steps/"))]
    known = set(names(room("method")))
    assert not {"data/registry.py", "data/embedded.py", "data/tu.py", "data/molecules.py"} & known
    assert not [name for name in known if name.startswith(("steps/", "evaluate/", "judge/", "render/"))]


def test_rooms_know_no_steps_and_steps_no_configuration() -> None:
    for name in ("data", "graph", "model", "method", "evaluate", "judge", "render"):
        assert not [found for found in names(room(name)) if found.startswith("steps/") or found == "study/config.py"]
    assert "study/config.py" not in names(room("steps"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_short_and_call_one_step(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) < 40
    ours = {name for name in imports(script) if name.startswith("relamp")}
    if script.stem in JOBS:
        assert "relamp.runtime.job.run" in ours
        assert packages([script]) <= {"relamp", "pathlib"}
    (step,) = ours - {"relamp.runtime.job.run", "relamp.runtime.code.closure_sha256"}
    assert step.startswith(("relamp.steps.", "relamp.tools.", "relamp.train.jobs."))


def test_every_job_has_its_script() -> None:
    assert {"pack", "folds", "pretrain", "svm", "finetune"} <= JOBS <= {script.stem for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_only_training_scripts_need_torch(script: Path) -> None:
    needs = "torch" in packages(import_closure(script))
    assert needs == (script.stem in {"pretrain", "finetune", "embed_edits"})


def test_svm_scores_survive_edits_of_training() -> None:
    found = names(import_closure(WORKFLOW / "scripts" / "svm.py"))
    assert {"evaluate/svm.py", "steps/svm.py", "data/folds.py"} <= set(found)
    assert not [name for name in found if name.startswith(("model/", "method/", "graph/"))]
    assert not {
        "train/graphs.py",
        "loss/nt_xent.py",
        "method/prune.py",
        "train/molecules.py",
        "data/batch.py",
        "evaluate/kernels.py",
    } & set(found)


def copy(to: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A copy of some of the package, as if it were the package."""
    to.mkdir(parents=True)
    for name in ("errors.py", "lite.py"):
        shutil.copy(PACKAGE / name, to / name)
    monkeypatch.setattr(closure, "PACKAGE", to)
    return [to / "errors.py", to / "lite.py"]


def test_the_hash_depends_on_contents_and_names_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = closure_sha256([PACKAGE / "lite.py", PACKAGE / "errors.py"])
    paths = copy(tmp_path / "elsewhere" / "relamp", monkeypatch)
    assert closure_sha256(paths) == closure_sha256(reversed(paths)) == here
    paths[0].write_text(paths[0].read_text(encoding="utf-8") + "\n", encoding="utf-8")
    edited = closure_sha256(paths)
    assert edited != here
    assert closure_sha256(paths[:1]) != edited
    paths[0].rename(paths[0].with_name("error.py"))
    assert closure_sha256([paths[0].with_name("error.py"), paths[1]]) != edited


def test_the_hash_is_the_same_through_a_link_to_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = closure_sha256([PACKAGE / "errors.py"])
    link = tmp_path / "linked"
    link.symlink_to(PACKAGE, target_is_directory=True)
    assert closure_sha256([link / "errors.py"]) == straight
    monkeypatch.setattr(closure, "PACKAGE", link)
    assert closure_sha256([link / "errors.py"]) == closure_sha256([(link / "errors.py").resolve()]) == straight


@given(st.lists(st.sampled_from(SOURCES), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_the_hash_does_not_depend_on_the_order(paths: list[Path], random: object) -> None:
    assert closure_sha256(paths) == closure_sha256(sorted(paths, reverse=True))
