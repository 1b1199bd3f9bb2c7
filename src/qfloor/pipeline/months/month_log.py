"""A month's entry in the log of results: what it found, what changed, what it cost.

One entry a benchmark and round, known by its heading: written again it takes the place of the
former one, so that a month that is run twice is logged once. The rest of the log is not touched.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import InputError
from qfloor.export import Content
from qfloor.pipeline.months.compared_releases import changed_verdicts
from qfloor.pipeline.months.drift import DriftReport
from qfloor.prices import usd
from qfloor.records import EVERY, TIERS, DriftFinding
from qfloor.whole import write_whole

WIDTH = 100
NAMED = 8
"""Verdicts that an entry names; it counts the others."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an entry is written from: the release, the one before, and how the month went."""

    command: str
    content: Content
    earlier: Content | None
    drift: DriftReport | None
    compared: str
    stopped: Mapping[str, str]
    waiting: int


def entry_of(entry: Entry) -> str:
    """Write the body of an entry: one bullet a fact."""
    facts = [_made(entry), _ruled(entry), _changed(entry), *_moved(entry), *_lacking(entry)]
    return "\n".join(_wrapped(fact) for fact in facts) + "\n"


def write_entry(path: Path, entry: Entry, body: str, day: dt.date) -> bool:
    """Put an entry into the log, in place of the same round's former one.

    Returns
    -------
    bool
        Whether the log changed; the same entry of another day changes nothing.

    Raises
    ------
    InputError
        When the log is no text.
    """
    about = entry.content["release"][0]
    title = f"{about['name']}, round {about['round']} (`{entry.command}`)"
    known = re.compile(
        rf"^## (\d{{4}}-\d\d-\d\d): {re.escape(about['name'])}, round "
        rf"{re.escape(about['round'])} \(.*?(?=^## |\Z)",
        re.MULTILINE | re.DOTALL,
    )
    try:
        log = path.read_text(encoding="utf-8") if path.exists() else "# Log\n"
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}; move it away") from error
    text = f"## {day}: {title}\n\n{body}"
    found = known.search(log)
    if found is None:
        new = f"{log.rstrip()}\n\n{text}"
    else:
        if found[0].split("\n", 1)[1].strip() == body.strip():
            return False
        gap = "\n" if found.end() < len(log) else ""
        new = log[: found.start()] + text + gap + log[found.end() :]
    write_whole(path, new.encode("utf-8"))
    return True


def _made(entry: Entry) -> str:
    content = entry.content
    spent = content.get("spending", [])
    total = sum(s["amount_nanousd"] for s in spent)
    outputs = sum(r["n"] for r in content.get("raw_rows", []) if r["kind"] == "outputs")
    about = content["release"][0]
    return (
        f"{several(outputs, 'output')} of {several(len(content['offers']), 'offer')}, "
        f"{usd(total)} spent; release "
        f"digest `{about['digest']}`."
    )


def _ruled(entry: Entry) -> str:
    now = _rulings(entry.content)
    told = ", ".join(f"{now[ruling]} {ruling}" for ruling in ("certified", "rejected", "undecided"))
    if entry.earlier is None:
        return f"Verdicts: {told}."
    then = _rulings(entry.earlier)
    before = ", ".join(str(then[r]) for r in ("certified", "rejected", "undecided"))
    return f"Verdicts: {told} ({entry.earlier['release'][0]['round']}: {before})."


def _rulings(content: Content) -> Counter[str]:
    quality = content["release"][0]["primary_quality"]
    return Counter(v["ruling"] for v in content["verdicts"] if v["quality"] == quality)


def _changed(entry: Entry) -> str:
    if entry.drift is None:
        return f"Drift: {entry.compared}."
    changed = [f for f in entry.drift.findings if f.word == "changed"]
    compared = {f.offer_id for f in entry.drift.findings}
    if not changed:
        seen = [f.detectable for f in entry.drift.findings if f.detectable and f.category == EVERY]
        power = f"; a rise by {100 * max(seen):.0f} points would have been seen" if seen else ""
        none = f"none of {several(len(compared), 'offer')} is shown to have changed"
        return f"Drift: {entry.compared}; {none}{power}."
    told = "; ".join(_sentence(f) for f in _clearest(changed))
    others = len(compared) - len({f.offer_id for f in changed})
    return (
        f"**Drift**: {entry.compared}; {told}. "
        f"{several(others, 'other is', 'others are')} not shown to have changed."
    )


def _clearest(changed: list[DriftFinding]) -> Iterator[DriftFinding]:
    """Of each offer as a whole and of each of its categories the tier where it shows most."""
    best: dict[tuple[str, str], DriftFinding] = {}
    for finding in changed:
        key = (finding.offer_id, finding.category)
        if key not in best or finding.p_value < best[key].p_value:
            best[key] = finding
    yield from (best[key] for key in sorted(best))


def _sentence(finding: DriftFinding) -> str:
    where = "in all" if finding.category == EVERY else f"in {finding.category}"
    return (
        f"{finding.offer_id} {where} {finding.sentence()} at {finding.tier} "
        f"(p adjusted {finding.p_adjusted:.2g})"
    )


def _moved(entry: Entry) -> Iterator[str]:
    """Certificates lost and won since, in words."""
    if entry.earlier is None:
        return
    moved = list(changed_verdicts(entry.earlier, entry.content))
    lost = [v for v in moved if v["before"] == "certified"]
    won = [v for v in moved if v["now"] == "certified"]
    for what, found in (("lost", lost), ("won", won)):
        named = [
            f"{v['offer_id']} {v['category']} {v['tier']}"
            for v in sorted(found, key=lambda v: (v["offer_id"], TIERS.index(v["tier"])))
        ]
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        if named:
            yield f"Certificates {what}: {', '.join(named[:NAMED])}{more}."


def _lacking(entry: Entry) -> Iterator[str]:
    if entry.waiting:
        wait = "waits" if entry.waiting == 1 else "wait"
        yield f"{several(entry.waiting, 'output')} may have been charged and {wait} for a person."
    for offer, why in sorted(entry.stopped.items()):
        yield f"{offer} was not completed: {why}"


def _wrapped(fact: str) -> str:
    return textwrap.fill(
        fact, WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
