"""Money across restarts, and answers that must not take a run down with them."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from fakes.seller import FakeSeller, offer, prompts

from qfloor.errors import BudgetError, StoreError
from qfloor.generate import RunPolicy, generate, plan_generation, run_generation
from qfloor.generate.run import run_anywhere
from qfloor.generators.protocol import Artifact, Ended, Running
from qfloor.records import Prompt, Status
from qfloor.store import Store

CENT = 10_000_000  # the fake seller's price of a picture


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        yield opened


def drive(store, asked, cls, tmp_path, *, budget=None, slept=None):
    """Plan and run a round of one offer, without waiting."""
    bought = offer("one", tmp_path / "s")
    seller = {bought.id: cls([bought], tmp_path, str(tmp_path / "s"))}

    async def sleep(seconds):
        (slept if slept is not None else []).append(seconds)
        await asyncio.sleep(0)

    plan = plan_generation(
        asked, [bought], 1, "r1", store, generators=seller, budget_nanousd=budget
    )
    policy = RunPolicy(budget_nanousd=budget, poll_deadline_s=0.0 if cls is Never else 1_800.0)
    return run_anywhere(run_generation(plan, store, seller, policy=policy, sleep=sleep))


def odd(n, what):
    return [Prompt(id=f"odd{i}", text=f"{i} {what}", category="portrait") for i in range(n)]


class Never(FakeSeller):
    """Accepts and is never ready."""

    async def poll(self, job):
        return Running()


def test_a_charge_that_nobody_knows_counts_against_the_budget_of_the_next_run(store, tmp_path):
    drive(store, odd(2, "#raise"), FakeSeller, tmp_path, budget=2 * CENT)
    with pytest.raises(BudgetError, match=r"\$0.02 may yet be charged"):
        drive(store, prompts(1), FakeSeller, tmp_path, budget=2 * CENT)
    assert drive(store, prompts(1), FakeSeller, tmp_path, budget=3 * CENT).counts == {"made": 1}


def test_jobs_under_way_count_against_the_budget_of_the_next_run_until_they_end(store, tmp_path):
    drive(store, prompts(2), Never, tmp_path, budget=2 * CENT)
    asked = prompts(2) + odd(1, "cup")
    with pytest.raises(BudgetError):
        drive(store, asked, FakeSeller, tmp_path, budget=2 * CENT)
    done = drive(store, asked, FakeSeller, tmp_path, budget=3 * CENT)
    assert (done.counts, done.spent_nanousd) == ({"made": 3}, 3 * CENT)
    assert store.held(round="r1") == {}


def test_what_was_made_and_could_not_be_fetched_was_charged(store, tmp_path):
    class Expired(FakeSeller):
        async def collect(self, job):
            return Ended(reason="url_expired")

    drive(store, prompts(1), Expired, tmp_path)
    assert store.spending(round="r1")[0].amount_nanousd == 3 * CENT  # three attempts


def test_a_second_download_never_hides_the_charge_of_the_first(store, tmp_path):
    broken = Artifact(content=b"\x89PNG\r\n\x1a\n..", media_type="image/png")

    class Broken(FakeSeller):
        fetched = 0

        async def collect(self, job):
            self.fetched += 1
            first = Ended(reason="ok", artifact=broken, charged="yes", amount_nanousd=CENT)
            return first if self.fetched == 1 else Ended(reason="job_expired")

    result = drive(store, prompts(1), Broken, tmp_path)
    assert (result.counts, result.spent_nanousd) == ({Status.BLANK: 1}, CENT)


def _cycle():
    report = {}
    report["itself"] = report
    return report


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"amount_nanousd": 2**63}, "unknown"),
        ({"reason": ["ok"]}, "unknown"),
        ({"report": _cycle()}, "unknown"),
        ({"report": {"said": "\ud83d"}}, "unknown"),
        ({"detail": "half an emoji \ud83d"}, "made"),
        ({"model_version": "\ud83d"}, "made"),
        ({"seconds_run": 10**400}, "made"),
    ],
    ids=["money", "reason", "cycle", "report", "detail", "version", "seconds"],
)
def test_no_answer_takes_the_run_down(store, tmp_path, answer, status):
    class Odd(FakeSeller):
        async def collect(self, job):
            return dataclasses.replace(await super().collect(job), **answer)

    assert drive(store, prompts(1), Odd, tmp_path).counts == {status: 1}


def test_a_wait_longer_than_any_job_is_left_to_the_next_run(store, tmp_path):
    class Tomorrow(FakeSeller):
        async def submit(self, request):
            return Ended(reason="rate_limited", charged="no", retry_after_s=86_400.0)

    slept = []
    assert drive(store, prompts(1), Tomorrow, tmp_path, slept=slept).counts == {"failed": 1}
    assert slept == []
    assert drive(store, prompts(1), FakeSeller, tmp_path).counts == {"made": 1}


def test_new_labels_reach_the_store_when_everything_is_made(store, tmp_path):
    bought, asked = offer("one", tmp_path / "s"), prompts(1)
    generate(asked, [bought], store=store, round="r1")
    relabelled = [dataclasses.replace(p, category="portrait", split="fit") for p in asked]
    generate(relabelled, [bought], store=store, round="r1")
    assert [(p.category, p.split) for p in store.prompts_of()] == [("portrait", "fit")]


def test_an_offer_that_changed_back_is_current(store, tmp_path):
    first = offer("one", tmp_path / "s")
    for notes in ("a", "b", "a"):
        store.save_offers([dataclasses.replace(first, notes=notes)])
    assert [o.notes for o in store.offers_of()] == ["a"]


def test_an_offer_that_changed_within_a_round_is_not_mixed_with_what_it_was(store, tmp_path):
    bought, asked = offer("one", tmp_path / "s"), prompts(1)
    generate(asked, [bought], store=store, round="r1")
    newer = dataclasses.replace(bought, version="2")
    with pytest.raises(StoreError, match="made otherwise"):
        generate(asked, [newer], store=store, round="r1")
    assert generate(asked, [newer], store=store, round="r2").counts == {"made": 1}
