"""What nobody knows the end of: asked for without buying, listed, released by a person only."""

from __future__ import annotations

import pytest
from fakes.clock import Clock
from fakes.seller import FakeSeller, RememberingSeller, calls, offer, prompts

from qfloor.errors import InputError
from qfloor.generate import (
    generate,
    plan_generation,
    released,
    run_generation,
    unknown_outputs,
)
from qfloor.generate.run import run_anywhere
from qfloor.generate.state import Step, resolving, standing
from qfloor.records import Attempt, Event, Prompt, Status
from qfloor.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def asked(text: str) -> list[Prompt]:
    return [Prompt(id="p", text=text, category="portrait")]


def submits(tmp_path) -> int:
    return sum(c["event"] == "submit" for c in calls(tmp_path / "s"))


def drive(store, wanted, offers, seller):
    """Run a round by a clock of its own."""
    clock, given = Clock(), {o.id: seller for o in offers}
    plan = plan_generation(wanted, offers, 1, "r1", store)
    return run_anywhere(run_generation(plan, store, given, clock=clock, sleep=clock.sleep))


def test_a_seller_that_forgets_leaves_it_to_a_person(store, tmp_path):
    offers = [offer("one", tmp_path / "s", cls="FakeSeller")]
    generate(asked("x #raise"), offers, store=store, round="r1")
    (found,) = unknown_outputs(store, round="r1")
    assert (found.standing, found.reason) == ("unknown", "timeout_ambiguous")
    assert (found.reserved_nanousd, found.job) == (10_000_000, None)
    assert "connection reset" in found.detail
    assert unknown_outputs(store, round="r2") == ()
    result = generate(asked("x #raise"), offers, store=store, round="r1", resolve=True)
    assert result.waiting == (found.output_id,)
    assert submits(tmp_path) == 1
    generate(asked("x #raise"), offers, store=store, round="r1")
    assert submits(tmp_path) == 1
    chosen = released(store, [found.output_id[:12]], round="r1")
    generate(asked("x #raise"), offers, store=store, round="r1", release_unknown=chosen)
    assert submits(tmp_path) == 2


def test_only_what_is_named_is_released(store, tmp_path):
    offers = [offer("one", tmp_path / "s", cls="FakeSeller")]
    generate(prompts(3, "x #raise"), offers, store=store, round="r1")
    found = unknown_outputs(store)
    assert released(store, ["all"], round="r1") == {u.output_id for u in found}
    assert released(store, [], round="r1") == frozenset()
    with pytest.raises(InputError, match="no unknown outputs called 'zz'; see `qfloor unknown`"):
        released(store, ["zz"], round="r1")
    with pytest.raises(InputError, match="3 unknown outputs called ''"):
        released(store, [""], round="r1")
    generate(prompts(3, "x #raise"), offers, store=store, round="r1",
             release_unknown=released(store, [found[1].output_id], round="r1"))  # fmt: skip
    assert submits(tmp_path) == 4


def test_resolving_asks_a_seller_that_remembers_and_buys_nothing(store, tmp_path):
    offers = [offer("one", tmp_path / "s", jobs=False)]

    generate(asked("x #raise"), offers, store=store, round="r1")
    both = [*asked("x #raise"), *prompts(2)]
    result = generate(both, offers, store=store, round="r1", resolve=True, budget_nanousd=0)
    assert result.counts == {Status.MADE: 1}
    assert submits(tmp_path) == 1
    assert unknown_outputs(store) == ()


def test_resolving_follows_a_job_and_a_seller_that_never_got_it_is_not_asked_anew(store, tmp_path):
    class Odd(RememberingSeller):
        """Takes a job and then says something that is no answer."""

        async def poll(self, job):
            return "what?"

    bought = offer("one", tmp_path / "s")
    seller = Odd([bought], tmp_path, str(tmp_path / "s"))
    drive(store, asked("x"), [bought], seller)
    (found,) = unknown_outputs(store)
    assert (found.standing, found.job) == ("job under way", {"id": found.output_id})
    generate(asked("x"), [bought], store=store, round="r1", resolve=True)
    assert unknown_outputs(store) == ()
    assert submits(tmp_path) == 1

    class Unreached(RememberingSeller):
        async def submit(self, request):
            raise TimeoutError("connect")

    drive(store, prompts(1), [bought], Unreached([], tmp_path, str(tmp_path / "s")))
    result = generate(prompts(1), [bought], store=store, round="r1", resolve=True)
    assert (result.counts, result.left) == ({}, 1)
    assert (unknown_outputs(store), submits(tmp_path)) == ((), 1)
    generate(prompts(1), [bought], store=store, round="r1")
    assert submits(tmp_path) == 2


def test_a_call_without_an_answer_is_listed(store, tmp_path):
    bought = offer("one", tmp_path / "s")
    FakeSeller([bought], tmp_path, str(tmp_path / "s"))
    (prompt,) = asked("x")
    store.save_prompts([prompt])
    store.save_requests([("k", prompt.digest, bought.id, 0, "r1")])
    store.append_attempts([Attempt(output_id="k", n=1, event=Event.INTENDED, at="t")])
    (found,) = unknown_outputs(store)
    assert (found.standing, found.reserved_nanousd, found.since) == ("no answer", None, "t")


@pytest.mark.parametrize(
    ("job", "reason", "step"),
    [
        (None, "malformed_answer", Step.DOUBT),
        (None, "timeout_ambiguous", Step.DOUBT),
        ({"id": 1}, "malformed_answer", Step.RESUME),
        ({"id": 1}, "poll_deadline", Step.RESUME),
    ],
)
def test_what_resolving_does(job, reason, step):
    accepted = [Attempt(output_id="k", n=1, event=Event.ACCEPTED, at="", job=job)] if job else []
    ended = Attempt(output_id="k", n=1, event=Event.ENDED, at="", status=Status.UNKNOWN,
                    reason=reason)  # fmt: skip
    assert resolving(standing([*accepted, ended], Status.UNKNOWN, 3)).step is step
