"""An open_clip model as a backbone: pictures and texts to unit vectors of one space.

Loaded by open_clip's own loader on first use; torch and open_clip are imported then and not
before. It does not know what its vectors are used for.

On a CPU a forward always runs on a full chunk (the last one is filled up by repeating its last
row) and in one thread: the kernels then see one shape, and a vector depends neither on how many
neighbours it had nor on how many cores there are. Chunks run side by side (`lanes`). On a GPU
nothing is filled up: no kernel there is made for one shape, and the last bits of a vector may
depend on how many rows ran with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from qfloor.extras import need
from qfloor.records import digest_of
from qfloor.scorers.clip import checkpoint as checkpoints
from qfloor.scorers.clip import preprocess, towers
from qfloor.scorers.clip.tokenizers import count_tokens
from qfloor.scorers.clip.towers import Precision, Tower
from qfloor.scorers.lanes import Lanes, check_device, torch_lanes

if TYPE_CHECKING:
    import torch

    from qfloor.scorers.protocol import Embedding, Pixels

Device = Literal["cpu", "cuda"]

CHUNK: dict[Device, int] = {"cpu": 8, "cuda": 64}
"""Rows of a forward, on a GPU at most; on a CPU larger ones give no more throughput (measured)."""

_DEFAULT_CONTEXT = 77


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    tokenizer: Any
    preprocess: Callable[[Sequence[Pixels]], torch.Tensor]
    image: Tower
    text: Tower
    lanes: Lanes


class OpenClipBackbone:
    """A CLIP from a checkpoint; see `load_backbone`, which shares one per process.

    Several threads may call it at once.

    Parameters
    ----------
    checkpoint : str
        See `qfloor.scorers.clip.checkpoint.find`.
    device : {"cpu", "cuda"}
        Where it runs; never guessed, because it is part of the identity.
    path : {"fast", "open_clip", ...}
        Which preprocessing to take; the fast one only where it does what the model asks for.
    precision : {"fp32", "bf16", "int8"}
        How exactly it computes; part of the identity, and but for fp32 gated by a check on the
        user's own pictures (`qfloor.scorers.parity`).
    """

    concurrent = True

    def __init__(
        self,
        checkpoint: str = "painters",
        device: Device = "cpu",
        path: preprocess.Path = "fast",
        precision: Precision = "fp32",
    ) -> None:
        preprocess.check(path)
        towers.check(precision, device)
        check_device(device)
        self.checkpoint = checkpoints.find(checkpoint)
        self._name = checkpoint
        self.precision: Precision = precision
        self._device: Device = device
        self._path: preprocess.Path = path
        self._loading = threading.Lock()
        self._reading = threading.Lock()

    @cached_property
    def name(self) -> str:
        """``painters-1f2e3d4c5b6a``: a label, and the digest of definition and execution."""
        return f"{self.checkpoint.label}-{digest_of([self.definition, self.execution], 12)}"

    @cached_property
    def definition(self) -> dict[str, Any]:
        """Digests of the files, preprocessing, truncation, and the world the weights know."""
        config = self.checkpoint.config.get("preprocess_cfg", {})
        return {
            **self.checkpoint.digests,
            "world": self.checkpoint.world,
            "preprocessing": preprocess.describe(self._path, config),
            "text": {"max_tokens": self.max_tokens, "truncation": "cut, end token kept"},
        }

    @cached_property
    def execution(self) -> dict[str, Any]:
        """Dtype, device, runtime and rows of a forward."""
        return towers.describe(self.precision, self._device, self.batch)

    @property
    def batch(self) -> int:
        """How many pictures are best given at once."""
        return CHUNK[self._device]

    def need_packages(self) -> None:
        """Refuse where a forward cannot be made; its identity is known there all the same."""
        need("CLIP scores need", ("torch", "open_clip"), "clip")

    def reference(self) -> OpenClipBackbone:
        """Return the same model in float32, which a coarser precision is measured against."""
        return OpenClipBackbone(self._name, self._device, self._path, "fp32")

    @cached_property
    def max_tokens(self) -> int:
        """The text tower's context length."""
        text = self.checkpoint.config["model_cfg"]["text_cfg"]
        return int(text.get("context_length", _DEFAULT_CONTEXT))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text has, start and end included, before truncation."""
        loaded = self._loaded
        with self._reading:
            return count_tokens(loaded.tokenizer, text)

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        """Return (len(pictures), dimensions) unit vectors."""
        loaded = self._loaded
        return self._forward(pictures, loaded.preprocess, loaded.image)

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        """Return (len(texts), dimensions) unit vectors; long texts are cut, end token kept."""
        loaded = self._loaded
        return self._forward(texts, lambda chunk: self._tokens(loaded, chunk), loaded.text)

    def _tokens(self, loaded: _Loaded, texts: Sequence[str]) -> torch.Tensor:
        # one at a time: where a vocabulary of transformers cuts is a setting that every call, and
        # every count, switches for all threads
        with self._reading:
            return cast("torch.Tensor", loaded.tokenizer(list(texts)))

    def _forward(
        self, rows: Sequence[Any], prepare: Callable[[Any], torch.Tensor], tower: Tower
    ) -> Embedding:
        if not rows:
            return np.zeros((0, int(self.checkpoint.config["model_cfg"]["embed_dim"])), np.float32)
        size = self.batch
        chunks = [list(rows[start : start + size]) for start in range(0, len(rows), size)]
        if self._device == "cpu":
            found = self._loaded.lanes.map(
                lambda chunk: self._embed(_filled(prepare(chunk), size), tower), chunks
            )
        else:  # every caller prepares its own; the one lane keeps the GPU busy
            prepared = (prepare(chunk).pin_memory() for chunk in chunks)
            found = self._loaded.lanes.map(lambda tensor: self._embed(tensor, tower), prepared)
        return np.concatenate(found)[: len(rows)]

    def _embed(self, tensor: torch.Tensor, tower: Tower) -> Embedding:
        import torch

        with torch.inference_mode():
            raw = tower(tensor.to(self._device, non_blocking=True))
            unit = torch.nn.functional.normalize(raw.float(), dim=-1)
            return np.array(unit.cpu().numpy(), dtype=np.float32)

    @property
    def _loaded(self) -> _Loaded:
        with self._loading:
            return self._load

    @cached_property
    def _load(self) -> _Loaded:
        model, transform, tokenize = self.checkpoint.load(self._device)
        path = preprocess.path_for(self._path, model.visual.preprocess_cfg, transform)
        size = model.visual.preprocess_cfg["size"]
        side = int(size if isinstance(size, int) else size[0])
        digests = self.checkpoint.digests
        return _Loaded(
            tokenizer=tokenize,
            preprocess=path,
            image=towers.image_tower(model, self.precision, side, self.batch, digests),
            text=towers.text_tower(model, self.precision),
            lanes=torch_lanes(1 if self._device == "cuda" else None),
        )


def _filled(tensor: torch.Tensor, rows: int) -> torch.Tensor:
    """Repeat the last row until there are ``rows``: every forward has one shape."""
    import torch

    missing = rows - len(tensor)
    return (
        torch.cat([tensor, tensor[-1:].expand(missing, *tensor.shape[1:])]) if missing else tensor
    )


def load_backbone(
    checkpoint: str = "painters",
    device: Device = "cpu",
    path: preprocess.Path = "fast",
    precision: Precision | Literal["auto"] = "fp32",
) -> OpenClipBackbone:
    """Return the one backbone of this process for these arguments; weights load on first use.

    ``precision="auto"`` takes the fastest that this machine computes well.
    """
    digests = tuple(checkpoints.find(checkpoint).digests.values())  # changed files: another model
    chosen = towers.best_precision(device) if precision == "auto" else precision
    return _shared(checkpoint, device, path, chosen, digests)


@cache
def _shared(
    checkpoint: str,
    device: Device,
    path: preprocess.Path,
    precision: Precision,
    digests: tuple[str, ...],
) -> OpenClipBackbone:
    return OpenClipBackbone(checkpoint, device, path, precision)
