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
    fail_probability,
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
    values = [rate([], "made", r, random.Random(n)).value for r in RATERS for n in range(200)]
    assert 8.5 <= fmean(values) <= 9.5
    assert abs(fmean(values) - true_quality([])) < 0.1
    for status in ("refused", "blank", "failed"):
        judged = rate([], status, RATERS[0], random.Random(1))
        assert (judged.value, judged.usable) == (0.0, False)
        assert true_quality([], status) == 0.0


def test_the_panel_is_large_and_its_biases_cancel():
    assert len(RATERS) >= 12
    assert abs(fmean(r.bias for r in RATERS)) < 1e-9
    assert len({r.id for r in RATERS}) == len(RATERS)


def test_raters_know_nothing_of_painters_pixels_or_metrics():
    tree = ast.parse(inspect.getsource(raters))
    imported = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    ours = {
        name.removeprefix("qfloor.generators.builtin.") for name in imported if "qfloor" in name
    }
    assert ours == {"defects", "world.phrases"}


@pytest.mark.parametrize("threshold", [5.0, 6.5, 8.0, 9.3])
def test_the_fail_probability_is_what_ratings_show(threshold):
    log = [Defect(name="blur", severity=0.2)]
    values = [
        rate(log, "made", r, random.Random(f"{r.id} {n}")).value
        for r in RATERS
        for n in range(1000)
    ]
    share = fmean(value < threshold for value in values)
    assert abs(share - fail_probability(true_quality(log), threshold)) < 0.015


def test_a_rater_without_bias_and_noise_says_the_true_quality():
    exact = Rater(id="x", bias=0.0, noise=0.0, usable_from=5.0)
    log = [Defect(name="noise", severity=0.4)]
    assert rate(log, "made", exact, random.Random(1)).value == round(true_quality(log), 1)
