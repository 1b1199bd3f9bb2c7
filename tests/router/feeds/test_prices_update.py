"""From a source's bytes to prices that count: every form, every guard, every way to be wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import http.server
import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import HTTPRedirectHandler

import factories
import pytest
from factories import Seller
from hypothesis import given
from hypothesis import strategies as st

from qfloor.errors import InputError, StoreError
from qfloor.generators.catalogue import catalogue
from qfloor.records import Offer, PriceComponent, PriceRule
from qfloor.router.feeds import (
    FeedStore,
    PriceRow,
    compare_sources,
    update_file,
    update_prices,
    updating,
)
from qfloor.router.feeds import fetching as fetching_module
from qfloor.router.feeds.comparing import reference_price
from qfloor.router.feeds.files import SourceRead, read_source
from qfloor.router.feeds.guards import Checked, check_rows
from qfloor.router.feeds.litellm import read_litellm
from qfloor.router.feeds.prices_kept import rules_of
from qfloor.router.feeds.pricing import PriceShelf

NOW = dt.datetime(2026, 11, 24, 6, tzinfo=dt.UTC)
DAY = "2026-11-24"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeedStore]:
    with FeedStore.open(tmp_path / "feeds.db") as opened:
        yield opened


def csv(path: Path, *lines: str) -> str:
    path.write_text("\n".join(("offer,unit,usd,as_of", *lines)) + "\n", encoding="utf-8")
    return str(path)


def prices_in(store: FeedStore, source: str = "p") -> dict[str, str]:
    return {row.model: row.usd for row in store.price_rows().get(source, ())}


# reading


def test_a_csv_with_everything() -> None:
    text = (
        "provider,model,unit,usd,variant,as_of,source,rounding,above,upto,minimum,retires\n"
        "bfl,flux-2-pro,megapixel,0.03,,2026-11-24,bfl.ai/pricing,up,,1,,\n"
        "bfl,flux-2-pro,megapixel,0.015,,2026-11-24,bfl.ai/pricing,up,1,,,2027-01-01\n"
        "openai,gpt,image,1.1e-2,quality=Low;size=1024X1024,2026-11-24,,,,,0.001,\n"
    )
    first, further, keyed = read_source(text.encode("utf-8-sig"), "p.csv").rows
    assert (first.upto, first.rounding, first.page) == (1.0, "up", "bfl.ai/pricing")
    assert (further.above, further.retires) == (1.0, "2027-01-01")
    assert (keyed.usd, keyed.minimum) == ("0.011", "0.001")
    assert keyed.variant == {"quality": "low", "size": "1024x1024"}


def test_our_json_and_other_currencies() -> None:
    rows = [
        {"offer": "a/b", "unit": "second", "amount": 0.5, "currency": "cny", "variant": {"x": 1}}
    ]
    for told in (rows, {"prices": rows}):
        read = read_source(json.dumps(told).encode(), "p.json", as_of=DAY, rates={"CNY": "0.14"})
        assert [(r.model, r.usd, r.page, r.variant) for r in read.rows] == [
            ("a/b", "0.07", "at 0.14 USD per CNY", {"x": "1"})
        ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first line must name columns"),
        ("a,b\n1,2\n", "first line must name columns"),
        (
            "offer,unit,price\na,image,1\n",
            "no column usd says what it costs; it has offer, unit, pr",
        ),
        ("offer,unit,uds\na,image,1\n", "line 1: no field is called 'uds'; did you mean 'usd'?"),
        ("offer,units,usd\na,image,1\n", "no field is called 'units'; did you mean 'unit'?"),
        (
            "offer;unit;usd\na;image;0,1\nb;image;1.250\n",
            "p: the table has '0,1' and '1.250', so nobody can tell",
        ),
        ('offer,unit,usd,as_of\na,image,"0,1",2026-11-24\n', "line 2: usd is '0,1'"),
        ("sep=;\noffer;unit;usd;as_of\na;image;x;2026-11-24\n", "line 3: usd is 'x'"),
        ("offer,unit,usd\na,image,0.1\n", "line 2: has no as_of"),
        ("offer,unit,usd,as_of\na,image,NaN,2026-11-24\n", "line 2: usd is 'NaN'"),
        ("offer,unit,usd,as_of\na,image,0.1,2026-11-24\nb,image,-1,2026-11-24\n", "line 3: usd"),
        ("offer,unit,usd,as_of\na,image,,2026-11-24\n", "usd is None"),
        ("offer,unit,usd,as_of\na,image,1e9,2026-11-24\n", "from 0 to 1000000"),
        ("offer,unit,usd,as_of\na,gallon,1,2026-11-24\n", "unit is 'gallon'"),
        ("offer,unit,usd,as_of\na,image,1,yesterday\n", "as_of is 'yesterday'"),
        ("offer,unit,usd,as_of,nr\na,image,1,2026-11-24,7\n", "no field is called 'nr'"),
        ("offer,unit,usd,as_of\na,image,1,2026-11-24,9\n", "has more cells than the heading"),
        ("offer,unit,usd,as_of,source\na,image,1,2026-11-24\n", "line 2: has fewer cells than th"),
        ("offer,unit,usd,as_of\n,image,1,2026-11-24\n", "neither an offer nor a model"),
        ("model,unit,usd,as_of\nm,image,1,2026-11-24\n", "no provider"),
        ("offer,model,unit,usd,as_of\na,m,image,1,2026-11-24\n", "an offer and a model"),
        ("offer,unit,amount,currency,as_of\na,image,1,EUR,2026-11-24\n", "in EUR; give its rate"),
        ("offer,unit,usd,variant,as_of\na,image,1,low,2026-11-24\n", "variant is 'low'"),
        ("offer,unit,usd,above,upto,as_of\na,second,1,5,5,2026-11-24\n", "covers nothing"),
        ("offer,unit,usd,as_of\na,image,1,2026-11-24\na,image,2,2026-11-24\n", "priced twice"),
        ("offer,unit,usd,amount,as_of\na,image,1,1,2026-11-24\n", "has usd and amount"),
        ("offer,unit,usd,rounding,as_of\na,image,1,down,2026-11-24\n", "rounding is 'down'"),
        ("offer,unit,usd,above,as_of\na,second,1,x,2026-11-24\n", "above is 'x'"),
        ("[1]", "price 1: must be an object"),
        ("{", "no JSON"),
        ('{"a": 1}', "must be a list of prices"),
    ],
)
def test_a_file_of_ones_own_with_one_bad_row_is_refused_by_its_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_source(text.encode(), "p")
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match=r"p\.csv: not UTF-16 at byte 2; save it as"):
        read_source(b"\xff\xfe\x00", "p.csv")
    with pytest.raises(InputError, match=r"p\.csv: not UTF-8 at byte 0; save it as"):
        read_source(b"\xe9", "p.csv")


def test_a_comma_that_may_part_thousands_is_not_taken_for_a_point() -> None:
    rows = b"offer;unit;usd\nx/z;image;0,125\nx/y;month;1,200\n"
    with pytest.raises(InputError, match=r"p\.csv: line 3: usd is '1,200': nobody can tell"):
        read_source(rows, "p.csv")
    (row,) = read_source(rows[: rows.index(b"x/y")], "p.csv", as_of="2026-11-24").rows
    assert row.usd == "0.125"


@pytest.mark.parametrize(
    "text",
    [
        'offer;unit;usd;variant;as_of\na/b;second;0,04;"x=1;y=2";2026-11-24\n',
        'sep=;\r\noffer;unit;usd;variant;as_of\r\na/b;second;0,04;"x=1;y=2";2026-11-24\r\n',
        "offer\tunit\tusd\tvariant\tas_of\na/b\tsecond\t0.04\tx=1;y=2\t2026-11-24\n",
        "offer\tunit\tusd\tvariant\tas_of\na/b\tsecond\t0,04\tx=1;y=2\t2026-11-24\n",
        "offer,unit,usd,variant,as_of\na/b,second,0.04,x=1;y=2,2026-11-24\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_spreadsheet_saves_is_read_as_it_is(text: str, encoding: str) -> None:
    read = read_source(text.encode(encoding), "https://x.test/p.csv")
    assert [(r.model, r.unit, r.usd, r.variant, r.as_of) for r in read.rows] == [
        ("a/b", "second", "0.04", {"x": "1", "y": "2"}, "2026-11-24")
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_prices_or_one_sentence(content: bytes) -> None:
    with contextlib.suppress(InputError):
        assert all(Decimal(r.usd) >= 0 for r in read_source(content, "p", as_of=DAY).rows)


MAP: dict[str, dict[str, Any]] = {
    "sample_spec": {"litellm_provider": "one of", "mode": "image_generation"},
    "gpt-4": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 3e-05},
    "fal_ai/fal-ai/flux/dev": {
        "litellm_provider": "fal_ai", "mode": "image_generation", "output_cost_per_image": 0.025,
        "output_cost_per_pixel": 2.384185791015625e-08, "source": "https://fal.example/flux",
    },
    "fal_ai/low/1024-x-768/openai/gpt-image-2": {
        "litellm_provider": "fal_ai", "mode": "image_generation", "output_cost_per_image": 0.006,
    },
    "low/1024-x-1024/gpt-image-1": {
        "litellm_provider": "openai", "mode": "image_generation", "input_cost_per_image": 0.011,
        "input_cost_per_pixel": 1.05e-08, "output_cost_per_pixel": 0.0,
        "deprecation_date": "2026-10-23",
    },
    "fal_ai/banana": {
        "litellm_provider": "fal_ai", "mode": "image_generation", "output_cost_per_image": 0.08,
        "output_cost_per_image_2K": 0.12,
    },
    "azure_ai/flex": {
        "litellm_provider": "azure_ai", "mode": "image_generation", "input_cost_per_pixel": 5e-08,
    },
    "gpt-image-9": {
        "litellm_provider": "openai", "mode": "image_generation", "input_cost_per_token": 5e-06,
        "output_cost_per_image_token": 3e-05,
    },
    "dashscope/wan": {
        "litellm_provider": "dashscope", "mode": "video_generation",
        "output_cost_per_second": 0.165025, "output_cost_per_second_720p": 0.082513,
    },
    "openai/sora": {
        "litellm_provider": "openai", "mode": "video_generation",
        "output_cost_per_video_per_second": 0.1,
    },
    "dashscope/qwen": {"litellm_provider": "dashscope", "mode": "image_generation"},
    "recraft/free": {
        "litellm_provider": "recraft", "mode": "image_generation", "output_cost_per_image": 0.0,
    },
    "recraft/odd": {
        "litellm_provider": "recraft", "mode": "image_generation",
        "output_cost_per_image": float("nan"),
    },
    "recraft/words": {
        "litellm_provider": "recraft", "mode": "image_generation", "output_cost_per_image": "cheap",
    },
    "recraft/owes": {
        "litellm_provider": "recraft", "mode": "image_generation", "output_cost_per_image": -0.04,
    },
}  # fmt: skip


def test_litellms_map_in_our_words() -> None:
    rows, left = read_litellm(MAP, DAY)
    told = {(r.provider, r.model, r.unit, json.dumps(dict(r.variant))): r for r in rows}
    assert {key: row.usd for key, row in told.items()} == {
        ("fal", "fal-ai/flux/dev", "megapixel", "{}"): "0.025",
        ("fal", "openai/gpt-image-2", "image", '{"quality": "low", "size": "1024x768"}'): "0.006",
        ("openai", "gpt-image-1", "image", '{"quality": "low", "size": "1024x1024"}'): "0.011",
        ("fal", "banana", "image", "{}"): "0.08",
        ("fal", "banana", "image", '{"resolution": "2k"}'): "0.12",
        ("azure", "flex", "megapixel", "{}"): "0.05",
        ("openai", "gpt-image-9", "token", '{"tokens": "output"}'): "0.00003",
        ("openai", "gpt-image-9", "token", '{"tokens": "input"}'): "0.000005",
        ("alibaba", "wan", "second", "{}"): "0.165025",
        ("alibaba", "wan", "second", '{"resolution": "720p"}'): "0.082513",
        ("openai", "sora", "second", "{}"): "0.1",
    }
    assert told["fal", "fal-ai/flux/dev", "megapixel", "{}"].rounding == "up"
    assert told["fal", "fal-ai/flux/dev", "megapixel", "{}"].page == "https://fal.example/flux"
    assert sorted(text.split(":")[0] for text in left) == [
        "dashscope/qwen", "recraft/free", "recraft/odd", "recraft/owes", "recraft/words",
    ]  # fmt: skip
    assert told["openai", "gpt-image-1", "image",
                '{"quality": "low", "size": "1024x1024"}'].retires == "2026-10-23"  # fmt: skip


def test_a_map_needs_a_day_and_enough_rows(store: FeedStore, tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(json.dumps(MAP))
    with pytest.raises(InputError, match="says nothing of its day"):
        update_prices(store, str(path), now=NOW)
    with pytest.raises(InputError, match="has 11 prices, at least 50 are needed"):
        update_prices(store, str(path), now=NOW, as_of=DAY)
    found = update_prices(store, str(path), now=NOW, as_of=DAY, least_rows=5)
    assert len(found.checked.taken) == 10
    assert [row.model for row in found.checked.retired] == ["gpt-image-1"]
    assert len(found.left_out) == 5


def test_one_price_is_one(store: FeedStore, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"prices": []}))
    with pytest.raises(InputError, match="has 0 prices, at least 1 is needed"):
        update_prices(store, str(path), now=NOW, as_of=DAY, least_rows=1)


REAL = importlib.util.find_spec("litellm")


@pytest.mark.skipif(REAL is None, reason="needs litellm (extra [dev]) for its own price map")
def test_litellms_own_map_prices_offers_of_the_catalogue(store: FeedStore) -> None:
    assert REAL is not None
    assert REAL.origin is not None
    name = "model_prices_and_context_window_backup.json"
    place = Path(REAL.origin).with_name(name)
    found = update_prices(store, str(place), now=NOW, as_of="2026-11-20", source="litellm")
    assert len(found.checked.taken) > 300
    assert found.checked.retired, "it lists models that cannot be bought any more"
    offers = catalogue()
    known = {o.id: o.price for o in offers.values() if o.price is not None}
    shelf = PriceShelf("litellm", store.price_rows()["litellm"])
    told = {o.id: r for o in offers.values() if (r := shelf.rule_of(o, known.get(o.id)))}
    compared = compare_sources(offers.values(), known, told)
    both = [c for c in compared if c.ratio is not None]
    assert len(both) >= 40
    assert sum(c.agrees for c in both) / len(both) > 0.8
    assert compared[0].ratio is None or not compared[0].agrees, "the worst comes first"


# guards


def test_last_good_prices_stay_whatever_comes(store: FeedStore, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    good = [f"o{i},image,0.0{i},2026-11-20" for i in range(1, 7)]
    update_prices(store, csv(path, *good), now=NOW)
    before = prices_in(store)
    for bad in (["o1,image,NaN,2026-11-24"], good[:2], [], ["o1,image,1,2027-06-01"] * 4):
        with pytest.raises(InputError):
            update_prices(store, csv(path, *bad), now=NOW)
        assert prices_in(store) == before
        assert store.ages(NOW)[0].outcome == "refused"
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        update_prices(store, str(path), now=NOW)
    assert prices_in(store) == before
    age = store.ages(NOW)[0]
    assert (age.rows, age.age_days, "no such file" in age.said) == (6, 4.0, True)


def test_a_source_that_shrank_is_taken_once_confirmed(store: FeedStore, tmp_path: Path) -> None:
    lines = [f"o{i},image,0.01,2026-11-20" for i in range(5)]
    update_prices(store, csv(tmp_path / "p.csv", *lines), now=NOW)
    with pytest.raises(InputError, match="2 prices where it had 5: more than half are gone"):
        update_prices(store, csv(tmp_path / "p.csv", *lines[:2]), now=NOW)
    update_prices(store, csv(tmp_path / "p.csv", *lines[:3]), now=NOW)
    update_prices(store, csv(tmp_path / "p.csv", *lines[:2]), now=NOW, confirmed=True)


@pytest.mark.parametrize(
    ("before", "now", "held"),
    [
        ("0.01", "0.03", False), ("0.01", "0.0301", True), ("0.03", "0.01", False),
        ("0.0301", "0.01", True), ("0", "0", False), ("0", "0.01", True), ("0.01", "0", True),
    ],
)  # fmt: skip
def test_a_price_that_moved_more_than_three_times_is_held_until_confirmed(
    store: FeedStore, tmp_path: Path, before: str, now: str, held: bool
) -> None:
    path = tmp_path / "p.csv"
    update_prices(store, csv(path, f"a,image,{before},2026-11-20", "b,image,1,2026-11-20"), now=NOW)
    for _ in range(2):  # the next day's run holds it still
        found = update_prices(
            store, csv(path, f"a,image,{now},2026-11-24", "b,image,2,2026-11-24"), now=NOW
        )
        assert len(found.checked.held) == held
        assert prices_in(store) == {"a": before if held else now, "b": "2"}, "others are taken"
    if held:
        assert [h.row.usd for _, h in store.held()] == [now]
        assert store.price_rows()["p"][0].as_of == "2026-11-20", "what stays goes on ageing"
        update_prices(store, str(path), now=NOW, confirmed=True)
        assert prices_in(store)["a"] == now
    assert store.held() == []


def test_what_is_told_first_is_held_against_what_others_say(
    store: FeedStore, tmp_path: Path
) -> None:
    offers = [sold("m", "0.04"), sold("n", "0.04", q=1), sold("n", "0.5", q=2, r=1)]
    text = "provider,model,unit,usd,as_of\nx,m,image,{},2026-11-24\nx,n,image,9,2026-11-24\n"
    (tmp_path / "a.csv").write_text(text.format("0.4"))
    told: dict[str, Any] = {"now": NOW, "offers": offers}
    found = update_prices(store, str(tmp_path / "a.csv"), **told)
    assert [h.text for h in found.checked.held] == ["x/m per image: $0.04 before, $0.40 now"]
    assert set(prices_in(store, "a")) == {"n"}, "of n nobody knows one price"
    update_prices(store, str(tmp_path / "a.csv"), confirmed=True, **told)
    (tmp_path / "b.csv").write_text(text.format("0.1"))
    found = update_prices(store, str(tmp_path / "b.csv"), **told)
    assert [h.before_usd for h in found.checked.held] == ["0.4"], "a source is newer than offers"


def test_no_other_update_comes_between_the_check_and_what_it_was_held_against(
    store: FeedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person had just confirmed was replaced by a price that was held against older ones."""
    update_prices(store, csv(tmp_path / "p.csv", "a,image,1,2026-11-20"), now=NOW)
    (tmp_path / "late").mkdir()
    other = csv(tmp_path / "late" / "p.csv", "a,image,9,2026-11-24")

    def meanwhile(*args: Any, **told: Any) -> Checked:
        monkeypatch.undo()
        monkeypatch.setattr("qfloor.router.feeds.store.BUSY_S", 0.0)
        with FeedStore.open(store.path) as feeds, pytest.raises(StoreError, match="locked"):
            update_prices(feeds, other, now=NOW, confirmed=True)
        return check_rows(*args, **told)

    monkeypatch.setattr("qfloor.router.feeds.updating.check_rows", meanwhile)
    update_prices(store, csv(tmp_path / "p.csv", "a,image,2,2026-11-24"), now=NOW)
    update_prices(store, other, now=NOW)
    assert [(h.before_usd, h.row.usd) for _, h in store.held()] == [("2", "9")]


def test_a_first_update_is_held_against_offers_that_can_be_walked_through_once(
    tmp_path: Path,
) -> None:
    offer = sold("m", "0.04")
    place = csv(tmp_path / "p.csv", f"{offer.id},image,4,{DAY}")
    found = update_file(tmp_path / "feeds.db", place, now=NOW, offers=(o for o in [offer]))
    assert [(h.before_usd, h.row.usd) for h in found.checked.held] == [("0.04", "4")]
    with FeedStore.open(tmp_path / "feeds.db", create=False) as store:
        assert prices_in(store) == {}


def test_a_source_is_parsed_once_by_a_first_update_and_by_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str | None] = []

    def counted(content: bytes, name: str, **how: Any) -> SourceRead:
        parsed.append(how["as_of"])
        return read_source(content, name, **how)

    monkeypatch.setattr(updating, "read_source", counted)
    place = tmp_path / "p.csv"
    place.write_text("offer,unit,usd\na,image,2\n")
    for n in (1, 2):
        update_file(tmp_path / "feeds.db", str(place), now=NOW, as_of=DAY)
        assert parsed == [DAY] * n
    with FeedStore.open(tmp_path / "feeds.db", create=False) as store:
        assert prices_in(store) == {"a": "2"}


@pytest.mark.parametrize(
    ("modality", "unit", "makes"),
    [
        ("image", "second", "pictures"),
        ("image", "video", "pictures"),
        ("video", "image", "clips"),
        ("video", "megapixel", "clips"),
    ],
)
def test_a_unit_that_cannot_price_what_an_offer_makes_is_refused_and_moves_nothing(
    store: FeedStore, tmp_path: Path, modality: Any, unit: str, makes: str
) -> None:
    offer = replace(sold("m", "0.04"), modality=modality, price=None)
    right = "image" if modality == "image" else "second"
    good, bad = f"{offer.id},{right},0.04,{DAY}", f"{offer.id},{unit},0.04,{DAY}"
    update_prices(store, csv(tmp_path / "p.csv", good), now=NOW, offers=[offer])
    with pytest.raises(
        InputError, match=f"p.csv: {offer.id} makes {makes}, which have no .* {unit}"
    ):
        update_prices(store, csv(tmp_path / "p.csv", bad), now=NOW, offers=[offer])
    assert [row.unit for row in store.price_rows()["p"]] == [right]
    # where nobody knows the offer, units cannot be compared: held, and its price stays what it was
    found = update_prices(store, csv(tmp_path / "p.csv", bad), now=NOW)
    assert [h.text for h in found.checked.held] == [
        f"{offer.id} per {unit}: $0.04 before (by the {right}), $0.04 now"
    ]
    update_prices(store, csv(tmp_path / "q.csv", bad), now=NOW)
    feed = rules_of(store.price_rows(), {offer.id: offer}, {}, None)
    assert [c.unit for c in feed[offer.id].components] == [right]


def test_a_row_of_a_large_map_that_cannot_price_its_offers_is_left_out_and_told(
    store: FeedStore, tmp_path: Path
) -> None:
    (tmp_path / "map.json").write_text(json.dumps(MAP))
    sora = replace(sold("sora"), provider="openai")
    told: dict[str, Any] = {"now": NOW, "as_of": DAY, "least_rows": 5}
    found = update_prices(store, str(tmp_path / "map.json"), offers=[sora], **told)
    assert "sora" not in {row.model for row in found.checked.taken}
    assert any("x/sora@0 makes pictures" in text for text in found.left_out)
    both = [sora, replace(sora, id="x/sora@clip", modality="video")]
    found = update_prices(store, str(tmp_path / "map.json"), offers=both, **told)
    assert "sora" in {row.model for row in found.checked.taken}, "of one of them it is the price"


@pytest.mark.parametrize(
    ("usd", "held"),
    [
        ("0.04", None),
        ("0.1144", None),  # a picture of 1.05 megapixels costs just less than three times as much
        ("0.1145", "0.038147"),
        ("0", "0.04"),
    ],
)
def test_a_price_by_another_unit_is_held_where_a_call_would_cost_thrice(
    store: FeedStore, tmp_path: Path, usd: str, held: str | None
) -> None:
    offer = sold("m", "0.04")
    path = csv(tmp_path / "p.csv", f"{offer.id},megapixel,{usd},{DAY}")
    found = update_prices(store, path, now=NOW, offers=[offer])
    assert [h.before_usd for h in found.checked.held] == ([] if held is None else [held])
    if held is not None:
        now = "0.00" if usd == "0" else usd
        assert found.checked.held[0].text == (
            f"x/m@0 per megapixel: ${held} before (by 1024x1024), ${now} now"
        )
        assert prices_in(store) == {}
        update_prices(store, path, now=NOW, offers=[offer], confirmed=True)
        assert prices_in(store) == {offer.id: usd}


def test_a_source_that_prices_by_another_unit_now_does_so_no_more_by_the_first(
    store: FeedStore, tmp_path: Path
) -> None:
    offer, other = sold("m", "0.04"), "b,image,1,2026-11-24"
    path = csv(tmp_path / "p.csv", f"{offer.id},image,0.04,2026-11-20", other)
    update_prices(store, path, now=NOW, offers=[offer])
    path = csv(tmp_path / "p.csv", f"{offer.id},megapixel,0.5,{DAY}", other)
    found = update_prices(store, path, now=NOW, offers=[offer])
    assert len(found.checked.held) == 1
    assert {r.unit for r in store.price_rows()["p"]} == {"image"}, "the last good one stays"
    update_prices(store, path, now=NOW, offers=[offer], confirmed=True)
    rules = rules_of(store.price_rows(), {offer.id: offer}, {}, None)
    assert [(c.unit, c.amount) for c in rules[offer.id].components] == [("megapixel", "0.5")]
    assert prices_in(store)["b"] == "1"


def test_what_is_past_its_day_is_dropped(store: FeedStore, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    text = "offer,unit,usd,as_of,retires\na,image,1,2026-11-24,{}\nb,image,1,2026-11-24,\n"
    path.write_text(text.format("2026-11-25"))
    update_prices(store, str(path), now=NOW)
    assert set(prices_in(store)) == {"a", "b"}
    path.write_text(text.format("2026-11-24"))
    found = update_prices(store, str(path), now=NOW)
    assert set(prices_in(store)) == {"b"}
    assert [row.model for row in found.checked.retired] == ["a"]
    alone = tmp_path / "alone.csv"
    alone.write_text("offer,unit,usd,as_of,retires\na,image,1,2026-11-20,2026-12-01\n")
    update_prices(store, str(alone), now=NOW)
    alone.write_text("offer,unit,usd,as_of,retires\na,image,1,2026-11-20,2026-11-24\n")
    found = update_prices(store, str(alone), now=NOW)
    assert (len(found.checked.taken), len(found.checked.retired)) == (0, 1)
    assert prices_in(store, "alone") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "offer,unit,usd,asof\na,image,1,2026-11-24\n",
            "line 1: no field is called 'asof'; did you",
        ),
        (
            "offer,unit,usd,as_of\na,image,1,2026-11-24,9\n",
            "line 2: has more cells than the heading",
        ),
        ("offer,unit,usd\na,image,1\n", r"line 2: has no as_of; .*\(--as-of\)"),
        ("offer,unit,amount,currency,as_of\na,image,1,CNY,2026-11-24\n", "--rate CNY="),
    ],
)
def test_what_is_wrong_with_a_table_is_told_where_it_is_and_what_helps(
    text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_source(text.encode(), "p.csv")


def test_a_source_is_not_called_as_what_ships_is(store: FeedStore, tmp_path: Path) -> None:
    path = csv(tmp_path / "p.csv", "a,image,1,2026-11-24")
    with pytest.raises(InputError, match="'catalogue' is no name for a source"):
        update_prices(store, path, now=NOW, source="catalogue")
    assert store.price_rows() == {}


def test_what_vanished_from_a_source_ages_and_is_forgotten_in_the_end(
    store: FeedStore, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    update_prices(store, csv(path, "a,image,1,2026-11-24", "b,image,1,2026-11-24"), now=NOW)
    update_prices(store, csv(path, "b,image,1,2026-12-24"), now=NOW + dt.timedelta(days=30))
    assert set(prices_in(store)) == {"a", "b"}
    update_prices(store, csv(path, "b,image,1,2027-03-24"), now=NOW + dt.timedelta(days=120))
    assert set(prices_in(store)) == {"b"}


rows = st.builds(
    PriceRow,
    model=st.sampled_from("abcdef"),
    unit=st.just("image"),
    usd=st.decimals(0, 10, places=3).map(str),
    as_of=st.just(DAY),
)


@given(st.lists(rows, max_size=8), st.lists(rows, min_size=1, max_size=8))
def test_nothing_is_taken_that_moved_too_far_or_is_not_there(
    old: list[PriceRow], new: list[PriceRow]
) -> None:
    known = {row.key: row for row in old}
    try:
        found = check_rows(new, known, today=DAY)
    except InputError:
        assert len({r.key for r in new}) < len(known) / 2
        return
    assert {r.key for r in found.taken} | {h.row.key for h in found.held} == {r.key for r in new}
    for row in found.taken:
        before = Decimal(known[row.key].usd) if row.key in known else Decimal(row.usd)
        assert before / 3 <= Decimal(row.usd) <= before * 3


# which rows price an offer


def sold(model: str, price: str | None = None, **settings: Any) -> Offer:
    rule = None
    if price is not None:
        component = PriceComponent(unit="image", amount=price)
        rule = PriceRule(components=(component,), source="page", as_of="2026-11-01")
    return Offer(id=f"x/{model}@{len(settings)}", model=model, provider="x", settings=settings,
                 price=rule)  # fmt: skip


def shelf(*told: tuple[str, str, dict[str, str]], unit: str = "image") -> PriceShelf:
    kept = [
        PriceRow(provider="X", model=m, unit=unit, usd=usd, as_of=DAY, variant=variant)
        for m, usd, variant in told
    ]
    return PriceShelf("s", kept)


@pytest.mark.parametrize(
    ("settings", "usd"),
    [
        ({"quality": "low", "size": "1024x1024"}, "0.01"),
        ({"quality": "HIGH", "size": "1024x1024"}, "0.04"),
        ({"quality": "low"}, "0.01"),  # the size of the call decides
        ({"quality": "low", "size": "512x512"}, "0.09"),  # no row of that size: the plain one
        ({}, "0.09"),
    ],
)
def test_the_most_particular_rows_that_fit_an_offer_price_it(
    settings: dict[str, Any], usd: str
) -> None:
    rows_of = shelf(
        ("m", "0.01", {"quality": "low", "size": "1024x1024"}),
        ("m", "0.02", {"quality": "low", "size": "2048x2048"}),
        ("m", "0.04", {"quality": "high", "size": "1024x1024"}),
        ("m", "0.09", {}),
        ("other", "7", {}),
    )
    offer = sold("M", **settings)
    rule = rows_of.rule_of(offer, None)
    price = reference_price(offer, rule)
    assert price is not None
    assert Decimal(price) / 10**9 == Decimal(usd)


@pytest.mark.parametrize(
    ("settings", "unit", "usd"),
    [
        ({}, "megapixel", "0.01048576"),
        ({"resolution": "4K"}, "megapixel", "0.16777216"),
        ({"size": 512}, "megapixel", "0.00262144"),
        ({"seconds": 8}, "second", "0.08"),
        ({}, "second", "0.05"),
    ],
)
def test_the_call_that_prices_are_compared_by_is_of_the_size_and_length_an_offer_fixes(
    settings: dict[str, Any], unit: str, usd: str
) -> None:
    rule = PriceRule(components=(PriceComponent(unit=unit, amount="0.01"),), source="page",
                     as_of=DAY)  # fmt: skip
    offer = dataclasses.replace(
        sold("m", **settings), modality="video" if unit == "second" else "image"
    )
    price = reference_price(offer, rule)
    assert price is not None
    assert Decimal(price) / 10**9 == Decimal(usd)


def test_a_row_for_all_settings_says_nothing_of_those_known_to_differ() -> None:
    one, two = sold("m", "0.05", resolution="720p"), sold("m", "0.08", resolution="1080p", x=1)
    known = {o.id: o.price for o in (one, two) if o.price}
    plain, keyed = shelf(("m", "0.05", {})), shelf(("m", "0.06", {"resolution": "720p"}))
    from qfloor.router.feeds.prices_kept import rules_of
    from qfloor.router.feeds.pricing import told_apart

    assert told_apart((one, two), known) == {one.id, two.id}
    assert plain.rule_of(one, known[one.id], apart=True) is None
    assert keyed.rule_of(one, known[one.id], apart=True) is not None
    kept = [PriceRow(provider="x", model="m", unit="image", usd="0.05", as_of=DAY)]
    assert rules_of({"s": kept}, {o.id: o for o in (one, two)}, known, None) == {}


def test_a_price_by_the_token_replaces_no_price_a_picture_unless_tokens_are_told() -> None:
    by_token = shelf(("m", "0.00003", {"tokens": "output"}), unit="token")
    plain, told = sold("m", "0.05"), sold("m", "0.05", output_tokens=1000)
    assert by_token.rule_of(plain, plain.price) is None
    assert by_token.rule_of(sold("m"), None) is not None
    assert reference_price(told, by_token.rule_of(told, told.price)) == 124_800_000


def test_a_price_its_owner_declares_moves_only_by_name() -> None:
    declared = PriceRule(
        components=(PriceComponent(unit="image", amount="0.01"),),
        source="declared by its owner",
        as_of="",
        charged_on=("made", "refused"),
    )
    offer = sold("m")
    assert shelf(("m", "9", {})).rule_of(offer, declared) is None
    named = PriceShelf("s", [PriceRow(model=offer.id, unit="image", usd="0.02", as_of=DAY)])
    rule = named.rule_of(offer, declared)
    assert rule is not None
    assert (rule.components[0].amount, rule.charged_on) == ("0.02", ("made", "refused"))


# fetching, on this machine only


class _Served(http.server.BaseHTTPRequestHandler):
    body = b"offer,unit,usd\na,image,0.5\n"

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://example.com/p.csv")
            self.end_headers()
            return
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 06:00:00 GMT")
        self.end_headers()
        self.wfile.write(self.body * (1 if self.path == "/p.csv" else 100_000))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Served)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_an_address_is_as_of_when_its_server_changed_it(store: FeedStore, site: str) -> None:
    found = update_prices(store, f"{site}/p.csv", now=NOW)
    assert found.source == "p"
    assert [r.as_of for r in found.checked.taken] == ["2026-11-23T06:00:00+00:00"]


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/gone", "cannot be fetched"),
        ("/away", "example.com/p.csv: must begin with https"),
        ("/large", "larger than"),
    ],
)
def test_what_is_served_wrongly_is_refused(
    store: FeedStore, site: str, path: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching_module, "MOST_BYTES", 1_000_000)
    with pytest.raises(InputError, match=said) as caught:
        update_prices(store, site + path, now=NOW)
    assert store.ages(NOW)[0].outcome == "refused"
    assert getattr(caught.value.__cause__, "closed", True)  # and with it the connection


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_redirect_that_is_refused_leaves_no_connection_open(
    store: FeedStore, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, followed = [], HTTPRedirectHandler.http_error_302

    def noted(self: HTTPRedirectHandler, req: Any, fp: Any, *rest: Any) -> Any:
        answers.append(fp)
        return followed(self, req, fp, *rest)

    monkeypatch.setattr(HTTPRedirectHandler, "http_error_302", noted)
    with pytest.raises(InputError, match="must begin with https"):
        update_prices(store, f"{site}/away", now=NOW)
    assert [answer.closed for answer in answers] == [True]


@pytest.mark.parametrize("place", ["http://prices.example/p.csv", "http://127.0.0.1.evil.example/"])
def test_open_http_is_for_this_machine_only(store: FeedStore, place: str) -> None:
    with pytest.raises(InputError, match="must begin with https://"):
        update_prices(store, place, now=NOW)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_server_that_does_not_answer_is_told(store: FeedStore) -> None:
    with pytest.raises(InputError, match="cannot be fetched"):
        update_prices(store, "http://127.0.0.1:1/p.csv", now=NOW)


def test_a_release_routes_by_the_feed_end_to_end(store: FeedStore, tmp_path: Path) -> None:
    from qfloor import export, router

    path = export.write(tmp_path / "q.db", factories.release([Seller(name="value", usd=None)]))
    db = router.load(path)
    need = router.Need(prompt="portrait of a man", max_price_usd=0.05)
    assert router.choose(db, need, now=DAY).binding_rule == router.Rule.PRICE_UNKNOWN
    update_prices(store, csv(tmp_path / "p.csv", "shop/value,image,0.04,2026-11-24"), now=NOW)
    decision = router.choose(db, need, prices=store.prices(db), now=DAY)
    assert (decision.offer, decision.price_nanousd) == ("shop/value", 40_000_000)
