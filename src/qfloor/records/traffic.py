"""What a team's own requests are made of, where that is not what its suite is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qfloor.records.asked import Prompt

Strata = Literal["language", "tag", "difficulty", "source"]

NONE = "none"
"""Stratum of prompts without a tag, difficulty or source."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Shares of requests by a label of prompts; floors are then about that mix.

    ``weights`` hold for every category that ``categories`` gives none of its own; they need not
    add up to anything.
    """

    by: Strata
    weights: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, category: str) -> Mapping[str, float]:
        """Weights of a category; empty where its prompts count alike."""
        return self.categories.get(category, self.weights)

    def strata(self, prompt: Prompt) -> tuple[str, ...]:
        """Strata a prompt belongs to: one, unless several of its tags have a weight."""
        if self.by == "language":
            return (prompt.language,)
        if self.by == "tag":
            weighed = self.of(prompt.category)
            return tuple(tag for tag in prompt.tags if tag in weighed) or (NONE,)
        told = prompt.difficulty if self.by == "difficulty" else prompt.source
        return (told or NONE,)
