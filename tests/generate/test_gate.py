"""The gate of an account: who waits, for how long, and who is turned away."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from fakes.clock import Clock
from fakes.seller import FakeSeller, RememberingSeller, calls, offer, prompts

from qfloor.generate import RunPolicy, plan_generation, run_generation
from qfloor.generate.gate import Closed, Gate, account_of, limits_of
from qfloor.generate.outcome import Outcome
from qfloor.generate.run import run_anywhere
from qfloor.generators.protocol import Ended
from qfloor.records import REASONS, Event, PluginSpec, RateLimits, Status
from qfloor.store import Store

POLICY = RunPolicy(backoff_s=2.0, trip_after=2, cooldown_s=10.0, patience_s=100.0)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def gate(clock, limits=None, policy=POLICY, **more):
    limits = limits or RateLimits()
    return Gate("fake", limits, policy, clock=clock, sleep=clock.sleep, **more)


def told(reason: str, detail: str = "") -> Outcome:
    return Outcome(status=REASONS[reason], reason=reason, detail=detail)


def test_calls_are_spread_as_the_rate_says_and_the_wait_is_told():
    clock = Clock()

    async def call_five():
        at = gate(clock, RateLimits(per_minute=60, burst=2))
        return [await at.enter() for _ in range(5)]

    passes = asyncio.run(call_five())
    assert [p.at - passes[0].at for p in passes] == pytest.approx([0, 0, 1, 2, 3])
    assert [p.waited_s for p in passes] == pytest.approx([0, 0, 1, 1, 1])


def test_one_more_than_the_width_waits_for_a_place():
    async def scenario():
        at = gate(Clock(), RateLimits(concurrency=2))
        first, _ = await at.enter(), await at.enter()
        third = asyncio.create_task(at.enter())
        await asyncio.sleep(0.01)
        assert not third.done()
        at.leave(first)
        await third
        assert at.in_flight == 2

    asyncio.run(scenario())


def test_a_429_stops_the_whole_account_for_as_long_as_told_and_halves_it():
    clock = Clock()

    async def scenario():
        at = gate(clock, RateLimits(concurrency=8))
        passes = [await at.enter() for _ in range(8)]
        for ticket in passes:
            at.report(told("rate_limited"), ticket, 30.0)
            at.leave(ticket)
        assert at.width.now == 4.0
        after = await at.enter()
        assert (after.waited_s, after.is_probe) == (30.0, False)
        at.report(told("rate_limited"), after, None)  # nothing told: our own, growing
        at.leave(after)
        assert (await at.enter()).waited_s == 4.0

    asyncio.run(scenario())


def test_longer_than_the_run_waits_is_told_and_turned_away():
    clock = Clock()

    async def scenario():
        at = gate(clock)
        ticket = await at.enter()
        at.report(told("rate_limited", "daily cap"), ticket, 5_000.0)
        said = "fake takes no call for another 5000 s after rate_limited: daily cap, longer than"
        with pytest.raises(Closed, match=said):
            await at.enter()
        near = gate(clock, ends_at=clock() + 5.0)
        near.report(told("rate_limited"), await near.enter(), 8.0)
        with pytest.raises(Closed, match="longer than this run waits"):
            await near.enter()

    asyncio.run(scenario())


def test_no_key_closes_the_account_and_no_money_for_long():
    clock = Clock()

    async def scenario():
        at = gate(clock)
        at.report(told("auth", "401"), await at.enter(), None)
        with pytest.raises(Closed, match="fake: auth: 401"):
            await at.enter()
        poor = gate(clock, policy=dataclasses.replace(POLICY, patience_s=1e9))
        poor.report(told("billing"), await poor.enter(), None)
        probe = await poor.enter()
        assert (probe.waited_s, probe.is_probe) == (3_600.0, True)

    asyncio.run(scenario())


def test_a_seller_out_of_reach_is_left_alone_and_then_asked_once():
    clock = Clock()

    async def scenario():
        at = gate(clock)
        first, second = await at.enter(), await at.enter()
        for ticket in (first, second):
            at.report(told("outage"), ticket, None)
            at.leave(ticket)
        probe = await at.enter()
        assert (probe.waited_s, probe.is_probe) == (10.0, True)
        waiting = asyncio.create_task(at.enter())
        await asyncio.sleep(0.01)
        assert not waiting.done(), "one call finds out"
        at.report(told("outage"), probe, None)
        at.leave(probe)
        again = await waiting
        assert again.is_probe
        at.accepted()
        assert not (await at.enter()).is_probe

    asyncio.run(scenario())


def test_who_is_not_wanted_any_more_is_turned_away_without_a_word():
    async def scenario():
        at = gate(Clock(), RateLimits(per_minute=0.001))
        await at.enter()
        with pytest.raises(Closed, match=r"^$"):
            await at.enter(lambda: False)

    asyncio.run(scenario())


def test_an_account_is_a_provider_a_key_and_an_address(tmp_path):
    bought = offer("one", tmp_path)
    other = dataclasses.replace(bought, generator=PluginSpec(name="x", args={"key_env": "B"}))
    assert account_of(bought) == account_of(offer("two", tmp_path / "x")) == ("fake", "", "")
    assert account_of(other) == ("fake", "B", "")

    class Limited(FakeSeller):
        def limits(self):
            return RateLimits(concurrency=3)

    seller = Limited([], tmp_path, str(tmp_path))
    assert limits_of(bought, seller, {}).concurrency == 3
    assert limits_of(bought, seller, {"fake": RateLimits(concurrency=9)}).concurrency == 9
    assert limits_of(bought, FakeSeller([], tmp_path, str(tmp_path)), {}) == RateLimits()


# -- in a run --------------------------------------------------------------------------------


def drive(store, asked, offers, seller, *, clock=None, policy=POLICY, **more):
    clock = clock or Clock()
    given = {o.id: seller for o in offers}
    plan = plan_generation(asked, offers, 1, "r1", store, generators=given)
    return run_anywhere(
        run_generation(plan, store, given, policy=policy, clock=clock, sleep=clock.sleep, **more)
    )


def test_offers_of_one_account_share_its_limits(store, tmp_path):
    two = [offer(n, tmp_path / "s", offer_concurrency=5) for n in ("one", "two")]
    seller = FakeSeller(two, tmp_path, str(tmp_path / "s"), jobs=False, latency_s=0.005)
    result = drive(store, prompts(8), two, seller, limits={"fake": RateLimits(concurrency=3)})
    assert result.counts == {Status.MADE: 16}
    assert seller.most_in_flight == 3


def test_waiting_at_our_own_limits_is_kept_apart_from_the_sellers_time(store, tmp_path):
    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    clock = Clock()

    class Slow(RememberingSeller):
        async def submit(self, request):
            await clock.sleep(5.0)
            return await super().submit(request)

        async def collect(self, job):
            await clock.sleep(2.0)
            return dataclasses.replace(await super().collect(job), seconds_run=4.0)

    seller = Slow([bought], tmp_path, str(tmp_path / "s"), polls=0)
    drive(store, prompts(3), [bought], seller, clock=clock,
          limits={"fake": RateLimits(concurrency=1, per_minute=1)})  # fmt: skip
    for output in store.outputs_of():
        assert output.seconds_total == pytest.approx(7.0)
        assert (output.seconds_download, output.seconds_run) == (2.0, 4.0)
        assert output.timing_source == "seller"
    waited = sorted(o.seconds_throttled for o in store.outputs_of())
    assert waited == pytest.approx([0.0, 53.0, 53.0])


class Throttling(FakeSeller):
    """A seller that takes so many calls at once and answers 429 to the rest."""

    takes = 2

    async def submit(self, request):
        if self.in_flight >= self.takes:
            self._log("submit", request.key, made=False)
            return Ended(reason="rate_limited", retry_after_s=1.0)
        return await super().submit(request)


def test_429s_narrow_the_account_until_it_fits_and_are_no_attempts(store, tmp_path):
    wide = offer("wide", tmp_path / "s", offer_concurrency=16)
    seller = Throttling([wide], tmp_path, str(tmp_path / "s"), jobs=False, latency_s=0.002)
    result = drive(store, prompts(60), [wide], seller)
    assert result.counts == {Status.MADE: 60}
    refused = [a for a in store.attempts_of() if a.reason == "rate_limited"]
    assert refused
    assert {(a.charged, a.amount_nanousd) for a in refused} == {("no", 0)}
    assert len(calls(tmp_path / "s")) == 60 + 60 + len(refused)


def test_who_is_only_ever_told_too_many_is_left_and_goes_on_next_time(store, tmp_path):
    seller = Throttling([], tmp_path, str(tmp_path / "s"), jobs=False)
    seller.takes = 0
    bought = offer("one", tmp_path / "s")
    result = drive(store, prompts(1), [bought], seller)
    assert result.counts == {Status.FAILED: 1}
    assert len(calls(tmp_path / "s")) == 1 + POLICY.throttled_most
    seller.takes = 1
    assert drive(store, prompts(1), [bought], seller).counts == {Status.MADE: 1}


def test_an_outage_is_not_run_into_by_everyone(store, tmp_path):
    clock = Clock()

    class Down(FakeSeller):
        async def submit(self, request):
            if clock() < 115.0:
                self._log("submit", request.key, made=False)
                return Ended(reason="outage", charged="no")
            return await super().submit(request)

    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    seller = Down([bought], tmp_path, str(tmp_path / "s"), jobs=False)
    policy = dataclasses.replace(POLICY, backoff_s=0.1)
    result = drive(store, prompts(20), [bought], seller, clock=clock, policy=policy)
    assert result.counts == {Status.MADE: 19, Status.FAILED: 1}  # it had its three attempts
    down = [a for a in store.attempts_of() if a.reason == "outage"]
    assert len(down) <= 4  # two open it, a probe or two find out


def test_one_missing_key_stops_every_offer_of_the_account(store, tmp_path):
    two = [offer(n, tmp_path / "s", offer_concurrency=1) for n in ("one", "two")]
    seller = FakeSeller(two, tmp_path, str(tmp_path / "s"))
    result = drive(store, prompts(5, "x #auth"), two, seller)
    assert len(calls(tmp_path / "s")) <= 2
    assert set(result.stopped) == {o.id for o in two}
    assert all("auth: as asked" in why for why in result.stopped.values())


def test_a_run_ends_when_its_time_is_over(store, tmp_path):
    clock = Clock()
    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    seller = FakeSeller([bought], tmp_path, str(tmp_path / "s"), jobs=False)
    policy = dataclasses.replace(POLICY, deadline_s=100.0)
    result = drive(store, prompts(9), [bought], seller, clock=clock, policy=policy,
                   limits={"fake": RateLimits(per_minute=2)})  # fmt: skip
    assert result.counts == {Status.MADE: 4}
    assert (result.left, clock()) == (5, 190.0)
    assert "longer than this run waits" in result.stopped[bought.id]
    job = offer("job", tmp_path / "j", offer_provider="other")
    hanging = RememberingSeller([job], tmp_path, str(tmp_path / "j"))
    drive(store, prompts(1, "x #hang"), [job], hanging, clock=clock, policy=policy)
    (output,) = store.outputs_of(offers=[job.id])
    assert output.reason == "poll_deadline"
    assert clock() == pytest.approx(290.0, abs=1.0)


def test_a_clock_set_back_moves_neither_waits_nor_order(store, tmp_path):
    days = iter(f"20{year}-01-01" for year in range(40, 10, -1))
    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    seller = RememberingSeller([bought], tmp_path, str(tmp_path / "s"))
    result = drive(store, prompts(3), [bought], seller, now=lambda: next(days))
    assert result.counts == {Status.MADE: 3}
    for output in store.outputs_of():
        events = [a.event for a in store.attempts_of(outputs=[output.id])]
        assert events == [Event.INTENDED, Event.ACCEPTED, Event.POLLED, Event.ENDED]
        assert output.seconds_total >= 0
    assert plan_generation(prompts(3), [bought], 1, "r1", store).done == 3


def test_a_disk_that_is_nearly_full_takes_no_more(store, tmp_path, monkeypatch):
    bought = offer("one", tmp_path / "s")
    seller = FakeSeller([bought], tmp_path, str(tmp_path / "s"))
    policy = dataclasses.replace(POLICY, least_free_bytes=1 << 60)
    result = drive(store, prompts(3), [bought], seller, policy=policy)
    assert (result.left, calls(tmp_path / "s")) == (3, [])
    assert "make room and run again" in result.halted
