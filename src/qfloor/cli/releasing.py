"""``qfloor export`` and ``verify``: the quality database, written and checked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qfloor.cli.output import Csv, Json, Workspace, check_database_name, emit, emit_one, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of
from qfloor.cli.usage import refuse
from qfloor.errors import QfloorError, UnsoundDatabaseError

if TYPE_CHECKING:
    from qfloor.export import Verification

_PROBLEMS = 20  # more are for a program to read
_OUTSIDE = ["prices", "latency", "what was spent"]


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
    with Store.open(workspace) as store, store.reading():
        prompts = pipeline.prompts_of(benchmark)
        release = pipeline.release_of(
            store, benchmark, prompts, pipeline.run_id(benchmark), dt.datetime.now(dt.UTC)
        )
    place, aside = pipeline.place_of_release(benchmark, workspace, out)
    say(f"wrote {export.write(place, release)}")
    if aside:
        say(str(aside))
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
    context: typer.Context,
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
        refuse(context, ("name", "as_csv"), "goes with --store")
        _verify_alone(database, as_json=as_json)
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


def _verify_alone(database: Path, *, as_json: bool) -> None:
    """Check a release by itself, without the store it is from."""
    from qfloor import export

    found = _verified(database, as_json=as_json)
    if as_json:
        sound = {**asdict(found), "sound": True, "not_in_digest": _OUTSIDE}
        emit_one(sound, as_json=True)
        return
    typer.echo(str(found))
    stated = export.stated_error(export.read(database))
    if stated is not None:
        say(str(stated))
    say("prices and latency, a dated snapshot that feeds override, and what was spent are not "
        "in the digest: --store compares them")  # fmt: skip


def _verified(database: Path, *, as_json: bool) -> Verification:
    """Verify; of an unsound one print every problem before the error that ends the command."""
    from qfloor import export

    try:
        return export.verify(database)
    except UnsoundDatabaseError as error:
        if as_json:
            unsound = {"path": str(database), "sound": False, "problems": list(error.problems)}
            emit_one(unsound, as_json=True)
        else:
            for problem in error.problems[1:_PROBLEMS]:
                say(f"also: {problem}")
            if len(error.problems) > _PROBLEMS:
                say(f"{len(error.problems) - _PROBLEMS} more: --json lists them all")
        raise


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (export, verify):
        app.command()(command)
