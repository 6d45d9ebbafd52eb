"""The claims of published/claims.yaml quote the papers word for word, and speak of what they print."""

import re
import unicodedata
from pathlib import Path

import pytest

from relamp.judge.claims import Claim, load_claims
from relamp.judge.published import load_published

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "published"
PAPERS = {"lamp": "lamp.txt", "mmix": "m-mix.txt"}
TEXTS = ROOT.parent / "shared" / "papers"
CLAIMS = load_claims(FOLDER / "claims.yaml")
MEASURED = [claim for claim in CLAIMS if claim.measured]


def squeezed(text: str) -> str:
    """Without what a PDF's text adds or loses: ligatures, italics, spaces, line breaks, marks of hyphenation."""
    return re.sub(r"[\s­-]", "", unicodedata.normalize("NFKC", text))


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the texts of the papers are not beside the repository")
def test_every_quote_is_in_the_paper() -> None:
    texts = {paper: squeezed((TEXTS / file).read_text(encoding="utf-8")) for paper, file in PAPERS.items()}
    missing = [claim.quote for claim in CLAIMS if squeezed(claim.quote) not in texts[claim.paper]]
    assert missing == []


def test_squeezing_keeps_words_and_numbers() -> None:
    assert squeezed("bench-\n\nmarks 1.43% of 𝑚𝑝-mix, ﬁne") == "benchmarks1.43%ofmpmix,fine"
    assert squeezed("1.43") != squeezed("14.3")


def test_claims_on_measured_cells_have_ids_of_their_own() -> None:
    names = [claim.id for claim in MEASURED]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("claim", MEASURED, ids=lambda claim: claim.id)
def test_claims_speak_of_what_the_papers_print(claim: Claim) -> None:
    formula = claim.measured
    assert formula
    assert formula.artifact.startswith(f"{claim.paper}_")
    cells = load_published(FOLDER, formula.table or formula.artifact)
    over = getattr(formula, "over", "all")
    over = {over} if isinstance(over, str) else {*over}
    method = getattr(formula, "method", "all")
    assert {*over, method, *getattr(formula, "beside", ())} - {"all"} <= set(cells["method"])
    assert method not in over - {"all"}
    assert {*(formula.datasets or ()), *formula.leave_out} <= set(cells["dataset"])
