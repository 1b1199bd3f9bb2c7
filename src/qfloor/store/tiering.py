"""Media by policy: what a policy would do, and doing it.

A move is a copy that is read back, then a row, then the removal; a deletion is a row and then the
removal. Killed anywhere in between, nothing is lost, and the next run of the policy finishes what
was begun. What this module does not know: how a policy is written (`tier_policy`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qfloor.errors import StoreError
from qfloor.store.media_files import MediaFiles
from qfloor.store.media_place import Media, place_of, places_of, read_media
from qfloor.store.settings import read_settings, write_settings
from qfloor.store.store import Store
from qfloor.store.tier_policy import Action, TierPolicy, TierRule
from qfloor.store.tiers import Named, Tiering

_KEEPING: dict[Action, int] = {"keep": 0, "move": 1, "delete": 2}
_TOGETHER = 100
"""Files that are copied or noted before the first of them is removed."""

_Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a policy does with one file."""

    sha256: str
    bytes: int
    action: Action
    rule: str
    to: str | None = None
    media_type: str = ""


@dataclass(frozen=True, kw_only=True)
class TierPlan:
    """What a policy would do.

    ``spared`` counts files that a deleting rule fits and that it may not touch, by (rule, why).
    """

    policy: str
    steps: tuple[Step, ...]
    kept: int
    kept_bytes: int
    spared: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row a rule and action: how many files, how many bytes."""
        found: dict[tuple[str, str, str | None], list[int]] = {}
        for step in self.steps:
            count = found.setdefault((step.rule, step.action, step.to), [0, 0])
            count[0] += 1
            count[1] += step.bytes
        return [
            {"rule": rule, "action": action, "to": to, "files": n, "bytes": size}
            for (rule, action, to), (n, size) in found.items()
        ]


def plan_tiers(store: Store, policy: TierPolicy, now: dt.datetime) -> TierPlan:
    """Say what a policy would do with the media that lie here; nothing is changed.

    A file that several outputs name goes the way of the one that keeps it most.
    """
    sizes: dict[str, int] = {}
    lying: dict[str, set[str]] = defaultdict(set)
    for place in places_of(store.media):
        for one in place.lying():
            sizes[one.sha256] = one.size
            lying[one.sha256].add(place.where)
    named: dict[str, list[Named]] = defaultdict(list)
    for output in store.named_media():
        named[output.sha256].append(output)
    rounds = sorted({one.round for outputs in named.values() for one in outputs}, reverse=True)
    steps, spared = [], dict[tuple[str, str], int]()
    for sha256, outputs in named.items():
        if sha256 not in sizes:
            continue
        rulings = [_ruling(policy.rules, one, rounds, now) for one in outputs]
        action, rule, why = min(rulings, key=lambda ruling: _KEEPING[ruling[0]])
        if rule is not None and why:
            spared[rule.name, why] = spared.get((rule.name, why), 0) + 1
        if rule is None or action == "keep" or (action == "move" and lying[sha256] == {rule.to}):
            continue
        steps.append(
            Step(
                sha256=sha256, bytes=sizes[sha256], action=action, rule=rule.name, to=rule.to,
                media_type=outputs[0].media_type,
            )
        )  # fmt: skip
    kept = set(sizes) - {step.sha256 for step in steps}
    return TierPlan(
        policy=policy.digest,
        steps=tuple(steps),
        kept=len(kept),
        kept_bytes=sum(sizes[sha256] for sha256 in kept),
        spared=spared,
    )


def _ruling(
    rules: Sequence[TierRule], one: Named, rounds: Sequence[str], now: dt.datetime
) -> tuple[Action, TierRule | None, str]:
    """The action for one output, the rule that decides, and why a deleting one may not."""
    for rule in rules:
        if not rule.fits(one, now=now, newest=rounds[: rule.keep_rounds or 0]):
            continue
        if rule.action == "delete" and not one.free and not rule.including_paid:
            return "keep", rule, "paid for, and the rule does not say including_paid = true"
        if rule.action == "delete" and not one.judged and not rule.including_unjudged:
            return "keep", rule, "never judged, and the rule does not say including_unjudged = true"
        return rule.action, rule, ""
    return "keep", None, ""


def apply_tiers(
    store: Store, plan: TierPlan, now: dt.datetime, progress: _Progress | None = None
) -> int:
    """Do what a plan says and return how many bytes were freed or moved.

    The caller holds the store for writing.

    Raises
    ------
    StoreError
        When a place is out of reach or a copy does not read back; what was not copied whole is
        not removed.
    """
    goals = _goals(store, plan.steps)
    done = 0
    for start in range(0, len(plan.steps), _TOGETHER):
        together = plan.steps[start : start + _TOGETHER]
        for step in together:
            if step.to is not None:
                _copy(store, step, goals[step.to])
        store.save_tierings(_noted(plan, together, now))
        for step in together:
            for place in places_of(store.media):
                if place.where != (goals[step.to].where if step.to else None):
                    place.remove(step.sha256)
        done += len(together)
        if progress is not None:
            progress(done, len(plan.steps))
    return sum(step.bytes for step in plan.steps)


def _goals(store: Store, steps: Iterable[Step]) -> dict[str, Media]:
    """Open the places that media move to, and first of all make readers look there."""
    settings = read_settings(store.root)
    near = MediaFiles(store.root / "media")
    wanted = list(dict.fromkeys(step.to for step in steps if step.to is not None))
    goals = {url: place_of(url, settings, near) for url in wanted}
    known = {settings.url, *settings.also}
    added = tuple(url for url in wanted if url not in known)
    if added:
        settings = replace(settings, also=(*settings.also, *added))
        write_settings(store.root, settings)
        store.reopen_media()
    return goals


def _copy(store: Store, step: Step, goal: Media) -> None:
    if not goal.has(step.sha256):
        goal.put(read_media(store.media, step.sha256), step.media_type)
    if goal.digest(step.sha256) != step.sha256:
        raise StoreError(
            f"media {step.sha256} did not read back from {goal.where}; nothing of it was removed"
        )


def _noted(plan: TierPlan, steps: Iterable[Step], now: dt.datetime) -> list[Tiering]:
    at = now.isoformat(timespec="seconds")
    return [
        Tiering(
            sha256=step.sha256, event="moved" if step.to else "deleted", place=step.to,
            bytes=step.bytes, policy=plan.policy, rule=step.rule, at=at,
        )
        for step in steps
    ]  # fmt: skip
