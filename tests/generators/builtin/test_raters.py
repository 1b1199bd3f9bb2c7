"""Raters read the defect log and nothing else, on the scale they promise."""

import ast
import inspect
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.generators.builtin import raters
from qfloor.generators.builtin.defects import DEFECTS, Defect
from qfloor.generators.builtin.raters import (
    DAMAGE,
    RATERS,
    Rater,
    panel_of,
    rate,
    true_quality,
)

logs = st.lists(
    st.builds(Defect, name=st.sampled_from(sorted(DEFECTS)), severity=st.floats(0, 1)), max_size=5
)


@given(logs, st.sampled_from(RATERS), st.integers(0, 999))
def test_values_are_on_the_scale_in_tenths(log, rater, seed):
    judged = rate(log, "made", rater, random.Random(seed))
    assert 0 <= judged.value <= 10
    assert judged.value == round(judged.value, 1)
    assert judged.usable == (judged.value >= rater.usable_from)
    assert judged == rate(log, "made", rater, random.Random(seed))


@given(logs, st.sampled_from(sorted(DEFECTS)), st.floats(0.01, 1))
def test_one_defect_more_is_never_better(log, name, severity):
    worse = [*log, Defect(name=name, severity=severity)]
    assert true_quality(worse) <= true_quality(log)


def test_every_defect_has_its_damage():
    assert set(DAMAGE) == set(DEFECTS)


def test_a_flawless_output_is_about_nine_and_what_was_not_made_is_nought():
    values = [rate([], "made", r, random.Random(n)).value for r in RATERS for n in range(80)]
    assert 8.5 <= fmean(values) <= 9.5
    assert abs(fmean(values) - true_quality([])) < 0.1
    for status in ("refused", "blank", "failed"):
        judged = rate([], status, RATERS[0], random.Random(1))
        assert (judged.value, judged.usable) == (0.0, False)
        assert true_quality([], status) == 0.0


@pytest.mark.parametrize("n", range(1, len(RATERS) + 1))
def test_biases_of_a_panel_of_any_size_cancel(n):
    panel = panel_of(n)
    assert len({r.id for r in panel}) == n
    assert abs(fmean(r.bias for r in panel)) < 1e-9


@pytest.mark.parametrize("n", [10, 11, 12, 14, 20, 31, 40])
def test_panels_of_any_size_are_alike(n):
    panel = panel_of(n)
    assert 0.27 < fmean(r.bias**2 for r in panel) ** 0.5 < 0.38
    assert 0.49 < fmean(r.noise for r in panel) < 0.55
    assert {r.bias for r in panel} == {-r.bias for r in panel}


def test_there_are_forty_raters_and_no_more():
    assert len(RATERS) == 40
    assert panel_of(40) == RATERS
    for n in (0, 41):
        with pytest.raises(ValueError, match="1 to 40 raters"):
            panel_of(n)


def test_raters_know_nothing_of_painters_pixels_or_metrics():
    tree = ast.parse(inspect.getsource(raters))
    imported = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    ours = {
        name.removeprefix("qfloor.generators.builtin.") for name in imported if "qfloor" in name
    }
    assert ours == {"defects", "world.phrases"}


def test_a_rater_without_bias_and_noise_says_the_true_quality():
    exact = Rater(id="x", bias=0.0, noise=0.0, usable_from=5.0)
    log = [Defect(name="noise", severity=0.4)]
    assert rate(log, "made", exact, random.Random(1)).value == round(true_quality(log), 1)
