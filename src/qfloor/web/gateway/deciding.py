"""From a body to a decision, and to the offers that will be asked in order.

The choice is `qfloor.router.choose`'s. Here is what a service adds: what ``model`` means, which
release decides, what an override, a shadow offer or a probe changes of who really serves.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, NamedTuple

from qfloor import router
from qfloor.errors import NeedError
from qfloor.meant import offer_meant
from qfloor.router.eligibility import eligible
from qfloor.router.health import HealthWindow
from qfloor.web.gateway.asked import Ask, Latency, RouteAsk, Routing, ignored
from qfloor.web.gateway.faults import Fault, nothing_eligible
from qfloor.web.gateway.keys import Key
from qfloor.web.gateway.picture import Arm, Picture
from qfloor.web.gateway.settings import Settings

Endpoint = Literal["images", "videos", "route"]
Serving = Literal["decided", "shadow", "probe", "fallback", "none"]
_AUTO: dict[str, str | None] = {"auto": None, "auto/image": "image", "auto/video": "video"}
_MADE_BY: dict[str, str | None] = {"images": "image", "videos": "video", "route": None}
_LONG = 1_000
"""Characters of a prompt above which its reading is not remembered: memory is bounded."""

_OWN_WORDS = ("prompt", "negative", "size", "aspect_ratio", "resolution", "seconds", "audio", "n",
              "modality")  # fmt: skip


class Decided(NamedTuple):
    """A request with its decision; ``offers`` are asked in this order."""

    request_id: str
    at: str
    endpoint: Endpoint
    key: Key
    ask: Ask
    arm: Arm
    need: router.Need
    decision: router.Decision
    decide_us: int
    offers: tuple[str, ...]
    serving: Serving
    baseline: str | None = None
    baseline_nanousd: int | None = None

    def price_of(self, offer_id: str) -> int | None:
        """Most that the whole call can cost at an offer."""
        return self.decision.request.price_of(offer_id)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Fields of the body that are not used."""
        return ignored(self.ask)


def decide(
    picture: Picture,
    ask: Ask,
    *,
    endpoint: Endpoint,
    key: Key,
    request_id: str,
    settings: Settings,
    window: HealthWindow | None = None,
) -> Decided:
    """Decide one request.

    Raises
    ------
    Fault
        400 when the request makes no sense, 404 for an unknown model.
    """
    arm = arm_of(picture, request_id)
    now = datetime.now(UTC)
    began = time.perf_counter_ns()
    need = _need(arm.db, ask, endpoint, key)
    decision = _chosen(picture, arm, need, ask, now)
    took = (time.perf_counter_ns() - began) // 1_000
    buys = endpoint != "route"
    serving: Serving = "decided"
    if window is not None and settings.probes and buys:
        probed = window.probe(decision, time.time())
        serving = "decided" if probed.offer == decision.offer else "probe"
        decision = probed
    offers = _in_order(decision, ask, settings)
    shadow = settings.shadow.get(decision.modality)
    if shadow is not None and need.pin is None and buys:
        offers, serving = (shadow,), "shadow"
    baseline = settings.baseline.get(decision.modality)
    return Decided(
        request_id=request_id,
        at=now.isoformat(timespec="milliseconds"),
        endpoint=endpoint,
        key=key,
        ask=ask,
        arm=arm,
        need=need,
        decision=decision,
        decide_us=int(took),
        offers=offers,
        serving=serving if offers else "none",
        baseline=baseline,
        baseline_nanousd=None if baseline is None else decision.request.price_of(baseline),
    )


def _chosen(
    picture: Picture, arm: Arm, need: router.Need, ask: Ask, now: datetime
) -> router.Decision:
    """The router's choice; what it finds wrong with the request is a `Fault`."""
    try:
        return router.choose(
            arm.db,
            need,
            prices=arm.prices,
            health=picture.health,
            policy=_policy(picture.policy, ask),
            now=now,
            classification=_known(arm.db, need, ask.routing.category) or read_need(arm.db, need),
        )
    except NeedError as error:
        raise _said(error) from None


def offers_or_fault(decided: Decided) -> tuple[str, ...]:
    """Offers to ask; `Fault` when there is none."""
    if not decided.offers:
        raise refusal(decided)
    return decided.offers


def refusal(decided: Decided) -> Fault:
    """Say why there is no offer; first of all where a clip is asked of what makes pictures."""
    decision, need = decided.decision, decided.need
    fault = nothing_eligible(decision)
    if decision.category is None and need.modality == "image" and need.pin is None:
        free = read_need(decided.arm.db, replace(need, modality=None))
        if free.category is not None and free.modality == "video":
            where = (
                "a picture was asked for: ask with model auto/video"
                if decided.endpoint == "route"
                else "this endpoint makes pictures: POST it to /v1/videos"
            )
            fault.message = f"The prompt reads as asking for a clip, and {where}. {fault.message}"
            fault.metadata["reads_as"] = "video"
    return fault


def arm_of(picture: Picture, request_id: str) -> Arm:
    """Which release decides a request."""
    return picture.arm_for(lambda: _share(request_id))


def _share(request_id: str) -> float:
    """Where a request falls between 0 and 1; the same for the same id."""
    return (
        int.from_bytes(hashlib.blake2b(request_id.encode(), digest_size=4).digest(), "big") / 2**32
    )


def _in_order(decision: router.Decision, ask: Ask, settings: Settings) -> tuple[str, ...]:
    """The chosen offer, then those that may stand in for it; an override has no stand-in."""
    if decision.offer is None:
        return ()
    pinned = decision.cause in (router.Cause.PINNED, router.Cause.OVERRIDDEN)
    if pinned or not ask.routing.allow_fallbacks:
        return (decision.offer,)
    others = (o for o in eligible(decision.request) if o != decision.offer)
    return (decision.offer, *islice(others, settings.fallbacks))


def _model(db: router.Database, model: str, endpoint: Endpoint) -> tuple[str | None, str | None]:
    """What ``model`` asks for: a modality, and an offer to be pinned."""
    made_by, model = _MADE_BY[endpoint], model.strip() or "auto"
    if model in _AUTO:
        modality = _AUTO[model]
        if modality is not None and made_by is not None and modality != made_by:
            raise Fault(
                400, "wrong_endpoint", f"{model} makes {modality}s, and this endpoint {made_by}s",
                param="model",
            )  # fmt: skip
        return modality or made_by, None
    offer = db.offers.get(model)
    if offer is None:
        known = [*_AUTO, *db.offers]
        hint = offer_meant(model, known, "'auto' chooses one, GET /v1/models lists them")
        raise Fault(404, "model_not_found", f"there is no model {model!r}{hint}", param="model")
    if made_by is not None and not offer.makes(made_by):
        raise Fault(400, "wrong_endpoint", f"{model} makes no {made_by}s", param="model")
    return made_by, model


def _need(db: router.Database, ask: Ask, endpoint: Endpoint, key: Key) -> router.Need:
    modality, pin = _model(db, ask.model, endpoint)
    if isinstance(ask, RouteAsk) and ask.modality is not None:
        if modality is not None and modality != ask.modality:
            raise Fault(400, "contradiction", f"{ask.model} is not for {ask.modality}s",
                        param="modality")  # fmt: skip
        modality = ask.modality
    routing = ask.routing
    wish = routing.max_latency_s
    if wish is not None and isinstance(wish, Latency):  # pydantic looks twice at what is none
        wish = wish.model_dump(exclude_none=True)  # type: ignore[assignment]
    clip = endpoint != "images"
    try:
        return router.Need(
            prompt=ask.prompt,
            negative=ask.negative_prompt,
            aspect_ratio=ask.aspect_ratio,
            size=ask.size,
            resolution=ask.resolution,
            language=routing.language,
            modality=modality,
            seconds=ask.seconds if clip else None,  # type: ignore[union-attr]
            audio=ask.audio if clip else None,  # type: ignore[union-attr]
            n=ask.n,
            separately=True,  # as `qfloor.web.gateway.orders` calls,
            by_shape=True,  # and as `qfloor.web.gateway.plan` has it asked
            tier=routing.tier,
            max_price_usd=routing.max_price_usd,
            max_latency_s=wish,  # type: ignore[arg-type]
            only=tuple(routing.only),
            ignore=tuple(routing.ignore),
            pin=pin,
            project=routing.project if key.project is None else key.project,
            tags=tuple(routing.tags),
        )
    except NeedError as error:
        raise _said(error) from None


def _said(error: NeedError) -> Fault:
    """A need that makes no sense, with the field it begins by naming."""
    message = str(error)
    first = "tier" if "tier" in message[:8] else message.split(" ", 1)[0].rstrip(":")
    if first in Routing.model_fields:
        param: str | None = f"routing.{first}"
    else:
        param = first if first in _OWN_WORDS else None
    return Fault(400, "invalid_request", message, param=param)


def _policy(policy: router.Policy, ask: Ask) -> router.Policy:
    """The operator's policy; a request may lower what is paid for speed, never raise it."""
    wanted = ask.routing.speed_premium_pct
    if wanted is None or wanted / 100.0 >= policy.speed_surcharge:
        return policy
    return replace(policy, speed_surcharge=wanted / 100.0)


def read_need(db: router.Database, need: router.Need) -> router.Classification:
    """What a request is taken for; a prompt that came before (a dry run, a retry) is known."""
    if len(need.prompt) > _LONG or need.negative:
        return router.classify(db, need)
    key = (need.prompt, need.ratio, need.pixels, need.modality, need.seconds, need.audio,
           need.language)  # fmt: skip
    return db.remember_reading(key, lambda: router.classify(db, need))


def _known(
    db: router.Database, need: router.Need, category: str | None
) -> router.Classification | None:
    """The classification that a request brings along, if it names a category."""
    if category is None:
        return None
    try:
        return router.classify(db, need, category)
    except NeedError as error:
        raise Fault(400, "unknown_category", str(error), param="routing.category") from None
