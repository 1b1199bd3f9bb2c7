"""Answers read: paths, waits, error shapes, money."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generators.http.answers import Answer, at, first
from qfloor.generators.http.money import by_tokens, in_nanousd
from qfloor.generators.http.outcomes import Shape, fault_of, reason_for, states
from qfloor.generators.http.waits import retry_after
from qfloor.records import REASONS, Offer, PriceComponent, PriceRule

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["error", "detail", "code", "message", "status", "data", "x"]), inner,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip


def answer(status: int = 429, body: Any = None, **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Answer(status=status, headers=named, body=raw)


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "seconds"),
    [
        (answer(retry_after="7"), 7.0),
        (answer(retry_after="1.5"), 1.5),
        (answer(retry_after="Mon, 23 Nov 2026 12:00:30 GMT"), 30.0),
        (answer(retry_after="Mon, 23 Nov 2026 11:00:00 GMT"), 0.0),
        # a wrong clock here: the seller's own says what time it is
        (answer(retry_after="Mon, 23 Nov 2026 18:00:30 GMT",
                date="Mon, 23 Nov 2026 18:00:00 GMT"), 30.0),
        (answer(retry_after_ms="250"), 0.25),
        (answer(body={"error": {"details": [{"x": 1}, {"retryDelay": "17s"}]}}), 17.0),
        (answer(body={"detail": "Your rate limit resets in ~30s."}), 30.0),
        (answer(body={"message": "Please retry after 2 minutes"}), 120.0),
        (answer(body="Try again in 20s"), 20.0),
        (answer(retry_after="soon"), None),
        (answer(retry_after="-5"), None),
        (answer(body={"detail": "slow down"}), None),
        (answer(body="<html>too many</html>"), None),
    ],
)  # fmt: skip
def test_the_ladder_of_waits(given_: Answer, seconds: float | None) -> None:
    assert retry_after(given_, NOW) == seconds


@given(JSON, st.text(max_size=20))
def test_whatever_comes_is_read_without_fault(body: Any, header: str) -> None:
    came = Answer(status=429, headers={"retry-after": header}, body=json.dumps(body).encode())
    waits = retry_after(came, NOW)
    assert waits is None or waits >= 0
    fault = fault_of(came)
    assert reason_for(fault, ()).reason in REASONS
    assert all(isinstance(code, str) for code in fault.codes)
    list(at(body, "error.*.code"))


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"error": {"message": "bad size", "param": "size"}}, "invalid_request"),
        (400, {"error": {"code": "content_policy_violation"}}, "refused_input"),
        (401, {}, "auth"),
        (402, {}, "billing"),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, "billing"),
        (403, {"detail": "region"}, "permission"),
        (404, {"detail": "The model was deprecated"}, "model_gone"),
        (400, {"error": {"message": "This model has been retired"}}, "model_gone"),
        (410, {}, "model_gone"),
        (422, {"detail": [{"loc": ["seed"], "msg": "too big"}]}, "invalid_request"),
        (429, {}, "rate_limited"),
        (429, {"error": {"code": "insufficient_quota"}}, "billing"),
        (307, "", "invalid_request"),
        (503, {}, "capacity"),
        (529, {}, "capacity"),
        (500, "<html>", "provider_error"),
        (418, {"error": "teapot"}, "provider_error"),
    ],
)
def test_the_common_table(status: int, body: Any, reason: str) -> None:
    assert reason_for(fault_of(answer(status, body)), ()).reason == reason


def test_a_row_may_want_several_codes() -> None:
    row = Shape(reason="refused_output", code="moderation_blocked+stage:output")
    body = {"error": {"code": "moderation_blocked", "message": "no"}}
    fault = fault_of(answer(400, body), ("stage:output",))
    assert reason_for(fault, (row,)).reason == "refused_output"
    assert reason_for(fault_of(answer(400, body)), (row,)).reason != "refused_output"
    with pytest.raises(ValueError, match="is no reason"):
        Shape(reason="what")
    with pytest.raises(ValueError, match="a job is one of"):
        states(done=("x",))


@pytest.mark.parametrize(
    ("amount", "each", "nano"),
    [
        (4, "0.01", 40_000_000), ("0.28", "1", 280_000_000), (0, "1", 0), (True, "1", None),
        (-1, "1", None), ("x", "1", None), (float("nan"), "1", None), (1e300, "1", None),
        ({}, "1", None), (200_000_000, "0.0000000001", 20_000_000),
    ],
)  # fmt: skip
def test_money_that_cannot_be_read_is_not_told(amount: Any, each: str, nano: int | None) -> None:
    assert in_nanousd(amount, each) == nano


def test_tokens_are_priced_by_rows_of_their_kind() -> None:
    def offer(*rows: PriceComponent) -> Offer:
        rule = PriceRule(components=rows, source="s", as_of="2026-11-01")
        return Offer(id="a/b@c", model="b", provider="a", price=rule, settings={"quality": "low"})

    out = PriceComponent(unit="token", amount="0.00003", when={"tokens": "output"})
    into = PriceComponent(unit="token", amount="0.000005", when={"tokens": "input"})
    total = PriceComponent(unit="token", amount="0.00001")
    flat = PriceComponent(unit="image", amount="0.04")
    usage = {"input": 10, "output": 1000, "total": 1010}
    assert by_tokens(offer(out, into), usage) == 30_000_000 + 50_000
    assert by_tokens(offer(total), usage) == 10_100_000
    assert by_tokens(offer(flat), usage) is None
    assert by_tokens(offer(out), {"input": 1, "output": None}) is None
    assert by_tokens(offer(out), {"output": True}) is None


def test_paths_lead_somewhere_or_nowhere() -> None:
    body = {"a": [{"b": 1}, {"b": 0}, {}], "n": None, "z": 0}
    assert list(at(body, "a.*.b")) == [1, 0]
    assert first(body, "n", "a.9.b", "z") == 0
    assert first(body, "z.x") is None
