"""Which outputs a file speaks of: its rows gathered by what they rate.

A file repeats prompt, model and category on every row, or says them once and leaves the rest to
the item's id. Whatever the rows of one item say must agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from qfloor.ratings.judgment import TEST, Faults, Judgment

_NAMES = {  # what an item may say, and how a file calls it
    "prompt": "prompt_id",
    "text": "prompt",
    "category": "category",
    "modality": "modality",
    "model": "model_id",
    "seed": "seed",
}
_said = attrgetter(*_NAMES)


@dataclass(kw_only=True, slots=True)
class Item:
    """Something that was rated, as the file describes it; what it leaves open is empty.

    ``tested`` says that at least one rating of it is no control.
    """

    row: int
    name: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str
    tested: bool

    @property
    def key(self) -> tuple[str, ...]:
        """How the file tells it from others."""
        return (self.name,) if self.name else (self.prompt, self.model, self.seed)

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"item {self.name!r}" if self.name else f"{self.model!r} on prompt {self.prompt!r}"


def gather(judgments: Sequence[Judgment], faults: Faults) -> tuple[list[Item], list[int]]:
    """Gather judgments by item.

    Parameters
    ----------
    judgments : sequence of Judgment
        In the file's order.
    faults : Faults
        Builds errors of rows.

    Returns
    -------
    items : list of Item
        In the order in which the file first names them.
    place : list of int
        For each judgment the index of its item.

    Raises
    ------
    RatingsError
        When a row names nothing, or rows of one item contradict each other.
    """
    items: list[Item] = []
    said: list[tuple[object, ...]] = []
    index: dict[tuple[str, ...], int] = {}
    place: list[int] = []
    for judgment in judgments:
        key = (
            (judgment.item,) if judgment.item else (judgment.prompt, judgment.model, judgment.seed)
        )
        at = index.get(key)
        if at is None:
            at = index[key] = len(items)
            items.append(_item(judgment, faults))
            said.append(_said(judgment))
        elif _said(judgment) != said[at]:
            _merge(items[at], judgment, faults)
        if judgment.control == TEST:
            items[at].tested = True
        place.append(at)
    return items, place


def _item(judgment: Judgment, faults: Faults) -> Item:
    if not judgment.item and not (judgment.prompt and judgment.model):
        raise faults.wrong(
            judgment.row, "nothing says what was rated, fill in item_id, or prompt_id and model_id"
        )
    return Item(
        row=judgment.row,
        name=judgment.item,
        prompt=judgment.prompt,
        text=judgment.text,
        category=judgment.category,
        modality=judgment.modality,
        model=judgment.model,
        seed=judgment.seed,
        tested=False,
    )


def _merge(item: Item, judgment: Judgment, faults: Faults) -> None:
    """Fill what earlier rows left open; a contradiction is an error."""
    for field, name in _NAMES.items():
        new, old = getattr(judgment, field), getattr(item, field)
        if new and old and new != old:
            raise faults.wrong(
                judgment.row,
                f"{item.label} has {name} {new!r} here and {old!r} in {faults.at(item.row)}, "
                "correct one or give the items ids of their own",
            )
        if new:
            setattr(item, field, new)
