"""Read a suite file (TOML) into records, or say in one sentence what is wrong with it.

A suite is found by path, or by name among the suites that ship. A file either lists its prompts
or selects ids from a base suite (``quick`` selects from ``core``), so that a prompt that two
suites share has one id, one digest, and is bought once.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qfloor import package_data
from qfloor.errors import SuiteError
from qfloor.records import CATEGORIES, GENERAL, Prompt, Split, Suite

FIT_SHARE = 0.25
"""Share of families whose prompts are for fitting (calibration), never for certifying by metric."""

Text = Annotated[str, Field(min_length=1)]
TAGS = (
    "count", "text", "group", "hands", "long", "relation", "colour", "negation", "style", "light",
    "camera", "action", "rare", "counterfactual",
)  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class PromptRow(_Strict):
    """A prompt as a suite file writes it."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=120)]
    text: Text
    category: str
    modality: Literal["image", "video"] = "image"
    negative: Text | None = None
    aspect_ratio: Annotated[str, Field(pattern=r"^[1-9]\d*:[1-9]\d*$")] | None = None
    seconds: Annotated[float, Field(gt=0, le=600, strict=False)] | None = None
    must_render: list[Text] = []
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    tags: list[str] = []
    difficulty: Literal["easy", "medium", "hard"] | None = None
    family: str = ""
    split: Literal["fit", "certify"] | None = None
    inputs: list[str] = []
    source: str | None = None


class Header(_Strict):
    """The ``[suite]`` table."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: str = ""
    licence: str = ""
    base: str | None = None
    select: list[str] = []


class CategoryRow(_Strict):
    """A category that a team declares for its own suite."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    description: Text
    modalities: list[Literal["image", "video"]] = ["image"]
    signals: list[str] = []


class Checks(_Strict):
    """What ``suite check`` demands of this suite beyond being well formed."""

    natural: bool = False
    min_per_category: int = 0
    min_languages: int = 0


class SuiteFile(_Strict):
    """A whole suite file."""

    suite: Header
    checks: Checks = Checks()
    categories: list[CategoryRow] = []
    prompts: list[dict[str, Any]] = []


def names() -> list[str]:
    """Return the names of the suites that ship, sorted."""
    return package_data.names("prompts")


def find(name_or_path: str | Path) -> Path:
    """Resolve a suite's name or path to a file; SuiteError when there is none."""
    return package_data.find("prompts", "suite", name_or_path, SuiteError)


def read(path: Path) -> SuiteFile:
    """Read a suite file and validate all but its prompts."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SuiteError(f"{path}: no such suite file") from None
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    return parse(path, text)


def parse(path: Path, text: str) -> SuiteFile:
    """Parse a suite file's text; ``path`` is for messages."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{path}: not valid TOML: {error}") from error
    try:
        return SuiteFile.model_validate(content)
    except ValidationError as error:
        raise SuiteError(f"{path}: {first_problem(error, content)}") from error


def first_problem(error: ValidationError, content: Any) -> str:
    """Say the first thing pydantic found, with the nearest valid name where there is one."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    kind = first["type"]
    if kind == "extra_forbidden":
        fields = list(PromptRow.model_fields) + list(Header.model_fields)
        close = difflib.get_close_matches(str(first["loc"][-1]), fields, n=1)
        return f"unknown field {where!r}" + (f"; did you mean {close[0]!r}?" if close else "")
    if kind == "missing":
        return f"field {where!r} is missing"
    said = repr(first.get("input"))
    said = said if len(said) <= 60 else said[:57] + "..."
    allowed = first.get("ctx", {}).get("expected")
    if allowed and isinstance(first.get("input"), str):
        options = [o.strip(" '") for o in str(allowed).replace(" or ", ",").split(",")]
        close = difflib.get_close_matches(first["input"], options, n=1, cutoff=0.4)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"field {where!r} is {said}, must be one of {', '.join(options)}{hint}"
    return f"field {where!r} is {said}: {first['msg'][0].lower()}{first['msg'][1:]}"


def split_of(family: str) -> Split:
    """Assign a family to fitting or certifying by hash, so that no one chooses."""
    number = int(hashlib.sha256(f"split:{family}".encode()).hexdigest()[:8], 16) / 0x100000000
    return "fit" if number < FIT_SHARE else "certify"


def _prompt(path: Path, position: int, row: dict[str, Any], categories: dict[str, Any]) -> Prompt:
    where = f"{path}: prompt {row.get('id', f'number {position}')}"
    try:
        parsed = PromptRow.model_validate(row)
    except ValidationError as error:
        raise SuiteError(f"{where}: {first_problem(error, row)}") from error
    if parsed.category not in categories:
        close = difflib.get_close_matches(parsed.category, categories, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(categories)}"
        raise SuiteError(f"{where}: field 'category' is {parsed.category!r}, unknown{hint}")
    if parsed.modality not in categories[parsed.category]:
        raise SuiteError(
            f"{where}: field 'modality' is {parsed.modality!r}, but category "
            f"{parsed.category!r} has only {', '.join(categories[parsed.category])}"
        )
    for tag in parsed.tags:
        if tag not in TAGS:
            close = difflib.get_close_matches(tag, TAGS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(TAGS)}"
            raise SuiteError(f"{where}: field 'tags' has {tag!r}, unknown{hint}")
    if parsed.seconds is not None and parsed.modality == "image":
        raise SuiteError(f"{where}: field 'seconds' is set, but the modality is 'image'")
    values = parsed.model_dump()
    family = parsed.family or parsed.id
    values.update(
        family=family,
        split=parsed.split or split_of(family),
        must_render=tuple(parsed.must_render),
        tags=tuple(parsed.tags),
        inputs=tuple(parsed.inputs),
    )
    return Prompt(**values)


def load(name_or_path: str | Path) -> Suite:
    """Load a suite by name or path and validate every field of it.

    Parameters
    ----------
    name_or_path : str or Path
        A name that ships (see `names`) or a ``.toml`` file.

    Returns
    -------
    Suite

    Raises
    ------
    SuiteError
        One sentence naming file, prompt id, field, and the nearest valid value.

    Examples
    --------
    >>> len({p.category for p in load("painters").prompts})
    7
    """
    path = find(name_or_path)
    return suite_of(path, read(path))


def suite_of(path: Path, file: SuiteFile) -> Suite:
    """Make a suite of a parsed file; errors as in `load`."""
    header = file.suite
    if header.base is not None:
        prompts = _select(path, header)
    else:
        known = {c.id: c.modalities for c in (*CATEGORIES, GENERAL)}
        known |= {c.id: tuple(c.modalities) for c in file.categories}
        prompts = tuple(_prompt(path, i + 1, row, known) for i, row in enumerate(file.prompts))
    seen: dict[str, int] = {}
    for i, prompt in enumerate(prompts):
        if prompt.id in seen:
            raise SuiteError(
                f"{path}: prompt {prompt.id}: duplicate id (prompts number {seen[prompt.id] + 1} "
                f"and {i + 1}); ids name prompts and must be unique"
            )
        seen[prompt.id] = i
    if not prompts:
        raise SuiteError(f"{path}: the suite has no prompts; add [[prompts]] tables")
    return Suite(
        name=header.name,
        version=header.version,
        title=header.title,
        licence=header.licence,
        prompts=prompts,
        path=str(path),
    )


def _select(path: Path, header: Header) -> tuple[Prompt, ...]:
    beside = path.parent / f"{header.base}.toml"
    base = load(beside if beside.exists() else str(header.base))
    by_id = {p.id: p for p in base.prompts}
    for wanted in header.select:
        if wanted not in by_id:
            close = difflib.get_close_matches(wanted, by_id, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise SuiteError(f"{path}: selected id {wanted!r} is not in suite {base.name!r}{hint}")
    return tuple(by_id[wanted] for wanted in header.select)
