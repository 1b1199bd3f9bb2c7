"""The public Python surface: a table of names for readers of the file, blocks for the site.

A block is one line (`::: qfloor.router.choose`), which mkdocstrings replaces by the docstring.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable


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
        if inspect.isfunction(getattr(loaded, each)) or inspect.isclass(getattr(loaded, each)):
            print(f"::: {_home(name, getattr(loaded, each), each)}\n")


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
    return " ".join(paragraph.split()).replace("``", "`").replace("|", "\\|")
