"""Write ratings as a dataset of SUREAL, so that ITU-T P.910's own code can check ours.

Repeats of a rater become SUREAL's lists. Nameless ratings are left out, since SUREAL models people;
controls other than repeats are too. What is written can be imported again (format ``sureal``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qfloor.errors import RatingsError
from qfloor.ratings.judgment import ANONYMOUS, TEST
from qfloor.ratings.wording import listed, nearest
from qfloor.records import Output, Rating
from qfloor.store import Store
from qfloor.whole import write_whole

WRITTEN = (TEST, "repeat")
ENDINGS = (".json", ".py")


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written, and what was left out and why."""

    path: str
    criterion: str
    outputs: int
    raters: int
    ratings: int
    left_out: Mapping[str, int]


def export_sureal(
    store: Store, path: str | Path, *, criterion: str, round: str | None = None
) -> ExportReport:
    """Write the ratings of one criterion as a SUREAL dataset, JSON or Python by the ending.

    Parameters
    ----------
    store : Store
    path : str or Path
        Ending in ``.json`` or ``.py``; whole or not at all.
    criterion : str
        SUREAL knows one question a dataset.
    round : str, optional
        Outputs of this round only.

    Returns
    -------
    ExportReport

    Raises
    ------
    RatingsError
        When nobody known rated by that criterion, or on several scales.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise RatingsError(f"{path}: SUREAL reads {' and '.join(ENDINGS)}; name the file so")
    wanted = None if round is None else {o.id for o in store.outputs_of(round=round)}
    given: dict[str, list[Rating]] = defaultdict(list)
    left_out: dict[str, int] = defaultdict(int)
    for rating in store.ratings_of(criterion=criterion):
        if wanted is not None and rating.output_id not in wanted:
            continue
        if rating.rater == ANONYMOUS:
            left_out["anonymous"] += 1
        elif rating.control not in WRITTEN:
            left_out[rating.control] += 1
        else:
            given[rating.output_id].append(rating)
    kept = [rating for ratings in given.values() for rating in ratings]
    if not kept:
        raise RatingsError(_nothing(store, criterion, round))
    outputs = {output.id: output for output in store.outputs_of(ids=list(given))}
    _write(path, _dataset(store, criterion, given, outputs))
    return ExportReport(
        path=str(path),
        criterion=criterion,
        outputs=len(given),
        raters=len({rating.rater for rating in kept}),
        ratings=len(kept),
        left_out=dict(left_out),
    )


def _nothing(store: Store, criterion: str, round: str | None) -> str:
    known = sorted({rating.criterion for rating in store.ratings_of()})
    if criterion not in known:
        return f"nobody rated {criterion!r} {nearest(criterion, known)}"
    where = f" in round {round}" if round is not None else ""
    return f"nobody known by name rated {criterion!r}{where}, so there is nothing for SUREAL"


def _dataset(
    store: Store,
    criterion: str,
    given: Mapping[str, list[Rating]],
    outputs: Mapping[str, Output],
) -> dict[str, Any]:
    scales = {(r.lo, r.hi) for ratings in given.values() for r in ratings}
    if len(scales) > 1:
        told = listed(f"{lo:g} to {hi:g}" for lo, hi in sorted(scales))
        raise RatingsError(f"{criterion!r} was rated on several scales ({told}); name a round")
    ((_, hi),) = scales
    prompts = store.prompts_by_digest()
    digests = sorted({outputs[i].prompt_digest for i in given}, key=lambda d: (prompts[d].id, d))
    content = {digest: n for n, digest in enumerate(digests)}
    order = sorted(given, key=lambda i: (content[outputs[i].prompt_digest], outputs[i].offer_id, i))
    return {
        "dataset_name": f"qfloor {criterion}",
        "ref_score": hi,
        "ref_videos": [
            {"content_id": n, "content_name": prompts[digest].id, "path": ""}
            for digest, n in content.items()
        ],
        "dis_videos": [
            {
                "asset_id": n,
                "content_id": content[outputs[identity].prompt_digest],
                "path": identity,
                "output_id": identity,
                "offer_id": outputs[identity].offer_id,
                "prompt_id": outputs[identity].prompt_id,
                "os": _scores(given[identity]),
            }
            for n, identity in enumerate(order)
        ],
    }


def _scores(ratings: list[Rating]) -> dict[str, float | list[float]]:
    """Scores by rater: one, or a list with the repeats after the first."""
    found: dict[str, list[float]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda r: (r.control != TEST, r.session or "", r.id)):
        found[rating.rater].append(rating.value)
    return {
        rater: values[0] if len(values) == 1 else values for rater, values in sorted(found.items())
    }


def _write(path: Path, dataset: Mapping[str, Any]) -> None:
    if path.suffix == ".py":
        text = "".join(f"{name} = {value!r}\n" for name, value in dataset.items())
    else:
        text = json.dumps(dataset, ensure_ascii=False, indent=1) + "\n"
    write_whole(path, text)
