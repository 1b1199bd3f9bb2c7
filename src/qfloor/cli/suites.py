"""``qfloor suite``: list, check, import and sample prompt suites."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import typer

from qfloor.cli.output import Csv, Json, Replace, emit, say
from qfloor.counting import several
from qfloor.errors import SuiteError

app = typer.Typer(
    help="Prompt suites: list, check, import, sample; write, rotate and retire private prompts.",
    no_args_is_help=True,
)


@app.command("list")
def list_(as_json: bool = Json, as_csv: bool = Csv) -> None:
    """List the suites that ship.

    Example: qfloor suite list
    """
    from qfloor import suite

    rows = []
    for name in suite.names():
        loaded = suite.load(name)
        rows.append(
            {
                "name": loaded.name,
                "version": loaded.version,
                "prompts": len(loaded.prompts),
                "categories": len({p.category for p in loaded.prompts}),
                "languages": len({p.language for p in loaded.prompts}),
                "digest": loaded.digest,
                "title": loaded.title,
            }
        )
    emit(rows, as_json=as_json, as_csv=as_csv)


@app.command()
def check(
    name: str = typer.Argument(help="A suite that ships, or a .toml file."),
    against: list[str] = typer.Option(
        [], "--against", help="Another suite that none of its prompts may resemble; repeatable."
    ),
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Validate a suite and check its variety; exit 1 when something is wrong.

    Example: qfloor suite check core

    Example: qfloor suite check private.toml --against core
    """
    from qfloor import suite
    from qfloor.suite.checking import counts

    loaded = suite.load(name)
    emit(counts(loaded), as_json=as_json, as_csv=as_csv)
    findings = suite.check(loaded)
    for other in against:
        known = suite.load(other)
        findings += suite.check_against(loaded.prompts, known.prompts, known.name)
    for finding in findings:
        say(f"{loaded.name}: {finding.category}: {finding.rule}: {finding.message}")
    if findings:
        told = several(len(findings), "finding")
        raise SuiteError(f"suite {loaded.name} has {told}, listed above")


def _mapping(values: list[str], option: str, *, empty: bool = False) -> dict[str, str]:
    mapping = {}
    for value in values:
        left, equals, right = value.partition("=")
        if not (left and equals and (right or empty)):
            raise typer.BadParameter(f"{value!r} must look like NAME=VALUE", param_hint=option)
        mapping[left] = right
    return mapping


@app.command("import")
def import_(
    file: Path = typer.Argument(help="The foreign prompt set."),
    format: str = typer.Option(
        ..., "--format", "-f", help="partiprompts, drawbench, geneval, vbench, longtext or csv."
    ),
    out: Path = typer.Option(..., "--out", "-o", help="The suite file to write."),
    name: str | None = typer.Option(
        None, help="The suite's name; by default the format's, of a csv the file's."
    ),
    column: list[str] = typer.Option(
        [], help="For csv: OURS=THEIRS, e.g. text=caption; OURS= reads none."
    ),
    map_: list[str] = typer.Option([], "--map", help="THEIR-LABEL=our-category."),
    category: str | None = typer.Option(None, help="Our category for prompts no --map covers."),
    replace: bool = Replace,
) -> None:
    """Import a published prompt set as a suite file.

    Example: qfloor suite import PartiPrompts.tsv --format partiprompts --out parti.toml
    """
    from qfloor import suite

    suite.not_over(out, file)
    imported = suite.import_suite(
        file,
        format,
        name=name,
        columns=_mapping(column, "--column", empty=True),
        categories=_mapping(map_, "--map"),
        category=category,
        say=say,
    )
    if not replace:
        suite.not_over_other({out: suite.dump(imported)})
    suite.write(imported, out)
    say(f"wrote {out}: {several(len(imported.prompts), 'prompt')}, digest {imported.digest}")


@app.command()
def sample(
    log: Path = typer.Option(..., "--log", help="Requests: CSV, TSV or JSON lines."),
    out: Path = typer.Option(..., "--out", "-o", help="The suite file to write; stays local."),
    per_stratum: int = typer.Option(60, help="Requests to draw from each category."),
    seed: int = typer.Option(0, min=0, help="Seed of the draw."),
    name: str = typer.Option("own", help="The suite's name."),
    text_field: str = typer.Option("prompt", help="Field that holds the request's text."),
    category_field: str = typer.Option("category", help="Field that holds its category, if any."),
    guess: bool = typer.Option(
        False, "--guess", help="Let the router guess categories that the log does not name."
    ),
    replace: bool = Replace,
) -> None:
    """Draw a stratified sample of a team's own requests, with inclusion probabilities.

    Example: qfloor suite sample --log requests.jsonl --out own.toml --per-stratum 60
    """
    import numpy as np

    from qfloor import pipeline, suite

    beside = out.with_suffix(".inclusion.json")
    for written in (out, beside):
        suite.not_over(written, log)
    drawn, inclusion = suite.sample_log(
        log,
        per_stratum,
        np.random.default_rng(seed),
        name=name,
        text_field=text_field,
        category_field=category_field,
        guess=pipeline.category_guess() if guess else None,
        say=say,
    )
    if not replace:
        suite.not_over_other({out: suite.dump(drawn), beside: suite.dump_inclusion(inclusion)})
    suite.write(drawn, out)
    suite.write_inclusion(inclusion, beside)
    of_each = Counter(prompt.category for prompt in drawn.prompts)
    places = ", ".join(f"{n} {category}" for category, n in sorted(of_each.items()))
    say(
        f"wrote {out}: {several(len(drawn.prompts), 'prompt')} ({places}); inclusion "
        f"probabilities in {beside}"
    )
