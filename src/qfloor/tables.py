"""Read tables that people and other tools wrote: CSV, TSV, JSON lines; every row with its number.

Traps met in real files, each of which lost or doubled rows somewhere: a byte-order mark before
the first column's name, lone carriage returns inside unquoted fields (pandas read 2,004 rows for
2,000), quoted line breaks, ``.json`` files that are JSON lines, blanks around column names. Excel
parts columns by semicolons where commas are decimal points (and quotes no comma there, not even in
the header), and saves "Unicode text" as UTF-16; ``sep=;`` above the header tells it the sign.
Any of them may be gzipped, whatever it is called.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Generator, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from qfloor.counting import several
from qfloor.errors import InputError

MAX_FIELD = 10_000_000
MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
GZIP = b"\x1f\x8b"
PACKED = {
    b"PK\x03\x04": "is a workbook or a zip archive, save the sheet as CSV or unpack it",
    b"\xd0\xcf\x11\xe0": "is an old workbook (.xls), save the sheet as CSV",
    b"PAR1": "is Parquet, save it as CSV or JSON lines",
    b"BZh": "is compressed (bzip2), unpack it first",
    b"\xfd7zXZ": "is compressed (xz), unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed (zstd), unpack it first",
}
"""What files that are no text begin with, and what to do about it."""

UNREADABLE = (OSError, ValueError, EOFError, zlib.error)

COMMAS = "4,5 is read as 4.5, since the columns are parted by semicolons"
"""What a person should know where `Commas.read` gave a number."""

ONE_NUMBER = ";\t"
"""Signs between which ``4,5`` is a number in a column of prices or lengths: also the tabs by which
Excel parts "Unicode text"."""

_QUOTED = re.compile(r'"[^"]*(?:"|$)')
_SAID = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2}\.[0-9]{3}")


def read_text(path: Path, error: type[InputError] = InputError) -> str:
    """Read UTF-8 with or without a mark of it, or marked UTF-16; every line end is a line feed."""
    try:
        content = path.read_bytes()
    except UNREADABLE as problem:
        raise _unreadable(path, error, problem) from problem
    return text_of(content, path, error)


def text_of(content: bytes, path: Path | str, error: type[InputError] = InputError) -> str:
    """Read what a file or an address holds as `read_text` does; ``path`` names it for a person."""
    try:
        content = gzip.decompress(content) if content.startswith(GZIP) else content
        text = content.decode(_encoding(content))
    except UNREADABLE as problem:
        raise _unreadable(path, error, problem) from problem
    return text.replace("\r\n", "\n").replace("\r", " ")


def ending(path: Path) -> str:
    """What a file's name says that it is, in small letters; ``.csv`` of a ``.csv.gz``.

    Examples
    --------
    >>> ending(Path("Votes.CSV.gz")), ending(Path("votes.jsonl"))
    ('.csv', '.jsonl')
    """
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return name.suffix.lower()


def is_json(path: Path) -> bool:
    """Whether a file's name says that it is JSON or JSON lines, packed or not."""
    return ending(path) in (".json", ".jsonl", ".ndjson")


def _encoding(start: bytes) -> str:
    return "utf-16" if start.startswith(MARKS_OF_UTF16) else "utf-8-sig"


def _unreadable(path: Path | str, error: type[InputError], problem: Exception) -> InputError:
    if isinstance(problem, FileNotFoundError):
        return error(f"{path}: no such file")
    if isinstance(problem, IsADirectoryError):
        return error(f"{path}: is a folder, expected a file")
    if isinstance(problem, UnicodeDecodeError):
        for start, what in PACKED.items():
            if problem.object.startswith(start):
                return error(f"{path}: this {what}")
        meant = "UTF-16" if problem.encoding.startswith("utf-16") else "UTF-8"
        return error(f"{path}: not {meant} at byte {problem.start}; save it as UTF-8")
    if isinstance(problem, EOFError | zlib.error | gzip.BadGzipFile):
        return error(f"{path}: its gzip is broken ({problem}); was it copied whole?")
    # a name too long or with a zero byte, no permission
    why = problem.strerror or problem if isinstance(problem, OSError) else problem
    return error(f"{str(path)[:200]!r} cannot be read: {why}")


def _lines(path: Path, error: type[InputError]) -> Generator[str, None, None]:
    """Yield the lines that `read_text` would give, without holding the file."""
    try:
        with path.open("rb") as found:
            is_packed = found.peek(2).startswith(GZIP)
            plain = gzip.GzipFile(fileobj=found) if is_packed else found
            file = io.TextIOWrapper(plain, encoding=_encoding(plain.peek(2)), newline="\n")
            for line in file:
                if "\r" in line:
                    line = line.replace("\r\n", "\n").replace("\r", " ")
                yield line
    except UnicodeDecodeError:
        read_text(path, error)  # says at which byte of the file
        raise
    except UNREADABLE as problem:
        raise _unreadable(path, error, problem) from problem


def rows(
    path: Path,
    error: type[InputError] = InputError,
    delimiter: str | None = None,
    *,
    quoted: bool = True,
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV or TSV file with a header.

    ``quoted=False`` is for files that never quote a field, in which a quotation mark is text.

    Raises
    ------
    InputError
        Of the class given: no header, a duplicate column, or a row of another width.
    """
    header, found = table(path, error, delimiter, quoted=quoted)
    for line, fields in found:
        yield line, dict(zip(header, fields, strict=True))


def table(
    path: Path,
    error: type[InputError] = InputError,
    delimiter: str | None = None,
    *,
    quoted: bool = True,
) -> tuple[tuple[str, ...], Iterator[tuple[int, list[str]]]]:
    """Open a CSV or TSV file: its header, and (line number, fields) of every row below it.

    The file is read while its rows are asked for.

    Raises
    ------
    InputError
        As `rows`; of the rows when they are reached.
    """
    csv.field_size_limit(MAX_FIELD)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = _lines(path, error)
    start, above, sign = _start(path, lines)
    delimiter = delimiter or sign
    reader = csv.reader(chain(start, lines), delimiter=delimiter, strict=True, quoting=quoting)
    try:
        for _ in range(above):
            next(reader)  # by the reader, who counts the lines
        header = _header(path, error, reader)
    except InputError:
        lines.close()
        raise

    def found() -> Iterator[tuple[int, list[str]]]:
        width = len(header)
        try:
            for fields in reader:
                if len(fields) == width and fields[0].strip():
                    yield reader.line_num, fields
                elif any(field.strip() for field in fields):
                    if len(fields) != width:
                        raise error(
                            f"{path}: line {reader.line_num}: {several(len(fields), 'field')}, "
                            f"but the header has {width}"
                        )
                    yield reader.line_num, fields
        except csv.Error as problem:
            raise error(f"{path}: line {reader.line_num}: not valid CSV: {problem}") from problem
        finally:
            lines.close()  # at once: an error keeps the rest of the reader alive for a while

    return header, found()


def parts_of(text: str, path: Path) -> tuple[int, str]:
    """How many lines of a table's text stand above its header, and what parts its columns."""
    _, above, sign = _start(path, io.StringIO(text))
    return above, sign


def _start(path: Path, lines: Iterator[str]) -> tuple[list[str], int, str]:
    """The first lines, how many of them stand above the header, and what parts the columns."""
    start = list(islice(lines, 3))
    header, below, *_ = [*start, "", ""]
    said = _SAID.fullmatch(header)
    above = 1 if said else 0
    return start, above, said[1] if said else _delimiter(path, header, below)


def _delimiter(path: Path, header: str, below: str) -> str:
    """What parts the columns: the ending says it, or the header where it has no comma.

    With commas in it, semicolons part it where they part the line below into as many, and commas
    do not, or into fewer.
    """
    if ending(path) in {".tsv", ".tab"}:
        return "\t"
    header, below = _QUOTED.sub("", header), _QUOTED.sub("", below)
    commas, semicolons = header.count(","), header.count(";")
    if 0 < semicolons == below.count(";") and not semicolons <= commas == below.count(","):
        return ";"
    return next((sign for sign in ",\t;" if sign in header), ",")


class Commas:
    """The numbers of one table: where any has a decimal comma, ``1.250`` may be 1250.

    Only a table parted by semicolons has decimal commas: elsewhere ``4,5`` may be two answers.

    Parameters
    ----------
    path : Path
        The table.
    text : str, optional
        What it holds, where that was read already.
    signs : str, optional
        What may part its columns; `ONE_NUMBER` where a cell is one number or none.
    """

    def __init__(self, path: Path, text: str | None = None, signs: str = ";") -> None:
        self._path = path
        self._text = text
        self._signs = signs
        self.met = ""  # the first number with a decimal comma
        self._points = ""  # the first that may have a point between thousands

    def look(self, text: str) -> None:
        """Remember a number that was read without this."""
        if _THOUSANDS.fullmatch(text):
            self._points = self._points or text

    def read(self, text: str) -> float | None:
        """Read a number with a decimal comma, where the table has such."""
        if not (_DECIMAL_COMMA.fullmatch(text) and self._allowed):
            return None
        self.met = self.met or text
        return float(text.replace(",", "."))

    @cached_property
    def _allowed(self) -> bool:
        lines = _lines(self._path, InputError) if self._text is None else io.StringIO(self._text)
        try:
            start, _, sign = _start(self._path, lines)
        except InputError:  # its rows came from elsewhere than its lines: Parquet
            return False
        lines.close()
        return sign in self._signs and not "".join(start[:1]).lstrip().startswith(("{", "["))

    @property
    def doubt(self) -> str:
        """What is wrong with the numbers met so far; empty when nothing is."""
        if not (self.met and self._points):
            return ""
        return (
            f"the table has {self.met!r} and {self._points!r}, so nobody can tell whether the "
            "point is of decimals or of thousands, write all numbers in one way"
        )


def _header(path: Path, error: type[InputError], reader: Any) -> tuple[str, ...]:
    """The names of the columns, once they are known to be a table's."""
    try:
        header = tuple(name.strip() for name in next(reader, []))
    except csv.Error as problem:
        raise error(f"{path}: line {reader.line_num}: not valid CSV: {problem}") from problem
    if not any(header):
        raise error(f"{path}: the file is empty; expected a header line")
    if header[0].startswith(("{", "[")):
        raise error(f"{path}: this is JSON, not a table of rows and columns")
    twice = {name for name in header if header.count(name) > 1}
    if twice:
        raise error(f"{path}: column {sorted(twice)[0]!r} appears twice in the header")
    return header


def json_rows(
    path: Path, error: type[InputError] = InputError
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of JSON lines, or (position, object) of a JSON array."""
    text = read_text(path, error)
    if re.match(r"\s*\[", text):
        values = _parse(path, error, text, 1)
        del text
        values.reverse()  # each is let go once it was read, so that the next finds its room
        taken = ((i, values.pop()) for i in range(1, len(values) + 1))
        yield from _objects(path, error, taken, "entry")
        return
    lines = ((i, line) for i, line in enumerate(text.split("\n"), start=1) if line.strip())
    parsed = ((i, _parse(path, error, line, i)) for i, line in lines)
    if re.match(r"\s*\{\s*(\n|$)", text):
        _refuse_one_object(path, error, text)
    yield from _objects(path, error, parsed, "line")


def _refuse_one_object(path: Path, error: type[InputError], text: str) -> None:
    """A document that is one object over many lines would be called a broken first line."""
    try:
        whole = _decode(text)
    except (ValueError, RecursionError):
        return  # whoever reads it line by line says why
    names = ", ".join(str(name)[:40] for name in list(whole)[:6])
    raise error(
        f"{path}: this is one JSON object (of {names}), expected a list of objects, or one a line"
    )


def read_json(path: Path, error: type[InputError] = InputError) -> Any:
    """Read a whole JSON document."""
    return _parse(path, error, read_text(path, error), 1)


def _parse(path: Path, error: type[InputError], text: str, line: int) -> Any:
    try:
        value = _decode(text)
        if "\\ud" in text or "\\uD" in text:  # half a character cannot be kept
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as problem:
        at = line + problem.lineno - 1
        told = f"not valid JSON: {problem.msg}"
        if problem.msg == "Extra data":
            told = "more follows where one JSON value ends; are these JSON lines, or a table?"
        raise error(f"{path}: line {at}: {told}") from problem
    except (ValueError, RecursionError) as problem:
        raise error(f"{path}: line {line}: not usable JSON: {problem}") from problem
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field that is there twice: JSON would silently forget the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"field {twice!r} appears twice in one object")
    return found


_decoder = json.JSONDecoder(object_pairs_hook=_once)


def _decode(text: str) -> Any:
    """What `json.loads` gives, whose reader is made anew for every line of a file."""
    if text.startswith("\ufeff"):
        return json.loads(text)  # says what that is
    return _decoder.decode(text)


def _objects(
    path: Path, error: type[InputError], found: Iterator[tuple[int, Any]], noun: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    for i, value in found:
        if not isinstance(value, dict):
            raise error(f"{path}: {noun} {i}: expected an object, found {type(value).__name__}")
        yield i, value
