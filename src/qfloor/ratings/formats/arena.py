"""``arena``: cleaned battles of an arena, as JSON: two models, who won, who judged.

    [{"question_id": "..", "model_a": "..", "model_b": "..", "winner": "model_a", "judge": "..",
      "tstamp": 1690000000.0, "anony": true}]

``winner`` is model_a, model_b, tie, ``tie (bothbad)`` or both_bad; where it is not there,
``preference`` says the same in numbers: 1 for model_a, 0 for model_b, 0.5 for a tie. A share of
several votes is nobody's answer and is refused. ``dimension`` is what was judged. Battles whose
raters saw the names (``anony`` false) are dropped and counted. A battle is known by its models: its
outputs are the models' on the question (``question_id``, else the text in ``prompt``, else ``id``,
which newer releases give each battle: two on one text are of one prompt). Battles that have none of
them share one stand-in prompt, so that nobody takes them for many, and the report says so. The time
is ``tstamp`` or ``timestamp``.

`read_log` is ``fastchat``: the raw log of a FastChat server, JSON lines of events.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qfloor.counting import several
from qfloor.ratings.entries import (
    NO_PROMPT,
    Entry,
    prompt_of,
    read_pairs,
    sides_of,
)
from qfloor.ratings.judgment import ANONYMOUS, OVERALL, Format, Reading, ReadOptions, Versus
from qfloor.records import Winner

WINNERS: dict[str, Winner] = {
    "model_a": "left", "model_b": "right", "tie": "tie",
    "tie (bothbad)": "both_bad", "both_bad": "both_bad", "bothbad": "both_bad",
}  # fmt: skip
VOTES: dict[str, Winner] = {
    "leftvote": "left", "rightvote": "right", "tievote": "tie", "bothbad_vote": "both_bad",
}  # fmt: skip
PREFERENCES: dict[float | None, Winner] = {1.0: "left", 0.0: "right", 0.5: "tie"}
KNOWN = frozenset({
    "question_id", "model_a", "model_b", "winner", "judge", "tstamp", "anony", "prompt",
    "id", "timestamp", "preference", "dimension",
})  # fmt: skip
KNOWN_LOG = frozenset({"type", "models", "states", "tstamp"})


def read(path: Path, options: ReadOptions) -> Reading:
    """Read battles.

    Raises
    ------
    RatingsError
        Of the first entry that is not what it must be.
    """
    return _read(path, options, "entry", _battle, KNOWN)


def read_log(path: Path, options: ReadOptions) -> Reading:
    """Read a raw log; addresses of voters in it are never read, so nobody knows who voted.

    Raises
    ------
    RatingsError
        Of the first line that is not what it must be.
    """
    return _read(path, options, "line", _vote, KNOWN_LOG)


def _read(
    path: Path,
    options: ReadOptions,
    noun: str,
    parse: Callable[[Entry], Versus | str],
    known: frozenset[str],
) -> Reading:
    pairs = read_pairs(path, options, noun, known, parse)
    n_bare = sum(versus.prompt == NO_PROMPT for versus in pairs.found)
    bare = f"{several(n_bare, 'battle')} without a question: one prompt stands for all"
    return pairs.reading(*([bare] if n_bare else []))


def _battle(entry: Entry) -> Versus | str:
    entry.need("model_a", "model_b")
    winner = _winner(entry)
    if entry.flag("anony") is False:
        return "not anonymous"
    models = entry.text("model_a"), entry.text("model_b")
    question, text = entry.text("question_id"), entry.text("prompt")
    battle = "" if question else entry.text("id")
    return _of_models(
        entry,
        models,
        winner,
        question=question if text else question or battle,
        text=text,
        rater=entry.rater("judge"),
        battle=battle,
        criterion=entry.text("dimension"),
    )


def _winner(entry: Entry) -> Winner:
    if "winner" in entry.values or "preference" not in entry.values:
        entry.need("winner")
        return WINNERS[entry.one_of("winner", WINNERS)]
    said = entry.number("preference")
    if said not in PREFERENCES:
        raise entry.wrong(
            f"preference {entry.text('preference')!r} is no one vote (1 for model_a, 0 for "
            "model_b, 0.5 for a tie); give each vote an entry of its own"
        )
    return PREFERENCES[said]


def _of_models(
    entry: Entry,
    models: tuple[str, str],
    winner: Winner,
    *,
    question: str,
    text: str,
    rater: str,
    battle: str = "",
    criterion: str = "",
) -> Versus:
    if not all(models):
        raise entry.wrong("a model has no name, fill it in")
    prompt = question or (prompt_of(text) if text else NO_PROMPT)
    left, right = sides_of(prompt, *models)
    return Versus(
        row=entry.row,
        left=left,
        right=right,
        winner=winner,
        rater=rater,
        prompt=prompt,
        text=text,
        criterion=criterion or OVERALL,
        at=entry.moment("tstamp") or entry.moment("timestamp"),
        annotation=entry.text("tstamp") or entry.text("timestamp") or battle,
    )


def _vote(entry: Entry) -> Versus | str:
    entry.need("type")
    kind = entry.text("type")
    if not kind:
        raise entry.wrong("type is empty, fill it in")
    if kind not in VOTES:
        return f"type {kind}"
    names, states = (_two(entry, name) for name in ("models", "states"))
    if None in names:
        return "no model named"
    shown = [_plain(entry, name) for name in names]
    if shown[0] not in ("", "Model A"):
        return "not anonymous"
    hidden = [state.get("model_name") for state in states if isinstance(state, dict)]
    models = [name for name in hidden if isinstance(name, str) and name.strip()]
    if len(models) != 2:
        return "no model named"
    question, text = _asked(states[0])
    return _of_models(
        entry, (models[0], models[1]), VOTES[kind], question=question, text=text, rater=ANONYMOUS
    )


def _two(entry: Entry, name: str) -> list[Any]:
    value: list[Any] = entry.whole(name, list, "a list of two")
    if len(value) != 2:
        raise entry.wrong(f"{name} must be a list of two, it has {len(value)}")
    return value


def _plain(entry: Entry, name: Any) -> str:
    """A model's name as it was shown, out of the heading that pages put around it."""
    if not isinstance(name, str):
        raise entry.wrong(f"a model's name is {type(name).__name__}, expected text")
    text = name.strip()
    if text.startswith("<h3>"):
        return text.partition(": ")[2].removesuffix("</h3>").strip()
    return text


def _asked(state: dict[str, Any]) -> tuple[str, str]:
    """Which conversation a side belongs to, and what was asked in it."""
    question = state.get("conv_id")
    text = state.get("prompt")
    messages, offset = state.get("messages"), state.get("offset", 0)
    if not text and isinstance(messages, list) and isinstance(offset, int):
        said = messages[offset] if offset < len(messages) else None
        text = said[1] if isinstance(said, list) and len(said) > 1 else None
    return str(question or "").strip(), text.strip() if isinstance(text, str) else ""


FORMAT = Format(
    name="arena",
    read=read,
    maps="some",
    noun="entry",
    takes="Battles as JSON: model_a, model_b, winner (or preference: 1, 0.5, 0), dimension, judge, "
    "question_id, tstamp, anony.",
    folder=("*.json", "*.jsonl"),
)

LOG = Format(
    name="fastchat",
    read=read_log,
    maps="some",
    noun="line",
    takes="A FastChat server's raw log, JSON lines; votes only, addresses are never read.",
    folder=("*.json", "*.jsonl"),
)
