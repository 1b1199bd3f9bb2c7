"""Every key of every TOML file, from the code that reads it.

What a key means is the text below its field in the code; type, limits and default are the
field's own. A key without a text fails the build.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


@dataclass(frozen=True)
class Key:
    """One key as the page shows it."""

    table: str
    name: str
    kind: str
    default: str
    means: str


PLACES = {
    "PromptRow": "[[prompts]]", "Override": "[[overrides]]", "TierRule": "[[rules]]",
    "_Entry": "[[key]]",
}  # fmt: skip
"""Where in its file a model stands that is not the whole file."""


def models() -> list[type]:
    """Return what every file is read into: pydantic models, and the records of a policy."""
    from qfloor.benchmark.tables import BenchmarkFile
    from qfloor.generators.catalogue.files import OffersFile
    from qfloor.pipeline.workloads import _File as WorkloadFile
    from qfloor.router.policy import Override, Policy
    from qfloor.store.tier_policy import TierRule
    from qfloor.suite.loading import PromptRow, SuiteFile
    from qfloor.web.gateway.keys import _Entry as KeyEntry
    from qfloor.web.gateway.settings import Settings

    return [
        BenchmarkFile, SuiteFile, PromptRow, OffersFile, Policy, Override, Settings, KeyEntry,
        WorkloadFile, TierRule,
    ]  # fmt: skip


def of(model: type) -> list[Key]:
    """Return the keys that a model reads."""
    place = PLACES.get(model.__name__, "top")
    if issubclass(model, BaseModel):
        found = keys(model, place)
        return [k for k in found if (model.__name__, k.name) != ("SuiteFile", "prompts")]
    return list(_record_keys(model, place))


def file(*names: str) -> None:
    """Write the keys of a file, from the models of these names."""
    by_name = {model.__name__: model for model in models()}
    write([key for name in names for key in of(by_name[name])])


def shown(module: str) -> None:
    """Write the example that a module's docstring shows, for files that few people write."""
    text = importlib.import_module(module).__doc__ or ""
    found = re.findall(r"\n\n((?:    .*\n|\n)+)", text)
    if not found:
        raise SystemExit(f"{module} shows no example in its docstring")
    print(f"\n```toml\n{dedent(found[-1]).strip()}\n```\n")


def tags() -> None:
    """Write the tags a prompt may carry."""
    from qfloor.suite.loading import TAGS

    print(f"\nTags: {', '.join(f'`{tag}`' for tag in TAGS)}.\n")


def write(found: list[Key]) -> None:
    """Write keys table by table."""
    for table in dict.fromkeys(key.table for key in found):
        title = "At the top" if table == "top" else f"`{table}`"
        print(f"\n### {title}\n")
        print("| key | type | default | means |\n|---|---|---|---|")
        for key in found:
            if key.table == table:
                cells = (f"`{key.name}`", key.kind, key.default, key.means)
                print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    print()


def keys(
    model: type[BaseModel], table: str = "top", seen: set[type] | None = None
) -> Iterator[Key]:
    """Walk through a model and the tables below it, those above first, each model once."""
    told = texts(model)
    seen = {model} if seen is None else seen
    below: list[tuple[type[BaseModel], str]] = []
    for name, field in model.model_fields.items():
        if name not in told:
            raise SystemExit(f"{model.__name__}.{name} has no text that says what it means")
        inner, how = _table(field.annotation)
        if inner is not None:
            below.append((inner, _named(table, name, how)))
        if inner is None or table != "top":
            yield Key(table, name, _kind(field), _default(field), _plain(told[name]))
    for inner, name in below:
        if inner not in seen:
            seen.add(inner)
            yield from keys(inner, name, seen)


def texts(model: type) -> dict[str, str]:
    """Return what stands below each field of a class and its bases."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if cls in (object, BaseModel) or not cls.__module__.startswith("qfloor"):
            continue
        (body,) = ast.parse(dedent(inspect.getsource(cls))).body
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                assert isinstance(field.target, ast.Name)
                assert isinstance(text.value, ast.Constant)
                found[field.target.id] = str(text.value.value)
    return found


def _record_keys(record: Any, table: str) -> Iterator[Key]:
    """Keys of a dataclass: meanings stand in its docstring's Parameters, or below the fields."""
    told = {**_parameters(record), **texts(record)}
    for field in dataclasses.fields(record):
        if field.name == "overrides":
            continue
        if field.name not in told:
            raise SystemExit(f"{record.__name__}.{field.name} has no text that says what it means")
        needed = field.default is dataclasses.MISSING
        default = "needed" if needed else _shown(field.default)
        yield Key(table, field.name, _python(str(field.type)), default, _plain(told[field.name]))


def _parameters(record: type) -> dict[str, str]:
    """Parse the numpydoc Parameters of a docstring: one text for each name."""
    text = inspect.getdoc(record) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n[A-Z]\w+\n-+|\Z)", text, re.DOTALL)
    found: dict[str, str] = {}
    for head, body in re.findall(r"^(\S.*)\n((?:    .*\n?|\n)+)", section[1] if section else "",
                                 re.MULTILINE):  # fmt: skip
        for name in head.partition(" :")[0].split(","):
            found[name.strip()] = " ".join(body.split())
    return found


def _table(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """The model behind an annotation, and whether it stands once, in a list or under names."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, "once"
    if origin is typing.Annotated:
        return _table(parts[0])
    if origin in (typing.Union, types.UnionType):
        found = [_table(part) for part in parts]
        return next(((m, how) for m, how in found if m is not None), (None, ""))
    if origin is list:
        return _table(parts[0])[0], "list"
    if origin is dict:
        return _table(parts[1])[0], "names"
    return None, ""


def _named(table: str, name: str, how: str) -> str:
    outer = "" if table == "top" else table.strip("[]") + "."
    inner = f"{outer}{name}.<name>" if how == "names" else f"{outer}{name}"
    return f"[[{inner}]]" if how == "list" else f"[{inner}]"


def _kind(field: FieldInfo) -> str:
    return _type(field.annotation, [*field.metadata])


def _type(annotation: Any, limits: list[Any]) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        deeper = [m for part in parts[1:] for m in getattr(part, "metadata", [part])]
        return _type(parts[0], [*limits, *deeper])
    if origin is typing.Literal:
        return ", ".join(f'`"{part}"`' for part in parts)
    if origin in (typing.Union, types.UnionType):
        kept = [_type(part, limits) for part in parts if part is not type(None)]
        if "number" in kept:
            kept = [words for words in kept if words != "whole number"]
        return " or ".join(dict.fromkeys(kept))
    if origin in (list, tuple):
        return f"list of {_type(parts[0], [])}{_limits(limits, ' of them')}"
    if origin is dict:
        return f"table of {_type(parts[1], [])}"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return "table"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path",
             Any: "any"}  # fmt: skip
    return words[annotation] + _limits(limits)


def _limits(limits: list[Any], unit: str = "") -> str:
    said = []
    for limit in limits:
        for name, words in (("ge", "at least "), ("gt", "above "), ("le", "at most "),
                            ("lt", "below "), ("min_length", "at least ")):  # fmt: skip
            value = getattr(limit, name, None)
            if value is not None and not (name == "min_length" and not unit):
                said.append(f"{words}{value}{unit}")
    return f", {' and '.join(said)}" if said else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.default if field.default is not PydanticUndefined else None
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel) or value in (None, "", [], {}, ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | Path):
        return f'`"{value}"`'
    if isinstance(value, Mapping):
        return "table"
    return f"`{list(value) if isinstance(value, tuple) else value}`"


def _python(annotation: str) -> str:
    """Say a dataclass's annotation in the same words."""
    literal = re.fullmatch(r"Literal\[(.*)\]", annotation)
    if literal:
        parts = (part.strip().strip("'\"") for part in literal[1].split(","))
        return ", ".join(f'`"{part}"`' for part in parts)
    words = {
        "str": "text", "int": "whole number", "float": "number", "bool": "true or false",
        "tuple[str, ...]": "list of text", "tuple[int, int]": "two whole numbers",
    }  # fmt: skip
    return " or ".join(words[p] for p in annotation.split(" | ") if p != "None")


def _plain(text: str) -> str:
    return re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))
