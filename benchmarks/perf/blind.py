"""The rater's room under load: 200 raters, one vote each 5 s, every vote synchronised to disk.

    python benchmarks/perf/blind.py                      # 200 raters, 60 s
    python benchmarks/perf/blind.py --raters 20 --seconds 5

A server in a process of its own (``qfloor ab serve``) is voted in by raters that behave as pages
do: one kept connection each; all open their page in the same moment (page, scripts, state, consent,
two sheets), then vote every five seconds at random phases and fetch the sheet that comes next. The
host's page is open beside them. Told are the median and the 99th percentile of a vote, from the
request to the answer that it is on disk, the opening included; beside it, in the same run, what a
bare answer (``/healthz``) takes under the same load, how long one synchronised commit takes on this
disk, and what CPU the server and the raters took: they share the machine. After it all votes are
counted.
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
from collections import defaultdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from page_client import PageClient

from qfloor.abtest import folder as f

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import blind_world  # noqa: E402

EVERY_S = 5.0
LIMIT_MS = 200.0
SIZE = 512
FILES = ("room.css", "room.js", "sheet.js", "questions.js", "icon.svg")
Spent: TypeAlias = dict[str, list[float]]


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


async def _begin(page: PageClient, token: str, spent: Spent) -> Any:
    """Open the page as a browser does, agree, and fetch the first two sheets."""
    base = f"/r/{token}"
    begun = time.perf_counter()
    for path in (base, *(f"/static/{name}" for name in FILES), f"{base}/state"):
        answer = await page.get(path)
        assert answer.status == 200, path
    state = (await page.post(f"{base}/consent", {})).json()["state"]
    for name in ("trial", "next"):
        await page.get(f"/m/{state[name]['trial']}")
    spent["page opened"].append(time.perf_counter() - begun)
    return state


async def _rater(
    page: PageClient, token: str, until: float, waits: np.random.Generator, spent: Spent
) -> int:
    """One page: open, then every five seconds vote, and fetch the sheet of the next pair."""
    base = f"/r/{token}"
    next_at = time.perf_counter() + waits.uniform(0, EVERY_S)
    state = await _begin(page, token, spent)
    votes = 0
    while next_at < until and state["trial"]:
        await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        ballot = {
            "trial": state["trial"]["trial"], "submission": secrets.token_hex(8),
            "response": "left", "scores": [6.5, 5.1], "usable": [True, False], "elapsed_ms": 4000,
        }  # fmt: skip
        begun = time.perf_counter()
        answer = await page.post(f"{base}/vote", ballot)
        spent["vote"].append(time.perf_counter() - begun)
        assert answer.status == 200, answer.content
        state, votes = answer.json()["state"], votes + 1
        if state["next"]:
            begun = time.perf_counter()
            await page.get(f"/m/{state['next']['trial']}")
            spent["sheet"].append(time.perf_counter() - begun)
        if votes % 3 == 0:
            begun = time.perf_counter()
            await page.get("/healthz")
            spent["bare answer"].append(time.perf_counter() - begun)
        next_at += EVERY_S
    return votes


async def _host(page: PageClient, token: str, until: float, spent: Spent) -> None:
    """The host's page, open all the while: counts every four seconds."""
    while time.perf_counter() < until:
        begun = time.perf_counter()
        await page.get(f"/host/{token}/counts")
        spent["host's counts"].append(time.perf_counter() - begun)
        await asyncio.sleep(4.0)


async def _load(base: str, tokens: list[str], host: str, seconds: float) -> tuple[Spent, int]:
    spent: Spent = defaultdict(list)
    rng = np.random.default_rng(7)
    pages = [PageClient(base) for _ in range(len(tokens) + 1)]
    until = time.perf_counter() + seconds
    *votes, _ = await asyncio.gather(
        *(_rater(p, token, until, rng, spent) for p, token in zip(pages, tokens, strict=False)),
        _host(pages[-1], host, until, spent),
    )
    opened = sum(page.opened for page in pages)
    assert opened == len(pages), f"{opened} connections for {len(pages)} pages: some were dropped"
    for page in pages:
        await page.close()
    return spent, sum(v for v in votes if v is not None)


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


def _cpu_s(pid: int) -> float:
    """CPU that a process has taken, by Linux's own count."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
            host = f.meta(db)["host_token"]
            db.close()
            began, ours, theirs = time.perf_counter(), time.process_time(), _cpu_s(process.pid)
            spent, votes = asyncio.run(_load(base, tokens, host, seconds))
            took = time.perf_counter() - began
            cpu = (_cpu_s(process.pid) - theirs) / took, (time.process_time() - ours) / took
        finally:
            process.terminate()
            process.wait(60)
        _, _, db = f.open_folder(session)
        kept = db.execute("SELECT count(*), count(DISTINCT trial) FROM votes").fetchone()
        db.close()
    assert kept == (votes, votes), f"{votes} votes were acknowledged, {kept} are kept"
    return {"raters": len(tokens), "votes": votes, "spent": spent, "fsync_ms": disk, "cpu": cpu}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    found = run(asked.raters, asked.seconds)
    rate = found["votes"] / asked.seconds
    server, load = found["cpu"]
    print(f"{found['raters']} raters, {found['votes']} votes ({rate:.0f} a second), all kept once")
    print(f"one synchronised write of 4 KiB on this disk: {found['fsync_ms']:.2f} ms")
    print(f"of one core the server took {server:.0%}, these raters {load:.0%}")
    print("| what | n | median ms | p99 ms | most ms |\n|---|---|---|---|---|")
    for what, spent in found["spent"].items():
        ms = 1000 * np.asarray(spent)
        ends = np.median(ms), np.quantile(ms, 0.99), ms.max()
        print(f"| {what} | {ms.size} | " + " | ".join(f"{end:.1f}" for end in ends) + " |")
    worst = 1000 * float(np.quantile(found["spent"]["vote"], 0.99))
    print(f"p99 of a vote is {worst / LIMIT_MS:.2f} of the {LIMIT_MS:.0f} ms it may take")


if __name__ == "__main__":
    main()
