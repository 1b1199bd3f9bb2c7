"""``webmushra``: the CSV files of webMUSHRA, told apart by their columns.

``mushra.csv`` has ``rating_stimulus`` and ``rating_score``; ``lms.csv`` and ``lss.csv`` have
``stimuli`` and ``stimuli_rating``, padded with blanks; ``paired_comparison.csv`` says whether the
reference was found (``correct``, ``incorrect``, ``undecided``) and not on which side it stood. What
is between ``session_test_id`` and ``trial_id`` is the questionnaire: it is not read, unless one of
its columns is mapped to ``rater``; without that nobody knows who answered. The hidden reference and
the anchors are controls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import LEFT, RIGHT, Recorder
from qfloor.ratings.wording import nearest
from qfloor.records import Winner

TEST_ID, TRIAL = "session_test_id", "trial_id"
SCORES = {"rating_stimulus": "rating_score", "stimuli": "stimuli_rating"}
CHOICE = ("choice_reference", "choice_non_reference", "choice_answer")
ANSWERS: dict[str, Winner | None] = {
    "correct": LEFT, "incorrect": RIGHT, "undecided": "tie", "unknown": None,
}  # fmt: skip
KNOWN = {"rating_time", "rating_comment", "choice_time", "choice_comment"}
QUESTION, CLOSER = "score", "closer to reference"
CONTROLS = ("reference", "anchor")


def read(path: Path, options: ReadOptions) -> Reading:
    """Read one of webMUSHRA's files.

    Raises
    ------
    RatingsError
        Of the first row that is not what it must be.
    """
    rows = list(tables.rows(path, RatingsError))
    if not rows:
        raise RatingsError(f"{path}: there is no row below the header; nothing was imported")
    header = tuple(rows[0][1])
    stimulus = next((name for name in SCORES if {name, SCORES[name]} <= set(header)), "")
    if TRIAL not in header or not (stimulus or set(CHOICE) <= set(header)):
        raise RatingsError(
            f"{path}: these are not the columns of webMUSHRA's mushra, lms, lss or "
            "paired_comparison files; nothing was imported"
        )
    usual = {"prompt": TRIAL, "model": stimulus or "model_id"}
    recorder = Recorder(path, "line", options, usual)
    question = QUESTION if stimulus else CLOSER
    recorder.wants(question)  # it is the file's only one, so another is an error in the end
    for line, row in rows:
        given = Given(row=line, record=row, question=question, session=row.get(TEST_ID, "").strip())
        if stimulus:
            _rate(recorder, given, row[stimulus], row[SCORES[stimulus]])
        else:
            _choose(recorder, given, row)
    if not stimulus:
        recorder.notes.append("webMUSHRA does not say on which side the reference stood")
    return recorder.reading(_questionnaire(header, recorder))


def _rate(recorder: Recorder, given: Given, stimulus: str, score: str) -> None:
    is_control = stimulus.strip().lower().startswith(CONTROLS)
    recorder.answer(given._replace(control="catch" if is_control else "test"), score)


def _choose(recorder: Recorder, given: Given, row: Mapping[str, str]) -> None:
    answer = row["choice_answer"].strip().lower()
    if answer not in ANSWERS:
        raise recorder.faults.wrong(
            given.row, f"choice_answer {answer!r} is unknown {nearest(answer, ANSWERS)}"
        )
    winner = ANSWERS[answer]
    if winner is None:
        recorder.drop("no answer")
        return
    models = row["choice_reference"].strip(), row["choice_non_reference"].strip()
    recorder.compare(given, winner, (LEFT, RIGHT), models)


def _questionnaire(header: Sequence[str], recorder: Recorder) -> list[str]:
    """What was asked of the participants and is not read."""
    used = {TEST_ID, TRIAL, *SCORES, *SCORES.values(), *CHOICE, *KNOWN}
    used |= {column.name for column in recorder.mapping.columns.values()}
    return [name for name in header if name not in used]


FORMAT = Format(
    name="webmushra",
    read=read,
    maps="all",
    takes=(
        "webMUSHRA's mushra, lms, lss or paired_comparison CSV: trial = prompt, stimulus = model; "
        "--map rater=COLUMN of the questionnaire; --scale."
    ),
)
