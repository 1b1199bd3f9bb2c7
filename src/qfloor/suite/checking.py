"""What makes a suite worth measuring with: variety, length, languages, fields that are there.

`check` returns every finding; the command prints them and fails when there is one. The rules
for natural suites come from how templates give themselves away: equal openings, shared runs of
words, one length, one language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from qfloor.counting import several
from qfloor.records import CATEGORIES, GENERAL, Prompt, Suite
from qfloor.suite.loading import Checks, find, read

OPENING_WORDS, OPENING_SHARE = 4, 0.02
RUN_WORDS, RUN_SHARE = 6, 0.01
MEDIAN_WORDS = (12, 35)
LONG_WORDS, LONG_SHARE = 30, 0.20


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing wrong with a suite: where, and what."""

    category: str
    rule: str
    message: str


def _is_wide(character: str) -> bool:
    name = unicodedata.name(character, "")
    return name.startswith(("CJK", "HIRAGANA", "KATAKANA", "THAI"))


def words(text: str) -> list[str]:
    """Split a text into lower-cased words; scripts without blanks count two characters a word."""
    found: list[str] = []
    for token in re.findall(r"[^\s]+", text.lower()):
        cleaned = token.strip(".,;:!?\"'()[]{}“”‘’«»、。「」『』—–-")
        if not cleaned:
            continue
        if any(_is_wide(c) for c in cleaned):
            found += [cleaned[i : i + 2] for i in range(0, len(cleaned), 2)]
        else:
            found.append(cleaned)
    return found


def check(suite: Suite, rules: Checks | None = None) -> list[Finding]:
    """Check a loaded suite against its own ``[checks]`` table.

    Parameters
    ----------
    suite : Suite
    rules : Checks, optional
        Demands; by default those of the suite's own file.

    Returns
    -------
    list of Finding
        Empty when nothing is wrong.
    """
    rules = rules or (read(Path(suite.path)).checks if suite.path else Checks())
    groups: dict[str, list[Prompt]] = defaultdict(list)
    for prompt in suite.prompts:
        groups[prompt.category].append(prompt)
    findings: list[Finding] = []
    if rules.min_per_category:
        findings += _counts(groups, rules)
    findings += _own(groups)
    for category, prompts in sorted(groups.items()):
        findings += _fields(category, prompts)
        if rules.natural:
            findings += _variety(category, prompts)
            findings += _lengths(category, prompts)
        languages = {p.language for p in prompts}
        if len(languages) < rules.min_languages:
            findings.append(
                Finding(
                    category=category,
                    rule="languages",
                    message=f"{several(len(languages), 'language')}, needs {rules.min_languages}",
                )
            )
    return findings + _duplicates(suite.prompts)


def _own(groups: dict[str, list[Prompt]]) -> Iterable[Finding]:
    """What would be refused by every benchmark is told before one names the suite."""
    known = [category.id for category in (*CATEGORIES, GENERAL)]
    for category in sorted(groups.keys() - set(known)):
        yield Finding(
            category=category,
            rule="category",
            message="the suite's own, which no benchmark can judge yet; use the nearest of "
            f"{', '.join(known)}",
        )


def _counts(groups: dict[str, list[Prompt]], rules: Checks) -> Iterable[Finding]:
    for category in CATEGORIES:
        n = len(groups.get(category.id, []))
        if n < rules.min_per_category:
            yield Finding(
                category=category.id,
                rule="count",
                message=f"{several(n, 'prompt')}, needs {rules.min_per_category}",
            )


def _fields(category: str, prompts: Sequence[Prompt]) -> Iterable[Finding]:
    for p in prompts:
        if category == "text-in-image" and not p.must_render:
            yield Finding(category=category, rule="must_render", message=f"{p.id} has none")
        for wanted in p.must_render:
            if wanted.split()[0] not in p.text:
                yield Finding(
                    category=category,
                    rule="must_render",
                    message=f"{p.id}: {wanted!r} does not stand in its text",
                )
        if p.modality == "video" and p.seconds is None:
            yield Finding(category=category, rule="seconds", message=f"{p.id} has none")


def _variety(category: str, prompts: Sequence[Prompt]) -> Iterable[Finding]:
    texts = [words(p.text) for p in prompts]
    openings = Counter(tuple(t[:OPENING_WORDS]) for t in texts if len(t) >= OPENING_WORDS)
    runs = Counter(
        run
        for t in texts
        for run in {tuple(t[i : i + RUN_WORDS]) for i in range(len(t) - RUN_WORDS + 1)}
    )
    for rule, counts, share in (("opening", openings, OPENING_SHARE), ("run", runs, RUN_SHARE)):
        for run, n in counts.most_common():
            if n == 1 or n / len(prompts) <= share:
                break
            yield Finding(
                category=category,
                rule=rule,
                message=(
                    f"{' '.join(run)!r} in {n} of {several(len(prompts), 'prompt')}, "
                    f"at most {share:.0%}"
                ),
            )


def _lengths(category: str, prompts: Sequence[Prompt]) -> Iterable[Finding]:
    lengths = [len(words(p.text)) for p in prompts]
    middle = median(lengths)
    if not MEDIAN_WORDS[0] <= middle <= MEDIAN_WORDS[1]:
        yield Finding(
            category=category,
            rule="median",
            message=f"median {middle:g} words, must be {MEDIAN_WORDS[0]} to {MEDIAN_WORDS[1]}",
        )
    long = sum(n > LONG_WORDS for n in lengths) / len(lengths)
    if long < LONG_SHARE:
        yield Finding(
            category=category,
            rule="long",
            message=f"{long:.0%} over {LONG_WORDS} words, needs {LONG_SHARE:.0%}",
        )


def _duplicates(prompts: Sequence[Prompt]) -> list[Finding]:
    seen: dict[tuple[str, str | None, str], str] = {}
    findings = []
    for p in prompts:
        key = (" ".join(words(p.text)), p.negative, p.modality)
        if key in seen:
            message = f"{p.id} has the same text as {seen[key]}"
            findings.append(Finding(category=p.category, rule="duplicate", message=message))
        seen.setdefault(key, p.id)
    return findings


def counts(suite: Suite) -> list[dict[str, object]]:
    """Return one row a category and modality, which is where floors are computed."""
    rows: list[dict[str, object]] = []
    for category, modality in sorted({(p.category, p.modality) for p in suite.prompts}):
        prompts = [p for p in suite.prompts if (p.category, p.modality) == (category, modality)]
        lengths = [len(words(p.text)) for p in prompts]
        rows.append(
            {
                "category": category,
                "modality": modality,
                "prompts": len(prompts),
                "median_words": median(lengths),
                "over_30_words": sum(n > LONG_WORDS for n in lengths) / len(lengths),
                "languages": len({p.language for p in prompts}),
                "fit": sum(p.split == "fit" for p in prompts),
                "aspect_ratio": sum(p.aspect_ratio is not None for p in prompts),
                "negative": sum(p.negative is not None for p in prompts),
                "must_render": sum(bool(p.must_render) for p in prompts),
            }
        )
    return rows


def card(suite: Suite, offers: int = 10, alpha: float = 0.05) -> str:
    """Return a suite's counts as Markdown, with the fail rates it can still certify.

    The last columns say at which true fail rate an offer is certified with 80 % chance, on one
    output a prompt: judged alone, and among ``offers`` in its category.
    """
    lines = [
        "| category | modality | prompts | median words | over 30 words | languages | fit | "
        f"certifies alone | among {offers} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in counts(suite):
        n = int(str(row["prompts"]))
        detectable = (_detectable(n, alpha), _detectable(n, alpha / offers))
        lines.append(
            f"| {row['category']} | {row['modality']} | {n} | "
            f"{row['median_words']:g} | {row['over_30_words']:.0%} | {row['languages']} | "
            f"{row['fit']} | {detectable[0]} | {detectable[1]} |"
        )
    return "\n".join(lines)


def _detectable(n: int, alpha: float) -> str:
    """Largest true fail rate, to a hundredth, with 80 % chance of a certificate."""
    from qfloor.stats import certification_power

    most = 0.0
    for rate in (i / 100 for i in range(1, 25)):
        if certification_power(rate, n, alpha) >= 0.8:
            most = rate
    return f"fails <= {most:.2f}" if most else "nothing"


__all__ = ["Checks", "Finding", "card", "check", "counts", "find", "words"]
