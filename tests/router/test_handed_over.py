"""What a program hands over is checked as a file is, and a decision can be handed on."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
from factories import Seller, shop

from qfloor.errors import DatabaseError, NeedError
from qfloor.router import (
    HealthFeed,
    Need,
    OfferHealth,
    Override,
    Policy,
    PriceFeed,
    choose,
    classify,
    explain,
    load,
)

MUG = Need(prompt="product photo of a red mug on white")
AT = "2026-11-23T10:00:00+00:00"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"need": "a mug"}, "need must be a Need, such as"),
        ({"db": "painters.db"}, r"db must be a Database, as load\(path\) returns it, not str"),
        ({"policy": "pol.toml"}, "policy must be a Policy, not str"),
        ({"policy": {}}, "policy must be a Policy, not dict"),
        ({"prices": {"shop/value": 0.01}}, "prices: 'shop/value' is given float"),
        ({"prices": "feeds.db"}, "prices must be a mapping of offer ids, not str"),
        ({"health": []}, "health must be a mapping of offer ids, not list"),
        ({"health": {"shop/value": {"as_of": AT}}}, "must be a OfferHealth"),
    ],
)
def test_what_is_of_another_kind_is_told(db: Any, given: dict[str, Any], said: str) -> None:
    told = {"db": db, "need": MUG, **given}
    with pytest.raises(NeedError, match=said):
        choose(told.pop("db"), told.pop("need"), **told)


def test_classify_says_the_same(db: Any) -> None:
    for given in (("q.db", MUG), (db, "a mug")):
        with pytest.raises(NeedError, match="must be a"):
            classify(*given)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assumed_pixels", "big"), ("assumed_pixels", (0, 5)), ("max_price_age_days", -5),
        ("require_commercial_use", "no"), ("regions", "eu"), ("regions", ""), ("labels", (1,)),
        ("min_latency_n", 1.5), ("min_latency_n", True), ("speed_surcharge", "much"),
        ("on_uncertified", None), ("overrides", ({},)), ("overrides", None), ("elevated", None),
        ("assumed_output_tokens", 2.5), ("assumed_language", "english"), ("assumed_language", 3),
        ("realtime_s", float("nan")), ("allow_illustrative", 1),
    ],
)  # fmt: skip
def test_a_policy_is_checked_field_by_field(field: str, value: Any) -> None:
    with pytest.raises(NeedError, match=f"^{field} "):
        Policy(**{field: value})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"offer": "shop/a"}, "has no condition"),
        ({"offer": None, "tag": "a"}, "an override's offer is None"),
        ({"offer": "shop/a", "pattern": 3}, "an override's pattern is 3"),
        ({"offer": "shop/a", "project": " "}, "an override's project is ' '"),
    ],
)
def test_an_override_is_checked_as_in_a_file(told: dict[str, Any], said: str) -> None:
    with pytest.raises(NeedError, match=said):
        Override(**told)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("as_of", "now"), ("as_of", None), ("p95_s", -1), ("available", "no"), ("available", None),
        ("n", -1), ("n", True), ("shed", 1.5), ("elevated", "yes"), ("usual_p95_s", "9"),
    ],
)  # fmt: skip
def test_health_is_checked_as_in_a_file(field: str, value: Any) -> None:
    with pytest.raises(NeedError, match=f"^{field} "):
        OfferHealth(**{"as_of": AT, field: value})


def test_a_median_above_the_95th_percentile_is_no_health() -> None:
    with pytest.raises(NeedError, match="p50_s is 9, must be at most p95_s, which is 3"):
        OfferHealth(as_of=AT, p50_s=9, p95_s=3)
    assert OfferHealth(as_of=AT, p50_s=3, p95_s=3).n == 0


def test_feeds_hold_records_of_their_kind() -> None:
    with pytest.raises(NeedError, match="must be a PriceRule"):
        PriceFeed(rules={"a": 0.01})  # type: ignore[dict-item]
    with pytest.raises(NeedError, match="health must be a mapping"):
        HealthFeed(offers=())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"project": 7}, "project is 7, must be text"),
        ({"pin": 7}, "pin is 7, must be text"),
        ({"pin": "a", "ignore": ["a"]}, "pin is 'a', which is among those to ignore"),
        ({"pin": "a", "only": ["b"]}, "pin is 'a', which only does not name"),
        ({"only": ["a"], "ignore": ["a", "b"]}, "only names no offer that is not to be ignored"),
    ],
)
def test_a_need_that_contradicts_itself_is_none(told: dict[str, Any], said: str) -> None:
    with pytest.raises(NeedError, match=said):
        Need(prompt="a mug", **told)
    assert Need(prompt="a mug", pin="a", only=["a", "b"], ignore=["b"]).pin == "a"  # type: ignore[arg-type]


def _out(as_of: str) -> HealthFeed:
    return HealthFeed(offers={"shop/value": OfferHealth(as_of=as_of, available=False)})


@pytest.mark.parametrize(
    ("as_of", "now", "believed"),
    [
        ("2026-11-23T10:00:30+00:00", AT, True), ("2026-11-23T10:02:00+00:00", AT, False),
        ("2030-12-01T00:00:00+00:00", AT, False), ("2026-11-23T10:00:00", "2026-11-23", True),
        ("2026-11-24", "2026-11-23", False), ("2026-11-23T12:01:00+02:00", AT, True),
    ],
)  # fmt: skip
def test_what_is_to_come_was_not_seen(db: Any, as_of: str, now: str, believed: bool) -> None:
    decision = choose(db, MUG, health=_out(as_of), now=now)
    assert (decision.offer != "shop/value") == believed
    said = f"health that is dated after {decision.now} does not count: shop/value"
    assert (said in decision.notes) == (not believed)


ZOE = Need(prompt="portrait, Zoë")


def test_a_team_that_writes_english_says_so(market: Any) -> None:
    db = market(population={"languages": ["en"], "tags": []})
    assert choose(db, ZOE).offer is None
    english = choose(db, ZOE, policy=Policy(assumed_language="en-GB"))
    assert (english.offer, english.certified) == ("shop/value", True)
    said = "its language cannot be told, and the policy takes it for en"
    assert said in english.notes
    assert said in explain(english)
    assert english.classification.language is None, "it was not told, and is not said to be"


def test_only_what_cannot_be_told_is_assumed(market: Any) -> None:
    sellers = [*shop(), Seller(name="one", clears=9.0)]
    db = market(sellers, population={"languages": ["en"], "tags": []})
    english = Policy(assumed_language="en")
    german = Need(prompt="Porträt einer Frau mit dem Hut auf einem Stuhl")
    for need in (german, Need(prompt="portrait, Zoë", language="es")):
        refused = choose(db, need, policy=english)
        assert refused.offer is None
        assert not any("takes it for" in note for note in refused.notes)
    assert choose(db, ZOE, policy=Policy(assumed_language="es")).offer is None
    assert Policy().digest != english.digest


@pytest.mark.parametrize("told", [{}, {"max_price_usd": 0}, {"pin": "shop/value", "n": 2}])
def test_a_decision_can_be_pickled_and_copied(db: Any, told: dict[str, Any]) -> None:
    decision = choose(db, Need(prompt=MUG.prompt, **told), now="2026-11-23")
    for other in (pickle.loads(pickle.dumps(decision)), copy.deepcopy(decision)):
        assert other == decision
        assert other.to_dict() == decision.to_dict()
        assert explain(other) == explain(decision)
    assert copy.deepcopy(db) is db
    assert dataclasses.asdict(decision)["offer"] == decision.offer


def test_a_release_that_was_exchanged_is_not_taken_for_the_one_pickled(
    market: Any, tmp_path: Path
) -> None:
    path = Path(shutil.copy(market().path, tmp_path / "held.db"))
    told = pickle.dumps(choose(load(path), MUG))
    shutil.copy(market([Seller(name="other")]).path, path)
    with pytest.raises(DatabaseError, match=r"held\.db: is release .* now, .* was pickled"):
        pickle.loads(told)
