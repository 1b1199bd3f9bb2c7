"""What `qfloor floors` shows: floors, and the tables of their own beside them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from qfloor import benchmark, pipeline
from qfloor.cli import app
from qfloor.errors import QfloorError
from qfloor.records import CompositeQuality
from qfloor.store import Store

HEADER = "item_id,prompt_id,category,model_id,rater_id,score,scale_min,scale_max\n"
BENCHMARK = """
[benchmark]
name = "rated"
imported = true
offers = ["imported/*"]
round = "2026-11"

[quality]
criterion = "overall"
lo = 0
hi = 10

[[thresholds]]
category = "portrait"
modality = "image"
tier = "standard"
value = 5
"""


@pytest.fixture
def rated(tmp_path: Path) -> tuple[str, Path]:
    """Forty prompts of one model, rated by three, of whom one is kind."""
    rows = [
        f"m-{n},p{n},portrait,m,{rater},{score},0,10"
        for n in range(40)
        for rater, score in (("kind", 9), ("a", 2 if n % 5 == 0 else 8), ("b", 8))
    ]
    (tmp_path / "ratings.csv").write_text(HEADER + "\n".join(rows) + "\n")
    (tmp_path / "rated.toml").write_text(BENCHMARK)
    workspace = tmp_path / "w"
    given = ["ratings", "import", str(tmp_path / "ratings.csv"), "--round", "2026-11"]
    done = CliRunner().invoke(app, [*given, "-w", str(workspace)])
    assert done.exit_code == 0, done.output
    return str(tmp_path / "rated.toml"), workspace


def _floors(rated: tuple[str, Path], *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["floors", rated[0], "-w", str(rated[1]), *options])
    return done.exit_code, done.stdout, done.stderr


def test_floors_of_few_raters_say_so(rated: tuple[str, Path]) -> None:
    code, out, err = _floors(rated)
    assert code == 0
    assert "certified" in out
    assert "1 of 1 floor is conditional on a panel of few raters; see --leave-one-out" in err


def test_leave_one_out(rated: tuple[str, Path]) -> None:
    rows = json.loads(_floors(rated, "--leave-one-out", "--json")[1])
    assert [row["without_rater"] for row in rows] == [1, 2, 3]
    assert {row["with_all"] for row in rows} == {"certified"}
    rates = sorted(row["fail"] for row in rows)
    assert rates == pytest.approx([0.0, 0.1, 0.1])
    assert "without rater" in _floors(rated, "--leave-one-out")[1]


def test_a_verdict_is_on_what_is_delivered_and_stands_beside_no_other_floor(
    rated: tuple[str, Path],
) -> None:
    (row,) = json.loads(_floors(rated, "--json")[1])
    assert row["standard"] == "certified"
    code, out, err = _floors(rated, "--kind", "conditional", "--json")
    assert code == 0
    (row,) = json.loads(out)
    assert "standard" not in row
    assert row["q25_lo"] is not None
    assert "verdicts are on what is delivered" in err


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('criterion = "overall"', 'criterion = "beauty"',
         "round 2026-11 has no floor: its offers were rated on overall, and the benchmark asks "
         "for 'beauty'; set criterion under [quality] in its file"),
        ("2026-11", "2026-12",
         "round 2026-12 has no floor: its offers were rated in round 2026-11 only; import this "
         "round's ratings with `qfloor ratings import`, or name that one with --round"),
    ],
)  # fmt: skip
def test_a_round_without_floors_says_what_was_rated_instead(
    rated: tuple[str, Path], written: str, instead: str, said: str
) -> None:
    path = Path(rated[0])
    path.write_text(path.read_text().replace(written, instead))
    with pytest.raises(QfloorError) as refused:
        CliRunner().invoke(app, ["floors", rated[0], "-w", str(rated[1])], catch_exceptions=False)
    assert str(refused.value) == said
    code, out, _ = _floors(rated, "--pass-rates")  # which need no floor
    assert (code, out) == (0, "the round was not scored with any metric that is true or false\n")


def test_ratings_of_other_offers_are_named(rated: tuple[str, Path]) -> None:
    """What a painters' benchmark finds in a round that only imported offers were rated in."""
    with Store.open(rated[1]) as store:
        asked = replace(benchmark.load("painters"), round="2026-11")
        assert pipeline.why_unjudged(store, asked) == (
            "round 2026-11 has no floor: its ratings are of imported/m, none of which the "
            "benchmark judges; name them as its offers"
        )
        mine = benchmark.load(Path(rated[0]))
        assert "prompt or session" in pipeline.why_unjudged(store, mine)
        asked = replace(asked, round="2027-01")
        assert "`qfloor run` has its simulated raters do so" in pipeline.why_unjudged(store, asked)
        asked = replace(asked, panel=None)
        assert "nobody has rated in it yet; import" in pipeline.why_unjudged(store, asked)
        by_metric = CompositeQuality.of((("technical.sharpness", 1.0),), 0, 1)
        asked = replace(asked, quality=by_metric)
        assert "no score of the metrics" in pipeline.why_unjudged(store, asked)


def test_an_offer_that_nobody_rated_is_named(rated: tuple[str, Path]) -> None:
    path = Path(rated[0])
    folder = path.parent
    Image.effect_noise((32, 32), 60).save(folder / "0.png")
    (folder / "m.csv").write_text("prompt,offer,file\na mug,shop/a,0.png\n")
    given = ["generate", "--manifest", str(folder / "m.csv"), "--round", "2026-11"]
    assert CliRunner().invoke(app, [*given, "-w", str(rated[1])]).exit_code == 0
    assert "no floor" not in _floors(rated)[2]  # the benchmark does not judge it
    path.write_text(path.read_text().replace('"imported/*"', '"imported/*", "shop/a"'))
    code, out, err = _floors(rated)
    assert (code, "shop/a" in out) == (0, False)
    assert (
        "no floor of shop/a (1 output): nothing in round 2026-11 has a rating on 'overall' that "
        "counts here; it counts among the offers of a family all the same\n"
    ) in err


def test_a_quality_that_has_no_floor(rated: tuple[str, Path]) -> None:
    with pytest.raises(QfloorError) as refused:
        CliRunner().invoke(
            app, ["floors", rated[0], "-w", str(rated[1]), "--quality", "foo"],
            catch_exceptions=False,
        )  # fmt: skip
    assert str(refused.value) == (
        "round 2026-11 has no floor of quality 'foo'; its floors are of human:overall[0,10]"
    )


def test_tags_and_languages(rated: tuple[str, Path]) -> None:
    (row,) = csv.DictReader(io.StringIO(_floors(rated, "--tags", "--csv")[1]))
    assert (row["facet"], row["label"], row["prompts"]) == ("language", "en", "40")
    assert float(row["standard_fail"]) == pytest.approx(8 / 120)
    assert float(row["standard_upper"]) > float(row["standard_fail"])
    assert "language en" in _floors(rated, "--tags")[1]


def test_no_metric_no_pass_rate(rated: tuple[str, Path]) -> None:
    code, out, _ = _floors(rated, "--pass-rates")
    assert code == 0
    assert "not scored with any metric that is true or false" in out
    assert _floors(rated, "--pass-rates", "--json")[1].strip() == "[]"


def test_one_table_at_a_time(rated: tuple[str, Path]) -> None:
    code, _, err = _floors(rated, "--tags", "--pass-rates")
    assert code == 2
    assert "tables of their own" in err


def test_agreement_is_a_line_a_row_and_raters_are_for_programs(rated: tuple[str, Path]) -> None:
    def agreement(*options: str) -> str:
        given = ["ratings", "agreement", "-w", str(rated[1]), *options]
        return CliRunner().invoke(app, given, catch_exceptions=False).stdout

    (row,) = json.loads(agreement("--json"))
    assert len(row["means"]) == len(row["severity"]) == 3
    assert "severity" in agreement("--csv")
    brief = agreement()
    assert "resolution" in brief
    assert "alpha ordinal" not in brief
    assert max(len(line.rstrip()) for line in brief.splitlines()) <= 100
    low, high = row["alpha_95"]
    assert f"{low:.2f}..{high:.2f}" in brief
    table = agreement("--all")
    assert "alpha ordinal" in table
    assert "severity" not in table
    assert "means" not in table
