"""``rapidata``: a comparison job's results as JSON, one vote each where they are told one by one.

    {"info": {..}, "summary": {..}, "results": [{"context": "a blue book", "winner_index": 1,
      "winner": "b.jpg", "aggregatedResults": {"a.png": 0, "b.jpg": 3},
      "detailedResults": [{"votedFor": "b.jpg", "userDetails": {..}}, ..]}]}

``detailedResults`` give a comparison each; without them the counts of ``aggregatedResults`` do.
Neither says who voted, so raters are anonymous and nobody knows how many there were; countries,
ages and languages are not read. The datasets that Rapidata publishes are tables of such counts
(``prompt``, ``model1``, ``model2``, ``votes_image1``, ``votes_image2``), as Parquet, CSV or JSON
lines; they name the models. Of a job the models are the job's sides, A and B, unless a mapping says
where they stand in the file names (``--map "model=file before last _"``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.entries import (
    UNNAMED,
    Entry,
    check_mapping,
    model_of,
    prompt_of,
    read_pairs,
    sides_of,
)
from qfloor.ratings.judgment import (
    ANONYMOUS,
    Faults,
    Format,
    Reading,
    ReadOptions,
    Side,
    Versus,
)
from qfloor.ratings.mapping import Mapped
from qfloor.records import Winner

TABLES = (".parquet", ".csv", ".tsv", ".jsonl", ".ndjson")
COLUMNS = ("prompt", "model1", "model2", "votes_image1", "votes_image2")
FILES = ("image1_path", "image2_path")
NOTE = "no rater is told apart: who voted, and how often, is not in the file"


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a job's results.

    Raises
    ------
    RatingsError
        Of the first result that is not what it must be, or contradicts itself.
    """
    if tables.ending(path) in TABLES:
        return _read_table(path, options)
    check_mapping(path, options, "model")
    whole = tables.read_json(path, RatingsError)
    results = whole.get("results") if isinstance(whole, dict) else None
    if not isinstance(results, list) or not results:
        raise RatingsError(
            f"{path}: expected an object with a list of results, as a comparison job gives; "
            "nothing was imported"
        )
    faults = Faults(path, "result")
    found: list[Versus] = []
    counted = 0
    for row, values in enumerate(results, start=1):
        if not isinstance(values, dict):
            raise faults.wrong(row, f"expected an object, found {type(values).__name__}")
        entry = Entry(faults, row, values)
        found += _votes(entry, options.mapping)
        counted += "detailedResults" not in values
    notes = [NOTE]
    if counted:
        notes.append(f"{several(counted, 'result is', 'results are')} told as counts only")
    return Reading(judgments=(), comparisons=found, n_rows=len(found), notes=tuple(notes))


def _read_table(path: Path, options: ReadOptions) -> Reading:
    """Read a published dataset: a pair a row, with the votes that each side had."""
    pairs = read_pairs(path, options, "row", {*COLUMNS, *FILES}, _counted)
    return pairs.reading(NOTE, "votes are told as counts only")


def _counted(entry: Entry) -> Iterator[Versus]:
    entry.need(*COLUMNS)
    text, *models = (entry.text(name) for name in COLUMNS[:3])
    if not text or not all(models):
        raise entry.wrong("the prompt or a model is empty, fill it in")
    votes = [entry.number(name) for name in COLUMNS[3:]]
    if not all(n is not None and n >= 0 and n.is_integer() for n in votes):
        raise entry.wrong("votes_image1 and votes_image2 must be counts of votes")
    prompt = prompt_of(text)
    left, right = sides_of(prompt, models[0], models[1])
    files = [entry.text(name) for name in FILES]
    if all(files) and files[0] != files[1]:
        left, right = left._replace(item=files[0]), right._replace(item=files[1])
    winners: tuple[Winner, Winner] = ("left", "right")
    for winner, n in zip(winners, votes, strict=True):
        for _ in range(int(n or 0)):
            yield Versus(
                row=entry.row,
                left=left,
                right=right,
                winner=winner,
                rater=ANONYMOUS,
                prompt=prompt,
                text=text,
            )


def _votes(entry: Entry, mapped: Mapped) -> Iterator[Versus]:
    counts = _counts(entry)
    files = tuple(counts)
    _check_winner(entry, files)
    votes = _told(entry, files) if "detailedResults" in entry.values else None
    if votes is not None and Counter(votes) != Counter(counts):
        raise entry.wrong("detailedResults and aggregatedResults disagree, export the job again")
    text = entry.text("context")
    prompt = prompt_of(text) if text else "|".join(files)
    left, right = (
        Side(item=file, model=name if name != UNNAMED else letter)
        for file, letter in zip(files, "AB", strict=True)
        for name in [model_of(file, mapped, entry)]
    )
    for file in votes if votes is not None else Counter(counts).elements():
        yield Versus(
            row=entry.row,
            left=left,
            right=right,
            winner="left" if file == files[0] else "right",
            rater=ANONYMOUS,
            prompt=prompt,
            text=text,
        )


def _counts(entry: Entry) -> dict[str, int]:
    entry.need("aggregatedResults")
    what = "an object of two files with their votes"
    counts: dict[str, int] = entry.whole("aggregatedResults", dict, what)
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in counts.values())
    if len(counts) != 2 or not whole:
        raise entry.wrong(f"aggregatedResults must be {what}")
    return counts


def _check_winner(entry: Entry, files: tuple[str, ...]) -> None:
    winner, index = entry.text("winner"), entry.values.get("winner_index")
    if winner and winner not in files:
        raise entry.wrong(f"winner {winner!r} is neither of {files[0]!r} and {files[1]!r}")
    if winner and index in (0, 1) and files[index] != winner:
        raise entry.wrong(
            f"winner_index {index} is {files[index]!r} and winner is {winner!r}, so left and right "
            "cannot be told; export the job again"
        )


def _told(entry: Entry, files: tuple[str, ...]) -> list[str]:
    details: list[Any] = entry.whole("detailedResults", list, "a list of votes")
    votes = []
    for vote in details:
        file = vote.get("votedFor") if isinstance(vote, dict) else None
        if file not in files:
            raise entry.wrong(
                f"a vote is for {file!r}, which is neither of {files[0]!r} and {files[1]!r}"
            )
        votes.append(file)
    return votes


FORMAT = Format(
    name="rapidata",
    read=read,
    maps="some",
    noun="result",
    takes=(
        "A comparison job's results as JSON, the model out of file names by --map; or a published "
        "table of votes."
    ),
    folder=("*.json",),
)
