"""Before anything is scored at a coarser precision: does it agree with float32 here?

The check runs once for a store and backbone, on pictures that are to be scored, and is kept in
the store beside the scores it vouches for. What it measures is `qfloor.scorers.parity`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qfloor.records import Parity
from qfloor.score.scoring import Decode, Work
from qfloor.scorers import parity
from qfloor.scorers.protocol import (
    Backbone,
    CarriesBackbones,
    Pixels,
    Scorer,
    evenly_spaced,
    innermost,
)

if TYPE_CHECKING:
    from qfloor.store import Store


def check_precisions(
    store: Store, scorers: Sequence[Scorer], work: Sequence[Work], decode: Decode
) -> tuple[Parity, ...]:
    """Check every backbone that runs at a coarser precision and was not checked before.

    Pictures are taken from the work that scorers on the backbone still owe; a backbone that
    nobody needs now is not checked now.

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
    carried = [list(_coarse(scorer)) for scorer in scorers]
    distinct = {backbone.name: backbone for mine in carried for backbone in mine}
    found = []
    for name, backbone in distinct.items():
        owing = {i for i, mine in enumerate(carried) if name in [b.name for b in mine]}
        due = [one for one in work if owing.intersection(one.scorers)]
        if name not in known and due:
            pictures, texts = _some(due, decode)
            measured = parity.measure(backbone, backbone.reference(), pictures, texts)
            parity.require(measured, backbone.precision)
            store.save_parity(measured)
            known[name] = measured
        if name in known:
            parity.require(known[name], backbone.precision)  # what is demanded may have risen
            found.append(known[name])
    return tuple(found)


def _coarse(scorer: Scorer) -> Iterator[parity.Coarse]:
    """Yield a scorer's backbones that need a check, those inside others too."""
    carried: tuple[Backbone, ...] = ()
    if isinstance(scorer, CarriesBackbones):
        carried = scorer.backbones
    for backbone in map(innermost, carried):
        if isinstance(backbone, parity.Coarse) and backbone.precision != "fp32":
            yield backbone


def _some(work: Sequence[Work], decode: Decode) -> tuple[list[Pixels], list[str]]:
    """Pictures spread over all the work, with their prompts.

    What cannot be read is passed over, and others are read in its place.
    """
    spread = evenly_spaced(len(work), parity.PICTURES)
    spares = evenly_spaced(len(work), 4 * parity.PICTURES)
    pictures: list[Pixels] = []
    texts: list[str] = []
    for index in dict.fromkeys([*spread, *spares]):
        if len(pictures) == parity.PICTURES:
            break
        one = work[index]
        try:
            pictures.append(decode(one.output, one.prompt.modality).middle)
        except Exception:  # whatever it is, it will be said in the output's own row
            continue
        texts.append(one.prompt.text)
    return pictures, texts
