"""Checks end to end: published pictures through published weights give the published number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from qfloor.doctor import aesthetics
from qfloor.doctor.check import Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import CLIP_EXTRA, Packages, Published, Weights
from qfloor.doctor.one_output import rows_of_picture, value_of
from qfloor.doctor.quality import CALIBRATION

if TYPE_CHECKING:
    from qfloor.scorers.protocol import Pixels


def _openai(model: str, repository: str, megabytes: float) -> Weights:
    return Weights(
        name=f"{model}@openai",
        megabytes=megabytes,
        repository=repository,
        files=("open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
    )


B_16 = _openai("ViT-B-16", "timm/vit_base_patch16_clip_224.openai", 599)
B_32 = _openai("ViT-B-32", "timm/vit_base_patch32_clip_224.openai", 605)
L_14 = _openai("ViT-L-14", "timm/vit_large_patch14_clip_224.openai", 1710)
HPS_2 = Weights(
    name="HPS_v2_compressed", megabytes=1970, repository="xswu/HPSv2",
    files=("HPS_v2_compressed.pt",),
)  # fmt: skip
HPS_2_1 = Weights(
    name="HPS_v2.1_compressed", megabytes=1970, repository="xswu/HPSv2",
    files=("HPS_v2.1_compressed.pt",),
)  # fmt: skip
IMAGE_REWARD = Weights(
    name="ImageReward", megabytes=1790, repository="THUDM/ImageReward", files=("ImageReward.pt",)
)
BERT_WORDS = Weights(
    name="bert-base-uncased-vocab", megabytes=0.2, repository="google-bert/bert-base-uncased",
    files=("vocab.txt",),
)  # fmt: skip

_PREFERENCE = Packages(extra="preference", modules=("torch", "transformers", "tokenizers"))

_PICTURES = tuple(
    tuple(f"images/image{i}.{ending}" for ending in ("jpg", "jpeg", "png")) for i in (1, 2)
)
HESSEL = Published(
    folder="clipscore/example",
    files=(*_PICTURES, ("good_captions.json",), ("bad_captions.json",)),
    home="https://github.com/jmhessel/clipscore (MIT)",
)
HPS_DEMO = Published(
    folder="HPSv2/assets",
    files=(("demo_image.jpg",),),
    home="https://github.com/tgxs002/HPSv2 (Apache-2.0)",
)
REWARDED = Published(
    folder="imagereward/images",
    files=tuple((f"{i}.webp",) for i in range(1, 5)),
    home="https://github.com/zai-org/ImageReward, assets/images (Apache-2.0)",
)
_REWARD_PROMPT = "a painting of an ocean with clouds and birds, day time, low depth field effect"


def _checkpoint(weights: Weights, ground: Ground) -> str:
    return f"{weights.name}={weights.path(ground)}"


def _laion_v2(ground: Ground) -> tuple[float, ...]:
    from qfloor.media import load_pixels
    from qfloor.scorers.aesthetic import AestheticScorer

    scorer = AestheticScorer(aesthetics.version_2_head(ground), _checkpoint(L_14, ground))
    found = []
    for (name,) in CALIBRATION.files:
        picture = load_pixels(CALIBRATION.path(ground, name))
        found.append(value_of(rows_of_picture(scorer, picture, ""), "aesthetic.laion_v2"))
    return tuple(found)


def _hessel(ground: Ground) -> tuple[float, ...]:
    from qfloor.media import load_pixels
    from qfloor.scorers.clip import ClipScoreScorer
    from qfloor.scorers.clip.derived import hessel_clipscore

    scorer = ClipScoreScorer(_checkpoint(B_32, ground))
    pictures = [load_pixels(HESSEL.path(ground, *names)) for names in _PICTURES]
    means = []
    for kind in ("good", "bad"):
        text = HESSEL.path(ground, f"{kind}_captions.json").read_text(encoding="utf-8")
        captions = json.loads(text)
        cosines = [
            value_of(rows_of_picture(scorer, picture, captions[f"image{i}"]), "clip.cos_prefixed")
            for i, picture in enumerate(pictures, start=1)
        ]
        means.append(sum(map(hessel_clipscore, cosines)) / len(cosines))
    return tuple(means)


def torch_noise() -> Pixels:
    """Return torch's ``randint(255, (3, 224, 224))`` after ``manual_seed(0)``, without torch.

    Both use the same Mersenne twister; torch takes 32 bits a number and their remainder.
    """
    import numpy as np

    draws = np.random.RandomState(0).randint(0, 2**32, size=(3, 224, 224), dtype=np.uint32)
    return np.ascontiguousarray((draws % 255).astype(np.uint8).transpose(1, 2, 0))


def _long_texts(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.clip import ClipScorer
    from qfloor.scorers.clip.derived import percent_cosine

    picture = torch_noise()
    scorer = ClipScorer(_checkpoint(B_16, ground))
    return tuple(
        percent_cosine(value_of(rows_of_picture(scorer, picture, "x " * count), "clip.cos"))
        for count in (74, 75, 76)
    )


def _hps(version: Literal["v2.0", "v2.1"], weights: Weights, text: str, ground: Ground) -> float:
    from qfloor.media import load_pixels
    from qfloor.scorers.preference import HpsScorer

    scorer = HpsScorer(str(weights.path(ground)), version)
    picture = load_pixels(HPS_DEMO.path(ground, "demo_image.jpg"))
    return value_of(rows_of_picture(scorer, picture, text), scorer.metrics[0].name)


def _image_reward(ground: Ground) -> tuple[float, ...]:
    from qfloor.media import load_pixels
    from qfloor.scorers.preference import ImageRewardScorer

    scorer = ImageRewardScorer(
        weights=str(IMAGE_REWARD.path(ground)), vocabulary=str(BERT_WORDS.path(ground))
    )
    found = []
    for (name,) in REWARDED.files:
        picture = load_pixels(REWARDED.path(ground, name))
        rows = rows_of_picture(scorer, picture, _REWARD_PROMPT)
        found.append(value_of(rows, "preference.imagereward"))
    return tuple(found)


CHECKS: tuple[Check, ...] = (
    Check(
        id="torchmetrics-2883",
        says="100 cos of noise with 74, 75 and 76 times x: the end token is kept (cut off: 16.974)",
        metric="clip.cos",
        expected=(27.3988, 26.1583, 26.1583),
        tolerance=Tolerance(absolute=0.02),
        measure=_long_texts,
        source="torchmetrics#2883",
        needs=(CLIP_EXTRA, B_16),
    ),
    Check(
        id="clipscore-example",
        says="CLIPScore of the good and of the bad captions of its own example",
        metric="clip.cos_prefixed",
        expected=(0.8584, 0.7153),
        tolerance=Tolerance(absolute=0.005),
        measure=_hessel,
        source="jmhessel/clipscore, README",
        needs=(CLIP_EXTRA, HESSEL, B_32),
    ),
    Check(
        id="laion-v2-pictures",
        says="LAION v2 of five published pictures, end to end",
        metric="aesthetic.laion_v2",
        expected=(3.6420, 5.5836, 5.0716, 4.6458, 3.0889),
        tolerance=Tolerance(relative=0.02),
        measure=_laion_v2,
        source="IQA-PyTorch, results_official.csv",
        needs=(CLIP_EXTRA, CALIBRATION, aesthetics.V2, L_14),
    ),
    Check(
        id="hps-v2-demo",
        says="HPSv2 of its demo picture, 'A cat with two horns on its head'",
        metric="preference.hps_v2",
        expected=0.2876,
        tolerance=Tolerance(absolute=0.002),
        measure=lambda ground: _hps(
            "v2.0", HPS_2, "A cat with two horns on its head", ground
        ),
        source="HPSv2#27, a user's claim",
        needs=(CLIP_EXTRA, HPS_DEMO, HPS_2),
    ),
    Check(
        id="hps-v2-1-demo",
        says="HPSv2.1 of its demo picture, 'cat with horn'",
        metric="preference.hps_v2_1",
        expected=0.288,
        tolerance=Tolerance(absolute=0.002),
        measure=lambda ground: _hps("v2.1", HPS_2_1, "cat with horn", ground),
        source="HPSv2#30, a user's claim",
        needs=(CLIP_EXTRA, HPS_DEMO, HPS_2_1),
    ),
    Check(
        id="imagereward-readme",
        says="ImageReward of the four pictures of its README",
        metric="preference.imagereward",
        expected=(0.5812, 0.2745, -1.4132, -2.0296),
        tolerance=Tolerance(absolute=0.005),
        measure=_image_reward,
        source="ImageReward, README",
        needs=(_PREFERENCE, REWARDED, IMAGE_REWARD, BERT_WORDS),
    ),
)  # fmt: skip
