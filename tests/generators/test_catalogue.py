"""Offers in TOML: what ships, what a team adds, and what is wrong with a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from qfloor import prices
from qfloor.errors import InputError
from qfloor.generators.catalogue import catalogue, catalogue_with, read_offers
from qfloor.generators.catalogue.files import OfferTable

HOSTED = {k: o for k, o in catalogue().items() if o.provider != "painters"}
OWN = """
provider = "studio"
generator = "openai-compatible"
generator_args = { base_url = "http://127.0.0.1:8188/v1" }
rights = { commercial_use = true }

[sources]
page = "declared by us"

[[offers]]
id = "house-style@lora"
model = "sdxl"
modality = "image"
settings = { size = "1024x1024", lora = "house-style" }
price = [{ unit = "image", amount = "0.002" }]
source = "page"
as_of = "2026-11-01"

[[offers]]
id = "house-style@base"
model = "sdxl"
modality = "image"
rights = { commercial_use = false, region = "eu" }
charged_on = ["made"]
"""


def test_at_least_a_hundred_offers_have_a_price_with_its_source_and_day() -> None:
    priced = [o for o in HOSTED.values() if o.price is not None]
    dated = [o for o in priced if o.price is not None and o.price.source and o.price.as_of]
    assert len(dated) >= 100
    assert len(HOSTED) > len(priced)
    for offer in dated:
        assert offer.price is not None
        assert dt.date.fromisoformat(offer.price.as_of) <= dt.date(2026, 11, 23)


def test_every_price_can_be_evaluated_for_what_the_offer_makes() -> None:
    rates = {"CNY": "0.14"}
    for offer in HOSTED.values():
        if offer.price is None:
            continue
        amount = prices.estimate(
            offer.price, width=1024, height=1024, seconds=5, settings=offer.settings, rates=rates
        )
        assert amount is not None, offer.id
        assert 0 < amount < 10 * prices.NANO, offer.id


@pytest.mark.parametrize(
    ("offer", "shape", "usd"),
    [
        ("bfl/flux-2-pro", {"width": 1024, "height": 1024}, "0.045"),  # 1.05 megapixels are two
        ("bfl/flux-2-pro", {"width": 1000, "height": 1000}, "0.03"),
        ("fal/flux-schnell", {"width": 1920, "height": 1080}, "0.009"),
        ("vertex/veo-3.1@4k", {"seconds": 8}, "4.80"),
        ("openai/gpt-image-2@low", {}, "0.006"),
        ("luma/ray-3.2@1080p-5s", {"seconds": 5}, "1.20"),
    ],
)
def test_prices_come_to_what_their_pages_say(offer: str, shape: dict[str, float], usd: str) -> None:
    rule = HOSTED[offer].price
    assert rule is not None
    told = HOSTED[offer].settings
    assert prices.estimate(rule, settings=told, **shape) == prices.nanousd(usd)  # type: ignore[arg-type]


def test_who_is_gone_says_since_when_and_offers_differ_by_settings() -> None:
    assert HOSTED["openai/sora-2"].lifecycle.state == "gone"
    assert HOSTED["openai/sora-2"].lifecycle.gone == "2026-09-24"
    assert HOSTED["fal/imagen-4"].lifecycle.state == "uncertain"
    seen = [(o.provider, o.model, tuple(sorted(o.settings.items()))) for o in HOSTED.values()]
    assert len(set(seen)) == len(seen)


def test_a_team_adds_its_own_and_says_once_what_they_share(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN)
    lora, base = read_offers(file)
    assert (lora.id, lora.model) == ("studio/house-style@lora", "sdxl")
    assert lora.generator is not None
    assert lora.generator.args == {"base_url": "http://127.0.0.1:8188/v1"}
    assert (lora.rights.commercial_use, base.rights.commercial_use) == (True, False)
    assert lora.price is not None
    assert lora.price.charged_on == ("made", "blank")
    assert base.price is None
    assert set(catalogue_with([file])) == set(catalogue()) | {lora.id, base.id}
    with pytest.raises(InputError, match="declared already"):
        catalogue_with([file, file])


def test_a_manifest_lies_beside_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "own.toml").write_text(
        'provider = "shop"\ngenerator = "folder"\n[[offers]]\nid = "one"\nmodel = "one"\n'
        'modality = "image"\ngenerator_args = { manifest = "made/rows.csv" }\n'
    )
    seen = set()
    for folder in (tmp_path, tmp_path / "shop"):
        monkeypatch.chdir(folder)
        (offer,) = read_offers((tmp_path / "shop" / "own.toml").relative_to(folder))
        assert offer.generator is not None
        seen.add(offer.generator.args["manifest"])
    assert seen == {str(tmp_path / "shop" / "made" / "rows.csv")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("model = ", "modell = "),
            "offer 'house-style@lora': unknown field 'modell'; did you mean 'model'?",
        ),
        (('amount = "0.002"', 'amount = "cheap"'), "must be a decimal number"),
        (
            ('amount = "0.002"', "amount = 0.002"),
            "offer 'house-style@lora': field 'price (entry 1).amount' is 0.002, must be text",
        ),
        (
            ('id = "house-style@lora"', 'id = "house style"'),
            "field 'id' is 'house style', must be letters, digits and . _ / @ : + -",
        ),
        (('provider = "', 'provider = "A '), "must be small letters, digits and . _ -, beginning"),
        (
            ('amount = "0.002"', 'amount = "0.002", currency = "usd"'),
            "currency' is 'usd', must be three capital letters, such as USD",
        ),
        (('source = "page"\n', ""), "price and source come together"),
        (('source = "page"', 'source = "book"'), "'book' is not among"),
        (('as_of = "2026-11-01"', 'as_of = "November"'), "as_of"),
        (('id = "house-style@base"', 'id = "house-style@lora"'), "declared twice"),
        (("provider = ", "provder = "), "unknown field 'provder'; did you mean 'provider'?"),
        (("[sources]", "[sources"), "not valid TOML"),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN.replace(*change, 1))
    with pytest.raises(InputError, match=r"own\.toml: ") as told:
        read_offers(file)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file of offers"):
        read_offers(tmp_path / "none.toml")


def test_the_module_says_what_fields_there_are() -> None:
    from qfloor.generators.catalogue import files

    shown = {line.split("=")[0].strip() for line in (files.__doc__ or "").splitlines()}
    assert {"id", "model", "modality", "price", "source", "as_of"} <= shown & set(
        OfferTable.model_fields
    )
