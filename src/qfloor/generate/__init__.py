"""Generate: have every prompt made by every offer, once a round, and keep what came.

plan.py      what is to be made, what is there, the most it can cost
state.py     where a request stands, from its ledger rows
run.py       the driver: offers side by side, each within its limit
life.py      one request from call to row
outcome.py   an answer -> status, reason and money
policy.py    patience and purse        journal.py   group commits
"""

from __future__ import annotations

from qfloor.generate.outcome import Outcome, asked_for, classify
from qfloor.generate.plan import GenerationPlan, OfferCost, Planned, Skipped, plan_generation
from qfloor.generate.policy import RunPolicy
from qfloor.generate.run import GenerationResult, build_generators, generate, run_generation

__all__ = [
    "GenerationPlan",
    "GenerationResult",
    "OfferCost",
    "Outcome",
    "Planned",
    "RunPolicy",
    "Skipped",
    "asked_for",
    "build_generators",
    "classify",
    "generate",
    "plan_generation",
    "run_generation",
]
