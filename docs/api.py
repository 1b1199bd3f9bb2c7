"""The public Python surface: names, signatures and first words for readers of the file, blocks for
the site.

A name is written twice: as signature, first paragraph and parameters, which a reader of the
repository sees, and as a block of one line in a comment (`::: qfloor.router.choose`), by which
`hooks.py` replaces all of that on the site, where mkdocstrings writes the whole docstring.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import ForwardRef

WIDTH = 96


def module(name: str, only: Iterable[str] = ()) -> None:
    """Write what a module exports (`__all__`), or some of it."""
    loaded = importlib.import_module(name)
    wanted = list(only) or list(loaded.__all__)
    functions = [n for n in wanted if not inspect.isclass(getattr(loaded, n))]
    names = [*functions, *(n for n in wanted if n not in functions)]
    print("\n| name | says |\n|---|---|")
    for each in names:
        print(f"| `{each}` | {_first_sentence(getattr(loaded, each))} |")
    print()
    for each in names:
        thing = getattr(loaded, each)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            print("<!-- in the repository -->")
            text = "\n".join(_written(each, thing))
            print(text.replace("]]]", "]] ]"))  # three would end cog's own block
            print(f"<!-- on the site\n::: {_home(name, thing, each)}\n-->\n")


def _written(name: str, thing: type | object) -> Iterator[str]:
    """A name's signature, what it is, its parameters and its methods."""
    yield f"### {name}\n\n```python\n{_signature(name, thing)}\n```\n"
    doc = inspect.getdoc(thing) or ""
    yield f"{_plain(doc.partition(chr(10) * 2)[0])}\n"
    if rows := list(_parameters(doc)):
        yield "\n".join(rows) + "\n"
    if rows := list(_methods(thing)):
        yield "Also:\n\n" + "\n".join(rows) + "\n"


def _signature(name: str, thing: object) -> str:
    """How it is called; of an enumeration its values, of a protocol that it is one."""
    if inspect.isclass(thing) and issubclass(thing, enum.Enum):
        return f"class {name}:  # one of\n" + "\n".join(
            f"    {m.name} = {m.value!r}" for m in thing
        )
    if inspect.isclass(thing) and getattr(thing, "_is_protocol", False):
        return f"class {name}(Protocol)"
    try:
        found = inspect.signature(thing)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return name
    parameters = [_parameter(p, thing) for p in found.parameters.values()]
    starred = next(
        (i for i, p in enumerate(found.parameters.values()) if p.kind is p.KEYWORD_ONLY), None
    )
    if starred is not None:
        parameters.insert(starred, "*")
    returned = "" if inspect.isclass(thing) else f" -> {_type(found.return_annotation)}"
    line = f"{name}({', '.join(parameters)}){returned}"
    if len(line) <= WIDTH:
        return line
    inside = "".join(f"    {p},\n" for p in parameters)
    return f"{name}(\n{inside}){returned}"


def _parameter(parameter: inspect.Parameter, thing: object) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    written = f"{stars}{parameter.name}"
    if parameter.annotation is not parameter.empty:
        written += f": {_type(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return written
    default = repr(parameter.default)
    if default == "<factory>" and dataclasses.is_dataclass(thing):
        fields = {field.name: field for field in dataclasses.fields(thing)}
        default = f"{getattr(fields[parameter.name].default_factory, '__name__', 'made')}()"
    if isinstance(parameter.default, enum.Enum):
        default = str(parameter.default)
    elif inspect.isroutine(parameter.default) or inspect.isclass(parameter.default):
        default = parameter.default.__name__  # its repr holds an address
    return f"{written} = {default}"


def _type(annotation: object) -> str:
    if isinstance(annotation, str):
        return annotation.strip("'\"")
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return getattr(annotation, "__name__", None) or str(annotation)


def _methods(thing: object) -> Iterator[str]:
    """Public methods and properties that a class defines itself, and says something of."""
    if not inspect.isclass(thing):
        return
    for name, found in vars(thing).items():
        doc = inspect.getdoc(found) or ""
        if name.startswith("_") or not doc:
            continue
        if inspect.isfunction(found) or isinstance(found, classmethod | staticmethod):
            called = _signature(name, getattr(thing, name)).replace("self, ", "")
            written = " ".join(called.replace("(self)", "()").split())
        elif isinstance(found, property | functools.cached_property):
            written = name
        else:
            continue
        yield f"- `{written}`: {_plain(doc.partition(chr(10) * 2)[0])}"


def _parameters(doc: str) -> Iterator[str]:
    """The list under `Parameters` in a numpydoc docstring, as a list of Markdown."""
    found = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", doc, re.M | re.S)
    if not found:
        return
    for head, body in re.findall(r"^(\S[^\n]*)\n((?:(?: +[^\n]*)?\n?)*)", found[1], re.M):
        names, _, kind = head.partition(" : ")
        said = f" ({kind.strip()})" if kind else ""
        text = _plain(body)
        yield f"- `{names.strip()}`{said}{': ' if text else ''}{text}"


def submodules(name: str) -> None:
    """Write a package by the modules its names come from, in their own order."""
    loaded = importlib.import_module(name)
    homes: dict[str, list[str]] = {}
    for each in loaded.__all__:
        home = getattr(getattr(loaded, each), "__module__", name)
        home = home if home.startswith("qfloor.") else name
        homes.setdefault(home, []).append(each)
    for home, names in sorted(homes.items()):
        title = "types and constants" if home == name else home.rpartition(".")[2]
        print(f"\n## {title.replace('_', ' ')}\n")
        if home != name:
            print(_first_sentence(importlib.import_module(home)))
        module(name, names)


def _home(name: str, thing: object, each: str) -> str:
    """Where the docstring stands: the object's own module, so that the site finds it."""
    return f"{getattr(thing, '__module__', name)}.{getattr(thing, '__qualname__', each)}"


def _first_sentence(thing: object) -> str:
    if not (inspect.isfunction(thing) or inspect.isclass(thing) or inspect.ismodule(thing)):
        return f"`{thing!r}`" if isinstance(thing, int | float | str) else "a type, for hints"
    paragraph = (inspect.getdoc(thing) or "").partition("\n\n")[0]
    return _plain(paragraph).replace("|", "\\|")


def _plain(text: str) -> str:
    """One line of Markdown."""
    return " ".join(text.split()).replace("``", "`")
