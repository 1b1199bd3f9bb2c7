"""``qfloor export`` and ``verify``: the quality database, written and checked."""

from __future__ import annotations

from pathlib import Path

import typer

from qfloor.cli.output import Csv, Json, Workspace, check_database_name, emit, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of
from qfloor.errors import QfloorError


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

    _check_where(out, json_out, parquet)
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


def _check_where(out: Path | None, json_out: Path | None, parquet: Path | None) -> None:
    """Refuse names that say another form, and what cannot be written, before anything is."""
    from qfloor.export import need_parquet

    check_database_name(out)
    if json_out is not None and json_out.suffix.lower() != ".json":
        raise QfloorError(f"--json-out {json_out} is JSON; name it such as quality.json")
    if parquet is not None:
        need_parquet()


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

    Says how often a certificate may be false: in a family, in this release, in twelve of them.

    With --store, an audit: floors, verdicts, thresholds and calibrations are computed again from
    raw rows, and media, ledger, suites, metrics and the frozen plan are checked; exit 1 when
    anything differs.

    Example: qfloor verify quality.db

    Example: qfloor verify quality.db --store .qfloor
    """
    from qfloor import export, pipeline

    if store is None:
        typer.echo(str(export.verify(database)))
        stated = export.stated_error(export.read(database))
        if stated is not None:
            say(str(stated))
        say("prices and latency, a dated snapshot that feeds override, and what was spent are not "
            "in the digest: --store compares them")  # fmt: skip
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


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (export, verify):
        app.command()(command)
