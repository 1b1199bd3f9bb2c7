"""The shipped conformance suite passes what is right and names what is not."""

from __future__ import annotations

import dataclasses
import functools
import math

import pytest
from fakes.seller import FakeSeller, RememberingSeller, offer

from qfloor.generators.protocol import Accepted, Artifact, Ended, Request
from qfloor.records import Prompt
from qfloor.testing import check_generator


def requests(folder, *texts):
    bought = offer("one", folder)
    return [
        Request(key=f"k{i}", prompt=Prompt(id=f"p{i}", text=text, category="general"),
                offer=bought, repeat=0, round="r", seed=i)
        for i, text in enumerate(texts)
    ]  # fmt: skip


@pytest.mark.parametrize("cls", [FakeSeller, RememberingSeller])
@pytest.mark.parametrize("jobs", [True, False])
def test_a_good_seller_passes(cls, jobs, tmp_path):
    calls = iter(range(99))

    def build(offers, state_dir):
        next(calls)
        return cls(offers, state_dir, str(state_dir / "remote"), jobs=jobs)

    check_generator(build, requests(tmp_path, "a", "b", "c #refused_input"))


OK = Ended(reason="ok", artifact=Artifact(content=b"x", media_type="image/png"))
BAD = [
    (Ended(reason="moderated"), "unknown reason 'moderated'"),
    (Ended(reason="ok"), "'ok' came without media"),
    (dataclasses.replace(OK, reason="outage"), "'outage' came with media"),
    (dataclasses.replace(OK, amount_nanousd=0.5), "no whole number of nano-USD"),
    (dataclasses.replace(OK, charged="maybe"), "charged = 'maybe'"),
    (dataclasses.replace(OK, seconds_run=math.nan), "seconds_run = nan"),
    (Ended(reason="outage"), "no request was made"),
    (None, "not NoneType"),
]


@pytest.mark.parametrize(("answer", "message"), BAD)
def test_a_bad_answer_is_named(answer, message, tmp_path):
    class Bad(FakeSeller):
        async def submit(self, request):
            return answer

    with pytest.raises(AssertionError, match=message):
        check_generator(functools.partial(Bad, remote=str(tmp_path)), requests(tmp_path, "a"))


def test_broken_promises_are_named(tmp_path):
    asked = requests(tmp_path, "a")

    class Forgets(RememberingSeller):
        async def lookup(self, request):
            return None

    class Shifts(FakeSeller):
        async def collect(self, job):
            self.polls += 1
            return dataclasses.replace(
                OK, artifact=Artifact(content=b"%d" % self.polls, media_type="")
            )

    class NotPlain(FakeSeller):
        async def submit(self, request):
            return Accepted(job="handle")

    class Blocking(FakeSeller):
        def submit(self, request):
            return OK

    for cls, message in (
        (Forgets, "lookup forgot k0"),
        (Shifts, "same media"),
        (NotPlain, "handle is a JSON object"),
        (Blocking, "submit must be a coroutine"),
        (lambda offers, state_dir, remote: object(), "needs submit, poll, collect and close"),
    ):
        with pytest.raises(AssertionError, match=message):
            check_generator(functools.partial(cls, remote=str(tmp_path / message[:6])), asked)
