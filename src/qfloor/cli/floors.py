"""``qfloor floors``: what a round found out about every offer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of, say_differs
from qfloor.cli.usage import refuse
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import QfloorError
from qfloor.whole import write_whole

if TYPE_CHECKING:
    from qfloor.pipeline import Explanation, Findings

_UNDECIDED = 12  # a longer list is the report's
Table = Literal["pass rates", "tags", "leave one out", "thresholds", "explain"]


PassRates = typer.Option(False, "--pass-rates", help="Show how often boolean metrics hold instead.")
Tags = typer.Option(
    False, "--tags", help="Show the floor of each challenge tag and language instead."
)
LeaveOneOut = typer.Option(
    False, "--leave-one-out", help="Show verdicts of few raters without each of them instead."
)
Thresholds = typer.Option(
    False, "--thresholds", help="Show every threshold and what it rests on instead."
)
WithPrivate = typer.Option(
    False, "--with-private", help="Show private prompts and their outputs on the page too."
)
Explained = typer.Option(
    ("", ""),
    metavar="OFFER CATEGORY",
    show_default=False,
    help="Show the outputs at the 5th, 10th, 25th and 50th percentile instead.",
)
Kind = typer.Option("delivered", help="delivered (refusals fail) or conditional.")


def floors(
    context: typer.Context,
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    quality: str | None = typer.Option(
        None, help="Show floors of another quality: part of its id, e.g. clip.cos."
    ),
    kind: Literal["delivered", "conditional"] = Kind,
    pass_rates: bool = PassRates,
    tags: bool = Tags,
    leave_one_out: bool = LeaveOneOut,
    thresholds: bool = Thresholds,
    explain: tuple[str, str] = Explained,
    html: Path | None = typer.Option(None, help="With --explain: write a page with the pictures."),
    with_private: bool = WithPrivate,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Compute floors and verdicts of a round and show them, or what stands beside them.

    Example: qfloor floors painters --explain painters/ochre portrait --html ochre.html
    """
    from qfloor import pipeline
    from qfloor.store import Store

    table = _table_asked(pass_rates, tags, leave_one_out, thresholds, any(explain))
    _refuse_idle(context, table, html)
    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store, store.writing("floors"), progress() as report:
        prompts = pipeline.prompts_of(benchmark)
        found = pipeline.certify_round(store, benchmark, prompts, report=report)
        say_differs(pipeline.plan_state(store, benchmark))
        if table == "explain":
            shown = pipeline.explain(store, benchmark, found, *explain, metric=quality)
        judged = {f.offer_id for f in found.floors if f.quality == benchmark.quality.id}
        beside = [
            *pipeline.unjudged_remarks(store, benchmark, judged),
            *pipeline.pooling_remarks(store, benchmark),
        ]
        if not found.floors and table is None:
            raise QfloorError(pipeline.why_unjudged(store, benchmark))
    wanted = benchmark.quality.id if quality is None else quality
    if table == "explain":
        _explained(shown, as_json=as_json, as_csv=as_csv)
        if html is not None:
            _paged(shown, explain, html, private=with_private)
    elif table is not None:
        rows, empty = _beside(found, wanted, table, brief=not (as_json or as_csv))
        emit(rows, as_json=as_json, as_csv=as_csv, empty=empty)
    else:
        _floors(found, wanted, kind, benchmark.round, as_json=as_json, as_csv=as_csv)
        for remark in beside:
            say(remark)


def _table_asked(
    pass_rates: bool, tags: bool, leave_one_out: bool, thresholds: bool, explain: bool
) -> Table | None:
    """Name the one table beside the floors that was asked for."""
    asked: dict[Table, bool] = {
        "pass rates": pass_rates,
        "tags": tags,
        "leave one out": leave_one_out,
        "thresholds": thresholds,
        "explain": explain,
    }
    named = [table for table, wanted in asked.items() if wanted]
    if len(named) > 1:
        raise typer.BadParameter(
            "--pass-rates, --tags, --leave-one-out, --thresholds and --explain are tables of "
            "their own"
        )
    return named[0] if named else None


def _refuse_idle(context: typer.Context, table: Table | None, html: Path | None) -> None:
    """Refuse what the table that is shown has no use for."""
    if table is not None:
        refuse(context, ("kind",), f"goes with floors, not with --{table.replace(' ', '-')}")
    if table == "pass rates":
        refuse(context, ("quality",), "goes with floors, not with --pass-rates, which are of none")
    if table != "explain":
        refuse(context, ("html",), "goes with --explain")
    if html is None:
        refuse(context, ("with_private",), "goes with --html")


def _floors(
    found: Findings, wanted: str, kind: str, round: str, *, as_json: bool, as_csv: bool
) -> None:
    """Print floors with their verdicts."""
    from qfloor import pipeline
    from qfloor.records import TIERS

    chosen = [f for f in found.floors if wanted in f.quality and f.kind == kind]
    rows = list(pipeline.floor_rows(found, chosen))
    if not rows:
        known = ", ".join(sorted({f.quality for f in found.floors}))
        raise QfloorError(
            f"round {round} has no floor of quality {wanted!r}; its floors are of {known}"
        )
    emit(rows, as_json=as_json, as_csv=as_csv, keep=TIERS)
    if kind == "conditional":
        say("these floors leave refusals out; verdicts are on what is delivered and not shown here")
    for remark in pipeline.threshold_remarks(found):
        say(remark)
    lacking = list(pipeline.undecided_remarks(found, chosen))
    for remark in lacking[:_UNDECIDED]:
        say(remark)
    if len(lacking) > _UNDECIDED:
        say(f"and {len(lacking) - _UNDECIDED} more undecided; the report lists all of them")
    few = sum(f.population.get("raters", "").startswith("conditional") for f in chosen)
    if few:
        say(
            f"{few} of {several(len(rows), 'floor is', 'floors are')} conditional on "
            f"{_panel(found)}"
        )


def _panel(found: Findings) -> str:
    """Say what panel floors hang on: of an adaptive run every panel, of others that of a few."""
    if found.is_sequential:
        return "their panel: the test of an adaptive round does not let raters vary"
    return "a panel of few raters; see --leave-one-out"


def _explained(found: list[Explanation], *, as_json: bool, as_csv: bool) -> None:
    """Print examples and say the verdicts in words."""
    hidden = () if as_json or as_csv else ("clip", "output", "reason")
    flat = [
        {"modality": e.floor.modality, **{k: v for k, v in row.items() if k not in hidden}}
        for e in found
        for row in (example.to_row() for example in e.examples)
    ]
    emit(flat, as_json=as_json, as_csv=as_csv)
    for explanation in found:
        for sentence in explanation.sentences:
            say(sentence)


def _paged(found: list[Explanation], of: tuple[str, str], page: Path, *, private: bool) -> None:
    """Write the page."""
    from qfloor import report

    sections = [
        (f"{of[1]} ({e.floor.modality})", e.sentences,
         [example.to_shown(private=private) for example in e.examples])
        for e in found
    ]  # fmt: skip
    write_whole(page, report.page_of(f"{of[0]}: its bad days", sections))
    say(f"wrote {page}")


def _beside(
    found: Findings, quality: str, table: Table, *, brief: bool
) -> tuple[list[dict[str, Any]], str]:
    """Rows of the table asked for, and what to say when there are none."""
    from qfloor import pipeline

    if found.is_sequential and table != "thresholds":
        return [], (
            "an adaptive round has no such table: its test stopped when people's ratings decided, "
            "and on data that stopped so, intervals for a fixed number of prompts do not hold"
        )
    if table == "pass rates":
        rows = pipeline.pass_rate_rows(found.pass_rates, brief=brief)
        return list(rows), "the round was not scored with any metric that is true or false"
    if table == "tags":
        rows = pipeline.tag_rows(found, quality, brief=brief)
        return list(rows), f"no tag has a floor of quality {quality!r}"
    if table == "thresholds":
        rows = pipeline.threshold_rows(found, quality)
        return list(rows), f"no threshold of quality {quality!r}"
    rows = pipeline.leave_one_out_rows(found, quality)
    return list(rows), "no verdict is conditional on a panel of few raters"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(floors)
