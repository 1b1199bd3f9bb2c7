"""The driver: every answer becomes a row, nothing is bought twice, money is kept in the ledger."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from pathlib import Path

import pytest
from fakes.seller import FakeSeller, RememberingSeller, calls, offer, picture, prompts

from qfloor.errors import BudgetError, SetupError, StoreError
from qfloor.generate import RunPolicy, generate, plan_generation, run_generation
from qfloor.generate.plan import Skipped
from qfloor.generate.run import run_anywhere
from qfloor.generators.protocol import Accepted, Artifact, Ended, Ready, Running
from qfloor.records import Capabilities, Event, Lifecycle, Prompt, Status
from qfloor.store import Store


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def drive(store, asked, offers, generator, *, clock=None, policy=None, repeats=1, **limits):
    """Plan and run a round with one generator for all offers."""
    clock = clock or Clock()
    given = {o.id: generator for o in offers}
    plan = plan_generation(asked, offers, repeats, "r1", store, generators=given, **limits)
    work = run_generation(
        plan, store, given, policy=policy or RunPolicy(), clock=clock, sleep=clock.sleep,
        rng=random.Random(1),
    )  # fmt: skip
    return run_anywhere(work)


def one(store, text, tmp_path, **more):
    """Run one prompt of one offer; its output and its ledger."""
    bought = offer("one", tmp_path / "s")
    seller = more.pop("seller", None) or RememberingSeller([bought], tmp_path, str(tmp_path / "s"))
    asked = [Prompt(id="p", text=text, category="portrait")]
    result = drive(store, asked, [bought], seller, **more)
    (output,) = store.outputs_of()
    return output, list(store.attempts_of(outputs=[output.id])), result


# -- the whole stage -------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [True, False])
def test_a_round_is_made_once_and_a_new_round_anew(store, tmp_path, jobs):
    offers = [offer(n, tmp_path / "s", jobs=jobs) for n in ("one", "two")]
    seen = []
    result = generate(
        prompts(3), offers, store=store, round="r1", repeats=2,
        progress=lambda *x: seen.append(x),
    )  # fmt: skip
    assert result.counts == {Status.MADE: 12}
    assert [s[0] for s in seen] == list(range(1, 13))
    assert {s[1] for s in seen} == {12}
    assert result.spent_nanousd == 12 * 10_000_000
    for output in store.outputs_of(round="r1"):
        assert (output.width, output.height, output.frames) == (16, 12, 1)
        assert output.model_version == "fake-1"
        assert output.seconds_total >= 0
        assert store.media_path(output.media_sha256).suffix == ".png"
    again = generate(prompts(3), offers, store=store, round="r1", repeats=2)
    assert (again.plan.done, again.counts) == (12, {})
    generate(prompts(3), offers, store=store, round="r2")
    assert len(calls(tmp_path / "s")) == 2 * 12 + 2 * 6 + (18 if jobs else 0)
    assert store.spending(round="r2")[0].amount_nanousd == 3 * 10_000_000


def test_the_ledger_is_written_ahead(store, tmp_path):
    output, ledger, _ = one(store, "a kettle", tmp_path)
    events = [Event.INTENDED, Event.ACCEPTED, Event.POLLED, Event.ENDED]
    assert [a.event for a in ledger] == events
    assert ledger[1].job == {"id": output.id}
    assert (ledger[-1].status, ledger[-1].charged, ledger[-1].amount_nanousd) == (
        Status.MADE, "yes", 10_000_000,
    )  # fmt: skip
    assert ledger[-1].price_row is not None


def test_an_offer_has_no_more_calls_in_flight_than_it_takes(store, tmp_path):
    wide = offer("wide", tmp_path / "s", offer_concurrency=3)
    seller = FakeSeller([wide], tmp_path, str(tmp_path / "s"), latency_s=0.01)
    drive(store, prompts(12), [wide], seller)
    assert seller.most_in_flight == 3


def test_two_thousand_in_flight(store, tmp_path):
    wide = offer("wide", tmp_path / "s", offer_concurrency=2_000)
    seller = FakeSeller([wide], tmp_path, str(tmp_path / "s"), latency_s=0.2, polls=0)
    seller._log = lambda *a, **k: None
    result = drive(store, prompts(2_000), [wide], seller)
    assert seller.most_in_flight == 2_000
    assert result.counts == {Status.MADE: 2_000}


def test_a_notebook_with_a_loop_of_its_own_can_call_it(store, tmp_path):
    async def cell():
        return generate(prompts(1), [offer("one", tmp_path / "s")], store=store, round="r1")

    assert asyncio.run(cell()).counts == {Status.MADE: 1}


# -- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "status", "reason", "charged"),
    [
        ("x #refused_input", Status.REFUSED, "refused_input", "no"),
        ("x #empty_success", Status.BLANK, "empty_success", "yes"),
        ("x #raise", Status.UNKNOWN, "timeout_ambiguous", "unknown"),
        ("x #timeout_ambiguous", Status.UNKNOWN, "timeout_ambiguous", "unknown"),
        ("x #malformed", Status.UNKNOWN, "malformed_answer", "yes"),
        ("x #nomedia", Status.UNKNOWN, "malformed_answer", "yes"),
        ("x #nothing", Status.UNKNOWN, "malformed_answer", "unknown"),
        ("x #bytes:zero", Status.BLANK, "undecodable", "yes"),
        ("x #bytes:html", Status.BLANK, "undecodable", "yes"),
    ],
)
def test_every_answer_becomes_a_status(store, tmp_path, text, status, reason, charged):
    output, ledger, _ = one(store, text, tmp_path)
    assert (output.status, output.reason) == (status, reason)
    assert ledger[-1].charged == charged
    assert len(calls(tmp_path / "s")) == 1


def test_a_malformed_answer_keeps_its_money_and_its_text(store, tmp_path):
    output, ledger, result = one(store, "x #malformed", tmp_path)
    assert ledger[-1].amount_nanousd == 7
    assert "unknown reason 'what'; odd" in ledger[-1].detail == output.report["detail"]
    assert result.waiting == (output.id,)


def test_failures_get_counted_attempts_with_growing_waits(store, tmp_path):
    clock = Clock()
    output, ledger, _ = one(store, "x #fail:2", tmp_path, clock=clock)
    assert output.status is Status.MADE
    assert [a.n for a in ledger if a.event is Event.INTENDED] == [1, 2, 3]
    assert all(w >= 3.0 for w in clock.slept if w > 1)  # as the seller told
    assert sum(w >= 3.0 for w in clock.slept) == 2


def test_failures_are_bounded_and_a_higher_bound_goes_on(store, tmp_path):
    output, _, result = one(store, "x #fail:9", tmp_path)
    assert (output.status, output.reason) == (Status.FAILED, "capacity")
    assert len(calls(tmp_path / "s")) == 3
    assert result.plan.max_attempts == 3
    one(store, "x #fail:9", tmp_path)
    assert len(calls(tmp_path / "s")) == 3
    one(store, "x #fail:9", tmp_path, max_attempts=5)
    assert len(calls(tmp_path / "s")) == 5


@pytest.mark.parametrize("reason", ["auth", "billing", "model_gone", "invalid_request"])
def test_setup_stops_the_offer_and_only_it(store, tmp_path, reason):
    bad = offer("bad", tmp_path / "s", offer_concurrency=1)
    good = offer("good", tmp_path / "g", offer_provider="another")
    seller = RememberingSeller([bad], tmp_path, str(tmp_path / "s"))
    fine = RememberingSeller([good], tmp_path, str(tmp_path / "g"))
    plan = plan_generation(prompts(4, f"x #{reason}"), [bad], 1, "r1", store)
    good_plan = plan_generation(prompts(4), [good], 1, "r1", store)
    both = dataclasses.replace(plan, items=plan.items + good_plan.items)
    result = run_anywhere(run_generation(both, store, {bad.id: seller, good.id: fine}))
    assert result.stopped == {bad.id: f"{reason}: as asked"}
    assert (result.left, result.counts) == (3, {Status.SETUP: 1, Status.MADE: 4})
    assert len(calls(tmp_path / "s")) == 1
    again = plan_generation(prompts(4, f"x #{reason}"), [bad], 1, "r1", store)
    assert len(again.items) == 4  # a repaired key may try again


def test_a_model_that_is_gone_is_marked_until_it_is_made_again(store, tmp_path):
    bought = offer("one", tmp_path / "s")
    generate(prompts(2, "x #model_gone"), [bought], store=store, round="r1")
    assert list(store.gone_since()) == [bought.id]
    generate(prompts(1), [bought], store=store, round="r2")
    assert store.gone_since() == {}


def test_an_adapter_that_says_setup_by_raising(store, tmp_path):
    class NoKey(FakeSeller):
        async def submit(self, request):
            raise SetupError("no key in FAKE_API_KEY")

    output, ledger, result = one(store, "x", tmp_path, seller=NoKey([], tmp_path, str(tmp_path)))
    assert (output.status, ledger[-1].charged) == (Status.SETUP, "no")
    assert "no key in FAKE_API_KEY" in next(iter(result.stopped.values()))


# -- jobs ------------------------------------------------------------------------------------


def test_a_job_beyond_its_deadline_is_resumed_by_the_next_run(store, tmp_path):
    clock = Clock()
    output, ledger, _ = one(
        store, "x #hang", tmp_path, clock=clock, policy=RunPolicy(poll_deadline_s=60)
    )
    assert (output.status, output.reason) == (Status.UNKNOWN, "poll_deadline")
    assert clock.now == pytest.approx(160)

    class Finished(RememberingSeller):
        async def poll(self, job):
            return Ready()

    output, ledger, _ = one(
        store, "x #hang", tmp_path, seller=Finished([], tmp_path, str(tmp_path / "s"))
    )
    assert output.status is Status.MADE
    assert output.seconds_total is None  # the run in between is not the seller's
    assert len([a for a in ledger if a.event is Event.INTENDED]) == 1
    (spent,) = store.spending()
    assert (spent.amount_nanousd, spent.unknown, spent.attempts) == (10_000_000, 0, 1)


def test_lost_polls_are_repeated_and_then_left_for_later(store, tmp_path):
    class Shaky(RememberingSeller):
        lost = 0

        async def poll(self, job):
            self.lost += 1
            if self.lost in (1, 2):
                raise ConnectionError("no route")
            if self.lost == 3:
                return "what"
            return await super().poll(job)

        async def collect(self, job):
            raise ConnectionError("download broke")

    seller = Shaky([], tmp_path, str(tmp_path / "s"))
    output, ledger, _ = one(store, "x", tmp_path, seller=seller)
    assert (output.status, output.reason) == (Status.UNKNOWN, "poll_deadline")
    assert "download broke" in ledger[-1].detail
    output, ledger, _ = one(store, "x", tmp_path)
    assert output.status is Status.MADE
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 1


@pytest.mark.parametrize("first", ["truncated", "expired"])
def test_damaged_or_expired_media_are_fetched_once_more(store, tmp_path, first):
    class Torn(RememberingSeller):
        fetched = 0

        async def collect(self, job):
            self.fetched += 1
            good = await super().collect(job)
            if self.fetched > 1:
                return good
            if first == "expired":
                return Ended(reason="url_expired")
            half = dataclasses.replace(good.artifact, content=good.artifact.content[:80])
            return dataclasses.replace(good, artifact=half)

    seller = Torn([], tmp_path, str(tmp_path / "s"))
    output, _, _ = one(store, "x", tmp_path, seller=seller)
    assert (output.status, seller.fetched) == (Status.MADE, 2)


def downloads(store):
    return list(store.root.glob("generators/*/downloads/*"))


def test_files_are_moved_into_the_store_and_orphans_are_swept(store, tmp_path):
    offers = [offer("one", tmp_path / "s", files=True)]
    generate(prompts(2), offers, store=store, round="r1")
    (folder,) = store.root.glob("generators/*/downloads")
    assert downloads(store) == []
    for output in store.outputs_of():
        assert store.media_path(output.media_sha256).read_bytes() == picture(output.id)
    (folder / "orphan").write_bytes(b"of a killed run")
    generate(prompts(2), offers, store=store, round="r1")
    assert downloads(store) == []


def test_a_damaged_file_is_fetched_once_more_and_leaves_nothing(store, tmp_path):
    class Torn(RememberingSeller):
        fetched = 0

        async def collect(self, job):
            self.fetched += 1
            good = await super().collect(job)
            if self.fetched == 1:
                good.artifact.path.write_bytes(picture("x")[:80])
            return good

    folder = store.generator_folder("torn")
    seller = Torn([], folder, str(tmp_path / "s"), files=True)
    output, _, _ = one(store, "x", tmp_path, seller=seller)
    assert (output.status, seller.fetched) == (Status.MADE, 2)
    assert downloads(store) == []


def test_a_file_elsewhere_is_copied_and_left_alone(store, tmp_path):
    theirs = tmp_path / "theirs.png"
    theirs.write_bytes(picture("x"))

    class Elsewhere(FakeSeller):
        def _deliver(self, key):
            return Ended(reason="ok", artifact=Artifact(path=theirs, media_type="image/png"))

    output, _, _ = one(store, "x", tmp_path, seller=Elsewhere([], tmp_path, str(tmp_path / "s")))
    assert output.status is Status.MADE
    assert theirs.read_bytes() == store.media_path(output.media_sha256).read_bytes()


@pytest.mark.parametrize("media", [
    Artifact(media_type="image/png"),
    Artifact(path=Path("nowhere.png"), media_type="image/png"),
    Artifact(content=b"x", path=Path(__file__), media_type="image/png"),
])  # fmt: skip
def test_media_that_are_neither_bytes_nor_a_file_are_malformed(store, tmp_path, media):
    class Odd(FakeSeller):
        def _deliver(self, key):
            return Ended(reason="ok", artifact=media, charged="yes", amount_nanousd=7)

    output, ledger, _ = one(store, "x", tmp_path, seller=Odd([], tmp_path, str(tmp_path / "s")))
    assert (output.reason, ledger[-1].amount_nanousd) == ("malformed_answer", 7)


def test_a_seller_that_does_not_say_when_is_asked_less_and_less_often(store, tmp_path):
    class Slow(RememberingSeller):
        async def poll(self, job):
            return Running() if clock.now < 700 else Ready()

    clock = Clock()
    one(store, "x", tmp_path, seller=Slow([], tmp_path, str(tmp_path / "s")), clock=clock)
    assert clock.slept[:9] == [1.0] * 9
    assert sorted(clock.slept) == clock.slept
    assert max(clock.slept) == 30.0
    assert len(clock.slept) < 60


def test_a_job_that_is_no_plain_json_is_malformed(store, tmp_path):
    class Odd(FakeSeller):
        async def submit(self, request):
            return Accepted(job={"id": object()})

    output, _, _ = one(store, "x", tmp_path, seller=Odd([], tmp_path, str(tmp_path)))
    assert output.reason == "malformed_answer"


# -- doubt -----------------------------------------------------------------------------------


def test_an_unknown_output_is_never_sent_again_silently(store, tmp_path):
    forgetful = FakeSeller([], tmp_path, str(tmp_path / "s"))
    output, _, _ = one(store, "x #raise", tmp_path, seller=forgetful)
    assert output.status is Status.UNKNOWN
    _, _, result = one(store, "x #raise", tmp_path, seller=forgetful)
    assert len(calls(tmp_path / "s")) == 1
    assert result.waiting == (output.id,)
    one(store, "x #raise", tmp_path, seller=forgetful, release_unknown=True)
    assert len(calls(tmp_path / "s")) == 2


def test_a_seller_that_remembers_settles_the_doubt(store, tmp_path):
    one(store, "x #raise", tmp_path)
    output, ledger, _ = one(store, "x #raise", tmp_path)  # asks: it was taken, and collects it
    assert output.status is Status.MADE
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 1
    assert [a.n for a in ledger] == [1] * len(ledger)


def test_a_seller_that_never_got_it_is_asked_again(store, tmp_path):
    class Unreached(RememberingSeller):
        async def submit(self, request):
            raise TimeoutError("connect")

    one(store, "x", tmp_path, seller=Unreached([], tmp_path, str(tmp_path / "s")))
    output, ledger, _ = one(store, "x", tmp_path)
    assert output.status is Status.MADE
    assert [a.reason for a in ledger if a.event is Event.ENDED] == [
        "timeout_ambiguous", "not_sent", "ok"
    ]  # fmt: skip


def test_a_lookup_that_breaks_leaves_the_doubt(store, tmp_path):
    class Mute(RememberingSeller):
        async def lookup(self, request):
            raise ConnectionError("down")

    mute = Mute([], tmp_path, str(tmp_path / "s"))
    one(store, "x #raise", tmp_path, seller=mute)
    output, _, _ = one(store, "x #raise", tmp_path, seller=mute)
    assert output.status is Status.UNKNOWN
    assert len(calls(tmp_path / "s")) == 1


# -- money and plans -------------------------------------------------------------------------


def test_the_worst_case_above_the_budget_buys_nothing(store, tmp_path):
    offers = [offer("one", tmp_path / "s")]
    with pytest.raises(BudgetError, match=r"worst case is \$0\.05 for 5 calls .* \$0\.04"):
        generate(prompts(5), offers, store=store, round="r1", budget_nanousd=40_000_000)
    assert calls(tmp_path / "s") == []
    generate(prompts(5), offers, store=store, round="r1", budget_nanousd=50_000_000)
    with pytest.raises(BudgetError, match=r"\$0\.05 was spent in round r1"):
        generate(prompts(6), offers, store=store, round="r1", budget_nanousd=50_000_000)
    generate(prompts(5), offers, store=store, round="r1", budget_nanousd=50_000_000)


def test_an_unpriced_offer_needs_leave_under_a_budget(store, tmp_path):
    free = offer("free", tmp_path / "s", offer_price=None)
    with pytest.raises(BudgetError, match="price of fake/free@default is not known"):
        plan_generation(prompts(1), [free], 1, "r1", store, budget_nanousd=1)
    plan = plan_generation(
        prompts(1), [free], 1, "r1", store, budget_nanousd=1, allow_unpriced=True
    )
    assert plan.unpriced == (free.id,)
    assert plan.costs[0].worst_nanousd is None


def test_a_seller_that_charges_more_than_its_price_is_stopped_at_the_budget(store, tmp_path):
    class Greedy(FakeSeller):
        async def submit(self, request):
            answer = await super().submit(request)
            return dataclasses.replace(answer, charged="yes", amount_nanousd=30_000_000)

    dear = offer("dear", tmp_path / "s", offer_concurrency=1)
    seller = Greedy([dear], tmp_path, str(tmp_path / "s"), jobs=False)
    policy = RunPolicy(budget_nanousd=100_000_000)
    result = drive(store, prompts(10), [dear], seller, policy=policy)
    assert result.spent_nanousd == 120_000_000  # no single call is known to be too dear before
    assert "budget" in result.halted
    assert result.left == 6


def test_what_cannot_be_made_is_skipped_with_its_reason(store, tmp_path):
    able = Capabilities(aspect_ratios=("1:1",), max_seconds=4, negative_prompt=False,
                        languages=("en",))  # fmt: skip
    both = offer("able", tmp_path, offer_capabilities=able, offer_modalities=("image", "video"))
    gone = offer("gone", tmp_path, offer_lifecycle=Lifecycle(state="gone"))
    known = offer("known", tmp_path)
    known = dataclasses.replace(known, generator=None)
    base = Prompt(id="ok", text="x", category="portrait", aspect_ratio="1:1")
    asked = [
        base,
        dataclasses.replace(base, id="wide", aspect_ratio="16:9"),
        dataclasses.replace(base, id="long", modality="video", seconds=5.0),
        dataclasses.replace(base, id="not", negative="blur"),
        dataclasses.replace(base, id="de", language="de"),
    ]
    plan = plan_generation(asked, [both], 2, "r1", store)
    assert len(plan.items) == 2
    assert {(s.prompt_id, s.reason) for s in plan.skipped} == {
        ("wide", "capability: no aspect ratio 16:9"),
        ("long", "capability: at most 4 s, not 5 s"),
        ("not", "capability: takes no negative prompt"),
        ("de", "capability: does not read 'de'"),
    }
    others = plan_generation([base], [gone, known, offer("v", tmp_path, offer_modality="video")],
                             1, "r1", store)  # fmt: skip
    assert [s.reason for s in others.skipped] == [
        "the offer is gone", "the offer has no generator", "modality: makes no image",
    ]  # fmt: skip
    assert isinstance(others.skipped[0], Skipped)


def test_an_offer_is_gone_from_its_date_on(store, tmp_path):
    dated = offer("one", tmp_path, offer_lifecycle=Lifecycle(gone="2026-12-01"))
    before = plan_generation(prompts(1), [dated], 1, "r1", store, today="2026-11-30")
    after = plan_generation(prompts(1), [dated], 1, "r1", store, today="2026-12-01")
    assert (len(before.items), len(after.items)) == (1, 0)
    assert after.skipped[0].reason == "the offer is gone since 2026-12-01"


def test_a_stale_plan_is_refused(store, tmp_path):
    bought = offer("one", tmp_path / "s")
    seller = RememberingSeller([bought], tmp_path, str(tmp_path / "s"))
    plan = plan_generation(prompts(1), [bought], 1, "r1", store)
    drive(store, prompts(1), [bought], seller)
    with pytest.raises(StoreError, match="plan again"):
        run_anywhere(run_generation(plan, store, {bought.id: seller}))


# -- interruptions ---------------------------------------------------------------------------


def test_an_interrupt_finishes_the_calls_under_way(store, tmp_path):
    bought = offer("one", tmp_path / "s", offer_concurrency=2)
    seller = FakeSeller([bought], tmp_path, str(tmp_path / "s"), jobs=False, latency_s=0.05)
    given = {bought.id: seller}
    plan = plan_generation(prompts(9), [bought], 1, "r1", store)

    async def interrupted():
        task = asyncio.create_task(run_generation(plan, store, given))
        while seller.in_flight < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    assert [o.status for o in store.outputs_of()] == [Status.MADE] * 2
    assert drive(store, prompts(9), [bought], seller).counts == {Status.MADE: 7}
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 9


def test_a_store_that_fails_stops_the_run_and_loses_nothing(store, tmp_path, monkeypatch):
    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    seller = RememberingSeller([bought], tmp_path, str(tmp_path / "s"))
    full = StoreError("disk full")

    def refuse(content, media_type):
        raise full

    monkeypatch.setattr(store, "put_media", refuse)
    with pytest.raises(StoreError, match="disk full"):
        drive(store, prompts(3), [bought], seller)
    monkeypatch.undo()
    assert drive(store, prompts(3), [bought], seller).counts == {Status.MADE: 3}
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 3
