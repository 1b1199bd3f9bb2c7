"""What an audit looks at below the findings: names of rows, media bytes, the ledger, the plan."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qfloor.benchmark import Benchmark
from qfloor.pipeline.audit.check import Check, none_of, same
from qfloor.pipeline.rounds.judging import RoundView
from qfloor.records import (
    Event,
    FrozenPlan,
    Metric,
    Offer,
    Output,
    Prompt,
    Status,
    canonical_json,
    digest_of,
    output_id,
)
from qfloor.store import Store
from qfloor.store.rows import decode_record
from qfloor.whole import sha256_of

_LABELS = ("category", "modality", "family", "split", "language", "text")


def identities(
    store: Store, view: RoundView, offers: Sequence[Offer], imported: bool
) -> list[Check]:
    """Check that prompts, offers, outputs and metrics still are what their names say."""
    found = [
        _named(store, "prompts named by their content", "prompts", Prompt, "digest", _LABELS),
        _offers(store, view, offers, imported),
        _named(store, "metric identities", "metrics", Metric, "key", ("name",)),
    ]
    return found if imported else [_outputs(store, view, offers), *found]


def _named(
    store: Store, check: str, table: str, cls: type, key: str, columns: tuple[str, ...]
) -> Check:
    """Rows that hold a record: it must be what its key says, and the columns what it says.

    Frames and policies of media read the columns, findings the record.
    """
    rows = store.rows(f"SELECT {key}, record, {', '.join(columns)} FROM {table}")
    wrong = []
    for name, text, *told in rows:
        record: Any = decode_record(cls, text)
        faults = _columns(name, record, dict(zip(columns, told, strict=True)))
        if (now := getattr(record, key)) != name:
            faults.insert(0, f"{getattr(record, 'id', name)}: now {now}, kept as {name}")
        if faults:
            wrong.append("; ".join(faults))
    return none_of(check, len(rows), table.removesuffix("s"), wrong)


def _columns(name: str, record: Any, columns: Mapping[str, Any]) -> list[str]:
    """What columns beside a record say otherwise than it does."""
    return [
        f"{name}: its column {column} is {value}, its record says {said}"
        for column, value in columns.items()
        if value != (said := getattr(record, column))
    ]


def _offers(store: Store, view: RoundView, offers: Sequence[Offer], imported: bool) -> Check:
    """An offer's row holds its price: it must be what its digest says, and what was judged.

    Of a bought round the offers come from the benchmark that was kept with the run. The rows that
    its outputs were bought under are looked at here only, so a change of theirs moves no number.
    """
    rows = store.rows("SELECT id, digest, record, model, provider FROM offers ORDER BY seq")
    kept: dict[str, set[str]] = defaultdict(set)
    wrong = []
    for identity, digest, text, model, provider in rows:
        record = decode_record(Offer, text)
        kept[identity].add(canonical_json(record))
        now = hashlib.sha256(text.encode("utf-8")).hexdigest()[: len(digest)]
        if now != digest:
            wrong.append(f"{identity}: now {now}, kept as {digest}")
        elif faults := _columns(identity, record, {"model": model, "provider": provider}):
            wrong.append("; ".join(faults))
    bought = set() if imported else {output.offer_id for output in view.outputs}
    wrong += [
        f"{offer.id}: judged as another offer (price, settings, version) than the store has"
        for offer in offers
        if offer.id in bought and canonical_json(offer) not in kept[offer.id]
    ]
    return none_of("offers named by their content", len(rows), "offer", wrong)


def _outputs(store: Store, view: RoundView, offers: Sequence[Offer]) -> Check:
    """What was asked for names an output, and its money by offer and round is read from there."""
    by_id = {offer.id: offer for offer in offers}
    rows = store.rows("SELECT output_id, prompt_digest, offer_id, repeat, round FROM requests")
    kept = {name: tuple(asked) for name, *asked in rows}
    wrong = []
    for o in view.outputs:
        asked = output_id(view.prompts[o.prompt_digest], by_id[o.offer_id], o.repeat, o.round)
        if asked != o.id:
            wrong.append(f"{o.id}: its request is {asked}")
        elif kept.get(o.id) != (o.prompt_digest, o.offer_id, o.repeat, o.round):
            told = ", ".join(map(str, kept.get(o.id, ("kept nowhere",))))
            wrong.append(f"{o.id}: its request is {told}")
    return none_of("outputs named by their request", len(view.outputs), "output", wrong)


def media(store: Store, outputs: Sequence[Output]) -> Check:
    """Check the bytes of every made output against the SHA-256 its row names."""
    used = {o.media_sha256: o for o in outputs if o.media_sha256 is not None}
    missing, changed = [], []
    for sha256, output in sorted(used.items()):
        path = store.media.find(sha256)
        if path is None:
            missing.append(f"{_of(output)}: media {sha256} is missing")
        elif (now := sha256_of(path)) != sha256:
            changed.append(f"{_of(output)}: media {sha256} was changed, its bytes are {now}")
    check = none_of("media files by SHA-256", len(used), "file", [*changed, *missing])
    if not missing or changed:
        return check
    return Check(**{**vars(check), "verdict": "missing"})


def _of(output: Output) -> str:
    return f"{output.offer_id} on {output.prompt_id} ({output.id})"


def ledger(store: Store, benchmark: Benchmark, outputs: Sequence[Output]) -> list[Check]:
    """Check that nothing was bought twice in the round, and that what was made was bought."""
    ids = {o.id for o in outputs}
    made: dict[str, set[int]] = defaultdict(set)
    n_rows = 0
    for attempt in store.attempts_of(round=benchmark.round):
        if attempt.output_id in ids:
            n_rows += 1
            if attempt.event is Event.ENDED and attempt.status is Status.MADE:
                made[attempt.output_id].add(attempt.n)
    twice = [
        f"output {i}: made by attempts {', '.join(map(str, sorted(found)))}"
        for i, found in sorted(made.items())
        if len(found) > 1
    ]
    twice += _asked_twice(store, benchmark, outputs)
    checks = [none_of("nothing bought twice in the round", n_rows, "ledger row", twice)]
    if benchmark.imported:
        return checks
    wanted = [o for o in outputs if o.status is Status.MADE]
    unbought = [f"{_of(o)}: made, but the ledger knows nothing of it"
                for o in wanted if o.id not in made]  # fmt: skip
    return [*checks, none_of("made outputs in the ledger", len(wanted), "output", unbought)]


def _asked_twice(store: Store, benchmark: Benchmark, outputs: Sequence[Output]) -> Iterator[str]:
    """The same request of the same offer under two names: two outputs where one was planned."""
    places: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for o in store.outputs_of(round=benchmark.round, offers={o.offer_id for o in outputs}):
        if o.status is Status.MADE:
            places[o.prompt_digest, o.offer_id, o.repeat].append(o.id)
    for (_, offer_id, repeat), found in sorted(places.items()):
        if len(found) > 1:
            yield f"{offer_id}, repeat {repeat}: made as {' and '.join(sorted(found))}"


def frozen_plan(
    store: Store,
    benchmark: Benchmark,
    view: RoundView,
    published: Mapping[str, Any],
    at: str | None,
) -> list[Check]:
    """Check the frozen plan against what was published of it and against the first score."""
    plan = store.frozen_plan(benchmark.name, benchmark.round)
    told = published.get("digest", "none") if published else "none"
    if plan is None:
        return [same("frozen plan", told, "none")]
    if not plan.is_sound:
        now = f"{digest_of(plan.content)}, kept as {plan.digest}"
        return [same("frozen plan", told, now, *_changed(published, plan))]
    checks = [same("frozen plan", told, plan.digest, *_changed(published, plan))]
    if told != "none":
        checks.append(same("time of the frozen plan", at, plan.at))
    return [*checks, _before(store, plan, view)]


def _changed(published: Mapping[str, Any], plan: FrozenPlan) -> Iterator[str]:
    from qfloor.pipeline.rounds.frozen import differences

    plain = json.loads(json.dumps(plan.content))
    for difference in differences(published.get("content", {}), plain):
        yield f"published: {difference}"


def _before(store: Store, plan: FrozenPlan, view: RoundView) -> Check:
    """The plan must be older than every score and rating it was not to know."""
    first = store.first_judged(plan.round)
    if first is None:
        return Check(
            check="frozen before the first score",
            expected="a time of the round's first score",
            found="none was noted",
            verdict="missing",
        )
    ids = {o.id for o in view.outputs}
    given = [r.at for r in store.ratings_of() if r.at is not None and r.output_id in ids]
    early = min(given, default=first)
    late = plan.at >= first or (early[:19] < plan.at[:19] and bool(given))
    why = (f"a rating says it was given at {early}",) if given and early[:19] < plan.at[:19] else ()
    return Check(
        check="frozen before the first score",
        expected=f"before {min(first, early)}",
        found=f"{plan.at}, {plan.outputs_before} outputs made by then",
        verdict="DIFFERS" if late else "ok",
        details=why,
    )
