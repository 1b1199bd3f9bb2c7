"""The benchmark file: what is wrong with it is said before anything is bought."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor import benchmark
from qfloor.errors import BenchmarkError
from qfloor.records import RateLimits

FILE = """
[benchmark]
name = "x"
suites = ["painters"]
offers = ["painters/ochre"]
round = "2026-11"
{benchmark}
[quality]
{quality}
[[scorers]]
name = "technical"
args = {{{args}}}
[[thresholds]]
tier = "standard"
value = 5.0
{rest}
"""


def _write(tmp_path: Path, **parts: str) -> Path:
    path = tmp_path / "b.toml"
    path.write_text(
        FILE.format(**{"benchmark": "", "quality": "", "args": "", "rest": "", **parts})
    )
    return path


def test_a_sound_file_loads_to_one_digest(tmp_path: Path) -> None:
    path = _write(tmp_path)
    loaded = benchmark.load(path)
    assert loaded.digest == benchmark.load(path).digest
    assert {t.tier for t in loaded.thresholds} == {"standard"}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"quality": "hi = inf"}, "a value that cannot be kept"),
        ({"args": "a = nan"}, "a value that cannot be kept"),
        ({"args": "a = 2026-01-01"}, "a value that cannot be kept"),
        ({"args": "a = " + "1" * 5000}, "not valid TOML"),
        ({"args": "a = " + "[" * 5000}, "not valid TOML"),
        ({"benchmark": "budget_usd = inf"}, "budget_usd is inf"),
        ({"benchmark": 'correction = "hochberg"'}, "'benchmark.correction' is 'hochberg'"),
        ({"rest": "[limits.fal]\nconcurrency = 2"}, "limits.fal limits nobody"),
        ({"rest": "[limits.painters]\nconcurrency = 0"}, "limits.painters.concurrency' is 0"),
        ({"rest": "[limits.painters]\nper_minute = 0"}, "limits.painters.per_minute' is 0"),
        ({"rest": '[traffic]\nby = "colour"'}, "'traffic.by' is 'colour'"),
        ({"rest": '[traffic]\nby = "tag"'}, "traffic gives no weights"),
        ({"rest": '[traffic]\nby = "tag"\nweights = { a = 0 }'}, "'traffic.weights.a' is 0"),
        (
            {"rest": '[traffic]\nby = "tag"\ncategories = { portait = { a = 1 } }'},
            "did you mean 'portrait'",
        ),
        ({"benchmark": "repeat = 2"}, "did you mean 'repeats'"),
        ({"rest": "[raters]\nshare = 0.5\nraters = 500"}, "there are 40 simulated raters"),
        ({"rest": "[raters]\nshare = 0.5\nraters = 3\nvotes = 4"}, "more than the 3 raters"),
        ({"rest": '[[thresholds]]\ntier = "premium"\nvalue = 4'}, "demands 4, less than"),
        (
            {"rest": '[[thresholds]]\ntier = "standard"\nvalue = 6'},
            "two thresholds of */*/standard",
        ),
        ({"rest": '[[thresholds]]\ntier = "premum"\nvalue = 9'}, "did you mean 'premium'"),
        ({"rest": '[[thresholds]]\ntier = "premium"\nvalue = 11'}, "outside the scale 0 to 10"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, parts: dict[str, str], says: str) -> None:
    with pytest.raises(BenchmarkError, match=r"b\.toml") as told:
        benchmark.load(_write(tmp_path, **parts))
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_name_that_no_offer_has_is_told_with_where_offers_come_from(tmp_path: Path) -> None:
    path = _write(tmp_path)
    path.write_text(path.read_text().replace('["painters/ochre"]', '["studio/shoot"]'))
    with pytest.raises(BenchmarkError, match=r"offer_files names \(here none\)"):
        benchmark.load(path)
    (tmp_path / "own.toml").write_text(
        'provider = "own"\n[sources]\nbooks = "ours"\n[[offers]]\nid = "one"\nmodel = "one"\n'
        'modality = "image"\n'
    )
    whole = path.read_text().replace("[benchmark]\n", '[benchmark]\noffer_files = ["own.toml"]\n')
    path.write_text(whole)
    with pytest.raises(BenchmarkError, match=r"\(here own.toml\)"):
        benchmark.load(path)


def test_a_correction_is_part_of_the_digest_and_the_default_is_as_it_was(tmp_path: Path) -> None:
    plain = benchmark.load(_write(tmp_path))
    same = benchmark.load(_write(tmp_path, benchmark='correction = "bonferroni"'))
    holm = benchmark.load(_write(tmp_path, benchmark='correction = "holm"'))
    assert plain.digest == same.digest
    assert (holm.correction, holm.digest != plain.digest) == ("holm", True)


def test_limits_of_an_account_decide_nothing_of_the_evidence(tmp_path: Path) -> None:
    plain = benchmark.load(_write(tmp_path))
    limited = benchmark.load(_write(tmp_path, rest="[limits.painters]\nper_minute = 30\nburst = 3"))
    assert limited.limits == {"painters": RateLimits(per_minute=30.0, burst=3)}
    assert limited.digest == plain.digest
    unpriced = benchmark.load(_write(tmp_path, benchmark="allow_unpriced = true"))
    assert (unpriced.allow_unpriced, unpriced.digest) == (True, plain.digest)


def test_a_traffic_mix_is_part_of_the_digest(tmp_path: Path) -> None:
    plain = benchmark.load(_write(tmp_path))
    mix = '[traffic]\nby = "language"\nweights = { en = 3, de = 1 }\n[traffic.categories]\n'
    loaded = benchmark.load(_write(tmp_path, rest=mix + "portrait = { en = 1 }"))
    assert loaded.traffic is not None
    assert loaded.traffic.of("portrait") == {"en": 1.0}
    assert loaded.traffic.of("landscape") == {"en": 3.0, "de": 1.0}
    assert loaded.digest != plain.digest


RULE = '[[thresholds]]\ntier = "professional"\n'


def test_rules_are_read_with_their_parameters(tmp_path: Path) -> None:
    rest = (
        RULE + 'category = "portrait"\nrule = "usable-rate"\nusable = 0.8\ncriterion = "fit"\n'
        '[[thresholds]]\ntier = "premium"\nrule = "relative"\nreference = "painters/ochre"\n'
        "margin = 0.5\nlevel = 0.02\nmax_fail = 0.1\n"
    )
    loaded = benchmark.load(_write(tmp_path, rest=rest))
    (usable,) = [r for r in loaded.rules if r.tier == "professional"]
    assert (usable.category, usable.rule, usable.usable, usable.criterion, usable.level) == (
        "portrait", "usable-rate", 0.8, "fit", 0.01,
    )  # fmt: skip
    relative = [r for r in loaded.rules if r.tier == "premium"]
    assert {(r.reference, r.margin, r.level, r.max_fail) for r in relative} == {
        ("painters/ochre", 0.5, 0.02, 0.1)
    }
    assert len(relative) == len(loaded.thresholds)
    assert len(loaded.demands) == len(loaded.thresholds) + len(loaded.rules)
    assert loaded.digest != benchmark.load(_write(tmp_path)).digest


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ('rule = "usable-rate"', "needs 'usable' for rule"),
        ('rule = "relative"\nmargin = 0.5', "needs 'reference' for rule"),
        ("", "needs 'value' for rule"),
        ('rule = "relative"\nreference = "painters/ochre"\nvalue = 6', "has 'value', which goes"),
        ("value = 6\nmargin = 0.5", "has 'margin', which goes with rule = \"relative\""),
        ("value = 6\nlevel = 0.01", "has 'level', which goes with"),
        ('rule = "relative"\nreference = "painters/ochr"', "did you mean 'painters/ochre'"),
        ('rule = "relative"\nreference = "painters/ochre"\nmargin = -1', "is -1"),
        ('rule = "usable-rate"\nusable = 80', "is 80"),
        ('rule = "usable"\nusable = 0.8', "'absolute', 'usable-rate' or 'relative'"),
    ],
)
def test_a_rule_without_what_it_needs_is_one_sentence(
    tmp_path: Path, fields: str, says: str
) -> None:
    with pytest.raises(BenchmarkError, match=r"b\.toml") as told:
        benchmark.load(_write(tmp_path, rest=RULE + fields))
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_people_who_do_not_rate_cannot_say_what_is_usable(tmp_path: Path) -> None:
    quality = 'source = "uncalibrated"\nmetrics = ["technical.sharpness"]'
    with pytest.raises(BenchmarkError, match="an uncalibrated quality has none"):
        benchmark.load(_write(tmp_path, quality=quality, rest=RULE + 'rule = "usable-rate"\n'
                              "usable = 0.8"))  # fmt: skip
