"""Stage 7: the cheapest offer that reliably clears a tier, with every reason.

Standard library only. `load` a quality database, state a `Need`, `choose`; `explain` says it to
a person, `Decision.to_dict` to a program. Nothing here calls a provider, reads a clock unless
told no time, or writes anything. `load_policy`, `load_prices` and `load_health` read the files of a
team; their module is loaded when one of them is first asked for.

Where to look, by what is asked:

    a choice          choosing (begin here), request, eligibility, rules, reasons, orders,
                      concluding, relaxing, counterfactual, needs, decision, schema, explaining
    what is routed by database, rows, places, rates, kept, shapes, moments, money, resolutions
    a team's files    loading, policy, policy_file, health_file, feeds/
    how offers fare   health, sketch, steering, probing
    what a text is    classification, classifier (begin here), reading, sweep, heads, beside,
                      changes, changes_late, wishes, chores, spelling, scripts, languages,
                      evidence
    known words       lexicon, arranging, phrases, vocabulary, words_english and words_*; weights,
                      stored
    logs, releases    asked, replay, diff
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qfloor.records import PriceComponent, PriceRule
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

if TYPE_CHECKING:
    from qfloor.router.loading import load_health, load_policy, load_prices

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
    "PriceComponent",
    "PriceFeed",
    "PriceRule",
    "Relaxation",
    "Rule",
    "Savings",
    "choose",
    "classify",
    "decision_schema",
    "explain",
    "load",
    "load_health",
    "load_policy",
    "load_prices",
]


if not TYPE_CHECKING:  # mypy knows the three names, and would take any other for one of them

    def __getattr__(name: str) -> Any:
        """Load what reads files when it is first asked for; who routes by a release does not."""
        if name not in ("load_health", "load_policy", "load_prices"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from qfloor.router import loading

        globals()[name] = found = getattr(loading, name)
        return found
