"""Stage 7: the cheapest offer that reliably clears a tier, with every reason.

Standard library only. `load` a quality database, state a `Need`, `choose`; `explain` says it to
a person, `Decision.to_dict` to a program. Nothing here calls a provider, reads a clock unless
told no time, or writes anything.
"""

from qfloor.router.choosing import choose, classify
from qfloor.router.classification import Classification, Evidence
from qfloor.router.counterfactual import Counterfactual, Counterfactuals
from qfloor.router.database import Database, load
from qfloor.router.decision import Candidate, Decision, Savings
from qfloor.router.explaining import explain
from qfloor.router.needs import Need
from qfloor.router.policy import HealthFeed, OfferHealth, Override, Policy, PriceFeed
from qfloor.router.reasons import Cause, Rule
from qfloor.router.relaxing import Relaxation
from qfloor.router.schema import decision_schema
from qfloor.router.shapes import Demanded

__all__ = [
    "Candidate",
    "Cause",
    "Classification",
    "Counterfactual",
    "Counterfactuals",
    "Database",
    "Decision",
    "Demanded",
    "Evidence",
    "HealthFeed",
    "Need",
    "OfferHealth",
    "Override",
    "Policy",
    "PriceFeed",
    "Relaxation",
    "Rule",
    "Savings",
    "choose",
    "classify",
    "decision_schema",
    "explain",
    "load",
]
