"""What the host may see while votes come in: how many, how fast, how attentive; never by arm.

Placebos and catches are known to the folder; which arm a picture is of is not, so nothing here
could unblind if it tried.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from qfloor.abtest.protocol import Protocol
from qfloor.abtest.room import Room

_BY_RATER = (
    "SELECT r.id, r.number, r.source, r.joined_at, r.consented_at, "
    "(SELECT count(*) FROM trials t WHERE t.rater = r.id AND t.kind != 'training') AS trials "
    "FROM raters r ORDER BY r.number"
)
_LIVE = (
    "SELECT v.rater, v.response, v.both_bad, v.submitted_at, v.duration_ms, t.kind, t.places, "
    "u.spoilt, u.category FROM votes v JOIN trials t ON t.token = v.trial "
    "JOIN units u ON u.id = t.unit WHERE v.undone_at IS NULL AND t.kind != 'training'"
)


def host_counts(room: Room) -> dict[str, Any]:
    """Count a session as it stands.

    Returns
    -------
    dict
        ``session`` (votes of all kinds, planned votes, how far it is, its pace), ``categories``
        (test votes), ``raters`` (a row for each that joined).
    """
    people = room.host_rows(_BY_RATER)
    votes = room.host_rows(_LIVE)
    standing = room.standing()
    undone = room.host_rows("SELECT count(*) AS n FROM votes WHERE undone_at IS NOT NULL")[0]["n"]
    total = sum(person["trials"] for person in people)
    by_rater: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for vote in votes:
        by_rater[vote["rater"]].append(vote)
    joined = [person for person in people if person["joined_at"]]
    ended = room.host_rows("SELECT value FROM meta WHERE name = 'unblinded_at'")
    return {
        "session": {
            "name": room.protocol.name,
            "question": room.protocol.question,
            "state": "unblinded" if ended else "open",
            "votes": len(votes),
            "of": total,
            "planned": standing.planned,
            "planned_given": standing.given,
            "pairs_short": standing.short,
            "kinds": dict(sorted(Counter(v["kind"] for v in votes).items())),
            "undone": undone,
            "skipped": sum(v["response"] == "skip" for v in votes),
            "raters_invited": len(people),
            "raters_joined": len(joined),
            "raters_finished": sum(len(by_rater[p["id"]]) >= p["trials"] for p in joined),
            **_attention(votes),
        },
        "categories": dict(
            sorted(Counter(v["category"] for v in votes if v["kind"] == "test").items())
        ),
        "raters": [_person(p, by_rater[p["id"]], room.protocol) for p in joined],
    }


def _attention(votes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Catches that were seen and placebos that were called different; None where there are none."""
    catches = [v for v in votes if v["kind"] == "catch" and v["response"] != "skip"]
    placebos = [v for v in votes if v["kind"] == "placebo" and v["response"] != "skip"]
    seen = sum(_caught(vote) for vote in catches)
    alarms = sum(vote["response"] in ("left", "right") for vote in placebos)
    return {
        "catches": len(catches),
        "catch_share": seen / len(catches) if catches else None,
        "placebos": len(placebos),
        "placebo_alarm_share": alarms / len(placebos) if placebos else None,
    }


def _caught(vote: dict[str, Any]) -> bool:
    places = json.loads(vote["places"])
    return bool(vote["response"] == ("right" if places[0] == vote["spoilt"] else "left"))


def _person(
    person: dict[str, Any], votes: Sequence[dict[str, Any]], protocol: Protocol
) -> dict[str, Any]:
    seconds = [vote["duration_ms"] / 1000 for vote in votes if vote["response"] != "skip"]
    chosen = Counter(vote["response"] for vote in votes)
    told = _attention(votes)
    share = told["catch_share"]
    pace = median(seconds) if seconds else None
    limits = protocol.exclusions
    return {
        "rater": person["number"],
        "source": person["source"],
        "done": len(votes),
        "of": person["trials"],
        "median_seconds": pace,
        "last_vote": max((vote["submitted_at"] for vote in votes), default=None),
        "left": chosen["left"],
        "right": chosen["right"],
        "none": chosen["none"],
        "skipped": chosen["skip"],
        **told,
        "below_plan": bool(
            (share is not None and share < limits.catch_share)
            or (pace is not None and len(seconds) >= 5 and pace < limits.median_seconds)
        ),
    }
