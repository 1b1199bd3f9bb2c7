"""Read a suite file (TOML) into records, or say in one sentence what is wrong with it.

A suite is found by path, or by name among the suites that ship. A file either lists its prompts
or selects ids from a base suite (``quick`` selects from ``core``), so that a prompt that two
suites share has one id, one digest, and is bought once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qfloor import field_words, package_data, toml_file
from qfloor.errors import SuiteError
from qfloor.meant import meant
from qfloor.records import CATEGORIES, GENERAL, PRIVATE, Prompt, Split, Suite

SHIPPED = {c.id: c.modalities for c in (*CATEGORIES, GENERAL)}
"""Categories that ship -> what may be made in them."""

FIT_SHARE = 0.25
"""Share of families whose prompts are for fitting (calibration), never for certifying by metric."""

Text = Annotated[str, Field(min_length=1)]
TAGS = (
    "count", "text", "group", "hands", "long", "relation", "colour", "negation", "style", "light",
    "camera", "action", "rare", "counterfactual", PRIVATE,
)  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class PromptRow(_Strict):
    """A prompt as a suite file writes it."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=120)]
    """Names the prompt for good; never used twice for two texts."""
    text: Text
    """What is asked for."""
    category: str
    """One of the seven that ship, ``general``, or one declared here."""
    modality: Literal["image", "video"] = "image"
    """What is to be made."""
    negative: Text | None = None
    """What is not wanted."""
    aspect_ratio: Annotated[str, Field(pattern=r"^[1-9]\d*:[1-9]\d*$")] | None = None
    """``3:2``."""
    seconds: Annotated[float, Field(gt=0, le=600, strict=False)] | None = None
    """Length of a clip."""
    must_render: list[Text] = []
    """Texts that must be readable in the output."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    """Of the prompt: ``en``, ``zh-Hans``."""
    tags: list[str] = []
    """Challenge tags; see below."""
    difficulty: Literal["easy", "medium", "hard"] | None = None
    """As its author judges it."""
    family: str = ""
    """Prompts of one template or idea: the unit of the statistics; by default the id."""
    split: Literal["fit", "certify"] | None = None
    """fit (to learn on) or certify; by default by hash of the family."""
    inputs: list[str] = []
    """Reserved."""
    source: str | None = None
    """Where it comes from."""


class Header(_Strict):
    """The ``[suite]`` table."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """What the suite is called: small letters, digits, hyphens."""
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    """``1.0.0``; change it whenever a prompt changes."""
    title: str = ""
    """What a person calls it."""
    licence: str = ""
    """Of the prompts."""
    private: bool = False
    """Give every prompt the tag ``private``: pages leave it and its outputs out."""
    base: str | None = None
    """A suite that this one selects from: one that ships, or a file, from this one's folder."""
    select: list[str] = []
    """Ids of the base suite's prompts."""


class CategoryRow(_Strict):
    """A category that a team declares for its own suite."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """What the category is called: small letters, digits, hyphens."""
    description: Text
    """What belongs here."""
    modalities: list[Literal["image", "video"]] = ["image"]
    """What requests of it ask for."""
    signals: list[str] = []
    """Words and phrases that tell a request of it."""


class Checks(_Strict):
    """What ``suite check`` demands of this suite beyond being well formed."""

    natural: bool = False
    """Demand natural variety: lengths, openings, no near-duplicates."""
    min_per_category: int = 0
    """Prompts that every category must have."""
    min_languages: int = 0
    """Languages that every category must have."""


class SuiteFile(_Strict):
    """A whole suite file."""

    suite: Header
    """What the suite is."""
    checks: Checks = Checks()
    """What ``suite check`` demands beyond being well formed."""
    categories: list[CategoryRow] = []
    """Categories of your own."""
    prompts: list[dict[str, Any]] = []
    """The prompts."""


def names() -> list[str]:
    """Return the names of the suites that ship, sorted."""
    return package_data.names("prompts")


def find(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Resolve a suite's name or path to a file; SuiteError when there is none.

    ``beside`` is the file that names it, where a file does: paths start at its folder.
    """
    return package_data.find("prompts", "suite", name_or_path, SuiteError, beside=beside)


def read(path: Path) -> SuiteFile:
    """Read a suite file and validate all but its prompts."""
    return parse(path, _text(path))


def _text(path: Path) -> str:
    return toml_file.text_of(path, SuiteError, "suite file")


def parse(path: Path, text: str) -> SuiteFile:
    """Parse a suite file's text; ``path`` is for messages."""
    content = toml_file.parse(path, text, SuiteError)
    return field_words.checked(path, content, SuiteFile, SuiteError)


def split_of(family: str) -> Split:
    """Assign a family to fitting or certifying by hash, so that no one chooses."""
    number = int(hashlib.sha256(f"split:{family}".encode()).hexdigest()[:8], 16) / 0x100000000
    return "fit" if number < FIT_SHARE else "certify"


def clash(parsed: PromptRow, categories: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Which field of a row is unknown or does not go with another, and how; None where none."""
    if parsed.category not in categories:
        hint = meant(parsed.category, categories)
        return "category", f"field 'category' is {parsed.category!r}, unknown{hint}"
    if parsed.modality not in categories[parsed.category]:
        return "modality", (
            f"field 'modality' is {parsed.modality!r}, but category "
            f"{parsed.category!r} has only {', '.join(categories[parsed.category])}"
        )
    for tag in parsed.tags:
        if tag not in TAGS:
            return "tags", f"field 'tags' has {tag!r}, unknown{meant(tag, TAGS)}"
    if parsed.seconds is not None and parsed.modality == "image":
        return "seconds", "field 'seconds' is set, but the modality is 'image'"
    return None


def _prompt(
    path: Path, position: int, row: dict[str, Any], categories: Mapping[str, Sequence[str]]
) -> Prompt:
    where = f"{path}: prompt {row.get('id', f'number {position}')}"
    try:
        parsed = PromptRow.model_validate(row)
    except ValidationError as error:
        said = field_words.sentence(field_words.first_of(error), PromptRow)
        raise SuiteError(f"{where}: {said}") from error
    if found := clash(parsed, categories):
        raise SuiteError(f"{where}: {found[1]}")
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


def load(name_or_path: str | Path, *, beside: Path | None = None) -> Suite:
    """Load a suite by name or path and validate every field of it.

    Parameters
    ----------
    name_or_path : str or Path
        A name that ships (see `names`) or a ``.toml`` file.
    beside : Path, optional
        The file that names it, where a file does: paths start at its folder.

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
    path = find(name_or_path, beside=beside)
    made = _made(path, _text(path))
    return made if isinstance(made, Suite) else suite_of(path, made)


@lru_cache(maxsize=8)
def _made(path: Path, text: str) -> Suite | SuiteFile:
    """Make a suite of a text, once; or the parsed file alone where it selects from another."""
    file = parse(path, text)
    return suite_of(path, file) if file.suite.base is None else file


def suite_of(path: Path, file: SuiteFile) -> Suite:
    """Make a suite of a parsed file; errors as in `load`."""
    header = file.suite
    if header.base is not None:
        prompts = _select(path, header)
    else:
        known = SHIPPED | {c.id: tuple(c.modalities) for c in file.categories}
        prompts = tuple(_prompt(path, i + 1, row, known) for i, row in enumerate(file.prompts))
    if header.private:
        prompts = tuple(map(as_private, prompts))
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


def as_private(prompt: Prompt) -> Prompt:
    """Mark a prompt as private; neither its digest nor what is bought for it changes."""
    return prompt if prompt.is_private else replace(prompt, tags=(*prompt.tags, PRIVATE))


def _base(path: Path, name: str) -> Suite:
    """The suite that one selects from: of its folder, with or without ``.toml``, or as any is."""
    own = path.parent / f"{name}.toml"
    try:
        found = own if own.is_file() and not own.samefile(path) else find(name, beside=path)
    except SuiteError as error:
        raise SuiteError(f"{path}: base: {error}") from error
    try:
        return load(found)
    except RecursionError:
        raise SuiteError(f"{path}: base: it and {found} select from each other") from None


def _select(path: Path, header: Header) -> tuple[Prompt, ...]:
    base = _base(path, str(header.base))
    by_id = {p.id: p for p in base.prompts}
    for wanted in header.select:
        if wanted not in by_id:
            hint = meant(wanted, by_id, "")
            raise SuiteError(f"{path}: selected id {wanted!r} is not in suite {base.name!r}{hint}")
    return tuple(by_id[wanted] for wanted in header.select)
