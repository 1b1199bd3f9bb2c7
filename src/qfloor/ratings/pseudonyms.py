"""Participants under pseudonyms: HMAC-SHA256 of the source's id with a salt of the workspace.

Worker numbers and mail addresses say who someone is; a floor only needs to know that two ratings
came from one person. The salt is drawn once, lies beside the store with access for its owner
alone, and is in no store, export or message: without it a pseudonym cannot be traced back by
trying ids. What the store keeps is a mark of the salt, so that another salt is noticed before
one person counts as two.

A rater whom a source's earlier imports have under some name keeps that name, hashed or not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from qfloor.counting import several
from qfloor.errors import RatingsError
from qfloor.ratings.judgment import ANONYMOUS
from qfloor.store import Store

FILE = "rater_salt"
HEX = 12
"""Hex digits of a pseudonym: 48 bits, a collision among 10,000 people is 1 in 5 million."""


@dataclass(frozen=True)
class Salt:
    """The secret that pseudonyms are made with; never printed."""

    secret: bytes

    def __repr__(self) -> str:
        return "Salt(...)"

    @property
    def mark(self) -> str:
        """What may be told of it: 64 bits that say whether two salts are one, and no more."""
        return hmac.new(self.secret, b"\x00mark", hashlib.sha256).hexdigest()[:16]

    def pseudonym(self, rater: str) -> str:
        """Name a rater.

        Examples
        --------
        >>> Salt(b"x" * 32).pseudonym("A1B2C3")
        'r-a55060c62409'
        """
        digest = hmac.new(self.secret, rater.encode(), hashlib.sha256).hexdigest()
        return f"r-{digest[:HEX]}"


def open_salt(root: Path, *, create: bool) -> Salt | None:
    """Read a workspace's salt, or draw it.

    Raises
    ------
    RatingsError
        When the file does not hold a salt, or cannot be read or written.
    """
    path = root / FILE
    try:
        if create and not path.exists():
            _draw(path)
        text = path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(text)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise RatingsError(
            f"{path}: the salt of rater ids cannot be read; restore it from a backup"
        ) from problem
    if len(secret) != 32:
        raise RatingsError(f"{path}: this is no salt of rater ids; restore it from a backup")
    return Salt(secret)


def _draw(path: Path) -> None:
    """Write a new salt; whole or not at all, and never over another."""
    draft = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class Names:
    """Under which name each rater of a file enters the store, and with which salt.

    ``clear`` counts ids of before that are still in the store, ``alike`` those that differ from
    another in case only; neither says which.
    """

    of: dict[str, str]
    mark: str | None
    hashed: int
    clear: int = 0
    alike: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the ids."""
        found = []
        if self.alike:
            found.append(
                f"{several(self.alike, 'rater id')} told from another by case only: are they one "
                "person's?"
            )
        if self.clear:
            found.append(
                f"{several(self.clear, 'rater keeps', 'raters keep')} the unhashed ids that "
                "earlier imports of this source "
                "gave them; import everything into a new workspace to be rid of these"
            )
        return tuple(found)


def names_of(store: Store, raters: Iterable[str], sources: Collection[str], *, keep: bool) -> Names:
    """Name the raters of a file.

    Parameters
    ----------
    store : Store
    raters : iterable of str
        As the file calls them.
    sources : collection of str
        Of the file's judgments; earlier ones of these sources keep their names.
    keep : bool
        Whether the file's ids are pseudonyms already.

    Raises
    ------
    RatingsError
        When the workspace's salt is not the one that earlier imports were made with.
    """
    distinct = set(raters) - {ANONYMOUS}
    known = store.raters_of(sources)
    marks = store.salt_marks(sources if keep else None)
    salt = open_salt(store.root, create=not keep and bool(distinct) and not marks)
    if marks and (salt is None or salt.mark not in marks):
        raise RatingsError(
            f"{store.root / FILE}: earlier imports named raters with a salt that is not here, so "
            "one person would count as two; restore that file"
        )
    chosen: dict[str, str] = {ANONYMOUS: ANONYMOUS}
    for rater in distinct:
        pseudonym = rater if salt is None else salt.pseudonym(rater)
        if rater in known or pseudonym in known:
            chosen[rater] = rater if rater in known else pseudonym
        else:
            chosen[rater] = rater if keep else pseudonym
    hashed = sum(name != rater for rater, name in chosen.items())
    mark = salt.mark if salt is not None and hashed else None
    clear = 0 if keep else sum(chosen[rater] == rater for rater in distinct)
    alike = len(distinct) - len({rater.casefold() for rater in distinct})
    return Names(of=chosen, mark=mark, hashed=hashed, clear=clear, alike=alike)
