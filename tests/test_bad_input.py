"""What people really hand in: each is one sentence and exit 1, or a status row and the run goes on.

One test for each kind of bad input; details are tested beside the module that answers.
"""

from __future__ import annotations

import io
import sqlite3
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from qfloor import pipeline, plugins, router, score
from qfloor.cli import main
from qfloor.errors import NewerDatabaseError, QfloorError
from qfloor.generators.catalogue import read_offers
from qfloor.generators.http.keys import read_keyring
from qfloor.pipeline.workloads import load_workload
from qfloor.records import Output, PluginSpec, ScoreStatus, Status
from qfloor.router.policy_file import load_policy
from qfloor.store import Store
from qfloor.web.gateway.keys import Keyring
from qfloor.web.gateway.settings import read_settings

RNG = np.random.default_rng(5)
PICTURE = RNG.integers(0, 255, (48, 64, 3), dtype=np.uint8)


def _png(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", **options)
    return buffer.getvalue()


def _rotated() -> bytes:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    Image.fromarray(PICTURE).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def _cmyk() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PICTURE).convert("CMYK").save(buffer, "JPEG")
    return buffer.getvalue()


def _animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100)
    return buffer.getvalue()


def _huge() -> bytes:
    """A decompression bomb: a header that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def _clip() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(24):
            frame = av.VideoFrame.from_ndarray(np.roll(PICTURE, 2 * i, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


PICTURES: dict[str, tuple[Callable[[], bytes], Status, str]] = {
    "fine.png": (lambda: _png(PICTURE), Status.MADE, "ok"),
    "rgba.png": (
        lambda: _png(np.dstack([PICTURE, np.full((48, 64), 128, np.uint8)])), Status.MADE, "ok",
    ),
    "sixteen.png": (
        lambda: _png((PICTURE[..., 0].astype(np.uint16)) * 257), Status.MADE, "ok",
    ),
    "cmyk.jpg": (_cmyk, Status.MADE, "ok"),
    "rotated.jpg": (_rotated, Status.MADE, "ok"),
    "corrupt.png": (lambda: _png(PICTURE)[:200], Status.BLANK, "undecodable"),
    "zero.png": (lambda: b"", Status.BLANK, "undecodable"),
    "huge.png": (_huge, Status.BLANK, "undecodable"),
    "animated.gif": (_animated, Status.MADE, "ok"),
    "page.png": (lambda: b"<html>404</html>", Status.BLANK, "undecodable"),
    "black.png": (lambda: _png(np.zeros_like(PICTURE)), Status.BLANK, "one_colour"),
    "clip.webm": (_clip, Status.MADE, "ok"),
    "truncated.webm": (lambda: _clip()[:600], Status.BLANK, "zero_frames"),
}  # fmt: skip


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Output]:
    """Take all of them in by one manifest; the run goes on whatever it meets."""
    folder = tmp_path_factory.mktemp("made-elsewhere")
    lines = ["prompt,offer,file"]
    for name, (make, _, _) in PICTURES.items():
        (folder / name).write_bytes(make())
        lines.append(f"{name},elsewhere/model,{name}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    with Store.open(folder / "ws", create=True) as store:
        pipeline.take_in(store, folder / "manifest.csv", round="2026-11")
        prompts = store.prompts_by_digest()
        found = {prompts[o.prompt_digest].text: o for o in store.outputs_of()}
        scorer = plugins.build_scorer(PluginSpec(name="technical"))
        with store.writing("score"):
            score.score_outputs(store, found.values(), prompts, [scorer])
        rows = [s for m in scorer.metrics for s in store.scores_of(metric=m.key)]
    assert {s.status for s in rows} == {ScoreStatus.SCORED}
    assert {s.output_id for s in rows} == {o.id for o in found.values() if o.status == "made"}
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_and_clips_become_status_rows(taken_in: dict[str, Output], name: str) -> None:
    _, status, reason = PICTURES[name]
    output = taken_in[name]
    assert (output.status, output.reason) == (status, reason)
    assert (output.media_sha256 is not None) or name == "zero.png"


def test_a_rotated_picture_is_measured_as_it_is_shown(taken_in: dict[str, Output]) -> None:
    assert (taken_in["rotated.jpg"].width, taken_in["rotated.jpg"].height) == (48, 64)


def _told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: object
          ) -> str:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["qfloor", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    out, err = capfd.readouterr()
    assert out == ""
    told = [line for line in err.splitlines() if line.startswith("qfloor: ")]
    assert len(told) == 1, err
    return told[0]


SUITE = '[suite]\nname = "s"\nversion = "1.0.0"\n'
PROMPT = '[[prompts]]\nid = "a"\ncategory = "{}"\ntext = "a face"\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SUITE + PROMPT.format("portrat"), "unknown; did you mean 'portrait'?"),
        (SUITE + PROMPT.format("portrait") * 2, "duplicate id"),
    ],
    ids=["unknown category", "duplicate id"],
)
def test_suites(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path,
    content: str, says: str,
) -> None:  # fmt: skip
    path = tmp_path / "s.toml"
    path.write_text(content)
    assert says in _told(monkeypatch, capfd, "suite", "check", path)


def test_a_missing_file_in_a_manifest(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_text("prompt,offer,file\na face,x/y,nowhere.png\n")
    told = _told(monkeypatch, capfd, "generate", "--manifest", path, "--round", "2026-11",
                 "-w", tmp_path / "ws")  # fmt: skip
    assert "row 2" in told
    assert "nowhere.png" in told
    with Store.open(tmp_path / "ws") as store:
        assert list(store.outputs_of()) == []


RATINGS = "prompt_id,model_id,rater_id,score,scale_min,scale_max{}\np1,m1,r1,{},0,10{}\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (RATINGS.format("", "11", ""), "11"),
        (RATINGS.format(",mood", "5", ",fine"), "mood"),
    ],
    ids=["outside the scale", "unknown column"],
)
def test_ratings(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path,
    content: str, says: str,
) -> None:  # fmt: skip
    path = tmp_path / "r.csv"
    path.write_text(content)
    told = _told(monkeypatch, capfd, "ratings", "import", path, "--round", "2026-11",
                 "-w", tmp_path / "ws")  # fmt: skip
    assert says in told
    with Store.open(tmp_path / "ws") as store:
        assert list(store.ratings_of()) == []


def test_a_newer_quality_db(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = Path(__file__).resolve().parents[1]
    path = tmp_path / "newer.db"
    path.write_bytes((root / "results" / "genai_bench.db").read_bytes())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE release SET schema_version = '2.0'")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(NewerDatabaseError):
        router.load(path)
    told = _told(monkeypatch, capfd, "route", "a cat", "--db", path)
    assert "newer" in told


@pytest.mark.parametrize("text", ["a = " + "1" * 5000, "a = " + "[" * 5000])
@pytest.mark.parametrize(
    "read",
    [read_offers, load_workload, read_settings, Keyring.read, load_policy, read_keyring],
)
def test_toml_that_its_reader_cannot_take_is_told_in_a_sentence(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    path = tmp_path / "file.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(QfloorError, match=r"file\.toml.*(TOML|file of offers)"):
        read(path)
