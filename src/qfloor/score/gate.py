"""Before anything is scored at a coarser precision: does it agree with float32 here?

The check runs once for a backbone, a round and what is read off its vectors, on pictures of that
round that are to be scored, and is kept in the store beside the scores it vouches for: what held
for one month's pictures says nothing of the next month's. What it measures is
`qfloor.scorers.parity`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qfloor.records import Parity
from qfloor.score.scoring import Decode, Work
from qfloor.scorers import parity
from qfloor.scorers.protocol import (
    Backbone,
    CarriesBackbones,
    Pixels,
    ReadsOffVectors,
    Scorer,
    evenly_spaced,
    innermost,
)

if TYPE_CHECKING:
    from qfloor.store import Store


def check_precisions(
    store: Store,
    scorers: Sequence[Scorer],
    work: Sequence[Work],
    decode: Decode,
    rounds: Iterable[str] = (),
) -> tuple[Parity, ...]:
    """Check every backbone that runs at a coarser precision, for every round not checked before.

    Pictures are taken from the work that scorers on the backbone still owe; a backbone that
    nobody needs now is not checked now.

    Parameters
    ----------
    store : Store
        Where checks are kept.
    scorers : sequence of Scorer
        All of a run; works name them by their place in it.
    work : sequence of Work
        What they owe.
    decode : Decode
        Reads the pictures of a check.
    rounds : iterable of str
        Rounds whose earlier checks are to be told, whether or not anything is owed.

    Returns
    -------
    tuple of Parity
        What vouches for the scorers' backbones, now or from before.

    Raises
    ------
    ScoringError
        When one does not agree with its reference, or there are too few pictures to tell.
    """
    known = {(one.backbone, one.round): one for one in store.parities()}
    carried = [list(_coarse(scorer)) for scorer in scorers]
    distinct = {backbone.name: backbone for mine in carried for backbone in mine}
    found = []
    for name, backbone in distinct.items():
        owing = {i for i, mine in enumerate(carried) if name in [b.name for b in mine]}
        due = [one for one in work if owing.intersection(one.scorers)]
        for round in sorted({*rounds, *(one.output.round for one in due)}):
            here = [one for one in due if one.output.round == round]
            old = known.get((name, round))
            parity_here = _vouched(backbone, scorers, here, decode, old)
            if parity_here is None:
                continue
            if parity_here != old:
                store.save_parity(parity_here)
            found.append(parity_here)
    return tuple(found)


def _vouched(
    backbone: parity.Coarse,
    scorers: Sequence[Scorer],
    due: Sequence[Work],
    decode: Decode,
    old: Parity | None,
) -> Parity | None:
    """Return what vouches for a backbone in a round, measured now where the old check lacks it."""
    reading = {i for one in due for i in one.scorers}
    readers = [s for i, s in enumerate(scorers) if i in reading and isinstance(s, ReadsOffVectors)]
    readers = [s for s in readers if backbone.name in [model.name for model in _coarse(s)]]
    if due and (old is None or not all(_is_vouched(reader, old) for reader in readers)):
        pictures, texts = _some(due, decode)
        found = parity.measure(backbone, backbone.reference(), pictures, texts, readers)
        ranks = {**({} if old is None else old.ranks), **found.ranks}
        found = replace(found, round=due[0].output.round, ranks=ranks)
    elif old is not None:
        found = old  # and once more: what is demanded may have risen
    else:
        return None
    parity.require(found, backbone.precision)
    return found


def _is_vouched(reader: Scorer, old: Parity) -> bool:
    return any(metric.key in old.ranks for metric in reader.metrics)


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
