"""Plugins: from a name and arguments in a benchmark file to a live generator or scorer.

Names come from the entry-point groups ``qfloor.generators`` and ``qfloor.scorers``, so a package
that is merely installed takes part; or from ``module:attribute``, for a class that is not
installed as a plugin. This module knows no plugin by name.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import sys
import weakref
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from qfloor.errors import PluginError, QfloorError
from qfloor.extras import names_extra, one_install, sentence_for
from qfloor.meant import meant
from qfloor.records import Offer, PluginSpec

Group = Literal["qfloor.generators", "qfloor.scorers"]


def installed(group: Group) -> dict[str, EntryPoint]:
    """Return the plugins of a group by name, sorted.

    Raises
    ------
    PluginError
        When two installed packages claim one name: which would run is not ours to guess.
    """
    return dict(_installed(group, tuple(map(_state, sys.path))))


def _state(place: str) -> tuple[str, int]:
    """A place of packages and when one last came or went: what is kept of it holds until then."""
    try:
        return place, os.stat(place or ".").st_mtime_ns
    except OSError:  # not there: also an answer, until it is
        return place, 0


@lru_cache(maxsize=8)
def _installed(group: Group, where: tuple[tuple[str, int], ...]) -> dict[str, EntryPoint]:
    """Read what packages say of themselves: hundreds of files, so once."""
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.value)):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise PluginError(
                f"two plugins of {group} are called {point.name!r}: {other.value} and "
                f"{point.value}; uninstall one, or name it as module:attribute"
            )
        found[point.name] = point
    return found


def find(group: Group, name: str) -> Any:
    """Return the class of a plugin by its name, or by ``module:attribute``.

    Raises
    ------
    PluginError
        When there is none, or it cannot be imported.
    """
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(f"plugin {name!r} cannot be imported: {error}") from error
    known = installed(group)
    if name not in known:
        raise PluginError(f"no plugin of {group} is called {name!r}{meant(name, known)}")
    try:
        return known[name].load()
    except ImportError as error:
        raise PluginError(f"plugin {name!r}: {sentence_for(error)}") from error
    except AttributeError as error:
        raise PluginError(f"plugin {name!r} is broken: {error}") from error


_PLAIN: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "str": ((str,), "text"),
    "None": ((type(None),), "none"),
}


def _mistaken(parameter: inspect.Parameter, value: object) -> str | None:
    """Say what is due where a parameter of a plain type got something else; true is no number."""
    annotation = parameter.annotation
    written = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    kinds = [kind.strip() for kind in written.split("|")]
    if not all(kind in _PLAIN for kind in kinds):
        return None
    if isinstance(value, bool) and "bool" not in kinds:
        taken = False
    else:
        taken = any(isinstance(value, _PLAIN[kind][0]) for kind in kinds)
    return None if taken else " or ".join(_PLAIN[kind][1] for kind in kinds)


_WRITTEN_IN = {
    "generator": "they stand in generator_args of its file of offers",
    "scorer": "they stand in args of its [[scorers]], or behind its name after -s",
}
"""Where who runs qfloor writes a plugin's arguments."""


def _build(kind: str, spec: PluginSpec, cls: Any, *positional: Any) -> Any:
    """Call the class, having checked that its signature takes the arguments it was given."""
    try:
        bound = inspect.signature(cls).bind(*positional, **spec.args)
    except TypeError as error:
        raise PluginError(
            f"{kind} {spec.name!r} does not take these arguments: {error}; {_WRITTEN_IN[kind]}"
        ) from error
    for name, value in spec.args.items():
        parameter = bound.signature.parameters.get(name)
        if parameter is not None and (due := _mistaken(parameter, value)):
            raise PluginError(f"{kind} {spec.name!r}: {name} is {due}, not {value!r}")
    try:
        return cls(*positional, **spec.args)
    except QfloorError:
        raise
    except ImportError as error:
        raise PluginError(f"{kind} {spec.name!r}: {sentence_for(error)}") from error
    except (TypeError, ValueError, AttributeError) as error:  # a number where a word is due
        given = ", ".join(f"{name} = {value!r}" for name, value in spec.args.items())
        raise PluginError(
            f"{kind} {spec.name!r} cannot be made with {given or 'no arguments'}: "
            f"{type(error).__name__}: {error}"
        ) from error


def build_generator(spec: PluginSpec, offers: Sequence[Offer], state_dir: Path) -> Any:
    """Build the one generator that serves all ``offers`` of an equal spec.

    Parameters
    ----------
    spec : PluginSpec
        Name and arguments, as an offer or benchmark file has them.
    offers : sequence of Offer
        Those the generator will be asked for.
    state_dir : Path
        A folder of its own inside the workspace; created here.

    Returns
    -------
    qfloor.generators.protocol.Generator

    Raises
    ------
    PluginError
        When the name is unknown, an argument is not taken or a package is missing.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    return _build("generator", spec, find("qfloor.generators", spec.name), offers, state_dir)


def build_scorer(spec: PluginSpec) -> Any:
    """Build a scorer from its name and arguments; see `build_generator` for the errors."""
    built = _build("scorer", spec, find("qfloor.scorers", spec.name))
    with contextlib.suppress(TypeError):  # one that cannot be weakly kept is sent as it is
        _SPECS[id(built)] = (weakref.ref(built, partial(_forget, id(built))), spec)
    return built


def build_scorers(specs: Iterable[PluginSpec]) -> list[Any]:
    """Build scorers that are to score; what all of them lack is told at once, with one command.

    Raises
    ------
    PluginError
        As `build_scorer`; where one is misspelt and another lacks a package, of the misspelt one.
    """
    built, faults = [], []
    for spec in specs:
        try:
            built.append(_ready(build_scorer(spec)))
        except PluginError as error:
            if not names_extra(str(error)):
                raise
            faults.append(error)
    if not faults:
        return built
    raise PluginError(one_install([str(fault) for fault in faults])) from faults[0]


def _ready(scorer: Any) -> Any:
    """Ask its models whether they could run here: some tell what they are where they cannot."""
    for backbone in getattr(scorer, "backbones", ()):
        if callable(ask := getattr(backbone, "need_packages", None)):
            ask()
    return scorer


_SPECS: dict[int, tuple[weakref.ref[Any], PluginSpec]] = {}


def _forget(number: int, _: object) -> None:
    _SPECS.pop(number, None)


def spec_of(built: object) -> PluginSpec | None:
    """Return the spec that a scorer was built from, so that it can be built again elsewhere.

    None for one that was made in code.
    """
    kept = _SPECS.get(id(built))
    return kept[1] if kept is not None and kept[0]() is built else None
