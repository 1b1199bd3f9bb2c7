"""The other words for the painters' words: synonyms, spellings and turns of phrase, as tables.

Everything here is what people write; what it means next to other words is `reading`'s business.
A form may be several words; the vocabulary word itself need not be repeated.
"""

from __future__ import annotations

# One line a vocabulary word: "kind" -> {value: "form | form | ..."}; the word itself is added.
FORMS: dict[str, dict[str, str]] = {
    "colour": {
        "red": "crimson|scarlet|ruby|maroon|burgundy|cherry red",
        "orange": "amber|tangerine",
        "yellow": "golden|gold|lemon yellow|mustard",
        "green": "olive|emerald|lime green|mint",
        "teal": "turquoise|cyan|aqua",
        "blue": "navy|azure|cobalt|indigo|sky blue",
        "purple": "violet|lilac|lavender|magenta",
        "pink": "rose|fuchsia|salmon pink",
        "brown": "tan|chestnut|chocolate brown|beige",
        "black": "jet black|ebony",
        "white": "ivory|cream colored|cream coloured|off white",
        "grey": "gray|silver|charcoal grey|charcoal gray",
    },
    "material": {
        "wooden": "wood|oak|bamboo|timber|walnut wood",
        "metal": "metallic|steel|chrome|iron|brass|copper",
        "glass": "crystal|transparent",
        "ceramic": "porcelain|clay|stoneware|terracotta",
        "leather": "suede",
        "striped": "stripy|with stripes",
        "dotted": "polka dot|polka dotted|spotted|with dots|with polka dots",
        "checkered": "chequered|plaid|tartan|checked|gingham",
    },
    "light": {
        "soft light": "soft lighting|softly lit|softbox|diffused light|diffuse light|soft daylight"
        "|soft natural light|soft studio light",
        "golden light": "golden hour|warm light|warm lighting|golden hour light|warm glow",
        "neon light": "neon lights|neon lighting|neon glow|neon|neon lit",
        "dramatic side light": "dramatic light|dramatic lighting|side light|side lighting|side lit"
        "|chiaroscuro|hard light|moody lighting",
        "backlight": "backlit|back light|backlighting|rim light|lit from behind",
        "candlelight": "candlelit|candle light|firelight",
    },
    "weather": {
        "dawn": "sunrise|early morning|daybreak|rising sun|first light",
        "noon": "midday|broad daylight",
        "sunset": "dusk|twilight|setting sun|evening",
        "night": "midnight|nighttime|starry sky|moonlight|moonlit",
        "rain": "rainy|raining|falling rain|drizzle|rainstorm|thunderstorm|stormy|storm",
        "snow": "snowy|snowing|snowfall|falling snow|blizzard|snow covered|winter|wintry",
        "fog": "foggy|mist|misty|haze|hazy",
    },
    "terrain": {
        "mountains": "mountain|mountain range|peaks|peak|alps|alpine|snowy peaks",
        "lake": "lakeside|lakeshore|pond",
        "beach": "seaside|shore|seashore|coast|sandy beach|ocean|sea",
        "desert": "dunes|sand dunes|sahara",
        "forest": "woods|woodland|jungle|rainforest|pine forest",
        "rolling hills": "hills|hill|hillside|countryside",
        "river valley": "valley|river|canyon|fjord",
        "waterfall": "waterfalls|cascade",
        "sea cliffs": "cliffs|cliff|sea cliff|rocky coast",
        "meadow": "meadows|field|fields|prairie|pasture|wildflowers|park|garden",
    },
    "backdrop": {
        "white background": "white backdrop|plain white|seamless white|pure white background",
        "grey background": "gray background|grey backdrop|gray backdrop|neutral background"
        "|studio background",
        "beige background": "beige backdrop|cream background|warm beige background",
        "navy background": "navy backdrop|dark blue background|blue background|dark background",
        "wooden table": "on a wooden table|on the wooden table|on a table|on the table"
        "|on a wooden desk"
        "|on wood|on a desk|rustic table|wooden surface|wooden tabletop",
        "marble counter": "marble|on marble|marble countertop|marble table|kitchen counter"
        "|countertop",
        "brick wall": "in front of a brick wall|in front of brick|red brick wall",
        "grass field": "grass|grassy field|lawn|on grass|green field|grassland",
    },
    "person": {
        "woman": "lady|female|businesswoman|mother|actress|bride|girlfriend|queen",
        "man": "guy|male|gentleman|businessman|father|actor|fisherman|king|chef|farmer",
        "girl": "little girl|young girl|daughter|schoolgirl",
        "boy": "little boy|young boy|son|schoolboy",
        "old woman": "elderly woman|grandmother|grandma|elderly lady|old lady",
        "old man": "elderly man|grandfather|grandpa|elderly gentleman",
    },
    "hair style": {
        "short": "cropped",
        "long": "flowing",
        "curly": "curled|wavy|curls",
        "bald": "bald headed",
        "bun": "hair in a bun|in a bun",
        "ponytail": "pony tail|hair in a ponytail|in a ponytail",
    },
    "expression": {
        "smiling": "smile|smiles|happy|cheerful|grinning",
        "serious": "stern|solemn|thoughtful|determined",
        "surprised": "astonished|shocked|amazed",
        "sad": "unhappy|melancholy|crying|weary",
        "laughing": "laughs|laughter|laugh",
    },
    "glasses": {
        "round glasses": "glasses|spectacles|eyeglasses|wire rimmed glasses",
        "square glasses": "rectangular glasses|thick rimmed glasses|horn rimmed glasses",
        "sunglasses": "shades|dark glasses|aviators",
    },
    "head wear": {
        "beanie": "woolly hat|knitted hat|wool hat|knit cap",
        "top hat": "bowler hat|tall hat",
        "straw hat": "sun hat|wide brimmed hat",
        "cap": "baseball cap|flat cap",
    },
    "beard": {
        "full beard": "beard|bearded|bushy beard|long beard",
        "moustache": "mustache|mustached",
        "goatee": "chin beard",
    },
    "building": {
        "house": "houses|home|farmhouse|townhouse",
        "cottage": "cottages|cabin|hut",
        "tower": "towers|clock tower|bell tower",
        "skyscraper": "skyscrapers|high rise|office building|apartment block",
        "castle": "castles|fortress|palace",
        "church": "churches|cathedral|chapel|abbey",
        "barn": "barns|stable|farm building",
        "bridge": "bridges|viaduct",
        "temple": "temples|shrine|pagoda",
        "lighthouse": "lighthouses",
        "museum": "museums|library building|gallery building|concert hall|opera house",
        "villa": "villas|mansion|modern residence|bungalow",
    },
    "wall": {
        "brick": "bricks|brickwork",
        "stone": "sandstone|limestone|granite",
        "concrete": "cement|brutalist",
    },
    "font": {
        "serif": "serifed",
        "sans-serif": "sans serif|sans",
        "monospace": "monospaced|typewriter",
        "bold": "heavy type|thick letters",
        "italic": "italics|cursive|handwritten|script lettering",
    },
    "surface": {
        "sign": "signboard|signpost|street sign|wooden sign|billboard|storefront|shop window",
        "poster": "posters|flyer|placard",
        "label": "labels|sticker|packaging",
        "neon sign": "neon signs",
        "chalkboard": "blackboard|whiteboard",
        "book cover": "magazine cover|album cover|cover",
        "banner": "banners|ribbon|flag",
    },
    "medium": {
        "photo": "photograph|photography|photorealistic|photographic|snapshot",
        "cartoon": "cartoonish|comic|anime|cel shaded|claymation",
        "watercolour": "watercolor|watercolours|aquarelle|painting|painted scene",
        "pixel art": "pixelart|8 bit|16 bit|pixelated",
        "flat illustration": "flat vector illustration|vector illustration|flat design|illustration"
        "|vector art",
    },
    "speed": {
        "slowly": "slow|gently|in slow motion|leisurely",
        "quickly": "fast|rapidly|swiftly|at high speed",
    },
    "garment": {
        "sweater": "jumper|pullover|shirt|t shirt|tshirt|jacket|coat|dress|blouse|scarf"
        "|suit|hoodie|cardigan|top",
    },
    "letters": {"letters": "lettering|type|writing|typeface|font|text|script"},
    "storeys": {"storeys": "storey|story|stories|storied|floors|floor|level|levels"},
    "hair": {"hair": "haired"},
    "eyes": {"eyes": "eyed|eye"},
}

NOUN_SYNONYMS: dict[str, str] = {
    "apple": "fruit",
    "cherry": "berry|berries",
    "mushroom": "toadstool",
    "bottle": "flask|perfume bottle|wine bottle",
    "mug": "cup|coffee cup|teacup|coffee mug|cups",
    "teapot": "kettle|tea pot",
    "bowl": "dish|soup bowl",
    "jar": "honey jar|jam jar",
    "lamp": "lantern|desk lamp|lanterns",
    "clock": "alarm clock",
    "book": "notebook|novel|diary",
    "box": "package|parcel|gift box|crate",
    "backpack": "rucksack",
    "handbag": "purse|bag|tote|bags",
    "suitcase": "luggage|briefcase",
    "shoe": "sneaker|sneakers|trainer|heels",
    "umbrella": "parasol",
    "watch": "wristwatch|smartwatch",
    "phone": "smartphone|telephone|mobile phone",
    "laptop": "computer|notebook computer",
    "headphones": "headset|earphones|earbuds",
    "sofa": "couch|armchair",
    "chair": "stool|office chair",
    "table": "desk",
    "ball": "football|basketball|sphere",
    "robot": "android|robots",
    "balloon": "hot air balloon|hot air balloons",
    "rocket": "spaceship|spacecraft",
    "guitar": "violin|ukulele",
    "car": "automobile|sports car|taxi|vintage car|sedan",
    "bus": "coach|school bus",
    "truck": "lorry|van|pickup",
    "bicycle": "bike|bikes|cyclist",
    "train": "locomotive|steam train|tram",
    "drum": "drum kit",
    "boat": "ship|sailboat|sailing boat|yacht|canoe|fishing boat",
    "plane": "airplane|aeroplane|aircraft|jet",
    "flower": "rose bush|tulip|tulips|sunflower|blossom|bouquet",
    "tree": "oak tree|pine tree|palm tree|pines",
    "cactus": "succulent|cactuses",
    "cat": "kitty|kitten|kittens|tabby",
    "dog": "puppy|puppies|hound|retriever",
    "bird": "sparrow|parrot|crow|seagull|eagle|swan|hummingbird",
    "fish": "goldfish|shark|whale|dolphin",
    "rabbit": "bunny|hare",
    "bear": "teddy bear|panda",
    "turtle": "tortoise",
    "butterfly": "moth",
    "snail": "slug",
    "camera": "film camera",
}

NUMBERS: dict[str, str] = {
    "1": "one|single|lone|1",
    "2": "two|couple of|couple|both|2",
    "3": "three|several|few|trio of|3",
    "4": "four|4",
    "5": "five|many|dozen|half dozen|six|seven|eight|nine|ten|5|6|7|8|9|10|12",
}

MOTIONS: dict[str, str] = {
    "left to right": "from left to right|from the left to the right|across to the right",
    "right to left": "from right to left|from the right to the left|across to the left",
    "rises": "rises|rise|rising|floats up|float up|floating up|takes off|taking off"
    "|climbs|climbing up|soars",
    "falls": "falls|fall|falling|drops|dropping|tumbles|descends|descending",
    "bounces": "bounces|bounce|bouncing|hops|hopping|jumps|jumping|jump",
    "spins": "spins|spin|spinning|rotates|rotate|rotating|twirls|spins around|turns around",
    "grows": "grows|growing larger|grow larger|grows larger|growing bigger"
    "|grows bigger|gets bigger",
    "zoom": "zooms in|zooming in|zoom in|zooms|dolly in|push in|slow zoom",
    "pan": "pans|panning|pans right|pans to the right|panning shot|camera pan|tracking shot",
}

RELATIONS: dict[str, str] = {
    "left of": "to the left of|on the left of|on the left side of|left of",
    "right of": "to the right of|on the right of|on the right side of|right of",
    "above": "over|on top of|hovering over|above",
    "behind": "in back of|behind",
    "~above": "below|under|underneath|beneath",
    "~behind": "in front of",
}

# A word of these sorts says what the request is, whatever else stands in it.
CUES: dict[str, str] = {
    "product-photo": "product photo|product shot|packshot|catalogue shot|catalog shot"
    "|product photography"
    "|e commerce|still life|studio shot of the product|commercial photo",
    "portrait": "portrait|headshot|portraits|selfie|close up of a face|head and shoulders",
    "landscape": "landscape|panorama|scenery|vista|scenic view",
    "architectural-render": "architectural|architecture|exterior view|3d render|facade|archviz"
    "|exterior of",
    "video": "video|clip|footage|time lapse|timelapse|drone shot|b roll",
    "animation": "animation|animated|looping gif|gif|motion graphics|sprite",
}

# Words that end a noun phrase: an adjective does not reach over them.
BARRIERS = (
    ". ; : ! ? on in at with against near by from into under to wearing who that which"
    " a an the his her its their this some beside next"
)
