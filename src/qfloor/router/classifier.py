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
from operator import itemgetter

from qfloor.records import CATEGORIES, Category
from qfloor.router.arranging import CLIP, ONLY_CLIP, arranged_for
from qfloor.router.beside import given_modality, weighed
from qfloor.router.changes import asks_change, takes_away
from qfloor.router.chores import asks_chore
from qfloor.router.classification import Classification, Told
from qfloor.router.evidence import Hit, evidence_of, told_of
from qfloor.router.heads import rests
from qfloor.router.languages import guess_language
from qfloor.router.needs import Need
from qfloor.router.phrases import Pairs, longest
from qfloor.router.reading import (
    BREAKS,
    REACH,
    READ_CHARACTERS,
    Reading,
    content_of,
    read,
    shape_of,
    words_of,
)
from qfloor.router.scripts import chinese_of
from qfloor.router.sweep import Stops, Swept, sweep
from qfloor.router.vocabulary import Vocabulary
from qfloor.router.weights import Weights

MADE_CLIP = {True: 4.0, False: -6.0}
"""What a phrase that no still answers adds to the score of `video`, and of categories of stills.

A request may tell all that a portrait tells, and only in its last words what the camera does.
"""

CHANGED, TAKEN, CHORE = 2.0, 4.0, 8.0
"""What every category's score loses where a request is to change a picture that is there.

What is changed is told, and what the picture shows is not: only what is very sure stays named,
nothing where what is named is to go, and nothing at all where the request is a chore.
"""

UNLIKELY = 0.25
"""Confidence of the likeliest below which nothing can be ruled out: all stay plausible."""

_STILL = ("image",)


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
        arranged = arranged_for(
            words,
            tuple((c, k.signals) for c, k in self.categories.items()),
            self.settings["#declared"],
        )
        self.signals, stops, self._unspaced = arranged
        self._vocabulary = Vocabulary(stops, weights)
        self._others: Mapping[str, int] = {} if weights is None else weights.others
        self._early, self._against_it = self.settings["#early"], -self.settings["#negated"]
        made: dict[str | None, tuple[str, ...]] = {None: tuple(self.categories)}
        for modality in ("image", "video"):
            made[modality] = tuple(
                c for c, k in self.categories.items() if modality in k.modalities
            )
        self._allowed = made
        learned = () if weights is None else weights.categories
        self._learned = {c: learned.index(c) for c in self.categories if c in learned}
        self._all_learned = learned == tuple(self.categories)
        self._as_clip = [self._when_a_clip(c) for c in learned]
        self._draws_clips = "animation" in self._learned and "animation" in made["video"]

    def classify(self, need: Need) -> Classification:
        """Classify one need; a language that it states takes the place of the guess."""
        return self._classify(need).as_stated(need.language)

    def _classify(self, need: Need) -> Classification:
        reading = read(need.prompt)
        swept = sweep(reading, self._vocabulary.look_up(reading.tokens), self._others)
        language = guess_language(reading.bare, swept.languages)
        if language == "zh":
            language = chinese_of(reading.bare)
        given = given_modality(need)
        if self.general_only and given:
            return _general(given, language)
        hits = self._hits(need, reading, swept.stops)
        if self.general_only and not _asks_clip(hits):
            return _general("image", language)
        if self.weights is None:
            found = self._weigh(need, hits, language)
        else:
            found = self._judge(self.weights, need, reading, swept, hits, language)
        if self.general_only:  # a clip only where the words are sure of it
            return _general("image" if found.category is None else found.modality, language)
        return found

    def sums(self, need: Need, reading: Reading) -> dict[str, float]:
        """Log odds that the lexicon finds for each category; what training reads."""
        return sums_of(self._hits(need, reading, self._stops(reading.tokens)))

    def _stops(self, tokens: list[str]) -> Stops:
        """Words at which a reader stops, with their places."""
        words = enumerate(self._vocabulary.look_up(tokens))
        return [(i, word[2]) for i, word in words if word[2] is not None]

    def _hits(self, need: Need, reading: Reading, stops: Stops) -> list[Hit]:
        """What the lexicon finds in a request, in its negative prompt and beside its words."""
        hits = self._words(reading.tokens, stops)
        if not reading.bare.isascii():
            hits += self._inside(reading.bare)
        if need.negative:
            hits += self._against(need.negative)
        return hits + self._beside(need, reading.quotes)

    def _words(self, tokens: list[str], stops: Stops) -> list[Hit]:
        """Phrases of spaced scripts, the longest first."""
        hits: list[Hit] = []
        counted: set[int] = set()  # phrases by their identity: there is one of each spelling
        early, last = self._early, len(tokens) - 1
        negated_until, skip_to, within = -1, 0, 0
        for i, stop in stops:
            if i < skip_to:
                continue
            longer, phrase, marks = stop
            if marks:
                negated_until = -1 if tokens[i] in BREAKS else i + REACH
            if longer and i < last and tokens[i + 1] in longer:
                phrase = longest(stop, tokens, i)
            if phrase is None:
                continue
            spelled, pairs = phrase
            position = i - within  # a phrase counts as one word
            skip_to = i + len(spelled)
            within += len(spelled) - 1
            if id(phrase) in counted:
                continue
            counted.add(id(phrase))
            if i <= negated_until:
                factor, pairs = self._against_it, _but_stills(pairs)
            else:
                factor = 1.0 + early / (1.0 + position / 4.0)
            hits.append((spelled, pairs, factor))
        return hits

    def _inside(self, text: str) -> list[Hit]:
        """Phrases of scripts that do not part words, wherever they stand; the longest first."""
        begun = [told for c in set(text) if (told := self._unspaced.get(c)) is not None]
        found = sorted(phrase for told in begun for phrase in told if phrase[1] in text)
        hits: list[Hit] = []
        for _, signal, pairs in found:
            if signal in text:  # no longer where it was part of a longer one
                text = text.replace(signal, "\n")
                hits.append(((signal,), pairs, 1.0))
        return hits

    def _against(self, negative: str) -> list[Hit]:
        tokens = words_of(negative[:READ_CHARACTERS].lower())
        factor = self._against_it
        return [
            (
                ("not", *spelled),
                tuple((c, factor * abs(w * counted)) for c, w in _but_stills(pairs)),
                1.0,
            )
            for spelled, pairs, counted in self._words(tokens, self._stops(tokens))
        ]

    def _beside(self, need: Need, quotes: int) -> list[Hit]:
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
        return [((name,), self.signals[name], 1.0) for name in names if name in self.signals]

    def _judge(
        self,
        weights: Weights,
        need: Need,
        reading: Reading,
        swept: Swept,
        hits: list[Hit],
        language: str | None,
    ) -> Classification:
        """What learned weights make of a request; they know how far to trust the lexicon."""
        given = given_modality(need)
        allowed = self._allowed[given]
        sums = sums_of(hits)
        if ONLY_CLIP in sums and rests(reading.tokens):
            sums = sums_of(hits := _but_moves(hits))
        places = self._learned
        learned = weights.scores(swept.length, swept.total, weighed(need, reading), sums)
        if not given and ONLY_CLIP in sums:
            learned = self._with_clip(learned, sums)
        if fall := _falls_by(reading, language):
            learned = [score - fall for score in learned]
        if self._all_learned and not given:
            scores = learned
        else:
            scores = [self._score(c, learned, sums) for c in allowed]
        odds = max(scores)
        first = allowed[scores.index(odds)]  # ties in order of id
        is_drawn_clip = False
        if first == "video" and self._draws_clips:
            drawn = learned[places["animation"]]
            is_drawn_clip = weights.confidence(drawn) >= weights.bound
            if is_drawn_clip:  # by its definition `video` is of clips that are not drawn
                first, odds = "animation", drawn
        known = first in places
        confidence = weights.confidence(odds) if known else _chance(odds)
        likely = first if confidence >= UNLIKELY else None
        modality = given or ("video" if is_drawn_clip else self._modality(likely, sums))
        sure: str | None = first
        plausible: tuple[str, ...] = (first,)
        if confidence < weights.bound and len(allowed) > 1:
            sure = None
            limit = (weights.plausible if likely else 0.0) * _chance(odds)
            ranked = sorted(zip(scores, allowed, strict=True), key=itemgetter(0), reverse=True)
            plausible = tuple([c for score, c in ranked if _chance(score) >= limit])
            if not given:
                kinds = self.categories
                plausible = tuple([c for c in plausible if modality in kinds[c].modalities])
        told = Told(lambda: told_of(
            hits, allowed, first if known and likely else None, weights,
            content_of(reading.tokens, [i for i, stop in swept.stops if stop.marks]),
        ))  # fmt: skip
        return Classification(sure, confidence, plausible, told, modality, language)

    def _with_clip(self, learned: list[float], sums: Mapping[str, float]) -> list[float]:
        """Scores with what a phrase that no still answers adds, where the words ask for a clip."""
        if sums[ONLY_CLIP] <= 0 or sums.get(CLIP, 0.0) <= 0:
            return learned
        return [score + more for score, more in zip(learned, self._as_clip, strict=True)]

    def _when_a_clip(self, category: str) -> float:
        """What a phrase that no still answers adds to a category's score."""
        known = self.categories.get(category)
        of_clips = known is not None and "video" in known.modalities
        return 0.0 if of_clips and category != "video" else MADE_CLIP[of_clips]

    def _score(self, category: str, learned: list[float], sums: Mapping[str, float]) -> float:
        """Of a category that is learned, or is known by its declared words only."""
        at = self._learned.get(category)
        return self._declared(sums.get(category, 0.0)) if at is None else learned[at]

    def _declared(self, total: float) -> float:
        """Log odds of a category that is known by its declared words only."""
        return min(self.settings["#scale"] * total, 60.0) - self.settings["#none"]

    def _weigh(self, need: Need, hits: list[Hit], language: str | None) -> Classification:
        given = given_modality(need)
        allowed = self._allowed[given]
        found = sums_of(hits)
        sums = {category: found.get(category, 0.0) for category in allowed}
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
        kept = tuple(evidence_of(hits, allowed))
        modality = given or self._modality(ranked[0] if kept else None, found)
        if sure is None and not given:
            plausible = tuple(c for c in plausible if modality in self.categories[c].modalities)
        return Classification(sure, confidence, plausible, kept, modality, language)

    def _modality(self, likely: str | None, sums: Mapping[str, float]) -> str:
        """A clip where the likely category is nothing else, or words ask for one; or a still."""
        modalities = _STILL if likely is None else self.categories[likely].modalities
        if "video" not in modalities:
            return "image"
        return "video" if sums.get(CLIP, 0.0) > 0 or "image" not in modalities else "image"


def _general(modality: str, language: str | None) -> Classification:
    """Of a release that judges no category apart: only still or clip is to be told."""
    return Classification("general", 1.0, ("general",), (), modality, language)


def _asks_clip(hits: list[Hit]) -> bool:
    """Whether any word speaks for a clip at all."""
    sums = sums_of(hits)
    return sums.get(CLIP, 0.0) > 0 or sums.get("video", 0.0) > 0


def _but_stills(pairs: Pairs) -> Pairs:
    """What is left of a phrase that is not wanted: that a still is not says nothing of a clip."""
    return tuple([(c, w) for c, w in pairs if c != CLIP or w > 0])


def _falls_by(reading: Reading, language: str | None) -> float:
    """What every score loses where a request is to change a picture that is there, or a chore."""
    if asks_change(reading.tokens, reading.bare, language):
        return TAKEN if takes_away(reading.tokens, reading.bare) else CHANGED
    return CHORE if asks_chore(reading.tokens, reading.bare) else 0.0


def _but_moves(hits: list[Hit]) -> list[Hit]:
    """What is left where a camera is said not to move."""
    return [hit for hit in hits if all(category != ONLY_CLIP for category, _ in hit[1])]


def _chance(odds: float) -> float:
    """Probability of log odds, before any calibration."""
    return 1.0 / (1.0 + math.exp(-max(odds, -60.0)))


def _plausible(ranked: list[str], odds: Mapping[str, float], share: float) -> tuple[str, ...]:
    """Categories not far behind the first; all of them when nothing was found at all."""
    return tuple(c for c in ranked if odds[c] >= share * odds[ranked[0]])


def sums_of(hits: list[Hit]) -> dict[str, float]:
    """Log odds that the lexicon finds for each category, added up."""
    sums: dict[str, float] = {}
    for _, pairs, factor in hits:
        for category, weight in pairs:
            sums[category] = sums.get(category, 0.0) + weight * factor
    return sums
