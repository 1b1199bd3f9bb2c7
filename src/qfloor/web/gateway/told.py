"""What is told and not bought: the decision alone, the models, and how everybody fares."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.responses import Response

from qfloor.router import Database
from qfloor.router.feeds.comparing import reference_price
from qfloor.router.money import usd_text
from qfloor.web.gateway import facts, metrics
from qfloor.web.gateway.alike import alike
from qfloor.web.gateway.asked import RouteAsk, read_ask
from qfloor.web.gateway.deciding import decide, refusal
from qfloor.web.gateway.familiar import Known, rest_of
from qfloor.web.gateway.faults import Fault
from qfloor.web.gateway.forms import read_object
from qfloor.web.gateway.guard import Call, json_response
from qfloor.web.gateway.openapi import document
from qfloor.web.gateway.picture import Arm


async def route(call: Call) -> Response:
    """Decide, buy nothing; the whole decision when it is asked to explain."""
    gateway, key = call.gateway, call.key
    body = await read_object(call.request, gateway.settings.most_body_bytes)
    picture, rest = gateway.picture, rest_of(body, key.name, key.project)
    again = gateway.familiar.decide(picture, rest, body, call.request_id)
    if again is not None:
        return _told_again(call, again)
    ask = read_ask(RouteAsk, body)
    decided = decide(
        picture,
        ask,
        endpoint="route",
        key=key,
        request_id=call.request_id,
        settings=gateway.settings,
    )
    if decided.offers and not ask.routing.explain:
        told, confidence = alike(decided), decided.decision.classification.confidence
        gateway.familiar.keep(picture, rest, decided, told, gateway.records)
        answer = told.ready(call.request_id, confidence, decided.decision.now)
        call.facts.update(told.facts)  # if it ends otherwise than it should
        gateway.records.decided(decided, status=200, seconds=call.seconds, reason=None)
        call.facts.clear()
        return answer
    call.facts.update(facts.of_decision(decided))
    if not decided.offers:
        fault = refusal(decided)
        gateway.records.decided(
            decided, status=fault.status, seconds=call.seconds, reason=fault.code
        )
        if ask.routing.explain:
            fault.metadata["decision"] = decided.decision.to_dict()
        raise fault
    explained: dict[str, Any] = {
        "object": "route",
        "id": call.request_id,
        **facts.short(decided),
        "decision": decided.decision.to_dict(),
    }
    gateway.records.decided(decided, status=200, seconds=call.seconds, reason=None)
    return json_response(explained)


def _told_again(call: Call, again: Known) -> Response:
    """Answer as one was answered that differed in its words alone."""
    told = again.told
    answer = told.ready(call.request_id, again.confidence, again.now)
    try:
        again.log(call.gateway.records, call.request_id, call.seconds)
    except Exception:
        call.facts.update(told.facts)
        raise
    return answer


async def list_models(call: Call) -> Response:
    """Every model that may be asked for, with its floors by category and its price."""
    arm = call.gateway.picture.stable
    rows = _rows(arm)
    return json_response({"object": "list", "data": rows, "release": arm.db.digest})


async def get_model(call: Call) -> Response:
    """One model."""
    name = call.request.path_params["model_id"]
    for row in _rows(call.gateway.picture.stable):
        if row["id"] == name:
            return json_response(row)
    raise Fault(404, "model_not_found", "there is no such model", param="model")


def _rows(arm: Arm) -> list[dict[str, Any]]:
    """Models of an arm, worked out once for its release and prices."""
    feed = None if arm.prices is None else arm.prices.digest
    return arm.db.remember(("gateway models", feed), lambda: _models(arm))


def _models(arm: Arm) -> list[dict[str, Any]]:
    autos = [
        {"id": name, "object": "model", "created": 0, "owned_by": "qfloor",
         "description": "the cheapest offer that is certified for the request"}
        for name in ("auto", "auto/image", "auto/video")
    ]  # fmt: skip
    return autos + [_model(arm, offer_id) for offer_id in arm.db.offers]


def _model(arm: Arm, offer_id: str) -> dict[str, Any]:
    db, offer = arm.db, arm.db.offers[offer_id]
    rule = arm.prices.rules.get(offer_id) if arm.prices else None
    rule = rule or db.prices.get(offer_id)
    typical = reference_price(offer, rule, arm.prices.rates if arm.prices else None)
    return {
        "id": offer_id,
        "object": "model",
        "created": 0,
        "owned_by": offer.provider,
        "modalities": list(offer.modalities or (offer.modality,)),
        "categories": _floors(db, offer_id),
        "price": None
        if rule is None
        else {
            "typical_usd": None if typical is None else usd_text(typical),
            "components": [vars(c) | {"when": dict(c.when)} for c in rule.components],
            "source": rule.source,
            "as_of": rule.as_of,
        },
    }


def _floors(db: Database, offer_id: str) -> list[dict[str, Any]]:
    """What the release says of an offer, by category and modality."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for (category, modality, tier), standings in db.standings.items():
        standing = standings.get(offer_id)
        if standing is None:
            continue
        row = found.setdefault(
            (category, modality),
            {"category": category, "modality": modality, "q25": standing.q25,
             "q25_lo": standing.q25_lo, "n_prompts": standing.n_prompts,
             "n_outputs": standing.n_outputs, "tiers": {}},
        )  # fmt: skip
        row["tiers"][tier] = standing.ruling
    return list(found.values())


async def openapi(call: Call) -> Response:
    """The published description of all this, made of the models that check the bodies."""
    return json_response(document())


async def healthz(call: Call) -> Response:
    """The process is alive."""
    return json_response({"status": "ok"})


async def readyz(call: Call) -> Response:
    """It would take a request now."""
    gateway = call.gateway
    if not gateway.is_ready or gateway.orders.draining:
        raise Fault(503, "not_ready", "the gateway is starting or being shut down",
                    retry_after_s=5.0, again=True)  # fmt: skip
    return json_response(
        {
            "status": "ready",
            "release": gateway.picture.stable.db.digest,
            "canary": gateway.picture.canary and gateway.picture.canary.db.digest,
            "reload_faults": sorted(gateway.watch.faults),
        }
    )


async def health_of_models(call: Call) -> Response:
    """How each offer fares now: left alone or not, and its recent seconds; unknown is unknown."""
    gateway = call.gateway
    picture = gateway.picture
    resting = gateway.singles.unavailable(picture.offers)
    health = {} if picture.health is None else picture.health.offers
    rows = []
    for offer_id in sorted(picture.offers):
        seen, rests = health.get(offer_id), resting.get(offer_id)
        rows.append(
            {
                "model": offer_id,
                "available": rests is None and (seen is None or seen.available),
                "cooling_s": None if rests is None else round(rests[0], 1),
                "known": seen is not None and bool(seen.n),
                "p50_s": seen and seen.p50_s,
                "p95_s": seen and seen.p95_s,
                "usual_p95_s": seen and seen.usual_p95_s,
                "n": seen.n if seen else 0,
                "as_of": seen and seen.as_of,
                "elevated": getattr(seen, "elevated", None),
            }
        )
    return json_response({"object": "list", "data": rows, "at": int(time.time())})


async def prometheus(call: Call) -> Response:
    """Counters of all workers, in Prometheus' text format."""
    await call.gateway.flush()
    text = await asyncio.to_thread(metrics.exposition, call.gateway)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


async def media(call: Call) -> Response:
    """Media by a signed URL."""
    query = call.request.query_params
    return call.gateway.delivery.by_url(
        call.request.path_params["name"], query.get("expires", ""), query.get("signature", "")
    )
