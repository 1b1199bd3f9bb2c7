"""What is known by a name: styles of drawing, buildings, places of scenery.

A girl "in Ghibli style" is drawn whatever else a request tells of her, and of 東京タワー nothing
but its name says that it is a building. Category -> weight -> phrases, as in
`qfloor.router.words_english`.
"""

from __future__ import annotations

from itertools import product

_LIKE = ", ".join(
    f"{name} {like}"
    for name, like in product(
        ("disney", "pixar", "ghibli", "dreamworks", "anime", "cartoon", "simpsons", "manga"),
        ("ish", "esque", "vibe", "vibes", "style", "styled"),
    )
)
_DRAWN = (
    f"{_LIKE}, ghibli movie vibe, studio ghibli vibe, studio ghibli vibes, studio ghibli, "
    "visual novel, webtoon, manhwa, manhua, vtuber, reference sheet of a character, "
    "estilo ghibli, estilo disney, estilo pixar, al estilo de disney, ghibli-stil, disney-stil, "
    "im stil von pixar, im stil von disney, façon ghibli, style pixar, style disney, "
    "二次元, q版, 国漫风, 日漫风, 赛璐璐, 厚涂风, 日系插画, 手绘插画, 绘本风格, 漫画风, 动漫风, "
    "卡通风格, 扁平插画, 水墨风, セル画, 萌え系, 厚塗り風, ゆるキャラ, デフォルメ, チビキャラ, "
    "絵本風, 漫画風, アニメ風, アニメ塗り, 劇画, أسلوب الأنمي, ستايل أنمي, بأسلوب ديزني, "
    "कार्टून स्टाइल, एनीमे स्टाइल, डिज़्नी स्टाइल"
)
_BUILDINGS = (
    "reichstag, elbphilharmonie, frauenkirche, kölner dom, brandenburger tor, neuschwanstein, "
    "ulmer münster, hofburg, schloss schönbrunn, alhambra, sagrada familia, sagrada família, "
    "mezquita de córdoba, palacio de bellas artes, cristo redentor, teatro amazonas, mosteiro dos "
    "jerónimos, torre de belém, notre-dame de paris, arc de triomphe, sacré-cœur, château de "
    "chambord, château de versailles, 天坛, 故宫, 角楼, 天安门, 东方明珠, "
    "布达拉宫, 鼓楼, 東京タワー, スカイツリー, 清水寺, 金閣寺, 姫路城, 大阪城, 東大寺, 東京駅, "
    "通天閣, 店内, 老房子, 四合院, 民居, médiathèque, mediateca, mediathek, المسجد الحرام, "
    "المسجد النبوي, برج خليفة, برج العرب, قبة الصخرة, الأهرامات, "
    "قصر الحمراء, ताज महल, ताजमहल, लाल किला, हवा महल, कुतुब मीनार, इंडिया गेट, स्वर्ण मंदिर, "
    "चारमीनार"
)
_SCENERY = (
    "lençóis maranhenses, chapada diamantina, chapada dos veadeiros, foz do iguaçu, jericoacoara, "
    "serra da estrela, salar de uyuni, cañón del colca, torres del paine, perito moreno, picos de "
    "europa, sierra nevada, sächsische schweiz, lüneburger heide, zugspitze, bayerischer wald, "
    "calanques, gorges du verdon, mont blanc, dune du pilat, 青海湖, 喀纳斯, 稻城亚丁, 阳朔, "
    "洱海, 茶卡盐湖, 富士山, 白川郷, 天橋立, 宮古島, وادي رم, الربع الخالي, جبال الأطلس, "
    "البحر الميت, स्पीति, डल झील, थार मरुस्थल"
)
NAMED: dict[str, dict[float, str]] = {
    "animation": {4.0: _DRAWN},
    "architectural-render": {2.5: _BUILDINGS},
    "landscape": {2.5: _SCENERY},
}
"""Category -> weight -> phrases."""
