"""What wrong categories cost: outputs that fail more often because another offer was chosen.

Every tested prompt is routed twice over a measured database: as the classifier reads it, and as
if its likeliest acceptable category were told. Fail rates are those that the database measured for
the chosen offers in the true category.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING

from corpus import ROOT

from qfloor import router
from qfloor.router.classification import Classification

if TYPE_CHECKING:
    from evaluate import Outcome

    from qfloor.router.classifier import Classifier

DATABASE = ROOT / "results" / "painters.db"
TIERS = ("standard", "professional", "premium")


@dataclass(frozen=True)
class Told:
    """A classifier that was told the answer."""

    answer: Classification

    def classify(self, need: router.Need) -> Classification:
        """Give the answer."""
        return self.answer


def fail_rates() -> dict[tuple[str, str, str, str], float]:
    """Delivered fail rate at a tier's threshold, by category, modality, tier and offer."""
    query = (
        "SELECT t.category, t.modality, t.tier, r.offer_id, r.rate FROM thresholds t "
        "JOIN release l ON t.quality = l.primary_quality "
        "JOIN fail_rates r ON r.category = t.category AND r.modality = t.modality "
        "AND r.quality = t.quality AND r.threshold = t.value WHERE r.kind = 'delivered'"
    )
    with closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as connection:
        return {(c, m, t, o): rate for c, m, t, o, rate in connection.execute(query)}


def told(db: router.Database, category: str, modality: str) -> router.Database:
    """The same release, read by someone who was told the category."""
    answer = Classification(category, 1.0, (category,), (), modality, "en")
    return replace(db, classifier=Told(answer), memo={})


def one_tier(
    db: router.Database, tier: str, outcomes: Iterable[Outcome], rates: dict[tuple[str, ...], float]
) -> tuple[str, ...]:
    """One row: how many are served and how, and how much more often that fails."""
    policy, now = router.Policy(max_price_age_days=10_000), db.created_at[:10]
    asked = served = unfit = ideally = 0
    told_fails, excess, strict = [], [], []
    for o in outcomes:
        truth = o.item.acceptable[0]
        modality = o.item.fields.get("modality") or ("video" if truth == "video" else "image")
        need = router.Need(prompt=o.item.text, tier=tier, **{**o.item.fields, "modality": modality})
        named = router.classify(db, need).category
        meant = named if named in o.item.acceptable else truth
        chosen = router.choose(db, need, policy=policy, now=now).offer
        ideal = router.choose(told(db, meant, modality), need, policy=policy, now=now).offer
        best = router.choose(told(db, truth, modality), need, policy=policy, now=now).offer
        asked += 1
        ideally += ideal is not None
        served += chosen is not None
        if chosen is None:
            continue
        places = [(c, modality, tier) for c in o.item.acceptable]
        unfit += not any(chosen in db.certified.get(place, ()) for place in places)
        here, there = (meant, modality, tier), (truth, modality, tier)
        if ideal is not None and (*here, chosen) in rates:
            told_fails.append(rates[*here, ideal])
            excess.append(rates[*here, chosen] - rates[*here, ideal])
        if best is not None and (*there, chosen) in rates:
            strict.append(rates[*there, chosen] - rates[*there, best])
    return (
        tier, str(asked), f"{served / asked:.1%}", f"{ideally / asked:.1%}", f"{unfit}/{served}",
        f"{mean(told_fails):.1%}", f"{mean(excess):+.2%}", f"{mean(strict):+.2%}",
    )  # fmt: skip


def misrouted(outcomes: Sequence[Outcome], classifier: Classifier) -> list[str]:
    """Tables for the report; a sentence where there is no database."""
    head = ["## What misrouting costs", ""]
    if not DATABASE.exists():
        return [*head, f"{DATABASE.name} is not there: not computed.", ""]
    db, rates = replace(router.load(DATABASE), classifier=classifier, memo={}), fail_rates()
    there = [
        o
        for o in outcomes
        if o.item.split in ("test", "other") and o.item.kind not in ("typo", "template")
        and o.item.acceptable[0] != "none" and o.item.source != "gibberish"
    ]  # fmt: skip
    there = [o for o in there if o.item.language == "en"]  # the only one judged here
    rows = [one_tier(db, tier, there, rates) for tier in TIERS]
    columns = (
        "tier", "requests", "served", "served if told", "by an offer certified nowhere acceptable",
        "fails if told", "excess fails",
        "excess if only the likeliest counted",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    about = (
        f"English prompts over `results/{DATABASE.name}` (painters, not AI models), read with the "
        "weights judged here. *Told*: as if "
        "the category were known: the named one where acceptable, else the likeliest that is. "
        "Fails are those that the database measured for the chosen offer in that category; the "
        "excess is over requests that both ways serve. The last column counts every answer but the "
        "likeliest acceptable one as wrong. Being unsure refuses more requests: an offer must "
        "then be certified in every plausible category."
    )
    return [*head, about, "", *lines, ""]
