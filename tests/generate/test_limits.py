"""Bucket, width and breaker keep their promises whatever happens, in whatever order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from qfloor.generate.limits import Breaker, Bucket, Width

SECONDS = st.floats(0.0, 500.0, allow_nan=False)


class BucketMachine(RuleBasedStateMachine):
    """Calls are made when the bucket says so; no span of time ever holds too many."""

    PER_MINUTE, BURST = 30.0, 4

    def __init__(self):
        super().__init__()
        self.bucket = Bucket(self.PER_MINUTE, self.BURST)
        self.now = 1_000.0
        self.taken: list[float] = []

    @rule(seconds=SECONDS)
    def pass_time(self, seconds):
        self.now += seconds

    @rule(seconds=st.floats(0.0, 1e6))
    def a_clock_that_goes_back_gains_nothing(self, seconds):
        before = self.bucket.wait_s(self.now)
        self.bucket.wait_s(self.now - seconds)
        assert self.bucket.wait_s(self.now) == pytest.approx(before)

    @rule()
    def take_when_allowed(self):
        self.now += self.bucket.wait_s(self.now)
        assert self.bucket.wait_s(self.now) == pytest.approx(0.0, abs=1e-6)
        self.bucket.take(self.now)
        self.taken.append(self.now)

    @invariant()
    def no_span_holds_too_many(self):
        for i, first in enumerate(self.taken):
            for n, last in enumerate(self.taken[i:], start=1):
                assert n <= self.BURST + self.PER_MINUTE * (last - first) / 60.0 + 1e-6


ROUNDED = 1e-6
"""A time later, less the time now, is off by what a float of so many seconds cannot hold."""


class BreakerMachine(RuleBasedStateMachine):
    """At most one call is out while it is open; any answer closes it; it opens after so many."""

    TRIP, COOLDOWN, MOST = 3, 10.0, 80.0

    def __init__(self):
        super().__init__()
        self.breaker = Breaker(self.TRIP, self.COOLDOWN, self.MOST)
        self.now = 0.0
        self.out: list[bool] = []  # calls in flight: is each the probe?
        self.in_a_row = 0
        self.opened_at: float | None = None

    @rule(seconds=SECONDS)
    def pass_time(self, seconds):
        self.now += seconds

    @rule()
    def call_when_let(self):
        if self.breaker.wait_s(self.now) == 0.0:
            is_probe = self.breaker.enter()
            assert is_probe == (not self.breaker.is_closed)
            assert not (is_probe and any(self.out)), "two probes at once"
            self.out.append(is_probe)

    @precondition(lambda self: self.out)
    @rule(at=st.integers(0, 99))
    def fail(self, at):
        is_probe = self.out.pop(at % len(self.out))
        was_closed = self.breaker.is_closed
        self.in_a_row += 1
        opened = self.breaker.failed(self.now, is_probe=is_probe)
        assert opened == (is_probe or (was_closed and self.in_a_row >= self.TRIP))
        if opened:
            wait_s = self.breaker.wait_s(self.now)
            assert self.COOLDOWN - ROUNDED <= wait_s <= self.MOST + ROUNDED

    @precondition(lambda self: self.out)
    @rule(at=st.integers(0, 99))
    def answer(self, at):
        self.out.pop(at % len(self.out))
        self.in_a_row = 0
        self.breaker.answered()
        self.out = [False] * len(self.out)
        assert self.breaker.is_closed
        assert self.breaker.wait_s(self.now) == 0.0

    @precondition(lambda self: any(self.out))
    @rule()
    def lose_the_probe(self):
        self.out.remove(True)
        self.breaker.abandon()
        assert self.breaker.wait_s(self.now) is not None

    @invariant()
    def who_waits_is_told_for_how_long_or_for_whom(self):
        wait_s = self.breaker.wait_s(self.now)
        assert (wait_s is None) == any(self.out)
        assert wait_s is None or 0.0 <= wait_s <= self.MOST + ROUNDED


TestBucket = BucketMachine.TestCase
TestBreaker = BreakerMachine.TestCase


def test_without_a_rate_there_is_no_wait():
    bucket = Bucket(None)
    for _ in range(1_000):
        bucket.take(0.0)
    assert bucket.wait_s(0.0) == 0.0


@given(st.integers(1, 200), st.lists(st.booleans(), max_size=300))
def test_a_width_stays_between_one_and_what_is_declared(most, good):
    width, now = Width(most), 0.0
    for is_good in good:
        now += 1.0
        if is_good:
            width.widen()
        else:
            width.narrow(now, called_at=now - 0.5, in_flight=most)
        assert 1.0 <= width.now <= most
        assert width.has_room(0)
        assert not width.has_room(most)


def test_calls_that_were_out_together_narrow_once_and_places_come_back_one_by_one():
    width = Width(16)
    assert width.narrow(10.0, called_at=5.0, in_flight=16)
    assert not any(width.narrow(10.1, called_at=5.0, in_flight=15) for _ in range(15))
    assert math.floor(width.now) == 8
    for _ in range(8):
        width.widen()
    assert math.floor(width.now) == 8
    width.widen()
    assert math.floor(width.now) == 9
    assert width.narrow(20.0, called_at=15.0, in_flight=9)


def test_an_undeclared_width_is_measured_by_what_was_in_flight():
    width = Width(None)
    assert width.has_room(10_000)
    width.narrow(1.0, called_at=0.5, in_flight=40)
    assert width.has_room(19)
    assert not width.has_room(20)
