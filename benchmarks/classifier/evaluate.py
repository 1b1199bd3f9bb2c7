"""How often the classifier is right, unsure or wrong, on prompts it was not trained on.

    python benchmarks/classifier/evaluate.py [--weights FILE] [--out results/classifier.md]
    python benchmarks/classifier/evaluate.py [--weights FILE] --prompts FILE ...

The second judges by files of prompts like taught.txt, and only prints its table. The first writes
the tables, and the reliability diagram beside the other pictures of the docs. What is
acceptable for a prompt, and which prompts are tested on, is GUIDE.md's; prompts of public suites
are judged where the data is there, and the report says where it is not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import HERE, LANGUAGES, ROOT, Item, everything, hash_of, labels_of, shared_data, taught

sys.path.insert(0, str(ROOT / "src"))

from first_look import by_bin, first_answers

from qfloor.records import CATEGORIES
from qfloor.router import Need
from qfloor.router.classification import Classification
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.weights import FILE, Weights
from qfloor.stats import clopper_pearson

PICTURE = ROOT / "docs" / "img" / "classifier_reliability.png"
REAL, OWN = ("parti", "vbench"), ("core", "written", "template")
BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What the classifier made of one prompt."""

    item: Item
    found: Classification

    @property
    def acceptable(self) -> bool:
        """The named category is, or being unsure is."""
        told = set(self.item.acceptable)
        if self.found.category is not None:
            return self.found.category in told
        return "none" in told or bool(told & set(self.found.plausible))

    @property
    def unsure(self) -> bool:
        """No category was named."""
        return self.found.category is None

    @property
    def first_right(self) -> bool:
        """The likeliest category is acceptable, named or not."""
        return self.found.plausible[0] in self.item.acceptable

    @property
    def fits_nothing(self) -> bool:
        """No category is acceptable."""
        return self.item.acceptable == ("none",)

    @property
    def fits_surely(self) -> bool:
        """Some category is, and "none of these" is not."""
        return "none" not in self.item.acceptable


def share(k: int, n: int) -> str:
    """``93.1 % (91.2 to 94.6, n = 831)``."""
    if not n:
        return "no such prompt"
    low, high = clopper_pearson(k, n)
    return f"{k / n:.1%} ({low:.1%} to {high:.1%}, n = {n})"


def count(outcomes: Iterable[Outcome], what: Callable[[Outcome], bool]) -> tuple[int, int]:
    told = [what(o) for o in outcomes]
    return sum(told), len(told)


def acceptable(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    return count(outcomes, lambda o: o.acceptable)


def named_right(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    return count((o for o in outcomes if not o.unsure), lambda o: o.acceptable)


def unsure_of_nothing(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    return count((o for o in outcomes if o.fits_nothing), lambda o: o.unsure)


def unsure_elsewhere(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    return count((o for o in outcomes if o.fits_surely), lambda o: o.unsure)


def bins_of(outcomes: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    """Mean confidence, share in which the first was acceptable, and number of each bin."""
    found = []
    for b in range(BINS):
        there = [o for o in outcomes if min(int(o.found.confidence * BINS), BINS - 1) == b]
        if there:
            mean = sum(o.found.confidence for o in there) / len(there)
            found.append((mean, sum(o.first_right for o in there) / len(there), len(there)))
    return found


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Expected calibration error over ten bins of equal width."""
    return sum(n * abs(mean - right) for mean, right, n in bins_of(outcomes)) / len(outcomes)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def bars(groups: dict[str, list[Outcome]]) -> list[str]:
    """The bars that were set beforehand, and whether they are met."""
    rows = []
    for name, there in groups.items():
        if not there:
            rows.append((name, "every bar", "", "data absent", "not judged"))
            continue
        for what, (k, n) in (
            ("acceptable", acceptable(there)),
            ("acceptable where one was named", named_right(there)),
        ):
            rows.append((name, what, ">= 92 %", share(k, n), verdict(k >= 0.92 * n)))
        k, n = unsure_of_nothing(there)
        rows.append(
            (name, "fits no category: unsure", ">= 80 %", share(k, n), verdict(k >= 0.8 * n))
        )
        k, n = unsure_elsewhere(there)
        rows.append((name, "elsewhere: unsure", "<= 15 %", share(k, n), verdict(k <= 0.15 * n)))
        error = calibration_error(there)
        rows.append((name, "calibration error", "<= .05", f"{error:.3f}", verdict(error <= 0.05)))
    return table(("prompts", "what", "bar", "found", ""), rows)


def languages(outcomes: Sequence[Outcome]) -> list[str]:
    rows = []
    for language in LANGUAGES:
        there = [o for o in outcomes if o.item.language == language]
        k, n = acceptable(there)
        native = [o for o in there if o.item.kind == "native" or o.item.source == "core"]
        unsure = sum(o.unsure for o in there) / max(n, 1)
        rows.append(
            (language, share(k, n), share(*acceptable(native)), f"{unsure:.0%}",
             verdict(k >= 0.75 * n))
        )  # fmt: skip
    return table(
        ("language", "right or unsure (bar: 75 %)", "without template prompts", "unsure", ""), rows
    )


def grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], str], name: str) -> list[str]:
    rows = []
    for value in sorted({key(o) for o in outcomes}):
        there = [o for o in outcomes if key(o) == value]
        k, n = unsure_elsewhere(there)
        nothing = unsure_of_nothing(there)
        rows.append(
            (value, share(*acceptable(there)), f"{k}/{n}", f"{nothing[0]}/{nothing[1]}")
        )  # fmt: skip
    head = (name, "acceptable", "unsure where a category fits", "unsure where none fits")
    return table(head, rows)


def held_out(outcomes: Sequence[Outcome]) -> list[str]:
    """Prompts that others wrote to judge by, a set each."""
    if not outcomes:
        return []
    sets = {s: [o for o in outcomes if o.item.source == s] for s in sorted(sources(outcomes))}
    lines = [
        "## Prompts written to judge by", "",
        "`judged_*.txt`: written by others than the training prompts were, labelled before any was "
        "classified, and classified when weights were final; a and b once more when five writers "
        "had been added to those trained on. "
        "Leaving out whole writers of training prompts: "
        "[classifier_strangers.md](classifier_strangers.md).", "",
        *first_looks(sets), *bars({**sets, **together(sets)}), *second_labels(outcomes),
    ]  # fmt: skip
    for name, there in sets.items():
        lines += grouped(there, lambda o: o.item.kind, f"{name}, kind")
    lines += grouped(outcomes, lambda o: o.item.kind, "all, kind")
    return lines + grouped(outcomes, lambda o: o.item.language, "all, language")


def together(sets: dict[str, list[Outcome]]) -> dict[str, list[Outcome]]:
    """Sets that were looked at together."""
    pairs = {"a and b": ("judged_a", "judged_b"), "c and d": ("judged_c", "judged_d")}
    found = {name: [o for s in those for o in sets.get(s, ())] for name, those in pairs.items()}
    return {**found, "all": [o for there in sets.values() for o in there]}


def first_looks(sets: dict[str, list[Outcome]]) -> list[str]:
    """Bars by what was answered first, before anything was changed for what a set had shown."""
    told = first_answers()
    found = {
        name: [Outcome(o.item, told[hash_of(o.item.text)[:12]]) for o in there]
        for name, there in sets.items()
        if there and hash_of(there[0].item.text)[:12] in told
    }
    return [
        "### First looks", "",
        "What was answered when a set was classified for the first time, kept in "
        "`judged_first.txt`: nothing had been changed for what the set had shown, so these are the "
        "figures to expect of prompts that nobody here has seen. They do not change. The first "
        "looks at a to d are told in [decision 0041](../docs/decisions/0041-strangers.md).", "",
        *bars(found), "Mean confidence, how often the first was acceptable, and prompts:", "",
        *table(("confidence", *found), by_bin({s: bins_of(there) for s, there in found.items()})),
        "Acceptable, and unsure where a category surely fits, by language:", "",
        *table(("language", *found), ((x, *(in_language(there, x) for there in found.values()))
                                      for x in ("en", *LANGUAGES))), "### By what ships now", "",
    ]  # fmt: skip


def in_language(outcomes: Iterable[Outcome], language: str) -> str:
    """``15/16, 1/12``: acceptable, and unsure where a category surely fits."""
    there = [o for o in outcomes if o.item.language == language]
    (right, n), (unsure, fits) = acceptable(there), unsure_elsewhere(there)
    return f"{right}/{n}, {unsure}/{fits}"


def second_labels(outcomes: Sequence[Outcome]) -> list[str]:
    """How far a second person, who labelled the same prompts blind, agrees with their writers."""
    path = HERE / "judged_second.txt"
    told = dict(
        line.split("|") for line in path.read_text("utf-8").splitlines() if not line.startswith("#")
    )
    rows = []
    for name in sorted(sources(outcomes)):
        there = [o for o in outcomes if o.item.source == name]
        if hash_of(there[0].item.text)[:12] not in told:
            continue  # no second person has read this set
        second = [labels_of(told[hash_of(o.item.text)[:12]]) for o in there]
        pairs = list(zip(there, second, strict=True))
        either = sum(o.acceptable or (o.found.category in labels) for o, labels in pairs)
        rows.append(
            (name, share(sum(s[0] in o.item.acceptable for o, s in pairs), len(pairs)),
             share(sum(set(s) == set(o.item.acceptable) for o, s in pairs), len(pairs)),
             share(either, len(pairs)))
        )  # fmt: skip
    head = (
        "",
        "its first is acceptable to the writer",
        "the same set",
        "either accepts the answer",
    )
    return ["A second person's labels (`judged_second.txt`), given blind:", "", *table(head, rows)]


def of_files(classifier: Classifier, paths: Sequence[str]) -> list[str]:
    """One line a file of prompts, and one of all."""
    found = {Path(path).stem: judged(classifier, taught(Path(path))) for path in paths}
    rows = []
    for name, there in (found | {"all": [o for told in found.values() for o in told]}).items():
        (k, n), nothing = unsure_elsewhere(there), unsure_of_nothing(there)
        rows.append(
            (name, share(*acceptable(there)), share(*named_right(there)), f"{k}/{n}",
             f"{nothing[0]}/{nothing[1]}", f"{calibration_error(there):.3f}")
        )  # fmt: skip
    head = ("prompts", "acceptable", "where one was named", "unsure where a category fits",
            "unsure where none fits", "calibration error")  # fmt: skip
    return table(head, rows)


def sources(outcomes: Iterable[Outcome]) -> set[str]:
    return {o.item.source for o in outcomes}


def confusion(outcomes: Sequence[Outcome]) -> list[str]:
    """Where a category was named: against the likeliest acceptable one; right ones on their own."""
    ids = [c.id for c in CATEGORIES]
    counts: Counter[tuple[str, str]] = Counter()
    for o in outcomes:
        told = o.found.category or "unsure"
        truth = told if told in o.item.acceptable else o.item.acceptable[0]
        counts[truth, told] += 1
    rows = [
        (truth, *(str(counts[truth, told] or "") for told in (*ids, "unsure")))
        for truth in (*ids, "none")
    ]
    return table(("acceptable \\ named", *ids, "unsure"), rows)


def draw(groups: dict[str, list[Outcome]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(groups), figsize=(5 * len(groups), 4.6), sharey=True)
    for axis, (name, outcomes) in zip(axes, groups.items(), strict=True):
        found = bins_of(outcomes)
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--")
        for mean, right, n in found:
            low, high = clopper_pearson(round(right * n), n)
            axis.plot([mean, mean], [low, high], color="#1f5a93", linewidth=1.5)
            axis.annotate(
                str(n), (mean, right), textcoords="offset points", xytext=(7, -9), fontsize=8
            )
        axis.plot([m for m, _, _ in found], [r for _, r, _ in found], "o-", color="#1f5a93")
        axis.set_title(f"{name}\ncalibration error {calibration_error(outcomes):.3f}", fontsize=10)
        axis.set_xlabel("confidence told")
        axis.set_xlim(0, 1.1)
        axis.set_ylim(0, 1.02)
    axes[0].set_ylabel("share in which the first category was acceptable")
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})
    plt.close(figure)


def judged(classifier: Classifier, items: Iterable[Item]) -> list[Outcome]:
    return [
        Outcome(item, classifier.classify(Need(prompt=item.text, **item.fields))) for item in items
    ]


def classifier_of(path: str | Path = FILE) -> Classifier:
    weights = Weights(json.loads(Path(path).read_text(encoding="utf-8")))
    return Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS, weights)


def report(outcomes: Sequence[Outcome], misrouting: Sequence[str]) -> list[str]:
    def plain(o: Outcome) -> bool:
        return o.item.kind != "typo" and o.item.split == "test"

    real = [o for o in outcomes if plain(o) and o.item.source in REAL]
    own = [o for o in outcomes if plain(o) and o.item.source in OWN]
    both = [*real, *own]
    english = [o for o in own if o.item.language == "en"]
    judged_by = {"public suites": real, "our own, English": english, "our own": own}
    groups = {"public suites": real, "our own": own} if real else {"our own": own, "all": both}
    draw(groups)
    other = [o for o in outcomes if o.item.split == "other"]
    typos = [o for o in outcomes if o.item.kind == "typo"]
    written = [o for o in own if o.item.source == "written"]
    absent = (
        ""
        if shared_data()
        else "\nPublic data is not on this machine: its prompts were not judged.\n"
    )
    return [
        "# The classifier on prompts it was not trained on", "",
        "`python benchmarks/classifier/train.py && python benchmarks/classifier/evaluate.py`; "
        "labels, splits and what *acceptable* means: "
        "[GUIDE.md](../benchmarks/classifier/GUIDE.md). Intervals are Clopper-Pearson, 95 %.",
        absent, "## Bars", "", *bars(judged_by),
        *held_out([o for o in outcomes if o.item.split == "judged"]),
        "## Languages (our own prompts, and GenAI-Bench's Chinese)", "",
        *languages([o for o in outcomes if o.item.kind != "typo" and o.item.split != "judged"]),
        "## Kinds of our own prompts", "", *grouped(written, lambda o: o.item.kind, "kind"),
        "## Misspelled on purpose (a quarter of the longer words)", "",
        *grouped(typos, lambda o: o.item.source, "source"),
        "## By source", "", *grouped(both, lambda o: f"{o.item.source}, {o.item.kind}", "source"),
        "## By the likeliest acceptable category", "",
        *grouped(both, lambda o: o.item.acceptable[0], "category"),
        "## Suites of which no prompt was trained on", "",
        *(grouped(other, lambda o: o.item.source, "suite") if other else ["Data absent.", ""]),
        "## Named against acceptable, public suites", "", *confusion(real or own),
        *misrouting,
        "## Reliability", "", f"![confidence against truth](../docs/img/{PICTURE.name})", "",
    ]  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--weights", default=str(FILE))
    arguments.add_argument("--prompts", nargs="+", default=[])
    arguments.add_argument("--out", default=str(ROOT / "results" / "classifier.md"))
    told = arguments.parse_args()
    from misrouting import misrouted

    classifier = classifier_of(told.weights)
    if told.prompts:
        print("\n".join(of_files(classifier, told.prompts)))
        return
    outcomes = judged(classifier, [i for i in everything() if i.split != "train"])
    lines = report(outcomes, misrouted(outcomes, classifier))
    Path(told.out).write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print("\n".join(lines[:55]))


if __name__ == "__main__":
    main()
