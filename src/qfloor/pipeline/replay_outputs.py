"""A policy replayed over a round's outputs: what it would have served was made and judged.

Every offer was asked every prompt, so nothing is guessed. Knows a store and a release; decides
nothing itself (`qfloor.router`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from qfloor import router, stats
from qfloor.benchmark import Benchmark
from qfloor.errors import StoreError
from qfloor.floors import Judged
from qfloor.floors.judged import how_it_counts
from qfloor.pipeline.rounds.judging import human_cells
from qfloor.pipeline.rounds.planned import view_of
from qfloor.prices import NANO
from qfloor.records import TIERS, CountsAs, Prompt, human_part
from qfloor.router.asked import Asked
from qfloor.router.rates import measured
from qfloor.router.replay import Answered, Rival, rivals, routed
from qfloor.store import Store

HINDSIGHT = "hindsight"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of one prompt with one offer: share of its ratings below each threshold."""

    outputs: tuple[Judged, ...]

    def fails(self, threshold: float, *, missing: float | None = None) -> float | None:
        """Mean share of fails over outputs; ``missing`` stands for those that nobody judged."""
        shares = [s for o in self.outputs if (s := fail_share(o, threshold, missing)) is not None]
        return float(np.mean(shares)) if shares else None


def fail_share(output: Judged, threshold: float, missing: float | None = None) -> float | None:
    """Share of an output's values below a threshold, by the status table of delivered floors."""
    counts_as = how_it_counts(output, "delivered")
    if counts_as is CountsAs.FAIL:
        return 1.0
    if counts_as is CountsAs.SCORED:
        return sum(value < threshold for value in output.values) / len(output.values)
    return missing


def need_of(prompt: Prompt, tier: str) -> router.Need:
    """A suite's prompt as a user would ask for it: without its category or tags."""
    return router.Need(
        prompt=prompt.text,
        negative=prompt.negative,
        aspect_ratio=prompt.aspect_ratio,
        seconds=prompt.seconds,
        modality=prompt.modality,
        tier=tier,
    )


def made_by_prompt(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]
) -> dict[str, dict[str, Made]]:
    """Judged outputs of a round by prompt digest and offer.

    Raises
    ------
    StoreError
        When nothing of it was judged by people.
    """
    view = view_of(store, benchmark, prompts)
    of_output = {output.id: output.prompt_digest for output in view.outputs}
    found: dict[str, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for key, outputs in human_cells(store, view, human_part(benchmark.quality)).items():
        for output in outputs:
            found[of_output[output.output_id]][key.offer_id].append(output)
    if not found:
        raise StoreError(
            f"{store.root}: nobody judged outputs of {benchmark.name} in round {benchmark.round}"
        )
    return {
        digest: {offer: Made(outputs=tuple(outputs)) for offer, outputs in by_offer.items()}
        for digest, by_offer in found.items()
    }


@dataclass
class _Sum:
    """What one policy's choices add up to, prompt by prompt."""

    shares: list[float]
    families: list[str]
    spend: Fraction
    unpriced: int = 0
    mix: dict[str, Fraction] | None = None


def replay_outputs(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    db: router.Database,
    *,
    tiers: Iterable[str] = TIERS,
    policy: router.Policy | None = None,
    prices: router.PriceFeed | None = None,
    now: str | None = None,
    table: Mapping[str, str] | None = None,
    locked: str | None = None,
    confidence: float = 0.95,
) -> list[dict[str, Any]]:
    """Replay a policy over every judged prompt of a round, tier by tier.

    Parameters
    ----------
    store, benchmark, prompts
        Whose outputs; rivals are judged by the same ones.
    db : Database
        By what is decided.
    tiers : iterable of str
        Each is asked of every prompt that has a threshold for it.
    policy, prices, now
        As in `qfloor.router.choose`.
    table, locked
        As in `qfloor.router.replay.replay`.
    confidence : float
        Two-sided; prompt families are the clusters.

    Returns
    -------
    list of dict
        A row a tier and policy, over the prompts that the policy serves. Fail rates are of the
        ``judged`` ones: those for which every offer that the policy could choose was judged.
        ``hindsight`` is the oracle here: for every prompt the cheapest offer whose output
        passed, if any did.
    """
    made = made_by_prompt(store, benchmark, prompts)
    known = {p.digest: p for p in store.prompts_by_digest().values()}
    rows: list[dict[str, Any]] = []
    for tier in tiers:
        asked = [
            (digest, Asked(need=need_of(known[digest], tier), category=known[digest].category))
            for digest in sorted(made)
            if (known[digest].category, known[digest].modality, tier) in db.demands
        ]
        answered = [
            (digest, Answered(a, router.choose(db, a.need, policy=policy, prices=prices, now=now)))
            for digest, a in asked
        ]
        if not answered:
            continue
        rows += _tier(db, tier, answered, made, known, table, locked, confidence)
    return rows


def _tier(
    db: router.Database,
    tier: str,
    answered: Sequence[tuple[str, Answered]],
    made: Mapping[str, Mapping[str, Made]],
    known: Mapping[str, Prompt],
    table: Mapping[str, str] | None,
    locked: str | None,
    confidence: float,
) -> list[dict[str, Any]]:
    served = [(digest, a) for digest, a in answered if a.decision.offer is not None]
    everyone: dict[str, Rival] = {"routed": routed}
    everyone |= {
        name: rival
        for name, (_, rival) in rivals([a for _, a in served], measured(db), table, locked).items()
    }

    def hindsight(a: Answered) -> Mapping[str, Fraction]:
        digest = digests[id(a)]
        passed = [
            o for o in a.fitting if (made[digest].get(o) and _fails(db, a, made[digest][o]) == 0)
        ]
        return {o: Fraction(1) for o in (passed or list(a.fitting))[:1]}

    digests = {id(a): digest for digest, a in served}
    everyone[HINDSIGHT] = hindsight
    sums = {name: _summed(db, served, rival, made, known) for name, rival in everyone.items()}
    ideal = sums[HINDSIGHT]
    return [
        _row(tier, name, found, ideal, len(answered), confidence) for name, found in sums.items()
    ]


def _fails(db: router.Database, a: Answered, made: Made) -> float | None:
    return made.fails(db.demands[a.place].value)


def _summed(
    db: router.Database,
    served: Sequence[tuple[str, Answered]],
    rival: Rival,
    made: Mapping[str, Mapping[str, Made]],
    known: Mapping[str, Prompt],
) -> _Sum:
    found = _Sum(shares=[], families=[], spend=Fraction(0), mix=defaultdict(Fraction))
    assert found.mix is not None
    for digest, a in served:
        parts: list[float | None] = []
        for offer, share in rival(a).items():
            found.mix[offer] += share
            price = a.decision.request.price_of(offer)
            if price is None:
                found.unpriced += 1
            else:
                found.spend += price * share
            outcome = made[digest].get(offer)
            fails = None if outcome is None else _fails(db, a, outcome)
            parts.append(None if fails is None else float(share) * fails)
        judged = [part for part in parts if part is not None]
        if parts and len(judged) == len(parts):  # an offer that nobody judged is no pass
            found.shares.append(min(1.0, sum(judged)))
            found.families.append(known[digest].family or digest)
    return found


def interval(
    shares: Sequence[float], families: Sequence[str], confidence: float
) -> tuple[float, float, float]:
    """Mean share of fails with a two-sided interval; prompts of one family are one cluster."""
    clusters: dict[str, list[float]] = defaultdict(list)
    for family, share in zip(families, shares, strict=True):
        clusters[family].append(share)
    side = (1.0 + confidence) / 2.0
    fine = [[1.0 - share for share in mine] for mine in clusters.values()]
    upper = upper_by_prompts(clusters.values(), side)
    return float(np.mean(shares)), 1.0 - upper_by_prompts(fine, side), upper


def upper_by_prompts(clusters: Iterable[Sequence[float]], confidence: float) -> float:
    """Upper bound of the mean share of fails over prompts, families being the clusters.

    It is about the mean that is told beside it: families of many prompts weigh more, and cost
    what they weigh.
    """
    shares = list(clusters)
    means, counts = [float(np.mean(mine)) for mine in shares], [len(mine) for mine in shares]
    uneven = counts if len(set(counts)) > 1 else None
    return stats.korn_graubard(means, counts, confidence, weights=uneven).upper


def _row(
    tier: str, name: str, found: _Sum, ideal: _Sum, asked: int, confidence: float
) -> dict[str, Any]:
    n = len(found.shares)
    rate, low, high = (
        interval(found.shares, found.families, confidence) if n else (None, None, None)
    )
    usd = None if found.unpriced else float(found.spend) / NANO
    ideally = None if ideal.unpriced else float(ideal.spend) / NANO
    best = float(np.mean(ideal.shares)) if ideal.shares else None
    return {
        "tier": tier,
        "policy": name,
        "asked": asked,
        "served": sum((found.mix or {}).values(), Fraction(0)).__round__(),
        "judged": n,
        "usd": usd,
        "fail_rate": rate,
        "fail_lo": low,
        "fail_hi": high,
        "regret_usd": None if usd is None or ideally is None else usd - ideally,
        "regret_fails": None if rate is None or best is None else rate - best,
        "offers": {
            o: round(float(n), 2) for o, n in sorted((found.mix or {}).items(), key=lambda i: -i[1])
        },
    }
