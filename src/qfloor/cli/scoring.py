"""``qfloor score``: numbers for what was made, by a benchmark's scorers or by some named here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, say
from qfloor.cli.running import Engine, Round, benchmark_of
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import ScoringError

if TYPE_CHECKING:
    from qfloor.records import PluginSpec
    from qfloor.score import ScoreSummary
    from qfloor.store import Store

_COLUMNS = [
    "output_id", "offer_id", "prompt_id", "repeat", "category", "metric", "status", "value",
    "reason",
]  # fmt: skip


def score(
    name: str | None = typer.Argument(
        None, help="A benchmark that ships (painters), or a .toml file."
    ),
    scorer: list[str] = typer.Option(
        [], "--scorer", "-s", help="Instead of a benchmark: NAME or NAME:KEY=VALUE,...; repeatable."
    ),
    workspace: Path = Workspace,
    round: str | None = Round,
    engine: str = Engine,
    retry_failed: bool = typer.Option(
        False, "--retry-failed", help="Also score again what failed to be scored."
    ),
    rows: bool = typer.Option(False, "--rows", help="Print every score instead of counts."),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Score every made output of a round that is not scored yet.

    Example: qfloor score painters

    Example: qfloor score --round 2026-11 -s clip:checkpoint=ViT-B-32@openai -s technical --rows
    """
    from qfloor import pipeline
    from qfloor.store import Store

    if (name is None) == (not scorer):
        raise typer.BadParameter("give a benchmark or --scorer NAME, one of the two")
    with Store.open(workspace) as store, store.writing("score"), progress() as report:
        if name is None:
            if round is None:
                raise typer.BadParameter("with --scorer, say which round: --round 2026-11")
            specs = [spec_of(text) for text in scorer]
            done = pipeline.score_stored(
                store, round, specs, engine=engine, retry_failed=retry_failed, report=report
            )
        else:
            benchmark = benchmark_of(name, round)
            prompts = pipeline.prompts_of(benchmark)
            done = pipeline.score_round(
                store, benchmark, prompts, engine=engine, retry_failed=retry_failed, report=report
            )
            if not done.n_made:
                outputs = pipeline.view_of(store, benchmark, prompts).outputs
                if told := pipeline.nothing_made(benchmark.round, outputs):
                    raise ScoringError(told)
            round = benchmark.round
        found = _rows(store, round, done) if rows else _counts(done)
    emit(found, as_json=as_json, as_csv=as_csv, empty="nothing was left to score")
    _say(done)


def spec_of(text: str) -> PluginSpec:
    """Read ``NAME`` or ``NAME:KEY=VALUE,...``; values are true, false, numbers or text.

    A name that is no plugin's, or has a dot, is a module's when that of a class follows:
    ``my.module:Class``.

    Examples
    --------
    >>> spec_of("clip:checkpoint=ViT-B-32@openai,precision=auto").args
    {'checkpoint': 'ViT-B-32@openai', 'precision': 'auto'}
    >>> spec_of("mine:Scorer:strict=true")
    PluginSpec(name='mine:Scorer', args={'strict': True})
    """
    from qfloor.plugins import installed
    from qfloor.records import PluginSpec

    name, _, rest = text.partition(":")
    attribute, _, after = rest.partition(":")
    if attribute.isidentifier() and name not in installed("qfloor.scorers"):
        name, rest = f"{name}:{attribute}", after
    arguments: dict[str, Any] = {}
    for pair in filter(None, rest.split(",")):
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(
                f"--scorer {text!r}: {pair!r} is no KEY=VALUE; e.g. clip:checkpoint=ViT-B-32@openai"
            )
        arguments[key.strip()] = _value(value.strip())
    return PluginSpec(name=name, args=arguments)


def _value(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float) else text


def _counts(done: ScoreSummary) -> list[dict[str, Any]]:
    return [{"metric": key, **counts} for key, counts in done.rows.items()]


def _rows(store: Store, round: str, done: ScoreSummary) -> list[dict[str, Any]]:
    frame = store.scores(round=round)
    mine = frame[frame["metric"].isin([metric.key for metric in done.metrics])]
    kept = [column for column in _COLUMNS if column in mine.columns]
    return [
        {str(key): None if value != value else value for key, value in row.items()}
        for row in mine[kept].to_dict("records")
    ]


def _say(done: ScoreSummary) -> None:
    say(_total(done))
    for reason, count in done.reasons.items():
        say(f"  {several(count, 'row')} of {several(done.prompts[reason], 'prompt')}: {reason}")
    for output_id, metric, reason in done.failures[:3]:
        say(f"  failed: {metric} of {output_id}: {reason}")
    for one in done.parities:
        say(
            f"  {one.backbone} against float32 on {several(one.pictures, 'picture')} of "
            f"{one.round}: least "
            f"cosine {one.least_cosine:.5f}, least Spearman {one.least_spearman:.4f}, cosines with "
            f"the prompts differ by at most {one.largest_difference:.1e}"
        )


def _total(done: ScoreSummary) -> str:
    parts = [f"{several(done.n_scored_now, 'output')} scored"]
    if done.n_already:
        parts.append(f"{done.n_already} had been scored before")
    if done.n_apart:
        parts.append(f"{done.n_apart} are none of these scorers' business")
    return f"{', '.join(parts)}; {done.seconds:.1f} s"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(score)
