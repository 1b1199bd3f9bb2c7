"""``qfloor route``: the cheapest offer that is certified for a request, with every reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.errors import DatabaseError, NeedError

if TYPE_CHECKING:
    from qfloor.router import Classification, Database, HealthFeed, Need, Policy, PriceFeed

REFUSED = 3
"""Exit code: the request was understood and decided, and no offer is eligible for it."""

_USUAL = Path(".qfloor/quality.db")
DatabaseOption = typer.Option(_USUAL, "--db", "-d", help="The quality database.")
Uncertified = typer.Option(
    None, help="When nothing is certified: refuse, default:OFFER or best_bound."
)
_Latency = typer.Option(None, help="Seconds (of p95), 'p50=8,p95=20', 'realtime' or 'batch'.")
PolicyFile = typer.Option(None, "--policy", help="A policy.toml; other options go before it.")
Feeds = typer.Option(
    None, help="Newer prices and health; by default feeds.db beside the database, if there."
)
_Health = typer.Option(None, help="Health as a JSON file, of another service.")
_Illustrative = typer.Option(
    False, "--allow-illustrative", help="Accept a database that is an example."
)
_Schema = typer.Option(False, "--schema", help="Print the JSON Schema of decisions and stop.")
_Provisional = typer.Option(
    False,
    "--allow-provisional",
    help="Also choose offers that a metric lets through and no person judged.",
)


def route(
    prompt: str | None = typer.Argument(None, help="The request, as a user would type it."),
    database: Path = DatabaseOption,
    tier: str = typer.Option(
        "professional", help="standard, professional or premium; also concept, draft or final."
    ),
    category: str | None = typer.Option(None, help="If it is known; else read in the prompt."),
    max_price: float | None = typer.Option(None, help="Most the call may cost, in USD."),
    max_latency: str | None = _Latency,
    modality: str | None = typer.Option(None, help="image or video; by default from the prompt."),
    aspect_ratio: str | None = typer.Option(None, help="e.g. 16:9."),
    size: str | None = typer.Option(None, help="e.g. 1344x768."),
    resolution: str | None = typer.Option(None, help="e.g. 1080p, 2K."),
    language: str | None = typer.Option(None, help="Of the request, e.g. es; else guessed."),
    seconds: float | None = typer.Option(None, help="Length of a clip."),
    audio: bool = typer.Option(False, "--audio", help="A clip with sound."),
    n: int = typer.Option(1, help="Outputs asked for in one call."),
    negative: str | None = typer.Option(None, help="What must not be in it."),
    pin: str | None = typer.Option(None, help="This offer, certified or not, if it can make it."),
    only: list[str] = typer.Option([], help="Choose among these offers only; repeatable."),
    ignore: list[str] = typer.Option([], help="Leave these offers out; repeatable."),
    project: str | None = typer.Option(None, help="What the policy's overrides may go by."),
    tag: list[str] = typer.Option([], help="A label or a challenge; repeatable."),
    policy: Path | None = PolicyFile,
    on_uncertified: str | None = Uncertified,
    objective: Literal["price", "usable_cost"] | None = typer.Option(None, help="What is cheap."),
    allow_illustrative: bool = _Illustrative,
    allow_provisional: bool = _Provisional,
    feeds: Path | None = Feeds,
    health: Path | None = _Health,
    now: str | None = typer.Option(None, help="Day or time to decide for; by default now."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole decision as JSON."),
    schema: bool = _Schema,
) -> None:
    """Choose the cheapest offer that is certified for a request, and say why.

    Exit 0 chosen; 1 told why (a file or a request that is wrong); 2 used wrongly; 3 no offer is
    eligible: the decision is printed all the same, and says which rule decided.

    Example: qfloor route "a studio photo of a red mug on marble" --tier premium

    Example: qfloor route "like the last one, in red" --category product-photo

    Example: qfloor route "our mug on a beach" --project catalogue --policy policy.toml
    """
    from qfloor import router

    if schema:
        typer.echo(router.decision_schema(), nl=False)
        return
    shape = {"aspect_ratio": aspect_ratio, "size": size, "resolution": resolution}
    clip = {"modality": modality, "seconds": seconds, "audio": audio or None}
    named = {"pin": pin, "only": tuple(only), "ignore": tuple(ignore)}
    labels = {"project": project, "tags": tuple(tag)}
    limits = {"max_price_usd": max_price, "max_latency_s": latency_wish(max_latency)}
    told = {"negative": negative, "language": language, "n": n, "tier": tier}
    orders = orders_of(policy, on_uncertified, objective, allow_illustrative, allow_provisional)
    # used wrongly is told before anything is read
    need = _need(prompt, told, shape, clip, named, labels, limits)
    db = loaded(database, policy, orders)
    found = router.classify(db, need, category)
    _print(db, need, found, orders, (feeds, health), now, as_json)


def loaded(database: Path, policy: Path | None, orders: Policy) -> Database:
    """The release, which knows every offer that the policy's file names."""
    from qfloor import router
    from qfloor.router.policy_file import check_offers

    if database == _USUAL and not database.exists():
        raise DatabaseError(
            f"{database}: no such quality database; `qfloor run` and `qfloor export` write it, "
            "--db names another"
        )
    db = router.load(database)
    if policy is not None:
        check_offers(policy, orders, db.offers)
    return db


def note_changes(*databases: Path) -> None:
    """Say of a release that was changed since it was written that what follows goes by it."""
    from qfloor import export

    for database in databases:
        try:
            export.verify(database)
        except DatabaseError as error:
            typer.echo(f"note: {error}; what is told here goes by it all the same", err=True)


def _need(prompt: str | None, *told: dict[str, Any]) -> Need:
    from qfloor import router

    if prompt is None:
        raise typer.BadParameter("give the request, such as 'a red mug'", param_hint="PROMPT")
    return router.Need(prompt=prompt, **{k: v for part in told for k, v in part.items()})


def _print(
    db: Database,
    need: Need,
    found: Classification,
    policy: Policy,
    places: tuple[Path | None, Path | None],
    now: str | None,
    as_json: bool,
) -> None:
    from qfloor import router

    prices, health = feeds_of(db, places[0], now)
    if places[1] is not None:
        from qfloor.router.health_file import read_health

        health = read_health(places[1])
        _warn_of_unknown(db, health, places[1])
    decision = router.choose(
        db, need, prices=prices, health=health, policy=policy, now=now, classification=found
    )
    told = json.dumps(decision.to_dict(), ensure_ascii=False, indent=2)
    typer.echo(told if as_json else router.explain(decision))
    if decision.offer is None:
        raise typer.Exit(REFUSED)


def _warn_of_unknown(db: Database, health: HealthFeed, path: Path) -> None:
    """Health of an offer that the release lacks may be another release's, or misspelt."""
    from qfloor.meant import offer_meant

    for name in [o for o in health.offers if o not in db.offers][:5]:
        hint = offer_meant(name, db.offers)
        typer.echo(f"note: {path}: no offer known here is called {name}{hint}", err=True)


def feeds_of(
    db: Database, feeds: Path | None, now: str | None
) -> tuple[PriceFeed | None, HealthFeed | None]:
    """What is newer than a release: of the feeds that are named, or of those beside it."""
    import datetime as dt

    from qfloor.router.feeds import FeedStore

    place = Path(db.path).with_name("feeds.db") if feeds is None else feeds
    if feeds is None and not place.is_file():
        return None, None
    with FeedStore.open(place, create=False) as store:
        at = dt.datetime.now(dt.UTC) if now is None else _moment(now)
        usual = {o: seen.p95_s for o, seen in db.latency.items() if seen.p95_s and seen.n}
        return store.prices(db, today=at.date().isoformat()), store.health(
            at, usual=usual, steer=False
        )


def _moment(now: str) -> Any:
    from qfloor.router.moments import moment

    try:
        return moment(now)
    except ValueError:
        raise NeedError(f"now is {now!r}, must be a day or time such as 2026-11-24") from None


def orders_of(
    policy: Path | None,
    on_uncertified: str | None,
    objective: Literal["price", "usable_cost"] | None,
    allow_illustrative: bool = False,
    allow_provisional: bool = False,
) -> Policy:
    """The policy of the file, or the default, changed by what was asked for beside it."""
    from qfloor import router
    from qfloor.router.policy_file import load_policy

    orders = router.Policy() if policy is None else load_policy(policy)
    changes: dict[str, Any] = {
        "on_uncertified": on_uncertified,
        "objective": objective,
        "allow_illustrative": allow_illustrative or None,
        "allow_provisional": allow_provisional or None,
    }
    return replace(orders, **{k: v for k, v in changes.items() if v is not None})


def latency_wish(text: str | None) -> Any:
    """Seconds, limits of percentiles, or a word; refused in the form of the command line."""
    if text is None or text.strip().lower() in ("realtime", "batch"):
        return text
    try:
        if "=" not in text:
            return float(text.removesuffix("s"))
        pairs = [part.partition("=") for part in text.split(",")]
        limits = {name.strip(): float(value.removesuffix("s")) for name, _, value in pairs}
    except ValueError:
        limits = {}
    if not limits or set(limits) - {"p50", "p95"}:
        raise NeedError(
            f"max_latency_s is {text!r}, must be seconds such as 5, p50=8,p95=20, realtime or batch"
        )
    return limits


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(route)
