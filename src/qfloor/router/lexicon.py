"""Words that point to a category, and how far: the router's own weights, written by hand.

A quality database may carry learned ones instead. The words themselves are in
`qfloor.router.words_english`, `words_other`, `words_more`, `words_wide`, `words_world` and
`words_senses`; here they are put together, with the signals that are no words and the phrases that
count for nothing.
"""

from __future__ import annotations

from qfloor.router.words_english import ENGLISH
from qfloor.router.words_more import MORE
from qfloor.router.words_named import NAMED
from qfloor.router.words_other import OTHER
from qfloor.router.words_senses import (
    ASKED_OUTRIGHT,
    NEUTRAL,
    NOT_CLIPS,
    ONLY_CLIPS,
    PHOTOS,
    SENSES,
    STILL,
    STILLS_MADE,
)
from qfloor.router.words_wide import WIDE
from qfloor.router.words_world import WORLD

SETTINGS: dict[str, float] = {
    "#scale": 0.75,  # flattens the sums: words of one request are not independent
    "#none": 0.9,  # how much evidence it takes to be about any category at all
    "#bound": 0.6,  # confidence below which no category is named
    "#plausible": 0.12,  # odds against the first below which a category is ruled out
    "#early": 1.0,  # the first word counts twice, the fifth once and a half
    "#negated": 0.6,  # what a negated word is worth against
    "#declared": 3.0,  # words that a team declares for its own category
}

_NEUTRAL = (
    "video game, motion blur, portrait orientation, portrait format, landscape orientation, "
    "landscape format, portrait lens, vertical video thumbnail, no camera shake, "
    "in the background, in front of, on the left, on the right, house style, house plant, "
    "book light, camera lens, dress code, first light, last light, open window light, "
    "window light, key light, door handle, face value, clock face, rock face, watch face, "
    "vista de frente, vista frontal, vista lateral, vista de cima, vista superior, vista externa, "
    "vista exterior, vista desde arriba, vista de la calle, vista da rua, vue extérieure, "
    "vue de face, vue de dessus, en premier plan, au premier plan, first person, "
    "blade runner, table runner, landscape mode, portrait mode, video card, title deed, "
    "cliff face, hotel desk, forest green, sky blue, sea green, room temperature, "
    "tie clip, paper clip, hair clip, binder clip, clip-on, cross product, "
    "inner product, scalar product, matrix product, product rule, product of, "
    "product design, product designer, magnetic field, electric field, "
    "force field, field of view, rock star, pop star, film star, movie star, star player, "
    "star anise, animated discussion, animated conversation, animated debate, animated crowd, "
    "school of fish, portrait gallery, poster shop, film museum, letter carrier, letter box, "
    "letter opener, sign language, interior designer, building contractor, "
    "keyboard player, bass player, stage light, sea of, ocean of, river of, "
    "mountain of, wall of, watch out, mouse pad, king-size, queen-size"
)
"""Phrases whose words mislead: they count for nothing."""

_CLIP = (
    "video, video of, clip, clip of, looping clip, movie clip, film clip, second clip, sec clip, "
    "vid, gif, animated loop, looping, loop, second loop, perfect loop, seamless loop, "
    "seamlessly loops, "
    "short film, footage, found footage, screen recording, trailer of, teaser clip, "
    "seconds, 5 seconds, 8 seconds, 10 seconds, 3 second, 4 second, 5 second, 6 second, 8 second, "
    "10 second, 12 second, 15 second, 30 second, frames per second, fps, 24fps, 30fps, 60fps, "
    "animated clip, animated short, motion graphics, walk cycle, stop-motion clip, "
    "time lapse, timelapse, hyperlapse, slow motion, slo mo, slowmo, "
    "in slow, in slow mo, in slow motion, "
    "continuous shot, continuous take, single take, one take, long take, match cut, "
    "jump cut, smash cut, hard cut, cut to, crossfade, cross dissolve, fade to black, "
    "tracking shot, dolly shot, crane shot, orbit shot, slow push in, slow push-in, push-in, "
    "whip pan, slow pan, pan across, rack focus, fly through, flythrough, locked-off camera, "
    "static camera, fixed camera, locked camera, camera pans, camera pan, camera zooms, "
    "camera follows, camera moves, camera tilts, camera pulls back, camera pushes in, "
    "camera orbits, camera circles, camera tracks, camera dollies, camera cranes, "
    "vídeo, video de, vidéo de, vidéo d'un, videoclip, cortometraje, cámara lenta, en bucle, "
    "segundos de, kurzfilm, zeitlupe, zeitraffer, sekunden, endlosschleife, court métrage, "
    "ralenti, en boucle, secondes, secondes de, clipe, videoclipe, curta-metragem, câmera lenta, "
    "视频, 短片, 慢动作, 延时, 循环播放, 動画, ループ動画, ショート動画, 映像, スローモーション, "
    "タイムラプス, 영상, 슬로모션, فيديو, مقطع, حركة بطيئة, वीडियो, क्लिप, स्लो मोशन, टाइमलैप्स"
)
"""Words that ask for a clip where a category may be a still or a clip."""

_STILL = (
    "sprite sheet, storyboard, character sheet, model sheet, turnaround sheet, expression sheet, "
    "sticker sheet, contact sheet, colour script, color script, comic strip, comic page, "
    "film still, movie still, video still, still frame, single frame, one frame, still from, "
    "screenshot, thumbnail, poster, key art, wallpaper, clip art"
)
"""Words that ask for a still, whatever it is of: a frame of a clip is one.

They weigh little more than those for a clip: what comes first, or right behind, is what is asked
for, and what comes later may be seen in it ("cartoon gif, a dog reads a comic strip").
"""


def _weights(groups: dict[float, str]) -> dict[str, float]:
    """Phrase -> weight; the heavier group wins where a phrase stands twice."""
    return {
        phrase.strip().lower(): weight
        for weight in sorted(groups)
        for phrase in groups[weight].split(",")
        if phrase.strip()
    }


_BESIDE: dict[str, dict[str, float]] = {
    "text-in-image": {"#quoted": 3.5, "#quoted-again": 1.0},
    "video": {"#clip": 1.8},
    "animation": {"#clip": 0.5},
    "portrait": {"#tall": 0.5, "#panorama": -1.0},
    "landscape": {"#wide": 0.4, "#panorama": 1.0},
    "product-photo": {"#square": 0.5, "#panorama": -1.0},
    "architectural-render": {"#wide": 0.2},
}
"""Signals that are no words; quoted text, shape of the picture, a clip asked for."""


def _all() -> dict[str, dict[str, float]]:
    words = {
        category: {
            **_weights(NAMED.get(category, {})),
            **_weights(SENSES.get(category, {})),
            **_weights(WIDE[category]),
            **_weights(WORLD[category]),
            **_weights(MORE[category]),
            **_weights(OTHER[category]),
            **_weights(groups),
            **_BESIDE[category],
        }
        for category, groups in ENGLISH.items()
    }
    words["-"] = _weights({0.0: f"{_NEUTRAL}, {NEUTRAL}, {NOT_CLIPS}"})
    words["@clip"] = _weights(
        {
            1.35: ASKED_OUTRIGHT,
            1.0: f"{_CLIP}, {ONLY_CLIPS}",
            -0.8: PHOTOS,
            -1.2: f"{_STILL}, {STILL}, {STILLS_MADE}",
        }
    )
    words["@clip only"] = _weights({1.0: ONLY_CLIPS})
    return words


WORDS: dict[str, dict[str, float]] = _all()
"""Category -> signal -> weight; what a database without signals of its own is read with."""
