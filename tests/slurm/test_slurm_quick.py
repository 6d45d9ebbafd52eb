"""The whole quick preset through the cluster, as a user would run it; some thirty minutes on two cores."""

import re
from pathlib import Path

import pytest

from slurm_cluster import ENV, ROOT, SITE, SNAKEMAKE, copy_project, run

pytestmark = pytest.mark.slurm
MOST = 130  # jobs submitted; there are that many and more trainings, folds and settings in them


def snakemake(folder: Path, *words: str) -> str:
    # The profile's nodes have four CPUs or more, those of the local cluster (up.sh) two.
    env = {key: value for key, value in ENV.items() if key != "RELAMP_SAVE_SECONDS"}
    return run(folder, *SNAKEMAKE, "--profile", "slurm", "--cores", "2", *words, env=env, timeout=5400)


def test_the_quick_preset_runs_from_plan_to_report(tmp_path: Path) -> None:
    folder = copy_project(tmp_path / "project")
    (folder / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    (folder / "slurm" / "site.yaml").write_text(SITE)
    said = snakemake(folder, "all")
    submitted = said.count("has been submitted with SLURM jobid")
    assert 50 < submitted <= MOST
    assert not re.search(r"SLURM-job .* failed", said)
    results = folder / "results" / "quick"
    assert (results / "report.html").stat().st_size > 1_000_000
    assert (results / "verdict.md").read_text().startswith("# Does it hold?")
    used = (results / "tables" / "efficiency.csv").read_text().splitlines()
    assert {line.partition(",")[0] for line in used} > {"pretrain", "svm", "finetune", "pretrain_nodes"}
    assert "Nothing to be done" in snakemake(folder, "all")
