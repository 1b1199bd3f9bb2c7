"""The ways in which judgments are written down: one module each, named here.

A new one gives a `Format` whose ``read`` turns a file into a `Reading`, and adds a line below.
"""

from __future__ import annotations

from qfloor.errors import RatingsError
from qfloor.ratings.fields import nearest
from qfloor.ratings.formats import (
    arena,
    argilla,
    genai_bench,
    hpd,
    label_studio,
    long,
    mturk,
    pairwise,
    pick_a_pic,
    potato,
    published_votes,
    rapidata,
    rater_tables,
    sureal,
    table,
    vote_tables,
    webmushra,
)
from qfloor.ratings.judgment import Format

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        long.FORMAT,
        pairwise.FORMAT,
        table.FORMAT,
        label_studio.FORMAT,
        argilla.FORMAT,
        mturk.FORMAT,
        potato.FORMAT,
        rater_tables.FORMAT,
        sureal.FORMAT,
        webmushra.FORMAT,
        genai_bench.FORMAT,
        arena.FORMAT,
        arena.LOG,
        vote_tables.EVALICA,
        pick_a_pic.FORMAT,
        hpd.FORMAT,
        rapidata.FORMAT,
        vote_tables.PWCMP,
        published_votes.VOTES_FORMAT,
        published_votes.RANKINGS,
    )
}


def format_of(name: str) -> Format:
    """Find a format by name.

    Raises
    ------
    RatingsError
        When there is none of that name.
    """
    if name not in FORMATS:
        raise RatingsError(f"format {name!r} is unknown {nearest(name, FORMATS)}")
    return FORMATS[name]
