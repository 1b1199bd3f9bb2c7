"""Wins are counted by offer, whichever side it was shown on."""

from __future__ import annotations

import random
from collections import Counter

from qfloor.ratings import comparison_table, import_ratings, wins_of

ROUND = "2026-11"
HEAD = "prompt_id,category,left_model,right_model,response,rater_id,kind"


def test_sides_do_not_matter_and_controls_do_not_count(store, write):
    path = write(
        HEAD,
        "p1,portrait,a,b,left,ann,", "p1,portrait,b,a,right,bob,", "p2,portrait,a,b,right,ann,",
        "p2,portrait,b,a,none,anonymous,", "p3,portrait,a,b,both_bad,bob,",
        "p3,portrait,a,b,left,cat,catch", "p4,landscape,a,b,left,ann,",
    )  # fmt: skip
    import_ratings(store, path, "pairwise", round=ROUND)
    landscape, portrait = wins_of(store, round=ROUND)
    assert (portrait.first, portrait.second) == ("imported/a", "imported/b")
    assert (portrait.first_wins, portrait.second_wins) == (2, 1)
    assert (portrait.ties, portrait.both_bad, portrait.n) == (1, 1, 5)
    assert (portrait.left, portrait.right) == (1, 2)
    assert (portrait.raters, portrait.anonymous, portrait.prompts) == (2, 1, 3)
    assert (landscape.category, landscape.first_wins, landscape.n) == ("landscape", 1, 1)
    assert wins_of(store, round="2026-12") == []


def test_within_one_offer_nobody_wins(store, write):
    path = write("left,right,winner", "a,a,left", "a,a,tie")
    import_ratings(store, path, "evalica", round=ROUND)
    (row,) = comparison_table(store)
    assert (row["first"], row["second"]) == ("imported/a", "imported/a")
    assert (row["first_wins"], row["second_wins"], row["left"], row["ties"]) == (None, None, 1, 1)


def test_counts_are_those_of_a_plain_loop(store, write):
    rng = random.Random(4)
    votes = [(*rng.sample("abcd", 2), rng.choice(["left", "right", "tie"])) for _ in range(300)]
    import_ratings(
        store, write("left,right,winner", *(",".join(v) for v in votes)), "evalica", round=ROUND
    )
    counted: Counter[tuple[str, str, str]] = Counter()
    for left, right, winner in votes:
        pair = tuple(sorted((left, right)))
        counted[*pair, "tie" if winner == "tie" else left if winner == "left" else right] += 1
    for found in wins_of(store):
        first, second = found.first[-1], found.second[-1]
        assert found.first_wins == counted[first, second, first]
        assert found.second_wins == counted[first, second, second]
        assert found.ties == counted[first, second, "tie"]
        assert found.n == found.first_wins + found.second_wins + found.ties
    assert sum(found.n for found in wins_of(store)) == 300


def test_no_comparisons_no_rows(store):
    assert comparison_table(store) == []


def test_agreement_points_at_comparisons(store, write):
    from typer.testing import CliRunner

    from qfloor.cli import app

    import_ratings(store, write("left,right,winner", "a,b,left"), "evalica", round=ROUND)
    ran = CliRunner().invoke(app, ["ratings", "agreement", "--workspace", str(store.root)])
    assert ran.exit_code == 0
    assert "1 comparison; see qfloor ratings comparisons" in ran.output
    ran = CliRunner().invoke(app, ["ratings", "comparisons", "--workspace", str(store.root)])
    assert "imported/a" in ran.output
