"""Draw a stratified sample of a team's own requests; nothing leaves the machine.

Inclusion probabilities are kept, so that a floor over the sample can be weighted back to the
traffic it came from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from qfloor import tables
from qfloor.counting import several
from qfloor.errors import SuiteError
from qfloor.records import CATEGORIES, GENERAL, Prompt, Suite, category_of
from qfloor.suite.labels import strange_labels, text_in
from qfloor.suite.loading import split_of

RIGHT_ONE = "; name the right one with --text-field"


def _requests(
    path: Path, text_field: str, category_field: str, guess: Callable[[str], str | None] | None
) -> tuple[list[tuple[str, str]], Counter[str], int]:
    """Texts with their categories, labels that are no category by rows, and rows without text."""
    jsonl = tables.is_json(path)
    found = tables.json_rows(path, SuiteError) if jsonl else tables.rows(path, SuiteError)
    known = {c.id for c in (*CATEGORIES, GENERAL)}
    requests = []
    strange: Counter[str] = Counter()
    wordless = 0
    for line, row in found:
        if text_field not in row:
            raise SuiteError(
                f"{path}: line {line}: no field {text_field!r}; it has {', '.join(row)}{RIGHT_ONE}"
            )
        value = "" if row[text_field] is None else row[text_field]
        told = text_in(f"{path}: line {line}", repr(text_field), value, RIGHT_ONE)
        text = " ".join(told.split())
        category = category_of(str(row.get(category_field) or ""))
        if text:
            if not category and guess is not None:
                category = guess(text) or GENERAL.id
            if category and category not in known:
                strange[category] += 1
            requests.append((text, category if category in known else GENERAL.id))
        else:
            wordless += 1
    return requests, strange, wordless


def sample_log(
    path: str | Path,
    per_stratum: int,
    rng: np.random.Generator,
    *,
    name: str = "own",
    text_field: str = "prompt",
    category_field: str = "category",
    guess: Callable[[str], str | None] | None = None,
    say: Callable[[str], None] = lambda said: None,
) -> tuple[Suite, dict[str, float]]:
    """Draw ``per_stratum`` distinct requests of every category from a log.

    Parameters
    ----------
    path : str or Path
        CSV, TSV or JSON lines; one request a row.
    per_stratum : int
        Requests wanted of each category; a smaller category is taken whole.
    rng : numpy.random.Generator
    name, text_field, category_field : str
    guess : callable, optional
        Gives the category of a text whose row names none, or None. Without it, or where it does
        not know, the request is ``general``.
    say : callable, optional
        Told in one sentence of labels that are no category: their rows are ``general``, whatever
        ``guess`` would have said of them; of rows that have no text, and are no requests; and of
        rows that repeat another.

    Returns
    -------
    suite : Suite
    inclusion : dict
        Prompt id -> probability in (0, 1] with which that request entered the sample. Equal
        texts are one request, drawn in proportion to no weight of their own.

    Raises
    ------
    SuiteError
    """
    path = Path(path)
    if per_stratum < 1:
        raise SuiteError(f"--per-stratum is {per_stratum}, must be at least 1")
    strata: dict[str, dict[str, None]] = defaultdict(dict)
    requests, strange, wordless = _requests(path, text_field, category_field, guess)
    for text, category in requests:
        strata[category].setdefault(text)
    if not strata:
        raise SuiteError(f"{path}: holds no requests")
    if wordless:
        told = several(wordless, "row without text is", "rows without text are")
        say(f"{path}: {told} left out")
    if merged := len(requests) - sum(map(len, strata.values())):
        told = several(merged, "row repeats", "rows repeat")
        say(f"{path}: {told} the text and category of an earlier one; equal ones are one request")
    if strange:
        say(f"{path}: {strange_labels(strange)}")
    prompts: list[Prompt] = []
    inclusion: dict[str, float] = {}
    for category in sorted(strata):
        texts = list(strata[category])
        n = min(per_stratum, len(texts))
        chosen = sorted(rng.choice(len(texts), size=n, replace=False).tolist())
        for i in chosen:
            prompt = Prompt(id=f"{name}-{category}-{i + 1:06d}", text=texts[i], category=category)
            prompt = replace(prompt, family=prompt.id, split=split_of(prompt.id), source=path.name)
            if category == "video":
                prompt = replace(prompt, modality="video", seconds=5.0)
            prompts.append(prompt)
            inclusion[prompt.id] = n / len(texts)
    return Suite(name=name, version="1.0.0", prompts=tuple(prompts)), inclusion
