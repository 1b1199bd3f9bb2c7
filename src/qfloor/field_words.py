"""Where a field stands in a file, and what its text may hold, in words for messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from qfloor.meant import meant

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from qfloor.errors import QfloorError

M = TypeVar("M", bound="BaseModel")

PATTERNS = {
    r"^[a-z0-9][a-z0-9-]*$": "small letters, digits and hyphens, such as my-shop-2",
    r"^\d+\.\d+\.\d+$": "three numbers with dots between, such as 1.0.0",
    r"^[1-9]\d*:[1-9]\d*$": "two numbers with a colon between, such as 16:9",
    r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$": "a language code such as en or zh-Hant",
    r"^[0-9a-fA-F]{64}$": "64 digits and letters a to f",
    r"^[A-Za-z0-9._-]+$": "letters, digits and . _ -",
    r"^[0-9a-f]{32}$": "32 digits and letters a to f, as a digest is printed",
    r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$": "letters, digits and . _ : / -, beginning with a letter or "
    "digit",
    r"^[A-Za-z0-9][A-Za-z0-9._/@:+-]*$": "letters, digits and . _ / @ : + -, beginning with a "
    "letter or digit",
    r"^[a-z0-9][a-z0-9._-]*$": "small letters, digits and . _ -, beginning with a letter or digit",
    r"^[A-Z]{3}$": "three capital letters, such as USD",
}
"""What patterns of fields mean."""


_KINDS = {
    "int": "must be a whole number", "float": "must be a number", "finite": "must be a number",
    "string": "must be text", "path": "must be text", "bool": "must be true or false",
    "list": "must be a list", "tuple": "must be a list", "dict": "must be {table}",
    "model": "must be {table}",
}  # fmt: skip
_LIMITS = {
    "greater_than": ("gt", "must be above {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be below {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "string_too_short": ("min_length", "must have at least {} character"),
    "string_too_long": ("max_length", "has more than {} characters"),
    "too_short": ("min_length", "must have entries, at least {}"),
    "too_long": ("max_length", "has more than {} entries"),
    "literal_error": ("expected", "must be {}"),
}


def first_of(error: ValidationError) -> dict[str, Any]:
    """Give the fault to tell: a misspelt field is also a missing one, and was written."""
    return dict(min(error.errors(), key=lambda e: e["type"] != "extra_forbidden"))


def checked(
    path: object, told: Any, model: type[M], error: type[QfloorError], noun: str = "field"
) -> M:
    """Give what a file told as a model; ``error``, with file and field, where it does not fit."""
    from pydantic import ValidationError

    try:
        return model.model_validate(told)
    except ValidationError as wrong:
        raise error(f"{path}: {sentence(first_of(wrong), model, noun)}") from wrong


def sentence(first: Mapping[str, Any], model: type[BaseModel], noun: str = "field") -> str:
    """Say where a file is wrong and how, from one of pydantic's errors and what it was read as.

    Without ``input`` in the error, which may be secret, what was given is not said.
    """
    kind, path = str(first["type"]), first["loc"]
    named = f"{noun} {place(path)!r}" if path else "the file"
    if kind == "extra_forbidden":
        return f"unknown {named}{meant(str(path[-1]), _fields(model, path))}"
    if kind == "missing":
        return f"{named} is missing"
    given, told = first.get("input"), first.get("ctx", {})
    shown = "input" in first and not isinstance(given, Mapping | list)
    if shown:
        said = repr(given)
        named += f" is {said if len(said) <= 60 else said[:57] + '...'}"
    if kind == "value_error":
        own = str(first["msg"]).removeprefix("Value error, ")
        return f"{named}: {own[:1].lower()}{own[1:]}"
    wrong = rule(kind, told.get("pattern")) or fault(first, "a table")
    if kind == "literal_error" and isinstance(given, str):
        names = [name.strip(" '") for name in str(told["expected"]).replace(" or ", ",").split(",")]
        wrong += meant(given, names, "")
    return f"{named}{',' * shown} {wrong}"


def _fields(model: type[BaseModel], path: Iterable[str | int]) -> Iterable[str]:
    """Fields of the table that a path leads to."""
    for part in path:
        field = model.model_fields.get(str(part))
        model = (field and _model_in(field.annotation)) or model
    return model.model_fields


def _model_in(kind: Any) -> Any:
    """The model in an annotation such as list[Row] | None; None where there is none."""
    inner = (found for found in map(_model_in, get_args(kind)) if found)
    return kind if hasattr(kind, "model_fields") else next(inner, None)


def fault(first: Mapping[str, Any], table: str = "an object") -> str:
    """Say what is wrong with a field in our words, from one of pydantic's errors.

    Examples
    --------
    >>> fault({"type": "int_parsing", "msg": "Input should be a valid integer"})
    'must be a whole number'
    """
    kind = str(first["type"])
    if kind in _LIMITS:
        name, text = _LIMITS[kind]
        told = str(first["ctx"][name]).removesuffix(".0")
        return text.format({"True": "true", "False": "false"}.get(told, told))
    found = _KINDS.get(kind.partition("_")[0])
    if found is not None:
        return found.format(table=table)
    own = str(first["msg"]).removeprefix("Value error, ")
    if own.startswith("Input should "):
        return own.replace("Input should", "must", 1)
    return f"is not as it must be: {own}"


def place(path: Iterable[str | int]) -> str:
    """Name a field by the path to it, entries of a list counted from one as people do.

    Examples
    --------
    >>> place(("thresholds", 1, "usable")), place(("benchmark", "name"))
    ('thresholds (entry 2).usable', 'benchmark.name')
    """
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f" (entry {part + 1})"
        else:
            told += f".{part}" if told else part
    return told


def rule(kind: str, pattern: object) -> str | None:
    """Say what a text must be that does not match its pattern; None where that is not the fault.

    Examples
    --------
    >>> rule("string_pattern_mismatch", r"^[a-z0-9][a-z0-9-]*$")
    'must be small letters, digits and hyphens, such as my-shop-2'
    """
    if kind != "string_pattern_mismatch" or pattern not in PATTERNS:
        return None
    return f"must be {PATTERNS[str(pattern)]}"
