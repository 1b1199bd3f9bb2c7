"""From a request to a category, or to the few it may be: words first, then the other signals.

What words say is told by a hand-written lexicon (`qfloor.router.lexicon`) and by learned weights
(`qfloor.router.weights`), which take the lexicon's sums as features of their own; the weights come
from the quality database, or from the package. Confidence is how often a category so scored was
acceptable on prompts that were held out. Below the bound no category is named, and a decision is
taken over every plausible one. A team's own categories are known by their declared words only.

A database that carries signals of its own, and no weights, is read with those signals alone: they
are log odds that add up, and a soft maximum with an extra "none of these" makes confidences.

How words count in the lexicon: the longest phrase first, each word once; early words more, for a
request says early what it is about; a word after "no" or "without", or in the negative prompt,
against. What is quoted is lettering and says nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter

from qfloor.records import CATEGORIES, Category
from qfloor.router.classification import Classification, Evidence, Found, Told
from qfloor.router.languages import guess_language
from qfloor.router.lexicon import WORDS
from qfloor.router.needs import Need
from qfloor.router.phrases import Arranged, arrange, longest
from qfloor.router.reading import (
    BREAKS,
    MARKS,
    REACH,
    READ_CHARACTERS,
    Content,
    Reading,
    content_of,
    damping,
    read,
    shape_of,
    words_of,
)
from qfloor.router.weights import Weights

NEUTRAL, CLIP = "-", "@clip"
"""In place of a category: phrases that say nothing, and those that ask for a clip."""


UNLIKELY = 0.25
"""Confidence of the likeliest below which nothing can be ruled out: all stay plausible."""
TOLD = 3
"""Signals of the lexicon from which on no learned words are told beside them."""


_STILL = ("image",)


Declared = tuple[tuple[str, tuple[str, ...]], ...]
"""Categories with the words that they declare themselves."""


def _arranged(
    words: Mapping[str, Mapping[str, float]], declared: Declared, weight: float
) -> Arranged:
    """Words arranged for reading; those of the package once for all databases that go by them."""
    return _ours(declared, weight) if words is WORDS else _by_signal(words, declared, weight)


@lru_cache(maxsize=8)
def _ours(declared: Declared, weight: float) -> Arranged:
    return _by_signal(WORDS, declared, weight)


def _by_signal(
    words: Mapping[str, Mapping[str, float]], declared: Declared, weight: float
) -> Arranged:
    found: dict[str, dict[str, float]] = {}
    for category, told in declared:
        own = {signal.lower(): weight for signal in told}
        for signal, value in {**words.get(category, {}), **own}.items():
            found.setdefault(signal, {})[category] = value
    for beside in (NEUTRAL, CLIP):
        for signal, value in words.get(beside, {}).items():
            found.setdefault(signal, {})[beside] = value
    return arrange(found)


class Classifier:
    """Weights arranged for reading a request once, from left to right."""

    def __init__(
        self,
        categories: Mapping[str, Category],
        words: Mapping[str, Mapping[str, float]],
        settings: Mapping[str, float],
        weights: Weights | None = None,
    ) -> None:
        self.weights = weights
        own = {c: told for c, told in categories.items() if c != "general"}
        known = {c.id: c for c in CATEGORIES if c.id in words}
        merged = {**known, **own}
        self.general_only = bool(categories) and not own
        self.categories = {c: merged[c] for c in sorted(merged)}
        self.settings = dict(settings)
        arranged = _arranged(
            words,
            tuple((c, k.signals) for c, k in self.categories.items()),
            self.settings["#declared"],
        )
        self.signals, self._phrases, self._unspaced, self._counting = arranged
        self._every = tuple(self.categories)
        self._allowed = {
            modality: tuple(c for c, k in self.categories.items() if modality in k.modalities)
            for modality in ("image", "video")
        }

    def classify(self, need: Need) -> Classification:
        """Classify one need."""
        reading = read(need.prompt)
        language = guess_language(reading.bare, reading.tokens)
        if self.general_only:
            modality = _given_modality(need) or "image"
            return Classification("general", 1.0, ("general",), (), modality, language)
        evidence = self.evidence(need, reading)
        if self.weights is None:
            return self._weigh(need, evidence, language)
        return self._judge(self.weights, need, reading, evidence, language)

    def evidence(self, need: Need, reading: Reading) -> list[Found]:
        """What the lexicon finds in a request, in its negative prompt and beside its words."""
        evidence = self._words(reading.tokens)
        if not reading.bare.isascii():
            evidence += self._inside(reading.bare)
        if need.negative:
            evidence += self._against(need.negative)
        return evidence + self._beside(need, reading.quotes)

    def _words(self, tokens: list[str]) -> list[Found]:
        """Phrases of spaced scripts, the longest first."""
        found: list[Found] = []
        counted: set[tuple[str, ...]] = set()
        phrases, early, counting = self._phrases, self.settings["#early"], self._counting
        negated_until, skip_to, within = -1, 0, 0
        for i in [i for i, token in enumerate(tokens) if token in counting]:
            if i < skip_to:
                continue
            token = tokens[i]
            if token in MARKS:
                negated_until = -1 if token in BREAKS else i + REACH
            begun = phrases.get(token)
            phrase = None if begun is None else longest(begun, tokens, i)
            if phrase is None:
                continue
            spelled, pairs = phrase
            position = i - within  # a phrase counts as one word
            skip_to = i + len(spelled)
            within += len(spelled) - 1
            if spelled in counted:
                continue
            counted.add(spelled)
            factor = 1.0 + early / (1.0 + position / 4.0)
            if i <= negated_until:
                factor = -self.settings["#negated"]
            name = " ".join(spelled)
            found += [(name, category, weight * factor) for category, weight in pairs]
        return found

    def _inside(self, text: str) -> list[Found]:
        """Phrases of scripts that do not part words, wherever they stand; the longest first."""
        begun = [told for c in set(text) if (told := self._unspaced.get(c)) is not None]
        found: list[Found] = []
        for _, signal, pairs in sorted(phrase for told in begun for phrase in told):
            if signal in text:
                text = text.replace(signal, "\n")
                found += [(signal, c, w) for c, w in pairs]
        return found

    def _against(self, negative: str) -> list[Found]:
        tokens = words_of(negative[:READ_CHARACTERS].lower())
        factor = -self.settings["#negated"]
        return [(f"not {s}", c, factor * abs(w)) for s, c, w in self._words(tokens)]

    def _beside(self, need: Need, quotes: int) -> list[Found]:
        """Everything that is not a word: quotes, lettering, shape, length."""
        names = []
        if quotes:
            names.append("#quoted")
        if quotes > 1:
            names.append("#quoted-again")
        if need.ratio is not None:
            names.append(shape_of(need.ratio))
        if need.seconds is not None or need.modality == "video":
            names.append("#clip")
        return [(name, c, w) for name in names for c, w in self.signals.get(name, ())]

    def _judge(
        self,
        weights: Weights,
        need: Need,
        reading: Reading,
        evidence: list[Found],
        language: str | None,
    ) -> Classification:
        """What learned weights make of a request; they know how far to trust the lexicon."""
        given = _given_modality(need)
        allowed = self._allowed[given] if given else self._every
        sums = sums_of(evidence)
        content = content_of(reading.tokens)
        learned = weights.odds(content, names_of(need, reading), sums)
        declared = self._declared
        scores = [learned[c] if c in learned else declared(sums.get(c, 0.0)) for c in allowed]
        odds = max(scores)
        first = allowed[scores.index(odds)]  # ties in order of id
        known = first in learned
        confidence = weights.confidence(odds) if known else _chance(odds)
        likely = first if confidence >= UNLIKELY else None
        modality = given or self._modality(likely, evidence)
        sure: str | None = first
        plausible: tuple[str, ...] = (first,)
        if confidence < weights.bound and len(allowed) > 1:
            sure = None
            limit = (weights.plausible if likely else 0.0) * _chance(odds)
            ranked = sorted(zip(scores, allowed, strict=True), key=itemgetter(0), reverse=True)
            plausible = tuple(c for score, c in ranked if _chance(score) >= limit)
            if not given:
                kinds = self.categories
                plausible = tuple(c for c in plausible if modality in kinds[c].modalities)
        told = Told(
            lambda: _told(evidence, allowed, first if known and likely else None, weights, content)
        )
        return Classification(sure, confidence, plausible, told, modality, language)

    def _declared(self, total: float) -> float:
        """Log odds of a category that is known by its declared words only."""
        return min(self.settings["#scale"] * total, 60.0) - self.settings["#none"]

    def _weigh(self, need: Need, evidence: list[Found], language: str | None) -> Classification:
        given = _given_modality(need)
        allowed = self._allowed[given] if given else tuple(self.categories)
        sums = dict.fromkeys(allowed, 0.0)
        for _, category, weight in evidence:
            if category in sums:
                sums[category] += weight
        scale = self.settings["#scale"]
        odds = {category: math.exp(min(scale * total, 60.0)) for category, total in sums.items()}
        whole = sum(odds.values()) + math.exp(self.settings["#none"])
        ranked = sorted(allowed, key=lambda category: (-odds[category], category))
        confidence = odds[ranked[0]] / whole if ranked else 0.0
        if ranked and (confidence >= self.settings["#bound"] or len(ranked) == 1):
            sure: str | None = ranked[0]
            plausible: tuple[str, ...] = (ranked[0],)
        else:
            sure = None
            plausible = _plausible(ranked, odds, self.settings["#plausible"])
        kept = tuple(Evidence(*found) for found in evidence if found[1] in sums)
        modality = given or self._modality(ranked[0] if kept else None, evidence)
        if sure is None and not given:
            plausible = tuple(c for c in plausible if modality in self.categories[c].modalities)
        return Classification(sure, confidence, plausible, kept, modality, language)

    def _modality(self, likely: str | None, evidence: list[Found]) -> str:
        """A clip where the likely category is nothing else, or words ask for one; or a still."""
        modalities = _STILL if likely is None else self.categories[likely].modalities
        if "video" not in modalities:
            return "image"
        clip = sum(weight for _, category, weight in evidence if category == CLIP) > 0
        return "video" if clip or "image" not in modalities else "image"


def _chance(odds: float) -> float:
    """Probability of log odds, before any calibration."""
    return 1.0 / (1.0 + math.exp(-max(odds, -60.0)))


def _plausible(ranked: list[str], odds: Mapping[str, float], share: float) -> tuple[str, ...]:
    """Categories not far behind the first; all of them when nothing was found at all."""
    return tuple(c for c in ranked if odds[c] >= share * odds[ranked[0]])


def sums_of(evidence: list[Found]) -> dict[str, float]:
    """Log odds that the lexicon finds for each category, added up."""
    sums: dict[str, float] = {}
    for _, category, weight in evidence:
        sums[category] = sums.get(category, 0.0) + weight
    return sums


def names_of(need: Need, reading: Reading) -> list[str]:
    """What is known of a request beside its words, as features of learned weights."""
    names = []
    if reading.quotes:
        names.append("#quoted")
    if reading.quotes > 1:
        names.append("#quoted-again")
    if need.ratio is not None:
        names.append(shape_of(need.ratio))
    given = _given_modality(need)
    if given:
        names.append("#clip" if given == "video" else "#still")
    n = len(reading.tokens)
    if n <= 2:
        names.append("#brief")
    if n > 40:
        names.append("#long")
    if n > 6 and reading.tokens.count(",") > n / 6:
        names.append("#listed")
    return names


def _told(
    evidence: list[Found],
    allowed: tuple[str, ...],
    first: str | None,
    weights: Weights,
    content: Content,
) -> list[Evidence]:
    """What the lexicon found; where that says little of the first, its learned words as well."""
    kept = [Evidence(*found) for found in evidence if found[1] in allowed]
    if first is None or sum(e.category == first and e.weight > 0 for e in kept) >= TOLD:
        return kept
    return kept + _learned_evidence(weights, content.words, damping(content.length), first, kept)


def _learned_evidence(
    weights: Weights, words: list[str], share: float, category: str, told: list[Evidence]
) -> list[Evidence]:
    """The words that learned weights count most for a category."""
    known = {word for e in told for word in e.signal.split(" ")}
    fresh = dict.fromkeys(w for w in words[:10] if len(w) > 3 or not w.isascii())
    fresh = {word: None for word in fresh if word not in known}
    found = [Evidence(w, category, share * weights.of_word(w, category)) for w in fresh]
    found.sort(key=lambda e: (-e.weight, e.signal))
    return [e for e in found[:TOLD] if e.weight > 0.05]


def _given_modality(need: Need) -> str | None:
    """What a need says outright."""
    if need.modality is None and (need.seconds is not None or need.audio):
        return "video"
    return need.modality
