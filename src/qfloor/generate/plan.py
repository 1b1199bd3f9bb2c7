"""What is to be made, what is there already, and the most it can cost.

A plan is computed from the store and buys nothing. It is good for the store as it was: a run
refuses one that is stale.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from qfloor import prices
from qfloor.counting import several
from qfloor.errors import BudgetError, StoreError
from qfloor.generate.able import cannot
from qfloor.generate.outcome import asked_for
from qfloor.generate.policy import RunPolicy
from qfloor.generate.state import LAST_WORDS, Standing, Step, released, resolving, standing
from qfloor.generators.protocol import Declines, Lacks, Mends, Request
from qfloor.records import Offer, Output, Prompt, Status, output_ids
from qfloor.store import Store

MAX_ATTEMPTS = 3
CALLS = (Step.NEW, Step.DOUBT)  # steps that may lead to a new call


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One request with something left to do.

    ``call_nanousd`` is the most one call for it can cost, ``worst_nanousd`` the most all its
    attempts can; None when the price is not known. ``held_nanousd`` is what its last call, still
    open, may yet cost. A job that a seller has is followed even where no call is wanted any more
    (``buys`` is False). ``patience`` is how its job is followed, where that is not as the run's.
    """

    request: Request
    standing: Standing
    call_nanousd: int | None
    worst_nanousd: int | None
    held_nanousd: int = 0
    buys: bool = True
    patience: RunPolicy | None = None


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A request that is not made, and why; ``excluded`` when it could be and is not wanted."""

    offer_id: str
    prompt_id: str
    reason: str
    excluded: bool = False


@dataclass(frozen=True, kw_only=True)
class OfferCost:
    """Most that the calls left for an offer can cost; None when it has no usable price."""

    offer_id: str
    calls: int
    worst_nanousd: int | None


@dataclass(frozen=True, kw_only=True)
class GenerationPlan:
    """What a run will do.

    ``waiting`` are output ids that may have been charged and wait to be released by a person;
    ``unpriced`` are offers with calls left whose price is not known. ``held_nanousd`` is what
    earlier calls may still cost: jobs under way, and charges that nobody knows, at their worst.
    ``lacking`` says by offer what it cannot be called without, where its generator knows.
    """

    round: str
    items: tuple[Planned, ...]
    done: int
    waiting: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    costs: tuple[OfferCost, ...]
    unpriced: tuple[str, ...]
    worst_nanousd: int
    spent_nanousd: int
    held_nanousd: int
    max_attempts: int
    ledger_position: int
    lacking: Mapping[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """How many new calls there may be, at one attempt each."""
        return sum(i.standing.step in CALLS for i in self.items)

    def check_budget(self, budget_nanousd: int, *, allow_unpriced: bool = False) -> None:
        """Refuse a plan whose worst case the budget does not cover.

        What the round has cost so far, and may have cost, counts against its budget.

        Raises
        ------
        BudgetError
            When it does not, or an offer's price is unknown and that is not allowed.
        """
        if not self.calls:
            return  # nothing is left to buy, so nothing can be refused
        if self.unpriced and not allow_unpriced:
            raise BudgetError(
                f"the price of {', '.join(self.unpriced)} is not known, so no budget can be "
                f"kept; give the offers a price rule or allow unpriced offers"
            )
        if self.spent_nanousd + self.held_nanousd + self.worst_nanousd > budget_nanousd:
            worst, spent, held, budget = (
                prices.usd(amount, exact=True)
                for amount in (
                    self.worst_nanousd, self.spent_nanousd, self.held_nanousd, budget_nanousd
                )
            )  # fmt: skip
            open_calls = f", {held} may yet be charged" if self.held_nanousd else ""
            raise BudgetError(
                f"the worst case is {worst} for {several(self.calls, 'call')} and {spent} was "
                f"spent in round {self.round}{open_calls}, above the budget of {budget}; nothing "
                "was bought"
            )


def plan_generation(
    prompts: Sequence[Prompt],
    offers: Sequence[Offer],
    repeats: int,
    round: str,
    store: Store,
    *,
    generators: Mapping[str, Any] | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    budget_nanousd: int | None = None,
    allow_unpriced: bool = False,
    release_unknown: bool | Collection[str] = False,
    resolve: bool = False,
    today: str | None = None,
    excluded: Callable[[Offer, Prompt], str] = lambda offer, prompt: "",
) -> GenerationPlan:
    """Plan a round: every prompt by every offer that can make it, ``repeats`` times.

    Parameters
    ----------
    prompts, offers : sequences
        What is asked of whom.
    repeats : int
        Outputs of each prompt by each offer.
    round : str
        Nothing is bought twice within a round; a new round buys anew.
    store : Store
        What is there already.
    generators : mapping of str to Generator, optional
        By offer id; one that `Declines` is asked what to leave out.
    max_attempts : int, default 3
        How many attempts a request gets that fails at the seller.
    budget_nanousd : int, optional
        Checked against the worst case; see `GenerationPlan.check_budget`.
    allow_unpriced : bool, default False
        Whether offers without a known price pass the budget.
    release_unknown : bool or collection of str, default False
        Ask again for outputs that may have been charged: for all, or for these ids. A person's
        decision.
    resolve : bool, default False
        Plan to ask sellers what became of such outputs; with `RunPolicy.buys` off it costs
        nothing.
    today : str, optional
        The day that offers must not be gone on, ISO 8601; by default the machine's.
    excluded : callable, optional
        Gives the reason for which an offer is not asked for a prompt, or nothing.

    Returns
    -------
    GenerationPlan

    Raises
    ------
    BudgetError
        When a budget is given and the worst case exceeds it.
    StoreError
        When the round has outputs of an offer as it was before its version, settings or
        generator changed: a floor would mix the two.
    """
    draft = _Draft(held=store.held(round=round), lacking=_lacking(offers, generators or {}))
    day = today or dt.date.today().isoformat()
    histories = store.histories(round=round, settled=LAST_WORDS)
    there = _There(store, round)
    digests = [(prompt, prompt.digest) for prompt in prompts]
    for offer in offers:
        name = output_ids(offer, round)
        generator = (generators or {}).get(offer.id)
        declines = generator.declines if isinstance(generator, Declines) else _takes_all
        broken = there.broken(generator, offer)
        simple = declines is _takes_all and not broken
        for repeat, (prompt, digest) in product(range(repeats), digests):
            unable, unwanted = cannot(offer, prompt, day), excluded(offer, prompt)
            key = name(digest, repeat)
            if not (unable or unwanted) and there.is_settled(key) and simple:
                draft.done += 1
                continue
            request = _request(key, prompt, offer, repeat, round)
            reason = unable or unwanted or declines(request) or ""
            found = standing(histories.get(key, ()), there.status.get(key), max_attempts)
            if reason and found.step is not Step.RESUME:
                draft.skip(request, reason, excluded=bool(unwanted and not unable))
                continue
            there.refuse_other(request, digest)
            if key in broken and broken[key][0].mended(request, broken[key][1]):
                found = Standing(step=Step.NEW, n=there.attempts(key))
            if resolve:
                found = resolving(found)
            elif release_unknown is True or (release_unknown and key in release_unknown):
                found = released(found)
            draft.add(request, found, max_attempts, generator, buys=not reason)
    plan = draft.plan(round, store, max_attempts)
    if budget_nanousd is not None:
        plan.check_budget(budget_nanousd, allow_unpriced=allow_unpriced)
    return plan


@dataclass
class _Draft:
    """A plan in the making."""

    held: Mapping[tuple[str, int], int]
    lacking: Mapping[str, str]
    items: list[Planned] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    done: int = 0

    def skip(self, request: Request, reason: str, *, excluded: bool = False) -> None:
        if request.repeat == 0:
            self.skipped.append(
                Skipped(
                    offer_id=request.offer.id,
                    prompt_id=request.prompt.id,
                    reason=reason,
                    excluded=excluded,
                )
            )

    def add(
        self, request: Request, found: Standing, max_attempts: int, generator: Any, *, buys: bool
    ) -> None:
        if found.step is Step.WAIT:
            self.waiting.append(request.key)
        elif found.step is Step.DONE:
            self.done += 1
        else:
            is_open = found.step in (Step.RESUME, Step.DOUBT)
            held = self.held.get((request.key, found.n), 0) if is_open else 0
            item = _planned(request, found, max_attempts, held, generator)
            self.items.append(item if buys else replace(item, buys=False))

    def plan(self, round: str, store: Store, max_attempts: int) -> GenerationPlan:
        costs = _costs(self.items)
        return GenerationPlan(
            round=round,
            items=tuple(self.items),
            done=self.done,
            waiting=tuple(self.waiting),
            skipped=tuple(self.skipped),
            costs=costs,
            unpriced=tuple(c.offer_id for c in costs if c.worst_nanousd is None),
            worst_nanousd=sum(i.worst_nanousd or 0 for i in self.items),
            spent_nanousd=sum(s.amount_nanousd for s in store.spending(round=round)),
            held_nanousd=sum(self.held.values()),
            max_attempts=max_attempts,
            ledger_position=store.ledger_position(),
            lacking=self.lacking,
        )


class _There:
    """What a round has already, by id and by place."""

    def __init__(self, store: Store, round: str) -> None:
        rows = store.places(round=round)
        self.round, self._store = round, store
        self.status = {key: status for key, _, _, _, status in rows}
        self._places = {
            (digest, offer, repeat): key
            for key, digest, offer, repeat, status in rows
            if status in LAST_WORDS
        }

    def is_settled(self, key: str) -> bool:
        """Whether a request has had its last word."""
        return self.status.get(key) in LAST_WORDS

    def broken(self, generator: Any, offer: Offer) -> dict[str, tuple[Mends, Output]]:
        """Outputs that were no picture, where the generator can say whether they are mended."""
        if not isinstance(generator, Mends):
            return {}
        blank = self._store.outputs_of(round=self.round, offers=[offer.id], status=Status.BLANK)
        return {output.id: (generator, output) for output in blank}

    def attempts(self, key: str) -> int:
        """How many attempts a request has had."""
        return max((a.n for a in self._store.attempts_of(outputs=[key])), default=0)

    def refuse_other(self, request: Request, digest: str) -> None:
        """Refuse a request whose place has an output of the offer as it was before."""
        place = (digest, request.offer.id, request.repeat)
        if self._places.get(place, request.key) != request.key:
            raise StoreError(
                f"round {self.round} already has outputs of {request.offer.id} made otherwise (its "
                f"version, settings or generator, such as a manifest's path, has changed since); "
                f"take a new round or give the offer a new id"
            )


def _request(key: str, prompt: Prompt, offer: Offer, repeat: int, round: str) -> Request:
    seed = int(key[:8], 16) & 0x7FFFFFFF
    return Request(key=key, prompt=prompt, offer=offer, repeat=repeat, round=round, seed=seed)


def _takes_all(request: Request) -> str | None:
    return None


def _planned(
    request: Request, found: Standing, max_attempts: int, held: int, generator: Any
) -> Planned:
    """Price what is left: failures are paid too where the seller bills them.

    A call in doubt is made again only if it never was: what is held for it is not needed twice.
    A job under way costs nothing more to follow; should it fail, the next call costs a whole one.
    """
    rule, one, worst = request.offer.price, None, None
    if rule is not None:
        asked = asked_for(request.offer, request.prompt)
        told = getattr(generator, "seconds_asked", None)  # lengths that a seller makes
        if told is not None and (seconds := told(request)) is not None:
            asked["seconds"] = seconds
        one = prices.estimate(rule, settings=request.offer.settings, **asked)
    if found.step not in CALLS:
        worst = 0
    elif one is not None and rule is not None:
        left = max(1, max_attempts - found.counted)
        worst = max(0, one * (left if "failed" in rule.charged_on else 1) - held)
    return Planned(
        request=request, standing=found, call_nanousd=one, worst_nanousd=worst, held_nanousd=held
    )


def _lacking(offers: Sequence[Offer], generators: Mapping[str, Any]) -> dict[str, str]:
    asked = {o.id: g for o in offers if isinstance(g := generators.get(o.id), Lacks)}
    return {offer_id: lack for offer_id, g in asked.items() if (lack := g.lacks())}


def _costs(items: Sequence[Planned]) -> tuple[OfferCost, ...]:
    by_offer: dict[str, list[int | None]] = defaultdict(list)
    for item in items:
        if item.standing.step in CALLS:
            by_offer[item.request.offer.id].append(item.worst_nanousd)
    return tuple(
        OfferCost(
            offer_id=offer_id,
            calls=len(worst),
            worst_nanousd=None if None in worst else sum(w or 0 for w in worst),
        )
        for offer_id, worst in sorted(by_offer.items())
    )
