"""Which outputs a report shows: those at percentiles of each quality, and each floor's quartile.

People's own judgments first; then every metric of the round, on the outputs that it scored. What
failed outright counts as the worst by people's judgment and has no score by any metric's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from qfloor.floors import AtPercentile, Judged, at_percentiles
from qfloor.pipeline.rounds.judging import CellKey, Cells, RoundView
from qfloor.records import Metric, Output, ScoreStatus
from qfloor.report import Picture, Strip
from qfloor.store import Store

SHOWN = (5.0, 25.0, 50.0, 95.0)
"""Percentiles at which outputs are shown."""

PRIVATE_PROMPT = "private prompt, not shown"
"""What stands in the place of a private prompt and of what was made for it."""

Place = tuple[str, str]


@dataclass(kw_only=True)
class Gallery:
    """What outputs of a round look like, and in whose order.

    ``quality`` names what ``cells`` are judged by; ``sign`` is -1 where lower is better;
    ``private`` shows private prompts as well.
    """

    store: Store
    view: RoundView
    cells: Cells
    quality: str
    sign: float = 1.0
    private: bool = False

    def strips(self) -> Iterator[Strip]:
        """Outputs at percentiles of all offers of a category together."""
        for (category, modality), cells in self._by_place().items():
            pooled = [one for cell in cells.values() for one in cell]
            found = at_percentiles(pooled, sign=self.sign, percentiles=SHOWN)
            yield Strip(
                quality=f"by {self.quality}",
                category=category,
                modality=modality,
                n=len(pooled),
                pictures=tuple(
                    self._picture(at, f"{at.percentile:g}th percentile") for at in found
                ),
            )

    def quartiles(self) -> Iterator[Strip]:
        """Each offer's output at its lower quartile, best first."""
        for (category, modality), cells in self._by_place().items():
            found = [
                at
                for cell in cells.values()
                for at in at_percentiles(cell, sign=self.sign, percentiles=(25.0,))
            ]
            found.sort(key=lambda at: -math.inf if at.value is None else self.sign * at.value)
            yield Strip(
                quality=f"by {self.quality}",
                category=category,
                modality=modality,
                n=sum(len(cell) for cell in cells.values()),
                pictures=tuple(self._picture(at, "lower quartile") for at in reversed(found)),
            )

    def _by_place(self) -> Mapping[Place, Mapping[CellKey, Sequence[Judged]]]:
        found: dict[Place, dict[CellKey, Sequence[Judged]]] = {}
        for key, cell in sorted(self.cells.items()):
            found.setdefault((key.category, key.modality), {})[key] = cell
        return found

    def _picture(self, at: AtPercentile, title: str) -> Picture:
        output = self._outputs[at.output_id]
        return picture_of(self.store, self.view, output, title, at.value, private=self.private)

    @cached_property
    def _outputs(self) -> Mapping[str, Output]:
        return {output.id: output for output in self.view.outputs}


def picture_of(
    store: Store, view: RoundView, output: Output, title: str, value: float | None, *, private: bool
) -> Picture:
    """Take an output as it can be shown.

    An unsafe one is named and never shown; one of a private prompt is named, without the prompt,
    unless ``private`` says otherwise.
    """
    prompt = view.prompts[output.prompt_digest]
    unsafe = output.unsafe or output.id in view.safety.unsafe
    hidden = prompt.is_private and not private
    why = "" if output.media_sha256 else output.status.value
    why = "unsafe, not shown" if unsafe else PRIVATE_PROMPT if hidden else why
    sha256 = None if unsafe or hidden else output.media_sha256
    return Picture(
        title=title,
        offer_id=output.offer_id,
        prompt=PRIVATE_PROMPT if hidden else prompt.text,
        output_id=output.id,
        value=value,
        why=why,
        file=None if sha256 is None else store.media.find(sha256),
        clip=(output.media_type or "").startswith("video/"),
    )


def metric_strips(
    store: Store, view: RoundView, metrics: Iterable[Metric], *, private: bool = False
) -> Iterator[Strip]:
    """Outputs at percentiles of every metric that has more than two values, by its name.

    ``private`` shows private prompts as well.
    """
    outputs = {output.id: output for output in view.outputs}
    for metric in sorted(metrics, key=lambda m: m.name):
        if metric.boolean:
            continue
        sign = 1.0 if metric.direction == "higher" else -1.0
        places: dict[Place, list[tuple[float, str]]] = {}
        for score in store.scores_of(metric=metric.key):
            output = outputs.get(score.output_id)
            if output is None or score.status is not ScoreStatus.SCORED or score.value is None:
                continue
            prompt = view.prompts[output.prompt_digest]
            place = (prompt.category, prompt.modality)
            places.setdefault(place, []).append((sign * score.value, output.id))
        for (category, modality), found in sorted(places.items()):
            found.sort()
            yield Strip(
                quality=f"by {metric.name}",
                category=category,
                modality=modality,
                n=len(found),
                pictures=tuple(
                    picture_of(
                        store,
                        view,
                        outputs[name],
                        f"{percentile:g}th percentile",
                        sign * value,
                        private=private,
                    )
                    for percentile, (value, name) in _at(found)
                ),
            )


def _at(found: Sequence[tuple[float, str]]) -> Iterator[tuple[float, tuple[float, str]]]:
    """The values at percentiles, by the inverse of the distribution, as in floors."""
    for percentile in SHOWN:
        rank = math.ceil(percentile / 100.0 * len(found) - 1e-9)
        yield percentile, found[max(1, rank) - 1]
