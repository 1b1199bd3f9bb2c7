"""Savings: nothing is a constant, money adds up, and faults are one sentence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import factories
import pytest
from factories import Seller

from qfloor import export, router
from qfloor.errors import InputError
from qfloor.pipeline.savings import by_price, monthly_savings
from qfloor.pipeline.workloads import load_workload, price_rules, workloads
from qfloor.prices import estimate
from qfloor.records import CATEGORIES, GENERAL, PriceComponent, PriceRule
from qfloor.router import Database

NOW = "2026-11-24"
ROOT = Path(__file__).resolve().parents[2]

WORKLOAD = """
[workload]
name = "team"

[now]
{now}

[[requests]]
count = 300
tier = "professional"
prompts = ["portrait of an old man", "portrait of a young woman"]

[[requests]]
count = 100
tier = "premium"
prompts = ["a wide mountain landscape at dawn"]
"""


def team(folder: Path, now: str = 'offer = "shop/grand"', more: str = "") -> Path:
    path = folder / "team.toml"
    path.write_text(WORKLOAD.format(now=now) + more)
    return path


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return router.load(export.write(tmp_path / "quality.db", factories.release()))


def test_by_hand(db: Database, tmp_path: Path) -> None:
    found = monthly_savings(db, load_workload(team(tmp_path)), now=NOW)
    assert found.volume == 400
    assert found.before_nanousd == 400 * 80_000_000
    assert found.after_nanousd == 300 * 20_000_000 + 100 * 80_000_000
    assert found.saved_share == pytest.approx(18 / 32)
    assert by_price(found) == {80_000_000: 0.25, 20_000_000: 0.75}
    assert sum(row.requests for row in found.mix) == 400
    # 120 outputs in each of two categories of three makers of stills, at their prices
    assert found.needed_nanousd == 2 * 120 * (3_000_000 + 20_000_000 + 80_000_000)
    assert found.break_even == -(-found.needed_nanousd * 400 // found.saved_nanousd)
    assert found.net_nanousd == found.saved_nanousd - found.needed_nanousd


@pytest.mark.parametrize(
    ("now", "before"),
    [('flat_usd = "50"', 50_000_000_000), ('usd_each = "0.1"', 40_000_000_000)],
)
def test_other_ways_to_pay_now(db: Database, tmp_path: Path, now: str, before: int) -> None:
    found = monthly_savings(db, load_workload(team(tmp_path, now)), now=NOW)
    assert found.before_nanousd == before
    assert found.fails_before is None
    assert found.fails_after is not None


def test_what_nothing_is_certified_for_stays_as_it_is(tmp_path: Path) -> None:
    path = export.write(
        tmp_path / "quality.db", factories.release([Seller(name="value", usd="0.02", clears=6.8)])
    )
    workload = load_workload(team(tmp_path, 'usd_each = "0.1"'))
    found = monthly_savings(router.load(path), workload, now=NOW)
    assert found.stays == 100
    assert found.after_nanousd == 300 * 20_000_000 + 100 * 100_000_000


def test_what_was_read_as_another_category_is_told_row_by_row(tmp_path: Path) -> None:
    more = ("\n[[requests]]\ncount = 50\ntier = 'professional'\ncategory = 'product-photo'\n"
            "prompts = ['portrait of an old man']\n")  # fmt: skip
    db = router.load(export.write(tmp_path / "quality.db", factories.release()))
    found = monthly_savings(db, load_workload(team(tmp_path, more=more)), now=NOW)
    read = {(row.category, row.read_as, row.requests) for row in found.mix}
    assert ("product-photo", "portrait", 50) in read
    assert ("portrait", None, 300) in read, "what was read rightly says nothing"


@pytest.mark.parametrize("kept", ["portrait", "general"])
def test_prompts_of_a_suite_in_categories_that_the_release_lacks_are_told(
    tmp_path: Path, kept: str
) -> None:
    more = "\n[[requests]]\ncount = 50\nsuite = 'painters'\ncategory = 'animation'\n"
    judged = [c for c in (*CATEGORIES, GENERAL) if c.id == kept]
    db = router.load(export.write(tmp_path / "quality.db", factories.release(categories=judged)))
    workload = load_workload(team(tmp_path, 'usd_each = "1"', more), categories=db.categories)
    told = [r for r in monthly_savings(db, workload, now=NOW).remarks if "does not judge" in r]
    assert told == [
        "50 requests are of categories that the release does not judge (animation 50): how often "
        "what they get falls short is not known"
    ]


def test_what_the_team_pays_goes_before_the_list_price(db: Database, tmp_path: Path) -> None:
    more = '\n[prices]\n"shop/value" = "0.01"\n'
    found = monthly_savings(db, load_workload(team(tmp_path, more=more)), now=NOW)
    assert found.after_nanousd == 300 * 10_000_000 + 100 * 80_000_000
    listed = monthly_savings(db, load_workload(team(tmp_path)), now=NOW)
    assert found.needed_nanousd == listed.needed_nanousd  # measuring is not cheaper for it


@pytest.mark.parametrize("listed", ["second", "month"])
def test_a_price_of_the_team_is_of_an_output_whatever_the_list_counts(
    tmp_path: Path, listed: str
) -> None:
    """By the second it was charged once for each, and beside a subscription not at all."""
    by_list = PriceComponent(unit=listed, amount="0.05")
    more = '\n[prices]\n"studio/clip" = "0.5"\n'
    rule = PriceRule(components=(by_list,), source="page", as_of="2026-11-01")
    rules = price_rules(load_workload(team(tmp_path, more=more)), {"studio/clip": rule})
    assert estimate(rules["studio/clip"], images=2, seconds=8) == 2 * 500_000_000


def test_measuring_that_never_pays(db: Database, tmp_path: Path) -> None:
    found = monthly_savings(db, load_workload(team(tmp_path, 'flat_usd = "1"')), now=NOW)
    assert found.saved_nanousd < 0
    assert found.break_even is None


def test_a_declared_cost_of_measuring_is_spread_over_its_months(
    db: Database, tmp_path: Path
) -> None:
    more = '\n[benchmark]\nusd = "120"\nmonths = 12\n'
    found = monthly_savings(db, load_workload(team(tmp_path, more=more)), now=NOW)
    assert found.measuring_nanousd == 10_000_000_000


KNOWN_CASE = "\n[reference]\nbefore_usd = '80'\nafter_usd = '40'\n"


@pytest.mark.parametrize(
    ("now", "more", "told"),
    [
        ("", "", r"\[now\] takes exactly one"),
        ('offer = "shop/grand"\nflat_usd = "1"', "", r"\[now\] takes exactly one"),
        ('flat_usd = "free"', "", "'now.flat_usd' is 'free'"),
        ('usd_each = "-1"', "", "'now.usd_each' is '-1'"),
        ('flat_usd = "1"', "\n[[requests]]\ncount = 0\nprompts = ['x']\n",
         r"'requests \(entry 3\).count' is 0, must be above 0$"),
        ('flat_usd = "1"', "\n[[requests]]\ncount = 1\n",
         r"requests \(entry 3\): give either prompts"),
        ('flat_usd = "1"', "\n[[requests]]\ncount = 1\ntier = 'x'\nprompts = ['x']\n", "no tier"),
        ('flat_usd = "1"', "\n[[requests]]\nkount = 1\nprompts = ['x']\n",
         r"unknown field 'requests \(entry 3\).kount'; did you mean 'count'"),
        ('flat_usd = "1"', "\n[benchmark]\nmonths = 0\n", "months' is 0, must be above 0$"),
        ('flat_usd = "1"', "\n[benchmark]\nmonths = 'a'\n", "months' is 'a', must be a number$"),
        ('flat_usd = "1"', "\n[policy]\nobjective = 'best'\n", "objective' is 'best', must be 'p"),
        ('flat_usd = "1"', "\n[surprise]\nx = 1\n", "surprise"),
        ('usd_each = "1e300"', "", "'now.usd_each' is '1e300', must be at most"),
        ('flat_usd = "1"', f"{KNOWN_CASE}mix = {{ dear = 0.4 }}\n", "'reference.mix' is 'dear'"),
        ('flat_usd = "1"', f"{KNOWN_CASE}mix = {{ '0.04' = nan }}\n", "mix.0.04' is nan, must be"),
    ],
)  # fmt: skip
def test_faults_in_a_file(tmp_path: Path, now: str, more: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        load_workload(team(tmp_path, now, more))


def test_a_suite_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    mine = (ROOT / "prompts" / "painters.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(mine, encoding="utf-8")
    more = "\n[[requests]]\ncount = 70\nsuite = 'mine.toml'\ncategory = 'portrait'\n"
    asked = load_workload(team(tmp_path, 'flat_usd = "1"', more)).requests
    portraits = [a for a in asked if a.category == "portrait"]
    assert sum(a.count for a in portraits) == 70
    gone = more.replace("mine.toml", "gone.toml")
    with pytest.raises(InputError, match=r"requests \(entry 3\)\.suite: gone\.toml: no such suite"):
        load_workload(team(tmp_path, 'flat_usd = "1"', gone))


def test_a_log_is_no_workload(tmp_path: Path) -> None:
    log = tmp_path / "requests.csv"
    log.write_text("prompt,tier\na mug,premium\n")
    with pytest.raises(
        InputError, match=r"not a TOML file: .*a log of requests is for `qfloor rep"
    ):
        load_workload(log)


PRODUCTS = "prompts = ['a mug']\ncategory = "
OF_SUITE = "suite = 'painters'\ncategory = "


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (f"{PRODUCTS}'product-foto'\n",
         r"requests \(entry 3\): the release has no category 'product-foto'; did you mean 'prod"),
        (f"{PRODUCTS}'cats'\n", "the release has no category 'cats'; known: .*product-photo"),
        (f"{OF_SUITE}'product-foto'\n",
         r"requests \(entry 3\): the suite 'painters' has no category 'product-foto'; did you"),
        (f"{OF_SUITE}'portrait'\nmodality = 'video'\n",
         r"requests \(entry 3\): the suite 'painters' has no video prompt of portrait"),
    ],
)  # fmt: skip
def test_a_misspelt_category_is_told_with_the_nearest(
    db: Database, tmp_path: Path, more: str, told: str
) -> None:
    """Requests of a category that nobody knows would be read as another one's, and save money."""
    path = team(tmp_path, 'flat_usd = "1"', f"\n[[requests]]\ncount = 1\n{more}")
    with pytest.raises(InputError, match=told):
        load_workload(path, categories=db.categories)


def test_the_command_knows_the_categories_of_its_database(
    tmp_path: Path, call_qfloor: Callable[..., tuple[int, str, str]]
) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    more = f"\n[[requests]]\ncount = 1\n{PRODUCTS}'product-foto'\n"
    code, out, err = call_qfloor("savings", team(tmp_path, more=more), "--db", path, "--now", NOW)
    assert (code, out) == (1, "")
    assert "requests (entry 3): the release has no category 'product-foto'; did you mean" in err


def test_faults_that_a_database_shows(db: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="knows no offer 'shop/nobody'"):
        monthly_savings(db, load_workload(team(tmp_path, 'offer = "shop/nobody"')), now=NOW)
    with pytest.raises(InputError, match="'shop/gradn'; did you mean 'shop/grand'"):
        monthly_savings(db, load_workload(team(tmp_path, 'offer = "shop/gradn"')), now=NOW)
    more = '\n[prices]\n"shop/nobody" = "0.01"\n'
    with pytest.raises(InputError, match="shop/nobody"):
        monthly_savings(db, load_workload(team(tmp_path, more=more)), now=NOW)
    with pytest.raises(InputError, match="known: one-offer"):
        load_workload("no-such-workload")


REFERENCE = {"one-offer": (80, 47.5), "subscriptions": (185, 120), "small-team": (30, 13)}


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_the_reference_cases_on_measured_painters(name: str) -> None:
    """Shaped like them, decided by `choose`; where it differs, the report says so."""
    assert name in workloads()
    db = router.load(ROOT / "results" / "painters.db")
    found = monthly_savings(db, load_workload(name), now=NOW)
    before, after = REFERENCE[name]
    assert found.before_nanousd == before * 10**9
    assert found.after_nanousd / 1e9 == pytest.approx(after, rel=0.07)
    assert found.after_nanousd != round(after * 1e9)  # measured, not copied
    assert any(f"here it is ${before}.00 to" in remark for remark in found.remarks)
    assert sum((row.requests for row in found.mix), Fraction(0)) + found.stays == found.volume
    assert found.fails_after is not None
    assert found.fails_after.high < 0.25


def test_the_mix_of_the_first_case_is_told_by_price() -> None:
    db = router.load(ROOT / "results" / "painters.db")
    found = monthly_savings(db, load_workload("one-offer"), now=NOW)
    shares = by_price(found)
    assert shares[40_000_000] == pytest.approx(0.40, abs=0.05)
    assert shares[20_000_000] == pytest.approx(0.35, abs=0.05)
    assert shares[3_000_000] == pytest.approx(0.25, abs=0.05)
    off = [r for r in found.remarks if r.startswith("at $")]
    assert all("the reference case has" in remark for remark in off)
