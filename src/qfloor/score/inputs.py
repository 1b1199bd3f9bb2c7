"""The inputs scorers declare, each computed once an output, embeddings once a batch.

Pixels are handed out read-only: a scorer that wrote into them would change its neighbours'.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from qfloor.errors import PluginError, ScoringError
from qfloor.scorers.protocol import (
    Backbone,
    CarriesBackbones,
    Embedding,
    Pixels,
    Scorer,
    evenly_spaced,
)

_PLAIN = ("pixels", "frames", "fps")
_IMAGE = "image_embedding:"
_TEXT = "text_embedding:"


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An output's media: one frame of a still, all frames of a clip, and the file's bytes."""

    frames: Sequence[Pixels]
    fps: float | None
    content: bytes = b""

    def __post_init__(self) -> None:
        for frame in self.frames:
            frame.setflags(write=False)

    def plain(self, wanted: Collection[str]) -> dict[str, object]:
        """Return those of the plain inputs that are wanted and that this kind of media has."""
        known: dict[str, Callable[[], object]] = {
            "pixels": lambda: self.frames[len(self.frames) // 2]
        }
        if self.fps is not None:
            known |= {"frames": lambda: self.frames, "fps": lambda: self.fps}
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
        self._texts: dict[tuple[str, str], Embedding] = {}
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
        batch = [Inputs(values=d.plain(names)) for d, names in zip(decoded, wanted, strict=True)]
        for name, backbone in self._backbones.items():
            image = [i for i, names in enumerate(wanted) if _IMAGE + name in names]
            self._embed_images(backbone, {i: decoded[i] for i in image}, batch)
            text = [i for i, names in enumerate(wanted) if _TEXT + name in names]
            self._embed_texts(backbone, {i: texts[i] for i in text}, batch)
        return batch

    def _embed_images(
        self, backbone: Backbone, decoded: Mapping[int, Decoded], batch: Sequence[Inputs]
    ) -> None:
        pictures = {i: _pictures(d) for i, d in decoded.items()}

        def embed(indices: Sequence[int]) -> None:
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
            new = [t for t in dict.fromkeys(texts[i] for i in indices)
                   if (backbone.name, t) not in self._texts]  # fmt: skip
            if new:
                for text, vector in zip(new, backbone.embed_texts(new), strict=True):
                    self._texts[backbone.name, text] = vector
            for i in indices:
                batch[i].values[_TEXT + backbone.name] = self._texts[backbone.name, texts[i]]

        _together_or_alone(list(texts), embed, _TEXT + backbone.name, batch)


def _pictures(decoded: Decoded) -> list[Pixels]:
    if decoded.fps is None:
        return [decoded.frames[0]]
    return [decoded.frames[i] for i in evenly_spaced(len(decoded.frames))]


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
    except Exception as error:
        if len(indices) == 1:
            batch[indices[0]].failures[name] = explain(error)
            return
        for index in indices:
            _together_or_alone([index], compute, name, batch)


def explain(error: BaseException) -> str:
    """Say what went wrong in one line: ``ValueError: ...``."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
