"""Blind by construction: a crawl of a live session finds nothing that tells the arms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import blind_world
import pytest

pytest.importorskip("starlette", reason="the extra [web] is not installed")
from blind_web.crawl import Fetched, Seen, crawl, features, tell_tales, traces
from blind_web.live import served

from qfloor.abtest import folder as f
from qfloor.abtest.key import ArmKey, read_key

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.slow]
TRIALS = 400


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A session of 480 trials whose arms differ in format, size, detail and metadata."""
    import pytest_socket

    pytest_socket.enable_socket()
    root, key = blind_world.session(tmp_path_factory.mktemp("crawl"), 440, per_rater=60)
    with served(root) as server:
        _, _, db = f.open_folder(root)
        links = [f"/r/{t}" for (t,) in db.execute("SELECT token FROM raters")]
        db.close()
        pages, trials = crawl(
            server.base, links, [server.host, f"{server.host}/counts", "/healthz", "/nowhere"]
        )
    return root, read_key(key), pages, trials


def _left_is_routed(root: Path, key: ArmKey, trials: list[Seen]) -> Iterator[tuple[Seen, bool]]:
    _, _, db = f.open_folder(root)
    units = dict(db.execute("SELECT token, unit FROM trials WHERE kind IN ('test', 'repeat')"))
    db.close()
    for seen in trials:
        unit = units.get(seen.trial["trial"])
        if unit is not None:
            yield seen, key.units[unit].cells[seen.trial["places"][0]].arm == "routed"


def test_no_name_stands_anywhere(crawled: Any) -> None:
    _, key, pages, _ = crawled
    cells = [c for u in key.units.values() for c in u.cells]
    names = {"routed", "reference", "router", "premium", "thrift", "grand", "shop/"}
    names |= {c.offer for c in cells} | {c.item for c in cells[:50]}
    names |= {u.pair for u in list(key.units.values())[:50]}
    assert traces(pages, sorted(names)) == []


def test_no_number_tells_the_arms(crawled: Any) -> None:
    root, key, _, trials = crawled
    told = list(_left_is_routed(root, key, trials))
    assert len(told) >= TRIALS
    found = tell_tales([features(seen) for seen, _ in told], [left for _, left in told])
    assert found == {}


def test_all_answers_of_one_kind_have_the_same_headers(crawled: Any) -> None:
    _, _, pages, _ = crawled
    sheets = [p for p in pages if p.url.startswith("/m/")]
    assert len({tuple(k for k, _ in p.headers) for p in pages}) == 1
    constant = {
        tuple((k, v) for k, v in p.headers if k not in ("content-length", "date")) for p in sheets
    }
    assert len(constant) == 1
    assert all(len(p.content) % 65536 == 0 for p in sheets)


def test_the_crawl_would_see_a_leak(crawled: Any) -> None:
    """The checks can fail: a name, a comment, and a header of two bytes more are all found."""
    root, key, _pages, trials = crawled
    page = Fetched(url="/x", content=b'{"src": "Thrift-turbo.png"}', headers=(), seconds=0.0)
    assert traces([page], ["thrift-turbo"])
    exif = Fetched(url="/m/x", content=b"\xff\xd8\xff\xe1\x00\x10Exif\0\0abcdef", headers=(),
                   seconds=0.0)  # fmt: skip
    assert traces([exif], [])
    rows, lefts = [], []
    for n, (seen, left) in enumerate(_left_is_routed(root, key, trials)):
        longer = seen.sheet.headers + ((("x-n", "ab"),) if left and n % 2 else ())
        rows.append(features(replace(seen, sheet=replace(seen.sheet, headers=longer))))
        lefts.append(left)
    assert "headers" in tell_tales(rows, lefts)


def test_a_file_for_each_side_would_have_told() -> None:
    """Why sheets: lengths of two files, even padded, leave what is in them to be counted."""
    rows = [{"left less right": float(b - a), "noise": float(n % 7)}
            for n, (a, b) in enumerate([(30_000, 90_000), (90_000, 30_000)] * 200)]  # fmt: skip
    assert set(tell_tales(rows, [n % 2 == 0 for n in range(400)])) >= {"left less right"}
