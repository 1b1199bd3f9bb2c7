"""The painters as a seller: asynchronous, forgetting nothing, never called twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import qfloor
from qfloor.errors import SetupError
from qfloor.generators.builtin import generator as generator_module
from qfloor.generators.builtin.atelier import Atelier, _ask, _end, _start
from qfloor.generators.builtin.calllog import CallLog, calls
from qfloor.generators.builtin.defects import defects_of
from qfloor.generators.builtin.generator import PainterGenerator
from qfloor.generators.builtin.jobs import Job
from qfloor.generators.builtin.offers import offers
from qfloor.generators.builtin.painters import PAINTERS
from qfloor.generators.builtin.work import Commission, plan
from qfloor.generators.protocol import Accepted, Ended, Generator, LooksUp, Ready, Request
from qfloor.media import inspect
from qfloor.prices import check_rule
from qfloor.records import REASONS, Prompt, canonical_json, output_id

OFFERS = {offer.model: offer for offer in PainterGenerator.catalogue()}


def request_of(text, name="ochre", modality="image", repeat=0, **fields):
    prompt = Prompt(id="p-1", text=text, category="product-photo", modality=modality, **fields)
    offer = OFFERS[name]
    key = output_id(prompt, offer, repeat, "2026-11")
    return Request(key=key, prompt=prompt, offer=offer, repeat=repeat, round="2026-11", seed=0)


async def bought(generator, request):
    answer = await generator.submit(request)
    assert isinstance(answer, Accepted)
    ready = await generator.poll(answer.job)
    return ready if isinstance(ready, Ended) else await generator.collect(answer.job)


def run(work, state, workers=0):
    async def whole():
        generator = PainterGenerator(list(OFFERS.values()), state, workers=workers)
        try:
            return await work(generator)
        finally:
            await generator.close()

    return asyncio.run(whole())


def test_it_is_a_generator_that_looks_up(tmp_path):
    async def work(generator):
        assert isinstance(generator, Generator)
        assert isinstance(generator, LooksUp)

    run(work, tmp_path)


def test_a_request_is_accepted_logged_painted_and_found_again(tmp_path):
    request = request_of("two red mugs on a wooden table")

    async def first(generator):
        assert await generator.lookup(request) is None
        return await bought(generator, request)

    async def again(generator):
        found = await generator.lookup(request)
        assert found is not None
        assert isinstance(await generator.poll(found.job), Ready)
        return await generator.collect(found.job)

    made = run(first, tmp_path)
    assert made.reason == "ok"
    assert made.artifact is not None
    assert made.amount_nanousd == 3_000_000
    assert made.charged == "yes"
    assert made == run(again, tmp_path)
    assert Counter(row["key"] for row in calls(tmp_path)) == {request.key: 1}


def test_the_report_is_plain_has_the_log_and_hides_the_skill(tmp_path):
    made = run(lambda g: bought(g, request_of("a mug", name="vermilion")), tmp_path)
    text = canonical_json(made.report)
    assert defects_of(made.report)
    assert "not an AI model" in text
    assert not any(word in text for word in ("skill", "finish", "slips", "probability"))


def test_refusals_end_at_the_first_poll_and_cost_nothing(tmp_path):
    async def work(generator):
        return [
            await bought(generator, request_of(f"a red mug number {n}", name="indigo"))
            for n in range(30)
        ]

    ended = [e for e in run(work, tmp_path) if e.reason == "refused_input"]
    assert 1 <= len(ended) <= 12
    assert all(e.artifact is None and e.amount_nanousd == 0 for e in ended)
    assert {e.reason for e in ended} <= set(REASONS)


@pytest.mark.parametrize(
    ("asked", "delivered"), [(None, 2.0), (3.0, 3.0), (9.0, 9.0), (10.0, 10.0)]
)
def test_a_clip_is_as_long_as_asked_and_charged_by_the_second(tmp_path, asked, delivered):
    request = request_of("a cat bounces", name="sepia", modality="video", seconds=asked)
    made = run(lambda g: bought(g, request), tmp_path)
    assert made.artifact is not None
    assert made.artifact.media_type == "video/webm"
    seen = inspect(made.artifact.content, "video/webm", "video")
    assert seen.seconds == pytest.approx(delivered, abs=0.01)
    assert made.report["seconds_asked"] == asked
    assert made.report["seconds_delivered"] == delivered
    assert made.amount_nanousd == round(delivered * 20_000_000)


def test_offers_say_how_long_their_painters_clips_may_be():
    for offer in offers():
        painter = PAINTERS[offer.model]
        most = offer.capabilities.max_seconds
        assert most == (painter.max_seconds if painter.modality == "video" else None)
        asked = Commission(text="a cat bounces", seconds=most, modality=painter.modality)
        planned = plan(asked, painter, offer_id=offer.id)
        assert most is None or planned.frames == most * painter.fps


def test_the_wrong_modality_is_not_sold(tmp_path):
    async def work(generator):
        return await generator.submit(request_of("a cat", name="sepia"))

    ended = run(work, tmp_path)
    assert isinstance(ended, Ended)
    assert ended.reason == "unsupported"
    assert list(calls(tmp_path)) == []


def test_an_offer_without_a_painter_is_a_setup_error(tmp_path):
    from dataclasses import replace

    with pytest.raises(SetupError, match="no painter 'picasso'"):
        PainterGenerator([replace(OFFERS["ochre"], model="picasso")], tmp_path)


def test_worker_processes_paint_the_same_bytes(tmp_path, monkeypatch):
    request = request_of("a green vase on a marble counter", name="cobalt")
    threads = run(lambda g: bought(g, request), tmp_path / "a", workers=0)
    monkeypatch.setattr(generator_module, "Atelier", partial(Atelier, few=0))
    processes = run(lambda g: bought(g, request), tmp_path / "b", workers=1)
    assert threads == processes


def test_a_few_pictures_are_no_reason_to_start_a_process():
    atelier = Atelier(workers=1, few=2)
    picture = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat",
                  modality="image")  # fmt: skip
    here = [atelier.submit(picture).result() for _ in range(2)]
    assert atelier._all == []
    assert atelier.submit(picture).result() == here[0] == here[1]
    assert len(atelier._all) == 1
    atelier.close()
    clips = Atelier(workers=1, few=2)
    clip = replace(picture, painter="sepia", modality="video", seconds=1.0)
    assert clips.submit(clip).result()
    assert len(clips._all) == 1
    assert clips.submit(picture).result() == here[0]  # by the worker that is there
    clips.close()


def test_a_dead_worker_loses_no_job():
    atelier = Atelier(workers=1, few=0)
    job = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat", modality="image")
    first = atelier.submit(job).result()
    atelier._all[0].kill()
    atelier._all[0].wait()
    assert atelier.submit(job).result() == first  # painted here, and the worker is replaced
    assert atelier.submit(job).result() == first
    assert len(atelier._all) == 1
    atelier.close()


def test_an_interrupt_is_the_parents_to_answer():
    """A terminal sends Ctrl-C to the workers as well: they end with their pipe, without a word."""
    atelier = Atelier(workers=1, few=0)
    job = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat", modality="image")
    first = atelier.submit(job).result()
    (worker,) = atelier._all
    worker.send_signal(signal.SIGINT)
    assert atelier.submit(job).result() == first
    assert atelier._all == [worker]
    assert worker.poll() is None
    atelier.close()


ORPHAN = """
import os, sys
from qfloor.generators.builtin.atelier import Atelier
from qfloor.generators.builtin.jobs import Job
atelier = Atelier(workers=1, few=0)
job = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat", modality="image")
atelier.submit(job).result()
print(atelier._all[0].pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal")
def test_an_interrupt_while_a_worker_is_only_starting_is_none_of_its():
    """It ended with a traceback, into the sentence that the parent told."""
    job = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat", modality="image")
    worker = _start()
    worker.send_signal(signal.SIGINT)  # long before it has come to ignore it by itself
    assert _ask(worker, job).startswith(b"\x89PNG")
    _end(worker)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_workers_end_when_their_parent_is_killed():
    root = str(Path(qfloor.__file__).parents[1])
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    for _ in range(1200):
        if not _alive(worker):
            return
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    raise AssertionError("the worker outlived its parent")


def test_a_worker_whose_parent_was_killed_while_it_painted_ends_without_a_word():
    """It was a traceback of a broken pipe, on the terminal where the next run was begun."""
    job = Job(offer_id="o", painter="ochre", repeat=0, round="r", text="a cat", modality="image")
    nobody, answers = os.pipe()
    os.close(nobody)
    with os.fdopen(answers, "wb") as stdout:
        worker = subprocess.run(
            [sys.executable, "-m", "qfloor.generators.builtin.atelier"], stdout=stdout,
            input=json.dumps(job.plain()).encode() + b"\n", stderr=subprocess.PIPE, timeout=240,
            env={**os.environ, "PYTHONPATH": str(Path(qfloor.__file__).parents[1])}, check=False,
        )  # fmt: skip
    assert (worker.returncode, worker.stderr) == (0, b"")


def _alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_the_call_log_survives_half_a_line_and_other_writers(tmp_path):
    log = CallLog(tmp_path)
    log.record("a", {"x": 1})
    with log.path.open("ab") as file:
        file.write(b'{"key": "b", "x"')
    other = CallLog(tmp_path)
    other.record("c", {"x": "\ud800ü"})
    assert log.job("a") == {"x": 1}
    assert log.job("b") is None
    assert log.job("c") == {"x": "\ud800ü"}
    assert [row["key"] for row in calls(tmp_path)] == ["a", "c"]


def test_half_a_line_of_another_process_swallows_nothing_of_a_log_that_is_open(tmp_path):
    log = CallLog(tmp_path)
    log.record("a", {"x": 1})
    with log.path.open("ab") as file:  # killed between two pages of memory
        file.write(b'{"key": "b", "x"')
    log.record("c", {"x": 2})
    assert CallLog(tmp_path).job("c") == {"x": 2}
    assert [row["key"] for row in calls(tmp_path)] == ["a", "c"]


def test_offers_are_priced_honest_and_one_a_painter():
    assert set(OFFERS) == set(PAINTERS)
    for offer in OFFERS.values():
        assert offer.id == f"painters/{offer.model}"
        assert "not an AI model" in offer.notes
        assert offer.price is not None
        check_rule(offer.price)
        assert offer.latency_s["p95"] > offer.latency_s["p50"] > 0


def test_a_job_that_cannot_be_painted_costs_no_worker():
    atelier = Atelier(workers=1, few=0)
    job = Job(
        offer_id="painters/ochre", painter="nobody", repeat=0, round="r", text="a mug",
        modality="image",
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(RuntimeError, match="nobody"):
            atelier.submit(job).result()
    atelier.close()
