"""``qfloor drift``: did an offer, or the judge, change between two rounds?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, emit_one, say
from qfloor.cli.running import BenchmarkName, benchmark_of
from qfloor.counting import several
from qfloor.errors import QfloorError

if TYPE_CHECKING:
    from qfloor.records import DriftFinding


def drift(
    name: str = BenchmarkName,
    before: str | None = typer.Option(None, "--from", help="Round that certified, e.g. 2026-10."),
    after: str | None = typer.Option(None, "--to", help="Round since; by default the file's."),
    store_from: Path | None = typer.Option(
        None, help="Workspace of the earlier round, where it is another one."
    ),
    metric: str | None = typer.Option(
        None, help="Compare scores of this metric, where nobody rated."
    ),
    anchors: str | None = typer.Option(
        None, help="Instead: score this frozen set anew and see whether the judge moved."
    ),
    alpha: float = typer.Option(
        0.05, help="Probability that any unchanged offer is called changed."
    ),
    apply: Path | None = typer.Option(
        None, help="A release of the earlier round: take back what drift has taken away."
    ),
    out: Path | None = typer.Option(None, "--out", "-o", help="Where --apply writes."),
    everything: bool = typer.Option(False, "--all", help="Categories of unchanged offers too."),
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Compare two rounds: offers first, then the categories of those that changed.

    Example: qfloor drift painters --from 2026-10 --to 2026-11 --apply quality.db --out new.db
    """
    if (apply is None) != (out is None):
        raise typer.BadParameter("--apply reads a release, --out says where the new one goes")
    if apply is not None and out is not None and apply.resolve() == out.resolve():
        raise typer.BadParameter("would write over what --apply reads; name another file",
                                 param_hint="--out")  # fmt: skip
    if anchors is not None:
        _anchors(name, after, anchors, workspace, as_json)
        return
    if before is None:
        raise typer.BadParameter(
            "is needed: the round that certified, such as 2026-10", param_hint="--from"
        )
    report = _compared(name, before, after, store_from, metric, alpha, workspace)
    rows = [_row(f) for f in _shown(report.findings, everything)]
    emit(rows, as_json=as_json, as_csv=as_csv)
    for sign in report.signs:
        say(f"{sign.offer_id}: {sign.sentence()}")
    for offers, where in ((report.only_before, before), (report.only_after, after or "later")):
        if offers:
            say(f"only in {where}: {', '.join(offers)}")
    if apply is not None and out is not None:
        _apply(name, before, report.findings, apply, out)


def _compared(
    name: str,
    before: str,
    after: str | None,
    store_from: Path | None,
    metric: str | None,
    alpha: float,
    workspace: Path,
) -> Any:
    from contextlib import ExitStack

    from qfloor import pipeline
    from qfloor.store import Store

    rounds = benchmark_of(name, before), benchmark_of(name, after)
    if rounds[0].round > rounds[1].round:
        say(f"round {before} is the later one: before and after are the other way round")
    with ExitStack() as opened:
        store = opened.enter_context(Store.open(workspace))
        earlier = None if store_from is None else opened.enter_context(Store.open(store_from))
        opened.enter_context(store.writing("drift"))
        report = pipeline.check_drift(
            store, *rounds, store_before=earlier, metric=metric, alpha=alpha
        )
        store.save_drift(report.findings, before_run=report.before_run, after_run=report.after_run)
    return report


def _shown(findings: tuple[DriftFinding, ...], everything: bool) -> list[DriftFinding]:
    """Offers, and the categories of those that changed."""
    from qfloor.records import EVERY

    changed = {
        (f.offer_id, f.modality, f.tier)
        for f in findings
        if f.category == EVERY and f.word == "changed"
    }
    return [
        f
        for f in findings
        if everything or f.category == EVERY or (f.offer_id, f.modality, f.tier) in changed
    ]


def _row(finding: DriftFinding) -> dict[str, Any]:
    return {
        "offer": finding.offer_id,
        "category": finding.category,
        "modality": finding.modality,
        "tier": finding.tier,
        "fails_before": finding.before,
        "fails_after": finding.after,
        "prompts": finding.n_after,
        "test": finding.test,
        "p_adjusted": finding.p_adjusted,
        "shape_p": finding.shape_p,
        "says": finding.sentence(),
    }


def _anchors(name: str, round: str | None, digest: str, workspace: Path, as_json: bool) -> None:
    from qfloor import pipeline
    from qfloor.store import Store

    scorers = pipeline.scorers_of(benchmark_of(name, round))
    with Store.open(workspace) as store:
        found = pipeline.check_anchors(store, digest, scorers)
    emit_one(found.__dict__, as_json=as_json)
    if found.word == "judge moved":
        raise QfloorError(
            f"{found.scored_by} gives other numbers than when the anchors were frozen (largest "
            f"difference {found.largest:.4g}); its scores of the two times must not be compared"
        )


def _apply(
    name: str, before: str, findings: tuple[DriftFinding, ...], path: Path, out: Path
) -> None:
    import datetime as dt

    from qfloor import export

    of = (benchmark_of(name, before).name, before)
    n = export.withdraw(path, out, findings, of, dt.datetime.now(dt.UTC))
    say(
        f"{several(n, 'certificate')} withdrawn, wrote {out}"
        if n
        else f"none of {path}'s certificates is taken back, so {out} was not written"
    )


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(drift)
