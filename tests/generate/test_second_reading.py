"""Ways in which money was lost or miscounted, found by a second reader; one test each."""

from __future__ import annotations

import dataclasses

import pytest
from fakes.clock import Clock
from fakes.seller import RememberingSeller, calls, offer, prompts

from qfloor.errors import StoreError
from qfloor.generate import RunPolicy, generate, plan_generation, run_generation
from qfloor.generate.outcome import asked_for, classify
from qfloor.generate.run import run_anywhere
from qfloor.generators.protocol import Ended, Ready
from qfloor.records import Event, Offer, PriceComponent, PriceRule, Prompt, Status
from qfloor.store import Store

CALL = 10_000_000  # what one call of the fake seller costs, nano-USD
LATE = RunPolicy(poll_deadline_s=60)


OFFER = Offer(
    id="a/b", model="b", provider="a",
    price=PriceRule(
        components=(PriceComponent(unit="image", amount="0.04"),), source="x", as_of="2026-11-01"
    ),
)  # fmt: skip
PROMPT = Prompt(id="p", text="x", category="portrait")


def of(reason, **more):
    return Ended(reason=reason, **more)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def one(store, text, tmp_path, *, seller=None, policy=None, **limits):
    """Run one prompt of one offer on a clock of its own; its output, its ledger, the run."""
    bought = offer("one", tmp_path / "s")
    given = {bought.id: seller or RememberingSeller([bought], tmp_path, str(tmp_path / "s"))}
    asked = [Prompt(id="p", text=text, category="portrait")]
    plan = plan_generation(asked, [bought], 1, "r1", store, generators=given, **limits)
    clock = Clock()
    result = run_anywhere(
        run_generation(
            plan, store, given, policy=policy or RunPolicy(), clock=clock, sleep=clock.sleep
        )
    )
    (output,) = store.outputs_of()
    return output, list(store.attempts_of(outputs=[output.id])), result


class Fails(RememberingSeller):
    """Bills every job, and every job fails."""

    async def poll(self, job):
        return Ended(reason="provider_error", charged="yes", amount_nanousd=CALL)


def intended(ledger):
    return sum(a.event is Event.INTENDED for a in ledger)


@pytest.mark.parametrize(("budget", "calls"), [(CALL, 1), (2 * CALL, 2)])
def test_a_resumed_job_that_fails_is_bought_again_only_within_the_budget(
    store,
    tmp_path,
    budget,
    calls,
):
    one(store, "x #hang", tmp_path, policy=LATE)
    seller = Fails([], tmp_path, str(tmp_path / "s"))
    policy = RunPolicy(budget_nanousd=budget)
    _, ledger, result = one(store, "x #hang", tmp_path, seller=seller, policy=policy)
    assert intended(ledger) == calls
    assert result.spent_nanousd == budget
    assert "budget" in result.halted


def test_a_job_is_fetched_though_nobody_wants_its_offer_any_more(store, tmp_path):
    one(store, "x #hang", tmp_path, policy=LATE)

    class Finished(RememberingSeller):
        async def poll(self, job):
            return Ready()

    seller = Finished([], tmp_path, str(tmp_path / "s"))
    output, ledger, _ = one(
        store, "x #hang", tmp_path, seller=seller, excluded=lambda *_: "left out"
    )
    assert output.status is Status.MADE
    assert intended(ledger) == 1


def test_and_is_not_bought_anew_when_it_failed(store, tmp_path):
    one(store, "x #hang", tmp_path, policy=LATE)
    seller = Fails([], tmp_path, str(tmp_path / "s"))
    output, ledger, _ = one(
        store, "x #hang", tmp_path, seller=seller, excluded=lambda *_: "left out"
    )
    assert (output.status, intended(ledger)) == (Status.FAILED, 1)


def test_a_job_that_vanished_is_no_free_one():
    found = classify(of("job_expired"), None, offer=OFFER, prompt=PROMPT)
    assert (found.charged, found.amount_nanousd) == ("unknown", None)
    told = classify(of("job_expired", charged="no"), None, offer=OFFER, prompt=PROMPT)
    assert (told.charged, told.amount_nanousd) == ("no", 0)


def test_the_longer_of_two_lengths_is_priced():
    clip = Prompt(id="p", text="x", category="video", modality="video", seconds=5.0)
    longer = dataclasses.replace(OFFER, settings={"seconds": 8})
    assert asked_for(longer, clip)["seconds"] == 8


def test_a_seller_says_at_which_length_it_will_be_asked(store, tmp_path):
    rule = PriceRule(
        components=(PriceComponent(unit="second", amount="0.40"),), source="x", as_of="2026-11-01"
    )
    bought = dataclasses.replace(offer("one", tmp_path / "s"), price=rule, modality="video")
    clip = Prompt(id="p", text="x", category="video", modality="video", seconds=5.0)

    class Rounds(RememberingSeller):
        def seconds_asked(self, request):
            return 6.0

    for seller, worst in ((RememberingSeller, 2_000_000_000), (Rounds, 2_400_000_000)):
        given = {bought.id: seller([bought], tmp_path, str(tmp_path / "s"))}
        plan = plan_generation([clip], [bought], 1, "r1", store, generators=given)
        assert plan.worst_nanousd == worst


def test_who_holds_the_store_no_more_buys_nothing_more(store, tmp_path):
    """Somebody removes ``store.lock`` during a run, and another run begins: each buys its own."""

    def tidied(step, key):
        if step == "after_submit":
            (tmp_path / "w" / "store.lock").unlink(missing_ok=True)

    bought = offer("one", tmp_path / "s", offer_concurrency=1)
    with pytest.raises(StoreError, match=r"store\.lock was removed or replaced during this run"):
        generate(prompts(3), [bought], store=store, round="r1", trace=tidied)
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 1
    assert generate(prompts(3), [bought], store=store, round="r1").counts == {Status.MADE: 2}
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "s")) == 3
