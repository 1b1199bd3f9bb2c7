"""ImageReward v1.0, through transformers' BLIP.

The package ``image-reward`` cannot be used as it is: it pins timm 0.6.13 and fairscale and
imports modules that transformers 5 no longer has. `blip` puts the published weights into
transformers' classes instead; the rest follows the original step by step.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from qfloor.errors import PluginError
from qfloor.records import Metric, Prompt, ScoreStatus
from qfloor.scorers import weights as files
from qfloor.scorers.lanes import check_device
from qfloor.scorers.preference.blip import HEAD_WIDTH, Blip, build
from qfloor.scorers.preference.cosine import truncation
from qfloor.scorers.preference.forward import Device, Forward
from qfloor.scorers.preference.pixels import OPENAI_MEAN, OPENAI_STD, cut_out, normalised
from qfloor.scorers.preference.transformers_clip import (
    execution,
    import_transformers,
    need_transformers,
)
from qfloor.scorers.protocol import Item, Row
from qfloor.scorers.rights import weights_rights

if TYPE_CHECKING:
    import torch

    from qfloor.scorers.protocol import Pixels

WEIGHTS = "hf-hub:THUDM/ImageReward/ImageReward.pt"
VOCABULARY = "hf-hub:google-bert/bert-base-uncased/vocab.txt"

MAX_TOKENS = 35
"""How much of a prompt is read, start and end included; the original cuts without a word."""

MEAN, STD = 0.16717362830052426, 1.0333394966054072
"""Of raw rewards on the original's validation set: what they are standardised with."""

_ADDED = ("[DEC]", "[ENC]")
"""Tokens that BLIP adds behind BERT's vocabulary, in this order."""


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    blip: Blip
    tokenizer: Any
    forward: Forward


class ImageRewardScorer:
    """ImageReward v1.0: how much more than the usual people like a picture for its prompt.

    ============================  ======================================================
    ``preference.imagereward``    (reward - 0.1672) / 1.0333; about N(0, 1) over the
                                  original's validation set. Unbounded
    ============================  ======================================================

    Prompts beyond 35 tokens are cut with their end token kept, and the row's reason says so.

    Parameters
    ----------
    weights : str
        The state dict: a path, an address with ``#sha256=`` or a hub file (see
        `qfloor.scorers.weights`).
    vocabulary : str
        BERT's ``vocab.txt`` (uncased), likewise.
    device : {"cpu", "cuda"}, default "cpu"
        Part of the metric's execution identity.
    head_width : int, default 64
        Width of an attention head, which weights do not tell; 64 in the published model.

    References
    ----------
    Xu et al., "ImageReward: Learning and Evaluating Human Preferences for Text-to-Image
    Generation", arXiv 2304.05977.
    """

    concurrent = True

    def __init__(
        self,
        weights: str = WEIGHTS,
        vocabulary: str = VOCABULARY,
        device: Device = "cpu",
        head_width: int = HEAD_WIDTH,
    ) -> None:
        check_device(device)
        need_transformers()
        self._weights = files.locate(weights)
        self._vocabulary = files.locate(vocabulary)
        self._device: Device = device
        self._head_width = head_width
        self._loading = threading.Lock()

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """``preference.imagereward`` with these weights' identity."""
        return (
            Metric(
                name="preference.imagereward",
                unit="standard deviations",
                lo=None,
                hi=None,
                modalities=("image",),
                definition={
                    "formula": f"(reward - {MEAN}) / {STD}",
                    "weights_sha256": self._weights.sha256,
                    "vocabulary_sha256": self._vocabulary.sha256,
                    "head_width": self._head_width,
                    "world": "open",
                    "preprocessing": "short side by Pillow uint8 bicubic, centre crop (round)",
                    "text": {"max_tokens": MAX_TOKENS, "truncation": "cut, end token kept"},
                    "prompt": "as written, no prefix",
                    "comparable": "within a prompt",
                },
                execution=execution(self._device),
                weights=(
                    weights_rights(name=self._weights.path.name, sha256=self._weights.sha256),
                ),
                comparable="within a prompt",
            ),
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The picture; picture and prompt are read together, so nothing can be embedded ahead."""
        return ("pixels",)

    def applies(self, prompt: Prompt, media_type: str) -> bool:
        """Stills only: people were shown stills."""
        return media_type.startswith("image/")

    def score(self, batch: Sequence[Item]) -> list[tuple[Row, ...]]:
        """Score a batch; see `qfloor.scorers.protocol.Scorer.score`."""
        if not batch:
            return []
        loaded = self._loaded
        pairs = [(_pixels(item), item.prompt.text) for item in batch]
        vectors = loaded.forward.run(pairs, self._encode)
        rewards = (loaded.blip.head(vectors) - MEAN) / STD
        return [
            (self._row(item, float(reward)),) for item, reward in zip(batch, rewards, strict=True)
        ]

    def _row(self, item: Item, reward: float) -> Row:
        return Row(
            metric=self.metrics[0].name,
            status=ScoreStatus.SCORED,
            value=reward,
            reason=truncation(len(self._ids(item.prompt.text)), MAX_TOKENS),
        )

    def _encode(self, chunk: list[tuple[Pixels, str]]) -> torch.Tensor:
        """Return the text tower's first vector of each pair of picture and prompt."""
        import torch

        blip = self._loaded.blip
        size = blip.image_size
        squares = [cut_out(picture, size, size, "round") for picture, _ in chunk]
        pixels = torch.from_numpy(normalised(squares, OPENAI_MEAN, OPENAI_STD))
        ids, mask = self._tokens([text for _, text in chunk])
        seen = blip.vision(pixel_values=pixels.to(self._device)).last_hidden_state
        read = blip.text(
            input_ids=ids.to(self._device),
            attention_mask=mask.to(self._device),
            encoder_hidden_states=seen,
            encoder_attention_mask=torch.ones(seen.shape[:-1], dtype=torch.long).to(self._device),
            is_decoder=False,
        )
        first: torch.Tensor = read.last_hidden_state[:, 0, :]
        return first

    def _tokens(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        ids = torch.zeros((len(texts), MAX_TOKENS), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, text in enumerate(texts):
            found = self._ids(text)
            kept = found if len(found) <= MAX_TOKENS else [*found[: MAX_TOKENS - 1], found[-1]]
            ids[row, : len(kept)] = torch.tensor(kept)
            mask[row, : len(kept)] = 1
        return ids, mask

    def _ids(self, text: str) -> list[int]:
        return list(self._loaded.tokenizer.encode(text).ids)

    @property
    def _loaded(self) -> _Loaded:
        with self._loading:
            return self._load

    @cached_property
    def _load(self) -> _Loaded:
        transformers = import_transformers()
        import torch
        from tokenizers import BertWordPieceTokenizer

        path = self._weights.path
        try:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except Exception as error:  # a pickle's parser raises what it likes
            raise PluginError(f"{path} is no file of weights: {error}") from error
        blip = build(state, transformers, self._head_width)
        for tower in (blip.vision, blip.text):
            tower.to(self._device)
        tokenizer = BertWordPieceTokenizer(str(self._vocabulary.path), lowercase=True)
        tokenizer.add_special_tokens(list(_ADDED))
        return _Loaded(blip=blip, tokenizer=tokenizer, forward=Forward(self._device))


def _pixels(item: Item) -> Pixels:
    pixels = item.inputs["pixels"]
    assert isinstance(pixels, np.ndarray)
    return pixels
