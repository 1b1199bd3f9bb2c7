"""Pictures with known lettering, drawn from a seed: the rendered set of the OCR study.

Every condition is a `Recipe`; every picture is a function of seed, condition and index alone.
Fonts are found by file name among those matplotlib ships, those of font packages, and those of
the system; a condition whose fonts are not on the machine is left out, and the study says so.
It knows nothing of readers or scores.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import map_coordinates

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

PAINTERS = (
    "DejaVuSerif-Bold.ttf",
    "DejaVuSans.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif-BoldItalic.ttf",
)
STIX = ("STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf", "STIXGeneralBolIta.ttf")
ROUND = ("FredokaOne-Regular.ttf", "Comfortaa-Bold.ttf", "RobotoSlab-Bold.otf")
CONDENSED = ("AmaticSC-Bold.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSerifCondensed.ttf")
SCRIPT = ("lobster.otf", "DancingScript-Bold.otf", "LeckerliOne-Regular.ttf", "Intuitive.ttf")
CJK = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "NotoSerifCJK-Bold.ttc")

ENGLISH = (
    "OPEN DAILY", "Fresh Bread", "Coffee & Tea", "Grand Opening 2026", "Don't Panic", "NO PARKING",
    "Happy Birthday", "Sale 50% Off", "Midnight Diner", "Exit 14B", "Keep Calm", "Blue Moon Hotel",
    "Route 66", "Wild Mountain Honey", "Library", "Mind the Gap", "Caution: Wet Floor", "Jazz Club",
    "Books, Maps, Prints", "Welcome Home",
)  # fmt: skip
GERMAN = (
    "Frische Brötchen", "Heute geöffnet", "Schöne Grüße", "Bäckerei Müller", "Straße gesperrt",
    "Täglich ab 9 Uhr", "Zum Löwen", "Käse & Würste", "Für Kinder", "Süße Äpfel",
)  # fmt: skip
SPANISH = (
    "Cafetería Española", "Feliz Año Nuevo", "Pan de Maíz", "Estación Central", "Música en vivo",
    "Jardín Botánico", "Prohibido el paso", "Corazón Rojo", "El Niño Azul", "Habitación 12",
)  # fmt: skip
CHINESE = (
    "咖啡", "欢迎光临", "新年快乐", "禁止停车", "今日特价", "中国银行", "图书馆", "小心地滑",
    "上海老饭店", "出口",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a condition's pictures are drawn.

    ``size``: font size as a share of the picture's side; ``contrast``: distance of lettering and
    ground in grey levels, 0-255; ``bend``: angle in degrees the lettering spans on an arc;
    ``skew``: how far corners move, as a share of the lettering's height.
    """

    fonts: tuple[str, ...] = PAINTERS
    texts: tuple[str, ...] = ENGLISH
    side: tuple[int, ...] = (768, 1024, 1280)
    size: tuple[float, float] = (0.06, 0.10)
    angle: float = 0.0
    bend: float = 0.0
    skew: float = 0.0
    contrast: tuple[int, int] = (110, 190)
    ground: str = "plain"
    style: str = "filled"
    lines: int = 1
    strings: int = 1


RECIPES: dict[str, Recipe] = {
    "plain": Recipe(),
    "font: STIX": Recipe(fonts=STIX),
    "font: round and slab": Recipe(fonts=ROUND),
    "font: condensed": Recipe(fonts=CONDENSED),
    "font: script": Recipe(fonts=SCRIPT),
    "large": Recipe(size=(0.14, 0.16), texts=tuple(t for t in ENGLISH if len(t) < 12)),
    "small in a large picture": Recipe(side=(1536, 2048), size=(0.012, 0.016)),
    "tiny in a large picture": Recipe(side=(1536, 2048), size=(0.006, 0.009)),
    "small in clutter": Recipe(side=(1536, 2048), size=(0.012, 0.016), ground="clutter"),
    "many small lines": Recipe(side=(1024, 1280), size=(0.018, 0.022), lines=12),
    "turned 5-15": Recipe(angle=10.0),
    "turned 30": Recipe(angle=30.0),
    "turned 45": Recipe(angle=45.0),
    "turned 90": Recipe(angle=90.0),
    "upside down": Recipe(angle=180.0),
    "arc 60": Recipe(bend=60.0),
    "arc 120": Recipe(bend=120.0),
    "perspective": Recipe(skew=0.6),
    "low contrast": Recipe(contrast=(22, 30)),
    "very low contrast": Recipe(contrast=(9, 13)),
    "clutter": Recipe(ground="clutter", angle=6.0),
    "outlined": Recipe(style="outlined"),
    "neon": Recipe(style="neon", ground="night"),
    "multi-line": Recipe(lines=4, size=(0.05, 0.07)),
    "three strings": Recipe(strings=3, size=(0.04, 0.06)),
    "German": Recipe(texts=GERMAN),
    "Spanish": Recipe(texts=SPANISH),
    "Chinese": Recipe(texts=CHINESE, fonts=CJK),
    "Chinese, clutter": Recipe(texts=CHINESE, fonts=CJK, ground="clutter", angle=6.0),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture and what is written in it."""

    condition: str
    index: int
    strings: tuple[str, ...]
    font: str
    picture: Pixels = field(repr=False)


def font_files(folders: Sequence[Path]) -> dict[str, Path]:
    """Map every font's file name to its path: matplotlib's, then the given folders'."""
    found: dict[str, Path] = {}
    for folder in (Path(mpl.get_data_path()) / "fonts" / "ttf", *folders):
        for path in sorted(folder.rglob("*.[ot]t[fc]")):
            found.setdefault(path.name, path)
    return found


def cases(
    conditions: Sequence[str], count: int, seed: int, fonts: dict[str, Path]
) -> Iterator[Case]:
    """Draw ``count`` pictures of each condition whose fonts are there."""
    for condition in conditions:
        recipe = RECIPES[condition]
        names = [name for name in recipe.fonts if name in fonts]
        for index in range(count if names else 0):
            rng = np.random.default_rng([seed, zlib.crc32(condition.encode()), index])
            name = names[index % len(names)]
            strings, picture = _draw(recipe, fonts[name], index, rng)
            yield Case(
                condition=condition, index=index, strings=strings, font=name, picture=picture
            )


def _draw(
    recipe: Recipe, font: Path, index: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], Pixels]:
    side = int(rng.choice(recipe.side))
    dark, light = _colours(recipe, rng)
    ground, ink = (light, dark) if recipe.style != "neon" and rng.random() < 0.6 else (dark, light)
    image = _ground(recipe.ground, side, ground, rng)
    first = index * recipe.strings * recipe.lines
    wanted = [
        [
            recipe.texts[(first + i * recipe.lines + j) % len(recipe.texts)]
            for j in range(recipe.lines)
        ]
        for i in range(recipe.strings)
    ]
    for place, lines in enumerate(wanted):
        mask = _shaped(lines, recipe, font, side, index, rng)
        band = side // recipe.strings
        room_x, room_y = max(side - mask.width, 0), max(band - mask.height, 0)
        corner = (int(rng.integers(room_x + 1)), place * band + int(rng.integers(room_y + 1)))
        _ink(image, mask, corner, ink, recipe.style)
    noisy = np.asarray(image, np.float64) + rng.normal(0.0, 2.0, (side, side, 3))
    strings = tuple("\n".join(lines) for lines in wanted)
    return strings, np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _colours(recipe: Recipe, rng: np.random.Generator) -> tuple[Colour, Colour]:
    distance = int(rng.integers(*recipe.contrast))
    middle = int(rng.integers(distance // 2 + 15, 240 - distance // 2))
    tint = rng.integers(-12, 13, 3)
    dark = tuple(int(np.clip(middle - distance / 2 + t, 0, 255)) for t in tint)
    light = tuple(int(np.clip(middle + distance / 2 + t, 0, 255)) for t in tint)
    return (dark[0], dark[1], dark[2]), (light[0], light[1], light[2])


def _ground(kind: str, side: int, colour: Colour, rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (side, side), (14, 12, 28) if kind == "night" else colour)
    if kind != "clutter":
        return image
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.integers(0, side, 2)
        r = int(rng.integers(side // 60, side // 8))
        near = tuple(
            int(np.clip(c + d, 0, 255))
            for c, d in zip(colour, rng.integers(-70, 71, 3), strict=True)
        )
        box = (int(x) - r, int(y) - r, int(x) + r, int(y) + r)
        if rng.random() < 0.5:
            draw.ellipse(box, fill=near)
        else:
            draw.line(box, fill=near, width=int(rng.integers(2, 9)))
    return image.filter(ImageFilter.GaussianBlur(1.2))


def _shaped(
    lines: Sequence[str],
    recipe: Recipe,
    font: Path,
    side: int,
    index: int,
    rng: np.random.Generator,
) -> Image.Image:
    """The lettering's mask, bent, skewed and turned, never larger than the picture."""
    points = max(int(side * rng.uniform(*recipe.size)), 8)
    mask = _mask(lines, font, points, recipe.style)
    if recipe.bend:
        mask = _bent(mask, recipe.bend)
    if recipe.skew:
        mask = _skewed(mask, recipe.skew, rng)
    angle = recipe.angle if abs(recipe.angle) != 10.0 else float(rng.uniform(5.0, 15.0))
    if angle:
        mask = mask.rotate(angle * (-1) ** index, Image.Resampling.BICUBIC, expand=True)
    box = mask.getbbox() or (0, 0, 1, 1)
    mask = mask.crop(box)
    allowed = (side - 8, side // recipe.strings - 8)
    shrink = min(1.0, allowed[0] / mask.width, allowed[1] / mask.height)
    if shrink < 1.0:
        smaller = (int(mask.width * shrink), int(mask.height * shrink))
        mask = mask.resize(smaller, Image.Resampling.LANCZOS)
    return mask


def _mask(lines: Sequence[str], font: Path, points: int, style: str) -> Image.Image:
    face = ImageFont.truetype(str(font), points)
    stroke = max(points // 18, 1) if style != "filled" else 0
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    text, gap = "\n".join(lines), points // 3
    box = probe.multiline_textbbox((0, 0), text, font=face, spacing=gap, stroke_width=stroke)
    margin = points // 4
    size = (int(box[2] - box[0]) + 2 * margin, int(box[3] - box[1]) + 2 * margin)
    at = (margin - box[0], margin - box[1])

    def drawn(width: int) -> Image.Image:
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).multiline_text(
            at, text, font=face, fill=255, spacing=gap, stroke_width=width, align="center"
        )
        return mask

    return ImageChops.subtract(drawn(stroke), drawn(0)) if style != "filled" else drawn(0)


def _bent(mask: Image.Image, degrees: float) -> Image.Image:
    """Lay a mask on an arc that its middle line spans with the angle."""
    source = np.asarray(mask, np.float64)
    height, width = source.shape
    span = np.radians(degrees)
    radius = width / span
    outer = radius + height / 2
    half = outer * np.sin(span / 2) + 2
    drop = outer - (radius - height / 2) * np.cos(span / 2) + 2
    y, x = np.mgrid[0 : int(drop), 0 : int(2 * half)]
    dx, dy = x - half, outer - y
    across = width / 2 + np.arctan2(dx, dy) * radius
    down = outer - np.hypot(dx, dy)
    bent = map_coordinates(source, [down, across], order=1, cval=0.0)
    return Image.fromarray(bent.astype(np.uint8))


def _skewed(mask: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """See a mask from aside: one end shrinks by a share of the height, the other stays."""
    w, h = mask.size
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [0.25 * w, share * h / 2]
    far = np.array([1, 0, 0, 1]) if rng.random() < 0.5 else np.array([0, 1, 1, 0])
    target = corners + inward * (far * rng.uniform(0.8, 1.2, 4))[:, None]
    rows = []
    for (x, y), (u, v) in zip(target, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), corners.reshape(8))
    return mask.transform(
        mask.size, Image.Transform.PERSPECTIVE, solved.tolist(), Image.Resampling.BICUBIC
    )


def _ink(
    image: Image.Image, mask: Image.Image, corner: tuple[int, int], ink: Colour, style: str
) -> None:
    if style == "neon":
        glow = Image.new("L", image.size)
        glow.paste(mask, corner)
        halo = glow.filter(ImageFilter.GaussianBlur(max(mask.height / 20, 2)))
        image.paste((230, 40, 160), (0, 0), halo)
    image.paste((255, 225, 245) if style == "neon" else ink, corner, mask)
