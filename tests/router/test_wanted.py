"""What was asked for is read, priced and told as it was meant: clips, several outputs, limits."""

from __future__ import annotations

from typing import Any

import pytest
from factories import Seller, shop

from qfloor.records import Capabilities, Category
from qfloor.router import Need, Rule, choose, classify, explain

MUG = "product photo of a red mug on white"
GENERAL = Category(id="general", description="judged without a category", modalities=("image",))

CLIPS = ("a 5 second video clip of a dog running", "make me a video of my product spinning",
         "a cinematic tracking shot of a dog", "timelapse of clouds")  # fmt: skip
STILLS = ("a red mug", "a video game controller", "photo of a video camera", "a movie poster",
          "film still of a man")  # fmt: skip


@pytest.mark.parametrize("prompt", CLIPS)
def test_where_no_category_is_judged_apart_a_clip_is_no_still(market: Any, prompt: str) -> None:
    db = market([Seller(name="a")], categories=(GENERAL,))
    decision = choose(db, Need(prompt=prompt))
    assert (decision.offer, decision.modality) == (None, "video")
    assert decision.binding_rule is Rule.MODALITY
    assert decision.relaxation is not None
    assert decision.relaxation.change == {"modality": "image"}
    still = choose(db, Need(prompt=prompt, modality="image"))
    assert still.offer == decision.relaxation.offer == "shop/a"
    assert choose(db, Need(prompt="a dog", seconds=5)).relaxation is None


@pytest.mark.parametrize("prompt", STILLS)
def test_a_word_that_clips_have_too_asks_for_none(market: Any, prompt: str) -> None:
    db = market([Seller(name="a")], categories=(GENERAL,))
    found = classify(db, Need(prompt=prompt))
    assert (found.category, found.modality, found.plausible) == ("general", "image", ("general",))
    assert choose(db, Need(prompt=prompt)).offer == "shop/a"


def test_a_clip_goes_to_who_makes_clips_where_both_are_judged(market: Any) -> None:
    general = Category(id="general", description="all", modalities=("image", "video"))
    film = Seller(name="film", usd="0.2", modalities=("video",))
    db = market([Seller(name="a"), film], categories=(general,))
    assert choose(db, Need(prompt=CLIPS[0])).offer == "shop/film"


def test_a_still_is_advised_only_where_nothing_else_helps(market: Any) -> None:
    decision = choose(market(), Need(prompt="tracking shot of a dog", tier="premium"))
    assert decision.relaxation is not None
    assert decision.relaxation.change == {"tier": "professional"}


def test_what_an_output_costs_that_is_sure_to_be_good_is_of_one(db: Any) -> None:
    one = choose(db, Need(prompt=MUG))
    for separately in (False, True):
        four = choose(db, Need(prompt=MUG, n=4, separately=separately))
        assert four.price_nanousd == 4 * (one.price_nanousd or 0)
        assert four.usable_cost_nanousd == one.usable_cost_nanousd
        page = explain(four)
        assert "$0.08 for all 4 (" in page
    cost = explain(one).partition("; ")[2].partition(" per output")[0]
    assert f"; {cost} per output sure to be good" in page


@pytest.mark.parametrize("separately", [False, True])
def test_too_low_a_ceiling_for_several_is_no_matter_of_one_at_a_time(
    db: Any, separately: bool
) -> None:
    need = Need(prompt=MUG, n=4, separately=separately, tier="standard", max_price_usd=0.01)
    decision = choose(db, need, now="2026-11-23")
    assert decision.relaxation is not None
    assert decision.relaxation.text == "with a ceiling of $0.012: shop/thrift at $0.012"


def test_as_many_one_at_a_time_cost_what_they_cost_together(market: Any) -> None:
    single = Seller(name="single", capabilities=Capabilities(max_outputs=1))
    db = market([single])
    found = choose(db, Need(prompt=MUG, n=4)).relaxation
    assert found is not None
    assert (dict(found.change), found.price_nanousd) == ({"separately": True}, 40_000_000)
    assert found.text.startswith("one at a time (4 calls, and their prices together): shop/single")
    assert choose(db, Need(prompt=MUG, n=4, **found.change)).offer == found.offer
    both = choose(db, Need(prompt=MUG, n=4, max_price_usd=0.01), now="2026-11-23").relaxation
    assert both is not None
    assert dict(both.change) == {"separately": True, "max_price_usd": "0.04"}
    assert "prices together), with a ceiling of $0.04: shop/single at $0.04" in both.text
    assert choose(db, Need(prompt=MUG, n=4, **both.change), now="2026-11-23").offer == both.offer


def test_all_that_was_stated_is_told_as_asked(db: Any) -> None:
    need = Need(prompt=MUG, n=4, separately=True, size="1024x1024", resolution="1K",
                negative="cracks", tags=("brand",), project="p")  # fmt: skip
    (asked,) = [line for line in explain(choose(db, need)).splitlines() if " asked " in line]
    assert asked.endswith(
        " · 4 outputs, a call each · 1024x1024 · 1k · a negative prompt · tagged brand · project p"
    )
    clip = Need(prompt="a dog runs", aspect_ratio="16:9", seconds=4, audio=True)
    assert " · 16:9 · 4 s long · with sound" in explain(choose(db, clip))
    assert " · 1 output" not in explain(choose(db, Need(prompt=MUG)))


def test_a_language_that_is_guessed_is_told_unless_it_is_english(db: Any) -> None:
    assert " · reads as de\n" in explain(choose(db, Need(prompt="eine Tasse auf dem Tisch")))
    assert " · in a language that cannot be told\n" in explain(choose(db, Need(prompt="mug Zoë")))
    assert "reads as" not in explain(choose(db, Need(prompt=MUG)))


def test_advice_on_the_language_is_given_once(market: Any) -> None:
    sellers = [*shop(), *(Seller(name=f"more{i}") for i in range(4))]
    db = market(sellers, population={"languages": ["en"], "tags": []})
    page = explain(choose(db, Need(prompt="portrait, Zoë")))
    assert page.count("--language") == page.count("Need(language=...)") == 1
    assert page.count("in a language that cannot be told") <= 3
    assert max(map(len, page.splitlines())) < 250
