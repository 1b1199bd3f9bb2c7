"""What bytes are, by their first few, whatever they claim to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PICTURE = "image"
CLIP = "video"
HEAD_BYTES = 256
_ISO_BRANDS = {
    b"avif": "image/avif", b"avis": "image/avif", b"mif1": "image/avif", b"heic": "image/heic",
    b"heix": "image/heic", b"heim": "image/heic", b"qt  ": "video/quicktime",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much may be asked of the decoder before bytes are refused unread."""

    max_bytes: int = 512 * 1024 * 1024
    max_pixels: int = 80_000_000
    max_frames: int = 20_000


LIMITS = Limits()


def sniff(content: bytes) -> str | None:
    """Media type by magic bytes; None for what is neither picture nor clip.

    Examples
    --------
    >>> sniff(b"GIF89a..........")
    'image/gif'
    >>> sniff(b"<!doctype html><title>502</title>") is None
    True
    """
    head = content[:64]
    for magic, media_type in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
    ):
        if head.startswith(magic):
            return media_type
    return _container(head)


def _container(head: bytes) -> str | None:
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free"):
        return "video/quicktime"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/x-matroska" if b"matroska" in head else "video/webm"
    return None


def head_of(content: bytes | Path) -> bytes:
    """First bytes of media, enough for `sniff` and `describe`."""
    if isinstance(content, bytes):
        return content[:HEAD_BYTES]
    with content.open("rb") as file:
        return file.read(HEAD_BYTES)


def size_of(content: bytes | Path) -> int:
    """How many bytes media are."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def describe(content: bytes, size: int | None = None) -> str:
    """What bytes that are no media seem to be, for a message; ``size`` when more follow."""
    if not content:
        return "zero bytes"
    start = content[:256].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page, not media (an error page?)"
    if start.startswith((b"{", b"[")):
        return "JSON, not media (an error message?)"
    return f"{size or len(content)} bytes of no known media type"


def family(media_type: str) -> str:
    """``image`` or ``video`` of a media type."""
    return media_type.split("/")[0].strip().lower()
