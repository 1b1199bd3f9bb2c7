"""What else tells that a model changed: the version it names, and what its outputs are like.

A version that the provider told is a fact. Size, format and speed are signs: they change for
other reasons too, so they are shown and decide nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from qfloor.records import Output, Status

FEWEST = 5
"""Outputs on each side below which a sign is not spoken of."""

SLOWER = 1.5
"""Ratio of median times from which speed is a sign."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Something about an offer's outputs that differs; ``told`` by the provider or only seen."""

    offer_id: str
    what: str
    before: str
    after: str
    told: bool

    def sentence(self) -> str:
        """Say it in words.

        Examples
        --------
        >>> Sign(offer_id="shop/x", what="version", before="1", after="2", told=True).sentence()
        'version told: 1 -> 2'
        >>> Sign(offer_id="shop/x", what="size", before="a", after="b", told=False).sentence()
        'not told, but size changed: a -> b'
        """
        if self.told:
            return f"{self.what} told: {self.before} -> {self.after}"
        return f"not told, but {self.what} changed: {self.before} -> {self.after}"


def signs_of(before: Iterable[Output], after: Iterable[Output]) -> tuple[Sign, ...]:
    """Compare made outputs of two rounds, offer by offer."""
    sides = [_by_offer(outputs) for outputs in (before, after)]
    return tuple(
        sign
        for offer in sorted(sides[0].keys() & sides[1].keys())
        for sign in _signs(offer, sides[0][offer], sides[1][offer])
    )


def _by_offer(outputs: Iterable[Output]) -> dict[str, list[Output]]:
    found: dict[str, list[Output]] = {}
    for output in outputs:
        if output.status is Status.MADE:
            found.setdefault(output.offer_id, []).append(output)
    return found


def _signs(offer: str, before: list[Output], after: list[Output]) -> Iterator[Sign]:
    sides = (before, after)
    versions = [sorted({o.model_version for o in side if o.model_version}) for side in sides]
    if all(versions) and versions[0] != versions[1]:
        old, new = (", ".join(names) for names in versions)
        yield Sign(offer_id=offer, what="version", before=old, after=new, told=True)
    if min(len(before), len(after)) < FEWEST:
        return
    usual: tuple[tuple[str, Callable[[Output], str | None]], ...] = (
        ("size", lambda o: f"{o.width}x{o.height}" if o.width and o.height else None),
        ("format", lambda o: o.media_type),
    )
    for what, of in usual:
        was, now = (_mostly(of(o) for o in side) for side in sides)
        if was and now and was != now:
            yield Sign(offer_id=offer, what=what, before=was, after=now, told=False)
    seconds = [[s for o in side if (s := o.seconds)] for side in sides]
    if min(map(len, seconds)) >= FEWEST:
        slow, fast = (median(side) for side in seconds)
        if max(slow, fast) >= SLOWER * min(slow, fast):
            shown = {"before": f"{slow:.3g} s", "after": f"{fast:.3g} s"}
            yield Sign(offer_id=offer, what="speed", told=False, **shown)


def _mostly(values: Iterable[str | None]) -> str | None:
    """The value of more than half, if there is one."""
    counts = Counter(values)
    value, n = counts.most_common(1)[0]
    return value if 2 * n > counts.total() else None
