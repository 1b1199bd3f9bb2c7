"""What a sequential test has used up: kept batch by batch, so that a killed run goes on validly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qfloor.records.asked import Modality
from qfloor.records.made import CountsAs


@dataclass(frozen=True, kw_only=True)
class SeenOutput:
    """An output that a sequential test has looked at, as it looked then.

    ``delivered`` and ``conditional`` say what it counts as in floors of either kind; ``values``
    are its ratings at that time. Ratings that come later do not change what was decided on.
    """

    output_id: str
    prompt_digest: str
    delivered: CountsAs
    conditional: CountsAs
    values: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TierRuling:
    """What a sequential test says of one tier: the ruling, and after how many prompts it fell."""

    tier: str
    threshold: float
    max_fail: float
    ruling: str
    decided_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class SequentialState:
    """A sequential test of an offer in a category, within one run and so within one round.

    ``seen`` are its outputs in the order of the prompts, which ``prompt_order`` names by digest:
    every verdict follows from them, the rule, the level and the horizon (most prompts there can
    be). ``standing`` is why no more is bought, or ``open``; ``stopped`` says what stood in the way
    of an open one.
    """

    round: str
    offer_id: str
    offer_digest: str
    category: str
    modality: Modality
    quality: str
    rule: Literal["exact_sequential", "e_process"]
    level: float
    alpha: float
    horizon: int
    prompt_order: str
    seen: tuple[SeenOutput, ...] = ()
    n_prompts: int = 0
    rulings: tuple[TierRuling, ...] = ()
    standing: str = "open"
    stopped: str = ""
    spent_nanousd: int = 0
    rated_nanousd: int = 0
