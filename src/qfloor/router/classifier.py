"""From a request to a category, or to the few it may be: words first, then the other signals.

Weights are log odds that add up; a soft maximum with an extra "none of these" turns them into
confidences. Below the bound no category is named, and a decision is taken over every plausible
one. Weights come from the quality database, or from `qfloor.router.lexicon`.

How words count: the longest phrase first, each word once; early words more, for a request says
early what it is about; a word after "no" or "without", or in the negative prompt, against. What
is quoted is lettering and says nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from qfloor.records import CATEGORIES, Category
from qfloor.router.languages import guess_language
from qfloor.router.needs import Need

NEUTRAL, CLIP = "-", "@clip"
"""In place of a category: phrases that say nothing, and those that ask for a clip."""

READ_CHARACTERS = 2000
"""What a request is about stands in its beginning; the rest is not read."""

_QUOTED = re.compile(
    r"“[^”]{1,300}”|„[^“”]{1,300}[“”]|«[^»]{1,300}»|「[^」]{1,300}」|『[^』]{1,300}』"
    r"|\"[^\"]{1,300}\"|(?<!\w)'[^']{2,300}'(?!\w)|(?<!\w)‘[^’]{2,300}’(?!\w)|《[^》]{1,300}》"
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[,;.:!?()\n]")
_UNSPACED = re.compile(r"[\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]")
_NEGATIONS = frozenset(
    ("no", "not", "without", "never", "sin", "sans", "ohne", "kein", "keine", "keinen", "sem",
     "senza", "non", "zonder", "bez")
)  # fmt: skip
_BREAKS = frozenset(",;.:!?()\n")
_MARKS = _NEGATIONS | _BREAKS
_REACH = 4  # words that a negation reaches over


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
    ) -> None:
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
                spelled = tuple(_WORD.findall(signal))
                self._phrases.setdefault(spelled[0], []).append((spelled, pairs))
        for first, phrases in list(self._phrases.items()):
            singles = [p for p in phrases if len(p[0]) == 1]
            for plural in (first + ending for ending in _PLURALS):
                self._phrases[plural] = self._phrases.get(plural, []) + singles
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))

    def classify(self, need: Need) -> Classification:
        """Classify one need."""
        text = need.prompt[:READ_CHARACTERS].lower()
        bare, quotes = _QUOTED.subn(" ", text)
        tokens = _WORD.findall(bare)
        language = guess_language(bare, tokens)
        if self.general_only:
            modality = _given_modality(need) or "image"
            return Classification("general", 1.0, ("general",), (), modality, language)
        evidence = self._words(tokens)
        if not bare.isascii():
            evidence += self._inside(bare)
        if need.negative:
            evidence += self._against(need.negative)
        evidence += self._beside(need, quotes)
        return self._weigh(need, evidence, language)

    def _words(self, tokens: list[str]) -> list[Evidence]:
        """Phrases of spaced scripts, the longest first."""
        found: list[Evidence] = []
        counted: set[tuple[str, ...]] = set()
        phrases, early = self._phrases, self.settings["#early"]
        position, negated_until, skip_to = 0, -1, 0
        for i, token in enumerate(tokens):
            if i < skip_to:
                continue
            if token in _MARKS:
                negated_until = -1 if token in _BREAKS else i + _REACH
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
        tokens = _WORD.findall(negative[:READ_CHARACTERS].lower())
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
            names.append("#" + _shape(need.ratio))
        if need.seconds is not None or need.modality == "video":
            names.append("#clip")
        return [Evidence(name, c, w) for name in names for c, w in self.signals.get(name, ())]

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


def _shape(ratio: float) -> str:
    if ratio >= 2.0:
        return "panorama"
    if ratio > 1.1:
        return "wide"
    return "tall" if ratio < 0.91 else "square"


def _given_modality(need: Need) -> str | None:
    """What a need says outright."""
    if need.modality is None and (need.seconds is not None or need.audio):
        return "video"
    return need.modality
