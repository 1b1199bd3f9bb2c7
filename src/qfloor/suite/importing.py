"""Import prompt sets that others publish, keeping their own labels and inventing none.

Every importer yields ours from theirs, with the foreign label kept in ``source``. A foreign
category becomes one of ours only where the set says so by construction (a text-rendering set is
``text-in-image``, a text-to-video set is ``video``); everything else is ``general`` unless the
caller maps it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qfloor import tables
from qfloor.errors import SuiteError
from qfloor.meant import meant
from qfloor.records import CATEGORIES, GENERAL, Prompt, Suite, category_of
from qfloor.suite.cells import Cells
from qfloor.suite.labels import strange_labels, text_in
from qfloor.suite.loading import SHIPPED, split_of

CHALLENGE_TAGS = {
    "Quantity": "count",
    "Counting": "count",
    "counting": "count",
    "Writing & Symbols": "text",
    "Text": "text",
    "Perspective": "camera",
    "Positional": "relation",
    "position": "relation",
    "Colors": "colour",
    "colors": "colour",
    "color_attr": "colour",
    "Rare Words": "rare",
    "Imagination": "counterfactual",
    "Conflicting": "counterfactual",
    "Style & Format": "style",
}


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a foreign set is read.

    Attributes
    ----------
    columns : mapping
        For ``csv``: our field -> their column, beside those that have our names; a field with an
        empty column is not read.
    categories : mapping
        Their label -> our category.
    category : str or None
        Our category for every prompt that no mapping covers.
    """

    columns: Mapping[str, str]
    categories: Mapping[str, str]
    category: str | None = None
    say: Callable[[str], None] | None = None


FIELDS = (
    "id", "text", "category", "modality", "negative", "aspect_ratio", "seconds", "must_render",
    "tags", "language",
)  # fmt: skip
"""What a column of a CSV may say of a prompt."""


def _prompt(name: str, number: int, text: str, **fields: Any) -> Prompt:
    identity = f"{name}-{number:05d}"
    family = fields.pop("family", None) or identity
    return Prompt(
        id=identity, text=text.strip(), family=family, split=split_of(family),
        **{"category": GENERAL.id, **fields},
    )  # fmt: skip


def _tags(*labels: str) -> tuple[str, ...]:
    return tuple(sorted({CHALLENGE_TAGS[label] for label in labels if label in CHALLENGE_TAGS}))


def _named(ours: str) -> str:
    return f"; name it with --column {ours}=NAME"


def _need(path: Path, where: str, row: Mapping[str, Any], field: str, otherwise: str = "") -> Any:
    if field in row:
        if row[field] is None:
            raise SuiteError(f"{path}: {where}: field {field!r} is null")
        return row[field]
    hint = meant(field, row, f"it has {', '.join(map(str, row))}")
    raise SuiteError(f"{path}: {where}: no field {field!r}{hint}{otherwise}")


def _text(path: Path, where: str, row: Mapping[str, Any], field: str) -> str:
    return text_in(f"{path}: {where}", field, _need(path, where, row, field))


def _parti(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    for line, row in tables.rows(path, SuiteError, delimiter="\t", quoted=False):
        text = _need(path, f"line {line}", row, "Prompt")
        theirs, challenge = row.get("Category", "").strip(), row.get("Challenge", "").strip()
        source = f"PartiPrompts: {theirs} / {challenge}"
        yield theirs, _prompt(name, line - 1, text, tags=_tags(challenge), source=source)


def _drawbench(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    for number, (line, row) in enumerate(tables.rows(path, SuiteError), start=1):
        text = _need(path, f"line {line}", row, "Prompts")
        theirs = row.get("Category", "").strip()
        yield theirs, _prompt(name, number, text, tags=_tags(theirs), source=f"DrawBench: {theirs}")


def _geneval(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    for line, row in tables.json_rows(path, SuiteError):
        tag = _text(path, f"line {line}", row, "tag")
        text = _text(path, f"line {line}", row, "prompt")
        yield tag, _prompt(name, line, text, tags=_tags(tag), source=f"GenEval: {tag}")


def _vbench(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    for i, row in tables.json_rows(path, SuiteError):
        text = _text(path, f"entry {i}", row, "prompt_en")
        named = row.get("dimension") or []
        theirs = "+".join(map(str, named if isinstance(named, list) else [named]))
        yield theirs, _prompt(
            name, i, text, category="video", modality="video", seconds=5.0,
            source=f"VBench: {theirs}",
        )  # fmt: skip


def _longtext(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    for i, row in tables.json_rows(path, SuiteError):
        text = _text(path, f"line {i}", row, "prompt")
        wanted = _need(path, f"line {i}", row, "text")
        if not isinstance(wanted, str | list):
            raise SuiteError(f"{path}: line {i}: text is {wanted!r}, must be text or a list of it")
        wanted = [wanted] if isinstance(wanted, str) else wanted
        theirs = str(row.get("category", ""))
        chinese = any("\u4e00" <= c <= "\u9fff" for c in text)
        yield theirs, _prompt(
            name, i, text, category="text-in-image", must_render=tuple(map(str, wanted)),
            tags=("text",), language="zh" if chinese else "en",
            source=f"LongText-Bench: {theirs} / {row.get('length', '')}",
        )  # fmt: skip


def _csv(path: Path, name: str, options: ImportOptions) -> Iterator[tuple[str, Prompt]]:
    columns: dict[str, str] = {}
    seen: dict[str, int] = {}
    cells = Cells(path)
    for number, (line, row) in enumerate(tables.rows(path, SuiteError), start=1):
        columns = columns or _columns(row, options)
        values = {
            ours: str(_need(path, f"line {line}", row, theirs, _named(ours))).strip()
            for ours, theirs in columns.items()
        }
        text = values.pop("text")
        if not text:
            raise SuiteError(f"{path}: line {line}: the text column {columns['text']!r} is empty")
        theirs = values.pop("category", "")
        given = values.get("id") or None
        if given is not None and seen.setdefault(given, line) != line:
            raise SuiteError(f"{path}: line {line}: id {given!r} is that of line {seen[given]} too")
        prompt = _prompt(name, number, text, source=path.name, family=given)
        prompt = replace(prompt, **cells.read(line, values))
        cells.check(line, _placed(theirs, prompt, options), given)
        yield theirs, prompt
    for told in cells.told():
        if options.say is not None:
            options.say(told)


def _columns(row: Mapping[str, Any], options: ImportOptions) -> dict[str, str]:
    """Which column says what: those with our names do, and as the caller names them."""
    if strange := sorted(set(options.columns) - set(FIELDS)):
        raise SuiteError(
            f"--column names a field we do not have: {strange[0]}{meant(strange[0], FIELDS)}"
        )
    taken = set(options.columns.values())
    own = {field: field for field in FIELDS if field in row and field not in taken}
    if "text" not in own and "prompt" in row and "prompt" not in taken:
        own["text"] = "prompt"
    found = {ours: theirs for ours, theirs in {**own, **options.columns}.items() if theirs}
    aside = [str(column) for column in row if column not in found.values()]
    if aside and "text" in found and options.say is not None:
        options.say(f"columns left aside: {', '.join(aside)} (--column FIELD=NAME reads one)")
    return {"text": "text", **found}


IMPORTERS: dict[str, Callable[[Path, str, ImportOptions], Iterator[tuple[str, Prompt]]]] = {
    "partiprompts": _parti,
    "drawbench": _drawbench,
    "geneval": _geneval,
    "vbench": _vbench,
    "longtext": _longtext,
    "csv": _csv,
}


def import_suite(
    path: str | Path,
    format: str,
    *,
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
    categories: Mapping[str, str] | None = None,
    category: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Suite:
    """Read a foreign prompt set as a suite.

    Parameters
    ----------
    path : str or Path
    format : {"partiprompts", "drawbench", "geneval", "vbench", "longtext", "csv"}
    name : str, optional
        The suite's name, with which its prompts' ids begin; by default the format's, of a ``csv``
        the file's.
    columns : mapping, optional
        For ``csv``: our field -> their column, beside those that have our names.
    categories : mapping, optional
        Their label -> our category.
    category : str, optional
        Our category for every prompt that no mapping covers.
    say : callable, optional
        Told in one sentence of labels that are no category and that nothing maps: their prompts
        are ``general``; of each label in ``categories`` that no row has; and of a CSV's columns
        that say nothing of ours, and its cells that were read in other words than ours.

    Returns
    -------
    Suite

    Raises
    ------
    SuiteError
        One sentence with file and row.
    """
    if format not in IMPORTERS:
        raise SuiteError(f"no importer is called {format!r}{meant(format, IMPORTERS)}")
    options = ImportOptions(
        columns=columns or {}, categories=categories or {}, category=category, say=say
    )
    for ours in (*options.categories.values(), *([category] if category else [])):
        if ours not in SHIPPED:
            raise SuiteError(f"category {ours!r} is unknown{meant(ours, sorted(SHIPPED))}")
    suite_name = name or (_called(Path(path)) if format == "csv" else format)
    labelled = tuple(IMPORTERS[format](Path(path), suite_name, options))
    prompts = tuple(_placed(theirs, prompt, options) for theirs, prompt in labelled)
    if not prompts:
        raise SuiteError(f"{path}: holds no prompts")
    strange = Counter(
        theirs
        for (theirs, _), prompt in zip(labelled, prompts, strict=True)
        if theirs and category is None and _unplaced(theirs, prompt, options)
    )
    if say is not None:
        if strange:
            say(f"{strange_labels(strange)} (--map LABEL=CATEGORY, or --category for all)")
        for told in _unmet(options, {theirs for theirs, _ in labelled if theirs}):
            say(told)
    return Suite(name=suite_name, version="1.0.0", prompts=prompts, title=f"imported from {format}")


def _called(path: Path) -> str:
    """A name from a file's: ids that begin alike in every table would be of different prompts.

    Examples
    --------
    >>> _called(Path("Our Prompts (May).csv.gz")), _called(Path("Entwürfe.csv"))
    ('our-prompts-may', 'entwurfe')
    """
    stem = path.with_suffix("").stem if path.suffix.lower() == ".gz" else path.stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "csv"


def _unmet(options: ImportOptions, labels: set[str]) -> Iterator[str]:
    """Say which labels that are mapped no row has: a slip of the pen leaves its rows elsewhere."""
    otherwise = "" if labels else "no row has any: is their column read? (--column category=NAME)"
    for label in options.categories:
        if label not in labels:
            yield f"--map {label}=...: no row has this label{meant(label, labels, otherwise)}"


def _unplaced(theirs: str, prompt: Prompt, options: ImportOptions) -> bool:
    """Whether a prompt is ``general`` for want of a category that its label names."""
    return (
        prompt.category == GENERAL.id
        and category_of(theirs) != GENERAL.id
        and theirs not in options.categories
    )


def _placed(theirs: str, prompt: Prompt, options: ImportOptions) -> Prompt:
    """Give a prompt its category: mapped, else equal by name, else the importer's own."""
    named = category_of(theirs)
    ours = options.categories.get(theirs) or (named if named in SHIPPED else None)
    if ours is None and prompt.category == GENERAL.id:
        ours = options.category
    if ours is None:
        return prompt
    video = next((c for c in CATEGORIES if c.id == ours), GENERAL).modalities == ("video",)
    modality = "video" if video else prompt.modality
    seconds = prompt.seconds or (5.0 if modality == "video" else None)
    return replace(prompt, category=ours, modality=modality, seconds=seconds)
