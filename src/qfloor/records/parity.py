"""How far a coarser precision was from float32 on the pictures that were to be scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST_COSINE = 0.995
LEAST_SPEARMAN = 0.99


@dataclass(frozen=True, kw_only=True)
class Parity:
    """What a check of a backbone against its float32 reference found.

    Attributes
    ----------
    backbone, reference : str
        Names of both, which hold their identities.
    pictures, texts : int
        How many were compared.
    least_cosine, mean_cosine : float
        Between the two vectors of a picture. In [-1, 1].
    spearman : float
        Rank correlation of both lists of cos(image, text). In [-1, 1].
    largest_difference : float
        Of cos(image, text). In [0, 2].
    round : str
        Whose pictures were compared; empty in stores that did not note it, and vouches for none.
    ranks : mapping of str to float
        By a metric's key, rank correlation of its numbers where they are read off the vectors
        alone: an aesthetic head may turn what no cosine with a text shows. In [-1, 1].
    """

    backbone: str
    reference: str
    pictures: int
    texts: int
    least_cosine: float
    mean_cosine: float
    spearman: float
    largest_difference: float
    round: str = ""
    ranks: Mapping[str, float] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether vectors agree (cosine >= .995) and all ranks do (Spearman >= .99)."""
        return self.least_cosine >= LEAST_COSINE and self.least_spearman >= LEAST_SPEARMAN

    @property
    def least_spearman(self) -> float:
        """The lowest of all rank correlations."""
        return min(self.spearman, *self.ranks.values()) if self.ranks else self.spearman
