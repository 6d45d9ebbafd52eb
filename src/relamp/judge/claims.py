"""The papers' claims, put to the test: each is a quote, a place and a formula, tried on printed or on measured cells.

A claim is `about` one of two things: about printed numbers, tried by a `printed` formula, the classes below, which ask
whether the papers' own cells bear out their text (`relamp.judge.audit`); or about what is measured, tried by a
`measured` one (`relamp.judge.measured_claims`) on scores of this run.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from relamp.errors import RelampError, shortened
from relamp.judge.evidence import Data, Evidence
from relamp.judge.formula import Formula
from relamp.judge.measured_claims import MeasuredFormula
from relamp.judge.published import AGGREGATES, RANK, faults
from relamp.runtime.yaml_words import read_words

COLUMNS = ("id", "paper", "where", "quote", "about", "outcome", "coverage", "evidence", "pieces")
_SOURCE = {"id", "paper", "where", "quote", "about"}
AVERAGE = "average"  # in place of a data set: the mean over the data sets
_EQUAL = 1e-9  # differences of printed decimals are exact but for the last bits of a float


@dataclass(frozen=True)
class Finding:
    """One check of the printed cells: what the paper says, what its cells say, and whether they agree."""

    claimed: str
    recomputed: str
    agrees: bool
    where: str = ""
    remark: str = ""


class _Printed(Formula):
    """A formula over printed cells.

    Attributes:
        measure: the printed value, or its spread.
        metric, protocol: of several cells of a data set, those alone.
    """

    measure: Literal["value", "spread"] = "value"
    metric: str | None = None
    protocol: str | None = None

    def wide(self, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Return the measure: one row per method, one column per data set (and metric or protocol, of several)."""
        if self.artifact not in tables:
            raise RelampError(f"{self.artifact}: there is no such published table; known: {', '.join(tables)}")
        cells = tables[self.artifact]
        cells = cells.assign(protocol=cells.get("protocol", ""))
        # An aggregate is meant only where it is named: a mean of data sets is not one more data set.
        names = self.datasets or [name for name in cells["dataset"].unique() if name not in AGGREGATES]
        cells = cells[cells["dataset"].isin(set(names) - set(self.leave_out))]
        for column in ("metric", "protocol"):
            if wanted := getattr(self, column):
                cells = cells[cells[column] == wanted]
        by_dataset = cells.groupby("dataset")[["metric", "protocol"]].nunique().max()
        varying = by_dataset.index[by_dataset > 1]
        keys = [", ".join(names) for names in zip(*(cells[name] for name in ["dataset", *varying]), strict=True)]
        wide = cells.assign(key=keys).pivot_table(self.measure, "method", "key", sort=False, dropna=False)
        if wide.empty:
            raise RelampError(f"{self.artifact}: has no cells of {self.model_dump(exclude_defaults=True)}")
        return wide

    def rows(self, wide: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
        """Return the rows of the methods; raises RelampError if one is not in the table."""
        unknown = [name for name in methods if name not in wide.index]
        if unknown:
            raise RelampError(f"{self.artifact}: has no method {', '.join(unknown)}; known: {', '.join(wide.index)}")
        return wide.loc[list(methods)]

    @abstractmethod
    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return what comes out, by the published tables."""


class Gain(_Printed):
    """`method` is above the best of some rivals by so many points on a data set (or on `average`).

    Attributes:
        over: readings of what is compared with; each is a list of rivals, of which the best on the data set counts.
            The claim agrees if it does by one of the readings, since the papers do not always name the baseline.
        points: for each data set the points with the printed decimals, with `>` before them where it is a lower bound.
    """

    kind: Literal["gain"]
    method: str
    over: tuple[tuple[str, ...], ...]
    points: dict[str, str]

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding for each data set, all readings in it."""
        return [self._check(self._wide(tables, dataset), dataset, points) for dataset, points in self.points.items()]

    def _wide(self, tables: Mapping[str, pd.DataFrame], dataset: str) -> pd.DataFrame:
        """Return the one column of a data set or aggregate; for the average, the columns of all data sets."""
        if dataset == AVERAGE:
            return self.wide(tables)
        wide = self.model_copy(update={"datasets": (dataset,)}).wide(tables)
        if list(wide.columns) != [dataset]:
            raise RelampError(f"{self.artifact}: has several cells of {dataset}: {'; '.join(wide.columns)}; choose one")
        return wide

    def _check(self, wide: pd.DataFrame, dataset: str, points: str) -> Finding:
        bound, claimed = points.startswith(">"), Decimal(points.removeprefix(">").strip())
        readings = []
        for rivals in self.over:
            others = self.rows(wide, rivals)
            gain = float((self.rows(wide, [self.method]).iloc[0] - others.max()).mean())
            readings.append((gain, str(others.mean(axis=1).idxmax())))
        # The cells have as many decimals as the claim: half of the last one is the room that rounding leaves.
        room = float(claimed.as_tuple().exponent)
        slack = 0.5 * 10**room - _EQUAL
        right = [
            gain > float(claimed) + _EQUAL if bound else abs(gain - float(claimed)) < slack for gain, _ in readings
        ]
        shown = "; ".join(f"{gain:.{max(2, -int(room))}f} over {rival}" for gain, rival in readings)
        return Finding(points, shown, any(right), dataset)


class Places(_Printed):
    """`method` is first, second, ... of its table on so many data sets; equal values share the better place."""

    kind: Literal["places"]
    method: str
    places: dict[int, int]

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding for each place."""
        wide = self.wide(tables)
        ranks = self.rows(wide.rank(ascending=False, method="min"), [self.method]).iloc[0]
        findings = []
        for place, count in self.places.items():
            found = ranks.index[ranks == place].tolist()
            counted = f"{len(found)} times" + (f" ({', '.join(found)})" if found else "")
            findings.append(Finding(f"{count} times", counted, len(found) == count, f"place {place}"))
        return findings


class Leads(_Printed):
    """The methods are better than every rival on each data set: higher, but lower for spreads and average ranks.

    Attributes:
        over: the rivals, or `others`: all further methods of the table.
        need: whether `each` of the methods must lead, or `any` of them, which may differ from data set to data set.
        against: the table of the rivals, if it is another one.
    """

    kind: Literal["leads"]
    methods: tuple[str, ...]
    over: tuple[str, ...] | Literal["others"] = "others"
    need: Literal["each", "any"] = "each"
    against: str | None = None

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
        """Return one finding, which names each data set where a rival is as good or better."""
        wide = self.wide(tables)
        beside = self.model_copy(update={"artifact": self.against}).wide(tables) if self.against else wide
        signs = [-1.0 if self.measure == "spread" or name == RANK else 1.0 for name in wide.columns]
        rivals = [name for name in beside.index if name not in self.methods] if self.over == "others" else self.over
        own, other = self.rows(wide, self.methods) * signs, self.rows(beside, rivals)[wide.columns] * signs
        weakest = own.max() if self.need == "any" else own.min(skipna=False)
        compared = weakest.dropna().index.intersection(other.dropna(how="all", axis=1).columns, sort=False)
        failed = [name for name in compared if weakest[name] <= other[name].max() + _EQUAL]
        shown = [
            f"{name}: {abs(weakest[name]):g} against {abs(other[name].max()):g} of {other[name].idxmax()}"
            for name in failed
        ]
        found = "; not on ".join([f"on {len(compared) - len(failed)} of {len(compared)}", *shown])
        equal = [name for name in failed if abs(weakest[name] - other[name].max()) <= _EQUAL]
        remark = f"equal as printed: {', '.join(equal)}" if equal else ""
        return [Finding("everywhere", found, not failed and bool(len(compared)), remark=remark)]


class Sum(Data):
    """Numbers of the text that should add up to another one."""

    kind: Literal["sum"]
    artifact: str
    parts: tuple[str, ...]
    total: str

    def check(self, tables: Mapping[str, pd.DataFrame]) -> list[Finding]:  # noqa: ARG002 - as the other kinds
        """Return one finding."""
        total = sum(map(Decimal, self.parts))
        return [Finding(self.total, f"{' + '.join(self.parts)} = {total}", total == Decimal(self.total))]


class Claim(Data):
    """One statement of a paper: its exact words, where they stand, and what they say of cells.

    Attributes:
        paper, where, quote: the source; `where` also says as what the quote is read, if that is not plain.
        about: printed numbers, or what is measured.
        id: of a claim about what is measured.
        measured, printed: the formula, of that which the claim is about.
        remark: what a reader of the audit should know.
    """

    paper: str = Field(min_length=1)
    where: str = Field(min_length=1)
    quote: str = Field(min_length=1)
    about: Literal["printed", "measured"]
    id: str = ""
    measured: Annotated[MeasuredFormula, Field(discriminator="kind")] | None = None
    printed: Annotated[Gain | Places | Leads | Sum, Field(discriminator="kind")] | None = None
    remark: str = ""

    @model_validator(mode="after")
    def _is_tried(self) -> Self:
        found = {"measured": self.measured, "printed": self.printed}
        if [name for name, formula in found.items() if formula] != [self.about] or bool(self.measured) != bool(self.id):
            raise ValueError("a claim about what is `measured` has such a formula and an `id`, another a `printed` one")
        return self


def load_claims(path: Path | str) -> list[Claim]:
    """Return the claims of a YAML file; raises RelampError, naming the claim, if one has a wrong form."""
    path = Path(path)
    entries: Any = read_words(path)
    if not isinstance(entries, list):
        raise RelampError(f"{path}: is not a list of claims; the papers' claims belong there")
    claims = []
    for entry in entries:
        try:
            claims.append(Claim.model_validate(entry))
        except ValidationError as error:
            name = entry.get("id") or entry.get("quote") if isinstance(entry, dict) else None
            raise RelampError(f"{path}: the claim {shortened(name or entry)}: {faults(error)}") from error
    return claims


def check_claims(claims: Sequence[Claim], evidence: Evidence) -> pd.DataFrame:
    """Return one row (`COLUMNS`) per claim on measured cells: its outcome, the data sets it rests on, the numbers."""
    rows = [{**each.model_dump(include=_SOURCE), **each.measured.tested(evidence)} for each in claims if each.measured]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def check_printed(claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row (`COLUMNS`) per claim about printed numbers: it holds where all of its findings agree.

    Claims about tables that are not among these are left out.
    """
    rows = []
    for number, each in enumerate(claim for claim in claims if claim.printed):
        assert each.printed
        if isinstance(each.printed, _Printed) and each.printed.artifact not in tables:
            continue
        found = each.printed.check(tables)
        shown = [f"{of.where + ': ' if of.where else ''}claimed {of.claimed}, printed {of.recomputed}" for of in found]
        words = {"id": f"printed-{number + 1}", "outcome": "holds" if all(of.agrees for of in found) else "fails"}
        about = {"coverage": each.printed.artifact, "evidence": "; ".join([*shown, *filter(None, [each.remark])])}
        rows.append({**each.model_dump(include=_SOURCE), **words, **about, "pieces": ""})
    return pd.DataFrame(rows, columns=list(COLUMNS))
