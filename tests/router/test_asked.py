"""Logs of requests: three formats, and one clear sentence for each fault."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qfloor.errors import InputError
from qfloor.router.asked import NOT_KEPT, read_log


def lines(folder: Path, *rows: object) -> Path:
    path = folder / "log.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return path


def test_json_lines(tmp_path: Path) -> None:
    log = lines(
        tmp_path,
        {"prompt": "a mug", "tier": "concept", "count": 40, "category": "product-photo"},
        "",
        {
            "prompt": "a clip",
            "seconds": 3,
            "tags": ["text"],
            "offer": "shop/film",
            "at": "2026-11-24",
        },
    )
    first, second = read_log(log)
    assert (first.need.tier, first.count, first.category) == ("standard", 40, "product-photo")
    assert (second.need.seconds, second.need.tags, second.offer) == (3, ("text",), "shop/film")
    assert first.classification is None
    assert first.has_prompt


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "prompt,tier,count,seconds,tags,max_price_usd,audio,max_latency_s\n"
        '"a mug, red",premium,3,,text;count,0.05,,realtime\n'
        "a clip,,,2.5,,,true,8\n",
        encoding="utf-8-sig",
    )
    first, second = read_log(path)
    assert first.need.prompt == "a mug, red"
    assert (first.count, first.need.tags) == (3, ("text", "count"))
    assert (first.need.max_price_nanousd, first.need.max_latency_s) == (50_000_000, "realtime")
    assert (second.need.seconds, second.need.audio, second.need.max_latency_s) == (2.5, True, 8.0)


@pytest.mark.parametrize(
    ("name", "encoding", "sign"),
    [("log.csv", "utf-8-sig", ";"), ("log.csv", "utf-16", "\t"), ("log.tsv", "utf-8", "\t")],
)
def test_a_table_as_a_spreadsheet_saves_it(
    tmp_path: Path, name: str, encoding: str, sign: str
) -> None:
    rows = (" prompt ", "count", "max_price_usd", "tags"), ("a mug", "3", "0,05", '"text;count"')
    path = tmp_path / name
    path.write_text("".join(sign.join(row) + "\r\n" for row in rows), encoding=encoding)
    (asked,) = read_log(path)
    assert (asked.need.prompt, asked.count, asked.need.tags) == ("a mug", 3, ("text", "count"))
    assert asked.need.max_price_nanousd == 50_000_000


def test_points_and_commas_in_one_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("prompt;seconds\na clip;2,5\na film;1.250\n")
    with pytest.raises(InputError, match=r"line 3: the table has '2,5' and '1\.250'"):
        read_log(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv.gz", "prompt,count\na mug,3\n"),
        ("log.jsonl.gz", '{"prompt": "a mug", "count": 3}'),
    ],
)
def test_a_packed_log_is_what_its_name_says(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()))
    assert [(a.need.prompt, a.count) for a in read_log(path)] == [("a mug", 3)]


@pytest.mark.parametrize("sign", ["\u2028", "\u0085"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, sign: str) -> None:
    prompt = f"a mug{sign}on a table"
    path = tmp_path / "log.csv"
    path.write_text(f"prompt,count\n{prompt},3\n", encoding="utf-8")
    assert [asked.need.prompt for asked in read_log(path)] == [prompt]
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps({"prompt": prompt}, ensure_ascii=False), encoding="utf-8")
    assert [asked.need.prompt for asked in read_log(path)] == [prompt]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('{"prompt": "x", "teir": "draft"}', "line 1: unknown field 'teir'"),
        ('{"prompt": ""}', "line 1: prompt is empty"),
        ("{}", "line 1: prompt is empty"),
        ('{"prompt": "x", "count": 0}', "line 1: count is 0"),
        ('{"prompt": "x", "count": 1.5}', "line 1: count is 1.5"),
        ('{"prompt": "x", "tier": "gold"}', "line 1: no tier is called 'gold'"),
        ('{"prompt": "x", "max_price_usd": NaN}', "line 1: max_price_usd is nan"),
        ('{"prompt": "x", "tags": "text"}', "line 1: tags must be a list"),
        ('{"prompt": "x", "category": 3}', "line 1: category must be text"),
        ("3", "line 1: expected an object, found int"),
        ('{"prompt": "x", "prompt": "y"}', "line 1: .*'prompt' appears twice"),
        ("nonsense", "line 1: not valid JSON"),
    ],
)
def test_faults_name_the_line(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(InputError, match=told.replace("[", r"\[")):
        read_log(lines(tmp_path, row))


def test_files_that_are_no_log(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such log"):
        read_log(tmp_path / "nothing.jsonl")
    with pytest.raises(InputError, match="holds no request"):
        read_log(lines(tmp_path))
    binary = tmp_path / "picture.jsonl"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_log(binary)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE things (id)")
    with pytest.raises(InputError, match="no gateway's decision log"):
        read_log(other)
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("prompt,tier\na,draft,more\n")
    with pytest.raises(InputError, match="line 2: 3 fields, but the header has 2"):
        read_log(ragged)
    swallows = tmp_path / "swallows.csv"  # the mark of line 2 would take the rest for one prompt
    swallows.write_text('prompt,tier\n"a red mug,premium\na blue mug,standard\n')
    with pytest.raises(InputError, match="line 3: not valid CSV"):
        read_log(swallows)
    bad = tmp_path / "bad.csv"
    bad.write_text("prompt,count\na,many\n")
    with pytest.raises(InputError, match="line 2: count is 'many'"):
        read_log(bad)


def gateway(path: Path, *rows: dict[str, Any]) -> Path:
    """A decision log with the columns that replays read."""
    columns = (
        "id", "at", "category", "confidence", "plausible", "modality", "language", "need", "prompt",
        "served_offer",
    )  # fmt: skip
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE decisions ({', '.join(columns)})")
        for row in rows:
            marks = ", ".join("?" * len(columns))
            values = [row.get(c) for c in columns]
            connection.execute(f"INSERT INTO decisions VALUES ({marks})", values)
    return path


def test_a_gateway_keeps_no_prompt(tmp_path: Path) -> None:
    need = {"prompt_digest": "0" * 16, "negative_digest": "1" * 16, "tier": "premium", "n": 2,
            "max_price_usd": "0.05", "tags": ["text"], "max_latency_s": {"p95": 9}}  # fmt: skip
    row = {"id": "r1", "at": "2026-11-23T10:00:00Z", "category": None, "confidence": 0.4,
           "plausible": '["portrait", "landscape"]', "modality": "image", "language": "en",
           "need": json.dumps(need), "served_offer": "shop/grand"}  # fmt: skip
    kept = {**row, "id": "r2", "at": "2026-11-23T11:00:00Z", "prompt": "a mug"}
    without, with_it = read_log(gateway(tmp_path / "gateway.db", kept, row))
    assert without.need.prompt == NOT_KEPT
    assert not without.has_prompt
    assert without.need.negative == NOT_KEPT
    assert without.classification is not None
    assert without.classification.plausible == ("portrait", "landscape")
    assert without.classification.category is None
    assert (without.need.n, without.need.max_price_nanousd) == (2, 50_000_000)
    assert without.offer == "shop/grand"
    assert with_it.need.prompt == "a mug"
    assert with_it.classification is None


def test_a_language_that_was_stated_is_kept(tmp_path: Path) -> None:
    (line,) = read_log(lines(tmp_path, {"prompt": "Salvador Dalí", "language": "es"}))
    assert line.need.language == "es"
    table = tmp_path / "log.csv"
    table.write_text("prompt,language\nSalvador Dalí,es\na mug,\n", encoding="utf-8")
    assert [asked.need.language for asked in read_log(table)] == ["es", None]
    need = {"prompt_digest": "0" * 16, "tier": "premium", "language": "es"}
    row = {"id": "r1", "at": "2026-11-23T10:00:00Z", "category": "portrait", "confidence": 0.9,
           "plausible": '["portrait"]', "modality": "image", "language": "es",
           "need": json.dumps(need)}  # fmt: skip
    (logged,) = read_log(gateway(tmp_path / "gateway.db", row))
    assert logged.need.language == "es"
    with pytest.raises(InputError, match="line 1: language is 'spanish'"):
        read_log(lines(tmp_path, {"prompt": "x", "language": "spanish"}))


def test_a_gateways_row_that_cannot_be_read(tmp_path: Path) -> None:
    row = {"id": "r1", "at": "x", "plausible": "[", "need": "{}"}
    with pytest.raises(InputError, match="decision r1: cannot be read"):
        read_log(gateway(tmp_path / "gateway.db", row))
    named = {"id": "r2", "at": "x", "plausible": "[]", "need": "{}", "prompt": "a mug"}
    with pytest.raises(InputError, match="decision r2"):
        read_log(gateway(tmp_path / "more.db", named))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            {"category": "portrai"},
            "line 1: the release has no category 'portrai'; did you mean 'port",
        ),
        ({"category": "zzz"}, "line 1: the release has no category 'zzz'; known: portrait"),
        ({"at": "yesterday"}, "line 1: at is 'yesterday', must be a day or time such as"),
    ],
)
def test_what_is_beside_a_need_is_looked_at_too(
    tmp_path: Path, row: dict[str, str], said: str
) -> None:
    told = {"prompt": "a man", "category": "portrait", "at": "2026-11-24T10:00:00Z"}
    read = read_log(lines(tmp_path, told), categories=["portrait"])
    assert (read[0].category, read[0].at) == ("portrait", "2026-11-24T10:00:00Z")
    with pytest.raises(InputError, match=re.escape(said)):
        read_log(lines(tmp_path, told | row), categories=["portrait"])
