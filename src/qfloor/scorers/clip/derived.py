"""The scalings a raw cosine is published in. Stored is the cosine; these are made of it.

One name stands for one quantity: ``clipscore`` is only what Hessel et al. call so, from the
prompt behind their words "A photo depicts " (theirs is of OpenAI's ViT-B/32: which model a cosine
is of stands in its metric). ``100cos`` is any cosine in per cent, as torchmetrics prints it but
not cut at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeGuard

from qfloor.records import Metric

HESSEL_PREFIX = "A photo depicts "
HESSEL_CHECKPOINT = "ViT-B-32@openai"


def hessel_clipscore(cosine: float) -> float:
    """Return 2.5 max(cosine, 0), in [0, 2.5].

    References
    ----------
    Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", 2021.

    Examples
    --------
    >>> hessel_clipscore(0.3), hessel_clipscore(-0.1)
    (0.75, 0.0)
    """
    return 2.5 * max(cosine, 0.0)


def percent_cosine(cosine: float) -> float:
    """Return 100 cosine, in [-100, 100]."""
    return 100.0 * cosine


@dataclass(frozen=True, kw_only=True)
class Derived:
    """A column made of another: which metrics it is of, in words its formula, and its range."""

    name: str
    of: tuple[str, ...]
    prefix: str | None
    formula: str
    lo: float
    hi: float
    function: Callable[[float], float]

    def applies(self, metric: Metric) -> bool:
        """Whether a metric's numbers may be shown so; its definition decides, not its name only."""
        wanted = self.prefix is None or metric.definition.get("prefix") == self.prefix
        return metric.name in self.of and wanted


_PLAIN = ("clip.cos", "clip.cos_worst_frames")
_PREFIXED = ("clip.cos_prefixed", "clip.cos_prefixed_worst_frames")

CLIPSCORE_DERIVED: tuple[Derived, ...] = (
    Derived(
        name="clipscore",
        of=_PREFIXED,
        prefix=HESSEL_PREFIX,
        formula="2.5 max(cos, 0)",
        lo=0.0,
        hi=2.5,
        function=hessel_clipscore,
    ),
    Derived(
        name="100cos",
        of=(*_PLAIN, *_PREFIXED),
        prefix=None,
        formula="100 cos",
        lo=-100.0,
        hi=100.0,
        function=percent_cosine,
    ),
)


def _there(value: Any) -> TypeGuard[float]:
    """Whether there is a number: neither None, NaN nor a frame's NA, whose truth is undecided."""
    return isinstance(value, Real) and not math.isnan(value)


def derived_columns(
    metrics: Iterable[Metric], keys: Sequence[str], values: Sequence[float | None]
) -> Mapping[str, list[float | None]]:
    """Return the derived columns beside a column of scores.

    Parameters
    ----------
    metrics : iterable of Metric
        What the scores are of, e.g. ``store.metrics_of()``.
    keys, values : sequence
        Of each score its metric's key and its value (None or NaN where there is none), e.g. the
        columns ``metric`` and ``value`` of ``store.scores()``.

    Returns
    -------
    mapping of str to list
        A column for each of `CLIPSCORE_DERIVED`; None where it does not apply.
    """
    by_key = {metric.key: metric for metric in metrics}

    def column(derived: Derived) -> list[float | None]:
        fits = {key for key, metric in by_key.items() if derived.applies(metric)}
        return [
            derived.function(float(value)) if key in fits and _there(value) else None
            for key, value in zip(keys, values, strict=True)
        ]

    return {derived.name: column(derived) for derived in CLIPSCORE_DERIVED}
