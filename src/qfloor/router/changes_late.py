"""Whether a request in Hindi, Japanese or Chinese asks for a change of a picture that is there.

These tell the doing late, or part no words, so that such a request is known by how it ends, or by
how it begins behind polite words, and by nothing in it that makes something new.
"""

from __future__ import annotations

from itertools import product

_HINDI_ASKS = ("सकते", "सकती", "दो", "दें", "दीजिए", "दीजिये", "देना", "दे")
_HINDI = (
    *(
        f"{doing} {asks}"
        for doing, asks in product(
            ("हटा", "बदल", "मिटा", "जोड़", "लगा", "निकाल", "काट"), _HINDI_ASKS
        )
    ),
    *("हटाओ", "हटाएं", "हटाइए", "बदलो", "बदलें", "बदलिए", "मिटाओ"),
)
_HINDI_DOES = tuple(f"कर {asks}" for asks in _HINDI_ASKS)
_HINDI_MORE, _HINDI_MAKES = ("को और", "ज़्यादा", "ज्यादा", "थोड़ा", "अधिक"), ("बना", "कर")
"""How it shall be more so, and the doing that makes new things where nothing is more so."""
_HINDI_ENDS = tuple(
    f"{doing}{asks}"
    for doing in _HINDI_MAKES
    for asks in ("ओ", "एं", *(f" {end}" for end in (*_HINDI_ASKS, "सकते हैं", "सकते हो")))
)
_HINDI_NEW = ("तैयार", "डिज़ाइन", "डिज़ाइन", "डिजाइन", "के लिए")
"""Doing of any kind, and words by which it makes something new."""
_JAPANESE = (
    "消して", "取り除いて", "削除して", "変更して", "置き換えて", "差し替えて", "入れ替えて",
    "追加して", "除去して", "くして", "切り抜いて", "ぼかして", "修正して", "足して", "に変えて",
    "を変えて", "消せますか", "外せますか", "ぼかせますか", "変えられますか",
    "色にして", "白にして", "黒にして", "笑顔にして", "かぶせて", "つけて", "直して",
)  # fmt: skip
_JAPANESE_MORE = ("もっと", "もう少し", "ちょっと", "少し")
_JAPANESE_MAKES = ("して", "できますか", "ほしい", "ください", "ますか", "ませんか")
_JAPANESE_NEW = ("描", "作", "考え", "生成", "デザイン", "写真")
"""How it shall be more so, how a request ends, and words by which it makes something new."""
_JAPANESE_ASKS = (
    "",
    "ください",
    "下さい",
    "ほしい",
    "ほしいです",
    "くれ",
    "くれませんか",
    "くれますか",
    "もらえますか",
    "もらえませんか",
    "もらえる",
)
_JAPANESE_ENDS = tuple(f"{doing}{asks}" for doing, asks in product(_JAPANESE, _JAPANESE_ASKS))
LATE = frozenset(("hi", "ja", "zh", "zh-Hant"))
"""Languages that may tell the doing late, or part no words."""
_LAST_MARKS = "。！？!?. "
_CHINESE_OPENS = (
    "把", "请把", "帮我把", "请帮我把", "将", "去掉", "请去掉", "去除", "移除", "请移除", "删除",
    "删掉", "帮我去掉", "给她", "给他", "换个背景", "换成", "改成", "背景换", "背景改",
)  # fmt: skip
_CHINESE_DOES = (
    "换", "改", "变成", "变得", "去掉", "去除", "移", "删", "调", "放大", "缩小", "模糊", "抠",
    "加", "掉", "修", "戴", "穿",
)  # fmt: skip
_CHINESE_POLITE = (
    "能不能", "可不可以", "可以", "能否", "请", "麻烦", "你能", "您能", "能",
    "帮我", "帮忙", "我想",
)  # fmt: skip
_CHINESE_LETS = (
    "让",
    "天空",
    "背景",
    "头发",
    "她的",
    "他的",
    "它的",
    "颜色",
    "亮度",
    "光线",
    "画面",
)
_CHINESE_WHOM = ("让她", "让他", "让它", "让人物", "讓她", "讓他", "讓它")
_CHINESE_MORE = ("更", "再", "换成", "变成", "改成", "调")
_CHINESE_SAME = ("同样的图", "同一张", "一样的图")
_CHINESE_NEW = ("画一", "生成", "设计", "一张", "一幅", "制作", "照片", "海报", "的肖像")
"""Polite words, what is there, how it shall be otherwise, and words that make something new."""
_PICTURES = (
    "动漫", "卡通", "漫画", "视频", "动画", "油画", "水彩", "素描", "风格", "アニメ", "イラスト",
    "動画", "風に",
)  # fmt: skip
"""What a picture is to become where it is not to stay one of its kind."""


def asks_late(text: str, language: str) -> bool:
    """Whether a text in lower case asks for a change; ``language`` is one of `LATE`."""
    if language == "hi":
        does = any(w in text for w in _HINDI_DOES) and not any(w in text for w in _HINDI_NEW)
        more = any(w in text for w in _HINDI_MORE) and text.rstrip(_LAST_MARKS).endswith(
            _HINDI_ENDS
        )
        return does or more or any(w in text for w in _HINDI)
    if any(w in text for w in _PICTURES):
        return False
    if language == "ja":
        ended = text.rstrip(_LAST_MARKS)
        more = text.startswith(_JAPANESE_MORE) or any(f"を{w}" in text for w in _JAPANESE_MORE)
        more = more and not any(w in text for w in _JAPANESE_NEW)
        return ended.endswith(_JAPANESE_ENDS) or (more and ended.endswith(_JAPANESE_MAKES))
    return _asks_in_chinese(text.lstrip())


def _asks_in_chinese(text: str) -> bool:
    if text.startswith(_CHINESE_OPENS) and any(w in text for w in _CHINESE_DOES):
        return True
    asked = text
    while begun := next((w for w in _CHINESE_POLITE if asked.startswith(w)), ""):
        asked = asked[len(begun) :]
    if any(w in asked for w in _CHINESE_NEW):
        return False
    if asked.startswith(_CHINESE_OPENS) and any(w in asked for w in _CHINESE_DOES):
        return True
    if asked.startswith(_CHINESE_WHOM):
        return True
    more = next((w for w in _CHINESE_MORE if w in asked), None)
    is_new = more is not None and "的" in asked[asked.index(more) :]  # "a meadow that is greener"
    lets = asked.startswith(_CHINESE_LETS) and more is not None and not is_new
    return lets or asked.startswith(_CHINESE_SAME)
