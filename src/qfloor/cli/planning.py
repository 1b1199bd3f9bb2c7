"""``qfloor power``: what a certificate takes, before anything is bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from qfloor.cli.output import Csv, Json, emit, say
from qfloor.cli.running import benchmark_of
from qfloor.cli.usage import refuse
from qfloor.cli.watching import progress
from qfloor.counting import several
from qfloor.errors import QfloorError
from qfloor.prices import NANO, usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qfloor.pipeline.certifying.planning import CellPlan
    from qfloor.stats import Design, PanelDesign, SimulatedPower

LARGE_PANEL = (
    "the panel of raters is taken to be large: with few raters a verdict of people's ratings takes "
    "more prompts, or cannot be had at all"
)

_MOST = {"alpha": 0.5}
"""Shares that must lie below another limit than 1: what a benchmark file may say."""

FAIL_RATES = (0.02, 0.05, 0.10, 0.125, 0.15, 0.175, 0.20)


def power(
    context: typer.Context,
    name: str | None = typer.Argument(
        None, help="A benchmark, whose cells and prices are planned; none for the bare table."
    ),
    offers: int = typer.Option(1, help="Offers judged together in one category."),
    categories: int = typer.Option(1, help="Categories of the release, for the last column."),
    alpha: float = typer.Option(0.05, help="Error probability of the family."),
    max_fail: float = typer.Option(0.25, help="Tolerated fail rate."),
    wanted: float = typer.Option(0.8, "--power", help="Wanted chance of a certificate."),
    fail: float | None = typer.Option(
        None, help="True fail rate to plan for: shows the cheapest designs instead of the table."
    ),
    price_usd: float = typer.Option(0.04, help="Of one output, where no benchmark tells."),
    rating_seconds: float = typer.Option(10.0, help="Time of one rating."),
    rater_usd_per_hour: float = typer.Option(15.0, help="What an hour of a rater costs."),
    fail_icc: float = typer.Option(0.28, help="How alike fails of two outputs of a prompt are."),
    rater_icc: float = typer.Option(0.5, help="How alike two ratings of one output are."),
    raters: str | None = typer.Option(
        None, help="Raters there are, as 12, 6-40 or auto: designs are searched for them."
    ),
    rater_minutes: float = typer.Option(
        5.0, help="What --raters are paid for before the first rating: instructions, training."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show how many prompts, repeats and ratings a certificate takes, and what they cost.

    The panel of raters is taken to be large: with few raters a verdict of people's ratings takes
    more prompts, or cannot be had at all. With --raters, or a benchmark's [raters], designs are
    searched for so many, and chances simulated by the bound that floors use. No workspace is read.

    Example: qfloor power --offers 40 --categories 7
    """
    _check(offers, categories, alpha=alpha, max_fail=max_fail, power=wanted)
    _check_assumed(
        fail, fail_icc, rater_icc, price_usd=price_usd, rating_seconds=rating_seconds,
        rater_usd_per_hour=rater_usd_per_hour, rater_minutes=rater_minutes,
    )  # fmt: skip
    rating = rating_seconds * rater_usd_per_hour / 3600.0
    rater = rater_minutes * rater_usd_per_hour / 60.0
    alike = {"fail_icc": fail_icc, "rater_icc": rater_icc}
    assumed = {"power": wanted, "raters": _raters(raters), "rater_usd": rater, **alike}
    if name is not None:
        _check_not_said(context, name)
        _of_benchmark(name, {"fail_rate": 0.1 if fail is None else fail, "rating_usd": rating,
                             **assumed}, as_json, as_csv)  # fmt: skip
    elif fail is not None:
        _designs(fail, alpha / offers, offers, price_usd, rating,
                 {"max_fail": max_fail, **assumed}, as_json, as_csv)  # fmt: skip
    elif raters is not None:
        wrong = "needs --fail or a benchmark: a chance is that of one fail rate"
        raise typer.BadParameter(wrong, param_hint="--raters")
    else:
        _table(offers, categories, alpha, max_fail, wanted, as_json, as_csv)


def _check(offers: int, categories: int, **shares: float) -> None:
    for option, n in (("--offers", offers), ("--categories", categories)):
        if n < 1:
            raise typer.BadParameter(f"{n} is less than 1", param_hint=option)
    for option, share in shares.items():
        most = _MOST.get(option, 1.0)
        if not 0.0 < share < most:
            hint = f"--{option.replace('_', '-')}"
            raise typer.BadParameter(f"{share:g} must lie between 0 and {most:g}", param_hint=hint)


def _check_not_said(context: typer.Context, name: str) -> None:
    """Refuse options that a benchmark answers itself: they would change nothing."""
    why = f"{name} says that itself; leave it out, or plan without a benchmark"
    refuse(context, ("offers", "categories", "alpha", "max_fail", "price_usd"), why)


def _raters(said: str | None) -> tuple[int, ...] | None:
    """Numbers of raters to search, from one number, a range or ``auto``."""
    from qfloor import stats

    if said is None:
        return None
    if said == "auto":
        return stats.panel_sizes()
    least, dash, most = said.partition("-")
    try:
        return (
            stats.panel_sizes(int(least), int(most))
            if dash
            else stats.panel_sizes(int(least), int(least))
        )
    except ValueError:
        wrong = f"{said} is neither a number of at least 1, a range like 6-40, nor auto"
        raise typer.BadParameter(wrong, param_hint="--raters") from None


def _check_assumed(fail: float | None, fail_icc: float, rater_icc: float, **prices: float) -> None:
    if fail is not None and not 0.0 <= fail <= 1.0:
        raise typer.BadParameter(f"{fail:g} must lie in 0 to 1", param_hint="--fail")
    for name, price in prices.items():
        if not 0.0 <= price < float("inf"):
            hint = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(f"{price:g} must be a number from 0 on", param_hint=hint)
    if not 0.0 <= fail_icc <= 1.0:
        raise typer.BadParameter(f"{fail_icc:g} must lie in 0 to 1", param_hint="--fail-icc")
    if not fail_icc <= rater_icc <= 1.0:
        raise typer.BadParameter(
            f"{rater_icc:g} must lie between --fail-icc {fail_icc:g} and 1: two ratings of one "
            "output are at least as alike as two of a prompt",
            param_hint="--rater-icc",
        )


def _table(
    offers: int, categories: int, alpha: float, max_fail: float, wanted: float,
    as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Prompts needed at one output each, alone, within a category and within a release."""
    from qfloor import stats

    levels = {"alone": alpha}
    if offers > 1:
        levels[f"one of {offers}"] = alpha / offers
    if categories > 1:
        levels[f"one of {offers * categories}"] = alpha / (offers * categories)
    rows = [
        {
            "true_fail_rate": rate,
            **{
                column: stats.prompts_needed(rate, level, max_fail, wanted)
                for column, level in levels.items()
            },
        }
        for rate in FAIL_RATES
        if rate < max_fail
    ]
    least = {column: stats.min_prompts(level, max_fail) for column, level in levels.items()}
    emit(rows, as_json=as_json, as_csv=as_csv, empty="no fail rate below the tolerated one")
    said = ", ".join(f"{n} ({column})" for column, n in least.items())
    say(f"prompts with one output each; without a single fail at least {said}")
    say(LARGE_PANEL)


def _designs(
    fail: float, level: float, offers: int, price: float, rating: float,
    assumed: dict[str, Any], as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Show the cheapest ways to certify one cell."""
    from qfloor import stats

    raters, rater = assumed.pop("raters"), assumed.pop("rater_usd")
    asked = {"output_price": price, "rating_price": rating, **assumed}
    if raters is None:
        found: Sequence[Design] = stats.designs(fail, level, **asked)[:8]
    else:
        panels = stats.panel_designs(
            fail, level, raters=raters, rater_price=rater / offers, **asked
        )
        found = panels.designs
        known = stats.prompts_needed(fail, level, assumed["max_fail"], assumed["power"])
        if panels.best_seen is not None and known is not None:
            who = " to ".join(str(n) for n in dict.fromkeys((raters[0], raters[-1])))
            raise QfloorError(
                f"no design with {who} raters certifies a true fail rate of {fail:g} with a chance "
                f"of {assumed['power']:g}; {_seen(panels.best_seen)}"
            )
    rows = [_design_row(d, offers) for d in found]
    nothing = f"at a true fail rate of {fail:g} nothing can be certified with that power"
    emit(rows, as_json=as_json, as_csv=as_csv, empty=nothing)
    if raters is None:
        say(LARGE_PANEL)
    elif found:
        _say_panel([d.raters for d in panels.designs], [d.chance for d in panels.designs], rater)


def _design_row(design: Design, offers: int) -> dict[str, Any]:
    """Row of a design; with raters those and its chance."""
    from qfloor.stats import PanelDesign

    row: dict[str, Any] = {
        "prompts": design.prompts,
        "repeats": design.repeats,
        "ratings_each": design.votes,
        "outputs": design.outputs,
        "ratings": design.ratings,
    }
    costs = {"outputs_usd": design.outputs_cost, "ratings_usd": design.ratings_cost}
    if isinstance(design, PanelDesign):
        row |= {"raters": design.raters, "chance_with_raters": design.chance.chance}
        costs["raters_usd"] = design.raters_cost
    else:
        row["design_effect"] = design.design_effect
    return row | costs | {"usd": design.cost, "usd_all_offers": design.cost * offers}


def _say_panel(raters: Sequence[int], rated: Sequence[SimulatedPower], rater_usd: float) -> None:
    """Say what was assumed of raters, and how well chances with them are known."""
    from qfloor.stats import FEW_RATERS, SEVERITY

    within = 1.96 * max(one.error for one in rated)
    say(
        f"chance_with_raters: raters rate in turn, and their severity varies by {SEVERITY:g} of "
        f"what prompts do; simulated with a fixed seed, to within {within:.3f} (95 %)"
    )
    if rater_usd:
        say(
            f"each rater costs {usd(rater_usd * NANO)} before the first rating (--rater-minutes), "
            "once for all offers"
        )
    if min(raters) < FEW_RATERS:
        say(f"with fewer than {FEW_RATERS} raters a verdict is about that panel alone")


def _of_benchmark(name: str, assumed: dict[str, Any], as_json: bool, as_csv: bool) -> None:
    from qfloor import pipeline
    from qfloor.pipeline.certifying.planning import Assumed, plan_evidence

    benchmark = benchmark_of(name, None)
    prompts = pipeline.prompts_of(benchmark)
    with progress() as report:
        cells = plan_evidence(benchmark, prompts, Assumed(**assumed), report=report)
    rows = [
        {
            "category": c.category,
            "modality": c.modality,
            "offers": c.offers,
            "level": c.level,
            "prompts": c.prompts,
            "chance": c.chance,
            **(
                {"prompts_rated": c.seen, "chance_with_raters": c.rated and c.rated.chance}
                if c.raters
                else {}
            ),
            "needed": c.needed,
            "output_usd": c.output_usd,
            "best": None if c.best is None else _worded(c.best),
            "usd": None if c.best is None else c.best.cost,
            "usd_all_offers": c.total_usd,
        }
        for c in cells
    ]
    emit(rows, as_json=as_json, as_csv=as_csv, empty="nothing to plan")
    _say_of_cells(cells, assumed)


def _say_of_cells(cells: Sequence[CellPlan], assumed: dict[str, Any]) -> None:
    """What was assumed of raters, where no design does it, and what all cells cost."""
    rated = [c for c in cells if c.rated]
    if rated:
        _say_panel(
            [c.raters for c in rated if c.raters], [c.rated for c in rated if c.rated],
            assumed["rater_usd"],
        )  # fmt: skip
        say("chance and needed take the panel of raters to be large")
    else:
        say(LARGE_PANEL)
    for c in cells:
        if c.beyond is not None:
            say(
                f"{c.category} {c.modality}: no design does it on the "
                f"{several(c.prompts, 'prompt')} of the suites; {_worded(c.beyond)} would, with "
                f"{c.beyond.prompts - c.prompts} more"
            )
        elif c.best_seen is not None:
            say(f"{c.category} {c.modality}: no design does it; {_seen(c.best_seen)}")
    unpriced = sorted({offer for c in cells for offer in c.unpriced})
    if unpriced:
        say(f"without a known price: {', '.join(unpriced)}")
    known = [c.total_usd for c in cells if c.total_usd is not None]
    if known:
        which = "all" if len(known) == len(cells) else f"{len(known)} of {len(cells)}"
        total = usd(sum(known) * NANO)
        say(f"{which} cells: {total} at a true fail rate of {assumed['fail_rate']:g}")


def _worded(design: Design) -> str:
    """A design in words; with raters it says how many."""
    from qfloor.stats import PanelDesign

    by = f" by {several(design.raters, 'rater')}" if isinstance(design, PanelDesign) else ""
    outputs, ratings = several(design.repeats, "output"), several(design.votes, "rating")
    return f"{design.prompts} x {outputs} x {ratings}{by}"


def _seen(best: PanelDesign) -> str:
    return f"the best seen, {_worded(best)}, has a chance of {best.chance.chance:.2f}"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(power)
