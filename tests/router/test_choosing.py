"""Each rule once, each cause once, and what happens when nothing fits."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import factories
import pytest
from factories import Seller, shop

from qfloor import export
from qfloor.errors import NeedError
from qfloor.records import (
    CATEGORIES,
    Capabilities,
    Lifecycle,
    PriceComponent,
    PriceRule,
    Rights,
    Ruling,
)
from qfloor.router import (
    Cause,
    Database,
    Decision,
    Need,
    OfferHealth,
    Override,
    Policy,
    PriceFeed,
    Rule,
    choose,
    classify,
    explain,
    load,
)
from qfloor.router.explaining import headline

NOW = "2026-11-23"
FACE = "portrait of an old man"


def ask(db: Database, prompt: str = FACE, /, **fields: Any) -> Decision:
    inputs = {k: fields.pop(k) for k in ("policy", "prices", "health") if k in fields}
    return choose(db, Need(prompt=prompt, **fields), now=fields.pop("now", NOW), **inputs)


def rejected(decision: Decision) -> dict[str, Rule | None]:
    return {c.offer.removeprefix("shop/"): c.rejected_by for c in decision.candidates}


@pytest.mark.parametrize(
    ("tier", "offer"),
    [("standard", "thrift"), ("professional", "value"), ("premium", "grand"), ("final", "grand")],
)
def test_the_cheapest_that_is_certified(db: Database, tier: str, offer: str) -> None:
    decision = ask(db, tier=tier)
    assert (decision.offer, decision.cause) == (f"shop/{offer}", Cause.CHEAPEST)
    assert decision.certified


def test_runner_up_savings_and_what_was_demanded(db: Database) -> None:
    decision = ask(db)
    assert decision.runner_up == "shop/grand"
    assert decision.savings is not None
    assert (decision.savings.offer, decision.savings.saved_nanousd) == ("shop/grand", 60_000_000)
    assert [(d.category, d.threshold, d.max_fail) for d in decision.demanded] == [
        ("portrait", 6.0, 0.25)
    ]
    assert decision.usable_cost_nanousd == 25_316_456


RULES: list[tuple[dict[str, Any], dict[str, Any], Rule]] = [
    ({}, {"only": ["shop/b"]}, Rule.ONLY),
    ({}, {"ignore": ["shop/a"]}, Rule.IGNORE),
    ({"lifecycle": Lifecycle(state="gone")}, {}, Rule.GONE),
    ({"lifecycle": Lifecycle(gone="2026-11-01")}, {}, Rule.GONE),
    ({}, {"modality": "video"}, Rule.MODALITY),
    ({"capabilities": Capabilities(aspect_ratios=("1:1",))}, {"aspect_ratio": "16:9"},
     Rule.ASPECT_RATIO),
    ({"settings": {"size": "1024x1024"}}, {"aspect_ratio": "16:9"}, Rule.ASPECT_RATIO),
    ({"settings": {"width": 768, "height": 1024}}, {"aspect_ratio": "4:3"}, Rule.ASPECT_RATIO),
    ({"settings": {"aspect_ratio": "16:9"}}, {"size": "1024x1024"}, Rule.ASPECT_RATIO),
    ({"settings": {"size": "1024x1024"}}, {"size": "2048x2048"}, Rule.SIZE),
    ({"settings": {"width": 512, "height": 512}}, {"size": "2048x2048"}, Rule.SIZE),
    ({"settings": {"size": 1344}}, {"size": "1344x768"}, Rule.SIZE),
    ({"settings": {"size": 512}}, {"size": "1024x1024"}, Rule.SIZE),
    ({"settings": {"resolution": "720P"}}, {"size": "1920x1080"}, Rule.SIZE),
    ({"settings": {"resolution": "1K"}}, {"size": "2048x2048"}, Rule.SIZE),
    ({"settings": {"resolution": "720P"}}, {"resolution": "1080p"}, Rule.SIZE),
    ({"settings": {"size": "1024x1024"}}, {"resolution": "2K"}, Rule.SIZE),
    ({}, {"resolution": "1K"}, Rule.SIZE),
    ({"settings": {"size": "1440x1080"}}, {"resolution": "1080p", "size": "1920x1080"}, Rule.SIZE),
    ({"settings": {"size": 1080}}, {"resolution": "1080p", "aspect_ratio": "16:9"}, Rule.SIZE),
    ({"capabilities": Capabilities(max_outputs=1)}, {"n": 2}, Rule.OUTPUTS),
    ({}, {"negative": "hats"}, Rule.NEGATIVE_PROMPT),
    ({"capabilities": Capabilities(languages=("de",))}, {}, Rule.LANGUAGE),
    ({"clears": 5.0}, {}, Rule.NOT_CERTIFIED),
    ({"unjudged": ("portrait",)}, {}, Rule.NOT_JUDGED),
    ({}, {"tags": ["hands"]}, Rule.TAG_NOT_COVERED),
    ({"usd": None}, {"max_price_usd": 1}, Rule.PRICE_UNKNOWN),
    ({"as_of": "2026-01-01"}, {"max_price_usd": 1}, Rule.PRICE_STALE),
    ({"as_of": "some day"}, {"max_price_usd": 1}, Rule.PRICE_STALE),
    ({}, {"max_price_usd": "0.001"}, Rule.BUDGET),
    ({"latency": {}}, {"max_latency_s": 5}, Rule.LATENCY_UNKNOWN),
    ({"latency": {"p50": 4}}, {"max_latency_s": {"p50": 5, "p95": 9}}, Rule.LATENCY_UNKNOWN),
    ({"latency": {"p95": 12}}, {"max_latency_s": "realtime"}, Rule.LATENCY),
]  # fmt: skip


@pytest.mark.parametrize(("traits", "asked", "rule"), RULES, ids=lambda v: str(v)[:50])
def test_each_rule(market: Any, traits: dict[str, Any], asked: dict[str, Any], rule: Rule) -> None:
    db = market([Seller(name="a", **traits), Seller(name="b", clears=2.0)])
    decision = ask(db, **asked)
    assert rejected(decision)["a"] is rule
    assert decision.offer is None
    assert decision.cause is Cause.REFUSED


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        ({}, Policy()), ({"pin": "shop/open"}, Policy()), ({}, Policy(on_uncertified="best_bound")),
        ({}, Policy(on_uncertified="default:shop/open")),
        ({"project": "p"}, Policy(overrides=(Override(offer="shop/open", project="p"),))),
    ],
)  # fmt: skip
def test_what_was_judged_at_its_makers_own_resolution_is_sold_at_no_other(
    market: Any, asked: dict[str, Any], policy: Policy
) -> None:
    """So no request need carry one: another resolution is another offer, judged for itself."""
    db = market([Seller(name="open"), Seller(name="fixed", settings={"resolution": "2K"})])
    decision = ask(db, resolution="1K", policy=policy, **asked)
    assert (decision.offer, decision.binding_rule) == (None, Rule.SIZE)
    assert ask(db, resolution="2K", policy=Policy()).offer == "shop/fixed"


@pytest.mark.parametrize("traits", [
    {"capabilities": Capabilities(aspect_ratios=("16:9",))},
    {"capabilities": Capabilities()},
    {"settings": {"size": 1016}},
    {"settings": {"aspect_ratio": "as the reference"}},
])  # fmt: skip
def test_unknown_is_not_overjudged(market: Any, traits: dict[str, Any]) -> None:
    db = market([Seller(name="a", **traits)])
    assert ask(db, size="1344x768").offer == "shop/a"


@pytest.mark.parametrize(
    ("rights", "policy"),
    [
        (Rights(), Policy(require_commercial_use=True)),
        (Rights(commercial_use=False), Policy(require_commercial_use=True)),
        (Rights(), Policy(forbid_training_on_inputs=True)),
        (Rights(trains_on_inputs=True), Policy(forbid_training_on_inputs=True)),
        (Rights(), Policy(regions=("eu",))),
        (Rights(region="us"), Policy(regions=("eu",))),
    ],
)
def test_rights_must_be_known(market: Any, rights: Rights, policy: Policy) -> None:
    db = market([Seller(name="a", rights=rights)])
    assert rejected(ask(db, policy=policy))["a"] is Rule.RIGHTS
    granted = Rights(commercial_use=True, trains_on_inputs=False, region="eu")
    assert ask(market([Seller(name="a", rights=granted)]), policy=policy).offer == "shop/a"


def test_clips(market: Any) -> None:
    traits: dict[str, Any] = {"modalities": ("video",), "unit": "second", "usd": "0.05"}
    short = Seller(name="short", capabilities=Capabilities(max_seconds=4.0, audio=False), **traits)
    long = Seller(name="long", capabilities=Capabilities(audio=True), **{**traits, "usd": "0.1"})
    db = market([short, long])
    shot = "tracking shot of a dog"
    assert ask(db, shot, seconds=4).price_nanousd == 200_000_000
    assert ask(db, shot, seconds=5).offer == "shop/long"
    assert rejected(ask(db, shot, seconds=5))["short"] is Rule.SECONDS
    assert rejected(ask(db, shot, audio=True))["short"] is Rule.AUDIO
    assumed = ask(db, shot)
    assert assumed.price_nanousd == 250_000_000
    assert "priced for 5 s" in " ".join(assumed.notes)


def test_languages_and_challenges_a_certificate_covers(market: Any) -> None:
    db = market(population={"languages": ["en", "de"], "tags": ["hands"]})
    assert ask(db, "Porträt von einer alten Frau mit dem Hut").offer == "shop/value"
    spanish = ask(db, "retrato de una anciana con el sombrero")
    assert spanish.offer is None
    assert spanish.binding_rule is Rule.LANGUAGE_NOT_COVERED
    untold = ask(db, "portré egy idős nőről, őszi köd")  # Hungarian, which nobody here reads
    assert untold.classification.language is None
    assert untold.binding_rule is Rule.LANGUAGE_NOT_COVERED
    assert ask(db, tags=["hands", "campaign-7"]).offer == "shop/value"
    assert ask(db, tags=["text"]).binding_rule is Rule.TAG_NOT_COVERED


@pytest.mark.parametrize(
    ("tag", "meant"),
    [("hand", "hands"), ("Hands", "hands"), ("hnads", "hands"), ("texts", "text"),
     (" long", "long"), ("grup", "group"), ("cuont", "count"), ("county", "count")],
)  # fmt: skip
def test_a_challenge_that_is_misspelt_is_no_label(market: Any, tag: str, meant: str) -> None:
    """It was a label like any other: what no certificate covers was served, and nothing said."""
    db = market()
    with pytest.raises(NeedError, match=f"^tags: no challenge .* did you mean '{meant}'"):
        ask(db, tags=["brand", tag])
    assert ask(db, tags=[tag], policy=Policy(labels=(tag,))).offer == "shop/value"
    own = Override(offer="shop/grand", tag=tag)
    assert ask(db, tags=[tag], policy=Policy(overrides=(own,))).offer == "shop/grand"


@pytest.mark.parametrize(
    "tag", ["brand", "campaign-7", "group1", "long-form", "test", "next", "song", "counter",
            "mount", "bands", "textile", "", "手"],
)  # fmt: skip
def test_a_label_of_ones_own_goes_on_working(market: Any, tag: str) -> None:
    assert ask(market(), tags=[tag]).offer == "shop/value"


DALI = "portrait Salvador Dalí"  # a name: nothing tells its language


def test_a_language_that_is_stated_decides_what_covers_it(market: Any) -> None:
    db = market(population={"languages": ["en", "de"]})
    assert ask(db, DALI).binding_rule is Rule.LANGUAGE_NOT_COVERED
    assert ask(db, DALI, language="en").offer == "shop/value"
    other = ask(db, DALI, language="es")
    assert other.binding_rule is Rule.LANGUAGE_NOT_COVERED
    assert "judged in de, en, this one is es" in {c.detail.partition(": ")[2]
                                                  for c in other.candidates}  # fmt: skip
    assert ask(db).offer == "shop/value"
    assert ask(db, language="nl").offer is None, "though its words are English"


def test_a_certificate_of_a_region_or_script_covers_its_language(market: Any) -> None:
    db = market(population={"languages": ["pt-BR", "zh-Hans"]})
    assert ask(db, DALI, language="pt-PT").offer == "shop/value"
    assert ask(db, "一位老妇人的肖像").offer == "shop/value"
    assert ask(db, DALI, language="es").binding_rule is Rule.LANGUAGE_NOT_COVERED


SIMPLIFIED, TRADITIONAL = "一位老妇人戴着红帽子的肖像", "一位老婦人戴著紅帽子的肖像"


@pytest.mark.parametrize(
    ("judged", "covered", "uncovered"),
    [("zh", SIMPLIFIED, TRADITIONAL), ("zh-CN", SIMPLIFIED, TRADITIONAL),
     ("zh-Hant", TRADITIONAL, SIMPLIFIED), ("zh-TW", TRADITIONAL, SIMPLIFIED)],
)  # fmt: skip
def test_a_certificate_covers_the_script_of_its_prompts_and_no_other(
    market: Any, judged: str, covered: str, uncovered: str
) -> None:
    """`zh-Hant` covered all Chinese: of a model that draws one script, the other was never seen."""
    db = market(population={"languages": [judged]})
    assert ask(db, covered).offer == "shop/value"
    assert ask(db, uncovered).binding_rule is Rule.LANGUAGE_NOT_COVERED
    other = "zh" if "H" in ask(db, covered).classification.language or "" else "zh-Hant"
    assert ask(db, covered, language=other).offer is None, "what is stated goes before the guess"
    assert ask(db, uncovered, language=judged).offer == "shop/value"


def test_an_offer_that_takes_a_language_takes_it_in_every_script(market: Any) -> None:
    db = market([Seller(name="a", capabilities=Capabilities(languages=("zh",)))])
    assert ask(db, TRADITIONAL).offer == "shop/a"
    assert ask(db, DALI, language="zh-TW").offer == "shop/a"


def test_a_language_that_is_stated_goes_before_a_classification_made_before(market: Any) -> None:
    db = market(population={"languages": ["en"]})
    need = Need(prompt=FACE, language="es")
    decision = choose(db, need, now=NOW, classification=classify(db, Need(prompt=FACE)))
    assert decision.offer is None
    assert decision.classification.language == "es"


def test_a_stated_language_stays_when_a_need_is_relaxed(market: Any) -> None:
    db = market(population={"languages": ["de"]})
    decision = ask(db, DALI, language="de", tier="premium", negative="hats")
    assert decision.relaxation is not None, "without the negative prompt, read again"
    assert decision.relaxation.change == {"negative": None}


def test_who_stated_the_language_is_told_and_only_then(market: Any) -> None:
    db = market()
    stated, guessed = ask(db, DALI, language="es").to_dict(), ask(db, DALI).to_dict()
    assert (stated["classification"]["language"], stated["need"]["language"]) == ("es", "es")
    assert stated["classification"]["language_stated"] is True
    assert "language_stated" not in guessed["classification"]
    assert "language" not in guessed["need"]


def test_a_refusal_for_an_unknown_language_says_what_helps(market: Any) -> None:
    helps = "state the language: --language, routing.language or Need(language=...)"
    db = market([Seller(name="a", capabilities=Capabilities(languages=("en",)))])
    for refused in (ask(market(population={"languages": ["en"]}), DALI), ask(db, DALI)):
        assert helps in headline(refused)
    assert helps in " ".join(ask(db, DALI, pin="shop/a").notes)
    stated = ask(db, DALI, language="es")
    assert helps not in explain(stated)
    assert "stated to be in es" in explain(stated)
    assert helps not in explain(ask(market(), DALI, max_price_usd=0)), "no rule asks for it"


def test_an_offer_that_lists_its_languages_is_not_sent_one_that_cannot_be_told(
    market: Any,
) -> None:
    db = market([Seller(name="a", capabilities=Capabilities(languages=("en",)))])
    assert rejected(ask(db, "portré egy idős nőről, őszi köd"))["a"] is Rule.LANGUAGE
    assert rejected(ask(db, "a portrait of an old woman"))["a"] is None


@pytest.mark.parametrize(("settings", "asked"), [
    ({"resolution": "720P"}, {"size": "1280x720"}),
    ({"resolution": "1K"}, {"size": "1344x768"}),
    ({"resolution": "1080P"}, {"resolution": "1080p"}),
    ({"resolution": "0.5K"}, {"resolution": "512"}),
    ({"size": "2048x2048"}, {"resolution": "2K"}),
    ({"size": 1440}, {"resolution": "1080p", "aspect_ratio": "16:9"}),
    ({"size": "1920x1080"}, {"resolution": "1080P", "size": "1920x1080"}),
    ({"size": 768}, {"resolution": "576p", "size": "1024x576"}),
    ({"resolution": "4k"}, {"size": "3840x2160"}),
    ({"size": "2160x3840"}, {"resolution": "4K"}),
    ({"size": "3840x2160"}, {"resolution": "4K", "size": "3840x2160"}),
    ({"resolution": "720p"}, {"resolution": "0720p"}),
    ({}, {"size": "1280x720"}),
])  # fmt: skip
def test_resolutions_by_name_and_by_pixels(
    market: Any, settings: dict[str, Any], asked: dict[str, Any]
) -> None:
    db = market([Seller(name="a", settings=settings)])
    assert ask(db, **asked).offer == "shop/a"


def test_a_size_that_is_asked_for_with_its_resolution_is_still_that_size(market: Any) -> None:
    db = market([Seller(name="a", settings={"size": "1440x1080"})])
    assert ask(db, resolution="1080p").offer == "shop/a"
    both = ask(db, size="1920x1080", resolution="1080p")
    assert rejected(both)["a"] is Rule.SIZE


@pytest.mark.parametrize(("settings", "asked", "pixels"), [
    ({"resolution": "4K"}, {}, 4096 * 4096),
    ({"resolution": "4K"}, {"resolution": "4k"}, 4096 * 4096),
    ({"resolution": "2K"}, {"size": "1500x1500"}, 2048 * 2048),
    ({"resolution": "1K"}, {"size": "1376x768"}, 1376 * 768),
    ({"resolution": "720P"}, {}, 1280 * 720),
    ({"resolution": "2K", "size": "1024x1024"}, {}, 1024 * 1024),
    ({"size": "512x512"}, {"size": "512x512", "by_shape": True}, 512 * 512),
    ({}, {}, 1024 * 1024),
    ({}, {"size": "2048x2048", "by_shape": True}, 2048 * 2048),
    ({}, {"size": "512x512"}, 512 * 512),
    ({}, {"size": "512x512", "by_shape": True}, 1024 * 1024),
])  # fmt: skip
def test_a_price_by_the_megapixel_is_of_the_resolution_that_is_made(
    market: Any, settings: dict[str, Any], asked: dict[str, Any], pixels: int
) -> None:
    line = PriceComponent(unit="megapixel", amount="0.01")
    rule = PriceRule(components=(line,), source="page", as_of=NOW)
    db = market([Seller(name="a", settings=settings)])
    assert ask(db, prices={"shop/a": rule}, **asked).price_nanousd == pixels * 10


@pytest.mark.parametrize("told", [-5, 0, True, "many"])
def test_tokens_that_cannot_be_are_not_told(market: Any, told: Any) -> None:
    line = PriceComponent(unit="token", amount="0.00001", when={"tokens": "output"})
    rule = PriceRule(components=(line,), source="page", as_of=NOW)
    db = market([Seller(name="a", settings={"output_tokens": told})])
    assert ask(db, prices={"shop/a": rule}, max_price_usd=1).binding_rule is Rule.PRICE_UNKNOWN


def test_outputs_that_are_calls_of_their_own_each_have_their_price(market: Any) -> None:
    lines = (
        PriceComponent(unit="megapixel", amount="0.01", minimum="0.03"),
        PriceComponent(unit="token", amount="0.000001", when={"tokens": "input"}),
        PriceComponent(unit="token", amount="0.00001", when={"tokens": "output"}),
    )
    rule = PriceRule(components=lines, source="page", as_of=NOW)
    capable = Capabilities(max_outputs=1)
    db = market([Seller(name="a", capabilities=capable, settings={"output_tokens": 100})])
    asked = {"prices": {"shop/a": rule}, "n": 3}
    assert ask(db, **asked).binding_rule is Rule.OUTPUTS
    one = ask(db, prices=asked["prices"]).price_nanousd
    assert one == 30_000_000 + 1_000 * len(FACE) + 1_000_000
    apart = ask(db, separately=True, **asked)
    assert apart.price_nanousd == 3 * one
    assert apart.to_dict()["need"]["separately"] is True


def test_another_resolution_is_offered_where_that_would_help(market: Any) -> None:
    decision = ask(market([Seller(name="a", settings={"resolution": "1K"})]), resolution="4K")
    assert decision.relaxation is not None
    assert decision.relaxation.change == {"resolution": None}
    assert decision.to_dict()["need"]["resolution"] == "4k"


@pytest.mark.parametrize(
    ("settings", "asked", "change", "text"),
    [
        ({"size": 256}, {"size": "1024x1024"}, {"size": "256x256"}, "with size 256x256"),
        ({"size": 256}, {"size": "1920x1080"}, {"size": "342x192"}, "with size 342x192"),
        ({"size": 256}, {"size": "1080x1920"}, {"size": "192x342"}, "with size 192x342"),
        ({"size": "1024x1536"}, {"size": "512x512"}, {"size": "1024x1536"}, "with size 1024x1536"),
        (
            {"size": "1024x1536"},
            {"size": "512x512", "aspect_ratio": "1:1"},
            {"size": None, "aspect_ratio": None},  # it makes one shape, and not that one
            "with another aspect ratio",
        ),
        ({"resolution": "1K"}, {"size": "4096x4096"}, {"size": None}, "with another size"),
    ],
)
def test_the_size_that_would_help_is_named_and_works(
    market: Any, settings: Any, asked: Any, change: Any, text: str
) -> None:
    """'with another size' left a person to guess which, and no page of a gateway told."""
    db = market([Seller(name="a", settings=settings)])
    relaxed = ask(db, **asked).relaxation
    assert relaxed is not None
    assert (relaxed.change, relaxed.text.partition(":")[0]) == (change, text)
    assert ask(db, **(asked | change)).offer == "shop/a"


def test_a_size_that_would_help_is_told_at_its_own_price(market: Any) -> None:
    """Not at that of the policy's usual size: it is paid by the megapixel."""
    db = market([Seller(name="a", usd="0.1", unit="megapixel", settings={"size": 768})])
    relaxed = ask(db, size="1920x1080").relaxation
    assert relaxed is not None
    served = ask(db, **relaxed.change)
    assert relaxed.price_nanousd == served.price_nanousd == 58_982_400
    assert relaxed.text == "with size 1024x576: shop/a at $0.0589824"


def test_clips_by_the_second_cost_what_their_resolution_costs(market: Any) -> None:
    lines = tuple(
        PriceComponent(unit="second", amount=usd, when={"resolution": name})
        for usd, name in (("0.1", "720p"), ("0.3", "1080p"))
    )
    rule = PriceRule(components=lines, source="page", as_of=NOW)
    names = ("720p", "1080p")
    db = market([
        Seller(name=name, modalities=("video",), settings={"resolution": name.upper()})
        for name in names
    ])  # fmt: skip
    asked = {"modality": "video", "seconds": 4, "prices": {f"shop/{name}": rule for name in names}}
    assert ask(db, **asked).price_nanousd == 400_000_000
    assert ask(db, resolution="1080p", **asked).price_nanousd == 1_200_000_000


def test_a_clip_of_a_fixed_length_is_that_long_and_costs_it(market: Any) -> None:
    """By the clip, one of five seconds looked cheapest for any length."""
    five, eight = (
        Seller(name=f"for_{n}", usd=usd, modalities=("video",), settings={"seconds": n},
               unit="second" if n == 8 else "video")
        for n, usd in ((5, "0.30"), (8, "0.10"))
    )  # fmt: skip
    db = market([five, eight])
    assert ask(db, modality="video", seconds=5).offer == "shop/for_5"
    long = ask(db, modality="video", seconds=6)
    assert rejected(long)["for_5"] is Rule.SECONDS
    assert (long.offer, long.price_nanousd) == ("shop/for_8", 800_000_000)
    unsaid = ask(db, modality="video", only=["shop/for_8"])
    assert (unsaid.price_nanousd, unsaid.notes) == (800_000_000, ())
    longer = ask(db, modality="video", seconds=9, ignore=["shop/for_5"]).relaxation
    assert longer is not None
    assert longer.change == {"seconds": 8.0}


def test_sound_that_an_offer_is_fixed_to_is_known(market: Any) -> None:
    loud = Seller(name="loud", modalities=("video",), settings={"audio": True})
    mute = Seller(name="mute", modalities=("video",), usd="0.001", settings={"audio": False},
                  capabilities=Capabilities(audio=True))  # fmt: skip
    decision = ask(market([loud, mute]), modality="video", audio=True)
    assert (decision.offer, rejected(decision)["mute"]) == ("shop/loud", Rule.AUDIO)


def test_verdicts_past_their_date(market: Any) -> None:
    db = market(valid_until="2026-11-22")
    assert "hold until 2026-11-22" in " ".join(ask(db).notes)
    strict = ask(db, policy=Policy(lapsed="reject"))
    assert strict.binding_rule is Rule.LAPSED


def test_when_unsure_every_plausible_category_must_be_cleared(market: Any) -> None:
    narrow = Seller(name="narrow", usd="0.001", by_category={"landscape": 2.0})
    db = market([narrow, Seller(name="broad", usd="0.05")])
    assert ask(db, FACE).offer == "shop/narrow"
    unsure = ask(db, "something nice")
    assert (unsure.category, unsure.offer) == (None, "shop/broad")
    assert len(unsure.demanded) == len(unsure.classification.plausible) > 1


def test_a_category_without_verdicts_is_refused(market: Any) -> None:
    db = market(categories=CATEGORIES[1:2])
    decision = ask(db, "misty fjord and mountains")
    assert (decision.category, decision.offer) == ("landscape", None)
    assert decision.binding_rule is Rule.NOT_JUDGED


def test_pins_go_before_certificates_but_not_before_limits(db: Database) -> None:
    pinned = ask(db, pin="shop/thrift", tier="premium")
    assert (pinned.offer, pinned.cause) == ("shop/thrift", Cause.PINNED)
    assert not pinned.certified
    assert "not certified" in pinned.notes[0]
    dear = ask(db, pin="shop/grand", max_price_usd=0.01)
    assert (dear.offer, dear.cause, dear.binding_rule) == (None, Cause.REFUSED_PIN, Rule.BUDGET)


@pytest.mark.parametrize(
    "fields",
    [
        {"pin": "shop/vlaue"},
        {"only": ["shop/vlaue"]},
        {"ignore": ["shop/vlaue"]},
        {"policy": Policy(on_uncertified="default:shop/vlaue")},
        {"policy": Policy(overrides=(Override(offer="shop/vlaue", tag="a"),))},
    ],
)
def test_unknown_offers_are_named(db: Database, fields: dict[str, Any]) -> None:
    with pytest.raises(NeedError, match="did you mean 'shop/value'"):
        ask(db, **fields)


def test_what_only_the_seller_has_in_common_is_not_meant(db: Database) -> None:
    """All of a seller's offers begin alike: any of them would be near."""
    with pytest.raises(NeedError, match=r"knows no offer 'shop/qqq'$"):
        ask(db, pin="shop/qqq")
    for slip in ("shpo/value", "valeu"):
        with pytest.raises(NeedError, match="did you mean 'shop/value'"):
            ask(db, pin=slip)


def test_overrides_the_first_that_matches(db: Database) -> None:
    policy = Policy(overrides=(
        Override(offer="shop/grand", project="hero"),
        Override(offer="shop/thrift", tag="draft", pattern=r"old\s+man"),
    ))  # fmt: skip
    assert ask(db, policy=policy).cause is Cause.CHEAPEST
    hero = ask(db, project="hero", tags=["draft"], policy=policy)
    assert (hero.offer, hero.cause) == ("shop/grand", Cause.OVERRIDDEN)
    assert ask(db, tags=["draft"], policy=policy).offer == "shop/thrift"
    assert ask(db, pin="shop/value", project="hero", policy=policy).cause is Cause.PINNED


def test_who_named_the_offer_that_cannot_serve_is_told(db: Database) -> None:
    """The policy's was told as what the request had asked for outright."""
    policy = Policy(overrides=(Override(offer="shop/grand", project="hero"),))
    theirs = ask(db, project="hero", max_price_usd=0.01, policy=policy)
    assert (theirs.offer, theirs.cause) == (None, Cause.REFUSED_PIN)
    assert theirs.notes[0].startswith("shop/grand is where the policy sends this, but: ")
    ours = ask(db, pin="shop/grand", max_price_usd=0.01)
    assert ours.notes[0].startswith("shop/grand is asked for outright, but: ")
    for told in (theirs, ours):
        said = headline(told)
        assert said == "No offer: the one that it is pinned to cannot serve this request."


def test_a_feed_overrides_the_snapshot(db: Database) -> None:
    rule = PriceRule(
        components=(PriceComponent(unit="image", amount="0.001"),), source="feed", as_of=NOW
    )
    fed = ask(db, prices={"shop/grand": rule}, max_price_usd=0.01)
    assert (fed.offer, fed.price_nanousd) == ("shop/grand", 1_000_000)
    assert fed.digests["prices"] is not None
    euros = replace(rule, components=(replace(rule.components[0], currency="EUR"),))
    assert rejected(ask(db, prices={"shop/grand": euros}, max_price_usd=1))["grand"] is (
        Rule.PRICE_UNKNOWN
    )
    feed = PriceFeed(rules={"shop/grand": euros}, rates={"EUR": "1.2"})
    assert ask(db, prices=feed, tier="premium").price_nanousd == 1_200_000


def test_declared_prices_do_not_age(market: Any) -> None:
    db = market([Seller(name="own", source="declared by the team", as_of="2020-01-01")])
    assert ask(db, max_price_usd=1).offer == "shop/own"


def test_usable_cost_prefers_the_one_that_fails_less(market: Any) -> None:
    poor, sure = Seller(name="a", usd="0.0100", clears=6.0), Seller(name="b", usd="0.0101")
    db = market([poor, replace(sure, clears=9.0)])
    assert ask(db).offer == "shop/a"
    assert ask(db, policy=Policy(objective="usable_cost")).offer == "shop/b"


def test_undecided_never_counts(tmp_path: Path) -> None:
    release = factories.release()
    verdicts = tuple(
        replace(v, ruling=Ruling.UNDECIDED, reason="provisional", more_prompts=40)
        if v.offer_id == "shop/value"
        else v
        for v in release.verdicts
    )
    floors = tuple(replace(f, provisional=f.offer_id == "shop/value") for f in release.floors)
    undecided = replace(release, verdicts=verdicts, floors=floors)
    db = load(export.write(tmp_path / "quality.db", undecided))
    decision = ask(db)
    assert decision.offer == "shop/grand"
    row = next(c for c in decision.candidates if c.offer == "shop/value")
    assert (row.rejected_by, row.ruling) == (Rule.UNDECIDED, "undecided")
    assert row.detail.endswith("provisional; about 40 more prompts")
    one = replace(undecided, verdicts=tuple(
        replace(v, more_prompts=1 if v.more_prompts else None) for v in verdicts))  # fmt: skip
    decision = ask(load(export.write(tmp_path / "one.db", one)))
    row = next(c for c in decision.candidates if c.offer == "shop/value")
    assert row.detail.endswith("provisional; about 1 more prompt")


@pytest.mark.parametrize(
    ("bound", "more", "said"),
    [("exact", 40, "about 40 more prompts"), ("two_way", 1, "more raters"),
     ("two_way", 40, "more raters and about 40 more prompts"),
     ("exact", None, "no number of prompts would certify it if the share of fails stays as it is; "
      "more could only reject it")],
)  # fmt: skip
def test_where_raters_are_few_it_is_raters_that_lack(
    tmp_path: Path, bound: str, more: int | None, said: str
) -> None:
    release = factories.release()
    verdicts = tuple(
        replace(
            v, ruling=Ruling.UNDECIDED, reason="more_prompts", more_prompts=more, p_adjusted=0.2
        )
        for v in release.verdicts
    )
    floors = tuple(replace(f, bound=bound, q25_lo_release=None) for f in release.floors)
    db = load(export.write(tmp_path / "q.db", replace(release, verdicts=verdicts, floors=floors)))
    details = {c.detail for c in ask(db).candidates}
    assert any(detail.endswith(f": {said}") for detail in details), details


def test_digests_name_every_input(db: Database) -> None:
    assert Policy().digest == Policy().digest != Policy(objective="usable_cost").digest
    told = ask(db).digests
    assert told["database"] == db.digest
    assert (told["prices"], told["health"]) == (None, None)


def _health(**changes: Any) -> OfferHealth:
    told: dict[str, Any] = {"as_of": "2026-11-23T12:00:00+00:00", "p50_s": 20.0, "p95_s": 40.0}
    return OfferHealth(**{**told, "n": 50, "usual_p95_s": 9.0, **changes})


def test_a_surcharge_for_speed_while_the_cheapest_is_slow(market: Any) -> None:
    db = market([*shop()[:2], Seller(name="near", usd="0.023"), Seller(name="far", usd="0.08")])
    inputs: dict[str, Any] = {"health": {"shop/value": _health()}}
    now = dt.datetime(2026, 11, 23, 12, 5, tzinfo=dt.UTC)
    need = Need(prompt=FACE)
    faster = choose(db, need, now=now, **inputs)
    assert (faster.offer, faster.cause) == ("shop/near", Cause.FASTER)
    assert faster.surcharge_nanousd == 3_000_000
    assert rejected(faster)["value"] is Rule.ELEVATED_LATENCY
    # not for batches, not beyond the surcharge, not on few requests, not on old news
    assert choose(db, replace(need, max_latency_s="batch"), now=now, **inputs).offer == "shop/value"
    thrifty = Policy(speed_surcharge=0.1)
    assert choose(db, need, now=now, policy=thrifty, **inputs).offer == "shop/value"
    assert choose(db, need, now=now, health={"shop/value": _health(n=3)}).offer == "shop/value"
    late = now + dt.timedelta(hours=1)
    assert choose(db, need, now=late, **inputs).offer == "shop/value"


def test_what_does_not_answer_is_out(db: Database) -> None:
    now = "2026-11-23T12:05:00+00:00"
    down = choose(db, Need(prompt=FACE), now=now, health={"shop/value": _health(available=False)})
    assert down.offer == "shop/grand"
    assert rejected(down)["value"] is Rule.UNHEALTHY


def test_nothing_eligible(db: Database) -> None:
    decision = ask(db, tier="premium", max_price_usd="0.05")
    assert (decision.offer, decision.cause) == (None, Cause.REFUSED)
    assert decision.binding_rule is Rule.BUDGET
    assert decision.relaxation is not None
    assert decision.relaxation.text == "with tier standard: shop/thrift at $0.003"


def test_a_relaxation_keeps_the_classification_that_was_given(market: Any) -> None:
    # only portraits are certified anywhere: read as what it says, no ceiling at all would help
    clears = dict.fromkeys((c.id for c in CATEGORIES), None)
    db = market([Seller(name="faces", usd="0.02", by_category={**clears, "portrait": 9.0})])
    need = Need(prompt="a mountain lake at dawn, wide landscape", max_price_usd="0.001")
    assert choose(db, need, now=NOW).relaxation is None
    given = classify(db, need)._replace(category="portrait", plausible=("portrait",))
    told = choose(db, need, now=NOW, classification=given).relaxation
    assert told is not None
    assert (told.offer, told.change) == ("shop/faces", {"max_price_usd": "0.02"})


def test_a_decision_has_every_field(db: Database) -> None:
    decision = ask(db)
    assert set(vars(decision)) == {field.name for field in fields(Decision)}
    assert replace(decision) == decision
    default = ask(
        db, tier="premium", max_price_usd="0.05", policy=Policy(on_uncertified="default:shop/value")
    )
    assert (default.offer, default.cause) == ("shop/value", Cause.DEFAULT)
    assert not default.cause.certified
    bound = ask(
        db, tier="premium", max_price_usd="0.05", policy=Policy(on_uncertified="best_bound")
    )
    assert (bound.offer, bound.cause) == ("shop/value", Cause.BEST_BOUND)
    unfit = ask(
        db, tier="premium", max_price_usd="0.01", policy=Policy(on_uncertified="default:shop/value")
    )
    assert (unfit.offer, unfit.cause) == (None, Cause.REFUSED)
    assert "does not fit either" in unfit.notes[0]


@pytest.mark.parametrize("fields", [{"objective": "speed"}, {"on_uncertified": "default"},
                                    {"on_uncertified": "hope"}, {"lapsed": "x"},
                                    {"speed_surcharge": -1.0}, {"elevated": 0.5}])  # fmt: skip
def test_policies_are_checked(fields: dict[str, Any]) -> None:
    with pytest.raises(NeedError):
        Policy(**fields)
    with pytest.raises(NeedError, match="no regular expression"):
        Override(offer="a", pattern="(")


def test_a_day_that_is_none(db: Database) -> None:
    with pytest.raises(NeedError, match="must be a day or time"):
        choose(db, Need(prompt=FACE), now="tomorrow")
    assert choose(db, Need(prompt=FACE), now=dt.date(2026, 11, 23)).now == NOW


@pytest.mark.parametrize("assumed", [None, "en"])
def test_what_a_shape_decides_is_told_of_each_request_anew(
    db: Database, assumed: str | None
) -> None:
    """Equal in all but their words, they share a choice, and nothing that one of them alone is."""
    policy = Policy(assumed_language=assumed)
    asked = [FACE, "portrait of a young woman", "portrait Salvador Dalí", "портрет", FACE]
    days = [f"2026-11-2{3 + n // 2}" for n in range(len(asked))]

    def decided(db: Database, n: int) -> Decision:
        return choose(db, Need(prompt=asked[n]), policy=policy, now=days[n])

    apart = [decided(load(db.path), n).to_dict() for n in range(len(asked))]
    together = [decided(db, n) for n in range(len(asked))]
    assert [decision.to_dict() for decision in together] == apart
    first, second, unknown, *_ = together
    assert first.offer == second.offer
    assert first.classification is not second.classification
    assert first.digests is not second.digests
    assert [len(d.notes) for d in (first, unknown)] == [0, int(assumed is not None)]


def test_what_a_caller_does_to_a_decision_stays_its_own(db: Database) -> None:
    """A service that adds to what a decision names had it in those that others were given."""
    first = choose(db, Need(prompt=FACE), now=NOW)
    told = dict(first.digests)
    first.digests["mine"] = "1"  # type: ignore[index]
    second = choose(db, Need(prompt=FACE), now=NOW)
    second.digests["mine"] = "2"  # type: ignore[index]
    assert choose(db, Need(prompt=FACE), now=NOW).digests == told


def test_what_a_shape_decides_is_told_of_each_day_anew(market: Any) -> None:
    db = market(
        [Seller(name="value", usd="0.02", clears=6.8, lifecycle=Lifecycle(deprecated="2026-11-24"))]
    )
    notes = [choose(db, Need(prompt=FACE), now=f"2026-11-{day}").notes for day in (23, 24, 23)]
    assert notes == [(), ("shop/value is deprecated",), ()]


def test_a_category_that_is_known_takes_the_place_of_what_words_say(db: Database) -> None:
    need = Need(prompt="una foto de un viejo", modality="image")
    found = classify(db, need, "landscape")
    assert (found.category, found.plausible, found.confidence) == ("landscape", ("landscape",), 1.0)
    assert (found.language, list(found.evidence)) == (classify(db, need).language, [])
    decision = choose(db, need, now=NOW, classification=found)
    assert decision.category == "landscape"
    assert decision == choose(db, need, now=NOW, classification=classify(db, need, "landscape"))


def test_a_category_says_whether_it_is_of_clips(db: Database) -> None:
    assert classify(db, Need(prompt=FACE), "video").modality == "video"
    assert classify(db, Need(prompt="a clip of rain"), "animation").modality == "video"
    assert classify(db, Need(prompt="a clip of rain"), "portrait").modality == "image"


@pytest.mark.parametrize(
    ("category", "hint"), [("portraits", "did you mean 'portrait'"), ("x", "known: animation, arc")]
)
def test_a_category_that_nobody_knows_is_named(db: Database, category: str, hint: str) -> None:
    with pytest.raises(NeedError, match=f"no category '{category}'; {hint}"):
        classify(db, Need(prompt=FACE), category)
