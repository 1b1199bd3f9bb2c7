"""A small shop whose raters also say what is usable: several raters, repeats, a fit split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from qfloor.records import Offer, Output, Prompt, Rating, Status, digest_of
from qfloor.store import Store
from qfloor.suite.loading import split_of

ROUND = "2026-11"
MEANS = {"shop/best": 8.6, "shop/good": 7.9, "shop/poor": 5.5}
N, RATERS = 720, 60  # a fit split of 160 prompts: raters in the variance cost many ratings


def build(
    folder: Path,
    means: Mapping[str, float] = MEANS,
    *,
    n: int = N,
    repeats: int = 1,
    raters: int = RATERS,
    usable_from: float = 6.5,
    flagged: float = 1.0,
    seed: int = 5,
) -> Store:
    """Offers on ``n`` prompts, two of the raters each; usable is a value from ``usable_from`` on.

    One flag in fifty is the other way round; ``flagged`` is the share of ratings that say it.
    """
    rng = np.random.default_rng(seed)
    opened = Store.open(folder, create=True)
    prompts = [_prompt(i) for i in range(n)]
    opened.save_prompts(prompts)
    opened.save_offers([Offer(id=o, model=o[5:], provider="shop", modality="image") for o in means])
    ease, severity = rng.normal(0, 0.5, n), rng.normal(0, 0.3, raters)
    for offer, mean in means.items():
        for repeat in range(repeats):
            outputs = [_output(offer, p, repeat) for p in prompts]
            opened.save_outputs(outputs)
            latent = mean + ease + rng.normal(0, 0.6, n)
            opened.save_ratings(
                list(_ratings(rng, outputs, latent, severity, usable_from, flagged))
            )
    return opened


def _prompt(i: int) -> Prompt:
    return Prompt(
        id=f"p{i}", text=f"request {i}", category="general", family=f"f{i}",
        split=split_of(f"f{i}"),
    )  # fmt: skip


def _output(offer: str, prompt: Prompt, repeat: int) -> Output:
    name = f"{offer}-{prompt.id}-{repeat}"
    return Output(
        id=name, prompt_id=prompt.id, prompt_digest=prompt.digest, offer_id=offer, repeat=repeat,
        round=ROUND, status=Status.MADE, reason="ok", media_sha256=digest_of(name, 64), at="t",
    )  # fmt: skip


def _ratings(
    rng: np.random.Generator,
    outputs: list[Output],
    latent: np.ndarray,
    severity: np.ndarray,
    usable_from: float,
    flagged: float,
) -> Iterator[Rating]:
    for i, output in enumerate(outputs):
        for k in (i % severity.size, (i + 3) % severity.size):
            value = float(np.clip(np.round(latent[i] + severity[k] + rng.normal(0, 0.3), 1), 0, 10))
            usable = (value >= usable_from) != (rng.random() < 0.02)
            yield Rating(
                id=f"{output.id}-{k}", output_id=output.id, rater=f"r{k}", criterion="overall",
                value=value, lo=0, hi=10,
                usable=bool(usable) if rng.random() < flagged else None,
            )  # fmt: skip
