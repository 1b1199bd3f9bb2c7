"""A gateway's folder as it is after it served: decisions, outputs and their media."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import blind_world

from qfloor.records import Output, Prompt, Status, canonical_json
from qfloor.store.media_files import MediaFiles
from qfloor.web.gateway.tables import FIRST

COLUMNS = ("id", "at", "endpoint", "key_name", "requested_model", "release", "arm", "category",
           "confidence", "plausible", "modality", "language", "tier", "need", "prompt",
           "decided_offer", "cause", "served_offer", "serving", "outcome", "http_status",
           "decided_at")  # fmt: skip


def gateway(folder: Path, requests: int = 40) -> Path:
    """A gateway's folder as it is after some requests; every fifth kept no prompt."""
    folder.mkdir(parents=True)
    media = MediaFiles(folder / "media")
    db = sqlite3.connect(folder / "gateway.db")
    for statement in FIRST:
        db.execute(statement)
    for n in range(requests):
        asked: dict[str, Any] = {"text": f"a request {n}", "category": "portrait"}
        asked |= {"modality": "image", "aspect_ratio": "4:3", "language": "en"}
        path = blind_world.side(folder, "routed", n)
        sha = media.put(path.read_bytes(), "image/png")
        made_as = Prompt(id=f"image_{n}", **asked)
        output = Output(id=f"image_{n}-0-0", prompt_id=made_as.id, prompt_digest=made_as.digest,
                        offer_id="shop/value", repeat=0, round="gateway", status=Status.MADE,
                        reason="ok", media_sha256=sha, at=f"2026-12-01T00:00:{n:02d}Z")  # fmt: skip
        db.execute(
            "INSERT INTO outputs VALUES (?, ?, ?, ?)",
            (output.id, output.at, sha, canonical_json(output)),
        )
        need = {"size": "1024x768", "aspect_ratio": None, "seconds": None}
        values = (f"r{n}", f"2026-12-01T00:00:{n:02d}Z", "images", "", "auto", "d", "stable",
                  "portrait", 0.9, '["portrait"]', "image", "en", "standard", json.dumps(need),
                  None if n % 5 == 0 else asked["text"], "shop/value", "cheapest", "shop/value",
                  "decided", "made", 200, "2026-12-01")  # fmt: skip
        marks = ", ".join("?" * len(COLUMNS))
        db.execute(f"INSERT INTO decisions ({', '.join(COLUMNS)}) VALUES ({marks})", values)
    db.commit()
    db.close()
    return folder
