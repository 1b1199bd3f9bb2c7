"""The actual outputs at percentiles, small, in the page itself and within its weight.

Every picture is made smaller until all of them together fit the page's budget. What shall not be
shown (unsafe) or cannot be (refused, unreadable) is said in its place.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qfloor.counting import several
from qfloor.report.content import Picture, ReportContent, Strip
from qfloor.report.markup import folded, number, paragraph, text
from qfloor.report.stills import still

if TYPE_CHECKING:
    from PIL.Image import Image

BUDGET = 3_600_000
"""Bytes that all pictures of a page may take, encoded: the rest of 5 MB is text and drawings."""

SIDES = (224, 176, 144, 112, 88, 64)
"""Longest side in pixels, tried in order."""

QUALITY = 72


def pictures_section(content: ReportContent) -> str:
    """Give the section's body."""
    if not content.strips and not content.quartiles:
        return paragraph(content.absent.get("pictures", "No pictures are at hand."), "dim")
    strips = [*content.quartiles, *content.strips]
    encoded, side = shrunk(p.file for strip in strips for p in strip.pictures)
    body = []
    if content.quartiles:
        said = (
            "The output at each offer's lower quartile: a quarter of its outputs are worse than "
            "what you see. This is what a floor is about."
        )
        body.append("<h3>What each floor looks like</h3>" + paragraph(said))
        body += [_strip(content, strip, encoded, "wall") for strip in content.quartiles]
    if content.strips:
        body.append("<h3>From bad to good, as each quality orders them</h3>")
        body += _by_quality(content, encoded)
    note = f"Pictures are at most {side} pixels on a side here; clips show their middle frame."
    return "".join(body) + paragraph(note, "dim small")


def _by_quality(content: ReportContent, encoded: Mapping[Path, str]) -> Iterable[str]:
    """People's own first and open, each metric behind a line that opens it, on the screen only."""
    groups: dict[str, list[Strip]] = {}
    for strip in content.strips:
        groups.setdefault(strip.quality, []).append(strip)
    for n, (quality, found) in enumerate(groups.items()):
        body = "".join(_strip(content, strip, encoded, "strip") for strip in found)
        title = f"{quality} ({several(len(found), 'category')})"
        yield f"<h3>{text(quality)}</h3>{body}" if n == 0 else folded(title, body, "screen")


def _strip(content: ReportContent, strip: Strip, encoded: Mapping[Path, str], kind: str) -> str:
    shots = "".join(
        _shot(content.name(picture.offer_id), picture, encoded) for picture in strip.pictures
    )
    head = f"{strip.category} · {strip.modality}"
    return (
        f'<figure class="plot"><figcaption>{text(head)} <span>{several(strip.n, "output")}</span>'
        f'</figcaption><div class="{kind}">{shots}</div></figure>'
    )


def _shot(name: str, picture: Picture, encoded: Mapping[Path, str]) -> str:
    source = None if picture.file is None else encoded.get(picture.file)
    value = "fails outright" if picture.value is None else number(picture.value)
    if source is None:
        why = picture.why or "the file is not at hand or cannot be read"
        seen = f'<div class="none">no picture: {text(why)}</div>'
    else:
        alt = f"{picture.title} of {name}, {value}: {picture.prompt[:120]}"
        seen = f'<img alt="{text(alt)}" src="{source}">'
    return (
        f'<figure class="shot">{seen}<figcaption><b>{text(value)}</b> {text(picture.title)}<br>'
        f'{text(name)}<span class="asked" title="{text(picture.prompt)}">'
        f"{text(picture.prompt)}</span></figcaption></figure>"
    )


def shrunk(files: Iterable[Path | None], budget: int = BUDGET) -> tuple[dict[Path, str], int]:
    """Encode pictures, as large as all of them fit the budget.

    Parameters
    ----------
    files : iterable of Path or None
        A file counts as often as it is named, for it is written as often.
    budget : int
        Bytes of all data URLs together.

    Returns
    -------
    encoded : dict of Path to str
        Data URLs of what could be read; where not even the smallest fit, of the first ones.
    side : int
        Longest side in pixels.
    """
    named = [file for file in files if file is not None]
    opened = {file: still(file, SIDES[0]) for file in dict.fromkeys(named)}
    small = {file: picture for file, picture in opened.items() if picture is not None}
    found: dict[Path, str] = {}
    for side in SIDES:
        found = {file: _url(picture, side) for file, picture in small.items()}
        if sum(len(found.get(file, "")) for file in named) <= budget:
            return found, side
    kept, total = {}, 0
    for file in named:
        total += len(found.get(file, ""))
        if total > budget:
            break
        if file in found:
            kept[file] = found[file]
    return kept, SIDES[-1]


def _url(picture: Image, side: int) -> str:
    small = picture.copy()
    small.thumbnail((side, side))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
