"""A page that shows an offer's bad days: one file, pictures inside, no script, nothing fetched."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qfloor.report.stills import still

THUMB = 320
"""Longest side of a picture on the page, in pixels."""

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#20242a;max-width:1180px;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}ul{padding-left:1.2rem;margin:.5rem 0}.dim{color:#5b626c;font-size:.9rem}
.days{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:1rem}
figure{margin:0;border:1px solid #d9dde2;border-radius:8px;overflow:hidden;background:#fff}
.shot{height:250px;background:#f1f3f5;display:flex;align-items:center;justify-content:center}
.shot img{max-width:100%;max-height:100%}.none{padding:1rem;text-align:center;color:#5b626c}
figcaption{padding:.7rem .9rem}.value{font-size:1.35rem;font-weight:600}
.prompt{font-size:.9rem;display:-webkit-box;-webkit-line-clamp:4;-webkit-box-orient:vertical;
overflow:hidden}
"""


def thumbnail(path: Path, *, clip: bool) -> bytes | None:
    """Make a small JPEG of a picture, or of a clip's middle frame; None when it cannot be read."""
    picture = still(path, THUMB, clip=clip)
    if picture is None:
        return None
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


Section = tuple[str, Sequence[str], Sequence[dict[str, Any]]]
"""Heading, sentences, rows."""


def page_of(title: str, sections: Iterable[Section]) -> str:
    """Write the page.

    Parameters
    ----------
    title : str
    sections : iterable of (heading, sentences, rows)
        ``rows`` hold ``percentile``, ``value``, ``why``, ``ratings``, ``prompt``, ``output``,
        ``file`` and ``clip``.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    body = "".join(_section(*section) for section in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{html.escape(title)}</h1>{body}</body></html>\n"
    )


def _section(heading: str, sentences: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    said = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences)
    days = "".join(_day(row) for row in rows)
    return f'<h2>{html.escape(heading)}</h2><ul>{said}</ul><div class="days">{days}</div>'


def _day(row: dict[str, Any]) -> str:
    value = "fails" if row["value"] is None else f"{row['value']:.4g}"
    ratings = row["ratings"]
    told = row["why"] or (f"ratings {', '.join(f'{r:g}' for r in ratings)}" if ratings else "")
    return (
        f'<figure><div class="shot">{_shot(row)}</div><figcaption>'
        f'<div class="dim">{row["percentile"]:g}th percentile</div>'
        f'<div class="value">{value}</div><p class="dim">{html.escape(told)}</p>'
        f'<p class="prompt">{html.escape(row["prompt"])}</p>'
        f'<p class="dim">{html.escape(row["output"][:12])}</p></figcaption></figure>'
    )


def _shot(row: dict[str, Any]) -> str:
    content = None if row["file"] is None else thumbnail(Path(row["file"]), clip=row["clip"])
    if content is None:
        return f'<div class="none">no picture: {html.escape(row["status"])}</div>'
    encoded = base64.b64encode(content).decode("ascii")
    return f'<img alt="{html.escape(row["prompt"][:80])}" src="data:image/jpeg;base64,{encoded}">'
