"""Live audit: what was served is found by digest, drawn by id, and watched at any time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import blind_world
import factories
import numpy as np
import pytest
import served_world

from qfloor.abtest.answers import Answer
from qfloor.abtest.plan import AnalysisPlan
from qfloor.abtest.protocol import Exclusions
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.abtest.unblinding import unblindings
from qfloor.abtest.watch import DiscriminabilityWatch
from qfloor.errors import BudgetError, SessionError
from qfloor.pipeline.blinding import live_audit
from qfloor.store import Store


def test_only_who_opted_in_is_drawn_and_every_prompt_meets_its_output(tmp_path: Path) -> None:
    drawn = live_audit.draw_traffic(served_world.gateway(tmp_path / "gateway"), 1.0)
    assert drawn.left_out == {"prompt not kept": 8}
    assert len(drawn.prompts) == 32
    for prompt in drawn.prompts:
        shown = drawn.served[prompt.digest]
        assert shown.item == f"image_{prompt.text.split()[-1]}-0-0"
        assert (prompt.aspect_ratio, shown.offer, shown.arm) == ("4:3", "shop/value", "routed")


def test_a_folder_may_be_called_as_it_likes(tmp_path: Path) -> None:
    """Its name was read as part of an address, where % and ? and # mean something."""
    odd = tmp_path / "50% of? #1"
    odd.mkdir()
    assert live_audit.draw_traffic(served_world.gateway(odd / "gateway"), 1.0).prompts


def test_a_larger_share_holds_the_smaller(tmp_path: Path) -> None:
    gateway = served_world.gateway(tmp_path / "gateway")
    small = live_audit.draw_traffic(gateway, 0.3)
    large = live_audit.draw_traffic(gateway, 0.6)
    assert {p.id for p in small.prompts} < {p.id for p in large.prompts}
    assert 2000 < sum(live_audit.is_drawn(f"r{n}", 0.25) for n in range(10_000)) < 3000
    late = live_audit.draw_traffic(gateway, 1.0, since="2026-12-01T00:00:30Z")
    assert len(late.prompts) == 8


@pytest.mark.parametrize("share", [0.0, 1.5, float("nan")])
def test_a_share_is_a_share(tmp_path: Path, share: float) -> None:
    with pytest.raises(SessionError, match="share"):
        live_audit.draw_traffic(tmp_path, share)
    with pytest.raises(SessionError, match=r"no gateway\.db"):
        live_audit.draw_traffic(tmp_path, 0.5)


def test_the_budget_decides_how_many_are_bought(tmp_path: Path) -> None:
    drawn = live_audit.draw_traffic(served_world.gateway(tmp_path / "gateway"), 1.0)
    offer = factories.offer(factories.Seller(name="dear", usd="0.10"))
    with Store.open(tmp_path / "store", create=True) as store:

        def bought(usd: float | None) -> int:
            most = None if usd is None else int(usd * 1e9)
            kept = live_audit.affordable(
                store, drawn.prompts, offer, round="audit", budget_nanousd=most
            )
            assert kept == drawn.prompts[: len(kept)]
            return len(kept)

        assert bought(None) == 32
        assert bought(100) == 32
        least = bought(3.2)
        assert 0 < least <= 32
        assert bought(0.01) == 0
        with pytest.raises(BudgetError, match="does not cover one output"):
            live_audit.make_baseline(store, drawn, offer, round="audit", budget_nanousd=1)
        unpriced = replace(offer, price=None)
        with pytest.raises(BudgetError, match="not known"):
            live_audit.affordable(
                store, drawn.prompts, unpriced, round="audit", budget_nanousd=10**9
            )


def _answer(n: int, usable: tuple[bool | None, bool | None], routed_left: bool) -> Answer:
    arms = ("routed", "reference") if routed_left else ("reference", "routed")
    return Answer(trial_id=f"t{n}", pair_id=f"p{n // 2}", prompt_id="q", category="c",
                  left_item="a", right_item="b", left_arm=arms[0], right_arm=arms[1],
                  response="none", rater_id=f"r{n % 2}", left_usable=usable[0],
                  right_usable=usable[1])  # fmt: skip


def test_fails_are_those_of_the_served_side() -> None:
    answers = [
        _answer(0, (True, False), True),
        _answer(1, (True, False), False),
        _answer(2, (None, None), True),
        _answer(4, (False, True), True),
    ]
    assert live_audit.fail_shares(answers) == [0.5, 1.0]


ALL = Exclusions(catch_share=0.0, median_seconds=0.0)  # who answers faster than eyes, too


def _voted(folder: Path, **said: Any) -> Path:
    """A session in which everybody prefers the reference, and finds nothing else usable."""
    root, _ = blind_world.session(folder, 20, training=0, **said)
    blind_world.vote(root)
    return root


def test_sessions_are_watched_after_each_other(tmp_path: Path) -> None:
    sessions = [_voted(tmp_path / week, ask_when_none=1.0, exclusions=ALL) for week in ("a", "b")]
    fails, seen = live_audit.watch_sessions(sessions, limit_fail=0.25)
    assert (fails.n, fails.value, fails.standing) == (40, 1.0, "alarm")
    assert (seen.n, seen.value, seen.standing) == (40, 1.0, "alarm")


def test_whom_the_plan_leaves_out_is_not_watched(tmp_path: Path) -> None:
    session = _voted(tmp_path, ask_when_none=1.0)  # all answer at once
    fails, seen = live_audit.watch_sessions([session], limit_fail=0.25)
    assert (fails.n, seen.n) == (0, 0)


def test_who_clicks_at_random_keeps_no_alarm_silent() -> None:
    world = World(visible=0.16, seen=1.0, false_alarm=0.0, lazy=0.6)
    answers = simulate(world, Shape(pairs=3000, raters=60), np.random.default_rng(0))
    kept = live_audit.attentive(answers, AnalysisPlan())
    assert DiscriminabilityWatch(0.1).take(answers).state.standing == "open"
    assert DiscriminabilityWatch(0.1).take(kept).state.standing == "alarm"
    assert live_audit.attentive([replace(answers[0], response="skip")], AnalysisPlan()) == []


def test_fails_of_those_alone_who_saw_something_are_not_watched(tmp_path: Path) -> None:
    whole, part = tmp_path / "a", tmp_path / "b"
    sessions = [_voted(whole, ask_when_none=1.0, exclusions=ALL), _voted(part, ask_when_none=0.1)]
    with pytest.raises(SessionError, match="asks 10 % of votes without a difference"):
        live_audit.watch_sessions(sessions, limit_fail=0.25)
    assert [e["event"] for root in sessions for e in unblindings(root)] == ["created"] * 2
