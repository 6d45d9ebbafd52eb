import re
from pathlib import Path

from slurm_cluster import ENV, PLAN, ROOT, needs_snakemake, run

pytestmark = needs_snakemake


PROFILE = "Using workflow specific profile profiles/default for setting default command line arguments."


def lines_of(*words: str, env: dict[str, str] | None = None) -> list[str]:
    """What a plan that is refused says, but for the profile that it takes."""
    said = run(ROOT, *PLAN, *words, code=1, **({"env": env} if env else {})).splitlines()
    return [line for line in said if line != PROFILE]


def planned(*words: str) -> dict[str, str]:
    """How many jobs of each rule would run."""
    return dict(re.findall(r"^(\w+) +(\d+)$", run(ROOT, *PLAN, "--forceall", *words), flags=re.MULTILINE))


def test_faults_of_the_configuration_are_a_line_each() -> None:
    unsupervised = 'unsupervised={"pretraining": {"lamp": {"gamma": 1.5}}, "methods": ["lamp-mga"]}'
    said = lines_of("--config", unsupervised, 'transfer={"seeds": []}')
    assert sorted(said) == [
        "config: transfer.seeds: at least one is needed (given: [])",
        "config: unsupervised.methods.0: there is no method 'lamp-mga'; did you mean lamp-mag? (given: 'lamp-mga')",
        "config: unsupervised.pretraining.lamp.gamma: input should be less than 1 (given: 1.5)",
    ]


def test_a_file_of_options_is_read_as_it_is_written(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("unsupervised:\n  datasets: [MUTAG]\nmirrors: []\nunsupervised:\n  kernels: []\n")
    (line,) = lines_of("--configfile", str(first))
    assert line == f"{first}: line 4: unsupervised stands here a second time (first in line 1); correct it"
    first.write_text("preset: desk\noffline: NO\n")
    second.write_text("preset: quick\nunsupervised: {datasets: NO}\n")
    (line,) = lines_of("--configfile", str(first), str(second), "--config", "cache=24:00:00")
    assert line == "config: unsupervised.datasets: input should be a valid tuple (given: 'NO')"


def test_an_unknown_name_within_a_target_is_a_line_and_what_is_left_out_is_planned_by_nobody() -> None:
    path = "results/quick/train/graphs/MUTAG/lamp-mga/default/seed~0/encoder.safetensors"
    assert lines_of("--", path) == [f"{path}: there is no method 'lamp-mga'; did you mean lamp-mag?"]
    counts = planned("all", "--config", "damage={datasets: []}", "mmix={images: {datasets: []}}")
    assert not {"lamp_fig2", "mmix_fig4", "mmix_fig5", "damage"} & set(counts)
    assert {"lamp_fig4", "mmix_table7", "judge"} <= set(counts)


def test_a_variable_that_no_job_can_use_is_told_before_the_start() -> None:
    (line,) = lines_of("audit", env={**ENV, "RELAMP_SAVE_SECONDS": "1m"})
    assert line.startswith("RELAMP_SAVE_SECONDS: '1m' is no number of seconds")


def test_snakemakes_own_log_shows_no_password() -> None:
    said = run(ROOT, *PLAN, "audit", "--config", "mirrors=http://me:sesame@host/")
    assert "mirrors=http://host/" in said
    assert "sesame" not in said


def test_every_named_target_can_be_planned_as_shipped() -> None:
    papers = (f"lamp_{name}" for name in ("fig2", "fig4", "fig5", "table1", "table2", "table3", "theorem"))
    mixes = [f"mmix_table{n}" for n in range(2, 11)] + [f"mmix_fig{n}" for n in range(2, 6)]
    judged = ["cross_table", "judge", "leakage", "comparisons", "audit", "verdict"]
    targets = ["datasets", *papers, "mmix", *mixes, "mmix_theorem", *judged, "all"]
    counts = planned(*targets)
    # Two data sets with 7 methods each, M-Mix's 9 on one of them; a sweep is one job, and so is an SVM over many runs.
    assert counts["train_graphs"] == str(2 * 7 + 9)
    assert counts["train_gamma_lamp_mag"] == counts["train_alpha_lamp_mag"] == "2"
    scored = [f"rbf_{name}" for name in ("tables", "gamma", "alpha", "cross", "controls")] + ["linear_linear"]
    assert [counts[f"score_svm_{name}"] for name in scored] == ["2", "2", "2", "1", "14", "1"]
    assert (counts["train_molecules"], counts["finetune"]) == ("3", "4")
    # Five of LAMP, the karate club and the digits.
    assert counts["pack"] == "7"


def test_a_subset_of_a_corpus_is_drawn_once_and_trained_on() -> None:
    counts = planned("lamp_table2", "--config", 'transfer={"molecules": 500}')
    # NCI, of which it is a part, and Solubility.
    assert [counts[name] for name in ("pack", "subset", "train_molecules", "finetune")] == ["2", "1", "3", "4"]


def test_the_paper_preset_can_be_planned_and_fetches_what_no_package_holds() -> None:
    counts = planned("all", "--config", "preset=paper", "mirrors=nowhere", "offline=true")
    # LAMP's eight sets of graphs, one of which is in a package too, eight of molecules and the corpus; M-Mix's three
    # further ones of graphs, three of nodes, and the digits, which a package holds.
    assert (counts["pack"], counts["fetch"]) == ("26", "24")
    # Each is a submission to a cluster, but for the fetching; Table 2 has 19 methods and two controls on eight sets.
    assert int(counts["total"]) < 1600


def test_what_is_given_on_the_command_line_is_planned() -> None:
    config = 'unsupervised={"datasets": ["Cuneiform"], "methods": ["untrained"], "seeds": [3], "sweeps": {}}'
    said = run(ROOT, *PLAN, "--forceall", "lamp_table1", "--config", config)
    assert "results/quick/train/graphs/Cuneiform/untrained/default/seed~3/encoder.safetensors" in said
    assert "MUTAG" not in said
    assert "seed~0" not in said
