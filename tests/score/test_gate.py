"""What is checked before a coarse precision is believed: on which pictures, and for whom."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scoring_fakes import CountingBackbone, FunctionScorer

from qfloor.errors import ScoringError
from qfloor.records import Output, Parity, Prompt, Status
from qfloor.score import ScoreSummary, score_outputs
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.clip.chosen import Prefixed
from qfloor.scorers.protocol import Embedding, Pixels
from qfloor.store import Store


class Coarse(CountingBackbone):
    """A backbone at a coarser precision, wrong by as much as it is told."""

    precision = "int8"

    def __init__(self, wrong: float = 0.0) -> None:
        super().__init__("coarse")
        self.wrong = wrong

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        found = super().embed_images(pictures)
        found[:, 0] += self.wrong
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def reference(self) -> CountingBackbone:
        return CountingBackbone("exact")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def fill(store: Store, count: int, damaged: Sequence[int] = ()) -> None:
    """Pictures of one grey level each: which were looked at can be read off them."""
    prompts, outputs = [], []
    for n in range(count):
        stream = io.BytesIO()
        Image.fromarray(np.full((8, 8, 3), n, np.uint8)).save(stream, "PNG")
        content = b"damaged" if n in damaged else stream.getvalue()
        prompt = Prompt(id=f"p{n}", text=f"a ball {'of wool ' * (n % 5)}", category="landscape")
        prompts.append(prompt)
        outputs.append(
            Output(
                id=f"o{n:03}", prompt_id=prompt.id, prompt_digest=prompt.digest,
                offer_id=f"folder/{n // 50}", repeat=0, round="2026-11", status=Status.MADE,
                reason="ok", media_sha256=store.put_media(content, "image/png"),
                media_type="image/png",
            )
        )  # fmt: skip
    store.save_prompts(prompts)
    store.save_outputs(outputs)


def run(store: Store, *scorers: Any, only: str = "") -> ScoreSummary:
    outputs = [o for o in store.outputs_of(round="2026-11") if o.id >= only]
    return score_outputs(store, outputs, store.prompts_by_digest(), scorers)


def test_a_precision_that_agrees_is_checked_once_and_told_every_time(store: Store) -> None:
    fill(store, 20)
    first = run(store, ClipScorer(backbone=Coarse()), only="o010")
    assert [(p.backbone, p.reference, p.pictures) for p in first.parities] == [
        ("coarse", "exact", 10)
    ]
    again = Coarse()
    assert run(store, ClipScorer(backbone=again)).parities == first.parities
    assert len(again.pictures) == 10, "pictures of the first run were embedded again"


def test_the_check_looks_at_all_offers_and_not_at_the_first_ones(store: Store) -> None:
    fill(store, 200, damaged=range(100, 110))
    backbone = Coarse()
    run(store, ClipScorer(backbone=backbone))
    looked_at = [int(picture[0, 0, 0]) for picture in backbone.pictures[:32]]
    assert len(set(looked_at)) == 32, "what could not be read was not made up for"
    assert {level // 50 for level in looked_at} == {0, 1, 2, 3}


@pytest.mark.parametrize("prefix", ["", "A photo depicts "])
def test_nothing_is_scored_by_a_precision_that_disagrees(store: Store, prefix: str) -> None:
    fill(store, 12)
    for _ in range(2):  # a refusal is not forgotten by the next run
        with pytest.raises(ScoringError, match="'int8' coarse does not agree with float32"):
            run(store, FunctionScorer(lambda item: 1.0), ClipScorer(
                backbone=Coarse(wrong=0.3), prefix=prefix))  # fmt: skip
    assert list(store.scores_of(round="2026-11")) == []
    assert list(store.parities()) == []


def test_a_backbone_inside_another_is_checked_too(store: Store) -> None:
    fill(store, 12)
    hidden = Prefixed(Coarse(wrong=0.3), "a drawing of ")
    with pytest.raises(ScoringError, match="does not agree with float32"):
        run(store, ClipScorer(backbone=hidden))


def test_a_backbone_that_nobody_needs_now_is_not_checked(store: Store) -> None:
    fill(store, 3)
    idle = FunctionScorer(
        lambda item: 1.0, name="fake.idle", backbone=Coarse(wrong=0.3), applies=False
    )
    summary = run(store, FunctionScorer(lambda item: 1.0), idle)
    assert (summary.n_scored_now, summary.parities) == (3, ())


def test_too_few_pictures_to_check_a_precision_on_is_said(store: Store) -> None:
    fill(store, 9, damaged=[0, 1])
    with pytest.raises(ScoringError, match="at least 8 pictures and there are 7"):
        run(store, ClipScorer(backbone=Coarse()))


def test_a_check_that_would_no_longer_do_does_not_vouch(store: Store) -> None:
    fill(store, 3)
    passed = Parity(
        backbone="coarse", reference="exact", pictures=32, texts=4, least_cosine=0.999,
        mean_cosine=1.0, spearman=1.0, largest_difference=0.0,
    )  # fmt: skip
    store.save_parity(passed)
    assert run(store, ClipScorer(backbone=Coarse())).parities == (passed,)
    store.save_parity(dataclasses.replace(passed, least_cosine=0.9))
    with pytest.raises(ScoringError, match=r"least cosine 0\.90000"):
        run(store, ClipScorer(backbone=Coarse()))
