"""Prompts that are too alike: a private prompt that stands in a public suite is none.

Two texts are alike when they share half of their runs of three words, or, where one is too short
for runs, all of their words. What this module does not know: what a text means.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qfloor.records import Prompt
from qfloor.suite.checking import Finding, words

RUN = 3
ALIKE = 0.5
"""Share of common runs (Jaccard) from which two texts count as one."""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """A prompt, the known one it resembles, and the share of runs they have in common."""

    prompt: Prompt
    known: Prompt
    share: float


def alike(prompts: Iterable[Prompt], known: Sequence[Prompt]) -> list[Alike]:
    """Return each prompt that resembles a known one, with the one it resembles most.

    A prompt is not compared with itself (equal id and text).

    Examples
    --------
    >>> old = Prompt(id="a", text="a red mug on a table", category="product-photo")
    >>> new = Prompt(id="b", text="A red mug, on a table!", category="product-photo")
    >>> [(found.known.id, found.share) for found in alike([new], [old])]
    [('a', 1.0)]
    """
    runs = [_runs(one.text) for one in known]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, mine in enumerate(runs):
        for run in mine:
            holders[run].append(i)
    found = []
    for prompt in prompts:
        mine = _runs(prompt.text)
        common = Counter(i for run in mine for i in holders.get(run, ()))
        best = max(
            (
                (n / (len(mine) + len(runs[i]) - n), -i)
                for i, n in common.items()
                if (known[i].id, known[i].text) != (prompt.id, prompt.text)
            ),
            default=(0.0, 0),
        )
        if best[0] >= ALIKE:
            found.append(Alike(prompt=prompt, known=known[-best[1]], share=best[0]))
    return found


def check_against(prompts: Iterable[Prompt], known: Sequence[Prompt], named: str) -> list[Finding]:
    """Return a finding for each prompt that resembles one of another suite."""
    return [
        Finding(
            category=one.prompt.category,
            rule="alike",
            message=f"{one.prompt.id} resembles {one.known.id} of {named} ({one.share:.0%})",
        )
        for one in alike(prompts, known)
    ]


def _runs(text: str) -> set[tuple[str, ...]]:
    """Runs of three words; of a text too short for two of them, its words as one run."""
    found = words(text)
    if len(found) <= RUN:
        return {tuple(sorted(found))}
    return {tuple(found[i : i + RUN]) for i in range(len(found) - RUN + 1)}
