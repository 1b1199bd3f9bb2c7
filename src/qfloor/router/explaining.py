"""A decision in words: what was chosen, why, and what was rejected by which rule."""

from __future__ import annotations

from itertools import groupby

from qfloor.router.decision import Candidate, Decision
from qfloor.router.languages import STATE_IT
from qfloor.router.money import dollars
from qfloor.router.needs import Need
from qfloor.router.reasons import RULE_ORDER, SAID, Cause, Rule

_OF_LANGUAGE = (Rule.LANGUAGE, Rule.LANGUAGE_NOT_COVERED)
_NAMES = 4  # offers named for each rule; the others are counted


def explain(decision: Decision) -> str:
    """Return a few lines for a person; `Decision.to_dict` has all of it for a program."""
    lines = [headline(decision), ""]
    lines.append(_line("asked", _asked(decision)))
    lines += [
        _line("demands", f"{d.threshold:g} in {d.category}: {d.evidence}")
        for d in decision.demanded
        if d.rule != "absolute"
    ]
    if decision.offer is not None:
        chosen = decision.candidates[0]
        lines += [
            _line("floor", _floor(decision, chosen)),
            _line("price", _price(chosen, decision.request.need.n)),
        ]
        lines += [_line("latency", _latency(chosen))]
        lines += [_line("saves", text) for text in _saves(decision)]
        lines += [_line("next", _next(decision))]
    lines += [_line("else", text) for text in _else(decision)]
    if decision.relaxation is not None:
        lines.append(_line("helps", decision.relaxation.text))
    lines += [_line("note", note) for note in decision.notes]
    lines += ["", *_rejected(decision), ""]
    db = decision.request.db
    lines.append(
        _line("evidence", f"{db.name} {db.round}, digest {db.digest[:12]}; decided {decision.now}")
    )
    return "\n".join(lines)


def _line(name: str, text: str) -> str:
    return f"  {name:<9} {text}"


def headline(decision: Decision) -> str:
    """Return the first line of `explain` alone: what was chosen, or why nothing was."""
    offer, tier, place = decision.offer, decision.tier, _place(decision)
    price = dollars(decision.price_nanousd)
    match decision.cause:
        case Cause.CHEAPEST:
            return f"{offer} at {price}: {_first(decision)} certified for {tier} in {place}."
        case Cause.FASTER:
            extra = dollars(decision.surcharge_nanousd)
            return f"{offer} at {price}: certified for {tier} in {place}, {extra} more for speed."
        case Cause.PROBE:
            return (
                f"{offer} at {price}: certified for {tier} in {place}; sent there to keep its "
                "latency known."
            )
        case Cause.PINNED:
            return f"{offer} at {price}: pinned by the request."
        case Cause.OVERRIDDEN:
            return f"{offer} at {price}: the policy sends such requests there."
        case Cause.PROVISIONAL:
            return (
                f"{offer} at {price}: NOT certified for {tier} in {place}; a metric lets it "
                "through, and the policy allows that."
            )
        case Cause.DEFAULT:
            return f"{offer} at {price}: NOT certified for {tier} in {place}; the policy's default."
        case Cause.BEST_BOUND:
            return (
                f"{offer} at {price}: NOT certified for {tier} in {place}; the best bound there is."
            )
        case Cause.REFUSED_PIN:
            return "No offer: the one that it is pinned to cannot serve this request."
    rule = decision.binding_rule
    last = "there are no offers" if rule is None else f"the last ones fell for: {SAID[rule]}"
    helps = _language_of(decision) if rule in _OF_LANGUAGE else ""
    return f"No offer fits and is certified for {tier} in {place}; {last}{helps}."


def _language_of(decision: Decision) -> str:
    """What a guess was, where a language refused the request; who knows better can say so."""
    found = decision.classification
    if found.language is None:
        return f" (it cannot be told; {STATE_IT})"
    if found.language_stated:
        return ""
    return f" (it reads as {found.language}; where it is not, {STATE_IT})"


def _first(decision: Decision) -> str:
    """What made it the first of all that are eligible: without any price there is no cheapest."""
    others = decision.fallbacks
    if not others:
        return "the only offer that fits and is"
    of = f"{len(others) + 1} that fit and are"
    if decision.price_nanousd is None:
        return f"the best floor of {of}"
    known = 1 + sum(decision.request.price_of(offer) is not None for offer in others)
    if known > len(others):
        return f"the cheapest of {of}"
    if known == 1:
        return f"the only one whose price is known of {of}"
    return f"the cheapest of {known} whose price is known, of {of}"


def _place(decision: Decision) -> str:
    found = decision.classification
    if found.category is not None:
        return found.category
    if len(found.plausible) < 3:
        return " and ".join(found.plausible)
    return f"each of the {len(found.plausible)} categories it may be"


def _asked(decision: Decision) -> str:
    found, need = decision.classification, decision.request.need
    signals = dict.fromkeys(
        _signal(e.signal) for e in sorted(found.evidence, key=lambda e: (-e.weight, e.signal))
        if e.weight > 0 and e.category in found.plausible
    )  # fmt: skip
    because = f": {', '.join(list(signals)[:4])}" if signals else ""
    if found.category is None:
        name = f"unsure, one of {', '.join(found.plausible)}{because}"
    elif found.category == "general":
        name = "general, the only category judged"
    elif found.confidence == 1.0 and not because:
        name = f"{found.category} (stated)"
    else:
        name = f"{found.category} ({min(found.confidence, 0.99):.0%}{because})"
    limits = [*_wanted(need), *_language_read(decision)]
    if need.max_price_nanousd is not None:
        limits.append(f"at most {dollars(need.max_price_nanousd)}")
    limits += [f"{name} within {s:g} s" for name, s in decision.request.latency_limits]
    return " · ".join([name, decision.modality, decision.tier, *limits])


def _wanted(need: Need) -> list[str]:
    """What was asked for beside the words, as far as it was stated."""
    told = [f"{need.n} outputs" + (", a call each" if need.separately else "")] * (need.n > 1)
    shape = need.size or need.aspect_ratio
    told += [text for text in (shape, need.resolution) if text is not None]
    if need.seconds is not None:
        told.append(f"{need.seconds:g} s long")
    if need.audio:
        told.append("with sound")
    if need.negative:
        told.append("a negative prompt")
    if need.tags:
        told.append(f"tagged {', '.join(need.tags)}")
    if need.project is not None:
        told.append(f"project {need.project}")
    return told


def _language_read(decision: Decision) -> list[str]:
    """The language, but for a guess that it is English."""
    found = decision.classification
    if found.language_stated:
        return [f"stated to be in {found.language}"]
    if found.language is None:
        return ["in a language that cannot be told"]
    return [] if found.language == "en" else [f"reads as {found.language}"]


def _signal(name: str) -> str:
    return name[1:].replace("-", " ") if name.startswith("#") else f'"{name}"'


def _floor(decision: Decision, row: Candidate) -> str:
    ruling = row.ruling
    if ruling == "certified" and not decision.certified:
        ruling = "certified for other prompts, not for these"
    if row.upper is None or not decision.demanded:
        return f"{ruling}: no bound for what was asked"
    limits = {(d.threshold, d.max_fail) for d in decision.demanded}
    value, allowed = min(limits)
    what = f"{value:g}" if len(limits) == 1 else "its threshold"
    return (
        f"{ruling}: at most {row.upper:.1%} of its outputs fall below {what}, {allowed:.0%} "
        f"are allowed (n = {row.n_prompts} prompts)"
    )


def _price(row: Candidate, n: int) -> str:
    if row.price_nanousd is None:
        return "unknown for this request"
    source, age = row.price_source or "", row.price_age_days
    if source.startswith("declared"):
        told = "declared"
    else:
        told = f"{source}, {'age unknown' if age is None else f'{age:g} days old'}"
    usable = row.usable_cost_nanousd
    sure = "" if usable is None else f"; {dollars(round(usable, -3))} per output sure to be good"
    for_all = f" for all {n}" if n > 1 else ""
    return f"{dollars(row.price_nanousd)}{for_all} ({told}){sure}"


def _latency(row: Candidate) -> str:
    if row.p50_s is None and row.p95_s is None:
        return "unknown"
    shown = [
        f"{name} {round(s, 3):g} s"
        for name, s in (("p50", row.p50_s), ("p95", row.p95_s))
        if s is not None
    ]
    count = "" if row.latency_n is None else f", n = {row.latency_n}"
    seen = "" if row.latency_as_of is None else f", {row.latency_as_of[:16]}"
    return f"{', '.join(shown)} ({row.latency_source}{count}{seen})"


def _saves(decision: Decision) -> list[str]:
    found = decision.savings
    if found is None or found.saved_nanousd <= 0 or not decision.certified:
        return []
    share = found.saved_nanousd / found.price_nanousd
    saved = f"{dollars(found.saved_nanousd)} ({share:.0%})"
    return [f"{saved} against {found.offer}, the dearest certified for {found.tier}"]


def _next(decision: Decision) -> str:
    row = next((c for c in decision.candidates if c.offer == decision.runner_up), None)
    return "no other is eligible" if row is None else f"{row.offer} at {dollars(row.price_nanousd)}"


def _else(decision: Decision) -> list[str]:
    """What quality costs here, and what price keeps away; nothing where it is no other offer."""
    cheap, best = vars(decision.counterfactuals).values()
    told = [
        f"{found.offer} at {dollars(found.price_nanousd)} if {what} did not matter"
        for found, what in ((cheap, "quality"), (best, "price"))
        if found is not None and found.offer != decision.offer
    ]
    return ["; ".join(told)] if told else []


def _rejected(decision: Decision) -> list[str]:
    """One line a rule, those that came furthest first."""
    by_rule: dict[Rule, list[Candidate]] = {}
    for row in decision.candidates:
        if row.rejected_by is not None:
            by_rule.setdefault(row.rejected_by, []).append(row)
    lines = ["  not chosen"] if by_rule else []
    width = max((len(SAID[rule]) for rule in by_rule), default=0)
    for rule in sorted(by_rule, key=lambda r: -RULE_ORDER[r]):
        rows = by_rule[rule]
        if rule is Rule.DEARER:
            told = ", ".join(f"{c.offer} ({dollars(c.price_nanousd)})" for c in rows[:_NAMES])
        else:
            told = _with_details(rows[:_NAMES])
        more = f", {len(rows) - _NAMES} more" if len(rows) > _NAMES else ""
        lines.append(f"    {SAID[rule]:<{width}}  {told}{more}")
    return lines


def _with_details(rows: list[Candidate]) -> str:
    """Names with what was found; what is the same of several that follow each other, once."""
    groups = [
        (detail, [row.offer for row in same])
        for detail, same in groupby(rows, lambda row: row.detail)
    ]
    between = ", " if len(groups) == len(rows) else "; "
    return between.join(f"{', '.join(names)} ({detail})" for detail, names in groups)
