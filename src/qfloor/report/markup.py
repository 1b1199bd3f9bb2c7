"""Small pieces of HTML and the ways numbers are written on the page.

Everything that comes from outside is escaped here. Knows nothing of floors or verdicts.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from qfloor import prices

NOTHING = "–"
"""What stands where there is no value."""


def text(value: object) -> str:
    """Escape anything for the page; None is a dash."""
    return NOTHING if value is None else html.escape(str(value))


def number(value: Any, digits: int = 3) -> str:
    """Write a number as a person reads it.

    Examples
    --------
    >>> number(6.5), number(None), number(0.123456)
    ('6.5', '–', '0.123')
    """
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}"


def share(value: float | None) -> str:
    r"""Write a share in percent.

    Examples
    --------
    >>> share(0.1587), share(None)
    ('15.9\xa0%', '–')
    """
    if value is None:
        return NOTHING
    return "0\N{NO-BREAK SPACE}%" if value == 0.0 else f"{100.0 * value:.1f}\N{NO-BREAK SPACE}%"


def usd(amount: float | None) -> str:
    """Write an amount of money; None is a dash."""
    return NOTHING if amount is None else prices.usd(amount * prices.NANO)


def seconds(value: float | None) -> str:
    """Write a length of time.

    Examples
    --------
    >>> seconds(0.8), seconds(95.0), seconds(7300.0), seconds(None)
    ('0.8 s', '1.6 min', '2.0 h', '–')
    """
    if value is None:
        return NOTHING
    if value >= 5400.0:
        return f"{value / 3600.0:,.1f} h"
    return f"{value / 60.0:.1f} min" if value >= 90.0 else f"{value:.3g} s"


def short(offer_id: str) -> str:
    """Give an offer's name without its seller, for places with little room."""
    return offer_id.partition("/")[2] or offer_id


def names_of(offer_ids: Iterable[str]) -> dict[str, str]:
    """Name offers without their sellers; those that would be called alike keep them.

    Examples
    --------
    >>> names_of(["bfl/flux", "fal/flux", "fal/other"]) == {
    ...     "bfl/flux": "bfl/flux", "fal/flux": "fal/flux", "fal/other": "other"}
    True
    """
    ids = set(offer_ids)
    called = Counter(short(offer_id) for offer_id in ids)
    return {one: short(one) if called[short(one)] == 1 else one for one in ids}


def paragraph(said: str, kind: str = "") -> str:
    """Write a paragraph of text that is escaped here."""
    of = f' class="{kind}"' if kind else ""
    return f"<p{of}>{text(said)}</p>"


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Collection[int] = (),
    words: Collection[int] = (),
    digests: Collection[int] = (),
) -> str:
    """Write a table that scrolls by itself where it is too wide; cells are HTML already.

    Parameters
    ----------
    heads : sequence of str
        Heads of the columns, plain text.
    rows : iterable of sequence of str
        The first cell names the row.
    numeric, words, digests : collection of int
        Columns of numbers, of sentences, of digests.
    """
    kinds = ["n" if i in numeric else "words" if i in words else "digest" if i in digests else ""
             for i in range(len(heads))]  # fmt: skip
    of = [f' class="{kind}"' if kind else "" for kind in kinds]
    head = "".join(f'<th scope="col"{c}>{text(h)}</th>' for h, c in zip(heads, of, strict=True))
    body = "".join(f"<tr>{_cells(row, of)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[str], of: Sequence[str]) -> str:
    first = f'<th scope="row" class="nowrap">{row[0]}</th>'
    rest = zip(row[1:], of[1:], strict=True)
    return first + "".join(f"<td{kind}>{cell}</td>" for cell, kind in rest)


def folded(summary: str, body: str, kind: str = "") -> str:
    """Put something behind a line that opens it; on paper it is open, or left out (``screen``)."""
    of = f' class="{kind}"' if kind else ""
    return f"<details{of}><summary>{text(summary)}</summary>{body}</details>"


def figure(title: str, note: str, alt: str, body: str) -> str:
    """Write a plot with its title; ``alt`` says in words what it shows."""
    said = f" <span>{text(note)}</span>" if note else ""
    return (
        f'<figure class="plot" role="group" aria-label="{text(alt)}">'
        f"<figcaption>{text(title)}{said}</figcaption>{body}</figure>"
    )
