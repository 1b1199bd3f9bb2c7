"""Still more words of the lexicon: terms of film, beings of fantasy, lettering, rooms and goods.

Category -> weight -> phrases, as in English, and plain words of eight other languages. Broad lists
of what requests of strangers name; what means something else in another language is left out.
"""

from __future__ import annotations

WIDE: dict[str, dict[float, str]] = {
    "video": {
        4.0: (
            "pov walking, pov walk, first-person view, first person view, helmet cam, "
            "helmet camera, bodycam, body cam, action cam, bullet time, bullet-time, speed ramp, "
            "speed ramping, truck-in, truck in on, truck out, slider shot, slider move, "
            "jib shot, cable cam, snorricam, vertigo effect, parallax shot, camera orbit, "
            "camera pan, horizontal pan, vertical pan, tilt-up, tilt-down, boom up, boom down, "
            "continuous take, single continuous, long take, unbroken take, no cuts, hard cut, "
            "jump cut, match cut, smash cut, cross dissolve, cross-dissolve, crossfade, "
            "fade to black, fade in from, fade out, iris out, iris in, screen wipe, "
            "picture-in-picture, seamlessly loops, perfect loop, looping clip, boomerang of, "
            "boomerang clip, cinemagraph, 24fps, 25fps, 30fps, 48fps, 50fps, 60fps, 96fps, "
            "100fps, 120fps, 240fps, 480fps, 1000fps, phantom camera, slow-mo, slomo, "
            "in slow mo, hyper lapse, night lapse, timelaps, time lapse, moving shot, "
            "follow shot, following shot, aerial follow, chase cam, drone shot, "
            "drone flies over, drone rises, drone descends, fly over, fly through, flythru, "
            "walk-through of, second clip, sec clip, second loop, second shot, second take, "
            "5 seconds, 8 seconds, 10 seconds, newsreel, nature documentary, documentary clip, "
            "live broadcast, instagram reel, tiktok clip, youtube short, youtube intro, "
            "vlog style, vlogging, ad spot, tv spot, commercial spot, teaser clip, movie clip, "
            "film clip, establishing shot, insert shot, over-the-shoulder shot, pull focus, "
            "focus pull, racking focus, focus shifts, camera shake, camera dollies, "
            "camera zooms, camera cranes, camera spirals, camera swoops, camera sinks, "
            "camera descends, camera ascends, camera retreats, camera lingers, camera trucks, "
            "camera whips, camera starts, camera ends, camera slowly, camera is mounted, "
            "camera mounted, the camera moves, static camera, fixed camera, still camera, "
            "locked camera, locked-down camera"
        ),
        2.0: (
            "starts on, ends on, ends with, begins with, as it turns, starts turning, "
            "keeps going, comes to life, in reverse, played backwards, plays backwards, sped-up, "
            "out of the frame, into the frame, leaves frame, enters frame, enters the frame, "
            "crosses the frame, toward the lens, towards the lens, toward us, towards us, "
            "past the camera, past the lens, hovering above, gliding over, descending in"
        ),
    },
    "animation": {
        3.5: (
            "griffin, gryphon, hippogriff, phoenix, pegasus, unicorn foal, wyvern, basilisk, "
            "kraken, hydra, cyclops, minotaur, centaur, satyr, faun, mermaid, merman, selkie, "
            "kelpie, dryad, nymph, pixie, imp, ogre, orc, hobgoblin, kobold, gremlin, "
            "leprechaun, sorcerer, sorceress, warlock, necromancer, druid, paladin, elven, "
            "dwarven, half-elf, dark elf, golem, treant, werewolf, vampire, zombie, lich, "
            "banshee, wraith, yeti, bigfoot, sasquatch, kaiju, godzilla, tengu, kitsune, oni, "
            "yokai, djinn, genie, baby dragon, dragon rider, dragonborn, slime monster, "
            "space whale, sky whale, cyborg, android, mech, gundam, humanoid robot, "
            "robot butler, anthropomorphic, anthro, furry, super saiyan, pokemon, pikachu, "
            "totoro, hatsune miku, sailor moon, naruto, goku, mario, sonic, mickey mouse, "
            "donald duck, bugs bunny, spongebob, shrek, minion, simpsons, smurf, moomin, snoopy, "
            "garfield, batman, superman, spiderman, spider-man, wonder woman, iron man, hulk, "
            "deadpool, darth vader, yoda, stormtrooper, jedi, gandalf, hobbit, wizard cat, "
            "matte painting, concept art, digital painting, digital art, artstation, deviantart, "
            "octane render, unreal engine, splash art, key art, vector art, clip art, clipart, "
            "flat vector, sticker sheet, risograph, riso print, linocut, lino print, woodblock, "
            "woodblock print, woodcut, etching, aquatint, engraving of, mezzotint, lithograph, "
            "screenprint, silkscreen print, ink wash, ink drawing, pen and ink, pencil drawing, "
            "pencil sketch, charcoal drawing, charcoal sketch, chalk drawing, crayon drawing, "
            "pastel drawing, pastel painting, watercolour of, watercolor of, watercolour, "
            "watercolor, aquarelle, gouache painting, acrylic painting, oil painting, "
            "oil on canvas, impasto, palette knife, fresco, ukiyo-e, cubist, fauvist, "
            "pointillist, pointillism, impressionist, expressionist, pre-raphaelite, "
            "baroque painting, renaissance painting, folk art, naive art, papercut, paper-cut, "
            "paper cut, shadow puppet, silhouette puppet, felted, needle felted, "
            "amigurumi style, voxel, voxel art, 8-bit, 8bit, 16-bit, 16bit, pixelated, "
            "isometric, ps1 graphics, hand-painted, hand painted background, caricature, "
            "webtoon, manhwa, comic-book, emoji"
        ),
    },
    "text-in-image": {
        3.5: (
            "the motto, the phrase, the question, the message, word written, words written, "
            "writing on, written on, printed with the, arranged into the, formed into the, "
            "shaped into the, in the shape of the letter, the letter a, the letter b, letter q, "
            "letter f, capital letter, monogram, initials, stamped with, titled, licence plate, "
            "license plate, number plate, name tag, name badge, house number, shop front sign, "
            "no parking, no entry, stop sign, exit sign, sandwich board, a-board, ghost sign, "
            "led ticker, marquee, marquee letters, magnetic letters, fridge magnets spell, "
            "scrabble tiles, typewritten, typewriter text, telegram, save the date, "
            "wedding invite, invite card, thank-you card, gift tag, place card, loyalty card, "
            "gift voucher, coupon, price sticker, book jacket, record sleeve, cassette cover, "
            "cereal box front, bottle with the label, can label, app icon with, login screen, "
            "error message, loading screen, chat bubble, speech balloon, comic panel with, "
            "blackboard with the, whiteboard with, post-it, epitaph, street name, "
            "bus destination, departure board, ticker, crossword grid, eye chart, "
            "periodic table, tarot card"
        ),
    },
    "product-photo": {
        2.0: (
            "mockup of a, mock-up, for my etsy, for etsy, for ebay, for vinted, for depop, "
            "for our website shop, hero image of, hero shot of, on a plain background, "
            "on plain white, on pure white, white seamless, grey seamless, on black acrylic, "
            "knolled, knolling, flat-lay, ghost-mannequin, boxed, unopened, brand new, carafe, "
            "decanter, tumbler, thermos, cafetiere, teacup, saucer, colander, whisk, spatula, "
            "rolling pin, corkscrew, lunchbox, penknife, multitool, pliers, chisel, hacksaw, "
            "spirit level, jigsaw, angle grinder, lawnmower, secateurs, watering can, birdhouse, "
            "bedside table, side table, coffee table, ottoman, duvet, bedspread, curtain fabric, "
            "doormat, earbuds, headphones, headset, webcam, microphone, synthesizer, ukulele, "
            "banjo, mandolin, harmonica, accordion, trumpet, saxophone, clarinet, snare drum, "
            "cymbal, brogues, loafers, stilettos, clogs, slippers, flip-flops, wellington boots, "
            "trench coat, cardigan, waistcoat, dungarees, kilt, beret, fedora, bow tie, "
            "cufflinks, brooch, anklet, tiara, stopwatch, chess set, board game, jigsaw puzzle, "
            "rubik's cube, rubix cube, yo-yo, spinning top, lego set, model train, doll, "
            "action figure, teddy, rattle, dummy clip, lip balm, mascara, nail polish, "
            "eyeshadow, aftershave, shaving brush, bath bomb, baguette, sourdough, bagel, "
            "pretzel, scone, eclair, macaron, doughnut, donut, waffle, pancake, lasagne, "
            "risotto, dumplings, taco, burrito, falafel, kebab, hot dog, sandwich, quiche, "
            "omelette, oatmeal, granola, smoothie, milkshake, espresso, cappuccino, lemonade, "
            "cocktail, gin, brandy, cider, kombucha, marmalade, chutney, mustard, soy sauce, "
            "pickles, olives, pasta, rice, noodles, steak, salmon fillet, cauliflower, broccoli, "
            "aubergine, courgette, artichoke, mango, papaya, pineapple, pomegranate, lemon, "
            "strawberry, blueberries, figs, grapes"
        ),
    },
    "landscape": {
        2.0: (
            "gully, crag, scree, couloir, ravine, escarpment, plateau, headland, sandbar, shoal, "
            "atoll, cay, inlet, strait, firth, saltmarsh, mudflat, peat bog, bog, reedbed, "
            "reed beds, floodplain, oxbow, weir, brook, beck, cascade, hot spring, fumarole, "
            "caldera, lava flow, sinkhole, cenote, karst, hoodoo, wadi, pampas, outback, "
            "bushland, taiga, permafrost, ice floe, pack ice, snowfield, crevasse, avalanche, "
            "hoarfrost, blizzard, hailstorm, thunderhead, cumulonimbus, altocumulus, cirrus, "
            "stormfront, tornado, waterspout, monsoon, drizzle over, haze over, twilight sky, "
            "blue hour, golden hour, alpenglow, moonlit, starlit, meteor shower, comet, nebula, "
            "galaxy, saturn, jupiter, lunar surface, solar eclipse, wheatfield, cornfield, "
            "olive grove, tea plantation, terraced, copse, thicket, glade, redwoods, baobab, "
            "acacia, eucalyptus, beech wood, bamboo grove, rice paddy, rice paddies, "
            "city at night, street scene, back alley, alleyway, side street, high street, "
            "boulevard, esplanade, promenade, harbor, marina, fishing boats, container port, "
            "junkyard, industrial area, shanty town"
        ),
    },
    "architectural-render": {
        2.5: (
            "attic room, box room, utility room, boot room, mudroom, larder, pantry, scullery, "
            "cloakroom, ensuite, en-suite, wet room, reading nook, breakfast bar, open plan, "
            "mezzanine, stairwell, corridor, vestibule, reception area, waiting room, "
            "meeting room, boardroom, co-working space, call centre, lecture hall, classroom, "
            "gymnasium, changing room, locker room, dentist's surgery, courtroom, prison cell, "
            "church nave, crypt, cloister, synagogue, shrine, mausoleum, pyramid, ziggurat, "
            "obelisk, amphitheatre, colosseum, aqueduct, viaduct, suspension bridge, "
            "bus shelter, hangar, warehouse, silo, grain elevator, water tower, cooling tower, "
            "refinery, factory hall, orangery, gazebo, carport, garage conversion, "
            "semi-detached, brownstone, high-rise, duplex, yurt, houseboat, barn, stable, manor, "
            "mansion, chateau, fortress, citadel, drawbridge, gatehouse, kiosk, bookshop, "
            "barbershop, swimming pool hall, sauna, bim model, sketchup, v-ray, vray, lumion, "
            "cladding, gothic revival, half-timbered"
        ),
    },
    "portrait": {
        1.5: (
            "bluesman, busker, cobbler, farrier, thatcher, glazier, plumber, electrician, "
            "roofer, bricklayer, welder, joiner, scaffolder, plasterer, decorator, seamstress, "
            "milliner, weaver, basket maker, glassblower, silversmith, goldsmith, engraver, "
            "bookbinder, typesetter, librarian, archivist, curator, usher, projectionist, "
            "bouncer, doorman, concierge, bellhop, chambermaid, housekeeper, nanny, midwife, "
            "paramedic, pharmacist, dentist, optician, vet, physiotherapist, lifeguard, referee, "
            "umpire, goalkeeper, jockey, fencer, gymnast, weightlifter, sumo, skier, "
            "snowboarder, skater, sprinter, marathoner, cricketer, golfer, bailiff, barrister, "
            "juror, witness, constable, detective, inspector, traffic warden, customs officer, "
            "postie, milkman, street sweeper, cabbie, trucker, lorry driver, bus driver, "
            "train driver, tram driver, stewardess, air hostess, flight attendant, deckhand, "
            "trawlerman, crofter, goatherd, cowherd, cowboy, gaucho, rancher, beekeepers, "
            "winemaker, brewer, distiller, cheesemaker, butcher, fishmonger, greengrocer, "
            "stallholder, cashier, receptionist, intern, apprentice, trainee, accountant, "
            "banker, broker, auctioneer, estate agent, mayor, senator, diplomat, activist, "
            "refugee, pilgrim, hermit, abbot, cantor, choirboy, bridesmaid, godmother, "
            "newlyweds, toddlers, schoolboy, schoolgirl, teenagers, pensioner, centenarian, "
            "borzoi, saluki, mastiff, rottweiler, doberman, schnauzer, pomeranian, maltese, "
            "spaniel, bloodhound, basset hound, akita, samoyed, malamute, maine coon, ragdoll, "
            "sphynx cat, bengal cat, calico cat, shetland pony, clydesdale"
        ),
    },
}
"""Category -> weight -> phrases."""
