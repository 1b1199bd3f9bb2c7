"""What is refused before anything is bought: offers that simulated raters cannot rate."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qfloor import benchmark as benchmarks
from qfloor import pipeline, suite
from qfloor.benchmark import Benchmark
from qfloor.cli import main
from qfloor.errors import BenchmarkError, ManifestError
from qfloor.pipeline.months.monthly import MonthOptions, run_month
from qfloor.pipeline.served import _make
from qfloor.records import Status
from qfloor.store import Store

FILE = """
[benchmark]
name = "mixed"
suites = ["{folder}/few.toml"]
offers = ["painters/umber", "studio/one"]
offer_files = ["own.toml"]
round = "2026-12"
budget_usd = "5"

[raters]
share = 1.0
raters = 4

[[thresholds]]
tier = "standard"
value = 5.0
"""
OWN = """
provider = "studio"
generator = "folder"
generator_args = {{ manifest = "{folder}/manifest.csv" }}

[sources]
ours = "declared by us"

[[offers]]
id = "one"
model = "one"
modality = "image"
price = [{{ unit = "image", amount = "0.02" }}]
source = "ours"
as_of = "2026-11-01"
"""
IDS = [f"painters-portrait-{n:03d}" for n in range(1, 5)]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A painter beside a folder whose manifest has three of four prompts; simulated raters."""
    (tmp_path / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {IDS}\n'
    )
    (tmp_path / "own.toml").write_text(OWN.format(folder=tmp_path))
    (tmp_path / "mixed.toml").write_text(FILE.format(folder=tmp_path))
    texts = {p.id: p.text for p in suite.load("painters").prompts}
    with open(tmp_path / "manifest.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["prompt_id", "prompt", "offer", "category", "file"])
        for n, name in enumerate(IDS[:3]):
            (tmp_path / f"{n}.png").write_bytes(b"no picture, and nobody looks")
            rows.writerow([name, texts[name], "studio/one", "portrait", f"{n}.png"])
    return tmp_path / "mixed.toml"


def _month(benchmark: Benchmark, workspace: Path) -> None:
    run_month(benchmark, workspace, MonthOptions(results=workspace / "results"))


def _called(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr(sys, "argv", ["qfloor", *args])
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)


def _generate(benchmark: Benchmark, workspace: Path) -> None:
    with Store.open(workspace, create=True) as store:
        pipeline.generate_round(store, benchmark, pipeline.prompts_of(benchmark))


@pytest.mark.parametrize("bought_by", [pipeline.run, pipeline.run_adaptive, _month, _generate])
def test_what_simulated_raters_cannot_rate_is_refused_before_anything_is_bought(
    mixed: Path, bought_by: Callable[[Benchmark, Path], object]
) -> None:
    benchmark, workspace = benchmarks.load(mixed), mixed.parent / "ws"
    with pytest.raises(BenchmarkError, match=r"rate painters only, and studio/one is none; take"):
        bought_by(benchmark, workspace)
    with Store.open(workspace) as store:
        assert not list(store.attempts_of(round="2026-12"))
        assert store.frozen_plan("mixed", "2026-12") is None


def test_of_a_policy_only_what_it_chose_has_to_be_ratable(mixed: Path) -> None:
    benchmark = benchmarks.load(mixed)
    prompts = pipeline.prompts_of(benchmark)[:1]

    class Chosen:
        def __init__(self, offer: str) -> None:
            self.offer = offer

    with Store.open(mixed.parent / "ws", create=True) as store:
        place = (prompts[0].digest, "standard")
        with pytest.raises(BenchmarkError, match="studio/one is none"):
            _make(store, benchmark, prompts, {place: Chosen("studio/one")}, None)  # type: ignore[dict-item]
        assert not list(store.outputs_of())
        _make(store, benchmark, prompts, {place: Chosen("painters/umber")}, None)  # type: ignore[dict-item]
        assert {o.offer_id for o in store.outputs_of()} == {"painters/umber"}


def test_what_an_earlier_run_made_of_it_is_refused_too(mixed: Path) -> None:
    whole = mixed.read_text()
    mixed.write_text(whole.replace("[raters]\nshare = 1.0\nraters = 4\n", ""))
    workspace = mixed.parent / "ws"
    from PIL import Image

    for n in range(3):
        Image.effect_noise((64, 64), 50).convert("RGB").save(mixed.parent / f"{n}.png")
    _generate(benchmarks.load(mixed), workspace)
    mixed.write_text(whole)
    with Store.open(workspace) as store:
        made = list(store.outputs_of(offers=["studio/one"], status=Status.MADE))
        assert len(made) == 3
        benchmark = benchmarks.load(mixed)
        with pytest.raises(BenchmarkError, match="studio/one is none"):
            pipeline.refuse_unratable(store, benchmark, pipeline.prompts_of(benchmark))


def test_a_plan_counts_the_rows_there_are_and_tells_of_raters(
    mixed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mixed.parent)
    assert _called(monkeypatch, "plan", "mixed.toml") == 1
    out, err = capsys.readouterr()
    assert [line.split()[:2] for line in out.splitlines() if "studio/one" in line] == [
        ["studio/one", "3"]
    ]
    assert "not asked of studio/one: the manifest has no such row" in err
    assert err.splitlines()[-1].startswith("qfloor: benchmark mixed has [raters], simulated")
    assert _called(monkeypatch, "plan", "mixed.toml", "--freeze") == 1
    with Store.open(mixed.parent / ".qfloor") as store:
        assert store.frozen_plan("mixed", "2026-12") is None


def test_a_plan_without_its_manifest_says_where_it_should_be(mixed: Path) -> None:
    (mixed.parent / "manifest.csv").unlink()
    benchmark = benchmarks.load(mixed)
    with (
        Store.open(mixed.parent / "ws", create=True) as store,
        pytest.raises(ManifestError, match=r"/manifest.csv: no such file, and offer 'studio/one'"),
    ):
        pipeline.plan_round(store, benchmark, pipeline.prompts_of(benchmark))


def test_an_offer_without_its_key_is_no_hindrance_and_the_plan_names_the_key(
    mixed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(mixed.parent)
    monkeypatch.delenv("QFLOOR_KEYS", raising=False)
    monkeypatch.delenv("BFL_API_KEY", raising=False)
    mixed.write_text(mixed.read_text().replace("studio/one", "bfl/flux-dev"))
    assert _called(monkeypatch, "plan", "mixed.toml") == 0
    told = "bfl/flux-dev cannot be called here: there is no key BFL_API_KEY: set it in the"
    assert told in capsys.readouterr().err
    monkeypatch.setenv("BFL_API_KEY", "not-a-key-of-anybody")
    assert _called(monkeypatch, "plan", "mixed.toml") == 1
    err = capsys.readouterr().err
    assert "cannot be called here" not in err
    assert "bfl/flux-dev is none" in err
