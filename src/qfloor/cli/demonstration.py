"""What `qfloor demo` shows after its run: what was found, and a few routed decisions."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from qfloor.cli.output import emit
from qfloor.counting import several

if TYPE_CHECKING:
    from qfloor.pipeline import RunResult

# One a newcomer would try, one that a dear offer wins, one nobody is good enough for.
REQUESTS: tuple[tuple[str, str], ...] = (
    ("A product photo of two red ceramic mugs on a wooden table, soft light", "professional"),
    ("A portrait of a smiling old man with round glasses and a grey beard", "premium"),
    ('A poster that says "GRAND OPENING" in bold red letters', "premium"),
)


def show(result: RunResult) -> None:
    """Print the run's findings and decisions to stdout."""
    from qfloor import router

    outcomes = result.generation.counts
    typer.echo()
    typer.echo(f"{result.benchmark.title}. Round {result.benchmark.round}.")
    made = ", ".join(f"{n} {status.value}" for status, n in sorted(outcomes.items()))
    typer.echo(
        f"outputs: {made or 'all there from an earlier run'}; {several(result.n_rated, 'rating')} "
        "by"
    )
    typer.echo("simulated raters, who read each output's defect log and nothing else.")
    typer.echo()
    emit(certified(result), title="Offers certified for each tier (bound of the lower quartile)")
    db = router.load(result.database)
    for prompt, tier in REQUESTS:
        typer.echo()
        typer.echo(f'qfloor route "{prompt}" --tier {tier}'.replace('"GRAND', '\\"GRAND').replace(
            'OPENING"', 'OPENING\\"'))  # fmt: skip
        typer.echo(router.explain(router.choose(db, router.Need(prompt=prompt, tier=tier))))
    typer.echo()
    typer.echo(f"The quality database is {result.database}; try your own:")
    typer.echo(f'  {called()} route "your request" --tier professional --db {result.database}')
    typer.echo("and a page of all that was found, with plots and the worst pictures:")
    typer.echo(f"  {called()} report {result.database}")


def called() -> str:
    """How this program is called from here: by its path, where a shell would not find it."""
    script = Path(sys.argv[0])
    if shutil.which("qfloor") or script.name != "qfloor":
        return "qfloor"
    return os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script)


def certified(result: RunResult) -> list[dict[str, object]]:
    """Count certified offers by category and tier, on the quality that decides."""
    from qfloor.records import TIERS, Ruling

    verdicts = [v for v in result.findings.verdicts if v.quality == result.benchmark.quality.id]
    rows: list[dict[str, object]] = []
    for category, modality in sorted({(v.category, v.modality) for v in verdicts}):
        here = [v for v in verdicts if (v.category, v.modality) == (category, modality)]
        row: dict[str, object] = {
            "category": category,
            "modality": modality,
            "offers": len({v.offer_id for v in here}),
        }
        for tier in TIERS:
            row[tier] = sum(v.tier == tier and v.ruling is Ruling.CERTIFIED for v in here)
        rows.append(row)
    return rows
