"""Capabilities declared per family of models: what may be asked, and what is not there.

A family is data: adapters build requests by it, `declines` refuses by it, and
docs/reference/providers.md is printed from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import log
from typing import Literal

Seed = Literal["no", "sent", "echoed", "per model"]
Shape = Literal["pixels", "ratio", "none"]
Told = Literal["amount", "usage", "no"]
Rewriting = Literal["none", "off", "recorded", "per model", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Models of one provider that are asked alike.

    Parameters
    ----------
    models : tuple of str
        Patterns of the provider's model ids, as `fnmatch` reads them.
    modality : {"image", "video"}
    flow : {"sync", "poll"}
    words : mapping of str to str
        Common setting -> the provider's own word; a common setting without one is dropped and
        recorded.
    shape : {"pixels", "ratio", "none"}
        How the shape of a picture is told.
    seed, negative, audio
        Whether it takes a seed (and says back which it used), a negative prompt, a sound switch.
    ratios : tuple of str or None
        Aspect ratios it knows; None when any, or not documented.
    durations : tuple of float or None
        Seconds a clip can have, in order; None when not documented.
    duration_as : str
        How they are written, where they are text.
    most_characters : int or None
        Of a prompt.
    told : {"amount", "usage", "no"}
        What the answer says of the cost.
    rewriting : {"none", "off", "recorded", "per model", "unknown"}
        Prompt rewriting: it has none, it is switched off, it cannot be and is recorded.
    safety : str
        The setting of its safety filter, where it has one.
    lookup, cancel : bool
        Whether a job can be found by our key, or stopped.
    """

    models: tuple[str, ...] = ("*",)
    modality: Literal["image", "video"] = "image"
    flow: Literal["sync", "poll"] = "sync"
    words: Mapping[str, str] = field(default_factory=dict)
    shape: Shape = "none"
    seed: Seed = "no"
    negative: bool | None = False
    audio: bool | None = None
    ratios: tuple[str, ...] | None = None
    durations: tuple[float, ...] | None = None
    duration_as: str = "{:g}"
    most_characters: int | None = None
    told: Told = "no"
    rewriting: Rewriting = "unknown"
    safety: str = ""
    lookup: bool = False
    cancel: bool = False
    name: str = ""

    def has(self, model: str, modality: str) -> bool:
        """Whether a model is of this family."""
        return self.modality == modality and any(fnmatchcase(model, p) for p in self.models)


def nearest(ratio: float, known: tuple[str, ...]) -> str:
    """Give the known aspect ratio that is nearest, by the quotient.

    Examples
    --------
    >>> nearest(1.75, ("1:1", "16:9", "4:3"))
    '16:9'
    """
    return min(known, key=lambda r: abs(log(ratio_of(r) / ratio)))


def ratio_of(text: str) -> float:
    """Read width / height out of ``16:9``, ``16x9``, ``1280:720`` or ``1280*720``.

    Raises
    ------
    ValueError
        When it is none of them.
    """
    parts = text.lower().replace("*", ":").replace("x", ":").split(":")
    width, height = (float(part) for part in parts)
    if width <= 0 or height <= 0:
        raise ValueError(f"{text!r} is no aspect ratio")
    return width / height
