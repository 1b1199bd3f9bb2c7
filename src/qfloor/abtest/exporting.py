"""Answers for other tools: Label Studio's JSON, evalica's CSV; and as votes the store can take.

Each loses something, and says what: evalica knows neither raters nor prompts, Label Studio has no
answer for "no difference" in a comparison. The long CSV (see `answers`) loses nothing.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from qfloor.abtest.answers import Answer

STORED = ("test", "repeat", "same_model")
"""Kinds whose two sides are outputs; placebos and catch trials show one thing twice or spoilt."""

NONE, BOTH_BAD = "No visible difference", "Both bad"
_CONTROLS = {"none": NONE, "both_bad": BOTH_BAD}
_WINNER = {"left": "left", "right": "right", "none": "tie", "both_bad": "tie"}

LABEL_CONFIG = f"""<View>
  <Text name="prompt" value="$prompt"/>
  <Image name="image1" value="$image1"/>
  <Image name="image2" value="$image2"/>
  <Pairwise name="choice" toName="image1,image2"/>
  <Choices name="neither" toName="prompt" choice="single">
    <Choice value="{NONE}"/>
    <Choice value="{BOTH_BAD}"/>
  </Choices>
  <Number name="left_score" toName="image1" min="0" max="10" step="0.1"/>
  <Number name="right_score" toName="image2" min="0" max="10" step="0.1"/>
  <Choices name="left_usable" toName="image1" choice="single">
    <Choice value="yes"/>
    <Choice value="no"/>
  </Choices>
  <Choices name="right_usable" toName="image2" choice="single">
    <Choice value="yes"/>
    <Choice value="no"/>
  </Choices>
</View>
"""
"""The labelling configuration that `label_studio_json` answers."""


def evalica_csv(answers: Iterable[Answer]) -> str:
    """Give test trials as ``left,right,winner`` of arms; both-bad is a tie, skips are left out."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("left", "right", "winner"))
    writer.writerows(
        (a.left_arm, a.right_arm, _WINNER[a.response])
        for a in answers
        if a.kind == "test" and a.response in _WINNER
    )
    return buffer.getvalue()


def label_studio_json(answers: Iterable[Answer]) -> str:
    """Give every showing as a task with its annotation, as Label Studio exports them.

    A choice is Pairwise's ``left`` or ``right``; no difference and both-bad are its empty answer
    with the choice ``neither``. Skips are cancelled annotations. Items stand where addresses of
    pictures would.
    """
    tasks = [_task(n, answer) for n, answer in enumerate(answers, start=1)]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def storable(answers: Iterable[Answer]) -> list[Answer]:
    """Keep what may go back to the store: showings of two outputs."""
    return [a for a in answers if a.kind in STORED]


def _task(n: int, answer: Answer) -> dict[str, Any]:
    annotation = {
        "id": n,
        "completed_by": {"id": answer.rater_id},
        "was_cancelled": answer.response == "skip",
        "ground_truth": answer.kind == "catch",
        "lead_time": None if answer.duration_ms is None else answer.duration_ms / 1000.0,
        "created_at": answer.submitted_at,
        "result": _results(answer),
    }
    return {
        "id": n,
        "data": {
            "prompt": answer.prompt_id,
            "image1": answer.left_item,
            "image2": answer.right_item,
            "trial": answer.trial_id,
            "pair": answer.pair_id,
            "category": answer.category,
            "arm1": answer.left_arm,
            "arm2": answer.right_arm,
            "kind": answer.kind,
            "repeat_of": answer.repeat_of,
            "session": answer.session_id,
        },
        "annotations": [annotation],
    }


def _results(answer: Answer) -> list[dict[str, Any]]:
    """What was answered, one result a control; what was not asked has none."""
    found = []
    if answer.response in ("left", "right"):
        found.append(_result("choice", "choice", "pairwise", {"selected": answer.response}))
    if answer.response in _CONTROLS:
        value = {"choices": [_CONTROLS[answer.response]]}
        found.append(_result("neither", "prompt", "choices", value))
    for side, about in (("left", "image1"), ("right", "image2")):
        score, usable = getattr(answer, f"{side}_score"), getattr(answer, f"{side}_usable")
        if score is not None:
            found.append(_result(f"{side}_score", about, "number", {"number": score}))
        if usable is not None:
            value = {"choices": ["yes" if usable else "no"]}
            found.append(_result(f"{side}_usable", about, "choices", value))
    return found


def _result(name: str, about: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": about, "type": kind, "value": value}
