"""The table of nouns: each word's drawing, its natural colour and how it stands."""

from __future__ import annotations

from collections.abc import Callable

from . import nouns_animals as animals
from . import nouns_home as home
from . import nouns_outdoor as outdoor
from . import nouns_table as table
from .canvas import Pen
from .style import RGB

Drawing = Callable[[Pen], None]

# noun -> (drawing, natural colour)
NOUNS: dict[str, tuple[Drawing, RGB]] = {
    "apple": (table.apple, (214, 48, 48)),
    "banana": (table.banana, (246, 212, 62)),
    "pear": (table.pear, (176, 196, 62)),
    "cherry": (table.cherry, (196, 24, 52)),
    "mushroom": (table.mushroom, (206, 58, 48)),
    "carrot": (table.carrot, (240, 128, 36)),
    "bottle": (table.bottle, (52, 128, 84)),
    "mug": (table.mug, (88, 142, 190)),
    "teapot": (table.teapot, (104, 160, 168)),
    "bowl": (table.bowl, (212, 126, 84)),
    "vase": (table.vase, (92, 122, 186)),
    "jar": (table.jar, (204, 106, 76)),
    "candle": (table.candle, (244, 232, 204)),
    "lamp": (table.lamp, (238, 198, 110)),
    "clock": (table.clock, (168, 92, 62)),
    "book": (table.book, (150, 54, 62)),
    "box": (home.box, (198, 152, 98)),
    "backpack": (home.backpack, (70, 128, 148)),
    "handbag": (home.handbag, (170, 90, 66)),
    "suitcase": (home.suitcase, (158, 104, 62)),
    "shoe": (home.shoe, (84, 128, 186)),
    "boot": (home.boot, (140, 88, 50)),
    "hat": (home.hat, (166, 124, 82)),
    "umbrella": (home.umbrella, (202, 62, 78)),
    "watch": (home.watch, (92, 62, 48)),
    "ring": (home.ring, (232, 188, 72)),
    "camera": (home.camera, (72, 72, 82)),
    "phone": (home.phone, (52, 54, 64)),
    "laptop": (home.laptop, (168, 174, 184)),
    "headphones": (home.headphones, (70, 74, 90)),
    "guitar": (home.guitar, (206, 140, 70)),
    "drum": (home.drum, (196, 54, 60)),
    "chair": (home.chair, (180, 124, 72)),
    "table": (home.table, (170, 114, 66)),
    "sofa": (home.sofa, (106, 138, 130)),
    "key": (home.key, (222, 176, 66)),
    "ball": (outdoor.ball, (224, 70, 66)),
    "kite": (outdoor.kite, (230, 86, 76)),
    "balloon": (outdoor.balloon, (226, 66, 84)),
    "rocket": (outdoor.rocket, (212, 76, 70)),
    "robot": (outdoor.robot, (136, 152, 172)),
    "car": (outdoor.car, (200, 58, 56)),
    "bus": (outdoor.bus, (236, 178, 48)),
    "truck": (outdoor.truck, (76, 124, 178)),
    "bicycle": (outdoor.bicycle, (200, 64, 64)),
    "train": (outdoor.train, (62, 118, 92)),
    "boat": (outdoor.boat, (176, 84, 62)),
    "plane": (outdoor.plane, (198, 208, 222)),
    "star": (outdoor.star, (248, 200, 52)),
    "heart": (outdoor.heart, (222, 46, 68)),
    "flower": (outdoor.flower, (232, 104, 150)),
    "cactus": (outdoor.cactus, (80, 156, 92)),
    "tree": (outdoor.tree, (76, 150, 72)),
    "cat": (animals.cat, (226, 146, 74)),
    "dog": (animals.dog, (190, 134, 84)),
    "bird": (animals.bird, (80, 142, 206)),
    "fish": (animals.fish, (244, 140, 60)),
    "rabbit": (animals.rabbit, (196, 180, 166)),
    "bear": (animals.bear, (142, 96, 62)),
    "butterfly": (animals.butterfly, (240, 150, 48)),
    "turtle": (animals.turtle, (92, 130, 74)),
    "penguin": (animals.penguin, (50, 58, 76)),
    "snail": (animals.snail, (188, 116, 76)),
    "owl": (animals.owl, (152, 112, 78)),
}

# nouns that hang in the air: no shadow at their feet, and a sky suits them
FLYING: frozenset[str] = frozenset(
    {"kite", "balloon", "rocket", "plane", "butterfly", "star", "heart"}
)
