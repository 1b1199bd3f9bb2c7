"""A report from a release and its workspace, and two releases compared without one."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qfloor import export, pipeline
from qfloor.benchmark import Benchmark
from qfloor.cli import app
from qfloor.errors import CertificationError, DatabaseError, InputError, StoreError
from qfloor.pipeline.months.compared_releases import compare_releases
from qfloor.pipeline.months.reporting import Wanted, report_of, write_report
from qfloor.records import EVERY
from qfloor.report import render
from qfloor.store import Store

RESULTS = Path(__file__).resolve().parents[3] / "results"


def test_a_workspace_adds_values_pictures_raters_and_times(
    ran: pipeline.RunResult, tmp_path: Path
) -> None:
    workspace = ran.database.parent
    content = write_report(ran.database, tmp_path / "page.html", Wanted(workspace=workspace))
    page = (tmp_path / "page.html").read_text()
    for floor in content.floors:
        spread = content.spreads[floor["offer_id"], floor["category"], floor["modality"]]
        assert len(spread.values) == floor["n_values"] - spread.outright
    titles = [p.title for p in content.strips[0].pictures]
    assert titles == ["5th percentile", "25th percentile", "50th percentile", "95th percentile"]
    assert {s.quality for s in content.strips} >= {"by overall", "by technical.sharpness"}
    assert page.count("data:image/webp;base64,") > 20
    assert len(page) < 5_000_000
    assert content.clock is not None
    assert sum(content.clock.seconds.values()) > 0
    assert len(content.raters) == 12
    assert "simulated" in page


def test_the_quartile_of_a_floor_is_what_its_picture_shows(
    ran: pipeline.RunResult,
) -> None:
    content = report_of(ran.database, Wanted(workspace=ran.database.parent))
    told = {(f["offer_id"], f["category"]): f["q25"] for f in content.floors}
    shown = {(p.offer_id, s.category): p.value for s in content.quartiles for p in s.pictures}
    assert shown == told


def test_pictures_and_prompts_can_be_left_out(ran: pipeline.RunResult, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    write_report(ran.database, out, Wanted(workspace=ran.database.parent, pictures=False))
    page = out.read_text()
    assert "data:image" not in page
    with Store.open(ran.database.parent) as store:
        assert not [p for p in store.prompts_by_digest().values() if p.text in page]


def test_another_workspace_is_refused(ran: pipeline.RunResult, tmp_path: Path) -> None:
    Store.open(tmp_path / "other", create=True).close()
    with pytest.raises(StoreError, match="keeps no run small-2026-11"):
        report_of(ran.database, Wanted(workspace=tmp_path / "other"))


def test_a_release_of_imported_ratings_says_that_there_are_no_pictures() -> None:
    page = render(report_of(RESULTS / "genai_bench.db", Wanted()))
    assert "There are no pictures: these outputs were rated elsewhere" in page
    assert "hang on one rater, 1 of 18" in page


def test_a_report_never_replaces_a_database(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends with .html"):
        write_report(RESULTS / "painters.db", tmp_path / "quality.db")
    with pytest.raises(InputError, match="is a folder"):
        write_report(RESULTS / "painters.db", tmp_path)
    with pytest.raises(DatabaseError):
        write_report(tmp_path / "none.db", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.fixture
def before() -> Any:
    return export.read(RESULTS / "painters.db")


@pytest.fixture
def after(before: Any) -> Any:
    later = copy.deepcopy(before)
    later["release"][0] |= {"round": "2026-12", "digest": "0" * 32}
    return later


def _fail_more(content: Any, offer: str, category: str, share: float) -> None:
    for rate in content["fail_rates"]:
        place = (rate["offer_id"], rate["category"], rate["kind"])
        if place == (offer, category, "delivered") and rate["quality"].startswith("human"):
            rate["fails"] = round(share * rate["n"])


def test_a_category_that_fails_more_is_found_and_placed(before: Any, after: Any) -> None:
    _fail_more(after, "painters/ochre", "product-photo", 0.45)
    change = compare_releases(before, after)
    changed = {(f.offer_id, f.category) for f in change.findings if f.word == "changed"}
    assert changed == {("painters/ochre", EVERY), ("painters/ochre", "product-photo")}
    assert change.untested == 0
    assert all(f.test == "fisher" for f in change.findings)


def test_releases_that_say_the_same_changed_nowhere(before: Any, after: Any) -> None:
    change = compare_releases(before, after)
    assert {f.word for f in change.findings} <= {"not distinguishable", "too little data"}
    assert change.verdicts == ()
    assert change.prices == ()


def test_other_verdicts_prices_and_offers_are_named(before: Any, after: Any) -> None:
    verdict = next(v for v in after["verdicts"] if v["ruling"] == "certified")
    verdict |= {"ruling": "undecided"}
    after["spending"][0]["amount_nanousd"] *= 2
    after["offers"].pop()
    change = compare_releases(before, after)
    assert [(v["before"], v["now"]) for v in change.verdicts] == [("certified", "undecided")]
    assert [p["now"] / p["before"] for p in change.prices] == [2.0]
    assert len(change.only_before) == 1


def test_the_published_months_show_the_painter_that_changed_and_no_other() -> None:
    november = export.read(RESULTS / "painters.db")
    december = export.read(RESULTS / "painters_2026-12.db")
    change = compare_releases(november, december)
    changed = {(f.offer_id, f.category) for f in change.findings if f.word == "changed"}
    assert changed == {("painters/ochre", EVERY), ("painters/ochre", "product-photo")}
    lost = {(v["offer_id"], v["category"]) for v in change.verdicts if v["now"] == "rejected"}
    assert ("painters/ochre", "product-photo") in lost
    assert change.prices == ()


def test_counts_of_several_ratings_a_prompt_are_not_tested() -> None:
    before = export.read(RESULTS / "genai_bench.db")
    after = copy.deepcopy(before)
    after["release"][0] |= {"digest": "0" * 32}
    change = compare_releases(before, after)
    assert change.findings == ()
    assert change.untested == 6


def test_what_must_not_be_compared_is_refused(before: Any, after: Any) -> None:
    with pytest.raises(CertificationError, match="name an earlier one"):
        compare_releases(before, before)
    with pytest.raises(CertificationError, match="what two qualities say"):
        compare_releases(export.read(RESULTS / "genai_bench.db"), after)
    with pytest.raises(CertificationError, match=r"alpha is 0\.7"):
        compare_releases(before, after, alpha=0.7)


def test_a_later_release_named_as_the_earlier_one_is_told(tmp_path: Path) -> None:
    november, december = (str(RESULTS / f"painters{m}.db") for m in ("", "_2026-12"))
    for now, before, told in ((november, december, True), (december, november, False)):
        page = ["--out", str(tmp_path / "page.html"), "--no-pictures"]
        ran = CliRunner().invoke(app, ["report", now, "--before", before, *page])
        assert ran.exit_code == 0, ran.output
        assert ("--before is of 2026-12, the later round" in ran.stderr) is told


@pytest.mark.slow
def test_a_painter_that_changed_without_a_word_is_found(small: Benchmark, tmp_path: Path) -> None:
    """Ochre falls to pieces on two in five product photos from 2026-12 on."""
    ids = [f"painters-product-photo-{n:03d}" for n in range(1, 61)]
    ids += [f"painters-portrait-{n:03d}" for n in range(1, 21)]
    (tmp_path / "part.toml").write_text(
        f'[suite]\nname = "part"\nversion = "1.0.0"\nbase = "painters"\nselect = {ids}\n'
    )
    ochre = tuple(o for o in small.offers if o.id == "painters/ochre")
    suites = (str(tmp_path / "part.toml"),)
    quick = replace(small, scorers=(), calibrations=(), offers=ochre, suites=suites)
    first, second = (
        pipeline.run(replace(quick, round=month), tmp_path / "ws", out=tmp_path / f"{month}.db")
        for month in ("2026-11", "2026-12")
    )
    wanted = Wanted(workspace=tmp_path / "ws", before=first.database)
    since = report_of(second.database, wanted).since
    assert since is not None
    assert since.paired
    worse = {f.category for f in since.findings if f.got_worse}
    assert "product-photo" in worse
    assert "portrait" not in worse
    assert since.signs == ()
