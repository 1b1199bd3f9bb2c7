"""``sureal``: a dataset of SUREAL, the reference code of ITU-T P.910 Annex E, as JSON or Python.

``dis_videos`` are what was rated; ``os`` holds the scores, by rater or in the order of raters, each
one number or a list of repeats. A Python file is parsed and never run. Later repeats are kept as
controls. ``content_id`` is the prompt, ``asset_id`` the item; what made it is mapped, often from
``path``: ``--map "model=path before last _"``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import Format, Reading, ReadOptions
from qfloor.ratings.lookup import Given
from qfloor.ratings.recorder import Recorder

RATED, SCORES, QUESTION = "dis_videos", "os", "os"
USUAL = {"item": "asset_id", "prompt": "content_id"}


def read(path: Path, options: ReadOptions) -> Reading:
    """Read a dataset.

    Raises
    ------
    RatingsError
        When it is none, or of the first score that is not what it must be.
    """
    dataset = (
        _parsed(path) if path.suffix.lower() == ".py" else tables.read_json(path, RatingsError)
    )
    videos = dataset.get(RATED) if isinstance(dataset, dict) else None
    if not isinstance(videos, list) or not all(isinstance(v, dict) for v in videos):
        raise RatingsError(
            f"{path}: expected a list {RATED!r} of what was rated; nothing was imported"
        )
    recorder = Recorder(path, "video", options, USUAL)
    recorder.wants(QUESTION)
    name = str(dataset.get("dataset_name", path.stem))
    for n, video in enumerate(videos, start=1):
        record = {k: v for k, v in video.items() if k != SCORES}
        for rater, times, score in _scores(recorder, n, video.get(SCORES), name):
            given = Given(
                row=n,
                record=record,
                question=QUESTION,
                rater=rater,
                session=str(times) if times > 1 else "",
                control="repeat" if times > 1 else "test",
            )
            recorder.answer(given, score)
    return recorder.reading()


def _scores(
    recorder: Recorder, row: int, scores: Any, dataset: str
) -> Iterator[tuple[str, int, Any]]:
    """Give (rater, first or which repeat, score or None)."""
    if isinstance(scores, list):  # raters by place: their numbers mean nothing elsewhere
        scores = {f"{dataset} #{place}": score for place, score in enumerate(scores, start=1)}
    if not isinstance(scores, dict):
        raise recorder.faults.wrong(row, f"{SCORES!r} must hold scores by rater, or a list of them")
    for rater, given in scores.items():
        repeats = given if isinstance(given, list) else [given]
        for times, score in enumerate(repeats, start=1):
            missing = isinstance(score, float) and math.isnan(score)
            yield str(rater), times, None if missing else score


def _parsed(path: Path) -> Mapping[str, Any]:
    """Read the assignments of a Python file without running it."""
    try:
        tree = ast.parse(tables.read_text(path, RatingsError))
    except (SyntaxError, ValueError, RecursionError) as problem:
        raise RatingsError(
            f"{path}: not valid Python: {problem}; nothing was imported"
        ) from problem
    found = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # a docstring
            raise RatingsError(
                f"{path}: line {node.lineno}: only plain assignments are read, code is never run; "
                "nothing was imported"
            )
        target = node.targets[0]
        try:
            value = ast.literal_eval(_Missing().visit(node.value))
        except (ValueError, TypeError) as problem:
            raise RatingsError(
                f"{path}: line {node.lineno}: only plain values are read, code is never run; "
                "nothing was imported"
            ) from problem
        if isinstance(target, ast.Name):
            found[target.id] = value
    return found


class _Missing(ast.NodeTransformer):
    """Turns the ways in which Python writes "not a number" into None."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node).replace('"', "'").lower() == "float('nan')":
            return ast.Constant(None)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(None) if node.id.lower() == "nan" else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Constant(None) if node.attr.lower() == "nan" else node


FORMAT = Format(
    name="sureal",
    read=read,
    maps="all",
    noun="video",
    takes='SUREAL\'s dataset, .json or .py; --map "model=path before last _"; --scale.',
)
