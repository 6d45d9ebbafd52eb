from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.data.registry import REGISTRY, Expected
from relamp.errors import RelampError
from relamp.method.table import METHODS
from relamp.settings.nodes import NodePretraining
from relamp.study.config import load_config
from relamp.study.resources import (
    LAYERS_MB,
    Rate,
    asked,
    contrasts,
    count,
    encoder_work,
    image_work,
    load_rates,
    need,
    planned_epochs,
    site_words,
    threads_for,
    trained_mb,
    training_disk,
    training_work,
)
from relamp.study.studies import Run, studies
from training import make

ROOT = Path(__file__).parents[2]
RATES = load_rates(ROOT / "workflow" / "rates.csv")
TRAIN = Rate("train", "messages", "messages", True, 10, 2, 1000, 100, 5, 20)


@pytest.fixture(autouse=True)
def _no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_DEVICE", raising=False)


def test_a_step_that_takes_longer_is_work() -> None:
    study = studies(load_config({"preset": "evening"}, ROOT / "workflow" / "presets"))["corpus"]
    plain, masked, dear = (
        training_work(study, Run(name, "default"), "BBBP") for name in ("graphcl", "attrmasking", "d-sla")
    )
    assert (masked / plain, dear / plain) == pytest.approx((0.8, 3.1))


def test_a_step_of_a_rival_on_graphs_is_work_too() -> None:
    study = studies(load_config({"preset": "quick"}, ROOT / "workflow" / "presets"))["tables"]
    names = ("simgrace", "joao", "rgcl", "ad-gcl", "node2vec")
    plain, *dear = (training_work(study, Run(name, "default"), "MUTAG") for name in names)
    epochs = study.training.epochs  # vectors are learnt in one step
    assert [each / plain for each in dear] == pytest.approx([3, 5, 12, 2000 / epochs])


def test_what_is_counted() -> None:
    assert count("graphs", "MUTAG") == 188
    assert count("pairs", "MUTAG") == 188**2
    assert count("messages", "MUTAG") == 3371 + 2 * 3721
    assert count("messages", "ZINC15-2M") == 75 * 2_000_000  # nodes and edges are not known
    assert count("graphs", "Digits") == 1797
    assert count("nothing", "MUTAG") == count("messages", None) == 0
    assert count("passes", "MUTAG") == count("passes", None) == 1
    assert count("graphs", "MY-OWN") == 2_000


def test_own_data_count_by_their_own_size() -> None:
    own = {"MINE": Expected(rows=60_000, graphs=60_000, nodes=1_200_000, edges=1_140_000)}
    counts = [count(what, "MINE", own) for what in ("graphs", "nodes", "messages", "pairs", "features")]
    assert counts == [60_000, 1_200_000, 3_480_000, 60_000**2, 0]
    assert count("graphs", "MUTAG", own) == 188
    small = {"MINE": Expected(rows=24, graphs=24, nodes=120, edges=96)}
    large, little = (need(TRAIN, "MINE", 100, own=sizes) for sizes in (own, small))
    assert (large.expected_s, little.expected_s) == (706, 11)  # 10 + 2 * 3.48 * 100, 10 + 2 * 0.000312 * 100
    assert large.mem_mb > little.mem_mb
    asked_of = asked(TRAIN, {}, 100, own=own)
    assert asked_of["expected_s"](SimpleNamespace(dataset="MINE"), 1, 1) == 706


def test_the_work_of_graph_methods_by_hand() -> None:
    config = load_config({"preset": "quick"}, ROOT / "workflow" / "presets")
    study = studies(config)["tables"]
    local, other = ("lamp-mag", "gamma~0.2_alpha~1"), ("lamp-mag-nolocal", "gamma~0.2")
    epochs, seeds = study.training.epochs, len(study.seeds)
    passed = training_work(study, Run(*other), "COLLAB")
    assert passed == pytest.approx(seeds * epochs * 0.372474)
    assert study.training.local_nodes == 1000
    # 40 batches of 1,000 sampled nodes, and 2 of MUTAG.
    pairs = training_work(study, Run(*local), "COLLAB") - passed
    assert pairs == pytest.approx(seeds * epochs * 0.0043 * 40 * 1)
    more = training_work(study, Run(*local), "MUTAG") - training_work(study, Run(*other), "MUTAG")
    assert more == pytest.approx(seeds * epochs * 0.0043 * 2 * 1)
    assert training_work(study, Run("lamp-mag", "gamma~0.2_alpha~0"), "COLLAB") == pytest.approx(passed)


def test_mvgrl_has_the_layers_of_its_own_encoder() -> None:
    def work(method: str, **options: object) -> float:
        given = {"cross": {"methods": [method]}, "unsupervised": {"pretraining": {"mmix": options}}}
        config = load_config({"preset": "quick", **given}, ROOT / "workflow" / "presets")
        return training_work(studies(config)["cross"], Run(method, "default"), "MUTAG")

    one = work("mvgrl", host="one-layer", host_layers=8)
    assert [work("mvgrl", host_layers=layers) for layers in (1, 2, 8)] == pytest.approx([one, 2 * one, 8 * one])
    assert work("mp-mix", host_layers=8) == work("mp-mix-code") == pytest.approx(one)


def test_images_by_hand() -> None:
    """Of a picture of Digits at width 8: 50 + 84.8 + 27.84 = 162.64; of CIFAR-10 at width 16: 50 + 16 * 280.96."""
    assert image_work(64, 8) == 1
    assert image_work(3 * 32 * 32, 16) == pytest.approx((50 + 16 * (169.6 + 111.36)) / 162.64)
    small = {
        "datasets": ["Digits", "CIFAR-10"],
        "seeds": [0],
        "pretraining": {"epochs": 5, "checkpoints": [0], "width": 8},
    }
    study = studies(load_config({"preset": "quick", "mmix": {"images": small}}, ROOT / "workflow" / "presets"))[
        "images"
    ]
    digits, cifar = (training_work(study, Run("simclr", "default"), name) for name in small["datasets"])
    assert (digits, cifar / digits) == (5, image_work(3072, 8))


def test_pairs_of_nodes_are_those_of_a_sample_or_of_all() -> None:
    # Cora has 2,708 nodes and 1,433 features, of which a third counts as so many pairs.
    assert contrasts("Cora", 2_000) == pytest.approx(4 + 2_000 * 1_433 / 3e6)
    assert contrasts("Cora", 10_000) == pytest.approx(2.708**2 + 2_708 * 1_433 / 3e6)
    assert contrasts("MY-OWN", 500) == 0.25


def test_a_need_worked_out_by_hand() -> None:
    # COLLAB: 372474 nodes and 12286079 edges are 24.944632 million messages.
    found = need(TRAIN, "COLLAB", times=100)
    seconds = 10 + 2 * 24.944632 * 100
    assert found.expected_s == int(seconds) + 1 == 4999
    assert found.runtime == int(3 * seconds / 60) + 1 == 250
    assert LAYERS_MB == 300
    assert found.mem_mb == 3800  # 300 + 1000 + 2494.5, to whole hundreds
    assert (found.gpu, found.start_s, found.disk_mb) == (1, 10, 504)  # 5 + 498.9
    # Four processes take a quarter of the time beyond the start, and memory each.
    side = need(TRAIN, "COLLAB", times=100, threads=4)
    assert (side.expected_s, side.mem_mb) == (1258, 6800)
    assert need(TRAIN, "COLLAB", times=100, threads=0) == found  # a dry run may have no core
    small = need(TRAIN, "MUTAG")
    assert (small.expected_s, small.runtime, small.mem_mb) == (11, 10, 1400)


def test_a_thread_is_worth_its_start() -> None:
    # An hour and more of work on COLLAB has all eight, 100 seconds of it have five, and a short job has one.
    assert [threads_for(TRAIN, "COLLAB", times, 8) for times in (100, 2, 0.01)] == [8, 5, 1]
    assert threads_for(TRAIN, "MUTAG", 1, 8) == 1
    assert threads_for(TRAIN, "COLLAB", 100, 1) == 1


@given(st.sampled_from(sorted(REGISTRY)), st.sampled_from(sorted(RATES)), st.integers(4, 9), st.integers(0, 10_000))
def test_later_attempts_ask_for_twice_and_four_times_as_much(dataset: str, kind: str, late: int, times: int) -> None:
    one, two, three, last = (need(RATES[kind], dataset, times, attempt) for attempt in (1, 2, 3, late))
    assert (two.runtime, two.mem_mb) == (2 * one.runtime, 2 * one.mem_mb)
    assert (three.runtime, three.mem_mb) == (4 * one.runtime, 4 * one.mem_mb)
    assert (two.expected_s, two.gpu) == (one.expected_s, one.gpu)
    assert last == three


@given(st.sampled_from(sorted(REGISTRY)), st.sampled_from(sorted(RATES)), st.integers(0, 10_000))
def test_more_work_needs_no_less_time_and_the_same_memory(dataset: str, kind: str, times: int) -> None:
    less, more = need(RATES[kind], dataset, times), need(RATES[kind], dataset, times + 1)
    assert less.expected_s <= more.expected_s <= 60 * more.runtime / 3 + 1
    assert less.mem_mb == more.mem_mb > LAYERS_MB


def test_a_rules_resources_follow_wildcards_and_attempt() -> None:
    wildcards = SimpleNamespace(dataset="COLLAB", method="lamp-mag")
    made = asked(TRAIN, {}, times=lambda given: 100 if given.method == "lamp-mag" else 0)
    assert made.pop("kind") == TRAIN.kind
    assert {name: function(wildcards, 1, 1) for name, function in made.items()} == vars(need(TRAIN, "COLLAB", 100))
    assert made["mem_mb"](wildcards, 2, 1) == 7600
    assert asked(TRAIN, {}, 100)["runtime"](wildcards, 1, 1) == 250


def test_one_switch_trains_on_cpus_with_the_words_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"all": {"slurm_account": "me"}, "cpu": {"slurm_partition": "cpu"}, "gpu": {"gpu_model": "a100"}}
    on_gpu = asked(TRAIN, words)
    assert (on_gpu["slurm_account"], on_gpu["gpu_model"]) == ("me", "a100")
    assert on_gpu["gpu"](SimpleNamespace(), 1, 1) == 1
    assert "slurm_partition" not in on_gpu
    monkeypatch.setenv("RELAMP_DEVICE", "cpu")
    on_cpu = asked(TRAIN, words)
    assert (on_cpu["slurm_account"], on_cpu["slurm_partition"]) == ("me", "cpu")
    assert on_cpu["gpu"](SimpleNamespace(), 1, 1) == 0
    assert "gpu_model" not in on_cpu
    assert "gpu" not in asked(RATES["svm"], words)


def test_encoders_by_their_width_and_layers() -> None:
    assert encoder_work(32, 3) == pytest.approx(1)
    # Twice the width: twice all that is not a product of matrices, four times these.
    assert encoder_work(64, 6) == pytest.approx(2 * (2 * 0.65 + 4 * 0.35))


def test_what_a_training_leaves_worked_out_by_hand() -> None:
    assert (count("nodes", "Cora"), count("features", "Cora"), count("nodes", "no such set")) == (2708, 1433, 20_000)
    # 6 arrays of 256 numbers of 4 bytes for each node, twice, and 1433 x 256 weights of two branches five times.
    assert trained_mb(2708, 6 * 256, 2 * 1433 * 256) == pytest.approx(33.27 + 14.67, abs=0.01)
    wildcards = SimpleNamespace(dataset="COLLAB")
    assert asked(TRAIN, {}, kept=lambda _: 33.2)["disk_mb"](wildcards, 1, 1) == need(TRAIN, "COLLAB").disk_mb + 34


def test_no_job_asks_for_more_than_the_cluster_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    wildcards = SimpleNamespace(dataset="COLLAB")
    words = {"all": {"runtime": 200, "mem_mb": 10_000}, "gpu": {"runtime": 300}}
    on_gpu = asked(TRAIN, words, 100)
    # 250 minutes and 3,800 MB at first, twice and four times that in later attempts.
    assert [on_gpu["runtime"](wildcards, attempt, 1) for attempt in (1, 2)] == [250, 300]
    assert [on_gpu["mem_mb"](wildcards, attempt, 1) for attempt in (1, 2, 3)] == [3800, 7600, 10_000]
    monkeypatch.setenv("RELAMP_DEVICE", "cpu")
    assert asked(TRAIN, words, 100)["runtime"](wildcards, 1, 1) == 200


def test_rates_that_make_no_sense_are_refused_with_their_line(tmp_path: Path) -> None:
    head = "kind,counts,holds,gpu,seconds,seconds_per_million,mb,mb_per_million,disk_mb,disk_mb_per_million\n"
    for line, fault in (
        ("a,hours,graphs,,1,1,1,1,1,1", "'hours' cannot be counted"),
        ("a,graphs,hours,,1,1,1,1,1,1", "'hours' cannot be counted"),
        ("a,graphs,graphs,,1,-1,1,1,1,1", "a rate is negative"),
        ("a,graphs,graphs,,1,x,1,1,1,1", "could not convert"),
        ("a,graphs,graphs,,1", "argument"),
    ):
        (tmp_path / "rates.csv").write_text(f"{head}{line}\n")
        with pytest.raises(RelampError, match=f"rates.csv: line 2: .*{fault}"):
            load_rates(tmp_path / "rates.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *[("", {}), ("# nothing\n", {}), ("gpu:\n", {"gpu": {}})],
        ("cpu: {slurm_partition: c}", {"cpu": {"slurm_partition": "c"}}),
        ("cpu: {qos: NO, constraint: on}", {"cpu": {"qos": "NO", "constraint": "on"}}),
        # As `sbatch --time` reads them; what has begun counts.
        *[
            (f"all: {{runtime: {text}}}", {"all": {"runtime": minutes}})
            for text, minutes in (
                *[("1440", 1440), ("24:00:00", 1440), ("'24:00:00'", 1440), ("1-00:00:00", 1440), ("1-12", 2160)],
                *[("2-03:30", 3090), ("90:00", 90), ("90:01", 91), ("0:0:1", 1), ("01:30:00", 90), ("1-0", 1440)],
            )
        ],
    ],
)
def test_site_words(tmp_path: Path, text: str, words: dict[str, dict[str, str]]) -> None:
    assert site_words(tmp_path / "absent.yaml") == {}
    (tmp_path / "site.yaml").write_text(text)
    assert site_words(tmp_path / "site.yaml") == words


@pytest.mark.parametrize(
    "text",
    [
        *("cpu", "gpus: {a: b}", "cpu: [a]", "cpu: {qos: [b]}", "gpu: {qos: true}"),
        *("all: {runtime: 2d}", "all: {runtime: 0}", "gpu: {mem_mb: 8G}", "all: {runtime: 1-00:00:00:00}"),
        *("all: {runtime: 1:}", "all: {runtime: infinite}", "all: {runtime: -5}", "all: {runtime: 0:00}"),
        *("cpu: {qos: 1}\ncpu: {gres: 1}", "cpu: {qos: 1, qos: 2}", "- cpu"),
    ],
)
def test_other_words_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(RelampError, match=r"site\.yaml: "):
        site_words(tmp_path / "site.yaml")


def test_a_word_of_sbatch_that_no_job_would_get_is_refused_with_the_one_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("all: {account: mine}")
    with pytest.raises(
        RelampError, match=r"site.yaml: all: there is no resource 'account'; did you mean slurm_account\?"
    ):
        site_words(tmp_path / "site.yaml")


def test_the_shipped_words_ask_for_nothing_special() -> None:
    assert not any(site_words(ROOT / "slurm" / "site.yaml").values())


@pytest.mark.parametrize("name", [name for name, row in METHODS["nodes"].items() if row.epochs])
@pytest.mark.parametrize("dataset", ["Cora", "Citeseer", "Pubmed", "DBLP", "KarateClub"])
def test_epochs_of_public_codes_are_those_that_the_methods_train(name: str, dataset: str) -> None:
    row = METHODS["nodes"][name]
    group = row.group or ""
    switch = "by_dataset" if group == "grace" else "as_published"
    for epochs, published in ((100, True), (20_000, True), (77, False)):
        chosen = NodePretraining(**{"epochs": epochs, "checkpoints": (0,), group: {switch: published}})
        assert planned_epochs(row, dataset, chosen) == make("nodes", name, chosen).on(dataset).settings.epochs


def test_gala_has_epochs_of_its_own() -> None:
    chosen = NodePretraining(gala={"most_epochs": 5000})
    assert planned_epochs(METHODS["nodes"]["gala"], "Cora", chosen) == 5000
    assert planned_epochs(METHODS["nodes"]["dgi"], "Cora", chosen) == 2000


def test_of_a_split_alone_embeddings_on_the_way_take_less() -> None:
    def disk(dataset: str, **more: object) -> float:
        training = {"hidden": 8, **more}
        config = load_config(
            {"preset": "quick", "mmix": {"nodes": {"pretraining": training}}}, ROOT / "workflow" / "presets"
        )
        return training_disk(studies(config)["nodes"], Run("mp-mix", "default"), dataset)

    none, whole, split = (
        disk("Cora", checkpoints=at, keep=keep) for at, keep in (([], "all"), ([0, 9], "all"), ([0, 9], "split"))
    )
    # Two checkpoints of 2,708 or 1,640 nodes, 8 numbers of each in four branches, in two files, of three seeds.
    assert whole - none == pytest.approx(3 * 4 * 2 * 2 * 2708 * 32 / 1e6)
    assert split - none == pytest.approx(3 * 4 * 2 * 2 * 1640 * 32 / 1e6)
    # The small graph is its own split, and so are the 24 graphs of PPI.
    assert disk("KarateClub", checkpoints=[9], keep="split") == disk("KarateClub", checkpoints=[9])
    assert disk("PPI", checkpoints=[9], keep="split") == disk("PPI", checkpoints=[9])
