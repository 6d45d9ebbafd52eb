"""Readings: what the papers leave open or say in two ways, each question with its answers, as data.

Every question has one default: the paper's words; where it is silent, the public code of the method or of its host.
The answers that are options make the multiverse of a method: all ways in which it can be read.
"""

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from relamp.data.rows import DEFAULT
from relamp.errors import RelampError
from relamp.method.table import METHODS, MethodRow
from relamp.settings.base import Settings
from relamp.study.overrides import joined, option_of, overridden, place, scored_by, spelt, told, value_of

FILE = Path(__file__).with_name("readings.yaml")
# The same, six times as fast, where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TRAINING = "training"
Answer = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class Reading(Settings):
    """A question that a paper leaves open, or on which its words and its public code differ."""

    key: Answer
    """Its short name."""
    paper: Literal["lamp", "mmix", "both"]
    """The paper that is read."""
    domain: Literal["graphs", "molecules", "nodes", "images", "judging"]
    """What is trained or measured."""
    of: str = TRAINING
    """What the answers set: settings of training, by their names, or options of an evaluation."""
    methods: tuple[str, ...] = ("*",)
    """Patterns of the names of the methods that it concerns."""
    question: str
    """What is asked."""
    words: Answer | None = None
    """The answer that the paper's words give, if any."""
    said: str = "not stated"
    """What they say."""
    code: Answer | None = None
    """The answer that public code gives, if any."""
    coded: str = ""
    """What it does, and whose it is."""
    default: Answer
    """The answer of relamp."""
    why: str = ""
    """Why the default is neither that of the words nor, where these are silent, that of the code."""
    answers: Annotated[dict[Answer, dict[str, Any]], Field(min_length=1)]
    """What each answer sets; an answer that sets nothing is told, and is no option."""
    sums_up: bool = False
    """Whether each answer is one to several other questions at once, and no choice of its own."""

    @model_validator(mode="after")
    def _default_follows_the_rule(self) -> Self:
        for answer in (self.words, self.code, self.default):
            if answer is not None and answer not in self.answers:
                raise ValueError(f"{self.key}: {answer} is none of its answers, {', '.join(self.answers)}")
        ruled = self.words or self.code
        if ruled not in (None, self.default) and not self.why:
            raise ValueError(f"{self.key}: say why the default is not {ruled}")
        return self

    def concerns(self, method: str) -> bool:
        """Return whether a method of its domain is read by it."""
        return any(fnmatchcase(method, pattern) for pattern in self.methods)


@cache
def all_readings() -> tuple[Reading, ...]:
    """Return all questions in the order of their file; raises RelampError where it is wrong."""
    try:
        entries = yaml.load(FILE.read_text(encoding="utf-8"), _LOADER)
        found = tuple(Reading.model_validate(entry) for entry in entries)
    except ValidationError as error:
        raise RelampError(f"{FILE.name}: {told(error.errors()[0])}") from error
    keys = [(reading.paper, reading.domain, reading.key) for reading in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise RelampError(f"{FILE.name}: {', '.join(map('/'.join, twice))} stands twice")
    return found


def choices(domain: str, method: str, training: Settings) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by question the answers that a method of a domain can be trained with, each with what it sets.

    A question is left out where the method lacks the setting, or where all its answers set the same.
    """
    row, found = METHODS[domain][method], {}
    for reading in all_readings():
        if (reading.domain, reading.of) != (domain, TRAINING) or not reading.concerns(method):
            continue
        possible = {name: values for name, values in reading.answers.items() if _takes(training, row, values)}
        if len(possible) > 1:
            found[reading.key] = possible
    return found


class Point(NamedTuple):
    """A way to read a method: its answers by question, and what they set."""

    answers: dict[str, str]
    values: dict[str, Any]


def points(
    domain: str,
    method: str,
    training: Settings,
    complete: int,
    sampled: int,
    seed: int = 0,
    asked: Collection[str] = (),
) -> tuple[Point, ...]:
    """Return ways to answer the `choices` of a method, the configured one first.

    All combinations of answers, where there are no more than `complete`; or else one question at a time from the
    configured answers and from those of public code, and `sampled` others, drawn by a seed. Combinations that settings
    refuse are left out. Of questions that are not among those `asked`, if any are named, the configured answer stays.
    """
    row, questions = METHODS[domain][method], _those(asked, choices(domain, method, training))
    configured = {
        key: _named(answers, lambda name: value_of(training, row, name)) for key, answers in questions.items()
    }
    readings = [reading for reading in _asked(TRAINING, method) if reading.domain == domain]
    code = _coded(readings, questions, configured)
    drawn = _drawn(questions, (configured, code), complete, sampled, seed)
    return _points(questions, drawn, lambda values: overridden(training, row, values))


def scored_choices(evaluation: str, method: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by question the answers by which a method or kernel can be scored, each with what it sets."""
    asked = [reading for reading in _asked(evaluation, method) if not reading.sums_up]
    found = {reading.key: {name: of for name, of in reading.answers.items() if of} for reading in asked}
    return {key: answers for key, answers in found.items() if len(answers) > 1}


def scored_points(
    evaluation: str,
    method: str,
    protocol: Settings,
    complete: int,
    sampled: int,
    seed: int = 0,
    asked: Collection[str] = (),
) -> tuple[Point, ...]:
    """Return ways to answer the `scored_choices` of an evaluation, as `points` does those of training.

    Answers that sum up others are started from as well.
    """
    questions, readings = _those(asked, scored_choices(evaluation, method)), _asked(evaluation, method)

    def answered(chosen: Settings) -> dict[str, str]:
        return {key: _named(answers, lambda name: option_of(chosen, name)) for key, answers in questions.items()}

    configured = answered(protocol)
    summed = [values for reading in readings if reading.sums_up for values in reading.answers.values()]
    bases = [configured, _coded(readings, questions, configured)]
    bases += [answered(scored_by(protocol, values)) for values in summed]
    drawn = _drawn(questions, bases, complete, sampled, seed)
    return _points(questions, drawn, lambda values: scored_by(protocol, values))


def universe(
    domain: str,
    method: str,
    training: Settings,
    evaluation: str,
    protocol: Settings,
    complete: int,
    sampled: int,
    *,
    trained: bool = True,
    asked: Collection[str] = (),
) -> dict[str, dict[str, str]]:
    """Return the multiverse of a method or kernel: by setting its answers to all questions, the configured one first.

    Readings of training, unless not `trained`, are scored as configured, and those of the evaluation are of the encoder
    that is trained as configured. The answers are those to the questions `asked`, or to all.
    """
    row = METHODS[domain].get(method)
    ways = points(domain, method, training, complete, sampled, asked=asked) if row and trained else (Point({}, {}),)
    scored = scored_points(evaluation, method, protocol, complete, sampled, asked=asked)
    settings = [spelt(training, row, point.values) if row else DEFAULT for point in ways]
    found: dict[str, dict[str, str]] = {}
    for setting, point in zip(settings, ways, strict=True):
        found.setdefault(setting, {**point.answers, **scored[0].answers})
    for point in scored:
        setting = joined(settings[0], protocol, point.values)
        found.setdefault(setting, {**ways[0].answers, **point.answers})
    return found


def _those(asked: Collection[str], questions: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return the questions that are asked: all where none is named."""
    return {key: answers for key, answers in questions.items() if key in asked or not asked}


def _asked(of: str, method: str) -> list[Reading]:
    return [reading for reading in all_readings() if reading.of == of and reading.concerns(method)]


def _coded(
    asked: Sequence[Reading], questions: Mapping[str, Mapping[str, Any]], configured: Mapping[str, str]
) -> dict[str, str]:
    """Return the answers of public code, and configured ones where it has none."""
    code = {reading.key: reading.code or "" for reading in asked}
    return {key: code[key] if code[key] in answers else configured[key] for key, answers in questions.items()}


def _drawn(
    questions: Mapping[str, Mapping[str, Any]],
    bases: Sequence[dict[str, str]],
    complete: int,
    sampled: int,
    seed: int,
) -> list[dict[str, str]]:
    """Return answers by question, those of the first base first; see `points`."""
    every, drawn = prod(map(len, questions.values())), [bases[0]]
    if every <= complete:
        drawn += [dict(zip(questions, answers, strict=True)) for answers in product(*questions.values())]
        return _distinct(drawn)
    for base in bases:
        drawn += [base, *_one_at_a_time(base, questions)]
    rng = random.Random(seed)
    wanted = min(len(_distinct(drawn)) + sampled, every)
    while len(_distinct(drawn)) < wanted:
        drawn.append({key: rng.choice(list(answers)) for key, answers in questions.items()})
    return _distinct(drawn)


def _points(
    questions: Mapping[str, Mapping[str, dict[str, Any]]],
    drawn: Sequence[dict[str, str]],
    made: Callable[[dict[str, Any]], Settings],
) -> tuple[Point, ...]:
    """Return points with what their answers set, as far as settings can be `made` of it."""
    found = []
    for answers in drawn:
        values: dict[str, Any] = {}
        for key, answer in answers.items():
            values |= questions[key].get(answer, {})
        try:
            made(values)
        except ValueError:
            continue
        found.append(Point(answers, values))
    return tuple(found)


def _one_at_a_time(base: Mapping[str, str], questions: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for key, answers in questions.items():
        yield from ({**base, key: answer} for answer in answers if answer != base[key])


def _distinct(drawn: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return list({tuple(answers.items()): answers for answers in drawn}.values())


def _takes(training: Settings, row: MethodRow, values: Mapping[str, Any]) -> bool:
    return bool(values) and all(place(training, row, name) for name in values)


def _named(answers: Mapping[str, Mapping[str, Any]], value: Callable[[str], Any]) -> str:
    """Return the answer that values of settings give; "configured" if they give none."""
    for name, values in answers.items():
        if all(value(key) == of for key, of in values.items()):
            return name
    return "configured"


def page() -> str:
    """Return `docs/deviations.md`."""
    template = Path(__file__).with_name("deviations.md").read_text(encoding="utf-8")
    for paper in ("lamp", "mmix", "both"):
        lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
        lines += [_line(_cells(reading)) for reading in all_readings() if reading.paper == paper]
        template = template.replace(f"{{{paper}}}", "\n".join(lines))
    return template


def _cells(reading: Reading) -> list[str]:
    others = [name for name, values in reading.answers.items() if values or len(reading.answers) > 1]
    options = {key for values in reading.answers.values() for key in values}
    spelt = (
        f" (`{', '.join(sorted(options))}`{'' if reading.of == TRAINING else f' of {reading.of}'})" if options else ""
    )
    default = f"{reading.default}: {reading.why}" if reading.why else reading.default
    return [
        *(reading.domain, reading.question, reading.said, reading.coded or "-", default),
        f"{', '.join(others)}{spelt}" if len(others) > 1 else "-",
    ]


_HEAD = ("where", "question", "the paper's words", "public code", "relamp's default", "answers (option)")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    print(page(), end="")
