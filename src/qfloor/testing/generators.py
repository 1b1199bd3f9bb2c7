"""`check_generator`: what every generator must keep, ready to be run on yours.

    from qfloor.testing import check_generator
    check_generator(MyGenerator, requests)

Give a seller that costs nothing to ask (a fake on loopback): each request is submitted, and a
few twice over fresh instances. Each check stands alone (`GENERATOR_CHECKS`).
"""

from __future__ import annotations

import asyncio
import inspect
import json
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from qfloor.generators.protocol import (
    Accepted,
    Declines,
    Ended,
    Generator,
    LooksUp,
    Ready,
    Request,
    Running,
)
from qfloor.media import inspect as inspect_media
from qfloor.records import REASONS, Offer, canonical_json

Factory = Callable[[Sequence[Offer], Path], Any]
Check = Callable[[Factory, Sequence[Request], Path], Coroutine[Any, Any, None]]
POLLS = 10_000


def check_generator(factory: Factory, requests: Sequence[Request]) -> None:
    """Run every check of `GENERATOR_CHECKS`, each with a state folder of its own.

    Parameters
    ----------
    factory : callable
        Builds the generator from offers and a state folder, e.g. the class itself, or
        ``functools.partial`` of it with its arguments; called several times.
    requests : sequence of Request
        At least one that the seller makes; refused ones and blanks among them find more.

    Raises
    ------
    AssertionError
        In one sentence: which promise was not kept.
    """
    assert requests, "give at least one request"
    for check in GENERATOR_CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(check(factory, requests, Path(folder)))


def _offers(requests: Sequence[Request]) -> list[Offer]:
    return list({r.offer.id: r.offer for r in requests}.values())


async def check_is_a_generator(factory: Factory, requests: Sequence[Request], folder: Path) -> None:
    """It is built from offers and a folder, its verbs are coroutines, and it can be closed."""
    generator = factory(_offers(requests), folder)
    assert isinstance(generator, Generator), "a generator needs submit, poll, collect and close"
    for verb in ("submit", "poll", "collect", "close", "lookup", "cancel"):
        method = getattr(generator, verb, None)
        assert method is None or inspect.iscoroutinefunction(method), f"{verb} must be a coroutine"
    if isinstance(generator, Declines):
        said = generator.declines(requests[0])
        assert said is None or isinstance(said, str), "declines says why in words, or None"
    await generator.close()


async def check_answers_are_well_formed(
    factory: Factory, requests: Sequence[Request], folder: Path
) -> None:
    """Every request comes to an `Ended` that keeps the contract, and one at least is made."""
    generator = factory(_offers(requests), folder)
    reasons = []
    for request in requests:
        ended = await _to_the_end(generator, request)
        check_ended(ended)
        reasons.append(ended.reason)
        if ended.artifact is not None:
            media = ended.artifact.content if ended.artifact.path is None else ended.artifact.path
            assert media is not None, "an artifact has content or a path"
            seen = inspect_media(media, ended.artifact.media_type, request.prompt.modality)
            assert seen.reason != "wrong_modality", f"asked for {request.prompt.modality}: {seen}"
    await generator.close()
    assert "ok" in reasons, f"no request was made: {reasons}"


async def check_jobs_survive_a_restart(
    factory: Factory, requests: Sequence[Request], folder: Path
) -> None:
    """A job handle is plain JSON; another instance can poll it and collect it, twice the same."""
    for request in requests:
        first = factory(_offers(requests), folder)
        answer = await first.submit(request)
        await first.close()
        if not isinstance(answer, Accepted):
            continue
        job = _job(answer)
        second = factory(_offers(requests), folder)
        ended = await _follow(second, job)
        again = await _follow(second, job)
        await second.close()
        check_ended(ended)
        assert ended.reason == again.reason, "polling and collecting may be repeated freely"
        assert _bytes(ended) == _bytes(again), "collecting twice must give the same media"


def _bytes(ended: Any) -> bytes | None:
    media = ended.artifact
    if media is None or media.path is None:
        return None if media is None else media.content
    return Path(media.path).read_bytes()


async def check_keys_are_remembered(
    factory: Factory, requests: Sequence[Request], folder: Path
) -> None:
    """A seller that looks up keys knows none before a request and the job after it, for good."""
    generator = factory(_offers(requests), folder)
    remembers = isinstance(generator, LooksUp)
    for request in requests if remembers else ():
        before = await generator.lookup(request)
        assert before is None or isinstance(before, Accepted), "lookup gives Accepted or None"
        answer = await generator.submit(request)
        found = await generator.lookup(request)
        if isinstance(answer, Accepted) or answer.reason == "ok":
            assert isinstance(found, Accepted), f"lookup forgot {request.key} after submit"
            later = factory(_offers(requests), folder)
            assert await later.lookup(request) == found, "lookup must survive a restart"
            check_ended(await _follow(later, _job(found)))
            await later.close()
    await generator.close()


def check_ended(ended: Any) -> None:
    """Assert that a last word keeps the contract of `qfloor.generators.protocol.Ended`."""
    assert isinstance(ended, Ended), f"the last word is Ended, not {type(ended).__name__}"
    assert ended.reason in REASONS, f"unknown reason {ended.reason!r}; known: {', '.join(REASONS)}"
    has = ended.artifact is not None
    assert has == (ended.reason == "ok"), f"{ended.reason!r} came with{'' if has else 'out'} media"
    media: Any = ended.artifact
    assert media is None or (media.content is None) != (media.path is None), (
        "an artifact has content or a path, one of the two"
    )
    assert ended.charged in ("yes", "no", "unknown"), f"charged = {ended.charged!r}"
    amount: Any = ended.amount_nanousd
    whole = amount is None or (type(amount) is int and amount >= 0)
    assert whole, f"amount_nanousd = {amount!r} is no whole number of nano-USD"
    assert isinstance(ended.report, Mapping), "the report is a JSON object"
    canonical_json(ended.report)
    for name in ("seconds_run", "seconds_queue", "retry_after_s"):
        value = getattr(ended, name)
        assert value is None or 0 <= value < 1e9, f"{name} = {value!r}"


async def _to_the_end(generator: Any, request: Request) -> Any:
    answer = await generator.submit(request)
    return await _follow(generator, _job(answer)) if isinstance(answer, Accepted) else answer


async def _follow(generator: Any, job: Mapping[str, Any]) -> Any:
    for _ in range(POLLS):
        answer = await generator.poll(job)
        if isinstance(answer, Ready):
            return await generator.collect(job)
        if isinstance(answer, Ended):
            return answer
        assert isinstance(answer, Running), f"poll gave {type(answer).__name__}"
        wait_s = answer.retry_after_s or 0.0
        assert wait_s >= 0, "retry_after_s is a number of seconds"
        await asyncio.sleep(min(wait_s, 0.01))
    raise AssertionError(f"a job did not end within {POLLS} polls")


def _job(answer: Accepted) -> Any:
    """The handle as the ledger gives it back."""
    assert isinstance(answer.job, Mapping), "a job handle is a JSON object"
    return json.loads(canonical_json(answer.job))


GENERATOR_CHECKS: tuple[Check, ...] = (
    check_is_a_generator,
    check_answers_are_well_formed,
    check_jobs_survive_a_restart,
    check_keys_are_remembered,
)
