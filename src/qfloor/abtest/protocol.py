"""The protocol of a blind session: everything that was decided before the first vote.

It is written once, named by a digest of its content, and never changed: what an analysis may
claim (margins, exclusions, levels) stands here before anyone has seen a vote. It says what the
arms stand for and never which picture is whose: that is the arm key's (`abtest.key`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, get_args

from qfloor.counting import several
from qfloor.errors import SessionError
from qfloor.records import Modality, digest_of, to_plain

FORMAT = 1
FILE = "protocol.json"
ROUTED, REFERENCE = "routed", "reference"

Question = Literal["pair", "acr5", "score10", "ranking"]
"""What a trial asks: two compared, one rated 1 to 5 or 0 to 10, or up to four put in order."""

Kind = Literal["test", "placebo", "catch", "repeat", "training", "same_model"]
SCALES: Mapping[str, tuple[float, float]] = {"acr5": (1.0, 5.0), "score10": (0.0, 10.0)}
MOST_RANKED = 4


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One side of the question: ``name`` (routed, reference) and what it stands for, in words."""

    name: str
    stands_for: str


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """Which raters the analysis also leaves out, told with and without; nobody is barred."""

    catch_share: float = 0.8
    median_seconds: float = 1.5
    side_bias_p: float = 0.001


@dataclass(frozen=True, kw_only=True)
class SizeRule:
    """How large pictures and clips are shown; nothing is ever enlarged.

    Parameters
    ----------
    longest : int
        Pixels of the longer side at most. All of a trial are brought to the smallest longer side
        among them, so that resolution does not name the maker.
    quality : int
        Of the JPEG (4:4:4) that pictures are written as.
    crf : int
        Of the VP9 that clips are written as; below 15 nobody sees it.
    longest_seconds : float
        Clips are cut to the shortest of a trial, and to this.
    """

    longest: int = 1024
    quality: int = 95
    crf: int = 12
    longest_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A frozen session.

    ``pairs`` counts what raters are asked about (of each category in ``categories``), ``votes``
    how often each, except for ``audit_pairs`` of them that get ``audit_votes``. ``same_model``
    counts pairs whose two sides are one offer's: they are kept in the key and out of the
    headline. ``placebo``, ``catch`` and ``repeat`` are shares of a rater's test trials.
    ``expected`` is what was printed before the first vote: power and chance detections.
    """

    name: str
    arms: tuple[Arm, ...]
    pairs: int
    categories: Mapping[str, int]
    created_at: str
    session_id: str
    format: int = FORMAT
    question: Question = "pair"
    modality: Modality = "image"
    criterion: str = "overall"
    votes: int = 1
    audit_pairs: int = 0
    audit_votes: int = 15
    per_rater: int = 60
    raters: int = 1
    placebo: float = 0.05
    catch: float = 0.05
    repeat: float = 0.05
    training: int = 3
    ask_when_none: float = 0.10
    same_model: int = 0
    show_same_model: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    alpha: float = 0.05
    pd0: float = 0.10
    margin_score: float = 0.5
    minor_gap: float = 1.0
    exclusions: Exclusions = Exclusions()
    size: SizeRule = SizeRule()
    min_seconds: float = 1.0
    break_minutes: float = 20.0
    consent: str = ""
    completion_code: str | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Names the protocol by everything it says."""
        return digest_of(self)

    @property
    def scale(self) -> tuple[float, float]:
        """Ends of the scale that scores are given on."""
        return SCALES.get(self.question, (0.0, 10.0))


def check(protocol: Protocol) -> None:
    """Refuse a protocol that contradicts itself.

    Raises
    ------
    SessionError
        One sentence: which number, and what it may be.
    """
    if protocol.question not in get_args(Question):
        known = ", ".join(get_args(Question))
        raise SessionError(f"question is {protocol.question!r}, must be one of {known}")
    for name, low, high in _RANGES:
        value = attrgetter(name)(protocol)
        if not low <= value <= high:
            raise SessionError(
                f"{name.rpartition('.')[2]} is {value:g}, must lie in {low:g} to {high:g}"
            )
    if protocol.audit_pairs > protocol.pairs:
        raise SessionError(
            f"audit_pairs is {protocol.audit_pairs}, more than the session's "
            f"{several(protocol.pairs, 'pair')}"
        )
    if protocol.audit_pairs and protocol.audit_votes < protocol.votes:
        raise SessionError(
            f"audit_votes is {protocol.audit_votes}, less than the "
            f"{several(protocol.votes, 'vote')} that "
            "every pair gets"
        )


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("pairs", 1, 1_000_000), ("votes", 1, 1000), ("audit_pairs", 0, 1_000_000),
    ("audit_votes", 1, 1000), ("per_rater", 1, 2000), ("placebo", 0, 0.5), ("catch", 0, 0.5),
    ("repeat", 0, 0.5), ("training", 0, 10), ("ask_when_none", 0, 1), ("alpha", 1e-6, 0.5),
    ("pd0", 1e-4, 0.9999), ("margin_score", 1e-6, 10), ("minor_gap", 1e-6, 10),
    ("min_seconds", 0, 60), ("break_minutes", 1, 600), ("size.longest", 2, 16_384),
    ("exclusions.catch_share", 0, 1), ("exclusions.median_seconds", 0, 600),
    ("exclusions.side_bias_p", 0, 1),
)  # fmt: skip


def write_protocol(folder: Path, protocol: Protocol) -> Path:
    """Write ``protocol.json`` with its digest; refuses to write over one."""
    path = folder / FILE
    plain = {**to_plain(protocol), "digest": protocol.digest}
    with path.open("x", encoding="utf-8") as file:
        json.dump(plain, file, ensure_ascii=False, indent=2, sort_keys=True)
        file.write("\n")
    return path


def read_protocol(folder: str | Path) -> Protocol:
    """Read a session's protocol and hold it to its digest.

    Raises
    ------
    SessionError
        When there is none, it was edited, or a newer qfloor wrote it.
    """
    path = Path(folder) / FILE
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SessionError(f"{folder} is no blind session: it has no {FILE}") from None
    except NotADirectoryError:
        raise SessionError(f"{folder} is a file; a blind session is named by its folder") from None
    except (OSError, ValueError) as error:
        raise SessionError(f"{path} cannot be read as a protocol: {error}") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("format"), int):
        raise SessionError(f"{path} is no protocol of a blind session")
    if plain["format"] > FORMAT:
        raise SessionError(f"{path} was written by a newer qfloor (format {plain['format']})")
    said = plain.pop("digest", None)
    protocol = _from_plain(path, plain)
    if protocol.digest != said:
        raise SessionError(
            f"{path} was changed after it was frozen: its content is {protocol.digest}, its "
            f"digest says {said}; restore it, nothing may be concluded from an edited protocol"
        )
    return protocol


def _from_plain(path: Path, plain: dict[str, Any]) -> Protocol:
    unknown = sorted(set(plain) - {f.name for f in fields(Protocol)})
    if unknown:
        raise SessionError(f"{path} says {unknown[0]!r}, which no protocol has")
    try:
        return Protocol(
            **{
                **plain,
                "arms": tuple(Arm(**arm) for arm in plain["arms"]),
                "exclusions": Exclusions(**plain["exclusions"]),
                "size": SizeRule(**plain["size"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise SessionError(f"{path} is not a whole protocol: {error}") from error
