"""A third party's audit: what follows from the store passes, and whatever was touched is named."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from qfloor import benchmark as benchmarks
from qfloor import export, pipeline
from qfloor.benchmark import Benchmark
from qfloor.errors import DatabaseError, StoreError
from qfloor.export.writing import write_content
from qfloor.pipeline import Audit, RunResult
from qfloor.pipeline.audit.comparison import unlike
from qfloor.records import DriftFinding, to_plain
from qfloor.store import Store
from qfloor.store.rows import from_plain

Tampering = Callable[[Path], None]


@pytest.fixture
def workspace(ran: RunResult, tmp_path: Path) -> Path:
    """A copy of a whole run, to be tampered with; its suite's file is not part of it."""
    root = tmp_path / "workspace"
    shutil.copytree(ran.database.parent, root, ignore=shutil.ignore_patterns("generators"))
    return root


def _found(audited: Audit) -> dict[str, str]:
    """Verdict and first detail of every check that is not ok, by name."""
    return {c.check: f"{c.verdict}: {'; '.join(c.details)}" for c in audited.wrong}


def _told(audited: Audit, check: str) -> str:
    return next(c.found for c in audited.checks if c.check == check)


def _sql(*statements: str) -> Tampering:
    """Tamper with the store as only someone can who wants to: triggers are dropped first."""

    def tamper(root: Path) -> None:
        with closing(sqlite3.connect(root / "store.db")) as connection, connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (trigger,) in found.fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                assert connection.execute(statement).rowcount != 0, statement

    return tamper


def _published(statement: str) -> Tampering:
    def tamper(root: Path) -> None:
        with closing(sqlite3.connect(root / "quality.db")) as connection, connection:
            assert connection.execute(statement).rowcount != 0

    return tamper


def _first_media(root: Path) -> Path:
    return sorted(p for p in (root / "media").rglob("*.*") if p.is_file())[0]


def _one_byte(root: Path) -> None:
    path = _first_media(root)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _tree(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def test_a_run_follows_from_its_store_and_the_store_is_not_written(
    workspace: Path,
) -> None:
    before, stamps = _tree(workspace), os.stat(workspace / "store.db").st_mtime_ns
    audited = pipeline.audit(workspace / "quality.db", workspace)
    assert _found(audited) == {}
    assert f"{len(audited.checks)} checks, all ok; " in audited.summary
    assert audited.summary.endswith(" certified")
    assert _told(audited, "verdicts as frozen") == "0 post hoc"
    names = {check.check for check in audited.checks}
    assert {"release digest", "media files by SHA-256", "frozen before the first score"} <= names
    tables = {t.name for t in export.TABLES if export.read(workspace / "quality.db")[t.name]}
    assert {f"{name} computed again" for name in tables - {"release"}} <= names
    assert _tree(workspace) == before
    assert os.stat(workspace / "store.db").st_mtime_ns == stamps


def test_it_needs_neither_the_benchmarks_nor_the_suites_file(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise AssertionError("the audit read a file that is not in the store")

    monkeypatch.setattr("qfloor.suite.load", gone)
    monkeypatch.setattr("qfloor.benchmark.load", gone)
    assert _found(pipeline.audit(workspace / "quality.db", workspace / "store.db")) == {}


A_PRICE = "json_set(record, '$.price.components[0].amount', '0.001')"
A_RATING = "(SELECT min(id) FROM ratings)"
A_SCORE = (
    "output_id = (SELECT min(output_id) FROM scores WHERE metric LIKE 'technical.sharpness@%' "
    "AND status = 'scored') AND metric LIKE 'technical.sharpness@%'"
)


@pytest.mark.parametrize(
    ("tamper", "check", "named"),
    [
        (
            _sql(f"UPDATE ratings SET value = abs(value - 10) WHERE id = {A_RATING}"),
            "raw_rows computed again",
            "ratings painters/",
        ),
        (
            _sql(f"UPDATE ratings SET value = abs(value - 10) WHERE id = {A_RATING}"),
            "floors computed again",
            "delivered: ",
        ),
        (
            _sql(f"UPDATE scores SET value = value + 1 WHERE {A_SCORE}"),
            "raw_rows computed again",
            "scores of technical.sharpness@",
        ),
        (
            _sql("UPDATE thresholds SET value = 4.5 WHERE tier = 'standard' AND value = 5.0 "
                 "AND category = 'portrait'"),
            "findings kept in the store",
            "thresholds: portrait image human:overall[0,10] standard: value 5.0 is 4.5",
        ),
        (
            _sql("UPDATE verdicts SET ruling = 'certified' WHERE category = 'portrait' "
                 "AND offer_id = 'painters/umber' AND tier = 'premium'"),
            "findings kept in the store",
            "verdicts: painters/umber portrait image human:overall[0,10] premium: ruling ",
        ),
        (_one_byte, "media files by SHA-256", "was changed, its bytes are"),
        (lambda root: _first_media(root).unlink(), "media files by SHA-256", "is missing"),
        (
            _sql("UPDATE attempts SET amount_nanousd = amount_nanousd + 1 WHERE seq = "
                 "(SELECT max(seq) FROM attempts WHERE event = 'ended' AND status = 'made')"),
            "spending computed again",
            "amount_nanousd",
        ),
        (
            _sql("INSERT INTO attempts (output_id, n, event, at, status, charged, detail) "
                 "SELECT output_id, n + 1, event, at, status, charged, detail FROM attempts "
                 "WHERE event = 'ended' AND status = 'made' LIMIT 1"),
            "nothing bought twice in the round",
            "made by attempts 1, 2",
        ),
        (
            _sql("UPDATE frozen_plans SET content = json_set(content, '$.alpha', 0.2)"),
            "frozen plan",
            "published: alpha was 0.05, is 0.2",
        ),
        (
            _sql("UPDATE frozen_plans SET at = '2099-01-01T00:00:00.000000+00:00'"),
            "frozen before the first score",
            "",
        ),
        (_sql("DELETE FROM frozen_plans"), "frozen plan", ""),
        (
            _sql("UPDATE metrics SET record = json_set(record, '$.definition.new', 1) "
                 "WHERE name = 'technical.sharpness'"),
            "metric identities",
            "technical.sharpness@",
        ),
        (
            _sql(f"UPDATE offers SET record = {A_PRICE} WHERE id = 'painters/umber'"),
            "offers named by their content",
            "painters/umber: now ",
        ),
        (
            _sql(f"UPDATE offers SET record = {A_PRICE}, digest = 'no matter' "
                 "WHERE id = 'painters/umber'"),
            "offers named by their content",
            "painters/umber: judged as another offer",
        ),
        (
            _sql("UPDATE offers SET provider = 'another' WHERE id = 'painters/umber'"),
            "offers named by their content",
            "painters/umber: its column provider is another, its record says painters",
        ),
        (
            _sql("UPDATE prompts SET record = json_set(record, '$.text', 'another') "
                 "WHERE digest = (SELECT min(prompt_digest) FROM outputs)"),
            "prompts named by their content",
            "kept as",
        ),
        (
            _sql("UPDATE prompts SET category = 'portrait' WHERE category = 'product-photo'"),
            "prompts named by their content",
            "its column category is portrait, its record says product-photo",
        ),
        (
            _sql("UPDATE requests SET offer_id = 'painters/umber' WHERE output_id = "
                 "(SELECT min(id) FROM outputs WHERE offer_id = 'painters/indigo')"),
            "outputs named by their request",
            "painters/umber, 0, 2026-11",
        ),
        (
            _sql("UPDATE metrics SET name = 'technical.noise' WHERE name = 'technical.sharpness'"),
            "metric identities",
            "its column name is technical.noise",
        ),
        (
            _sql("UPDATE prompts SET record = json_set(record, '$.split', 'fit') "
                 "WHERE split = 'certify' AND category = 'portrait'"),
            "suites",
            "its prompts in the store are",
        ),
        (
            _sql("UPDATE outputs SET status = 'refused' WHERE id = "
                 "(SELECT min(id) FROM outputs WHERE status = 'made')"),
            "raw_rows computed again",
            "outputs painters/",
        ),
        (
            _sql("UPDATE runs SET plan = json_set(plan, '$.benchmark.alpha', 0.2)"),
            "benchmark",
            "",
        ),
        (_published("UPDATE floors SET mean = mean + 0.1 WHERE mean > 0"), "release digest", ""),
        (
            _published("UPDATE verdicts SET upper = upper * 0.9"),
            "verdicts computed again",
            "upper ",
        ),
        (
            _published("UPDATE thresholds SET value = 4.9 WHERE tier = 'standard'"),
            "thresholds computed again",
            "value 4.9 is 5.0",
        ),
        (
            _published("UPDATE calibrations SET n_fit = n_fit + 1"),
            "calibrations computed again",
            "n_fit",
        ),
        (_published("DELETE FROM raw_rows WHERE kind = 'ratings'"), "raw_rows computed again",
         "found, and not published"),
    ],
    ids=[
        "rating", "rating moves its floor", "score", "kept threshold", "kept verdict",
        "media byte", "media file", "ledger amount", "bought twice", "frozen plan",
        "frozen too late", "no frozen plan", "metric", "offer's price", "offer's digest",
        "offer's column", "prompt",
        "prompt's label", "request",
        "metric's name", "split", "output", "benchmark", "published floor", "published verdict",
        "published threshold", "published calibration", "published raw rows",
    ],
)  # fmt: skip
def test_what_was_touched_is_found_and_named(
    workspace: Path, tamper: Tampering, check: str, named: str
) -> None:
    tamper(workspace)
    audited = pipeline.audit(workspace / "quality.db", workspace)
    found = _found(audited)
    assert check in found, found
    assert named in found[check]
    assert check in audited.summary


@pytest.mark.parametrize(
    ("statement", "record"),
    [
        ("UPDATE verdicts SET ruling = 'fine'", "Verdict"),
        ("UPDATE attempts SET status = 'fine' WHERE event = 'ended'", "Attempt"),
        ("UPDATE prompts SET record = '{}'", "Prompt"),
    ],
)
def test_rows_that_no_store_writes_are_told_in_a_sentence(
    workspace: Path, statement: str, record: str
) -> None:
    _sql(statement)(workspace)
    try:
        audited = pipeline.audit(workspace / "quality.db", workspace)
        told = "; ".join(check.found for check in audited.wrong)
    except StoreError as error:
        told = str(error)
    assert f"the store holds a {record} that cannot be read" in told


def test_a_plan_is_kept_with_a_run_that_was_made_from_its_file_alone(
    workspace: Path, small: Benchmark
) -> None:
    """A store of an older qfloor has no benchmark with the run: the audit asks for the file."""
    _sql("UPDATE runs SET plan = '{}'")(workspace)
    (lacking,) = pipeline.audit(workspace / "quality.db", workspace).wrong
    assert lacking.verdict == "missing"
    assert "--benchmark" in lacking.found
    assert _found(pipeline.audit(workspace / "quality.db", workspace, benchmark=small)) == {}
    other = replace(small, alpha=0.01)
    (wrong,) = pipeline.audit(workspace / "quality.db", workspace, benchmark=other).wrong
    assert wrong.check == "benchmark"


def test_numbers_of_another_processor_may_be_off_by_a_hair_and_no_more(workspace: Path) -> None:
    """Sums in another order: the last bits of Harrell-Davis estimates and bounds move."""
    content = export.read(workspace / "quality.db")
    far = json.loads(json.dumps(content))
    far["floors"][0]["mean"] *= 1 + 1e-6
    ((name, _, (told,)),) = (row for row in unlike(content, far) if row[2])
    assert name == "floors"
    assert "mean" in told
    content["floors"][0]["mean"] *= 1 + 1e-12
    content["release"][0]["digest"] = export.digest_of_content(content)
    write_content(workspace / "elsewhere.db", content)
    assert _found(pipeline.audit(workspace / "elsewhere.db", workspace)) == {}


def test_whole_numbers_are_equal_or_not(workspace: Path) -> None:
    content = export.read(workspace / "quality.db")
    other = json.loads(json.dumps(content))
    content["spending"][0]["amount_nanousd"] = 300_000_000_000
    other["spending"][0]["amount_nanousd"] = 300_000_000_001
    assert [name for name, _, wrong in unlike(content, other) if wrong] == ["spending"]


def test_another_version_is_told(workspace: Path) -> None:
    _published("UPDATE release SET written_by = 'qfloor 0.0.1'")(workspace)
    audited = pipeline.audit(workspace / "quality.db", workspace)
    assert audited.wrong == ()
    (code,) = (c for c in audited.checks if c.check == "code")
    assert code.details == ("another version",)


def test_no_store_no_database(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        pipeline.audit(workspace / "quality.db", tmp_path)
    with pytest.raises(DatabaseError, match="no such quality database"):
        pipeline.audit(tmp_path / "none.db", workspace)


def test_a_copy_is_read_with_what_is_still_in_the_log(workspace: Path) -> None:
    with Store.open(workspace) as live:
        live._connection.execute("PRAGMA wal_autocheckpoint = 0")
        live._write("UPDATE runs SET ended_at = 'now'")
        with Store.copy_of(workspace) as copy:
            assert [run.ended_at for run in copy.runs_of()] == ["now"]
            copy._write("UPDATE runs SET ended_at = 'never'")
        assert [run.ended_at for run in live.runs_of()] == ["now"]


def test_the_command_prints_one_table_and_exits_1_on_any_difference(
    workspace: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qfloor.cli import main

    arguments = ["qfloor", "verify", str(workspace / "quality.db"), "--store", str(workspace)]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code in (0, None)
    out, err = capfd.readouterr()
    assert "floors computed again" in out
    assert "DIFFERS" not in out
    assert "all ok" in err
    _one_byte(workspace)
    monkeypatch.setattr("sys.argv", [*arguments, "--json"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    out, err = capfd.readouterr()
    (wrong,) = (row for row in json.loads(out) if row["verdict"] != "ok")
    assert wrong["check"] == "media files by SHA-256"
    assert "1 of" in err


def test_the_machine_that_audits_needs_no_scorer_and_goes_by_the_published_identity(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scored again since under another release of a scorer: what was published still counts."""
    with Store.open(workspace) as store:
        (sharpness,) = store.metrics_of(names=["technical.sharpness"])
        newer = replace(sharpness, execution={**sharpness.execution, "runtime": "next"})
        store.save_metrics([newer])
        scores = list(store.scores_of(metric=sharpness.key))
        store.save_scores(
            replace(s, metric=newer.key, value=None if s.value is None else s.value + 1)
            for s in scores
        )

    def lacking(*_: object) -> None:
        raise AssertionError("the audit asked for a scorer")

    monkeypatch.setattr("qfloor.plugins.build_scorer", lacking)
    assert _found(pipeline.audit(workspace / "quality.db", workspace)) == {}


@pytest.mark.parametrize("name", benchmarks.names())
def test_a_benchmark_comes_back_from_what_a_run_keeps_of_it(name: str) -> None:
    loaded = benchmarks.load(name)
    kept = json.loads(json.dumps(to_plain(replace(loaded, path=None))))
    assert from_plain(Benchmark, kept) == loaded


def test_verdicts_of_an_edited_plan_are_told_as_post_hoc(workspace: Path, small: Benchmark) -> None:
    """A certificate by a threshold that was lowered after the freeze is none that was promised."""
    easy = replace(small, thresholds=tuple(
        replace(t, value=0.3) if (t.category, t.tier) == ("portrait", "standard") else t
        for t in small.thresholds))  # fmt: skip
    database = workspace / "quality.db"
    with Store.open(workspace) as store:
        prompts = pipeline.prompts_of(easy)
        found = pipeline.certify_round(store, easy, prompts)
        pipeline.export_round(store, easy, prompts, database, dt.datetime.now(dt.UTC))
    late = [v for v in found.verdicts if v.post_hoc]
    certified = sum(v.ruling.value == "certified" for v in late)
    every = sum(v.ruling.value == "certified" for v in found.verdicts)
    assert certified > 0
    assert len(late) < len(found.verdicts)
    told = f"{every} certified, {certified} of them post hoc"
    assert f"verdicts of which {told}; digest" in str(export.verify(database))
    audited = pipeline.audit(database, workspace, benchmark=easy)
    assert audited.summary.endswith(f"all ok; {told}")
    assert _told(audited, "verdicts as frozen") == (
        f"{len(late)} post hoc, {certified} of them certified"
    )


def test_a_price_that_changed_after_the_round_was_bought_is_no_tampering(
    workspace: Path, small: Benchmark
) -> None:
    first = small.offers[0]
    assert first.price is not None
    dearer = replace(first, price=replace(first.price, as_of="2026-12-24"))
    later = replace(small, offers=(dearer, *small.offers[1:]))
    with Store.open(workspace) as store:
        prompts = pipeline.prompts_of(later)
        pipeline.certify_round(store, later, prompts)
        pipeline.export_round(
            store, later, prompts, workspace / "quality.db", dt.datetime.now(dt.UTC)
        )
    assert _found(pipeline.audit(workspace / "quality.db", workspace)) == {}


def test_certificates_taken_back_after_drift_are_no_tampering(
    workspace: Path, small: Benchmark
) -> None:
    """The release that they were taken back from must be the one that the store gives."""
    easy = replace(small, alpha=0.4, thresholds=tuple(
        replace(t, value=0.3) for t in small.thresholds if t.tier == "standard"))  # fmt: skip
    now = dt.datetime(2026, 12, 24, tzinfo=dt.UTC)
    with Store.open(workspace) as store:
        prompts = pipeline.prompts_of(easy)
        pipeline.certify_round(store, easy, prompts)
        pipeline.export_round(store, easy, prompts, workspace / "quality.db", now)
    content = export.read(workspace / "quality.db")
    certified = next(v for v in content["verdicts"] if v["ruling"] == "certified")
    worse = DriftFinding(
        before_run="a", after_run="b", offer_id=certified["offer_id"],
        category=certified["category"], modality=certified["modality"], tier=certified["tier"],
        quality=certified["quality"], threshold=certified["threshold"], test="mcnemar",
        n_before=60, n_after=60, before=0.1, after=0.4, worse=20, better=2, p_value=1e-5,
        p_adjusted=1e-5, level=0.05, detectable=0.2, shape_p=None, word="changed", at="t",
    )  # fmt: skip
    of = (content["release"][0]["name"], content["release"][0]["round"])
    out = workspace / "withdrawn.db"
    assert export.withdraw(workspace / "quality.db", out, [worse], of, now) > 0
    assert _found(pipeline.audit(out, workspace)) == {}
    content = export.read(out)
    content["floors"][0]["mean"] += 0.1
    content["release"][0]["digest"] = export.digest_of_content(content)
    write_content(workspace / "forged.db", content)
    found = _found(pipeline.audit(workspace / "forged.db", workspace))
    assert {"release that certificates were taken back from", "floors computed again"} <= set(found)
    _sql(f"UPDATE ratings SET value = abs(value - 10) WHERE id = {A_RATING}")(workspace)
    assert "raw_rows computed again" in _found(pipeline.audit(out, workspace))


def test_a_row_with_two_faults_is_one_row_that_is_wrong(workspace: Path) -> None:
    """It was counted twice, and fewer than none were as they should be."""
    _sql(
        "UPDATE metrics SET name = 'x', record = json_set(record, '$.definition.new', 1)"
    )(workspace)  # fmt: skip
    checks = pipeline.audit(workspace / "quality.db", workspace).checks
    (found,) = (c.found for c in checks if c.check == "metric identities")
    assert found == "0 as they should be"
