"""How long a routed decision takes: 40 offers, 7 categories, real prompts, classification included.

Beside it, in the same run, a naive router that asks SQLite for every request again and prices
what is certified (with the same classification), so that the ratio means something on any machine.

    python benchmarks/perf/router_choose.py [requests]
"""

from __future__ import annotations

import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from factories import Seller, release  # noqa: E402

from qfloor import export, prices, router  # noqa: E402
from qfloor.records import PriceComponent, PriceRule  # noqa: E402
from qfloor.router.classifier import Classifier  # noqa: E402
from qfloor.router.lexicon import SETTINGS, WORDS  # noqa: E402

OFFERS = 40
QUERY = """
SELECT v.offer_id, p.rule FROM verdicts v JOIN prices p ON p.offer_id = v.offer_id
WHERE v.category = ? AND v.modality = ? AND v.tier = ? AND v.quality = ? AND v.ruling = 'certified'
"""


def market(n: int, seed: int = 1) -> list[Seller]:
    """Sellers of every price and quality, a fifth of them of clips."""
    draw = random.Random(seed)
    return [
        Seller(
            name=f"model-{i:03d}",
            usd=f"{draw.uniform(0.002, 0.2):.4f}",
            clears=draw.uniform(2.0, 9.5),
            modalities=("video",) if i % 5 == 0 else ("image",),
            unit="second" if i % 5 == 0 else "image",
        )
        for i in range(n)
    ]


def demands(draw: random.Random) -> dict[str, Any]:
    """A tier and a ceiling, as a team might ask for them."""
    return {
        "tier": draw.choice(["standard", "professional", "premium"]),
        "max_price_usd": draw.choice([None, None, 0.05, 0.5]),
    }


def needs(n: int, seed: int = 2) -> list[router.Need]:
    """Our own prompts with the demands a team might make."""
    draw = random.Random(seed)
    prompts = tomllib.loads((ROOT / "prompts" / "core.toml").read_text())["prompts"]
    return [
        router.Need(
            prompt=prompt["text"],
            aspect_ratio=prompt.get("aspect_ratio"),
            seconds=prompt.get("seconds"),
            **demands(draw),
        )
        for prompt in draw.choices(prompts, k=n)
    ]


def price(rule: str, need: router.Need) -> int:
    """What a naive router computes anew for every certified offer."""
    told = json.loads(rule)
    parts = tuple(PriceComponent(**c) for c in told["components"])
    read = PriceRule(components=parts, source=told["source"], as_of=told["as_of"])
    return prices.estimate(read, images=need.n, seconds=need.seconds or 5.0) or 0


def timed(what: Callable[[router.Need], object], asked: Sequence[router.Need]) -> list[float]:
    """Microseconds of each call."""
    found = []
    for need in asked:
        begun = time.perf_counter_ns()
        what(need)
        found.append((time.perf_counter_ns() - begun) / 1000)
    return found


def forgetful(db: router.Database) -> Callable[[router.Need], object]:
    """A classifier whose memory of words is emptied before each request."""

    def classify(need: router.Need) -> object:
        db.classifier._vocabulary.clear()
        return router.classify(db, need)

    return classify


def show(name: str, times: list[float]) -> float:
    """Print one row, return the median."""
    cut = statistics.quantiles(times, n=100)
    print(f"{name:<46} p50 {cut[49]:8.1f} us   p99 {cut[98]:8.1f} us")
    return cut[49]


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    policy, now = router.Policy(max_price_age_days=30), "2026-11-24"
    with tempfile.TemporaryDirectory() as folder:
        path = export.write(Path(folder) / "quality.db", release(market(OFFERS)))
        begun = time.perf_counter()
        db = router.load(path)
        print(f"load, {OFFERS} offers: {(time.perf_counter() - begun) * 1000:.1f} ms")
        asked = needs(n)
        connection = sqlite3.connect(path)

        def naive(need: router.Need) -> str | None:
            found = router.classify(db, need)
            places = [(c, found.modality, need.tier, db.primary_quality) for c in found.plausible]
            rows = [dict(connection.execute(QUERY, place).fetchall()) for place in places]
            everywhere = set(rows[0]).intersection(*rows[1:])
            priced = [(price(rows[0][offer], need), offer) for offer in everywhere]
            limit = need.max_price_nanousd
            return min((p for p in priced if limit is None or p[0] <= limit), default=(0, None))[1]

        for need in asked[:500]:
            router.choose(db, need, policy=policy, now=now)
        show("classify only", timed(lambda need: router.classify(db, need), asked))
        lexicon = Classifier(db.categories, WORDS, SETTINGS)
        show("classify by the hand-written lexicon only", timed(lexicon.classify, asked))
        show("classify, every word as if never seen before", timed(forgetful(db), asked))
        ours = show(
            "choose", timed(lambda need: router.choose(db, need, policy=policy, now=now), asked)
        )
        kept = [d for d in (router.choose(db, a, policy=policy, now=now) for a in asked) if d.offer]
        served = [d.request.need for d in kept]
        show(
            f"choose, the {len(served) / n:.0%} that are served",
            timed(lambda need: router.choose(db, need, policy=policy, now=now), served),
        )
        explained = timed(
            lambda need: router.explain(router.choose(db, need, policy=policy, now=now)),
            served[:1000],
        )
        show("choose and explain all 40 candidates", explained)
        other = show("naive: SQLite and prices anew each time", timed(naive, asked))
        print(f"ratio naive / choose at p50: {other / ours:.1f}")
        connection.close()


if __name__ == "__main__":
    main()
