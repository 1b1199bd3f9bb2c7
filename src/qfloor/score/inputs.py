"""The inputs scorers declare, each computed once an output, embeddings once a batch.

Pixels are handed out read-only: a scorer that wrote into them would change its neighbours'.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

from qfloor.errors import PluginError, ScoringError
from qfloor.media import ClipFrames, load_audio
from qfloor.score.contract import storable
from qfloor.scorers.protocol import (
    Backbone,
    CarriesBackbones,
    Concurrent,
    Embedding,
    Pixels,
    Scorer,
    evenly_spaced,
    innermost,
)

_PLAIN = ("pixels", "frames", "fps", "timestamps", "audio")
_IMAGE = "image_embedding:"
_TEXT = "text_embedding:"


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An output's media: one frame of a still, all frames of a clip, and the file's bytes.

    ``frames`` of a clip may be decoded on demand (`qfloor.media.ClipFrames`). ``timestamps`` say
    when each appears, in seconds; left out, frames are taken to follow each other evenly.
    """

    frames: Sequence[Pixels]
    fps: float | None
    content: bytes = b""
    timestamps: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.frames, ClipFrames):  # whose frames are read-only already
            for frame in self.frames:
                frame.setflags(write=False)

    @property
    def middle(self) -> Pixels:
        """The frame in the middle; of a still the picture."""
        return self._picked[len(self.frames) // 2]

    @property
    def spread(self) -> list[Pixels]:
        """The frames that are embedded: evenly spaced ones of a clip."""
        return [self._picked[index] for index in evenly_spaced(len(self.frames))]

    @cached_property
    def _picked(self) -> dict[int, Pixels]:
        """All frames that are used singly, from one walk through the clip."""
        indices = self._used_singly
        if isinstance(self.frames, ClipFrames):
            return dict(zip(indices, self.frames.at(indices), strict=True))
        return {index: self.frames[index] for index in indices}

    @property
    def _used_singly(self) -> list[int]:
        return sorted({*evenly_spaced(len(self.frames)), len(self.frames) // 2})

    def walk(self) -> Iterator[Pixels]:
        """Yield every frame; those that are used singly are kept and need no walk of their own.

        Raises
        ------
        MediaError
            As `qfloor.media.ClipFrames.checked`.
        """
        wanted = self._used_singly
        kept: dict[int, Pixels] = {}
        frames = self.frames.checked() if isinstance(self.frames, ClipFrames) else self.frames
        for index, frame in enumerate(frames):
            if index in wanted:
                kept[index] = frame
            yield frame
        self.__dict__["_picked"] = kept  # where `cached_property` would put it

    @property
    def times(self) -> Sequence[float]:
        """When each frame appears, in seconds."""
        if self.timestamps is not None:
            return self.timestamps
        return [index / (self.fps or 1.0) for index in range(len(self.frames))]

    def plain(self, wanted: Collection[str]) -> dict[str, object]:
        """Return those of the plain inputs that are wanted and that this kind of media has."""
        known: dict[str, Callable[[], object]] = {"pixels": lambda: self.middle}
        if self.fps is not None:
            known |= {
                "frames": lambda: self.frames,
                "fps": lambda: self.fps,
                "timestamps": lambda: tuple(self.times),
            }
        return {name: value() for name, value in known.items() if name in wanted}


@dataclass(kw_only=True)
class Inputs:
    """What could be computed for one output, and why the rest could not."""

    values: dict[str, object] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


class InputComputer:
    """Computes declared inputs; keeps every text embedding it has computed.

    Parameters
    ----------
    scorers : sequence of Scorer
        Whose inputs will be asked for, and who bring the backbones for them.

    Raises
    ------
    ScoringError
        When a scorer declares an input that nothing computes.
    """

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._backbones: dict[str, Backbone] = {}
        for scorer in scorers:
            if isinstance(scorer, CarriesBackbones):
                for backbone in scorer.backbones:
                    self._backbones.setdefault(backbone.name, backbone)
        models = {name: innermost(one) for name, one in self._backbones.items()}
        turns = {id(model): turn_of(model) for model in models.values()}
        self._turns = {name: turns[id(model)] for name, model in models.items()}
        self._texts: dict[tuple[str, str], Embedding] = {}
        self._reading = threading.Lock()
        known = {*_PLAIN, *(p + name for p in (_IMAGE, _TEXT) for name in self._backbones)}
        for scorer in scorers:
            for name in scorer.inputs:
                if name not in known:
                    raise ScoringError(
                        f"scorer {type(scorer).__name__} declares the input {name!r}, which "
                        f"nothing computes; known: {', '.join(sorted(known))}"
                    )

    def compute(
        self, decoded: Sequence[Decoded], texts: Sequence[str], wanted: Sequence[set[str]]
    ) -> list[Inputs]:
        """Compute the inputs each output's scorers declare.

        Parameters
        ----------
        decoded, texts, wanted : sequence
            Of each output of the batch: its pixels, its prompt's text, and the names.
        """
        batch = [_plain(d, names) for d, names in zip(decoded, wanted, strict=True)]
        for one, names, inputs in zip(decoded, wanted, batch, strict=True):
            if "audio" in names and one.fps is not None:
                _listen(one, inputs)
        for name, backbone in self._backbones.items():
            image = [i for i, names in enumerate(wanted) if _IMAGE + name in names]
            self._embed_images(backbone, {i: decoded[i] for i in image}, batch)
            text = [i for i, names in enumerate(wanted) if _TEXT + name in names]
            self._embed_texts(backbone, {i: texts[i] for i in text}, batch)
        return batch

    def _embed_images(
        self, backbone: Backbone, decoded: Mapping[int, Decoded], batch: Sequence[Inputs]
    ) -> None:
        pictures: dict[int, list[Pixels]] = {}
        for i, one in decoded.items():
            try:
                pictures[i] = _pictures(one)
            except (Exception, SystemExit) as error:
                batch[i].failures[_IMAGE + backbone.name] = explain(error)

        def embed(indices: Sequence[int]) -> None:
            with self._turns[backbone.name]:
                vectors = backbone.embed_images([p for i in indices for p in pictures[i]])
            start = 0
            for i in indices:
                mine = vectors[start : start + len(pictures[i])]
                start += len(pictures[i])
                is_clip = decoded[i].fps is not None
                batch[i].values[_IMAGE + backbone.name] = mine if is_clip else mine[0]

        _together_or_alone(list(pictures), embed, _IMAGE + backbone.name, batch)

    def _embed_texts(
        self, backbone: Backbone, texts: Mapping[int, str], batch: Sequence[Inputs]
    ) -> None:
        def embed(indices: Sequence[int]) -> None:
            self._read(backbone, (texts[i] for i in indices))
            for i in indices:
                batch[i].values[_TEXT + backbone.name] = self._texts[backbone.name, texts[i]]

        _together_or_alone(list(texts), embed, _TEXT + backbone.name, batch)

    def read_texts(self, wanted: Iterable[tuple[str, set[str]]]) -> None:
        """Embed texts ahead of the batches that need them, each once.

        Parameters
        ----------
        wanted : iterable of (str, set of str)
            A text, and the names of the inputs that are declared for its output.
        """
        asked = [(text, names) for text, names in wanted]
        for name, backbone in self._backbones.items():
            texts = [text for text, names in asked if _TEXT + name in names]
            with contextlib.suppress(
                Exception, SystemExit
            ):  # its own batch will say whose fault it was
                self._read(backbone, texts)

    def _read(self, backbone: Backbone, texts: Iterable[str]) -> None:
        with self._reading:
            new = [t for t in dict.fromkeys(texts) if (backbone.name, t) not in self._texts]
            if new:
                with self._turns[backbone.name]:
                    vectors = backbone.embed_texts(new)
                for text, vector in zip(new, vectors, strict=True):
                    self._texts[backbone.name, text] = vector


def _plain(decoded: Decoded, wanted: Collection[str]) -> Inputs:
    """Take the plain inputs; a long clip is decoded anew for them, and may fail alone."""
    try:
        return Inputs(values=decoded.plain(wanted))
    except (Exception, SystemExit) as error:
        return Inputs(failures={"media": explain(error)})


def _listen(decoded: Decoded, inputs: Inputs) -> None:
    """Decode a clip's sound; damage to it costs nobody who does not listen."""
    try:
        inputs.values["audio"] = load_audio(decoded.content)
    except (Exception, SystemExit) as error:
        inputs.failures["audio"] = explain(error)


def turn_of(called: object) -> AbstractContextManager[object]:
    """Return what to hold while calling a scorer or backbone: a lock, unless calls may overlap."""
    overlaps = isinstance(called, Concurrent) and called.concurrent
    return contextlib.nullcontext() if overlaps else threading.Lock()


def _pictures(decoded: Decoded) -> list[Pixels]:
    return [decoded.middle] if decoded.fps is None else decoded.spread


def _together_or_alone(
    indices: Sequence[int],
    compute: Callable[[Sequence[int]], None],
    name: str,
    batch: Sequence[Inputs],
) -> None:
    """Compute for all at once; if that fails, for each alone, noting whose fault it was."""
    if not indices:
        return
    try:
        compute(indices)
    except (PluginError, ScoringError):
        raise
    except (Exception, SystemExit) as error:
        if len(indices) == 1:
            batch[indices[0]].failures[name] = explain(error)
            return
        for index in indices:
            _together_or_alone([index], compute, name, batch)


def explain(error: BaseException) -> str:
    """Say what went wrong in one line: ``ValueError: ...``."""
    message = storable(" ".join(str(error).split()))
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
