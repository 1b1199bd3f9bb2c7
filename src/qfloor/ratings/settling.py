"""Settle which output each item of a file is: one in the store, or one known by judgments only.

An item whose id is an output's id is that output, and so is one that was found to be it by prompt
and offer (`qfloor.ratings.joining`). Any other needs a prompt and a model; the
store's own prompts and offers are used where the ids are theirs, and new ones are made where not.
What a file says and what the store says must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from qfloor.ratings.fields import nearest
from qfloor.ratings.items import Item
from qfloor.ratings.judgment import Faults, listed
from qfloor.ratings.known import Known
from qfloor.ratings.store_rows import OutputRow, output_row
from qfloor.records import (
    COMPARED_SUFFIX,
    CONTROLS_SUFFIX,
    GENERAL,
    Modality,
    Offer,
    Output,
    Prompt,
    Status,
    canonical_json,
)

_BESIDE = ("", COMPARED_SUFFIX, CONTROLS_SUFFIX)  # rounds of outputs, what says most first
_NOT_KNOWN = (None,) * 12  # of a made output: its media, how long it took, the model's version


@dataclass(frozen=True, kw_only=True)
class Settled:
    """For each item its output; and which prompts, offers and outputs are new or changed.

    ``stored`` are ids of those that the store has: only they can have judgments already;
    ``moved`` are of them, and belong to another round from now on.
    """

    outputs: Sequence[Output | OutputRow]
    stored: frozenset[str]
    matched: int
    new_prompts: tuple[Prompt, ...]
    new_offers: tuple[Offer, ...]
    new_outputs: Sequence[OutputRow]
    moved: Sequence[Output]


@dataclass(kw_only=True)
class Settler:
    """Settles the items of one file, in order.

    Attributes
    ----------
    known : Known
        What the store knows.
    faults : Faults
        Builds errors of rows.
    round, source, provider : str
        Of the outputs and offers that have to be made up.
    modality : str, optional
        What new prompts ask for where the file does not say.
    """

    known: Known
    faults: Faults
    round: str
    source: str
    provider: str
    modality: Modality | None = None
    _prompts: dict[str, tuple[str, Prompt]] = field(default_factory=dict)  # with their digests
    _new_prompts: dict[str, Prompt] = field(default_factory=dict)
    _said: dict[str, tuple[Item, Item]] = field(default_factory=dict)
    _offers: dict[str, Offer] = field(default_factory=dict)
    _offer_ids: dict[tuple[str, Modality], str] = field(default_factory=dict)
    _repeats: dict[tuple[str, str], int] = field(default_factory=dict)
    _new_outputs: list[OutputRow] = field(default_factory=list)
    _moved: list[Output] = field(default_factory=list)

    def settle(self, items: Iterable[Item]) -> Settled:
        """Settle all items.

        Raises
        ------
        RatingsError
            Of the first that contradicts the store, or says too little.
        """
        items = list(items)
        self._check_categories(items)
        named = [item.output or item.name for item in items]
        stored = [self.known.outputs.get(name) if name else None for name in named]
        self._settle_prompts([i for i, output in zip(items, stored, strict=True) if not output])
        outputs: list[Output | OutputRow] = []
        for item, output, identity in zip(items, stored, self.known.identities, strict=True):
            if output is None:
                outputs.append(self._external(item, identity))
            else:
                self._check_stored(item, output)
                outputs.append(output)
        return Settled(
            outputs=outputs,
            stored=frozenset(self.known.outputs),
            matched=sum(output is not None for output in stored),
            new_prompts=tuple(self._new_prompts.values()),
            new_offers=tuple(self._offers.values()),
            new_outputs=self._new_outputs,
            moved=self._moved,
        )

    def _check_categories(self, items: Iterable[Item]) -> None:
        for item in items:
            if item.category and item.category not in self.known.categories:
                how = " (a column of another meaning: --map category:=general)"
                raise self.faults.wrong(
                    item.row,
                    f"category {item.category!r} is unknown "
                    f"{nearest(item.category, self.known.categories)}, correct it or leave it "
                    f"empty{self.faults.mapped(how)}",
                )

    # -- items that are outputs of the store ------------------------------------------------

    def _check_stored(self, item: Item, output: Output) -> None:
        prompt = self.known.by_digest[output.prompt_digest]
        pairs = (
            ("prompt_id", "" if item.output else item.prompt, (output.prompt_id,)),
            ("category", item.category, (prompt.category,)),
            ("modality", item.modality, (prompt.modality,)),
            ("model_id", item.model, self._names_of(output.offer_id)),
        )
        for name, said, stored in pairs:
            if said and said not in stored:
                raise self.faults.wrong(
                    item.row,
                    f"{item.label} has {name} {said!r}, but that output in the store has "
                    f"{stored[0]!r}, correct it or leave it empty",
                )
        if output.status is not Status.MADE:
            raise self.faults.wrong(
                item.row, f"{item.label} was {output.status.value}, so nobody can have rated it"
            )
        if output.round not in {self.round + beside for beside in _BESIDE}:
            raise self.faults.wrong(
                item.row,
                f"{item.label} is an output of round {output.round}, not {self.round}, import it "
                f"with --round {output.round}",
            )

    def _names_of(self, offer_id: str) -> tuple[str, ...]:
        offer = self.known.offers.get(offer_id)
        return (offer_id, offer.model) if offer else (offer_id,)

    # -- items that the store has no output for ---------------------------------------------

    def _external(self, item: Item, identity: str) -> Output | OutputRow:
        """Give the output that stands for an item; note whether it has to be written."""
        digest, prompt = self._prompts[item.prompt]
        about_offer = (item.model, prompt.modality)
        offer_id = self._offer_ids.get(about_offer)
        if offer_id is None:
            offer_id = self._offer_ids[about_offer] = self._offer(item, prompt.modality).id
        beside = _BESIDE[0 if item.tested else 1 if item.compared else 2]
        stored = self.known.outputs.get(identity)
        if stored is not None:
            if (stored.prompt_digest, stored.offer_id) != (digest, offer_id):
                raise self.faults.wrong(
                    item.row,
                    f"{item.label} was imported from {self.source!r} before with prompt "
                    f"{stored.prompt_id!r} and offer {stored.offer_id!r}, give it another id or "
                    "import it under another --source",
                )
            # Judged as a test at last: it now counts in the round.
            before = stored.round.removeprefix(self.round)
            moved = _BESIDE.index(beside) < _BESIDE.index(before)
            if moved:
                stored = replace(stored, round=self.round + beside)
                self._moved.append(stored)
            return stored
        place = (offer_id, digest)
        repeat = self._repeats.get(place, self.known.repeats.get(place, 0))
        self._repeats[place] = repeat + 1
        output = output_row((
            identity, prompt.id, digest, offer_id, repeat, self.round + beside,
            Status.MADE.value, "ok", *_NOT_KNOWN, 0,
            self._report(item), "",
        ))  # fmt: skip
        self._new_outputs.append(output)
        return output

    def _report(self, item: Item) -> str:
        """What an output that is known by judgments says of itself, as canonical JSON."""
        told = (("external", self.source), ("item", item.name), ("seed", item.seed))
        return "{" + ",".join(f'"{key}":{canonical_json(v)}' for key, v in told if v) + "}"

    def _offer(self, item: Item, modality: Modality) -> Offer:
        provider, slash, model = item.model.partition("/")
        if not slash:
            provider, model = self.provider, item.model
        for name in (item.model, f"{provider}/{model}"):
            found = self._offers.get(name) or self.known.offers.get(name)
            if found is None:
                continue
            if found.generator is None and not found.makes(modality):
                every = cast("tuple[Modality, ...]", (*(found.modalities or (found.modality,)),))
                found = self._offers[found.id] = replace(found, modalities=(*every, modality))
            return found
        offer = Offer(
            id=f"{provider}/{model}",
            model=model,
            provider=provider,
            modality=modality,
            modalities=(modality,),
            notes=f"known through imported judgments only ({self.source})",
        )
        self._offers[offer.id] = offer
        return offer

    # -- prompts ----------------------------------------------------------------------------

    def _settle_prompts(self, items: list[Item]) -> None:
        """Find or make the prompt of every item, after hearing all that the file says of it."""
        for item in items:
            if not item.prompt or not item.model:
                raise self.faults.wrong(
                    item.row,
                    f"{item.label} is no output in the store, so its prompt_id and model_id are "
                    "needed (of a pair left_model and right_model), fill them in",
                )
            before = self._said.get(item.prompt)
            if before is None:
                self._said[item.prompt] = (item, item)
                continue
            first, heard = before
            for name in ("text", "category", "modality"):
                old, new = getattr(heard, name), getattr(item, name)
                if old and new and old != new:
                    raise self.faults.wrong(
                        item.row,
                        f"prompt {item.prompt!r} has {name} {new!r} here and {old!r} in "
                        f"{self.faults.at(first.row)}, correct one",
                    )
                if new and not old:
                    heard = replace(heard, **{name: new})
                    self._said[item.prompt] = (first, heard)
        for prompt_id, (_, heard) in self._said.items():
            prompt = self._stored_prompt(heard) or self._new_prompt(heard)
            self._prompts[prompt_id] = (prompt.digest, prompt)

    def _stored_prompt(self, item: Item) -> Prompt | None:
        candidates = self.known.prompts.get(item.prompt, ())
        if not candidates:
            return None
        fitting = [p for p in candidates if not item.text or item.text in (p.text, p.text.strip())]
        fitting = fitting or [p for p in candidates if p.text == p.id]  # its text was not known
        if len(fitting) != 1:
            raise self.faults.wrong(
                item.row,
                f"prompt {item.prompt!r} is in the store with other texts, give it another id"
                if item.text
                else f"prompt {item.prompt!r} names {len(candidates)} prompts of the store, say "
                "which in a column prompt with its text",
            )
        prompt = fitting[0]
        for name in ("category", "modality"):
            said, stored = getattr(item, name), getattr(prompt, name)
            if said and said != stored:
                raise self.faults.wrong(
                    item.row,
                    f"prompt {item.prompt!r} has {name} {said!r}, but the store has it in "
                    f"{stored!r}, correct it or leave it empty",
                )
        return prompt

    def _new_prompt(self, item: Item) -> Prompt:
        category = item.category or GENERAL.id
        modalities = self.known.categories[category]
        modality = cast("Modality", item.modality or self.modality or modalities[0])
        if modality not in modalities:
            raise self.faults.wrong(
                item.row,
                f"modality {modality!r} is not one of category {category!r} "
                f"({listed(modalities)}), correct one",
            )
        prompt = Prompt(
            id=item.prompt,
            text=item.text or item.prompt,
            category=category,
            modality=modality,
            family=item.prompt,
            source=f"ratings:{self.source}",
        )
        self._new_prompts[prompt.digest] = prompt
        return prompt
