import os
import time
from pathlib import Path

import pytest

from relamp.errors import RelampError
from relamp.runtime.home import home
from relamp.study.cells import Cell, cells_of
from relamp.study.config import load_config
from relamp.study.plan import Plan
from relamp.tools import progress
from relamp.tools.cells import Standing, counted, grid, standing
from relamp.tools.plan import TRIGGERS, Job
from relamp.tools.progress import Left, print_progress, stand
from relamp.tools.run import CELLS, progress_main
from slurm_cluster import ROOT
from stored_rows import SMALL, write_made_up

MAG = "results/quick/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"
SIMGRACE = "results/quick/rows/svm-rbf/MUTAG/simgrace/default/rows.csv"
WL = "results/quick/rows/svm-rbf/MUTAG/wl/default/rows.csv"
LOGS = {"train_graphs": "logs/train/graphs/{dataset}/{method}/{setting}.log", "progress": "logs/progress.log"}
HOUR = {"start_s": 0, "expected_s": 3592}  # with what a job takes to start


def small(given: object = None) -> Plan:
    words = {**SMALL, **(given if isinstance(given, dict) else {})}
    config = load_config(words, home() / "workflow" / "presets")
    return Plan(config, "results/quick", "figures/quick", str(ROOT / "published"))


def write(path: str, plan: Plan) -> Path:
    write_made_up(Path(path), plan.asked(plan.known["judge"])[path])
    return Path(path)


def training(method: str, log: str) -> Job:
    folder = f"results/quick/train/graphs/MUTAG/{method}/default"
    return Job("train_graphs", "pretrain", ("data",), (f"{folder}/seed~0/embeddings.safetensors",), "", 1, HOUR, log)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CELLS, raising=False)
    monkeypatch.setattr(progress.shutil, "which", lambda _: None)
    return tmp_path


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return cells_of(small())


def rows_of(cells: list[Cell], table: str) -> dict[tuple[str, str], str]:
    return {(cell.method, cell.dataset): cell.rows for cell in cells if cell.table == table}


class TestCells:
    def test_each_has_the_rows_of_the_tables_own_setting(self, cells: list[Cell]) -> None:
        found = rows_of(cells, "lamp_table1")
        assert found["lamp-mag", "MUTAG"] == MAG
        assert found["wl", "MUTAG"] == WL
        assert found["lamp-mag", "PROTEINS"] == ""  # not among the data sets
        assert found["lamp-soft", "MUTAG"] == ""  # not among the methods
        # Neither averages and ranks nor what is not printed are cells.
        assert not {"A.A.", "A.R."} & {dataset for _, dataset in found}
        assert ("graphlet", "NCI1") not in found

    def test_a_number_measured_otherwise_than_its_table_has_other_rows(self) -> None:
        own = {**SMALL["unsupervised"], "methods": ["graphcl"]}  # type: ignore[dict-item]
        found = rows_of(cells_of(small({"unsupervised": own})), "mmix_table3")
        assert "/svm-rbf/MUTAG/graphcl/" in found["graphcl", "MUTAG"]  # quoted
        assert "/svm-linear/MUTAG/mp-mix/" in found["mp-mix", "MUTAG"]

    def test_sizes_and_branches_that_are_not_scored_are_left_out(self) -> None:
        edits = {**SMALL["mmix"]["edit_distance"], "dataset": "COIL-DEL", "protocol": {"nodes": [20]}}  # type: ignore[index]
        nodes = {**SMALL["mmix"]["nodes"], "datasets": ["Cora"], "pretraining": {"branches": ["average", "a", "z"]}}  # type: ignore[index]
        cells = cells_of(small({"mmix": {**SMALL["mmix"], "edit_distance": edits, "nodes": nodes}}))  # type: ignore[dict-item]
        sizes = {c.part: bool(c.rows) for c in cells if c.table == "mmix_table10" and c.method == "mp-mix"}
        assert sizes["n=20"]
        assert not sizes["n=50"]
        branches = rows_of(cells, "mmix_table6")
        assert branches["mp-mix-branch-a", "Cora"] == branches["mp-mix", "Cora"] != ""
        assert branches["mp-mix-branch-b", "Cora"] == ""

    def test_a_copy_has_the_rows_of_its_originals_numbers_where_that_is_left_out(self) -> None:
        def found(*datasets: str) -> str:
            images = {**SMALL["mmix"]["images"], "datasets": datasets, "methods": ["simclr"]}  # type: ignore[index]
            cells = cells_of(small({"mmix": {**SMALL["mmix"], "images": images}}))  # type: ignore[dict-item]
            return rows_of(cells, "mmix_table7")["simclr", "CIFAR-10"]

        assert "/image-probe/CIFAR-10-JPEG/simclr/" in found("CIFAR-10-JPEG")
        assert "/image-probe/CIFAR-10/simclr/" in found("CIFAR-10-JPEG", "CIFAR-10")

    @pytest.mark.parametrize("preset", ["quick", "desk", "paper"])
    def test_the_facts_of_all_are_known(self, preset: str) -> None:
        config = load_config({"preset": preset}, home() / "workflow" / "presets")
        plan = Plan(config, "results/x", "figures/x", str(ROOT / "published"))
        files = {cell.rows for cell in cells_of(plan)} - {""}
        assert files
        assert files <= plan.asked(plan.known["judge"]).keys()


def test_rows_are_done_if_they_are_there_as_asked_for(folder: Path) -> None:
    plan = small()
    asked = {path: plan.asked(plan.known["judge"])[path] for path in (MAG, SIMGRACE, WL)}
    assert standing(asked, [], []) == Standing()
    for path in asked:
        write(path, plan)
    Path(SIMGRACE).write_text(Path(SIMGRACE).read_text()[:-6])
    other = {**asked[WL], "seeds": [7]}
    found = standing({**asked, WL: other}, [Job("score", outputs=(MAG,))], [])
    assert found.done == found.again == {MAG}  # what is planned is made again
    assert [line.partition(";")[0] for line in found.wrong] == [
        f"{SIMGRACE}: its content does not match its sha256 line",
        f"{WL}: was made with seeds [0, 1], but [7] is asked for",
    ]
    assert [found.of(path) for path in (MAG, WL, "")] == ["done", "missing", "-"]


def test_rows_are_running_while_they_are_scored_or_their_method_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a clone may have rows of that name
    trained = [training("lamp-mag", "mag.log"), training("simgrace", "sim.log")]
    inputs = tuple(path for job in trained for path in job.outputs)
    jobs = [Job("pack", outputs=("data",), log="pack.log"), *trained]
    jobs += [Job("score", "", inputs, (MAG, SIMGRACE), log="score.log"), Job("bag", "", ("data",), (WL,), log="wl.log")]
    asked: dict[str, dict[str, object]] = {path: {} for path in (MAG, SIMGRACE, WL)}

    def running(*logs: str) -> set[str]:
        return set(standing(asked, jobs, logs).running)

    assert running("sim.log") == {SIMGRACE}  # though the other one is scored by the same job
    assert running("score.log") == {MAG, SIMGRACE}
    assert running("wl.log") == {WL}
    assert running("pack.log", "other.log") == set()


def test_what_is_counted_in_words() -> None:
    found = Standing(frozenset("ab"), frozenset("c"), frozenset("b"))
    words = "2 of 4 cells done, 1 running, 1 missing, 1.5 CPU-hours left; 1 done before are made again; 2 left out"
    assert counted(["a", "b", "c", "d", "", ""], found, 1.5) == f"{words} by this preset"


def test_a_grid_has_methods_and_data_sets() -> None:
    def cell(method: str, dataset: str, rows: str, metric: str = "nmi") -> Cell:
        return Cell("t", method, method, dataset, metric, "", rows)

    found = Standing(frozenset("a"), frozenset("b"))
    assert grid([cell("lamp", "MUTAG", "a"), cell("lamp", "DD", "b"), cell("wl", "DD", "c")], found) == [
        "      MUTAG  DD",
        "lamp  done   running",
        "wl           missing",
    ]
    assert grid([cell("lamp", "DD", "a"), cell("lamp", "DD", "", "ari")], found)[0] == "      DD nmi  DD ari"


def test_a_run_half_done_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = small()
    write(MAG, plan)
    Path(write(WL, plan)).write_text("garbage")
    log = Path("results/quick/logs/train/graphs/MUTAG/simgrace/default.log")
    log.parent.mkdir(parents=True)
    log.write_text("12:00:00 train_graphs, 1 CPU on here\n12:00:01 MUTAG, epochs: 3 of 20\n")
    trained = training("simgrace", str(log))
    jobs = [
        trained,
        Job("score", "svm", trained.outputs, (SIMGRACE,), "", 1, HOUR),
        Job("lamp_table1", "", (SIMGRACE,)),
    ]
    monkeypatch.setattr(progress, "plan", lambda *_, **__: jobs)
    monkeypatch.setattr(progress, "corrections", lambda *_: ([], "quick"))
    given = Path("results"), LOGS, "progress", "Snakefile", SMALL, str(ROOT / "published"), 4
    print_progress(*given)
    lines = capsys.readouterr().out.splitlines()
    told = {line.split(maxsplit=1)[0]: line for line in lines if line.strip()}
    # Of LAMP's Table 1: LAMP-Mag, SimGRACE and the WL kernel on MUTAG; the kernel's rows are garbage.
    assert "1 of 3 cells done, 1 running, 1 missing, 2.0 CPU-hours left; " in told["lamp_table1"]
    assert told["lamp_table2"].startswith("lamp_table2    ")
    assert f"missing, though there: {WL}: its content does not match its sha256 line; delete it and run" in "".join(
        lines
    )
    assert "2.0 CPU-hours left; " in told["all"]
    assert told["all"].endswith(" cores")
    assert lines[-1].endswith(f"{log}: 12:00:01 MUTAG, epochs: 3 of 20")
    # A log that ended, or of long ago, is of no job at work.
    log.write_text(log.read_text() + "12:00:02 used 3.0 s of CPU time\n")
    print_progress(*given)
    assert "1 of 3 cells done, 0 running, 2 missing" in capsys.readouterr().out
    log.write_text("12:00:00 train_graphs, 1 CPU on here\n")
    os.utime(log, (time.time() - 10_000,) * 2)
    monkeypatch.setenv(CELLS, "lamp_table1")
    print_progress(*given)
    first, *rows = capsys.readouterr().out.splitlines()
    assert "MUTAG" in first
    (mag,) = (row for row in rows if row.startswith("lamp-mag "))
    assert "done" in mag
    assert rows[-2].startswith("lamp_table1    1 of 3 cells done, 0 running, 2 missing")


def test_nothing_is_left_of_a_finished_table(folder: Path) -> None:
    plan = small()
    lines = stand(Left(plan, cells_of(plan), [], {}, 0.0, 0.0, 2), [], "")
    assert any("0 of 3 cells done, 0 running, 3 missing, 0.0 CPU-hours left" in line for line in lines)


def test_a_workflow_that_cannot_be_planned_is_told_in_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> list[Job]:
        raise RelampError("the workflow cannot be planned: first\nsecond")

    monkeypatch.setattr(progress, "plan", refused)
    with pytest.raises(RelampError) as caught:
        print_progress(Path("results"), LOGS, "progress", "Snakefile", SMALL, str(ROOT / "published"), 4)
    assert str(caught.value) == "the workflow cannot be planned: first second"


def test_a_table_is_named_as_it_is_called() -> None:
    with pytest.raises(RelampError, match="--cells: there is no table 'lamp_tabel1'; did you mean lamp_table1"):
        progress_main(["--cells", "lamp_tabel1"])


def test_what_makes_a_job_run_again_is_that_of_the_profile() -> None:
    profile = (ROOT / "profiles" / "default" / "config.yaml").read_text()
    assert f"rerun-triggers: [{', '.join(TRIGGERS)}]" in profile
