"""The plan of a benchmark for a round, frozen before the first score, and what differs from it.

What decides verdicts is written as one plain mapping and kept whole beside its digest: thresholds,
quality, family, alpha, offers (and so m), prompts by category, suites, repeats, scorers,
calibrations, exclusions. Of a threshold that is learned the rule is frozen, for there is no number
yet. Later edits are allowed and are told: `differences` names each field.
What they make of thresholds and verdicts is `post_hoc`'s business.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qfloor.benchmark import Benchmark
from qfloor.errors import BenchmarkError, CertificationError
from qfloor.pipeline.rounds.planned import offers_of, prompts_of, suites_of, why_excluded
from qfloor.records import FrozenPlan, Offer, Prompt, Suite, digest_of, to_plain
from qfloor.store import Store

SHOWN = 3
"""Differences that a sentence names; it counts the others."""

# said by other words in the content, or of no consequence for a verdict
_SAID_OTHERWISE = frozenset({
    "title", "notes", "path", "illustrative", "budget_nanousd", "suites", "offers", "patterns",
    "thresholds", "rules", "calibrations", "exclusions", "limits", "allow_unpriced",
    "declared",
})  # fmt: skip
_NOT_DEMANDED = frozenset({"category", "modality", "tier", "evidence", "post_hoc"})


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field of a frozen plan that is otherwise now; None is "not there"."""

    field: tuple[str, ...]
    frozen: Any
    now: Any

    @property
    def name(self) -> str:
        """``thresholds.portrait/image/premium.value``."""
        return ".".join(self.field)

    def __str__(self) -> str:
        return f"{self.name} was {_said(self.frozen)}, is {_said(self.now)}"


@dataclass(frozen=True, kw_only=True)
class PlanState:
    """A benchmark's frozen plan in a round, if there is one, and what is otherwise by now.

    ``now`` is the content that a plan would have by now, empty where there is nothing to compare.
    ``judged`` says that the round has scores or judgments, so that none can be frozen any more;
    ``benchmark`` is what a command line calls it.
    """

    plan: FrozenPlan | None
    differs: tuple[Difference, ...] = ()
    now: Mapping[str, Any] = field(default_factory=dict)
    judged: bool = False
    benchmark: str = "NAME"

    def __str__(self) -> str:
        if self.plan is None and self.judged:
            return "no plan was frozen before the round's first score, and none can be any more"
        if self.plan is None:
            return (
                f"the plan is not frozen; `qfloor plan {self.benchmark} --freeze` does it, before "
                "the first score"
            )
        told = f"the plan was frozen at {self.plan.at}, digest {self.plan.digest}"
        if not self.differs:
            return f"{told}; nothing differs from it"
        return f"{told}; since then {told_of(self.differs)}: exported as post hoc"

    def to_plain(self) -> dict[str, Any]:
        """Give what a release's provenance says of it; no time, so that equal plans are equal."""
        if self.plan is None:
            return {"frozen": False}
        return {
            "frozen": True,
            "digest": self.plan.digest,
            "differs": [{"field": d.name, "frozen": d.frozen, "now": d.now} for d in self.differs],
            "content": self.plan.content,
        }


def told_of(differs: Sequence[Difference]) -> str:
    """Name the first differences and count the rest."""
    more = len(differs) - SHOWN
    named = "; ".join(str(d) for d in differs[:SHOWN])
    return f"{named}; {more} more" if more > 0 else named


def freeze_plan(
    store: Store, benchmark: Benchmark, suites: Mapping[str, Suite] | None = None
) -> FrozenPlan:
    """Freeze a benchmark's plan for its round; the same plan again changes nothing.

    Parameters
    ----------
    store : Store
    benchmark : Benchmark
    suites : mapping of str to Suite, optional
        By the names the benchmark calls them; loaded when not given.

    Returns
    -------
    FrozenPlan
        As it is kept, with its time.

    Raises
    ------
    CertificationError
        When the round has a score or a judgment, or another plan was frozen for it.
    BenchmarkError
        When imported judgments' offers are named by a pattern, so that m is not known.
    """
    state = plan_state(store, benchmark, suites)
    if state.plan is not None:
        if state.differs:
            raise CertificationError(
                f"the plan of {benchmark.name} for round {benchmark.round} was frozen at "
                f"{state.plan.at} with digest {state.plan.digest}, and {told_of(state.differs)}; "
                "a new round freezes anew"
            )
        return state.plan
    if store.is_judged(benchmark.round):
        raise CertificationError(
            f"round {benchmark.round} has scores or judgments already, so a plan frozen now would "
            "not have been made without them; a new round can be frozen before its first score"
        )
    content = content_of(benchmark, _named_offers(benchmark), suites)
    plan = FrozenPlan(
        benchmark=benchmark.name,
        round=benchmark.round,
        content=content,
        digest=digest_of(content),
        outputs_before=sum(1 for _ in store.outputs_of(round=benchmark.round)),
    )
    return store.save_frozen_plan(plan)


def plan_state(
    store: Store, benchmark: Benchmark, suites: Mapping[str, Suite] | None = None
) -> PlanState:
    """Find a benchmark's frozen plan for its round, and what differs from it by now."""
    plan = store.frozen_plan(benchmark.name, benchmark.round)
    judged = store.is_judged(benchmark.round)
    if plan is None:
        return PlanState(plan=None, judged=judged, benchmark=benchmark.as_given)
    named = benchmark.imported and not judged
    offers = _named_offers(benchmark) if named else offers_of(store, benchmark)
    now = content_of(benchmark, offers, suites)
    return PlanState(
        plan=plan, differs=tuple(differences(plan.content, now)), now=now, judged=judged
    )


def content_of(
    benchmark: Benchmark,
    offers: Sequence[Offer] | Sequence[str],
    suites: Mapping[str, Suite] | None = None,
) -> dict[str, Any]:
    """Write all that decides verdicts as one plain mapping; what is at its default is left out.

    ``offers`` are the benchmark's own; for imported judgments only their ids are known before.
    Fields of a benchmark that a later version adds enter by themselves once they say something,
    and change no older digest until then.
    """
    plain = {k: v for k, v in _plain(benchmark).items() if k not in _SAID_OTHERWISE}
    content = plain | {
        "offers": dict(_offers(benchmark, offers)),
        "thresholds": {
            f"{t.category}/{t.modality}/{t.tier}": {
                "max_fail": t.max_fail,
                **{k: v for k, v in _plain(t).items() if k not in _NOT_DEMANDED},
            }
            for t in benchmark.demands
        },
        "calibrations": {c.metric: _plain(c) for c in benchmark.calibrations},
        "exclusions": _plain(benchmark.exclusions),
    }
    if not benchmark.imported:  # then the categories are known, and others demand nothing
        suites = suites_of(benchmark) if suites is None else suites
        content["suites"] = {f"{s.name} {s.version}": s.digest for s in suites.values()}
        prompts = prompts_of(benchmark, suites)
        content["prompts"] = places = _prompts(benchmark, prompts)
        content["thresholds"] = {
            name: demand
            for name, demand in content["thresholds"].items()
            if name.rpartition("/")[0] in places
        }
        content["m"] = {
            modality: sum(o.makes(modality) for o in benchmark.offers)
            for modality in sorted({place.rpartition("/")[2] for place in places})
        }
    return {name: value for name, value in content.items() if value not in (None, {}, [])}


def differences(frozen: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Name every field in which two contents differ, in order."""
    old, new = dict(_leaves(frozen)), dict(_leaves(now))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Difference(field=path, frozen=old.get(path), now=new.get(path))


def _offers(
    benchmark: Benchmark, offers: Sequence[Offer] | Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """An offer enters by what makes its requests what they are, not by its price."""
    for offer in offers:
        if isinstance(offer, str):
            yield offer, {"named": True}
        elif benchmark.imported:
            yield offer.id, {"named": True}
        else:
            made = digest_of([offer.version, offer.settings, offer.generator])
            yield offer.id, {"makes": list(offer.modalities or (offer.modality,)), "digest": made}


def _named_offers(benchmark: Benchmark) -> Sequence[Offer] | Sequence[str]:
    """Offers as the benchmark file names them, before anything is in the store."""
    if not benchmark.imported:
        return benchmark.offers
    for pattern in benchmark.patterns:
        if any(sign in pattern for sign in "*?["):
            raise BenchmarkError(
                f"benchmark {benchmark.name} judges imported ratings of {pattern!r}, so how many "
                "offers are judged together is known only once they are there; name the offers "
                "one by one to freeze the plan"
            )
    whole = [e for e in benchmark.exclusions if e.whole_offers]
    return [i for i in benchmark.patterns if not any(e.covers_offer(i) for e in whole)]


def _prompts(benchmark: Benchmark, prompts: Sequence[Prompt]) -> dict[str, dict[str, Any]]:
    """Prompts by category and modality, labels and all, without those left out for everyone."""
    places: dict[str, list[Prompt]] = {}
    for prompt in prompts:
        if not all(why_excluded(benchmark, o.id, prompt) for o in benchmark.offers):
            places.setdefault(f"{prompt.category}/{prompt.modality}", []).append(prompt)
    return {
        place: {"n": len(found), "digest": digest_of(sorted(digest_of(p) for p in found))}
        for place, found in places.items()
    }


def _leaves(
    content: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def _plain(value: Any) -> Any:
    """Turn records into JSON like `to_plain`, without fields that are at their default."""
    if dataclasses.is_dataclass(value):
        return {
            f.name: _plain(getattr(value, f.name))
            for f in dataclasses.fields(value)
            if getattr(value, f.name) != _default(f)
        }
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return to_plain(value)


def _default(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def _said(value: Any) -> str:
    if value is None:
        return "not there"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
