"""``qfloor reference``: freeze what metrics within a prompt are centred on, and carry it about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, emit_one, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of

if TYPE_CHECKING:
    from qfloor.records import ReferenceSet

app = typer.Typer(
    help="Frozen scores that metrics comparable only within a prompt are centred on.",
    no_args_is_help=True,
)


@app.command()
def freeze(
    name: str = BenchmarkName,
    metric: str = typer.Option(..., "--metric", "-m", help="e.g. preference.hps_v2_1."),
    offers: list[str] = typer.Option(
        [], "--offer", help="Whose outputs, repeatable; all offers of the benchmark by default."
    ),
    anchors: bool = typer.Option(
        False, "--anchors", help="Freeze any metric, for `qfloor drift --anchors`."
    ),
    workspace: Path = Workspace,
    round: str | None = Round,
    as_json: bool = Json,
) -> None:
    """Keep a round's scores as a metric's reference; nothing frozen before is touched.

    Example: qfloor reference freeze bench.toml --metric preference.hps_v2_1 --offer shop/base
    """
    from qfloor import pipeline
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store, store.writing("reference freeze"):
        view = pipeline.view_of(store, benchmark, pipeline.prompts_of(benchmark))
        declared = pipeline.declared_of(benchmark)
        reference = pipeline.freeze_reference(
            store, view, metric, offers or None, declared, anchors=anchors
        )
    emit_one(_row(reference), as_json=as_json)


@app.command("list")
def list_(workspace: Path = Workspace, as_json: bool = Json, as_csv: bool = Csv) -> None:
    """List the reference sets of a workspace, oldest first.

    Example: qfloor reference list
    """
    from qfloor.store import Store

    with Store.open(workspace) as store:
        rows = [_row(reference) for reference in store.references_of()]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="no reference sets")


@app.command()
def export(
    digest: str = typer.Argument(help="Which set: its digest, or enough of its beginning."),
    out: Path = typer.Option(..., "--out", "-o", help="Where to write it, as JSON."),
    workspace: Path = Workspace,
) -> None:
    """Write a reference set to a file that another workspace can import.

    Example: qfloor reference export 1f2e3d4c --out hps.reference.json
    """
    from qfloor import pipeline
    from qfloor.store import Store

    with Store.open(workspace) as store:
        found = pipeline.reference_called(store, digest)
    say(f"wrote {pipeline.write_reference(out, found)}")


@app.command("import")
def import_(
    file: Path = typer.Argument(help="What `qfloor reference export` wrote."),
    workspace: Path = Workspace,
    as_json: bool = Json,
) -> None:
    """Take a reference set into a workspace; an altered file is refused.

    Example: qfloor reference import hps.reference.json
    """
    from qfloor import pipeline
    from qfloor.store import Store

    reference = pipeline.read_reference(file)
    with Store.open(workspace, create=True) as store, store.writing("reference import"):
        store.save_reference(reference)
    emit_one(_row(reference), as_json=as_json)


def _row(reference: ReferenceSet) -> dict[str, Any]:
    return {
        "digest": reference.digest,
        "metric": reference.metric,
        "round": reference.round,
        "offers": ", ".join(reference.offers),
        "prompts": len(reference.prompts),
        "outputs": len(reference.output_ids),
        "centre": reference.statistic,
    }
