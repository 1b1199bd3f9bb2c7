"""``qfloor floors``: what a round found out about every offer."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from qfloor.cli.output import Csv, Json, Workspace, emit, progress
from qfloor.cli.running import BenchmarkName, Round, benchmark_of, say_differs
from qfloor.errors import QfloorError


def floors(
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    quality: str | None = typer.Option(
        None, help="Show floors of another quality: part of its id, e.g. clip.cos."
    ),
    kind: Literal["delivered", "conditional"] = typer.Option(
        "delivered", help="delivered (refusals fail) or conditional."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Compute floors and verdicts of a round and show them.

    Example: qfloor floors painters
    """
    from qfloor import pipeline
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store, store.writing("floors"), progress() as report:
        prompts = pipeline.prompts_of(benchmark)
        found = pipeline.certify_round(store, benchmark, prompts, report=report)
        say_differs(pipeline.plan_state(store, benchmark))
    wanted = benchmark.quality.id if quality is None else quality
    chosen = [f for f in found.floors if wanted in f.quality and f.kind == kind]
    ruled = {
        (v.offer_id, v.category, v.modality, v.quality, v.tier): v.ruling.value
        for v in found.verdicts
    }
    tiers = sorted({v.tier for v in found.verdicts}, key=list(pipeline.TIERS).index)
    rows = [
        {
            "category": f.category,
            "modality": f.modality,
            "offer": f.offer_id,
            "q25": f.q25,
            "q25_lo": f.q25_lo_release,
            **{
                tier: ruled.get((f.offer_id, f.category, f.modality, f.quality, tier))
                for tier in tiers
            },
            "prompts": f.n_prompts,
            "values": f.n_values,
            "design_effect": f.design_effect,
            "bound": f.bound,
            "counts": f.counts,
        }
        for f in chosen
    ]
    if not rows:
        known = ", ".join(sorted({f.quality for f in found.floors})) or "none: nothing was judged"
        raise QfloorError(f"no floor of quality {wanted!r} in round {benchmark.round}; {known}")
    emit(rows, as_json=as_json, as_csv=as_csv)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(floors)
