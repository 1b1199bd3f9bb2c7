"""A replayed log with intervals: what each policy spends and how often what it serves falls short.

Decisions are `qfloor.router.replay`'s; here measured rates become a rate of the whole mix with an
interval, and everything is set against an oracle that knows those rates.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from qfloor import stats
from qfloor.prices import NANO
from qfloor.router.replay import Outcome, Replay

CONFIDENCE = 0.95


def replay_rows(found: Replay, confidence: float = CONFIDENCE) -> list[dict[str, Any]]:
    """One row a policy: money, fails with their interval, and regret against the oracle.

    Parameters
    ----------
    found : Replay
    confidence : float
        Two-sided level of the interval of the fail rate.

    Returns
    -------
    list of dict
        ``fail_rate`` is the expected share of served outputs that fall below their tier's
        threshold (None where an offer was never judged there), ``below_floor`` the share of
        requests sent to an offer whose measured quartile lies below what the tier demands,
        ``regret_*`` what is more than the oracle's. Money is None as far as prices are unknown;
        ``unmade`` are requests that it would send to what cannot make them, and then there is
        no regret: the oracle does more.
    """
    oracle = found.outcome("oracle")
    return [_row(found, outcome, oracle, confidence) for outcome in found.outcomes]


def _row(found: Replay, outcome: Outcome, oracle: Outcome, confidence: float) -> dict[str, Any]:
    n = outcome.requests
    rate = mix_rate(found, outcome, confidence)
    ideal = mix_rate(found, oracle, confidence)
    usd, ideally = _usd(outcome), _usd(oracle)
    unmade = sum(outcome.unmade.values(), Fraction(0))
    if unmade:
        ideally, ideal = None, None
    if not n and unmade:
        usd = None
    return {
        "policy": outcome.name,
        "requests": plain(n),
        "usd": usd,
        "usd_each": None if usd is None or not n else usd / float(n),
        "fail_rate": None if rate is None else rate.rate,
        "fail_lo": None if rate is None else rate.low,
        "fail_hi": None if rate is None else rate.high,
        "below_floor": float(found.below_floor(outcome) / n) if n else None,
        "regret_usd": None if usd is None or ideally is None else usd - ideally,
        "regret_fails": None if rate is None or ideal is None else rate.rate - ideal.rate,
        "unpriced": plain(outcome.unpriced),
        "unmade": plain(unmade),
        "decides": outcome.told,
        "offers": {offer: plain(count) for offer, count in outcome.mix.items()},
    }


def mix_rate(
    found: Replay, outcome: Outcome, confidence: float = CONFIDENCE
) -> stats.MixtureRate | None:
    """Rate at which what an outcome serves falls short; None where any cell was never judged."""
    if not outcome.cells:
        return None
    weights, fails, trials = [], [], []
    for cell, count in outcome.cells.items():
        rate = found.rates.get(cell)
        if rate is None:
            return None
        weights.append(float(count))
        fails.append(rate.rate * rate.size)
        trials.append(rate.size)
    return stats.mixture_rate(weights, fails, trials, confidence)


def _usd(outcome: Outcome) -> float | None:
    return None if outcome.unpriced else outcome.spend_nanousd / NANO


def plain(value: Fraction) -> int | float:
    """A count as people write it."""
    return int(value) if value.denominator == 1 else round(float(value), 4)


def spoken(value: Fraction | float) -> str:
    """A count in a sentence; parts of a request to one digit."""
    return f"{int(value):,}" if value == int(value) else f"{float(value):,.1f}"


def requests(n: Fraction, one: str, many: str) -> str:
    """Requests counted in a sentence, with what one does and what more do."""
    return f"{spoken(n)} request {one}" if n == 1 else f"{spoken(n)} requests {many}"


def replay_remarks(found: Replay, rows: list[dict[str, Any]]) -> list[str]:
    """What a reader must know beside the rows."""
    routed = rows[0]
    served, asked = spoken(routed["requests"]), requests(found.asked, "is", "are")
    told = [f"{served} of {asked} served; rows compare what each would do with those"]
    told += [f"{row['policy']}: {row['decides']}" for row in rows if "team" in row["decides"]]
    unpriced = [row["policy"] for row in rows if row["unpriced"]]
    if unpriced:
        told.append(f"a price is not known of all that is served by: {', '.join(unpriced)}")
    for outcome in found.outcomes:
        for offer, n in outcome.unmade.items():
            told.append(
                f"{outcome.name}: {offer} cannot make {spoken(n)} of them at all; its row is of "
                "the others"
            )
    if found.unknown_offers:
        named = ", ".join(found.unknown_offers[:5])
        more = len(found.unknown_offers) - 5
        told.append(
            f"the log names offers that the release does not know: {named}"
            + (f" and {more} more" if more > 0 else "")
        )
    if found.refused:
        listed = ", ".join(f"{spoken(n)} {rule}" for rule, n in found.refused.items())
        told.append(f"refused, by the rule at which the last offers fell: {listed}")
    if found.unsure:
        told.append(
            f"{requests(found.unsure, 'belongs', 'belong')} to no one category: counted in the "
            "likeliest, and served only by what is certified in each they may be"
        )
    if found.without_prompt:
        told.append(
            f"{requests(found.without_prompt, 'came', 'came')} without their text: decided by the "
            "category that was noted, and overrides by pattern could not match"
        )
    if found.unlike:
        told.append(f"{spoken(found.unlike)} are decided otherwise than the log says they were")
    told.append(
        "fail rates are those of the prompts that certified; of the cheapest certified they are a "
        "little too kind (`qfloor replay --certify` measures on unused prompts)"
    )
    return told
