"""``qfloor replay`` and ``savings``: what a policy would have done, and what it would save."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.routing import DatabaseOption
from qfloor.cli.running import benchmark_of
from qfloor.errors import InputError

if TYPE_CHECKING:
    from qfloor import router
    from qfloor.pipeline.savings import MonthlySavings
    from qfloor.pipeline.served import ServedCertificate

Objective = typer.Option("price", help="What to minimise.")
OnUncertified = typer.Option(
    "refuse", help="When nothing is certified: refuse, default:OFFER or best_bound."
)
Now = typer.Option(None, help="Day to decide for; by default today.")


def replay(
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
    objective: Literal["price", "usable_cost"] = Objective,
    on_uncertified: str = OnUncertified,
    alpha: float = typer.Option(0.05, help="With --certify: error probability of all tiers."),
    no_buy: bool = typer.Option(False, help="With --certify: judge what is there, make nothing."),
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
    from qfloor import router

    given = [x for x in (log, outputs, certify) if x is not None]
    if len(given) != 1:
        raise typer.BadParameter("takes one of: a log, --outputs BENCHMARK, --certify BENCHMARK")
    db = router.load(database)
    policy = router.Policy(objective=objective, on_uncertified=on_uncertified)
    if log is not None:
        _over_log(db, log, policy, table, locked, now, as_json, as_csv)
    elif outputs is not None:
        _over_outputs(db, outputs, round, policy, table, locked, workspace, now, as_json, as_csv)
    else:
        _certified(db, str(certify), round, policy, alpha, not no_buy, out, workspace, now,
                   as_json, as_csv)  # fmt: skip


def _over_log(
    db: router.Database, log: Path, policy: router.Policy, table: Path | None, locked: str | None,
    now: str | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    from qfloor.pipeline.replaying import replay_remarks, replay_rows
    from qfloor.router.asked import read_log
    from qfloor.router.replay import replay as replayed

    found = replayed(db, read_log(log), policy=policy, now=now, table=_table(table), locked=locked)
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
    """What fits a terminal: the three offers that serve most, the rest counted."""
    offers = row["offers"]
    most = [f"{offer} {n:g}" for offer, n in list(offers.items())[:3]]
    more = [f"{len(offers) - 3} more"] if len(offers) > 3 else []
    return {**row, "offers": ", ".join(most + more)}


def _over_outputs(
    db: router.Database, name: str, round: str | None, policy: router.Policy, table: Path | None,
    locked: str | None, workspace: Path, now: str | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    from qfloor import pipeline
    from qfloor.pipeline.replay_outputs import replay_outputs
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store:
        rows = replay_outputs(
            store, benchmark, pipeline.prompts_of(benchmark), db, policy=policy, now=now,
            table=_table(table), locked=locked,
        )  # fmt: skip
    plain = as_json or as_csv
    emit(rows if plain else [_short(r) for r in rows], as_json=as_json, as_csv=as_csv)
    say(
        "these prompts certified what is routed to: of the cheapest certified they are a little "
        "too kind (--certify measures on unused ones)"
    )


def _certified(
    db: router.Database, name: str, round: str | None, policy: router.Policy, alpha: float,
    buy: bool, out: Path | None, workspace: Path, now: str | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    from qfloor.pipeline.served import certify_served, served_rows
    from qfloor.records import to_plain
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace, create=buy) as store, store.writing(f"replay --certify {name}"):
        found = certify_served(store, benchmark, db, policy=policy, now=now, alpha=alpha, buy=buy)
    told = json.dumps(to_plain(found), ensure_ascii=False, indent=2)
    if out is not None:
        out.write_text(told + "\n", encoding="utf-8")
        say(f"wrote {out}")
    if as_json:
        typer.echo(told)
    else:
        emit(served_rows(found), as_csv=as_csv)
    _say_served(found)


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
    import tomllib

    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from error
    for place, offer in told.items():
        if not isinstance(offer, str):
            raise InputError(
                f"{path}: {place} must name an offer, such as {place} = 'seller/model'"
            )
    return told


def savings(
    workload: str = typer.Argument(
        help="A workload that ships (one-offer, subscriptions, small-team), or a TOML file."
    ),
    database: Path = DatabaseOption,
    now: str | None = Now,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Set a month's spending now against routed, net of what measuring costs, with the mix.

    Exit 0 whether or not it saves.

    Example: qfloor savings one-offer --db results/painters.db
    """
    from qfloor import router
    from qfloor.pipeline.savings import monthly_savings
    from qfloor.pipeline.workloads import load_workload

    found = monthly_savings(router.load(database), load_workload(workload), now=now)
    rows = [_mix_row(row) for row in found.mix]
    if as_json:
        told = {**_summary(found), "mix": rows, "remarks": found.remarks}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    emit(rows, as_csv=as_csv, empty="nothing is routed: no offer is certified for any of it")
    for line in _said(found):
        say(line)


def _mix_row(row: Any) -> dict[str, Any]:
    return {
        "share": round(row.share, 4), "requests": round(float(row.requests), 1),
        "offer": row.offer, "usd_each": _usd(row.each_nanousd), "usd": _usd(row.spend_nanousd),
        "category": row.category, "tier": row.tier, "because": row.cause.replace("_", " "),
    }  # fmt: skip


def _usd(nanousd: int | None) -> float | None:
    return None if nanousd is None else nanousd / 1e9


def _summary(found: MonthlySavings) -> dict[str, Any]:
    def rate(fails: Any) -> Any:
        return None if fails is None else [fails.rate, fails.low, fails.high]

    return {
        "workload": found.workload.name, "release": found.release, "volume": found.volume,
        "before_usd": _usd(found.before_nanousd), "after_usd": _usd(found.after_nanousd),
        "saved_usd": _usd(found.saved_nanousd), "saved_share": found.saved_share,
        "stays": float(found.stays), "fails_before": rate(found.fails_before),
        "fails_after": rate(found.fails_after), "measured_usd": _usd(found.measured_nanousd),
        "measuring_usd_a_month": _usd(found.measuring_nanousd), "net_usd": _usd(found.net_nanousd),
        "break_even_requests": found.break_even,
    }  # fmt: skip


def _said(found: MonthlySavings) -> list[str]:
    share = "" if found.saved_share is None else f" ({found.saved_share:.0%})"
    lines = [
        f"{found.volume:,} requests a month: ${found.before_nanousd / 1e9:,.2f} now, "
        f"${found.after_nanousd / 1e9:,.2f} routed; saves ${found.saved_nanousd / 1e9:,.2f}{share}"
    ]
    if found.stays:
        lines.append(f"{float(found.stays):g} of them stay as they are: nothing is certified")
    for name, fails in (("now", found.fails_before), ("routed", found.fails_after)):
        if fails is not None:
            lines.append(
                f"fall short of their tier, {name}: {fails.rate:.1%} "
                f"({fails.low:.1%} to {fails.high:.1%})"
            )
    enough = (
        "routing never pays for it" if found.break_even is None
        else f"paid for from {found.break_even:,} requests a month on"
    )  # fmt: skip
    lines.append(
        f"measuring these categories cost ${found.needed_nanousd / 1e9:,.2f} of the release's "
        f"${found.measured_nanousd / 1e9:,.2f} (outputs; ratings are not in it); "
        f"${found.measuring_nanousd / 1e9:,.2f} a month, {enough}: net "
        f"${found.net_nanousd / 1e9:,.2f}"
    )
    return [*lines, *found.remarks]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(replay)
    app.command()(savings)
