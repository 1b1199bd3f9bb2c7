"""Stage 2: have every prompt made by every offer, once a round, and keep what came.

plan.py      what is to be made, what is there, the most it can cost
able.py      what an offer can be asked for at all
state.py     where a request stands, from its ledger rows
run.py       the driver: offers side by side, each within its limit
desk.py      what its requests share               interrupts.py  the first, the second
life.py      one request from call to row          keep.py      media and rows
outcome.py   an answer -> status, reason and money
gate.py      an account's turn to call             limits.py    bucket, width, breaker
policy.py    patience and purse                    journal.py   group commits
forecast.py  how long a plan takes                 progress.py  how far a run is
summary.py   how a round stands                    unknowns.py  what nobody knows the end of
single.py    one request at a time, for a service; not a run
"""

from __future__ import annotations

from qfloor.generate.forecast import Forecast, forecast
from qfloor.generate.gate import limits_of
from qfloor.generate.journal import Ledger, Writer, keep_rows
from qfloor.generate.outcome import Outcome, asked_for, classify
from qfloor.generate.plan import GenerationPlan, OfferCost, Planned, Skipped, plan_generation
from qfloor.generate.policy import RunPolicy
from qfloor.generate.progress import OfferProgress, Progress
from qfloor.generate.run import GenerationResult, build_generators, generate, run_generation
from qfloor.generate.single import SingleRequests, TurnedAway
from qfloor.generate.state import Standing, Step, resolving, standing
from qfloor.generate.summary import OfferSummary, summarise
from qfloor.generate.unknowns import UnknownOutput, released, unknown_outputs

__all__ = [
    "Forecast",
    "GenerationPlan",
    "GenerationResult",
    "Ledger",
    "OfferCost",
    "OfferProgress",
    "OfferSummary",
    "Outcome",
    "Planned",
    "Progress",
    "RunPolicy",
    "SingleRequests",
    "Skipped",
    "Standing",
    "Step",
    "TurnedAway",
    "UnknownOutput",
    "Writer",
    "asked_for",
    "build_generators",
    "classify",
    "forecast",
    "generate",
    "keep_rows",
    "limits_of",
    "plan_generation",
    "released",
    "resolving",
    "run_generation",
    "standing",
    "summarise",
    "unknown_outputs",
]
