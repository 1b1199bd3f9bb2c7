"""Draw the picture of the README: `python docs/figures.py .qfloor` after `make demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import qfloor
from qfloor import report

OUT = Path(__file__).parent / "img" / "painters_floors.png"


def main(workspace: str) -> None:
    """Save the distributions of the last run in a workspace."""
    store = qfloor.open_store(workspace)
    *_, run = store.runs_of()
    floors, verdicts = store.floors(run=run.id), store.verdicts(run=run.id)
    human = next(q for q in floors["quality"] if q.startswith("human:"))
    figure = report.plot_distributions(
        store.ratings(round=run.round),
        floors[(floors["quality"] == human) & (floors["kind"] == "delivered")],
        verdicts[verdicts["quality"] == human],
        scale=(0.0, 10.0),
        label="rating, 0 to 10",
    )
    figure.savefig(OUT, dpi=72)
    print(f"wrote {OUT}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".qfloor")
