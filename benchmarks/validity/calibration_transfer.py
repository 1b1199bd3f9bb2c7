"""Does a metric's calibration carry over to a model it never saw? Leave one out, real ratings.

Reads T2VScore's TVGE: mean ratings of quality and alignment of clips by five text-to-video models
on 512 prompts, with automatic scores. For each model, P(human < t | metrics) is learned from the
ratings of the *other* models only and compared with what people said of it: the true and the
predicted fail rate, and what learn-then-test lets through. What prediction-powered inference
makes of the same scores is in results/ppi_coverage.md.

    python benchmarks/validity/calibration_transfer.py --data ../shared/data/tvge_t2vscore \
        --out results/calibration_transfer.md
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

from qfloor.calibrate import (
    CalibrationRequest,
    Example,
    Pair,
    PredictionRequest,
    calibrate,
    fit_predictor,
    predictions_of,
)
from qfloor.suite.loading import split_of

SCORES = ("CLIP Score", "X-CLIP Score", "BLIP-BLEU", "T2VScore-A (GPT-4V)")
SETS = (*((name,) for name in SCORES), SCORES)
VERDICT = (
    "A pool of models vouches for one it never saw by their average: the worst model is predicted",
    "better than it is, the best one worse, and no score here corrects that. Hence metric-only",
    "floors add the worst error of a model left out to their bound, stay provisional for an offer",
    "without ratings of its own, and a prediction-powered floor learns the correction from the",
    "offer's own labels.",
)
CRITERIA = {"quality": "t2vscore_quality_score.json", "alignment": "t2vscore_alignment_score.json"}
THRESHOLD, ALPHA = 2.1, 0.05  # ratings have one decimal: below 2.1 is 2.0 or less


def examples(folder: Path, criterion: str, metrics: Sequence[str]) -> list[Example]:
    """One example a clip: its scores, and the mean rating people gave it (1 to 5)."""
    rated = json.loads((folder / CRITERIA[criterion]).read_text())
    with (folder / "t2vscore_results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        given = rated[row["video_id"]]["models"].get(row["model_name"])
        if given is None:
            continue
        found.append(
            Example(
                output_id=f"{row['model_name']}-{row['video_id']}",
                offer_id=row["model_name"],
                family=row["video_id"],
                metrics=tuple(float(row[name]) for name in metrics),
                human=float(given[0]),
            )
        )
    return found


def transfer(
    found: list[Example], metrics: Sequence[str]
) -> tuple[list[tuple[str, float, float]], str]:
    """Each model's true fail rate and the one predicted without it; and the rank agreement."""
    request = PredictionRequest(
        category="general", modality="video", quality="human", metrics=tuple(metrics),
        scale=(1.0, 5.0),
    )  # fmt: skip
    (made,) = predictions_of(request, found, [THRESHOLD], fit_predictor(found, [THRESHOLD]))
    rank = f"{made.rank_correlation:.2f} [{made.rank_lo:.2f}, {made.rank_hi:.2f}]"
    return list(made.transfer), rank


def learned(found: list[Example]) -> str:
    """What learn-then-test finds on the same scores, epsilon .25 at 95 %, fit prompts only."""
    pairs = [
        Pair(output_id=e.output_id, offer_id=e.offer_id, family=e.family,
             fit=split_of(e.family) == "fit", metric=(e.metrics or (0.0,))[0], human=e.human)
        for e in found
    ]  # fmt: skip
    request = CalibrationRequest(
        category="general", modality="video", quality="human", metric="score",
        human_threshold=THRESHOLD, epsilon=0.24, alpha=ALPHA,
    )  # fmt: skip
    result = calibrate(request, pairs)
    if result.metric_threshold is None:
        return "no value of it is good enough"
    worst = result.worst_leave_one_model_out
    said = "unknown" if worst is None else f"{worst:+.2f}"
    return f"from {result.metric_threshold:.3g}; worst excess of a model left out {said}"


def table(folder: Path, criterion: str) -> list[str]:
    """One row a model left out: its true fail rate, and what each set of scores predicted."""
    names = [*SCORES, "all four"]
    done = [transfer(examples(folder, criterion, m), m) for m in SETS]
    models = [(offer, true) for offer, true, _ in done[0][0]]
    lines = [
        "| model left out | true | " + " | ".join(names) + " |",
        "|---" * (len(names) + 2) + "|",
    ]
    for i, (offer, true) in enumerate(models):
        said = [f"{rows[i][2]:.2f}" for rows, _ in done]
        lines.append(f"| {offer} | {true:.2f} | " + " | ".join(said) + " |")
    worst = [max((true - said, offer) for offer, true, said in rows) for rows, _ in done]
    lines.append(
        "| worst true - predicted | | " + " | ".join(f"{w:+.2f} ({o})" for w, o in worst) + " |"
    )
    lines.append(
        "| rank correlation, held-out prompts | | " + " | ".join(r for _, r in done) + " |"
    )
    return lines


def page(folder: Path) -> str:
    """The whole study as Markdown."""
    lines = [
        "# Calibration does not carry over to a model it never saw",
        "",
        "TVGE (T2VScore): mean ratings of clips by five models, 512 prompts (gen2: 495); a fail is "
        f"a mean rating below {THRESHOLD:g} of 5. Regenerate with `python "
        "benchmarks/validity/calibration_transfer.py --data DIR --out "
        "results/calibration_transfer.md`.",
    ]
    for criterion in CRITERIA:
        lines += ["", f"## {criterion}", "", *table(folder, criterion)]
        lines += ["", "Learn-then-test (epsilon .24, 95 %) on fit prompts lets speak:", ""]
        lines += [f"- {m}: {learned(examples(folder, criterion, (m,)))}" for m in SCORES]
    lines += ["", *VERDICT]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    text = page(asked.data)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text)


if __name__ == "__main__":
    main()
