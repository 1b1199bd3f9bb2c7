"""What the store already knows of the things a file speaks of, read once before anything."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qfloor.ratings.items import Item
from qfloor.records import (
    CATEGORIES,
    COMPARED_SUFFIX,
    CONTROLS_SUFFIX,
    GENERAL,
    Category,
    Modality,
    Offer,
    Output,
    Prompt,
)
from qfloor.store import Store


def external_id(source: str, round: str, key: Sequence[str]) -> str:
    """Name an output that exists through judgments only."""
    name = "\x1f".join(("external", source, round, *key))
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class Known:
    """A part of the store as an import sees it.

    Attributes
    ----------
    identities : sequence
        For each item the id of the output that stands for it, unless it is one of the store's.
    outputs : mapping
        By id: those that the file's items name, and those that an earlier import made of them.
    offers : mapping
        By id, all.
    prompts : mapping
        By prompt id, all; one id may name several prompts.
    by_digest : mapping
        The same by digest.
    categories : mapping
        Modalities by category: those that ship, those given, those of stored prompts.
    repeats : mapping
        The next free repeat of (offer, prompt digest) in the round.
    """

    identities: Sequence[str]
    outputs: Mapping[str, Output]
    offers: Mapping[str, Offer]
    prompts: Mapping[str, Sequence[Prompt]]
    by_digest: Mapping[str, Prompt]
    categories: Mapping[str, tuple[Modality, ...]]
    repeats: Mapping[tuple[str, str], int]


def known_of(
    store: Store, items: Sequence[Item], *, round: str, source: str, declared: Iterable[Category]
) -> Known:
    """Read from a store what an import of these items has to know."""
    identities = [external_id(source, round, item.key) for item in items]
    by_digest = store.prompts_by_digest()
    wanted = [*identities, *(name for item in items for name in (item.name, item.output) if name)]
    prompts: dict[str, list[Prompt]] = defaultdict(list)
    categories: dict[str, tuple[Modality, ...]] = {}
    for prompt in by_digest.values():
        prompts[prompt.id].append(prompt)
        seen = categories.get(prompt.category, ())
        categories[prompt.category] = tuple(sorted({*seen, prompt.modality}))
    for category in (*declared, *CATEGORIES, GENERAL):
        categories[category.id] = category.modalities
    beside = (round, round + COMPARED_SUFFIX, round + CONTROLS_SUFFIX)
    return Known(
        identities=identities,
        outputs={output.id: output for output in store.outputs_of(ids=wanted)},
        offers={offer.id: offer for offer in store.offers_of()},
        prompts=prompts,
        by_digest=by_digest,
        categories=categories,
        repeats=store.next_repeats(beside),
    )
