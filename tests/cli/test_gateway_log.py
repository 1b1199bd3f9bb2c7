"""A real gateway's log, prompts not kept, replayed and held against a new database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_world import CLIP, MUG, SHELF, database, drive, settings

from qfloor import router
from qfloor.router.asked import read_log
from qfloor.router.diff import diff
from qfloor.router.replay import replay

ASKED: tuple[dict[str, Any], ...] = (
    {"prompt": MUG},
    {"prompt": MUG, "routing": {"tier": "premium"}},
    {"prompt": MUG, "n": 2, "model": "shop/grand"},
    {"prompt": CLIP, "model": "auto/video"},
)


def test_a_gateways_log_is_replayed_as_it_was_decided(tmp_path: Path) -> None:
    path = database(tmp_path)

    async def work(client: Any) -> list[int]:
        images = [
            (await client.post("/v1/images/generations", json=body)).status_code
            for body in ASKED[:3]
        ]
        dry = await client.post("/v1/route", json=ASKED[3])
        return [*images, dry.status_code]

    assert drive(settings(tmp_path, path), work) == [200, 200, 200, 200]
    log = read_log(tmp_path / "ws" / "gateway" / "gateway.db")
    assert len(log) == 4
    assert not any(asked.has_prompt for asked in log)
    db = router.load(path)
    found = replay(db, log)
    assert found.unlike == 0
    assert {o: float(n) for o, n in found.outcome("routed").mix.items()} == {
        "shop/value": 1, "shop/grand": 2, "shop/film": 1,
    }  # fmt: skip
    dearer = [s for s in SHELF if s.name != "value"]
    other = router.load(database(tmp_path, dearer, name="new.db"))
    changed = diff(db, other, log)
    assert changed.log is not None
    assert [(m.before, m.after) for m in changed.log.moves] == [("shop/value", "shop/grand")]
