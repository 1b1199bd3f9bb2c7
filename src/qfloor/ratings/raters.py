"""A row for every rater: how severe, how noisy, how careful. Nobody is removed by any of it.

Severity, bias and noise come of test ratings; carefulness of what was asked twice (``repeat``)
and of outputs spoilt on purpose (``catch``). Criteria and scales are kept apart, people and
simulated raters too. What nothing supports is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qfloor import stats
from qfloor.ratings.agreement import told_apart
from qfloor.ratings.judgment import ANONYMOUS, TEST
from qfloor.stats import Screened
from qfloor.store import Store

if TYPE_CHECKING:
    import pandas as pd

VERDICTS: dict[bool | None, str] = {True: "would reject", False: "keep", None: "cannot say"}


@dataclass(frozen=True, kw_only=True)
class RaterReport:
    """What is known of one rater on one criterion.

    Attributes
    ----------
    rater, criterion, lo, hi, by : str, str, float, float, str
        Who, what was rated, on which scale; ``people`` or ``simulated``.
    n_ratings, n_shared : int
        Test ratings, and those of outputs that somebody else rated too.
    mean : float or None
        Mean test rating.
    severity, severity_lo, severity_hi : float or None
        Mean offset from the mean of the outputs rated, over shared ones, with its 95 % interval
        over prompts; below nought is severe.
    bias, inconsistency : float or None
        Offset and standard deviation of the noise by P.910 Annex E (`stats.recover_mos`).
    outside_share, bt500 : float or None, str
        Share of ratings far from the others', and what BT.500's screening would do.
    n_repeats, repeat_difference, repeat_same : int, float or None, float or None
        Outputs rated again, mean absolute difference, share given the very same rating.
    n_catches, catches_seen : int, float or None
        Spoilt outputs rated, and the share put below the rater's own median test rating.
    median_seconds : float or None
        Of the test ratings that say.
    """

    rater: str
    criterion: str
    lo: float
    hi: float
    by: str
    n_ratings: int
    n_shared: int
    mean: float | None
    severity: float | None
    severity_lo: float | None
    severity_hi: float | None
    bias: float | None
    inconsistency: float | None
    outside_share: float | None
    bt500: str
    n_repeats: int
    repeat_difference: float | None
    repeat_same: float | None
    n_catches: int
    catches_seen: float | None
    median_seconds: float | None

    def to_row(self) -> dict[str, Any]:
        """Give it as a row of a table."""
        row = dict(self.__dict__)
        scale = f"{row.pop('lo'):g}-{row.pop('hi'):g}"
        return {"rater": row.pop("rater"), "criterion": row.pop("criterion"), "scale": scale, **row}


def raters_of(store: Store, *, round: str | None = None, seed: int = 0) -> list[RaterReport]:
    """Describe every named rater of every criterion.

    Parameters
    ----------
    store : Store
    round : str, optional
        Only judgments of this round's outputs and its controls.
    seed : int
        Of the resampling behind severity's interval.

    Returns
    -------
    list of RaterReport
        By criterion, scale, ``by``, then severity from the most severe; empty without ratings.

    Raises
    ------
    ArithmeticError
        When the recovery of bias and noise does not converge.
    """
    found: list[RaterReport] = []
    for key, part in told_apart(store, round).groupby(["criterion", "lo", "hi", "by"], sort=True):
        named = part[part["rater"] != ANONYMOUS]
        rows = _reports(key, part, named, np.random.default_rng(seed))
        found += sorted(rows, key=lambda r: (r.severity is None, r.severity or 0.0, r.rater))
    return found


def raters_table(store: Store, *, round: str | None = None) -> list[dict[str, Any]]:
    """Describe every rater: severity, noise, repeats, catches; a row for each."""
    return [found.to_row() for found in raters_of(store, round=round)]


def _reports(
    key: Any, part: pd.DataFrame, named: pd.DataFrame, rng: np.random.Generator
) -> Iterator[RaterReport]:
    criterion, lo, hi, by = key
    tests = part[part["control"] == TEST]
    tests = tests.assign(
        offset=tests["value"] - tests.groupby("output_id")["value"].transform("mean"),
        shared=tests.groupby("output_id")["value"].transform("size") >= 2,
    )
    by_rater = {str(r): part for r, part in tests[tests["rater"] != ANONYMOUS].groupby("rater")}
    character = _character(tests)
    screened = _screening(tests)
    for name, own in named.groupby("rater", sort=True):
        rater = str(name)
        mine = by_rater.get(rater, tests.iloc[:0])
        of_rater = character.get(rater)
        screen = screened.get(rater)
        about: dict[str, Any] = {
            **_severity(mine, rng), **_repeats(own, mine), **_catches(own, mine)
        }  # fmt: skip
        yield RaterReport(
            rater=rater,
            criterion=str(criterion),
            lo=float(lo),
            hi=float(hi),
            by=str(by),
            n_ratings=len(mine),
            n_shared=int(mine["shared"].sum()),
            mean=float(mine["value"].mean()) if len(mine) else None,
            bias=None if of_rater is None else of_rater[0],
            inconsistency=None if of_rater is None else of_rater[1],
            outside_share=screen.outside_share if screen else None,
            bt500=VERDICTS[screen.rejected if screen else None],
            median_seconds=_median(mine["seconds"].dropna()),
            **about,
        )


def _severity(mine: pd.DataFrame, rng: np.random.Generator) -> dict[str, float | None]:
    shared = mine[mine["shared"]]
    if not len(shared):
        return {"severity": None, "severity_lo": None, "severity_hi": None}
    offsets = shared["offset"].to_numpy(dtype=np.float64)
    found = stats.mean_interval(offsets, shared["prompt_id"].to_numpy(dtype=object), rng)
    return {"severity": found.value, "severity_lo": found.low, "severity_hi": found.high}


def _columns(frame: pd.DataFrame) -> tuple[Any, Any, Any]:
    return (
        frame["value"].to_numpy(dtype=np.float64),
        frame["output_id"].to_numpy(dtype=str),
        frame["rater"].to_numpy(dtype=str),
    )


def _character(tests: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Bias and noise of each named rater who rated enough shared outputs."""
    named = tests[tests["rater"] != ANONYMOUS]
    found = stats.recover_mos(*_columns(named)) if len(named) else None
    if found is None:
        return {}
    each = zip(found.raters, found.bias, found.inconsistency, strict=True)
    return {str(rater): (float(bias), float(noise)) for rater, bias, noise in each}


def _screening(tests: pd.DataFrame) -> dict[str, Screened]:
    found = stats.bt500_screening(*_columns(tests)) if len(tests) else ()
    return {str(screened.rater): screened for screened in found}


def _repeats(own: pd.DataFrame, mine: pd.DataFrame) -> dict[str, Any]:
    """Compare what a rater said again of an output with what the rater said first."""
    first = mine.drop_duplicates("output_id").set_index("output_id")["value"]
    again = own[own["control"] == "repeat"]
    again = again[again["output_id"].isin(first.index)]
    if not len(again):
        return {"n_repeats": 0, "repeat_difference": None, "repeat_same": None}
    before = first.loc[again["output_id"]].to_numpy(dtype=np.float64)
    off = np.abs(again["value"].to_numpy(dtype=np.float64) - before)
    return {
        "n_repeats": len(again),
        "repeat_difference": float(off.mean()),
        "repeat_same": float(np.mean(off == 0.0)),
    }


def _catches(own: pd.DataFrame, mine: pd.DataFrame) -> dict[str, Any]:
    given = own.loc[own["control"] == "catch", "value"]
    usual = _median(mine["value"])
    if not len(given) or usual is None:
        return {"n_catches": len(given), "catches_seen": None}
    return {"n_catches": len(given), "catches_seen": float((given < usual).mean())}


def _median(values: pd.Series[Any]) -> float | None:
    return float(values.median()) if len(values) else None
