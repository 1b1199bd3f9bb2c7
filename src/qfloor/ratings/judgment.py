"""What every format of human judgments is turned into before anything else looks at it.

A format module reads a file into `Judgment` rows and knows nothing of stores, digests or offers;
what comes after knows nothing of columns. A new format is one module that gives a `Reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from qfloor.errors import RatingsError
from qfloor.ratings.mapping import Mapped
from qfloor.ratings.scale import Scale as Scale
from qfloor.ratings.scale import parse_scale as parse_scale
from qfloor.ratings.wording import listed as listed
from qfloor.records import Modality, Winner

CONTROLS: tuple[str, ...] = ("test", "placebo", "catch", "repeat", "training")
"""What a rating was asked for; all but ``test`` are kept and never enter a floor."""

PAIR_CONTROLS: tuple[str, ...] = (*CONTROLS, "same_model")
"""What a comparison was asked for; ``same_model`` are two outputs of one offer."""

TEST = CONTROLS[0]
OVERALL = "overall"
"""The criterion of judgments that name none."""

ANONYMOUS = "anonymous"
"""The rater of judgments of which nobody knows who gave them."""


class Judgment(NamedTuple):
    """One rating as its file tells it; text that the file leaves open is empty.

    Attributes
    ----------
    row : int
        Where it stands in the file, for messages.
    item, prompt, text, category, modality, model, seed : str
        Of which output it speaks: by the item's own id, or by prompt and model (and seed).
    rater : str
        Who; `ANONYMOUS` when nobody knows.
    criterion, value, lo, hi
        What was asked, the answer, and the ends of its scale.
    control : str
        One of `CONTROLS`.
    annotation : str
        The id that the file's own tool gave the judgment, where it gave one.
    trial : str
        The showing of a pair in which the score was given: one item may be scored in several.
    """

    row: int
    item: str
    prompt: str
    text: str
    category: str
    modality: str
    model: str
    seed: str
    rater: str
    criterion: str
    value: float
    lo: float
    hi: float
    control: str = TEST
    usable: bool | None = None
    session: str | None = None
    at: str | None = None
    seconds: float | None = None
    source: str = ""
    annotation: str = ""
    trial: str = ""


judgment_of = partial(tuple.__new__, Judgment)
"""What `Judgment` does with its fields in their order, one call less: rows are many."""


class Side(NamedTuple):
    """One of two outputs that were compared: its own id, or its model (and seed).

    ``arm`` is what the side stood for where the file says so.
    """

    item: str = ""
    model: str = ""
    seed: str = ""
    arm: str = ""


class Versus(NamedTuple):
    """One comparison as its file tells it; text that the file leaves open is empty.

    Scores that were given beside it are `Judgment` rows of their own, with its ``trial``.

    Attributes
    ----------
    row : int
        Where it stands in the file, for messages.
    left, right : Side
        The two outputs, as they were shown.
    winner : str
        ``left``, ``right``, ``tie`` or ``both_bad``.
    rater : str
        Who; `ANONYMOUS` when nobody knows.
    prompt, text, category, modality : str
        What both were asked for.
    control : str
        One of `PAIR_CONTROLS`.
    annotation : str
        Tells judgments of one rater on one pair apart; ``trial`` does where it is empty.
    trial, pair, repeat_of, shown_at : str or None
        The session's own names of the showing, of the pair, of the showing that it repeats, and
        when it came up.
    """

    row: int
    left: Side
    right: Side
    winner: Winner
    rater: str
    prompt: str = ""
    text: str = ""
    category: str = ""
    modality: str = ""
    criterion: str = OVERALL
    control: str = TEST
    session: str | None = None
    at: str | None = None
    seconds: float | None = None
    source: str = ""
    annotation: str = ""
    trial: str | None = None
    pair: str | None = None
    repeat_of: str | None = None
    shown_at: str | None = None


versus_of = partial(tuple.__new__, Versus)
"""What `Versus` does with its fields in their order, one call less."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """All that a format found in a file.

    ``n_rows`` counts judgments read, kept or not; ``dropped`` says why the others were not.
    Where pairs were shown, a row is a comparison, and the scores beside it are not counted.
    ``unheard`` is what the user spoke of and the file does not have, each with what there is.
    """

    judgments: Sequence[Judgment]
    n_rows: int
    comparisons: Sequence[Versus] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unheard: Mapping[str, str] = field(default_factory=dict)


ItemsTable = dict[str, Mapping[str, Any]]
"""What a table says of items, by their ids."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller says about a file.

    Attributes
    ----------
    scale : Scale or None
        Of every criterion that has none of its own.
    ignore_unknown_columns : bool
        Leave columns aside that the format does not know.
    mapping : Mapped
        Which columns, questions and answers mean what (`qfloor.ratings.mapping`).
    items : Path or None
        A table that says more of each item: prompt, model, ...
    label_config : Path or None
        Label Studio's labelling configuration, which says what is left and what is right.
    modality : str or None
        ``image`` or ``video`` where the file does not say what was judged.
    empty_result : str
        What a submitted comparison without an answer is: ``drop`` or ``tie``.
    shared : dict or None
        What was read beside the file, kept for the files that are read as one with it.
    """

    scale: Scale | None = None
    modality: Modality | None = None
    ignore_unknown_columns: bool = False
    mapping: Mapped = field(default_factory=Mapped)
    items: Path | None = None
    label_config: Path | None = None
    empty_result: Literal["drop", "tie"] = "drop"
    shared: dict[Path, ItemsTable] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A way in which judgments are written down.

    Attributes
    ----------
    name : str
        What people call it.
    read : callable
        ``(path, options) -> Reading``.
    noun : str
        What a `Judgment.row` counts: ``line``, ``entry``.
    provider : str
        First part of the ids of offers that the store does not know: ``provider/model``.
    takes : str
        What it reads and what it must be told, in a sentence for `qfloor ratings formats`.
    folder : tuple of str
        Patterns of the files it reads of a folder; empty when it reads single files only.
    raters : str
        ``ids`` of people, which are hashed, or ``places`` in the file, which say nothing of them.
    rater_in_path : bool
        Whether a file's own path says who rated, so that no report may name it.
    maps : str
        Whether it reads what its columns, questions and answers are said to mean: ``all`` of it,
        ``some`` and refuses by itself what it has no use for, or ``none``.
    """

    name: str
    read: Callable[[Path, ReadOptions], Reading]
    noun: str = "line"
    provider: str = "imported"
    takes: str = ""
    folder: tuple[str, ...] = ()
    raters: Literal["ids", "places"] = "ids"
    rater_in_path: bool = False
    maps: Literal["all", "some", "none"] = "none"


ROWS_OF_A_FILE = 1 << 40
"""Rows of the n-th of several files are numbered from n times this."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Builds errors of rows: file, row, what is wrong and what to do.

    Attributes
    ----------
    path : Path
        The file, or the folder of several.
    noun : str
        What its rows are called: ``line``, ``entry``.
    files : tuple of Path
        The files that were read as one (see `ROWS_OF_A_FILE`); empty when there is only one.
    maps_all : bool
        Whether their format reads whatever is mapped, so that `mapped` may advise it.
    """

    path: Path
    noun: str = "line"
    files: tuple[Path, ...] = ()
    maps_all: bool = False

    def mapped(self, advice: str) -> str:
        """Advice that speaks of ``--map``; nothing where the format would refuse what it says."""
        return advice if self.maps_all else ""

    @property
    def criterion(self) -> str:
        """Where a criterion gets its name, for advice."""
        return "--criterion QUESTION=NAME" if self.maps_all else "the column dimension"

    def at(self, row: int) -> str:
        """Name a row."""
        n, row = divmod(row, ROWS_OF_A_FILE)
        return f"{self.noun} {row} of {self.files[n].name}" if self.files else f"{self.noun} {row}"

    def wrong(self, row: int, what: str) -> RatingsError:
        """Build the error of a row."""
        n, row = divmod(row, ROWS_OF_A_FILE)
        path = self.files[n] if self.files else self.path
        return RatingsError(f"{path}: {self.noun} {row}: {what}; nothing was imported")
