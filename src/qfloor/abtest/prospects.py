"""What a session will be able to show, in words, before anyone votes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from qfloor.abtest.claims import FEWEST_PLACEBOS
from qfloor.counting import several

AUDITED = 300
"""Pairs of an audit subset that is proposed, where there are as many."""


def in_words(expected: Mapping[str, Any], alpha: float, pairs: int) -> list[str]:
    """Say what a session's figures mean, for whom they are new; ``pairs`` is how many it has."""
    if "pd0" not in expected:
        return []
    most = expected["detectable_pd"]
    found = f"differences that {most:.0%} of people see" if most else "not even plain differences"
    needed = expected["votes_for_90_percent"]
    lines = [
        f"if the sides are truly alike, the session shows that at most {expected['pd0']:.0%} of "
        f"people can tell them apart with probability {expected['power_when_alike']:.0%} "
        f"({needed or 'no number of'} independent votes would make it 90%; these "
        f"{expected['test_votes']} votes count as {expected['independent_votes']}); {found} "
        "would be found"
    ]
    if (hidden := expected["placebo_votes"]) < FEWEST_PLACEBOS:
        lines.append(
            f"with {several(hidden, 'placebo')} nobody will know how often people choose by "
            "chance, and the session cannot claim that they see no difference; show more pairs, or "
            "hide more (--placebo 0.2)"
        )
    if expected.get("item_needed") is None:
        lines.append(
            f"with {several(expected['item_votes'], 'vote')} a pair, no single pair can be called "
            f"distinguished at {alpha:g}; ask for an audit subset (--audit {min(AUDITED, pairs)} "
            f"--audit-votes {max(15, 2 - math.floor(math.log2(alpha)))})"
        )
    else:
        lines.append(
            f"a pair is distinguished at {expected['item_needed']} of "
            f"{several(expected['item_votes'], 'vote')}; chance alone gives "
            f"{expected['chance_detections']:.1f} of "
            f"{several(expected['chance_detections_of'], 'pair')}"
        )
    return lines
