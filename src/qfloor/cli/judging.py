"""``qfloor ratings``, ``calibrate``: people's judgments, and metrics that speak for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import typer

from qfloor.cli.inputs import must_exist
from qfloor.cli.output import Csv, Json, Workspace, emit, emit_one, say
from qfloor.cli.running import BenchmarkName, Round, benchmark_of
from qfloor.counting import several

ratings = typer.Typer(help="People's judgments: import them, see how far raters agree.",
                      no_args_is_help=True)  # fmt: skip


Mapping = typer.Option(
    [], "--map", "-m", help="FIELD=COLUMN, FIELD:=TEXT or a .toml file; see the how-to."
)
Criteria = typer.Option([], "--criterion", help="QUESTION=NAME or QUESTION=NAME@LOW:HIGH.")
Answers = typer.Option([], "--answer", help="TEXT=NUMBER, or left, right, tie, both_bad, skip.")
Items = typer.Option(None, "--items", help="A table that says more of each item.")
LabelConfig = typer.Option(None, "--label-config", help="Label Studio's labelling configuration.")
Prolific = typer.Option(None, "--prolific", help="Prolific's export of the study's submissions.")


@ratings.command("import")
def import_(
    files: list[Path] = typer.Argument(help="The file of judgments, several, or a folder."),
    format: str = typer.Option("long", "--format", "-f", help="See `qfloor ratings formats`."),
    round: str = typer.Option(..., "--round", help="Round the judgments belong to, e.g. 2024-06."),
    scale: str | None = typer.Option(
        None, help="LOW:HIGH, where the file does not say; never guessed."
    ),
    source: str | None = typer.Option(None, help="Where they come from; the format's name."),
    mapping: list[str] = Mapping,
    criterion: list[str] = Criteria,
    answer: list[str] = Answers,
    items: Path | None = Items,
    label_config: Path | None = LabelConfig,
    empty_result: Literal["drop", "tie"] = typer.Option(
        "drop", help="What a submitted comparison without an answer is."
    ),
    prolific: Path | None = Prolific,
    modality: Literal["image", "video"] | None = typer.Option(
        None, help="What was judged, where the file does not say."
    ),
    keep_rater_ids: bool = typer.Option(
        False, "--keep-rater-ids", help="Rater ids are pseudonyms already: do not hash them."
    ),
    ignore_unknown_columns: bool = typer.Option(
        False, "--ignore-unknown-columns", help="Leave unknown columns aside."
    ),
    workspace: Path = Workspace,
    as_json: bool = Json,
) -> None:
    """Import ratings and comparisons, all or nothing; the same file twice adds nothing.

    Raters are stored under pseudonyms made with a salt of the workspace.

    Example: qfloor ratings import genai_image.json --format genai_bench --round 2024-06
    """
    from qfloor.benchmark import check_round
    from qfloor.ratings import ReadOptions, import_ratings, parse_mapping
    from qfloor.store import Store

    check_round(round)
    must_exist(*files)
    options = ReadOptions(
        mapping=parse_mapping(mapping, criterion, answer),
        items=items,
        label_config=label_config,
        empty_result=empty_result,
        modality=modality,
    )
    with Store.open(workspace, create=True) as store, store.writing("ratings import"):
        report = import_ratings(
            store, files, format, round=round, scale=scale, source=source, options=options,
            prolific=prolific, keep_rater_ids=keep_rater_ids,
            ignore_unknown_columns=ignore_unknown_columns,
        )  # fmt: skip
    emit_one(report.to_row(), as_json=as_json)


@ratings.command()
def formats(as_json: bool = Json, as_csv: bool = Csv) -> None:
    """List the formats of judgments and what each takes.

    Example: qfloor ratings formats
    """
    from qfloor.ratings import FORMATS

    rows = [{"format": f.name, "takes": f.takes} for f in FORMATS.values()]
    emit(rows, as_json=as_json, as_csv=as_csv)


@ratings.command()
def agreement(
    everything: bool = typer.Option(
        False, "--all", help="Every column: scale, counts, ICC(2,k) and the ordinal alpha too."
    ),
    round: str | None = typer.Option(None, help="Only ratings of this round's outputs."),
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show how far raters agree, by criterion and category, over all rounds or one.

    --all adds the rest of the columns; --json and --csv have them and each rater's mean and
    severity too (see qfloor ratings raters).

    Example: qfloor ratings agreement
    """
    from qfloor.ratings import agreement_table
    from qfloor.ratings.agreement import pooled_rounds
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if round is not None:
            store.check_round(round)
        rows = agreement_table(store, round=round)
        pooled = pooled_rounds(store) if round is None else []
        if not (as_json or as_csv):  # a rater a line is `qfloor ratings raters`
            apart = len({row["by"] for row in rows}) > 1
            rows = [_whole(row) if everything else _brief(row, apart) for row in rows]
        emit(rows, as_json=as_json, as_csv=as_csv, empty="no ratings")
        compared = store.n_comparisons()
    if pooled:
        say(f"ratings of rounds {', '.join(pooled)} count together; --round shows one alone")
    if compared:
        say(
            f"beside ratings the store has {several(compared, 'comparison')}; see qfloor ratings "
            "comparisons"
        )


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("means", "severity")}


def _brief(row: dict[str, Any], apart: bool) -> dict[str, Any]:
    """What fits a terminal of 100 columns: of what, how many, and how well they agree."""
    ends = row["alpha_95"]
    return {
        **{name: row[name] for name in ("criterion", "scale", "category")},
        **({"by": row["by"]} if apart else {}),  # people and simulations are told apart
        **{name: row[name] for name in ("items", "raters")},
        "alpha": _rounded(row["alpha"]),
        "95 %": None if ends is None else f"{ends[0]:.2f}..{ends[1]:.2f}",
        "icc1": _rounded(row["icc1"]),
        "resolution": _rounded(row["resolution"]),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


@ratings.command()
def comparisons(
    round: str | None = typer.Option(None, help="Only comparisons of this round."),
    workspace: Path = Workspace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Show which of two offers people chose, how often, and on how many prompts.

    Counts, not a ranking: controls are left out, and ties and both-bad are told apart.

    Example: qfloor ratings comparisons --round 2026-11
    """
    from qfloor.ratings import comparison_table
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if round is not None:
            store.check_round(round)
        rows = comparison_table(store, round=round)
    emit(rows, as_json=as_json, as_csv=as_csv, empty="no comparisons")


@ratings.command()
def export(
    out: Path = typer.Option(..., "--out", "-o", help="File to write, .json or .py."),
    criterion: str = typer.Option(..., "--criterion", help="Which question; SUREAL knows one."),
    format: Literal["sureal"] = typer.Option("sureal", "--format", "-f", help="sureal."),
    round: str | None = typer.Option(None, "--round", help="Outputs of this round only."),
    workspace: Path = Workspace,
    as_json: bool = Json,
) -> None:
    """Write ratings for other tools: SUREAL, the reference code of ITU-T P.910.

    Example: qfloor ratings export --format sureal --criterion alignment --out ratings.json
    """
    from qfloor.ratings import export_sureal
    from qfloor.store import Store

    with Store.open(workspace) as store:
        if round is not None:
            store.check_round(round)
        report = export_sureal(store, out, criterion=criterion, round=round)
    emit_one(dict(report.__dict__), as_json=as_json)


def calibrate(
    name: str = BenchmarkName,
    workspace: Path = Workspace,
    round: str | None = Round,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Learn from which metric value on people are content, and how well metrics predict fails.

    A row with `metric from` is a threshold learned for one metric; one with `brier` says how
    well the metrics beside people predict their fails. `rank` is Spearman's correlation with
    people on prompts not fitted on, with its 95 % interval.

    Example: qfloor calibrate painters
    """
    from qfloor import pipeline
    from qfloor.store import Store

    benchmark = benchmark_of(name, round)
    with Store.open(workspace) as store, store.writing("calibrate"):
        found = pipeline.certify_round(store, benchmark, pipeline.prompts_of(benchmark))
    rows = pipeline.calibration_rows(found)
    empty = (
        f"nothing of round {benchmark.round} was both rated and scored, so nothing is learned"
        if benchmark.calibrations
        else "the benchmark asks for no calibration; [[calibrations]] in its file would"
    )
    emit(rows, as_json=as_json, as_csv=as_csv, empty=empty)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (calibrate,):
        app.command()(command)
