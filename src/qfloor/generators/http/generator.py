"""`HttpGenerator`: the protocol's verbs, once, for every seller behind HTTP.

A provider's module fills in four small things: how to call (`call`), what a create's answer says
(`taken`), where a job is asked (`where`) and what its answer says (`standing`, `found`). Money,
keys, files, errors and what may be repeated are decided here, for all alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

from qfloor.errors import InputError, SetupError
from qfloor.generators.http.answers import Answer
from qfloor.generators.http.asking import Ask, model_of
from qfloor.generators.http.delivery import Delivery, Found
from qfloor.generators.http.families import Family
from qfloor.generators.http.keys import find_key, redactor
from qfloor.generators.http.money import in_nanousd
from qfloor.generators.http.outcomes import Shape, fault_of, reason_for
from qfloor.generators.http.urls import Guard, base_of, is_loopback
from qfloor.generators.http.waits import retry_after
from qfloor.generators.http.wire import Call, LostError, NotSentError, Wire
from qfloor.generators.protocol import DOWNLOADS, Accepted, Ended, Ready, Request, Running
from qfloor.media import LIMITS
from qfloor.records import Offer, RateLimits

Job = Mapping[str, Any]


class HttpGenerator:
    """What every adapter is; see the module's docstring.

    Parameters
    ----------
    offers : sequence of Offer
        Those that will be asked for.
    state_dir : Path
        Downloads lie in ``downloads/`` in it until they are stored.
    base_url : str, optional
        Origin of the API; the provider's own by default.
    key_env : str, optional
        Name of the environment variable (or keyring entry) that holds the key.
    timeout_s : float, optional
        Most seconds that one HTTP exchange may take.
    poll_s : float, optional
        Seconds between polls; the driver's own backoff when not given.
    max_bytes : int, optional
        Most bytes of one picture or clip.
    media_hosts : list of str, optional
        Further hosts (patterns) that media may come from.
    transport : httpx.AsyncBaseTransport, optional
        In place of the network, for tests.
    unit_usd : str, optional
        What a unit costs this account, in USD, of a provider that counts units and no document
        prices (Kling); then what is charged is what it says, and not the offer's price rule.
    """

    PROVIDER: ClassVar[str] = ""
    ORIGIN: ClassVar[str] = ""
    KEY_ENV: ClassVar[str] = ""
    API_HOSTS: ClassVar[tuple[str, ...]] = ()
    MEDIA_HOSTS: ClassVar[tuple[str, ...]] = ()
    FAMILIES: ClassVar[tuple[Family, ...]] = ()
    SHAPES: ClassVar[tuple[Shape, ...]] = ()
    STATES: ClassVar[Mapping[str, str]] = {}  # a job's state -> running, ready, failed, expired
    STATE_AT: ClassVar[tuple[str, ...]] = ("status",)
    LIMITS: ClassVar[RateLimits | None] = None
    TIMEOUT_S: ClassVar[float] = 120.0
    COUNTS_UNITS: ClassVar[bool] = False  # units that no document prices

    def __init__(
        self,
        offers: Sequence[Offer],
        state_dir: Path,
        base_url: str | None = None,
        key_env: str | None = None,
        timeout_s: float | None = None,
        poll_s: float | None = None,
        max_bytes: int | None = None,
        media_hosts: list[str] | None = None,
        transport: Any = None,
        unit_usd: str | None = None,
    ) -> None:
        self._offers = {offer.id: offer for offer in offers}
        self.key_env = self.KEY_ENV if key_env is None else key_env
        self.poll_s = poll_s
        self.unit_usd = self._unit(unit_usd)
        if not (base_url or self.ORIGIN):
            raise InputError(f"generator {self.PROVIDER!r} needs a base_url")
        origin, base = base_of(base_url or self.ORIGIN)
        guard = Guard(
            base=origin,
            api_hosts=() if is_loopback(origin.host) else self.API_HOSTS,
            media_hosts=(*self.MEDIA_HOSTS, *(media_hosts or ())) if self.MEDIA_HOSTS else (),
        )
        self.wire = Wire(
            base,
            guard,
            Path(state_dir) / DOWNLOADS,
            timeout_s=self.TIMEOUT_S if timeout_s is None else timeout_s,
            max_bytes=LIMITS.max_bytes if max_bytes is None else max_bytes,
            redact=self._redact,
            transport=transport,
        )
        self._delivery = Delivery(self.wire, self._offers, self._redact)

    def _unit(self, unit_usd: str | None) -> str | None:
        if unit_usd is None:
            return None
        if not self.COUNTS_UNITS:
            raise InputError(f"generator {self.PROVIDER!r} counts no units: leave out unit_usd")
        if in_nanousd(1, unit_usd) is None:
            raise InputError(f"unit_usd is {unit_usd!r}, must be an amount in USD such as '0.14'")
        return unit_usd

    # -- what a provider fills in ------------------------------------------------------------

    def call(self, ask: Ask) -> Call:
        """Put a request into the call that may cost money."""
        raise NotImplementedError

    def taken(self, answer: Answer, ask: Ask) -> Job | Found | Ended:
        """Read a successful create: a job's handle, media, or a last word."""
        raise NotImplementedError

    def where(self, job: Job) -> Call:
        """Say where a job is asked for."""
        raise NotImplementedError

    def found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read the result of a ready job."""
        raise NotImplementedError

    def standing(self, answer: Answer, job: Job) -> Running | Ready | Ended:
        """Read how a job stands; a state that is not known yet is still running."""
        state = str(answer.first(*self.STATE_AT) or "")
        means = self.STATES.get(state.lower(), "running")
        if means == "ready":
            return Ready()
        if means == "failed":
            return self.failed(answer, job)
        if means == "expired":
            return Ended(reason="job_expired", detail=f"the job is {state}")
        return Running(retry_after_s=self.poll_s, detail=state)

    def failed(self, answer: Answer, job: Job) -> Ended:
        """Read why an accepted job failed; money as the answer tells it."""
        return self.fault(answer, status=0)

    def auth(self, key: str) -> dict[str, str]:
        """Give the headers that carry the key."""
        return {"authorization": f"Bearer {key}"}

    def codes(self, answer: Answer) -> tuple[str, ...]:
        """Give codes that an answer's headers hold."""
        return ()

    def request_id(self, answer: Answer) -> str | None:
        """Give the provider's name of this exchange."""
        for name in ("x-request-id", "x-fal-request-id", "request-id", "x-requestid"):
            if answer.headers.get(name):
                return answer.headers[name]
        return None

    # -- the protocol ------------------------------------------------------------------------

    def declines(self, request: Request) -> str | None:
        """Say what the model does not do at all; an unknown model is asked."""
        model, modality = model_of(request), request.prompt.modality
        family = self.family(request)
        if family is None:
            return f"no {modality} model of {self.PROVIDER} is called {model}"
        asked = request.prompt.seconds
        if family.durations and asked is not None and asked > family.durations[-1]:
            return f"{model} makes clips of at most {family.durations[-1]:g} s"
        most = family.most_characters
        if most is not None and len(request.prompt.text) > most:
            return f"{model} reads at most {most} characters"
        return None

    def limits(self) -> RateLimits | None:
        """Documented limits of an account."""
        return self.LIMITS

    def lacks(self) -> str | None:
        """Say that there is no key, or that the keyring is not kept safe."""
        try:
            if self.key_env:
                find_key(self.key_env)
        except SetupError as error:
            return str(error)
        return None

    async def submit(self, request: Request) -> Accepted | Ended:
        """Ask for one output, once."""
        family = self.family(request)
        if family is None:
            return Ended(reason="unsupported", detail=self.declines(request) or "", charged="no")
        ask = Ask(request, family)
        try:
            auth = await self._auth()
            answer = await self.wire.create(self.call(ask), auth)
        except SetupError as error:
            return Ended(reason="auth", detail=str(error), charged="no")
        except NotSentError as error:
            return Ended(reason="not_sent", detail=str(error), charged="no")
        except LostError as error:
            return Ended(reason="timeout_ambiguous", detail=str(error), report=ask.about())
        if not answer.ok:
            return self._not_taken(answer, ask)
        try:
            said = self.taken(answer, ask)
        except Exception as error:  # an answer of a shape nobody has seen: it may be charged
            said = self.odd(answer, f"{type(error).__name__}: {error}")
        return await self._settled(said, answer, ask)

    async def poll(self, job: Job) -> Running | Ready | Ended:
        """Ask how a job stands."""
        if "found" in job:
            return Ready()
        answer = await self.wire.read(self.where(job), await self._auth())
        return self._unread(answer) or self.standing(answer, job)

    async def collect(self, job: Job) -> Ended:
        """Fetch what a job made."""
        found = await self._found(job)
        if isinstance(found, Ended):
            return found
        return await self._delivery.deliver(found, job, await self._auth() if found.keyed else {})

    async def close(self) -> None:
        """Close every connection."""
        await self.wire.close()

    # -- shared with the providers' modules --------------------------------------------------

    def family(self, request: Request) -> Family | None:
        """Give the family that a request's model belongs to."""
        model, modality = model_of(request), request.prompt.modality
        return next((f for f in self.FAMILIES if f.has(model, modality)), None)

    def seconds_asked(self, request: Request) -> float | None:
        """Length that a clip will be asked at, which is what it costs; None for pictures."""
        family = self.family(request)
        if family is None or family.modality != "video":
            return None
        return Ask(request, family).seconds()

    def fault(self, answer: Answer, *, status: int | None = None, **more: Any) -> Ended:
        """Turn an error answer into the last word; ``status`` 0 stands for a failed job."""
        fault = fault_of(answer, self.codes(answer))
        if status is not None:
            fault = type(fault)(status=status, codes=fault.codes, message=fault.message)
        shape = reason_for(fault, self.SHAPES)
        told = {"reason": shape.reason, "charged": shape.charged, **more}
        report = {
            "code": next(iter(fault.codes), None),
            "http_status": answer.status,
            "request_id": self.request_id(answer),
            **dict(told.pop("report", {})),
        }
        if shape.reason == "provider_error":
            report["raw"] = answer.text[:1_000]
        kept = {name: value for name, value in report.items() if value is not None}
        detail = fault.message or f"HTTP {answer.status}"
        return Ended(
            detail=self._redact(detail), report=self._redact(kept),
            retry_after_s=retry_after(answer), **told,
        )  # fmt: skip

    def odd(self, answer: Answer, why: str) -> Ended:
        """An answer that is not of the contract: nobody knows what it cost."""
        return Ended(
            reason="malformed_answer",
            detail=self._redact(f"{why}; HTTP {answer.status}: {answer.text[:300]}"),
            report={"http_status": answer.status},
        )

    # -- inside ------------------------------------------------------------------------------

    async def _auth(self) -> dict[str, str]:
        return self.auth(find_key(self.key_env)) if self.key_env else {}

    def _redact(self, value: Any) -> Any:
        try:
            key = find_key(self.key_env) if self.key_env else ""
        except SetupError:
            key = ""
        return redactor(key)(value)

    def _not_taken(self, answer: Answer, ask: Ask) -> Ended:
        """A create that was not answered with success: was it surely not taken?"""
        in_doubt = answer.status >= 500 and not (answer.status == 503 and answer.is_structured)
        ended = self.fault(answer, report=ask.about())
        if not in_doubt and ended.reason != "timeout_ambiguous":
            return ended if ended.reason != "capacity" else replace(ended, charged="no")
        return replace(ended, reason="timeout_ambiguous", charged="unknown", retry_after_s=None)

    async def _settled(
        self, said: Job | Found | Ended, answer: Answer, ask: Ask
    ) -> Accepted | Ended:
        about = {**ask.about(), "request_id": self.request_id(answer)}
        head = {
            "offer": ask.offer.id,
            "about": self._redact({k: v for k, v in about.items() if v is not None}),
        }
        if isinstance(said, Found):
            if said.content or not said.url:
                return await self._delivery.deliver(said, head)
            plain = {k: v for k, v in asdict(said).items() if k != "content"}
            return Accepted(job={**head, "found": plain})
        if isinstance(said, Ended):
            return replace(said, report={**head["about"], **said.report})
        return Accepted(job={**head, **said})

    def _unread(self, answer: Answer) -> Running | Ended | None:
        """What a poll's status alone says; None when the body is to be read."""
        if answer.ok and isinstance(answer.json, dict):
            return None
        if answer.status in (404, 410):
            ended = self.fault(answer)
            return replace(ended, reason="job_expired", charged="unknown", retry_after_s=None)
        if answer.status == 429:
            return Running(retry_after_s=retry_after(answer) or self.poll_s, detail="throttled")
        raise LostError(self._redact(f"HTTP {answer.status}: {answer.text[:200]}"))

    async def _found(self, job: Job) -> Found | Ended:
        if "found" in job:
            return Found(**job["found"])
        answer = await self.wire.read(self.where(job), await self._auth())
        stands = self._unread(answer) or self.standing(answer, job)
        if isinstance(stands, Ended):
            return stands
        if isinstance(stands, Running):
            raise LostError(f"the job is {stands.detail} again")
        return self.read_found(answer, job)

    def read_found(self, answer: Answer, job: Job) -> Found | Ended:
        """Read a result; one of a shape nobody has seen is a last word too."""
        try:
            return self.found(answer, job)
        except Exception as error:
            return self.odd(answer, f"{type(error).__name__}: {error}")
