"""A benchmark's calls say how fast sellers are, and each says it once."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path

import pytest

from qfloor import pipeline
from qfloor.benchmark import Benchmark
from qfloor.errors import StoreError
from qfloor.pipeline.latency_feed import feed_latency
from qfloor.records import Offer, Output, Prompt, Status
from qfloor.router.feeds import FeedStore
from qfloor.store import Store

OFFER = Offer(id="a/b", model="b", provider="a")
PROMPT = Prompt(id="p", text="a red mug", category="product-photo")
AT = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def output(i: int, status: Status, seconds: float | None, minutes: int = 0) -> Output:
    at = AT + dt.timedelta(minutes=minutes, milliseconds=i)
    return Output(
        id=f"o{i}", prompt_id="p", prompt_digest=PROMPT.digest, offer_id="a/b", repeat=0,
        round="2026-11", status=status, reason="", seconds_total=seconds,
        timing_source="clock", at=at.isoformat(),
    )  # fmt: skip


def seen(store: Store, minutes: int = 1) -> tuple[int, float | None, bool]:
    with FeedStore.open(store.root / "feeds.db") as feeds:
        feed = feeds.health(AT + dt.timedelta(minutes=minutes))
    assert feed is not None
    health = feed.offers["a/b"]
    return health.n, health.p95_s, health.available


def test_answers_count_once_and_what_is_none_does_not(tmp_path: Path) -> None:
    told = [output(i, Status.MADE, 4.0) for i in range(30)]
    told += [output(30, Status.REFUSED, 0.2), output(31, Status.SETUP, 90.0)]
    told += [output(i, Status.UNKNOWN, 600.0) for i in range(32, 36)]
    with Store.open(tmp_path, create=True) as store:
        store.save_offers([OFFER])
        store.save_prompts([PROMPT])
        store.save_outputs(told)
        assert feed_latency(store, "2026-11") == 31
        assert feed_latency(store, "2026-11") == 0
        n, p95, available = seen(store)
        assert (n, available) == (30, True)
        assert p95 == pytest.approx(4.0, rel=0.02)
        store.save_outputs([output(40, Status.MADE, 9.0, minutes=1)])
        assert feed_latency(store, "2026-11") == 1
        assert seen(store, 2)[0] == 31
        assert feed_latency(store, "2026-12") == 0


def test_a_run_feeds_what_it_measured(small: Benchmark, tmp_path: Path) -> None:
    prompts = pipeline.prompts_of(small)[:3]
    with Store.open(tmp_path, create=True) as store:
        pipeline.generate_round(store, small, prompts)
        made = [o for o in store.outputs_of(round=small.round) if o.timing_source]
        assert made
        with FeedStore.open(tmp_path / "feeds.db") as feeds:
            feed = feeds.health(dt.datetime.now(dt.UTC))
        assert feed is not None
        assert sum(h.n for h in feed.offers.values()) == sum(o.status == "made" for o in made)


def test_no_other_run_begins_before_a_run_has_fed_what_it_measured(
    small: Benchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that ended together both fed the same calls: each of them counted twice."""
    fed = []

    def while_another_asks(store: Store, round: str) -> int:
        with Store.open(store.root) as other, pytest.raises(StoreError, match="another run"):
            other._writer.acquire("generate")
        fed.append(round)
        return 0

    stages = importlib.import_module("qfloor.pipeline.run")  # pipeline.run is its function
    monkeypatch.setattr(stages, "feed_latency", while_another_asks)
    with Store.open(tmp_path, create=True) as store:
        pipeline.generate_round(store, small, pipeline.prompts_of(small)[:1])
    assert fed == [small.round]
