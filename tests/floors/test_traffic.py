"""A team's own traffic mix: weights, what they cost, and that even ones change nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor import stats
from qfloor.floors import CellRequest, FamilyPlan, Judged, assess, build_cell, compute_floor
from qfloor.records import Quality, Ruling, Status, Threshold

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)


def _request(
    outputs: list[Judged], traffic: Mapping[str, float] | None, m: int = 1, **plan: object
) -> CellRequest:
    threshold = Threshold(
        category="portrait", modality="image", quality=QUALITY.id, tier="standard", value=5.0
    )
    return CellRequest(
        offer_id="x/y", category="portrait", modality="image", quality=QUALITY, outputs=outputs,
        thresholds=[threshold], family=FamilyPlan(name="f", m=m, alpha=0.05, **plan),
        traffic=traffic,
    )  # fmt: skip


def _outputs(
    fails: Mapping[str, tuple[int, int]], repeats: int = 1, raters: int = 0
) -> list[Judged]:
    """So many fails of so many prompts in each stratum."""
    return [
        Judged(
            output_id=f"{s}{i}.{j}", family=f"{s}{i}", repeat=j, status=Status.MADE,
            values=(1.0 if i < k else 9.0 + 0.01 * (i % 50),), stratum=s,
            raters=(f"r{(i + j) % raters}",) if raters else (),
        )
        for s, (k, n) in fails.items() for i in range(n) for j in range(repeats)
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    counts=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    share=st.floats(0, 1), repeats=st.integers(1, 3), raters=st.sampled_from([0, 3, 8]),
    m=st.sampled_from([1, 9]), correction=st.sampled_from(["bonferroni", "e-bh"]),
)  # fmt: skip
def test_the_suites_own_mix_changes_nothing(
    counts: tuple[int, int], share: float, repeats: int, raters: int, m: int, correction: str
) -> None:
    fails = {s: (round(share * n), n) for s, n in zip(("de", "en"), counts, strict=True)}
    outputs = _outputs(fails, repeats, raters)
    plain, verdicts = compute_floor(_request(outputs, None, m, correction=correction))
    mix = {"de": 7.0 * counts[0], "en": 7.0 * counts[1]}
    same, ruled = compute_floor(_request(outputs, mix, m, correction=correction))
    traffic = same.population["traffic"]
    assert traffic["effective_prompts"] == traffic["kept_prompts"] == sum(counts)
    assert ruled == verdicts
    assert replace(same, population={}) == replace(plain, population={})


def test_a_mix_that_is_not_the_suites_takes_more_prompts() -> None:
    """Half of the traffic comes from a quarter of the prompts: each of the others counts less."""
    outputs = _outputs({"de": (4, 20), "en": (12, 60)})
    of_suite, of_mix = (
        compute_floor(_request(outputs, mix, m=3))
        for mix in (None, {"de": 0.5, "en": 0.5})
    )  # fmt: skip
    (plain,), (verdict,) = of_suite[1], of_mix[1]
    kept = of_mix[0].population["traffic"]["effective_prompts"]
    needed = stats.prompts_needed(0.2, 0.05 / 3, 0.25, 0.8)
    assert (plain.ruling, verdict.ruling) == (Ruling.UNDECIDED, Ruling.UNDECIDED)
    assert kept < 80
    assert needed is not None
    assert plain.more_prompts == needed - 80
    assert verdict.more_prompts is not None
    assert verdict.more_prompts + 80 >= needed * 80 / kept - 1


def test_the_fail_rate_is_that_of_the_traffic() -> None:
    outputs = _outputs({"de": (8, 20), "en": (4, 80)})
    floor, (verdict,) = compute_floor(_request(outputs, {"en": 0.5, "de": 0.5}))
    assert floor.fail_rates[0].rate == pytest.approx(0.5 * 0.4 + 0.5 * 0.05)
    assert verdict.ruling is Ruling.UNDECIDED
    mostly_english, (other,) = compute_floor(_request(outputs, {"en": 0.95, "de": 0.05}))
    assert mostly_english.fail_rates[0].rate == pytest.approx(0.95 * 0.05 + 0.05 * 0.4)
    assert other.ruling is Ruling.CERTIFIED
    told = floor.population["traffic"]
    assert told["shares"] == {"de": 0.5, "en": 0.5}
    assert told["effective_prompts"] == pytest.approx(1 / (20 * 0.025**2 + 80 * 0.00625**2))
    assert told["kept_prompts"] < 60


def test_quartile_and_mean_are_weighted_alike() -> None:
    outputs = _outputs({"de": (0, 20), "en": (80, 80)})  # every English one fails
    floor, _ = compute_floor(_request(outputs, {"de": 0.9, "en": 0.1}))
    assert floor.q25 is not None
    assert floor.q25 > 8.0
    even, _ = compute_floor(_request(outputs, None))
    assert even.q25 == 1.0
    cell = build_cell("x", "portrait", "image", "delivered", outputs,
                      traffic={"de": 0.9, "en": 0.1})  # fmt: skip
    assert cell.weight is not None
    assert floor.q25 == stats.quantile_inverted_cdf(cell.value, 0.25, cell.weight)
    assert floor.q25_harrell_davis == stats.harrell_davis(cell.value, 0.25, cell.weight)
    assert floor.mean == pytest.approx(float(cell.weight @ cell.value))


def test_a_stratum_that_nobody_judged_leaves_it_undecided() -> None:
    floor, (verdict,) = compute_floor(_request(_outputs({"en": (0, 100)}), {"en": 0.8, "fr": 0.2}))
    assert (verdict.ruling, verdict.reason) == (Ruling.UNDECIDED, "too_much_missing")
    assert floor.population["traffic"]["unjudged"] == ["fr"]
    assert (floor.q25_lo_release, verdict.p_adjusted) == (None, None)


def test_at_small_levels_the_thinned_prompts_decide() -> None:
    outputs = _outputs({"de": (2, 40), "en": (6, 160)}, repeats=2)
    one = assess(_request(outputs, {"de": 0.4, "en": 0.6}, m=10))
    assert one.floor.bound == "every_repeat"
    cell, chosen = one.bounds.cell, one.bounds.cell.chosen
    assert chosen is not None
    shares = [np.mean(cell.value[cell.cluster == c] < 5.0) for c in cell.cluster[chosen]]
    exact = stats.every_repeat_upper(shares, 0.995)
    assert one.floor.fail_rates[0].upper == pytest.approx(exact)
    # every German prompt weighs the most and is kept, an English one with chance 3/8
    kept = one.bounds.cell.cluster[chosen]
    assert np.unique(kept).size == kept.size
    assert chosen[: 2 * 40].sum() == 40
    assert 40 <= chosen[2 * 40 :].sum() <= 80


def test_prompts_are_kept_as_often_as_they_weigh_and_for_every_offer_alike() -> None:
    outputs = [
        replace(o, family=f"{o.family}-{run}", output_id=f"{o.output_id}-{run}")
        for run in range(40) for o in _outputs({"de": (5, 20), "en": (5, 80)})
    ]  # fmt: skip
    mix = {"de": 0.5, "en": 0.5}
    cell = build_cell("x", "portrait", "image", "delivered", outputs, traffic=mix)
    assert cell.chosen is not None
    german = np.array([o.stratum == "de" for o in sorted(outputs, key=lambda o: o.family)])
    share = cell.chosen[~german].mean()
    assert abs(share - 0.25) < 4 * math.sqrt(0.25 * 0.75 / (~german).sum())
    other = build_cell("y", "portrait", "image", "delivered",
                       [replace(o, values=(3.0,)) for o in outputs], traffic=mix)  # fmt: skip
    assert np.array_equal(other.chosen, cell.chosen)


def test_a_family_may_span_strata() -> None:
    """Translations of a prompt are one family: the cluster is the prompt, not the language."""
    outputs = [
        Judged(output_id=f"{i}.{s}", family=f"p{i}", repeat=0, status=Status.MADE,
               values=(1.0 if s == "de" and i < 20 else 9.0,), stratum=s)
        for i in range(60) for s in ("de", "en")
    ]  # fmt: skip
    floor, _ = compute_floor(_request(outputs, {"de": 0.25, "en": 0.75}))
    assert floor.n_prompts == 60
    assert floor.fail_rates[0].rate == pytest.approx(0.25 / 3)
    assert floor.population["traffic"]["effective_prompts"] == pytest.approx(60)


@settings(max_examples=40, deadline=None)
@given(
    fails=st.tuples(st.integers(0, 12), st.integers(0, 20)), mix=st.floats(0.05, 0.95),
    repeats=st.integers(1, 2), m=st.sampled_from([1, 8]), raters=st.sampled_from([0, 8]),
    correction=st.sampled_from(["bonferroni", "e-bh"]),
)  # fmt: skip
def test_number_bound_and_adjusted_value_agree_under_traffic(
    fails: tuple[int, int], mix: float, repeats: int, m: int, raters: int, correction: str
) -> None:
    outputs = _outputs({"de": (fails[0], 30), "en": (fails[1], 90)}, repeats, raters)
    floor, (verdict,) = compute_floor(
        _request(outputs, {"de": mix, "en": 1 - mix}, m, correction=correction)
    )
    certified = verdict.ruling is Ruling.CERTIFIED
    assert verdict.p_adjusted is not None
    assert verdict.upper is not None
    assert certified == (verdict.p_adjusted <= 0.05) == (verdict.upper <= 0.25 + 1e-9)
    if correction == "bonferroni":
        low = floor.q25_lo_release
        assert certified == (low is not None and low >= 5.0)
