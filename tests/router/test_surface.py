"""The public surface, and that it needs the standard library and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import factories

from qfloor import export, router

SRC = Path(__file__).resolve().parents[2] / "src"

ALONE = """
import sys
sys.path.insert(0, {src!r})
before = set(sys.modules)
from qfloor import router
foreign = {{m.partition(".")[0] for m in set(sys.modules) - before}} - set(sys.stdlib_module_names)
assert foreign == {{"qfloor"}}, foreign
stages = {{"qfloor.export", "qfloor.store", "qfloor.suite", "qfloor.tables"}} & set(sys.modules)
assert not stages, stages
db = router.load({path!r})
decision = router.choose(db, router.Need(prompt="portrait of an old man"), now="2026-11-23")
assert router.explain(decision) and decision.to_dict()
print(decision.offer)
"""


def test_exported_names() -> None:
    promised = {
        "load",
        "Need",
        "classify",
        "choose",
        "Decision",
        "Classification",
        "Policy",
        "explain",
    }
    assert promised <= set(router.__all__)
    assert all(hasattr(router, name) for name in router.__all__)
    assert sorted(router.__all__) == router.__all__


def test_a_needs_fields_are_the_documented_ones() -> None:
    fields = [f.name for f in dataclasses.fields(router.Need) if f.init]
    assert fields == [
        "prompt", "negative", "aspect_ratio", "size", "resolution", "language", "modality",
        "seconds", "audio", "n", "separately", "by_shape", "tier", "max_price_usd",
        "max_latency_s", "only", "ignore", "pin", "project", "tags",
    ]  # fmt: skip
    assert list(inspect.signature(router.choose).parameters) == [
        "db", "need", "prices", "health", "policy", "now", "classification",
    ]  # fmt: skip


def test_it_works_without_any_site_packages(tmp_path: Path) -> None:
    path = export.write(tmp_path / "quality.db", factories.release())
    code = ALONE.format(src=str(SRC), path=str(path))
    ran = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "shop/value"
