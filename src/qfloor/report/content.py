"""What a report is made of: the rows of a quality database, and what a workspace adds to them.

The page computes nothing that decides; it arranges these. What is not at hand is in ``absent``
with the reason, and the page says so in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from qfloor.records import TIERS, DriftFinding
from qfloor.report.markup import names_of

Row = Mapping[str, Any]
Place = tuple[str, str]
"""Category and modality."""
CellPlace = tuple[str, str, str]
"""Offer, category and modality."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One output to look at; ``value`` None where it failed outright, ``why`` then says how.

    ``file`` is None where there is nothing to show or it shall not be shown.
    """

    title: str
    offer_id: str
    prompt: str
    output_id: str
    value: float | None
    why: str
    file: Path | None
    clip: bool


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Outputs of one category as one quality orders them, worst first."""

    quality: str
    category: str
    modality: str
    n: int
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Every value of a cell, and how many outputs failed outright and have none."""

    values: tuple[float, ...]
    outright: int


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How long a round's outputs took: the sellers' time, and from first to last call."""

    seconds: Mapping[str, float]
    first_at: str | None
    last_at: str | None
    elapsed_s: float | None
    rating_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Since:
    """What changed since an earlier release.

    ``findings`` are tests of fails (offers first, then their categories); ``paired`` says that
    they compare the same prompts, output by output, and not two counts. ``untested`` says why
    some or all cells could not be tested; ``verdicts`` are rulings that are otherwise now.
    """

    name: str
    round: str
    digest: str
    findings: tuple[DriftFinding, ...]
    paired: bool
    alpha: float
    signs: tuple[str, ...] = ()
    verdicts: tuple[Row, ...] = ()
    prices: tuple[Row, ...] = ()
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    untested: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """All that a report shows.

    ``tables`` are the rows of a quality database by table; ``kinds`` of picture strips and
    everything below them come from a workspace. ``absent`` gives, by section, why something is
    not there.
    """

    tables: Mapping[str, Sequence[Row]]
    written_at: str
    written_by: str
    spreads: Mapping[CellPlace, Spread] = field(default_factory=dict)
    strips: tuple[Strip, ...] = ()
    quartiles: tuple[Strip, ...] = ()
    agreement: tuple[Row, ...] = ()
    raters: tuple[Row, ...] = ()
    clock: Clock | None = None
    since: Since | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def about(self) -> Row:
        """The release itself."""
        return self.tables["release"][0]

    @cached_property
    def provenance(self) -> Row:
        """Provenance by key."""
        return {row["key"]: row["value"] for row in self.tables["provenance"]}

    @cached_property
    def offers(self) -> Mapping[str, Row]:
        """Offers by id."""
        return {row["id"]: row for row in self.tables["offers"]}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """How the page calls each offer, those of the earlier release too: no two alike."""
        ids = set(self.offers)
        if self.since is not None:
            ids |= {finding.offer_id for finding in self.since.findings}
            ids |= {row["offer_id"] for row in (*self.since.verdicts, *self.since.prices)}
        return names_of(ids)

    def name(self, offer_id: str) -> str:
        """How the page calls an offer."""
        return self.names.get(offer_id, offer_id)

    @property
    def painters(self) -> tuple[str, ...]:
        """Ids of the offers that are painters: programs that draw, not AI models."""
        return tuple(id for id, offer in self.offers.items() if offer["provider"] == "painters")

    @cached_property
    def quality(self) -> Row:
        """The quality that decides."""
        return next(q for q in self.tables["qualities"] if q["id"] == self.about["primary_quality"])

    @cached_property
    def floors(self) -> Sequence[Row]:
        """Delivered floors of the quality that decides."""
        wanted = self.quality["id"]
        return [
            f for f in self.tables["floors"] if f["quality"] == wanted and f["kind"] == "delivered"
        ]

    @cached_property
    def verdicts(self) -> Sequence[Row]:
        """Verdicts on the quality that decides."""
        return [v for v in self.tables["verdicts"] if v["quality"] == self.quality["id"]]

    @cached_property
    def places(self) -> Sequence[Place]:
        """Categories and modalities that were judged."""
        return sorted({(f["category"], f["modality"]) for f in self.floors})

    @cached_property
    def rulings(self) -> Mapping[tuple[str, str, str, str], Row]:
        """Verdicts by offer, category, modality and tier."""
        return {(v["offer_id"], v["category"], v["modality"], v["tier"]): v for v in self.verdicts}

    def floors_at(self, place: Place) -> Sequence[Row]:
        """Floors of a category, best bound first."""
        here = [f for f in self.floors if (f["category"], f["modality"]) == place]
        return sorted(here, key=_best_first)

    def thresholds_at(self, place: Place) -> Iterator[tuple[str, float]]:
        """Tiers of a category with their thresholds, lowest tier first."""
        found = {
            v["tier"]: v["threshold"]
            for v in self.verdicts
            if (v["category"], v["modality"]) == place
        }
        return ((tier, found[tier]) for tier in TIERS if tier in found)

    def best_tier(self, floor: Row) -> str | None:
        """Highest tier that a floor's offer is certified for."""
        place = (floor["offer_id"], floor["category"], floor["modality"])
        held = [
            tier
            for tier in TIERS
            if self.rulings.get((*place, tier), {}).get("ruling") == "certified"
        ]
        return held[-1] if held else None

    def open_tiers(self, floor: Row) -> Sequence[str]:
        """Tiers on which a floor's offer is undecided."""
        place = (floor["offer_id"], floor["category"], floor["modality"])
        return [
            tier
            for tier in TIERS
            if self.rulings.get((*place, tier), {}).get("ruling") == "undecided"
        ]

    @cached_property
    def outputs(self) -> Mapping[str, int]:
        """Outputs by offer, whatever became of them."""
        rows = self.tables.get("raw_rows", ())
        return {row["offer_id"]: row["n"] for row in rows if row["kind"] == "outputs"}

    @cached_property
    def paid(self) -> Mapping[str, float]:
        """USD per made output by offer, as the round's ledger says; offers never billed lack."""
        return {
            s["offer_id"]: s["amount_nanousd"] / 1e9 / s["charged"]
            for s in self.tables.get("spending", ())
            if s["charged"] and not s["unknown"] and self.outputs.get(s["offer_id"])
        }


def _best_first(floor: Row) -> tuple[float, float, str]:
    bound, quartile = floor["q25_lo_release"], floor["q25"]
    low = float("-inf")
    return (
        -(low if bound is None else bound),
        -(low if quartile is None else quartile),
        str(floor["offer_id"]),
    )
