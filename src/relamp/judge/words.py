"""How is judged, in words: what pages and captions say, in one place."""

from collections.abc import Mapping

import pandas as pd

from relamp.settings.judging import LEAST_SEEDS, Judging, Protocol

PROTOCOL_WORDS: Mapping[Protocol, str] = {
    "fixed": "the tables' settings from the configuration, the last epoch, and C chosen on inner folds",
    "nested": "settings, epoch and C chosen for each seed and outer fold on inner validation alone",
    "oracle": "settings and epoch with the best test score, the most that the candidates can give: a warning, not a "
    "result",
    "epoch-on-test": "the fixed setting, for each seed the epoch with the best test score",
    "setting-on-test": "the last epoch, for each seed the setting with the best test score",
    "C-on-test": "the fixed setting at the last epoch, in each fold the C with the best test score",
    "all-on-test": "these three together",
}
METRICS = {"nmi": "NMI", "ari": "ARI", "roc_auc": "ROC-AUC", "micro_f1": "micro-F1"}
LEAKAGE_WORDS = (
    "What choosing on test scores adds. "
    + "".join(f"{name[0].upper()}{name[1:]}: {words}. " for name, words in PROTOCOL_WORDS.items())
    + "The last four are rules of public codes and, like the oracle, never judged. Gap: oracle minus nested in points. "
    "Candidates: settings times epochs that the oracle chose from; with one, there is no gap; epoch 0, before any "
    "training, is none of a trained method. The oracle takes one setting and epoch for all folds, nested one for each, "
    "so that a gap may be below 0. Means over seeds and folds, in per cent."
)
_SMALLER = (
    "the preset {preset} trains less than the papers do: a number that it finds worse says that this training does not "
    "reach it, not that the papers' own would not."
)
_TOPICS = {
    "Protocol {protocol}": "{protocol_words}.",
    "Beside it": "what the fixed setting and the oracle score, and how many settings of the paper's grid were run.",
    "Interval": "at {confidence:.0%} over the seeds, since the printed mean is one over seeds on the same data too: "
    "Student's, or Welch's together with the printed ±, whose divisor is taken to be {printed_divisor}. Where the "
    "paper does not say over how many runs that is, the seeds of the preset paper are taken for it, and the remark "
    "says so.",
    "Verdict": "reproduced, if the interval lies within {margin:g} points of the published value; better or worse, if "
    "it lies wholly outside; inconclusive, if it lies across the border, with the number of further seeds that would "
    "decide it. Below {least} seeds there is no interval: too few seeds.",
    "Not comparable": "the printed number was measured on another split or by another protocol than relamp runs.",
    "Quote": "a number that the paper took from elsewhere; it is judged like any other, but is no claim of the paper.",
    "Scaled": "sizes of a cell's run beside those of the preset paper, such as “epochs 20 / 200”, and its seeds beside "
    "the runs that the paper prints.",
    "On other data": "what other seeds and data of this size would give, since folds share their encoder and most of "
    "their training data. By it methods are compared and claims are tried.",
    "Claim": "it holds if the whole interval says so, fails if the whole interval says the contrary, and rests on the "
    "data sets named beside it. A gain by x has to be above x less the margin, one over x above x. It holds only where "
    "all its data sets were run, and an average fails only there. A claim to beat all rivals stays undecided until "
    "every rival has run; losing to one that the table prints refutes it. Rivals that the paper quotes are run "
    "here as in their public codes, which is another question than its printed comparison.",
    "Evaluation": "a number is judged by the evaluation of its table alone, which is named above the table: of one "
    "method on one data set, an SVM with an RBF kernel and a linear one give two numbers, and a method for which the "
    "papers print several numbers is judged against each.",
    "Fine-tuning": "nested is the epoch with the best validation score, fixed the last one, which public codes report, "
    "oracle the one with the best test score, which some report. Where all runs of a method start from one pre-trained "
    "encoder, their interval does not cover what another pre-training would change; with several encoders it is over "
    "these, each the mean over its runs.",
    "Without folds": "probes, k-means, images and graph edit distances choose no setting: the score of a seed is the "
    "mean over its runs at the last embeddings or, where `probe.epoch` says so, at the stored ones that are best on "
    "the validation nodes, and the interval is Student's over the seeds. It covers what another pre-training, and "
    "other first weights, centres or triplets, would change; it does not cover other splits than the public one where "
    "there is one, nor other data.",
    "Fractions": "NMI, ARI and graph edit distance are judged in per cent, so that {margin:g} points are {fraction:g}.",
    "Dagger": "rows with one, a paper's own repetition of a rival, are judged by the same runs as that rival.",
}


def how_judged(judging: Judging, preset: str) -> dict[str, str]:
    """Return what verdicts rest on, by topic; the configuration fixes it before a number is seen."""
    topics = _TOPICS if preset == "paper" else {"Size": _SMALLER, **_TOPICS}
    values = {
        **judging.model_dump(),
        **{"preset": preset, "protocol_words": PROTOCOL_WORDS[judging.protocol], "fraction": judging.margin / 100},
        "least": LEAST_SEEDS,
    }
    return {topic.format(**values): words.format(**values) for topic, words in topics.items()}


def counted(outcomes: "pd.Series[str]") -> str:
    """Return how many there are of each outcome, the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in outcomes.value_counts().items())
