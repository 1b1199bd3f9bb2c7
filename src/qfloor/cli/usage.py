"""What is wrong with an option, in words: typer hands on what pydantic says of a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup


class Commands(TyperGroup):
    """The commands; a value that an option does not take is named, with what it must be."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = said_of(error) or error.message
            raise


def refuse(context: typer.Context, options: Iterable[str], why: str) -> None:
    """Refuse options that were given and would change nothing.

    Parameters
    ----------
    context : typer.Context
        Of the command: it knows what was given and what is a default.
    options : iterable of str
        Names of the command's parameters.
    why : str
        What goes on after the option's name.
    """
    spelled = {param.name: param.opts[0] for param in context.command.params}
    for option in options:
        source = context.get_parameter_source(option)
        if source is not None and source.name == "COMMANDLINE":
            name = spelled[option]
            raise typer.BadParameter(why, param_hint=name if name[0] == "-" else name.upper())


def said_of(error: typer.BadParameter) -> str | None:
    """Word what pydantic said of a value; None where it was not pydantic that refused it."""
    faults = getattr(error.__cause__, "errors", None)
    if not callable(faults):
        return None
    first = faults()[0]
    said = str(first["msg"]).partition(", unable to parse")[0].rstrip(".")
    if said.startswith("Value error, "):
        return said.removeprefix("Value error, ")
    return f"{first['input']!r} {said.replace('Input should be', 'must be')}"
