"""Every scenario for every adapter: status, reason, charge and number of POSTs, from one table."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from importlib.util import find_spec

import pytest
from fakes.providers.drive import POLICY, drive, one
from fakes.providers.engine import KEY
from fakes.providers.matrix import CASES, KEY_ENV, ORACLES, Case, case
from fakes.providers.table import TABLE, THREADS, Row, cells, row

from qfloor.generators.protocol import Cancels
from qfloor.plugins import build_generator, installed
from qfloor.records import Event

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
LANDED = {n for n, p in installed("qfloor.generators").items() if find_spec(p.module)}
HERE = [c for c in CASES if c.provider in LANDED]
FIRST = {c.provider: c for c in reversed(CASES)}  # the others of a provider: make verify


def _param(case: Case, *more) -> object:
    marks = [] if case is FIRST[case.provider] else [pytest.mark.slow]
    words = ", ".join([case.id, *(r.word for r in more)])
    return pytest.param(case, *more, id=words, marks=marks)


CELLS = [_param(c, r) for c, r in cells() if c.provider in LANDED]
ALL = [_param(c) for c in HERE]
JOBS = [_param(c) for c in HERE if "jobs" in c.traits]


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv(KEY_ENV, KEY)


def _clean(fake) -> None:
    """The fake understood every call, and no key went anywhere but to the API."""
    assert fake.strays == []
    assert fake.api.broken == []
    assert fake.cdn.broken == []
    assert fake.leaks == []


def _check(came, fake, row: Row, tmp_path) -> None:
    said = f"{came.output.status}/{came.output.reason}: {came.output.report}"
    assert came.output.reason in row.reasons, said
    assert came.output.status.value in row.statuses
    assert fake.creates == row.posts, said
    if row.charged != "any":
        assert came.last.charged == row.charged, said
    if row.charged in ("yes", "no"):
        assert came.billed_nanousd == sum(e.amount_nanousd for e in fake.ledger), said
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes(), file
    _clean(fake)


@pytest.mark.parametrize(("case", "row"), CELLS)
def test_scenario(case: Case, row: Row, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with case.start() as fake:
        came = one(tmp_path, case, fake, row.word)
        _check(came, fake, row, tmp_path)
        assert KEY not in caplog.text
        if row.word == "other_model":
            assert came.output.report.get("model_mismatch"), came.output.report
        for seconds in (came.output.seconds_run, came.output.seconds_queue):
            assert seconds is None or 0 <= seconds < 3600, "a clock of the seller's was believed"


@pytest.mark.parametrize("case", ALL)
def test_silence_after_the_request(case: Case, tmp_path):
    with case.start() as fake:
        # time enough to send the request on a busy machine; it is always waited for to the end
        came = one(tmp_path, case, fake, "hang", args={"timeout_s": 1.0})
        _check(came, fake, Row("hang", ("timeout_ambiguous",), "unknown"), tmp_path)
        came = one(tmp_path, case, fake, "hang", args={"timeout_s": 1.0})
        assert fake.creates == 1  # a next run does not send again
        assert came.output.status.value in ("unknown", "made")  # made: who can be asked


@pytest.mark.parametrize("case", [_param(c) for c in HERE if "url" in c.traits])
def test_a_stream_without_end(case: Case, tmp_path):
    """Nobody announced how long it would be: it is cut off at the cap and kept as unreadable."""
    with case.start() as fake:
        came = one(tmp_path, case, fake, "flood", args={"max_bytes": 200_000})
        _check(came, fake, Row("flood", ("undecodable",), "yes"), tmp_path)


@pytest.mark.parametrize("case", JOBS)
def test_a_job_past_the_deadline_is_resumed(case: Case, tmp_path):
    with case.start() as fake:
        came = one(tmp_path, case, fake, "never")
        _check(came, fake, Row("never", ("poll_deadline",), "unknown"), tmp_path)
        fake.released = True
        came = one(tmp_path, case, fake, "never")
        _check(came, fake, Row("never", ("ok",), "yes"), tmp_path)


@pytest.mark.parametrize("case", JOBS)
def test_cancelling_what_is_finished_is_no_error(case: Case, tmp_path):
    with case.start() as fake:
        came = one(tmp_path, case, fake, "happy")
        job = next(a.job for a in came.rows if a.event is Event.ACCEPTED)
        offer = case.offer(fake)
        generator = build_generator(offer.generator, [offer], tmp_path / "g")
        if not isinstance(generator, Cancels):
            pytest.skip("this seller's jobs cannot be cancelled")

        async def cancel():
            await generator.cancel(job)
            await generator.close()

        asyncio.run(cancel())
        _clean(fake)


@pytest.mark.parametrize("thread", list(THREADS))
def test_what_users_complained_of(thread, tmp_path):
    where, word = THREADS[thread]
    asked = case(where)
    expected = row(word)
    assert expected.applies(asked), f"{thread}: {where} knows no {word}"
    with asked.start() as fake:
        _check(one(tmp_path, asked, fake, word), fake, expected.for_case(asked), tmp_path)


@pytest.mark.parametrize("case", ALL)
def test_a_key_that_is_not_there(case: Case, tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_ENV)
    with case.start() as fake:
        came = one(tmp_path, case, fake, "happy")
        assert came.output.reason == "auth"
        assert fake.calls == []


def test_many_side_by_side(tmp_path):
    """Forty prompts of one offer at once: each answer belongs to its own prompt."""
    fal = case("fal-schnell")
    with fal.start() as fake:
        prompts = [fal.prompt(f"mug number {i}", id=f"p{i}") for i in range(40)]
        offers = [fal.offer(fake, concurrency=16)]
        came = drive(tmp_path, offers, prompts, policy=POLICY)
        assert {c.output.reason for c in came.values()} == {"ok"}
        assert len({c.output.media_sha256 for c in came.values()}) == 40
        assert fake.creates == 40
        with sqlite3.connect(next(tmp_path.rglob("store.db"))) as store:
            assert store.execute("pragma integrity_check").fetchone() == ("ok",)
        _clean(fake)


def test_the_table_reaches_every_case():
    """No scenario is for nobody, and no case of the matrix is without its happy path."""
    assert all(any(r.applies(c) for c in CASES) for r in TABLE)
    assert {c.id for c, r in cells() if r.word == "happy"} == {c.id for c in CASES}
    assert {c.provider for c in CASES} == set(ORACLES)
