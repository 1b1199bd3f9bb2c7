"""The policy itself certified: what it serves, measured on prompts that nothing was decided by.

A floor is about one offer; what a user gets is what classification and choice make of many. The
cheapest certified offer is also the luckiest (a winner's curse), and a request may be read as
another category. So fresh prompts are classified and decided, only what was chosen is bought, and
people judge it in each prompt's true category: the bound of the share that falls short holds for
the policy, misrouting and luck included.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qfloor import export, generate, router, suite
from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import CertificationError, StoreError, SuiteError
from qfloor.floors import Judged
from qfloor.generate import RunPolicy
from qfloor.pipeline.replay_outputs import Made, made_by_prompt, need_of
from qfloor.pipeline.rounds.buying import refuse_unratable
from qfloor.pipeline.rounds.planned import suites_of
from qfloor.pipeline.run import rate_round
from qfloor.pipeline.served_bound import bound_of, verdicts
from qfloor.records import TIERS, Prompt, digest_of
from qfloor.store import Store

FAMILY = "tiers of one policy"
NOT_CHOSEN = "not what the policy chose"


@dataclass(frozen=True, kw_only=True)
class ServedBound:
    """Upper bound of the share of served outputs that fall short of one tier.

    ``level`` is this tier's share of ``alpha``: the bounds of all ``m`` tiers of the family hold
    together. Prompts without a judgment count as fails (``missing``). ``misread`` are served
    prompts whose category was read as another one. ``panel`` counts the raters where they are too
    few for a statement about others; elsewhere raters are drawn as prompts are.
    """

    tier: str
    asked: int
    refused: int
    served: int
    missing: int
    misread: int
    fails: float
    rate: float | None
    upper: float | None
    max_fail: float
    level: float
    rule: str
    family: str
    m: int
    panel: int
    offers: Mapping[str, int]
    by_category: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Whether the policy as a whole keeps what the tier promises."""
        return self.upper is not None and self.upper <= self.max_fail


@dataclass(frozen=True, kw_only=True)
class ServedCertificate:
    """Bounds of all tiers with everything that they are about."""

    bounds: tuple[ServedBound, ...]
    database: str
    release: str
    policy: str
    prompts: int
    left_out: int
    prompts_digest: str
    suites: Mapping[str, str]
    round: str
    alpha: float
    spent_nanousd: int
    remarks: tuple[str, ...] = field(default=())


def certify_served(
    store: Store,
    benchmark: Benchmark,
    db: router.Database,
    *,
    policy: router.Policy | None = None,
    prices: router.PriceFeed | None = None,
    now: str | None = None,
    alpha: float = 0.05,
    tiers: Sequence[str] = TIERS,
    buy: bool = True,
    run: RunPolicy | None = None,
) -> ServedCertificate:
    """Bound how often what a policy serves falls short, on prompts unused until now.

    Parameters
    ----------
    store : Store
        Where the outputs of the fresh prompts are, or go.
    benchmark : Benchmark
        Its suites are the fresh prompts; its offers sell; its quality and round count.
    db : Database
        By what is decided. Prompts that it was made from are left out.
    policy, prices, now
        As in `qfloor.router.choose`.
    alpha : float
        Error probability of all tiers together.
    tiers : sequence of str
        The family: fixed before anything is seen.
    buy : bool
        Make what was chosen and is not there yet, within the benchmark's budget; nothing else.
    run : RunPolicy, optional
        Patience when buying.

    Returns
    -------
    ServedCertificate

    Raises
    ------
    CertificationError
        When it cannot be told which prompts the database was made from, or none is left.
    """
    _check(benchmark, db, alpha, tiers)
    prompts, left_out = fresh_prompts(store, benchmark, db)
    chosen = {
        (prompt.digest, tier): router.choose(
            db, need_of(prompt, tier), policy=policy, prices=prices, now=now
        )
        for prompt in prompts
        for tier in tiers
        if (prompt.category, prompt.modality, tier) in db.demands
    }
    serves = any(decision.offer is not None for decision in chosen.values())
    if buy and serves:
        _make(store, benchmark, prompts, chosen, run)
    made = _judged(store, benchmark, prompts) if serves else {}
    bounds = tuple(
        _bound(db, tier, prompts, chosen, made, alpha / len(tiers), len(tiers)) for tier in tiers
    )
    digests = next(iter(chosen.values())).digests if chosen else {}
    return ServedCertificate(
        bounds=bounds,
        database=db.digest,
        release=f"{db.name} {db.round}",
        policy=str(digests.get("policy")),
        prompts=len(prompts),
        left_out=left_out,
        prompts_digest=digest_of(sorted(p.digest for p in prompts)),
        suites={name: loaded.digest for name, loaded in suites_of(benchmark).items()},
        round=benchmark.round,
        alpha=alpha,
        spent_nanousd=_spent(store, benchmark, prompts),
        remarks=tuple(_remarks(prompts, left_out, bounds)),
    )


def _check(benchmark: Benchmark, db: router.Database, alpha: float, tiers: Sequence[str]) -> None:
    if not 0.0 < alpha < 0.5:
        raise CertificationError(f"alpha is {alpha!r}, must lie between 0 and 0.5")
    unknown = [tier for tier in tiers if tier not in TIERS]
    if unknown or not tiers or len(set(tiers)) != len(tiers):
        raise CertificationError(f"tiers are {list(tiers)}, must be some of {', '.join(TIERS)}")
    missing = [o for o in db.offers if o not in {offer.id for offer in benchmark.offers}]
    if missing:
        raise CertificationError(
            f"benchmark {benchmark.name} does not sell {missing[0]!r}, which {db.path} may choose"
        )


def fresh_prompts(
    store: Store, benchmark: Benchmark, db: router.Database
) -> tuple[tuple[Prompt, ...], int]:
    """Prompts of a benchmark that a release was not made from, and how many were left out.

    A prompt is used when a suite of the release has its text, or its family.
    """
    offered = [p for loaded in suites_of(benchmark).values() for p in loaded.prompts]
    texts, families = _used(store, db, None if benchmark.path is None else Path(benchmark.path))
    kept = tuple(
        {
            p.digest: p
            for p in offered
            if _words(p.text) not in texts and (not p.family or p.family not in families)
        }.values()
    )
    if not kept:
        raise CertificationError(
            f"every prompt of {', '.join(benchmark.suites)} was used to make {db.path}; certifying "
            "a policy takes prompts that neither floors, calibrations nor thresholds have seen"
        )
    return kept, len({p.digest for p in offered}) - len(kept)


def _used(store: Store, db: router.Database, named_in: Path | None) -> tuple[set[str], set[str]]:
    """Texts and families of all prompts that a release was made from.

    Its suites are looked for beside the file of the benchmark that certifies: a release does not
    say where its own lay.
    """
    rows = export.read(Path(db.path))
    told = {row["key"]: row["value"] for row in rows["provenance"]}
    digests: Mapping[str, str] = told.get("suite_digests") or {}
    prompts: list[Prompt] = []
    for name, digest in digests.items():
        try:
            loaded = suite.load(name, beside=named_in)
            if loaded.digest != digest:  # another suite of that name lies there
                with contextlib.suppress(SuiteError):
                    loaded = suite.load(name)
        except SuiteError as error:
            raise CertificationError(
                f"{db.path} was made from the suite {name!r}, which is not there to tell which "
                f"prompts are used: {error}"
            ) from error
        if loaded.digest != digest:
            raise CertificationError(
                f"{db.path} was made from another version of the suite {name!r} than the one "
                "there is; which prompts are unused cannot be told"
            )
        prompts += loaded.prompts
    if not digests:  # imported judgments: the store they were imported into knows
        of_round = {o.prompt_digest for o in store.outputs_of(round=db.round)}
        prompts = [p for p in store.prompts_by_digest().values() if p.digest in of_round]
        if not prompts:
            raise CertificationError(
                f"{db.path} does not say which prompts it was made from, and the store has none "
                f"of round {db.round}"
            )
    return {_words(p.text) for p in prompts}, {p.family for p in prompts if p.family}


def _words(text: str) -> str:
    return " ".join(text.casefold().split()).strip(".")


def _make(
    store: Store,
    benchmark: Benchmark,
    prompts: tuple[Prompt, ...],
    chosen: Mapping[tuple[str, str], router.Decision],
    run: RunPolicy | None,
) -> None:
    """Buy what was chosen, and let simulated raters rate where a benchmark has them."""
    wanted = {(digest, d.offer) for (digest, _), d in chosen.items() if d.offer is not None}
    served = tuple(o for o in benchmark.offers if o.id in {offer for _, offer in wanted})
    refuse_unratable(store, replace(benchmark, offers=served), prompts)
    generate.generate(
        prompts,
        benchmark.offers,
        store=store,
        round=benchmark.round,
        repeats=1,
        policy=run or RunPolicy(),
        limits=benchmark.limits,
        budget_nanousd=benchmark.budget_nanousd,
        allow_unpriced=benchmark.allow_unpriced,
        excluded=lambda offer, prompt: "" if (prompt.digest, offer.id) in wanted else NOT_CHOSEN,
    )
    rate_round(store, benchmark, prompts)


def _judged(
    store: Store, benchmark: Benchmark, prompts: tuple[Prompt, ...]
) -> Mapping[str, Mapping[str, Made]]:
    """What people said; where they said nothing yet, what to do next."""
    try:
        return made_by_prompt(store, benchmark, prompts)
    except StoreError as error:
        raise CertificationError(
            f"{error}: what the policy chose is made, but has to be rated before anything can be "
            "said of it; import ratings with `qfloor ratings import` and run the same command again"
        ) from error


def _spent(store: Store, benchmark: Benchmark, prompts: Sequence[Prompt]) -> int:
    """What outputs of these prompts cost in this round, in all runs together."""
    digests = {p.digest for p in prompts}
    mine = {o.id for o in store.outputs_of(round=benchmark.round) if o.prompt_digest in digests}
    attempts = store.attempts_of(round=benchmark.round)
    return sum(a.amount_nanousd or 0 for a in attempts if a.output_id in mine)


def _bound(
    db: router.Database,
    tier: str,
    prompts: Sequence[Prompt],
    chosen: Mapping[tuple[str, str], router.Decision],
    made: Mapping[str, Mapping[str, Made]],
    level: float,
    m: int,
) -> ServedBound:
    judged: list[tuple[Judged, ...]] = []
    told: dict[str, list[float]] = defaultdict(list)
    offers: Counter[str] = Counter()
    asked = missing = misread = 0
    max_fails = set()
    for prompt in prompts:
        decision = chosen.get((prompt.digest, tier))
        if decision is None:
            continue
        asked += 1
        if decision.offer is None:
            continue
        demand = db.demands[prompt.category, prompt.modality, tier]
        max_fails.add(demand.max_fail)
        offers[decision.offer] += 1
        misread += decision.category not in (None, prompt.category)
        output = made.get(prompt.digest, {}).get(decision.offer)
        share = None if output is None else output.fails(demand.value, missing=None)
        missing += share is None
        judged.append(verdicts(prompt, output, demand.value))
        told[prompt.category].append(1.0 if share is None else share)
    served = sum(offers.values())
    bound = bound_of(judged, level)
    return ServedBound(
        tier=tier, asked=asked, refused=asked - served, served=served, missing=missing,
        misread=misread, fails=float(sum(map(sum, told.values()))),
        rate=bound.rate, upper=bound.upper, rule=bound.rule, panel=bound.panel,
        max_fail=min(max_fails, default=0.25), level=level, family=FAMILY, m=m,
        offers=dict(sorted(offers.items(), key=lambda i: (-i[1], i[0]))),
        by_category={c: f"{sum(s):g} of {len(s)}" for c, s in sorted(told.items())},
    )  # fmt: skip


def _remarks(
    prompts: Sequence[Prompt], left_out: int, bounds: Sequence[ServedBound]
) -> Iterable[str]:
    mix = Counter(p.category for p in prompts)
    listed = ", ".join(f"{n} {category}" for category, n in sorted(mix.items()))
    yield f"about requests mixed as these prompts are: {listed}"
    if any(bound.rule == "two_way" for bound in bounds):
        yield "about people like those who judged: raters are drawn as prompts are"
    for n in sorted({bound.panel for bound in bounds if bound.panel}):
        yield f"about this panel of {several(n, 'rater')}: too few for a statement about others"
    if left_out:
        yield (
            f"{several(left_out, 'prompt was', 'prompts were')} left out: the release "
            "was made from them"
        )
    for bound in bounds:
        if bound.missing:
            missing = several(bound.missing, "output")
            counts = "counts as a fail" if bound.missing == 1 else "count as fails"
            yield f"{bound.tier}: {missing} that nobody judged {counts}"


def served_rows(found: ServedCertificate) -> list[dict[str, Any]]:
    """One row a tier, for a table."""
    return [
        {
            "tier": b.tier, "asked": b.asked, "refused": b.refused, "served": b.served,
            "missing": b.missing, "misread": b.misread, "fails": b.fails, "fail_rate": b.rate,
            "upper": b.upper, "allowed": b.max_fail, "holds": b.holds, "level": b.level,
            "rule": b.rule, "family": f"{b.family} (m = {b.m})", "offers": dict(b.offers),
        }
        for b in found.bounds
    ]  # fmt: skip
