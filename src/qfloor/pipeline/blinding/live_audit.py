"""Live audit: a share of what a gateway served, against a baseline, judged blind by people.

`draw_traffic` reads a gateway's log and never writes it. Only requests whose operator keeps
prompts (opted in) can be drawn; which, is decided by a hash of their ids that knows nothing of
their content, so a second draw at a larger share holds the first. `make_baseline` buys the other
arm within a budget. `watch_sessions` keeps bounds that hold however often one looks.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor import generate
from qfloor.abtest.answers import Answer
from qfloor.abtest.key import default_path
from qfloor.abtest.pairs import Pair, Shown
from qfloor.abtest.plan import AnalysisPlan, plan_of
from qfloor.abtest.protocol import REFERENCE, ROUTED, read_protocol
from qfloor.abtest.raters import raters_of
from qfloor.abtest.unblinding import unblind
from qfloor.abtest.votes import votes_of
from qfloor.abtest.watch import DiscriminabilityWatch, FailWatch, WatchState
from qfloor.errors import BudgetError, SessionError
from qfloor.pipeline.blinding.blind import ArmOutputs
from qfloor.read_only import opened_to_read
from qfloor.records import Offer, Output, Prompt, Status, aspect_ratio_of
from qfloor.store import Store
from qfloor.store.media_files import MediaFiles

_LOG = (
    "SELECT id, at, prompt, category, plausible, modality, language, need, served_offer "
    "FROM decisions WHERE outcome = 'made' AND endpoint != 'route' AND at >= ? "
    "AND serving IN ('decided', 'fallback') ORDER BY at, id"
)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Requests that were drawn: prompt and what was served, and why others were not."""

    prompts: tuple[Prompt, ...]
    served: Mapping[str, Shown]
    left_out: Mapping[str, int]


def is_drawn(request_id: str, share: float) -> bool:
    """Whether a request is in the sample: by its id alone."""
    digest = hashlib.sha256(f"audit\x1f{request_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2.0**64


def draw_traffic(gateway: Path, share: float, *, since: str = "", modality: str = "image") -> Drawn:
    """Draw served requests of a gateway's log.

    Parameters
    ----------
    gateway : Path
        The gateway's folder, with ``gateway.db`` and its media.
    share : float
        Of the served requests, above 0 and up to 1.
    since : str
        ISO 8601 moment of the first that counts.
    modality : {"image", "video"}
        What a session shows.

    Raises
    ------
    SessionError
        When there is no log, or the share is none.
    """
    if not 0.0 < share <= 1.0:
        raise SessionError(f"share is {share:g}, must lie above 0 and up to 1")
    path = gateway / "gateway.db"
    if not path.is_file():
        raise SessionError(f"{gateway} has no gateway.db; name the gateway's folder")
    try:
        with opened_to_read(path, in_use=True) as log:
            rows = log.execute(_LOG, (since,)).fetchall()
            outputs = _outputs(log)
    except sqlite3.DatabaseError as error:
        raise SessionError(f"{path} cannot be read as a gateway's log: {error}") from error
    media = MediaFiles(gateway / "media")
    prompts: list[Prompt] = []
    served: dict[str, Shown] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        if row[5] != modality:
            left_out["another modality"] += 1
        elif row[2] is None:
            left_out["prompt not kept"] += 1
        elif not is_drawn(row[0], share):
            left_out["not drawn"] += 1
        elif (found := _served(row, outputs, media)) is None:
            left_out["output no longer kept"] += 1
        else:
            prompts.append(found[0])
            served[found[0].digest] = found[1]
    return Drawn(prompts=tuple(prompts), served=served, left_out=dict(left_out))


def _outputs(log: sqlite3.Connection) -> dict[str, list[Mapping[str, Any]]]:
    """Made outputs of the gateway by their offer."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    sql = "SELECT record FROM outputs WHERE media_sha256 IS NOT NULL ORDER BY at, id"
    for (text,) in log.execute(sql):
        record = json.loads(text)
        found[record["offer_id"]].append(record)
    return found


def _served(
    row: Sequence[Any], outputs: Mapping[str, list[Mapping[str, Any]]], media: MediaFiles
) -> tuple[Prompt, Shown] | None:
    """The prompt of a request and the output that answered it, by the digest it was made under."""
    request, _, text, category, plausible, modality, language, need, offer = row
    asked = json.loads(need)
    labels = {
        "text": text,
        "category": category or (json.loads(plausible) or ["general"])[0],
        "modality": modality,
        "aspect_ratio": asked.get("aspect_ratio") or _ratio(asked.get("size")),
        "seconds": asked.get("seconds"),
        "language": language or "en",
    }
    for n, record in enumerate(outputs.get(offer, ())):
        made_as = Prompt(id=record["prompt_id"], **labels)
        path = media.find(record["media_sha256"])
        if made_as.digest == record["prompt_digest"] and path is not None:
            outputs[offer].pop(n)  # one output answers one request
            prompt = Prompt(id=f"live-{request}", source="live", family=text, **labels)
            return prompt, Shown(item=record["id"], path=path, offer=offer, arm=ROUTED)
    return None


def _ratio(size: str | None) -> str | None:
    """``1024x768`` as ``4:3``, as the gateway asks sellers for it."""
    if size is None:
        return None
    width, _, height = size.partition("x")
    return aspect_ratio_of(int(width), int(height))


def make_baseline(
    store: Store, drawn: Drawn, offer: Offer, *, round: str, budget_nanousd: int | None
) -> tuple[ArmOutputs, int]:
    """Buy the baseline's outputs for as many drawn prompts as the budget surely covers.

    Returns
    -------
    (ArmOutputs, int)
        The baseline's arm, and how many drawn prompts the budget did not reach.

    Raises
    ------
    BudgetError
        When it does not reach for one.
    """
    prompts = affordable(store, drawn.prompts, offer, round=round, budget_nanousd=budget_nanousd)
    if drawn.prompts and not prompts:
        raise BudgetError(f"the budget does not cover one output of {offer.id}; nothing was bought")
    generate.generate(
        prompts, [offer], store=store, round=round, budget_nanousd=budget_nanousd,
        allow_unpriced=budget_nanousd is None,
    )  # fmt: skip
    shown: dict[tuple[str, int], Shown] = {}
    missing: dict[tuple[str, int], str] = {}
    wanted = {prompt.digest: prompt for prompt in prompts}
    for output in store.outputs_of(round=round, offers=[offer.id]):
        if output.prompt_digest in wanted:
            _sort(store, output, shown, missing)
    for digest in set(wanted) - {d for d, _ in (*shown, *missing)}:
        missing[digest, 0] = "baseline not made"
    arm = ArmOutputs(
        stands_for=f"{offer.id}, made for the audit", prompts=wanted, shown=shown, missing=missing
    )
    return arm, len(drawn.prompts) - len(prompts)


def _sort(
    store: Store,
    output: Output,
    shown: dict[tuple[str, int], Shown],
    missing: dict[tuple[str, int], str],
) -> None:
    place = (output.prompt_digest, 0)
    if output.status is Status.MADE and output.media_sha256 is not None:
        path = store.media_path(output.media_sha256)
        shown[place] = Shown(item=output.id, path=path, offer=output.offer_id, arm=REFERENCE)
    else:
        missing[place] = f"baseline {output.status.value}"


def affordable(
    store: Store, prompts: Sequence[Prompt], offer: Offer, *, round: str,
    budget_nanousd: int | None,
) -> tuple[Prompt, ...]:  # fmt: skip
    """The first prompts whose worst case fits the budget, with what the round cost before."""
    if budget_nanousd is None:
        return tuple(prompts)
    kept = list(prompts)
    while kept:
        plan = generate.plan_generation(kept, [offer], 1, round, store)
        if plan.unpriced and plan.calls:
            plan.check_budget(budget_nanousd)  # says whose price is not known
        room = budget_nanousd - plan.spent_nanousd - plan.held_nanousd
        if not plan.calls or plan.worst_nanousd <= room:
            break
        each = plan.worst_nanousd / plan.calls
        fits = max(0, int(room / each)) + len(kept) - plan.calls
        kept = kept[: min(fits, len(kept) - 1)]
    return tuple(kept)


def audit_pairs_of(drawn: Drawn, baseline: ArmOutputs) -> tuple[list[Pair], dict[str, int]]:
    """Served outputs beside the baseline's; counted are those without one."""
    pairs: list[Pair] = []
    left_out: Counter[str] = Counter(drawn.left_out)
    for prompt in drawn.prompts:
        digest = prompt.digest
        other = baseline.shown.get((digest, 0))
        if other is None:
            left_out[baseline.missing.get((digest, 0), "beyond the budget")] += 1
        else:
            pairs.append(Pair(id=prompt.id, prompt=prompt, shown=(drawn.served[digest], other)))
    return pairs, dict(left_out)


def watch_sessions(
    sessions: Iterable[Path], *, limit_fail: float, limit_pd: float | None = None,
    keys: Mapping[Path, Path] | None = None, early: str | None = None,
) -> list[WatchState]:  # fmt: skip
    """Bounds over all of an audit's sessions, in their order; each is unblinded, and logged so.

    Without the raters whom each session's plan leaves out: who clicks at random sees no difference
    and would keep an alarm silent.

    Parameters
    ----------
    sessions : iterable of Path
        Folders, oldest first.
    limit_fail : float
        Share of served outputs that may be called unusable.
    limit_pd : float, optional
        Net discriminability that may not be exceeded; by default the first plan's ``pd0``.
    keys : mapping, optional
        Arm keys that do not lie beside their sessions.
    early : str, optional
        Why sessions whose planned votes are not in are ended all the same.

    Returns
    -------
    list of WatchState
        Of fails and of discriminability.

    Raises
    ------
    SessionError
        As `unblind`, or when a session asks only a part of the trials whether sides are usable.
    """
    fails: FailWatch | None = None
    seen: DiscriminabilityWatch | None = None
    named = list(sessions)
    for session in named:  # before one of them is ended
        _check_all_asked(session)
    for session in named:
        place = (keys or {}).get(session, default_path(session.expanduser().resolve()))
        protocol, answers = unblind(session, place, early=early)
        fails = fails or FailWatch(limit_fail, protocol.alpha)
        seen = seen or DiscriminabilityWatch(limit_pd or protocol.pd0, protocol.alpha)
        kept = attentive(answers, plan_of(protocol))
        seen.take(kept)
        for share in fail_shares(kept):
            fails.update(share)
    if fails is None or seen is None:
        raise SessionError("name at least one session to watch")
    return [fails.state, seen.state]


def _check_all_asked(session: Path) -> None:
    """Refuse a session that asks few but those who saw a difference: fails would be many."""
    asked = read_protocol(session.expanduser()).ask_when_none
    if asked < 1.0:
        raise SessionError(
            f"{session} asks {100 * asked:g} % of votes without a difference whether sides are "
            "usable, so its fails cannot be watched; draw it with `qfloor audit draw`"
        )


def attentive(answers: Sequence[Answer], plan: AnalysisPlan) -> list[Answer]:
    """Answers of the raters whom the plan does not leave out."""
    given = [a for a in answers if a.response != "skip" and a.kind != "training"]
    if not given:
        return []
    out = {row.rater for row in raters_of(votes_of(given), plan) if row.left_out}
    return [answer for answer in answers if answer.rater_id not in out]


def fail_shares(answers: Sequence[Answer]) -> list[float]:
    """Share of raters who call a served output unusable, pair by pair in order of first votes."""
    said: dict[str, list[float]] = {}
    for answer in answers:
        if answer.kind != "test":
            continue
        usable = answer.left_usable if answer.left_arm == ROUTED else answer.right_usable
        if usable is not None:
            said.setdefault(answer.pair_id, []).append(0.0 if usable else 1.0)
    return [sum(votes) / len(votes) for votes in said.values()]
