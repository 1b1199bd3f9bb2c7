"""Write a planned session: its folder, and its arm key elsewhere.

Both are made under other names and moved in place when all of them is on disk, the key first. What
this module does not know: how a session was drawn and dealt.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from qfloor.abtest import folder as f
from qfloor.abtest.assignment import Slot
from qfloor.abtest.drafting import begin, room_for
from qfloor.abtest.key import (
    INTACT,
    SPOILT,
    ArmKey,
    Cell,
    KeyUnit,
    default_path,
    write_key,
)
from qfloor.abtest.pairs import Pair, digest_by
from qfloor.abtest.planning import Plan
from qfloor.abtest.protocol import write_protocol
from qfloor.abtest.sheets import Sheet, as_it_is, clip_sheet, picture_sheet, spoilt
from qfloor.abtest.training import LESSONS
from qfloor.errors import SessionError

Progress = Callable[[int, int], None]
TRAINING_CATEGORY = "training"
EXTENSIONS = {"image/jpeg": "jpg", "video/webm": "webm"}


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One unit to be written: its sheet is made by ``draw``, its truth goes into the key."""

    unit: str
    prompt: str
    text: str
    category: str
    draw: Callable[[], Sheet]
    key: KeyUnit | None
    votes: int = 0
    identical: bool = False
    spoilt: int | None = None
    audit: bool = False


def build_session(
    plan: Plan,
    folder: Path,
    key: Path | None = None,
    *,
    sources: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Write a session's folder and its key.

    Parameters
    ----------
    plan : Plan
        What `plan_session` decided.
    folder : Path
        The session's folder; must not be there yet.
    key : Path, optional
        Where the arm key goes; by default beside the folder, as ``NAME.key.json``.
    sources : mapping, optional
        Where the outputs came from, for the key.
    progress : callable, optional
        Told (sheets written, sheets to write).

    Returns
    -------
    Path
        Where the key is.

    Raises
    ------
    SessionError, MediaError
        When a place is taken, or an output cannot be decoded; no folder is left behind.
    """
    folder = folder.expanduser().resolve()
    _check_free(folder)
    place = room_for(folder, default_path(folder) if key is None else key)
    draft = begin(folder, place)
    try:
        (draft.folder / f.SHEETS).mkdir(parents=True)
        truth = _write(plan, draft.folder, progress)
        write_protocol(draft.folder, plan.protocol)
        write_key(draft.key, _key(plan, truth, sources or {}))
        draft.put_key(place)
        try:
            os.replace(draft.folder, folder)
        except BaseException:
            if draft.folder.is_dir():  # else it is done, and the key is of a session that is there
                place.unlink()
                _check_free(folder)  # another was made at the same moment, with another key
            raise
    finally:
        draft.end()
    return place


def _check_free(folder: Path) -> None:
    if folder.exists():
        raise SessionError(f"{folder} is there already; a session is never written over")


def _write(plan: Plan, draft: Path, progress: Progress) -> dict[str, KeyUnit]:
    jobs, booklets = _jobs(plan)
    db = f.connect(draft / f.DATABASE, create=True)
    try:
        db.execute("BEGIN IMMEDIATE")
        truth: dict[str, KeyUnit] = {}
        for n, (job, sheet) in enumerate(_drawn(jobs), start=1):
            _keep_unit(db, draft, job, sheet)
            if job.key is not None:
                truth[job.unit] = job.key
            progress(n, len(jobs))
        for number, slots in enumerate(booklets, start=1):
            keep_booklet(db, number, slots)
        f.say_meta(
            db,
            session_id=plan.protocol.session_id,
            protocol_digest=plan.protocol.digest,
            secret=f.for_places(plan.secret).hex(),
            salt=secrets.token_hex(32),
            join_token=f.token(),
            host_token=f.token(),
        )
        db.execute(
            "INSERT INTO log (at, event, detail) VALUES (?, 'created', ?)",
            (plan.protocol.created_at, json.dumps({"protocol": plan.protocol.digest})),
        )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()
    return truth


def _drawn(jobs: list[_Job]) -> Iterator[tuple[_Job, Sheet]]:
    """Draw sheets in a few threads, in order, a few ahead."""
    waiting = iter(jobs)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        pending = [(job, pool.submit(job.draw)) for job in islice(waiting, 4)]
        try:
            while pending:
                job, future = pending.pop(0)
                yield job, future.result()
                pending += [(more, pool.submit(more.draw)) for more in islice(waiting, 1)]
        finally:
            pool.shutdown(cancel_futures=True)


def _keep_unit(db: sqlite3.Connection, draft: Path, job: _Job, sheet: Sheet) -> None:
    name, g = secrets.token_hex(12), sheet.geometry
    file = f"{name}.{EXTENSIONS[sheet.media_type]}"
    with open(draft / f.SHEETS / file, "xb") as out:
        out.write(sheet.content)
        out.flush()
        os.fsync(out.fileno())
    db.execute(
        "INSERT INTO sheets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, file, sheet.media_type, g.cells, g.width, g.height, g.stride, sheet.seconds),
    )
    db.execute(
        "INSERT INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (job.unit, name, job.prompt, job.text, job.category, job.votes, int(job.identical),
         job.spoilt, int(job.audit)),
    )  # fmt: skip


def keep_booklet(db: sqlite3.Connection, number: int, slots: list[Slot]) -> str:
    """Add a rater with a booklet; returns the rater's token."""
    rater, entry = f"r{secrets.token_hex(6)}", f.token()
    db.execute(
        "INSERT INTO raters (id, token, number, completion) VALUES (?, ?, ?, ?)",
        (rater, entry, number, secrets.token_hex(4).upper()),
    )
    lessons = sum(slot.kind == "training" for slot in slots)
    tokens = [f.token() for _ in slots]
    rows = [
        (tokens[n], rater, n - lessons, slot.kind, slot.unit, json.dumps(slot.order),
         int(slot.ask), None if slot.repeat_of is None else tokens[slot.repeat_of + lessons])
        for n, slot in enumerate(slots)
    ]  # fmt: skip
    db.executemany("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return entry


def lessons_of(count: int, question: str) -> list[Slot]:
    """The training block; only pairs have one with known answers."""
    if question != "pair":
        return []
    return [
        Slot(kind="training", unit=f"t{n}", prompt=f"t{n}", order=(0, 1), ask=n == 1)
        for n in range(min(count, len(LESSONS)))
    ]


def _jobs(plan: Plan) -> tuple[list[_Job], list[list[Slot]]]:
    """Units to be drawn, and booklets that name them: hidden units have sheets of their own."""
    lessons = lessons_of(plan.protocol.training, plan.protocol.question)
    jobs = [_lesson_job(plan, n) for n in range(len(lessons))]
    votes = plan.protocol.votes, plan.protocol.audit_votes
    for unit, pair in plan.units.items():
        audit = unit in plan.audit
        key = _key_unit(pair, [s.arm for s in pair.shown], audit=audit)
        jobs.append(
            _job(plan, unit, pair, list(range(len(pair.shown))), key,
                 votes=votes[audit], audit=audit)
        )  # fmt: skip
    hidden: dict[str, _Job] = {}
    booklets = [
        lessons + [_with_own_unit(plan, slot, hidden) for slot in slots] for slots in plan.booklets
    ]
    return jobs + list(hidden.values()), booklets


def _with_own_unit(plan: Plan, slot: Slot, hidden: dict[str, _Job]) -> Slot:
    """Give a placebo or catch the unit that shows it."""
    if slot.kind not in ("placebo", "catch"):
        return slot
    name = f"h{digest_by(plan.secret, slot.kind, slot.unit):016x}"
    if name not in hidden:
        pair = plan.units[slot.unit]
        cell = digest_by(plan.secret, "which", slot.kind, slot.unit) % 2
        arm = pair.shown[cell].arm
        if slot.kind == "placebo":
            key = _key_unit(pair, [arm, arm], cells=[cell, cell])
            hidden[name] = _job(plan, name, pair, [cell, cell], key, identical=True)
        else:
            worse = digest_by(plan.secret, "spoil", slot.unit) % 2
            arms = [SPOILT if n == worse else INTACT for n in (0, 1)]
            key = _key_unit(pair, arms, cells=[cell, cell])
            hidden[name] = _job(plan, name, pair, [cell, cell], key, spoilt=worse)
    return replace(slot, unit=name)


def _key_unit(
    pair: Pair, arms: list[str], *, cells: list[int] | None = None, audit: bool = False
) -> KeyUnit:
    shown = pair.shown if cells is None else [pair.shown[c] for c in cells]
    return KeyUnit(
        pair=pair.id,
        prompt_id=pair.prompt.id,
        category=pair.prompt.category,
        audit=audit,
        cells=tuple(
            Cell(item=s.item, offer=s.offer, arm=arm) for s, arm in zip(shown, arms, strict=True)
        ),
    )


def _job(
    plan: Plan, unit: str, pair: Pair, cells: list[int], key: KeyUnit, *,
    votes: int = 0, identical: bool = False, spoilt: int | None = None, audit: bool = False,
) -> _Job:  # fmt: skip
    paths = [pair.shown[cell].path for cell in cells]
    beside = [one.path for n, one in enumerate(pair.shown) if n not in cells]
    return _Job(
        unit=unit,
        prompt=pair.prompt.digest,
        text=pair.prompt.text,
        category=pair.prompt.category,
        draw=_drawing(plan, unit, paths, spoilt, beside),
        key=key,
        votes=votes,
        identical=identical,
        spoilt=spoilt,
        audit=audit,
    )


def _drawing(
    plan: Plan, unit: str, sides: list[Any], worse: int | None, beside: Sequence[Path] = ()
) -> Callable[[], Sheet]:
    write = clip_sheet if plan.protocol.modality == "video" else picture_sheet
    changes = [] if worse is None else [spoilt if n == worse else as_it_is for n in (0, 1)]
    salt = plan.secret + unit.encode()
    return lambda: write(sides, plan.protocol.size, salt, changes, beside)


def _lesson_job(plan: Plan, n: int) -> _Job:
    lesson = LESSONS[n]
    clip = plan.protocol.modality == "video"
    sides = [lesson.clip(side) if clip else lesson.picture(side) for side in (0, 1)]
    return _Job(
        unit=f"t{n}",
        prompt=f"t{n}",
        text=lesson.prompt,
        category=TRAINING_CATEGORY,
        draw=_drawing(plan, f"t{n}", sides, None),
        key=None,
        identical=lesson.spoilt is None,
        spoilt=lesson.spoilt,
    )


def _key(plan: Plan, truth: Mapping[str, KeyUnit], sources: Mapping[str, Any]) -> ArmKey:
    return ArmKey(
        session_id=plan.protocol.session_id,
        protocol_digest=plan.protocol.digest,
        units=truth,
        same_model=tuple(
            {"pair": pair.id, "prompt_id": pair.prompt.id, "offer": pair.shown[0].offer}
            for pair in plan.chosen.same_model
        ),
        sources=sources,
    )
