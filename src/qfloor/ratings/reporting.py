"""What became of a file: what was read, kept and new, and what a person should look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qfloor.counting import several
from qfloor.ratings.assembling import ImportedRatings
from qfloor.ratings.judgment import ANONYMOUS, TEST, Reading
from qfloor.ratings.settling import Settled
from qfloor.ratings.store_rows import ComparisonRow, OutputRow, RatingRow
from qfloor.records import Output


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of a file.

    ``kept`` ratings and ``comparisons`` came of it, of which ``added`` are new to the store;
    ``controls`` counts those of them that never enter a floor. ``repeated`` says that this very
    file was imported before, ``hashed_raters`` how many raters go by pseudonyms, ``salt`` by which
    mark their salt is known. Of a file of pairs, ``read`` counts the pairs and ``dropped`` those
    that gave no comparison; scores beside a pair are ratings too.
    """

    path: str
    sha256: str
    format: str
    source: str
    round: str
    repeated: bool
    read: int
    kept: int
    comparisons: int
    added: int
    dropped: Mapping[str, int]
    controls: Mapping[str, int]
    anonymous: int
    raters: int
    items: int
    items_in_store: int
    prompts: int
    hashed_raters: int
    salt: str | None
    offers: tuple[str, ...]
    criteria: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table."""
        return dict(self.__dict__)

    def __str__(self) -> str:
        if self.repeated:
            return f"{self.path} was imported before; nothing was added"
        why = ", ".join(f"{n} {reason}" for reason, n in self.dropped.items())
        kept = f"{self.kept} kept"
        if self.comparisons:
            kept = (
                f"{several(self.comparisons, 'comparison')} and {several(self.kept, 'rating')} kept"
            )
        return (
            f"{self.path}: {several(self.read, 'judgment')} read, {kept}"
            + (f" ({why} dropped)" if why else "")
            + f", {self.added} of them new: {several(self.raters, 'rater')}, "
            f"{several(self.items, 'item')}, {several(len(self.offers), 'offer')}"
        )


def report_of(reading: Reading, imported: ImportedRatings, settled: Settled) -> ImportReport:
    """Count what a reading gave; the importer adds what it knows of the file."""
    compared = imported.comparisons.comparisons
    said: tuple[RatingRow | ComparisonRow, ...] = (*imported.ratings, *compared)
    outputs = {output.id: output for output in settled.outputs}
    dropped = Counter(reading.dropped) + Counter(imported.dropped)
    named = {judgment.rater for judgment in said} - {ANONYMOUS}
    controls = Counter(judgment.control for judgment in said)
    controls.pop(TEST, None)
    return ImportReport(
        path="",
        sha256="",
        format="",
        source="",
        round="",
        repeated=False,
        read=reading.n_rows,
        kept=len(imported.ratings),
        comparisons=len(compared),
        added=0,
        dropped=dict(sorted(dropped.items())),
        controls=dict(sorted(controls.items())),
        anonymous=sum(judgment.rater == ANONYMOUS for judgment in said),
        raters=len(named),
        items=len(outputs),
        items_in_store=settled.matched,
        prompts=len({output.prompt_digest for output in outputs.values()}),
        hashed_raters=0,
        salt=None,
        offers=tuple(sorted({output.offer_id for output in outputs.values()})),
        criteria=tuple(sorted({judgment.criterion for judgment in said})),
        ignored_columns=reading.ignored_columns,
        notes=(*reading.notes, *_remarks(imported, outputs)),
    )


def _remarks(imported: ImportedRatings, outputs: Mapping[str, Output | OutputRow]) -> list[str]:
    """Say what a person should look at: names that look alike, prompts that differ by offer."""
    prompts: dict[str, set[str]] = defaultdict(set)
    for name in {rating.output_id for rating in imported.ratings if rating.control == TEST}:
        prompts[outputs[name].offer_id].add(outputs[name].prompt_digest)
    compared = {
        outputs[name].offer_id
        for c in imported.comparisons.comparisons
        for name in (c.left_output_id, c.right_output_id)
    }
    alike: dict[str, list[str]] = defaultdict(list)
    for offer in sorted(compared.union(prompts)):
        alike["".join(c for c in offer.lower() if c.isalnum())].append(offer)
    found = [
        f"{' and '.join(names)} differ in case or marks only: are they one?"
        for names in alike.values()
        if len(names) > 1
    ]
    every = set().union(*prompts.values())
    return found + [
        f"{offer} has ratings on {len(prompts[offer])} of {several(len(every), 'prompt')}"
        for offer in sorted(prompts)
        if len(prompts[offer]) < len(every)
    ]
