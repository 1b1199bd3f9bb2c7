"""The training loop: batches with siblings and false captions, checkpoints, averaged weights."""

from __future__ import annotations

import math
import queue
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from . import model as net
from .captions import wordings
from .pool import SIZE, Pool
from .scenes import facts, true_of

PAIRS = 128  # a batch is so many scenes and their siblings
WRONG = 2  # false captions a picture
WARM_UP = 100


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Pictures, their captions followed by all false ones, and which caption is true of which."""

    pictures: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    true: NDArray[np.bool_]


def spoil(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Shift every picture a little; blur or grain a third of them, as weak painters do."""
    out = np.empty_like(pictures)
    for i, picture in enumerate(pictures):
        reach = 5
        edged = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
        y, x = rng.integers(0, 2 * reach + 1, 2)
        moved = edged[y : y + SIZE, x : x + SIZE]
        kind = rng.random()
        if kind < 0.15:
            wide = moved.astype(np.uint16)
            wide = wide + np.roll(wide, 1, 0)
            moved = ((wide + np.roll(wide, 1, 1)) // 4).astype(np.uint8)
        elif kind < 0.3:
            grain = rng.integers(-24, 25, (SIZE, SIZE, 1))
            moved = np.clip(moved + grain * rng.random(), 0, 255).astype(np.uint8)
        out[i] = moved
    return out


def make_batch(pool: Pool, words: net.Words, rng: random.Random) -> Batch:
    """Draw pairs from the pool and word them anew."""
    firsts = rng.sample(range(len(pool) // 2), 2 * PAIRS)
    # pictures of two groups carry what is learned last, relations and whose colour is whose
    firsts.sort(key=lambda i: len(pool.scenes[2 * i].things) != 2 and rng.random() < 0.7)
    firsts = firsts[:PAIRS]
    which = np.array([2 * i + k for i in firsts for k in (0, 1)])
    scenes = [pool.scenes[i] for i in which]
    told = [wordings(scene, WRONG, rng) for scene in scenes]
    ordered = [one[k] for k in range(WRONG + 1) for one in told]
    true = true_of(
        np.stack([facts(said) for _, said in ordered]),
        np.stack([facts(scene) for scene in scenes]),
        np.stack([facts(scene, turned=True) for scene in scenes]),
    )
    pictures = spoil(pool.pictures(which), np.random.default_rng(rng.getrandbits(32)))
    return Batch(pictures=pictures, tokens=words([text for text, _ in ordered]), true=true)


def loss_of(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, true: NDArray[np.bool_]
) -> torch.Tensor:
    """Open_clip's contrastive loss with masked true captions, and each picture's own false ones."""
    n = len(images)
    logits = scale.exp().clamp(max=60) * images @ texts.T
    hidden = torch.from_numpy(true).clone()
    hidden[:, :n] &= ~torch.eye(n, dtype=torch.bool)
    masked = logits.masked_fill(hidden, -1e4)
    target = torch.arange(n)
    both = F.cross_entropy(masked, target) + F.cross_entropy(masked[:, :n].T, target)
    mine = torch.stack([masked[:, k * n : (k + 1) * n].diagonal() for k in range(WRONG + 1)], 1)
    return both / 2 + 0.5 * F.cross_entropy(mine, torch.zeros(n, dtype=torch.long))


class Towers:
    """Runs the two towers side by side, one thread each: on shared cores nothing waits at barriers.

    Measured with one core taken by others: 1.2 times the pairs a second of two threads an operator.
    """

    def __init__(self, model: Any) -> None:
        torch.set_num_threads(1)
        self.model = model
        self._threads = ThreadPoolExecutor(2)

    def _encode(self, encode: Callable[[Any, torch.Tensor], torch.Tensor], x: torch.Tensor) -> Any:
        with torch.autocast("cpu", torch.bfloat16):  # holds for one thread only
            return encode(self.model, x)

    def backward(self, batch: Batch, size: int) -> float:
        """Put a batch's gradients into the model; return its loss."""
        pixels, tokens = net.normalised(batch.pictures, size), torch.from_numpy(batch.tokens)
        waiting = [
            self._threads.submit(self._encode, net.encode_images, pixels),
            self._threads.submit(self._encode, net.encode_texts, tokens),
        ]
        ends = [w.result() for w in waiting]
        leaves = [end.detach().requires_grad_() for end in ends]
        loss = loss_of(leaves[0], leaves[1], self.model.logit_scale, batch.true)
        torch.autograd.backward(loss)
        going = [
            self._threads.submit(torch.autograd.backward, end, leaf.grad)
            for end, leaf in zip(ends, leaves, strict=True)
        ]
        for one in going:
            one.result()
        return loss.item()


class Feeder:
    """Makes batches beside the training; every batch has its own seed, so a resumed run goes on."""

    def __init__(self, pool: Pool, words: net.Words, step: int) -> None:
        self._queue: queue.Queue[Batch] = queue.Queue(3)
        self._work = (pool, words)
        threading.Thread(target=self._run, args=(step,), daemon=True).start()

    def _run(self, step: int) -> None:
        pool, words = self._work
        pool.refresh()
        while True:
            if step % 20 == 0:
                pool.refresh()
            self._queue.put(make_batch(pool, words, random.Random(f"batch {step}")))
            step += 1

    def next(self) -> Batch:
        """Wait for the next batch."""
        return self._queue.get()


class Trainer:
    """Model, optimizer, averaged weights and step, as one thing that is saved and resumed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        vocabulary = folder / "bpe.txt.gz"
        if not vocabulary.exists():
            net.write_vocabulary(vocabulary)
        self.words = net.Words(vocabulary)
        self.model = net.build(self.words.size).train()
        heavy = [p for p in self.model.parameters() if p.ndim > 1]
        light = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": heavy, "weight_decay": 0.1}, {"params": light, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), fused=True)
        self.step, self.minutes, self.size = 0, 0.0, 96
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "minutes": self.minutes,
            "size": self.size,
            "rng": torch.get_rng_state(),
        }
        half = self.folder / "checkpoint.half"
        torch.save(state, half)
        half.replace(self.folder / "checkpoint.pt")

    def load(self) -> None:
        """Read the checkpoint."""
        state = torch.load(self.folder / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step, self.minutes, self.size = state["step"], state["minutes"], state["size"]
        torch.set_rng_state(state["rng"])

    def _follow(self) -> None:
        keep = min(0.998, self.step / (self.step + 60))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)

    def train(self, *, minutes: float, peak: float, large_from: float, stop_at: float) -> None:
        """Train for a time, on one cosine; from a share of it on at the final size."""
        towers = Towers(self.model)
        feeder = Feeder(Pool(self.folder / "pool"), self.words, self.step)
        began = saved = time.time()
        first = self.step
        recent: list[float] = []
        while (share := (time.time() - began) / (60 * minutes)) < stop_at:
            if share >= large_from and self.size != net.FINAL:
                self.size = net.FINAL
                print(f"now at {self.size} px", flush=True)
            warm = min(1.0, (self.step + 1) / WARM_UP)
            for group in self.optimizer.param_groups:
                group["lr"] = peak * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))
            self.optimizer.zero_grad(set_to_none=True)
            recent.append(towers.backward(feeder.next(), self.size))
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self._follow()
            if self.step % 50 == 0:
                spent = (time.time() - began) / 60
                rate = (self.step - first) * 2 * PAIRS / spent / 60
                print(
                    f"{spent:5.1f} min step {self.step} loss {np.mean(recent[-50:]):.3f} scale "
                    f"{self.model.logit_scale.exp():.1f} {rate:.0f} pairs/s",
                    flush=True,
                )
            if time.time() - saved > 120:
                self.minutes += (time.time() - saved) / 60
                saved = time.time()
                self.save()
        self.minutes += (time.time() - saved) / 60
        self.save()
