"""Kill a run at any instant, go on, and ask the seller whether anything was lost or bought twice.

As a program it is the victim: it generates a round and can be told to die at the k-th passing of
a step of `qfloor.generate.desk.STEPS`. As a module it is the judge. It knows no seller: a
``setup`` (``module:function``, called with the arguments given) names prompts and offers, and
``calls`` gives the seller's own log as dictionaries with ``event`` (submit, made) and ``key``.

    python tests/generate/kill_harness.py --workspace W --setup fakes.seller:kill_setup \
        --args '{"remote": "R"}' --round r1 --die after_submit:2
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qfloor.generate import RunPolicy, generate
from qfloor.records import Event, Status
from qfloor.store import Store

DIED = 137


def victim(argv: list[str]) -> None:
    """Generate a round; die when told to."""
    parser = argparse.ArgumentParser()
    for name in ("workspace", "setup", "args", "round", "die"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args(argv)
    step, _, count = given.die.partition(":")
    passed: Counter[str] = Counter()

    def trace(at: str, key: str) -> None:
        passed[at] += 1
        if at == step and passed[at] == int(count):
            os._exit(DIED)

    go_on(Path(given.workspace), given.setup, json.loads(given.args), given.round, trace)


def go_on(
    workspace: Path, setup: str, args: dict[str, Any], round: str,
    trace: Callable[[str, str], None] = lambda step, key: None,
) -> None:  # fmt: skip
    """Generate what a round lacks, in this process."""
    module, _, function = setup.partition(":")
    prompts, offers = getattr(importlib.import_module(module), function)(**args)
    with Store.open(workspace, create=True) as store:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        policy = RunPolicy(
            backoff_s=0.01, backoff_most_s=0.02, poll_first_s=0.01, poll_most_s=0.05,
            cooldown_s=0.01, cooldown_most_s=0.05, grace_s=20.0,
        )  # fmt: skip
        generate(prompts, offers, store=store, round=round, policy=policy, trace=trace)


def start(workspace: Path, setup: str, args: dict[str, Any], round: str, die: str = "") -> Any:
    """Start a victim."""
    command = [sys.executable, __file__, "--workspace", str(workspace), "--setup", setup,
               "--args", json.dumps(args), "--round", round, "--die", die]  # fmt: skip
    paths = [str(Path(__file__).parents[1]), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def run(*args: Any, **options: Any) -> int:
    """Run a victim to its end or death; its error output is ours when it fails otherwise."""
    with start(*args, **options) as child:
        _, said = child.communicate(timeout=240)
    if child.returncode not in (0, DIED):
        raise AssertionError(said)
    return int(child.returncode)


def open_attempts(workspace: Path) -> int:
    """How many attempts stand in the ledger without an end: calls that a kill tore apart."""
    with Store.open(workspace, create=True) as store:
        last = {(a.output_id, a.n): a.event for a in store.attempts_of()}
    return sum(event is not Event.ENDED for event in last.values())


def judge(workspace: Path, calls: list[dict[str, str]], *, remembers: bool) -> dict[str, int]:
    """Compare the seller's log with the store; gives counts, or fails with the evidence.

    A key may be called for once, and once more for every attempt the ledger says had failed.
    What the seller made must be in the store with its media; a seller that ``remembers`` no
    keys may leave outputs ``unknown``, called for once and never again.
    """
    submitted = Counter(c["key"] for c in calls if c["event"] == "submit")
    made = {c["key"] for c in calls if c["event"] == "made"}
    with Store.open(workspace) as store:
        outputs = {o.id: o for o in store.outputs_of()}
        failed = Counter(
            a.output_id for a in store.attempts_of()
            if a.event is Event.ENDED and a.status is Status.FAILED and a.reason != "not_sent"
        )  # fmt: skip
        twice = {k: n for k, n in submitted.items() if n > 1 + failed[k]}
        unknown = {k for k, o in outputs.items() if o.status is Status.UNKNOWN}
        kept = {k for k, o in outputs.items() if o.status is Status.MADE}
        lost = made - kept if remembers else made - kept - unknown
        for output in outputs.values():
            if output.media_sha256 is not None:
                content = store.media_path(output.media_sha256).read_bytes()
                assert hashlib.sha256(content).hexdigest() == output.media_sha256
    assert not twice, f"called for twice: {twice}"
    assert not lost, f"made and lost: {lost}"
    assert not (remembers and unknown), f"the seller could have been asked: {unknown}"
    return {"outputs": len(outputs), "submitted": sum(submitted.values()), "made": len(made),
            "twice": len(twice), "lost": len(lost), "unknown": len(unknown)}  # fmt: skip


if __name__ == "__main__":
    victim(sys.argv[1:])
