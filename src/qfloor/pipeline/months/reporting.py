"""The report of a release: its rows, and what the workspace it came from adds to them.

A quality database alone gives floors, verdicts, prices, calibrations and provenance. The workspace
adds every value, the pictures, who rated how, and the clock; an earlier release adds what changed.
Nothing is computed here that decides anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import qfloor
from qfloor import export, ratings
from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import InputError, QfloorError, StoreError
from qfloor.export import Content
from qfloor.pipeline.certifying.shown_outputs import Gallery, metric_strips
from qfloor.pipeline.months.compared_releases import compare_releases
from qfloor.pipeline.months.drift import check_drift
from qfloor.pipeline.rounds.judging import Cells, RoundView, human_cells, metric_cells
from qfloor.pipeline.rounds.planned import prompts_of, run_id, view_of
from qfloor.pipeline.rounds.recorded import benchmark_of_run, suites_of_run
from qfloor.records import Metric, Status, digest_of, human_part
from qfloor.report import Clock, ReportContent, Since, Spread, render
from qfloor.store import Store
from qfloor.whole import write_whole

NO_STORE = "This page was made from the quality database alone: {what} lie in the workspace (-w)."

NO_PICTURES = (
    "There are no pictures: these outputs were rated elsewhere and only ratings came here."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a report shall be made of, besides the release.

    ``before`` is an earlier release or its path; without ``pictures`` no output is shown and no
    prompt is quoted; ``private`` shows private prompts and their outputs too, for a page that
    stays in the house.
    """

    workspace: Path | None = None
    before: Path | Content | None = None
    alpha: float = 0.05
    pictures: bool = True
    private: bool = False


def write_report(
    database: Path, out: Path, wanted: Wanted | None = None, *, now: dt.datetime | None = None
) -> ReportContent:
    """Write a release's report as one HTML file, whole or not at all.

    Parameters
    ----------
    database : Path
        A ``quality.db`` or ``quality.json``.
    out : Path
    wanted : Wanted, optional
    now : datetime, optional
        The clock; by default the machine's, in UTC.

    Returns
    -------
    ReportContent
        What it shows.

    Raises
    ------
    DatabaseError
        When a database cannot be read.
    InputError
        When the output would replace a database.
    StoreError
        When the workspace that was named has nothing of this release.
    CertificationError
        When the earlier release cannot be compared with this one.
    """
    wanted = wanted or Wanted()
    if out.is_dir():
        raise InputError(f"{out}: is a folder; name the page to write in it, e.g. report.html")
    if out.suffix.lower() in (".db", ".json") or out.resolve() == database.resolve():
        raise InputError(f"{out}: a report is a page; give it a name that ends with .html")
    content = report_of(database, wanted, now=now)
    write_whole(out, render(content).encode("utf-8"))
    return content


def report_of(database: Path, wanted: Wanted, *, now: dt.datetime | None = None) -> ReportContent:
    """Gather what a report shows; parameters and errors as in `write_report`."""
    at = (now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    tables = export.read(database)
    content = ReportContent(
        tables=tables,
        written_at=at,
        written_by=f"qfloor {qfloor.__version__}",
        absent=_absent(tables),
    )
    if wanted.before is not None:
        given = wanted.before
        earlier = export.read(given) if isinstance(given, Path) else given
        content = replace(content, since=_since(earlier, tables, wanted.alpha))
    if wanted.workspace is None:
        return content
    with Store.open(wanted.workspace) as store, store.reading():
        return _with_store(content, store, wanted)


def _absent(tables: Content) -> dict[str, str]:
    said = {
        "spreads": "the values themselves",
        "raters": "ratings",
        "pictures": "pictures",
        "clock": "times",
    }
    absent = {section: NO_STORE.format(what=what) for section, what in said.items()}
    if any(r["key"] == "judgments" and r["value"] == "imported" for r in tables["provenance"]):
        absent["pictures"] = NO_PICTURES
    return absent


def _since(before: Content, after: Content, alpha: float) -> Since:
    change = compare_releases(before, after, alpha=alpha)
    old = before["release"][0]
    said = (
        f"{several(change.untested, 'cell has', 'cells have')} several values a prompt, so fails "
        "there cannot be compared from releases alone; a workspace that holds both rounds can (-w)."
        if change.untested
        else ""
    )
    return Since(
        name=old["name"],
        round=old["round"],
        digest=old["digest"],
        findings=change.findings,
        paired=False,
        alpha=alpha,
        verdicts=change.verdicts,
        prices=change.prices,
        only_before=change.only_before,
        only_after=change.only_after,
        untested=said,
    )


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A release's run as its workspace keeps it."""

    store: Store
    benchmark: Benchmark
    view: RoundView
    absent: dict[str, str] = field(default_factory=dict)


def run_of_release(tables: Mapping[str, Any]) -> str:
    """Name the run that a release was exported from.

    Parameters
    ----------
    tables : mapping
        As `qfloor.export.read` gives them.
    """
    about = tables["release"][0]
    digest = {row["key"]: row["value"] for row in tables["provenance"]}.get("benchmark_digest")
    return f"{about['name']}-{about['round']}-{digest_of(digest, 8)}"


def _with_store(content: ReportContent, store: Store, wanted: Wanted) -> ReportContent:
    name = run_of_release(content.tables)
    run = store.run_of(name)
    benchmark = None if run is None else benchmark_of_run(run)
    if run is None or benchmark is None:
        raise StoreError(
            f"{store.root}: keeps no run {name}, so it adds nothing to this release; name the "
            "workspace that it was exported from"
        )
    suites = suites_of_run(store, run)
    view = view_of(store, benchmark, prompts_of(benchmark, suites))
    kept = _Kept(store=store, benchmark=benchmark, view=view)
    content = _with_judgments(content, kept, wanted)
    content = replace(content, clock=_clock(kept))
    if content.since is None:
        return content
    return replace(content, since=_paired(store, benchmark, content.since))


def _with_judgments(content: ReportContent, kept: _Kept, wanted: Wanted) -> ReportContent:
    """Add values, raters and pictures, as far as the store has them."""
    absent = dict(content.absent)
    metrics = _metrics(kept)
    cells, sign = _cells(content, kept, metrics)
    spreads = _spreads(cells, content)
    round_ = kept.benchmark.round
    raters: dict[str, Any] = {}
    try:
        raters["agreement"] = tuple(ratings.agreement_table(kept.store, round=round_))
        raters["raters"] = tuple(ratings.raters_table(kept.store, round=round_))
    except ArithmeticError as error:
        absent["raters"] = f"How severe raters are could not be computed: {error}"
    else:
        absent["raters"] = "Nobody rated in this round."
    absent["spreads"] = "Nothing was judged in this round, so there are no values."
    if not wanted.pictures:
        absent["pictures"] = "Pictures were left out on request (--no-pictures)."
        return replace(content, spreads=spreads, absent=absent, **raters)
    if not any(output.media_sha256 for output in kept.view.outputs):
        absent["pictures"] = NO_PICTURES
        return replace(content, spreads=spreads, absent=absent, **raters)
    gallery = Gallery(
        store=kept.store, view=kept.view, cells=cells, quality=content.quality["name"], sign=sign,
        private=wanted.private,
    )  # fmt: skip
    by_metric = metric_strips(kept.store, kept.view, metrics, private=wanted.private)
    strips = (*gallery.strips(), *by_metric)
    return replace(
        content, spreads=spreads, absent=absent, strips=strips,
        quartiles=tuple(gallery.quartiles()), **raters,
    )  # fmt: skip


def _metrics(kept: _Kept) -> tuple[Metric, ...]:
    """Metrics that scored the round; of a name's identities the one with most scores."""
    ids = {output.id for output in kept.view.outputs}
    found: dict[str, tuple[int, Metric]] = {}
    for metric in kept.store.metrics_of():
        n = len(ids & kept.store.scored_ids(metric.key))
        if n and n >= found.get(metric.name, (0, metric))[0]:
            found[metric.name] = (n, metric)
    return tuple(metric for _, metric in found.values())


def _cells(content: ReportContent, kept: _Kept, metrics: tuple[Metric, ...]) -> tuple[Cells, float]:
    """The quality that decides, output by output; of people with metrics, what people said."""
    key = content.quality["metric_key"]
    if key is None:
        quality = human_part(kept.benchmark.quality)
        return human_cells(kept.store, kept.view, quality), 1.0
    known = next((m for m in metrics if m.key == key), None)
    if known is None:
        return {}, 1.0
    cells = metric_cells(kept.store, kept.view, key)
    return cells, 1.0 if known.direction == "higher" else -1.0


def _spreads(cells: Cells, content: ReportContent) -> dict[tuple[str, str, str], Spread]:
    counted = {(f["offer_id"], f["category"], f["modality"]) for f in content.floors}
    found: dict[tuple[str, str, str], Spread] = {}
    for key, outputs in cells.items():
        place = (key.offer_id, key.category, key.modality)
        values = sorted(v for one in outputs if one.status is Status.MADE for v in one.values)
        outright = sum(one.status in (Status.REFUSED, Status.BLANK) for one in outputs)
        if place in counted and (values or outright):
            found[place] = Spread(values=tuple(values), outright=outright)
    return found


def _clock(kept: _Kept) -> Clock:
    seconds: dict[str, float] = {}
    for output in kept.view.outputs:
        if output.seconds is not None:
            seconds[output.offer_id] = seconds.get(output.offer_id, 0.0) + output.seconds
    times = sorted(_times(kept))
    span = None
    if len(times) > 1:
        first, last = (dt.datetime.fromisoformat(at) for at in (times[0], times[-1]))
        span = (last - first).total_seconds()
    ids = {output.id for output in kept.view.outputs}
    rated = [
        r.seconds
        for r in kept.store.ratings_of(criterion=kept.benchmark.quality.name)
        if r.output_id in ids and r.seconds is not None
    ]
    return Clock(
        seconds=seconds,
        first_at=times[0][:19] if times else None,
        last_at=times[-1][:19] if times else None,
        elapsed_s=span,
        rating_seconds=sum(rated) if rated else None,
    )


def _times(kept: _Kept) -> Iterator[str]:
    ids = {output.id for output in kept.view.outputs}
    for attempt in kept.store.attempts_of(round=kept.benchmark.round):
        if attempt.output_id in ids and attempt.at:
            yield attempt.at


def _paired(store: Store, benchmark: Benchmark, since: Since) -> Since:
    """Prefer what outputs say of both rounds, prompt by prompt, where the workspace has them.

    What `qfloor drift` kept of these two rounds is shown as it was found then.
    """
    runs = [
        run for run in store.runs_of() if (run.benchmark, run.round) == (since.name, since.round)
    ]
    names = {run.id for run in runs}
    after = run_id(benchmark)
    found = tuple(f for f in store.drift_of() if f.after_run == after and f.before_run in names)
    signs: tuple[str, ...] = ()
    earlier = next((b for run in runs if (b := benchmark_of_run(run)) is not None), None)
    if earlier is not None:
        try:
            report = check_drift(store, earlier, benchmark, alpha=since.alpha)
        except QfloorError:  # no prompt was judged in both, say: the counts have to do
            pass
        else:
            found = found or report.findings
            signs = tuple(f"{s.offer_id}: {s.sentence()}" for s in report.signs)
    if not found:
        return since
    return replace(since, findings=found, signs=signs, paired=True, untested="")
