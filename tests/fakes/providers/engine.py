"""What all fake sellers share: jobs, a ledger of their own, scenarios, and chaos on demand.

A scenario is a word in the prompt (``a red mug #limited_once``) or told beforehand
(``fake.next("reset")``). The ledger is the seller's own truth: what it took, for which prompt, and
what it charged, whatever the buyer came to know of it. Media lie on a second port: a key that is
seen there has leaked.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, ClassVar, Literal

from fakes.providers import media
from fakes.providers.chaos import Calm
from fakes.providers.wire import Call, Loopback, Reply

WORD = re.compile(r"#([a-z0-9_]+)")
KEY = "planted-7f3a9c-never-to-be-seen-again"
RULE_NANOUSD = {"image": 40_000_000, "video": 300_000_000}  # what the price page says
TOLD_NANOUSD = {"image": 50_000_000, "video": 350_000_000}  # what those tell who tell a cost

# before anything is accepted: kind of error -> HTTP status, unless a seller has its own
STATUSES = {
    "unauthorised": 401, "unpaid": 402, "forbidden": 403, "gone": 404, "bad_field": 422,
    "limited": 429, "limited_once": 429, "limited_date_once": 429, "retired": 400,
    "create_moved": 307, "limited_bare_once": 429, "quota": 429,
    "down": 503, "down_once": 503, "broken": 500, "unknown_job": 404, "too_late": 409,
}  # fmt: skip
SHAPES = {"retired": "bad_field", "limited_date_once": "limited"}  # said as these are
SAYS = {
    "unauthorised": f"Incorrect API key provided: {KEY}. You can find your key on our site.",
    "broken": f"Internal error while serving a request with key {KEY}",  # they do that
    "retired": "model: this model has been deprecated and was retired on 2026-10-23",
}
MEDIA = {
    "black": "black", "bomb": "bomb", "html_media": "page", "zero_frames": "no_frames",
    "wrong_modality": "wrong_modality", "cut_media": "cut_short", "untyped": "untyped",
}  # fmt: skip
ELSEWHERE = {
    "foreign": "http://169.254.169.254/latest/meta-data/picture.png",
    "stranger": "https://media.example.com/picture.png",
    "local_file": "file:///etc/hostname",
}
ENDS = ("refused_input", "refused_output", "failed", "refunded", "partner_down", "empty")
Stage = Literal["queued", "running", "strange", "done", "failed", "refused_input",
                "refused_output", "empty"]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A valid request in a seller's own words."""

    prompt: str
    model: str
    modality: str = "image"
    seed: int | None = None
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """What a seller took."""

    id: str
    asked: Asked
    scenario: str
    waits: int
    polls: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    cancelled: bool = False
    finished: bool = False
    at: float = field(default_factory=time.time)

    def once(self, what: str) -> bool:
        """Whether this is the first time."""
        self.passed[what] += 1
        return self.passed[what] == 1


@dataclass
class Entry:
    """A line of the seller's ledger."""

    prompt: str
    model: str
    job: str
    scenario: str
    amount_nanousd: int


class Rejected(Exception):  # noqa: N818
    """The seller does not take this request."""

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(said or kind)
        self.kind, self.said = kind, said


Route = tuple[str, str, Callable[[Any, Call, re.Match[str]], Reply]]


class Fake:
    """A seller on loopback. Each family says how it is called and how it answers."""

    name: ClassVar[str]
    tells_cost: ClassVar[bool] = False
    refusals_cost: ClassVar[tuple[str, ...]] = ()
    statuses: ClassVar[dict[str, int]] = {}
    retry_after: ClassVar[bool] = True
    expired_status: ClassVar[int] = 403
    auth: ClassVar[tuple[str, str]] = ("authorization", "Bearer ")
    waits = 1

    def __init__(self, chaos: Any = None, jobs_wait: int | None = None) -> None:
        self.chaos = chaos or Calm()
        self.lock = threading.RLock()
        self.here = threading.local()
        self.jobs: dict[str, Job] = {}
        self.ledger: list[Entry] = []
        self.calls: list[tuple[str, str]] = []
        self.creates = 0
        self.strays: list[str] = []
        self.leaks: list[str] = []
        self.released = False
        self.told: deque[str] = deque()
        self.seen: Counter[tuple[str, str]] = Counter()
        if jobs_wait is not None:
            self.waits = jobs_wait
        self.api = Loopback(self._answer)
        self.cdn = Loopback(self._media)

    # -- what a family says ------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Method, path, and who answers."""
        raise NotImplementedError

    def problem(self, kind: str, status: int, said: str) -> Any:
        """An error's body in the seller's own shape."""
        raise NotImplementedError

    def answer(self, job: Job, stage: Stage) -> Reply:
        """How a job stands, as its poll (or at once, its create call) is answered."""
        raise NotImplementedError

    def accepted(self, job: Job) -> Reply:
        """What a create call is answered; a synchronous seller has the answer already."""
        return self.answer(job, self.end(job))

    def refusal(self, asked: Asked) -> Reply | None:
        """A refusal before anything is made, or None where it is told at the end."""
        return None

    # -- what a family uses ------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """Where the API is."""
        return self.api.origin

    def next(self, scenario: str) -> None:
        """Have the next create call go this way."""
        self.told.append(scenario)

    def error(self, kind: str, said: str = "") -> Reply:
        """An error answer."""
        if kind == "create_moved":
            return Reply(307, "", {"Location": f"{self.cdn.origin}/elsewhere"})
        status = self.statuses.get(kind, STATUSES[kind])
        headers = {}
        if kind.startswith("limited") and "bare" not in kind and self.retry_after:
            headers["Retry-After"] = formatdate(usegmt=True) if "date" in kind else "1"
        said = said or SAYS.get(kind, kind.replace("_", " "))
        return Reply(status, self.problem(SHAPES.get(kind, kind), status, said), headers)

    def create(self, asked: Asked) -> Reply:
        """Take a valid request, or not; the only place where money is made."""
        with self.lock:
            self.creates += 1
            place = (asked.model, asked.prompt)
            self.seen[place] += 1
            scenario = self._scenario(asked.prompt)
            fault, end = self.chaos.create(asked.prompt, self.seen[place])
            if scenario.endswith("_once") and scenario in STATUSES and self.seen[place] > 1:
                scenario = "happy"
            if scenario in STATUSES or fault in STATUSES:
                return self.error(scenario if scenario in STATUSES else fault)
            if scenario in ("page_502", "page_503"):  # a proxy's word, not the seller's
                return Reply(int(scenario[-3:]), media.PAGE)
            if fault == "reset_before":
                return Reply(fault="reset")
            if scenario == "refused_input" and (refusal := self.refusal(asked)) is not None:
                self._enter(asked, "", scenario)
                return refusal
            job = self._accept(asked, end or scenario)
        return self._disturbed(self.accepted(job), fault or scenario)

    def job(self, id: str) -> Job:
        """A job by its id, or the seller's 404."""
        with self.lock:
            job = self.jobs.get(id)
        if job is None or job.scenario == "vanish":
            raise Rejected("unknown_job", f"no job {id}")
        return job

    def poll(self, job: Job) -> Reply:
        """A job's turn: one step further, and what may go wrong with a GET."""
        with self.lock:
            first = job.once("asked")
            fault = self.chaos.read(job.asked.prompt, f"poll{job.passed['asked']}")
            if first and job.scenario == "poll_broken_once":
                fault = "broken"
            elif first and job.scenario == "poll_limited_once":
                fault = "limited_bare_once"
            elif first and job.scenario in ("poll_page_once", "poll_reset_once"):
                fault = job.scenario.split("_")[1]
            elif first and job.scenario == "poll_moved_once":
                fault = "create_moved"
            if fault in STATUSES:
                return self.error(fault)
            job.polls += 1
            stage = self._stage(job)
        return self._disturbed(self.answer(job, stage), fault)

    def end(self, job: Job) -> Stage:
        """How a job ends."""
        ended = job.scenario if job.scenario in ENDS else "done"
        return "failed" if ended in ("refunded", "partner_down") else ended  # type: ignore[return-value]

    def url(self, job: Job, index: int = 0) -> str:
        """Where a made file lies."""
        if job.scenario in ELSEWHERE:
            return ELSEWHERE[job.scenario]
        ending = "mp4" if job.asked.modality == "video" else "png"
        job.passed["signed"] += 1
        token = f"?v={job.passed['signed']}" if job.scenario == "expired_once" else ""
        return f"{self.cdn.origin}/{job.id}/{index}.{ending}{token}"

    def content(self, job: Job, index: int = 0) -> tuple[bytes, str]:
        """What was made: bytes and the type they are said to be."""
        kind = MEDIA.get(job.scenario, "")
        return media.served(kind, f"{job.asked.prompt}/{index}", job.asked.modality)

    def cost(self, job: Job) -> int | None:
        """What a seller that tells its cost tells for a job; None when it does not tell."""
        if not self.tells_cost or job.scenario == "cost_absent":
            return None
        return self._amount(job.asked, job.scenario)

    def count(self, job: Job) -> int:
        """How many items an answer has."""
        return 2 if job.scenario == "more_items" else 1

    def stop(self) -> None:
        """Close both ports."""
        self.api.stop()
        self.cdn.stop()

    def charged(self) -> Counter[str]:
        """Nano-USD charged by prompt."""
        found: Counter[str] = Counter()
        for entry in self.ledger:
            found[entry.prompt] += entry.amount_nanousd
        return found

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    # -- the machine -------------------------------------------------------------------------

    def authorised(self, call: Call) -> bool:
        """Whether the call bears the key as this seller wants it."""
        name, prefix = self.auth
        return call.headers.get(name) == f"{prefix}{KEY}"

    def _answer(self, call: Call) -> Reply:
        with self.lock:
            self.calls.append((call.method, call.path))
        self.here.path = call.path
        if not self.authorised(call):
            return self.error("unauthorised")
        for method, pattern, function in self.routes():
            match = re.fullmatch(pattern, call.path)
            if match and method == call.method:
                try:
                    return function(self, call, match)
                except Rejected as rejected:
                    return self.error(rejected.kind, rejected.said)
        with self.lock:
            self.strays.append(f"{call.method} {call.path}")
        return Reply(404, {"message": "no such route"})

    def _scenario(self, prompt: str) -> str:
        if self.told:
            return self.told.popleft()
        found = WORD.search(prompt)
        return found[1] if found else "happy"

    def _accept(self, asked: Asked, scenario: str) -> Job:
        waits = {"slow": 4, "strange_status": 2, "never": 10**9}.get(scenario, self.waits)
        job = Job(secrets.token_hex(16), asked, scenario, waits)
        self.jobs[job.id] = job
        self._enter(asked, job.id, scenario)
        return job

    def _enter(self, asked: Asked, job: str, scenario: str) -> None:
        amount = self._amount(asked, scenario)
        self.ledger.append(Entry(asked.prompt, asked.model, job, scenario, amount))

    def _amount(self, asked: Asked, scenario: str) -> int:
        if scenario in ("failed", "refunded", "partner_down"):
            return 0
        if scenario.startswith("refused") and scenario not in self.refusals_cost:
            return 0
        told = self.tells_cost and scenario != "cost_absent"
        return (TOLD_NANOUSD if told else RULE_NANOUSD)[asked.modality]

    def _stage(self, job: Job) -> Stage:
        if job.polls > job.waits or (job.scenario == "never" and self.released):
            job.finished = True
            return self.end(job)
        if job.scenario == "strange_status" and job.polls == 2:
            return "strange"
        return "queued" if job.polls == 1 else "running"

    def _disturbed(self, reply: Reply, fault: str) -> Reply:
        if fault in ("reset", "hang", "drip", "cut"):
            reply.fault = fault
        elif fault == "broken_after":
            return self.error("broken")
        elif fault in ("page", "html_create"):
            return Reply(200, media.PAGE)
        if fault == "extra_field" and isinstance(reply.body, dict):
            reply.body = {**reply.body, "x_new_in_2027": {"nested": [1, None]}}
        return reply

    def _media(self, call: Call) -> Reply:
        secret = [h for h, v in call.headers.items() if KEY in v]
        with self.lock:
            secret += ["query"] if KEY in str(call.query) else []
            self.leaks += [f"{where} of {call.path}" for where in secret]
            parts = call.path.strip("/").split("/")
            job = self.jobs.get(parts[-2]) if len(parts) > 1 else None
        if job is None or call.method != "GET":
            return Reply(404, "<html>not here</html>")
        return self._file(job, int(parts[-1].split(".")[0]), call)

    def _file(self, job: Job, index: int, call: Call) -> Reply:
        scenario = job.scenario
        with self.lock:
            fault = self.chaos.read(job.asked.prompt, f"media{job.passed['fetched']}")
            first = job.once("fetched")
        if scenario == "expired":
            return Reply(self.expired_status, "<html>Request has expired</html>")
        if scenario == "expired_once" and int(call.query.get("v", 0)) < 2:
            return Reply(self.expired_status, "<html>Request has expired</html>")
        if scenario == "redirected" and "/moved/" not in call.path:
            return Reply(302, "", {"Location": f"{self.cdn.origin}/moved{call.path}"})
        if scenario == "redirect_private":
            return Reply(302, "", {"Location": ELSEWHERE["foreign"]})
        if scenario == "redirect_loop":
            return Reply(302, "", {"Location": f"{self.cdn.origin}{call.path}"})
        content, kind = self.content(job, index)
        reply = Reply(200, content, {"Content-Type": kind})
        if scenario == "oversized":
            reply.fault = "endless"
        elif scenario == "flood":
            reply.fault = "flood"
        elif scenario == "cut_once" and first:
            reply.fault = "cut"
        elif fault in STATUSES:
            return Reply(STATUSES[fault], "<html>not now</html>")
        elif fault == "page":
            return Reply(200, media.PAGE)
        elif fault:
            reply.fault = fault
        return reply


def check_fields(
    body: Any, *, required: dict[str, type | tuple[type, ...]],
    optional: dict[str, type | tuple[type, ...]],
) -> dict[str, Any]:  # fmt: skip
    """Refuse a body that lacks a field, has one that is not known, or one of a wrong type."""
    if not isinstance(body, dict):
        raise Rejected("bad_field", "the body is not a JSON object")
    known = {**required, **optional}
    for name in required:
        if name not in body:
            raise Rejected("bad_field", f"{name}: field required")
    for name, value in body.items():
        if name not in known:
            raise Rejected("bad_field", f"{name}: extra fields not permitted")
        if isinstance(value, bool) and known[name] is int:
            raise Rejected("bad_field", f"{name}: not a number")
        if not isinstance(value, known[name]):
            raise Rejected("bad_field", f"{name}: wrong type {type(value).__name__}")
    return body


def one_of(body: dict[str, Any], name: str, values: tuple[Any, ...]) -> None:
    """Refuse a value outside an enumeration."""
    if name in body and body[name] not in values:
        raise Rejected("bad_field", f"{name}: {body[name]!r} is not one of {values}")
