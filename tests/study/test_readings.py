from itertools import product
from pathlib import Path
from typing import Any

import pytest

from relamp.evaluate.table import EVALUATIONS
from relamp.method.table import METHODS
from relamp.runtime.job import named
from relamp.settings.base import Settings
from relamp.settings.evaluation import DamageProtocol, EditDistanceProtocol, InformationProtocol, Kernels, SvmProtocol
from relamp.settings.graphs import Pretraining
from relamp.settings.images import ImagePretraining
from relamp.settings.judging import Judging
from relamp.settings.nodes import NodePretraining
from relamp.study.names import EDIT_KERNELS
from relamp.study.overrides import option_of, overridden, parted, place, scored_by, spelt, value_of
from relamp.study.readings import TRAINING, Reading, all_readings, choices, page, points, scored_choices, universe
from relamp.study.scale import of_papers

ROOT = Path(__file__).parents[2]
PROTOCOLS: dict[str, type[Settings]] = {
    "damage": DamageProtocol,
    "judging": Judging,
    "kernels": Kernels,
    "theorem": InformationProtocol,
}
SETTINGS: dict[str, Settings] = {
    "graphs": Pretraining(),
    "molecules": of_papers()["corpus"].training,
    "nodes": NodePretraining(),
    "images": ImagePretraining(),
}


def _keys(reading: Reading) -> set[str]:
    return {key for values in reading.answers.values() for key in values}


TRAINED = [
    (reading, method)
    for reading in all_readings()
    if reading.of == TRAINING and reading.domain in SETTINGS and _keys(reading)
    for method, row in METHODS[reading.domain].items()
    if reading.concerns(method) and all(place(SETTINGS[reading.domain], row, key) for key in _keys(reading))
]
WORDS = {
    "key": "a",
    "paper": "lamp",
    "domain": "graphs",
    "question": "which",
    "default": "x",
    "answers": {"x": {}, "y": {}},
}


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "deviations.md").read_text(encoding="utf-8") == page(), "run `make readings`"


@pytest.mark.parametrize(
    ("words", "code", "why", "right"),
    [
        ("x", None, "", True),
        ("y", None, "", False),
        ("y", "x", "", False),
        ("y", "x", "for a reason", True),
        (None, "x", "", True),
        (None, "y", "", False),
        (None, None, "", True),
        ("x", "y", "a reason may stand there", True),
    ],
)
def test_the_default_is_the_words_or_else_the_code(words: str | None, code: str | None, why: str, right: bool) -> None:
    given = {**WORDS, "words": words, "code": code, "why": why}
    if right:
        assert Reading.model_validate(given).default == "x"
    else:
        with pytest.raises(ValueError, match="say why the default is not"):
            Reading.model_validate(given)


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="z is none of its answers, x, y"):
        Reading.model_validate({**WORDS, "default": "z"})


@pytest.mark.parametrize(("reading", "method"), TRAINED, ids=lambda it: it.key if isinstance(it, Reading) else it)
def test_the_default_is_what_settings_have_and_an_answer_changes_what_it_says(reading: Reading, method: str) -> None:
    training, row = SETTINGS[reading.domain], METHODS[reading.domain][method]
    assert all(value_of(training, row, key) == value for key, value in reading.answers[reading.default].items())
    for values in reading.answers.values():
        changed = _differences(training.model_dump(), overridden(training, row, values).model_dump())
        # Other epochs bring their last checkpoint.
        brought = {("checkpoints",)} if "epochs" in values else set()
        assert changed <= {place(training, row, key) for key in values} | brought


@pytest.mark.parametrize("reading", [r for r in all_readings() if r.of != TRAINING], ids=lambda reading: reading.key)
def test_options_of_evaluations_have_the_default_and_take_every_answer(reading: Reading) -> None:
    protocol = PROTOCOLS.get(reading.of) or named(EVALUATIONS[reading.of].protocol)
    default = reading.answers[reading.default]
    assert {key: option_of(protocol(), key) for key in default} == default
    plain = protocol().model_dump(mode="json")
    for values in reading.answers.values():
        assert protocol.model_validate(values).model_dump(mode="json") == {**plain, **values}


def test_every_method_named_exists() -> None:
    unknown = [
        (reading.key, pattern)
        for reading in all_readings()
        for pattern in reading.methods
        if not any(Reading.concerns(reading.model_copy(update={"methods": (pattern,)}), m) for m in _methods(reading))
    ]
    assert not unknown


@pytest.mark.parametrize(("domain", "method"), [("graphs", "lamp-mag"), ("graphs", "mp-mix"), ("nodes", "mp-mix")])
def test_the_configured_reading_comes_first_and_none_twice(domain: str, method: str) -> None:
    training, row = SETTINGS[domain], METHODS[domain][method]
    for complete in (1, 10**6 if domain == "nodes" else 1):
        found = points(domain, method, training, complete, sampled=3)
        assert spelt(training, row, found[0].values) == spelt(training, row)
        names = [spelt(training, row, point.values) for point in found]
        assert len({tuple(point.answers.items()) for point in found}) == len(found)
        assert max(map(len, names)) < 255, "a path part is that long at most"
    assert points(domain, method, training, 1, 3, seed=1) == points(domain, method, training, 1, 3, seed=1)


def test_the_code_is_that_of_the_methods_own_question() -> None:
    # M-Mix's code draws the order of the graphs anew, GraphCL's once; both questions are called `order`.
    found = points("graphs", "lamp-mag", Pretraining(), 1, 0)
    orders = [point.answers["order"] for point in found if point.answers["directions"] == "one"]
    assert orders.count("once") == len(orders) - 1 > 1


def test_few_answers_are_all_combined_and_many_one_at_a_time() -> None:
    training = NodePretraining()
    answers = choices("nodes", "mp-mix", training)
    every = points("nodes", "mp-mix", training, 10**6, 0)
    assert len(every) == len(list(product(*answers.values())))
    some = points("nodes", "mp-mix", training, 1, 2)
    first = some[0].answers
    apart = [sum(point.answers[key] != first[key] for key in first) for point in some]
    others = sum(len(options) - 1 for options in answers.values())
    assert apart.count(1) >= others
    assert len(every) >= len(some) > others + 2


SCORED = [("svm-rbf", "lamp-mag"), ("svm-linear", "mp-mix"), ("edit-distance", "mp-mix")]
SCORED += [("edit-distance", kernel) for kernel in EDIT_KERNELS]


@pytest.mark.parametrize(("evaluation", "method"), SCORED)
def test_a_reading_of_an_evaluation_changes_what_it_says_and_no_training(evaluation: str, method: str) -> None:
    protocol = named(EVALUATIONS[evaluation].protocol)()
    questions = scored_choices(evaluation, method)
    found = universe("graphs", method, Pretraining(), evaluation, protocol, 1000, 0)
    configured, (first, *_) = next(iter(found.values())), found
    assert first == (spelt(Pretraining(), METHODS["graphs"][method]) if method in METHODS["graphs"] else "default")
    scored = {setting: answers for setting, answers in found.items() if parted(setting)[1]}
    assert len(scored) == len(list(product(*questions.values()))) - 1, "all but the configured one"
    for setting, answers in scored.items():
        assert parted(setting)[0] == first
        made, changed = scored_by(protocol, parted(setting)[1]), {k for k in answers if answers[k] != configured[k]}
        assert changed
        assert changed <= set(questions)
        differing = {name for key in changed for name in questions[key][answers[key]]}
        assert {n for n in type(made).model_fields if option_of(made, n) != option_of(protocol, n)} == differing
        assert all(option_of(made, n) == v for key in questions for n, v in questions[key][answers[key]].items())


def test_readings_of_edit_distances_start_from_the_words_as_well() -> None:
    protocol, words = EditDistanceProtocol(), EditDistanceProtocol(reading="words")
    found = universe("graphs", "wl", Pretraining(), "edit-distance", protocol, complete=1, sampled=0)
    keys = scored_choices("edit-distance", "wl")
    # One from each start, and one more for each other answer of a question.
    assert len(found) == 2 + 2 * sum(len(answers) - 1 for answers in keys.values())
    by_words = [name for name in found if _options(scored_by(protocol, parted(name)[1]), keys) == _options(words, keys)]
    assert len(by_words) == 1
    # Where a study reads by the words, theirs are the configured answers, and no option is spelt.
    other = universe("graphs", "wl", Pretraining(), "edit-distance", words, complete=1, sampled=0)
    assert next(iter(other.items())) == ("default", found[by_words[0]])
    assert sorted(map(str, other.values())) == sorted(map(str, found.values()))


def test_what_a_kernel_does_not_see_is_no_question_of_its() -> None:
    assert "edit-weights" not in scored_choices("edit-distance", "wl")
    assert "edit-surplus" not in scored_choices("edit-distance", "hist-kernel")
    assert {"edit-labels", "edit-kernels"}.isdisjoint(scored_choices("edit-distance", "mp-mix"))
    assert set(scored_choices("kmeans", "mp-mix")) == {"scale-of-clusters"}


def test_of_some_questions_all_combinations_are_run_and_all_others_stay() -> None:
    asked = ("pruned-gradient", "statistics")
    found = universe("graphs", "lamp-mag", Pretraining(), "svm-rbf", SvmProtocol(), 4, 0, asked=asked)
    ways = [("flows", "shared"), ("flows", "apart"), ("cut", "shared"), ("cut", "apart")]
    assert list(found.values()) == [dict(zip(asked, way, strict=True)) for way in ways]
    assert next(iter(found)) == "gamma~0.2_alpha~1"
    assert list(found)[-1] == "gamma~0.2_alpha~1_pruned_gradient~false_own_statistics~true"
    (alone,) = universe("graphs", "lamp-mag", Pretraining(), "svm-rbf", SvmProtocol(), 4, 0, asked=["ties"]).values()
    assert alone == {}
    scored = universe("graphs", "lamp-mag", Pretraining(), "svm-rbf", SvmProtocol(), 4, 0, asked=["inner-folds"])
    assert list(scored.values()) == [{"inner-folds": "unshuffled"}, {"inner-folds": "shuffled"}]


def test_readings_of_training_and_of_evaluation_are_joined_at_the_configured_ones() -> None:
    both = universe("graphs", "mp-mix", Pretraining(), "svm-linear", SvmProtocol(kernel="linear"), 1, 2)
    alone = universe("graphs", "mp-mix", Pretraining(), "svm-linear", SvmProtocol(kernel="linear"), 1, 2, trained=False)
    trained = points("graphs", "mp-mix", Pretraining(), 1, 2)
    names = list(dict.fromkeys(spelt(Pretraining(), METHODS["graphs"]["mp-mix"], point.values) for point in trained))
    assert list(both) == [*names, *[name for name in alone if name != "default"]]
    assert list(alone) == [name for name in both if parted(name)[0] == "default"]
    questions = [set(answers) for answers in both.values()]
    assert all(each == questions[0] for each in questions)
    assert set(next(iter(alone.values()))) == set(scored_choices("svm-linear", "mp-mix"))
    assert max(map(len, both)) < 255, "a path part is that long at most"


def _options(protocol: Settings, questions: Any) -> dict[str, Any]:
    return {name: option_of(protocol, name) for of in questions.values() for values in of.values() for name in values}


def _methods(reading: Reading) -> list[str]:
    kernels = EDIT_KERNELS if reading.of == "edit-distance" else ()
    return [*METHODS[reading.domain if reading.domain in METHODS else "graphs"], *kernels]


def _differences(a: Any, b: Any, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if not isinstance(a, dict):
        return {at} if a != b else set()
    return set().union(*(_differences(a[key], b[key], (*at, key)) for key in a))
