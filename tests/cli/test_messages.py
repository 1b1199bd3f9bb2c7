"""Messages name what was given and what to do next, in words that lead there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qfloor import benchmark, pipeline
from qfloor.cli import app
from qfloor.errors import QfloorError, RatingsError
from qfloor.store import Store

MINE = """
[benchmark]
name = "mine"
imported = true
offers = ["imported/alpha"]
round = "2026-11"

[[thresholds]]
tier = "standard"
value = 5
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A benchmark file whose name is not the benchmark's, in the present folder, and a store."""
    monkeypatch.chdir(tmp_path)
    Path("half.toml").write_text(MINE)
    Path("ok.csv").write_text(
        "item_id,prompt_id,category,model_id,rater_id,score,scale_min,scale_max\n"
        "a0,p0,portrait,alpha,ann,7,0,10\n"
    )
    return tmp_path


def _refused(*given: str) -> str:
    with pytest.raises(QfloorError) as refused:
        CliRunner().invoke(app, given, catch_exceptions=False)
    return str(refused.value)


def test_a_release_that_nobody_named_is_told_where_it_comes_from(mine: Path) -> None:
    assert _refused("route", "a red mug").endswith(
        "quality.db: no such quality database; `qfloor run` and `qfloor export` write it, --db "
        "names another"
    )


def test_a_plan_counts_the_many_offers_that_were_never_timed(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "monthly", "-w", str(tmp_path / "w")])
    (told,) = [line for line in done.stderr.splitlines() if "never timed" in line]
    assert "alibaba/qwen-image-2.0, " in told
    assert " more, never timed" in told
    assert told.count("/") == 6


def test_export_without_floors_names_the_file_as_it_was_given(mine: Path) -> None:
    done = CliRunner().invoke(app, ["ratings", "import", "ok.csv", "--round", "2026-11"])
    assert done.exit_code == 0, done.output
    assert _refused("export", "half.toml").endswith(
        "has no floors of mine in round 2026-11; run `qfloor floors half.toml --round 2026-11` "
        "first"
    )


def test_a_plan_that_is_not_frozen_says_by_which_command_it_would_be(mine: Path) -> None:
    with Store.open(mine / "w", create=True) as store:
        told = str(pipeline.plan_state(store, benchmark.load("half.toml")))
        assert "`qfloor plan half.toml --freeze` does it" in told
        told = str(pipeline.plan_state(store, benchmark.load("painters")))
        assert "`qfloor plan painters --freeze` does it" in told


def test_a_file_with_a_blank_in_its_name_is_quoted(mine: Path) -> None:
    Path("my own.toml").write_text(MINE)
    assert benchmark.load("my own.toml").as_given == "'my own.toml'"


def test_a_table_with_semicolons_is_a_table(mine: Path) -> None:
    given = ["--round", "2026-11", "--json", "-w"]
    Path("semi.csv").write_text(Path("ok.csv").read_text().replace(",", ";"))
    reports = [
        CliRunner().invoke(app, ["ratings", "import", name, *given, name[:-4]]).stdout
        for name in ("ok.csv", "semi.csv")
    ]
    kept = [json.loads(report)["kept"] for report in reports]
    assert kept[0] == kept[1] > 0


def test_agreement_says_which_rounds_count_together(mine: Path) -> None:
    for round in ("2026-10", "2026-11"):
        done = CliRunner().invoke(app, ["ratings", "import", "ok.csv", "--round", round])
        assert done.exit_code == 0, done.output
    said = "ratings of rounds 2026-10, 2026-11 count together; --round shows one alone"
    both = CliRunner().invoke(app, ["ratings", "agreement"])
    assert said in both.stderr
    one = CliRunner().invoke(app, ["ratings", "agreement", "--round", "2026-10"])
    assert "count together" not in one.stderr
    assert one.exit_code == 0
    for command in ("agreement", "raters", "comparisons"):
        none = CliRunner().invoke(app, ["ratings", command, "--round", "2099-01"])
        assert none.exit_code == 1
        assert "has no round 2099-01; it has: 2026-10, 2026-11" in str(none.exception)
    none = CliRunner().invoke(app, ["unknown", "--round", "2099-01"])
    assert "has no round 2099-01; it has: 2026-10, 2026-11" in str(none.exception)
    here = CliRunner().invoke(app, ["unknown", "--round", "2026-10"])
    assert (here.exit_code, here.output.strip()) == (0, "the end of every output is known")


def test_a_round_of_nothing_but_comparisons_is_a_round(mine: Path) -> None:
    vote = {"model_a": "x", "model_b": "y", "winner": "model_a", "judge": "r", "prompt": "a mug"}
    Path("votes.jsonl").write_text(json.dumps(vote))
    given = ["ratings", "import", "votes.jsonl", "-f", "arena", "--round", "2026-11"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    told = CliRunner().invoke(app, ["ratings", "agreement", "--round", "2026-11"])
    assert told.exit_code == 0, told.exception
    assert "no ratings" in told.output


@pytest.mark.parametrize("text", ['[{"id": 1, "a": {"id": 1}}]', '\ufeff\n{"id": 1}'])
def test_json_given_without_its_format_says_so(mine: Path, text: str) -> None:
    for name in ("export.json", "export.csv"):
        Path(name).write_text(text, encoding="utf-8")
        said = _refused("ratings", "import", name, "--round", "2026-11")
        assert said.startswith(f"{name}: this is JSON, and format 'long' is a table; say with -f")
        assert "-f label_studio" in said


def test_json_is_no_table_for_any_format(mine: Path) -> None:
    Path("export.csv").write_text('[{"id": 1}]')
    given = ["ratings", "import", "export.csv", "--round", "2026-11", "-f", "pairwise"]
    with pytest.raises(RatingsError, match="this is JSON, not a table"):
        CliRunner().invoke(app, given, catch_exceptions=False)


def test_none_is_a_number_that_is_too_small() -> None:
    told = CliRunner().invoke(app, ["power", "--offers", "0"])
    assert told.exit_code == 2
    assert "0 is less than 1" in told.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--objective", "best"), "'best' is not one of 'price', 'usable_cost'"),
        (("--max-price", "abc"), "'abc' must be a valid number"),
        (("--n", "1.5"), "'1.5' must be a valid integer"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_named(given: tuple[str, ...], said: str) -> None:
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["route", "a mug", *given])
    assert ran.exit_code == 2
    assert f"{given[0]}': {said}" in " ".join(ran.output.split())
    assert "Value error" not in ran.output
    assert "unable to parse" not in ran.output


@pytest.mark.parametrize(
    ("given", "option"),
    [
        (("replay", "log.jsonl", "--out", "served.json"), "--out"),
        (("replay", "log.jsonl", "--no-buy"), "--no-buy"),
        (("replay", "log.jsonl", "--round", "2026-11"), "--round"),
        (("replay", "--certify", "painters", "--locked", "shop/value"), "--locked"),
        (("store", "media", "--copy"), "--copy"),
        (("store", "media", "--own", "--option", "a=b"), "--option"),
        (("generate", "painters", "--suite", "core"), "--suite"),
        (("generate", "--manifest", "m.csv", "--budget", "1"), "--budget"),
        (("generate", "--manifest", "m.csv", "--resolve-unknown"), "--resolve-unknown"),
        (("generate", "painters", "--resolve-unknown", "--release", "all"), "--release"),
        (("run", "painters", "--resolve-unknown", "--out", "q.db"), "--out"),
        (("db", "diff", "old.db", "new.db", "--objective", "price"), "--objective"),
        (("report", "quality.db", "--alpha", "0.01"), "--alpha"),
        (("ab", "export", "may", "--out", "may.csv", "--round", "2026-11"), "--round"),
        (("floors", "painters", "--with-private"), "--with-private"),
        (("floors", "painters", "--tags", "--kind", "conditional"), "--kind"),
        (("floors", "painters", "--pass-rates", "--quality", "clip"), "--quality"),
        (("verify", "quality.db", "--csv"), "--csv"),
        (("verify", "quality.db", "--benchmark", "painters"), "--benchmark"),
        (("prices", "show", "bfl/*", "--sources"), "PATTERN"),
        (("prices", "show", "--rows", "--sources"), "--rows"),
        (("prices", "show", "--rows", "--db", "quality.db"), "--db"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    given: tuple[str, ...], option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`store media --copy` copied nothing, `replay LOG --out FILE` wrote nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    got = CliRunner().invoke(app, list(given))
    assert got.exit_code == 2
    assert f"Invalid value for {option}: goes with" in got.output
    assert list(tmp_path.iterdir()) == []
