"""What a decision says of the chosen offer's verdict beside its number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from factories import Seller, release

from qfloor import export, router

NEED = router.Need(prompt="a studio portrait photo of an old man", tier="professional")
PANEL = "conditional on this panel of 3; with one of them left out it is undecided 2 times of 3"


def _notes(tmp_path: Path, **told: object) -> tuple[str, ...]:
    made = release([Seller(name="value", usd="0.02", clears=6.8)])
    path = export.write(
        tmp_path / "quality.db",
        replace(made, verdicts=tuple(replace(v, **told) for v in made.verdicts)),  # type: ignore[arg-type]
    )
    decision = router.choose(router.load(path), NEED, now="2026-11-24")
    assert decision.offer == "shop/value"
    assert all(note in router.explain(decision) for note in decision.notes)
    return decision.notes


def test_a_verdict_of_a_small_panel_says_so(tmp_path: Path) -> None:
    assert f"the verdict in portrait is {PANEL}" in _notes(tmp_path, panel=PANEL)


def test_a_verdict_on_an_edited_plan_says_so(tmp_path: Path) -> None:
    assert any("post hoc" in note for note in _notes(tmp_path, post_hoc=True))


def test_otherwise_there_is_nothing_to_say(tmp_path: Path) -> None:
    for frozen in (None, False):
        assert not any("verdict" in n for n in _notes(tmp_path, panel=None, post_hoc=frozen))
