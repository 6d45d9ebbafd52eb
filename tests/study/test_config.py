import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from relamp.errors import RelampError
from relamp.method.table import METHODS, MethodRow
from relamp.runtime.files import read_json
from relamp.settings.own import OwnData
from relamp.study.config import Config, configured, given_options, load_config, merge, restored

ROOT = Path(__file__).parents[2]
PRESETS = ROOT / "workflow" / "presets"


def faults(given: Mapping[str, Any]) -> list[str]:
    with pytest.raises(RelampError) as caught:
        load_config(given, PRESETS)
    lines = str(caught.value).splitlines()
    assert all(line.startswith("config: ") for line in lines)
    return lines


def unsupervised(**options: Any) -> dict[str, Any]:
    return {"unsupervised": options}


def lamp(**options: Any) -> dict[str, Any]:
    return unsupervised(pretraining={"lamp": options})


def mmix(**parts: Any) -> dict[str, Any]:
    return {"mmix": parts}


def test_the_shipped_configuration_is_the_quick_preset() -> None:
    shipped = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config = load_config(shipped, PRESETS)
    assert config == load_config({}, PRESETS)
    assert config.preset == "quick"


def test_the_loaded_configuration_is_frozen_and_comes_back_from_json() -> None:
    config = load_config({}, PRESETS)
    assert Config.model_validate(config.model_dump(mode="json")) == config
    with pytest.raises(Exception, match="frozen"):
        config.preset = "paper"


def test_numbers_that_the_command_line_hands_on_as_text_are_read() -> None:
    words = {"seeds": ["3"], "pretraining": {"lamp": {"gamma": "0.4", "own_statistics": "true"}}}
    config = load_config(unsupervised(**words, sweeps={"gamma": ["0.3"], "alpha": []}), PRESETS)
    assert config.unsupervised.pretraining.lamp.gamma == 0.4
    assert config.unsupervised.seeds == (3,)
    assert config.unsupervised.pretraining.lamp.own_statistics is True
    assert config.unsupervised.sweeps["gamma"].over == {"gamma": (0.3,)}


# What a fault's line begins with, and a configuration that has the fault.
ONE_FAULT: dict[str, dict[str, Any]] = {
    "unsupervise: there is no such option": {"unsupervise": {}},
    "unsupervised.pretraining.lamp.scope: there is no such option": lamp(scope="layer"),
    "unsupervised.datasets.1: there is no data set 'MUTG'; did you mean MUTAG? (given: 'MUTG')": unsupervised(
        datasets=["MUTAG", "MUTG"]
    ),
    "damage.datasets.0: there is no data set 'cuneiform'; did you mean Cuneiform?": {
        "damage": {"datasets": ["cuneiform"]}
    },
    "transfer.corpus: there is no data set 'zzz'; known: NCI, Solubility, BBBP, Tox21, ToxCast, SIDER, ClinTox, ": {
        "transfer": {"corpus": "zzz"}
    },
    "unsupervised.methods.0: there is no method 'lamp-mga'; did you mean lamp-mag?": unsupervised(methods=["lamp-mga"]),
    "unsupervised.methods.0: there is no method 'none'; ": unsupervised(methods=["none"]),
    "transfer.methods.0: there is no method 'non'; did you mean none?": {"transfer": {"methods": ["non"]}},
    "unsupervised.kernels.0: there is no kernel 'wk'; did you mean wl?": unsupervised(kernels=["wk"]),
    "unsupervised.datasets: duplicate: DD (given: ": unsupervised(datasets=["DD", "DD"]),
    "unsupervised.pretraining.lamp.gamma: input should be less than 1 (given: 1)": lamp(gamma=1),
    "unsupervised.pretraining.lamp.gamma: input should be a valid number": lamp(gamma="abc"),
    "unsupervised: sweeps.gamma: lamp.gamma: input should be less than 1 (given: 1.0)": unsupervised(
        sweeps={"gamma": [0.1, 1.0]}
    ),
    "unsupervised.sweeps.gamma.over.gamma: duplicate: 0.2": unsupervised(sweeps={"gamma": [0.2, 0.20]}),
    "unsupervised: sweeps.gama: no method takes gama; a sweep varies fields of": unsupervised(sweeps={"gama": [0.1]}),
    "unsupervised: sweeps.gamma: simgrace does not take gamma; a sweep varies fields of": unsupervised(
        sweeps={"gamma": {"values": [0.1], "methods": ["simgrace"]}}
    ),
    "unsupervised: sweeps.gamma: lamp-mga does not take gamma; a sweep varies fields of": unsupervised(
        sweeps={"gamma": {"values": [0.1], "methods": ["lamp-mga"]}}
    ),
    "unsupervised.sweeps.gamma: input should be a ": unsupervised(sweeps={"gamma": 0.1}),
    "unsupervised.sweeps.prune_scope.over.prune_scope.0: a value is a number or a word of letters": unsupervised(
        sweeps={"prune_scope": ["a/b"]}
    ),
    "unsupervised.sweeps.A b: string should match pattern": unsupervised(sweeps={"A b": {"gamma": [0.1]}}),
    "unsupervised.sweeps: input should be a valid dictionary": unsupervised(sweeps=[0.1]),
    "unsupervised.datasets.0: graphs with a class each are needed, which BBBP has not; known: MUTAG, ": unsupervised(
        datasets=["BBBP"]
    ),
    "transfer.datasets.0: labelled molecules are needed, which NCI has not; known: Solubility, BBBP, ": {
        "transfer": {"datasets": ["NCI"]}
    },
    "transfer.corpus: molecules are needed, which MUTAG has not; known: NCI, ": {"transfer": {"corpus": "MUTAG"}},
    "damage.datasets.0: graphs are needed, which Cora has not; known: MUTAG, ": {"damage": {"datasets": ["Cora"]}},
    "mmix.nodes.datasets.0: labelled nodes are needed, which MUTAG has not": mmix(nodes={"datasets": ["MUTAG"]}),
    "mmix.nodes.methods.0: there is no method on nodes 'mp-mx'; did you mean": mmix(nodes={"methods": ["mp-mx"]}),
    "mmix.images.picture: there is no method on images 'simcrl'; did you mean": mmix(images={"picture": "simcrl"}),
    "mmix.edit_distance.kernels.0: there is no kernel for edit distances 'rw'": mmix(edit_distance={"kernels": ["rw"]}),
    "mmix.nodes.probes.Coar: there is no data set 'Coar'": mmix(nodes={"probes": {"Coar": {}}}),
    "mmix.nodes": mmix(nodes={"probes": {"Cora": {"split": "odd"}}}),
    "mmix.nodes: pretraining.branches lacks 'z'": mmix(nodes={"pretraining": {"branches": ["average"]}}),
    "mmix.nodes: probe.epoch: validation chooses among pretraining.checkpoints": mmix(
        nodes={"probe": {"epoch": "validation"}, "pretraining": {"checkpoints": [0]}}
    ),
    "mmix.nodes: probes: DBLP: a random split has no epochs to choose among": mmix(
        nodes={
            "probe": {"epoch": "validation"},
            "probes": {"DBLP": {"split": "random"}},
            "pretraining": {"checkpoints": [100], "keep": "split"},
        }
    ),
    "mmix.nodes: grace-gat: hidden 30 cannot be shared among 4 heads; take a multiple, or fewer heads": mmix(
        nodes={"methods": ["grace", "grace-gat"], "pretraining": {"hidden": 30}}
    ),
    "mmix.nodes: sweeps.heads: hidden 64 cannot be shared among 5 heads": mmix(
        nodes={"sweeps": {"heads": {"values": [2, 5], "methods": ["grace-gat"]}}}
    ),
    "mmix.nodes: grace-gat: hidden 6 cannot be shared among 4 heads": mmix(
        nodes={"sweep": {"methods": ["grace-gat"], "dimensions": [8, 6]}}
    ),
    "mmix.nodes: mp-mix-op: operator 'adjacency' needs the scope 'wp'": mmix(
        nodes={"methods": ["mo-mix", "mp-mix-op"], "pretraining": {"mix": {"operator": "adjacency"}}}
    ),
    "mmix.nodes.theorem.methods: mvgrl does not mix": mmix(nodes={"theorem": {"methods": ["mvgrl"]}}),
    "unsupervised.seeds.0: input should be greater than or equal to 0 (given: -1)": unsupervised(seeds=[-1]),
    "unsupervised.seeds.0: input should be less than 4294967296": unsupervised(seeds=[2**32]),
    "unsupervised.seeds.1: input should be a valid integer": unsupervised(seeds=[0, 1.5]),
    "unsupervised.seeds: input should be a valid tuple (given: 3)": unsupervised(seeds=3),
    "unsupervised.seeds: at least one is needed (given: [])": unsupervised(seeds=[]),
    "unsupervised.seeds: duplicate: 0 (given: [0, 1, 0])": unsupervised(seeds=[0, 1, 0]),
    "transfer.seeds: at least one is needed (given: [])": {"transfer": {"seeds": []}},
    "unsupervised.pretraining.checkpoints: beyond the last epoch, 20: 30 (given: [0, 20, 30])": unsupervised(
        pretraining={"checkpoints": [0, 20, 30]}
    ),
    "unsupervised.pretraining.checkpoints: beyond the last epoch, 5: 20 (given: [0, 20])": unsupervised(
        pretraining={"epochs": 5}
    ),
    "unsupervised.pretraining.checkpoints: the last epoch, 20, is missing, which is evaluated": unsupervised(
        pretraining={"checkpoints": [0, 10]}
    ),
    "unsupervised.pretraining.epochs: input should be a valid integer": unsupervised(pretraining={"epochs": "ten"}),
    "preset: there is no preset 'quik'; known: ": {"preset": "quik"},
    "preset: there is no preset ['quick']; known: ": {"preset": ["quick"]},
    "transfer: input should be a valid dictionary": {"transfer": None},
    "preset: there is no preset 'qqq": {"preset": "q" * 1000},
    "offline: input should be a valid boolean, unable to interpret input (given: 'NEVER')": {"offline": "NEVER"},
    "own: braces in the folder /data/{x}": {"own": {"MINE": "/data/{x}"}},
    "unsupervised.pretraining.hidden: input should be a finite number (given: inf)": unsupervised(
        pretraining={"hidden": float("inf")}
    ),
    "unsupervised.pretraining.hidden: input should be less than 2147483648": unsupervised(
        pretraining={"hidden": 2**70}
    ),
    "unsupervised.pretraining.temperature: input should be a finite number": unsupervised(
        pretraining={"temperature": float("inf")}
    ),
    "unsupervised: sweeps.hidden: hidden: input should be a finite number": unsupervised(sweeps={"hidden": ["1e400"]}),
    "has more than 20,000 entries; shorten it": unsupervised(seeds=[0] * 1_000_000),
    "unsupervised.seeds: duplicate: 0, 1, 2, 3, 4, 5, 6, 7 and 4,992 more (given: [0, 1, 2, ": unsupervised(
        seeds=[*range(5000), *range(5000)]
    ),
    "unsupervised.methods.0: there is no method 'xxx": unsupervised(methods=["x" * 10_000]),
    "unsupervised.\\x1b[31m: there is no such option": unsupervised(**{"\x1b[31m": 1}),
    "unsupervised.a\\nconfig: b: there is no such option": unsupervised(**{"a\nconfig: b": 1}),
}


def test_an_unknown_mixer_in_the_table_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**METHODS["nodes"], "grace": MethodRow("GRACE", "relamp.method.grace:GRACE", fixed={"mixer": "mixup"})}
    monkeypatch.setattr("relamp.study.experiments.METHODS", {**METHODS, "nodes": wrong})
    (line,) = faults(mmix(nodes={"methods": ["grace"]}))
    assert line.startswith("config: mmix.nodes: grace: mixup: no such mixer; choose one of none, mo-mix")


@pytest.mark.parametrize(("expected", "given"), ONE_FAULT.items(), ids=ONE_FAULT)
def test_a_fault_is_one_line(expected: str, given: dict[str, Any]) -> None:
    (line,) = faults(given)
    assert line.startswith(f"config: {expected}")
    assert len(line) < 1000


def test_no_message_shows_what_might_be_a_password() -> None:
    (line,) = faults({"mirrors": ["/data", "http://me:se same@host/"]})
    assert line.startswith("config: mirrors.1: an address is http(s)://host[:port]/...")
    assert "same" not in line


def test_very_many_faults_are_counted() -> None:
    lines = faults(unsupervised(seeds=[-1] * 1000))
    assert len(lines) == 51
    assert lines[-1] == "config: and 950 more of this kind"


BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "config: damage: is missing"),
        (b"- a\n", "odd.yaml: holds ['a'] and no options"),
        (b"\x00\xff", "odd.yaml: is no text that can be read"),
        (b"damage: {datasets: [MUTAG]}\ndamage: {}\n", "odd.yaml: line 2: damage stands here a second time"),
        (BOMB.encode(), "odd.yaml: has more than 20,000 entries"),
    ],
)
def test_an_odd_preset_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "odd.yaml").write_bytes(content)
    with pytest.raises(RelampError) as caught:
        load_config({"preset": "odd"}, tmp_path)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(message)


def test_files_and_entries_override_one_another_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("preset: quick\nunsupervised: {seeds: [0, 1], sweeps: {gamma: [0.1]}}\n")
    (tmp_path / "b.yaml").write_text("unsupervised: {seeds: [2]}\ncache: NO\n")
    entries = ["offline=true", "unsupervised={methods: [bag]}", "unsupervised.sweeps.gamma=[0.3]", "cache=@x", "own="]
    found = given_options([tmp_path / "a.yaml", tmp_path / "b.yaml"], entries)
    assert found == {
        "preset": "quick",
        "unsupervised": {"seeds": [2], "sweeps": {"gamma": [0.3]}, "methods": ["bag"]},
        **{"cache": "@x", "offline": True, "own": None},
    }
    for entry, message in (("own", "has the form name=value"), ("own={a: 1, a: 2}", "own: line 1: a stands here")):
        with pytest.raises(RelampError, match=message):
            given_options([], [entry])


def test_all_faults_are_told_at_once() -> None:
    training = {"checkpoints": [0], "lamp": {"scope": 1, "gamma": "abc"}}
    wrong = {**unsupervised(datasets=["MUTG"], seeds=[-1, 0], pretraining=training), "transfer": {"seeds": []}}
    assert sorted(line.split(": ")[1] for line in faults({**wrong, "unsupervise": 1})) == [
        *("transfer.seeds", "unsupervise", "unsupervised.datasets.0", "unsupervised.pretraining.checkpoints"),
        *(f"unsupervised.{name}" for name in ("pretraining.lamp.gamma", "pretraining.lamp.scope", "seeds.0")),
    ]


def test_what_a_preset_lacks_is_told(tmp_path: Path) -> None:
    preset = yaml.safe_load((PRESETS / "quick.yaml").read_text(encoding="utf-8"))
    del preset["unsupervised"]["seeds"], preset["damage"]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(preset), encoding="utf-8")
    with pytest.raises(RelampError) as caught:
        load_config({"preset": "own"}, tmp_path)
    assert sorted(str(caught.value).splitlines()) == [
        "config: damage: is missing",
        "config: unsupervised.seeds: is missing",
    ]


trees = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
mappings = st.dictionaries(st.sampled_from("abcd"), trees, max_size=3)


def leaves(tree: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """All that is no mapping, by its place; an empty mapping is a leaf too."""
    if not isinstance(tree, dict) or not tree:
        return {place: tree}
    return {key: leaf for name, below in tree.items() for key, leaf in leaves(below, (*place, name)).items()}


def test_merge_by_hand() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 2}
    assert merge(base, {"a": {"c": [3]}, "e": {}}) == {"a": {"b": 1, "c": [3]}, "d": 2, "e": {}}
    assert merge(base, {"a": 5, "d": {"x": 1}}) == {"a": 5, "d": {"x": 1}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 2}


@given(mappings, mappings)
def test_what_lies_over_wins_and_untouched_siblings_stay(base: dict[str, Any], over: dict[str, Any]) -> None:
    merged, above = leaves(merge(base, over)), leaves(over)
    for place, leaf in above.items():
        if leaf != {}:
            assert merged[place] == leaf
    for place, leaf in leaves(base).items():
        if place and not any(place[: len(other)] == other or other[: len(place)] == place for other in above):
            assert merged[place] == leaf


def test_one_mirror_may_be_given_without_a_list() -> None:
    config = load_config({"mirrors": "https://example.org/data", "offline": True}, PRESETS)
    assert (config.mirrors, config.offline, config.cache) == (("https://example.org/data",), True, ".data")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A folder with a data set of the user's own, MINE."""
    (tmp_path / "MINE_A.txt").write_text("1, 2\n")
    return str(tmp_path)


def test_an_own_data_set_is_known_wherever_graphs_are_asked_for(folder: str) -> None:
    given = {**unsupervised(datasets=["MUTAG", "MINE"]), "damage": {"datasets": ["MINE"]}}
    assert load_config({**given, "own": {"MINE": folder}}, PRESETS).unsupervised.datasets == ("MUTAG", "MINE")
    assert faults(given)[0].startswith("config: damage.datasets.0: there is no data set 'MINE'; known: MUTAG, ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("PROTEINS", "own.PROTEINS: the registry has a data set of that name (PROTEINS); take another"),
        ("Proteins", "own.Proteins: the registry has a data set of that name (PROTEINS); take another"),
        ("IMDB-B", "own.IMDB-B: the registry has a data set of that name (IMDB-B, short for IMDB-BINARY); take"),
        ("sol-3", "own.sol-3: the registry has a data set of that name (SOL-3, short for Solubility-3); take"),
        ("a/b", "own.a/b: a name is made of letters, digits, _, - and ."),
        ("Avg.", "own.Avg.: a name is made of letters, digits, _, - and ., the last not at its end"),
        ("OTHER", "own: there is no file OTHER_A.txt in the folder "),
        ("MINE", "mmix.nodes.datasets.0: labelled nodes are needed, which MINE has not; known: Cora, "),
    ],
)
def test_an_own_data_set_needs_a_name_its_files_and_its_kind(folder: str, name: str, message: str) -> None:
    nodes = mmix(nodes={"datasets": ["MINE"]}) if name == "MINE" else {}
    (line,) = faults({"own": {name: folder}, **nodes})
    assert line.startswith(f"config: {message}")


def test_own_data_are_a_folder_or_a_folder_with_options(folder: str) -> None:
    for form in (folder, {"folder": folder}):
        assert load_config({"own": {"MINE": form}}, PRESETS).own["MINE"] == OwnData(folder=folder)
    options = {"folder": folder, "node_attributes": True, "edge_labels": True}
    assert load_config({"own": {"MINE": options}}, PRESETS).own["MINE"] == OwnData.model_validate(options)
    (line,) = faults({"own": {"MINE": {**options, "edge_label": True}}})
    assert line == "config: own.MINE.edge_label: there is no such option"
    Path(folder, "mine_A.txt").write_text("1, 2\n")
    assert faults({"own": {"MINE": folder, "mine": folder}}) == [
        "config: own: the names MINE and mine differ by letter case alone; take others"
    ]


def test_the_probe_of_a_data_set_overrides_the_shared_one() -> None:
    nodes = load_config({"preset": "paper", "mmix": {"nodes": {"datasets": ["Cora"]}}}, PRESETS).mmix.nodes
    assert (nodes.probe_of("Citeseer").weight_decay, nodes.probe_of("Cora").weight_decay) == (0.01, 0.0)
    # That of a data set which is not run is no fault.
    assert nodes.probe_of("DBLP").split == "random"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"config": {}, "own": 3}', '{"config": {"preset": 1}, "own": []}', "[" * 9999]
)
def test_what_is_no_configuration_of_a_run_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(RelampError, match=r"config\.json: ") as told:
        restored(read_json(tmp_path / "config.json"), "config.json")
    assert len(str(told.value).splitlines()) == 1
    assert len(str(told.value)) < 500


def test_a_run_has_the_same_configuration_elsewhere() -> None:
    config = load_config({"preset": "desk", "own": {}}, PRESETS)
    assert restored(json.loads(json.dumps(config.recorded())), "x").unsupervised == config.unsupervised


def test_the_configuration_is_the_folders_own_or_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert configured().preset == "quick"
    assert configured({"preset": "desk"}).preset == "desk"
    (tmp_path / "config.yaml").write_text("preset: desk\nunsupervised: {seeds: [7]}\n")
    assert (configured().preset, configured().unsupervised.seeds) == ("desk", (7,))
    assert configured({"preset": "quick"}).unsupervised.seeds == (7,)


@pytest.mark.parametrize(("text", "said"), [("a: [", "line 1: expected"), ("- a", "no options"), ("\xff", "no text")])
def test_a_file_that_is_no_configuration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(RelampError, match=f"config.yaml: .*{said}") as told:
        configured()
    assert len(str(told.value).splitlines()) == 1


def test_a_run_has_a_name_of_its_own() -> None:
    assert load_config({}, PRESETS).name == "quick"
    assert load_config({"run": None}, PRESETS).name == "quick"
    for name in ("gamma3", "a_b-c.d", "3"):
        assert load_config({"run": name}, PRESETS).name == f"quick-{name}"
    assert load_config({"run": 3, "preset": "desk"}, PRESETS).name == "desk-3"
    # Of these nobody knows how they were written: 12e5, yes.
    for value in (1.5, 1.2e6, True):
        (line,) = faults({"run": value})
        assert line.startswith(
            f"config: run: is read as the value {value}, and how it was written is lost; put a letter"
        )
    for name in ("..", "a/b", "-x", "a b", "é", "a\n"):
        (line,) = faults({"run": name})
        assert line.startswith("config: run: a name is made of letters, digits, _, - and .")


def test_a_run_does_not_take_the_place_of_a_preset(tmp_path: Path) -> None:
    for name in ("quick", "quick-big"):
        (tmp_path / f"{name}.yaml").write_bytes((PRESETS / "quick.yaml").read_bytes())
    assert load_config({"run": "small"}, tmp_path).name == "quick-small"
    with pytest.raises(RelampError, match="quick-big is a preset of its own"):
        load_config({"run": "big"}, tmp_path)
