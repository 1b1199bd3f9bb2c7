"""Windows, hysteresis, rests, probes; and that two offers do not swing back and forth."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factories import Seller

from qfloor.errors import InputError
from qfloor.router import Cause, Database, HealthFeed, Need, OfferHealth, Policy, choose
from qfloor.router.health import HealthWindow, read_health, write_health
from qfloor.router.steering import (
    ENTER,
    FAILURES,
    FIRST_REST_S,
    LONGEST_REST_S,
    MOST_SHED,
    STEP_S,
    Breaker,
    Steering,
    answered,
    steer,
)

HOUR = 3600.0
T0 = 1_764_000_000.0 // HOUR * HOUR


def usual_hours(window: HealthWindow, offer: str, seconds: float, hours: int = 4) -> float:
    """Answers over some hours; returns the time after them."""
    for i in range(hours * 60):
        window.record(offer, seconds, True, T0 + i * 60)
    return T0 + hours * HOUR


def test_current_is_recent_and_usual_is_the_median_hour() -> None:
    window = HealthWindow()
    now = usual_hours(window, "a", 2.0)
    for i in range(100):
        window.record("a", 10.0, True, now + i)
    seen = window.snapshot(now + 100).offers["a"]
    assert seen.p95_s == pytest.approx(10.0, rel=0.02)
    assert seen.usual_p95_s == pytest.approx(2.0, rel=0.02)
    assert seen.n == 101  # the shortest span that holds enough: three minutes, one older answer
    assert seen.elevated is True


def test_before_there_is_a_usual_nothing_is_said_of_slow() -> None:
    window = HealthWindow()
    for i in range(50):
        window.record("a", 9.0, True, T0 + i)
    seen = window.snapshot(T0 + 60).offers["a"]
    assert (seen.usual_p95_s, seen.elevated, seen.shed) == (None, None, None)
    told = HealthWindow({"a": 3.0})
    for i in range(50):
        told.record("a", 9.0, True, T0 + i)
    assert told.snapshot(T0 + 60).offers["a"].elevated is True


def test_what_was_not_heard_of_lately_is_unknown() -> None:
    window = HealthWindow()
    now = usual_hours(window, "a", 2.0)
    assert "a" in window.snapshot(now).offers
    assert window.snapshot(now + 16 * 60).offers == {}


def test_a_slow_offer_stays_slow_until_it_is_well_again() -> None:
    state = Steering()
    told = []
    for i, ratio in enumerate([1.0, 1.4, 1.6, 1.4, 1.3, 1.21, 1.1, 1.4]):
        state = steer(state, ratio, T0 + i * STEP_S)
        told.append(state.elevated)
    assert told == [False, False, True, True, True, True, False, False]


def test_shares_move_in_small_steps_that_halve_when_they_turn_and_never_reach_all() -> None:
    state = Steering()
    for i in range(40):
        state = steer(state, ENTER + 1, T0 + i * STEP_S)
    assert state.shed == MOST_SHED
    turned = steer(state, 1.0, T0 + 40 * STEP_S)
    assert turned.shed == pytest.approx(MOST_SHED - 0.05)
    assert steer(turned, 1.0, T0 + 40 * STEP_S + 1) is turned, "a step is not due yet"
    for i in range(41, 90):
        turned = steer(turned, None, T0 + i * STEP_S)
    assert turned.shed == 0.0
    assert not turned.elevated


def test_failures_make_an_offer_rest_longer_each_time() -> None:
    breaker, now = Breaker(), T0
    for _ in range(FAILURES - 1):
        breaker = answered(breaker, False, now)
    assert not breaker.resting(now)
    breaker = answered(breaker, False, now)
    assert breaker.resting(now + FIRST_REST_S - 1)
    assert not breaker.resting(now + FIRST_REST_S)
    rests = []
    for _ in range(8):
        now = breaker.rest_until
        breaker = answered(breaker, False, now)
        rests.append(breaker.rest_until - now)
    assert rests[:3] == [60, 120, 240]
    assert rests[-1] == LONGEST_REST_S
    now = breaker.rest_until
    for _ in range(3):
        breaker = answered(breaker, True, now)
    assert answered(breaker, False, now).rest_until == 0.0, "well again: one failure is no rest"


def test_a_resting_offer_is_not_chosen(db: Database) -> None:
    window = HealthWindow()
    for _ in range(FAILURES):
        window.record("shop/value", None, False, T0)
    health = window.snapshot(T0 + 5)
    assert not health.offers["shop/value"].available
    now = health.offers["shop/value"].as_of
    decision = choose(db, Need(prompt="portrait of a man"), health=health, now=now)
    assert decision.offer == "shop/grand"
    assert decision.rejected["unhealthy"] == 1


def test_a_window_holds_so_much_and_lets_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qfloor.router.health.MOST_OFFERS", 3)
    monkeypatch.setattr("qfloor.router.health.MOST_UNKEPT", 4)
    window = HealthWindow()
    for offer in ("a", "b", "c", "a", "d"):
        window.record(offer, 1.0, True, T0)
    assert set(window.snapshot(T0 + 1).offers) == {"a", "c", "d"}, "b was heard of longest ago"
    for minute in range(1, 9):
        window.record("a", 1.0, True, T0 + 60 * minute)
    kept = {one.offer: sorted(one.slots) for one in window.take_unkept()}
    last = int((T0 + 480) // 60)
    assert kept["a"] == [last - 3, last - 2, last - 1, last]


def test_hours_longer_ago_than_what_is_kept_are_not_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qfloor.router.health.USUAL_HOURS", (3, 4))
    window = HealthWindow()
    for hour, seconds in enumerate((9.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0, 2.0)):
        for i in range(60):
            window.record("a", seconds, True, T0 + hour * HOUR + i * 60)
    now = T0 + 8 * HOUR
    window.record("a", 2.0, True, now)
    usual = window.snapshot(now).offers["a"].usual_p95_s
    assert usual == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(("seconds", "at"), [(-1.0, T0), (float("nan"), T0), (1.0, float("inf"))])
def test_what_is_no_time_is_refused(seconds: float, at: float) -> None:
    with pytest.raises(InputError, match="no time"):
        HealthWindow().record("a", seconds, True, at)


def test_threads_lose_nothing() -> None:
    window = HealthWindow()

    def work() -> None:
        for i in range(500):
            window.record("a", 1.0, True, T0 + i % 50)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert window.snapshot(T0 + 60).offers["a"].n == 4000


# a market of two offers that get slower the more they are asked


PAIR = [
    Seller(name="cheap", usd="0.010", latency={"p50": 1.2, "p95": 2.0}),
    Seller(name="other", usd="0.011", latency={"p50": 1.2, "p95": 2.0}),
]


def simulate(db: Database, minutes: int, *, damped: bool) -> list[float]:
    """Share of requests that the cheap one got, minute by minute.

    400 requests a minute; an offer's latency rises with its share of them, so that either alone
    is slow (3 times its usual) and both at half are not.
    """
    rng = np.random.default_rng(5)
    window = HealthWindow({"shop/cheap": 2.0, "shop/other": 2.0})
    load = {"shop/cheap": 0.5, "shop/other": 0.5}
    shares = []
    for minute in range(minutes):
        now = T0 + minute * 60
        health = window.snapshot(now)
        if not damped:
            bare = {
                o: replace(h, elevated=None, shed=None, usual_p95_s=2.0)
                for o, h in health.offers.items()
            }
            health = HealthFeed(offers=bare)
        got = dict.fromkeys(load, 0)
        for i in range(40):  # one stands for ten
            need = Need(prompt=f"portrait of man {minute} {i}")
            at = np.datetime64(int(now), "s").item().isoformat()
            offer = choose(db, need, health=health, now=at).offer
            assert offer is not None
            got[offer] += 1
        for offer, n in got.items():
            load[offer] = 0.5 * load[offer] + 0.5 * n / 40
            usual = 1.2 * (1.0 + 4.0 * max(0.0, load[offer] - 0.5))
            for i in range(n):
                seconds = usual * float(rng.lognormal(0.0, 0.3))
                window.record(offer, seconds, True, now + i)
        shares.append(got["shop/cheap"] / 40)
    return shares


def swings(shares: list[float]) -> int:
    """How often more than half of all requests moved within five minutes, there or back."""
    return sum(abs(b - a) > 0.5 for a, b in zip(shares, shares[5:], strict=False))


def test_two_offers_whose_latency_rises_with_load_do_not_swing(market: object) -> None:
    db = market(PAIR)  # type: ignore[operator]
    damped, naive = simulate(db, 150, damped=True), simulate(db, 150, damped=False)
    assert swings(naive) >= 10, "the market must be one in which a plain switch swings"
    assert swings(damped[15:]) == 0, "one overshoot at first, then none"
    settled = damped[60:]
    assert max(settled) - min(settled) < 0.5
    assert 0.3 < float(np.mean(settled)) < 0.95, "it goes on using both"


# probes


def test_probes_are_few_eligible_affordable_and_keep_to_their_share(market: object) -> None:
    sellers = [
        Seller(name="cheap", usd="0.010"),
        Seller(name="near", usd="0.011"),
        Seller(name="far", usd="0.020"),
        Seller(name="poor", usd="0.0101", clears=2.0),
    ]
    db = market(sellers)  # type: ignore[operator]
    window = HealthWindow()
    policy = Policy(probe_share=0.05)
    probed = []
    for i in range(2000):
        decision = choose(db, Need(prompt=f"portrait of man {i}"), policy=policy, now="2026-11-23")
        sent = window.probe(decision, T0 + i)
        if sent.cause is Cause.PROBE:
            probed.append((T0 + i, sent))
            assert sent.certified
            assert sent.to_dict()["cause"] == "probe_for_latency"
            assert sent.runner_up == "shop/cheap"
            assert sent.surcharge_nanousd == 1_000_000
    assert {sent.offer for _, sent in probed} == {"shop/near"}, "not dear ones, not poor ones"
    assert 10 <= len(probed) <= 2000 * 0.05
    times = [at for at, _ in probed]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 60


def test_what_is_known_or_pinned_is_not_probed(market: object) -> None:
    db = market(PAIR)  # type: ignore[operator]
    known = OfferHealth(as_of="2026-11-23T10:00:00+00:00", n=50, p50_s=1, p95_s=2)
    told = {"health": HealthFeed(offers={"shop/other": known}), "now": "2026-11-23T10:01:00"}
    window, policy = HealthWindow(), Policy(probe_share=1.0)
    decision = choose(db, Need(prompt="portrait"), policy=policy, **told)  # type: ignore[arg-type]
    assert window.probe(decision, T0) is decision
    pinned = choose(db, Need(prompt="portrait", pin="shop/other"), policy=policy, now="2026-11-23")
    assert window.probe(pinned, T0) is pinned
    routed = choose(db, Need(prompt="portrait"), policy=policy, now="2026-11-23")
    assert window.probe(routed, T0).offer == "shop/other"


# the file for other services


def test_a_health_file_comes_back_as_it_went(tmp_path: Path) -> None:
    window = HealthWindow({"a": 1.0})
    for i in range(30):
        window.record("a", 2.0, True, T0 + i)
    feed = window.snapshot(T0 + 30)
    write_health(tmp_path / "health.json", feed)
    assert read_health(tmp_path / "health.json") == feed


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", "no JSON"),
        ("[]", "qfloor-health"),
        ({"format": "qfloor-health", "version": 2}, "version 2"),
        ({"offers": []}, "object of offers"),
        ({"offers": {"a": {}}}, "a: must be an object with as_of"),
        ({"offers": {"a": {"as_of": "soon"}}}, "as_of is 'soon'"),
        ({"offers": {"a": {"as_of": 3}}}, "as_of is 3"),
        ({"offers": {"a": {"as_of": "2026-11-23", "p95_s": -1}}}, "p95_s is -1"),
        ({"offers": {"a": {"as_of": "2026-11-23", "p95_s": float("nan")}}}, "p95_s is nan"),
        ({"offers": {"a": {"as_of": "2026-11-23", "p99_s": 1}}}, "no field is called 'p99_s'"),
        ({"offers": {"a": {"as_of": "2026-11-23", "n": 1.5}}}, "n is 1.5"),
        ({"offers": {"a": {"as_of": "2026-11-23", "available": "yes"}}}, "available is 'yes'"),
        ({"offers": {"a": {"as_of": "2026-11-23", "available": None}}}, "available is null"),
        ({"offers": {"a": {"as_of": "2026-11-23", "shed": 2}}}, "shed is 2"),
        (
            {"offers": {"a": {"as_of": "2026-11-23", "p50_s": 9, "p95_s": 3}}},
            "p50_s is 9, .* p95_s",
        ),
    ],
)
def test_a_bad_health_file_is_refused_in_one_sentence(
    tmp_path: Path, told: object, said: str
) -> None:
    path = tmp_path / "health.json"
    if isinstance(told, dict):
        told = {"format": "qfloor-health", "version": 1, **told}
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    with pytest.raises(InputError, match="(?s)" + said) as caught:
        read_health(path)
    assert "\n" not in str(caught.value)


def test_a_health_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such health feed"):
        read_health(tmp_path / "none.json")
