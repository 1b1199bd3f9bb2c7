"""The rater's room under load: 200 raters, one vote each 5 s, every vote synchronised to disk.

    python benchmarks/perf/blind.py                      # 200 raters, 60 s
    python benchmarks/perf/blind.py --raters 20 --seconds 5

A server in a process of its own (``qfloor ab serve``) is voted in by raters that behave as pages
do: one kept connection each, a vote every five seconds at random phases, then the sheet of the
next trial. Told are the median and the 99th percentile of a vote, from the request to the answer
that it is on disk; beside it, in the same run, what a bare answer (``/healthz``) takes under the
same load, and how long one synchronised commit takes on this disk. After it all votes are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from qfloor.abtest import folder as f

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import blind_world  # noqa: E402

EVERY_S = 5.0
LIMIT_MS = 200.0
SIZE = 512


def _session(folder: Path, raters: int, votes_each: int) -> Path:
    """A session with a booklet for every rater, long enough for the run."""
    sources = folder / "sources"
    sources.mkdir()
    made = [blind_world.side(sources, arm, 0, SIZE) for arm in ("routed", "reference")]
    found = [blind_world.pairs_of(n, made) for n in range(votes_each + 8)]
    plan = blind_world.plan(
        found, votes=raters, per_rater=votes_each, training=0, placebo=0.02, catch=0.02
    )
    from qfloor.abtest.building import build_session

    build_session(plan, folder / "session")
    return folder / "session"


async def _rater(
    client: httpx.AsyncClient, token: str, until: float, waits: np.random.Generator,
    spent: dict[str, list[float]],
) -> int:  # fmt: skip
    """One page: look, vote, fetch the next sheet; every five seconds."""
    base = f"/r/{token}"
    state = (await client.post(f"{base}/consent", json={})).json()["state"]
    votes = 0
    next_at = time.perf_counter() + waits.uniform(0, EVERY_S)
    while next_at < until and state["trial"]:
        await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        ballot = {
            "trial": state["trial"]["trial"], "submission": secrets.token_hex(8),
            "response": "left", "scores": [6.5, 5.1], "usable": [True, False], "elapsed_ms": 4000,
        }  # fmt: skip
        begun = time.perf_counter()
        answer = await client.post(f"{base}/vote", json=ballot)
        spent["vote"].append(time.perf_counter() - begun)
        assert answer.status_code == 200, answer.text
        state, votes = answer.json()["state"], votes + 1
        if state["trial"]:
            begun = time.perf_counter()
            await client.get(f"/m/{state['trial']['trial']}")
            spent["sheet"].append(time.perf_counter() - begun)
        if votes % 3 == 0:
            begun = time.perf_counter()
            await client.get("/healthz")
            spent["bare answer"].append(time.perf_counter() - begun)
        next_at += EVERY_S
    return votes


async def _load(base: str, tokens: list[str], seconds: float) -> tuple[dict[str, list[float]], int]:
    spent: dict[str, list[float]] = {"vote": [], "sheet": [], "bare answer": []}
    limits = httpx.Limits(max_connections=len(tokens) + 8, max_keepalive_connections=len(tokens))
    rng = np.random.default_rng(7)
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=60) as client:
        until = time.perf_counter() + seconds
        votes = await asyncio.gather(
            *(_rater(client, token, until, rng, spent) for token in tokens)
        )
    return spent, sum(votes)


def _one_commit_ms(folder: Path, n: int = 50) -> float:
    """Median of a synchronised write of 4 KiB on this disk."""
    spent = []
    with open(folder / "probe", "wb") as file:
        for _ in range(n):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - begun)
    return 1000 * float(np.median(spent))


def _serve(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from qfloor.cli import main; main()", "ab", "serve", str(folder),
         "--port", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("host"):
            return process, "/".join(line.split()[-1].split("/")[:3])
    raise SystemExit("the server did not come up")


def run(raters: int, seconds: float) -> dict[str, Any]:
    """Vote for a while and give what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = _session(folder, raters, int(seconds / EVERY_S) + 2)
        disk = _one_commit_ms(folder)
        process, base = _serve(session)
        try:
            _, _, db = f.open_folder(session)
            tokens = [t for (t,) in db.execute("SELECT token FROM raters LIMIT ?", (raters,))]
            db.close()
            spent, votes = asyncio.run(_load(base, tokens, seconds))
        finally:
            process.terminate()
            process.wait(60)
        _, _, db = f.open_folder(session)
        kept = db.execute("SELECT count(*), count(DISTINCT trial) FROM votes").fetchone()
        db.close()
    assert kept == (votes, votes), f"{votes} votes were acknowledged, {kept} are kept"
    return {"raters": len(tokens), "votes": votes, "spent": spent, "fsync_ms": disk}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    found = run(asked.raters, asked.seconds)
    rate = found["votes"] / asked.seconds
    print(f"{found['raters']} raters, {found['votes']} votes ({rate:.0f} a second), all kept once")
    print(f"one synchronised write of 4 KiB on this disk: {found['fsync_ms']:.2f} ms")
    print("| what | n | median ms | p99 ms |\n|---|---|---|---|")
    for what, spent in found["spent"].items():
        ms = 1000 * np.asarray(spent)
        if ms.size:
            print(f"| {what} | {ms.size} | {np.median(ms):.1f} | {np.quantile(ms, 0.99):.1f} |")
    worst = 1000 * float(np.quantile(found["spent"]["vote"], 0.99))
    print(f"p99 of a vote is {worst / LIMIT_MS:.2f} of the {LIMIT_MS:.0f} ms it may take")


if __name__ == "__main__":
    main()
