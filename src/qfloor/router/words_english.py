"""English words of the lexicon: category -> weight -> phrases, in some depth.

Weights are log odds: 4 names the category outright, 1 is a hint. A phrase counts before the words
in it, so a phrase that misleads is put where it belongs: "landscape photographer" is a person.
"""

from __future__ import annotations

ENGLISH: dict[str, dict[float, str]] = {
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
            "receipt, newspaper front page, packaging label, wine label, "
            "sticky note, bumper sticker, nutrition label, tattoo lettering, lettered, "
            "engraved, embroidered with, subtitle, speech bubble, title"
        ),
        3.0: (
            "poster, sign, signage, label, logo, ticket, certificate, diploma, letter, "
            "postcard, newspaper, magazine, menu, sticker, badge, stamp, cover, font, serif, "
            "sans-serif, handwritten, handwriting, graffiti, written, inscription, plaque, "
            "price tag, nameplate, whiteboard, blackboard, placard, protest sign, "
            "graphic design, layout, text, quote, words, letters, alphabet, capitals, meme, "
            "comic panel, form, timetable, departure board, scoreboard, "
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
            "locked off, circling, orbiting, flyover, fly-through, flythrough, rack focus, slowmo, "
            "slo mo, vid, screen recording, promo film, real time, real-time, camera glides"
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
            "competition board, street-level view, facade, façade, "
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
