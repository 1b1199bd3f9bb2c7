"""Golden decisions: the JSON for programs and the words for people, byte for byte.

After a change that is meant: ``QFLOOR_GOLDEN=write pytest tests/router/test_explaining.py``, and
read the difference.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from factories import Seller, shop

from qfloor.records import Capabilities
from qfloor.router import Need, Policy, choose, explain

DIGEST = "<digest>"
"""Stands for the release's digest, which every new column of the format changes."""

GOLDEN = Path(__file__).parent / "golden"
REQUESTS: dict[str, dict[str, Any]] = {
    "chosen": {"need": {"prompt": "portrait of a landscape photographer", "max_price_usd": "0.05",
                        "aspect_ratio": "4:5", "max_latency_s": 20}},
    "refused": {"need": {"prompt": 'poster that says "OPEN"', "tier": "premium",
                         "max_price_usd": "0.01"}},
    "unsure": {"need": {"prompt": "something nice", "tier": "draft"}},
    "pinned": {"need": {"prompt": "misty fjord", "pin": "shop/thrift", "tier": "premium"}},
    "best_bound": {"need": {"prompt": "tracking shot of a dog", "seconds": 4, "tier": "premium"},
                   "policy": Policy(on_uncertified="best_bound")},
}  # fmt: skip


def _check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("QFLOOR_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REQUESTS)
def test_golden(name: str, market: Any) -> None:
    picky = Seller(name="square", usd="0.01", capabilities=Capabilities(aspect_ratios=("1:1",)))
    db = market([*shop(), picky], population={"languages": ["en"], "tags": []})
    asked = REQUESTS[name]
    decision = choose(db, Need(**asked["need"]), policy=asked.get("policy"), now="2026-11-23")
    _check(f"{name}.txt", explain(decision).replace(db.digest[:12], DIGEST) + "\n")
    if name in ("chosen", "refused"):
        told = decision.to_dict()
        told["digests"]["database"] = DIGEST
        told["digests"]["policy"] = "..."  # names every default; another test holds it still
        _check(f"{name}.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def test_the_prompt_stays_out(db: Any) -> None:
    secret = "portrait of my neighbour Zebedee Quux"
    told = json.dumps(choose(db, Need(prompt=secret, negative="Mudge hats")).to_dict())
    assert "Zebedee" not in told
    assert "Mudge" not in told
