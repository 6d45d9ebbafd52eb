"""The claims of published/*.yaml quote the papers word for word, and speak of methods and data sets that they print."""

import re
import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from relamp.judge.published import load_published

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "published"
PAPERS = {"lamp": "lamp.txt", "mmix": "m-mix.txt"}
TEXTS = ROOT.parent / "shared" / "papers"
# Each kind of test with its parameters; `artifact` belongs to all.
KINDS = {
    "best_average": {"method", "beside", "datasets"},
    "gain": {"method", "over", "points", "at_least", "datasets"},
    "beats": {"method", "over", "except", "datasets"},
    "falls_above": {"parameter", "threshold", "datasets"},
    "rises_with": {"parameter", "datasets"},
    "loses_over": {"augmentation", "fraction", "datasets"},
    "adds_entropy": {"augmentation", "datasets"},
}
FIGURES = {"lamp_fig2", "lamp_fig4", "lamp_fig5"}


def entries(name: str) -> list[dict[str, Any]]:
    found = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


CLAIMS = entries("claims.yaml")


def squeezed(text: str) -> str:
    """Without what a PDF's text adds or loses: ligatures, italics, spaces, line breaks, marks of hyphenation."""
    return re.sub(r"[\s­-]", "", unicodedata.normalize("NFKC", text))


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the texts of the papers are not beside the repository")
@pytest.mark.parametrize("name", ["claims.yaml", "text_claims.yaml"])
def test_every_quote_is_in_the_paper(name: str) -> None:
    texts = {paper: squeezed((TEXTS / file).read_text(encoding="utf-8")) for paper, file in PAPERS.items()}
    missing = [claim["quote"] for claim in entries(name) if squeezed(claim["quote"]) not in texts[claim["paper"]]]
    assert missing == []


def test_squeezing_keeps_words_and_numbers() -> None:
    assert squeezed("bench-\n\nmarks 1.43% of 𝑚𝑝-mix, ﬁne") == "benchmarks1.43%ofmpmix,fine"
    assert squeezed("1.43") != squeezed("14.3")


def test_claims_have_ids_of_their_own_and_known_tests() -> None:
    names = [claim["id"] for claim in CLAIMS]
    assert len(names) == len(set(names))
    for claim in CLAIMS:
        assert set(claim) == {"id", "paper", "where", "quote", "test"}
        test = claim["test"]
        assert set(test) <= KINDS[test["kind"]] | {"kind", "artifact"}, claim["id"]
        assert KINDS[test["kind"]] - {"datasets", "except", "beside", "at_least"} <= set(test), claim["id"]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])
def test_claims_speak_of_what_the_papers_print(claim: dict[str, Any]) -> None:
    test = claim["test"]
    assert test["artifact"].startswith(f"{claim['paper']}_")
    table = "lamp_table1" if test["artifact"] in FIGURES else test["artifact"]
    cells: pd.DataFrame = load_published(FOLDER, table)
    over = test.get("over", "all")
    methods = [*([over] if isinstance(over, str) else over), test.get("method", "all"), *test.get("beside", [])]
    assert set(methods) - {"all"} <= set(cells["method"])
    assert test.get("method") not in ([over] if isinstance(over, str) else over)
    assert {*test.get("datasets", []), *test.get("except", [])} <= set(cells["dataset"])
