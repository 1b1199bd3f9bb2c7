"""The commonest words of eight other languages: category -> weight -> phrases, as in English.

Few, so that a request in them is right or unsure rather than wrong.
"""

from __future__ import annotations

OTHER: dict[str, dict[float, str]] = {
    "product-photo": {
        4.0: (
            "foto de producto, fotografía de producto, foto del producto, produktfoto, "
            "produktbild, produktaufnahme, photo de produit, photo produit, packshot produit, "
            "foto de produto, fotografia de produto, foto prodotto, productfoto, "
            "zdjęcie produktowe, ürün fotoğrafı, 产品图, 产品照, 产品摄影, 商品图, 商品摄影, "
            "电商, 商品写真, 商品撮影, ブツ撮り, パッケージ撮影, 제품 사진, 상품 사진, "
            "صورة منتج, تصوير منتج, صورة للمنتج, उत्पाद की तस्वीर, उत्पाद फोटो, प्रोडक्ट फोटो, "
            "उत्पाद"
        ),
        3.0: (
            "fondo blanco, weißer hintergrund, weißem hintergrund, freisteller, fond blanc, "
            "fundo branco, sfondo bianco, witte achtergrond, bodegón, stillleben, nature morte, "
            "catálogo, katalog, onlineshop, tienda online, boutique en ligne, loja virtual, "
            "embalaje, verpackung, emballage, embalagem, campaña, werbung, publicité, "
            "publicidade, 白底, 白色背景, 包装, 广告, 静物, 白背景, 広告, パッケージ, ギフト, "
            "흰 배경, 패키지, خلفية بيضاء, حملة, सफेद पृष्ठभूमि, विज्ञापन, カタログ, 目录, "
            "详情页, 主图, 라이프스타일 컷"
        ),
        2.0: (
            "botella, frasco, tarro, taza, zapatilla, zapato, bolso, reloj, perfume, crema, "
            "vela, lámpara, silla, sofá, joya, collar, pendientes, flasche, tasse, becher, "
            "schuh, turnschuh, handtasche, uhr, armbanduhr, parfüm, kerze, lampe, stuhl, "
            "sessel, kette, ohrringe, messer, bouteille, flacon, pot, chaussure, basket, sac, "
            "montre, parfum, bougie, chaise, fauteuil, bijou, collier, bague, couteau, "
            "chocolat, garrafa, xícara, caneca, tênis, sapato, bolsa, relógio, creme, "
            "luminária, cadeira, colar, brinco, sabonete, chocolate, moka, scarpa, borsa, 瓶, "
            "香水, 口红, 手表, 耳机, 鞋, 包包, 手提包, 杯, 茶具, 茶叶, 手机, 面霜, 护肤, 月饼, "
            "椅子, 台灯, 腕時計, 靴, スニーカー, バッグ, ボトル, マグカップ, 急須, 茶碗, 缶, "
            "化粧品, 口紅, ヘッドホン, 和菓子, 包丁, 財布, 병, 향수, 시계, 운동화, 가방, 컵, "
            "가습기, 화장품, عطر, زجاجة, ساعة, حذاء, حقيبة, كوب, فنجان, عبوة, تمر, سماعات, "
            "बोतल, घड़ी, जूते, जूता, बैग, मग, कप, इत्र, साबुन, मसाले, डिब्बा, चायदानी, झुमके, "
            "साड़ी की पैकेजिंग"
        ),
    },
    "portrait": {
        4.0: (
            "retrato, autorretrato, retrato de, porträt, porträtfoto, selbstporträt, "
            "bewerbungsfoto, portrait d'une, portrait d'un, portrait de, autoportrait, "
            "ritratto, portret, porträtt, portre, 肖像, 人像, 证件照, 自画像, 头像, 肖像画, "
            "ポートレート, プロフィール写真, 証明写真, 초상화, 초상, 인물 사진, 프로필 사진, "
            "بورتريه, صورة شخصية, पोर्ट्रेट, चित्र में चेहरा, портрет"
        ),
        3.0: (
            "primer plano, primeiro plano, gros plan, nahaufnahme vom gesicht, "
            "rostro, gesicht, visage, rosto, volto, viso, mirada, blick, regard, olhar, "
            "sonrisa, lächeln, lächelt, sourire, sorriso, 面容, 脸, 微笑, 皱纹, 目光, 眼神, "
            "表情, 笑顔, 顔, まなざし, 見つめ, 얼굴, 표정, 미소, وجه, ابتسامة, نظرة, تبتسم, "
            "चेहरा, चेहरे, मुस्कान, मुस्कुरा, आँखें, झुर्रियाँ"
        ),
        2.0: (
            "mujer, hombre, anciana, anciano, niña, niño, abuela, abuelo, pescador, joven, "
            "frau, mann, mädchen, junge, großmutter, großvater, alte, alter, malerin, schmied, "
            "fischer, femme, homme, fille, garçon, vieil homme, vieille, grand-mère, "
            "grand-père, pêcheur, boulanger, enfant, mulher, homem, menina, menino, idosa, "
            "idoso, avó, avô, senhora, senhor, donna, uomo, vecchio, sacerdote, 老人, 女孩, "
            "男孩, 女人, 男人, 女性, 男性, 奶奶, 爷爷, 姑娘, 少女, 少年, 工匠, 渔夫, 演员, "
            "母亲, 父亲, 婴儿, おばあさん, おじいさん, 女の子, 男の子, 青年, 老婆, 職人, 力士, "
            "舞妓, 祖母, 祖父, 赤ちゃん, 漁師, 할머니, 할아버지, 여성, 남성, 여자, 남자, 소녀, "
            "소년, 아이, امرأة, رجل, فتاة, طفلة, طفل, شاب, عجوز, شيخ, صياد, औरत, महिला, आदमी, "
            "पुरुष, लड़की, लड़का, दादी, दादा, बुज़ुर्ग, बूढ़ी, बूढ़े, बच्ची, बच्चा, दुल्हन, "
            "किसान, पहलवान, युवती"
        ),
    },
    "landscape": {
        4.0: (
            "paisaje, landschaft, paysage, paisagem, paesaggio, landschap, krajobraz, manzara, "
            "landskap, 风景, 风光, 山水画, 山水, 風景, 風景画, 絶景, 풍경, منظر طبيعي, "
            "مشهد طبيعي, परिदृश्य, प्राकृतिक दृश्य, भूदृश्य, landschaftsaufnahme"
        ),
        3.0: (
            "montaña, montañas, cordillera, valle, playa, bosque, cascada, desierto, volcán, "
            "costa, berge, gebirge, tal, küste, strand, wald, see im, wasserfall, wüste, alpen, "
            "deich, watt, montagne, montagnes, vallée, plage, forêt, désert, falaise, lac, "
            "côte, dunes, montanha, montanhas, serra, vale, praia, floresta, cachoeira, "
            "deserto, litoral, falésia, montagna, spiaggia, collina, colline, 山峰, 雪山, 云海, "
            "草原, 沙漠, 森林, 瀑布, 湖面, 湖泊, 海滩, 海岸, 峡谷, 梯田, 雾凇, 竹林, 江南, "
            "富士山, 山々, 棚田, 渓谷, 湖畔, 湿原, 滝, 雪原, 森, 산줄기, 능선, 바다, 해변, 숲, "
            "폭포, جبال, جبل, صحراء, كثبان, وادي, شاطئ, غابة, شلال, بحيرة, واحة, पहाड़, पर्वत, "
            "हिमालय, घाटी, झील, समुद्र तट, रेगिस्तान, जंगल, झरना, चाय के बागान"
        ),
        2.0: (
            "lago, río, mar, nieve, amanecer, atardecer, niebla, campo, campos, olas, "
            "acantilado, cielo, fluss, meer, nebel, sonnenaufgang, sonnenuntergang, feld, "
            "felder, himmel, hügel, wiese, insel, rivière, mer, neige, brume, "
            "coucher de soleil, lever du soleil, champ, champs, ciel, vagues, rio, névoa, "
            "nascer do sol, pôr do sol, onda, céu, coqueiros, alba, tramonto, nebbia, 日出, "
            "日落, 晨雾, 海浪, 江, 河, 星空, 银河, 麦田, 油菜花, 夕阳, 夕日, 朝霧, 夕焼け, "
            "雪景色, 桜並木, 紅葉, 海, 川, 湖, 空, 안개, 새벽, 노을, غروب, شروق, ضباب, نهر, "
            "بحر, سماء, सूर्यास्त, सूर्योदय, नदी, कोहरा, बर्फ, खेत, समुद्र"
        ),
    },
    "text-in-image": {
        4.0: (
            "cartel que diga, cartel con, que dice, con el texto, con la palabra, letrero, "
            "rótulo, tipografía, schild mit, aufschrift, schriftzug, beschriftung, plakat, "
            "mit dem text, mit der aufschrift, typografie, affiche, enseigne, avec le texte, "
            "inscription, panneau, typographie, cartaz, letreiro, placa, com o texto, "
            "com a frase, escrito, insegna, locandina, con la scritta, scritta, uithangbord, "
            "krijtbord, napis, tabela, yazılı, yazan, 海报, 招牌, 标语, 写着, 字样, 标题, 书法, "
            "春联, 文字, 字体, 横幅, 名片, ポスター, 看板, と書かれた, 書体, 題字, のれん, "
            "暖簾, 名刺, 포스터, 간판, 라고 쓰, 글씨, 문구, لافتة, مكتوب, ملصق, خط عربي, كلمة, "
            "عبارة, عنوان, पोस्टर, लिखा, साइनबोर्ड, बोर्ड पर, अक्षर, शीर्षक, वывеска, вывеска, "
            "надпись, плакат, постер, афиша, επιγραφή, αφίσα, πινακίδα, שלט, כרזה, ป้าย, "
            "โปสเตอร์, biển hiệu, áp phích, skylt, affisch, вивіска, напис"
        ),
        3.0: (
            "texto, palabras, logo, logotipo, portada, menú, etiqueta, text, buchstaben, "
            "buchcover, speisekarte, etikett, texte, lettres, couverture, étiquette, menu, "
            "carte de visite, capa de livro, rótulo, cardápio, 封面, 标签, 菜单, 标志, 票, "
            "表紙, ラベル, ロゴ, メニュー, 메뉴, 표지, 로고, شعار, قائمة, غلاف, लोगो, मेनू, "
            "लेबल, निमंत्रण, कार्ड"
        ),
    },
    "video": {
        4.0: (
            "vídeo, video de, clip, cámara lenta, cámara sigue, la cámara, plano secuencia, "
            "travelling, toma aérea que, zeitlupe, zeitraffer, kamerafahrt, die kamera, "
            "kamera folgt, drohnenflug, ralenti, caméra, la caméra, plan-séquence, "
            "plan séquence, plano sequência, plano fijo, plano fixo, filmagem, grabación, "
            "secuencia, câmera lenta, câmera, a câmera, câmera acompanha, ripresa, "
            "la camera, telecamera, kamera, slow motion, 视频, 镜头, 慢动作, 延时, 航拍镜头, "
            "镜头跟随, 動画, カメラ, スローモーション, タイムラプス, 映像, 카메라, 영상, "
            "슬로모션, الكاميرا, كاميرا, فيديو, لقطة, حركة بطيئة, कैमरा, वीडियो, स्लो मोशन, "
            "камера, замедленн, drohne"
        ),
        2.0: (
            "corre, salta, camina, gira, cae, dron, läuft, rennt, springt, dreht, fällt, wirft, "
            "court, saute, marche, tourne, tombe, drone, pula, anda, cai, 缓缓, 慢慢, 奔跑, "
            "转身, 飞过, 划过, 飘, 跳, ゆっくり, 走る, 走り, 歩く, 飛び, 飛ぶ, 回る, 落ちる, "
            "揺れ, 달려, 천천히, 걸어, تمشي, يركض, يقفز, ترتفع, ببطء, दौड़, धीरे-धीरे, चल रहा, "
            "उड़, भाग"
        ),
    },
    "animation": {
        5.0: (
            "dibujos animados, dibujo animado, caricatura, animación, animado, historieta, "
            "zeichentrick, trickfilm, animationsfilm, comicstil, stop-motion, dessin animé, "
            "bande dessinée, animé, desenho animado, animação, quadrinhos, cartone animato, "
            "cartone, animazione, fumetto, tekenfilm, stripfiguur, kreskówka, animacji, "
            "çizgi film, tecknad, 卡通, 动画, 动漫, 漫画, 吉卜力, 水墨动画, 定格, 像素, アニメ, "
            "マンガ, ジブリ, ドット絵, キャラクター, ストップモーション, 애니메이션, 만화, "
            "캐릭터, رسوم متحركة, كرتون, كرتوني, أنمي, कार्टून, एनिमेशन, एनिमेटेड, एनीमे, "
            "мультфильм, мульт"
        ),
        3.0: (
            "ilustración, personaje, ilustração, personagem, illustration, figur, zeichnung, "
            "personnage, illustrazione, personaggio, 插画, 可爱, 角色, イラスト, かわいい, "
            "絵本, 귀여운, 일러스트, شخصية, رسم, चरित्र, चित्रकथा, मधुबनी, kartun, "
            "cartone italiano"
        ),
        2.0: (
            "dragón, robot, bruja, duende, drache, hexe, fuchs, kobold, dragon, sorcière, "
            "lutin, renard, dragão, bruxa, 小狐狸, 机器人, 龙, 妖怪, ロボット, 猫又, تنين, "
            "روبوت, लोमड़ी, रोबोट, राक्षस"
        ),
    },
    "architectural-render": {
        4.0: (
            "render arquitectónico, arquitectura, arquitectónico, visualización arquitectónica, "
            "fachada, diseño de interiores, plano, architekturvisualisierung, architektur, "
            "fassade, innenarchitektur, grundriss, rendu architectural, architecture, façade, "
            "plan de coupe, axonométrie, arquitetura, renderização, design de interiores, "
            "architettura, facciata, assonometrica, assonometria, architectuur, gevel, mimari, "
            "cephe, wizualizacja, 建筑效果图, 建筑, 室内设计, 效果图, 外立面, 立面, 鸟瞰图, "
            "剖面, 建築, パース, 建築パース, 内観, 外観, 間取り, 断面, 건축, 투시도, 조감도, "
            "인테리어, معماري, معمارية, واجهة, تصميم داخلي, مسقط, वास्तु, वास्तुकला, इमारत, "
            "भवन, इंटीरियर"
        ),
        3.0: (
            "interior, cocina, salón, dormitorio, baño, casa, vivienda, edificio, patio, "
            "escalera, terraza, biblioteca, museo, küche, wohnzimmer, schlafzimmer, bad, haus, "
            "wohnhaus, gebäude, innenhof, treppe, treppenhaus, terrasse, bibliothek, hütte, "
            "berghütte innen, cuisine, salon, chambre, salle de bain, maison, immeuble, "
            "bâtiment, cour, escalier, bibliothèque, gare, cozinha, sala de estar, quarto, "
            "banheiro, prédio, edifício, pátio, escada, varanda, condomínio, cucina, soggiorno, "
            "palazzo, cortile, teatro, keuken, woonkamer, huis, 客厅, 卧室, 厨房, 别墅, 办公楼, "
            "庭院, 四合院, 博物馆, 图书馆, 楼梯, 民宿, 大厅, 茶室, 住宅, リビング, 台所, 寝室, "
            "玄関, 図書館, 平屋, 町家, ホテル, 美術館, 駅舎, 주택, 한옥, 거실, 침실, 주방, "
            "도서관, 건물, منزل, فيلا, غرفة, مطبخ, فناء, مبنى, مسجد, متحف, मकान, घर, रसोई, "
            "बैठक, कमरा, आँगन, पुस्तकालय, हवेली"
        ),
    },
}
