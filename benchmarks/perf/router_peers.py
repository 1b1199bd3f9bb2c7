"""The router beside litellm's, in one run: one of 40, and how cost grows with the number of models.

litellm picks one of 40 deployments of a group: by its simple shuffle, and by its cost-based
strategy (tokens' prices only: it reads no prompt). Ours reads the prompt, finds its category,
asks certificates, budget and price, and explains. Calls alternate, so that a busy machine is busy
for all alike; ratios mean something where microseconds do not. Times are those of the thread's CPU:
on a machine to itself they are the times that pass, on a shared one they leave out the waiting.

    python benchmarks/perf/router_peers.py [requests]
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from router_choose import OFFERS, ROOT, demands, market, needs

sys.path[:0] = [str(ROOT / part) for part in ("src", "tests", "benchmarks/classifier")]

from corpus import held_out  # noqa: E402
from factories import release  # noqa: E402

from qfloor import export, router  # noqa: E402

NOW = "2026-11-24"
POLICY = router.Policy(max_price_age_days=30)
SIZES = (10, 40, 100, 300, 1000)
IMPORT = """
import sys, time
pages = lambda: int(open("/proc/self/statm").read().split()[1])
before, begun = pages(), time.thread_time()
{what}
took = time.thread_time() - begun
print(took * 1000, (pages() - before) * 4096 / 2**20, len(sys.modules))
"""

Call = Callable[[router.Need], Any]


def show(name: str, times: list[float]) -> float:
    """Print one row of microseconds, return the median."""
    cut = statistics.quantiles(times, n=100)
    print(f"{name:<52} p50 {cut[49]:8.1f} us   p99 {cut[98]:8.1f} us")
    return cut[49]


def loaded(n: int) -> tuple[router.Database, float]:
    """A database of n models, and the milliseconds of loading it (the least of five)."""
    with tempfile.TemporaryDirectory() as folder:
        path = export.write(Path(folder) / "quality.db", release(market(n)))
        took = []
        for _ in range(5):
            begun = time.thread_time()
            db = router.load(path)
            took.append((time.thread_time() - begun) * 1000)
    return db, min(took)


def peers() -> tuple[Callable[[], Any], Callable[[], Awaitable[Any]]]:
    """Simple shuffle and cost-based choice of litellm, over 40 deployments."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    logging.getLogger("LiteLLM").setLevel(logging.ERROR)  # it tells of each model's missing prices
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    draw = random.Random(3)
    deployments = [
        {
            "model_name": "group",
            "litellm_params": {"model": f"openai/model-{i:03d}", "api_key": "none"},
            "model_info": {
                "id": f"model-{i:03d}",
                "input_cost_per_token": draw.uniform(1e-7, 1e-5),
                "output_cost_per_token": draw.uniform(1e-7, 1e-5),
            },
        }
        for i in range(OFFERS)
    ]
    shuffle = litellm.Router(model_list=deployments, routing_strategy="simple-shuffle")
    cheapest = litellm.Router(model_list=deployments, routing_strategy="cost-based-routing")
    asked: Any = [{"role": "user", "content": "a red mug on a wooden table"}]

    async def by_cost() -> Any:
        return await cheapest.async_get_available_deployment(
            model="group", messages=asked, request_kwargs={}
        )

    return lambda: shuffle.get_available_deployment(model="group", messages=asked), by_cost


def measured(
    db: router.Database, asked: list[router.Need], *, warm: int
) -> tuple[list[float], list[float]]:
    """Microseconds of each choice and of its explanation, after the first ``warm`` unmeasured."""
    for need in asked[:warm]:
        router.explain(router.choose(db, need, policy=POLICY, now=NOW))
    chosen, explained = [], []
    for need in asked:
        begun = time.thread_time_ns()
        decision = router.choose(db, need, policy=POLICY, now=NOW)
        between = time.thread_time_ns()
        router.explain(decision)
        chosen.append((between - begun) / 1000)
        explained.append((time.thread_time_ns() - between) / 1000)
    return chosen, explained


def alone(n: int) -> None:
    """Ours by itself, as in a process that routes: nothing else empties its caches."""
    db, _ = loaded(OFFERS)
    asked = needs(n)
    chosen, explained = measured(db, asked, warm=300)
    show("choose, by itself", chosen)
    both = [a + b for a, b in zip(chosen, explained, strict=True)]
    show("choose and explain every candidate, by itself", both)
    for _ in range(2):  # a service goes on for longer than that
        chosen, _ = measured(db, asked, warm=0)
    show("choose, the same requests for the third time", chosen)
    chosen, _ = measured(db, strangers(), warm=0)
    show("choose, then of prompts by other writers", chosen)
    print()


def strangers() -> list[router.Need]:
    """Requests in the words of `benchmarks/classifier/judged_*.txt`, each once."""
    draw = random.Random(4)
    return [router.Need(prompt=item.text, **demands(draw)) for item in held_out()]


async def beside(n: int) -> None:
    """Alternate ours and theirs."""
    db, _ = loaded(OFFERS)
    shuffle, by_cost = peers()
    times: dict[str, list[float]] = {name: [] for name in ("ours", "explained", "shuffle", "cost")}
    asked = needs(n)
    for need in asked[:300]:
        router.explain(router.choose(db, need, policy=POLICY, now=NOW))
        shuffle()
        await by_cost()
    for need in asked:
        begun = time.thread_time_ns()
        decision = router.choose(db, need, policy=POLICY, now=NOW)
        chosen = time.thread_time_ns()
        router.explain(decision)
        explained = time.thread_time_ns()
        shuffle()
        shuffled = time.thread_time_ns()
        await by_cost()
        ended = time.thread_time_ns()
        times["ours"].append((chosen - begun) / 1000)
        times["explained"].append((explained - begun) / 1000)
        times["shuffle"].append((shuffled - explained) / 1000)
        times["cost"].append((ended - shuffled) / 1000)
    ours = show(f"choose, {OFFERS} offers x 7 categories, classified", times["ours"])
    show("choose and explain every candidate", times["explained"])
    shuffled_p50 = show("litellm.Router simple-shuffle, 1 of 40", times["shuffle"])
    cost = show("litellm.Router cost-based-routing (async), 1 of 40", times["cost"])
    print(
        f"ratio shuffle / choose {shuffled_p50 / ours:.2f}, cost-based / choose {cost / ours:.1f}"
    )


def growth(n: int) -> None:
    """A choice and its explanation by the number of models, and loading."""
    print(f"\n{'models':>8}{'load ms':>10}{'choose us':>12}{'explain us':>12}{'a model':>10}")
    asked = needs(n)
    for size in SIZES:
        db, load_ms = loaded(size)
        chosen, explained = measured(db, asked, warm=len(asked))
        middle = statistics.median(explained)
        print(
            f"{size:>8}{load_ms:>10.1f}{statistics.median(chosen):>12.1f}{middle:>12.1f}"
            f"{middle / size:>10.2f}"
        )


def least(*args: str) -> list[float]:
    """The numbers that a fresh interpreter prints, of five the ones whose first is least."""
    found = []
    for _ in range(5):
        ran = subprocess.run([sys.executable, *args], capture_output=True, text=True, check=True)
        found.append([float(x) for x in ran.stdout.split()])
    return min(found)


def imports() -> None:
    """What importing the router costs a fresh interpreter: milliseconds, MB, modules."""
    print()
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})"
    for what in ("import qfloor.router", "import sqlite3, json, datetime, decimal, re", "pass"):
        took, more, modules = least("-I", "-S", "-c", path + IMPORT.format(what=what))
        print(f"{what:<46} {took:7.1f} ms {more:6.1f} MB {modules:5.0f} modules")


def first_load() -> None:
    """Loading the painters' release in a fresh interpreter: words and weights are arranged too."""
    code = (
        f"import sys, time; sys.path.insert(0, {str(ROOT / 'src')!r}); from qfloor import router\n"
        "for _ in range(2):\n"
        "    began = time.perf_counter()\n"
        f"    router.load({str(ROOT / 'results/painters.db')!r})\n"
        "    print(1e3 * (time.perf_counter() - began))"
    )
    found = []
    for _ in range(5):
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        found.append([float(x) for x in ran.stdout.split()])
    first, again = min(found)
    print(f"\nresults/painters.db: first load in a process {first:.1f} ms, again {again:.1f} ms")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    alone(n)
    asyncio.run(beside(n))
    growth(min(n, 300))
    first_load()
    imports()


if __name__ == "__main__":
    main()
