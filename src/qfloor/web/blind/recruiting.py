"""Recruiting sites: how they send a person in, and how that person is paid at the end.

Prolific and Mechanical Turk write who comes into the link's query. Prolific wants people back at
an address with the study's code; Turk, which shows us in a frame, wants a form posted to it with
the assignment's id. What they send is used for that and not kept. Knows no sessions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
_ASSIGNMENT = re.compile(r"[A-Za-z0-9]{1,64}")
_CARRIED = ("assignmentId", "turkSubmitTo")


@dataclass(frozen=True, kw_only=True)
class Sites:
    """Addresses of the sites that people may be sent to; nobody is sent anywhere else.

    ``turk`` are those that a Turk assignment may be submitted to, ``turk_frames`` those that show
    us in a frame, or that Turk leads on to after that.
    """

    prolific: str = "https://app.prolific.com"
    turk: tuple[str, ...] = ("https://www.mturk.com", "https://workersandbox.mturk.com")
    turk_frames: tuple[str, ...] = (
        "https://www.mturk.com", "https://workersandbox.mturk.com", "https://worker.mturk.com",
    )  # fmt: skip


def is_preview(query: Mapping[str, str]) -> bool:
    """Whether a site shows what the task looks like to someone who has not accepted it."""
    return query.get("assignmentId") == PREVIEW


def person_of(query: Mapping[str, str], cookie: str) -> tuple[str, str]:
    """Who comes, and from where: the site's name and its word for them, or our own cookie's."""
    if query.get("PROLIFIC_PID"):
        return "prolific", query["PROLIFIC_PID"]
    if query.get("workerId"):
        return "mturk", query["workerId"]
    return "link", cookie


def entry(token: str, source: str, query: Mapping[str, str]) -> str:
    """Give the address of a rater's page; it carries what Turk wants back at the end."""
    carried = {name: query[name] for name in _CARRIED if source == "mturk" and name in query}
    return f"/r/{token}" + (f"?{urlencode(carried)}" if carried else "")


def way_back(
    source: str, code: str, own: bool, query: Mapping[str, str], sites: Sites
) -> dict[str, Any]:
    """Say how a person who has answered everything tells the site.

    Parameters
    ----------
    source : str
        Where they came from: ``link``, ``prolific`` or ``mturk``.
    code : str
        Their completion code.
    own : bool
        Whether the code is the rater's own; Prolific knows the study's code only.
    query : mapping
        The query of their page.
    sites : Sites

    Returns
    -------
    dict
        ``code``; ``link`` where a link leads back; ``form`` (``action``, ``fields``) where a form
        does. Without either the code is to be copied.
    """
    link, form = None, None
    if source == "prolific" and not own:
        link = f"{sites.prolific}/submissions/complete?cc={quote(code)}"
    submit_to, assignment = query.get("turkSubmitTo", "").rstrip("/"), query.get("assignmentId", "")
    known = source == "mturk" and submit_to in sites.turk
    if known and assignment != PREVIEW and _ASSIGNMENT.fullmatch(assignment):
        form = {
            "action": f"{submit_to}/mturk/externalSubmit",
            "fields": {"assignmentId": assignment, "code": code},
        }
    return {"code": code, "link": link, "form": form}
