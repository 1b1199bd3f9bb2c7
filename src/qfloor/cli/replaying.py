"""``qfloor replay``: what a policy would have done, beside what others would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor import toml_file
from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.routing import (
    DatabaseOption,
    Feeds,
    PolicyFile,
    Uncertified,
    feeds_of,
    loaded,
    note_changes,
    orders_of,
)
from qfloor.cli.running import benchmark_of
from qfloor.cli.usage import refuse
from qfloor.counting import several
from qfloor.errors import InputError
from qfloor.whole import write_whole

if TYPE_CHECKING:
    from qfloor import router
    from qfloor.pipeline.served import ServedCertificate

Objective = typer.Option(None, help="What is cheap: price or usable_cost.")
Now = typer.Option(None, help="Day to decide for; by default today.")


def replay(
    context: typer.Context,
    log: Path | None = typer.Argument(
        None, help="A gateway's gateway.db, or requests as .jsonl or .csv."
    ),
    database: Path = DatabaseOption,
    outputs: str | None = typer.Option(
        None, "--outputs", help="Instead of a log: every judged output of this benchmark's round."
    ),
    certify: str | None = typer.Option(
        None, "--certify", help="Instead: bound what is served, on this benchmark's fresh prompts."
    ),
    table: Path | None = typer.Option(
        None, help="The manual team's table, TOML: category = offer."
    ),
    locked: str | None = typer.Option(None, help="What the locked team buys; by default the best."),
    policy: Path | None = PolicyFile,
    on_uncertified: str | None = Uncertified,
    objective: Literal["price", "usable_cost"] | None = Objective,
    feeds: Path | None = Feeds,
    alpha: float = typer.Option(0.05, help="With --certify: error probability of all tiers."),
    no_buy: bool = typer.Option(
        False, "--no-buy", help="With --certify: judge what is there, make nothing."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="With --certify: write JSON here."),
    round: str | None = typer.Option(None, help="Round of the benchmark; by default the file's."),
    workspace: Path = Workspace,
    now: str | None = Now,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Set a policy beside the oracle, a locked team, a manual table, chance and the cheapest.

    Over a log, fails are what the release measured of each offer; over outputs, what people said
    of the very outputs. Rows compare the requests that the policy serves.

    Example: qfloor replay requests.jsonl --db quality.db

    Example: qfloor replay --outputs painters --db quality.db

    Example: qfloor replay --certify painters_confirm --db quality.db --out served.json
    """
    given = [x for x in (log, outputs, certify) if x is not None]
    if len(given) != 1:
        raise typer.BadParameter("takes one of: a log, --outputs BENCHMARK, --certify BENCHMARK")
    _check_goes_together(context, log, certify)
    orders = orders_of(policy, on_uncertified, objective)
    db = loaded(database, policy, orders)
    note_changes(database)
    how = {
        "policy": orders,
        "prices": feeds_of(db, feeds, now)[0],
        "now": now,
    }
    rivals = {"table": _table(table), "locked": locked}
    if log is not None:
        _over_log(db, log, {**how, **rivals}, as_json, as_csv)
    elif outputs is not None:
        _over_outputs(db, outputs, round, {**how, **rivals}, workspace, as_json, as_csv)
    else:
        found = _certified(db, str(certify), round, how, alpha, not no_buy, workspace)
        _show_served(found, out, as_json, as_csv)


def _check_goes_together(context: typer.Context, log: Path | None, certify: str | None) -> None:
    """Refuse options that would change nothing."""
    if certify is None:
        refuse(context, ("out", "alpha", "no_buy"), "goes with --certify")
    else:
        refuse(context, ("table", "locked"), "goes with a log or --outputs")
    if log is not None:
        refuse(context, ("round", "workspace"), "goes with --outputs or --certify")


def _over_log(
    db: router.Database, log: Path, how: dict[str, Any], as_json: bool, as_csv: bool
) -> None:
    from qfloor.pipeline.replaying import replay_remarks, replay_rows
    from qfloor.router.asked import read_log
    from qfloor.router.replay import replay as replayed

    found = replayed(db, read_log(log, categories=db.categories), **how)
    rows = replay_rows(found)
    remarks = replay_remarks(found, rows)
    if as_json:
        told = {"rows": rows, "refused": {k: float(v) for k, v in found.refused.items()},
                "remarks": remarks}  # fmt: skip
        typer.echo(json.dumps(told, indent=2))
        return
    emit(rows if as_csv else [_short(row) for row in rows], as_csv=as_csv)
    for remark in remarks:
        say(remark)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """What fits a terminal: shares as percent, the offers that serve most; the rest is counted."""
    from qfloor.pipeline.replaying import spoken

    offers = row["offers"]
    most = [f"{offer} {spoken(n)}" for offer, n in list(offers.items())[:2]]
    more = [f"{len(offers) - 2} more"] if len(offers) > 2 else []
    low, high = row["fail_lo"], row["fail_hi"]
    named = {"tier": row["tier"]} if "tier" in row else {}
    below = {"below_floor": _percent(row["below_floor"])} if "below_floor" in row else {}
    return {
        **named,
        "policy": row["policy"],
        "requests": row["requests"] if "requests" in row else row["served"],
        "usd": row["usd"],
        "fails": _percent(row["fail_rate"]),
        "95 %": None if low is None else f"{100 * low:.1f} - {100 * high:.1f}",
        **below,
        "regret_usd": row["regret_usd"],
        "regret_fails": _percent(row["regret_fails"]),
        "offers": ", ".join(most + more),
    }


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:z.1%}"  # -0.0 % is none


def _over_outputs(
    db: router.Database, name: str, round: str | None, how: dict[str, Any], workspace: Path,
    as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    from qfloor import pipeline
    from qfloor.pipeline.replay_outputs import replay_outputs
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store, store.reading():
        rows = replay_outputs(store, benchmark, pipeline.prompts_of(benchmark), db, **how)
    shown = rows if as_json or as_csv else [_short(row) for row in rows]
    emit(shown, as_json=as_json, as_csv=as_csv)
    for row in rows:
        if row["policy"] == "routed":
            say(
                f"{row['tier']}: {row['served']} of "
                f"{several(row['asked'], 'prompt is', 'prompts are')} served"
            )
    say(
        "these prompts certified what is routed to: of the cheapest certified they are a little "
        "too kind (--certify measures on unused ones)"
    )


def _certified(
    db: router.Database, name: str, round: str | None, how: dict[str, Any], alpha: float,
    buy: bool, workspace: Path,
) -> ServedCertificate:  # fmt: skip
    from qfloor.pipeline.served import certify_served
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace, create=buy) as store, store.writing(f"replay --certify {name}"):
        return certify_served(store, benchmark, db, alpha=alpha, buy=buy, **how)


def _show_served(found: ServedCertificate, out: Path | None, as_json: bool, as_csv: bool) -> None:
    from qfloor.pipeline.served import served_rows
    from qfloor.records import to_plain

    told = json.dumps(to_plain(found), ensure_ascii=False, indent=2)
    if out is not None:
        write_whole(out, told + "\n")
        say(f"wrote {out}")
    if as_json:
        typer.echo(told)
    else:
        rows = served_rows(found)
        emit(rows if as_csv else [_brief(row) for row in rows], as_csv=as_csv)
    _say_served(found)


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """What fits a terminal; `--csv` and `--json` have all of it."""
    counts = ("tier", "asked", "refused", "served", "missing", "misread", "fails")
    shares = {name: _percent(row[name]) for name in ("fail_rate", "upper", "allowed")}
    return {**{name: row[name] for name in counts}, **shares, "rule": row["rule"]}


def _say_served(found: ServedCertificate) -> None:
    for bound in found.bounds:
        if bound.upper is None:
            say(f"{bound.tier}: nothing was served")
            continue
        verdict = "as allowed" if bound.holds else "MORE than is allowed"
        say(
            f"{bound.tier}: at most {bound.upper:.1%} of what is served falls short "
            f"({bound.max_fail:.0%} allowed: {verdict}); {1 - bound.level * bound.m:.0%} sure of "
            f"all {bound.m} tiers together"
        )
    for remark in found.remarks:
        say(remark)


def _table(path: Path | None) -> dict[str, str] | None:
    """A manual team's table: category (or category/modality) to offer."""
    if path is None:
        return None
    told = toml_file.read(path, InputError, "table of offers")
    for place, offer in told.items():
        if not isinstance(offer, str):
            raise InputError(
                f"{path}: {place} must name an offer, such as {place} = 'seller/model'"
            )
    return told


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(replay)
