"""Plans are deterministic, and painters fail exactly as often as they declare."""

import math
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from qfloor.generators.builtin.defects import DEFECTS, apply
from qfloor.generators.builtin.painters import FLAWLESS, PAINTERS, Painter, Skill
from qfloor.generators.builtin.work import Commission, plan
from qfloor.generators.builtin.world.grammar import CATEGORIES, compose

N = 1000
TEXTS = {
    category: [compose(category, random.Random(f"work {category} {n}")) for n in range(N)]
    for category in CATEGORIES
}


def planned(painter: Painter, category: str, n: int = N):
    for text, scene in TEXTS[category][:n]:
        yield scene, plan(Commission(text=text), painter, offer_id="painters/x", round="2026-11")


def within_binomial_error(hits: int, trials: int, probability: float) -> bool:
    sd = math.sqrt(max(trials * probability * (1 - probability), 0.25))
    return abs(hits - trials * probability) <= 4.5 * sd


def test_the_same_request_gives_the_same_plan_and_every_part_of_it_counts():
    painter = PAINTERS["gamboge"]
    base = Commission(text="two red apples on a wooden table")
    first = plan(base, painter, offer_id="a", repeat=0, round="r")
    assert plan(base, painter, offer_id="a", repeat=0, round="r") == first
    others = [
        plan(replace(base, negative="blur"), painter, offer_id="a", round="r"),
        plan(replace(base, aspect_ratio="16:9"), painter, offer_id="a", round="r"),
        plan(replace(base, seconds=2.0), painter, offer_id="a", round="r"),
        plan(base, painter, offer_id="b", round="r"),
        plan(base, painter, offer_id="a", repeat=1, round="r"),
        plan(base, painter, offer_id="a", round="s"),
    ]
    assert len({p.seed for p in [first, *others]}) == 7


CELLS = [(p.name, c) for p in PAINTERS.values() for c in p.skills]


@pytest.mark.parametrize(("name", "category"), CELLS)
def test_defects_are_as_frequent_as_declared(name, category):
    painter = PAINTERS[name]
    plans = [(s, p) for s, p in planned(painter, category) if p.outcome == "made"]
    for flaw in painter.flaws(category):
        occasions = hits = 0
        for scene, made in plans:
            logged = {defect.name: defect for defect in made.defects}
            # what removes a thing leaves no occasion to draw that thing wrong
            if flaw.name != "missing object" and "missing object" in logged:
                continue
            if apply(scene, flaw.name, 0.5, random.Random(0)) is None:
                continue
            occasions += 1
            if flaw.name in logged:
                hits += 1
                assert flaw.low - 0.001 <= logged[flaw.name].severity <= flaw.high + 0.001
        assert within_binomial_error(hits, occasions, flaw.probability), (flaw, hits, occasions)
    declared = {flaw.name for flaw in painter.flaws(category)}
    assert {defect.name for _, made in plans for defect in made.defects} <= declared


def test_refusals_and_blanks_are_as_frequent_as_declared():
    for painter in PAINTERS.values():
        for category in list(painter.skills)[:2]:
            outcomes = Counter(made.outcome for _, made in planned(painter, category))
            # outcomes repeat with their texts, so that refusals are counted by distinct text
            refused = {
                t: plan(Commission(text=t), painter, offer_id="painters/x").outcome == "refused"
                for t, _ in TEXTS[category]
            }
            assert within_binomial_error(sum(refused.values()), len(refused), painter.refuses)
            left = N - outcomes["refused"]
            assert within_binomial_error(outcomes["blank"], left, painter.blanks)


def test_a_refused_prompt_stays_refused():
    painter = PAINTERS["indigo"]
    for text, _ in TEXTS["portrait"][:100]:
        outcomes = {
            plan(Commission(text=text), painter, offer_id="o", repeat=n, round=r).outcome
            for n in range(3)
            for r in ("a", "b")
        }
        assert outcomes == {"refused"} or "refused" not in outcomes


def test_some_painter_refuses_often_and_some_painter_returns_blanks():
    assert any(painter.refuses >= 0.1 for painter in PAINTERS.values())
    assert any(painter.blanks >= 0.03 for painter in PAINTERS.values())
    assert sum(painter.modality == "image" for painter in PAINTERS.values()) >= 9
    assert sum(painter.modality == "video" for painter in PAINTERS.values()) >= 3
    styles = [painter.style for painter in PAINTERS.values()]
    assert len(set(styles)) == len(styles)


def test_what_is_logged_is_what_is_drawn():
    for name in ("vermilion", "umber", "carmine"):
        painter = PAINTERS[name]
        for category in painter.skills:
            for _, made in planned(painter, category, 200):
                content = [d for d in made.defects if d.asked or d.drawn]
                for defect in content:
                    assert defect.asked != defect.drawn, defect
                visible = [d for d in content if d.name != "frozen motion"]
                base = made.asked
                if made.modality == "video" and base.motion is None:
                    base = replace(base, motion=made.scene.motion)
                assert bool(visible) == (made.scene != base), made


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_changes_the_scene_or_only_pixels(name):
    rng = random.Random(1)
    pixels = ("frozen motion", "flicker", "blur", "noise", "blockiness", "overexposure")
    applied = 0
    for category in CATEGORIES:
        for _, scene in TEXTS[category][:100]:
            done = apply(scene, name, rng.random(), rng)
            if done is None:
                continue
            applied += 1
            assert (done[0] == scene) == (name in pixels)
    assert applied > 20


def test_a_painting_with_its_only_thing_missing_is_no_blank():
    rng = random.Random(1)
    for _, scene in TEXTS["product-photo"][:200]:
        done = apply(scene, "missing object", 0.8, rng)
        assert done is not None
        assert done[0].things
        assert {thing.noun for thing in done[0].things} != {thing.noun for thing in scene.things}


def test_latency_has_the_declared_median_and_spread():
    painter = PAINTERS["vermilion"]
    logs = np.log([p.seconds_run for _, p in planned(painter, "landscape")])
    assert abs(float(np.median(logs)) - math.log(painter.median_s)) < 0.06
    assert abs(float(logs.std()) - painter.spread) < 0.05


@pytest.mark.parametrize("aspect", [None, "1:1", "16:9", "9:16", "99:1", "0:1", "x", "nan:1"])
@pytest.mark.parametrize("name", ["ochre", "sepia"])
def test_sizes_are_even_and_keep_the_area(aspect, name):
    painter = PAINTERS[name]
    made = plan(Commission(text="a cat", aspect_ratio=aspect), painter, offer_id="o")
    assert made.width % 2 == made.height % 2 == 0
    assert abs(made.width * made.height / painter.size**2 - 1) < 0.05


def test_seconds_are_capped():
    painter = PAINTERS["sepia"]
    made = [plan(Commission(text="a cat", seconds=s), painter, offer_id="o") for s in (0.1, 1, 60)]
    assert [p.frames for p in made] == [2, 12, 120]


def test_an_unlearnt_category_falls_to_the_worst_skill():
    painter = Painter(
        name="x", style="flat", price=("image", "1"),
        skills={"portrait": Skill(), "landscape": Skill(finish=3.0)},
    )  # fmt: skip
    assert painter.skill("video") == painter.skills["landscape"]
    assert painter.skill("portrait").finish == FLAWLESS
