"""The how-to page on freezing and audits does what it says."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from qfloor import benchmark, pipeline
from qfloor.cli import main
from qfloor.store import Store

PAGE = Path(__file__).parents[1] / "docs/how-to/audit.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture
def portraits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (toml,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "portraits.toml").write_text(toml, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "portraits.toml"


def _run(
    line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", line.split())
    capfd.readouterr()
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    else:
        code = 0
    return code, "".join(capfd.readouterr())


def test_the_pages_plan_freezes_as_it_says(
    portraits: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, told = _run("qfloor plan portraits.toml --freeze", monkeypatch, capfd)
    assert code == 0
    counted = re.search(r"round 2026-12: .*", told)
    assert counted is not None
    assert counted.group() in TEXT
    assert re.search(r"the plan was frozen at \S+, digest [0-9a-f]{32}; nothing differs", told)

    edited = portraits.read_text().replace("value = 8.0", "value = 6.0")
    portraits.write_text(edited.replace("value = 6.5", "value = 5.0"))
    code, told = _run("qfloor plan portraits.toml --freeze", monkeypatch, capfd)
    assert code == 1
    differing = re.search(r"thresholds\.portrait/image/premium.*a new round freezes anew", told)
    assert differing is not None
    assert differing.group() in TEXT


@pytest.mark.usefixtures("portraits")
def test_the_pages_checks_are_those_that_are_made(tmp_path: Path) -> None:
    """Each check of the audit of such a run stands on the page, in that order."""
    (table,) = re.findall(r"--store \.qfloor\n(.*?)\n\nquality", TEXT, re.DOTALL)
    named = [re.split(r" {2,}", line.strip())[0] for line in table.splitlines()[2:]]
    few = benchmark.load("portraits.toml")
    prompts = tuple(p for p in pipeline.prompts_of(few) if p.category == "portrait")[:16]
    workspace = tmp_path / "workspace"
    with Store.open(workspace, create=True) as store:
        pipeline.freeze_plan(store, few)
        pipeline.generate_round(store, few, prompts)
        pipeline.score_round(store, few, prompts)
        pipeline.rate_round(store, few, prompts)
        store.save_prompts(pipeline.prompts_of(few))
        pipeline.certify_round(store, few, pipeline.prompts_of(few))
        path = pipeline.export_round(
            store, few, pipeline.prompts_of(few), tmp_path / "quality.db", dt.datetime.now(dt.UTC)
        )
    audited = pipeline.audit(path, workspace)
    assert audited.wrong == ()
    made = [check.check for check in audited.checks]
    assert [name for name in named if name in made] == named


VARIES = re.compile(
    r"qfloor \d[.\d]+|(?<=\.\d{9})\d+|\b[0-9a-f]{32}\b|\d{4}-\d\d-\d\dT\S+?(?=[, ])|[ \u2500]+"
)


def _alike(text: str) -> str:
    """A text without digests, times, versions, last digits, rules and widths of columns."""
    return VARIES.sub(" ", text + " ").strip()


@pytest.mark.slow
@pytest.mark.usefixtures("portraits")
def test_the_pages_run_and_its_audits_print_what_the_page_shows(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every line that is shown is printed, digests and times apart; in a changed copy too."""
    shown = re.findall(
        r"^\$ (qfloor (?:run|verify) .*)\n((?:(?!\$ |```).*\n)*)", TEXT, re.MULTILINE
    )
    assert len(shown) == 4
    for line, expected in shown:
        if line.endswith("theirs"):
            _change_a_rating(Path("theirs"))
        code, told = _run(line, monkeypatch, capfd)
        assert code == int(line.endswith("theirs")), told
        printed = {_alike(one) for one in told.splitlines()}
        for one in expected.splitlines():
            begins = _alike(one.removesuffix("..."))
            whole = not one.endswith("...")
            assert any(p == begins if whole else p.startswith(begins) for p in printed), one


def _change_a_rating(copy: Path) -> None:
    """Change the page's rating in a copy of the store: a 5.8 of sienna's becomes a 9."""
    shutil.copytree(".qfloor", copy)
    with contextlib.closing(sqlite3.connect(copy / "store.db")) as db, db:
        changed = db.execute(
            "UPDATE ratings SET value = 9 WHERE id = (SELECT MIN(r.id) FROM ratings r"
            " JOIN outputs o ON o.id = r.output_id"
            " WHERE o.offer_id = 'painters/sienna' AND r.value = 5.8)"
        )
        assert changed.rowcount == 1
