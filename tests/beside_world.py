"""A small shop whose truth is known: offers, outputs, scores of three metrics, and some ratings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy import special

from qfloor.records import Metric, Offer, Output, Prompt, Rating, Score, ScoreStatus, Status
from qfloor.store import Store
from qfloor.suite.loading import split_of

ROUND = "2026-11"
FAIL_AT_6 = {"shop/a": 0.10, "shop/b": 0.205, "shop/c": 0.45}
N, LABELLED = 700, 220
GOOD = Metric(name="judge.good", unit="1", lo=None, hi=None, definition={"of": "latent"})
NOISE = Metric(name="judge.noise", unit="1", lo=None, hi=None, definition={"of": "nothing"})
LESS = Metric(
    name="judge.less", unit="1", lo=None, hi=None, direction="lower", definition={"of": "-latent"}
)


def build(
    folder: Path,
    fails: Mapping[str, float] = FAIL_AT_6,
    *,
    labelled: int = LABELLED,
    split: bool = False,
    unrated: frozenset[str] = frozenset(),
) -> Store:
    """Offers on 700 prompts, all scored; some prompts rated, chosen at random.

    ``fails`` is each offer's P(rating < 6) among what it makes; ``unrated`` offers get no rating.
    """
    rng = np.random.default_rng(11)
    opened = Store.open(folder, create=True)
    prompts = [
        Prompt(
            id=f"p{i}",
            text=f"request {i}",
            category="general",
            family=f"f{i}",
            split=split_of(f"f{i}") if split else "certify",
        )
        for i in range(N)
    ]
    opened.save_prompts(prompts)
    opened.save_metrics([GOOD, NOISE, LESS])
    opened.save_offers([Offer(id=o, model=o[5:], provider="shop", modality="image") for o in fails])
    rated = set(rng.permutation(N)[:labelled])
    for offer, fail in fails.items():
        latent = rng.standard_normal(N)
        outputs = [_output(offer, p, i) for i, p in enumerate(prompts)]
        opened.save_outputs(outputs)
        made = [i for i, o in enumerate(outputs) if o.status is Status.MADE]
        good = 0.9 * latent + np.sqrt(1 - 0.81) * rng.standard_normal(N)
        for metric, values in ((GOOD, good), (NOISE, rng.standard_normal(N)), (LESS, -good)):
            opened.save_scores(
                Score(output_id=outputs[i].id, metric=metric.key, status=ScoreStatus.SCORED,
                      value=float(values[i]))
                for i in made
            )  # fmt: skip
        human = np.clip(np.round(6.0 + 1.3 * (latent - special.ndtri(fail)), 1), 0, 10)
        opened.save_ratings(
            Rating(id=f"{offer}-{i}", output_id=outputs[i].id, rater="panel", criterion="overall",
                   value=float(human[i]), lo=0, hi=10)
            for i in made
            if i in rated and offer not in unrated
        )  # fmt: skip
    return opened


def _output(offer: str, prompt: Prompt, i: int) -> Output:
    refused = offer == "shop/c" and i % 40 == 0
    return Output(
        id=f"{offer}-{i}",
        prompt_id=prompt.id,
        prompt_digest=prompt.digest,
        offer_id=offer,
        repeat=0,
        round=ROUND,
        status=Status.REFUSED if refused else Status.MADE,
        reason="input" if refused else "ok",
        media_sha256=None if refused else f"{i:064d}",
        at="t",
    )
