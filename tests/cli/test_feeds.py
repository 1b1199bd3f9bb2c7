"""``qfloor prices``, ``health`` and what ``route`` takes of them, as a person meets them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import factories
import jsonschema
import pytest
from factories import Seller

from qfloor import export
from qfloor.router.feeds import FeedStore
from qfloor.router.health import HealthWindow

Cli = Callable[..., tuple[int, str, str]]
TODAY = dt.datetime.now(dt.UTC).date().isoformat()
FACE = "portrait of an old man"


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return call_qfloor


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (tmp_path / ".qfloor").mkdir()
    sellers = [*factories.shop(), Seller(name="lora", usd="0.001", clears=6.4)]
    return export.write(tmp_path / ".qfloor" / "quality.db", factories.release(sellers))


def prices_csv(*rows: str) -> Path:
    path = Path("prices.csv")
    path.write_text("\n".join(("offer,unit,usd", *rows)) + "\n", encoding="utf-8")
    return path


def test_what_changed_is_counted_against_every_source(cli: Cli) -> None:
    day = ("--as-of", TODAY)
    cli("prices", "update", prices_csv("bfl/flux-2-pro,image,0.02"), *day)
    other = prices_csv("bfl/flux-2-pro,image,0.03").rename("other.csv")
    _, _, err = cli("prices", "update", other, *day)
    assert "other: 1 price taken, 1 of them changed" in err, "another source had it before"
    told = json.loads(cli("prices", "show", "painters/sepia", "--json")[1])
    assert [(row["usd"], row["for"], row["by"]) for row in told] == [("0.1", "5 s", ["second"])]


def test_a_daily_update_tells_a_scheduler_what_became_of_it(cli: Cli) -> None:
    day = ("--as-of", TODAY)
    code, out, err = cli("prices", "update", prices_csv("bfl/flux-2-pro,image,0.02"), *day)
    assert (code, out) == (0, "")
    assert "prices: 1 price taken, 0 of them changed; 0 held" in err
    code, _, err = cli("prices", "update", prices_csv("bfl/flux-2-pro,image,0.2"), *day)
    assert code == 1
    assert "bfl/flux-2-pro per image: $0.02 before, $0.20 now" in err
    assert "--confirm" in err
    code, _, err = cli("prices", "update", prices_csv("bfl/flux-2-pro,image,nan"), *day)
    assert code == 1
    assert "line 2: usd is 'nan'" in err
    assert len(err.splitlines()) == 1
    shown = json.loads(cli("prices", "show", "--rows", "--json")[1])
    assert [(r["usd"], r["held_usd"]) for r in shown] == [("0.02", "0.2")]
    prices_csv("bfl/flux-2-pro,image,0.2")
    assert cli("prices", "update", "prices.csv", *day, "--confirm")[0] == 0
    shown = json.loads(cli("prices", "show", "--rows", "--json")[1])
    assert [(r["usd"], r["held_usd"]) for r in shown] == [("0.2", None)]
    assert len(json.loads(cli("prices", "show", "bfl/*", "--rows", "--json")[1])) == 1
    assert json.loads(cli("prices", "show", "*imagen*", "--rows", "--json")[1]) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["prices", "update"], 2, "PLACE"),
        (["prices", "update", "none.csv"], 1, "no such file"),
        (["prices", "update", "http://prices.example/p.csv"], 1, "must begin with https://"),
        (["prices", "update", "x.csv", "--rate", "CNY"], 1, "must look like CNY=0.14"),
        (["prices", "update", "x.csv", "--rate", "CNY=-1"], 1, "must be a number from 0"),
        (["prices", "update", "x.csv", "--format", "yaml"], 2, "yaml"),
        (["prices", "show", "--rows"], 1, "no such feeds"),
        (["prices", "show", "--sources"], 1, "no such feeds"),
        (["prices", "compare", "catalogue", "catalogue"], 1, "held against itself"),
        (["prices", "compare", "a"], 1, "no such feeds"),
        (["health", "show"], 1, "no such feeds"),
        (["health", "export", "h.json"], 1, "no such feeds"),
    ],
)
def test_used_wrongly(cli: Cli, arguments: list[str], code: int, said: str) -> None:
    told, _, err = cli(*arguments)
    assert told == code
    assert said in err
    assert "Traceback" not in err


def test_a_price_of_an_offer_that_nobody_knows_is_taken_and_told(cli: Cli, release: Path) -> None:
    rows = ("shop/value,image,0.03", "shop/valu,image,0.03", "ours/lora,image,0.01")
    code, _, err = cli("prices", "update", prices_csv(*rows), "--as-of", TODAY)
    assert code == 0
    assert "no offer known here is called shop/valu; did you mean shop/value?\n" in err
    assert "no offer known here is called ours/lora (own offers: --file or --db)\n" in err
    own = ('provider = "ours"\n[[offers]]\nid = "lora"\nmodel = "lora"\nmodality = "image"\n'
           'generator = "none"\n')  # fmt: skip
    Path("own.toml").write_text(own, encoding="utf-8")
    told = ("--as-of", TODAY, "--file", "own.toml")
    assert "ours/lora" not in cli("prices", "update", prices_csv(*rows), *told)[2]
    assert "no such quality" in cli("prices", "update", "prices.csv", *told, "--db", "none.db")[2]
    code, _, err = cli("prices", "update", prices_csv("fal/flux-pro-1.1,image,4"), "--as-of", TODAY,
                       "--source", "other")  # fmt: skip
    assert code == 1
    assert "fal/flux-pro-1.1 per image: $0.04 before, $4.00 now" in err


def test_prices_are_shown_with_their_source_and_age(cli: Cli, release: Path) -> None:
    cli("prices", "update", prices_csv("shop/value,image,0.03"), "--as-of", TODAY)
    told = json.loads(cli("prices", "show", "--db", release, "--json")[1])
    rows = {row["offer"]: row for row in told}
    assert (rows["shop/value"]["usd"], rows["shop/value"]["from"]) == ("0.03", "feed")
    assert rows["shop/value"]["age_days"] < 1
    assert rows["shop/value"]["counts"] is True
    assert (rows["shop/grand"]["usd"], rows["shop/grand"]["from"]) == ("0.08", "release")
    assert rows["shop/grand"]["as_of"] == factories.AS_OF
    listed = list(csv.DictReader(io.StringIO(cli("prices", "show", "--sources", "--csv")[1])))
    assert [(r["source"], r["rows"], r["outcome"]) for r in listed] == [("prices", "1", "taken")]
    assert "shop/film" not in cli("prices", "show", "--db", release, "shop/g*")[1]


@pytest.mark.parametrize(("days", "counts"), [(7, True), (8, False)])
def test_show_and_route_agree_on_the_age_of_a_price_at_any_hour(
    cli: Cli, release: Path, days: int, counts: bool
) -> None:
    read = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)).isoformat()
    cli("prices", "update", prices_csv("shop/value,image,0.03"), "--as-of", read)
    told = json.loads(cli("prices", "show", "shop/value", "--db", release, "--json")[1])
    assert [(row["age_days"], row["counts"]) for row in told] == [(days, counts)]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    asked = ("route", FACE, "--max-price", "0.05", "--only", "shop/value", "--json")
    window = {"format": "qfloor-health", "version": 1, "offers": {}}
    Path("h.json").write_text(json.dumps(window))
    moments = ([], ["--now", f"{today}T00:00:01"], ["--now", f"{today}T23:59:59"])
    for more in (*moments, ["--health", "h.json"]):
        row = json.loads(cli(*asked, *more)[1])["candidates"][0]
        assert (row["price_age_days"], row["rejected_by"] == "price_stale") == (days, not counts)


def test_what_is_not_sold_any_more_is_shown_as_route_takes_it(cli: Cli, release: Path) -> None:
    tomorrow = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)).isoformat()
    table = Path("p.csv")
    table.write_text(f"offer,unit,usd,retires\nshop/value,image,0.03,{tomorrow}\n")
    assert cli("prices", "update", table, "--as-of", TODAY)[0] == 0
    shown = ("prices", "show", "shop/value", "--db", release, "--json")
    assert json.loads(cli(*shown)[1])[0]["from"] == "feed"
    with FeedStore.open(".qfloor/feeds.db") as store, store._writing("prices") as connection:
        connection.execute("UPDATE prices SET retires = ?", (TODAY,))
    assert json.loads(cli(*shown)[1])[0]["from"] == "release"
    told = json.loads(cli("route", FACE, "--only", "shop/value", "--json")[1])
    assert told["price_usd"] == json.loads(cli(*shown)[1])[0]["usd"]


def test_prices_are_shown_without_any_feed(cli: Cli, release: Path) -> None:
    code, out, err = cli("prices", "show", "--db", release, "--json")
    assert code == 0
    assert "no feeds yet" in err
    assert {row["from"] for row in json.loads(out)} == {"release"}
    assert not Path(".qfloor/feeds.db").exists(), "who looks makes nothing"
    code, out, _ = cli("prices", "show", "painters/ochre", "--json")
    assert (code, [row["from"] for row in json.loads(out)]) == (0, ["catalogue"])


def test_a_price_by_a_unit_that_cannot_be_is_refused_and_the_choice_stays(
    cli: Cli, release: Path
) -> None:
    asked = ("route", FACE, "--json", "--ignore", "shop/lora")
    before = json.loads(cli(*asked)[1])
    code, _, err = cli("prices", "update", prices_csv("shop/value,second,0.001"), "--as-of", TODAY)
    assert code == 1
    assert "shop/value makes pictures, which have no price per second" in err
    after = json.loads(cli(*asked)[1])
    assert (after["offer"], after["price_usd"]) == (before["offer"], before["price_usd"])


@pytest.mark.parametrize(
    ("rows", "more", "told"),
    [
        (["shop/value,image,x"], [], "usd is 'x'"),
        (["shop/value,second,0.001"], [], "have no price per second"),
        (["shop/value,image,0.001"], ["--least-rows", "5"], "1 price"),
    ],
)
def test_a_refused_source_makes_no_feeds_where_there_were_none(
    cli: Cli, release: Path, rows: list[str], more: list[str], told: str
) -> None:
    code, _, err = cli("prices", "update", prices_csv(*rows), "--as-of", TODAY, *more)
    assert code == 1
    assert told in err
    assert [p.name for p in release.parent.iterdir()] == ["quality.db"]
    assert cli("prices", "update", "no.csv", "-w", "new")[0] == 1
    assert not Path("new").exists()


def test_an_empty_file_is_no_feeds(cli: Cli, release: Path) -> None:
    Path("empty").touch()
    code, _, err = cli("route", FACE, "--feeds", "empty")
    assert code == 1
    assert err.startswith("qfloor: empty: is empty, and no feeds")
    assert Path("empty").stat().st_size == 0
    assert release.is_file()


def test_two_sources_are_held_against_each_other(cli: Cli) -> None:
    rows = ("fal/flux-pro-1.1,image,0.06", "fal/recraft-v3,image,0.04")
    cli("prices", "update", prices_csv(*rows), "--as-of", TODAY, "--source", "own")
    code, out, err = cli("prices", "compare", "own", "--json")
    assert code == 0
    assert [(r["offer"], r["ratio"]) for r in json.loads(out)] == [("fal/flux-pro-1.1", 1.5)]
    assert "1 of 2 offers that both price agree" in err
    assert "known: catalogue, own" in cli("prices", "compare", "other")[2]
    assert "no source is called 'owm'; did you mean 'own'?" in cli("prices", "compare", "owm")[2]


def test_route_takes_the_feeds_beside_its_database(cli: Cli, release: Path) -> None:
    asked = ("route", FACE, "--max-price", "0.05", "--json")
    old = dt.date.today() - dt.date.fromisoformat(factories.AS_OF)
    before = json.loads(cli(*asked)[1])
    assert before["offer"] == ("shop/lora" if old.days <= 7 else None), "a stale price is none"
    cli("prices", "update", prices_csv("shop/value,image,0.03"), "--as-of", TODAY)
    code, out, _ = cli(*asked, "--ignore", "shop/lora")
    told = json.loads(out)
    assert (code, told["offer"], told["price_usd"]) == (0, "shop/value", "0.03")
    assert told["digests"]["prices"]
    assert "shop/value" in cli("route", FACE, "--ignore", "shop/lora")[1]
    assert "no such feeds" in cli("route", FACE, "--feeds", "none.db")[2]


def test_route_takes_the_language_of_the_request(cli: Cli, tmp_path: Path) -> None:
    made = factories.release(factories.shop(), population={"languages": ["en", "es"]})
    export.write(tmp_path / "q.db", made)
    asked = ("route", "portrait Salvador Dalí", "--db", "q.db")
    code, out, _ = cli(*asked)
    assert code == 3
    assert "it cannot be told; state the language: --language" in out
    german = ("route", "eine Frau mit dem Hut auf einem Stuhl", "--db", "q.db")
    code, out, _ = cli(*german)
    assert code == 3
    assert "it reads as de; where it is not, state the language: --language" in out
    assert "reads as" not in cli(*german, "--language", "de")[1]
    code, out, _ = cli(*asked, "--language", "es", "--json")
    assert (code, json.loads(out)["classification"]["language"]) == (0, "es")
    code, _, err = cli(*asked, "--language", "Spanish")
    assert code == 1
    assert "language is 'Spanish', must be a code of ISO 639-1" in err


def test_route_is_told_a_category_that_is_known(cli: Cli, release: Path) -> None:
    asked = ("route", FACE, "--db", str(release))
    assert json.loads(cli(*asked, "--json")[1])["category"] == "portrait"
    known = (*asked, "--category", "landscape")
    told = json.loads(cli(*known, "--json")[1])
    assert (told["category"], told["classification"]["plausible"]) == ("landscape", ["landscape"])
    assert "landscape (stated) · image" in cli(*known)[1]
    code, _, err = cli(*asked, "--category", "potrait")
    assert code == 1
    assert err.strip().endswith("there is no category 'potrait'; did you mean 'portrait'?")


def test_route_goes_by_a_policy_file_and_what_stands_beside_it(cli: Cli, release: Path) -> None:
    Path("policy.toml").write_text(
        'on_uncertified = "best_bound"\n[[overrides]]\nproject = "ours"\noffer = "shop/grand"\n'
    )
    told = ("route", FACE, "--policy", "policy.toml", "--json")
    pinned = json.loads(cli(*told, "--project", "ours")[1])
    assert (pinned["offer"], pinned["cause"]) == ("shop/grand", "overridden_by_policy")
    assert json.loads(cli(*told)[1])["offer"] == "shop/lora", "the rest is routed"
    tag = ("--tag", "hands")
    assert json.loads(cli(*told, *tag)[1])["cause"] == "uncertified_best_bound"
    code, out, _ = cli(*told, *tag, "--on-uncertified", "refuse")
    assert (code, json.loads(out)["cause"]) == (3, "nothing_eligible")
    slip = Path("policy.toml").read_text().replace("shop/grand", "shop/gran")
    Path("policy.toml").write_text(slip)
    code, _, err = cli(*told)
    assert (code, err) == (
        1,
        "qfloor: policy.toml:4: override 1, offer: the database knows no offer 'shop/gran'; did "
        "you mean 'shop/grand'?\n",
    )
    Path("policy.toml").write_text("\nelevatd = 2\n")
    code, _, err = cli(*told)
    assert code == 1
    assert err == (
        "qfloor: policy.toml:2: elevatd: a policy has no such field; did you mean 'elevated'?\n"
    )


def test_route_takes_the_health_of_another_service(cli: Cli, release: Path) -> None:
    told = {"format": "qfloor-health", "version": 1, "offers": {
        "shop/lora": {"as_of": "2026-11-22T10:00:00", "available": False}}}  # fmt: skip
    Path("health.json").write_text(json.dumps(told))
    asked = ("route", FACE, "--health", "health.json", "--json", "--now")
    assert json.loads(cli(*asked, "2026-11-22T10:05:00")[1])["offer"] == "shop/value"
    assert json.loads(cli(*asked, "2026-11-22T11:00:00")[1])["offer"] == "shop/lora"
    Path("health.json").write_text("{}")
    assert cli(*asked, "2026-11-22")[0] == 1


def test_route_tells_of_health_that_is_of_no_offer_it_knows(cli: Cli, release: Path) -> None:
    told = {"format": "qfloor-health", "version": 1, "offers": {
        "shop/valu": {"as_of": f"{TODAY}T00:00:00", "available": False}}}  # fmt: skip
    Path("h.json").write_text(json.dumps(told))
    code, _, err = cli("route", FACE, "--health", "h.json", "--json", "--now", TODAY)
    assert code == 0
    note = "note: h.json: no offer known here is called shop/valu; did you mean 'shop/value'?"
    assert note in err.splitlines()


def test_health_is_shown_and_exported(cli: Cli, release: Path) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    window = HealthWindow()
    for i in range(30):
        window.record("shop/value", 2.0, True, now - i)
    with FeedStore.open(".qfloor/feeds.db") as store:
        store.keep(window)
    code, out, _ = cli("health", "show", "--json")
    assert code == 0
    assert [(r["offer"], r["n"]) for r in json.loads(out)] == [("shop/value", 30)]
    assert cli("health", "export", "h.json")[0] == 0
    told = json.loads(cli("route", FACE, "--health", "h.json", "--json")[1])
    row = next(c for c in told["candidates"] if c["offer"] == "shop/value")
    assert (row["latency_source"], row["latency_n"]) == ("health feed", 30)


def test_the_schema_of_decisions_is_printed_and_kept(cli: Cli, release: Path) -> None:
    code, out, _ = cli("route", "--schema")
    assert code == 0
    _, told, _ = cli("route", FACE, "--json")
    jsonschema.validate(json.loads(told), json.loads(out))
    assert cli("route")[0] == 2


def test_percentiles_can_be_bounded_apart(cli: Cli, release: Path) -> None:
    assert cli("route", FACE, "--max-latency", "p50=5,p95=10")[0] == 0
    assert cli("route", FACE, "--max-latency", "10s")[0] == 0
    assert cli("route", FACE, "--max-latency", "Batch")[0] == 0
    code, out, _ = cli("route", FACE, "--max-latency", "p50=1,p95=10")
    assert code == 3
    assert "too slow" in out
    assert "max_latency_s" in cli("route", FACE, "--max-latency", "p99=1")[2]
    err = cli("route", FACE, "--max-latency", "p50=soon")[2]
    assert "max_latency_s is 'p50=soon', must be seconds such as 5, p50=8,p95=20" in err


@pytest.mark.parametrize(
    ("given", "due"),
    [
        ((), 0),
        (("--max-price", "0.0001"), 3),
        (("--max-price", "0.0001", "--json"), 3),
        (("--tier", "supreme"), 1),
        (("--size", "1024x768", "--aspect-ratio", "1:1"), 1),
        (("--only", "shop/nobody"), 1),
        (("--max-price", "-1"), 1),
        (("--db", "none.db"), 1),
        (("--n", "many"), 2),
    ],
)
def test_a_script_tells_nobody_eligible_from_a_request_that_is_wrong(
    cli: Cli, release: Path, given: tuple[str, ...], due: int
) -> None:
    """Both were exit 1."""
    code, out, err = cli("route", FACE, *given)
    assert code == due, out + err
    assert bool(out) == (due in (0, 3)), "a decision is printed, whatever it is"
    if "--json" in given:
        assert json.loads(out)["offer"] is None


def test_the_codes_stand_in_the_help(cli: Cli) -> None:
    _, out, _ = cli("route", "--help")
    assert "3 no offer is eligible" in " ".join(out.split())


def test_a_clip_with_sound_is_asked_for_at_the_command_line(cli: Cli, tmp_path: Path) -> None:
    loud, mute = (
        Seller(name=name, usd=usd, modalities=("video",), settings={"audio": name == "loud"})
        for name, usd in (("loud", "0.30"), ("mute", "0.10"))
    )
    export.write(tmp_path / "clips.db", factories.release([loud, mute]))
    asked = ("route", "waves rolling onto a beach", "--db", "clips.db", "--modality", "video")
    found = [json.loads(cli(*asked, "--json", *more)[1])["offer"] for more in ((), ("--audio",))]
    assert found == ["shop/mute", "shop/loud"]
    code, _, err = cli("route", FACE, "--db", "clips.db", "--modality", "image", "--audio")
    assert (code, "a still has no sound" in err) == (1, True)
