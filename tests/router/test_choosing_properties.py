"""What must hold of any choice, over random markets: against brute force on the records."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import factories
from factories import Seller
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import export, router
from qfloor.records import CATEGORIES, TIERS, Capabilities, Ruling, Verdict
from qfloor.router import Cause, Decision, Need, Policy, Rule, choose

NOW = "2026-11-23"
SOME = CATEGORIES[:3]
PROMPTS = ("portrait of an old man", "packshot of a mug on white", "something nice")

sellers = st.lists(
    st.builds(
        Seller,
        name=st.sampled_from("abcdefgh"),
        usd=st.sampled_from([None, "0.001", "0.002", "0.01", "0.05"]),
        clears=st.sampled_from([None, 3.0, 5.0, 7.0, 9.0]),
        by_category=st.dictionaries(
            st.sampled_from([c.id for c in SOME]), st.sampled_from([None, 5.0, 7.0, 9.0])
        ),
        capabilities=st.builds(
            Capabilities,
            max_outputs=st.sampled_from([None, 1, 4]),
            negative_prompt=st.sampled_from([None, True, False]),
        ),
        latency=st.sampled_from([{}, {"p50": 1.0, "p95": 3.0}, {"p50": 5.0, "p95": 30.0}]),
        as_of=st.sampled_from(["2026-11-20", "2026-10-01"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda s: s.name,
)
wishes = st.fixed_dictionaries(
    {"prompt": st.sampled_from(PROMPTS), "tier": st.sampled_from(TIERS)},
    optional={
        "max_price_usd": st.sampled_from(["0", "0.002", "0.03", "1"]),
        "n": st.sampled_from([1, 2, 5]),
        "negative": st.just("hats"),
        "max_latency_s": st.sampled_from(["realtime", "batch", 2, 60]),
    },
)


def load(market: list[Seller], **changes: Any) -> tuple[router.Database, tuple[Verdict, ...]]:
    made = factories.release(market, categories=SOME, **changes)
    with tempfile.TemporaryDirectory() as folder:
        return router.load(export.write(Path(folder) / "quality.db", made)), made.verdicts


def brute_force(
    market: list[Seller], verdicts: tuple[Verdict, ...], need: Need, decision: Decision
) -> str | None:
    """Cheapest eligible offer, from the records themselves."""
    certified = {(v.offer_id, v.category) for v in verdicts
                 if v.tier == need.tier and v.ruling is Ruling.CERTIFIED}  # fmt: skip
    low = {(v.offer_id, v.category): s for s in market for v in verdicts if s.id == v.offer_id}
    found = []
    for s in market:
        plausible = decision.classification.plausible
        if any((s.id, c) not in certified for c in plausible):
            continue
        if need.n > (s.capabilities.max_outputs or 99):
            continue
        if need.negative and not s.capabilities.negative_prompt:
            continue
        limit = {"realtime": 10.0, "batch": None}.get(str(need.max_latency_s), need.max_latency_s)
        if limit is not None and s.latency.get("p95", 1e9) > float(limit):
            continue
        price = None if s.usd is None else float(s.usd) * need.n
        ceiling = None if need.max_price_usd is None else float(need.max_price_usd) + 1e-12
        if ceiling is not None and (price is None or s.as_of < "2026-11-16" or price > ceiling):
            continue
        floor = min(low[s.id, c].by_category.get(c, s.clears) or 0.0 for c in plausible)
        found.append((price is None, price or 0.0, -floor, s.id))
    return min(found)[3] if found else None


@settings(max_examples=80, deadline=None)
@given(market=sellers, wish=wishes)
def test_the_choice_is_brute_forces(market: list[Seller], wish: dict[str, Any]) -> None:
    db, verdicts = load(market)
    need = Need(**wish)
    decision = choose(db, need, now=NOW)
    assert decision.offer == brute_force(market, verdicts, need, decision)
    rows = {c.offer: c for c in decision.candidates}
    assert set(rows) == {s.id for s in market}
    eligible = {o for o, c in rows.items() if c.rejected_by in (None, Rule.DEARER)}
    if decision.offer is None:
        assert not eligible
        assert decision.binding_rule is not None
    else:
        assert decision.offer in eligible
        waiting = {o for o, c in rows.items() if c.detail.startswith("eligible")}
        assert (decision.runner_up is None) == (len(eligible | waiting) == 1)
        assert rows[decision.offer].ruling == "certified"


@settings(max_examples=35, deadline=None)
@given(market=sellers, wish=wishes)
def test_relaxations_work_and_none_is_hidden(market: list[Seller], wish: dict[str, Any]) -> None:
    db, _ = load(market)
    need = Need(**wish)
    decision = choose(db, need, now=NOW)
    if decision.offer is not None:
        assert decision.relaxation is None
        return
    if decision.relaxation is None:
        for tier in TIERS[: TIERS.index(need.tier)]:
            assert choose(db, replace(need, tier=tier), now=NOW).offer is None
        assert choose(db, replace(need, max_price_usd=None), now=NOW).offer is None
        return
    relaxed = choose(db, replace(need, **decision.relaxation.change), now=NOW)
    assert relaxed.offer == decision.relaxation.offer
    assert relaxed.price_nanousd == decision.relaxation.price_nanousd


@settings(max_examples=35, deadline=None)
@given(market=sellers, wish=wishes, usd=st.sampled_from(["0.0001", "0.5"]))
def test_an_uncertified_offer_changes_nothing(
    market: list[Seller], wish: dict[str, Any], usd: str
) -> None:
    # the bound of each offer depends on the family's size, which this factory leaves alone
    newcomer = Seller(name="z", usd=usd, clears=None)
    with_it, without = load([*market, newcomer])[0], load(market)[0]
    chosen = choose(without, Need(**wish), now=NOW)
    assert choose(with_it, Need(**wish), now=NOW).offer == chosen.offer


@settings(max_examples=35, deadline=None)
@given(market=sellers, wish=wishes, objective=st.sampled_from(["price", "usable_cost"]))
def test_same_inputs_same_bytes(market: list[Seller], wish: dict[str, Any], objective: Any) -> None:
    policy = Policy(objective=objective, on_uncertified="best_bound")
    first, second = load(market)[0], load(market[::-1])[0]
    choose(first, Need(prompt="warm the memory"), policy=policy, now=NOW)
    said = [
        json.dumps(choose(db, Need(**wish), policy=policy, now=NOW).to_dict(), sort_keys=True)
        for db in (first, first, second)
    ]
    assert said[0] == said[1] == said[2]


@settings(max_examples=35, deadline=None)
@given(market=sellers, wish=wishes)
def test_best_bound_serves_the_uncertified_only_when_it_must(
    market: list[Seller], wish: dict[str, Any]
) -> None:
    db, _ = load(market)
    need = Need(**wish)
    refused = choose(db, need, now=NOW)
    served = choose(db, need, now=NOW, policy=Policy(on_uncertified="best_bound"))
    if refused.offer is not None:
        assert served.offer == refused.offer
    elif served.offer is not None:
        assert served.cause is Cause.BEST_BOUND
        assert not served.certified
        others = [c for c in served.candidates if c.offer != served.offer]
        bounds = [
            c.upper for c in others if c.upper is not None and c.rejected_by is Rule.NOT_CERTIFIED
        ]
        chosen = next(c for c in served.candidates if c.offer == served.offer)
        assert chosen.upper is not None
        assert all(chosen.upper <= b for b in bounds) or need.max_price_usd or need.max_latency_s
