"""How metrics stand to people: calibration curves, learned thresholds, predicted fails."""

from __future__ import annotations

from collections.abc import Sequence

from qfloor.report.content import ReportContent, Row
from qfloor.report.drawing import Axis, dot, horizontal, label, lane, path_of, stretched, vertical
from qfloor.report.markup import figure, folded, number, paragraph, share, table, text

HEIGHT, TOP, BOTTOM = 170, 8, 140


def calibration_section(content: ReportContent) -> str:
    """Give the section's body."""
    calibrations, predictions = content.tables["calibrations"], content.tables["predictions"]
    if not calibrations and not predictions:
        said = "No metric was asked to speak for people here, so there is nothing to calibrate."
        return paragraph(said, "dim")
    return _learned(calibrations) + _predicted(predictions)


def _learned(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["metric"], row["category"], row["modality"]), []).append(row)
    plots = "".join(_curve(*key, found) for key, found in groups.items())
    said = (
        "The mean rating (0 to 10) at each value of a metric, fitted upwards only: for display, "
        "never for a floor. A metric speaks for people at a tier only from a threshold where it "
        "was shown that few outputs are fails; where there is one it is the orange line."
    )
    return paragraph(said) + f'<div class="small-grid">{plots}</div>' + _held(rows)


def _curve(metric: str, category: str, modality: str, rows: Sequence[Row]) -> str:
    name, points = metric.partition("@")[0], rows[0]["display"]
    note = f"{category} · {modality}"
    rank = _rank(rows[0])
    if len(points) < 2:
        return figure(name, note, f"{name} in {category}: too few ratings for a curve.",
                      paragraph("too few ratings for a curve", "dim small"))  # fmt: skip
    axis = Axis(lo=points[0][0], hi=points[-1][0])
    line = [(10.0 * axis.at(x), 100.0 - 10.0 * y) for x, y in points]
    body = _frame(axis)
    for row in rows:
        if row["metric_threshold"] is not None:
            body += vertical(axis.at(row["metric_threshold"]), TOP, BOTTOM, "bound")
    body += stretched(TOP, BOTTOM - TOP, path_of(line), "curve")
    alt = (
        f"{name} in {category}: mean rating rises from {number(points[0][1])} at "
        f"{number(points[0][0])} to {number(points[-1][1])} at {number(points[-1][0])}. {rank}."
    )
    return figure(name, note, alt, lane(HEIGHT, body) + paragraph(rank, "dim small"))


def _frame(axis: Axis) -> str:
    body = "".join(
        horizontal(0, 100, BOTTOM - (BOTTOM - TOP) * v / 10.0, "base")
        + label(0, BOTTOM - (BOTTOM - TOP) * v / 10.0 - 3, str(v), anchor="start")
        for v in (0, 5, 10)
    )
    return body + "".join(label(axis.at(t), BOTTOM + 16, f"{t:g}") for t in axis.ticks(4))


def _rank(row: Row) -> str:
    if row["rank_correlation"] is None:
        return "rank correlation with people unknown"
    told = f"rank correlation with people {number(row['rank_correlation'], 2)}"
    if row["rank_lo"] is None:
        return told
    return f"{told} ({number(row['rank_lo'], 2)} to {number(row['rank_hi'], 2)})"


def _held(rows: Sequence[Row]) -> str:
    heads = ["metric", "category", "people want", "metric from", "tolerated fails", "ratings",
             "held-out agreement", "worst left-out offer", "says"]  # fmt: skip
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:  # what cannot be learned for one reason is one line
        each = "" if row["metric_threshold"] is None else f"{row['human_threshold']}"
        key = (row["metric"], row["category"], row["modality"], row["reason"], each)
        groups.setdefault(key, []).append(row)
    cells = [_held_row(found) for found in groups.values()]
    learned = sum(row["metric_threshold"] is not None for row in rows)
    listed = table(heads, cells, numeric=set(range(2, 8)), words={8})
    return folded(f"Thresholds learned: {learned} of {len(rows)} asked for", listed)


def _held_row(found: Sequence[Row]) -> list[str]:
    first = found[0]
    place = text(f"{first['category']} · {first['modality']}")
    return [
        text(first["metric"].partition("@")[0]),
        f'<span class="nowrap">{place}</span>',
        ", ".join(number(one["human_threshold"]) for one in found),
        number(first["metric_threshold"]),
        share(first["epsilon"]),
        number(first["n_fit"]),
        share(first["held_out_agreement"]),
        number(first["worst_leave_one_model_out"], 2),
        text(_outcome(first)),
    ]


def _outcome(row: Row) -> str:
    """Say why nothing was learned, or what is not known of what was."""
    if row["metric_threshold"] is None:
        return str(row["reason"])
    return "; ".join(["learned", *([row["reason"]] if row["reason"] else [])])


def _predicted(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    plots = "".join(_reliability(row) for row in rows)
    said = (
        "How metrics predict that a rating falls below a threshold, for prompts they were not "
        "fitted on. Each circle is a group of ratings: across what was predicted, up what came. "
        "On the line the predictions are right; floors correct for the rest."
    )
    return f"<h3>Predicted fails</h3>{paragraph(said)}<div class='small-grid'>{plots}</div>"


def _reliability(row: Row) -> str:
    named = " + ".join(key.partition("@")[0] for key in row["metrics"])
    note = f"{row['category']} · {row['modality']}, below {row['threshold']:g}"
    if not row["reliability"]:
        return figure(named or "metrics", note, "No predictions.",
                      paragraph(row["reason"] or "no predictions", "dim small"))  # fmt: skip
    axis = Axis(lo=0.0, hi=1.0)
    body = stretched(TOP, BOTTOM - TOP, path_of([(25.0, 100.0), (975.0, 0.0)]), "curve")
    body += "".join(label(axis.at(t), BOTTOM + 16, f"{t:g}") for t in axis.ticks(3))
    body += horizontal(0, 100, BOTTOM, "base")
    told = []
    for predicted, came, n in (bin_[:3] for bin_ in row["reliability"]):
        body += dot(axis.at(predicted), BOTTOM - (BOTTOM - TOP) * came, "dot", 2.0 + n**0.5 / 3.0)
        told.append(f"{share(predicted)} predicted, {share(came)} came")
    alt = f"{named} in {row['category']}: {'; '.join(told)}."
    brier = f"Brier score {number(row['brier'])}; {_rank(row)}"
    return figure(named, note, alt, lane(HEIGHT, body) + paragraph(brier, "dim small"))
