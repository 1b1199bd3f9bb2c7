"""Learned thresholds in words and as rows of a table: what was found, on how much, how surely."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qfloor.counting import several
from qfloor.pipeline.certifying.findings import Findings
from qfloor.records import TIERS, LearnedThreshold, Threshold

Row = dict[str, Any]


def sentence_of_rule(found: LearnedThreshold) -> str:
    """Say what a rule found, on what evidence, and with what error."""
    if found.value is None:
        return f"{_asked(found)}: no threshold, {found.reason}"
    if found.rule == "usable-rate":
        what = (
            f"{found.value:g}, as of outputs from there up to {found.window_hi:g} "
            f"{found.estimate:.1%} were called usable and at least {found.bound:.1%} are"
        )
    else:
        what = (
            f"{found.value:g}, as {found.reference}'s {_quantile(found)} is {_seen(found)}at most "
            f"{found.bound:g}"
        )
    return f"{_asked(found)}: {what} ({_on_what(found)}); {_errors(found)}"


def _asked(found: LearnedThreshold) -> str:
    if found.rule == "usable-rate":
        said = f" by {found.criterion!r}" if found.criterion else ""
        return f"usable-rate, {found.usable:.0%} usable{said}"
    return f"relative, {found.reference} less {found.margin:g}"


def _quantile(found: LearnedThreshold) -> str:
    return "lower quartile" if found.max_fail == 0.25 else f"{found.max_fail:.0%} quantile"


def _seen(found: LearnedThreshold) -> str:
    return "" if found.estimate is None else f"{found.estimate:g} as seen and "


def _on_what(found: LearnedThreshold) -> str:
    people = "" if found.n_raters is None else f", {several(found.n_raters, 'rater')}"
    panel = f", {found.raters}" if found.raters.startswith("conditional") else ""
    return (
        f"{several(found.n_prompts, f'{found.split} prompt')}, "
        f"{several(found.n_values, 'value')}{people}{panel}, level "
        f"{found.level:g}"
    )


def _errors(found: LearnedThreshold) -> str:
    return (
        f"its certificates are wrong with probability at most {found.total_error:g}, of which "
        f"{found.level:g} is this number's"
    )


def place_of(found: LearnedThreshold | Threshold) -> str:
    """``portrait/image/professional``."""
    return f"{found.category}/{found.modality}/{found.tier}"


def threshold_rows(found: Findings, quality: str) -> Iterator[Row]:
    """Rows of every threshold of a quality, and of rules that found none with the reason."""
    evidence = {place_of(one): one for one in found.learned}
    rows = [(t, evidence.get(place_of(t))) for t in found.thresholds if quality in t.quality]
    there = {place_of(threshold) for threshold, _ in rows}
    none = [one for one in found.learned if place_of(one) not in there and quality in one.quality]
    for threshold, learned in sorted(rows, key=lambda row: _order(row[0])):
        yield _row(threshold, learned, threshold.evidence)
    for one in sorted(none, key=_order):
        yield _row(one, one, one.reason)


def _row(
    demanded: Threshold | LearnedThreshold, learned: LearnedThreshold | None, said: str
) -> Row:
    rule = demanded.rule
    return {
        "category": demanded.category,
        "modality": demanded.modality,
        "tier": demanded.tier,
        "rule": rule,
        "value": demanded.value,
        "max_fail": demanded.max_fail,
        "prompts": None if learned is None else learned.n_prompts,
        "values": None if learned is None else learned.n_values,
        "raters": None if learned is None else learned.n_raters,
        "estimate": None if learned is None else learned.estimate,
        "bound": None if learned is None else learned.bound,
        "level": None if learned is None else learned.level,
        "total_error": None if learned is None else learned.total_error,
        "post_hoc": demanded.post_hoc,
        "evidence": said or None,
    }


def _order(one: Threshold | LearnedThreshold) -> tuple[str, str, int]:
    return one.category, one.modality, TIERS.index(one.tier)


def threshold_remarks(found: Findings) -> Iterator[str]:
    """One sentence for each learned threshold, and for each that could not be learned.

    A dearer tier that came to demand less than a cheaper one is said too: then the cheaper one
    certifies more than its buyers ask.
    """
    for one in found.learned:
        yield f"{place_of(one)}: {sentence_of_rule(one)}"
    learned = {place_of(one) for one in found.learned}
    tiers: dict[tuple[str, str, str], list[Threshold]] = {}
    for threshold in sorted(found.thresholds, key=_order):
        place = (threshold.category, threshold.modality, threshold.quality)
        for cheaper in tiers.setdefault(place, []):
            less = threshold.value < cheaper.value and threshold.max_fail >= cheaper.max_fail
            if less and learned & {place_of(threshold), place_of(cheaper)}:
                yield (
                    f"{place_of(threshold)} demands {threshold.value:g}, less than "
                    f"{cheaper.tier}'s {cheaper.value:g}"
                )
        tiers[place].append(threshold)
