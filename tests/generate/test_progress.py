"""Forecasts before a run, progress during it, summaries after it."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
from fakes.clock import Clock
from fakes.seller import RememberingSeller, offer, prompts
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generate import forecast, generate, plan_generation, run_generation, summarise
from qfloor.generate.forecast import said
from qfloor.generate.outcome import Outcome
from qfloor.generate.policy import Purse
from qfloor.generate.progress import Progress
from qfloor.generate.run import run_anywhere
from qfloor.records import Prompt, RateLimits, Status, output_id, output_ids
from qfloor.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def test_progress_by_offer_with_money_and_time(store, tmp_path):
    one = offer("one", tmp_path / "s", offer_concurrency=1)
    two = offer("two", tmp_path / "s", offer_concurrency=1)
    clock = Clock()

    class Slow(RememberingSeller):
        async def submit(self, request):
            await clock.sleep(10.0)
            return await super().submit(request)

    seen = []

    def watch(progress):
        seen.append((progress.done, progress.spent_nanousd, progress.projected_nanousd,
                     progress.left_s, {o.offer_id: dict(o.counts)
                                       for o in progress.offers.values()}))  # fmt: skip

    asked = [*prompts(3), *prompts(1, "x #refused_input")]
    asked[3] = dataclasses.replace(asked[3], id="last")
    given = {o.id: Slow([], tmp_path, str(tmp_path / "s"), jobs=False) for o in (one, two)}
    plan = plan_generation(asked, [one, two], 1, "r1", store)
    run_anywhere(run_generation(plan, store, given, clock=clock, sleep=clock.sleep, watch=watch))
    assert [s[0] for s in seen] == list(range(1, 9))
    assert seen[-1][1] == seen[-1][2] == 6 * 10_000_000
    assert seen[-1][3] == 0.0
    assert seen[-1][4][one.id] == {Status.MADE: 3, Status.REFUSED: 1}
    assert seen[0][2] == 8 * 10_000_000  # as it goes: nobody has refused yet


def test_time_left_is_that_of_the_slowest_offer(store, tmp_path):
    offers = [offer(n, tmp_path) for n in ("one", "two")]
    plan = plan_generation(prompts(4), offers, 1, "r1", store)
    now = 100.0
    progress = Progress(plan, Purse(None, 0), lambda: now)
    made = Outcome(status=Status.MADE, reason="ok", amount_nanousd=5)
    one, two = ([i for i in plan.items if i.request.offer.id == o.id] for o in offers)
    now = 160.0
    progress.add(one[0], made)
    assert progress.left_s is None  # the other has not begun: nobody can say
    for item in two[:3]:
        progress.add(item, made)
    assert (progress.seconds, progress.left_s) == (60.0, 180.0)
    assert progress.projected_nanousd == 3 * 5 + 5
    for item in one[1:]:
        progress.add(item, None)
    assert (progress.left, progress.left_s) == (3, 20.0)
    progress.add(two[3], replace(made, status=Status.UNKNOWN))
    assert progress.waiting == [two[3].request.key]
    assert (progress.done, progress.left_s) == (8, 0.0)


def test_a_round_is_summed_up_by_offer(store, tmp_path):
    offers = [offer(n, tmp_path / "s") for n in ("one", "two")]
    asked = [*prompts(4), Prompt(id="r", text="x #refused_input", category="portrait"),
             Prompt(id="u", text="x #raise", category="portrait")]  # fmt: skip
    generate(asked, offers, store=store, round="r1")
    one, two = summarise(store, "r1")
    assert one.offer_id == offers[0].id
    assert one.counts == {Status.MADE: 4, Status.REFUSED: 1, Status.UNKNOWN: 1} == two.counts
    assert (one.billed_nanousd, one.reserved_nanousd) == (40_000_000, 10_000_000)
    assert one.attempts == 6
    assert 0 < one.p50_s <= one.p95_s
    told = sorted(o.seconds for o in store.outputs_of(round="r1", offers=[offers[0].id])
                  if o.status is Status.MADE)  # fmt: skip
    assert (one.p50_s, one.p95_s) == (told[1], told[3]), "what a release says, not another clock"
    assert summarise(store, "r1", [offers[1].id]) == (two,)
    assert summarise(store, "r2") == ()
    assert store.mean_seconds()[offers[0].id] > 0


def test_a_forecast_is_the_longest_account(store, tmp_path):
    timed = {"p50": 10.0}
    fast = offer("fast", tmp_path, offer_latency_s=timed, offer_concurrency=4)
    slow = offer("slow", tmp_path, offer_latency_s={"p50": 30.0}, offer_concurrency=1)
    other = offer("other", tmp_path, offer_provider="other")
    plan = plan_generation(prompts(12), [fast, slow, other], 1, "r1", store)

    def seconds(limits, measured=None):
        return forecast(plan, lambda o: limits.get(o.provider, RateLimits()), measured or {})

    found = seconds({})
    assert (found.seconds, found.untimed) == (360.0, (other.id,))
    assert found.by_offer == {fast.id: 30.0, slow.id: 360.0, other.id: None}
    assert seconds({}, {slow.id: 1.0, other.id: 7.0}).seconds == 30.0
    assert seconds({"fake": RateLimits(concurrency=1)}).seconds == 12 * 40.0
    assert seconds({"other": RateLimits(per_minute=1, burst=2)}).seconds == 600.0
    generate(prompts(12), [dataclasses.replace(fast)], store=store, round="r1")
    again = plan_generation(prompts(12), [fast], 1, "r1", store)
    assert forecast(again, lambda o: RateLimits(), {}).seconds == 0.0


def test_lengths_of_time_as_people_say_them():
    assert [said(s) for s in (5.0, 600.0, 9_000.0)] == ["5 s", "10 min", "2.5 h"]


@given(
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans(), st.none())),
    st.text(min_size=1),
    st.integers(0, 99),
)
def test_many_requests_are_named_as_one_is(settings, version, repeat):
    bought = dataclasses.replace(offer("one", "s"), settings=settings, version=version)
    prompt = Prompt(id="p", text="x", category="portrait")
    named = output_ids(bought, version)(prompt.digest, repeat)
    assert named == output_id(prompt, bought, repeat, version)
