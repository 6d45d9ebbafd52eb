import json
from pathlib import Path

import pandas as pd

from relamp.artifacts.jobs import budget
from relamp.render.budget_table import budget_table


def trained(folder: Path, method: str, dataset: str, epochs: int, parameters: dict[str, int] | None) -> list[Path]:
    runs = []
    for seed in (0, 1):
        run = folder / f"train/graphs/{dataset}/{method}/default/seed~{seed}/run.json"
        run.parent.mkdir(parents=True)
        facts = {"dataset": dataset, "method": {"name": method}, "seed": seed}
        run.write_text(json.dumps({**facts, **({"parameters": parameters} if parameters else {})}))
        pd.DataFrame({"epoch": range(1, epochs + 1), "loss": 1.0}).to_csv(run.with_name("history.csv"), index=False)
        runs.append(run)
    return runs


def test_parameters_epochs_and_seconds_of_each_method_and_data_set(tmp_path: Path) -> None:
    sizes = {"encoder": 9888, "head": 2112, "learner": 14113}
    runs = trained(tmp_path, "ad-gcl-code", "MUTAG", 150, sizes)
    runs += trained(tmp_path, "graphcl", "PTC_MR", 20, {"encoder": 10, "head": 5})
    runs += trained(tmp_path, "graphcl", "MUTAG", 20, None)
    row = tmp_path / "benchmarks/train/graphs/MUTAG/ad-gcl-code/default.jsonl"
    row.parent.mkdir(parents=True)
    row.write_text('{"s": 1.0}\n{"s": 50.0}\n')
    output = tmp_path / "tables/budget.html"
    output.parent.mkdir()
    budget(runs, output, "make it")
    found = pd.read_csv(output.with_suffix(".csv")).set_index(["dataset", "method"])
    columns = ["encoder", "others", "epochs", "seeds", "seconds"]
    # 50 seconds in the last row, for two seeds.
    assert found.loc[("MUTAG", "ad-gcl-code"), columns].tolist() == [9888, 2112 + 14113, 150, 2, 25.0]
    assert found.loc[("PTC_MR", "graphcl"), columns[:4]].tolist() == [10, 5, 20, 2]
    # An older run does not say its parameters, and has no row.
    assert found.loc[("MUTAG", "graphcl"), ["encoder", "others", "seconds"]].isna().all()
    text = output.with_suffix(".md").read_text()
    assert "| AD-GCL (as in its code) | 9,888 | 16,225 | 150 | 2 | 25.0 |" in text


def test_a_training_s_own_seconds_count_wherever_it_was_taken_over(tmp_path: Path) -> None:
    runs = trained(tmp_path, "graphcl", "MUTAG", 20, None)
    for run, seconds in zip(runs, (30.0, 50.0), strict=True):
        made = [{"machine": "CPU A", "commit": None, "seconds": each} for each in (seconds, 10.0)]
        run.write_text(json.dumps({**json.loads(run.read_text()), "made": made}))
    (tmp_path / "tables").mkdir()
    budget(runs, tmp_path / "tables/budget.html", "make it")
    assert pd.read_csv(tmp_path / "tables/budget.csv")["seconds"].tolist() == [50.0]


def test_without_any_run_there_is_a_table_without_lines() -> None:
    assert budget_table([]).numbers.empty
