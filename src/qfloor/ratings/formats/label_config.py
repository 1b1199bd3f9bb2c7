"""Label Studio's labelling configuration: which questions there are and what each is about.

A pairwise answer says ``left`` or ``right`` and nothing else: what stood left is the first name in
the control's ``toName``. JSON_MIN and CSV do not even say which picture a rating is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from qfloor.errors import RatingsError
from qfloor.tables import read_text

ANSWERED = ("rating", "number", "choices", "pairwise")
"""Controls whose answers are judgments; their tags in lower case are the types of results."""


class Control(NamedTuple):
    """A question of the configuration: its type, and the objects it is about."""

    type: str
    about: tuple[str, ...]


def read_label_config(path: Path | None) -> Mapping[str, Control]:
    """Read the questions of a configuration; none without a file.

    Raises
    ------
    RatingsError
        When it is no XML, asks nothing that is a judgment, or compares not exactly two things.
    """
    if path is None:
        return {}
    try:
        root = ElementTree.fromstring(read_text(path, RatingsError))
    except ElementTree.ParseError as problem:
        raise RatingsError(f"{path}: not valid XML: {problem}; nothing was imported") from problem
    found = {}
    for element in root.iter():
        kind, name = element.tag.lower(), element.get("name")
        if kind not in ANSWERED or not name:
            continue
        about = tuple(part.strip() for part in element.get("toName", "").split(",") if part.strip())
        if kind == "pairwise" and len(about) != 2:
            raise RatingsError(
                f"{path}: {name!r} compares {len(about)} things by its toName, expected two; "
                "nothing was imported"
            )
        found[name] = Control(kind, about)
    if not found:
        raise RatingsError(
            f"{path}: no Rating, Number, Choices or Pairwise in it; nothing was imported"
        )
    return found
