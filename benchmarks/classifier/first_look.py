"""What the classifier answered when a judged set was classified for the first time.

    python benchmarks/classifier/first_look.py FILE ...

writes down what the classifier makes of these judged sets; a prompt that stands there already
keeps its first answer. Labels are not kept here: figures are worked out of the sets' own.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpus import HERE, LETTERS, ROOT, hash_of, judged, labels_of

sys.path.insert(0, str(ROOT / "src"))

from qfloor.router.classification import Classification

PLACE = HERE / "judged_first.txt"
SURE, UNSURE = "sure", "unsure"


def first_answers(path: Path = PLACE) -> dict[str, Classification]:
    """First answers by the beginning of the prompt's hash."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            digest, how, confidence, letters = line.split("|")
            plausible = labels_of(letters)
            named = plausible[0] if how == SURE else None
            found[digest] = Classification(named, float(confidence), plausible, (), "image", None)
    return found


def by_bin(sets: Mapping[str, Sequence[tuple[float, float, int]]]) -> list[tuple[str, ...]]:
    """Rows of a table, one a bin of ten: what each set was told, how often that was right."""
    told = {
        name: {min(int(mean * 10), 9): f"{mean:.3f}: {right:.3f} ({n})" for mean, right, n in bins}
        for name, bins in sets.items()
    }
    return [
        (f"{b / 10} to {(b + 1) / 10}", *(there.get(b, "none") for there in told.values()))
        for b in range(10)
    ]


def main() -> None:
    from evaluate import classifier_of
    from evaluate import judged as answered

    letter = {category: mark for mark, category in LETTERS.items()}
    kept, classifier = first_answers(), classifier_of()
    with PLACE.open("a", encoding="utf-8") as out:
        for path in map(Path, sys.argv[1:]):
            for o in answered(classifier, judged(path)):
                digest, found = hash_of(o.item.text)[:12], o.found
                if digest not in kept:
                    how = UNSURE if found.category is None else SURE
                    letters = "".join(letter[c] for c in found.plausible)
                    out.write(f"{digest}|{how}|{found.confidence!r}|{letters}\n")


if __name__ == "__main__":
    main()
