"""The pages on prices, health and policies do what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from factories import Seller

from pages.running import ROOT, execute
from qfloor import export
from qfloor.records import Rights
from qfloor.router.health_file import read_health
from qfloor.router.policy_file import load_policy

OFFERS = {"value": "studio/sdxl@house-style", "grand": "bfl/flux-2-pro"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a release that knows the offers of the pages."""
    rights = Rights(commercial_use=True, region="eu")
    sellers = [Seller(name=name, clears=8.5, rights=rights) for name in OFFERS]
    made = factories.release(sellers)
    named = {f"shop/{name}": offer for name, offer in OFFERS.items()}
    release = replace(
        made,
        offers=tuple(replace(o, id=named[o.id]) for o in made.offers),
        floors=tuple(replace(f, offer_id=named[f.offer_id]) for f in made.floors),
        verdicts=tuple(replace(v, offer_id=named[v.offer_id]) for v in made.verdicts),
    )
    (tmp_path / ".qfloor").mkdir()
    export.write(tmp_path / ".qfloor" / "quality.db", release)
    return tmp_path


@pytest.mark.slow
def test_the_page_on_prices_and_health(folder: Path) -> None:
    rows = {
        f"bfl/flux-{i}": {
            "litellm_provider": "black_forest_labs", "mode": "image_generation",
            "output_cost_per_image": 0.04,
        } for i in range(60)
    }  # fmt: skip
    (folder / "map.json").write_text(json.dumps(rows))
    fetched = {"https://example.com/model_prices.json": "map.json --as-of 2026-11-24"}
    ran = execute(ROOT / "docs/how-to/prices-and-health.md", folder, swap=fetched)
    assert len(ran) == 8
    assert read_health(folder / "health.json").offers["bfl/flux-2-pro"].n == 132


@pytest.mark.slow
def test_the_page_on_policies(folder: Path) -> None:
    assert len(execute(ROOT / "docs/how-to/policy.md", folder)) == 3
    assert json.loads((folder / "decision.schema.json").read_text())["title"] == "Decision"
    assert len(load_policy(folder / "policy.toml").overrides) == 2
