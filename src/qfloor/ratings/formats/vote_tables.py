"""Plain tables of votes between models: ``evalica`` and ``pwcmp``.

``evalica`` is CSV of ``left,right,winner`` (left, right or tie) and nothing else: who voted and on
which prompt is not told, so raters are anonymous and all rows share one stand-in prompt.

``pwcmp`` is CSV of ``Observer,Session,Scene,Condition_1,Condition_2,Selection``: a forced choice,
1 or 2, between two conditions (our models) of a scene (our prompt). An observer may see a pair
several times in a session; all of them are kept, numbered in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.entries import NO_PROMPT, check_mapping, sides_of
from qfloor.ratings.fields import Fields, check_columns, in_our_spelling
from qfloor.ratings.judgment import ANONYMOUS, Format, Reading, ReadOptions, Versus
from qfloor.records import Winner

VOTES = ("left", "right", "winner")
WINNERS: dict[str, Winner] = {"left": "left", "right": "right", "tie": "tie"}
CHOICES = ("Observer", "Session", "Scene", "Condition_1", "Condition_2", "Selection")
SELECTED: dict[str, Winner] = {"1": "left", "2": "right"}


def read_evalica(path: Path, options: ReadOptions) -> Reading:
    """Read votes of nobody on nothing: two models and the winner.

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    found: list[Versus] = []

    def take(fields: Fields) -> None:
        models = fields.needed("left"), fields.needed("right")
        winner = WINNERS[fields.one_of("winner", WINNERS, "") or fields.needed("winner")]
        left, right = sides_of(NO_PROMPT, *models)
        found.append(
            Versus(
                row=fields.row,
                left=left,
                right=right,
                winner=winner,
                rater=ANONYMOUS,
                prompt=NO_PROMPT,
            )
        )

    return _read(path, options, VOTES, found, take)


def read_pwcmp(path: Path, options: ReadOptions) -> Reading:
    """Read forced choices of observers between conditions.

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    found: list[Versus] = []
    seen: Counter[tuple[str, ...]] = Counter()

    def take(fields: Fields) -> None:
        observer, session, scene, *conditions = (fields.needed(name) for name in CHOICES[:5])
        selection = fields.one_of("Selection", SELECTED, "") or fields.needed("Selection")
        key = (observer, session, scene, *conditions)
        seen[key] += 1
        left, right = sides_of(scene, *conditions)
        found.append(
            Versus(
                row=fields.row,
                left=left,
                right=right,
                winner=SELECTED[selection],
                rater=ANONYMOUS if observer.lower() == ANONYMOUS else observer,
                prompt=scene,
                session=session,
                annotation=str(seen[key]),
            )
        )

    return _read(path, options, CHOICES, found, take)


def _read(
    path: Path,
    options: ReadOptions,
    columns: tuple[str, ...],
    found: list[Versus],
    take: Callable[[Fields], None],
) -> Reading:
    check_mapping(path, options)
    fields = Fields(path)
    ignored: tuple[str, ...] | None = None
    told, rows = tables.table(path, RatingsError)
    header = in_our_spelling(told, columns)
    for line, cells in rows:
        values = dict(zip(header, cells, strict=True))
        if ignored is None:
            ignored = check_columns(
                path,
                header,
                columns,
                columns,
                ignore_unknown=options.ignore_unknown_columns,
            )
        fields.turn_to(line, values)
        take(fields)
    if ignored is None:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    return Reading(judgments=(), comparisons=found, n_rows=len(found), ignored_columns=ignored)


EVALICA = Format(
    name="evalica",
    read=read_evalica,
    maps="some",
    takes="CSV of left,right,winner: two models and left, right or tie.",
    folder=("*.csv",),
)
PWCMP = Format(
    name="pwcmp",
    read=read_pwcmp,
    maps="some",
    takes="CSV of Observer,Session,Scene,Condition_1,Condition_2,Selection (1 or 2).",
    folder=("*.csv",),
)
