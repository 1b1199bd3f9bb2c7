"""Before anything is scored at a coarser precision: does it agree with float32 here?

The check runs once for a store and backbone, on pictures that are to be scored, and is kept in
the store beside the scores it vouches for. What it measures is `qfloor.scorers.parity`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qfloor.errors import MediaError
from qfloor.records import Parity
from qfloor.score.scoring import Decode, Work
from qfloor.scorers import parity
from qfloor.scorers.protocol import Backbone, CarriesBackbones, Pixels, Scorer, evenly_spaced

if TYPE_CHECKING:
    from qfloor.store import Store


def check_precisions(
    store: Store, scorers: Sequence[Scorer], work: Sequence[Work], decode: Decode
) -> tuple[Parity, ...]:
    """Check every backbone that runs at a coarser precision and was not checked before.

    Returns
    -------
    tuple of Parity
        What vouches for the scorers' backbones, now or from before.

    Raises
    ------
    ScoringError
        When one does not agree with its reference, or there are too few pictures to tell.
    """
    known = {one.backbone: one for one in store.parities()}
    found = []
    for backbone in _coarse(scorers):
        if backbone.name not in known and work:
            pictures, texts = _some(work, decode)
            measured = parity.measure(backbone, backbone.reference(), pictures, texts)
            parity.require(measured, backbone.precision)
            store.save_parity(measured)
            known[backbone.name] = measured
        if backbone.name in known:
            found.append(known[backbone.name])
    return tuple(found)


def _coarse(scorers: Sequence[Scorer]) -> list[parity.Coarse]:
    carried: list[Backbone] = [
        backbone
        for scorer in scorers
        if isinstance(scorer, CarriesBackbones)
        for backbone in scorer.backbones
    ]
    coarse = [b for b in carried if isinstance(b, parity.Coarse) and b.precision != "fp32"]
    return list({backbone.name: backbone for backbone in coarse}.values())


def _some(work: Sequence[Work], decode: Decode) -> tuple[list[Pixels], list[str]]:
    """Pictures spread over the work, with their prompts; what cannot be read is passed over."""
    pictures: list[Pixels] = []
    texts: list[str] = []
    for index in evenly_spaced(len(work), 2 * parity.PICTURES):
        if len(pictures) == parity.PICTURES:
            break
        one = work[index]
        try:
            pictures.append(decode(one.output, one.prompt.modality).middle)
        except (MediaError, OSError):
            continue
        texts.append(one.prompt.text)
    return pictures, texts
