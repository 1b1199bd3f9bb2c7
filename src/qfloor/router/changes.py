"""Whether a request opens as one to change a picture that is there already.

"Remove the person on the left" speaks of a person and asks for no portrait: what the picture shows
nobody told, and no certificate is about it. A request to change one begins with what is to be done
and goes on with what is known already ("the sky", "her hair", "it"), in some languages it ends with
the doing. What a picture is to become ("turn this photo into a cartoon", "make it a video") is told
by its own words, and is none of this. Knows words of nine languages; no category and no weight.
"""

from __future__ import annotations

from itertools import pairwise

from qfloor.router.changes_late import LATE, asks_late
from qfloor.router.reading import BREAKS, word_set
from qfloor.router.wishes import wishes_change

FARTHEST = 9
"""Words behind the doing that are looked at for what is to become of it, and words before it."""


POLITE = word_set(
    "please pls plz can could would will you u now ok okay and also just then hey hi hello so "
    "kindly great nice thanks cool perfect love but good i'd i want need like to "
    "we me est ce que pourrais pourriez para würdest würden könnten können quiero quero que se "
    "por favor puedes puede podrías podés ahora pode você poderia agora consegue dá pra para "
    "peux tu pouvez vous peut on s'il te plaît stp svp maintenant "
    "bitte kannst könntest du mal jetzt noch من فضلك ممكن لو سمحت هل يمكنك الآن تستطيع تقدر أن"
)
"""Words that may stand before what is asked for."""

_IT = word_set(
    "it this that these those him her them his their its everyone everybody everything both all "
    "every any "
    "lo la los las le les esto esta este eso esa ese ela ele eles elas isso isto essa esse "
    "ihn sie es ihm ihr ihnen ihre ihren seine seinen alles alle diese diesen dieses cette ces ça "
    "cet leur هذا هذه"
)
"""What is known already, and was not told."""
_THE = _IT | word_set(
    "the my our el mi mis al del o a os as do da meu minha das dos dele dela "
    "ce mon ma mes son sa ses au aux der die das den dem mein meine meinen im"
)
"""The same, or told by an article that says that it is."""
_OBJECTS = word_set(
    "background bg sky face faces hair hands eyes outfit clothes color colour text watermark logo "
    "lighting people skin teeth fondo cielo cara pelo fundo céu rosto cabelo fond ciel visage "
    "cheveux hintergrund himmel gesicht haare"
)
"""What a picture that is there is known to have, so that it needs no article."""
_AT_HAND = word_set("in from on here here's take with en na nesta sur dans auf")
_PICTURE = word_set("photo picture pic image photograph foto imagen imagem bild")
"""Words that a picture at hand is told with, before what is to be done with it."""
_SOME = _THE | word_set(
    "an some more another two three one few lots text un una unos más dos um uma mais dois uns "
    "une des plus deux ein eine einen mehr zwei"
)

_ALTERS = word_set(
    "delete erase change replace swap crop blur brighten darken lighten sharpen upscale whiten "
    "straighten retouch restore enlarge extend expand undo redo rotate flip recolor recolour "
    "denoise enhance fix adjust smooth soften resize edit photoshop unblur correct reduce "
    "increase hide move shift ditch lose shorten trim saturate desaturate "
    "quites elimines borres cambies vire virer éclaircir remover deletar "
    "quita quitar quite elimina eliminar elimine borra borrar borre cambia cambiar cambie "
    "reemplaza reemplazar sustituye sustituir recorta recortar desenfoca desenfocar aclara "
    "aclarar oscurece oscurecer mejora mejorar restaura restaurar mueve mover gira arregla corrige "
    "tira tirar tire remova apaga apagar apague troca trocar troque muda mudar mude substitui "
    "substituir substitua corta cortar corte aumenta aumentar clareia clarear escurece desfoca "
    "desfocar melhora melhorar conserta arruma "
    "enlève enlever enlevez retire retirer retirez supprime supprimer supprimez efface effacer "
    "changer changez remplace remplacer remplacez recadre recadrer floute flouter éclaircis "
    "assombris améliore améliorer agrandis agrandir rends rendre rendez déplace corrige "
    "entferne entfern lösche ersetze ersetz tausche tausch ändere änder retuschiere vergrößere "
    "verkleinere verschiebe drehe schneide verwische korrigiere restauriere verbessere"
)
"""What is done to something that is there: what it is done to follows by an article."""

_ONLY_ALTERS = word_set(
    "remove colorize colourise colorise inpaint outpaint quítale cámbiale ponle ponlo "
    "agrégale añádele "
    "أزل أزيل إزالة احذف امسح استبدل غير غيّر غيري بدل أضف اضف اجعل اجعلي شيل شيلي كبر كبّر "
    "تشيل تحذف تخلي خلي خليها خليه جعل تجعل حذف استبدال زود قلل"
)
"""The same, whatever follows."""

_ADDS = word_set(
    "add añade añadir agrega agregar adiciona adicionar adicione acrescenta coloca põe ajoute "
    "ajouter ajoutez füge"
)
_DOES_TO = word_set("give let put open close gib lass lasse dê bota pon mets mettez setze setz")
"""Doing that is a change only where it is done to somebody who was not told."""
_THEM = word_set(
    "him her them his their everyone these those this nelas neles "
    "ihm ihr ihnen ihn sie es ela ele nela "
    "nele le la lui leur les"
)
_AT_THEM = word_set("nele nela neles nelas")
_WHOM = _THEM | {"it", "my"}
_TURNED = word_set("his her their him them")
_LETS_ENGLISH = word_set("make let have")
_LETS = _LETS_ENGLISH | word_set(
    "lass lasse lassen fais faites faire faz fazer faça deixa deixe haz hacer haga"
)
_VANISHES = word_set(
    "disappear vanish verschwinden disparaître desaparecer sumir desaparezca desaparezcan"
)
"""What makes somebody do a thing, and doing that leaves nothing of him."""
_VANISH_BEHIND = _VANISHES | {"que"}
_MAKES_IT = word_set("hazlo hazla hazlos hazlas")
_MAKES: dict[str, frozenset[str]] = {
    "make": _THEM | word_set("hair background bg it its the that everything all"),
    **dict.fromkeys(("haz", "hacer"), word_set("el la los las que sonreír")),
    **dict.fromkeys(("pon", "poner", "ponga", "poned"), word_set("el la los las fondo")),
    **dict.fromkeys(
        ("faz", "fazer", "faça", "deixa", "deixar", "deixe"),
        word_set("o a os as ela ele elas eles isso mais sorrir"),
    ),
    **dict.fromkeys(("fais", "faites", "faire"), word_set("le la les sourire en")),
    **dict.fromkeys(
        ("mach", "mache", "machen"), word_set("den die das dem es ihn sie ihre seine alles mehr")
    ),
}
"""Doing that makes new things as well, and what it is done to where it does not."""
_BECOMES = word_set(
    "more less bigger smaller brighter darker larger longer shorter taller wider narrower warmer "
    "cooler colder softer sharper lighter bolder thicker thinner younger older slimmer fatter "
    "happier sadder closer higher lower stronger cleaner smoother deeper bluer greener redder "
    "background bg smile smiling laugh bald blonde transparent invisible white black red blue "
    "green yellow pink purple orange grey gray brown gold silver navy straight open closed empty "
    "blurry pop disappear clearer nicer better fuller prettier "
    "más menos mayor mejor blanco blanca negro negra rojo azul verde fondo sonría sonrían sonreír "
    "mais maior menor melhor branco branca preto preta vermelho fundo sorrir sorria "
    "plus moins mieux blanc blanche noir rouge bleu vert fond sourire souris "
    "mehr weniger heller dunkler größer kleiner dramatischer blauer grüner wärmer kälter schärfer "
    "länger kürzer jünger älter dicker dünner voller schöner bunter weicher stärker breiter höher "
    "tiefer weiß schwarz rot blau grün gelb transparent weg lächeln lachen hintergrund"
)
"""What may become of it and is no picture: "make the sky darker", and not "make the poster"."""
_TOLD_BY = word_set("in with on of a an and or en avec com con mit auf")
"""Words behind which a colour is a thing's own."""
_TARGET = word_set(
    "into in a an move video clip gif cartoon anime say says un una uma une ein eine"
)
"""What follows "make it" where a picture is named that it is to become."""

_SAME = word_set("same igual mesma mesmo misma mismo pareil même dasselbe gleiche gleiches نفس")
_ARTICLES = word_set("the a o la le lo das der die")
_BUT = word_set(
    "but again as with without only except just pero con sin mas com sem mais avec sans aber mit "
    "ohne nur لكن ولكن بدون"
)
_OUT = {
    "get": "rid", "take": "out", "cut": "out", "clean": "up", "scale": "up", "tone": "down",
    "zoom": "out",
}  # fmt: skip
"""Doings of two words; the second may stand behind what it is done to."""
_ENDS_WITH = word_set(
    "rausnehmen herausnehmen wegnehmen aufsetzen anziehen "
    "entfernen löschen ersetzen ändern austauschen tauschen wegmachen wegretuschieren retuschieren "
    "hinzufügen geben machen freistellen aufhellen abdunkeln vergrößern verkleinern "
    "zuschneiden verschieben"
)
_MAKES_LATE = word_set("machen geben")
_ONE = word_set("ein eine einen einem einer")
"""Doing that makes new things as well, and how German tells that one is new."""
_OPENS = word_set(
    "die den das der dem kannst könntest würdest können könnten bitte "
    "diese diesen dieses alle mein meine"
)
"""German asks with the doing last, and begins with what it is done to, or politely."""

_GOES = _VANISHES | word_set(
    "remove erase delete rid out lose ditch hide quita quitar elimina eliminar borra borrar tira "
    "tirar tire remova apaga apagar apague enlève enlever enlevez retire retirer supprime "
    "supprimer efface effacer entferne entfern entfernen lösche löschen wegmachen wegretuschieren "
    "أزل أزيل إزالة احذف امسح شيل شيلي"
)
_GONE = ("去掉", "去除", "移除", "删", "消して", "取り除", "削除", "除去", "हटा", "मिटा", "निकाल")
"""Words by which something goes, and such of scripts that do not part words."""


_SHEETS = word_set("logo poster flyer banner cartaz cartel affiche plakat sticker")
"""What bears a title that may read like something to be done: "Lose the Map, a movie poster"."""
_BEFORE_KNOWN = _THE | word_set("on from of and or in at to the")
_TAKES, _PHOTO = word_set("tira tirar tire"), _PICTURE | {"fotografia", "selfie"}
"""Portuguese takes photos by a word that takes things away as well."""

_COULD = word_set("can could")
_COULD_BE = _THE - {"a", "o", "as", "os"}
_BEGINS = POLITE.union(
    BREAKS,
    _ONLY_ALTERS,
    _ALTERS,
    _ADDS,
    _DOES_TO,
    _LETS,
    _MAKES,
    _MAKES_IT,
    _OUT,
    _SAME,
    _AT_HAND,
    ("turn", "this"),
)
"""Words that such a request can begin with, articles aside."""


def asks_change(tokens: list[str], text: str, language: str | None) -> bool:
    """Whether words in lower case ask for a change of what is there.

    ``text`` is all of them, which scripts that do not part words are read by.
    """
    if not tokens:
        return False
    if wishes_change(tokens, _BECOMES):
        return not _is_titled(tokens)
    if tokens[0] in _BEGINS:
        if _is_titled(tokens):
            return False
        if _asks_politely(tokens):
            return True
    elif tokens[0] in _ARTICLES and len(tokens) > 1 and tokens[1] in _SAME:
        return _opens_as_change(tokens[1:FARTHEST])
    if tokens[0] in _OPENS:
        if tokens[-1 if tokens[-1] not in BREAKS else -2] in _ENDS_WITH:
            return _asks_in_german(tokens)
        if "verschwinden" in tokens[-3:]:
            return True
    return language in LATE and asks_late(text, language or "")


def _is_titled(tokens: list[str]) -> bool:
    """Whether what opens like something to be done is the title of what is to be made."""
    parted = next((i for i, token in enumerate(tokens) if token in BREAKS), len(tokens))
    # without a sign between, only what stays is a title: "shift the gears logo" asks for a logo
    last = len(tokens) - 2 if _GOES.isdisjoint(tokens[:3]) else len(tokens)
    return any(
        tokens[i] in _SHEETS and tokens[i - 1] not in _BEFORE_KNOWN and (parted < i or last <= i)
        for i in range(3, min(len(tokens), 2 * FARTHEST))
    )


def takes_away(tokens: list[str], text: str) -> bool:
    """Whether a change takes away what it names, so that the picture will not show it."""
    if not _GOES.isdisjoint(tokens[: 2 * FARTHEST]) or _last(tokens) in _GOES:
        return True
    return not text.isascii() and any(told in text for told in _GONE)


def _asks_politely(tokens: list[str]) -> bool:
    """Whether what stands behind polite words, or a picture that is told of, opens as a change."""
    if tokens[0] in _COULD and len(tokens) > 1 and tokens[1] in _COULD_BE and "be" in tokens[2:6]:
        return True
    begun = 0
    if tokens[0] in _AT_HAND:
        shown = [i for i, token in enumerate(tokens[:FARTHEST]) if token in _PICTURE]
        begun = shown[0] + 1 if shown else 0
    for start, token in enumerate(tokens[begun : begun + FARTHEST], begun):
        if token not in POLITE and token not in BREAKS:
            return _opens_as_change(tokens[start : start + FARTHEST])
    return False


def _last(tokens: list[str]) -> str:
    return next((token for token in reversed(tokens) if token not in BREAKS), "")


def _opens_as_change(words: list[str]) -> bool:
    """Whether what is to be done comes first, and then what is known already."""
    if words[0] in _ARTICLES:
        words = words[1:] or words
    doing, following = words[0], words[1] if len(words) > 1 else ""
    if doing in _ONLY_ALTERS:
        return True
    if doing in _TAKES and not _PHOTO.isdisjoint(words[1:3]):
        return False
    if doing in _ALTERS:
        return following in _THE or following in _OBJECTS or following.startswith("l'")
    if doing in _ADDS:
        bare = len(words) == 2 or "to" in words[2:4]
        at_them = following in _SOME or "hinzu" in words or not _AT_THEM.isdisjoint(words[2:4])
        return at_them or (bare and following != "to")
    if doing in _LETS and not _VANISHES.isdisjoint(words):
        known = _COULD_BE if doing in _LETS_ENGLISH else _THE  # "a" is English and Portuguese
        return following in known or following in _OBJECTS or following in _VANISH_BEHIND
    if doing in _DOES_TO and (
        following in _THEM or (following in _SOME and not _WHOM.isdisjoint(words[2:]))
    ):
        return True
    if doing in _MAKES:
        return following in _MAKES[doing] and _makes_other(following, words[2:])
    if doing == "turn":
        return "into" not in words and (
            following in _TURNED or (following in _THE and _makes_other(following, words[2:]))
        )
    if doing in _MAKES_IT:
        return not _BECOMES.isdisjoint(words[1:])
    if doing in _OUT:
        return _puts_out(_OUT[doing], words[1:])
    if (doing, following) == ("this", "but"):
        return True
    return doing in _SAME and not _BUT.isdisjoint(words[1:4])


def _makes_other(what: str, words: list[str]) -> bool:
    """Whether "make her" goes on with what is to become of her; "in red letters" is no such."""
    if "like" in words[:2] or (words and words[0] in _TARGET):
        return False
    around = pairwise(("", what, *words))
    return any(word in _BECOMES and before not in _TOLD_BY for before, word in around)


def _puts_out(second: str, words: list[str]) -> bool:
    """Whether a doing of two words goes on, or goes around, what is there."""
    if second not in words:
        return False
    at = words.index(second)
    around = words[0] if at else words[1] if len(words) > 1 else ""
    return around in _SOME or (second, around) == ("rid", "of")


def _asks_in_german(tokens: list[str]) -> bool:
    """Whether what is done last is done to something that is there."""
    makes = _last(tokens) in _MAKES_LATE
    return not (makes and tokens[0] not in _THE and not _ONE.isdisjoint(tokens[:FARTHEST]))
