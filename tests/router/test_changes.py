"""Requests to change a picture that is there already, and requests that begin as if they were."""

from __future__ import annotations

import pytest

from qfloor.records import CATEGORIES
from qfloor.router import Need
from qfloor.router.changes import asks_change
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.reading import read
from qfloor.router.weights import default_weights

CLASSIFIER = Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS, default_weights())

CHANGES = """
make the car disappear
let the tourists vanish
Lass den Mann links verschwinden
kannst du das Auto verschwinden lassen
fais disparaître la voiture
haz que desaparezca el coche
faz o homem sumir
puedes poner el fondo en blanco
pon el fondo blanco
让她笑一下
让他戴眼镜
remove the person on the left
please remove the man behind her
remove the logo from the shirt
change the text on the poster to red
can you remove the glasses?
erase the sign in the window
get rid of the dog
take the car out of the driveway
change the sky to purple
change her dress to blue
make her hair longer
make him smile
make his jacket red
make the lighting warmer
make the background white
make it brighter
in this photo, remove the man in the red jacket
here is my photo. Remove the woman behind me
could her hair be blonde instead
this but as winter
swap faces of these two guys
change outfit to a business suit
replace sky
add snow
add fog to the forest
put a santa hat on my cat
make hair darker
make the dog bigger
dem Mann einen Bart geben
make everyone look older
give her a red hat
give the cat sunglasses and make it smile
put a hat on him
put her on a beach
add a rainbow over the mountains
add some snow to the roof
add more trees on the right please
replace the background with a forest
replace the car by a bicycle
swap the red mug for a blue one
crop the left side
blur the faces
fix the eyes
fix her left hand, it has six fingers
undo the last change
extend the canvas to the left
whiten the teeth
straighten the horizon
sharpen the portrait
retouch my skin a little
same but with a cat
same photo but at sunset
the same portrait without the hat
move the lamp to the left
rotate the product by 45 degrees
remove bg
erase everything but the bottle
colorize this photo
restore this old wedding photo
let her look into the camera
clean up the desk in the back
lose the beard
turn her head to the left
open his eyes
quita a la persona de la izquierda
cambia el cielo a morado
cambia el color de la pared
haz el cielo más dramático
ponle un sombrero al perro
elimina el coche del fondo
¿puedes borrar el texto de la camiseta?
añade un árbol a la derecha
haz que sonría
lo mismo pero de noche
remova a pessoa da esquerda
tira o carro do fundo
troca a cor da parede para azul
muda o céu para roxo
deixa o cabelo dela mais curto
coloca um chapéu no cachorro
faz ela sorrir
adiciona uma árvore à direita
a mesma foto mas à noite
apaga o texto da camiseta
enlève la personne à gauche
change la couleur du canapé en bleu
remplace le fond par une plage
ajoute un arc-en-ciel au-dessus de la montagne
rends le ciel plus dramatique
supprime la voiture
peux-tu effacer le texte ?
mets-lui un chapeau
la même photo mais de nuit
fais sourire la femme
entferne die Person links
mach den Himmel dramatischer
mach das Auto rot
ersetze den Hintergrund durch einen Wald
kannst du den Text auf dem Schild löschen?
die Person links bitte entfernen
füge rechts einen Baum hinzu
gib ihr einen Hut
das gleiche Bild, aber bei Nacht
ändere die Farbe des Sofas in blau
去掉左边的人
把天空换成紫色
把背景改成白色
请把桌子上的杯子去掉
给她戴上一顶红帽子
帮我把这张照片调亮
删除背景里的车
左の人を消してください
空を紫に変えて
背景を白にしてください
もっと明るくして
右に木を追加してください
彼女に帽子をかぶせて
أزل الشخص على اليسار
غير لون السماء إلى بنفسجي
أضف شجرة على اليمين
اجعل الخلفية بيضاء
احذف السيارة من الصورة
बाईं ओर के व्यक्ति को हटा दो
आसमान का रंग बदल दो
बैकग्राउंड सफेद कर दो
दाईं ओर एक पेड़ जोड़ दो
इस फोटो से गाड़ी हटाइए
Kannst du den Himmel dramatischer machen
Könntest du bitte die Leute hinten rausnehmen
Der Himmel soll dramatischer werden
Ihre Haare sollen länger sein
Kannst du ihm einen Hut aufsetzen
¿podrías hacer que el cielo sea más dramático?
quiero el cielo más azul
el cielo debería ser más dramático
sube el brillo
est-ce que tu peux rendre le ciel plus dramatique
pourrais-tu effacer le monsieur à gauche
je voudrais que le ciel soit plus sombre
queria o céu mais azul
o céu podia ser mais dramático
coloca óculos nele
dá para remover o poste
能不能让天空更有戏剧性一点
可以把天空变得更戏剧化吗
天空再蓝一点
她的裙子换成红色
同样的图，但是晚上
空をもっとドラマチックにしてもらえますか
後ろの人を消せますか？
もう少し明るくしてほしいです
هل يمكنك جعل السماء أكثر درامية؟
ممكن تشيل الشخص اللي في الخلفية
خليها تبتسم
क्या आप आसमान को और नाटकीय बना सकते हैं
पीछे वाले आदमी को हटा सकते हो?
the sky should be more dramatic
her dress should be red
I want the sky to be bluer
I'd like her hair to be longer
her eyes look weird, fix them
can we lose the people at the back
a bit more contrast please
"""
NEW = """
make me a poster for the school fair
make a portrait of my grandfather in his garden
make the cover for my novel, a lighthouse in a storm
make the most beautiful mountain landscape ever
make it a video of a dog running
make it a poster with the words "no parking"
make it look like a watercolor
make a logo for my bakery
give me a photo of a red apple
give me a woman in a green coat
put the words "we are open" on a wooden sign
put a cat on a windowsill, photo
add to cart button icon
in this picture book a fox reads
on a beach a couple walks their dog
take a picture of the old bridge
from this image make a poster
can a cat be an astronaut, illustration
could you imagine a castle
make logo letter s gold luxury black background
add-on lens kit, product photo
add-on lens for a phone, product photo
turn this photo into a cartoon
turn my selfie into anime
turn of the century street, sepia
convert this to pixel art
crop top on a mannequin, white background
crop circles in a wheat field seen from above
blur of city lights through a rainy window
mirror selfie of a girl in a gym
flip phone from 2004, product photo
flip-flops on the sand
swap meet on a parking lot at dawn
change purse made of red leather
open book on a desk
open window, curtains blowing
close up of a bee on a flower
close the door sign in bold letters
move over darling movie poster
restore shop front, Paris
keep calm and carry on poster
same-sex couple at their wedding, portrait
same old street in Rome, photo
hide and seek in the forest, children laughing
trim modern kitchen with oak front
extended family at a picnic table
smooth stones on a beach
soft light on an old woman's face
clean desk setup with a keyboard
delete key of a mechanical keyboard, macro
two women and the man behind them removing the cover of a car
a man changing the tyre of his car in the rain
a girl gives her brother a hat
portrait of a woman, remove red tones, film grain
product photo of a bottle, replace the usual label with a plain one
let it snow christmas card with a red barn
let there be light, cathedral interior
take a photo of a waterfall in Iceland
take out pizza box on a table
get a shot of a surfer at sunset
cut out paper art of a forest
clean up crew on a beach, documentary photo
zoom out from an eye to the whole city
tilt shift photo of a train station
tilt up from her boots to her face, 4 seconds
reduce reuse recycle poster
increase in sales bar chart
want to see a castle on a cliff
i'd like a photo of a golden retriever puppy
can you draw a cat in a box
could you please show me a modern kitchen
all the king's horses painted in oil
this is a photo of a red chair in a white room
the same river twice, album cover
please don't touch sign on a wall
now playing sign of an old cinema
good morning card with a cup of coffee
great dane sitting on a couch, portrait
love letter on a desk beside a candle
cool teenager with headphones, portrait
perfect circle of stones in a meadow
expand your mind, psychedelic poster
correct posture at a desk, photo of a woman
hazlo realista: retrato de un pescador
haz una foto de producto de un reloj
haz un cartel que diga "cerrado"
pon un gato en una ventana
mejora tu vida, cartel de gimnasio
cambio de estación, bosque en otoño
tira cómica de un perro y un gato
muda de planta num vaso branco
faz um logo para minha padaria
corte de cabelo masculino, retrato
deixe a cidade respirar, pôster
fais-moi un portrait de ma grand-mère
fais une affiche pour le concert
mets en scène un flacon de parfum
change de vie, affiche de film
mach ein Foto von einem alten Mann
mach mir ein Plakat mit "Sommerfest"
die Frau am Fenster liest einen Brief
der Hund auf dem Sofa, Porträt
den Fleck entfernen, Werbefoto für Waschmittel mit Flasche
bitte ein Bild von einer Berghütte
将军骑马的肖像
把握当下，海报
给我一张猫的照片
换季的森林，秋天
改装车在车库里，产品照
加州海岸的日落
猫を抱いた少女の肖像
窓を消した部屋
明るくて広いキッチン
غيوم فوق الجبل عند الغروب
صورة رجل يزيل الثلج عن سيارته
किसान खेत में काम कर रहा है
एक लड़की की तस्वीर बना दो
मुझे पहाड़ों की फोटो दो
Kannst du mir ein Produktfoto von einer Parfümflasche machen
Kannst du ein Porträt von einer alten Frau machen?
Bitte ein Poster für das Sommerfest machen
मेरी बेकरी के लिए एक लोगो डिज़ाइन कर दो
पहाड़ों का दृश्य तैयार कर दें
Tire a foto de uma mulher sorrindo na praia
Lose the Map, a movie poster
Trim the Tree: christmas party flyer
Shift the Gears logo
Corte o cabelo: logo para barbearia
Remove.bg logo
Smooth the edges logo design
the logo should be blue with a white leaf
the man who should be king, portrait
the mountains look odd and purple at dusk
I want the cover of my novel to be a red dragon
more contrast: black and white portrait of a man
die Küche sollte hell sein, Eiche, Rendering
Kannst du die Skyline von Frankfurt bei Nacht zeigen
el cartel debería decir "hola"
quiero que dibujes un gato
quero que crie um logo azul para minha padaria
la plus haute tour du monde
可以做一个蓝色的logo吗
让阳光更灿烂的草原
世界上最高的楼
猫を見せますか
空をもっと青く描いてください
क्या आप एक बिल्ली का चित्र बना सकते हैं
هل يمكنك رسم قطة
make a wizard who can disappear
a magician making a rabbit disappear
让子弹飞 电影海报
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def asks(text: str) -> bool:
    told = read(text)
    return asks_change(told.tokens, told.bare, CLASSIFIER.classify(Need(prompt=text)).language)


@pytest.mark.parametrize("text", lines(CHANGES))
def test_changes_are_asked_for_in_nine_languages(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", lines(NEW))
def test_new_pictures_that_begin_alike_are_no_changes(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "remove the person on the left",
        "in this photo, remove the man in the red jacket",
        "here is my photo. Remove the woman behind me",
        "apaga o texto da camiseta",
        "lose the beard",
        "Lass den Mann links verschwinden",
        "faz o homem sumir",
        "pon el fondo blanco",
        "please remove the man behind her",
        "get rid of the dog",
        "replace the background with a forest",
        "retouch my skin a little",
        "cambia el cielo a morado",
        "enlève la personne à gauche",
        "entferne die Person links",
        "去掉左边的人",
        "左の人を消してください",
        "बाईं ओर के व्यक्ति को हटा दो",
        "Kannst du den Himmel dramatischer machen",
        "her dress should be red",
        "她的裙子换成红色",
    ],
)
def test_what_is_changed_names_no_category(text: str) -> None:
    assert CLASSIFIER.classify(Need(prompt=text)).category is None


def test_what_is_very_sure_stays_named() -> None:
    found = CLASSIFIER.classify(Need(prompt="add a rainbow over the mountains"))
    assert found.category == "landscape"


@pytest.mark.parametrize("text", ["", "?", "the", "die", "same", "get", "make", "turn", "把"])
def test_a_word_is_no_change(text: str) -> None:
    assert not asks_change(read(text).tokens, text, "de" if text == "die" else "zh")
