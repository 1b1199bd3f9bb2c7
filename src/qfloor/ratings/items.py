"""Which outputs a file speaks of: its rows gathered by what they judge.

A file repeats prompt, model and category on every row, or says them once and leaves the rest to
the item's id. Whatever the rows of one item say must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qfloor.ratings.judgment import TEST, Faults, Judgment, Versus

_NAMES = {  # what an item may say, and how a file calls it
    "prompt": "prompt_id",
    "text": "prompt",
    "category": "category",
    "modality": "modality",
    "model": "model_id",
    "seed": "seed",
}


class Mention(NamedTuple):
    """One side of a comparison; its fields are the first of a `Judgment`, in their order."""

    row: int
    item: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str


@dataclass(slots=True)
class Item:
    """Something that was judged, as the file describes it; what it leaves open is empty.

    Its first fields are those of a `Judgment` or `Mention`, in their order.

    ``tested`` says that at least one rating of it is no control, ``compared`` that at least one
    comparison is none. ``output`` is the id of the store's output that it was found to be.
    """

    row: int
    name: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str
    tested: bool = False
    compared: bool = False
    output: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """How the file tells it from others."""
        return (self.name,) if self.name else (self.prompt, self.model, self.seed)

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"item {self.name!r}" if self.name else f"{self.model!r} on prompt {self.prompt!r}"


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What a file speaks of.

    Attributes
    ----------
    items : list of Item
        In the order in which the file first names them.
    place : list of int
        For each judgment the index of its item.
    sides : list of (int, int)
        For each comparison the indices of its two.
    """

    items: list[Item]
    place: list[int]
    sides: list[tuple[int, int]]


def gather(
    judgments: Sequence[Judgment], comparisons: Sequence[Versus], faults: Faults
) -> Gathered:
    """Gather judgments by item.

    Parameters
    ----------
    judgments, comparisons : sequence of Judgment, sequence of Versus
        In the file's order.
    faults : Faults
        Builds errors of rows.

    Returns
    -------
    Gathered

    Raises
    ------
    RatingsError
        When a row names nothing, or rows of one item contradict each other.
    """
    found = _Found(faults)
    sides = found.sides(comparisons)
    place = found.places(judgments)
    for judgment, at in zip(judgments, place, strict=True):
        if judgment.control == TEST:
            found.items[at].tested = True
    for versus, (left, right) in zip(comparisons, sides, strict=True):
        if versus.control == TEST:
            found.items[left].compared = found.items[right].compared = True
    return Gathered(items=found.items, place=place, sides=sides)


class _Found:
    """The items found so far. Rows that say the same of an item are looked at once.

    Fields 1 to 7 of a `Judgment` or `Mention` are all that it says of its item.
    """

    def __init__(self, faults: Faults) -> None:
        self.items: list[Item] = []
        self._faults = faults
        self._by_said: dict[tuple[object, ...], int] = {}
        self._by_key: dict[tuple[str, ...], int] = {}

    def places(self, judgments: Sequence[Judgment]) -> list[int]:
        """Find the item of each judgment."""
        known = self._by_said.get
        place = []
        for judgment in judgments:
            at = known(judgment[1:8])
            if at is None:
                at = self._by_said[judgment[1:8]] = self._look(judgment)
            place.append(at)
        return place

    def sides(self, comparisons: Sequence[Versus]) -> list[tuple[int, int]]:
        """Find or make the items of both sides of each comparison."""
        known = self._by_said.get
        sides = []
        for row, left, right, _, _, prompt, text, category, modality, *_ in comparisons:
            item, model, seed, _ = left
            said = (item, prompt, text, category, modality, model, seed)
            left_at = known(said)
            if left_at is None:
                left_at = self._by_said[said] = self._look(Mention(row, *said))
            item, model, seed, _ = right
            said = (item, prompt, text, category, modality, model, seed)
            right_at = known(said)
            if right_at is None:
                right_at = self._by_said[said] = self._look(Mention(row, *said))
            sides.append((left_at, right_at))
        return sides

    def _look(self, mention: Judgment | Mention) -> int:
        item = _item(mention, self._faults)
        at = self._by_key.setdefault(item.key, len(self.items))
        if at == len(self.items):
            self.items.append(item)
        else:
            _merge(self.items[at], mention, self._faults)
        return at


def _item(mention: Judgment | Mention, faults: Faults) -> Item:
    if not mention.item and not (mention.prompt and mention.model):
        raise faults.wrong(
            mention.row,
            "nothing says what was rated, fill in item_id, or prompt_id (or prompt) and model_id",
        )
    return Item(*mention[:8])


def _merge(item: Item, mention: Judgment | Mention, faults: Faults) -> None:
    """Fill what earlier rows left open; a contradiction is an error."""
    for field, name in _NAMES.items():
        new, old = getattr(mention, field), getattr(item, field)
        if new and old and new != old:
            how = faults.mapped(" (ids of prompts: --map prompt=item_id)")
            raise faults.wrong(
                mention.row,
                f"{item.label} has {name} {new!r} here and {old!r} in {faults.at(item.row)}, "
                f"correct one or give the items ids of their own{how}",
            )
        if new:
            setattr(item, field, new)
