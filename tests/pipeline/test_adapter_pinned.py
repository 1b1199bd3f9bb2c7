"""One's own fine-tuned model among others: benchmarked, certified, exported, pinned by policy.

A tiny Flux pipeline and an adapter for it, drawn for real; people are a table of ratings here,
as what random weights draw pleases nobody.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from fakes import pipelines

from qfloor import benchmark, pipeline, ratings, router
from qfloor.benchmark import Benchmark
from qfloor.records import Status
from qfloor.router.policy_file import load_policy
from qfloor.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(m) is None for m in ("torch", "diffusers", "transformers")),
        reason="needs the local extra: pip install 'qfloor[local]'",
    ),
]
PROMPTS = 60

OFFERS = """
provider = "studio"
generator = "diffusers"
generator_args = {{ device = "cpu" }}

[sources]
ours = "declared by us: power and depreciation"

[[offers]]
id = "tiny@base"
model = "{model}"
modality = "image"
settings = {{ size = "32x32", steps = 2, guidance = 0.0, max_sequence_length = 48 }}
price = [{{ unit = "image", amount = "0.001" }}]
source = "ours"
as_of = "2026-11-01"

[[offers]]
id = "tiny@house-style"
model = "{model}"
modality = "image"
settings = {{ size = "32x32", steps = 2, guidance = 0.0, max_sequence_length = 48, lora = {lora} }}
price = [{{ unit = "image", amount = "0.002" }}]
source = "ours"
as_of = "2026-11-01"
"""

BENCHMARK = """
[benchmark]
name = "own"
title = "Our own model and its adapter"
suites = ["{suite}"]
offers = ["studio/*"]
offer_files = ["{offers}"]
round = "2026-11"
repeats = 1
budget_usd = "5"

[quality]
criterion = "overall"
lo = 0
hi = 10
step = 0.1

[[thresholds]]
tier = "standard"
value = 4.0

[[thresholds]]
tier = "professional"
value = 6.0
"""

POLICY = """
[[overrides]]
project = "catalogue"
pattern = 'house[- ]style'
offer = "studio/tiny@house-style"
"""

TUNED, PLAIN = "studio/tiny@house-style", "studio/tiny@base"


@pytest.fixture
def own(tmp_path: Path) -> Benchmark:
    """Load the benchmark from files of its own."""
    model = pipelines.flux(tmp_path / "weights")
    lora = pipelines.flux_lora(tmp_path / "lora")
    (tmp_path / "offers.toml").write_text(OFFERS.format(model=model, lora=f'"{lora}"'))
    listed = "".join(
        f'[[prompts]]\nid = "p{i:02d}"\ncategory = "product-photo"\n'
        f'text = "a studio photo of product number {i} on marble"\n'
        for i in range(PROMPTS)
    )
    suite = '[suite]\nname = "own"\nversion = "1.0.0"\ntitle = "Ours"\nlicence = "CC0-1.0"\n'
    (tmp_path / "suite.toml").write_text(suite + listed)
    path = tmp_path / "own.toml"
    path.write_text(
        BENCHMARK.format(suite=tmp_path / "suite.toml", offers=tmp_path / "offers.toml")
    )
    return benchmark.load(path)


def rate(store: Store, folder: Path) -> None:
    """Six people: the adapter's pictures are fine, the plain model's are fit for drafts only."""
    lines = ["item_id,rater_id,score,scale_min,scale_max"]
    for output in store.outputs_of(round="2026-11"):
        assert output.status is Status.MADE, output
        for rater in range(6):
            score = (8.0 if output.offer_id == TUNED else 5.0) + 0.1 * rater
            lines.append(f"{output.id},r{rater},{score},0,10")
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
    ratings.import_ratings(store, folder / "ratings.csv", round="2026-11")


def test_an_adapter_is_certified_and_pinned(own: Benchmark, tmp_path: Path) -> None:
    workspace, prompts = tmp_path / "w", pipeline.prompts_of(own)
    with Store.open(workspace, create=True) as store:
        pipeline.generate_round(store, own, prompts)
        rate(store, tmp_path)
        versions = {o.offer_id: o.model_version or "" for o in store.outputs_of(round="2026-11")}
    assert "lora:" in versions[TUNED]
    assert "lora:" not in versions[PLAIN]
    db = router.load(pipeline.run(own, workspace).database)

    (tmp_path / "policy.toml").write_text(POLICY)
    policy = load_policy(tmp_path / "policy.toml")

    def ask(prompt: str, **told: object) -> router.Decision:
        need = router.Need(prompt=prompt, **told)  # type: ignore[arg-type]
        return router.choose(db, need, policy=policy, now="2026-11-30")

    asked = "a studio photo of a red mug on marble"
    pinned = ask(f"{asked}, house style", project="catalogue", tier="standard")
    assert (pinned.offer, pinned.cause) == (TUNED, router.Cause.OVERRIDDEN)
    assert pinned.certified
    assert pinned.notes == ()

    routed = ask(asked, project="catalogue", tier="standard")
    assert (routed.offer, routed.cause) == (PLAIN, router.Cause.CHEAPEST), "cheaper, and enough"
    assert ask(f"{asked}, house style", tier="standard").offer == PLAIN, "another project"

    better = ask(asked, project="catalogue")
    assert (better.offer, better.cause) == (TUNED, router.Cause.CHEAPEST)
    assert better.rejected["not_certified"] == 1
    assert better.candidates[0].n_prompts == PROMPTS
