"""Price rules to money: one table, exact."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.errors import InputError
from qfloor.prices import NANO, charge, check_rule, estimate, monthly, nanousd, usd
from qfloor.records import PriceComponent, PriceRule


def rule(*components: dict[str, object], **rest: object) -> PriceRule:
    lines = tuple(PriceComponent(**c) for c in components)  # type: ignore[arg-type]
    return PriceRule(components=lines, source="test", as_of="2026-11-01", **rest)  # type: ignore[arg-type]


IMAGE = {"unit": "image", "amount": "0.04"}
FIRST = {"unit": "megapixel", "amount": "0.03", "upto": 1, "rounding": "up"}
FURTHER = {"unit": "megapixel", "amount": "0.015", "above": 1, "rounding": "up"}
SECOND = {"unit": "second", "amount": "0.084"}
AUDIO = {"unit": "second", "amount": "0.05", "when": {"audio": "true"}}
LOW = {"unit": "image", "amount": "0.006", "when": {"quality": "low"}}
HIGH = {"unit": "image", "amount": "0.211", "when": {"quality": "high", "size": "1024x1024"}}

CASES = [
    ("a picture", [IMAGE], {}, 40_000_000),
    ("three pictures", [IMAGE], {"images": 3}, 120_000_000),
    ("no picture", [IMAGE], {"images": 0}, 0),
    ("one megapixel", [FIRST, FURTHER], {"width": 1000, "height": 1000}, 30_000_000),
    ("just above one", [FIRST, FURTHER], {"width": 1024, "height": 1024}, 45_000_000),
    ("four, twice", [FIRST, FURTHER], {"width": 2000, "height": 2000, "images": 2}, 150_000_000),
    ("not rounded", [{"unit": "megapixel", "amount": "0.01"}], {"width": 1024, "height": 1024},
     10_485_760),
    ("size unknown", [FIRST], {}, None),
    ("seconds", [SECOND], {"seconds": 2.5}, 210_000_000),
    ("seconds rounded up", [{**SECOND, "rounding": "up"}], {"seconds": 2.5}, 252_000_000),
    ("seconds unknown", [SECOND], {}, None),
    ("sound asked for", [SECOND, AUDIO], {"seconds": 1, "settings": {"audio": True}}, 134_000_000),
    ("sound not asked for", [SECOND, AUDIO], {"seconds": 1}, 84_000_000),
    ("a quality", [LOW, HIGH], {"settings": {"quality": "low"}}, 6_000_000),
    ("a size that follows", [LOW, HIGH],
     {"settings": {"quality": "HIGH"}, "width": 1024, "height": 1024}, 211_000_000),
    ("no line applies", [LOW, HIGH], {"settings": {"quality": "medium"}}, None),
    ("a resolution that follows", [{**SECOND, "when": {"resolution": "720p"}}],
     {"seconds": 1, "width": 1280, "height": 720}, 84_000_000),
    ("tokens", [{"unit": "token", "amount": "0.00004"}], {"tokens": 1290}, 51_600_000),
    ("tokens unknown", [{"unit": "token", "amount": "0.00004"}], {}, None),
    ("a clip", [{"unit": "video", "amount": "0.28"}], {"seconds": 6}, 280_000_000),
    ("first and further pictures", [{**IMAGE, "upto": 2}, {**IMAGE, "amount": "0.01", "above": 2}],
     {"images": 5}, 110_000_000),
    ("a minimum", [{**SECOND, "minimum": "0.5"}], {"seconds": 1}, 500_000_000),
    ("above the minimum", [{**SECOND, "minimum": "0.5"}], {"seconds": 10}, 840_000_000),
    ("flat", [{"unit": "month", "amount": "20"}], {}, 0),
    ("flat and per picture", [{"unit": "month", "amount": "20"}, IMAGE], {}, 40_000_000),
    ("free", [{"unit": "image", "amount": "0"}], {}, 0),
    ("euro without a rate", [{**IMAGE, "currency": "EUR"}], {}, None),
    ("euro with a rate", [{**IMAGE, "currency": "EUR"}], {"rates": {"EUR": "1.1"}}, 44_000_000),
    ("euro that does not apply", [IMAGE, {**AUDIO, "currency": "EUR"}], {}, 40_000_000),
    ("no float error", [{"unit": "second", "amount": "0.1"}], {"seconds": 0.3}, 30_000_000),
    ("nothing at all", [], {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "call", "nano"), CASES, ids=[c[0] for c in CASES])
def test_estimate(name, lines, call, nano):
    assert estimate(rule(*lines), **call) == nano
    assert charge(rule(*lines), **call) == nano


def test_an_estimate_is_rounded_up_and_a_charge_to_the_nearest():
    tiny = rule({"unit": "token", "amount": "0.0000000001"})
    assert estimate(tiny, tokens=1) == 1
    assert charge(tiny, tokens=1) == 0


@pytest.mark.parametrize(
    ("status", "nano"), [("made", 40_000_000), ("refused", 40_000_000), ("failed", 0)]
)
def test_charge_by_status(status, nano):
    assert charge(rule(IMAGE, charged_on=("made", "refused")), status=status) == nano


def test_monthly():
    assert monthly(rule(IMAGE)) == 0
    assert monthly(rule({"unit": "month", "amount": "19.99"})) == 19_990_000_000
    assert monthly(rule({"unit": "month", "amount": "1", "currency": "CNY"})) is None


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no components"),
        ([{**IMAGE, "amount": "4 cents"}], "must be a decimal number"),
        ([{**IMAGE, "amount": "-1"}], "finite number >= 0"),
        ([{**IMAGE, "amount": "NaN"}], "finite number >= 0"),
        ([{**SECOND, "minimum": "x"}], "the minimum per second"),
        ([{**FIRST, "above": 2}], "covers nothing"),
        ([{**FIRST, "above": math.nan}], "begins above nan"),
        ([{**FIRST, "above": -1}], "begins above -1"),
        ([{**FIRST, "upto": math.nan}], "covers nothing"),
        ([{**IMAGE, "amount": "1000000.01"}], "costs more than \\$1,000,000"),
    ],
)
def test_a_bad_rule_is_refused_in_one_sentence(lines, message):
    with pytest.raises(InputError, match=message):
        check_rule(rule(*lines))


@pytest.mark.parametrize("bad", [{"seconds": math.nan}, {"width": -1, "height": 1}, {"images": -1}])
def test_a_bad_quantity_is_refused(bad):
    with pytest.raises(InputError, match="cannot be priced"):
        estimate(rule(IMAGE), **bad)


def test_nanousd():
    assert nanousd("0.0000000015") == 2
    with pytest.raises(InputError):
        nanousd("a lot")


def test_a_surcharge_by_size_is_not_forgotten_where_the_size_is_not_known():
    surcharge = {**IMAGE, "amount": "0.03", "when": {"size": "2048x2048"}}
    assert estimate(rule(IMAGE, surcharge)) is None
    assert estimate(rule(IMAGE, surcharge), width=512, height=512) == estimate(rule(IMAGE))
    beside = {**surcharge, "when": {"size": "2048x2048", "quality": "high"}}
    assert estimate(rule(IMAGE, beside), settings={"quality": "low"}) == estimate(rule(IMAGE))


def test_what_no_call_can_cost_is_an_error_and_no_price():
    dear = rule({"unit": "image", "amount": "600000"})
    assert estimate(dear) == charge(dear) == 600_000 * 10**9
    assert estimate(dear, images=2) is None
    assert charge(dear, images=2) is None


AMOUNTS = st.one_of(st.integers(-(10**18), 10**18), st.integers(-(10**10), 10**10))


def parsed(said: str) -> Decimal:
    sign, _, digits = said.partition("$")
    assert sign in ("", "-")
    return Decimal(sign + digits.replace(",", "")) * NANO


@given(AMOUNTS)
def test_money_reads_back_within_half_of_its_last_digit(amount):
    said = usd(amount)
    places = len(said.partition(".")[2])
    assert abs(parsed(said) - amount) <= Decimal(NANO) / 10**places / 2
    assert places == 2 or (places > 2 and abs(amount) < NANO and not said.endswith("0"))
    assert (parsed(said) > 0, parsed(said) < 0) == (amount > 0, amount < 0)
    assert parsed(usd(amount, exact=True)) == amount


@given(st.floats(1e-6, 1e18))
def test_a_mean_of_money_is_never_nothing(amount):
    assert abs(parsed(usd(amount)) / Decimal(amount) - 1) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (0, "$0.00"), (300_000_000, "$0.30"), (13_384_900_000, "$13.38"), (4_000_000, "$0.004"),
        (39_000_000, "$0.039"), (-1_200_000_000, "-$1.20"), (1_234_567_890_000, "$1,234.57"),
        (999_999_999, "$1.00"), (1, "$0.000000001"), (-40_000_000, "-$0.04"),
    ],
)  # fmt: skip
def test_money_has_one_form(amount, said):
    assert usd(amount) == said
