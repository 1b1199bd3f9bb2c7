"""``qfloor suite write``, ``rotate``, ``retire``: the private third of a month's prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from qfloor.cli.output import Csv, Json, Replace, emit, say
from qfloor.counting import several

Pool = typer.Argument(help="The private pool, a .toml file; begun when it is not there.")


def write(
    pool: Path = Pool,
    texts: list[str] = typer.Argument(None, help="Prompts to add, one text each."),
    source: Path | None = typer.Option(
        None, "--from", help="CSV, TSV or JSON lines with a column text, and others a prompt has."
    ),
    category: str | None = typer.Option(None, help="Category of those that name none."),
    modality: str | None = typer.Option(None, help="image or video, of those that name none."),
    seconds: float | None = typer.Option(None, help="Length asked of clips that name none."),
    against: list[str] = typer.Option(
        ["core"], "--against", help="Public suites that no private prompt may resemble."
    ),
) -> None:
    """Add private prompts to a pool, all or none; what resembles a known prompt is refused.

    Keep the pool out of any repository.

    Example: qfloor suite write private.toml "a brass desk lamp" --category product-photo
    """
    from qfloor import suite

    if bool(texts) == (source is not None):
        raise typer.BadParameter("give texts or --from FILE, one of the two")
    rows = [{"text": text} for text in texts or ()] if source is None else _rows(source)
    usual = {"category": category, "modality": modality, "seconds": seconds}
    told = {name: value for name, value in usual.items() if value is not None}
    known = [suite.load(name) for name in against]
    grown, added = suite.write_prompts(pool, [{**told, **row} for row in rows], known)
    say(f"wrote {pool}: {several(added, 'prompt')} added, {len(grown.prompts)} now")
    around = suite.repository_around(pool)
    if around is not None:
        say(f"{pool} lies in the git work tree {around}; see to it that it is ignored there")


def _rows(source: Path) -> list[dict[str, Any]]:
    """Rows of a file; lists in a CSV are separated by bars."""
    from qfloor import tables
    from qfloor.errors import SuiteError

    if tables.is_json(source):
        return [row for _, row in tables.json_rows(source, SuiteError)]
    found: list[dict[str, Any]] = []
    for _, row in tables.rows(source, SuiteError):
        given: dict[str, Any] = {name: value for name, value in row.items() if value.strip()}
        for name in ("tags", "must_render", "inputs"):
            if name in given:
                given[name] = [part.strip() for part in given[name].split("|")]
        if "seconds" in given:
            try:
                given["seconds"] = float(given["seconds"])
            except ValueError:
                raise SuiteError(f"{source}: seconds is {given['seconds']!r}, no number") from None
        found.append(given)
    return found


def rotate(
    pool: Path = Pool,
    month: str = typer.Option(..., "--month", help="The month to serve, e.g. 2026-12."),
    out: Path = typer.Option(..., "--out", "-o", help="The month's suite file to write."),
    base: str = typer.Option("core", "--base", help="The public suite."),
    per_category: int | None = typer.Option(
        None, min=3, help="Prompts of each category; by default as many as the public suite has."
    ),
    over: bool = Replace,
    as_json: bool = Json,
    as_csv: bool = Csv,
) -> None:
    """Write a month's suite: two thirds public, a third private prompts that never served.

    The same month asked for again gives the same suite.

    Example: qfloor suite rotate private.toml --month 2026-12 --out core-2026-12.toml
    """
    from qfloor import suite
    from qfloor.suite.loading import find

    suite.not_over(out, find(base))
    done = suite.rotate(suite.load(base), pool, month, out, per_category=per_category, over=over)
    emit(done.rows, as_json=as_json, as_csv=as_csv)
    say(f"wrote {out}: {several(len(done.suite.prompts), 'prompt')}, digest {done.suite.digest}")


def retire(
    pool: Path = Pool,
    before: str = typer.Option(..., "--before", help="Retire what served before this month."),
    out: Path = typer.Option(..., "--out", "-o", help="The suite file for retired prompts."),
) -> None:
    """Take prompts that served out of a pool; as a suite of their own they may be published.

    Example: qfloor suite retire private.toml --before 2026-12 --out retired-2026-11.toml
    """
    from qfloor import suite

    retired = suite.retire(pool, before, out)
    say(f"wrote {out}: {several(len(retired.prompts), 'prompt')} retired from service")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``qfloor suite``."""
    for command in (write, rotate, retire):
        app.command()(command)
