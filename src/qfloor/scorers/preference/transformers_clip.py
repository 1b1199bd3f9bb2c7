"""A CLIP of transformers as a backbone: pictures and texts to unit vectors of one space.

Towers and projections are called one by one: ``get_image_features`` gives a tensor in
transformers 4 and an object in 5. Pixels take our own path, equal bit for bit to that of the
PIL-based CLIPImageProcessor that models on the hub were published with; transformers 5 would
take torchvision's resize by default, which is another one.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qfloor import torchvision_shim as shim
from qfloor.errors import PluginError
from qfloor.extras import need, version_of
from qfloor.records import digest_of
from qfloor.scorers.lanes import check_device
from qfloor.scorers.preference.forward import ROWS, Device, Forward
from qfloor.scorers.preference.hub_folder import HubFolder, digests
from qfloor.scorers.preference.pixels import OPENAI_MEAN, OPENAI_STD, cut_out, normalised
from qfloor.scorers.weights import file_sha256

if TYPE_CHECKING:
    import torch

    from qfloor.scorers.protocol import Embedding, Pixels

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_PIXELS = ("preprocessor_config.json", "processor_config.json")
PREPROCESSING = "short side by Pillow uint8 bicubic, centre crop (floor)"


def need_transformers() -> None:
    """Refuse a machine without the packages before weights are looked for; imports nothing."""
    need("this preference score needs", ("torch", "transformers"), "preference")


def import_transformers() -> Any:
    """Return the module transformers; `PluginError` naming the extra when it is missing."""
    try:
        shim.prepare()
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise PluginError(
            f"this preference score needs a package that is not installed: {error}; "
            f"pip install 'qfloor[preference]'"
        ) from error
    return transformers


@dataclass(frozen=True, kw_only=True)
class _Pixels:
    """What a CLIPImageProcessor was told to do."""

    size: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any], where: str) -> _Pixels:
        told = told.get("image_processor", told)
        steps = ("do_resize", "do_center_crop", "do_rescale", "do_normalize")
        asked = all(told.get(step, True) for step in steps) and told.get("resample", 3) == 3
        size, crop = told.get("size", 224), told.get("crop_size", 224)
        side = size.get("shortest_edge") if isinstance(size, Mapping) else size
        cut = crop if isinstance(crop, int) else crop.get("height")
        square = isinstance(crop, int) or crop.get("height") == crop.get("width")
        if not (asked and square and isinstance(side, int) and isinstance(cut, int)) or cut > side:
            raise PluginError(
                f"{where} asks for other preprocessing than short side, bicubic, square centre "
                f"crop, which is all that is known here"
            )
        mean, std = told.get("image_mean", OPENAI_MEAN), told.get("image_std", OPENAI_STD)
        return cls(size=side, crop=cut, mean=tuple(mean), std=tuple(std))


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    model: Any
    tokenizer: Any
    forward: Forward


class TransformersClipBackbone:
    """A CLIPModel with its processor's settings; weights load on first use.

    Parameters
    ----------
    model : str
        A folder with ``config.json`` and ``model.safetensors`` (or ``pytorch_model.bin``), or a
        hub repository ``ORG/REPO[@REVISION]``.
    processor : str, optional
        Where preprocessing settings and tokenizer are; with the model by default.
    device : {"cpu", "cuda"}
        Where it runs; never guessed, because it is part of the identity.

    Raises
    ------
    PluginError
        When files are neither here nor to be had, ask for preprocessing that is not known here,
        or do not hold all weights of the model.
    """

    concurrent = True

    def __init__(self, model: str, processor: str | None = None, device: Device = "cpu") -> None:
        check_device(device)
        need_transformers()
        self._model = HubFolder(source=model)
        self._processor = HubFolder(source=processor or model)
        self._device: Device = device
        self._loading = threading.Lock()
        self._reading = threading.Lock()

    @cached_property
    def name(self) -> str:
        """``PickScore_v1-1f2e3d4c5b6a``: a label, and the digest of definition and execution."""
        return f"{self._model.label}-{digest_of([self.definition, self.execution], 12)}"

    @property
    def source(self) -> str:
        """The model as it was named."""
        return self._model.source

    @cached_property
    def weights(self) -> Path:
        """The file of weights."""
        return self._model.first_of(*_WEIGHTS)

    @cached_property
    def definition(self) -> dict[str, Any]:
        """Digests of the files, preprocessing, truncation."""
        return {
            "weights_sha256": file_sha256(self.weights),
            "config_sha256": file_sha256(self._model.first_of("config.json")),
            "tokenizer_sha256": digests(self._vocabulary),
            "world": "open",
            "preprocessing": {
                "path": PREPROCESSING,
                "size": self._pixels.size,
                "crop": self._pixels.crop,
                "mean": list(self._pixels.mean),
                "std": list(self._pixels.std),
            },
            "text": {"max_tokens": self.max_tokens, "truncation": "cut, end token kept"},
        }

    @cached_property
    def execution(self) -> dict[str, Any]:
        """Dtype, device, runtime and rows of a forward."""
        return execution(self._device)

    @cached_property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, start and end included."""
        text = self._model.settings("config.json").get("text_config") or {}
        return int(text.get("max_position_embeddings", 77))

    @cached_property
    def logit_scale(self) -> float:
        """``exp(logit_scale)`` of the weights: what official scores multiply the cosine by."""
        import_transformers()
        import torch

        if self.weights.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(self.weights, framework="pt") as tensors:
                found = tensors.get_tensor("logit_scale")
        else:
            found = torch.load(self.weights, map_location="cpu", weights_only=True, mmap=True)[
                "logit_scale"
            ]
        return math.exp(float(found))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text has, start and end included, before truncation."""
        return len(self._ids(text))

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        """Return (len(pictures), dimensions) unit vectors."""
        return self._unit(pictures, self._encode_images)

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        """Return (len(texts), dimensions) unit vectors; long texts are cut, end token kept."""
        return self._unit(texts, self._encode_texts)

    def preprocess(self, pictures: Sequence[Pixels]) -> torch.Tensor:
        """Return (len(pictures), 3, side, side) as the model wants them."""
        import torch

        told = self._pixels
        squares = [cut_out(picture, told.size, told.crop, "floor") for picture in pictures]
        return torch.from_numpy(normalised(squares, told.mean, told.std))

    def _encode_images(self, chunk: list[Pixels]) -> torch.Tensor:
        model = self._loaded.model
        pixels = self.preprocess(chunk).to(self._device)
        return self._as_tensor(
            model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
        )

    def _encode_texts(self, chunk: list[str]) -> torch.Tensor:
        import torch

        model, most = self._loaded.model, self.max_tokens
        rows = []
        for text in chunk:
            ids = self._ids(text)
            end = ids[-1]
            kept = ids if len(ids) <= most else [*ids[: most - 1], end]
            # the tower is causal and reads the first end token: what follows moves nothing
            rows.append(kept + [end] * (most - len(kept)))
        tokens = torch.tensor(rows).to(self._device)
        return self._as_tensor(
            model.text_projection(model.text_model(input_ids=tokens).pooler_output)
        )

    @staticmethod
    def _as_tensor(found: Any) -> torch.Tensor:
        import torch

        return torch.nn.functional.normalize(found.float(), dim=-1)

    def _ids(self, text: str) -> list[int]:
        tokenizer = self._loaded.tokenizer
        with self._reading:  # whether it cuts is a setting that a call may switch for all threads
            return list(tokenizer(text)["input_ids"])

    def _unit(self, rows: Sequence[Any], encode: Any) -> Embedding:
        if not rows:
            width = int(self._model.settings("config.json").get("projection_dim", 512))
            return np.zeros((0, width), np.float32)
        return self._loaded.forward.run(rows, encode)

    @cached_property
    def _pixels(self) -> _Pixels:
        return _Pixels.of(self._processor.settings(*_PIXELS), self._processor.source)

    @cached_property
    def _vocabulary(self) -> tuple[Path, ...]:
        try:
            return (self._processor.first_of("tokenizer.json"),)
        except PluginError:
            pair = ("vocab.json", "merges.txt")
            return tuple(self._processor.first_of(name) for name in pair)

    @property
    def _loaded(self) -> _Loaded:
        with self._loading:
            return self._load

    @cached_property
    def _load(self) -> _Loaded:
        transformers = import_transformers()
        try:
            model, told = transformers.CLIPModel.from_pretrained(
                self.weights.parent, output_loading_info=True
            )
            tokenizer = _tokenizer(transformers).from_pretrained(self._vocabulary[0].parent)
        except Exception as error:  # its parsers raise what they raise
            raise PluginError(f"transformers cannot load {self.source}: {error}") from error
        if told["missing_keys"]:
            raise PluginError(
                f"{self.weights} lacks {len(told['missing_keys'])} weights of the model, which "
                f"would be random; it is another model's file, or cut short"
            )
        model = model.float().eval().to(self._device)
        return _Loaded(model=model, tokenizer=tokenizer, forward=Forward(self._device))


def _tokenizer(transformers: Any) -> Any:
    """The tokenizer by its class: which one a folder without settings holds is not guessed."""
    return getattr(transformers, "CLIPTokenizerFast", None) or transformers.CLIPTokenizer


def execution(device: Device) -> dict[str, Any]:
    """Return the execution part of a metric that transformers computes."""
    return {
        "dtype": "float32",
        "device": device,
        "runtime": f"torch {version_of('torch')}, transformers {version_of('transformers')}",
        "chunk": ROWS[device] if device == "cpu" else f"up to {ROWS[device]}",
    }
