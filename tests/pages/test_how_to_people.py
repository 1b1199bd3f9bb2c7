"""The pages on blind sessions and live audits are executed, with raters who vote meanwhile."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import blind_world
import factories
import pytest
import served_world

from pages.running import ROOT, execute
from qfloor import export
from qfloor.abtest.protocol import Exclusions
from qfloor.store import Store

HOW_TO = ROOT / "docs" / "how-to"
ENV = {"PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("src", "tests"))}
pytestmark = pytest.mark.slow


def voting(session: str, **said: object) -> str:
    """The command by which all raters of a session vote."""
    told = "".join(f", {name}={value!r}" for name, value in said.items())
    lines = "from pathlib import Path; import blind_world; "
    return f'{sys.executable} -c "{lines}blind_world.vote(Path({session!r}){told})"'


def test_the_page_on_blind_sessions(tmp_path: Path) -> None:
    """Three sellers of 12 prompts stand for the page's; raters vote when the server has ended."""
    blind_world.keep_round(tmp_path, "2026-11")
    export.write(tmp_path / "quality.db", factories.release())
    serve = (
        "qfloor ab serve may --port 0 > served.txt & "
        "until grep -q ^host served.txt; do sleep 0.1; done; kill $!; wait $!; "
    )
    swap = {
        "painters/umber": "shop/grand",
        "--pairs 300 --audit 60": "--pairs 11 --audit 2 --now 2026-11-25 --min-seconds 0 "
        "--tier standard",
        "--offer A --offer B --offer C": "--offer shop/thrift --offer shop/value "
        "--offer shop/grand",
        "qfloor ab serve may": serve + voting("may"),
    }
    assert len(execute(HOW_TO / "blind-sessions.md", tmp_path, env=ENV, swap=swap)) == 6
    served = (tmp_path / "served.txt").read_text()
    assert all(f"{word} " in served for word in ("rater", "join", "host"))
    with (tmp_path / "may.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) >= 11
    assert (tmp_path / "scores" / "protocol.json").is_file()
    assert (tmp_path / "order" / "protocol.json").is_file()


def test_the_page_on_live_audits(tmp_path: Path) -> None:
    """A share that draws some of 40 requests stands for the page's; two weeks went before.

    Nobody sees a difference and nobody finds anything unusable: no alarm, and exit 0.
    """
    served_world.gateway(tmp_path / ".qfloor" / "gateway")
    for week in ("week46", "week47"):
        kept = Exclusions(catch_share=0.0, median_seconds=0.0)
        root, key = blind_world.session(
            tmp_path / f"of-{week}", 20, training=0, ask_when_none=1.0, exclusions=kept
        )
        blind_world.vote(root, wins="", fails="")
        root.rename(tmp_path / week)
        key.rename(tmp_path / f"{week}.key.json")
    swap = {
        "--share 0.05": "--share 0.2",
        "qfloor audit watch": voting("week48", wins="", fails="", wait_s=1.1)
        + " && qfloor audit watch",
    }
    assert len(execute(HOW_TO / "live-audit.md", tmp_path, env=ENV, swap=swap)) == 2
    with Store.open(tmp_path / ".qfloor") as store:
        bought = list(store.outputs_of(round="audit"))
    assert bought
    assert {o.offer_id for o in bought} == {"painters/umber"}
