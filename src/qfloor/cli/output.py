"""What commands print: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import typer

from qfloor.errors import QfloorError
from qfloor.records import to_plain

_EDGES = 2  # blanks that a table has at its sides
_UNBOUNDED = 1_000_000  # columns: a line is as long as what stands in it
Json = typer.Option(False, "--json", help="Print JSON instead of a table.")
Csv = typer.Option(False, "--csv", help="Print CSV instead of a table.")
Workspace = typer.Option(
    Path(".qfloor"), "--workspace", "-w", help="Folder of the store, media and feeds."
)
Replace = typer.Option(
    False, "--replace", help="Write over a file that differs: corrections by hand are lost."
)


def show(value: object) -> str:
    """One value as a person reads it: no sentinel, no 17 digits."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {show(v)}" for k, v in value.items())
    if isinstance(value, list | tuple | set):
        return ", ".join(show(v) for v in value)
    return str(value)


def emit(
    rows: Sequence[Mapping[str, Any]],
    *,
    as_json: bool = False,
    as_csv: bool = False,
    title: str | None = None,
    empty: str = "nothing to show",
    keep: Collection[str] = (),
) -> None:
    """Print rows as a table, or as JSON or CSV with full precision.

    In a terminal too narrow for all columns those named in ``keep`` give way last.
    """
    if as_json:
        typer.echo(json.dumps([to_plain(dict(r)) for r in rows], ensure_ascii=False, indent=2))
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if as_csv:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
        typer.echo(buffer.getvalue(), nl=False)
        return
    if not rows:
        typer.echo(empty)
        return
    _table(rows, columns, title, keep)


def emit_one(row: Mapping[str, Any], *, as_json: bool = False) -> None:
    """Print one record, a field a line; what is empty is left out."""
    if as_json:
        typer.echo(json.dumps(to_plain(dict(row)), ensure_ascii=False, indent=2))
        return
    filled = {name: value for name, value in row.items() if value not in (None, "", [], {}, ())}
    width = max(len(name) for name in filled)
    for name, value in filled.items():
        typer.echo(f"{name.replace('_', ' '):<{width}}  {show(value)}")


def _cell(value: object) -> object:
    plain = to_plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else plain


def _table(
    rows: Sequence[Mapping[str, Any]], columns: list[str], title: str | None, keep: Collection[str]
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from qfloor.cli.fitting import Column, fit

    # Through a pipe there is no width to fit: lines are kept whole for grep.
    width = None if sys.stdout.isatty() else _UNBOUNDED
    console = Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)
    told = {
        name: Column(name.replace("_", " "), tuple(show(row.get(name)) for row in rows))
        for name in columns
    }
    fitted = fit(list(told.values()), console.width - _EDGES, keep)
    names = {id(column): name for name, column in told.items()}
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column, wide in zip(fitted.shown, fitted.widths, strict=True):
        numeric = all(isinstance(r.get(names[id(column)]), int | float | None) for r in rows)
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(column.head, justify=justify, overflow="fold", width=wide)
    for cells in zip(*(column.cells for column in fitted.shown), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if fitted.remark:
        console.print(Text(fitted.remark))


_OTHER_FORMS = {
    ".json": "write JSON beside it with `qfloor export --json-out quality.json`",
    ".parquet": "write Parquet tables beside it with `qfloor export --parquet FOLDER`",
    ".csv": "print a table as CSV with `qfloor floors --csv`",
    ".xlsx": "write Parquet tables beside it with `qfloor export --parquet FOLDER`",
}


def check_database_name(out: Path | None) -> None:
    """Refuse to write a quality database under the name of another form, or of a folder."""
    if out is not None and out.is_dir():
        raise QfloorError(f"--out {out} is a folder; name the file, such as {out / 'quality.db'}")
    kind = "" if out is None else out.suffix.lower()
    if kind in _OTHER_FORMS:
        raise QfloorError(
            f"--out {out} is a quality database, such as quality.db; {_OTHER_FORMS[kind]}"
        )


def say(message: str) -> None:
    """Tell a person something that is not data."""
    typer.echo(message, err=True)
