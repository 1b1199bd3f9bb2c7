"""A request in a provider's words: nothing that was asked for is left out in silence.

An adapter takes what it needs through the methods here; whatever a family has no word for stands
in ``dropped_params`` of the report, whatever was moved to the nearest thing it makes in
``adjusted``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import Any

from qfloor.generators.http.families import Family, nearest, ratio_of
from qfloor.generators.protocol import Request

COMMON = frozenset(
    {"width", "height", "size", "aspect_ratio", "quality", "resolution", "seconds", "steps",
     "guidance", "audio"}
)  # fmt: skip
NOT_SENT = frozenset({"endpoint", "api", "model", "n"})  # how to call, not what to make
SEED_RANGE = 2**31 - 1  # the smallest range that any provider documents


def model_of(request: Request) -> str:
    """Name the model as the provider does."""
    return str(request.offer.settings.get("endpoint") or request.offer.model)


class Ask:
    """One request while it is put into a provider's words."""

    def __init__(self, request: Request, family: Family) -> None:
        self.request, self.family = request, family
        self.model = model_of(request)
        self.mark, self.prompt, self.offer = request.mark, request.prompt, request.offer
        self.dropped: dict[str, Any] = {}
        self.adjusted: dict[str, Any] = {}
        self.seed_sent: int | None = None
        self._open = {k: v for k, v in self.offer.settings.items() if k not in NOT_SENT}

    # -- what the prompt asks ----------------------------------------------------------------

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt.text

    def seed(self, word: str = "seed") -> dict[str, int]:
        """Give the seed as a parameter, where seeds are taken."""
        if self.family.seed == "no":
            return {}
        stated = self._open.pop(word, None)
        self.seed_sent = int(stated) if isinstance(stated, int) else self.request.seed % SEED_RANGE
        return {word: self.seed_sent}

    def negative(self, word: str = "negative_prompt") -> dict[str, str]:
        """Give the negative prompt as a parameter, or record that it was dropped."""
        said = self.prompt.negative or self._open.pop(word, None)
        if not said:
            return {}
        if self.family.negative is False:
            self.dropped[word] = said
            return {}
        return {word: str(said)}

    def seconds(self) -> float | None:
        """Length of the clip: the offer's, else the prompt's, else 5 s or the shortest made."""
        stated = self._open.pop("seconds", None)
        asked = stated if stated is not None else self.prompt.seconds
        known = self.family.durations
        if asked is None:
            return (5.0 if 5 in known else known[0]) if known else None
        if stated is not None and self.prompt.seconds not in (None, stated):
            self.adjusted["seconds"] = [self.prompt.seconds, stated]
        if known and float(asked) not in known:
            fits = [d for d in known if d >= float(asked)] or [known[-1]]
            self.adjusted["seconds"] = [asked, fits[0]]
            return fits[0]
        return float(asked)

    # -- shape -------------------------------------------------------------------------------

    def shape(self) -> tuple[int, int] | None:
        """Width and height that the offer states, in pixels; None when it states none."""
        width, height = self._open.pop("width", None), self._open.pop("height", None)
        size = self._open.get("size")
        if width is None and isinstance(size, str):
            try:
                width, height = (int(p) for p in size.lower().replace("*", "x").split("x"))
            except ValueError:
                return None
            self._open.pop("size")
        return None if width is None or height is None else (int(width), int(height))

    def pixels(self, *, area: int = 1_048_576, step: int = 16) -> tuple[int, int]:
        """Width and height: as stated, else of the asked ratio at about ``area`` pixels."""
        stated, asked = self.shape(), self._ratio()
        if stated is not None:
            if asked and abs(ratio_of(asked) / (stated[0] / stated[1]) - 1) > 0.05:
                self.adjusted["aspect_ratio"] = [asked, f"{stated[0]}x{stated[1]}"]
            return stated
        ratio = ratio_of(asked) if asked else 1.0
        width = max(step, round(sqrt(area * ratio) / step) * step)
        return width, max(step, round(width / ratio / step) * step)

    def ratio(self, default: str | None = None, known: tuple[str, ...] | None = None) -> str | None:
        """Aspect ratio that the family knows, nearest to what is stated or asked."""
        stated = self.shape()
        asked = self._ratio()
        if stated is not None:
            asked = asked or f"{stated[0]}:{stated[1]}"
        if asked is None:
            return default
        known = known or self.family.ratios
        if not known:
            return asked
        found = asked if asked in known else nearest(ratio_of(asked), known)
        if found != asked and abs(ratio_of(found) / ratio_of(asked) - 1) > 0.05:
            self.adjusted["aspect_ratio"] = [asked, found]
        return found

    def _ratio(self) -> str | None:
        """The ratio that is asked for: the offer's, else the prompt's."""
        stated = self._open.pop("aspect_ratio", None)
        asked = stated or self.prompt.aspect_ratio
        if stated and self.prompt.aspect_ratio not in (None, stated):
            self.adjusted["aspect_ratio"] = [self.prompt.aspect_ratio, stated]
        try:
            return None if not asked or not ratio_of(str(asked)) else str(asked)
        except ValueError:
            self.dropped["aspect_ratio"] = asked
            return None

    # -- the rest ----------------------------------------------------------------------------

    def take(self, setting: str, default: Any = None) -> Any:
        """Take a setting out of what is still to be sent."""
        return self._open.pop(setting, default)

    def rest(self) -> dict[str, Any]:
        """Give every setting left: common ones by the family's words, others as they stand."""
        out: dict[str, Any] = {}
        for name, value in self._open.items():
            word = self.family.words.get(name, "" if name in COMMON else name)
            if word:
                out[word] = value
            else:
                self.dropped[name] = value
        self._open = {}
        return out

    def about(self) -> dict[str, Any]:
        """What is known of the request before its answer: plain JSON, no prompt, no key."""
        told = {
            "model_asked": self.model,
            "seed_sent": self.seed_sent,
            "dropped_params": self.dropped,
            "adjusted": self.adjusted,
        }
        return {name: value for name, value in told.items() if value not in (None, {})}


def compact(**given: Any) -> dict[str, Any]:
    """Leave out what is None."""
    return {name: value for name, value in given.items() if value is not None}


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Join parts of a body; later ones win, nested objects are joined too."""
    out: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            old = out.get(name)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            out[name] = merged(old, value) if both else value  # type: ignore[arg-type]
    return out
