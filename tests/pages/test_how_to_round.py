"""Pages about a round that was run: their commands run on one, as they stand."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pages.running import ROOT, execute
from qfloor import benchmark, pipeline, suite
from qfloor.store import Store

HOW_TO = ROOT / "docs" / "how-to"
pytestmark = pytest.mark.slow

BENCH = """
[benchmark]
name = "bench"
title = "A small run of painters, not AI models"
suites = ["{suite}"]
offers = ["painters/umber", "painters/ochre"]
round = "2026-11"
repeats = 1

[raters]
share = 1.0
raters = 20

[[scorers]]
name = "technical"

[[thresholds]]
tier = "standard"
value = 5.0

[[thresholds]]
tier = "professional"
value = 6.5
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a benchmark of forty product photos, a round, and its release."""
    folder = tmp_path_factory.mktemp("ran")
    found = [p.id for p in suite.load("painters").prompts if p.category == "product-photo"][:40]
    (folder / "few.toml").write_text(
        f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "painters"\nselect = {found}\n'
    )
    (folder / "bench.toml").write_text(BENCH.format(suite=folder / "few.toml"))
    result = pipeline.run(benchmark.load(folder / "bench.toml"), folder / ".qfloor")
    shutil.copyfile(result.database, folder / "october.db")
    return folder


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """That folder, as it was."""
    shutil.copytree(ran, tmp_path / "work")
    (tmp_path / "work" / "results").symlink_to(ROOT / "results")
    return tmp_path / "work"


def test_the_page_on_planning(tmp_path: Path) -> None:
    assert len(execute(HOW_TO / "planning.md", tmp_path)) == 5


def test_the_page_on_drift(folder: Path) -> None:
    """As the page has it, a month later: the months between which ochre changed.

    A metric that needs no weights stands for the page's, and the set that was frozen for its.
    """
    first = "import json, sys; print(json.load(sys.stdin)[0]['digest'])"
    anchors = f'$(qfloor reference list --json | {sys.executable} -c "{first}")'
    swap = {
        "clip.cos": "technical.sharpness", "1f2e3d4c": anchors,
        "2026-11": "2026-12", "2026-10": "2026-11",
    }  # fmt: skip
    assert len(execute(HOW_TO / "drift.md", folder, swap=swap)) == 6
    assert (folder / "october-withdrawn.db").is_file()


def test_the_page_on_reports(folder: Path) -> None:
    assert len(execute(HOW_TO / "report.md", folder)) == 2
    assert (folder / "painters.html").stat().st_size < 5_000_000
    assert "data:image/webp" in (folder / "report.html").read_text()


def test_the_page_on_stores(folder: Path) -> None:
    """A folder stands for the bucket; what a killed run left behind is there to be cleaned."""
    with Store.open(folder / ".qfloor") as store:
        orphan = store.put_media(b"left by a killed run", "image/png")
    swap = {
        "pip install": "true",
        "s3://bucket/qfloor": str(folder / "bucket"),
        "--option endpoint_url=http://127.0.0.1:9000": "",
    }
    assert len(execute(HOW_TO / "store.md", folder, swap=swap)) == 12
    with Store.open(folder / ".qfloor") as store:
        assert store.media.has(orphan), "it is younger than an hour"


def test_the_page_on_private_prompts(tmp_path: Path) -> None:
    """Enough prompts for a month are in the file; a month is retired once it is over."""
    core = suite.load("core")
    strata = sorted({(p.category, p.modality) for p in core.prompts})
    with (tmp_path / "new.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category", "modality", "seconds", "must_render"])
        for s, (category, modality) in enumerate(strata):
            for n in range(64):
                words = [f"{word}{s}x{n}" for word in ("teal", "oak", "fog", "rust", "moss")]
                seconds = "4" if modality == "video" else ""
                rows.writerow([" ".join(words), category, modality, seconds, words[0]])
    (tmp_path / "retired-2026-11.toml").write_text(
        '[suite]\nname = "retired"\nversion = "1.0.0"\n[[prompts]]\nid = "r1"\n'
        'category = "portrait"\ntext = "an old sailor mending nets"\n'
    )
    over = {"--before 2026-12 --out retired-2026-11": "--before 2027-01 --out retired-2026-12"}
    assert len(execute(HOW_TO / "private-prompts.md", tmp_path, swap=over)) == 6
    month = suite.load(tmp_path / "core-2026-12.toml")
    assert sum(p.is_private for p in month.prompts) * 3 == len(month.prompts) == len(core.prompts)
    assert not any(p.is_private for p in suite.load(tmp_path / "retired-2026-12.toml").prompts)


def test_the_page_on_raters(folder: Path, call_qfloor: Callable[..., tuple[int, str, str]]) -> None:
    """A panel of four rates in May, and half of that again in June, half a step otherwise."""
    with Store.open(folder / ".qfloor") as store:
        made = sorted(o.id for o in store.outputs_of() if o.media_sha256)
    with (folder / "sessions.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["rater_id", "item_id", "score", "session_id", "scale_min", "scale_max"])
        for session, outputs in (("may", made), ("june", made[::2])):
            for n, output in enumerate(outputs):
                for rater in range(4):
                    score = 2 + (made.index(output) * 7 + rater) % 7 + 0.1 * ((n + rater) % 3)
                    rows.writerow([f"r{rater}", output, score, session, 0, 10])
    code, _, err = call_qfloor(
        "ratings", "import", folder / "sessions.csv", "--round", "2026-11", "-w",
        folder / ".qfloor",
    )  # fmt: skip
    assert code == 0, err
    assert len(execute(HOW_TO / "raters.md", folder)) == 3
    with Store.open(folder / ".qfloor") as store:
        assert len(list(store.linkings_of())) == 1


def test_the_page_on_offers(folder: Path) -> None:
    ran = execute(HOW_TO / "offers.md", folder)
    assert len(ran) == 3


def test_the_page_on_calibration(folder: Path) -> None:
    assert len(execute(HOW_TO / "calibration.md", folder)) == 1


def test_the_page_on_floors(folder: Path) -> None:
    """This round stands for GenAI-Bench and the built-in one, whose ratings are not in the tree.

    The study of panels reads the published ratings themselves, which nobody may ship.
    """
    swap = {
        "floors genai_bench": "floors bench.toml",
        "floors painters": "floors bench.toml",
        "python benchmarks/": "true ",
        "shop/model portrait": "painters/umber product-photo",
    }
    assert len(execute(HOW_TO / "floors.md", folder, swap=swap)) == 5
    assert "data:image" in (folder / "bad-days.html").read_text()


def test_the_page_on_months(folder: Path) -> None:
    """The small round stands for the month's: sellers want keys, the built-in one takes long.

    It ends with 3, as the page's table says, whenever it is asked: ochre has changed.
    """
    month = "month bench.toml --round 2026-12 --results published; [ $? = 3 ]"
    swap = {
        "month monthly --results results": month,
        "month painters --round 2026-12 --results results": month,
    }
    assert len(execute(HOW_TO / "monthly.md", folder, swap=swap)) == 4
    assert sorted((folder / "published").glob("*.db"))
    assert (folder / "december.html").is_file()


def test_the_replay_of_a_rounds_own_outputs(
    folder: Path, call_qfloor: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one line of the page on replays that needs a round; the others have their own test."""
    line = "qfloor replay --outputs painters --db .qfloor/quality.db\n"
    assert line in (HOW_TO / "replay.md").read_text()
    monkeypatch.chdir(folder)
    words = line.replace("painters", "bench.toml").split()[1:]
    code, out, err = call_qfloor(*words)
    assert code == 0, err
    assert "hindsight" in out + err
