"""A policy for media: rules in a TOML file, the first that fits an output decides.

    [[rules]]
    name = "old clips into the archive"
    action = "move"                     # keep, move or delete
    to = "s3://archive/qfloor"          # of move
    modality = "video"                  # every condition that is named must hold:
    older_than_days = 90                #   made at least so long ago
    keep_rounds = 3                     #   of none of the newest three rounds
    rounds = ["2026-*"]                 #   patterns; also offers, categories
    including_paid = true               # delete spares what was paid for, unless it says this,
    including_unjudged = true           # and what has no score and no rating

What no rule fits is kept. Rows, scores and ratings are never a policy's business.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from qfloor import field_words, toml_file
from qfloor.errors import StoreError
from qfloor.records import digest_of
from qfloor.store.media_place import normal
from qfloor.store.tiers import Named

Action = Literal["keep", "move", "delete"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TierRule(_Strict):
    """One rule of a policy; see the module."""

    name: Annotated[str, Field(min_length=1)]
    """What a person calls it; it is told with what it did."""
    action: Action
    """What becomes of the media; rows and scores stay in any case."""
    to: Annotated[str, Field(min_length=1)] | None = None
    """Of move: where to."""
    modality: Literal["image", "video"] | None = None
    """Fits these only."""
    older_than_days: Annotated[float, Field(ge=0, strict=False)] | None = None
    """Fits outputs made at least so long ago."""
    keep_rounds: Annotated[int, Field(ge=0)] | None = None
    """Fits none of so many newest rounds."""
    rounds: list[str] | None = None
    """Fits rounds by pattern."""
    offers: list[str] | None = None
    """Fits offers by pattern."""
    categories: list[str] | None = None
    """Fits categories by pattern."""
    including_paid: bool = False
    """Of delete: also what was paid for."""
    including_unjudged: bool = False
    """Of delete: also what has no score and no rating."""

    @field_validator("to")
    @classmethod
    def _normal(cls, value: str | None) -> str | None:
        return None if value is None else normal(value)

    @model_validator(mode="after")
    def _agrees(self) -> TierRule:
        if (self.to is None) == (self.action == "move"):
            raise ValueError("a rule has `to` exactly when its action is move")
        if self.action != "delete" and (self.including_paid or self.including_unjudged):
            raise ValueError("including_paid and including_unjudged are for rules that delete")
        return self

    def fits(self, one: Named, *, now: dt.datetime, newest: Collection[str]) -> bool:
        """Whether every condition of the rule holds for an output.

        Parameters
        ----------
        one : Named
            The output, with its media.
        now : datetime
            What its age is counted to.
        newest : collection of str
            The ``keep_rounds`` newest rounds.
        """
        if self.older_than_days is not None and _age_days(one, now) < self.older_than_days:
            return False
        if self.keep_rounds is not None and one.round in newest:
            return False
        if self.modality is not None and one.modality != self.modality:
            return False
        asked = (
            (self.rounds, one.round), (self.offers, one.offer_id), (self.categories, one.category)
        )  # fmt: skip
        return all(
            patterns is None or any(fnmatch.fnmatchcase(value, p) for p in patterns)
            for patterns, value in asked
        )


class TierPolicy(_Strict):
    """A policy's rules, in order."""

    rules: Annotated[list[TierRule], Field(min_length=1)]

    @property
    def digest(self) -> str:
        """Names the policy beside what it did."""
        return digest_of(self.model_dump(mode="json"))


def load_policy(path: Path) -> TierPolicy:
    """Read a policy file.

    Raises
    ------
    StoreError
        Names the file, the rule and the field.
    """
    content = toml_file.read(path, StoreError, "policy file")
    return field_words.checked(path, content, TierPolicy, StoreError)


def _age_days(one: Named, now: dt.datetime) -> float:
    made = dt.datetime.fromisoformat(one.at)
    made = made if made.tzinfo else made.replace(tzinfo=dt.UTC)
    return (now - made).total_seconds() / 86_400
