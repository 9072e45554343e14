"""The words by which a prompt shows what it describes, and the phrases in which the same words mean something else.

In the lists, `|` and line ends part entries; `~` stands for a verb's endings, `*` for any ending, and a space also for
a hyphen. Everything is read without regard to case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_DOUBLED = "bdgmnprt"


@dataclass(frozen=True)
class Words:
    """One thing that a prompt may say: the entries that say it, and the phrases in which they do not."""

    says: str
    friends: str = ""


def pattern(entries: str) -> re.Pattern[str]:
    """One expression for all entries, the longest first."""
    found = sorted({entry.strip() for line in entries.splitlines() for entry in line.split("|")} - {""}, key=_longest)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(_entry, found))})(?!\w)", re.IGNORECASE)


@cache
def compiled(words: Words) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """What says it, and what only looks so."""
    return pattern(words.says), pattern(words.friends) if words.friends else None


def _longest(entry: str) -> tuple[int, str]:
    return -len(entry), entry


def _entry(entry: str) -> str:
    words = re.split(r"[ -]", entry)
    # Bounded, so that a prompt of thousands of spaces takes no longer than another.
    return r"[\s\-‐‑]{1,9}".join(_word(word) for word in words)


def _word(word: str) -> str:
    if word.endswith("*"):
        return re.escape(word[:-1]) + r"\w*"
    if not word.endswith("~"):
        return re.escape(word)
    base, last = re.escape(word[:-1]), word[-2]
    if last == "e":
        return f"{base[:-1]}(?:e|es|ed|ing)"
    if last == "y" and word[-3] not in "aeiou":
        return f"{base[:-1]}(?:y|ies|ied|ying)"
    more = f"|{last}ed|{last}ing" if last in _DOUBLED else ""
    return f"{base}(?:s|es|ed|ing{more})?"


# --- scene ------------------------------------------------------------------------------------------------------------

PLACE = Words(
    """
    at home|interior|mansion|rink|airport|alley*|aquarium|arctic|arena|attic|avenue|awning|backyard|bakery|balcony
    ballroom|bamboo grove|barn|basement|bathroom|bay|beach|beaches|bedroom|boardwalk|boulevard|bridge|bus stop
    bus station|cabin|café|cafe|canal|canyon|castle|cathedral|cave|cavern|cellar|cemetery|chapel|church|churchyard
    city|cities|classroom|cliff|cliffs|clearing|coast|coastline|cockpit|concert hall|construction site|corridor
    cottage|countryside|courtroom|courtyard|creek|crosswalk|crossing|dance floor|deck of|desert|diner|dining room
    dock|docks|doorway|downtown|dunes|dungeon|factory|farm|farmyard|farmhouse|field|fields|fireplace|foothills
    forest|forests|fountain|gallery|garage|garden|gardens|gas station|glacier|grass|grassland|greenhouse|gym
    gymnasium|hall|hallway|hangar|harbor|harbour|highway|hill|hills|hillside|hilltop|hospital|hotel|hut|iceberg
    in space|outer space|indoor|indoors|intersection|island|jungle|kitchen|laboratory|lab|lagoon|lake|lakeside
    landscape|laundromat|lawn|library|lighthouse|living room|lobby|loft|market|market stall|marketplace|marsh|meadow
    meadows|monastery|moon's surface|mosque|motorway|mountain|mountains|mountainside|mountaintop|mountain path
    museum|nightclub|ocean|oceans|office|orchard|outdoors|palace|park|parking lot|path|patio|pavement|pier
    pine forest|plain background|plain white background|pale background|black background|white background
    plain grey background|plain white wall|plaza|playground|pond|pool|porch|prairie|promenade|pub|quarry|quay
    racetrack|railway|rainforest|ranch|rapids|reef|restaurant|rice paddies|river|riverbank|riverside|road|roadside
    rock face|roof|rooftop|rooftops|room|ruins|runway|savanna|savannah|school|sea|seabed|seaside|seafloor|shop|shore
    shoreline|sidewalk|ski slope|skyline|skyscraper*|snowfield|spaceship|space station|square in|town square|stable
    stadium|stage|staircase|station|steppe|store|stream|street|streets|studio|subway|suburb|supermarket|swamp|temple
    terrace|theater|theatre|toilet|town|trail|train station|train compartment|treetops|tundra|tunnel|underground
    underwater|university|valley|vault|veranda|village|vineyard|volcano|warehouse|waterfall|waterfront|wilderness
    windowsill|window|woodland|woods|workshop|yard|zoo|kitchen counter|grass field|snow covered|garden bench
    park bench|the snow|in snow|deep snow|fresh snow|freeway|orbit|parking area|wonderland|in the car|inside the car
    in a car|on a train|on the train|on a bus|on the bus|in a boat|on a boat|beside the road|tower block
    wooden table|marble table|white table|oak table|counter|bench|countertop|tabletop|desk|tiled floor|cobblestones
    cobbled|on the moon|on mars|surface of mars|galaxy|sky|skies|couch|sofa|bed|carpet
    """,
    """
    stock market|interior minister|water trail|trail of|path of|field of view|depth of field|field trip
    room temperature|room for|stage name|set the stage|sea of|mountain bike|mountain bikes|mountain goat
    mountain lion|street food|city slicker|park ranger|track and field|office hours|window of time|bed sheet
    bed sheets|desk lamp|sea lion|sea salt|lab coat|street clothes|street style|school bus|road bike|road trip
    garden gnome|garden hose|kitchen pan|kitchen knife|store bought|hall of fame|counter attack|bench press
    town crier|sky high|sky blue|room tone|swamp thing|beach ball|pool cue|pool table|fire station|farm animals
    jungle gym|bay leaf|bay leaves|stream of|in one stream|unbroken stream|river of|mountain of|mountains of
    forest of|city council|stage fright|coffee shop sign|window cleaner|fountain pen|police station wagon
    station wagon
    """,
)
TIME = Words(
    """
    dawn|daybreak|sunrise|sunup|morning|noon|midday|afternoon|evening|dusk|twilight|sunset|sundown|nightfall|night
    nighttime|midnight|golden hour|blue hour|magic hour|daytime|at night|by day|daylight|spring day|summer day
    autumn day|winter day|sunny day
    """,
    """
    formal evening|evening wear|good night|good morning|good evening|good afternoon|night stand|night gown|night owl
    night shirt|evening gown|evening dress|morning coat|morning glory|morning glories|night light
    saturday night live
    """,
)
_KIND_OF_LIGHT = """
    soft|warm|cold|cool|hard|harsh|low|dim|bright|natural|studio|lamp|window|morning|evening|afternoon|golden|neon
    candle|moon|sun|classroom|gym|rim|even|flat|diffuse|diffused|ambient|dappled|slanting|side|fading|first|last
    autumn|winter|summer|spring|stage|strobe|volumetric|dramatic|cinematic|gentle|pale|fluorescent|overhead|overcast
    flickering|fire|torch|lantern|tungsten|white|blue|red|green|pink|orange|purple|grey|gray|yellow|amber|silvery
    """
LIGHT = Words(
    "|".join(f"{kind} light" for kind in re.split(r"[|\n]\s*", _KIND_OF_LIGHT.strip()))
    + """
    |light:|light bulb|bulb|light from|light of|light falls|light falling|light streams|light streaming|light through
    light pours|lights of|light filters|light filtering|shaft of light|shafts of light|shafts of late|beam of light
    beams of light|ray of light|rays of light|lighting|sunlight|sunlit|sunbeam*|sunshine|moonlight|moonlit
    candlelight|candlelit|lamplight|firelight|starlight|backlit|backlight|backlighting|spotlight|spotlights
    silhouette*|neon|chiaroscuro|low key|high key|low sun|morning sun|hard sun|midday sun|setting sun|rising sun
    the sun|bright sun|sun drenched|sunny|dark room|darkness|dimly|lit by|brightly lit|well lit|half light|glow of
    glow from|shadowy|long shadows|sharp shadow|headlights|studio lamp|in shadow|in the dark|in the shade|stars
    starry|moon|full moon
    """,
    """
    vehicle lighting|lighting a|lighting the|in the light of|in light of|red light district|sunny side
    red light turns|green light turns|movie stars|film stars|rock stars|in the dark about
    """,
)
WEATHER = Words(
    """
    rain|raining|rainy|rainfall|drizzl*|downpour|snow|snowing|snowy|snowfall|snowflakes|blizzard|fog|foggy|mist
    misty|haze|hazy|storm|stormy|thunderstorm|lightning|hail|windy|breeze|gust|clouds|cloudy|overcast|clear sky
    blue sky|sunny|frost|frosty|snowstorm|sandstorm|dust storm|in the wind|tornado|hurricane|heatwave|smog|sleet
    humid
    """,
    """
    storm trooper*|rain sounds|rain sound|sound of rain|sounds of rain|sound of the rain|rain coat|rain boots
    storm of|snow white|snow globe|snow leopard|fog of|word clouds|storm out|lightning fast|rain of|rain check
    mist of
    """,
)
#: After these, a word with a capital letter is most often a place.
IN_A_NAMED_PLACE = re.compile(
    r"(?<!\w)(?:in|at|over|near|through|across|outside|above|on)\s{1,9}(?!(?:Spanish|English|French|German|Italian|Japanese"
    r"|Chinese|Korean|Portuguese|Russian|Hindi|Arabic|Latin|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Christmas|Halloween|Easter"
    r"|I|HD|FPS|POV|Lego|Pixar|Disney|Blender)\b)[A-Z][a-z]+\b"
)

# --- camera -----------------------------------------------------------------------------------------------------------

_MOVES = """
    move~|pan~|tilt~|doll(?:y|ies|ied|ying)|track~|truck~|push~|pull~|zoom~|circle~|orbit~|glide~|follow~|retreat~|rise~
    rose|descend~|sweep~|swept|crane~|fl(?:y|ies|ying)|flew|float~|drift~|travel~|rotate~|arc~|swoop~|hover~|chase~|lead~
    back~|advance~|approach~|climb~|drop~|lower~|lift~|stay~|stand~|hold~|held|rest~|remain~|keep~|kept|fixed|locked|lock~
    static|still|shake~|whip~|slide~|turn~|spin~|swing~|spiral~|creep~|ascend~|pass(?:es|ing)?|trails?|trailing
"""


def _moves() -> str:
    entries = [entry.strip() for entry in re.split(r"[|\n](?![^(]*\))", _MOVES) if entry.strip()]
    return "|".join(entry if "(" in entry else _word(entry) for entry in entries)


#: A sentence whose subject is the camera: not "the shot of a dog that follows …".
CAMERA_MOVES = re.compile(
    r"(?<!\w)(?:camera|shot|drone|view|lens|steadicam):?(?:\s{1,9}(?!of\b|on\b|and\b|at\b|a\b(?!\s+smooth))[\w'’-]+){0,4}?"
    rf"\s{{1,9}}(?:{_moves()}|orbit)(?!\w)",
    re.IGNORECASE,
)
MOVE = Words(
    """
    static|we follow|we glide|we push|we move|we track|we fly|we float|we circle|we descend|we rise|locked off
    locked camera|locked shot|locked wide shot|locked high wide shot|lock off|static shot|static camera|fixed camera
    fixed shot|stationary camera|still camera|motionless camera|steady camera|moving camera|handheld|hand held
    steadicam|gimbal|tripod|tracking shot|tracking camera|dolly|dolly in|dolly out|dolly shot|dolly zoom|push in
    pushes in|pushing in|push out|pull back|pull out|pull away|pulls back|pulls out|pulling back|zoom in|zoom out
    zoom into|zooms in|zooms out|zooms into|zooming in|zooming out|slow zoom|crash zoom|crane shot|crane up
    crane down|crane move|jib|arc shot|orbit shot|orbiting shot|half orbit|slow orbit|whip pan|slow pan|quick pan
    smooth pan|gentle pan|camera pan|wide pan|pan left|pan right|pan up|pan across|pans across|pans left|pans right
    pans up|pans down|pans slowly|panning left|panning right|panning slowly|panning shot|panning across|tilt up
    tilt down|tilt shot|fly through|flythrough|flyover|fly over shot|flying over shot|drone shot|drone footage
    drone view|truck left|truck right|truck shot|hyperlapse|follow shot|following shot|shaking effect|camera follows
    camera shake|shaky cam|shaky camera|oner|no camera movement|camera movement|camera motion|dolly left|dolly right
    dollying
    """,
    """
    static electricity|radio static|tv static|static on|static hair|push in the chair|push in a chair
    pushes in the chair|dolly parton|dolly the sheep|pull out a|pulls out a|pulls out his|pulls out her
    pulls out the|pull out his|pull out her|pulls back the|pull back the|pulling back the|pulls back his
    pulls back her|pull back his|pull back her|pull out couch|locked off from|a hand held out|handheld console
    handheld device|handheld game|handheld radio
    """,
)
FRAMING = Words(
    """
    close up|closeup|close ups|closeups|extreme close up|macro shot|wide shot|wide angle|long shot|full shot
    medium shot|medium close up|mid shot|establishing shot|two shot|three shot|master shot|full body
    full length shot|cowboy shot|american shot|detail shot|insert shot|close shot|wide view|wide frame|tight shot
    tight on|tight frame|extreme wide shot|medium wide shot|wide aerial|head and shoulders|in close up
    fills the frame|whole body in frame|frame filling|portrait shot|first wide|wide from|panoramic view|panorama
    wide and|medium two shot
    """,
    """
    close up shop|close up the|close up for|close up at|close up his|close up her|close up early|portrait shot glass
    """,
)
ANGLE = Words(
    """
    side view|front view|rear view|back view|top view|top down|bird's eye*|birds eye*|bird eye*|overhead shot
    overhead view|overhead camera|aerial shot|aerial view|aerial footage|aerial|low angle|high angle|eye level
    worm's eye*|from above|from below|from behind|from overhead|point of view|point of view shot|pov|first person
    third person view|over the shoulder|dutch angle|canted angle|seen from|seen through|viewed from|shot from
    filmed from|facing us|toward us|straight front|low side view|wide side view|flat side view|high wide shot
    low wide shot|profile view|three quarter view|seat height|shoulder height|floor height|ground level|camera low
    camera close to
    """,
    "rear view mirror|side view mirror",
)
LENS = Words(
    """
    lens|lenses|depth of field|bokeh|rack focus|racking focus|focus pull|pull focus|shallow focus|deep focus
    soft focus|out of focus|in focus|sharp focus|macro|telephoto|fisheye|fish eye|anamorphic|tilt shift
    blurred background|blurry background|35mm|50mm|85mm|16mm|24mm|70mm|35 mm|50 mm|85 mm|16 mm|24 mm|imax|lens flare
    split diopter
    """,
    "contact lens|contact lenses|lens cap|lens cloth|macro economics|camera lens on",
)
SHOTS = Words(
    """
    continuous shot|continuous take|single shot|single take|one shot|one take|long take|unbroken shot|hard cut
    hard cuts|jump cut|match cut|cut to|cuts to|montage|split screen|reverse shot|crossfade|time lapse|timelapse
    slow motion|slo mo|slow mo|camera|cinematography|continuous wide shot|continuous aerial shot|camera angle
    shot of|shot on|tracking|three shots|two shots
    """,
    """
    camera shop|camera store|camera bag|camera strap|camera crew|camera case|camera collection|camera phone
    shot of whisky|shot of whiskey|shot of espresso|shot of vodka|shot of tequila|shot of rum|shot of gin
    shot of medicine|shot of coffee|shot of liquor|shot of adrenaline|tracking number|tracking device
    tracking a parcel|tracking the prey|tracking prey|at the camera|into the camera|to the camera|to camera
    toward the camera|towards the camera|at camera|into camera|toward camera|towards camera|facing the camera
    faces the camera|facing camera|for the camera|with a camera|with his camera|with her camera|their camera
    lifts the camera|raises the camera|holds the camera|holding the camera|picks up the camera|holds a camera
    holding a camera|his camera|her camera|old camera|vintage camera|film camera|polaroid camera|a camera on
    camera on a shelf|camera on the table|cut to pieces|cuts to the bone|cut to size|cut to length|single shot of
    one shot of
    """,
)

# --- sound ------------------------------------------------------------------------------------------------------------

SOUND = Words(
    """
    sound|sounds|sounding|soundtrack|soundscape|audio|audible|audibly|hear|hears|heard|hearing|listen~|noise|noises
    noisy|no music|no voices|nobody speaks|no sound|drip~|music|musical|melody|melodies|tune|song|songs|sing|sings
    singing|sang|choir|orchestra*|piano music|drumbeat|drums|drumming|bass line|beat drops|score swells|jazz|hum
    hums|humming|buzz|buzzes|buzzing|hiss|hisses|hissing|crackl*|rustl*|rumbl*|thunder|thunders|thundering|roar~
    growl~|snarl~|bark|barks|barking|meow~|purr~|chirp~|tweet~|birdsong|birds singing|squawk~|croak~|howl~|whinn*
    neigh~|moo|moos|mooing|bleat~|whisper~|shout~|scream~|yell~|laughter|laughs|laughing|giggl*|sob|sobs|sobbing
    sigh~|gasp~|groan~|murmur~|chatter~|voice|voices|voiceover|voice over|narrator|narrat*|dialogue|dialog|speech
    says|saying|said|asks|replies|answers|speaks|speaking|talks|talking|announces|ding|dings|chime|chimes|chiming
    clink*|clank~|clang~|clatter~|click|clicks|clicking|tick|ticks|ticking|knock|knocks|knocking|thud|thuds|thump
    thumps|bang|bangs|banging|boom|booms|booming|sharp crash|crunch*|creak~|squeak~|squeal~|screech~|whirr*|whoosh*
    swoosh*|rattl*|jingl*|beep~|siren|sirens|honk~|echo|echoes|echoing|silence|silent|silently|quiet|hush|rings out
    ringing|rings clearly|applause|cheer~|cheering crowd|sizzl*|gurgl*|trickle of water|panting|footsteps|gulls call
    call of|calls of|whale call|bird call|bright brass|flapping cloth|rushing wind|rush of wings|rush of the
    water laps|lapping|lapping water|waves lap|rain on the|low wind|soft wind|soft waves|light breeze and
    howling wind|strike on|tapping|taps|scrape of|scrapes|plop|pitter patter|patter|caw~|hoot~|bells|snare
    guitar riff|asmr|lip sync|lip synced|mute|acoustic
    """,
    """
    sound asleep|safe and sound|sound mind|sound sleeper|sound engineer*|sound stage|sound proof|sound advice
    sound wave shapes|sounds like a plan|music stand|music store|sheet music|music room|song bird|song birds
    singing bowl on|hum drum|click bait|clicks on the link|clicks on a link|clicks on the button|thunder thighs
    tree bark|bark of the tree|bark of a tree|piece of bark|rough bark|birch bark|bark texture|hearing aid
    quiet confidence|voice of reason|boom mic|boom arm|boom barrier|echo park|crackle glaze|knock out|big bang
    bang bangs|with bangs|her bangs|drums of oil|oil drums|buzz cut|buzz lightyear|chime in|music poster|tick box
    fashion roar|silent film|silent movie|crunch bar|abdominal crunches|bicycle crunches|answers the door
    answers the phone|talking points|speech bubble|speech bubbles|cheer leader
    """,
)
#: Says that nothing is to be heard, or next to nothing.
SILENCE = Words(
    "silence|silent|silently|no sound|no sounds|without sound|soundless|noiseless|mute|hush|barely audible",
    "silent film|silent movie|mute swan|mute button",
)
MUSIC = Words("music|melody|tune|song|sing~|piano|violin*|guitar*|orchestra*|band|jazz|choir|no music|drums|brass")
SPEECH = Words(
    "says|said|asks|answers|replies|speaks|speaking|talks|talking|narrator|dialogue|voice|voiceover|sings|singing|tells"
    "|explains|shouts|whispers|interview",
)
ECHO = Words("echo*|distant|far away|far off|muffled|reverb*|close and|dry knock|near and|barely audible")

# --- motion -----------------------------------------------------------------------------------------------------------

#: Plain forms that are nouns too: they count only where none of BEFORE_NOUNS stands before them.
BEFORE_NOUNS = frozenset(
    re.split(
        r"\|",
        "a|an|the|his|her|its|their|our|my|your|this|that|these|those|of|no|one|two|three|several|many|some|with|without|each"
        "|every|any|another|first|last|small|gentle|soft|ocean|sea|water|tiny|big|huge|slow|quick|long|short|high|deep",
    )
)
#: Forms that are no nouns, whatever stands before them.
PAST = frozenset({"ran", "fell", "flew", "swept", "swam", "threw", "caught"})
#: People and animals in the plural without an s.
PLURALS = frozenset({"children", "people", "men", "women", "mice", "sheep", "geese", "fish", "crowd", "couple", "to"})
MOTION = Words(
    """
    accelerate~|arrive~|balance~|bend~|billow~|blink~|blow~|blows|boil~|bounce~|breakdance~|brush~|bubble~|burn~
    burst~|carry~|cartwheel|cartwheels|cartwheeling|carve~|catch~|caught|charge~|chase~|chew~|chop~|churn~|circle~
    clap~|climb~|collapse~|collide~|comb~|comes straight|comes toward|comes to rest|cook~|crack~|crash~|crashes
    crawl~|cross the|cross a|crosses|crossed|crossing the|crossing a|crossing over|crumble~|cruise~|crush~|crushes
    curl~|cut~|cycles|cycling|dance~|dart~|dash~|dashes|descend~|dig~|digs|dissolve~|dive~|dodge~|dribble~|drag~
    drawn tight|draws|drift~|drink~|drip~|drive~|drop~|eat~|emerge~|erupt~|exercising|explode~|fall~|fell|feed~
    fill~|flap~|flash~|flee~|flicker~|flip~|float~|flow~|flutter~|fly~|flies|flew|fold~|frown~|gallop~|gather~
    gesture~|gets up|getting up|gets out|getting out|gets in|glide~|grab~|grind~|groom~|grow~|grows|hammer~|hike~
    hits|hitting|hop~|hug~|hunt~|inflate~|jog~|juggle~|jump~|kayaking|kick~|kiss~|kisses|knead~|knit~|lands|landing
    land on|land upright|launch~|launches|leap~|lift~|looks around|looks at us|looks up|looking around|march~
    marches|melt~|mend~|mix~|mixes|move~|navigate~|nod~|open~ the|opens|orbits|overtake~|paddles|paddling|paint~
    pass~|passes|peel~|pick~|play~|plunge~|point~|pour~|press~ the|pull~|punch~|push~|pushes|puts on|putting on
    races|racing|raise~|reach~|reaches|reel~|ride~|rise~|rising|rose from|rock~|roll~|rotate~|row~ a|rowing|run~|ran
    rush~|rushes|sail~|salute~|scatter~|scoop~|scurry~|shake~|shatter~|shave~|shimmer~|shrink~|sip~|skate~|ski|skis
    skiing|skip~|slam~|slice~|slide~|slip~|slow~ down|smash~|smashes|smile~|smiles|snap~|sniff~|snowboarding|soar~
    somersault~|speeding|speed~ down|spill~|spin~|splash~|splashes|split~|spray~|spread~|sprinkle~|sprint~|sprout~
    squeeze~|stack~|step~|stir~|stretch~|stretches|strike~|strikes|stroll~|stumble~|surf~|sway~|sweep~|swept|swim~
    swam|swing~|swirl~|swoop~|takes off|taking off|tear~|tears|throw~|threw|tilt~|tip~|topple~|toss~|tosses|touch~
    touches|travel~|tremble~|trickle~|trot~|trudge~|tumble~|turn~|twirl~|twist~|tying|ties|type~|sits down
    sitting down|stands up|standing up|builds a|building a|building the|unfold~|unwrap~|vacuum~|vibrate~|wade~|wag~
    walk~|waltz~|wash~|washes|wave at|waves at|wave to|waves to|waves back|waves goodbye|waves a|waves his|waves her
    waving|waved|weave~|weigh~|whirl~|whisk~|widen~|wink~|wipe~|wobble~|wrap~|wrestle~|writes|writing|rain falls
    snow falls
    """,
    """
    boiling point|brushed steel|brush strokes|burning man|carved stone|carved wood|carved wooden|cracked leather
    catching up|chopping board|chopping block|climbing wall|climbing frame|climbing gear|cooking oil|cooking pot
    cooking pots|crack of dawn|crushed velvet|curled hair|cut glass|cut out|cut outs|paper cut|paper cuts|hard cut
    hard cuts|jump cut|jump cuts|match cut|cut to|cuts to|cuts of meat|clean cut|cutting board|dancing shoes
    dance floor|dance studio|dance hall|diving board|diving suit|diving helmet|drinking fountain|drinking glass
    driving range|driving licence|driving license|drop dead gorgeous|drop of|drops of|water drops|rain drops
    eating utensils|falling asleep|fell asleep|feeding bottle|fly swatter|flying saucer|flying buttress*
    folded hands|folded arms|folding chair|folding table|folding screen|flowing dress|flowing robe|flowing robes
    flowing gown|flowing hair|growing up|hammered copper|hiking boot|hiking boots|hiking trail|kissing booth
    landing page|landing gear|launch pad|melting pot|mixed media|mixed race|move~ to tears|moved by|moving story
    moving speech|moving boxes|moving truck|moving day|moving picture|moving pictures|no writing|opens with
    scene opens|story opens|film opens|painted wall|painted wood|painting of|a painting|the painting|oil painting
    painting by|watercolor painting|watercolour painting|painted by|passing resemblance|passes for|picked flowers
    play~ a role|playing card|playing cards|playing field|plays host|point of|points of|pointed hat|pointed ears
    pull over sweater|racing car|racing stripes|raised bed|raised beds|reaching age|riding boots|rocking chair
    rocking horse|rolling hills|rolling pin|rolling stock|rolling countryside|rolled up sleeves|running shoe
    running shoes|running track|running order|sails of|shaving brush|skis against|sliced bread|sliding door
    sliding doors|split screen|spread sheet|stacked books|steps of|stretch limo|stretched canvas
    striking resemblance|striking look|striking eyes|striking colors|striking colours|swept back|swimming pool
    swimming trunks|swimming suit|swing set|tears of|in tears|tip of|tips of|turned off|turned on|turning on a
    turning off|turning point|turning heads|turns of phrase|typing error|walking stick|walking boots|walking cane
    washing machine|washing line|the writing|writing desk|writing paper|printed writing|wrapped in|wrapping paper
    twisted tree|tilted hat|touching story|crossed legs|crossed arms|arms crossed|legs crossed|in step|every step
    passing grade
    """,
)
#: Says that the subject does not move.
STILLNESS = Words(
    """
    nothing moves|nothing else moves|nothing in the picture moves|does not move|do not move|doesn't move|don't move
    without moving|motionless|stands still|stand still|standing still|sits still|sitting still|stays still
    perfectly still|completely still|remains still|frozen in place|immobile
    """,
    "camera does not move|camera doesn't move|camera stays still|camera stands still",
)

# --- what only decides which variants fit -----------------------------------------------------------------------------

PACE = Words(
    """
    slow|slowly|slow motion|slo mo|fast|faster|fast paced|quick|quickly|rapid|rapidly|time lapse|timelapse
    hyperlapse|speed|speeds|normal speed|real time|steadily|sudden|suddenly|unhurried|brisk|briskly|frantic|hurried
    rushing|dynamic|gently|calmly|swift|swiftly|speeding
    """,
    "fast food|slow cooker|fast asleep|quick bread|speed limit|speed sign",
)
COLOURS = Words(
    """
    bright red|bright green|bright blue|bright yellow|bright orange|bright pink|pastel*|muted|saturated|desaturated
    vivid|monochrome|black and white film|black and white footage|in black and white|sepia|palette|color grad*
    colour grad*|teal and orange|colorful|colourful|technicolor|neon colors|vibrant|warm tones|cool tones|grayscale
    greyscale|washed out|faded colors|faded colours|tinted
    """
)
MOOD = Words(
    """
    mood|atmosphere|atmospheric|emotional|dramatic|epic|exciting|calm|calmly|peaceful|serene|tense|tension|eerie
    ominous|romantic|joyful|cheerful|cheerfully|sad|melanchol*|nostalgi*|dreamy|dreamlike|mysterious|playful|cozy
    cosy|hopeful|gloomy|scary|horror|frighten*|intense|lonely|tranquil|whimsical|funny|comedic|climax|happily|happy
    angry|moody|suspense*|chaotic|chaos|energetic|lively|relaxed
    """
)
STYLE = Words(
    """
    animation|animated|anime|cartoon|claymation|stop motion|pixel art|watercolor|watercolour|oil painting|painting
    sketch|paper cut|cut out|cgi|3d render*|render of|rendered|illustration|comic|cyberpunk|steampunk|vintage|retro
    vhs|super 8|film grain|grain|grainy|film stock|documentary|photorealistic|realistic|realistically|hyperrealistic
    cinematic|ukiyo|impressionis*|surrealis*|low poly|lego|origami|noir|pixar|by van gogh|texture|textures
    in the style of|style|8k|fibres of|found footage|cctv|security footage|webcam
    """
)
WATER = Words(
    """
    underwater|under water|seabed|seafloor|coral|reef|ocean|sea|submarine|ship|boat|sail|surf|surfer|surfing|kayak*
    whale|whales|dolphin*|shark*|fish|jellyfish|octopus|turtle|diver|scuba|swim~|swimming|aquarium|raft|canoe
    """,
    "sea of|turtle neck|gravy boat|ship it",
)
SPACE = Words(
    """
    space|spaceship|space station|astronaut*|planet|mars|galaxy|nebula|asteroid*|zero gravity|weightless*
    orbit of earth
    """
)
INDOORS = Words(
    """
    indoors|indoor|room|kitchen|bedroom|bathroom|living room|office|studio|hall|hallway|corridor|library|museum|gym
    classroom|workshop|factory|warehouse|bakery|café|cafe|restaurant|bar counter|church|cathedral|theatre|theater
    stage|basement|attic|garage|laboratory|lab|shop|store|counter|countertop|tabletop|table|desk|sofa|couch|bed
    carpet|shelf|supermarket|diner|cave|tunnel|plain background|white background|black background|pale background
    chessboard|window
    """,
    "room for|room temperature|room tone|bed sheet|bed sheets|stage name|stage fright|set the stage|desk lamp|lab coat",
)
PEOPLE = Words(
    """
    man|men|woman|women|person|people|boy|boys|girl|girls|child|children|kid|kids|father|mother|daughter|son
    grandmother|grandfather|couple|friends|dancer*|athlete*|gymnast|baker|chef|cook|teacher|student*|soldier*|knight
    king|queen|wizard|witch|astronaut|hiker*|runner*|player*|musician*|singer|violinist|pianist|guitarist|barista
    doctor|nurse|farmer|fisherman|sailor|painter|artist|waiter|waitress|worker*|tourist*|cyclist*|skateboarder
    surfer|monk|nun|samurai|ninja|cowboy|detective|policeman|firefighter|businessman|businesswoman|seller|kayaker
    robot|elf|princess|prince|clown|crowd|band
    """,
    "no people|no person|statue of a man|statue of a woman|band of|record player|burger king",
)
ANIMALS = Words(
    """
    animal|dog|puppy|cat|kitten|fox|wolf|bear|lion|tiger|leopard|horse|pony|cow|sheep|goat|pig|rabbit|hare|squirrel
    deer|elk|moose|elephant|giraffe|zebra|monkey|gorilla|panda|koala|kangaroo|bird|owl|eagle|hawk|parrot|penguin
    duck|swan|heron|crow|mouse|rat|hedgehog|otter|beaver|seal|lizard|frog|dragon|dinosaur|collie|corgi|retriever
    raccoon|hamster|camel|donkey
    """,
    "hot dog|teddy bear|cat walk|fox hole|computer mouse|bear in mind|rubber duck|bear rug|standing lion",
)
#: Standing, sitting or asleep: no step and no turn of the head is added.
POSTURE = Words(
    "asleep|sleeps|sleeping|slept|dead|statue|sits|sitting|seated|lies|lying|naps|napping|unconscious|meditat*|portrait"
    "|photograph|frozen|kneel~|crouch~"
)
CALM_AIR = Words("no wind|windless|still air|air is still|not a breath|wind|windy|breeze|gust|indoors|vacuum")
CROWD = Words(
    """
    crowd*|landscape|skyline|flock|herd|army|thousands|hundreds|city|mountains|panorama|stadium|audience|swarm
    """
)
SEVERAL_SHOTS = Words(
    "shots|hard cut|hard cuts|cut to|cuts to|montage|split screen|reverse shot|jump cut|jump cuts|scene 1|second shot",
    "cut to pieces|cut to size|cut to length|gun shots",
)
POV = Words(
    """
    pov|point of view|first person|dashcam|webcam|cctv|security camera|security footage|video call|screen recording
    vlog|selfie
    """
)
AERIAL = Words(
    """
    aerial|drone|bird's eye*|birds eye*|top down|satellite|fly through|flythrough|flyover|flying over|flying through
    """
)
#: Also where it is only heard.
ROUGH_WEATHER = Words(
    """
    thunder*|storm*|rain|rains|raining|rainy|rainfall|rainstorm|wind|windy|snowstorm|snowing|snowfall|tornado
    hurricane|fireworks|eruption|volcano
    """
)
#: Settles what light there can be.
CLEAR_OR_NOT = Words(
    """
    fog*|mist*|overcast|cloud*|sunny|clear sky|blue sky|lightning|hail|drizzl*|downpour|blizzard|snowing|snowfall
    haze|hazy|smog|sleet
    """
)
STORM = Words(
    "thunder*|storm*|snowstorm|tornado|hurricane|strong wind|howling wind", "storm trooper*|storms out|storm out"
)
OUTDOORS = Words(
    """
    car|truck|bus|train|motorcycle|bicycle|bike|plane|airplane|helicopter|tree|trees|house|building|river|kite
    """
)
COLOURED_SKY = Words("sky|skies|sun|shadow|shadows|shade|bright|cloud|clouds|rainbow|fireworks|campfire|sunflower*")
PLAIN = Words("plain background|white background|black background|macro|portrait|face|hand|hands|eye|eyes|isolated")
FLAT = Words(
    """
    flat|paper cut|cut out|pixel art|2d|animation|cartoon|anime|illustration|sketch|macro|line drawing|background
    """
)
HAZY = Words("fog*|mist*|haze|hazy|blur*|smoke|smoky|dark|darkness|dim|night|underwater")
VIOLENT = Words(
    """
    storm*|thunder*|explo*|crash*|fight*|attack*|battle|chase*|shatter*|scream*|erupt*|war|zombie*|panic|rapids
    tear~ it|rush*|crowd*
    """
)
IMMOVABLE = Words(
    """
    orbit*|half circle|circles|around|building|house|mountain*|tree|trees|road|street|bridge|statue|window|train
    lake|sky
    """
)
