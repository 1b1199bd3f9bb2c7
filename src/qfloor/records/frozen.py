"""What was decided before anything was scored: what is left out and why, and the frozen plan."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qfloor.records.asked import Prompt
from qfloor.records.plain import digest_of


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """What a benchmark leaves out, and the reason, which it must give.

    ``offers`` and ``prompts`` are patterns of ids, ``category`` and ``tag`` names; what is None
    does not matter, and all that is named must match. With ``offers`` alone the offer is left out
    of the benchmark and of every family; else only outputs of the prompts that match are.
    """

    reason: str
    offers: str | None = None
    prompts: str | None = None
    category: str | None = None
    tag: str | None = None

    @property
    def whole_offers(self) -> bool:
        """Whether it leaves out offers altogether."""
        return (self.prompts, self.category, self.tag) == (None, None, None)

    def covers_offer(self, offer_id: str) -> bool:
        """Whether the offer is one that it speaks of."""
        return self.offers is None or fnmatch.fnmatchcase(offer_id, self.offers)

    def covers_prompt(self, prompt: Prompt) -> bool:
        """Whether the prompt is one that it speaks of."""
        return (
            (self.prompts is None or fnmatch.fnmatchcase(prompt.id, self.prompts))
            and (self.category is None or prompt.category == self.category)
            and (self.tag is None or self.tag in prompt.tags)
        )

    def covers(self, offer_id: str, prompt: Prompt) -> bool:
        """Whether an offer's outputs for a prompt are left out."""
        return self.covers_offer(offer_id) and self.covers_prompt(prompt)


@dataclass(frozen=True, kw_only=True)
class FrozenPlan:
    """A benchmark's plan for a round as it stood before the first score; it never changes.

    ``content`` is all that decides verdicts, as plain JSON, and ``digest`` names it, so that it
    can be published before the data are there. ``outputs_before`` is how many outputs of the
    round had been made by then: made, but neither scored nor rated.
    """

    benchmark: str
    round: str
    content: Mapping[str, Any]
    digest: str
    at: str = ""
    outputs_before: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether the content is still what the digest names."""
        return digest_of(self.content) == self.digest
