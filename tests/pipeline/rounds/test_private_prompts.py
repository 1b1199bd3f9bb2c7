"""Private prompts get into nothing that leaves the house; a page shows them when told to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qfloor import benchmark as benchmarks
from qfloor import report, suite
from qfloor.pipeline import certify_round, explain, prompts_of
from qfloor.pipeline.months.monthly import MonthOptions, MonthResult, run_month
from qfloor.pipeline.months.reporting import Wanted, write_report
from qfloor.store import Store

FILE = """
[benchmark]
name = "tiny"
title = "A tiny run of painters, not AI models"
suites = ["{suite}"]
offers = ["painters/umber", "painters/cobalt"]
round = "2026-10"
repeats = 1

[raters]
share = 1.0
raters = 4

[[scorers]]
name = "technical"

[[thresholds]]
tier = "standard"
value = 5.0
"""

PLANTED = [f"zebrafinch{n} quillwork{n}" for n in range(6)]
"""Words that stand in private prompts and nowhere else."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of six public and six private prompts."""
    folder = tmp_path_factory.mktemp("private")
    found = [p for p in suite.load("painters").prompts if p.category == "portrait"][:6]
    public = "".join(_row(p.id, p.text) for p in found)
    secret = "".join(_row(f"secret-{n}", f"{p.text}, {PLANTED[n]}") for n, p in enumerate(found))
    head = '[suite]\nname = "{}"\nversion = "1.0.0"\n{}\n'
    (folder / "open.toml").write_text(head.format("open", "") + public)
    (folder / "closed.toml").write_text(head.format("closed", "private = true") + secret)
    suites = f'{folder / "open.toml"}", "{folder / "closed.toml"}'
    (folder / "tiny.toml").write_text(FILE.format(suite=suites))
    return folder


def _row(name: str, text: str) -> str:
    return f'[[prompts]]\nid = "{name}"\ncategory = "portrait"\ntext = "{text}"\n'


@pytest.fixture(scope="module")
def month(folder: Path) -> MonthResult:
    wanted = MonthOptions(results=folder / "results", page=folder / "results" / "page.html")
    return run_month(benchmarks.load(folder / "tiny.toml"), folder / "ws", wanted)


def test_nothing_that_leaves_the_house_has_a_planted_word(
    folder: Path, month: MonthResult, call_qfloor: Callable[..., tuple[int, str, str]]
) -> None:
    assert month.page is not None
    left = folder / "results"
    code, _, err = call_qfloor(
        "export", folder / "tiny.toml", "-w", folder / "ws", "--round", "2026-10",
        "--json-out", left / "quality.json", "--parquet", left / "parquet",
    )  # fmt: skip
    assert code == 0, err
    files = [path for path in left.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".json", ".html", ".md", ".parquet"}
    for path in files:
        content = _plain(path)
        found = [word for words in PLANTED for word in words.split() if word.encode() in content]
        assert found == [], path.name


def _plain(path: Path) -> bytes:
    """Bytes of a file, its columns uncompressed."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    import pyarrow.parquet

    return repr(pyarrow.parquet.read_table(path).to_pylist()).encode()


def test_a_page_shows_public_pictures_only_unless_told(folder: Path, month: MonthResult) -> None:
    assert month.database is not None
    with Store.open(folder / "ws") as store:
        prompts = store.prompts_by_digest()
        private = {o.id for o in store.outputs_of() if prompts[o.prompt_digest].is_private}
    assert len(private) == 12
    for told in (False, True):
        out = folder / f"{told}.html"
        wanted = Wanted(workspace=folder / "ws", private=told)
        content = write_report(month.database, out, wanted)
        shots = [p for s in (*content.strips, *content.quartiles) for p in s.pictures]
        secret = [p for p in shots if p.output_id in private]
        assert secret
        assert len(secret) < len(shots)
        assert all((p.file is not None) == told for p in secret)
        assert all(p.file is not None for p in shots if p.output_id not in private)
        page = out.read_text()
        assert ("zebrafinch" in page) == told
        assert ("private prompt, not shown" in page) != told


def test_an_offers_bad_days_hide_private_prompts_on_the_page_alone(
    folder: Path, month: MonthResult
) -> None:
    loaded = benchmarks.load(folder / "tiny.toml")
    with Store.open(folder / "ws") as store, store.writing("floors"):
        found = certify_round(store, loaded, prompts_of(loaded))
        days = [
            example
            for offer in ("painters/umber", "painters/cobalt")
            for one in explain(store, loaded, found, offer, "portrait")
            for example in one.examples
        ]
    secret = [day for day in days if day.prompt.is_private]
    assert secret
    for day in secret:
        assert "zebrafinch" in day.to_row()["prompt"]
        page = report.page_of("days", [("days", [], [day.to_shown(private=False)])])
        assert "zebrafinch" not in page
        assert "<img" not in page
        assert "private prompt, not shown" in page
        page = report.page_of("days", [("days", [], [day.to_shown(private=True)])])
        assert "zebrafinch" in page


def test_the_mark_changes_no_digest_that_money_hangs_on(folder: Path) -> None:
    marked = suite.load(folder / "closed.toml")
    plain = (folder / "closed.toml").read_text().replace("private = true\n", "")
    (folder / "plain.toml").write_text(plain)
    bare = suite.load(folder / "plain.toml")
    assert [p.digest for p in marked.prompts] == [p.digest for p in bare.prompts]
    assert all(p.is_private for p in marked.prompts)
    assert not any(p.is_private for p in bare.prompts)
