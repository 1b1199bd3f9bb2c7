"""What is to be made, what is there already, and the most it can cost.

A plan is computed from the store and buys nothing. It is good for the store as it was: a run
refuses one that is stale.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qfloor import prices
from qfloor.errors import BudgetError, StoreError
from qfloor.generate.outcome import asked_for
from qfloor.generate.state import LAST_WORDS, Standing, Step, standing
from qfloor.generators.protocol import Declines, Mends, Request
from qfloor.records import Offer, Output, Prompt, Status, output_id
from qfloor.store import Store

MAX_ATTEMPTS = 3
CALLS = (Step.NEW, Step.DOUBT)  # steps that may lead to a new call


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One request with something left to do.

    ``call_nanousd`` is the most one call for it can cost, ``worst_nanousd`` the most all its
    attempts can; None when the price is not known. ``held_nanousd`` is what its last call, still
    open, may yet cost.
    """

    request: Request
    standing: Standing
    call_nanousd: int | None
    worst_nanousd: int | None
    held_nanousd: int = 0


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
            open_calls = (
                f", {usd(self.held_nanousd)} may yet be charged" if self.held_nanousd else ""
            )
            raise BudgetError(
                f"the worst case is {usd(self.worst_nanousd)} for {self.calls} calls and "
                f"{usd(self.spent_nanousd)} was spent in round {self.round}{open_calls}, above the "
                f"budget of "
                f"{usd(budget_nanousd)}; nothing was bought"
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
    release_unknown: bool = False,
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
    release_unknown : bool, default False
        Ask again for outputs that may have been charged. A person's decision.
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
    draft = _Draft(held=store.held(round=round))
    histories = store.histories(round=round)
    outputs = {o.id: o for o in store.outputs_of(round=round)}
    places = {_place(o): o.id for o in outputs.values() if o.status in LAST_WORDS}
    for offer, prompt, repeat in _wanted(prompts, offers, repeats):
        request = _request(prompt, offer, repeat, round)
        unable, unwanted = cannot(offer, prompt), excluded(offer, prompt)
        reason = unable or unwanted or _declined(generators, request)
        if reason:
            draft.skip(request, reason, excluded=bool(unwanted and not unable))
            continue
        _refuse_other(request, places)
        found = standing(histories.get(request.key, ()), outputs.get(request.key), max_attempts)
        if _is_mended(generators, request, outputs.get(request.key), found):
            attempts = [a.n for a in histories.get(request.key, ())]
            found = Standing(step=Step.NEW, n=max(attempts, default=0))
        if release_unknown and found.step in (Step.WAIT, Step.DOUBT) and found.ended:
            found = Standing(step=Step.NEW, n=found.n, counted=found.counted)
        draft.add(request, found, max_attempts)
    plan = draft.plan(round, store, max_attempts)
    if budget_nanousd is not None:
        plan.check_budget(budget_nanousd, allow_unpriced=allow_unpriced)
    return plan


@dataclass
class _Draft:
    """A plan in the making."""

    held: Mapping[tuple[str, int], int]
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

    def add(self, request: Request, found: Standing, max_attempts: int) -> None:
        if found.step is Step.WAIT:
            self.waiting.append(request.key)
        elif found.step is Step.DONE:
            self.done += 1
        else:
            is_open = found.step in (Step.RESUME, Step.DOUBT)
            held = self.held.get((request.key, found.n), 0) if is_open else 0
            self.items.append(_planned(request, found, max_attempts, held))

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
        )


def cannot(offer: Offer, prompt: Prompt) -> str:
    """Why an offer is not asked for a prompt, or nothing; unknown capability is no reason."""
    able = offer.capabilities
    if offer.generator is None:
        return "the offer has no generator"
    if offer.lifecycle.state == "gone":
        return "the offer is gone"
    if not offer.makes(prompt.modality):
        return f"modality: makes no {prompt.modality}"
    ratio = prompt.aspect_ratio
    if ratio and able.aspect_ratios is not None and ratio not in able.aspect_ratios:
        return f"capability: no aspect ratio {ratio}"
    if prompt.seconds and able.max_seconds is not None and prompt.seconds > able.max_seconds:
        return f"capability: at most {able.max_seconds:g} s, not {prompt.seconds:g} s"
    if prompt.negative and able.negative_prompt is False:
        return "capability: takes no negative prompt"
    if able.languages is not None and prompt.language not in able.languages:
        return f"capability: does not read {prompt.language!r}"
    return ""


def _place(output: Output) -> tuple[str, str, int]:
    return (output.prompt_digest, output.offer_id, output.repeat)


def _refuse_other(request: Request, places: Mapping[tuple[str, str, int], str]) -> None:
    there = places.get((request.prompt.digest, request.offer.id, request.repeat), request.key)
    if there != request.key:
        raise StoreError(
            f"round {request.round} already has outputs of {request.offer.id} made otherwise (its "
            f"version, settings or generator, such as a manifest's path, has changed since); take "
            f"a new round or give the offer a new id"
        )


def usd(nanousd: int) -> str:
    """Nano-USD as a person reads them: to the cent, or to what is there below it."""
    text = f"{nanousd / 1e9:.2f}"
    return f"${text if nanousd % 10_000_000 == 0 else f'{nanousd / 1e9:.6f}'.rstrip('0')}"


def _wanted(
    prompts: Sequence[Prompt], offers: Sequence[Offer], repeats: int
) -> Iterable[tuple[Offer, Prompt, int]]:
    return (
        (offer, prompt, repeat)
        for offer in offers
        for repeat in range(repeats)
        for prompt in prompts
    )


def _request(prompt: Prompt, offer: Offer, repeat: int, round: str) -> Request:
    key = output_id(prompt, offer, repeat, round)
    seed = int(key[:8], 16) & 0x7FFFFFFF
    return Request(key=key, prompt=prompt, offer=offer, repeat=repeat, round=round, seed=seed)


def _declined(generators: Mapping[str, Any] | None, request: Request) -> str:
    generator = (generators or {}).get(request.offer.id)
    if isinstance(generator, Declines):
        return generator.declines(request) or ""
    return ""


def _is_mended(
    generators: Mapping[str, Any] | None, request: Request, output: Output | None, found: Standing
) -> bool:
    """Whether a file that was no picture has other bytes now; only a folder knows."""
    if found.step is not Step.DONE or output is None or output.status is not Status.BLANK:
        return False
    generator = (generators or {}).get(request.offer.id)
    return isinstance(generator, Mends) and generator.mended(request, output)


def _planned(request: Request, found: Standing, max_attempts: int, held: int) -> Planned:
    """Price what is left: failures are paid too where the seller bills them.

    A call in doubt is made again only if it never was: what is held for it is not needed twice.
    """
    rule, one, worst = request.offer.price, None, None
    if found.step not in CALLS:
        one = worst = 0
    elif rule is not None:
        asked = asked_for(request.offer, request.prompt)
        one = prices.estimate(rule, settings=request.offer.settings, **asked)
    if one is not None and rule is not None:
        left = max(1, max_attempts - found.counted)
        worst = max(0, one * (left if "failed" in rule.charged_on else 1) - held)
    return Planned(
        request=request, standing=found, call_nanousd=one, worst_nanousd=worst, held_nanousd=held
    )


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
