import re

from slurm_cluster import PLAN, ROOT, needs_snakemake, run

pytestmark = needs_snakemake


def planned(*words: str) -> dict[str, str]:
    """How many jobs of each rule would run."""
    return dict(re.findall(r"^(\w+) +(\d+)$", run(ROOT, *PLAN, "--forceall", *words), flags=re.MULTILINE))


def test_faults_of_the_configuration_are_a_line_each() -> None:
    unsupervised = 'unsupervised={"pretraining": {"lamp": {"gamma": 1.5}}, "methods": ["lamp-mga"]}'
    said = run(ROOT, *PLAN, "--config", unsupervised, 'transfer={"seeds": []}', code=1).splitlines()
    # Snakemake itself says that --config extends the file, and a profile its command; every other line is one of ours.
    own = ("Config file ", "Using workflow specific profile ")
    assert sorted(line for line in said if not line.startswith(own)) == [
        "config: transfer.seeds: at least one is needed (given: [])",
        "config: unsupervised.methods.0: there is no method 'lamp-mga'; did you mean lamp-mag? (given: 'lamp-mga')",
        "config: unsupervised.pretraining.lamp.gamma: input should be less than 1 (given: '1.5')",
    ]


def test_every_named_target_can_be_planned_as_shipped() -> None:
    papers = (f"lamp_{name}" for name in ("fig2", "fig4", "fig5", "table1", "table2", "table3"))
    mixes = [f"mmix_table{n}" for n in range(2, 11)] + [f"mmix_fig{n}" for n in range(2, 6)]
    judged = ["cross_table", "judge", "leakage", "comparisons", "audit", "verdict"]
    targets = ["datasets", *papers, "mmix", *mixes, "mmix_theorem", *judged, "all"]
    counts = planned(*targets)
    # Two data sets with 6 methods each, M-Mix's 8 on one of them; a sweep is one job, and so is an SVM over many runs.
    assert counts["train_graphs"] == str(2 * 6 + 8)
    assert counts["train_gamma_lamp_mag"] == counts["train_alpha_lamp_mag"] == "2"
    scored = [f"rbf_{name}" for name in ("tables", "gamma", "alpha", "cross", "controls")] + ["linear_linear"]
    assert [counts[f"score_svm_{name}"] for name in scored] == ["2", "2", "2", "1", "6", "1"]
    assert (counts["train_molecules"], counts["finetune"]) == ("3", "4")
    # Five of LAMP, the karate club and the digits.
    assert counts["pack"] == "7"


def test_the_paper_preset_can_be_planned_and_fetches_what_no_package_holds() -> None:
    counts = planned("all", "--config", "preset=paper", "mirrors=nowhere", "offline=true")
    # LAMP's eight sets of graphs, one of which is in a package too, eight of molecules and the corpus; M-Mix's three
    # further ones of graphs, three of nodes, and the digits, which a package holds.
    assert (counts["pack"], counts["fetch"]) == ("24", "22")
    assert int(counts["total"]) < 500  # each is a submission to a cluster, but for the fetching


def test_what_is_given_on_the_command_line_is_planned() -> None:
    config = 'unsupervised={"datasets": ["Cuneiform"], "methods": ["untrained"], "seeds": [3], "sweeps": {}}'
    said = run(ROOT, *PLAN, "--forceall", "lamp_table1", "--config", config)
    assert "results/quick/train/graphs/Cuneiform/untrained/default/seed~3/encoder.safetensors" in said
    assert "MUTAG" not in said
    assert "seed~0" not in said
