"""The painters' simulated panel: which outputs it sees, who looks, what they say.

Everything here is simulated. The raters read the defect log that a painter left in an output's
report, never a metric, a pixel or a declared skill; outputs of anything but a painter cannot be
rated so. Which prompts are rated is drawn by a hash of seed and prompt, hence the same for every
offer, and so are the raters of a prompt: offers are compared on the same ground.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Protocol

from qfloor.errors import RatingsError
from qfloor.generators.builtin.defects import defects_of
from qfloor.generators.builtin.raters import HI, LO, RATERS, Rater, panel_of, rate
from qfloor.records import Output, Prompt, Rating, Status, digest_of
from qfloor.store import Store

CRITERION = "overall"


class Panel(Protocol):
    """What a benchmark says of its simulated panel."""

    @property
    def share(self) -> float:
        """Share of prompts whose outputs are rated, above 0 and up to 1."""

    @property
    def raters(self) -> int:
        """How many raters there are."""

    @property
    def votes(self) -> int:
        """Ratings of each made output of a rated prompt, by different raters."""

    @property
    def seed(self) -> int:
        """Decides which prompts, who rates what, and the raters' noise."""


def source_of(panel: Panel) -> str:
    """Name the source of a panel's ratings; always says that they are simulated."""
    return f"simulated panel, seed {panel.seed}"


def rate_outputs(
    store: Store,
    outputs: Iterable[Output],
    prompts_by_digest: Mapping[str, Prompt],
    panel: Panel,
) -> int:
    """Let the simulated panel rate what it has not rated yet.

    Parameters
    ----------
    store : Store
    outputs : iterable of Output
        Of painters, stored. Those that were not made get no rating: they count by status.
    prompts_by_digest : mapping
        All prompts of the benchmark: who rates which goes round among them.
    panel : Panel

    Returns
    -------
    int
        How many ratings were added; nought when everything was rated before.

    Raises
    ------
    RatingsError
        When the panel cannot be, an output has no defect log, or the outputs already have
        simulated ratings of another seed.
    """
    raters = _seated(panel)
    ranks = rated_prompts(prompts_by_digest.values(), panel)
    wanted = [o for o in outputs if o.status is Status.MADE and o.prompt_digest in ranks]
    with store.transaction():
        given = _given(store, wanted, panel)
        new: list[Rating] = []
        for output in wanted:
            start = (ranks[output.prompt_digest] + output.repeat) * panel.votes
            order = _rotation(raters, prompts_by_digest[output.prompt_digest], panel, start)
            new += _votes(output, order, given[output.id], panel)
        return store.save_ratings(new)


def rated_prompts(prompts: Iterable[Prompt], panel: Panel) -> dict[str, int]:
    """Draw the prompts that are rated, and give each its place in its category's rotation.

    A prompt is in when its hash is below the share, so a larger share only adds prompts.
    """
    drawn: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for prompt in prompts:
        number = _uniform("rated", panel.seed, prompt.digest)
        if number < panel.share:
            drawn[prompt.category, prompt.modality].append((number, prompt.digest))
    return {
        digest: rank for found in drawn.values() for rank, (_, digest) in enumerate(sorted(found))
    }


def _seated(panel: Panel) -> tuple[Rater, ...]:
    if not 0 < panel.share <= 1:
        raise RatingsError(f"share {panel.share:g} of the simulated panel must be above 0, up to 1")
    if not 1 <= panel.raters <= len(RATERS):
        raise RatingsError(
            f"the simulated panel has 1 to {len(RATERS)} raters, not {panel.raters}; change "
            "raters in the benchmark's [raters]"
        )
    if not 1 <= panel.votes <= panel.raters:
        raise RatingsError(
            f"a simulated panel of {panel.raters} gives an output 1 to {panel.raters} votes, not "
            f"{panel.votes}; change votes in the benchmark's [raters]"
        )
    return panel_of(panel.raters)


def _given(store: Store, outputs: Sequence[Output], panel: Panel) -> dict[str, set[str]]:
    """Who of the panel has rated which output before."""
    given: dict[str, set[str]] = defaultdict(set)
    for rating in store.ratings_of(criterion=CRITERION, outputs=[o.id for o in outputs]):
        if rating.source == source_of(panel):
            given[rating.output_id].add(rating.rater)
        elif rating.source.startswith("simulated panel"):
            raise RatingsError(
                f"output {rating.output_id} has ratings of another {rating.source!r}; rate a new "
                "round, or take that seed in the benchmark's [raters]"
            )
    return given


def _rotation(raters: Sequence[Rater], prompt: Prompt, panel: Panel, start: int) -> Iterator[Rater]:
    """Everyone once, from a place in an order of the category's own."""
    seed = digest_of(["rotation", panel.seed, prompt.category, prompt.modality])
    order = list(raters)
    Random(seed).shuffle(order)
    for step in range(len(order)):
        yield order[(start + step) % len(order)]


def _votes(
    output: Output, order: Iterator[Rater], given: set[str], panel: Panel
) -> Iterator[Rating]:
    if "defects" not in output.report:
        raise RatingsError(
            f"output {output.id} of {output.offer_id} has no defect log; simulated raters rate "
            "painters only, leave [raters] out of the benchmark"
        )
    defects = defects_of(output.report)
    missing = panel.votes - len(given)
    for rater in order:
        if missing <= 0:
            return
        if rater.id in given:
            continue
        missing -= 1
        identity = digest_of(["simulated", panel.seed, output.id, rater.id])
        judged = rate(defects, output.status.value, rater, Random(identity))
        yield Rating(
            id=identity,
            output_id=output.id,
            rater=rater.id,
            criterion=CRITERION,
            value=judged.value,
            lo=LO,
            hi=HI,
            usable=judged.usable,
            source=source_of(panel),
        )


def _uniform(*parts: object) -> float:
    """Draw a number in [0, 1) by hash."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
