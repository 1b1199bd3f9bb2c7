"""``qfloor export``, ``verify``, ``route``: the quality database, written and read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of
from qfloor.errors import QfloorError

Database = typer.Option(Path(".qfloor/quality.db"), "--db", "-d", help="The quality database.")


def export(
    name: str = BenchmarkName,
    out: Path | None = typer.Option(
        None, "--out", "-o", help="Where to write it; by default quality.db in the workspace."
    ),
    json_out: Path | None = typer.Option(None, "--json-out", help="Write quality.json as well."),
    parquet: Path | None = typer.Option(None, help="Write Parquet tables into this folder."),
    workspace: Path = Workspace,
    round: str | None = Round,
) -> None:
    """Write what a run found as one versioned quality database.

    Example: qfloor export painters --out quality.db --json-out quality.json
    """
    import datetime as dt

    from qfloor import export, pipeline
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store:
        prompts = pipeline.prompts_of(benchmark)
        release = pipeline.release_of(
            store, benchmark, prompts, pipeline.run_id(benchmark), dt.datetime.now(dt.UTC)
        )
    say(f"wrote {export.write(out or workspace / 'quality.db', release)}")
    if json_out is not None:
        say(f"wrote {export.write_json(json_out, release)}")
    if parquet is not None:
        say(f"wrote {export.write_parquet(parquet, release)}")


def verify(
    database: Path = typer.Argument(Path(".qfloor/quality.db"), help="The quality database."),
    store: Path | None = typer.Option(
        None, "--store", help="Compute it again from this workspace; read, never written."
    ),
    name: str | None = typer.Option(
        None, "--benchmark", help="With --store: judge by this benchmark, not by the one kept."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Check a quality database: its digest, and that verdicts and floors agree.

    With --store, an audit: floors, verdicts, thresholds and calibrations are computed again from
    raw rows, and media, ledger, suites, metrics and the frozen plan are checked; exit 1 when
    anything differs.

    Example: qfloor verify quality.db

    Example: qfloor verify quality.db --store .qfloor
    """
    from qfloor import export, pipeline

    if store is None:
        typer.echo(str(export.verify(database)))
        return
    given = (
        None if name is None else benchmark_of(name, export.read(database)["release"][0]["round"])
    )
    audited = pipeline.audit(database, store, benchmark=given)
    if as_json:
        emit([{**c.to_row(), "details": c.details} for c in audited.checks], as_json=True)
    else:
        emit([c.to_row() for c in audited.checks], as_csv=as_csv)
        for line in audited.explanations:
            say(line)
    if audited.wrong:
        raise QfloorError(audited.summary)
    say(audited.summary)


def route(
    prompt: str = typer.Argument(help="The request, as a user would type it."),
    database: Path = Database,
    tier: str = typer.Option("professional", help="standard, professional or premium."),
    max_price: float | None = typer.Option(None, help="Most one output may cost, in USD."),
    max_latency: str | None = typer.Option(None, help="Seconds, or 'realtime' or 'batch'."),
    modality: str | None = typer.Option(None, help="image or video; by default from the prompt."),
    aspect_ratio: str | None = typer.Option(None, help="e.g. 16:9."),
    seconds: float | None = typer.Option(None, help="Length of a clip."),
    negative: str | None = typer.Option(None, help="What must not be in it."),
    pin: str | None = typer.Option(None, help="Override: this offer, whatever it says."),
    only: list[str] = typer.Option([], help="Choose among these offers only; repeatable."),
    ignore: list[str] = typer.Option([], help="Leave these offers out; repeatable."),
    on_uncertified: str = typer.Option(
        "refuse", help="When nothing is certified: refuse, default:OFFER or best_bound."
    ),
    objective: Literal["price", "usable_cost"] = typer.Option("price", help="What to minimise."),
    allow_illustrative: bool = typer.Option(False, help="Accept a database that is an example."),
    allow_provisional: bool = typer.Option(
        False, help="Also choose offers that a metric lets through and no person judged."
    ),
    now: str | None = typer.Option(None, help="Day to decide for; by default today."),
    as_json: bool = typer.Option(False, "--json", help="Print the whole decision as JSON."),
) -> None:
    """Choose the cheapest offer that is certified for a request, and say why.

    Exit 1 when no offer is eligible; the decision says which rule decided.

    Example: qfloor route "a studio photo of a red mug on marble" --tier premium
    """
    from qfloor import router

    db = router.load(database)
    need = router.Need(
        prompt=prompt,
        negative=negative,
        aspect_ratio=aspect_ratio,
        modality=modality,
        seconds=seconds,
        tier=tier,
        max_price_usd=max_price,
        max_latency_s=_latency(max_latency),
        only=tuple(only),
        ignore=tuple(ignore),
        pin=pin,
    )
    policy = router.Policy(
        on_uncertified=on_uncertified,
        objective=objective,
        allow_illustrative=allow_illustrative,
        allow_provisional=allow_provisional,
    )
    decision = router.choose(db, need, policy=policy, now=now)
    told = json.dumps(decision.to_dict(), ensure_ascii=False, indent=2)
    typer.echo(told if as_json else router.explain(decision))
    if decision.offer is None:
        raise typer.Exit(1)


def _latency(text: str | None) -> Any:
    """Seconds, or a word that `Need` knows or refuses in one sentence."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (export, verify, route):
        app.command()(command)
