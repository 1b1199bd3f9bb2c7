"""A small blind session for tests: pictures whose arms differ in everything but what is shown.

The routed side comes as PNG with a comment and the reference as JPEG with EXIF, at other sizes,
with other detail: whatever could give an arm away is there to be lost.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import factories
import numpy as np
from PIL import Image, PngImagePlugin

from qfloor import media
from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.building import build_session
from qfloor.abtest.key import read_key
from qfloor.abtest.pairs import Pair, Shown
from qfloor.abtest.planning import Plan, Wishes, draft, plan_session
from qfloor.abtest.protocol import Arm
from qfloor.abtest.room import Room
from qfloor.records import Output, Prompt, Status, output_id
from qfloor.store import Store

OFFERS = {"routed": "shop/thrift-turbo@fast", "reference": "shop/grand-ultra@slow"}
CATEGORIES = ("portrait", "landscape", "product-photo")


def picture(seed: int, size: tuple[int, int], detail: int) -> np.ndarray:
    """A picture of random tiles; more detail is more bytes."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(0, 255, (detail, detail, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(tiles).resize(size, Image.Resampling.BICUBIC))


def side(folder: Path, arm: str, n: int, size: int = 96) -> Path:
    """Write one output as its seller would: named, with metadata of its own kind."""
    buffer = io.BytesIO()
    if arm == "routed":
        told = PngImagePlugin.PngInfo()
        told.add_text("Software", "thrift-turbo")
        pixels = picture(1000 + n, (size, size), 6)
        Image.fromarray(pixels).save(buffer, "PNG", pnginfo=told)
        path = folder / f"thrift-turbo_{n}.png"
    else:
        exif = Image.Exif()
        exif[0x0131] = "grand-ultra"
        pixels = picture(5000 + n, (size + 32, size + 32), 24)
        Image.fromarray(pixels).save(buffer, "JPEG", quality=80, exif=exif)
        path = folder / f"grand-ultra_{n}.jpg"
    path.write_bytes(buffer.getvalue())
    return path


def clip(folder: Path, arm: str, n: int, size: int = 96) -> Path:
    """Write one clip: the arms differ in frame rate and length."""
    fps, frames = (12, 10) if arm == "routed" else (24, 30)
    base = picture(n + (0 if arm == "routed" else 900), (size, size), 8)
    moved = (np.roll(base, 2 * k, axis=1) for k in range(frames))
    path = folder / f"{arm}_{n}.webm"
    path.write_bytes(media.write_webm(moved, size, size, fps))
    return path


def prompt(n: int, modality: str = "image") -> Prompt:
    """The n-th prompt."""
    return Prompt(
        id=f"q{n:03d}",
        text=f"thing number {n} on a table, seen from above",
        category=CATEGORIES[n % len(CATEGORIES)] if modality == "image" else "video",
        modality=modality,  # type: ignore[arg-type]
    )


def pairs(folder: Path, count: int, *, modality: str = "image", same: int = 0) -> list[Pair]:
    """``count`` pairs, the first ``same`` of them by one offer on both sides."""
    write = clip if modality == "video" else side
    found = []
    for n in range(count):
        shown = tuple(
            Shown(
                item=f"{OFFERS[arm]}|out{n}",
                path=write(folder, arm, n),
                offer=OFFERS["reference"] if n < same else OFFERS[arm],
                arm=arm,
            )
            for arm in ("routed", "reference")
        )
        found.append(Pair(id=f"pair{n:03d}", prompt=prompt(n, modality), shown=shown))
    return found


def pairs_of(n: int, made: list[Path]) -> Pair:
    """The n-th pair, of two files that are there already."""
    shown = tuple(
        Shown(item=f"{arm}{n}", path=path, offer=OFFERS[arm], arm=arm)
        for arm, path in zip(("routed", "reference"), made, strict=True)
    )
    return Pair(id=f"pair{n:04d}", prompt=prompt(n), shown=shown)


def plan(found: list[Pair], secret: bytes = b"s" * 32, **said: Any) -> Plan:
    """Plan a session of pairs; ``said`` are fields of its protocol, and quotas and pairs."""
    wanted: Mapping[str, Any] = {
        "pairs": said.pop("pairs", None),
        "quotas": said.pop("quotas", None),
    }
    arms = [Arm(name=arm, stands_for=f"{offer}") for arm, offer in OFFERS.items()]
    protocol = draft("test", arms, **{"min_seconds": 0.0, "per_rater": 20, **said})
    return plan_session(found, Wishes(protocol=protocol, **wanted), secret=secret)


def session(folder: Path, count: int = 24, **said: Any) -> tuple[Path, Path]:
    """Build a session; gives its folder and its key."""
    sources = folder / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    found = pairs(sources, count, modality=said.get("modality", "image"), same=said.pop("same", 0))
    root = folder / "session"
    return root, build_session(plan(found, **said), root)


def keep_round(folder: Path, round: str) -> None:
    """A store with a round of three sellers on 12 prompts; one of the dearest was refused."""
    offers = [factories.offer(seller) for seller in factories.shop() if seller.name != "film"]
    sources = folder / "made"
    sources.mkdir()
    with Store.open(folder / ".qfloor", create=True) as store:
        prompts = [prompt(n) for n in range(12)]
        store.save_prompts(prompts)
        store.save_offers(offers)
        for k, offer in enumerate(offers):
            for n, asked in enumerate(prompts):
                content = side(sources, ("routed", "reference")[k % 2], 100 * k + n).read_bytes()
                refused = (offer.model, n) == ("grand", 3)
                named = output_id(asked, offer, 0, round)
                store.save_requests([(named, asked.digest, offer.id, 0, round)])
                store.save_outputs([Output(
                        id=named, prompt_id=asked.id, prompt_digest=asked.digest,
                        offer_id=offer.id, repeat=0, round=round,
                        status=Status.REFUSED if refused else Status.MADE,
                        reason="refused_input" if refused else "ok",
                        media_sha256=None if refused else store.put_media(content, "image/png"),
                        media_type=None if refused else "image/png",
                    )])  # fmt: skip


def vote(
    root: Path, wins: str = "reference", fails: str = "routed", wait_s: float = 0.0,
    raters: int | None = None,
) -> None:  # fmt: skip
    """Every rater of a session sees one side win (none: no difference), and one as unusable.

    A session that takes no answer before its time is given ``wait_s`` before each; ``raters`` of
    them vote, or all.
    """
    key = read_key(root.with_name(f"{root.name}.key.json"))
    with Room(root) as room:
        for (token,) in [(r["token"],) for r in room.rows("SELECT token FROM raters")][:raters]:
            room.consent(token).result()
            while trial := room.state(token)["trial"]:
                unit = room.rows("SELECT unit FROM trials WHERE token = ?", trial["trial"])
                known = key.units.get(unit[0]["unit"])
                arms = [known.cells[p].arm for p in trial["places"]] if known else [wins, ""]
                won = "left" if arms[0] == wins else "right"
                time.sleep(wait_s)
                ballot = {
                    "trial": trial["trial"], "submission": f"s-{trial['trial']}",
                    "response": won if wins else "none", "scores": [5, 5],
                    "usable": [arm != fails for arm in arms],
                }  # fmt: skip
                room.vote(token, read_ballot(ballot)).result()
