"""A session's folder is whole and blind; its key is elsewhere; nothing is left of a failure."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import blind_world
import pytest

from qfloor.abtest import folder
from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.building import build_session
from qfloor.abtest.drafting import begin
from qfloor.abtest.key import ArmKey, read_key, write_key
from qfloor.abtest.pairs import digest_by
from qfloor.abtest.planning import Wishes
from qfloor.abtest.protocol import read_protocol, write_protocol
from qfloor.abtest.room import Room
from qfloor.abtest.topping_up import add_raters
from qfloor.errors import MediaError, SessionError
from qfloor.pipeline.blinding.blind import new_session


def test_the_folder_does_not_know_the_arms(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 12, same=2)
    names = [b"thrift-turbo", b"grand-ultra", b"|out3", b"pair003"]
    for path in root.rglob("*"):
        if path.is_file() and path.name != "protocol.json":
            content = path.read_bytes()
            assert [n for n in names if n in content] == [], path
            assert b"routed" not in content
    # the protocol says what the arms stand for, and no picture, pair or output
    protocol = (root / "protocol.json").read_bytes()
    assert b"|out3" not in protocol
    assert b"pair003" not in protocol
    assert key == tmp_path / "session.key.json"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    arms = read_key(key)
    assert len(arms.same_model) == 2
    assert {c.arm for u in arms.units.values() for c in u.cells} == {
        "routed", "reference", "intact", "spoilt",
    }  # fmt: skip


def test_nothing_in_the_folder_orders_the_cells(tmp_path: Path) -> None:
    """The host knows ids of outputs, and could work the arms out by the secret of the draw."""
    secret = b"s" * 32
    root, _ = blind_world.session(tmp_path, 8, secret=secret)
    for path in root.rglob("*"):
        if path.is_file():
            assert secret.hex().encode() not in path.read_bytes(), path
            assert secret not in path.read_bytes(), path
    _, _, db = folder.open_folder(root)
    held = bytes.fromhex(folder.meta(db)["secret"])
    units = {unit for (unit,) in db.execute("SELECT id FROM units")}
    db.close()
    by_held = {f"u{digest_by(held, 'unit', f'pair{n:03d}'):016x}" for n in range(8)}
    assert not by_held & units
    assert add_raters(root, 1) == 0  # places can still be drawn


def test_cells_are_in_no_order_of_arms(tmp_path: Path) -> None:
    _, key = blind_world.session(tmp_path, 60, placebo=0.0, catch=0.0)
    first = [u.cells[0].arm for u in read_key(key).units.values()]
    assert 15 <= first.count("routed") <= 45


def test_the_key_may_not_lie_inside(tmp_path: Path) -> None:
    found = blind_world.pairs(tmp_path, 4)
    root = tmp_path / "s"
    with pytest.raises(SessionError, match="in the session's folder"):
        build_session(blind_world.plan(found), root, root / "key.json")
    assert not root.exists()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    root, key = blind_world.session(tmp_path, 4)
    plan = blind_world.plan(blind_world.pairs(tmp_path, 4))
    with pytest.raises(SessionError, match="never written over"):
        build_session(plan, root)
    with pytest.raises(SessionError, match="is there already"):
        build_session(plan, tmp_path / "other", key)


def test_a_picture_that_cannot_be_decoded_leaves_nothing_behind(tmp_path: Path) -> None:
    found = blind_world.pairs(tmp_path, 4)
    found[2].shown[1].path.write_bytes(b"no picture")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MediaError, match="grand-ultra_2"):
        build_session(blind_world.plan(found), tmp_path / "s")
    assert sorted(tmp_path.iterdir()) == before


def test_a_disk_that_takes_no_key_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a key was left, and stood in the way of the same command once there was room."""
    plan = blind_world.plan(blind_world.pairs(tmp_path, 4))
    before, fsync = sorted(tmp_path.iterdir()), os.fsync

    def full(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", fsync)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def then_write_key(path: Path, key: ArmKey) -> None:
        monkeypatch.setattr(os, "fsync", full)
        write_key(path, key)

    monkeypatch.setattr("qfloor.abtest.building.write_key", then_write_key)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        build_session(plan, tmp_path / "s")
    assert sorted(tmp_path.iterdir()) == before
    monkeypatch.setattr("qfloor.abtest.building.write_key", write_key)
    build_session(plan, tmp_path / "s")


@pytest.mark.parametrize("own_key", [False, True])
def test_two_sessions_of_one_name_at_once_are_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_key: bool
) -> None:
    plan = blind_world.plan(blind_world.pairs(tmp_path, 4))
    other = blind_world.plan(blind_world.pairs(tmp_path, 4))

    def while_another_is_made(path: Path, key: ArmKey) -> None:
        monkeypatch.undo()
        build_session(other, tmp_path / "s")
        write_key(path, key)

    monkeypatch.setattr("qfloor.abtest.building.write_key", while_another_is_made)
    with pytest.raises(SessionError, match=r"/s(\.key\.json)? is there already"):
        build_session(plan, tmp_path / "s", tmp_path / "mine.json" if own_key else None)
    assert read_key(tmp_path / "s.key.json").session_id == other.protocol.session_id
    assert read_protocol(tmp_path / "s").session_id == other.protocol.session_id
    assert not list(tmp_path.glob(".s.*"))
    assert not (tmp_path / "mine.json").exists()


def test_audit_pairs_are_known_to_the_key(tmp_path: Path) -> None:
    _, key = blind_world.session(tmp_path, 12, audit_pairs=3, audit_votes=2)
    assert len(read_key(key).audited) == 3


def test_places_are_added_for_pairs_that_are_short(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 12, votes=2, per_rater=8, placebo=0.2, catch=0.2)
    assert add_raters(root, 5) == 0  # nobody came yet: every place is still to be taken
    with Room(root) as room:
        gone = room.join("link", None).result()
        tests = room.rows(
            "SELECT unit FROM trials t JOIN raters r ON r.id = t.rater "
            "WHERE r.token = ? AND kind = 'test'",
            gone,
        )
        room._writer.submit(
            lambda db: db.execute(
                "UPDATE raters SET joined_at = '2020-01-01T00:00:00.000Z' WHERE token = ?", (gone,)
            )
        ).result()
    assert add_raters(root, 5) == 1
    with Room(root) as room:
        new = room.rows(
            "SELECT t.* FROM trials t JOIN raters r ON r.id = t.rater WHERE r.number = "
            "(SELECT max(number) FROM raters) ORDER BY position"
        )
        assert {t["unit"] for t in new if t["kind"] == "test"} == {t["unit"] for t in tests}
        assert [t["kind"] for t in new][:3] == ["training"] * 3
        assert room.state(room.rows("SELECT token FROM raters ORDER BY number DESC")[0]["token"])
    assert add_raters(root, 5) == 0


def test_added_places_keep_pairs_of_one_offer_apart(tmp_path: Path) -> None:
    """They are shown and counted, and never tests of the arms; and they fall short as others do."""
    said: dict[str, Any] = {"votes": 1, "placebo": 0.0, "catch": 0.0, "repeat": 0.0, "training": 0}
    root, _ = blind_world.session(tmp_path, 6, same=3, show_same_model=True, **said)
    with Room(root) as room:
        token = room.join("link", None).result()
        room._writer.submit(
            lambda db: db.execute("UPDATE raters SET joined_at = '2020-01-01T00:00:00.000Z'")
        ).result()
    assert add_raters(root, 5) >= 1
    _, _, db = folder.open_folder(root)
    kinds = db.execute(
        "SELECT unit, count(DISTINCT kind), count(*) FROM trials GROUP BY unit"
    ).fetchall()
    db.close()
    assert {row[1] for row in kinds} == {1}
    assert {row[2] for row in kinds} == {2}
    with Room(root) as room:
        for rater in room.rows("SELECT token FROM raters WHERE token != ?", token):
            room.consent(rater["token"]).result()
            while trial := room.state(rater["token"])["trial"]:
                said = {"trial": trial["trial"], "submission": f"vote-{trial['trial']}",
                        "response": "left", "scores": [6, 5], "usable": [True, True]}  # fmt: skip
                room.vote(rater["token"], read_ballot(said)).result()
    assert add_raters(root, 5) == 0  # every pair has its vote, those of one offer too


def test_a_session_of_clips(tmp_path: Path) -> None:
    root, _ = blind_world.session(tmp_path, 4, modality="video")
    sheets = sorted((root / "sheets").iterdir())
    assert {s.suffix for s in sheets} == {".webm"}
    with Room(root) as room:
        token = room.join("link", None).result()
        room.consent(token).result()
        assert room.state(token)["trial"]["clip"] is True


KILLED = """
import os, signal
from pathlib import Path
import blind_world
from qfloor.abtest import building

def die(path, *_):
    if {half}:
        Path(path).write_text("{{")
    os.kill(os.getpid(), signal.SIGKILL)

{what} = die
building.build_session(blind_world.plan(blind_world.pairs(Path("."), 4)), Path("s"))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nobody is killed so here")
@pytest.mark.parametrize(
    ("what", "half"),
    [("building.write_key", False), ("building.write_key", True), ("os.replace", False)],
    ids=["before the key", "amid the key", "before the folder"],
)
def test_a_run_that_is_killed_leaves_nothing_in_the_way_of_the_next(
    tmp_path: Path, what: str, half: bool
) -> None:
    """Killed between key and folder, it left a key that the same command then tripped over."""
    plan = blind_world.plan(blind_world.pairs(tmp_path, 4))
    before = sorted(tmp_path.iterdir())
    code = KILLED.format(what=what, half=half)
    place = os.pathsep.join([str(Path(blind_world.__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": place},
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert sorted(tmp_path.iterdir()) != before
    assert not (tmp_path / "s").exists()
    pairs = blind_world.pairs(tmp_path, 4)
    _, key = new_session(tmp_path / "s", pairs, Wishes(protocol=plan.protocol))  # as the command
    assert sorted(tmp_path.iterdir()) == sorted([*before, key, tmp_path / "s"])


def test_a_key_of_another_session_and_a_draft_of_one_that_lives_stay(tmp_path: Path) -> None:
    plan, other = (blind_world.plan(blind_world.pairs(tmp_path, 4)) for _ in range(2))
    key = build_session(other, tmp_path / "other", tmp_path / "s.key.json")
    lives = begin(tmp_path / "s", key)
    dead = begin(tmp_path / "s", key)
    for one in (lives, dead):
        one.folder.mkdir()
        write_protocol(one.folder, plan.protocol)
    dead.lock.release()
    with pytest.raises(SessionError, match=r"s\.key\.json is there already"):
        build_session(plan, tmp_path / "s")
    assert read_key(key).session_id == other.protocol.session_id
    assert (lives.folder.is_dir(), dead.folder.exists()) == (True, False)
    lives.end()


def test_a_draft_ends_where_no_open_file_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where its own lock's file stood in its way."""
    draft = begin(tmp_path / "s", tmp_path / "s.key.json")
    unlink = Path.unlink

    def closed_only(path: Path, missing_ok: bool = False) -> None:
        if path == draft.lock.path and draft.lock.held:
            raise PermissionError(errno.EACCES, "open", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", closed_only)
    draft.end()
    assert not draft.lock.held
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("modality", ["image", "video"])
def test_hidden_trials_are_of_the_size_of_the_others(tmp_path: Path, modality: str) -> None:
    """A placebo of the larger arm was larger than any test, and a clip of the longer one longer."""
    root, _ = blind_world.session(
        tmp_path, 8, modality=modality, placebo=0.5, catch=0.5, training=0, per_rater=4
    )
    _, _, db = folder.open_folder(root)
    sheets = folder.columns(
        db, "SELECT u.id, s.width, s.height, s.stride, s.seconds FROM units u "
        "JOIN sheets s ON s.id = u.sheet",
    )  # fmt: skip
    db.close()
    shapes = {(s["width"], s["height"], s["stride"], s["seconds"]) for s in sheets}
    assert sum(s["id"].startswith("h") for s in sheets) > 4
    assert len(shapes) == 1
