"""Words that point to a category, and how far: the router's own weights, written by hand.

A quality database may carry learned ones instead. English in some depth; the commonest words of
eight other languages, so that a request in them is right or unsure rather than wrong. Weights
are log odds: 4 names the category outright, 1 is a hint. A phrase counts before the words in it,
so a phrase that misleads is put where it belongs: "landscape photographer" is a person.
"""

from __future__ import annotations

SETTINGS: dict[str, float] = {
    "#scale": 0.75,  # flattens the sums: words of one request are not independent
    "#none": 0.9,  # how much evidence it takes to be about any category at all
    "#bound": 0.6,  # confidence below which no category is named
    "#plausible": 0.12,  # odds against the first below which a category is ruled out
    "#early": 1.0,  # the first word counts twice, the fifth once and a half
    "#negated": 0.6,  # what a negated word is worth against
    "#declared": 3.0,  # words that a team declares for its own category
}

_GROUPS: dict[str, dict[float, str]] = {
    "product-photo": {
        4.0: (
            "product photo, product photograph, product photography, product shot, "
            "product image, product picture, packshot, pack shot, e-commerce, ecommerce, "
            "catalogue photo, catalog photo, hero product, product render, product mockup, "
            "product listing, marketplace image, product page, webshop, web shop, online shop, "
            "online store, main image, amazon listing, etsy listing, ghost mannequin, "
            "product called, product named"
        ),
        3.0: (
            "packaging, catalogue, catalog, marketplace, listing, flat lay, flatlay, product, "
            "merchandise, lookbook, pdp, mailer, product line, still life, food photography, "
            "recipe card, menu photo, cosmetics, skincare, brand campaign, ad campaign, "
            "advertisement, advert, commercial photo, tabletop, swatch, unboxing, spec sheet, "
            "spare part, levitating, pure white background, seamless white, on white, "
            "white background, white sweep, isolated on, cutout, studio product, for the shop, "
            "for our shop, shopify"
        ),
        2.0: (
            "sneaker, shoe, boot, sandal, handbag, bag, backpack, tote, wallet, watch, "
            "wristwatch, bottle, jar, tube, tin, flask, mug, cup, teapot, kettle, bowl, plate, "
            "lipstick, perfume, serum, moisturiser, moisturizer, cream, lotion, shampoo, soap, "
            "candle, headphone, earbud, speaker, laptop, phone, smartphone, tablet, "
            "camera body, keyboard, mouse, monitor, drone body, jewellery, jewelry, ring, "
            "earring, necklace, bracelet, pendant, sunglasses, eyeglasses, t-shirt, tshirt, "
            "hoodie, jacket, sweater, jeans, sock, cap, scarf, glove, dress shirt, sofa, "
            "armchair, stool, chair, lamp, vase, rug, cushion, knife, pan, skillet, cutlery, "
            "chocolate, cookie, burger, cake, croissant, pastry, salad, coffee bag, "
            "wine bottle, beer, whisky, drink can, juice, toy, plush, helmet, bicycle, e-bike, "
            "suitcase, luggage, drill, toolkit, screwdriver, blender, toaster, "
            "espresso machine, vacuum cleaner, razor, toothbrush, hairdryer, hair dryer, "
            "notebook, fountain pen, pen, pencil case, onesie, stroller, mattress, pillow, "
            "towel, blanket, tent, surfboard, snowboard, skateboard deck, guitar, supplement, "
            "pill, capsule, vial, box, crate, pouch, sachet, umbrella, dresser, bookshelf, "
            "thermostat, router, charger, power bank, cable, pump, gear, bearing, valve, bolt, "
            "wrench, oyster, apple, sushi, pizza, ramen, cheese, honey, jam, olive oil, "
            "coffee bean, tea, spice"
        ),
        1.0: (
            "studio shot, studio light, softbox, soft shadow, drop shadow, reflection, glossy, "
            "matte, macro, close-up, closeup, label facing, brand, logo, seamless, backdrop, "
            "gradient, pastel background, three-quarter view, top-down, top down, overhead, "
            "side view, front view, 45 degrees, stainless, leather, ceramic, glass, aluminium, "
            "aluminum, brushed, stitching, texture, linen, marble, concrete slab, podium, "
            "pedestal, plinth, condensation, droplet, levitate, floating, splash, "
            "exploded view, cutaway, lifestyle, customer, launch, collection, dish, served, "
            "garnish, plated, drizzle"
        ),
    },
    "portrait": {
        4.0: (
            "portrait of, portrait, headshot, head shot, self-portrait, selfie, "
            "profile picture, avatar photo, portraiture, mugshot, passport photo, "
            "linkedin photo, family portrait, head and shoulders, landscape photographer, "
            "landscape architect, landscape painter, street photographer, fashion model, "
            "product designer, product photographer, wedding couple"
        ),
        3.0: (
            "pet portrait, looking at the camera, looking into the camera, facing the camera, "
            "direct gaze, eye contact, facial expression, half-length, bust, sitter, "
            "beauty shot, editorial portrait, close-up of a face, face, catchlight, "
            "daguerreotype, tintype, 85mm, boudoir"
        ),
        2.0: (
            "woman, man, girl, boy, child, toddler, baby, newborn, grandmother, grandfather, "
            "grandma, grandpa, teenager, teen, elder, elderly, lady, gentleman, couple, bride, "
            "groom, sister, brother, twin, mother, father, mum, mom, dad, daughter, son, "
            "family, friend, old man, old woman, young woman, young man, freckle, wrinkle, "
            "beard, moustache, mustache, smile, smiling, laughing, laugh, grin, frown, gaze, "
            "stare, eyes, cheek, jaw, lips, hair, curls, braid, ponytail, bald, eyebrow, "
            "eyelash, chin, skin, makeup, ceo, nurse, doctor, surgeon, firefighter, farmer, "
            "fisherman, blacksmith, teacher, chef, baker, dancer, ballerina, boxer, wrestler, "
            "swimmer, runner, athlete, footballer, skateboarder, surfer, cyclist, climber, "
            "rugby player, musician, pianist, violinist, cellist, drummer, singer, saxophonist, "
            "conductor, actor, actress, painter, poet, writer, novelist, potter, carpenter, "
            "tailor, watchmaker, luthier, beekeeper, gardener, mechanic, miner, sailor, "
            "skipper, soldier, veteran, monk, nun, priest, bishop, imam, rabbi, queen, king, "
            "prince, princess, knight, samurai, geisha, viking, pilot, astronaut, scientist, "
            "engineer, architect, photographer, barista, waiter, bartender, shepherd, nomad, "
            "dervish, shaman, student, graduate, professor, lawyer, judge, politician, "
            "drag queen, drag king, clown, mime, magician, tattooed, widow, merchant, janitor, "
            "postwoman, postman, conductress, colleague, team photo, employee, founder, player, "
            "wearing"
        ),
        1.0: (
            "person, people, head, hand, hands, shoulder, neck, expression, pose, posing, "
            "seated, sitting, arms folded, crossed arms, blazer, turtleneck, turban, hijab, "
            "veil, uniform, cloak, hat, beanie, glasses, bokeh, shallow depth of field, "
            "rembrandt, rim light, ring light, backlight, oil painting of, chiaroscuro, "
            "years old, forties, fifties, sixties, seventies, thirties, twenties, "
            "golden retriever, labrador, puppy, dog, cat, kitten, horse head, parrot, "
            "greyhound, whippet, tabby, she, he, her, his, him, crying, tears, thoughtful, "
            "melancholy, proud, tired, confident, stern, backdrop, intimate, leica, polaroid, "
            "black and white"
        ),
    },
    "landscape": {
        4.0: (
            "landscape photo, landscape photography, landscape photograph, landscape painting, "
            "landscape of, seascape, mountainscape, nature photography, national park, "
            "mountain range, landscape"
        ),
        3.0: (
            "valley, fjord, glacier, canyon, gorge, waterfall, mountain, alps, dolomites, "
            "himalaya, patagonia, iceland, highlands, moor, moorland, meadow, savanna, "
            "savannah, tundra, steppe, prairie, dune, desert, rainforest, jungle, forest, "
            "woodland, lagoon, coastline, coast, sea cliff, cliffs, estuary, fen, marsh, "
            "wetland, swamp, mangrove, tide pool, reef, archipelago, volcano, lava field, "
            "geyser, aurora, northern lights, milky way, rice terraces, lavender field, "
            "wheat field, sunflower field, vineyard, sea stack, salt flat, badlands, mesa, "
            "butte, slot canyon, oasis, iceberg, hudson river school, panorama of, scenery, "
            "vista, wilderness, cityscape, skyline"
        ),
        2.0: (
            "lake, river, stream, creek, beach, shore, sea, ocean, waves, surf, hill, hillside, "
            "ridge, peak, summit, snow-capped, pine, spruce, birch, larch, oak tree, trees, "
            "field, pasture, orchard, countryside, farmland, island, bay, harbour, cove, pond, "
            "loch, tarn, waterline, horizon, fog bank, mist, foggy, misty, thunderstorm, storm, "
            "storm clouds, lightning, rainbow, sunset, sunrise, dawn, moonrise, starry, stars, "
            "night sky, autumn leaves, fall foliage, blossom, wildflower, heather, poppy, "
            "bluebell, tulip, fern, moss, rapids, delta, windmill, drystone, lighthouse, jetty, "
            "sheep, haystack, hedgerow, rooftops, planet, crater, martian, mars, aerial, "
            "drone shot, satellite image, telephoto, long exposure, wide-angle view, "
            "blue hour over, panorama, panoramic"
        ),
        1.0: (
            "golden hour, blue hour, haze, cloud, clouds, sky, snow, frost, ice, rain, sand, "
            "rock, boulder, path, trail, road, bridge, village, distance, foreground, weather, "
            "season, autumn, winter, spring, summer, light beams, reflection in the water, "
            "calm water, tide, low sun, moon, wide shot, watercolour, watercolor, pastel, "
            "ukiyo-e, acrylic, impressionist, ansel adams, no people, empty, remote, vast"
        ),
    },
    "text-in-image": {
        4.0: (
            "poster that says, sign that says, that says, that reads, reading, reads, "
            "lettering, typography, typographic, typeset, business card, movie poster, "
            "film poster, concert poster, gig poster, book cover, paperback cover, album cover, "
            "magazine cover, title card, logo for, logotype, wordmark, infographic, menu board, "
            "chalkboard, billboard, letterpress, calligraphy, word art, with the words, "
            "with the text, the words, text says, the word, slogan, tagline, headline, caption, "
            "spelled, spelling, spells, neon sign, street sign, road sign, shop sign, "
            "storefront sign, greeting card, birthday card, invitation, flyer, flier, leaflet, "
            "brochure, banner, ui design, app screen, screenshot, dashboard, slide, pitch deck, "
            "bar chart, pie chart, receipt, newspaper front page, packaging label, wine label, "
            "sticky note, bumper sticker, nutrition label, tattoo lettering, lettered, "
            "engraved, embroidered with, subtitle, speech bubble, title"
        ),
        3.0: (
            "poster, sign, signage, label, logo, ticket, certificate, diploma, letter, "
            "postcard, newspaper, magazine, menu, sticker, badge, stamp, cover, font, serif, "
            "sans-serif, handwritten, handwriting, graffiti, written, inscription, plaque, "
            "price tag, nameplate, whiteboard, blackboard, placard, protest sign, "
            "graphic design, layout, text, quote, words, letters, alphabet, capitals, meme, "
            "comic panel, form, timetable, departure board, scoreboard, flowchart, diagram, "
            "map of, labelled, labeled, legible, readable, price list, invoice, calendar, "
            "crossword, hashtag, website, web page, homepage, landing page, wireframe, mockup"
        ),
        2.0: (
            "printed, print, painted on, stencilled, stenciled, embossed, stitched, foil, "
            "screen print, notice, card, note, jersey, t-shirt print, wall art, doormat, "
            "cross-stitch, book, bottle label, tombstone, stele"
        ),
        1.0: (
            "name, number, date, phone number, website address, url, centre aligned, centered, "
            "below it, underneath, top left, bottom right, bold, italic, block letters, "
            "bubble letters"
        ),
    },
    "video": {
        4.0: (
            "video of, video, clip of, footage, b-roll, b roll, time-lapse, timelapse, "
            "hyperlapse, slow motion, slow-motion, slo-mo, tracking shot, dolly shot, dolly in, "
            "dolly zoom, camera pans, camera pulls back, camera pushes in, camera follows, "
            "camera tilts, camera rises, camera orbits, crash zoom, whip pan, one take, "
            "single take, continuous shot, one shot, fps, seamless loop, steadicam, gimbal, "
            "camera circles, camera drifts, camera tracks, camera holds, slow pan, pan across, "
            "pan left, pan right, slow push in, push-in, pull back, fpv, fpv drone, "
            "handheld camera, short film, product film, documentary footage, "
            "security camera footage, found footage, cut to, no cut, orbit shot, locked-off, "
            "locked off, promo film, real time, real-time, camera glides"
        ),
        3.0: (
            "clip, film scene, movie scene, camera moves, camera move, camera movement, "
            "handheld, drone flies, drone flight, tripod, sped up, in slow, ultra slow, loop, "
            "zoom in, zoom out, tilt up, tilt down, dolly, crane shot, arc shot, rotates, "
            "spins, then, begins to, starts to, seconds, frame by frame, transition, reveal, "
            "reveals, trailer, teaser, gopro, dashcam, vlog, reel, tiktok"
        ),
        1.2: (
            "walks, running, runs, jumps, falls, turns, opens, closes, pours, pouring, lifts, "
            "throws, catches, pulls, pushes, slides, rolls, drips, melts, melting, bursts, "
            "explodes, swings, climbs, dives, swims, flies, lands, takes off, landing, "
            "lifting off, drives, passes, crosses, steps, dances, dancing, waves, blinks, nods, "
            "looks up, picks up, drops, breaks, cracks, splits, shakes, stirs, cuts, unfolds, "
            "folds, enters, leaves, disappears, appears, rises, sinks, spreads, settles, "
            "struck, popping, pops, flickers, drifts, sways, bobs, circles, chases, chasing, "
            "gallops, leaps, sprints, swirls, spirals, flaps, erupts, collapses, sizzles, "
            "boils, steams, tosses, flips, spin"
        ),
        0.5: (
            "slowly, suddenly, gradually, while, until, as it, as she, as he, past, "
            "toward camera, towards the camera, out of frame, into frame, motion, movement, "
            "moving, timing, beat, pause, again, finally, first, camera, shot, scene, "
            "back and forth, keeps, comes, goes, moves, ripples"
        ),
    },
    "animation": {
        5.0: (
            "cartoon, anime, animated, animation, pixar, disney style, ghibli, manga, "
            "stop-motion, stop motion, claymation, cel-shaded, cel shaded, cel shading, "
            "2d animation, 3d animation, pixel art, storyboard, character sheet, "
            "character design, model sheet, turnaround sheet, expression sheet, "
            "motion graphics, motion graphic, explainer, rubber-hose, rubber hose, chibi, "
            "comic style, toon, cartoon style, children's book illustration, picture book, "
            "sprite sheet, game sprite, magical girl, magical-girl, saturday morning, "
            "plasticine, cut-paper, paper cutout, cutout animation, puppet animation, cartoony, "
            "gif, concept art of a character, mascot"
        ),
        3.5: (
            "1girl, 1boy, 2girls, 2boys, 1other, multiple girls, vtuber, danbooru, "
            "sprite, character, hand-drawn, hand drawn, line art, vector illustration, "
            "flat illustration, illustration, comic, comic book, graphic novel, superhero, "
            "mecha, kawaii, 2d, isometric game, platformer, rpg, indie game, "
            "video game character, visual novel, keyframe, walk cycle, key pose, "
            "squash and stretch, big eyes, rotoscope, low poly, low-poly, game art, cutscene, "
            "lo-fi, lofi, shonen, shojo, bold outlines, thick outlines, felt puppet, clay"
        ),
        2.0: (
            "cute, dragon, robot, wizard, witch, fairy, goblin, troll, elf, ghost, monster, "
            "alien, unicorn, gnome, creature, fox, hedgehog, penguin, frog, bunny, raccoon, "
            "bear cub, owl, mouse hero, talking, inks, inked, gouache, style of a tv special, "
            "outline, vector, flat colours, flat colors, vibrant, expressive, exaggerated, "
            "whimsical, spaceship, pirate, ninja, fantasy, fairytale, fairy tale, storybook, "
            "folk tale, doodle, crayon, 3d render of a cute"
        ),
        1.0: (
            "hero, villain, sidekick, adventure, magic, magical, glowing, background plate, tv, "
            "series, episode, scene, frames, drawn, ink, palette, pastel, sketch, hud, level, "
            "pose sheet, full body"
        ),
    },
    "architectural-render": {
        4.0: (
            "architectural render, architectural rendering, architectural visualization, "
            "architectural visualisation, archviz, arch viz, architecture render, "
            "interior design, interior render, exterior render, floor plan, floorplan, "
            "site plan, section drawing, axonometric, isometric cutaway, elevation drawing, "
            "masterplan, master plan, architectural photo, architectural photography, "
            "architecture, real estate photo, clay render, white model, competition entry, "
            "competition board, street-level view, facade, façade, cross-section, "
            "sectional perspective"
        ),
        3.0: (
            "interior, exterior, kitchen, living room, bedroom, bathroom, hallway, lobby, "
            "foyer, atrium, staircase, loft, penthouse, apartment, villa, townhouse, bungalow, "
            "cabin, cottage, farmhouse, skyscraper, tower block, office building, office, "
            "open-plan, museum, library, pavilion, auditorium, concert hall, theatre, theater, "
            "opera house, airport terminal, train station, railway station, station, "
            "metro station, school, kindergarten, hospital, clinic, courtyard, terrace, "
            "balcony, veranda, rooftop, pergola, extension, brutalist, modernist, bauhaus, "
            "art deco, passive house, cross-laminated, timber frame, curtain wall, cantilever, "
            "housing, residential, mixed-use, hotel, resort, restaurant interior, "
            "cafe interior, spa, wine cellar, chapel, cathedral, church interior, mosque, "
            "temple, pagoda, stadium, greenhouse, conservatory, warehouse conversion, "
            "tiny house, treehouse, container home, conversation pit, wardrobe, walk-in, "
            "kitchen island, waterfall island, building, house, home office, bridge design, "
            "footbridge"
        ),
        2.0: (
            "concrete, glass facade, brick, travertine, terrazzo, walnut, oak floor, parquet, "
            "herringbone, skylight, clerestory, window wall, floor-to-ceiling, ceiling, column, "
            "arch, arches, vault, vaulted, dome, roof, roofs, gable, stair, ramp, corridor, "
            "room, wall, floor, door, window, fireplace, bath, shower, sink, joinery, cladding, "
            "louvre, louver, brise-soleil, plaza, urban, street view, neighbourhood, block, "
            "parking, storefront, shopfront, shop interior, garage, barn, timber, corten, zinc, "
            "rammed earth, bamboo, stone wall, tiles, tiled, stucco, white render, shutters, "
            "mezzanine"
        ),
        1.0: (
            "render, rendering, visualisation, visualization, modern, minimalist, scandinavian, "
            "mid-century, mediterranean, contemporary, daylight, v-ray, vray, corona, lumion, "
            "unreal engine, twilight exterior, entrance, garden, pool, patio, deck, eye-level, "
            "one-point perspective, two-point perspective, bird's eye, furniture, upholstered, "
            "planted, landscaped, client, planning, developer, brochure for a development"
        ),
    },
}
"""Category -> weight -> phrases."""

_OTHER_LANGUAGES: dict[str, dict[float, str]] = {
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

_NEUTRAL = (
    "video game, motion blur, portrait orientation, portrait format, landscape orientation, "
    "landscape format, portrait lens, vertical video thumbnail, no camera shake, "
    "in the background, in front of, on the left, on the right, house style, house plant, "
    "book light, camera lens, dress code, first light, last light, open window light, "
    "window light, key light, door handle, face value, clock face, rock face, watch face, "
    "vista de frente, vista frontal, vista lateral, vista de cima, vista superior, vista externa, "
    "vista exterior, vista desde arriba, vista de la calle, vista da rua, vue extérieure, "
    "vue de face, vue de dessus, en premier plan, au premier plan, first person, "
    "blade runner, table runner, landscape mode, portrait mode, video card, title deed, "
    "cliff face, hotel desk, forest green, sky blue, sea green, room temperature"
)
"""Phrases whose words mislead: they count for nothing."""

_CLIP = (
    "video, clip, gif, animated loop, looping, loop, short film, footage, seconds, "
    "frames per second, fps, animated clip, animated short, motion graphics, walk cycle, "
    "time-lapse, stop-motion clip, 视频, 動画, فيديو, वीडियो"
)
"""Words that ask for a clip where a category may be a still or a clip."""


def _weights(groups: dict[float, str]) -> dict[str, float]:
    """Phrase -> weight; the heavier group wins where a phrase stands twice."""
    return {
        phrase.strip().lower(): weight
        for weight in sorted(groups)
        for phrase in groups[weight].split(",")
        if phrase.strip()
    }


_BESIDE: dict[str, dict[str, float]] = {
    "text-in-image": {"#quoted": 3.5, "#quoted-again": 1.0},
    "video": {"#clip": 1.8},
    "animation": {"#clip": 0.5},
    "portrait": {"#tall": 0.5, "#panorama": -1.0},
    "landscape": {"#wide": 0.4, "#panorama": 1.0},
    "product-photo": {"#square": 0.5, "#panorama": -1.0},
    "architectural-render": {"#wide": 0.2},
}
"""Signals that are no words; quoted text, shape of the picture, a clip asked for."""


def _all() -> dict[str, dict[str, float]]:
    words = {
        category: {**_weights(_OTHER_LANGUAGES[category]), **_weights(groups), **_BESIDE[category]}
        for category, groups in _GROUPS.items()
    }
    words["-"] = _weights({0.0: _NEUTRAL})
    words["@clip"] = _weights({1.0: _CLIP})
    return words


WORDS: dict[str, dict[str, float]] = _all()
"""Category -> signal -> weight; what a database without signals of its own is read with."""
