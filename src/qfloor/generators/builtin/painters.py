"""The painters: programs that draw, not AI models, each with its skill declared in the open.

Because the skill is declared, the truth that floors and verdicts should recover is known. Nothing
downstream may read this module but `work` (which acts it out), `offers` (which sells it) and the
benchmarks that compute the truth.

How a cell is declared
----------------------
``finish`` is the quality, on the raters' 0-10 scale, of a painting in which nothing went wrong:
below the flawless 9.2 every painting carries a mild defect of the painter's ``habit`` (blur,
noise, blockiness or overexposure). ``slips`` is the expected number of grave defects when a
prompt gives occasion for all; how they share out is in `SLIP_SHARES`, times what the painter
``leans`` to. ``collapse`` is the chance that a painting falls to pieces: fine on most days,
bad on the others, which a mean hides and a floor does not.

Painters too change without a word: `CHANGES` says who, when and how, and `painter_in` gives one as
it is in a round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from qfloor.generators.builtin.defects import DEFECTS

FLAWLESS = 9.2
FINISH_DAMAGE = 0.85  # what a finish defect of severity 1 takes; `raters` uses the same scale
VERSION = "1.0.0"


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One way in which a painter fails: how often where there is occasion, and how badly."""

    name: str
    probability: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Skill:
    """What a painter can do in one category; see the module's docstring."""

    finish: float = FLAWLESS
    slips: float = 0.04
    collapse: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Painter:
    """One painter with everything that is true of it.

    Attributes
    ----------
    name, style, modality : str
        Its name, its hand (`draw.style.STYLES`) and what it makes.
    skills : mapping of str to Skill
        By category of what the prompt's text asks for.
    price : tuple of str
        Unit (image, second, video) and amount in USD.
    median_s, spread : float
        Latency is lognormal: its median in seconds and the sd of its logarithm. It is
        simulated and reported, never slept.
    refuses, blanks : float
        Share of prompts refused (by hash of the prompt: a refused prompt stays refused) and
        share of outputs that are one plain colour.
    size : int
        Pixels: the square root of the picture's area.
    """

    name: str
    style: str
    skills: Mapping[str, Skill]
    price: tuple[str, str]
    modality: str = "image"
    habit: str = "blur"
    leans: Mapping[str, float] = field(default_factory=dict)
    median_s: float = 3.0
    spread: float = 0.35
    refuses: float = 0.0
    blanks: float = 0.0
    charges_blanks: bool = False
    size: int = 256
    fps: int = 12
    max_seconds: float = 10.0
    negative_prompt: bool = False

    def skill(self, category: str) -> Skill:
        """The skill for a category; for one it never learnt, its worst."""
        worst = min(self.skills.values(), key=lambda skill: skill.finish)
        return self.skills.get(category, worst)

    def flaws(self, category: str) -> tuple[Flaw, ...]:
        """Every way in which it fails in a category, in the order of `defects.DEFECTS`."""
        skill = self.skill(category)
        kind = "clip" if self.modality == "video" else category
        found = {
            name: Flaw(
                name=name, low=0.6, high=1.0,
                probability=min(1.0, skill.slips * share * self.leans.get(name, 1.0)),
            )
            for name, share in SLIP_SHARES.get(kind, SLIP_SHARES["product-photo"]).items()
        }  # fmt: skip
        if skill.finish < FLAWLESS:
            middle = (1 - skill.finish / FLAWLESS) / FINISH_DAMAGE
            low, high = max(0.0, middle - 0.04), min(1.0, middle + 0.04)
            found[self.habit] = Flaw(name=self.habit, probability=1.0, low=low, high=high)
        if skill.collapse:
            name = "blockiness" if self.habit != "blockiness" else "noise"
            found[name] = Flaw(name=name, probability=skill.collapse, low=0.58, high=0.72)
        return tuple(found[name] for name in DEFECTS if name in found)


SLIP_SHARES: dict[str, dict[str, float]] = {
    "product-photo": {
        "missing object": 0.2, "swapped relation": 0.4, "wrong count": 0.4, "wrong colour": 0.4,
    },
    "portrait": {"wrong attribute": 0.75, "wrong colour": 0.3},
    "landscape": {"missing object": 0.35, "wrong colour": 0.35, "wrong attribute": 0.6},
    "text-in-image": {"missing object": 0.2, "wrong colour": 0.2, "misspelt lettering": 0.8},
    "architectural-render": {"wrong colour": 0.35, "wrong attribute": 0.75},
    "animation": {
        "missing object": 0.2, "swapped relation": 0.4, "wrong count": 0.4, "wrong colour": 0.45,
    },
    "clip": {
        "missing object": 0.1, "wrong colour": 0.25, "wrong direction": 0.35,
        "frozen motion": 0.3, "flicker": 0.35,
    },
}  # fmt: skip


Cell = float | tuple[float, float]
_LOW = 5.0  # below this finish a painter slips more often as well


def _skills(categories: tuple[str, ...], *cells: Cell, **others: Skill) -> dict[str, Skill]:
    """Build a painter's skills: a cell is a finish, or a finish with its slips."""
    made: dict[str, Skill] = {}
    for category, cell in zip(categories, cells, strict=True):
        finish, slips = cell if isinstance(cell, tuple) else (cell, 0.12 if cell < _LOW else 0.04)
        made[category] = Skill(finish=finish, slips=slips)
    return made | {category.replace("_", "-"): skill for category, skill in others.items()}


_STILL = (
    "product-photo", "portrait", "landscape", "text-in-image", "architectural-render", "animation",
)  # fmt: skip
_CLIP = ("video", "animation")
_ERRATIC = Skill(finish=FLAWLESS, slips=0.03, collapse=0.42)

# Cells in the order of _STILL and _CLIP.
_TABLE: tuple[Painter, ...] = (
    Painter(
        name="umber", style="pencil", price=("image", "0.002"), habit="noise", median_s=0.8,
        skills=_skills(_STILL, 4.6, (4.6, 1.3), 3.7, (5.0, 1.25), 9.2, 7.75),
        leans={"wrong colour": 1.5},
    ),
    Painter(
        name="ochre", style="flat", price=("image", "0.003"), habit="blockiness", median_s=1.1,
        skills=_skills(_STILL, 9.2, (9.05, 1.3), 6.3, 4.6, 6.1, 9.05),
        leans={"wrong count": 1.5},
    ),
    Painter(
        name="celadon", style="wash", price=("image", "0.006"), habit="blur", median_s=1.9,
        skills=_skills(_STILL, 6.3, 6.1, 9.2, (3.0, 1.25), (7.75, 1.3), 7.55),
        leans={"missing object": 1.5}, negative_prompt=True,
    ),
    Painter(
        name="madder", style="comic", price=("image", "0.010"), habit="overexposure",
        median_s=2.4, spread=0.25, skills=_skills(_STILL, 7.75, 5.2, 4.6, 7.75, 5.2, 9.2),
    ),
    Painter(
        name="sienna", style="soft", price=("image", "0.012"), habit="blur", median_s=3.1,
        skills=_skills(_STILL, 7.55, 7.55, 7.75, 6.3, 7.75, 6.3), negative_prompt=True,
    ),
    Painter(
        name="gamboge", style="lowpoly", price=("image", "0.015"), habit="blur", median_s=1.5,
        spread=0.8, blanks=0.04, charges_blanks=True,
        skills=_skills(_STILL, 9.2, 6.3, 9.2, 3.7, 9.2, 5.2, product_photo=_ERRATIC,
                       architectural_render=_ERRATIC),
    ),
    Painter(
        name="verdigris", style="storybook", price=("image", "0.025"), habit="noise",
        median_s=4.2, skills=_skills(_STILL, 9.05, 7.75, 6.1, (7.75, 1.25), 7.55, 3.7),
        leans={"wrong colour": 1.5},
    ),
    Painter(
        name="cobalt", style="glossy", price=("image", "0.040"), habit="blur", median_s=6.5,
        spread=0.3, size=288,
        skills=_skills(_STILL, 9.2, 9.2, 7.55, (9.2, 1.25), 6.3, (4.0, 2.0)),
        leans={"swapped relation": 1.25}, negative_prompt=True,
    ),
    Painter(
        name="indigo", style="film", price=("image", "0.060"), habit="noise", median_s=8.0,
        refuses=0.12, size=288,
        skills=_skills(_STILL, 5.2, 9.05, 9.05, 5.2, (5.2, 1.3), 2.8),
    ),
    Painter(
        name="vermilion", style="poster", price=("image", "0.080"), habit="blockiness",
        median_s=11.0, spread=0.5, size=288,
        skills=_skills(_STILL, (5.2, 2.0), (6.3, 1.3), 2.8, 7.55, 9.05, 4.6),
        negative_prompt=True,
    ),
    Painter(
        name="sepia", style="pastel", modality="video", price=("second", "0.02"), habit="blur",
        median_s=22.0, skills=_skills(_CLIP, 7.75, 9.2), size=176,
    ),
    Painter(
        name="azurite", style="ink", modality="video", price=("second", "0.05"), habit="noise",
        median_s=35.0, spread=0.5, skills=_skills(_CLIP, 6.1, 7.55), size=176,
        leans={"flicker": 1.5},
    ),
    Painter(
        name="malachite", style="riso", modality="video", price=("second", "0.12"),
        habit="overexposure", median_s=60.0, skills=_skills(_CLIP, 9.2, 4.6), size=192,
    ),
    Painter(
        name="carmine", style="chalk", modality="video", price=("video", "0.30"),
        habit="blockiness", median_s=90.0, spread=0.6,
        skills=_skills(_CLIP, (7.0, 1.5), 6.3), size=192, leans={"frozen motion": 2.0},
    ),
)  # fmt: skip
PAINTERS: dict[str, Painter] = {painter.name: painter for painter in _TABLE}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A painter that is another from a round on, under the same name, version and price."""

    painter: str
    since: str
    category: str
    skill: Skill


CHANGES: tuple[Change, ...] = (
    # The cheapest painter certified for product photos falls to pieces on two in five of them.
    Change(
        painter="ochre", since="2026-12", category="product-photo",
        skill=Skill(finish=FLAWLESS, slips=0.04, collapse=0.4),
    ),
)  # fmt: skip
"""What changes without a word between months, so that the drift test has something to find."""


def painter_in(name: str, round: str) -> Painter:
    """Return a painter as it is in a round: sellers change models silently, and so do painters.

    Parameters
    ----------
    name : str
        A key of `PAINTERS`.
    round : str
        Its first seven characters are its month; what is no month changes nothing.

    Examples
    --------
    >>> painter_in("ochre", "2026-11").skill("product-photo").collapse
    0.0
    >>> painter_in("ochre", "2026-12").skill("product-photo").collapse
    0.4
    """
    painter = PAINTERS[name]
    month = round[:7]
    for change in CHANGES:
        if change.painter == name and len(month) == len(change.since) and month >= change.since:
            painter = replace(painter, skills={**painter.skills, change.category: change.skill})
    return painter
