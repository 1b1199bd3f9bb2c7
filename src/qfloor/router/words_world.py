"""Plain words of eight other languages once more: what people ask pictures and clips of.

Category -> weight -> phrases. Spanish, German, French and Portuguese, then Chinese, Japanese,
Arabic and Hindi. What means something else in English or in another of them is left out.
"""

from __future__ import annotations

WORLD: dict[str, dict[float, str]] = {
    "product-photo": {
        2.0: (
            "cuenco, jarra, termo, cantimplora, olla, cazuela, tostadas, batidora, licuadora, "
            "aspiradora, lavadora, nevera, ventilador, bombilla, linterna, destornillador, "
            "tornillo, cuaderno, bolígrafo, lápiz, mochilas, monedero, broche, bufanda, guantes, "
            "calcetines, falda, abrigo, corbata, zapatillas, zapatos, tacones, balón, raqueta, "
            "patinete, muñeca, rompecabezas, champán, aceitunas, paella, tortilla, churros, "
            "croquetas, fresas, limones, envase, schüssel, krug, thermoskanne, wasserkocher, "
            "mixer, staubsauger, waschmaschine, kühlschrank, ventilator, glühbirne, "
            "taschenlampe, schraubenzieher, schraube, notizbuch, kugelschreiber, bleistift, "
            "halskette, schal, handschuhe, socken, mantel, krawatte, hausschuhe, pumps, fußball, "
            "schläger, puppe, gesichtscreme, sekt, brezel, bratwurst, apfelstrudel, schnitzel, "
            "erdbeeren, zitronen, bol en, cruche, thermos, bouilloire, mixeur, aspirateur, "
            "machine à laver, réfrigérateur, ventilateur, ampoule, tournevis, carnet, stylo, "
            "crayon, boucles d'oreilles, écharpe, gants, chaussettes, jupe, manteau, cravate, "
            "chaussons, escarpins, ballon, raquette, trottinette, poupée, crème visage, olives, "
            "baguette, ratatouille, quiche, fraises, citrons, tigela, jarra de, chaleira, "
            "liquidificador, aspirador, máquina de lavar, geladeira, frigorífico, lâmpada, "
            "lanterna, chave de fenda, parafuso, caderno, caneta, lápis, brincos, cachecol, "
            "luvas, meias, saia, casaco, gravata, chinelos, salto alto, bola de futebol, "
            "raquete, boneca, quebra-cabeça, azeitonas, pastel de nata, feijoada, coxinha, "
            "morangos, limões, loja online, 茶杯, 水壶, 保温杯, 吸尘器, 洗衣机, 冰箱, 风扇, "
            "灯泡, 手电筒, 钢笔, 铅笔, 围巾, 手套, 袜子, 裙子, 领带, 拖鞋, 足球, 球拍, 玩偶, "
            "积木, 面条, 火锅, 草莓, 柠檬, 包装盒, 瓶子, 水筒, やかん, 掃除機, 洗濯機, 冷蔵庫, "
            "扇風機, 電球, 懐中電灯, 万年筆, 鉛筆, マフラー, 手袋, 靴下, スカート, コート, "
            "ネクタイ, スリッパ, ボール, 積み木, 香水瓶, 弁当, どら焼き, いちご, レモン, 通販, "
            "وعاء, ترمس, مكنسة كهربائية, غسالة, ثلاجة, مروحة, مصباح يدوي, دفتر, قلم, وشاح, "
            "قفازات, جوارب, تنورة, معطف, ربطة عنق, كرة, زيتون, فراولة, ليمون, متجر إلكتروني, "
            "كرسي, कटोरा, प्याला, थर्मस, बर्तन, पंखा, बल्ब, टॉर्च, कलम, पेंसिल, बस्ता, दुपट्टा, दस्ताने, "
            "मोज़े, साड़ी, कोट, गेंद, गुड़िया, समोसा, लड्डू, जलेबी, रोटी, नींबू, ऑनलाइन दुकान"
        ),
    },
    "portrait": {
        2.0: (
            "muchacha, hermanas, maestra, guitarrista, torero, pastor, monja, ciclista, "
            "fontanero, peluquera, mirando a cámara, sonriendo, perrito, säugling, geigerin, "
            "hirte, nonne, radfahrer, schwimmerin, klempner, friseurin, handwerker, lächelnd, "
            "jumeaux, violoniste, berger, religieuse, cycliste, plombier, coiffeuse, souriant, "
            "souriante, gêmeos, violonista, freira, encanador, cabeleireira, sorrindo, 老太太, "
            "双胞胎, 面包师, 牧羊人, 球员, 工人, 自拍, 小猫, 狗, 双子, 医者, パン職人, 羊飼い, "
            "店員, 自撮り, 子猫, جدة, مسن, صبي, توأم, خياطة, موسيقي, راع, فلاح, حرفي, يبتسم, "
            "كلب, बूढ़ा, दमकलकर्मी, संगीतकार, चरवाहा, कारीगर, मुस्कुराते, मुस्कुराती, घोड़ा"
        ),
    },
    "landscape": {
        2.0: (
            "acantilados, pantano, llanura, oleaje, ocaso, nevada, arcoíris, olivares, bach, "
            "regenwald, ebene, vulkan, brandung, schneelandschaft, regenbogen, rapsfeld, "
            "sonnenblumenfeld, collines, cascade, volcan, lever de soleil, enneigé, arc-en-ciel, "
            "vignobles, oliveraie, pântano, pradaria, vulcão, ondas, nevoeiro, neve, arco-íris, "
            "群山, 沼泽, 雨林, 平原, 暴风雨, 雾, 彩虹, 油菜花田, 熱帯雨林, 平野, 離島, 波, "
            "日の出, 嵐, 霧, 虹, منحدر, مرج, بركان, ساحل, أمواج, ثلوج, قوس قزح, بساتين, "
            "पहाड़ियाँ, ज्वालामुखी, इंद्रधनुष"
        ),
    },
    "video": {
        3.0: (
            "toma aérea, en bucle, dron sobrevuela, luftaufnahme, endlosschleife, sekunden, "
            "vidéo de, vidéo d'un, accéléré, survol en drone, en boucle, secondes, "
            "images de drone, plano-sequência, drone sobrevoa, 延时摄影, 航拍, 镜头推进, "
            "一镜到底, 循环播放, 動画で, 動画を, ドローン撮影, 空撮, カメラが, ワンカット, "
            "ループ動画, تصوير بطيء, ثانية, طائرة مسيرة, टाइम-लैप्स, ड्रोन से, सेकंड"
        ),
    },
    "animation": {
        3.5: (
            "ilustración, acuarela, pintura al óleo, boceto, cómic, duende, hada, bruja, mago, "
            "dragón, unicornio, sirena, fantasma, zeichentrickfilm, comicfigur, anime-stil, "
            "aquarell, ölgemälde, zeichnung, skizze, kinderbuch, kinderbuchillustration, kobold, "
            "hexe, zauberer, drache, einhorn, meerjungfrau, gespenst, roboter, aquarelle, "
            "peinture à l'huile, dessin, croquis, esquisse, livre pour enfants, lutin, fée, "
            "sorcière, magicien, licorne, sirène, fantôme, ilustração, aquarela, pintura a óleo, "
            "desenho, esboço, livro infantil, fada, bruxa, dragão, unicórnio, sereia, robô, "
            "插画, 水彩, 油画, 水墨画, 素描, 绘本, 像素风, 精灵, 仙女, 女巫, 巫师, 龙, 独角兽, "
            "美人鱼, 幽灵, 机器人, 吉祥物, イラスト, 水彩画, 油絵, スケッチ, 絵本, 妖精, 魔女, "
            "魔法使い, ドラゴン, ユニコーン, 人魚, 幽霊, ロボット, ゆるキャラ, ちびキャラ, "
            "قصة مصورة, ألوان مائية, لوحة زيتية, رسم, رسمة, جنية, ساحرة, ساحر, تنين, وحيد القرن, "
            "حورية بحر, شبح, روبوت, कॉमिक, जलरंग, तैलचित्र, रेखाचित्र, चित्रकथा, परी, चुड़ैल, "
            "जादूगर, ड्रैगन, जलपरी, भूत, रोबोट"
        ),
    },
    "text-in-image": {
        3.0: (
            "cartel, tarjeta, con la frase, pizarra, schild, einladungskarte, tafel mit, "
            "banderole, pochette, faire-part, qui dit, ardoise, lousa, 请柬, 黑板, 標識, 黒板, "
            "書道, لوحة إعلانية, دعوة, نص, سبورة, नारा"
        ),
    },
    "architectural-render": {
        2.5: (
            "azotea, ventanal, cabaña, dachterrasse, wolkenkratzer, bauernhaus, holzhütte, "
            "wintergarten, salle de bains, cabane, mas provençal, telhado, cabana, 卫生间, 屋顶, "
            "外墙, 小屋, 大楼, 阳台, キッチン, 屋上, 内装, 別荘, 建物, ベランダ, حمام, سطح, درج, "
            "كوخ, عمارة, بناية, रसोईघर, छत, सीढ़ियाँ, झोपड़ी"
        ),
    },
}
"""Category -> weight -> phrases."""
