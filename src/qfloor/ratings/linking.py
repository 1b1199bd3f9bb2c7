"""May ratings of two sessions be pooled? Only when outputs rated in both show no shift.

A panel that meets again, or another one, may have moved on the scale; then a floor from both is
about neither. Sessions therefore rate some outputs again (linking outputs), and are pooled only
when a shift as large as the margin is ruled out. The result is kept, and floors obey it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from qfloor import stats
from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import TEST, listed
from qfloor.records import Linking
from qfloor.store import Store

if TYPE_CHECKING:
    import pandas as pd

MARGIN_SHARE = 0.05
"""Default margin as a share of the scale: half a point of 0-10, a fifth of a point of 1-5."""

Kind = Literal["session", "source"]
_WORDS: dict[str, Literal["pool", "do not pool", "too few linking outputs"]] = {
    "equivalent": "pool",
    "shifted": "do not pool",
    "open": "do not pool",
    "too few": "too few linking outputs",
}


def link(
    store: Store,
    first: str,
    second: str,
    *,
    criterion: str,
    margin: float | None = None,
    alpha: float = 0.05,
    now: dt.datetime | None = None,
) -> Linking:
    """Test whether two sessions rate on one scale, and keep the answer.

    Parameters
    ----------
    store : Store
        Open for writing.
    first, second : str
        Names of rating sessions, or of sources of imports.
    criterion : str
        What was rated.
    margin : float, optional
        Largest shift that does not matter, in the unit of the scale; by default `MARGIN_SHARE`
        of its width.
    alpha : float
        Level of each of the two one-sided tests.
    now : datetime, optional
        The clock; by default the machine's, in UTC.

    Returns
    -------
    Linking

    Raises
    ------
    RatingsError
        When a name is unknown, both are the same, the sessions have other scales, or no output
        was rated in both.
    """
    ratings = store.ratings()
    ratings = ratings[(ratings["criterion"] == criterion) & (ratings["control"] == TEST)]
    kind = _kind(ratings, first, second, criterion)
    chosen = ratings[ratings[kind].isin([first, second])]
    width = _width(chosen, first, second)
    margin = MARGIN_SHARE * width if margin is None else margin
    if not 0.0 < margin < width or not 0.0 < alpha < 0.5:
        raise RatingsError(
            f"a margin of {margin:g} at alpha {alpha:g} tests nothing: the margin must lie above 0 "
            f"and below the width of the scale, {width:g}, and alpha in (0, 0.5)"
        )
    table = chosen.pivot_table(
        index=["prompt_id", "output_id"], columns=kind, values="value", aggfunc="mean"
    ).dropna()
    if not len(table):
        raise RatingsError(
            f"no output has ratings of {criterion!r} in both {first!r} and {second!r}; let the "
            "second session rate some outputs of the first again"
        )
    prompts = table.index.get_level_values("prompt_id").to_numpy(dtype=object)
    differences = (table[second] - table[first]).to_numpy(dtype="float64")
    found = stats.paired_equivalence(differences, prompts, margin, alpha)
    linking = Linking(
        kind=kind,
        first=first,
        second=second,
        criterion=criterion,
        margin=margin,
        alpha=alpha,
        shift=found.shift,
        low=found.low,
        high=found.high,
        n_outputs=found.n_pairs,
        n_prompts=found.n_clusters,
        word=_WORDS[found.ruling],
        at=(now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds"),
    )
    store.save_linking(linking)
    return linking


def sentence_of(linking: Linking) -> str:
    """Say in a sentence what a linking found.

    Examples
    --------
    >>> import qfloor.ratings.linking as module
    >>> found = Linking(kind="session", first="may", second="june", criterion="overall",
    ...     margin=0.5, alpha=0.05, shift=0.1, low=-0.1, high=0.3, n_outputs=40, n_prompts=40,
    ...     word="pool", at="2026-11-30")
    >>> sentence_of(found)
    'pool: june rates 0.1 higher than may, and more than 0.3 either way is ruled out'
    """
    if linking.shift is None or linking.low is None or linking.high is None:
        return (
            f"{linking.word}: "
            f"{several(linking.n_prompts, 'prompt says', 'prompts say')} nothing, rate more again"
        )
    way = "higher" if linking.shift >= 0.0 else "lower"
    said = f"{linking.second} rates {abs(linking.shift):.3g} {way} than {linking.first}"
    most = max(abs(linking.low), abs(linking.high))
    if linking.word == "pool":
        return f"pool: {said}, and more than {most:.3g} either way is ruled out"
    if linking.word == "do not pool":
        return f"do not pool: {said}, and the shift could be as large as {most:.3g}"
    reach = (linking.high - linking.low) / 2.0
    return (
        f"too few linking outputs: {linking.n_outputs} could not have shown less than {reach:.3g}, "
        f"and {linking.margin:.3g} is asked; rate more again"
    )


def _kind(ratings: pd.DataFrame, first: str, second: str, criterion: str) -> Kind:
    if first == second:
        raise RatingsError(f"{first!r} is linked with itself; name two sessions")
    kinds: tuple[Kind, ...] = ("session", "source")
    for kind in kinds:
        if {first, second} <= set(ratings[kind].dropna()):
            return kind
    known = {str(name) for kind in kinds for name in ratings[kind].dropna().unique()}
    unknown = first if first not in known else second
    raise RatingsError(
        f"no session or source {unknown!r} has ratings of {criterion!r}; known: "
        f"{listed(sorted(known)) or 'none'}"
        if unknown not in known
        else f"{first!r} and {second!r} are not both sessions or both sources; name two of a kind"
    )


def _width(chosen: pd.DataFrame, first: str, second: str) -> float:
    scales = sorted(set(zip(chosen["lo"].astype(float), chosen["hi"].astype(float), strict=True)))
    if len(scales) != 1:
        said = " and ".join(f"{lo:g} to {hi:g}" for lo, hi in scales)
        raise RatingsError(f"{first!r} and {second!r} rate on the scales {said}; they cannot pool")
    return scales[0][1] - scales[0][0]
