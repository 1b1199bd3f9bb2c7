"""Ratings of outputs made elsewhere: what an offer file declares of them reaches the router."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qfloor import benchmark, router
from qfloor.benchmark import Benchmark
from qfloor.errors import QfloorError
from qfloor.pipeline import offers_of
from qfloor.records import Offer, PluginSpec
from qfloor.store import Store

Call = Callable[..., tuple[int, str, str]]
ROUND = "2026-11"
RELEASE = Path(__file__).parents[2] / "results/genai_bench.db"
DAY = "2026-11-30"
MODELS = ("studio/own@mug", "studio/rented", "bfl/flux-2-pro", "elsewhere/m")
OFFERS = f"""
provider = "studio"

[sources]
books = "our own books"

[[offers]]
id = "own@mug"
model = "own"
modality = "image"
settings = {{ size = "1024x1024", adapter = "mug" }}
price = [{{ unit = "image", amount = "0.02" }}]
source = "books"
as_of = "{DAY}"
rights = {{ commercial_use = true, trains_on_inputs = false, region = "eu" }}
capabilities = {{ languages = ["en"], max_outputs = 4 }}

[[offers]]
id = "rented"
model = "rented"
modality = "image"
price = [{{ unit = "image", amount = "0.01" }}]
source = "books"
as_of = "{DAY}"
rights = {{ commercial_use = false, region = "us" }}
"""
BENCHMARK = f"""
[benchmark]
name = "rated"
imported = true
offers = ["studio/*", "bfl/*", "elsewhere/*"]
offer_files = ["studio.toml"]
round = "{ROUND}"

[quality]
criterion = "overall"
lo = 0
hi = 10

[[thresholds]]
category = "general"
modality = "image"
tier = "standard"
value = 5
"""


@pytest.fixture
def folder(tmp_path: Path, call_qfloor: Call) -> Path:
    """Good ratings of four offers, two of them declared in an offer file and one by a seller."""
    header = "item_id,prompt_id,prompt,model_id,rater_id,score,scale_min,scale_max"
    rows = [
        f"{model}-{n},p{n},a red mug number {n},{model},{rater},8,0,10"
        for model in MODELS
        for n in range(60)
        for rater in ("a", "b")
    ]
    (tmp_path / "ratings.csv").write_text("\n".join([header, *rows]) + "\n")
    (tmp_path / "studio.toml").write_text(OFFERS)
    (tmp_path / "rated.toml").write_text(BENCHMARK)
    code, _, err = call_qfloor(
        *("ratings", "import", tmp_path / "ratings.csv", "--round", ROUND, "-w", tmp_path / "w")
    )
    assert code == 0, err
    return tmp_path


@pytest.fixture
def database(folder: Path, call_qfloor: Call) -> Path:
    place = ("-w", folder / "w")
    assert call_qfloor("floors", folder / "rated.toml", *place)[0] == 0
    found = folder / "own.db"
    assert call_qfloor("export", folder / "rated.toml", "--out", found, *place)[0] == 0
    return found


def test_what_is_declared_is_exported(database: Path) -> None:
    db = router.load(database)
    own = db.offers["studio/own@mug"]
    assert own.settings == {"size": "1024x1024", "adapter": "mug"}
    assert (own.rights.region, own.rights.commercial_use) == ("eu", True)
    assert (own.capabilities.languages, own.capabilities.max_outputs) == (("en",), 4)
    price = db.prices["studio/own@mug"]
    assert (price.components[0].amount, price.as_of) == ("0.02", DAY)
    assert db.prices["bfl/flux-2-pro"].components[0].unit == "megapixel"
    assert db.offers["bfl/flux-2-pro"].generator is not None


def test_a_plan_of_what_was_imported_says_what_is_there(folder: Path, call_qfloor: Call) -> None:
    _, _, err = call_qfloor("plan", folder / "rated.toml", "-w", folder / "w")
    assert f"nothing is generated: the store has 240 outputs of round {ROUND}" in err


def test_an_offer_that_only_ratings_know_stays_as_it_is(database: Path) -> None:
    db = router.load(database)
    assert "elsewhere/m" not in db.prices
    seen = db.offers["elsewhere/m"]
    assert (dict(seen.settings), seen.rights.region, seen.generator) == ({}, None, None)
    assert seen.notes.startswith("known through imported judgments only")


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        ("", "studio/rented"),  # cheapest
        ('regions = ["eu"]', "studio/own@mug"),
        ("require_commercial_use = true", "studio/own@mug"),
    ],
)
def test_a_budget_and_the_rules_of_rights_work_for_them(
    policy: str, chosen: str, database: Path, folder: Path, call_qfloor: Call
) -> None:
    (folder / "policy.toml").write_text(policy)
    code, out, err = call_qfloor(
        *("route", "a red mug", "--db", database, "--tier", "standard", "--max-price", "0.05"),
        *("--policy", folder / "policy.toml", "--now", "2026-12-01", "--json"),
    )
    assert code == 0, err
    said = json.loads(out)
    assert said["offer"] == chosen
    rejected = {c["offer"]: c["rejected_by"] for c in said["candidates"]}
    assert rejected["elsewhere/m"] is not None  # its price is not known: a ceiling fails closed


def test_the_audit_finds_what_was_exported(database: Path, folder: Path, call_qfloor: Call) -> None:
    code, out, err = call_qfloor(
        *("verify", database, "--store", folder / "w", "--benchmark", folder / "rated.toml")
    )
    assert code == 0, out + err


def test_a_missing_offer_file_is_refused(folder: Path, call_qfloor: Call) -> None:
    (folder / "studio.toml").unlink()
    code, _, err = call_qfloor("floors", folder / "rated.toml", "-w", folder / "w")
    assert code == 1
    assert "studio.toml: no such file of offers" in err


def test_what_makes_something_else_than_was_judged_is_refused(
    folder: Path, call_qfloor: Call
) -> None:
    clips = OFFERS.replace(
        'model = "rented"\nmodality = "image"', 'model = "r"\nmodality = "video"'
    )
    clips = clips.replace('"image", amount = "0.01"', '"video", amount = "0.01"')
    (folder / "studio.toml").write_text(clips)
    code, _, err = call_qfloor("floors", folder / "rated.toml", "-w", folder / "w")
    assert code == 1
    assert "studio/rented is declared to make video, but what was imported of it is image" in err


def _loaded(folder: Path) -> Benchmark:
    return benchmark.load(folder / "rated.toml")


def test_what_was_made_here_stays_as_it_was_made(folder: Path) -> None:
    made = Offer(
        id="studio/rented", model="r1", provider="studio", generator=PluginSpec(name="folder")
    )
    with Store.open(folder / "w") as store:
        store.save_offers([made])
        found = {offer.id: offer for offer in offers_of(store, _loaded(folder))}
    assert found["studio/rented"] == made


def test_prices_decide_nothing_of_the_evidence(folder: Path) -> None:
    before = _loaded(folder).digest
    (folder / "studio.toml").write_text(OFFERS.replace('"0.02"', '"0.5"'))
    assert _loaded(folder).digest == before


def test_the_shipped_benchmark_of_ratings_is_as_it_was() -> None:
    bench = benchmark.load("genai_bench")
    assert bench.declared == ()
    with closing(sqlite3.connect(RELEASE)) as db:
        ((told,),) = db.execute("SELECT value FROM provenance WHERE key = 'benchmark_digest'")
    assert bench.digest == told.strip('"')


def test_a_file_that_declares_an_id_twice_is_refused(folder: Path) -> None:
    (folder / "studio.toml").write_text(OFFERS.replace('id = "rented"', 'id = "own@mug"'))
    with pytest.raises(QfloorError, match="declared twice"):
        _loaded(folder)
