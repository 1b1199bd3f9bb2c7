"""What became of a round in which nothing was made: there is nothing to score, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from qfloor.counting import several
from qfloor.records import Output, Status


def nothing_made(round: str, outputs: Sequence[Output]) -> str:
    """Say that none of a round's outputs was made, and count why; nothing where one was."""
    if any(output.status is Status.MADE for output in outputs):
        return ""
    if not outputs:
        return f"round {round} has no output of this benchmark; `qfloor generate` makes them"
    why = Counter(f"{o.status.value} ({o.reason})" for o in outputs)
    listed = ", ".join(f"{n:,} {told}" for told, n in why.most_common())
    return f"round {round} has nothing to score: of {several(len(outputs), 'output')} {listed}"
