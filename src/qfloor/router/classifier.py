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
import re
from collections.abc import Mapping
from typing import NamedTuple

from qfloor.records import CATEGORIES, Category
from qfloor.router.languages import guess_language
from qfloor.router.needs import Need
from qfloor.router.reading import (
    BREAKS,
    MARKS,
    REACH,
    READ_CHARACTERS,
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

_UNSPACED = re.compile(r"[\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]")


UNLIKELY = 0.25
"""Confidence of the likeliest below which nothing can be ruled out: all stay plausible."""
TOLD = 3
"""Signals of the lexicon from which on no learned words are told beside them."""


class Evidence(NamedTuple):
    """One signal that counted, for one category."""

    signal: str
    category: str
    weight: float


class Classification(NamedTuple):
    """What a request is taken for.

    ``category`` is None when unsure; ``plausible`` then holds every category that the decision
    must be right for, most likely first. ``confidence`` is that of the first.
    """

    category: str | None
    confidence: float
    plausible: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    modality: str
    language: str | None


_PLURALS = ("s", "es", "'s", "’s")

Phrases = dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, float], ...]]]]


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
        self.signals: dict[str, tuple[tuple[str, float], ...]] = {}
        self._phrases: Phrases = {}
        self._unspaced: list[tuple[str, tuple[tuple[str, float], ...]]] = []
        self._arrange(words)
        self._allowed = {
            modality: tuple(c for c, k in self.categories.items() if modality in k.modalities)
            for modality in ("image", "video")
        }

    def _arrange(self, words: Mapping[str, Mapping[str, float]]) -> None:
        by_signal: dict[str, dict[str, float]] = {}
        for category, told in self.categories.items():
            weights = {s.lower(): self.settings["#declared"] for s in told.signals}
            for signal, weight in {**words.get(category, {}), **weights}.items():
                by_signal.setdefault(signal, {})[category] = weight
        for beside in (NEUTRAL, CLIP):
            for signal, weight in words.get(beside, {}).items():
                by_signal.setdefault(signal, {})[beside] = weight
        for signal, found in sorted(by_signal.items(), key=lambda item: (-len(item[0]), item[0])):
            pairs = tuple(sorted(found.items()))
            if signal.startswith("#"):
                self.signals[signal] = pairs
            elif _UNSPACED.search(signal):
                self._unspaced.append((signal, pairs))
            else:
                spelled = tuple(words_of(signal))
                self._phrases.setdefault(spelled[0], []).append((spelled, pairs))
        for first, phrases in list(self._phrases.items()):
            singles = [p for p in phrases if len(p[0]) == 1]
            for plural in (first + ending for ending in _PLURALS):
                self._phrases[plural] = self._phrases.get(plural, []) + singles
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))

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

    def evidence(self, need: Need, reading: Reading) -> list[Evidence]:
        """What the lexicon finds in a request, in its negative prompt and beside its words."""
        evidence = self._words(reading.tokens)
        if not reading.bare.isascii():
            evidence += self._inside(reading.bare)
        if need.negative:
            evidence += self._against(need.negative)
        return evidence + self._beside(need, reading.quotes)

    def _words(self, tokens: list[str]) -> list[Evidence]:
        """Phrases of spaced scripts, the longest first."""
        found: list[Evidence] = []
        counted: set[tuple[str, ...]] = set()
        phrases, early = self._phrases, self.settings["#early"]
        position, negated_until, skip_to = 0, -1, 0
        for i, token in enumerate(tokens):
            if i < skip_to:
                continue
            if token in MARKS:
                negated_until = -1 if token in BREAKS else i + REACH
            position += 1
            match = None
            for phrase in phrases.get(token, ()):
                if len(phrase[0]) == 1 or _fits(phrase[0], tokens, i):
                    match = phrase
                    break
            if match is None:
                continue
            spelled, pairs = match
            skip_to = i + len(spelled)
            if spelled in counted:
                continue
            counted.add(spelled)
            factor = 1.0 + early / (1.0 + (position - 1) / 4.0)
            if i <= negated_until:
                factor = -self.settings["#negated"]
            name = " ".join(spelled)
            found += [Evidence(name, category, weight * factor) for category, weight in pairs]
        return found

    def _inside(self, text: str) -> list[Evidence]:
        """Phrases of scripts that do not part words, wherever they stand; the longest first."""
        found: list[Evidence] = []
        for signal, pairs in self._unspaced:
            if signal in text:
                text = text.replace(signal, "\n")
                found += [Evidence(signal, c, w) for c, w in pairs]
        return found

    def _against(self, negative: str) -> list[Evidence]:
        tokens = words_of(negative[:READ_CHARACTERS].lower())
        factor = -self.settings["#negated"]
        return [Evidence(f"not {s}", c, factor * abs(w)) for s, c, w in self._words(tokens)]

    def _beside(self, need: Need, quotes: int) -> list[Evidence]:
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
        return [Evidence(name, c, w) for name in names for c, w in self.signals.get(name, ())]

    def _judge(
        self,
        weights: Weights,
        need: Need,
        reading: Reading,
        evidence: list[Evidence],
        language: str | None,
    ) -> Classification:
        """What learned weights make of a request; they know how far to trust the lexicon."""
        given = _given_modality(need)
        allowed = self._allowed[given] if given else tuple(self.categories)
        sums = sums_of(evidence)
        odds = weights.odds(
            content := content_of(reading.tokens),
            names_of(need, reading),
            [sums.get(c, 0.0) for c in weights.categories],
        )
        learned = dict(zip(weights.categories, odds, strict=True))
        scores = {
            c: learned[c] if c in learned else self._declared(sums.get(c, 0.0)) for c in allowed
        }
        ranked = sorted(allowed, key=scores.__getitem__, reverse=True)  # ties in order of id
        first = ranked[0]
        odds_of_first = scores[first]
        known = first in learned
        confidence = weights.confidence(odds_of_first) if known else _chance(odds_of_first)
        if confidence >= weights.bound or len(ranked) == 1:
            sure: str | None = first
            plausible: tuple[str, ...] = (first,)
        else:
            sure = None
            near = weights.plausible if confidence >= UNLIKELY else 0.0
            limit = near * _chance(odds_of_first)
            plausible = tuple(c for c in ranked if _chance(scores[c]) >= limit)
        kept = [e for e in evidence if e.category in scores]
        likely = first if confidence >= UNLIKELY else None
        modality = given or self._modality(likely, evidence)
        if sure is None and not given:
            plausible = tuple(c for c in plausible if modality in self.categories[c].modalities)
        if known and likely and sum(e.category == first and e.weight > 0 for e in kept) < TOLD:
            kept += _learned_evidence(weights, content.words, damping(content.length), first, kept)
        return Classification(sure, confidence, plausible, tuple(kept), modality, language)

    def _declared(self, total: float) -> float:
        """Log odds of a category that is known by its declared words only."""
        return min(self.settings["#scale"] * total, 60.0) - self.settings["#none"]

    def _weigh(self, need: Need, evidence: list[Evidence], language: str | None) -> Classification:
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
        kept = tuple(e for e in evidence if e.category in sums)
        modality = given or self._modality(ranked[0] if kept else None, evidence)
        if sure is None and not given:
            plausible = tuple(c for c in plausible if modality in self.categories[c].modalities)
        return Classification(sure, confidence, plausible, kept, modality, language)

    def _modality(self, likely: str | None, evidence: list[Evidence]) -> str:
        """A clip where the likely category is nothing else, or words ask for one; or a still."""
        modalities = ("image",) if likely is None else self.categories[likely].modalities
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


def _fits(phrase: tuple[str, ...], tokens: list[str], at: int) -> bool:
    """Whether a phrase whose first word stands here goes on; its last word may be plural."""
    last = len(phrase) - 1
    if at + last >= len(tokens) or tuple(tokens[at + 1 : at + last]) != phrase[1:last]:
        return False
    found, wanted = tokens[at + last], phrase[last]
    return found == wanted or (found.startswith(wanted) and found[len(wanted) :] in _PLURALS)


def sums_of(evidence: list[Evidence]) -> dict[str, float]:
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


def _learned_evidence(
    weights: Weights, words: list[str], share: float, category: str, told: list[Evidence]
) -> list[Evidence]:
    """The words that learned weights count most for a category, where the lexicon said little."""
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
