"""Pictures taken in by a manifest and rated by prompt text: their blanks stay in the floor."""

from __future__ import annotations

import pytest
from PIL import Image
from typer.testing import CliRunner

from qfloor import benchmark, pipeline
from qfloor.cli import app
from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings
from qfloor.store import Store

FILE = """
[benchmark]
name = "studio"
offers = ["studio/two"]
imported = true
round = "2026-11"

[[thresholds]]
tier = "standard"
value = 5.0
"""


@pytest.fixture
def told(tmp_path):
    """Twenty pictures, six of them blank, a manifest of them, and ratings of the others by text."""
    rows, ratings = ["prompt,category,offer,file"], ["prompt,category,model_id,rater_id,score"]
    for n in range(20):
        picture = Image.new("RGB", (64, 64), (90, 90, 90))
        if n >= 6:
            noise = Image.effect_noise((64, 64), 60).convert("RGB")
            picture = Image.blend(picture, noise, 0.6)
            ratings += [f"mug {n},product-photo,studio/two,{r},9" for r in ("ann", "bob", "cy")]
        picture.save(tmp_path / f"{n}.png")
        rows.append(f"mug {n},product-photo,studio/two,{n}.png")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "ratings.csv").write_text("\n".join(ratings) + "\n")
    (tmp_path / "studio.toml").write_text(FILE)
    return tmp_path


def taken_in(told):
    ran = CliRunner().invoke(
        app,
        ["generate", "--manifest", str(told / "manifest.csv"), "--round", "2026-11",
         "--workspace", str(told / "w")],
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output


def rated(told):
    with Store.open(told / "w", create=True) as store:
        return import_ratings(store, told / "ratings.csv", round="2026-11", scale="0:10")


def delivered(told):
    wanted = benchmark.load(told / "studio.toml")
    with Store.open(told / "w") as store:
        found = pipeline.certify_round(store, wanted, pipeline.prompts_of(wanted))
    return next(f for f in found.floors if f.kind == "delivered")


def test_the_blanks_count_beside_the_rated(told):
    taken_in(told)
    assert rated(told).items_in_store == 14
    floor = delivered(told)
    assert (floor.n_prompts, floor.counts["blank"], floor.counts["made"]) == (20, 6, 14)


def test_ratings_that_came_before_their_pictures_are_refused(told):
    assert rated(told).items_in_store == 0
    taken_in(told)
    with pytest.raises(RatingsError, match="stands in the round twice"):
        delivered(told)
