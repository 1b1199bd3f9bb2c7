"""Floors of tags and languages: the cell's own statistics on a part of its prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qfloor.floors import (
    CellRequest,
    FamilyPlan,
    Judged,
    Labels,
    compute_all_tag_floors,
    compute_floor,
    compute_tag_floors,
)
from qfloor.records import Quality, Status, TagFloor, Threshold

QUALITY = Quality(source="human", name="overall", lo=0, hi=10, step=0.1)
FAMILY = FamilyPlan(name="portrait/image", m=10, alpha=0.05)


def _request(outputs: list[Judged], direction: str = "higher") -> CellRequest:
    thresholds = [
        Threshold(category="portrait", modality="image", quality=QUALITY.id, tier=t, value=v)
        for t, v in (("standard", 4.0), ("premium", 8.0))
    ]
    return CellRequest(
        offer_id="x/y", category="portrait", modality="image", quality=QUALITY, outputs=outputs,
        thresholds=thresholds, family=FAMILY, direction=direction,  # type: ignore[arg-type]
    )  # fmt: skip


def _made(values: list[float], raters: int = 0) -> list[Judged]:
    return [
        Judged(
            output_id=f"o{i}", family=f"p{i}", repeat=0, status=Status.MADE,
            values=(v,) * max(1, raters), raters=tuple(f"r{k}" for k in range(raters)),
        )
        for i, v in enumerate(values)
    ]  # fmt: skip


def _by_label(found: tuple[TagFloor, ...]) -> dict[str, TagFloor]:
    return {row.label: row for row in found}


def test_the_parts_of_a_cell() -> None:
    outputs = _made([9.0] * 30 + [2.0] * 5 + [7.0] * 25)
    labels = {
        o.output_id: Labels(
            language="de" if i >= 55 else "en",
            tags=(("hands",) if i < 30 else ()) + (("text",) if 25 <= i < 45 else ()),
        )
        for i, o in enumerate(outputs)
    }
    found = compute_tag_floors(_request(outputs), labels)
    assert [(f.facet, f.label) for f in found] == [
        ("tag", "hands"), ("tag", "text"), ("language", "de"), ("language", "en"),
    ]  # fmt: skip
    by = _by_label(found)
    assert {label: row.n_prompts for label, row in by.items()} == {
        "hands": 30, "text": 20, "de": 5, "en": 55,
    }  # fmt: skip
    assert (by["hands"].q25_lo, by["hands"].reason) == (9.0, "")
    assert by["text"].fail_rates[0].rate == pytest.approx(5 / 20)
    assert (by["text"].q25_lo, by["text"].q25) == (2.0, 2.0)
    assert (by["de"].q25_lo, by["de"].reason) == (None, "too few prompts (needs 11)")
    assert by["de"].q25 == 7.0
    assert {row.alpha for row in found} == {0.05}


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([1.0, 3.0, 5.0, 8.5, 10.0]), min_size=1, max_size=60),
    st.sampled_from([0, 3, 7]),
    st.sampled_from(["higher", "lower"]),
)
def test_a_label_of_every_prompt_is_the_cell_at_its_uncorrected_level(
    values: list[float], raters: int, direction: str
) -> None:
    request = _request(_made(values, raters), direction)
    labels = {o.output_id: Labels(language="en") for o in request.outputs}
    (row,) = compute_tag_floors(request, labels)
    alone = FamilyPlan(name="alone", m=1, alpha=FAMILY.alpha)
    floor, _ = compute_floor(
        CellRequest(**{**request.__dict__, "family": alone})  # the same cell, uncorrected
    )
    assert (row.q25_lo, row.q25, row.bound) == (floor.q25_lo_release, floor.q25, floor.bound)
    assert row.fail_rates == floor.fail_rates


@pytest.mark.parametrize(("missing", "max_fail"), [(3, 0.25), (2, 0.1)])
def test_what_is_missing_of_a_label_counts_as_in_the_cell(missing: int, max_fail: float) -> None:
    outputs = [
        Judged(output_id=f"o{i}.{k}", family=f"p{i}", repeat=k, status=Status.MADE, values=(9.0,))
        for i in range(60)
        for k in range(2)
    ]
    for i in range(missing):
        outputs[2 * i] = replace(outputs[2 * i], status=Status.FAILED, values=())
    request = _request(outputs)
    request = replace(
        request, thresholds=[replace(t, max_fail=max_fail) for t in request.thresholds]
    )
    (row,) = compute_tag_floors(request, {o.output_id: Labels(language="en") for o in outputs})
    floor, _ = compute_floor(
        replace(request, family=FamilyPlan(name="alone", m=1, alpha=FAMILY.alpha))
    )
    for mine, whole in zip(row.fail_rates, floor.fail_rates, strict=True):
        assert mine.upper == pytest.approx(whole.upper)
        assert mine.upper_one_repeat == pytest.approx(whole.upper_one_repeat)


@pytest.mark.parametrize(
    ("missing", "certified", "reason"),
    [(1, 9.0, ""), (3, 9.0, ""), (6, None, "too much missing")],
)
def test_missing_outputs_count_as_in_floors(
    missing: int, certified: float | None, reason: str
) -> None:
    outputs = _made([9.0] * (100 - missing)) + [
        Judged(output_id=f"m{i}", family=f"m{i}", repeat=0, status=Status.FAILED)
        for i in range(missing)
    ]
    labels = {o.output_id: Labels(language="en") for o in outputs}
    (row,) = compute_tag_floors(_request(outputs), labels)
    assert (row.q25_lo, row.reason) == (certified, reason)


def test_refusals_fail_and_can_leave_nothing_to_certify() -> None:
    outputs = [
        Judged(output_id=f"r{i}", family=f"r{i}", repeat=0, status=Status.REFUSED)
        for i in range(20)
    ]
    labels = {o.output_id: Labels(language="en", tags=("hands",)) for o in outputs}
    row = compute_tag_floors(_request(outputs), labels)[0]
    assert (row.q25, row.q25_lo, row.reason) == (None, None, "no threshold can be certified")
    assert [r.rate for r in row.fail_rates] == [1.0, 1.0]


def test_a_part_of_which_nothing_counts() -> None:
    outputs = [Judged(output_id="s", family="s", repeat=0, status=Status.SETUP)]
    (row,) = compute_tag_floors(_request(outputs), {"s": Labels(language="en")})
    assert (row.n_prompts, row.fail_rates, row.q25, row.bound) == (0, (), None, "")
    assert row.reason == "too few prompts (needs 11)"


def test_order_of_outputs_is_nothing() -> None:
    rng = np.random.default_rng(4)
    outputs = _made([float(v) for v in rng.integers(0, 100, 80) / 10], raters=4)
    labels = {o.output_id: Labels(language="en", tags=("a", "b")) for o in outputs}
    shuffled = [outputs[i] for i in rng.permutation(len(outputs))]
    assert compute_tag_floors(_request(outputs), labels) == compute_tag_floors(
        _request(shuffled), labels
    )


def test_cells_together_have_the_parts_that_each_has_alone() -> None:
    rng = np.random.default_rng(3)
    requests: list[CellRequest] = []
    labels: dict[str, Labels] = {}
    for offer in range(3):
        outputs = [
            Judged(
                output_id=f"{offer}-{i}", family=f"p{i // 2}", repeat=i % 2,
                status=Status.MADE if i % 9 else Status.REFUSED,
                values=(float(rng.normal(6.0 + offer, 1.0)),) if i % 9 else (),
            )
            for i in range(160)
        ]  # fmt: skip
        labels |= {
            o.output_id: Labels(language="de" if i % 4 else "en", tags=("text",) if i < 40 else ())
            for i, o in enumerate(outputs)
        }
        requests.append(_request(outputs))
    together = compute_all_tag_floors(requests, labels)
    alone = [row for request in requests for row in compute_tag_floors(request, labels)]
    assert [row.label for row in together] == ["text", "de", "en"] * 3
    for one, other in zip(together, alone, strict=True):
        assert replace(one, fail_rates=()) == replace(other, fail_rates=())
        for rate, same in zip(one.fail_rates, other.fail_rates, strict=True):
            assert rate.upper == pytest.approx(same.upper, abs=1e-12)
            assert replace(rate, upper=0.0) == replace(same, upper=0.0)
