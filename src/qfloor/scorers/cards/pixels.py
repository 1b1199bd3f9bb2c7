"""Cards of measures of the pixels themselves: technical and naturalness."""

from __future__ import annotations

from qfloor.scorers.cards.card import Card

_MIDDLE = "of a clip only the middle frame is measured"
_SMALL = "a picture under 3 x 3 pixels: *unscored*"
_ALPHA = "transparent pixels lie on white first"


def _technical(
    name: str, says: str, formula: str, source: str, absent: tuple[str, ...], *misleads: str
) -> Card:
    return Card(
        scorer="technical",
        metrics=(f"technical.{name}",),
        says=says,
        formula=formula,
        source=source,
        absent=(*absent, "a file that cannot be decoded: *failed*, a fail in the bound"),
        misleads=(*misleads, _MIDDLE, _ALPHA),
    )


PIXELS: tuple[Card, ...] = (
    _technical(
        "sharpness",
        "How much local contrast there is to lose.",
        "1 - blur; per axis D = |Y(i) - Y(i-1)|, B the same after a mean over 9 pixels, "
        "blur = (sum D - sum max(0, D - B)) / sum D; the worse axis counts",
        "Crete et al., *The blur effect*, SPIE 6492, 2007",
        (_SMALL, "a picture all one colour: *failed*, there is no edge to be sharp"),
        "noise reads as sharpness",
        "a soft background on purpose lowers it",
    ),
    _technical(
        "exposure",
        "How near the picture is to mid-grey.",
        "mean of exp(-(Y/255 - 0.5)^2 / (2 x 0.2^2)); 1 all mid-grey, 0.044 all black or white",
        "Mertens et al., *Exposure Fusion*, Pacific Graphics 2007",
        (),
        "a night scene and a product on white are low and may be just right",
    ),
    _technical(
        "clipping",
        "The share of pixels that are quite black or quite white.",
        "pixels with all channels <= 2 or all >= 253, over all pixels",
        "ours",
        (),
        "a white ground that was asked for counts as clipped",
    ),
    _technical(
        "noise",
        "The standard deviation of Gaussian noise, estimated.",
        "sqrt(pi / 2) / (6 (W - 2) (H - 2)) x sum |Y * N|, N = [1 -2 1; -2 4 -2; 1 -2 1]",
        "Immerkaer, *Fast Noise Variance Estimation*, CVIU 64(2), 1996",
        (_SMALL,),
        "fine texture (grass, hair, cloth) reads as noise",
    ),
    _technical(
        "blockiness",
        "How much steps at 8-pixel block borders exceed steps elsewhere.",
        "(mean |step across borders| + 1) / (mean |step elsewhere| + 1), in grey levels of Y",
        "after Wang, Sheikh, Bovik, *No-reference perceptual quality assessment of JPEG "
        "compressed images*, ICIP 2002",
        ("no side longer than 8 pixels: *unscored*, there is no border",),
        "sees only a grid that was not resized or shifted since",
    ),
    _technical(
        "colourfulness",
        "How colourful the picture is.",
        "sqrt(var rg + var yb) + 0.3 sqrt((mean rg)^2 + (mean yb)^2), rg = R - G, "
        "yb = (R + G) / 2 - B; about 45 moderate, 80 high",
        "Hasler, Suesstrunk, *Measuring colourfulness in natural images*, SPIE 5007, 2003",
        (),
        "a black-and-white picture that was asked for is 0",
    ),
    _technical(
        "blankness",
        "How uniform the picture's grey levels are.",
        "1 - H / 8, H the entropy in bits of the 256-bin histogram of Y; 1 is one level",
        "Shannon, *A Mathematical Theory of Communication*, 1948",
        (),
        "a product on white is far more uniform than a noisy blank: use `technical.near_blank`",
    ),
    _technical(
        "near_blank",
        "Whether next to nothing is on the picture: a ground with noise, a dot, a faint gradient.",
        "1 when under 0.5% of 32 x 32 cells stand out from the median ground by more than "
        "8 grey levels in mean or in standard deviation of Y",
        "ours; the three constants too",
        (),
        "white on nearly white, and what touches five cells at most, cannot be told from blank",
    ),
    Card(
        scorer="naturalness",
        metrics=("naturalness.brisque",),
        says="How far a photograph's local contrasts are from those of undistorted ones.",
        formula="18 statistics at two scales, a support vector regression by its authors; "
        "about 0 (pristine) to 100 (worst)",
        source="Mittal, Moorthy, Bovik, *No-Reference Image Quality Assessment in the Spatial "
        "Domain*, IEEE TIP 2012; parameters of LIVE's release of 2011, unchanged "
        "(docs/decisions/0007-naturalness.md)",
        absent=(
            "under 14 x 14 pixels: *unscored*",
            "all one grey level, or too uniform for a statistic to exist: *failed*",
        ),
        misleads=(
            "made for distorted photographs: drawings and graphics are not unnatural and score so",
            _MIDDLE,
        ),
    ),
    Card(
        scorer="naturalness",
        metrics=("naturalness.niqe",),
        says="The distance of a picture's local statistics from those of clean photographs.",
        formula="36 statistics a patch of 96 x 96, their Gaussian against the published one; "
        "about 2 to 4 for clean photographs",
        source="Mittal, Soundararajan, Bovik, *Making a Completely Blind Image Quality "
        "Analyzer*, IEEE SPL 2013; parameters of LIVE's release of 2012, unchanged",
        absent=(
            "fewer than two patches of 96 x 96 that fit or have texture: *unscored*",
            "no patch has any texture: *failed*",
        ),
        misleads=(
            "patches without texture (a white ground) are left out, which other programs do "
            "otherwise",
            "made for photographs, as BRISQUE",
            _MIDDLE,
        ),
    ),
)
