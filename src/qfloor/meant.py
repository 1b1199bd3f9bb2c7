"""What a misspelt name was probably meant to be, in words that end a message."""

from __future__ import annotations

from collections.abc import Iterable


def meant(
    given: str, known: Iterable[str], otherwise: str | None = None, *, cutoff: float = 0.6
) -> str:
    """Ask for the known name that is nearest; where none is near, tell all, or what is said then.

    Examples
    --------
    >>> meant("portait", ["portrait", "landscape"])
    "; did you mean 'portrait'?"
    >>> meant("cats", ["portrait", "landscape"])
    '; known: portrait, landscape'
    >>> meant("cats", ["portrait", "landscape"], "see the list")
    '; see the list'
    """
    import difflib  # for a mistake only

    names = list(known)
    close = difflib.get_close_matches(given, names, n=1, cutoff=cutoff)
    if close:
        return f"; did you mean {close[0]!r}?"
    hint = f"known: {', '.join(names)}" if otherwise is None else otherwise
    return f"; {hint}" if hint else ""
