"""Which language a request is written in: enough to know whether a certificate covers it.

By script where the script tells, else by the little words that a language cannot do without
and the plain ones that requests are often of.
Short requests without any are taken for English when they are plain ASCII, else for unknown:
better unknown than a confident error. A few words of a language without accents (``informe fiscal
trimestral``) are therefore taken for English.
"""

from __future__ import annotations

import re
import struct

_ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
    "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy "
    "hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg "
    "li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or "
    "os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta "
    "te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
CODES = frozenset(_ISO_639_1.split())
"""ISO 639-1: what a request may state; fewer can be guessed."""

STATE_IT = "state the language: --language, routing.language or Need(language=...)"
"""What helps where a language cannot be told, as a command, the gateway and Python have it."""

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")


def primary(tag: str) -> str:
    """Return the language of a tag as BCP 47 has it: ``pt-BR`` and ``zh_Hans`` are pt and zh.

    What is no such tag is returned as it is.
    """
    found = _TAG.fullmatch(tag)
    return tag if found is None else found[1].lower()


_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3040-\u30ff]"),
    ("ko", r"[\uac00-\ud7af]"),
    ("zh", r"[\u3400-\u9fff]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("hi", r"[\u0900-\u097f]"),
    ("uk", r"[\u0454\u0456\u0457\u0491]"),
    ("ru", r"[\u0400-\u04ff]"),
    ("el", r"[\u0370-\u03ff]"),
    ("he", r"[\u0590-\u05ff]"),
    ("th", r"[\u0e00-\u0e7f]"),
)  # compiled when first asked for: one of thousands of letters takes milliseconds
_FOREIGN = r"[^\u0000-\u036f\u1000-\u303f\ua000-\uabff\ud7b0-\U0010ffff]"  # sooner than as ranges
_LETTER = r"[^\W\d_]"

_LITTLE_WORDS: dict[str, str] = {
    "en": "the a an of with and in on at for to from by is are as its her his their this that "
    "into over under behind one two no not but all it i me my we you your he she they them who "
    "what how when where while be was were has have up down out off through against around near "
    "above below between across along inside outside during without like made wearing holding "
    "standing sitting walking running man woman girl boy people white black red blue green "
    "yellow old young small large big little light lights lighting background view shot close "
    "look soft dark bright wooden street water sky night day morning house front top "
    "pokémon jalapeño piñata façade naïve décor crème brûlée",
    "es": "el la los las un una unos unas de del con para por sobre desde hacia y en su sus que "
    "es muy sin al junto bajo entre fondo como estilo noche luz se lo le más dos tres ante tras",
    "de": "der die das ein eine einen einem einer eines und mit auf im in vor von zum zur für über "
    "unter ist sind aus den dem des hinter bei nach ohne am zwei drei als wie vom beim durch an zu "
    "nicht auch sich oder mir",
    "fr": "le la les l un une des du de d et avec dans en sur pour par est au aux son sa ses qui "
    "que sous vers devant derrière très sans style nuit fond deux trois chez ce cette il elle à",
    "pt": "o a os as um uma uns umas de do da dos das com para e em no na nos nas ao à sobre que "
    "sem fundo luz estilo pelo pela seu sua noite dois duas três mais se por sob",
    "it": "il lo la gli le un una uno con per di del della dei delle da dal dalla nel nella sul "
    "sulla e un che alla senza sotto sfondo stile luce in su due tre come al",
    "nl": "een het de van met en op voor naar bij door uit onder achter is zijn in zonder aan over "
    "twee drie te der als",
    "pl": "i w z na do od przy pod nad przed się jest oraz bez dla ze o a dwa dwie trzy jak po",
    "tr": "bir ve ile için üzerinde altında önünde gibi çok olan iki üç da de arka",
    "sv": "en ett och med på av från i under utan det den som är till för två tre de",
    "da": "en et og med på af fra i under uden det den som er til ved to tre de",
    "id": "di dan yang dengan dari untuk pada seorang sebuah dalam ke atas bawah dua tiga",
    "vi": "một và của trên trong với người bên dưới cho ở hai ba những các",
}
_PLAIN_WORDS: dict[str, str] = {
    "es": "a mi mis tu mujer hombre niña niño perro gato caballo retrato paisaje montaña montañas "
    "cielo río árbol árboles flores bosque ciudad calle edificio cocina habitación cámara "
    "lluvia nieve invierno verano rojo roja amarillo amarilla negra azul viejo vieja "
    "vestido camisa zapatos botella taza silla cartel dibujo joven sonriendo mirando "
    "amanecer atardecer",
    "de": "mein meine meinen dein ich wir ihr hund katze pferd frau mädchen junge altes alte "
    "landschaft berge himmel fluss wald wiese blumen straße stadt gebäude küche zimmer "
    "kamera regen schnee sommer rotes roter schwarzer schwarze schwarzes weißer weiße "
    "gelbes grünes blaues kleid hemd schuhe flasche becher stuhl tisch plakat zeichnung "
    "sonnenuntergang sonnenaufgang kinder schläft bild bitte kinderzimmer",
    "fr": "mon ma mes à a homme chien cheval paysage montagne montagnes ciel rivière arbre arbres "
    "fleurs forêt rue bâtiment fenêtre neige hiver été automne jaune verte bleue vieux "
    "vieille chaussures bouteille tasse affiche jeune coucher vue",
    "pt": "meu minha meus é está mulher homem menina menino cachorro cão gato cavalo retrato "
    "paisagem montanha montanhas céu árvore árvores flores floresta praia cidade rua prédio "
    "cozinha janela câmera chuva neve inverno verão vermelho vermelha amarelo preto preta "
    "branco branca azul velho velha vestido camisa sapatos garrafa xícara cadeira cartaz "
    "desenho jovem",
    "it": "a uomo ragazza ragazzo gatto cavallo ritratto paesaggio montagna montagne cielo fiume "
    "albero alberi fiori bosco spiaggia città strada cucina finestra pioggia neve inverno "
    "nera vecchio vecchia vestito camicia scarpe bottiglia tazza sedia tavolo disegno "
    "tramonto giovane",
    "nl": "mijn vrouw hond kat paard landschap bergen hemel rivier bomen bloemen bos straat stad "
    "gebouw keuken kamer sneeuw zomer zwarte witte gele groene blauwe oude jonge jurk "
    "schoenen fles stoel tafel tekening zonsondergang meisje jongen",
    "pl": "kobieta mężczyzna kot koń krajobraz góry niebo rzeka drzewo kwiaty las miasto ulica "
    "czarny czarna czerwony czerwona biały biała zielony stary stara",
    "tr": "kadın köpek kedi manzara dağ gökyüzü nehir ağaç çiçek orman şehir sokak kırmızı siyah "
    "beyaz yeşil mavi yaşlı genç",
    "sv": "kvinna flicka pojke hund katt häst landskap himmel flod träd blommor skog gata snö röd "
    "svart vit gul grön blå gammal",
    "da": "kvinde mand pige dreng hund kat hest landskab bjerge himmel flod træ blomster skov "
    "gade sne rød hvid gul grøn blå gammel",
}
"""What requests are often of: a few words of them without a little word are told by these."""
_ALSO_ENGLISH = (
    "de la le les el los las du des del der den da di dos das van von san un style door do die on "
    "son par sur con per sans as to me at is i o e d l to av yang w z dan ma tu est"
)
"""Words that stand in English text as well: in names, as words of its own, or for one (``b&w``)."""
_LETTERS: dict[str, str] = {
    "es": "ñ¿¡áíóú", "de": "äöüß", "fr": "éèêëàâçîïôûùœ", "pt": "ãõçáâêôóíú", "it": "àèìòù",
    "pl": "łąęśżźńć", "tr": "ışğçöü", "sv": "åäö", "da": "åæø",
    "vi": "ăâđêôơưạảấầậắặẹếềệịọốồộớờợụứừự",
}  # fmt: skip
_LANGUAGES = tuple(_LITTLE_WORDS)  # English first
_COUNTS = struct.Struct(f"<{len(_LANGUAGES)}H")
_OF_ENGLISH = frozenset(_ALSO_ENGLISH.split())
BY_WORD: dict[str, int] = {}
"""Word -> its weight in the place of each language that has it; sums of such count all at once.

It weighs 2, or 1 where English text has it too: a single such word says nothing.
"""
for _place, (_name, _words) in enumerate(_LITTLE_WORDS.items()):
    for _word in frozenset(f"{_words} {_PLAIN_WORDS.get(_name, '')}".split()):
        _weak = _place > 0 and (_word in _OF_ENGLISH or BY_WORD.get(_word, 0) & 0xFFFF)
        BY_WORD[_word] = BY_WORD.get(_word, 0) + ((1 if _weak else 2) << 16 * _place)


def guess_language(text: str, counts: int) -> str | None:
    """Return an ISO 639-1 code, or None when it cannot be told.

    Parameters
    ----------
    text : str
        The request without what it quotes, in lower case.
    counts : int
        What `BY_WORD` has for its words in lower case, added up; they are fewer than 32,768.
    """
    if not text.isascii():
        foreign = len(re.findall(_FOREIGN, text))
        if foreign and foreign * 2 >= len(re.findall(_LETTER, text)):
            return next((name for name, letters in _SCRIPTS if re.search(letters, text)), None)
    if counts >> 16:  # words that others have as well
        weights = _COUNTS.unpack(counts.to_bytes(_COUNTS.size, "little"))
        best, english = max(weights), weights[0]
        if best > english and best >= 2:
            return _told_apart(text, [_LANGUAGES[i] for i, w in enumerate(weights) if w == best])
        counts = english
    return "en" if counts or text.isascii() else None


def _told_apart(text: str, names: list[str]) -> str | None:
    """The one of several languages whose own letters a text has most of; None if none has."""
    if len(names) == 1:
        return names[0]
    seen = [sum(map(text.count, _LETTERS.get(name, ""))) for name in names]
    most = max(seen)
    return None if seen.count(most) > 1 else names[seen.index(most)]
