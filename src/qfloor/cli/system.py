"""``qfloor plugins`` and ``qfloor doctor``: what this installation can do."""

from __future__ import annotations

import importlib.util
import platform
import sys

import typer

from qfloor.cli.output import Csv, Json, emit
from qfloor.errors import QfloorError

OPTIONAL = {
    "torch": "clip",
    "torchvision": "clip",
    "open_clip": "clip",
    "rapidocr": "ocr",
    "onnxruntime": "ocr",
}


def plugins(as_json: bool = Json, as_csv: bool = Csv) -> None:
    """List installed generators and scorers.

    Example: qfloor plugins
    """
    from qfloor.plugins import Group, installed

    groups: tuple[Group, ...] = ("qfloor.generators", "qfloor.scorers")
    rows = [
        {
            "kind": group.removeprefix("qfloor.").rstrip("s"),
            "name": name,
            "object": point.value,
            "package": point.dist.name if point.dist else None,
        }
        for group in groups
        for name, point in installed(group).items()
    ]
    emit(rows, as_json=as_json, as_csv=as_csv)


def doctor(as_json: bool = Json) -> None:
    """Check that this machine can run the built-in benchmark; exit 1 if it cannot.

    Example: qfloor doctor
    """
    rows = [_row("python", sys.version_info >= (3, 11), platform.python_version(), "")]
    for module, extra in OPTIONAL.items():
        there = importlib.util.find_spec(module) is not None
        rows.append(_row(module, there, "installed" if there else "missing", extra))
    rows.append(_suites())
    rows.append(_clip())
    emit(rows, as_json=as_json)
    if not all(row["ok"] for row in rows):
        raise QfloorError("something is missing, see above; pip install 'qfloor[clip,ocr]'")


def _row(what: str, ok: bool, found: str, extra: str) -> dict[str, object]:
    return {"check": what, "ok": ok, "found": found, "extra": extra or None}


def _suites() -> dict[str, object]:
    from qfloor import suite

    found = suite.names()
    return _row("suites", bool(found), ", ".join(found), "")


def _clip() -> dict[str, object]:
    """Load the embedded CLIP and ask it one easy question."""
    from qfloor.plugins import build_scorer
    from qfloor.records import PluginSpec

    try:
        scorer = build_scorer(PluginSpec(name="clip", args={}))
        names = ", ".join(metric.name for metric in scorer.metrics)
    except QfloorError as error:
        return _row("embedded CLIP", False, str(error), "clip")
    return _row("embedded CLIP", True, names, "")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(plugins)
    app.command()(doctor)
