"""Checks of LAION's aesthetic heads on embeddings that were published with them: no CLIP needed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from qfloor.doctor.check import BY_DEFINITION, OWN, Check, Tolerance
from qfloor.doctor.ground import Ground
from qfloor.doctor.needs import Published

if TYPE_CHECKING:
    import numpy as np

    from qfloor.scorers.aesthetic.heads import Layer

_HOME_1 = "https://github.com/LAION-AI/aesthetic-predictor (MIT)"
_HOME_2 = "https://github.com/christophschuhmann/improved-aesthetic-predictor (Apache-2.0)"
_SPREAD = ("vit_l_14", "vit_b_32")


def _file(stem: str) -> tuple[str, ...]:
    """The file as it was published, or its arrays."""
    return (f"{stem}.npz", f"{stem}.pth")


def _version_1(model: str) -> Published:
    ratings = tuple((f"{model}_embeddings/rating{i}.npy",) for i in range(10))
    return Published(
        folder="aesthetic_heads/laion_v1",
        files=(_file(f"sa_0_4_{model}_linear"), *ratings),
        home=_HOME_1,
    )


V1_L14, V1_B32 = map(_version_1, _SPREAD)
V2 = Published(
    folder="aesthetic_heads/improved_v2",
    files=(_file("sac+logos+ava1-l14-linearMSE"),),
    home=_HOME_2,
)


def version_2_head(ground: Ground) -> str:
    """Return where the second head's file is."""
    return str(V2.path(ground, *_file("sac+logos+ava1-l14-linearMSE")))


def _embeddings(ground: Ground, model: str) -> np.ndarray:
    import numpy as np

    needed = V1_L14 if model == "vit_l_14" else V1_B32
    paths = [needed.path(ground, f"{model}_embeddings/rating{i}.npy") for i in range(10)]
    return np.concatenate([np.load(path, allow_pickle=False) for path in paths])


def _ladder_1(model: str) -> Callable[[Ground], tuple[float, ...]]:
    def measure(ground: Ground) -> tuple[float, ...]:
        from qfloor.scorers.aesthetic import load_head

        needed = V1_L14 if model == "vit_l_14" else V1_B32
        head = load_head(str(needed.path(ground, *_file(f"sa_0_4_{model}_linear"))))
        return tuple(head.values(_embeddings(ground, model)))

    return measure


def _ladder_2(ground: Ground) -> tuple[float, ...]:
    from qfloor.scorers.aesthetic import load_head

    return tuple(load_head(version_2_head(ground)).values(_embeddings(ground, "vit_l_14")))


def _affine_2(ground: Ground) -> tuple[float, ...]:
    import numpy as np

    from qfloor.scorers.aesthetic import load_head

    head = load_head(version_2_head(ground))
    return (float(np.linalg.norm(head.w)), head.b)


def _collapse_2(ground: Ground) -> float:
    from pathlib import Path

    from qfloor.scorers.aesthetic.heads import read_layers

    layers = read_layers(Path(version_2_head(ground)))
    return _apart(layers, _embeddings(ground, "vit_l_14"))


def _collapse_random(ground: Ground) -> float:
    import numpy as np

    dice = np.random.RandomState(14)
    widths = (768, 1024, 128, 64, 16, 1)
    layers = [
        (
            (dice.standard_normal((after, before)) / before**0.5).astype(np.float32),
            dice.standard_normal(after).astype(np.float32),
        )
        for before, after in itertools.pairwise(widths)
    ]
    vectors = dice.standard_normal((16, 768))
    return _apart(layers, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _apart(layers: list[Layer], vectors: np.ndarray) -> float:
    """How far the collapsed head is from its layers one after the other, in double precision."""
    import numpy as np

    from qfloor.scorers.aesthetic.heads import collapse

    rows = vectors.astype(np.float64)
    w, b = collapse(layers)
    at_once = rows @ w + b
    for weight, bias in layers:
        rows = rows @ weight.astype(np.float64).T + bias
    return float(np.abs(rows[:, 0] - at_once).max())


CHECKS: tuple[Check, ...] = (
    Check(
        id="laion-collapse",
        says="five random linear layers and their collapsed form differ by",
        metric="aesthetic.laion_v2",
        expected=0.0,
        tolerance=Tolerance(absolute=1e-9),
        measure=_collapse_random,
        source=BY_DEFINITION,
    ),
    Check(
        id="laion-v1-l14",
        says="LAION v1 of the mean embeddings of pictures rated 0 to 9, ViT-L/14",
        metric="aesthetic.laion_v1",
        expected=(-2.4579, -0.1379, 1.8951, 3.5849, 5.0997, 6.4701, 7.7870, 9.0480, 10.2264,
                  11.3044),
        tolerance=Tolerance(absolute=1e-4),
        measure=_ladder_1("vit_l_14"),
        source="LAION-AI/aesthetic-predictor: its heads on its embeddings",
        needs=(V1_L14,),
    ),
    Check(
        id="laion-v1-b32",
        says="LAION v1 of the mean embeddings of pictures rated 0 to 9, ViT-B/32",
        metric="aesthetic.laion_v1_b_32",
        expected=(-1.4700, 0.2728, 1.9900, 3.6114, 5.0874, 6.3926, 7.6682, 8.9155, 9.9166,
                  11.0056),
        tolerance=Tolerance(absolute=1e-4),
        measure=_ladder_1("vit_b_32"),
        source="LAION-AI/aesthetic-predictor: its heads on its embeddings",
        needs=(V1_B32,),
    ),
    Check(
        id="laion-v2-ladder",
        says="LAION v2 of the same embeddings, ViT-L/14",
        metric="aesthetic.laion_v2",
        expected=(1.6555, 2.3593, 3.0698, 3.6725, 4.2380, 4.7010, 5.0731, 5.3654, 5.5767, 5.7468),
        tolerance=Tolerance(absolute=1e-4),
        measure=_ladder_2,
        source=f"{OWN}, layer by layer",
        needs=(V1_L14, V2),
    ),
    Check(
        id="laion-v2-affine",
        says="length and offset of LAION v2 collapsed to one affine map",
        metric="aesthetic.laion_v2",
        expected=(17.9956, 5.23664584),
        tolerance=Tolerance(absolute=1e-4),
        measure=_affine_2,
        source=f"{OWN}, layer by layer",
        needs=(V2,),
    ),
    Check(
        id="laion-v2-collapse",
        says="LAION v2's published layers and their collapsed form differ by",
        metric="aesthetic.laion_v2",
        expected=0.0,
        tolerance=Tolerance(absolute=1e-9),
        measure=_collapse_2,
        source=BY_DEFINITION,
        needs=(V1_L14, V2),
    ),
)  # fmt: skip
