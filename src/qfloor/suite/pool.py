"""A private pool: prompts that nobody outside has seen, kept out of any repository.

A pool is a suite file like any other, with a journal beside it (``POOL.rotation.json``) that says
in which month each prompt served and when it was retired. What this module does not know: which
prompts a month takes (`rotation`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from qfloor import field_words
from qfloor.errors import SuiteError
from qfloor.records import PRIVATE, Prompt, Suite, digest_of
from qfloor.suite.likeness import alike
from qfloor.suite.loading import PromptRow, SuiteFile, as_private, load, suite_of
from qfloor.suite.writing import replace_file, write

JOURNAL = ".rotation.json"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A prompt that served: its digest, the month, and when it was retired, if it was."""

    digest: str
    month: str
    retired: str | None = None


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Which prompts of a pool served in which month; a month's prompts never change."""

    served: Mapping[str, Served] = field(default_factory=dict)

    def of_month(self, month: str) -> list[str]:
        """Ids of the prompts that a month took, sorted."""
        return sorted(name for name, one in self.served.items() if one.month == month)


@contextlib.contextmanager
def held(pool: Path) -> Iterator[None]:
    """Hold a pool while it is read and written: of two writers one's prompts would be lost."""
    from qfloor.store.lock import folder_held

    with folder_held(pool.resolve().parent, alone=True):
        yield


def journal_of(pool: Path) -> Path:
    """Where a pool's journal lies."""
    return pool.with_suffix(JOURNAL)


def read_journal(pool: Path) -> Journal:
    """Read a pool's journal; an empty one where there is none.

    Raises
    ------
    SuiteError
        When it is not what `write_journal` wrote.
    """
    path = journal_of(pool)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Journal(served={k: Served(**told) for k, told in content["served"].items()})
    except FileNotFoundError:
        return Journal()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SuiteError(f"{path}: not a journal of a pool: {error}") from error


def write_journal(pool: Path, journal: Journal) -> Path:
    """Write a pool's journal, whole or not at all."""
    served = {
        name: {"digest": one.digest, "month": one.month, "retired": one.retired}
        for name, one in sorted(journal.served.items())
    }
    return replace_file(journal_of(pool), json.dumps({"served": served}, indent=1) + "\n")


def write_prompts(
    pool: Path, rows: Sequence[Mapping[str, Any]], against: Sequence[Suite] = ()
) -> tuple[Suite, int]:
    """Add prompts to a pool, all or none; a pool that is not there is begun.

    Parameters
    ----------
    pool : Path
    rows : sequence of mapping
        Fields of a suite's prompt (``text``, ``category``, ``modality``, ...) without an id.
    against : sequence of Suite
        Public suites that no private prompt may resemble.

    Returns
    -------
    suite : Suite
        The pool as it is now.
    added : int

    Raises
    ------
    SuiteError
        Names the row and what is wrong with it, or which known prompt it resembles.
    """
    if not rows:
        raise SuiteError("there is no prompt to write")
    with held(pool):
        return _written(pool, rows, against)


def _written(
    pool: Path, rows: Sequence[Mapping[str, Any]], against: Sequence[Suite]
) -> tuple[Suite, int]:
    old = load(pool) if pool.exists() else Suite(name=_name(pool), version="1.0.0", prompts=())
    journal = read_journal(pool)
    new = _numbered(pool, old, rows, set(journal.served))
    known = [*(p for suite in against for p in suite.prompts), *old.prompts]
    for prompt in new:
        for found in alike([prompt], known):
            raise SuiteError(
                f"the prompt {prompt.text[:60]!r} resembles {found.known.id} ({found.share:.0%}); "
                f"nothing was written"
            )
        known.append(prompt)
    suite = replace(old, prompts=(*old.prompts, *new))
    write(suite, pool)
    return suite, len(new)


def _numbered(
    pool: Path, old: Suite, rows: Sequence[Mapping[str, Any]], taken: set[str]
) -> list[Prompt]:
    """Rows as prompts with ids that were never used before."""
    used = {*taken, *(p.id for p in old.prompts)}
    numbered = []
    for n, row in enumerate(rows, start=1):
        if "id" in row:
            raise SuiteError(f"prompt number {n}: ids of private prompts are given, not chosen")
        try:
            category = PromptRow.model_validate({"id": "x", **row}).category
        except ValidationError as error:
            said = field_words.sentence(field_words.first_of(error), PromptRow)
            raise SuiteError(f"prompt number {n}: {said}") from error
        number = next(i for i in range(1, len(used) + 2) if _id(old, category, i) not in used)
        used.add(_id(old, category, number))
        numbered.append({"id": _id(old, category, number), **row})
    header = {"name": old.name, "version": old.version}
    file = SuiteFile.model_validate({"suite": header, "prompts": numbered})
    return [as_private(prompt) for prompt in suite_of(pool, file).prompts]


def _id(pool: Suite, category: str, number: int) -> str:
    return f"{pool.name}-{category}-{number:04d}"


def _name(pool: Path) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in pool.stem.lower()).strip("-")
    return plain or "private"


def as_public(prompt: Prompt) -> Prompt:
    """Take the mark of a private prompt away."""
    return replace(prompt, tags=tuple(tag for tag in prompt.tags if tag != PRIVATE))


def served_digest(prompt: Prompt) -> str:
    """Return what a journal keeps of a prompt: a proof of what was asked that tells nothing.

    It is that of the prompt as it is published once it is retired.
    """
    return digest_of(as_public(prompt))


def repository_around(path: Path) -> Path | None:
    """Return the git work tree that a file lies in, if any: private prompts belong in none."""
    for folder in path.resolve().parents:
        if (folder / ".git").exists():
            return folder
    return None
