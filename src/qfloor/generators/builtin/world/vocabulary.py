"""The words of the painters' world: everything a painter can be asked for and can draw.

Each table maps a word to what drawing or grammar needs of it. A word outside these tables is
not an error in a prompt: the painters ignore it, as a model ignores what it does not know.
"""

from __future__ import annotations

# name -> sRGB
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (208, 38, 44),
    "orange": (240, 132, 28),
    "yellow": (244, 210, 44),
    "green": (48, 150, 66),
    "teal": (24, 148, 148),
    "blue": (44, 88, 206),
    "purple": (126, 54, 172),
    "pink": (244, 140, 178),
    "brown": (122, 76, 40),
    "black": (28, 28, 32),
    "white": (246, 246, 242),
    "grey": (138, 140, 146),
}

# noun -> plural; every noun has a drawing of its own in draw/nouns_*.py
NOUNS: dict[str, str] = {
    # things of the table and the shop
    "apple": "apples",
    "banana": "bananas",
    "pear": "pears",
    "cherry": "cherries",
    "mushroom": "mushrooms",
    "carrot": "carrots",
    "bottle": "bottles",
    "mug": "mugs",
    "teapot": "teapots",
    "bowl": "bowls",
    "vase": "vases",
    "jar": "jars",
    "candle": "candles",
    "lamp": "lamps",
    "clock": "clocks",
    "book": "books",
    "box": "boxes",
    "backpack": "backpacks",
    "handbag": "handbags",
    "suitcase": "suitcases",
    "shoe": "shoes",
    "boot": "boots",
    "hat": "hats",
    "umbrella": "umbrellas",
    "watch": "watches",
    "ring": "rings",
    "camera": "cameras",
    "phone": "phones",
    "laptop": "laptops",
    "headphones": "headphones",
    "guitar": "guitars",
    "drum": "drums",
    "chair": "chairs",
    "table": "tables",
    "sofa": "sofas",
    "key": "keys",
    # outdoors and toys
    "ball": "balls",
    "kite": "kites",
    "balloon": "balloons",
    "rocket": "rockets",
    "robot": "robots",
    "car": "cars",
    "bus": "buses",
    "truck": "trucks",
    "bicycle": "bicycles",
    "train": "trains",
    "boat": "boats",
    "plane": "planes",
    "star": "stars",
    "heart": "hearts",
    "flower": "flowers",
    "cactus": "cacti",
    "tree": "trees",
    # animals
    "cat": "cats",
    "dog": "dogs",
    "bird": "birds",
    "fish": "fish",
    "rabbit": "rabbits",
    "bear": "bears",
    "butterfly": "butterflies",
    "turtle": "turtles",
    "penguin": "penguins",
    "snail": "snails",
    "owl": "owls",
}

# where a noun belongs; animation and video may use any mover
PRODUCTS: tuple[str, ...] = tuple(list(NOUNS)[:36])
MOVERS: tuple[str, ...] = (
    "ball",
    "kite",
    "balloon",
    "rocket",
    "robot",
    "car",
    "bus",
    "truck",
    "bicycle",
    "train",
    "boat",
    "plane",
    "star",
    "heart",
    "cat",
    "dog",
    "bird",
    "fish",
    "rabbit",
    "bear",
    "butterfly",
    "turtle",
    "penguin",
    "snail",
    "owl",
)

MATERIALS: tuple[str, ...] = (
    "wooden",
    "metal",
    "glass",
    "ceramic",
    "leather",
    "striped",
    "dotted",
    "checkered",
)
LIGHTS: tuple[str, ...] = (
    "soft light",
    "golden light",
    "neon light",
    "dramatic side light",
    "backlight",
    "candlelight",
)
WEATHERS: tuple[str, ...] = ("dawn", "noon", "sunset", "night", "rain", "snow", "fog")
TERRAINS: tuple[str, ...] = (
    "mountains",
    "lake",
    "beach",
    "desert",
    "forest",
    "rolling hills",
    "river valley",
    "waterfall",
    "sea cliffs",
    "meadow",
)
BACKDROPS: tuple[str, ...] = (
    "white background",
    "grey background",
    "beige background",
    "navy background",
    "wooden table",
    "marble counter",
    "brick wall",
    "grass field",
)
RELATIONS: tuple[str, ...] = ("left of", "right of", "above", "behind")
OPPOSITE: dict[str, str] = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "behind": "in front of",
}

PERSONS: tuple[str, ...] = ("woman", "man", "girl", "boy", "old woman", "old man")
HAIR_COLOURS: tuple[str, ...] = ("black", "brown", "blond", "red", "grey", "white")
HAIR_STYLES: tuple[str, ...] = ("short", "long", "curly", "bald", "bun", "ponytail")
EYES: tuple[str, ...] = ("blue", "green", "brown")
EXPRESSIONS: tuple[str, ...] = ("smiling", "serious", "surprised", "sad", "laughing")
GLASSES: tuple[str, ...] = ("round glasses", "square glasses", "sunglasses")
HATS: tuple[str, ...] = ("beanie", "top hat", "straw hat", "cap")
BEARDS: tuple[str, ...] = ("full beard", "moustache", "goatee")

BUILDINGS: tuple[str, ...] = (
    "house",
    "cottage",
    "tower",
    "skyscraper",
    "castle",
    "church",
    "barn",
    "bridge",
    "temple",
    "lighthouse",
    "museum",
    "villa",
)
WALLS: tuple[str, ...] = ("brick", "stone", "wooden", "glass", "concrete")

FONTS: tuple[str, ...] = ("serif", "sans-serif", "monospace", "bold", "italic")
SURFACES: tuple[str, ...] = (
    "sign",
    "poster",
    "label",
    "neon sign",
    "chalkboard",
    "book cover",
    "banner",
    "mug",
)
MEDIA: tuple[str, ...] = ("photo", "cartoon", "watercolour", "pixel art", "flat illustration")

# a clip's motion: what the first thing does, or what the camera does
MOTIONS: dict[str, str] = {
    "left to right": "moves from left to right",
    "right to left": "moves from right to left",
    "rises": "rises from the bottom to the top",
    "falls": "falls from the top to the bottom",
    "bounces": "bounces up and down",
    "spins": "spins around",
    "grows": "grows larger",
    "zoom": "as the camera slowly zooms in",
    "pan": "as the camera pans to the right",
}
SPEEDS: tuple[str, ...] = ("slowly", "quickly")
NUMBERS: tuple[str, ...] = ("zero", "one", "two", "three", "four", "five")
