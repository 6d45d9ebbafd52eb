"""How is judged, in words: what pages and captions say, in one place."""

from collections.abc import Mapping

import pandas as pd

from relamp.settings.judging import Judging, Protocol

PROTOCOL_WORDS: Mapping[Protocol, str] = {
    "fixed": "the tables' settings from the configuration, the last epoch, and C chosen on inner folds",
    "nested": "settings, epoch and C chosen for each seed and outer fold on inner validation alone",
    "oracle": "settings and epoch with the best test score, which no honest run can know: a warning, not a result",
}
LEAKAGE_WORDS = (
    "What choosing on test scores adds. "
    + "".join(f"{name.capitalize()}: {words}. " for name, words in PROTOCOL_WORDS.items())
    + "Gap: oracle minus nested, in points. Candidates: settings times epochs that the oracle chose from; with one, "
    "nothing is chosen and there is no gap; epoch 0, before any training, is none of a trained method. The oracle "
    "takes one setting and epoch for all folds, nested one for each, so that a gap may be below 0. Means over seeds "
    "and folds, in per cent."
)
_SMALLER = (
    "the preset {preset} trains less than the papers do: a number that it finds worse says that this training does not "
    "reach it, not that the papers' own would not."
)
_TOPICS = {
    "Protocol {protocol}": "{protocol_words}.",
    "Interval": "at {confidence:.0%}, with the corrected resampled variance, since folds share training data.",
    "Verdict": "reproduced, if the interval lies within {margin:g} points of the published value; better or worse, if "
    "it lies wholly outside; inconclusive, if it lies across the border, with the number of further seeds that would "
    "decide it; where not even 1,000 would, only more data could.",
    "Over seeds alone": "the same rule with an interval over seeds, which says whether more seeds on the same data "
    "would find the published value, and nothing about other data.",
    "Claim": "it holds if the whole interval says so, fails if the whole interval says the contrary, and rests on the "
    "data sets named beside it. A gain by x has to be above x less the margin, one over x above x. A claim to beat all "
    "rivals stays undecided until every rival has run; losing to one refutes it.",
    "Evaluation": "a number is judged by the evaluation of its table alone, which is named above the table: of one "
    "method on one data set, an SVM with an RBF kernel and a linear one give two numbers, and a method for which the "
    "papers print several numbers is judged against each.",
    "Fine-tuning": "all runs of a method start from one pre-trained encoder, and their interval does not cover what "
    "another pre-training would change.",
    "Without folds": "probes, k-means, images and graph edit distances choose nothing: the score of a seed is the mean "
    "over its runs at the last embeddings, and the interval is Student's over the seeds. It covers what another "
    "pre-training, and other first weights, centres or triplets, would change; it does not cover other splits than the "
    "public one where there is one, nor other data.",
    "Fractions": "NMI, ARI and graph edit distance are judged in per cent, so that {margin:g} points are {fraction:g}.",
    "Dagger": "rows with one, a paper's own repetition of a rival, are judged by the same runs as that rival.",
}


def how_judged(judging: Judging, preset: str) -> dict[str, str]:
    """Return what verdicts rest on, by topic; the configuration fixes it before a number is seen."""
    topics = _TOPICS if preset == "paper" else {"Size": _SMALLER, **_TOPICS}
    values = {
        **judging.model_dump(),
        **{"preset": preset, "protocol_words": PROTOCOL_WORDS[judging.protocol], "fraction": judging.margin / 100},
    }
    return {topic.format(**values): words.format(**values) for topic, words in topics.items()}


def counted(outcomes: "pd.Series[str]") -> str:
    """Return how many there are of each outcome, the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in outcomes.value_counts().items())
