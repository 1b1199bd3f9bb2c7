"""Pages of blind sessions, for raters and their host: HTTP around `qfloor.abtest.room`.

    app.py        addresses and answers
    serving.py    a server on this machine
    recruiting.py recruiting sites: how a person comes in and is paid
    static/       the pages: plain HTML, CSS and JavaScript modules, served as they are

It does not know arms, offers or statistics.
"""

from __future__ import annotations

from qfloor.web.blind.app import make_app

__all__ = ["make_app"]
