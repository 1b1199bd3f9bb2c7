"""A month as one step: once published it stays as it is, and what is not whole is not published."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qfloor import benchmark as benchmarks
from qfloor import export, pipeline
from qfloor.benchmark import Benchmark
from qfloor.cli import main
from qfloor.errors import BenchmarkError, InputError
from qfloor.generate import RunPolicy, plan_generation
from qfloor.pipeline.months.monthly import MonthOptions, MonthResult, run_month
from qfloor.store import Store

FILE = """
[benchmark]
name = "tiny"
title = "A tiny run of painters, not AI models"
suites = ["{suite}"]
offers = [{offers}]
round = "2026-10"
repeats = 1

[raters]
share = 1.0
raters = 4

[[thresholds]]
tier = "standard"
value = 5.0
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A benchmark of two painters on eight portraits."""
    return write(tmp_path, '"painters/umber", "painters/cobalt"')


def write(folder: Path, offers: str, name: str = "tiny.toml") -> Path:
    ids = [f"painters-portrait-{n:03d}" for n in range(1, 9)]
    (folder / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {ids}\n'
    )
    (folder / name).write_text(FILE.format(suite=folder / "few.toml", offers=offers))
    return folder / name


def month(path: Path, round: str, *, folder: Path | None = None, **options: object) -> MonthResult:
    base = folder or path.parent
    wanted = MonthOptions(results=base / "results", **options)  # type: ignore[arg-type]
    return run_month(benchmarks.load(path, round=round), base / "ws", wanted)


def test_two_months_are_compared_published_reported_and_logged(tiny: Path) -> None:
    first, second = month(tiny, "2026-10"), month(tiny, "2026-11")
    assert first.compared.startswith("no earlier round")
    assert second.compared == "compared with 2026-10 by people's ratings"
    assert second.drift is not None
    for found in (first, second):
        assert found.database is not None
        assert export.verify(found.database).round == found.benchmark.round
        assert found.page is not None
        assert "They are not AI models" in found.page.read_text()
    assert second.page is not None
    assert "Compared with tiny 2026-10" in second.page.read_text()
    log = (tiny.parent / "results" / "LOG.md").read_text()
    assert log.count("\n## ") == 2
    assert "tiny, round 2026-11 (`qfloor month tiny.toml`)" in log
    assert "Drift: compared with 2026-10 by people's ratings; none of 2 offers" in log
    assert max(map(len, log.splitlines())) <= 100
    with Store.open(tiny.parent / "ws") as store:
        assert list(store.drift_of())


def test_a_month_before_that_was_not_published_is_taken_from_the_workspace(tiny: Path) -> None:
    pipeline.run(benchmarks.load(tiny, round="2026-10"), tiny.parent / "ws")
    second = month(tiny, "2026-11")
    assert second.page is not None
    assert "Compared with tiny 2026-10" in second.page.read_text()
    published = month(tiny, "2026-10").database
    assert published is not None
    digest = export.read(published)["release"][0]["digest"]
    assert f"(digest {digest[:12]})" in second.page.read_text()


def test_a_month_that_is_run_again_changes_nothing(tiny: Path) -> None:
    first = month(tiny, "2026-10")
    results = tiny.parent / "results"
    before = {p.name: p.read_bytes() for p in results.iterdir()}
    again = month(tiny, "2026-10")
    assert first.logged
    assert not again.logged
    assert again.made.counts == {}
    assert {p.name: p.read_bytes() for p in results.iterdir()} == before


def _elsewhere(tiny: Path) -> Path:
    """Another team's benchmark, of other offers."""
    folder = tiny.parent / "theirs"
    folder.mkdir()
    theirs = write(folder, '"painters/umber"', "theirs.toml")
    theirs.write_text(theirs.read_text().replace('name = "tiny"', 'name = "theirs"'))
    return theirs


def test_the_release_of_another_benchmark_is_kept_when_a_run_takes_its_place(tiny: Path) -> None:
    ws = tiny.parent / "ws"
    month(tiny, "2026-10")
    usual = ws / "quality.db"
    before = usual.read_bytes()
    theirs = benchmarks.load(_elsewhere(tiny), round="2026-10")
    found = pipeline.run(theirs, ws, out=ws / "theirs.db")
    assert (found.put_aside, usual.read_bytes()) == (None, before)  # named: it is in nobody's way
    found = pipeline.run(theirs, ws)
    assert found.database == usual
    assert export.read(usual)["release"][0]["name"] == "theirs"
    aside = found.put_aside
    assert aside is not None
    assert aside.kept.parent == ws / "releases"
    assert aside.kept.read_bytes() == before
    assert export.verify(aside.kept).round == "2026-10"
    again = pipeline.run(theirs, ws)  # the next of the same benchmark replaces it, as it should
    assert again.put_aside is None
    assert [p.name for p in (ws / "releases").iterdir()] == [aside.kept.name]


def test_a_release_of_the_same_name_without_one_offer_in_common_is_of_another(tiny: Path) -> None:
    month(tiny, "2026-10")
    path = write(tiny.parent, '"painters/ochre"', "other.toml")
    found = pipeline.run(benchmarks.load(path, round="2026-11"), tiny.parent / "ws")
    assert found.put_aside is not None
    assert found.put_aside.what == "the release of another tiny 2026-10, of other offers"


def test_what_is_no_release_is_kept_and_told(
    tiny: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    Path("ws").mkdir()
    Path("ws/quality.db").write_text("notes")
    code, _, err = cli("month", "tiny.toml", "--round", "2026-10", "-w", "ws")
    assert code == 0
    assert "a file that is no sound release, which was ws/quality.db, is kept as ws/rel" in err
    (kept,) = Path("ws/releases").iterdir()
    assert kept.read_text() == "notes"
    assert export.verify("ws/quality.db").round == "2026-10"


def test_months_of_two_benchmarks_share_a_workspace(
    tiny: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny.parent)
    assert cli("month", "tiny.toml", "--round", "2026-10", "-w", "ws")[0] == 0
    before = Path("ws/quality.db").read_bytes()
    theirs = _elsewhere(tiny)
    code, _, err = cli("month", theirs, "--round", "2026-10", "-w", "ws")
    assert code == 0
    assert "the release of tiny 2026-10, which was ws/quality.db, is kept as ws/releases/" in err
    (kept,) = Path("ws/releases").iterdir()
    assert kept.read_bytes() == before
    assert export.verify(Path("results/theirs_2026-10.db")).round == "2026-10"
    code, _, err = cli("export", "tiny.toml", "--round", "2026-10", "-w", "ws")
    assert code == 0
    assert "the release of theirs 2026-10, which was ws/quality.db, is kept as" in err
    assert len(list(Path("ws/releases").iterdir())) == 2
    code, _, err = cli("export", "tiny.toml", "--round", "2026-10", "-w", "ws")
    assert "is kept" not in err


def test_an_entry_takes_the_place_of_its_former_and_the_rest_of_the_log_stays(tiny: Path) -> None:
    log = tiny.parent / "results" / "LOG.md"
    log.parent.mkdir()
    old = "# Log\n\n## 2026-01-01: other things\n\n- kept\n"
    log.write_text(old)
    month(tiny, "2026-10")
    written = log.read_text()
    assert written.startswith(old.rstrip())
    stale = written.replace("16 outputs", "15 outputs") + "\n## 2026-12-31: later\n\n- kept too\n"
    log.write_text(stale)
    assert month(tiny, "2026-10").logged
    assert log.read_text() == written + "\n## 2026-12-31: later\n\n- kept too\n"


@pytest.mark.slow
def test_a_damaged_release_is_written_anew(tiny: Path) -> None:
    found = month(tiny, "2026-10")
    assert found.database is not None
    whole = found.database.read_bytes()
    found.database.write_bytes(whole[:5000])
    month(tiny, "2026-10")
    assert export.verify(found.database).round == "2026-10"


def test_what_is_not_finished_is_not_published_and_the_next_call_goes_on(tiny: Path) -> None:
    results, ws = tiny.parent / "results", tiny.parent / "ws"
    bench = benchmarks.load(tiny)
    hurried = RunPolicy(deadline_s=0.0)
    found = run_month(bench, ws, MonthOptions(results=results), policy=hurried)
    assert "outputs are left" in found.unfinished
    assert found.ran is None
    assert not results.exists()
    assert run_month(bench, ws, MonthOptions(results=results)).database is not None


def test_an_offer_that_cannot_be_called_holds_the_month_back_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BFL_API_KEY", raising=False)
    monkeypatch.delenv("QFLOOR_KEYS", raising=False)
    path = write(tmp_path, '"painters/umber", "bfl/flux-dev"')
    found = month(path, "2026-10")
    assert "bfl/flux-dev could not be called" in found.unfinished
    assert found.database is None
    partial = month(path, "2026-10", partial=True)
    assert partial.database is not None
    assert "bfl/flux-dev was not completed" in (tmp_path / "results" / "LOG.md").read_text()


@pytest.mark.slow
def test_where_nobody_rated_a_metric_is_compared(tiny: Path) -> None:
    text = tiny.read_text().replace("[raters]\nshare = 1.0\nraters = 4\n", "")
    text += (
        '\n[[scorers]]\nname = "technical"\n\n[[calibrations]]\nmetric = "technical.sharpness"\n'
    )
    tiny.write_text(text)
    month(tiny, "2026-10")
    found = month(tiny, "2026-11")
    assert found.compared == "compared with 2026-10 by technical.sharpness"
    assert found.page is not None
    assert "Nobody has judged overall yet" in found.page.read_text()
    with pytest.raises(BenchmarkError, match="no earlier round 2026-09"):
        month(tiny, "2026-11", before="2026-09")


@pytest.mark.parametrize(
    ("raters", "asked", "why"),
    [
        (True, "overall", ""),
        (True, "beauty", "its offers were rated on overall, and the benchmark asks for 'beauty'; "
         "set criterion under [quality] in its file"),
        (False, "overall", "nobody has rated in it yet; import ratings with `qfloor ratings "
         "import`"),
    ],
)  # fmt: skip
def test_why_nothing_will_be_judged_is_told_before_anything_is_bought(
    tiny: Path, raters: bool, asked: str, why: str
) -> None:
    text = tiny.read_text().replace("[raters]", f'[quality]\ncriterion = "{asked}"\n\n[raters]')
    tiny.write_text(text if raters else text.replace("[raters]\nshare = 1.0\nraters = 4\n", ""))
    bench, ws = benchmarks.load(tiny), tiny.parent / "ws"
    said: list[str] = []

    def tell(told: str) -> None:
        with Store.open(ws) as store:
            assert not list(store.outputs_of())
        said.append(told)

    hurried, wanted = RunPolicy(deadline_s=0.0), MonthOptions(results=tiny.parent / "results")
    assert run_month(bench, ws, wanted, policy=hurried, tell=tell).unfinished
    assert said == ([f"round 2026-10 will have no floor of {asked!r}: {why}"] if why else [])


def test_a_log_that_is_no_text_is_left_alone(tiny: Path) -> None:
    log = tiny.parent / "results" / "LOG.md"
    log.parent.mkdir()
    log.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        month(tiny, "2026-10")
    assert log.read_bytes() == b"\xff\xfe\x00"


Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["qfloor", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        code = stop.value.code
        out, err = capfd.readouterr()
        return int(code or 0), out, err

    return call


def test_exit_codes_say_what_a_scheduler_must_know(tiny: Path, cli: Cli) -> None:
    where = ("-w", tiny.parent / "ws", "--results", tiny.parent / "results")
    code, _, err = cli("month", tiny, *where, "--round", "2026-10", "--minutes", "0.0001")
    assert code == 75
    assert "call again" in err
    code, out, _ = cli("month", tiny, *where, "--round", "2026-10", "--json")
    assert code == 0
    assert json.loads(out)["changed"] == []
    code, _, err = cli("month", tiny, *where, "--round", "2026-13")
    assert code == 1
    assert "must look like 2026-11" in err
    assert cli("month")[0] == 2
    assert cli("month", tiny, *where, "--minutes", "-1")[0] == 2


@pytest.mark.slow
def test_a_change_has_an_exit_code_of_its_own(
    tiny: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cobalt paints like the worst of painters from 2026-11 on."""
    from qfloor.generators.builtin import painters

    bad = painters.Change(
        painter="cobalt", since="2026-11", category="portrait",
        skill=painters.Skill(finish=1.0, slips=2.0),
    )  # fmt: skip
    monkeypatch.setattr(painters, "CHANGES", (bad,))
    more = [f"painters-portrait-{n:03d}" for n in range(1, 25)]
    (tiny.parent / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {more}\n'
    )
    where = ("-w", tiny.parent / "ws", "--results", tiny.parent / "results")
    assert cli("month", tiny, *where, "--round", "2026-10")[0] == 0
    code, _, err = cli("month", tiny, *where, "--round", "2026-11")
    assert code == 3
    assert "changed since the month before: painters/cobalt" in err
    log = (tiny.parent / "results" / "LOG.md").read_text()
    assert "painters/cobalt in all changed for the worse" in " ".join(log.split())


@pytest.mark.slow
def test_the_default_round_is_this_month(tiny: Path, cli: Cli) -> None:
    where = ("-w", tiny.parent / "ws", "--results", tiny.parent / "results")
    code, out, _ = cli("month", tiny, *where, "--json")
    assert code == 0
    assert json.loads(out)["round"] == dt.datetime.now(dt.UTC).strftime("%Y-%m")


def test_the_hosted_benchmark_has_a_price_before_any_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "BFL_API_KEY", "FAL_KEY", "QFLOOR_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monthly: Benchmark = benchmarks.load("monthly")
    assert len(monthly.offers) >= 30
    prompts = pipeline.prompts_of(monthly)[::40]
    with Store.open(tmp_path, create=True) as store:
        plan = plan_generation(prompts, monthly.offers, 1, monthly.round, store)
    assert plan.unpriced == ()
    assert {c.offer_id for c in plan.costs} == {o.id for o in monthly.offers}
    assert monthly.budget_nanousd is not None
    assert 0 < plan.worst_nanousd < monthly.budget_nanousd
