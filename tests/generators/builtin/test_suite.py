"""The committed suite is what the grammar composes, and the painters' world is worth scoring."""

import csv
import itertools
from collections import Counter, defaultdict
from pathlib import Path

from qfloor import suite
from qfloor.generators.builtin.world.grammar import CATEGORIES, parse

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_suite_reads_back_to_its_labels():
    loaded = suite.load("painters")
    assert Counter(p.category for p in loaded.prompts) == dict.fromkeys(CATEGORIES, 120)
    assert len({p.text for p in loaded.prompts}) == len(loaded.prompts)
    for prompt in loaded.prompts:
        scene = parse(prompt.text)
        assert scene.category == prompt.category, prompt.id
        lettering = (scene.lettering.text,) if scene.lettering else ()
        assert prompt.must_render == lettering
        assert (prompt.seconds is not None) == (prompt.modality == "video")
        assert scene.motion is not None or prompt.modality == "image"
    assert suite.check(loaded) == []


def test_the_other_suites_can_be_drawn():
    for name in suite.names():
        for prompt in suite.load(name).prompts:
            assert parse(prompt.text).category in CATEGORIES


def test_the_truth_spreads_as_the_issue_demands():
    with (ROOT / "results" / "painters_truth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    groups = defaultdict(list)
    for row in rows:
        groups[row["category"], row["modality"]].append(row)
    tops = {}
    for key, cells in groups.items():
        q25s = [float(cell["q25"]) for cell in cells]
        pairs = [abs(a - b) > 0.5 for a, b in itertools.combinations(q25s, 2)]
        assert sum(pairs) / len(pairs) >= 0.7, key
        professional = [float(cell["fail_below_6.5"]) for cell in cells]
        assert min(professional) < 0.1, key
        assert max(professional) > 0.5, key
        tops[key] = min(float(cell["fail_below_8"]) for cell in cells)
    assert max(tops.values()) > 0.5  # nobody reaches the top tier in some category
    assert min(tops.values()) < 0.08
