"""The script that a language is written in, where it is not the usual one.

A certificate for prompts in traditional Chinese says nothing of simplified ones: a model reads
letters. A region says nothing of what is read (``pt-BR`` is Portuguese), but where Chinese is
written differently there. Knows nothing of sounds or words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qfloor.router.languages import CODES, primary

_LIKELY = {
    "Cyrl": "ab av ba be bg ce cu cv kk ky mk mn os ru sr tg tt uk kv",
    "Arab": "ar fa ps sd ug ur ks", "Deva": "hi mr ne sa", "Hebr": "he yi", "Beng": "bn as",
    "Ethi": "am ti", "Tibt": "bo dz", "Cans": "cr iu oj", "Hans": "zh", "Jpan": "ja", "Kore": "ko",
    "Thai": "th", "Grek": "el", "Armn": "hy", "Geor": "ka", "Guru": "pa", "Gujr": "gu",
    "Orya": "or", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml", "Sinh": "si",
    "Laoo": "lo", "Mymr": "my", "Khmr": "km", "Thaa": "dv", "Yiii": "ii",
}  # fmt: skip
"""Scripts of languages that are not in Latin letters, as CLDR's likely subtags have them."""
_USUAL = {code: script for script, codes in _LIKELY.items() for code in codes.split()}
_REGIONS = {("zh", region): "Hant" for region in ("TW", "HK", "MO")}

_PAIRS = (
    "們们 這这 個个 國国 為为 時时 說说 對对 會会 過过 動动 學学 開开 頭头 進进 問问 間间 車车 "
    "東东 馬马 長长 門门 見见 書书 魚鱼 鳥鸟 黃黄 紅红 綠绿 藍蓝 龍龙 風风 飛飞 樹树 葉叶 畫画 "
    "圖图 張张 燈灯 廚厨 雞鸡 貓猫 場场 園园 樓楼 橋桥 島岛 灣湾 環环 點点 與与 裡里 髮发 臉脸 "
    "頂顶 顏颜 夢梦 鐵铁 銀银 錢钱 銅铜 陽阳 陰阴 雙双 電电 讓让 變变 專专 業业 產产 廣广 廠厂 "
    "攝摄 寫写 實实 視视 術术 藝艺 華华 藥药 裝装 壓压 戲戏 戰战 機机 歐欧 歡欢 氣气 漢汉 潔洁 "
    "濕湿 灑洒 爐炉 爺爷 獅狮 現现 簡简 紙纸 絲丝 線线 織织 編编 羅罗 聖圣 膚肤 舊旧 復复 覺觉 "
    "觀观 語语 請请 貝贝 買买 賣卖 質质 輕轻 輪轮 農农 運运 達达 遠远 選选 還还 邊边 鄉乡 醫医 "
    "鏡镜 關关 隊队 隨随 難难 靜静 顯显 飯饭 館馆 騎骑 鬧闹 麗丽 婦妇 帶带 傘伞 籃篮 貨货 嬰婴 "
    "幾几"
)
"""Frequent characters as traditional and as simplified text has them."""
_TRADITIONAL = frozenset(pair[0] for pair in _PAIRS.split())
_SIMPLIFIED = frozenset(pair[1] for pair in _PAIRS.split()) - frozenset("里几")  # in both


@lru_cache(maxsize=1024)
def variety(tag: str) -> str:
    """Return a tag's language, with its script where that is not the language's usual one.

    Two texts of one variety can be read by who reads either. What is no tag as BCP 47 has it is
    returned as it is.

    Examples
    --------
    >>> variety("pt-BR"), variety("zh_Hans"), variety("zh-TW"), variety("sr-Latn-RS")
    ('pt', 'zh', 'zh-Hant', 'sr-Latn')
    """
    language = primary(tag)
    if language == tag:
        return tag
    script = region = None
    for part in re.split("[-_]", tag)[1:]:
        if len(part) == 1:  # what follows is private, or an extension
            break
        if len(part) == 4 and part.isalpha():
            script = script or part.title()
        elif len(part) == 2:
            region = region or part.upper()
    script = script or _REGIONS.get((language, region or ""))
    if script is None or script == _usual(language):
        return language
    return f"{language}-{script}"


def _usual(language: str) -> str | None:
    """The script that a language is mostly written in; None where that is not known."""
    return _USUAL.get(language, "Latn" if language in CODES else None)


def chinese_of(text: str) -> str:
    """Which Chinese a text is in: traditional where more of its characters are so, else ``zh``.

    Many characters are the same in both; a text of such alone is taken for the usual one.
    """
    traditional = sum(map(_TRADITIONAL.__contains__, text))
    return "zh-Hant" if traditional > sum(map(_SIMPLIFIED.__contains__, text)) else "zh"
