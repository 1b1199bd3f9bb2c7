"""Take certificates back after drift: a new release of the same evidence, with other verdicts.

Releases never change, so the withdrawn one is written anew: certified verdicts of offers that
changed for the worse become undecided, reason ``drifted``, and the provenance says on what
findings. Everything else, floors too, is as it was: it is still what was measured then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from qfloor.errors import DatabaseError
from qfloor.export.release import Row, digest_of_content
from qfloor.export.schema import SCHEMA_VERSION
from qfloor.export.verification import read
from qfloor.export.writing import write_content
from qfloor.records import EVERY, DriftFinding, to_plain

DRIFTED = "drifted"


def withdraw(
    path: str | Path,
    out: str | Path,
    findings: Iterable[DriftFinding],
    of: tuple[str, str],
    now: dt.datetime,
) -> int:
    """Write a release without the certificates that drift has taken away.

    Parameters
    ----------
    path : str or Path
        The quality database in use.
    out : str or Path
        Where to write the new one; `qfloor drift` refuses the same file, for releases are kept.
    findings : iterable of DriftFinding
        Of rounds since; only changes for the worse take anything away.
    of : tuple of str
        Benchmark and round that the findings compare with: the release's own.
    now : datetime
        When.

    Returns
    -------
    int
        Verdicts withdrawn; nothing is written when there are none.

    Raises
    ------
    DatabaseError
        When the file is missing, damaged, newer, no quality database, or of another benchmark,
        round or threshold than the findings compare with.
    """
    content = read(path)
    about = content["release"][0]
    if (about["name"], about["round"]) != of:
        raise DatabaseError(
            f"{path}: is {about['name']} {about['round']}, but the findings say what changed since "
            f"{of[0]} {of[1]}; give that release"
        )
    found = list(findings)
    if about["schema_version"] != SCHEMA_VERSION:
        raise DatabaseError(
            f"{path}: written in format {about['schema_version']}, which cannot be written any "
            "more; export that round anew and withdraw from it"
        )
    certified = [row for row in content["verdicts"] if row["ruling"] == "certified"]
    for row in certified:
        _check_threshold(path, row, found)
    hit = [row for row in certified if _hits(row, found)]
    if not hit:
        return 0
    for row in hit:
        row["ruling"], row["reason"] = "undecided", DRIFTED
    _append(content["provenance"], "withdrawn_from", [about["digest"]])
    _append(content["provenance"], "drift", _said(found))
    about["created_at"] = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    about["digest"] = digest_of_content(content)
    write_content(Path(out), content)
    return len(hit)


def _append(provenance: list[Row], key: str, more: list[Any]) -> None:
    """Add to what earlier withdrawals wrote down."""
    row = next((row for row in provenance if row["key"] == key), None)
    if row is None:
        provenance.append({"key": key, "value": more})
        provenance.sort(key=lambda row: str(row["key"]))
    else:
        row["value"] = [*row["value"], *more]


def _said(findings: Sequence[DriftFinding]) -> list[dict[str, Any]]:
    names = ("offer_id", "category", "modality", "tier", "before_run", "after_run", "test",
             "before", "after", "p_adjusted")  # fmt: skip
    worse = [finding for finding in findings if finding.got_worse]
    return [{name: to_plain(getattr(finding, name)) for name in names} for finding in worse]


def _hits(verdict: Row, findings: Sequence[DriftFinding]) -> bool:
    """Whether an offer's change reaches this verdict.

    A category that changed for the worse loses its certificate. Where only the offer as a whole
    is known to have changed, so do those of its categories that did not fail less than before.
    """
    mine = [f for f in findings if _concerns(verdict, f)]
    own = [f for f in mine if f.category == verdict["category"]]
    if any(f.got_worse for f in own):
        return True
    whole = any(f.got_worse for f in mine if f.category == EVERY)
    return whole and all(f.after >= f.before for f in own)


def _check_threshold(path: str | Path, verdict: Row, findings: Sequence[DriftFinding]) -> None:
    """Refuse findings of fails below another number than the one that was certified.

    Where the benchmark's file was edited since, they would say nothing of the certificate.
    """
    place = (verdict["category"], verdict["quality"])
    for f in findings:
        same = (f.category, f.quality) == place and _concerns(verdict, f)
        if same and f.threshold != verdict["threshold"]:
            raise DatabaseError(
                f"{path}: {f.offer_id} is certified for {f.tier} in {f.category} at "
                f"{verdict['threshold']:g}, but the findings are of fails below {f.threshold:g}; "
                "compare by the benchmark as it was when that release was made"
            )


def _concerns(verdict: Row, finding: DriftFinding) -> bool:
    place = (finding.offer_id, finding.modality) == (verdict["offer_id"], verdict["modality"])
    by_people = finding.quality == verdict["quality"]
    return place and (finding.tier == verdict["tier"] if by_people else True)
