"""What an undecided verdict lacks, in words: prompts, raters, or both."""

from __future__ import annotations

from qfloor.counting import several

PROMPTS = ("more_prompts", "too_few_prompts")
"""Reasons that say it is prompts that lack."""

_TOLD = {"drifted": "it changed since, and only a new round can certify it"}
_HOPELESS = "no number of prompts would certify it if the share of fails stays as it is"


def lacking(reason: str, more_prompts: int | None, bound: str | None) -> str:
    """Say why there is no verdict yet, and what would bring one: the same words everywhere.

    Parameters
    ----------
    reason : str
        Of the undecided verdict, as it is stored.
    more_prompts : int or None
        Prompts still needed; None where no number of them would certify, or it is not prompts
        that lack.
    bound : str or None
        What decided; as in `still_needed`.

    Returns
    -------
    str

    Examples
    --------
    >>> lacking("more_prompts", 40, "exact"), lacking("too_few_prompts", 40, "exact")
    ('about 40 more prompts', 'too few prompts; about 40 more prompts')
    >>> lacking("drifted", None, "exact")
    'it changed since, and only a new round can certify it'
    >>> lacking("more_prompts", None, "exact").partition(";")[0]
    'no number of prompts would certify it if the share of fails stays as it is'
    """
    words = _TOLD.get(reason) or reason.replace("_", " ")
    if more_prompts is None:
        if reason == "too_few_prompts":
            return f"{words}, and {_HOPELESS}"
        hopeless = reason == "more_prompts"
        return f"{_HOPELESS}; more could only reject it" if hopeless else words
    needed = still_needed(more_prompts, bound)
    return needed if reason == "more_prompts" else f"{words}; {needed}"


def still_needed(more_prompts: int, bound: str | None) -> str:
    """Say what would bring a verdict, prompts counted as if there were raters enough.

    Parameters
    ----------
    more_prompts : int
        Prompts still needed at the present estimate, at least 1; 1 where there are enough of them.
    bound : str or None
        What decided. Where it is ``two_way`` raters are drawn from a population, and one more
        prompt does not make up for raters that lack.

    Returns
    -------
    str

    Examples
    --------
    >>> still_needed(40, "exact"), still_needed(1, "exact")
    ('about 40 more prompts', 'about 1 more prompt')
    >>> still_needed(40, "two_way"), still_needed(1, "two_way")
    ('more raters and about 40 more prompts', 'more raters')
    """
    told = f"about {several(more_prompts, 'more prompt')}"
    if bound != "two_way":
        return told
    return f"more raters and {told}" if lacks_prompts(more_prompts, bound) else "more raters"


def lacks_prompts(more_prompts: int, bound: str | None) -> bool:
    """Whether prompts are among what is needed: raters alone may be; as in `still_needed`."""
    return bound != "two_way" or more_prompts > 1
