"""Fake sellers in chaos, as a victim of the kill harness sees them; their own ledgers judge.

The sellers live in the process of the judge and outlive every victim. Prompts carry the round, so
a seller's ledger can be compared with ours output by output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fakes.providers.chaos import Chaos
from fakes.providers.engine import Fake
from fakes.providers.matrix import case
from qfloor.records import Event, Offer, Prompt, Status
from qfloor.store import Store

SELLERS = ("fal-schnell", "replicate-flux-schnell", "openai-gpt-image-2", "bfl-flux-2-pro",
           "runway-gen4_image", "kling-kling-v3")  # fmt: skip
ASKED = ("kling-kling-v3",)  # knows the mark we gave a request: what it took is always found
TIMEOUT_S = 0.6
# bfl tells a job's cost when it takes it and no document says what a moderated one costs
_PLAIN = (("black", 0.03), ("cut_media", 0.02))
_SYNC = (("refused_output", 0.05), ("black", 0.03), ("cut_media", 0.02))
_ENDS = {"bfl-flux-2-pro": _PLAIN, "openai-gpt-image-2": _SYNC}


def start(seed: int, sellers: tuple[str, ...] = SELLERS) -> dict[str, Fake]:
    """Open the sellers."""
    found = {}
    for name in sellers:
        ends = {"ends": _ENDS[name]} if name in _ENDS else {}
        found[name] = case(name).start(chaos=Chaos(seed, **ends))
    return found


def setup(origins: Mapping[str, str], n: int, tag: str) -> tuple[list[Prompt], list[Offer]]:
    """What a victim asks: ``n`` prompts of each seller, in the words of this round."""
    offers, prompts = [], []
    for name, origin in origins.items():
        asked = case(name)
        at: Any = SimpleNamespace(origin=origin)
        # a kill leaves as many unknown as calls were under way, where a seller cannot be asked
        width = 12 if name in ASKED else 2
        offers.append(asked.offer(at, args={"timeout_s": TIMEOUT_S}, concurrency=width))
        if not any(p.modality == asked.modality for p in prompts):
            prompts += [
                asked.prompt(f"{tag}: a {asked.modality} of mug {i}", id=f"{asked.modality}{i}")
                for i in range(n)
            ]
    return prompts, offers


@dataclass
class Judged:
    """What the comparison of ledgers found; amounts of outputs whose every charge we know."""

    outputs: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    creates: int = 0
    taken: int = 0
    ours_nanousd: int = 0
    theirs_nanousd: int = 0
    lost_outputs: int = 0
    lost_ours_nanousd: int = 0
    lost_theirs_nanousd: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(workspace: Path, fakes: Mapping[str, Fake]) -> Judged:
    """Compare our ledger with the sellers' own, output by output.

    Where we know every charge of an output, the sums must be equal. Where an answer was lost we
    say ``unknown``: then the seller may have charged one price for each lost call, and no more.
    A prompt may be sent once, and again only for each attempt that our ledger knows to have failed.
    """
    found = Judged()
    with Store.open(workspace) as store:
        prompts = {p.digest: p.text for p in store.prompts_of()}
        outputs = store.outputs_of()
        rows: dict[str, list[Any]] = {}
        for attempt in store.attempts_of():
            rows.setdefault(attempt.output_id, []).append(attempt)
    by_offer = {case(name).offer(SimpleNamespace(origin="")).id: (name, fake)  # type: ignore[arg-type]
                for name, fake in fakes.items()}  # fmt: skip
    for output in outputs:
        name, fake = by_offer[output.offer_id]
        _compare(found, output, prompts[output.prompt_digest], rows[output.id], name, fake)
    found.creates = sum(f.creates for f in fakes.values())
    found.taken = sum(len(f.ledger) for f in fakes.values())
    return found


def _compare(
    found: Judged, output: Any, text: str, rows: list[Any], name: str, fake: Fake
) -> None:  # fmt: skip
    model = case(name).endpoint
    entries = [e for e in fake.ledger if e.prompt == text]
    ends = {a.n: a for a in rows if a.event is Event.ENDED}
    attempts = {a.n for a in rows}
    theirs = sum(e.amount_nanousd for e in entries)
    ours = sum(a.amount_nanousd or 0 for a in ends.values() if a.charged != "unknown")
    lost = [n for n in attempts if n not in ends or ends[n].charged == "unknown"]
    failed = sum(a.status is Status.FAILED for a in ends.values())
    sent = fake.seen[model, text]
    # a call it never took stays in doubt; malformed_answer is a person's
    mark = output.id if len(attempts) == 1 else f"{output.id}-{len(attempts)}"
    if name in ASKED and output.reason == "timeout_ambiguous" and mark in fake.marks:
        found.wrong.append(f"{name} {text}: nobody asked the seller ({output.reason})")
    found.outputs += 1
    found.statuses[output.status.value] += 1
    if sent > 1 + failed:
        found.wrong.append(f"{name} {text}: sent {sent} times, {failed} known to have failed")
    if attempts - set(ends):
        found.wrong.append(f"{name} {text}: attempts without an end {attempts - set(ends)}")
    if not lost:
        found.ours_nanousd += ours
        found.theirs_nanousd += theirs
        if theirs != ours:
            found.wrong.append(f"{name} {text}: we say {ours}, they say {theirs} ({output.reason})")
    else:
        found.lost_outputs += 1
        found.lost_ours_nanousd += ours
        found.lost_theirs_nanousd += theirs
        if output.status is not Status.UNKNOWN and name not in ASKED and len(ends) == 1:
            found.wrong.append(f"{name} {text}: {output.status} and yet not known what it cost")
        most = max((e.amount_nanousd for e in entries), default=0)
        if not 0 <= theirs - ours <= len(lost) * most:
            found.wrong.append(f"{name} {text}: {len(lost)} lost calls, {ours} against {theirs}")
