"""Which of two offers people chose: plain counts by criterion, category and pair of offers.

No ranking and no interval: votes on one prompt and of one rater hang together, and a table of
counts does not know. Controls are left out. People and simulated raters are never put together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from qfloor.ratings.agreement import SIMULATED
from qfloor.ratings.judgment import ANONYMOUS, TEST
from qfloor.store import Store

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ["criterion", "category", "modality", "first", "second", "by"]


@dataclass(frozen=True, kw_only=True)
class Wins:
    """What people said of two offers.

    Attributes
    ----------
    criterion, category, modality : str
        What was asked, and where.
    first, second : str
        The offers, in the order of their names; one and the same when a file told no models or
        two outputs of one offer were compared: then nobody won, and both wins are None.
    by : str
        ``people``, or ``simulated`` raters.
    first_wins, second_wins, ties, both_bad : int
        Answers; the first two are None within one offer.
    left, right : int
        On which side the chosen output was: far from even, raters favour a side.
    n, prompts, raters, anonymous : int
        Answers in all, prompts, raters with a name, and answers without one.
    """

    criterion: str
    category: str
    modality: str
    first: str
    second: str
    by: str
    first_wins: int | None
    second_wins: int | None
    ties: int
    both_bad: int
    left: int
    right: int
    n: int
    prompts: int
    raters: int
    anonymous: int


def wins_of(store: Store, *, round: str | None = None) -> list[Wins]:
    """Count comparisons by pair of offers.

    Parameters
    ----------
    store : Store
    round : str, optional
        Only comparisons of this round's outputs.

    Returns
    -------
    list of Wins
        By criterion, category, modality and offers; empty without comparisons.
    """
    frame = store.comparisons(round=round)
    frame = frame[frame["control"] == TEST]
    swapped = frame["right_offer_id"] < frame["left_offer_id"]
    frame = frame.assign(
        first=frame["left_offer_id"].where(~swapped, frame["right_offer_id"]),
        second=frame["right_offer_id"].where(~swapped, frame["left_offer_id"]),
        first_side=swapped.map({True: "right", False: "left"}),
        by=frame["source"].str.startswith(SIMULATED).map({True: SIMULATED, False: "people"}),
    )
    return [_wins(key, part) for key, part in frame.groupby(_KEYS, sort=True)]


def comparison_table(store: Store, *, round: str | None = None) -> list[dict[str, Any]]:
    """Count which of two offers people chose: a row for every pair of offers."""
    return [asdict(found) for found in wins_of(store, round=round)]


def _wins(key: Any, part: pd.DataFrame) -> Wins:
    criterion, category, modality, first, second, by = (str(value) for value in key)
    winner = part["winner"]
    chosen = winner.isin(["left", "right"])
    n_first = int((winner == part["first_side"]).sum())
    named = part["rater"] != ANONYMOUS
    within = first == second
    return Wins(
        criterion=criterion,
        category=category,
        modality=modality,
        first=first,
        second=second,
        by=by,
        first_wins=None if within else n_first,
        second_wins=None if within else int(chosen.sum()) - n_first,
        ties=int((winner == "tie").sum()),
        both_bad=int((winner == "both_bad").sum()),
        left=int((winner == "left").sum()),
        right=int((winner == "right").sum()),
        n=len(part),
        prompts=int(part["prompt_id"].nunique()),
        raters=int(part.loc[named, "rater"].nunique()),
        anonymous=int((~named).sum()),
    )
