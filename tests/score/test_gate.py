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


def fill(store: Store, count: int, damaged: Sequence[int] = (), round: str = "2026-11") -> None:
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
                id=f"o{n:03}{round[7:]}", prompt_id=prompt.id, prompt_digest=prompt.digest,
                offer_id=f"folder/{n // 50}", repeat=0, round=round, status=Status.MADE,
                reason="ok", media_sha256=store.put_media(content, "image/png"),
                media_type="image/png",
            )
        )  # fmt: skip
    store.save_prompts(prompts)
    store.save_outputs(outputs)


def run(store: Store, *scorers: Any, only: str = "", round: str | None = "2026-11") -> ScoreSummary:
    outputs = [o for o in store.outputs_of(round=round) if o.id >= only]
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
        mean_cosine=1.0, spearman=1.0, largest_difference=0.0, round="2026-11",
    )  # fmt: skip
    store.save_parity(passed)
    assert run(store, ClipScorer(backbone=Coarse())).parities == (passed,)
    store.save_parity(dataclasses.replace(passed, least_cosine=0.9))
    with pytest.raises(ScoringError, match=r"least cosine 0\.90000"):
        run(store, ClipScorer(backbone=Coarse()))


def test_every_round_is_checked_on_its_own_pictures(store: Store) -> None:
    """What held for one month's pictures says nothing of the next month's."""
    fill(store, 12)
    fill(store, 12, round="2026-12b")
    (first,) = run(store, ClipScorer(backbone=Coarse())).parities
    assert first.round == "2026-11"
    with pytest.raises(ScoringError, match="does not agree with float32"):
        run(store, ClipScorer(backbone=Coarse(wrong=0.3)), round="2026-12b")
    assert [p.round for p in store.parities()] == ["2026-11"]
    both = run(store, ClipScorer(backbone=Coarse()), round=None).parities
    assert [p.round for p in both] == ["2026-11", "2026-12b"]
    assert run(store, ClipScorer(backbone=Coarse()), round=None).parities == both


def test_a_check_of_no_known_round_vouches_for_none(store: Store) -> None:
    fill(store, 20)
    (found,) = run(store, ClipScorer(backbone=Coarse()), only="o010").parities
    store._write("DELETE FROM parities")
    store.save_parity(dataclasses.replace(found, round=""))
    again = Coarse()
    run(store, ClipScorer(backbone=again))
    assert len(again.pictures) > 10, "the old check was believed"


class Reading(FunctionScorer):
    """Reads one number off a vector: the first component."""

    def read_off(self, images: Embedding) -> dict[str, list[float]]:
        return {self.metrics[0].key: [float(v) for v in images[:, 0]]}


class Nearly(CountingBackbone):
    """All vectors nearly one direction; the order of the first component is all that differs."""

    def __init__(self, turned: bool) -> None:
        super().__init__("nearly" if turned else "exact")
        self.precision = "int8" if turned else "fp32"
        self._turned = turned

    def embed_images(self, pictures: Sequence[Pixels]) -> Embedding:
        level = np.array([float(p.mean()) for p in pictures])
        small = 1e-4 * (100 - level if self._turned else level)
        vectors = np.stack([small, level / 100, np.ones_like(level), level * 0], axis=1)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def embed_texts(self, texts: Sequence[str]) -> Embedding:
        return np.tile(np.array([0, 1, 0, 0], np.float32), (len(texts), 1))

    def reference(self) -> CountingBackbone:
        return Nearly(turned=False)


def test_numbers_read_off_the_vectors_must_rank_alike_too(store: Store) -> None:
    """An aesthetic head looks in a direction of its own, which no prompt's cosine shows."""
    fill(store, 20)
    backbone = Nearly(turned=True)
    first = run(store, ClipScorer(backbone=backbone)).parities[0]
    assert (first.spearman, first.least_cosine > 0.9999) == (1.0, True)
    head = Reading(lambda item: 1.0, name="fake.head", backbone=backbone)
    with pytest.raises(ScoringError, match=r"least Spearman of the scores -"):
        run(store, head)
    assert list(store.scores_of(metric=head.metrics[0].key)) == []


def test_a_head_that_is_new_to_a_checked_backbone_is_checked_once(store: Store) -> None:
    fill(store, 20)
    backbone = Coarse()
    run(store, ClipScorer(backbone=backbone))
    head = Reading(lambda item: 1.0, name="fake.head", backbone=backbone)
    (found,) = run(store, head).parities
    assert found.ranks == {head.metrics[0].key: 1.0}
    seen = len(backbone.pictures)
    fill(store, 21)
    assert run(store, head, ClipScorer(backbone=backbone)).parities == (found,)
    assert len(backbone.pictures) == seen + 1, "checked again"
