"""A floor less one rater: on whom of a small panel a certificate depends.

With fewer than `qfloor.stats.FEW_RATERS` effective raters nothing can be said about raters in
general, and a verdict is conditional on its panel. Then the floor is computed again without each
rater in turn. It changes no verdict; it says how much of it is one person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from qfloor.floors.cells import on_this_panel
from qfloor.floors.compute import Assessed, CellRequest, assess
from qfloor.floors.judged import Judged
from qfloor.floors.ruling import rule_family
from qfloor.records import LeaveOneOut, Ruling, Verdict, digest_of

Place = tuple[str, str, str]


def number_raters(cells: Iterable[Sequence[Judged]]) -> dict[str, int]:
    """Number raters from 1, in an order that follows from what they said and not from their names.

    Names are a workspace's own pseudonyms; numbers are the same wherever the same ratings are
    judged, and can be published.
    """
    said: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for outputs in cells:
        for output in outputs:
            for value, rater in zip(output.values, output.raters, strict=False):
                said[rater].append((output.output_id, value))
    ordered = sorted(said, key=lambda rater: (digest_of(sorted(said[rater])), rater))
    return {rater: number for number, rater in enumerate(ordered, start=1)}


def on_panels(
    family: Sequence[Assessed], verdicts: Sequence[Verdict], numbers: Mapping[str, int]
) -> tuple[tuple[Verdict, ...], tuple[LeaveOneOut, ...]]:
    """Say of few raters' verdicts that they are conditional on the panel, and how much so.

    Parameters
    ----------
    family : sequence of Assessed
        All delivered floors of one family.
    verdicts : sequence of Verdict
        What `rule_family` ruled on them.
    numbers : mapping of str to int
        By rater; see `number_raters`.

    Returns
    -------
    verdicts : tuple of Verdict
        The same, with ``panel`` in words where the panel is small.
    rows : tuple of LeaveOneOut
        Rulings without each rater, one for each rater and tier of those; none for a panel of one,
        since without it nothing is left, for large panels, and for metrics.
    """
    ruled: dict[Place, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        ruled[_place(verdict)].append(verdict)
    rows: list[LeaveOneOut] = []
    said: dict[tuple[Place, str], str] = {}
    for one in family:
        if not one.bounds.cell.on_its_panel:
            continue
        mine = _leave_one_out(family, one, ruled[_place(one.request)], numbers)
        rows += mine
        for verdict in ruled[_place(one.request)]:
            words = in_words(one.bounds.cell.n_raters, mine, verdict.tier)
            said[_place(verdict), verdict.tier] = words
    told = (replace(v, panel=said.get((_place(v), v.tier))) for v in verdicts)
    return tuple(told), tuple(rows)


def _place(of: Verdict | CellRequest) -> Place:
    return of.offer_id, of.category, of.modality


def _leave_one_out(
    family: Sequence[Assessed],
    one: Assessed,
    ruled: Sequence[Verdict],
    numbers: Mapping[str, int],
) -> list[LeaveOneOut]:
    """Rulings on one offer again without each of its raters, the rest of its family as it was."""
    outputs = one.request.outputs
    raters = {rater for output in outputs for rater in output.raters}
    with_all = {v.tier: v.ruling for v in ruled}
    rows: list[LeaveOneOut] = []
    for rater in sorted(raters, key=lambda name: numbers[name]) if len(raters) > 1 else ():
        kept = without(outputs, rater, numbers[rater])
        again = assess(replace(one.request, outputs=kept))
        rates = {rate.threshold: rate.rate for rate in again.floor.fail_rates}
        rows += [
            LeaveOneOut(
                offer_id=v.offer_id,
                category=v.category,
                modality=v.modality,
                quality=v.quality,
                rater_number=numbers[rater],
                tier=v.tier,
                rater=rater,
                threshold=v.threshold,
                max_fail=v.max_fail,
                ruling=v.ruling,
                ruling_with_all=with_all[v.tier],
                rate=rates.get(v.threshold),
                upper=v.upper,
                q25_lo=again.floor.q25_lo_release,
                n_prompts=again.floor.n_prompts,
                n_values=again.floor.n_values,
                bound=again.floor.bound,
            )
            for v in _rule_again(family, one, again)
        ]
    return rows


def _rule_again(family: Sequence[Assessed], one: Assessed, again: Assessed) -> list[Verdict]:
    """Rule on an offer in another state; the others matter only where evidence is shared out."""
    if one.request.family.correction == "bonferroni":
        return list(rule_family([again]))
    ruled = rule_family([again if other is one else other for other in family])
    return [v for v in ruled if _place(v) == _place(one.request)]


def without(outputs: Sequence[Judged], rater: str, number: int = 0) -> list[Judged]:
    """Leave one rater's ratings out of a cell, as if they had never been asked.

    Outputs that nobody else rated go with them: they are not missing, nobody would have been
    shown them. Of outputs that nobody rated at all (refused, failed, missing) an equal share
    goes, drawn by hash: they would have been that rater's to see too. ``number`` names the rater
    in that draw.
    """
    rated = [o for o in outputs if o.raters]
    alone = sum(set(o.raters) == {rater} for o in rated)
    share = alone / len(rated) if rated else 0.0
    kept: list[Judged] = []
    for output in outputs:
        if output.raters:
            pairs = [
                (v, r) for v, r in zip(output.values, output.raters, strict=True) if r != rater
            ]
            if pairs:
                values, raters = zip(*pairs, strict=True)
                kept.append(replace(output, values=values, raters=raters))
        elif _drawn(output, number) >= share:
            kept.append(output)
    return kept


def _drawn(output: Judged, number: int) -> float:
    return int(digest_of(["left out", number, output.output_id], 8), 16) / 0x100000000


def in_words(n_raters: int, rows: Sequence[LeaveOneOut], tier: str) -> str:
    """Say what a tier's verdict is conditional on, and whether it hangs on one rater.

    Examples
    --------
    >>> in_words(1, [], "premium")
    'conditional on this panel of 1'
    """
    said = on_this_panel(n_raters)
    mine = [row for row in rows if row.tier == tier]
    if not mine:
        return said
    other = Counter(row.ruling for row in mine if row.ruling is not row.ruling_with_all)
    if not other:
        return f"{said}; leaving any one of them out changes nothing"
    told = " and ".join(f"{r.value} {other[r]} times" for r in Ruling if other[r])
    told = told.replace(" 1 times", " once")
    return f"{said}; with one of them left out it is {told} of {len(mine)}"
