"""Panels that others published: alpha and severity as they were read elsewhere."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from qfloor import stats
from qfloor.ratings import import_ratings, raters_of

PUBLISHED = Path(__file__).resolve().parents[3] / "shared/data"
LIKERT = PUBLISHED / "dsg/tifa160-likert-anns.csv"
GENAI = PUBLISHED / "genai_bench/genai_image.json"


@pytest.mark.skipif(not LIKERT.is_file(), reason="DSG's ratings are not here")
def test_five_raters_of_dsg():
    with LIKERT.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["answer"].strip().isdigit()]
    values = np.array([float(r["answer"]) for r in rows])
    items = [f"{r['t2i_model']} {r['item_id']}" for r in rows]
    found = stats.krippendorff_alpha_interval(
        values, items, [r["item_id"] for r in rows], np.random.default_rng(0)
    )
    assert found.value == pytest.approx(0.684, abs=0.0005)
    assert found.n_clusters == 160
    assert 0.6 < found.low < found.value < found.high < 0.75
    recovered = stats.recover_mos(values, items, [r["worker_id"] for r in rows])
    assert len(recovered.raters) == 5
    assert recovered.bias.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.skipif(not GENAI.is_file(), reason="GenAI-Bench's ratings are not here")
def test_three_raters_of_genai_bench(store):
    import_ratings(store, GENAI, "genai_bench", round="2024-06")
    found = {r.rater: r for r in raters_of(store)}
    means = sorted(r.mean for r in found.values())
    # 2.910, 3.361 and 3.471 with the two misprints (33 and 41) that the import drops
    assert means == pytest.approx([2.910, 3.351, 3.459], abs=0.001)
    severest = min(found.values(), key=lambda r: r.severity)
    assert severest.mean == means[0]
    assert severest.severity_hi < 0
    assert all(math.isfinite(r.inconsistency) for r in found.values())
    assert {r.bt500 for r in found.values()} == {"cannot say"}
