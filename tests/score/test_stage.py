from __future__ import annotations

import dataclasses
import io
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scoring_fakes import CountingBackbone, FunctionScorer, noise_picture

from qfloor.errors import PluginError, ScoringError
from qfloor.records import Output, Prompt, Score, ScoreStatus, Status
from qfloor.score import ScoreSummary, score_outputs
from qfloor.score.batches import batches_of
from qfloor.score.inputs import Decoded, InputComputer
from qfloor.score.scoring import Work
from qfloor.score.stage import missing_work
from qfloor.scorers.clip import ClipScorer
from qfloor.scorers.clip.chosen import Prefixed
from qfloor.scorers.protocol import EMBEDDED_FRAMES, Item, Row
from qfloor.scorers.technical import TechnicalScorer
from qfloor.scorers.video import TemporalScorer
from qfloor.store import Store

BOTH = ("image_embedding:fake", "text_embedding:fake")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "work", create=True) as opened:
        yield opened


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(noise_picture(seed)).save(stream, "PNG")
    return stream.getvalue()


def webm(frames: int) -> bytes:
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format="webm") as container:
        track = container.add_stream("libvpx-vp9", rate=8)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for i in range(frames):
            picture = np.full((48, 64, 3), 90, np.uint8)
            picture[10:30, i * 2 : i * 2 + 20] = (220, 60, 40)
            for packet in track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in track.encode():
            container.mux(packet)
    return stream.getvalue()


def add(
    store: Store,
    content: bytes | None,
    n: int,
    status: Status = Status.MADE,
    media_type: str = "image/png",
    **prompt: Any,
) -> Output:
    request = Prompt(id=f"p{n}", text=f"a red ball {n % 3}", category="landscape", **prompt)
    output = Output(
        id=f"o{n:03}",
        prompt_id=request.id,
        prompt_digest=request.digest,
        offer_id="folder/test",
        repeat=0,
        round="2026-11",
        status=status,
        reason="ok" if status is Status.MADE else "refused_input",
        media_sha256=None if content is None else store.put_media(content, media_type),
        media_type=None if content is None else media_type,
    )
    store.save_prompts([request])
    store.save_outputs([output])
    return output


def run(store: Store, *scorers: Any, **options: Any) -> ScoreSummary:
    outputs = store.outputs_of(round="2026-11")
    return score_outputs(store, outputs, store.prompts_by_digest(), scorers, **options)


def rows(store: Store, metric: str) -> dict[str, Score]:
    return {score.output_id: score for score in store.scores_of(metric=metric)}


def mean(item: Item) -> float:
    pixels = item.inputs["pixels"]
    assert isinstance(pixels, np.ndarray)
    return float(pixels.mean())


def test_scores_are_those_of_the_media(store: Store) -> None:
    for n in range(5):
        add(store, png(n), n)
    scorer = FunctionScorer(mean)
    seen: list[tuple[int, int]] = []
    summary = run(store, scorer, batch_size=2, progress=lambda done, all: seen.append((done, all)))
    found = rows(store, scorer.metrics[0].key)
    assert [s.value for s in found.values()] == [noise_picture(n).mean() for n in range(5)]
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert summary.rows == {scorer.metrics[0].key: {"scored": 5}}
    assert (summary.n_outputs, summary.n_made, summary.n_scored_now) == (5, 5, 5)
    assert sorted(scorer.batches) == [["o000", "o001"], ["o002", "o003"], ["o004"]]


def test_only_made_outputs_are_scored(store: Store) -> None:
    add(store, png(0), 0)
    add(store, None, 1, status=Status.REFUSED)
    summary = run(store, FunctionScorer(mean))
    assert (summary.n_outputs, summary.n_made, summary.n_scored_now) == (2, 1, 1)


def test_each_picture_and_text_is_embedded_exactly_once(store: Store) -> None:
    for n in range(7):
        add(store, png(n), n)
    backbone = CountingBackbone()
    clip = ClipScorer(backbone=backbone)
    head = FunctionScorer(
        lambda item: float(np.sum(item.inputs[BOTH[0]])),  # type: ignore[arg-type]
        name="fake.head",
        inputs=BOTH[:1],
        backbone=CountingBackbone(),
    )
    run(store, clip, head, batch_size=3)
    assert len(backbone.pictures) == 7
    assert sorted(backbone.texts) == ["a red ball 0", "a red ball 1", "a red ball 2"]
    assert head.backbones[0].pictures == []  # type: ignore[attr-defined]


def test_numbers_do_not_depend_on_the_batch_size(tmp_path: Path) -> None:
    results = []
    for size in (1, 4, 100):
        with Store.open(tmp_path / str(size), create=True) as store:
            for n in range(6):
                add(store, png(n), n)
            run(store, TechnicalScorer(), ClipScorer(backbone=CountingBackbone()), batch_size=size)
            results.append(list(store.scores_of(round="2026-11")))
    assert results[0] == results[1] == results[2]
    # the technical ones and clip.cos; stills have no worst frame
    assert len(results[0]) == 6 * (len(TechnicalScorer().metrics) + 1)


def test_a_second_run_does_nothing_and_a_new_identity_everything(store: Store) -> None:
    for n in range(3):
        add(store, png(n), n)
    first = FunctionScorer(mean)
    run(store, first)
    again = FunctionScorer(mean)
    assert run(store, again).n_already == 3
    assert again.batches == []
    changed = FunctionScorer(mean, definition={"version": 2})
    assert run(store, changed).n_scored_now == 3
    assert len(rows(store, first.metrics[0].key)) == 3
    assert len(rows(store, changed.metrics[0].key)) == 3


def test_a_killed_run_goes_on_where_it_was(store: Store) -> None:
    for n in range(6):
        add(store, png(n), n)
    killed = FunctionScorer(lambda item: mean(item) if item.output_id < "o004" else _interrupt())
    with pytest.raises(KeyboardInterrupt):
        run(store, killed, batch_size=2)
    scorer = FunctionScorer(mean)
    summary = run(store, scorer, batch_size=2)
    assert (summary.n_already, scorer.batches) == (4, [["o004", "o005"]])


def _interrupt() -> float:
    raise KeyboardInterrupt


def test_only_the_scorer_that_is_missing_is_called(store: Store) -> None:
    add(store, png(0), 0)
    old = FunctionScorer(mean)
    run(store, old)
    new = FunctionScorer(mean, name="fake.new")
    run(store, FunctionScorer(mean), new)
    assert (old.batches, new.batches) == ([["o000"]], [["o000"]])


@pytest.mark.parametrize("content", [b"", b"no picture", png(1)[:200]])
def test_an_undecodable_file_is_a_failed_row_and_the_run_goes_on(
    store: Store, content: bytes
) -> None:
    add(store, png(0), 0)
    add(store, content, 1)
    add(store, png(2), 2)
    scorer = FunctionScorer(mean)
    summary = run(store, scorer, TechnicalScorer())
    found = rows(store, scorer.metrics[0].key)
    statuses = [s.status for s in found.values()]
    assert statuses == [ScoreStatus.SCORED, ScoreStatus.FAILED, ScoreStatus.SCORED]
    assert (found["o001"].reason or "").startswith("MediaError: ")
    assert summary.n_failed_rows == len(TechnicalScorer().metrics) + 1
    assert {failure[0] for failure in summary.failures} == {"o001"}


def test_media_that_went_missing_is_a_failed_row(store: Store) -> None:
    output = add(store, png(0), 0)
    assert output.media_sha256 is not None
    store.media_path(output.media_sha256).unlink()
    scorer = FunctionScorer(mean)
    run(store, scorer)
    assert "no media" in (rows(store, scorer.metrics[0].key)["o000"].reason or "")


def test_a_scorer_that_raises_on_one_output_fails_that_row_only(store: Store) -> None:
    for n in range(4):
        add(store, png(n), n)

    def fragile(item: Item) -> float:
        if item.output_id == "o002":
            raise ZeroDivisionError("nothing to divide by")
        return 1.0

    scorer, other = FunctionScorer(fragile), FunctionScorer(mean, name="fake.mean")
    run(store, scorer, other)
    found = rows(store, scorer.metrics[0].key)
    assert [s.value for s in found.values()] == [1.0, 1.0, None, 1.0]
    assert found["o002"].reason == "ZeroDivisionError: nothing to divide by"
    assert all(s.value is not None for s in rows(store, other.metrics[0].key).values())


def test_failed_rows_stay_unless_they_are_asked_for_again(store: Store) -> None:
    add(store, png(0), 0)
    broken = FunctionScorer(lambda item: 1 / 0)
    run(store, broken)
    assert run(store, FunctionScorer(mean)).n_scored_now == 0
    assert run(store, FunctionScorer(mean), retry_failed=True).n_scored_now == 1
    (score,) = rows(store, broken.metrics[0].key).values()
    assert score.status is ScoreStatus.SCORED


def test_an_impossible_value_is_a_failed_row_and_the_rest_goes_on(store: Store) -> None:
    for n in range(3):
        add(store, png(n), n)
    scorer = FunctionScorer(lambda item: float("nan") if item.output_id == "o001" else 0.5)
    summary = run(store, scorer)
    found = rows(store, scorer.metrics[0].key)
    assert [found[f"o00{n}"].status.value for n in range(3)] == ["scored", "failed", "scored"]
    assert found["o001"].reason == "scorer FunctionScorer returned fake.number as NaN or infinite"
    assert found["o001"].value is None
    assert summary.n_failed_rows == 1


def test_rows_that_cannot_be_told_apart_stop_the_run(store: Store) -> None:
    add(store, png(0), 0)
    undeclared = FunctionScorer(
        lambda item: Row(metric="other", status=ScoreStatus.SCORED, value=1.0)
    )
    with pytest.raises(ScoringError, match=r"declares fake\.number and returned rows of other"):
        run(store, undeclared)
    assert rows(store, undeclared.metrics[0].key) == {}


def test_a_missing_package_stops_the_run(store: Store) -> None:
    add(store, png(0), 0)

    def missing(item: Item) -> float:
        raise PluginError("rapidocr is not installed")

    with pytest.raises(PluginError, match="rapidocr"):
        run(store, FunctionScorer(missing))


class UnprintableError(Exception):
    def __str__(self) -> str:
        return "no file /x/\udcff.png"


def _raises(error: BaseException) -> Any:
    raise error


def _row(**fields: Any) -> Row:
    return Row(**{"metric": "fake.number", "status": ScoreStatus.SCORED, "value": 0.5} | fields)


BAD: dict[str, tuple[Any, str]] = {
    "text": (lambda: _row(value="0.5"), "as '0.5', which is no number"),
    "complex": (lambda: _row(value=1j), "as 1j, which is no number"),
    "complex numpy": (lambda: _row(value=np.complex64(1)), "which is no number"),
    "list": (lambda: _row(value=[0.5]), r"as \[0.5\], which is no number"),
    "status": (lambda: _row(status="scored"), "with status 'scored', which is no ScoreStatus"),
    "reason": (lambda: _row(status=ScoreStatus.FAILED, value=None, reason=3), "with int as its"),
    "series": (lambda: _row(series=3), "with int as its series"),
    "in series": (lambda: _row(series=("a",)), "as 'a', which is no number"),
    "surrogate": (
        lambda: _row(status=ScoreStatus.FAILED, value=None, reason="\ud800x"),
        r"^\\ud800x$",
    ),
    "surrogate raised": (
        lambda: _raises(UnprintableError()),
        r"^UnprintableError: no file /x/\\udcff.png$",
    ),
    "no row": (lambda: None, "returned None instead of one item's rows"),
    "no number": (lambda: (), r"declares fake\.number and returned rows of none"),
    "undeclared": (lambda: _row(metric="other"), "returned rows of other"),
    "scoring": (lambda: _raises(ScoringError("mixed up")), "^ScoringError: mixed up$"),
    "plugin": (lambda: _raises(PluginError("no such font")), "^PluginError: no such font$"),
    "exit": (lambda: _raises(SystemExit(3)), "^SystemExit: 3$"),
    "memory": (lambda: _raises(MemoryError()), "^MemoryError$"),
}


class AnyRows(FunctionScorer):
    """Gives back what the function does, rows or not."""

    def score(self, batch: Any) -> Any:
        return [found if isinstance(found := self._function(item), tuple | None)
                else (found,) for item in batch]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("where", [0, 3, 9])
def test_whatever_a_scorer_does_on_one_output_costs_that_row_only(
    store: Store, bad: str, where: int
) -> None:
    """First, inside and last: also where nothing is known yet of whether the scorer works."""
    for n in range(10):
        add(store, png(n), n)
    what, reason = BAD[bad]
    scorer = AnyRows(lambda item: what() if item.output_id == f"o{where:03}" else _row())
    summary = run(store, scorer, batch_size=3)
    found = rows(store, scorer.metrics[0].key)
    failed = found.pop(f"o{where:03}")
    assert failed.status is ScoreStatus.FAILED
    assert re.search(reason, failed.reason or ""), failed.reason
    assert [s.value for s in found.values()] == [0.5] * 9
    assert summary.n_failed_rows == 1
    assert run(store, scorer).n_scored_now == 0


@pytest.mark.parametrize("outputs", [1, 2, 10])
@pytest.mark.parametrize("bad", ["scoring", "plugin", "no row"])
def test_what_a_scorer_does_on_every_output_stops_the_run(
    store: Store, outputs: int, bad: str
) -> None:
    for n in range(outputs):
        add(store, png(n), n)
    scorer = AnyRows(lambda item: BAD[bad][0]())
    with pytest.raises((ScoringError, PluginError), match=r"mixed up|no such font|instead of one"):
        run(store, scorer, batch_size=2)
    assert rows(store, scorer.metrics[0].key) == {}


def test_ctrl_c_in_a_scorer_stops_the_run(store: Store) -> None:
    for n in range(4):
        add(store, png(n), n)
    scorer = AnyRows(
        lambda item: _raises(KeyboardInterrupt()) if item.output_id[-1] == "2" else _row()
    )
    with pytest.raises(KeyboardInterrupt):
        run(store, scorer)


def test_applies_and_modalities_are_honoured(store: Store) -> None:
    add(store, png(0), 0)
    nothing = FunctionScorer(mean, name="fake.never", applies=False)
    clips = FunctionScorer(mean, name="fake.clips", modalities=("video",))
    summary = run(store, nothing, clips)
    assert (summary.n_scored_now, summary.rows) == (0, {})


def test_mixed_identities_and_doubled_metrics_are_refused(store: Store) -> None:
    painters = FunctionScorer(mean, name="clip.cos", definition={"world": "painters"})
    real = FunctionScorer(mean, name="clip.cos", definition={"world": "open"})
    with pytest.raises(ScoringError, match="knows only the built-in painters"):
        run(store, painters, real)
    with pytest.raises(ScoringError, match=r"two scorers compute clip\.cos"):
        run(store, real, FunctionScorer(mean, name="clip.cos", definition={"world": "open"}))


def test_unknown_engine_bad_size_and_missing_prompt(store: Store) -> None:
    output = add(store, png(0), 0)
    with pytest.raises(ScoringError, match="no scoring engine 'spark'; known: local"):
        run(store, FunctionScorer(mean), engine="spark")
    with pytest.raises(ScoringError, match="batch_size must be at least 1"):
        run(store, FunctionScorer(mean), batch_size=0)
    with pytest.raises(ScoringError, match="is of prompt p0"):
        missing_work(store, [output], {}, [FunctionScorer(mean)])


def test_clips_are_scored_with_series(store: Store) -> None:
    add(store, webm(10), 0, media_type="video/webm", modality="video")
    add(store, png(1), 1)
    backbone = CountingBackbone()
    clip, temporal = ClipScorer(backbone=backbone), TemporalScorer(backbone=backbone)
    summary = run(store, clip, temporal, TechnicalScorer())
    by_name = {m.name: rows(store, m.key) for m in summary.metrics}
    assert len(by_name["clip.cos"]["o000"].series or ()) == EMBEDDED_FRAMES
    assert set(by_name["clip.cos_worst_frames"]) == {"o000"}
    assert set(by_name["temporal.flickering"]) == {"o000"}
    assert by_name["temporal.moving"]["o000"].value == 1
    assert set(by_name["technical.noise"]) == {"o000", "o001"}
    assert len(backbone.pictures) == EMBEDDED_FRAMES + 1


def test_a_truncated_clip_is_a_failed_row(store: Store) -> None:
    add(store, webm(10)[:60], 0, media_type="video/webm", modality="video")
    temporal = TemporalScorer(backbone=CountingBackbone())
    assert run(store, temporal).n_failed_rows == 5


def test_truncated_prompts_are_counted(store: Store) -> None:
    add(store, png(0), 0)
    backbone = CountingBackbone()  # reads 5 tokens; "a red ball 0" has 6
    summary = run(store, ClipScorer(backbone=backbone))
    assert (summary.reasons, summary.prompts) == ({"truncated": 1}, {"truncated": 1})


def test_a_cut_prompt_is_counted_once_however_many_outputs_it_has(store: Store) -> None:
    add(store, png(0), 0)
    first = next(store.outputs_of(round="2026-11"))
    store.save_outputs(dataclasses.replace(first, id=f"again{n}", repeat=n) for n in (1, 2))
    summary = run(store, ClipScorer(backbone=CountingBackbone()))
    assert (summary.reasons, summary.prompts) == ({"truncated": 3}, {"truncated": 1})


def test_a_reason_is_cut_where_its_sentence_begins(store: Store) -> None:
    """``image_embedding:fake: ...`` is not ``image_embedding``."""
    add(store, png(0), 0)
    backbone = CountingBackbone(fails_on=lambda asked: True)
    summary = run(store, ClipScorer(backbone=backbone))
    assert summary.reasons == {"image_embedding:fake": 1}


def test_batches_weigh_clips_by_frames(store: Store) -> None:
    outputs = [add(store, png(n), n) for n in range(5)]
    long = [dataclasses.replace(output, frames=9) for output in outputs[:2]]
    work = missing_work(
        store, [*long, *outputs[2:]], store.prompts_by_digest(), [FunctionScorer(mean)]
    )
    assert [len(batch) for batch in batches_of(work, 4)] == [1, 1, 3]
    assert list(batches_of([], 4)) == []


class Touchy(CountingBackbone):
    """A backbone that bears one call at a time, and remembers when it got two."""

    def __init__(self) -> None:
        super().__init__("touchy")
        self.calls = 0
        self.most = 0

    def _busy(self) -> None:
        self.calls += 1
        self.most = max(self.most, self.calls)
        time.sleep(0.02)
        self.calls -= 1

    def embed_images(self, pictures: Any) -> Any:
        self._busy()
        return super().embed_images(pictures)

    def embed_texts(self, texts: Any) -> Any:
        self._busy()
        return super().embed_texts(texts)


def test_a_backbone_that_bears_one_call_gets_one_whatever_it_embeds() -> None:
    backbone = Touchy()
    reading = Prefixed(backbone, "a photo of ")
    image, text = "image_embedding:touchy", f"text_embedding:{reading.name}"
    scorer = FunctionScorer(mean, inputs=(image, text, "text_embedding:touchy"))
    scorer.backbones = (backbone, reading)
    computer = InputComputer([scorer])
    still = Decoded(frames=(noise_picture(0),), fps=None)

    def compute(n: int) -> None:
        computer.compute([still], [f"text {n}"], [set(scorer.inputs)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(compute, range(12)))
    assert backbone.most == 1


def test_batches_of_large_pictures_are_smaller() -> None:
    def sized(n: int, side: int | None) -> Work:
        output = Output(
            id=f"o{n}", prompt_id="p", prompt_digest="d", offer_id="a/b", repeat=n,
            round="2026-11", status=Status.MADE, reason="ok", width=side, height=side,
        )  # fmt: skip
        prompt = Prompt(id="p", text="a red ball", category="landscape")
        return Work(output=output, prompt=prompt, scorers=(0,))

    large = [sized(n, 4096) for n in range(9)]
    assert [len(batch) for batch in batches_of(large, 64)] == [4, 4, 1]
    assert [len(b) for b in batches_of([sized(0, 20000), sized(1, 20000)], 64)] == [1, 1]
    assert [len(b) for b in batches_of([sized(n, None) for n in range(9)], 8)] == [8, 1]
