"""The benchmark file: what is wrong with it is said before anything is bought."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor import benchmark
from qfloor.errors import BenchmarkError

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
        ({"rest": '[[thresholds]]\ntier = "premum"\nvalue = 9'}, "did you mean 'premium'"),
        ({"rest": '[[thresholds]]\ntier = "premium"\nvalue = 11'}, "outside the scale 0 to 10"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, parts: dict[str, str], says: str) -> None:
    with pytest.raises(BenchmarkError, match=r"b\.toml") as told:
        benchmark.load(_write(tmp_path, **parts))
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_correction_is_part_of_the_digest_and_the_default_is_as_it_was(tmp_path: Path) -> None:
    plain = benchmark.load(_write(tmp_path))
    same = benchmark.load(_write(tmp_path, benchmark='correction = "bonferroni"'))
    holm = benchmark.load(_write(tmp_path, benchmark='correction = "holm"'))
    assert plain.digest == same.digest
    assert (holm.correction, holm.digest != plain.digest) == ("holm", True)


def test_a_traffic_mix_is_part_of_the_digest(tmp_path: Path) -> None:
    plain = benchmark.load(_write(tmp_path))
    mix = '[traffic]\nby = "language"\nweights = { en = 3, de = 1 }\n[traffic.categories]\n'
    loaded = benchmark.load(_write(tmp_path, rest=mix + "portrait = { en = 1 }"))
    assert loaded.traffic is not None
    assert loaded.traffic.of("portrait") == {"en": 1.0}
    assert loaded.traffic.of("landscape") == {"en": 3.0, "de": 1.0}
    assert loaded.digest != plain.digest
