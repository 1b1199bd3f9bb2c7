"""The pages on local pipelines and on Ray are executed, with what this machine has."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import pipelines

from pages.running import ROOT, blocks, execute
from qfloor import suite
from qfloor.store import Store

HOW_TO = ROOT / "docs" / "how-to"
pytestmark = pytest.mark.slow
Cli = Callable[..., tuple[int, str, str]]

BENCH = """
[benchmark]
name = "bench"
title = "A small run of painters, not AI models"
suites = ["few.toml"]
offers = ["painters/umber", "painters/ochre"]
round = "2026-11"
repeats = 1

[raters]
share = 1.0
raters = 6

[[scorers]]
name = "technical"

[[thresholds]]
tier = "standard"
value = 5.0
"""
LOCAL = """
[benchmark]
name = "local"
title = "Two tiny pipelines"
suites = ["few.toml"]
offers = ["studio/*"]
offer_files = ["studio.toml"]
round = "2026-11"
repeats = 1

[[thresholds]]
tier = "standard"
value = 5.0
"""


def needs(*modules: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        any(importlib.util.find_spec(module) is None for module in modules),
        reason=f"needs {', '.join(modules)}",
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a benchmark of twelve product photos."""
    found = [p.id for p in suite.load("painters").prompts if p.category == "product-photo"]
    (tmp_path / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {found[:12]}\n'
    )
    (tmp_path / "bench.toml").write_text(BENCH)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@needs("torch", "diffusers", "transformers", "peft")
def test_the_page_on_local_pipelines(folder: Path, call_qfloor: Cli) -> None:
    """Its offers are drawn, with a tiny pipeline and adapter in the place of its weights."""
    assert execute(HOW_TO / "local-pipelines.md", folder, swap={"pip install": "true"})
    (text,) = (b.text for b in blocks(HOW_TO / "local-pipelines.md") if b.language == "toml")
    small = {"1024x1024": "32x32", "steps = 30": "steps = 2, max_sequence_length = 48"}
    for word, other in small.items():
        assert word in text
        text = text.replace(word, other)
    (folder / "studio.toml").write_text(text)
    (folder / "local.toml").write_text(LOCAL)
    pipelines.flux(folder / "weights" / "sdxl")
    pipelines.flux_lora(folder / "weights" / "house-style")
    code, _, err = call_qfloor("generate", "local.toml")
    assert code == 0, err
    with Store.open(folder / ".qfloor") as store:
        made = list(store.outputs_of())
    assert len(made) == 24
    assert all(o.media_sha256 for o in made), {o.detail for o in made}
    assert len({o.model_version for o in made}) == 2


@needs("ray")
@pytest.mark.enable_socket
@pytest.mark.timeout(600)
def test_the_page_on_ray(folder: Path, call_qfloor: Cli) -> None:
    """A cluster of this machine stands for the one at 10.0.0.1, no GPU for a quarter of one."""
    places = [folder / name for name in ("alone", "actors", "gpus")]
    for place in places:
        code, _, err = call_qfloor("generate", "bench.toml", "-w", place)
        assert code == 0, err
    swap = {
        "pip install": "true",
        "score painters --engine ray  ": "score bench.toml -w alone --engine ray  ",
        "score painters --engine ray:actors": "score bench.toml -w actors --engine ray:actors",
        "score painters --engine ray:gpus=0.25": "score bench.toml -w gpus --engine ray:gpus=0",
        "RAY_ADDRESS=10.0.0.1:6379 qfloor run painters": "qfloor run bench.toml",
        "s3://bucket/qfloor": str(folder / "bucket"),
    }
    assert len(execute(HOW_TO / "ray.md", folder, swap=swap)) == 6
    assert len({scores_in(place) for place in [*places, folder / ".qfloor"]}) == 1
    assert any(path.is_file() for path in (folder / "bucket").rglob("*"))


def scores_in(place: Path) -> frozenset[tuple[str, str, float | None]]:
    with Store.open(place) as store:
        found = frozenset((s.output_id, s.metric, s.value) for s in store.scores_of())
    assert found
    return found
