"""policy.toml: what it may say, and that what is wrong is told by file, line and key."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from factories import Seller, shop

from qfloor.errors import NeedError
from qfloor.router import Cause, Database, Need, Policy, choose
from qfloor.router.policy_file import load_policy

WHOLE = """
objective = "usable_cost"
on_uncertified = "best_bound"
speed_surcharge = 0.5
elevated = 2
min_latency_n = 5
max_price_age_days = 3
max_health_age_s = 60.0
realtime_s = 4
assumed_seconds = 6
assumed_pixels = [512, 512]
assumed_output_tokens = 1000
probe_share = 0.02
require_commercial_use = true
forbid_training_on_inputs = true
regions = ["eu", "us"]
labels = ["county"]
lapsed = "reject"
allow_illustrative = true
allow_provisional = true
assumed_language = "en"

[[overrides]]
project = "catalogue"
tag = "brand"
offer = "shop/grand"

[[overrides]]
pattern = '\\bour (mug|cup)\\b'
offer = "shop/value"
"""


def policy_of(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def test_every_field_may_stand_there(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, WHOLE)
    default = Policy()
    unchanged = [
        f.name for f in fields(Policy) if getattr(policy, f.name) == getattr(default, f.name)
    ]
    assert unchanged == []
    assert policy.digest != default.digest
    assert policy.digest == policy_of(tmp_path, WHOLE + "\n# a comment\n").digest


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert policy_of(tmp_path, "") == Policy()


def test_the_first_override_that_matches_wins_and_the_rest_is_routed(
    tmp_path: Path, db: Database
) -> None:
    policy = policy_of(tmp_path, WHOLE.split("[[", 1)[1].join(["[[", ""]))
    told = [
        (Need(prompt="portrait", project="catalogue", tags=("brand",)), "shop/grand"),
        (Need(prompt="portrait of OUR Mug"), "shop/value"),
        (Need(prompt="portrait of our mugs"), None),
        (Need(prompt="portrait", project="catalogue"), None),
        (Need(prompt="our mug", project="catalogue", tags=("brand",)), "shop/grand"),
        (Need(prompt="our mug", pin="shop/thrift"), "pinned"),
    ]
    for need, offer in told:
        decision = choose(db, need, policy=policy, now="2026-11-23")
        if offer == "pinned":
            assert (decision.offer, decision.cause) == ("shop/thrift", Cause.PINNED)
        elif offer is None:
            assert decision.cause is Cause.CHEAPEST
        else:
            assert (decision.offer, decision.cause) == (offer, Cause.OVERRIDDEN)
            assert decision.digests["policy"] == policy.digest


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("objectiv = 'price'", 1, "objectiv: a policy has no such field; did you mean 'objective'"),
        ("\nobjective = 'cheap'", 2, "objective: is 'cheap', must be 'price' or 'usable_cost'"),
        ("on_uncertified = 'serve'", 1, "on_uncertified: is 'serve', must be 'refuse'"),
        ("on_uncertified = 3", 1, "on_uncertified: is 3, must be text"),
        ("realtime_s = 'fast'", 1, "realtime_s: is 'fast', must be a number"),
        ("realtime_s = nan", 1, "realtime_s: is nan, must be a number from 0"),
        ("realtime_s = 0", 1, "realtime_s must be above 0"),
        ("speed_surcharge = -1", 1, "speed_surcharge: is -1, must be a number from 0"),
        ("min_latency_n = 1.5", 1, "min_latency_n: is 1.5, must be a whole number"),
        ("min_latency_n = true", 1, "min_latency_n: is True"),
        ("assumed_output_tokens = 1.5", 1, "must be a whole number"),
        ("probe_share = 2", 1, "probe_share: is 2.0, must be from 0 to 1"),
        ("allow_illustrative = 'yes'", 1, "allow_illustrative: is 'yes', must be true or false"),
        ("regions = 'eu'", 1, "regions: is 'eu', must be a list of names"),
        ("assumed_pixels = [1]", 1, "assumed_pixels: is [1], must look like [1024, 1024]"),
        ("assumed_language = 'english'", 1, "assumed_language: is 'english', must be a code"),
        ("assumed_language = true", 1, "assumed_language: is True, must be text"),
        ("lapsed = 'ignore'", 1, "lapsed: is 'ignore', must be 'note' or 'reject'"),
        ("overrides = 3", 1, "overrides: must be tables, each begun with [[overrides]]"),
        ("[overrides]\noffer='a'", 1, "overrides: must be tables"),
        ("[[overrides]]\ntag = 'a'", 1, "override 1, offer: is missing"),
        ("[[overrides]]\noffer = 'a'", 2, "override 1, offer: has no condition"),
        ("[[overrides]]\ntag='a'\noffer='b'\n[[overrides]]\ntag='c'\nofer='d'", 6,
         "override 2, ofer: an override has no such field; did you mean 'offer'"),
        ("[[overrides]]\ntag='a'\noffer='b'\n[[overrides]]\noffer='d'\npattern='('", 6,
         "override 2, pattern: the override to 'd' has pattern '(', which is no regular"),
        ("[[overrides]]\noffer = 3\ntag='a'", 2, "override 1, offer: is 3, must be text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line_and_key(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(NeedError) as caught:
        policy_of(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'policy.toml'}:{line}: "), str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"), [("a = ", "not valid TOML"), ("a = 1\na = 2", "not valid TOML")]
)
def test_what_is_no_toml_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(NeedError, match=said):
        policy_of(tmp_path, text)


def test_a_missing_file_and_one_of_bytes(tmp_path: Path) -> None:
    with pytest.raises(NeedError, match="no such policy"):
        load_policy(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(NeedError, match="not UTF-8"):
        load_policy(tmp_path / "b.toml")


def test_an_override_to_an_unknown_offer_is_refused_when_it_meets_a_database(
    tmp_path: Path, db: Database
) -> None:
    policy = policy_of(tmp_path, "[[overrides]]\ntag='a'\noffer='shop/valu'")
    with pytest.raises(NeedError, match="did you mean 'shop/value'"):
        choose(db, Need(prompt="a cat"), policy=policy)


def test_a_fine_tuned_offer_among_hosted_ones(tmp_path: Path, market: object) -> None:
    own = Seller(name="lora", usd="0", source="declared", settings={"lora": "mug"})
    db = market([*shop(), own])  # type: ignore[operator]
    policy = policy_of(tmp_path, "[[overrides]]\ntag='brand'\noffer='shop/lora'")
    need = Need(prompt="portrait", tags=("brand",), max_price_usd=0.001)
    decision = choose(db, need, policy=policy, now="2030-01-01")
    assert (decision.offer, decision.cause, decision.certified) == (
        "shop/lora", Cause.OVERRIDDEN, True,
    )  # fmt: skip
