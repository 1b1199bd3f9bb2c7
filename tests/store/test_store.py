"""The store keeps what it is given, refuses what is wrong and gives back equal records."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pandas as pd
import pytest

from qfloor.errors import StoreError
from qfloor.records import (
    Attempt,
    Calibration,
    Capabilities,
    Comparison,
    Event,
    FailRate,
    Floor,
    Metric,
    Offer,
    Output,
    PluginSpec,
    PriceComponent,
    PriceRule,
    Prompt,
    Rating,
    Ruling,
    Score,
    ScoreStatus,
    Status,
    Threshold,
    Verdict,
    WeightsRights,
)
from qfloor.store import Run, Store
from qfloor.store import migrations as m
from qfloor.store import rows as r
from qfloor.store.schema import TABLES

PROMPT = Prompt(
    id="p1", text="a red kettle", category="product-photo", family="f1", tags=("count",)
)
OFFER = Offer(
    id="seller/model@hd", model="model", provider="seller", settings={"quality": "hd", "steps": 4},
    generator=PluginSpec(name="folder", args={"manifest": "x.csv"}),
    capabilities=Capabilities(aspect_ratios=("1:1",), languages=("en",)),
    price=PriceRule(
        components=(PriceComponent(unit="image", amount="0.04", when={"quality": "hd"}),),
        source="page", as_of="2026-11-01",
    ),
)  # fmt: skip
MADE = Output(
    id="o1", prompt_id="p1", prompt_digest=PROMPT.digest, offer_id=OFFER.id, repeat=0, round="r1",
    status=Status.MADE, reason="ok", media_sha256="ab" * 32, media_type="image/png", width=8,
    height=9, frames=1, seconds_total=1.5, unsafe=True, report={"defects": ["blur"]}, at="t",
)  # fmt: skip
METRIC = Metric(name="clip.cos", unit="1", lo=-1.0, hi=1.0, definition={"weights": "abc"})
FLOOR = Floor(
    offer_id=OFFER.id, category="portrait", modality="image", quality="human:overall[0,10]",
    kind="delivered", n_prompts=30, n_outputs=60, n_values=90, counts={"made": 60},
    fail_rates=(FailRate(threshold=5.0, fails=3, n=90, rate=1 / 30, upper=0.1),), q25=6.5,
    q25_harrell_davis=6.4, q25_lo_release=None, q25_lo_cell=6.0, mean=7.0, alpha_release=0.01,
    alpha_cell=0.05, family="portrait", m=5, bound="clopper-pearson", design_effect=None,
    n_effective=None, population={"suite": "core"}, digests={"suite": "d"},
)  # fmt: skip
VERDICT = Verdict(
    offer_id=OFFER.id, category="portrait", modality="image", quality="human:overall[0,10]",
    tier="standard", threshold=5.0, max_fail=0.25, ruling=Ruling.CERTIFIED, reason="", upper=0.1,
    lower=None, level=0.95, family="portrait", m=5,
)  # fmt: skip
CALIBRATION = Calibration(
    category="portrait", modality="image", quality="human:overall[0,10]", metric=METRIC.key,
    method="ltt", human_threshold=5.0, metric_threshold=0.2, epsilon=0.1, alpha=0.05,
    t_grid=(0.1, 0.2), n_fit=10, n_passed=2, fitted_on="d", held_out_agreement=None,
    worst_leave_one_model_out=None, display=((0.1, 2.0), (0.3, 9.0)),
)  # fmt: skip
THRESHOLD = Threshold(
    category="portrait", modality="image", quality="human:overall[0,10]", tier="standard", value=5
)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "w", create=True) as opened:
        opened.save_prompts([PROMPT])
        opened.save_offers([OFFER])
        yield opened


def rating(i: int, value: float = 5.0) -> Rating:
    return Rating(
        id=f"r{i}", output_id="o1", rater=f"a{i % 3}", criterion="overall", value=value, lo=0, hi=10
    )


def test_records_come_back_equal(store):
    store.save_outputs([MADE])
    store.save_metrics([METRIC])
    scores = [
        Score(output_id="o1", metric=METRIC.key, status=ScoreStatus.SCORED, value=0.25,
              series=(0.1, 0.4)),
    ]  # fmt: skip
    other = dataclasses.replace(MADE, id="o2", repeat=1, media_sha256=None, status=Status.REFUSED,
                                reason="refused_input", unsafe=False, report={})  # fmt: skip
    store.save_outputs([other])
    comparison = Comparison(id="c1", left_output_id="o1", right_output_id="o2", rater="a",
                            criterion="overall", winner="both_bad")  # fmt: skip
    store.save_scores(scores)
    store.save_ratings([rating(1)])
    store.save_comparison_rows([r.encode(comparison)])
    assert list(store.prompts_of()) == [PROMPT]
    assert store.prompts_by_digest() == {PROMPT.digest: PROMPT}
    assert list(store.offers_of()) == [OFFER]
    assert list(store.outputs_of(round="r1")) == [MADE, other]
    assert list(store.outputs_of(status=Status.REFUSED, offers=[OFFER.id])) == [other]
    assert list(store.outputs_of(prompts=["none"])) == []
    assert list(store.metrics_of()) == [METRIC]
    assert list(store.scores_of(metric=METRIC.key)) == scores
    assert list(store.scores_of(round="r2")) == []
    assert store.scored_ids(METRIC.key) == {"o1"}
    assert list(store.ratings_of(criterion="overall")) == [rating(1)]
    assert list(store.comparisons_of()) == [comparison]
    assert store.rounds() == ["r1"]


def test_evidence_comes_back_equal_and_replaces_only_its_run(store):
    run = Run(id="run1", benchmark="b", round="r1", digests={"suite": "d"}, started_at="t")
    store.save_run(run)
    for name, record in (
        ("floors", FLOOR), ("verdicts", VERDICT), ("calibrations", CALIBRATION),
        ("thresholds", THRESHOLD),
    ):  # fmt: skip
        save, read = getattr(store, f"save_{name}"), getattr(store, f"{name}_of")
        save([record], run="run1")
        save([record])
        save([record])
        assert list(read()) == [record]
        assert list(read(run=None)) == [record, record]
        save([])
        assert list(read()) == []
        assert list(read(run="run1")) == [record]
    assert list(store.runs_of()) == [run]


def test_a_changed_offer_is_kept_beside_the_old_one(store):
    dearer = dataclasses.replace(OFFER, notes="dearer")
    store.save_offers([dearer, dearer])
    assert store.offer(OFFER.id) == dearer
    assert store.rows("SELECT count(*) FROM offers") == [(2,)]
    with pytest.raises(StoreError, match="no offer 'x'"):
        store.offer("x")


def test_a_replaced_output_keeps_nothing_of_what_it_had(store: Store) -> None:
    """Columns that are empty in all rows of a writing are left out of it, and are emptied."""
    first = dataclasses.replace(
        MADE, status=Status.FAILED, reason="outage", media_sha256=None, media_type=None,
        seconds_total=3.5, model_version="7b",
    )  # fmt: skip
    later = dataclasses.replace(first, reason="capacity", seconds_total=None, model_version=None)
    beside = dataclasses.replace(first, id="beside", repeat=7)
    store.save_outputs([first])
    store.save_outputs([later])
    assert store.output(MADE.id) == later
    store.save_outputs([dataclasses.replace(later, seconds_total=1.5), beside])
    assert store.output(MADE.id) == dataclasses.replace(later, seconds_total=1.5)
    assert store.output("beside") == beside


def test_one_writing_may_bring_what_is_new_and_what_replaces(store: Store) -> None:
    known = dataclasses.replace(MADE, status=Status.FAILED, reason="outage", media_sha256=None)
    again = dataclasses.replace(known, reason="capacity")
    new = dataclasses.replace(known, id="new", repeat=7)
    store.save_outputs([known])
    assert store.save_outputs([again, new, dataclasses.replace(new, reason="auth")]) == 3
    assert store.output(MADE.id) == again
    assert store.output("new") == dataclasses.replace(new, reason="auth")
    with pytest.raises(StoreError, match="made output never changes"):
        store.save_outputs([MADE, known])
    assert store.output(MADE.id) == again


def test_only_columns_that_hold_something_are_written() -> None:
    from qfloor.store.rows import encode, insert_many

    rows = [encode(r) for r in (MADE, dataclasses.replace(MADE, id="o2", frames=None))]
    sql, kept = insert_many("outputs", type(MADE), rows, "")
    names = sql.partition("(")[2].partition(")")[0].split(", ")
    assert [len(row) for row in kept] == [len(names)] * 2
    assert "id" in names
    assert "seconds_queue" not in names
    assert sql.count("?") == len(names) < len(rows[0])


def test_a_made_output_never_changes(store):
    store.save_outputs([dataclasses.replace(MADE, status=Status.FAILED, reason="outage")])
    store.save_outputs([MADE])
    with pytest.raises(StoreError, match="made output never changes"):
        store.save_outputs([dataclasses.replace(MADE, status=Status.FAILED, reason="outage")])
    assert store.output("o1") == MADE
    assert store.output("none") is None


def test_the_ledger_is_append_only(store):
    store.save_requests([("o1", PROMPT.digest, OFFER.id, 0, "r1")])
    intended = Attempt(output_id="o1", n=1, event=Event.INTENDED, at="t1")
    accepted = Attempt(output_id="o1", n=1, event=Event.ACCEPTED, at="t2", job={"id": 7})
    ended = Attempt(output_id="o1", n=1, event=Event.ENDED, at="t3", status=Status.MADE,
                    reason="ok", charged="yes", amount_nanousd=40_000_000)  # fmt: skip
    store.append_attempts([intended, accepted, ended])
    assert store.histories(round="r1") == {"o1": [intended, accepted, ended]}
    assert list(store.attempts_of(outputs=["o1"], round="r1")) == [intended, accepted, ended]
    assert list(store.attempts_of(offers=["other"])) == []
    assert store.ledger_position() == 3
    (spent,) = store.spending(round="r1")
    assert (spent.amount_nanousd, spent.attempts, spent.unknown) == (40_000_000, 1, 0)
    for sql in ("DELETE FROM attempts", "UPDATE attempts SET n = 2"):
        with pytest.raises(StoreError, match="append-only"):
            store._write(sql)
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.append_attempts([dataclasses.replace(intended, output_id="never asked for")])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_no_nan_enters(store, bad):
    store.save_outputs([MADE])
    store.save_metrics([METRIC])
    scored = Score(output_id="o1", metric=METRIC.key, status=ScoreStatus.SCORED, value=bad)
    with pytest.raises(StoreError, match="not a number"):
        store.save_scores([scored])
    with pytest.raises(StoreError, match="JSON cannot keep"):
        store.save_scores([dataclasses.replace(scored, value=0.5, series=(bad,))])
    with pytest.raises(StoreError, match="JSON cannot keep"):
        store.save_outputs([dataclasses.replace(MADE, id="o3", report={"x": bad})])
    with pytest.raises(StoreError, match="CHECK"):
        store.save_scores([dataclasses.replace(scored, value=None)])
    assert list(store.scores_of()) == []


def test_ratings_enter_once_and_all_or_none(store):
    store.save_outputs([MADE])
    assert store.save_ratings([rating(1), rating(2)]) == 2
    assert store.save_ratings([rating(1), rating(3)]) == 1
    with pytest.raises(StoreError, match="'r1' with other content"):
        store.save_ratings([rating(4), rating(1, value=6.0)])
    with pytest.raises(StoreError, match="CHECK"):
        store.save_ratings([rating(5), rating(6, value=11.0)])
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.save_ratings([dataclasses.replace(rating(7), output_id="none")])
    assert [x.id for x in store.ratings_of()] == ["r3", "r1", "r2"]


def test_a_caught_error_still_undoes_the_whole_transaction(store):
    store.save_outputs([MADE])
    with store.transaction():
        store.save_ratings([rating(1)])
        with pytest.raises(StoreError):
            store.save_ratings([rating(2, value=99)])
    assert list(store.ratings_of()) == []


def test_an_import_is_noted_once(store):
    note = {"digest": "d", "kind": "ratings", "source": "a.csv", "counts": {"ratings": 3}}
    assert store.save_import(**note)
    assert not store.save_import(**note)
    assert store.was_imported("d")
    assert not store.was_imported("e")


def test_a_hundred_thousand_ratings_in_two_seconds(store):
    store.save_outputs([MADE])
    many = [rating(i) for i in range(100_000)]
    start = time.process_time()  # the cores are shared: what the machine does besides is not ours
    assert store.save_ratings(many) == 100_000
    assert time.process_time() - start < 2.0


def test_frames_are_nullable_and_carry_the_prompt(store):
    store.save_outputs([MADE])
    store.save_metrics([METRIC])
    store.save_scores([Score(output_id="o1", metric=METRIC.key, status=ScoreStatus.UNSCORED,
                             reason="no text")])  # fmt: skip
    store.save_ratings([rating(1)])
    store.save_floors([FLOOR])
    store.save_verdicts([VERDICT])
    scores = store.scores(round="r1")
    assert scores.loc[0, "value"] is pd.NA
    assert scores.loc[0, "category"] == "product-photo"
    assert scores.loc[0, "metric_name"] == "clip.cos"
    assert store.outputs().loc[0, "prompt_text"] == "a red kettle"
    assert store.ratings().loc[0, "offer_id"] == OFFER.id
    assert store.floors().loc[0, "q25_lo_release"] is pd.NA
    assert str(store.verdicts().dtypes["threshold"]) == "Float64"
    for empty in (
        store.attempts(),
        store.comparisons(),
        store.thresholds(),
        store.outputs(round="x"),
    ):
        assert empty.empty


@pytest.mark.parametrize(
    ("table", "cls", "extra"),
    [
        ("outputs", Output, ()), ("attempts", Attempt, ("seq",)), ("scores", Score, ()),
        ("ratings", Rating, ()), ("comparisons", Comparison, ()), ("runs", Run, ()),
        ("floors", Floor, ("run",)), ("verdicts", Verdict, ("run",)),
        ("thresholds", Threshold, ("run",)), ("calibrations", Calibration, ("run",)),
    ],
)  # fmt: skip
def test_columns_are_the_fields_of_the_record(store, table, cls, extra):
    names = [row[1] for row in store.rows(f"PRAGMA table_info({table})")]
    assert sorted(names) == sorted((*extra, *r.columns(cls)))


def test_every_table_has_a_sentence(store):
    names = {n for (n,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names - {"migrations", "sqlite_sequence"} == set(TABLES)


# -- opening ---------------------------------------------------------------------------------


def test_open_refuses_what_is_not_there_or_no_store(tmp_path):
    with pytest.raises(StoreError, match="no store at"):
        Store.open(tmp_path / "none")
    (tmp_path / "store.db").write_bytes(b"not a database at all, not at all" * 100)
    with pytest.raises(StoreError, match="cannot be opened as a store"):
        Store.open(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    connection = sqlite3.connect(other / "store.db")
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(StoreError, match="is not a store of qfloor"):
        Store.open(other)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "file" / "w", create=True)


def test_a_newer_store_is_refused_in_one_sentence(tmp_path):
    Store.open(tmp_path, create=True).close()
    connection = sqlite3.connect(tmp_path / "store.db")
    connection.execute("INSERT INTO migrations VALUES (99, 'from_the_future', 't')")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"written by a newer qfloor .* upgrade qfloor$"):
        Store.open(tmp_path / "store.db")


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path):
    Store.open(tmp_path, create=True).close()
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)

    def add_column(c):
        c.execute("CREATE TABLE extra (x)")

    def break_down(c):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        m.migrate(connection, [*m.MIGRATIONS, add_column, break_down])
    assert len(m.applied(connection)) == len(m.MIGRATIONS)
    assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchone() is None
    assert m.migrate(connection, [*m.MIGRATIONS, add_column]) == ["add_column"]
    connection.close()
    with pytest.raises(StoreError, match="newer qfloor"):
        Store.open(tmp_path)


# -- media and the one writer ----------------------------------------------------------------


def test_media_are_stored_once_under_their_content(store):
    sha256 = store.put_media(b"bytes", "image/png")
    assert store.put_media(b"bytes", "image/jpeg; q=1") == sha256
    path = store.media_path(sha256)
    assert path == store.root / "media" / sha256[:2] / f"{sha256}.png"
    assert path.read_bytes() == b"bytes"
    assert store.media_path(store.put_media(b"odd", "x/y")).suffix == ".bin"
    assert list((store.root / "media" / "drafts").iterdir()) == []
    with pytest.raises(StoreError, match="no media"):
        store.media_path("0" * 64)


def test_a_file_is_moved_from_a_generators_folder_and_copied_from_elsewhere(store, tmp_path):
    own = store.generator_folder("fake-1") / "download"
    own.write_bytes(b"bytes")
    other = tmp_path / "other"
    other.write_bytes(b"other bytes")
    assert store.put_media(own, "image/png") == store.put_media(b"bytes", "image/png")
    assert not own.exists()
    sha256 = store.put_media(other, "video/mp4")
    assert other.read_bytes() == store.media_path(sha256).read_bytes() == b"other bytes"
    assert store.put_media(other, "video/mp4") == sha256
    assert list((store.root / "media" / "drafts").iterdir()) == []
    with pytest.raises(StoreError, match=r"media cannot be written to .*No such file"):
        store.put_media(tmp_path / "none", "image/png")


def test_drafts_of_a_killed_run_are_swept(store):
    (store.root / "media" / "drafts").mkdir(parents=True)
    (store.root / "media" / "drafts" / "half").write_bytes(b"x")
    with store.writing("generate"):
        assert list((store.root / "media" / "drafts").iterdir()) == []


def test_one_writer_at_a_time_across_processes(store):
    code = (
        "import sys; from qfloor.store import Store; s = Store.open(sys.argv[1])\n"
        "with s.writing('generate'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout.readline() == "held\n"
        with (
            pytest.raises(StoreError, match=rf"\(generate, process {child.pid}, since"),
            store.writing("score"),
        ):
            pass
        child.kill()
    with store.writing("generate"):
        pass


def test_stages_nest_within_the_run_that_holds_the_store(store):
    with Store.open(store.root) as other, store.writing("run"):
        with store.writing("generate"):
            pass
        with (
            pytest.raises(StoreError, match=r"another run is writing .* \(run, process"),
            other.writing("x"),
        ):
            pass
    with Store.open(store.root) as other, other.writing("x"):
        pass


def test_a_busy_store_says_so(store):
    connection = sqlite3.connect(store.root / "store.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    store._connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreError, match="another process is writing"):
        store.save_outputs([MADE])
    connection.execute("ROLLBACK")
    connection.close()
    store.save_outputs([MADE])


def test_what_is_read_together_is_of_one_moment(store):
    store.save_outputs([MADE])
    with Store.open(store.root) as other:
        with store.reading():
            before = list(store.outputs_of())
            other.save_outputs([dataclasses.replace(MADE, id="o2", repeat=1)])
            with store.reading():
                assert list(store.outputs_of()) == before
            assert list(store.outputs_of()) == before
        assert len(list(store.outputs_of())) == 2
        with store.transaction(), store.reading():
            store.save_ratings([rating(1)])
        assert list(other.ratings_of()) == [rating(1)]


def test_a_copy_is_made_while_another_command_ends(store, tmp_path, monkeypatch):
    """The log goes with the last who writes, between the look at it and its copy."""
    store.save_outputs([MADE])
    copyfile = shutil.copyfile

    def as_the_other_ends(source, target):
        if str(source).endswith("-wal"):
            store.close()
        return copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", as_the_other_ends)
    with Store.copy_of(store.root) as copy:
        assert list(copy.outputs_of()) == [MADE]
        assert list(copy.prompts_of()) == [PROMPT]


def test_a_store_that_is_written_without_end_is_not_copied(store, tmp_path, monkeypatch):
    copyfile = shutil.copyfile

    def as_the_other_writes(source, target):
        store.save_outputs([dataclasses.replace(MADE, id=os.urandom(4).hex())])
        return copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", as_the_other_writes)
    with pytest.raises(StoreError, match="is being written"), Store.copy_of(store.root):
        pass


def test_a_closed_store_says_so(tmp_path):
    store = Store.open(tmp_path, create=True)
    store.close()
    with pytest.raises(StoreError):
        store.save_prompts([PROMPT])
    with pytest.raises(StoreError), store.reading():
        pass


def test_terms_of_weights_are_kept_and_unknown_reads_unknown(store):
    terms = (
        WeightsRights(name="a.pt", licence="MIT", commercial_use=True, source="card"),
        WeightsRights(name="b.pt", licence="CC-BY-NC-4.0", commercial_use=False, source="card"),
        WeightsRights(name="c.pt"),
    )
    formula = dataclasses.replace(METRIC, name="sharpness")
    metrics = [dataclasses.replace(METRIC, weights=terms), formula]
    store.save_metrics(metrics)
    assert list(store.metrics_of()) == metrics
    assert metrics[0].key == METRIC.key
    frame = store.metrics()
    assert frame["name"].tolist() == ["clip.cos"] * 3 + ["sharpness"]
    assert frame["weights"].tolist()[:3] == ["a.pt", "b.pt", "c.pt"]
    assert frame["licence"].tolist()[:3] == ["MIT", "CC-BY-NC-4.0", "unknown"]
    assert frame["commercial_use"].tolist()[:3] == ["yes", "no", "unknown"]
    assert frame["source"].isna().tolist() == [False, False, True, True]
    assert frame.iloc[3][["weights", "licence", "commercial_use"]].isna().all()


def test_a_metric_stored_before_terms_were_kept_has_none(store):
    record = '{"name":"old","unit":"1","lo":0.0,"hi":null,"definition":{"v":1}}'
    store._write("INSERT INTO metrics VALUES (?, ?, ?)", ("old@1", "old", record))
    (old,) = store.metrics_of()
    assert old.weights == ()
    assert store.metrics()["licence"].isna().all()
