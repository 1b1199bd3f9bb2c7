"""Published judgments of outputs whose models are not told: ``genai_arena`` and ``rankings``.

``genai_arena`` are the votes of GenAI-Arena as GenAI-Bench published them: a CSV with ``idx``,
``prompt`` and ``human_vote``, or JSON with ``id``, ``prompt``, ``video_left``, ``video_right`` and
``vote_type``; a vote is leftvote, rightvote, tievote or bothbad_vote. Columns ``judge_*`` hold
verdicts of models, with empty cells; they are no people's, and are left aside.

``rankings`` are ImageReward's consensus rankings, ``id``, ``prompt``, ``generations`` and their
``ranking``, best first, equal numbers for ties: every pair of a ranking is a comparison. Pairs of
one ranking hang together, which the report says.

No rater is told in either. The model may stand in the file names (``--map model=..``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from qfloor.counting import several
from qfloor.ratings.entries import (
    UNNAMED_NOTE,
    Entry,
    model_of,
    prompt_of,
    read_pairs,
)
from qfloor.ratings.formats.arena import VOTES
from qfloor.ratings.judgment import ANONYMOUS, Format, Reading, ReadOptions, Side, Versus
from qfloor.ratings.mapping import Mapped
from qfloor.records import Winner

FILES = ("video_left", "video_right")
KNOWN_VOTES = {"id", "idx", "prompt", "human_vote", "vote_type", *FILES}
RANKED = ("id", "prompt", "generations", "ranking")
KNOWN_RANKINGS = set(RANKED)


def read_votes(path: Path, options: ReadOptions) -> Reading:
    """Read votes on pairs.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    mapped = options.mapping
    pairs = read_pairs(path, options, "row", KNOWN_VOTES, lambda e: _vote(e, mapped), "model")
    judges = sum(name.startswith("judge_") for name in pairs.ignored)
    notes = notes_of(options)
    if judges:
        columns = several(judges, "column")
        notes.append(f"{columns} of verdicts of models left aside: they are no people's")
    return pairs.reading(*notes)


def notes_of(options: ReadOptions) -> list[str]:
    """What is to be told first: whether files' names had to stand for models."""
    return [] if "model" in options.mapping.columns else [UNNAMED_NOTE]


def _vote(entry: Entry, mapped: Mapped) -> Versus:
    vote = "vote_type" if "vote_type" in entry.values else "human_vote"
    number = "id" if "id" in entry.values else "idx"
    entry.need(vote, number, "prompt")
    winner = VOTES[entry.one_of(vote, VOTES)]
    text = entry.text("prompt")
    name = entry.text(number)
    if not name:
        raise entry.wrong(f"{number} is empty, fill it in")
    prompt = prompt_of(text) if text else f"unknown-{name}"
    has_files = FILES[0] in entry.values
    files = [entry.text(f) if has_files else f"{name}/{prompt}/{f[6:]}" for f in FILES]
    if not all(files):
        raise entry.wrong("a side has no file, fill it in")
    left, right = (Side(item=file, model=model_of(file, mapped, entry)) for file in files)
    return Versus(
        row=entry.row,
        left=left,
        right=right,
        winner=winner,
        rater=ANONYMOUS,
        prompt=prompt,
        text=text,
        modality="video" if has_files else "",
        annotation=name,
    )


def read_rankings(path: Path, options: ReadOptions) -> Reading:
    """Read rankings as the pairs they amount to.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    mapped = options.mapping
    pairs = read_pairs(path, options, "entry", KNOWN_RANKINGS, lambda e: _pairs(e, mapped), "model")
    rankings = several(pairs.n_entries, "ranking")
    came = f"{several(len(pairs.found), 'pair comes', 'pairs come')} of {rankings}"
    return pairs.reading(f"{came}, so they are not independent", *notes_of(options))


def _pairs(entry: Entry, mapped: Mapped) -> Iterator[Versus]:
    entry.need(*RANKED)
    files = entry.whole("generations", list, "a list of files")
    ranks = entry.whole("ranking", list, "a list of ranks")
    name, text = entry.text("id"), entry.text("prompt")
    yield from ranked_pairs(
        entry, mapped, files, ranks, prompt=name, text=text, annotation=name, noun="generation"
    )


def ranked_pairs(
    entry: Entry,
    mapped: Mapped,
    files: list[Any],
    ranks: list[Any],
    *,
    prompt: str,
    text: str,
    rater: str = ANONYMOUS,
    annotation: str = "",
    noun: str = "picture",
) -> Iterator[Versus]:
    """Give every pair of a ranking of pictures, the lowest rank best, equal ranks as ties.

    Raises
    ------
    RatingsError
        When there is not one whole number for each file.
    """
    if len(files) != len(ranks):
        raise entry.wrong(f"{len(files)} {noun}s have {len(ranks)} ranks, correct one")
    if not all(isinstance(file, str) and file for file in files):
        raise entry.wrong(f"a {noun} is no file name, correct it")
    if not all(isinstance(rank, int) and not isinstance(rank, bool) for rank in ranks):
        raise entry.wrong("a rank is no whole number, correct it")
    twice = [file for file, n in Counter(files).items() if n > 1]
    if twice:
        raise entry.wrong(f"{noun} {twice[0]!r} is ranked twice, remove one")
    sides = [Side(item=file, model=model_of(file, mapped, entry)) for file in files]
    for (left, a), (right, b) in combinations(zip(sides, ranks, strict=True), 2):
        winner: Winner = "tie" if a == b else "left" if a < b else "right"
        yield Versus(
            row=entry.row,
            left=left,
            right=right,
            winner=winner,
            rater=rater,
            prompt=prompt,
            text=text,
            modality="image",
            annotation=annotation,
        )


VOTES_FORMAT = Format(
    name="genai_arena",
    read=read_votes,
    maps="some",
    noun="row",
    provider="genai_arena",
    takes="GenAI-Arena's published votes, CSV or JSON; no models, no raters.",
)
RANKINGS = Format(
    name="rankings",
    read=read_rankings,
    maps="some",
    noun="entry",
    takes="ImageReward's consensus rankings as JSON: every pair is a comparison.",
)
