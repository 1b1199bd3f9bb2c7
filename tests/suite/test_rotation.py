"""The private third: written, checked, served once, retired."""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import suite
from qfloor.errors import SuiteError
from qfloor.records import Prompt, Suite, digest_of
from qfloor.suite.likeness import alike
from qfloor.suite.pool import journal_of, read_journal

pool_module = importlib.import_module("qfloor.suite.pool")
rotation_module = importlib.import_module("qfloor.suite.rotation")

WORDS = ["amber", "brass", "cedar", "denim", "ember", "felt", "glass", "hazel", "iron", "jade"]
CATEGORIES = ("portrait", "landscape")


def text(n: int) -> str:
    """Texts that share no run of three words."""
    return " ".join(f"{WORDS[(n * 7 + i) % len(WORDS)]}{n}" for i in range(6))


def base(n: int = 6) -> Suite:
    prompts = tuple(
        Prompt(
            id=f"{category}-{i}", text=text(1000 * k + i), category=category,
            family=f"{category}-{i}", split="certify",
        )
        for k, category in enumerate(CATEGORIES)
        for i in range(n)
    )  # fmt: skip
    return Suite(name="open", version="1.0.0", prompts=prompts)


def fill(pool: Path, n: int, start: int = 5000) -> None:
    rows = [
        {"text": text(start + 100 * k + i), "category": category}
        for k, category in enumerate(CATEGORIES)
        for i in range(n)
    ]
    suite.write_prompts(pool, rows, [base()])


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return tmp_path / "private.toml"


def test_a_month_has_a_private_third_and_the_size_of_the_base(pool: Path, tmp_path: Path) -> None:
    fill(pool, 4)
    done = suite.rotate(base(), pool, "2026-12", tmp_path / "month.toml")
    loaded = suite.load(tmp_path / "month.toml")
    assert loaded.digest == done.suite.digest
    assert (loaded.name, loaded.version, len(loaded.prompts)) == ("open-2026-12", "2026.12.0", 12)
    assert [(row["public"], row["private"], row["left_in_pool"]) for row in done.rows] == [
        (4, 2, 2), (4, 2, 2),
    ]  # fmt: skip
    assert sum(p.id.startswith("private-") for p in loaded.prompts) == 4


def test_the_same_month_again_is_the_same_suite(pool: Path, tmp_path: Path) -> None:
    fill(pool, 2)
    first = suite.rotate(base(), pool, "2026-12", tmp_path / "a.toml")
    fill(pool, 3, start=9000)
    again = suite.rotate(base(), pool, "2026-12", tmp_path / "b.toml")
    assert again.suite.digest == first.suite.digest


def test_a_suite_that_differs_is_not_written_over_and_nothing_counts_as_served(
    pool: Path, tmp_path: Path
) -> None:
    """The month's file may be another month's, or was corrected by hand."""
    fill(pool, 4)
    out = tmp_path / "month.toml"
    suite.rotate(base(), pool, "2026-12", out)
    december, served = out.read_bytes(), read_journal(pool)
    with pytest.raises(SuiteError, match="differs from what would be written"):
        suite.rotate(base(), pool, "2027-01", out)
    assert (out.read_bytes(), read_journal(pool)) == (december, served)
    suite.rotate(base(), pool, "2026-12", out)  # the same again is no other
    suite.rotate(base(), pool, "2027-01", out, over=True)
    assert suite.load(out).name == "open-2027-01"


def test_no_private_prompt_serves_twice_and_the_public_part_stays(
    pool: Path, tmp_path: Path
) -> None:
    fill(pool, 4)
    months = [
        suite.rotate(base(), pool, month, tmp_path / f"{month}.toml").suite
        for month in ("2026-12", "2027-01")
    ]
    private = [{p.id for p in s.prompts if p.id.startswith("private-")} for s in months]
    public = [{p.id for p in s.prompts if not p.id.startswith("private-")} for s in months]
    assert private[0].isdisjoint(private[1])
    assert public[0] == public[1]
    with pytest.raises(SuiteError, match=r"lacks .* landscape/image 2, portrait/image 2 more"):
        suite.rotate(base(), pool, "2027-02", tmp_path / "c.toml")
    assert not (tmp_path / "c.toml").exists()
    assert len(read_journal(pool).served) == 8


def test_fewer_public_prompts_are_among_the_more(pool: Path, tmp_path: Path) -> None:
    fill(pool, 4)
    small = suite.rotate(base(), pool, "2026-12", tmp_path / "a.toml", per_category=3).suite
    other = tmp_path / "other.toml"
    fill(other, 4, start=20_000)
    large = suite.rotate(base(), other, "2026-12", tmp_path / "b.toml").suite
    ids = [{p.id for p in s.prompts if p.id.startswith(CATEGORIES)} for s in (small, large)]
    assert len(small.prompts) == 6
    assert ids[0] < ids[1]
    fill(other, 4, start=30_000)
    with pytest.raises(SuiteError, match="6 public prompts, 8 are wanted"):
        suite.rotate(base(), other, "2027-01", tmp_path / "c.toml", per_category=12)


def test_retired_prompts_leave_the_pool_and_are_a_suite(pool: Path, tmp_path: Path) -> None:
    fill(pool, 4)
    served = suite.rotate(base(), pool, "2026-12", tmp_path / "a.toml").suite
    with pytest.raises(SuiteError, match="no prompt served before 2026-12"):
        suite.retire(pool, "2026-12", tmp_path / "r.toml")
    retired = suite.retire(pool, "2027-01", tmp_path / "r.toml")
    private = {p for p in served.prompts if p.id.startswith("private-")}
    assert {p for p in served.prompts if p.is_private} == private
    assert {replace(p, tags=()) for p in private} == set(retired.prompts)
    assert suite.load(tmp_path / "r.toml").prompts == retired.prompts
    assert len(suite.load(pool).prompts) == 4
    journal = json.loads(journal_of(pool).read_text())["served"]
    assert {one["retired"] for one in journal.values()} == {"2027-01"}
    assert {name: one["digest"] for name, one in journal.items()} == {
        p.id: digest_of(p) for p in retired.prompts
    }
    with pytest.raises(SuiteError, match="not in the pool now"):
        suite.rotate(base(), pool, "2026-12", tmp_path / "b.toml")
    suite.rotate(base(), pool, "2027-01", tmp_path / "c.toml")
    fill(pool, 1, start=70_000)  # an id that served is never given again
    assert not {p.id for p in retired.prompts} & {p.id for p in suite.load(pool).prompts}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": text(1), "category": "portrait"}, "resembles portrait-1"),
        ({"text": text(1).upper() + "!", "category": "landscape"}, "resembles portrait-1"),
        ({"text": "a new thing", "category": "portrat"}, "did you mean 'portrait'"),
        ({"text": "a new thing", "category": "portrait", "id": "mine"}, "given, not chosen"),
        ({"text": "a new thing"}, "'category' is missing"),
        ({"text": "a new thing", "category": "portrait", "tgas": []}, "did you mean 'tags'"),
        ({"text": "", "category": "portrait"}, "number 1: field 'text'"),
    ],
)
def test_what_may_not_be_written_is_told(pool: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(SuiteError, match=said):
        suite.write_prompts(pool, [row], [base()])
    assert not pool.exists()


def test_two_new_prompts_alike_are_refused(pool: Path) -> None:
    rows = [{"text": text(n), "category": "portrait"} for n in (7000, 7000)]
    with pytest.raises(SuiteError, match="resembles private-portrait-0001"):
        suite.write_prompts(pool, rows)


def test_a_leak_is_found_before_a_month_is_served(pool: Path, tmp_path: Path) -> None:
    rows = [{"text": text(n), "category": c} for n, c in ((1, "portrait"), (2, "portrait"))]
    suite.write_prompts(pool, rows)
    with pytest.raises(SuiteError, match="private no more"):
        suite.rotate(base(), pool, "2026-12", tmp_path / "a.toml")
    found = suite.check_against(suite.load(pool).prompts, base().prompts, "open")
    assert [one.rule for one in found] == ["alike", "alike"]


@pytest.mark.parametrize("month", ["2026-13", "2026", "26-01", "2026-1", "december", ""])
def test_a_month_is_a_month(pool: Path, tmp_path: Path, month: str) -> None:
    fill(pool, 2)
    with pytest.raises(SuiteError, match="is no month"):
        suite.rotate(base(), pool, month, tmp_path / "a.toml")


def test_a_journal_that_is_broken_is_told(pool: Path, tmp_path: Path) -> None:
    fill(pool, 2)
    journal_of(pool).write_text("{")
    with pytest.raises(SuiteError, match="not a journal"):
        suite.rotate(base(), pool, "2026-12", tmp_path / "a.toml")


def test_a_pool_in_a_repository_is_noticed(tmp_path: Path) -> None:
    assert suite.repository_around(tmp_path / "a" / "pool.toml") is None
    (tmp_path / ".git").mkdir()
    assert suite.repository_around(tmp_path / "a" / "pool.toml") == tmp_path


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.integers(0, 11))
def test_likeness_is_symmetric_and_sees_case_and_marks(words: list[str], at: int) -> None:
    one = Prompt(id="a", text=" ".join(words), category="portrait")
    changed = [*words[:at], "zinc", *words[at + 1 :]]
    two = Prompt(id="b", text=", ".join(changed).upper(), category="portrait")
    there, back = alike([two], [one]), alike([one], [two])
    assert [f.share for f in there] == [f.share for f in back]
    same = Prompt(id="c", text=(" ".join(words) + "!").title(), category="portrait")
    assert [f.share for f in alike([same], [one])] == [1.0]


@pytest.mark.parametrize("way", ["itself", "another name", "a link", "a second name", "journal"])
def test_a_month_is_not_written_over_its_pool(pool: Path, tmp_path: Path, way: str) -> None:
    fill(pool, 4)
    out = pool if way == "itself" else tmp_path / "month.toml"
    if way == "another name":
        out = tmp_path / "months" / ".." / pool.name
        (tmp_path / "months").mkdir()
    elif way == "a link":
        out.symlink_to(pool)
    elif way == "a second name":
        out.hardlink_to(pool)
    elif way == "journal":
        out = journal_of(pool)
    before = pool.read_bytes()
    with pytest.raises(SuiteError, match=r"would be written over .*private.* for --out"):
        suite.rotate(base(), pool, "2026-12", out)
    assert pool.read_bytes() == before
    assert not journal_of(pool).exists()


def test_retired_prompts_are_not_written_over_their_pool(pool: Path, tmp_path: Path) -> None:
    fill(pool, 4)
    suite.rotate(base(), pool, "2026-12", tmp_path / "month.toml")
    before = pool.read_bytes(), journal_of(pool).read_bytes()
    for out in (pool, journal_of(pool)):
        with pytest.raises(SuiteError, match="exists already"):
            suite.retire(pool, "2027-01", out)
    assert (pool.read_bytes(), journal_of(pool).read_bytes()) == before


def test_whoever_changes_a_pool_holds_it(
    pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four that wrote at once three lost their prompts, and all said that they were added."""
    fcntl = pytest.importorskip("fcntl")
    looked: list[str] = []

    def watched(module: Any, name: str) -> None:
        does = getattr(module, name)

        def called(*given: Any) -> Any:
            other = os.open(tmp_path, os.O_RDONLY)
            try:
                with pytest.raises(BlockingIOError):
                    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(other)
            looked.append(name)
            return does(*given)

        monkeypatch.setattr(module, name, called)

    fill(pool, 8)
    for module in (pool_module, rotation_module):
        watched(module, "load")
        watched(module, "write")
    fill(pool, 1, start=9000)
    suite.rotate(base(), pool, "2026-11", tmp_path / "month.toml")
    suite.retire(pool, "2026-12", tmp_path / "retired.toml")
    assert looked == ["load", "write", "load", "write", "load", "write", "write"]
