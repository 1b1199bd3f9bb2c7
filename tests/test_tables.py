"""Traps of real files: none may lose, double or invent a row."""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import tables
from qfloor.errors import InputError

CELL = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


def _write(tmp_path: Path, content: bytes, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_csv_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["left", "right"])
    writer.writerows(pairs)
    path = _write(tmp_path_factory.mktemp("csv"), buffer.getvalue().encode())
    read = [(row["left"], row["right"]) for _, row in tables.rows(path)]
    assert read == [p for p in pairs if p[0].strip() or p[1].strip()]


def test_byte_order_mark_crlf_and_blank_lines(tmp_path: Path) -> None:
    path = _write(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n3,4\r\n")
    assert [(n, row) for n, row in tables.rows(path)] == [
        (2, {"a": "1", "b": "2"}),
        (4, {"a": "3", "b": "4"}),
    ]


def test_a_lone_carriage_return_is_not_a_row(tmp_path: Path) -> None:
    path = _write(tmp_path, b"a,b\nfirst\rhalf,2\nx,3\n")
    assert [row["a"] for _, row in tables.rows(path)] == ["first half", "x"]


def test_quoted_line_breaks_stay_inside(tmp_path: Path) -> None:
    path = _write(tmp_path, b'a,b\n"one\ntwo",2\n3,4\n')
    found = list(tables.rows(path))
    assert found[0][1]["a"] == "one\ntwo"
    assert found[1] == (4, {"a": "3", "b": "4"})


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.gz", "t.csv"])
def test_gzip_is_unpacked_while_it_is_read(tmp_path: Path, name: str) -> None:
    sign = "\t" if "tsv" in name else ","
    path = tmp_path / name
    path.write_bytes(gzip.compress(f"a{sign}b\n1{sign}2\n".encode("utf-16")))
    assert list(tables.rows(path)) == [(2, {"a": "1", "b": "2"})]
    path.write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    assert [row for _, row in tables.json_rows(path)] == [{"a": 1}, {"a": 2}]
    assert not _is_open(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"a,a\n1,2\n", "column 'a' appears twice"),
        (b"a,b\n1\n", "line 2: 1 field, but the header has 2"),
        (b'a,b\n"x"y,2\n', "line 2: not valid CSV"),
        (b"a,b\n\xff,2\n", "not UTF-8 at byte 4"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "its gzip is broken (Compressed file ended"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-5] + b"12345", "its gzip is broken (CRC check"),
        (gzip.compress(b"a,b\n", mtime=0)[:10] + b"\xff" * 20, "its gzip is broken (Error -3"),
        (gzip.compress(b"a,b\n\xff,2\n", mtime=0), "not UTF-8 at byte 4"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "this is an old workbook (.xls), save the sheet as CSV"),
        (b"BZh91AY&SY\xff", "this is compressed (bzip2), unpack it first"),
        (b"PK\x03\x04\x14\x00\x08\xfe\xff", "this is a workbook or a zip archive, save the sheet"),
        (b"PAR1\x15\x04\xff\xfe", "this is Parquet, save it as CSV or JSON lines"),
        (b"\xff\xfea\x00,", "not UTF-16"),
    ],
)
def test_bad_files_are_told_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(InputError, match=r"t\.csv") as told:
        list(tables.rows(path))
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert not _is_open(path)  # though the error, and all that it holds, is still there


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a;b\n1;2,5\n", "t.csv"),
        (b'"a,x";"b;y"\n1;2,5\n', "t.csv"),
        (b"\xef\xbb\xbfa;b\r\n1;2,5\r\n", "t.csv"),
        (b"a\tb\n1\t2,5\n", "t.txt"),
        ("a\tb\r\n1\t2,5\r\n".encode("utf-16"), "t.txt"),
        (codecs.BOM_UTF16_BE + 'a,b\n1,"2,5"\n'.encode("utf-16-be"), "t.csv"),
    ],
)
def test_what_parts_columns_and_how_they_are_written(
    tmp_path: Path, content: bytes, name: str
) -> None:
    ((line, row),) = tables.rows(_write(tmp_path, content, name))
    assert (line, list(row.values())) == (2, ["1", "2,5"])


def test_a_comma_in_the_header_parts_columns(tmp_path: Path) -> None:
    path = _write(tmp_path, b"a;x,b\n1;2,3\n")
    assert [row for _, row in tables.rows(path)] == [{"a;x": "1;2", "b": "3"}]


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"who;fits, really;c\nw1;2,5;\n", ["w1", "2,5", ""]),
        (b"who;fits, really, or not\nw1;2,5\n", ["w1", "2,5"]),
        (b"who;fits, really\nw1;4\n", ["w1", "4"]),
    ],
)
def test_semicolons_part_columns_that_commas_do_not(
    tmp_path: Path, content: bytes, values: list[str]
) -> None:
    path = _write(tmp_path, content)
    assert [list(row.values()) for _, row in tables.rows(path)] == [values]
    assert tables.Commas(path).read("2,5") == 2.5


def test_semicolons_in_a_question_part_no_columns(tmp_path: Path) -> None:
    path = _write(tmp_path, b"fits (1 no; 3 so; 5 yes),who\n4,w1\n")
    assert list(tables.rows(path)) == [(2, {"fits (1 no; 3 so; 5 yes)": "4", "who": "w1"})]


@pytest.mark.parametrize(
    ("said", "row"), [("sep=;", "1;2,5"), ("SEP=|\r", "1|2,5"), ('"sep=\t"', "1\t2,5")]
)
def test_a_line_above_the_header_says_what_parts_columns(
    tmp_path: Path, said: str, row: str
) -> None:
    sign = row[1]
    path = _write(tmp_path, f"{said}\na{sign}b\n{row}\n1{sign}2{sign}3\n".encode())
    rows = tables.rows(path)
    assert next(rows) == (3, {"a": "1", "b": "2,5"})
    with pytest.raises(InputError, match="line 4: 3 fields, but the header has 2"):
        next(rows)
    assert tables.Commas(path).read("2,5") == (2.5 if sign == ";" else None)


@pytest.mark.parametrize(
    ("content", "text", "number"),
    [
        (b"a;b\n", "4,5", 4.5), (b"a;b\n", "-0,25", -0.25), (b"a;b\n", "4,5,1", None),
        (b"a;b\n", "1.234,5", None), (b"a,b\n", "4,5", None), (b"a\tb\n", "4,5", None),
        (b'{"a": 1; }\n', "4,5", None),
    ],
)  # fmt: skip
def test_a_decimal_comma_is_one_where_semicolons_part_columns(
    tmp_path: Path, content: bytes, text: str, number: float | None
) -> None:
    path = _write(tmp_path, content)
    assert tables.Commas(path).read(text) == number
    between_tabs = 4.5 if b"\t" in content else number
    assert tables.Commas(path, signs=tables.ONE_NUMBER).read(text) == between_tabs
    assert not _is_open(path)


def _is_open(path: Path) -> bool:
    """Whether this process has a file open, as the system says."""
    links = [Path(link) for link in glob.glob("/proc/self/fd/*")]
    return any(link.exists() and link.resolve() == path.resolve() for link in links)


def test_json_lines_and_arrays(tmp_path: Path) -> None:
    lines = _write(tmp_path, b'{"a": 1}\n\n{"a": 2}\n', "x.json")
    array = _write(tmp_path, b'[{"a": 1}, {"a": 2}]', "y.json")
    assert [r["a"] for _, r in tables.json_rows(lines)] == [1, 2]
    assert [r["a"] for _, r in tables.json_rows(array)] == [1, 2]
    broken = _write(tmp_path, b'{"a": 1}\n{"a": \n', "z.json")
    with pytest.raises(InputError, match="line 2: not valid JSON"):
        list(tables.json_rows(broken))
    twice = _write(tmp_path, b'{"a": 1} {"a": 2}\n', "t.json")
    with pytest.raises(InputError, match="line 1: more follows where one JSON value ends"):
        list(tables.json_rows(twice))
    whole = _write(tmp_path, b'{\n "a": 1,\n "b": {}\n}\n', "w.json")
    with pytest.raises(InputError, match=r"this is one JSON object \(of a, b\), expected a list"):
        list(tables.json_rows(whole))
    scalar = _write(tmp_path, b"[1]", "s.json")
    with pytest.raises(InputError, match="entry 1: expected an object, found int"):
        list(tables.json_rows(scalar))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        tables.read_text(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": {"b": 1, "b": 2}}', "field 'b' appears twice"),
        (b'{"a": "\\ud800"}', "surrogates not allowed"),
        (b'{"a": ' + b"1" * 5000 + b"}", "not usable JSON"),
        (b"[" * 100_000, "not usable JSON"),
    ],
)
def test_json_that_nobody_can_use(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tables.read_json(_write(tmp_path, content, "x.json"))
    assert tables.read_json(_write(tmp_path, b'{"a": "\\ud83d\\ude00"}', "y.json"))


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b", "here/below"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    (tmp_path / "here").write_text("a file")
    with pytest.raises(InputError, match="cannot be read"):
        tables.read_text(tmp_path / name)


def test_a_name_that_is_too_long_is_told_once() -> None:
    with pytest.raises(InputError) as caught:
        tables.read_text(Path("a" * 300))
    assert str(caught.value) == f"{'a' * 200!r} cannot be read: File name too long"
