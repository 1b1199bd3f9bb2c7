"""What a comparison of two rounds found: what changed, and what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qfloor.counting import several
from qfloor.records.asked import Modality

DriftWord = Literal["changed", "not distinguishable", "too little data"]

EVERY = "*"
"""Category of a finding about all categories of an offer together."""


@dataclass(frozen=True, kw_only=True)
class DriftFinding:
    """One comparison of an offer between two runs, on fails at one tier's threshold.

    ``category`` is `EVERY` for all of them pooled; categories are looked into only behind it
    (``p_adjusted`` of a category is never below its offer's). ``test`` is ``mcnemar`` on the same
    prompts or ``fisher`` on different ones; ``worse`` and ``better`` count prompts that changed
    sides. ``threshold`` is None where pooled categories have several. ``detectable`` is the
    smallest rise of the fail rate that had 80 % power at ``level``; ``shape_p`` the
    Kolmogorov-Smirnov p-value of all values, for information.
    """

    before_run: str
    after_run: str
    quality: str
    offer_id: str
    category: str
    modality: Modality
    tier: str
    threshold: float | None
    test: str
    n_before: int
    n_after: int
    before: float
    after: float
    worse: int | None
    better: int | None
    p_value: float
    p_adjusted: float
    level: float
    detectable: float | None
    shape_p: float | None
    word: DriftWord
    at: str

    @property
    def got_worse(self) -> bool:
        """Whether it changed, and for the worse: what takes a certificate away."""
        return self.word == "changed" and self.after > self.before

    def sentence(self) -> str:
        """Say it in words.

        Examples
        --------
        >>> DriftFinding(before_run="a", after_run="b", quality="q", offer_id="shop/x",
        ...     category="portrait", modality="image", tier="premium", threshold=8.0,
        ...     test="mcnemar", n_before=60, n_after=60, before=0.1, after=0.12, worse=3, better=2,
        ...     p_value=1.0, p_adjusted=1.0, level=0.005, detectable=0.21, shape_p=None,
        ...     word="not distinguishable", at="t").sentence()
        'not distinguishable (could have seen a rise of 0.21)'
        """
        if self.word == "changed":
            way = "worse" if self.after > self.before else "better"
            return f"changed for the {way}: fails {self.before:.3g} -> {self.after:.3g}"
        if self.word == "too little data" or self.detectable is None:
            return f"too little data: {self._too_little()}"
        return f"not distinguishable (could have seen a rise of {self.detectable:.2g})"

    def _too_little(self) -> str:
        """Prompts, and how little was left to rise where most failed already."""
        n = min(self.n_before, self.n_after)
        if self.before == 1.0:
            return f"all of {several(n, 'prompt')} failed before, so no rise could show"
        return (
            f"{several(n, 'prompt')}, not even a rise from {self.before:.3g} to all "
            "fails would have shown"
        )
