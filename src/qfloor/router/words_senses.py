"""Phrases in which a word means another thing than by itself.

An animal that is named after a place is no place, a colour that is named after a thing is no thing,
and a dish that is wanted for a menu is no lettering. Category -> weight -> phrases, as in
`qfloor.router.words_english`.
"""

from __future__ import annotations

from itertools import product

_ANIMALS = (
    "barn owl, barn swallow, tawny owl, snowy owl, wood pigeon, wood duck, house sparrow, house "
    "martin, house cat, house mouse, church mouse, field mouse, tree frog, glass frog, poison "
    "dart frog, tree kangaroo, tree python, tree sparrow, forest elephant, bush baby, jungle "
    "cat, sand cat, fishing cat, snow leopard, snow monkey, snow goose, snow fox, arctic fox, "
    "desert fox, desert tortoise, mountain goat, mountain gorilla, mountain lion, mountain "
    "hare, prairie dog, river otter, river dolphin, sea otter, sea lion, sea turtle, sea eagle, "
    "sea horse, sea urchin, marsh harrier, marsh frog, swamp deer, meadow pipit, cliff swallow, "
    "rock hyrax, rock dove, cave bat, garden spider, garden snail, reef shark, bay horse, "
    "island fox, polar bear, ice bear, box turtle, horned owl, king penguin, king cobra, queen "
    "bee, monk seal, bull terrier, crown crane, hermit crab, secretary bird, guinea pig, water "
    "buffalo"
)

_COLOURS = (
    "cream", "rust", "peach", "lime", "mustard", "plum", "olive", "salmon", "lavender", "chocolate",
    "coral", "charcoal", "mint", "sage", "apricot", "lemon", "tangerine", "honey",
)  # fmt: skip
_AS_COLOURS = ", ".join(
    f"{before}{colour}{behind}"
    for colour, (before, behind) in product(
        _COLOURS,
        (("on ", ""), ("black on ", ""), ("", " background"), ("", " backdrop"), ("", " and grey"),
         ("in ", " and"), ("", " wall"), ("", " walls")),
    )
)  # fmt: skip

NEUTRAL = (
    "animated city, animated signage, animated city signage, animated billboard, animated display, "
    f"{_AS_COLOURS}, color field, colour field, field lines, field study, field trip, vector "
    "field, data field, text field, input field, form field, field of study, field of research"
)
"""Phrases that count for nothing, as those of `qfloor.router.lexicon`."""

STILL = (
    "phone wallpaper, iphone wallpaper, mobile wallpaper, android wallpaper, wallpaper for "
    "phone, wallpaper for a phone, wallpaper for my phone, wallpaper for my iphone, background "
    "for my phone, phone background, phone lock screen, lock screen, fondo de pantalla para "
    "móvil, fondo de pantalla para celular, fondo de pantalla, papel de parede para celular, "
    "papel de parede, fond d'écran pour téléphone, fond d'écran, hintergrundbild fürs handy, "
    "hintergrundbild, handyhintergrund, 手机壁纸, 壁纸, スマホの壁紙, スマホ壁紙, 壁紙, خلفية "
    "هاتف, خلفية للهاتف, फोन वॉलपेपर, मोबाइल वॉलपेपर, वॉलपेपर"
)
"""Words for a still that is shown on a thing, which is not in the picture."""

_MENU = (
    "for the menu, for our menu, for a menu, for my menu, for menu, for a restaurant menu, for "
    "our restaurant menu, for the restaurant menu, for a cafe menu, for the cafe menu, para el "
    "menú, para la carta, para la carta del restaurante, para o cardápio, para cardápio, pour "
    "le menu, pour la carte, pour la carte du restaurant, pour la carte d'un restaurant, für "
    "die speisekarte, fürs menü, für die karte, 菜单用, 用于菜单, メニュー用, "
    "カフェのメニュー用, لقائمة الطعام, لقائمة طعام, لقائمة مطعم, मेन्यू के लिए, मेनू के लिए"
)

_MOVES = (
    "pushes, pulls, pans, tilts, glides, drifts, sweeps, soars, flies, rises, lowers, climbs, "
    "descends, dives, races, travels, follows, circles, orbits, rotates, zooms, dollies, creeps, "
    "arcs, spirals, moves, retreats"
)
_NOUNS = "tracks, trails, slides, cranes, trucks, lifts, passes"
"""Moves that are things as well, behind a camera: one that films is told by "the", how or where."""
_SEEN = "floats, hovers, swings"
"""What a camera in a still may do: one that films is "the camera"."""
_OVER = ("across", "along", "over", "past", "through")
_WHERE = (*_OVER, "alongside", "back", "backwards", "down", "forward", "left", "right", "up")
_HOW = ("slowly ", "gently ", "steadily ", "smoothly ", "softly ", "then ", "gradually ")
_CAMERA_MOVES = ", ".join(
    [f"camera {how}{move}" for how, move in product(("", *_HOW), _MOVES.split(", "))]
    + [f"camera {how}{move}" for how, move in product(_HOW, _NOUNS.split(", "))]
    + [f"camera {move} {where}" for move, where in product(_NOUNS.split(", "), _WHERE)]
    + [f"camera {move} {where}" for move, where in product(("floats", "hovers"), _OVER)]
    + [f"the camera {move}" for move in (*_NOUNS.split(", "), "moves")]
    + [f"the camera {how}{move}" for how, move in product(("", *_HOW), _SEEN.split(", "))]
    + [
        "camera pulls back, camera pushes in, la cámara se acerca, la cámara se aleja, la "
        "cámara sigue, la cámara gira, la cámara avanza, la cámara recorre, la cámara sube, la "
        "cámara baja, la cámara rodea, la cámara se mueve, die kamera fährt, die kamera folgt, "
        "die kamera schwenkt, die kamera gleitet, die kamera zoomt, die kamera umkreist, die "
        "kamera nähert, die kamera bewegt, la caméra suit, la caméra avance, la caméra recule, "
        "la caméra tourne, la caméra glisse, la caméra s'approche, la caméra s'éloigne, la "
        "caméra monte, la caméra descend, la caméra survole, la caméra se rapproche, a câmera "
        "segue, a câmera gira, a câmera avança, a câmera se aproxima, a câmera se afasta, a "
        "câmera sobe, a câmera desce, a câmera desliza, 镜头缓缓, 镜头慢慢, 镜头逐渐, 镜头推近, "
        "镜头推进, 镜头推向, 镜头拉近, 镜头拉远, 镜头拉开, 镜头拉升, 镜头跟随, 镜头跟着, 镜头跟拍, "
        "镜头跟踪, 镜头环绕, 镜头移动, 镜头掠过, カメラがゆっくり, カメラが徐々に, カメラが近づ, "
        "カメラが寄っ, カメラが寄る, カメラが引いて, カメラが引く, カメラが追, カメラが回り, "
        "カメラが動く, カメラが動き, カメラが移動, カメラがパン, カメラがズーム, カメラが上昇, "
        "カメラが下降, カメラが前進, カメラが後退, الكاميرا تتحرك, الكاميرا "
        "تقترب, الكاميرا تدور, الكاميرا تتبع, الكاميرا تبتعد, تقترب الكاميرا, تتحرك الكاميرا, "
        "تبتعد الكاميرا, تدور الكاميرا, تتبع الكاميرا, कैमरा धीरे, कैमरा घूम, कैमरा पीछे, कैमरा "
        "आगे"
    ]
)
_SECONDS = ("3", "4", "5", "6", "7", "8", "9", "10", "12", "15", "20", "30")
_FILMS = (
    "clip",
    "video",
    "commercial",
    "spot",
    "ad",
    "teaser",
    "trailer",
    "bumper",
    "promo",
    "reel",
)
_LONG = product(_SECONDS, ("second", "sec"), _FILMS)
ASKED_OUTRIGHT = ", ".join([
    *(" ".join(told) for told in _LONG),
    "make it a video, make it a short video, make it a clip, make it a short clip",
    *(f"{made} {which} {shown}{more}" for (made, more), which, shown in product(
        (("animate", ""), ("bring", " to life")), ("this", "the", "my", "this old"),
        ("photo", "picture", "image"),
    )),
    "anima esta foto, dale vida a esta foto, anime cette photo, anime esta foto, animiere dieses "
    "foto, animiere dieses bild, 让这张照片动起来, 让照片动起来, この写真を動かして, "
    "写真を動かして",
])  # fmt: skip
"""A clip by name: a photo may be what it is made of."""

ONLY_CLIPS = f"{_CAMERA_MOVES}, {ASKED_OUTRIGHT}"
"""What only a clip can answer, wherever in a long request it is told."""

_GERMAN_MOVES = (
    "fährt", "folgt", "folgt ihm", "folgt ihr", "schwenkt", "gleitet", "zoomt", "umkreist",
    "nähert sich", "bewegt", "bewegt sich",
)  # fmt: skip
_MADE = (
    "video game", "video games", "video call", "video card", "video store", "video shop",
    "video rental", "video conference", "video camera", "video player", "video cassette",
    "video tape", "video editor", "video doorbell", "video console", "video wall",
)  # fmt: skip
_WORN = (
    "from her", "from his", "from their", "from its", "from a strap", "from the strap",
    "from a hook", "from a branch", "at her side", "at his side", "at their side", "against her",
    "against his", "around her neck", "around his neck", "by its strap", "on its strap",
    "on a strap", "on her", "on his",
)  # fmt: skip
"""How a camera swings that somebody carries."""
_CLIPS = ", ".join([
    *(f"{of} clip" for of in (
        "money", "bag", "nose", "crocodile", "alligator", "bulldog", "claw", "belt", "pen",
        "spring", "chip", "cable", "hose", "climbing", "roach", "mic", "microphone", "curtain",
        "barrel",
    )),
    *(f"clip {more}" for more in (
        "for hair", "for your hair", "for a tie", "for bags", "for papers", "earrings", "earring",
        "holder", "board", "lamp",
    )),
])  # fmt: skip
"""Things that hold something, which no camera takes."""
NOT_CLIPS = ", ".join([
    _CLIPS,
    *(f"die kamera {move} {no}" for move, no in product(_GERMAN_MOVES, ("nicht", "kaum", "nie"))),
    *(f"make it a {thing}" for thing in _MADE),
    *(f"the camera {does} {worn}" for does, worn in product(("swings", "floats", "hovers"), _WORN)),
    "لا تتحرك الكاميرا, لا تقترب الكاميرا, لا تدور الكاميرا, لا تبتعد الكاميرا, لا تتبع الكاميرا, "
    "无镜头移动, 没有镜头移动, 不要镜头移动, 不需要镜头移动, 避免镜头移动, 镜头推荐, "
    "カメラが動かない, カメラは動かない, la caméra ne bouge pas, "
    "कैमरा आगे नहीं, कैमरा पीछे नहीं, कैमरा धीरे नहीं, कैमरा घूमता नहीं",
])  # fmt: skip
"""Phrases that begin or end as one for a clip, and say that a camera rests, or name a thing."""

STILLS_MADE = (
    "make it a video thumbnail, make it a video cover, make it a video poster, make it a video "
    "still, make it a video screenshot, make it a video icon, make it a video logo, make it a "
    "video banner, make it a clip art, still image, still photo, still photograph, cover image"
)
"""Stills by name, some of which begin as a phrase for a clip."""

PHOTOS = (
    "photo of, photograph of, packshot, product shot, product photo, foto de, photo de, photo "
    "d'un, photo d'une, foto von, foto einer, foto eines, produktfoto, foto de producto, foto de "
    "produto, photo de produit, 商品写真, 产品照片"
)
"""Stills where they are asked for first: later, a photo may be held by who is in the clip."""

_CHARTS = "bar chart, pie chart, flowchart, diagram"
"""Lettered or not: most are asked for without a word about lettering."""

_DRAWN = ", ".join([
    *(f"{drawn} {by}" for drawn, by in product(
        ("dibujado", "dibujada", "dibujados", "dibujadas", "pintado", "pintada"),
        ("a lápiz", "a mano", "a tinta", "a carboncillo", "con acuarelas", "con ceras",
         "con lápices"),
    )),
    *(f"{drawn} {by}" for drawn, by in product(
        ("desenhado", "desenhada", "desenhados", "desenhadas", "pintado", "pintada"),
        ("a lápis", "à mão", "a carvão", "a nanquim", "com aquarela", "com giz"),
    )),
    *(f"{drawn} {by}" for drawn, by in product(
        ("dessiné", "dessinée", "dessinés", "dessinées", "peint", "peinte"),
        ("au crayon", "à la main", "à l'encre", "au fusain", "à l'aquarelle", "aux feutres"),
    )),
    *(f"{by} gezeichnet" for by in (
        "mit bleistift", "mit tusche", "mit buntstiften", "mit kreide", "mit kohle", "von hand",
    )),
    "handgezeichnet, handgezeichneter, handgezeichnete, handgezeichnetes, handgemalt, handgemalte, "
    "bleistiftzeichnung, a lápiz, à mão livre, au fusain, 鉛筆で描いた, 鉛筆で描かれた, "
    "水彩で描いた, 水彩で描かれた, 手描きの, 手書きイラスト, クレヨンで描いた, 铅笔画, 手绘的, "
    "彩铅画, 蜡笔画, مرسوم بقلم رصاص, مرسومة بقلم رصاص, مرسوم باليد, مرسومة باليد, पेंसिल से बनी, "
    "पेंसिल से बना, पेंसिल स्केच, हाथ से बनाया, हाथ से बनी",
])  # fmt: skip
"""Pictures said to be drawn, whatever with: a pencil in them is no thing."""

_PLACES = (
    "九寨沟, 张家界, 泰山, 黄山, 华山, 喜马拉雅, 西藏高原, 阿尔卑斯, 戈壁, 珠穆朗玛, 屋久島, 知床, "
    "阿蘇山, 上高地, 尾瀬, लद्दाख, कश्मीर, हिमाचल, सूर्यास्त, सूर्योदय, pirineos, nordsee, ostsee, "
    "schwarzwald, bodensee, wattenmeer, bretagne, pyrénées, camargue, amazônia, sertão, "
    "fernando de noronha, pantanal, lofoten, dolomites, dolomiten, dolomitas"
)
"""Places known for their scenery, by the names of those who live there."""
_STUDIOS = (
    "宫崎骏, 吉卜力, 新海诚, 皮克斯风格, ジブリ風, ジブリ, ディズニー風, ピクサー風, ちびキャラ, "
    "浮世絵, 浮世绘, أسلوب جيبلي, جيبلي, أسلوب بيكسار, بيكسار, जिबली, पिक्सर, एनीमे"
)
"""Who is known for drawn pictures, and what they are called."""

_OFFERS = ", ".join([
    *(f"{percent} off" for percent in range(5, 95, 5)),
    "percent off, half price, buy one get one, buy one get one free, buy 1 get 1, buy 2 get 1, "
    "get 1 free, get one free, bogo, 2 for 1, two for one, free entry, free shipping",
])  # fmt: skip
"""What a shop offers: it is to be read, whatever it is about."""

_SCENERY = "山並み, 雪山, 田んぼ, 稲穂, 苔むした, 里山, 山村, 茶畑, 花畑, 湿原"

SENSES: dict[str, dict[float, str]] = {
    "portrait": {2.5: _ANIMALS},
    "product-photo": {2.0: _MENU},
    "animation": {3.5: _DRAWN, 3.0: _STUDIOS},
    "landscape": {2.5: _SCENERY, 2.0: _PLACES},
    "text-in-image": {3.5: _OFFERS, 1.5: _CHARTS},
    "video": {3.0: ONLY_CLIPS, -3.0: STILLS_MADE},
}
"""Category -> weight -> phrases."""
