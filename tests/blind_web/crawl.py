"""Crawl a live session as a curious rater would, and look for anything that tells the arms.

`crawl` fetches every page, script, sheet and answer with a real server behind a real socket and
keeps all bytes and headers. `traces` searches them for names; `tell_tales` asks of every number
that can be taken of a trial (lengths, headers, histogram of bytes, tokens, geometry, time) whether
it separates trials whose left side is of one arm from the others.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from scipy import stats

MARKS = (b"exif", b"xmp", b"c2pa", b"jumb", b"icc_profile", b"photoshop", b"tEXt", b"iTXt", b"zTXt")
"""Beginnings of blocks that carry metadata: EXIF, XMP, C2PA (JUMBF), profiles, PNG text."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One answer of the server."""

    url: str
    content: bytes
    headers: tuple[tuple[str, str], ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One trial as a rater met it."""

    trial: Mapping[str, Any]
    sheet: Fetched


def crawl(
    base: str, links: Sequence[str], extra: Sequence[str]
) -> tuple[list[Fetched], list[Seen]]:
    """Go through the whole session of every rater, and fetch all there is."""
    pages: list[Fetched] = []
    trials: list[Seen] = []
    with httpx.Client(base_url=base, timeout=30) as client:

        def fetch(url: str, **said: Any) -> Any:
            begun = time.perf_counter()
            answer = client.request("POST" if "json" in said else "GET", url, **said)
            spent = time.perf_counter() - begun
            got = Fetched(url=url, content=answer.content, seconds=spent,
                          headers=tuple(sorted(answer.headers.items())))  # fmt: skip
            pages.append(got)
            return answer, got

        for url in extra:
            fetch(url)
        for link in links:
            page, _ = fetch(link)
            for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
                script, _ = fetch(name)
                for other in re.findall(r'from "\./([\w.]+)"', script.text):
                    fetch(f"/static/{other}")
            state = fetch(f"{link}/state")[0].json()
            state = fetch(f"{link}/consent", json={})[0].json()["state"]
            while state["trial"]:
                trial = state["trial"]
                _, sheet = fetch(f"/m/{trial['trial']}")
                if not trial["training"]:
                    trials.append(Seen(trial=trial, sheet=sheet))
                ballot = {"trial": trial["trial"], "submission": secrets.token_hex(8),
                          "response": "none", "scores": [5, 5], "usable": [True, True]}  # fmt: skip
                state = fetch(f"{link}/vote", json=ballot)[0].json()["state"]
    return pages, trials


def traces(pages: Sequence[Fetched], names: Sequence[str]) -> list[str]:
    """Which of some names, and which marks of metadata, stand in any answer or header."""
    found = []
    wanted = [(name, name.lower().encode()) for name in names]
    for page in pages:
        told = b"\n".join((page.content, repr(page.headers).encode(), page.url.encode())).lower()
        found += [f"{name!r} in {page.url}" for name, raw in wanted if _names(told, raw)]
        if page.url.startswith("/m/"):
            found += [f"{m!r} in {page.url}" for m in MARKS if _marked(page.content, m)]
    return found


def _names(told: bytes, name: bytes) -> bool:
    """Whether a word stands in bytes, and not only the end of a longer one."""
    return name in told and bool(re.search(rb"(?<![a-z])" + re.escape(name), told))


def _marked(content: bytes, mark: bytes) -> bool:
    """Whether a metadata block begins with a mark; random padding may hold its letters."""
    lowered = content.lower()
    blocks = (b"\xff" + bytes([n]) for n in (*range(0xE0, 0xF0), 0xFE))
    for block in blocks:
        at = lowered.find(mark.lower())
        while at != -1:
            if block in content[max(0, at - 6) : at] and len(mark) > 3:
                return True
            at = lowered.find(mark.lower(), at + 1)
    return False


def features(seen: Seen) -> dict[str, float]:
    """Every number that can be taken of a trial without looking at the pictures."""
    content, trial = seen.sheet.content, seen.trial
    counts = np.bincount(np.frombuffer(content, np.uint8), minlength=256) / len(content)
    told = {
        "length": float(len(content)),
        "headers": float(sum(len(k) + len(v) for k, v in seen.sheet.headers)),
        "content-length": float(dict(seen.sheet.headers)["content-length"]),
        "first cell left": float(trial["places"][0]),
        "asked": float(trial["scores_when_none"]),
        "width": float(trial["width"]),
        "height": float(trial["height"]),
        "token": float(sum(trial["trial"].encode())),
        "prompt": float(len(trial["prompt"])),
        "seconds": seen.sheet.seconds,
        "entropy": float(-(counts[counts > 0] * np.log2(counts[counts > 0])).sum()),
        "zeros": float(counts[0]),
        "stuffing": float(content.count(b"\xff\x00")),
        "last byte": float(content[-3]),
        "end of padding": float(content.rfind(b"\xff\xfe")),
    }
    for n in range(0, 256, 16):
        told[f"bytes {n}"] = float(counts[n : n + 16].sum())
    half = len(content) // 2
    told["first half"] = float(np.frombuffer(content[:half], np.uint8).mean())
    told["second half"] = float(np.frombuffer(content[half:], np.uint8).mean())
    return told


def tell_tales(
    rows: Sequence[Mapping[str, float]], left: Sequence[bool], alpha: float = 0.05
) -> dict[str, tuple[float, float]]:
    """Features whose AUC for "the left side is of this arm" is not .5.

    Returns
    -------
    dict
        Of each such feature, or the best mix of all, (AUC, p-value by Mann and Whitney). The
        level is shared among the features (Bonferroni); the mix is judged on trials that it was
        not fitted on.
    """
    truth = np.asarray(left)
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    table["all together"] = _mixed(np.column_stack(list(table.values())), truth)
    found = {}
    for name, values in table.items():
        if np.ptp(values) == 0:
            continue
        yes, no = values[truth], values[~truth]
        test = stats.mannwhitneyu(yes, no, alternative="two-sided")
        if test.pvalue < alpha / len(table):
            found[name] = (float(test.statistic / (len(yes) * len(no))), float(test.pvalue))
    return found


def _mixed(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Scores of a logistic regression, five-fold, each trial by the folds without it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    spread = values[:, np.ptp(values, axis=0) > 0]
    return np.asarray(cross_val_predict(model, spread, truth, cv=5, method="decision_function"))
