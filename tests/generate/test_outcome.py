"""One classifier: an answer and its media to a status, a reason and an amount."""

from __future__ import annotations

import dataclasses
import math

import pytest

from qfloor.errors import MediaError, SetupError
from qfloor.generate.able import cannot
from qfloor.generate.outcome import DETAIL_CHARACTERS, asked_for, classify, raised
from qfloor.generate.policy import Purse, RunPolicy, seconds_or
from qfloor.generate.state import Step, standing
from qfloor.generators.protocol import Artifact, Ended
from qfloor.media import Inspection
from qfloor.records import (
    REASONS,
    Attempt,
    Capabilities,
    Event,
    Offer,
    Output,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Prompt,
    Status,
)

PROMPT = Prompt(id="p", text="x", category="portrait")
CLIP = dataclasses.replace(PROMPT, modality="video", seconds=4.0)
RULE = PriceRule(components=(PriceComponent(unit="image", amount="0.04"),), source="t", as_of="d")
OFFER = Offer(id="o", model="m", provider="p", price=RULE)
BILLS_ALL = dataclasses.replace(
    OFFER, price=dataclasses.replace(RULE, charged_on=("made", "refused", "failed"))
)
OK = Ended(reason="ok", artifact=Artifact(content=b"x", media_type="image/png"))
FINE = Inspection(reason="ok", width=1000, height=500, frames=1)
NANO = 40_000_000


def of(reason: str, **more) -> Ended:
    return Ended(reason=reason, **more)


@pytest.mark.parametrize(
    ("ended", "offer", "charged", "amount"),
    [
        (OK, OFFER, "yes", NANO),
        (dataclasses.replace(OK, amount_nanousd=5), OFFER, "yes", 5),
        (dataclasses.replace(OK, charged="no"), OFFER, "no", 0),
        (
            dataclasses.replace(OK, charged="yes"),
            dataclasses.replace(OFFER, price=None),
            "yes",
            None,
        ),
        (OK, dataclasses.replace(OFFER, price=None), "unknown", None),
        (of("refused_output"), OFFER, "no", 0),
        (of("refused_output"), BILLS_ALL, "yes", NANO),
        (of("refused_output", charged="yes"), OFFER, "yes", NANO),
        (of("provider_error"), OFFER, "no", 0),
        (of("provider_error"), BILLS_ALL, "yes", NANO),
        (of("provider_error", amount_nanousd=3, charged="no"), OFFER, "no", 3),
        (of("timeout_ambiguous"), OFFER, "unknown", None),
        (of("empty_success"), OFFER, "yes", NANO),
    ],
)
def test_money_is_as_told_else_by_the_rule_else_unknown(ended, offer, charged, amount):
    found = classify(ended, FINE, offer=offer, prompt=PROMPT)
    assert (found.charged, found.amount_nanousd) == (charged, amount)


def test_what_came_is_charged_not_what_was_asked_for():
    rule = PriceRule(components=(PriceComponent(unit="second", amount="0.1"),), source="", as_of="")
    offer = dataclasses.replace(OFFER, price=rule, modality="video")
    came = Inspection(reason="ok", width=8, height=8, frames=9, fps=3.0, seconds=3.0)
    assert classify(OK, came, offer=offer, prompt=CLIP).amount_nanousd == 300_000_000
    assert classify(OK, None, offer=offer, prompt=CLIP).amount_nanousd == 400_000_000


def test_size_and_length_asked_for():
    assert asked_for(OFFER, CLIP) == {"width": None, "height": None, "seconds": 4.0}
    sized = dataclasses.replace(OFFER, settings={"size": "1024x768", "seconds": 6})
    assert asked_for(sized, PROMPT) == {"width": 1024, "height": 768, "seconds": 6}
    able = dataclasses.replace(
        OFFER, settings={"size": "auto"}, capabilities=Capabilities(max_seconds=9)
    )
    assert asked_for(able, PROMPT) == {"width": None, "height": None, "seconds": 9}


@pytest.mark.parametrize(
    ("told", "made"), [(None, 8.0), (3.0, 4.0), (4.0, 4.0), (4.5, 6.0), (9.0, 9.0)]
)
def test_a_clip_is_made_at_the_next_of_a_few_lengths(told, made):
    able = dataclasses.replace(
        OFFER,
        modality="video",
        generator=PluginSpec(name="any"),
        capabilities=Capabilities(durations=(4.0, 6.0, 8.0)),
    )
    clip = dataclasses.replace(CLIP, seconds=told)
    assert asked_for(able, clip)["seconds"] == made
    refused = cannot(able, clip)
    assert ("at most 8 s" in refused) == (told == 9.0)


@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"ok"}))
def test_every_reason_keeps_its_status(reason):
    assert classify(of(reason), None, offer=OFFER, prompt=PROMPT).status is REASONS[reason]


@pytest.mark.parametrize("reason", ["one_colour", "undecodable", "animated", "wrong_modality"])
def test_media_that_are_not_what_was_asked_for_are_blank(reason):
    seen = Inspection(reason=reason, detail="as seen")
    found = classify(OK, seen, offer=OFFER, prompt=PROMPT)
    assert (found.status, found.reason, found.detail) == (Status.BLANK, reason, "as seen")


@pytest.mark.parametrize(
    "bad",
    [
        {"amount_nanousd": -1}, {"amount_nanousd": 0.5}, {"amount_nanousd": True},
        {"charged": "perhaps"}, {"report": {"x": math.nan}}, {"report": {"x": object()}},
        {"artifact": Artifact(content="text", media_type="image/png")}, {"artifact": b"x"},
    ],
)  # fmt: skip
def test_a_malformed_answer_is_unknown_and_never_a_fail(bad):
    found = classify(dataclasses.replace(OK, **bad), FINE, offer=OFFER, prompt=PROMPT)
    assert (found.status, found.reason) == (Status.UNKNOWN, "malformed_answer")
    assert found.amount_nanousd is None
    assert found.detail


def test_a_raised_error_is_setup_only_when_it_says_so():
    assert raised(SetupError("no key"), "submit").status is Status.SETUP
    assert raised(MediaError("bad input"), "submit").reason == "invalid_request"
    assert raised(TimeoutError(), "submit").reason == "timeout_ambiguous"
    assert raised(KeyError("x"), "submit").reason == "malformed_answer"
    assert len(raised(KeyError("x" * 9_999), "submit").detail) == DETAIL_CHARACTERS


# -- where a request stands ------------------------------------------------------------------


def attempt(event: str, n: int = 1, reason: str | None = None, job: dict | None = None) -> Attempt:
    status = REASONS[reason] if reason else None
    return Attempt(output_id="o", n=n, event=Event(event), at="t", job=job, status=status,
                   reason=reason)  # fmt: skip


INTENDED, ACCEPTED, POLLED = (
    attempt("intended"),
    attempt("accepted", job={"id": 1}),
    attempt("polled"),
)
MADE = Output(id="o", prompt_id="p", prompt_digest="d", offer_id="o", repeat=0, round="r",
              status=Status.MADE, reason="ok")  # fmt: skip


@pytest.mark.parametrize(
    ("history", "output", "step"),
    [
        ([], None, Step.NEW),
        ([], MADE, Step.DONE),  # imported
        ([INTENDED], None, Step.DOUBT),
        ([INTENDED, ACCEPTED], None, Step.RESUME),
        ([INTENDED, ACCEPTED, POLLED], None, Step.RESUME),
        ([INTENDED, ACCEPTED, POLLED, attempt("ended", reason="ok")], MADE, Step.DONE),
        ([INTENDED, attempt("ended", reason="capacity")], None, Step.NEW),
        ([INTENDED, attempt("ended", reason="capacity")] * 3, None, Step.DONE),
        ([INTENDED, attempt("ended", reason="not_sent")] * 9, None, Step.NEW),
        ([INTENDED, attempt("ended", reason="auth")] * 9, None, Step.NEW),
        ([INTENDED, attempt("ended", reason="timeout_ambiguous")], None, Step.DOUBT),
        ([INTENDED, attempt("ended", reason="malformed_answer")], None, Step.WAIT),
        ([INTENDED, ACCEPTED, attempt("ended", reason="poll_deadline")], None, Step.RESUME),
        (
            [INTENDED, ACCEPTED, attempt("ended", reason="poll_deadline"), ACCEPTED],
            None,
            Step.RESUME,
        ),
        (
            [INTENDED, ACCEPTED, attempt("ended", reason="capacity"), attempt("intended", 2)],
            None,
            Step.DOUBT,
        ),
    ],
)
def test_standing(history, output, step):
    assert standing(history, output and output.status, 3).step is step


def test_a_job_of_an_earlier_attempt_is_not_resumed():
    found = standing(
        [INTENDED, ACCEPTED, attempt("ended", reason="capacity"), attempt("intended", 2)], None, 3
    )
    assert (found.n, found.job, found.counted) == (2, None, 1)


# -- patience and money ----------------------------------------------------------------------


def test_waits_grow_are_jittered_and_obey_the_seller():
    import random

    policy, rng = RunPolicy(backoff_s=1, backoff_most_s=8), random.Random(0)
    waits = [policy.wait_s(n, None, rng) for n in range(1, 9)]
    assert all(
        min(8, 2 ** (n - 1)) / 2 <= w <= min(8, 2 ** (n - 1)) for n, w in enumerate(waits, 1)
    )
    assert policy.wait_s(1, 30.0, rng) >= 30.0


def test_the_purse_holds_worst_cases_and_keeps_unknown_charges():
    purse = Purse(100, 20)
    assert purse.hold(50)
    assert not purse.hold(40)
    purse.settle(50, None)
    assert purse.spent_nanousd == 70
    assert purse.hold(30)
    purse.settle(30, 10)
    assert (purse.spent_nanousd, purse.hold(None), purse.hold(21)) == (80, True, False)


def test_small_words():
    assert [seconds_or(v, None) for v in (1, 2.5, -1, math.nan, "3", True, None)] == [
        1.0, 2.5, 0.0, None, None, None, None,
    ]  # fmt: skip
