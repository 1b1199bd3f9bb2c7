"""What sellers deliver: sound pictures and clips, and what is not what it should be."""

from __future__ import annotations

import functools
import io
import struct
import zlib

import av
import numpy as np
from clip_files import MPEG4, clip_file, rolling
from PIL import Image


def picture(key: str) -> bytes:
    """A PNG that no other key has."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def clip(key: str) -> bytes:
    """An MP4 of a few frames; a comment box makes it the key's own."""
    note = key.encode()
    return _clip() + struct.pack(">I4s", 8 + len(note), b"free") + note


@functools.cache
def _clip() -> bytes:
    return clip_file(rolling(4, height=48, width=64), **MPEG4)


@functools.cache
def no_frames() -> bytes:
    """A clip of no frames at all."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=8)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        container.start_encoding()
    return buffer.getvalue()


@functools.cache
def black(modality: str) -> bytes:
    """All one colour."""
    if modality == "video":
        return clip_file([np.zeros((48, 64, 3), np.uint8)] * 4, **MPEG4)
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 pixels square."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 4096)), (b"IEND", b""))
    made = b"\x89PNG\r\n\x1a\n"
    for kind, content in chunks:
        crc = zlib.crc32(kind + content)
        made += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)
    return made


PAGE = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>502</body></html>"


def served(kind: str, key: str, modality: str) -> tuple[bytes, str]:
    """Media of a kind with the type they are served as."""
    video = modality == "video"
    plain = "video/mp4" if video else "image/png"
    if kind == "black":
        return black(modality), plain
    if kind == "bomb":
        return bomb(), "image/png"
    if kind == "page":
        return PAGE.encode(), "text/html"
    if kind == "no_frames":
        return no_frames(), "video/webm"
    if kind == "wrong_modality":
        return (picture(key), "image/png") if video else (clip(key), "video/mp4")
    whole = clip(key) if video else picture(key)
    if kind == "cut_short":
        return whole[: len(whole) // 3], plain
    return whole, "application/octet-stream" if kind == "untyped" else plain
