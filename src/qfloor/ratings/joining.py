"""Find the outputs of a round that a file names by prompt and offer.

What was made, whether bought or taken in by a manifest, is one row, and people's ratings belong
to it: a second row for the same picture would count it twice, and the blanks beside it would
belong to nobody. So an offer that has outputs of its own in the round is rated through these
alone; where it cannot be told which one is meant, the file is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.items import Item
from qfloor.ratings.judgment import Faults
from qfloor.ratings.wording import listed, nearest
from qfloor.records import Prompt, Status, home_round
from qfloor.store import Store


class Place(NamedTuple):
    """An output of the round, as far as telling it from others goes."""

    id: str
    prompt: Prompt
    status: Status
    seed: str


class _Own:
    """What offers have in the round, by prompt id and by the prompt's text."""

    def __init__(self) -> None:
        self.by_id: dict[str, list[Place]] = defaultdict(list)
        self.by_text: dict[str, list[Place]] = defaultdict(list)

    def add(self, place: Place) -> None:
        self.by_id[place.prompt.id].append(place)
        self.by_text[place.prompt.text.strip()].append(place)

    def asked(self, item: Item) -> list[Place]:
        """Outputs of the prompt that an item names, by its id or else by its text."""
        text = item.text.strip()
        by_id = self.by_id.get(item.prompt, [])
        found = [p for p in by_id if not text or p.prompt.text.strip() == text]
        found = found or self.by_text.get(text or item.prompt.strip(), [])
        for name in ("category", "modality"):
            said = getattr(item, name)
            fitting = [p for p in found if said in ("", getattr(p.prompt, name))]
            found = fitting or found  # a contradiction is told by whoever checks the item
        return found


def join(store: Store, items: Sequence[Item], *, round: str, provider: str, faults: Faults) -> None:
    """Write into each item the output of the store that it is, where it is one.

    Raises
    ------
    RatingsError
        When its offer has outputs of its own in the round and none of them, or more than one,
        can be meant; or when the round has no outputs at all and other rounds have all that the
        file names.
    """
    named = {item.model for item in items if item.model}
    offers = named | {f"{provider}/{model}" for model in named}
    own = _own_of(store, round, offers)
    if not own:
        _refuse_other_rounds(store, items, round, offers, provider, faults)
        return
    ids = {item.name for item in items if item.name}
    known = {output.id for output in store.outputs_of(ids=ids)} if ids else set()
    taken: dict[str, Item] = {}
    for item in items:
        if item.name in known or not (item.prompt and item.model):
            continue
        of_offer = _of_offer(own, item, provider)
        if of_offer is None:
            continue
        item.output = _the_one(item, of_offer, round, faults).id
        _check_alone(taken.setdefault(item.output, item), item, faults)


def _refuse_other_rounds(
    store: Store, items: Sequence[Item], round: str, offers: set[str], provider: str, faults: Faults
) -> None:
    """A round misspelt would make outputs that are known by ratings alone, beside those meant."""
    rounds = {home_round(name) for name in store.rounds()}
    if round in rounds:
        return
    pairs = {(i.prompt, i.text, i.model): i for i in items if i.prompt and i.model}
    elsewhere: dict[str, set[tuple[str, str, str]]] = {}
    for other in sorted(rounds):
        own = _own_of(store, other, offers)
        of_offers = {pair: _of_offer(own, item, provider) for pair, item in pairs.items()}
        met = {pair for pair, found in of_offers.items() if found and found.asked(pairs[pair])}
        if met:
            elsewhere[other] = met
    if not pairs or set().union(*elsewhere.values()) != set(pairs):
        return
    told = several(len(pairs), "pair of prompt and model", "pairs of prompt and model")
    fullest = max(elsewhere, key=lambda name: (len(elsewhere[name]), name))
    raise RatingsError(
        f"{faults.path}: round {round} has no outputs, but what the file names ({told}) was made "
        f"in {listed(elsewhere)}; import it with --round {fullest}, or take the outputs of round "
        f"{round} in first; nothing was imported"
    )


def _of_offer(own: Mapping[str, _Own], item: Item, provider: str) -> _Own | None:
    """What the offer that an item names has, by its id or by its model alone."""
    return own.get(item.model) or own.get(f"{provider}/{item.model}")


def _own_of(store: Store, round: str, offers: set[str]) -> Mapping[str, _Own]:
    """Read what the round has of some offers."""
    places = store.own_places(round=round, offers=offers)
    prompts = {p.digest: p for p in store.prompts_of(digests={p[1] for p in places})}
    found: dict[str, _Own] = defaultdict(_Own)
    for identity, digest, offer, status, seed in places:
        found[offer].add(Place(identity, prompts[digest], status, seed))
    return dict(found)


def _the_one(item: Item, own: _Own, round: str, faults: Faults) -> Place:
    """Find the output that an item is; one that was not made is left to be told of as such."""
    asked = own.asked(item)
    if not asked:
        text = item.text or item.prompt
        raise faults.wrong(
            item.row,
            f"{item.model!r} has outputs in round {round}, and none of them answers prompt "
            f"{text[:80]!r} {nearest(text, list(own.by_text)[:2000])}; correct the prompt, or "
            "name the output in item_id",
        )
    fitting = [p for p in asked if not item.seed or p.seed in ("", item.seed)]
    if not fitting:
        raise faults.wrong(
            item.row,
            f"{item.label} has seed {item.seed} here and {asked[0].seed} in the store, correct it "
            "or leave it empty",
        )
    seeded = [p for p in fitting if item.seed and p.seed == item.seed]
    made = [p for p in seeded or fitting if p.status is Status.MADE]
    if len(made) > 1:
        raise faults.wrong(
            item.row,
            f"{item.label} is {len(made)} outputs in round {round} (repeats of it, or prompts of "
            "one text), say which in item_id, or in seed where the store has seeds",
        )
    return made[0] if made else fitting[0]


def _check_alone(first: Item, item: Item, faults: Faults) -> None:
    """Two items that the file tells apart cannot be one output."""
    for name in ("name", "seed"):
        here, there = getattr(item, name), getattr(first, name)
        if here and there and here != there:
            raise faults.wrong(
                item.row,
                f"{item.label} is the same output in the store as {first.label} of "
                f"{faults.at(first.row)}, put the output's id into item_id of both",
            )
