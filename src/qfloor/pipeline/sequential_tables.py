"""Tables of a sequential run: what each cell cost and how it was decided, what to rate next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qfloor.pipeline.adaptive import AdaptiveResult
from qfloor.store import Store

_WHY = {
    "decided": "every tier",
    "futile": "no verdict in sight",
    "exhausted": "no prompt left",
    "not_worth_it": "dearer than its worth",
}


def spent_by_cell(result: AdaptiveResult) -> list[dict[str, Any]]:
    """One row a cell: prompts and dollars spent, why it stopped, each tier's ruling and when."""
    return [
        {
            "offer": s.offer_id,
            "category": s.category,
            "modality": s.modality,
            "prompts": s.n_prompts,
            "of": s.horizon,
            "usd": (s.spent_nanousd + s.rated_nanousd) / 1e9,
            "stopped": _WHY.get(s.standing, s.stopped or s.standing),
            **{
                r.tier: r.ruling if r.decided_at is None else f"{r.ruling} at {r.decided_at}"
                for r in s.rulings
            },
        }
        for s in result.states
    ]


def to_rate(workspace: Path, result: AdaptiveResult) -> list[dict[str, Any]]:
    """Outputs that wait for ratings, without the offer: who rates must not know it."""
    with Store.open(workspace) as store:
        texts = {p.digest: p for p in store.prompts_by_digest().values()}
        return [
            {
                "item_id": output.id,
                "category": texts[output.prompt_digest].category,
                "prompt": texts[output.prompt_digest].text,
                "file": str(store.media_path(output.media_sha256)),
            }
            for output in sorted(result.awaiting, key=lambda o: o.id)
            if output.media_sha256 is not None
        ]
