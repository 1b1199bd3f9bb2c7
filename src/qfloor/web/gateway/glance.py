"""A quick look at media: what the first bytes are, and how large the picture says it is.

It finds an error page, a clip in a picture's place and an empty file; not a blank, and not a file
that breaks off. `qfloor.media.inspect` finds those, and costs the time to decode everything.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from qfloor.media import Inspection
from qfloor.media.sniff import describe, family, head_of, size_of, sniff


def glance(content: bytes | Path, media_type: str, modality: str) -> Inspection:
    """Look at the head of media; see `qfloor.media.inspect`."""
    head = head_of(content)
    found = sniff(head)
    if found is None:
        detail = f"declared {media_type or 'nothing'}, got {describe(head, size_of(content))}"
        return Inspection(reason="undecodable", detail=detail)
    if family(found) != modality:
        return Inspection(reason="wrong_modality", detail=f"got {found}", media_type=found)
    width, height = _size(content) if modality == "image" else (None, None)
    return Inspection(reason="ok", media_type=found, width=width, height=height)


def _size(content: bytes | Path) -> tuple[int | None, int | None]:
    """Width and height as the head of a picture says; nothing is decoded."""
    from PIL import Image

    source = io.BytesIO(content) if isinstance(content, bytes) else content
    with contextlib.suppress(Exception), Image.open(source) as picture:
        return picture.size
    return None, None
