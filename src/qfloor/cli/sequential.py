"""``qfloor run --adaptive``: what each cell cost and how it ended, or what people rate next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qfloor.cli.output import emit, say
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.prices import usd

if TYPE_CHECKING:
    from qfloor.benchmark import Benchmark
    from qfloor.generate import RunPolicy


def run(
    benchmark: Benchmark,
    workspace: Path,
    *,
    method: str,
    batch: int,
    rating_usd: str,
    value_usd: str | None,
    engine: str,
    out: Path | None,
    policy: RunPolicy,
    release: list[str],
    as_json: bool,
    as_csv: bool,
) -> None:
    """Run adaptively and print the table that follows."""
    from qfloor import pipeline
    from qfloor.benchmark import parse_budget

    options = pipeline.AdaptiveOptions(
        method=cast("Any", method),
        batch=batch,
        rating_nanousd=parse_budget("--rating-usd", rating_usd) or 0,
        value_nanousd=parse_budget("--value-usd", value_usd),
    )
    with progress() as report:
        result = pipeline.run_adaptive(
            benchmark, workspace, options=options, out=out, engine=engine, report=report,
            buying=pipeline.Buying(policy=policy, watch=report.watch, release=release),
        )  # fmt: skip
    if result.awaiting:
        emit(pipeline.to_rate(workspace, result), as_json=as_json, as_csv=as_csv)
        say(
            f"ratings are wanted of {several(len(result.awaiting), 'output')}: rate these, import "
            "them with "
            "`qfloor ratings import`, and run the same command again"
        )
        return
    emit(pipeline.spent_by_cell(result), as_json=as_json, as_csv=as_csv)
    seen, most = (sum(getattr(s, f) for s in result.states) for f in ("n_prompts", "horizon"))
    say(
        f"{seen} of {several(most, 'prompt')}, {usd(result.spent_nanousd)} with ratings; "
        f"wrote {result.database}"
    )
    if result.put_aside:
        say(str(result.put_aside))
    if result.is_over:
        say("the run's time is over; the same command goes on with what is left")
