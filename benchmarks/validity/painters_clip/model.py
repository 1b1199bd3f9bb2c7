"""The network, its own small vocabulary, and the files that open_clip's loader reads."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from qfloor import torchvision_shim as shim
from qfloor.generators.builtin.world import grammar, lettering, lexicon

shim.prepare()

from open_clip.model import CLIP  # noqa: E402
from open_clip.tokenizer import SimpleTokenizer, bytes_to_unicode  # noqa: E402

CONTEXT = 64
FINAL = 128
MERGES = 2600
MEAN, STD = 0.5, 0.25


def write_vocabulary(path: Path, merges: int = MERGES) -> None:
    """Learn byte pair merges from the grammar's words, so that each of them is one token."""
    rng = random.Random(0)
    texts = (grammar.compose(grammar.CATEGORIES[i % 7], rng)[0] for i in range(20_000))
    counts = Counter(w for text in texts for w in re.findall(r"[a-z]+", text.lower()))
    known = {w for form in lexicon.LEXICON.values() for key, _ in form for w in key}
    for word in known | set(lettering.WORDS):
        if word.isalpha():
            counts[word] += 3
    alphabet = bytes_to_unicode()
    split = {
        w: [alphabet[b] for b in w.encode()[:-1]] + [alphabet[w.encode()[-1]] + "</w>"]
        for w in counts
    }
    learned: list[str] = []
    while len(learned) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, symbols in split.items():
            for pair in itertools.pairwise(symbols):
                pairs[pair] += counts[word]
        if not pairs:
            break
        # ties by spelling, so that the file is the same on every machine
        (a, b), _ = max(pairs.items(), key=lambda item: (item[1], item[0]))
        learned.append(f"{a} {b}")
        for symbols in split.values():
            at = 0
            while at + 1 < len(symbols):
                if symbols[at] == a and symbols[at + 1] == b:
                    symbols[at : at + 2] = [a + b]
                at += 1
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as out:
        out.write("\n".join(["#version: painters", *learned]).encode())


class Words:
    """Encodes captions as open_clip's tokenizer does, with a memory for words."""

    def __init__(self, path: Path) -> None:
        self.tokenizer = SimpleTokenizer(bpe_path=str(path), context_length=CONTEXT)
        self.size: int = self.tokenizer.vocab_size
        self._known: dict[str, list[int]] = {}

    def __call__(self, captions: Sequence[str]) -> NDArray[np.int64]:
        """Encode captions to rows of `CONTEXT` integers."""
        rows = np.zeros((len(captions), CONTEXT), dtype=np.int64)
        for row, caption in zip(rows, captions, strict=True):
            ids = [self.size - 2]
            for chunk in caption.lower().split():
                if chunk not in self._known:
                    self._known[chunk] = self.tokenizer.encode(chunk)
                ids += self._known[chunk]
            ids = [*ids[: CONTEXT - 1], self.size - 1]
            row[: len(ids)] = ids
        return rows


def config(vocabulary: int, size: int = FINAL) -> dict[str, Any]:
    """open_clip's ``model_cfg``."""
    return {
        "embed_dim": 256,
        "vision_cfg": {"image_size": size, "layers": [2, 3, 4, 2], "width": 16, "patch_size": None},
        "text_cfg": {"context_length": CONTEXT, "vocab_size": vocabulary, "width": 128,
                     "heads": 4, "layers": 3},
    }  # fmt: skip


def build(vocabulary: int) -> Any:
    """A fresh network at the final size.

    open_clip starts the attention pool's positions at 1/sqrt(width), far below the features they
    are added to; position words are then never learned (measured: 0.52). So they start large.
    """
    torch.manual_seed(0)
    model = CLIP(**config(vocabulary))
    with torch.no_grad():
        model.visual.attnpool.positional_embedding.normal_(0, 0.5)
    model.visual.to(memory_format=torch.channels_last)
    return model


def positions(table: torch.Tensor, side: int) -> torch.Tensor:
    """The attention pool's positions, resampled to a grid of another side."""
    old = round((len(table) - 1) ** 0.5)
    if old == side:
        return table
    grid = table[1:].T.reshape(1, -1, old, old)
    grid = F.interpolate(grid, (side, side), mode="bilinear", align_corners=True)
    return torch.cat([table[:1], grid.reshape(table.shape[1], -1).T])


def encode_images(model: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Embed normalised pictures of any size that is a multiple of 32."""
    visual, pool = model.visual, model.visual.attnpool
    x = pixels.contiguous(memory_format=torch.channels_last)
    x = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(x)))))
    side = x.shape[-1]
    x = x.flatten(2).permute(0, 2, 1)
    x = torch.cat([x.mean(1, keepdim=True), x], 1)
    x = x + positions(pool.positional_embedding, side).to(x.dtype)
    n, heads, width = len(x), pool.num_heads, x.shape[-1]
    q = pool.q_proj(x[:, :1]).view(n, 1, heads, -1).transpose(1, 2)
    k = pool.k_proj(x).view(n, -1, heads, width // heads).transpose(1, 2)
    v = pool.v_proj(x).view(n, -1, heads, width // heads).transpose(1, 2)
    mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, width)
    return F.normalize(pool.c_proj(mixed).float(), dim=-1)


def encode_texts(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Embed captions; the padding that all of a chunk share is not computed."""
    order = (tokens != 0).sum(1).argsort()
    parts = []
    for rows in order.chunk(max(1, len(tokens) // 192)):
        chunk = tokens[rows]
        length = int((chunk != 0).sum(1).max())
        chunk = chunk[:, :length]
        x = model.token_embedding(chunk) + model.positional_embedding[:length]
        x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
        parts.append(x[torch.arange(len(chunk)), chunk.argmax(-1)] @ model.text_projection)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order))
    return F.normalize(torch.cat(parts).float()[back], dim=-1)


def normalised(pictures: NDArray[np.uint8], size: int) -> torch.Tensor:
    """Square uint8 pictures to the network's input, at another size where asked."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    if x.shape[-1] != size:
        x = F.interpolate(x, (size, size), mode="bicubic", antialias=True)
    return x.float().div_(255).sub_(MEAN).div_(STD)


def save(state: dict[str, torch.Tensor], vocabulary: int, size: int, folder: Path) -> None:
    """Write the weights in fp16 and the configuration beside them."""
    from safetensors.torch import save_file

    half = {
        k: (v.half() if v.is_floating_point() else v).clone(memory_format=torch.contiguous_format)
        for k, v in state.items()
        if k != "attn_mask"
    }
    key = "visual.attnpool.positional_embedding"
    half[key] = positions(state[key].float(), size // 32).half().contiguous()
    save_file(half, folder / "open_clip_model.safetensors")
    card = {
        "model_cfg": config(vocabulary, size),
        "preprocess_cfg": {"mean": [MEAN] * 3, "std": [STD] * 3, "size": [size, size],
                           "interpolation": "bicubic", "resize_mode": "shortest"},
    }  # fmt: skip
    (folder / "open_clip_config.json").write_text(json.dumps(card, indent=1) + "\n")
