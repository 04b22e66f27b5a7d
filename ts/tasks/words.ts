import type { Rng } from './rng.js';

/** Common English adjectives, for keys such as `brave-otter`. */
export const adjectives: readonly string[] = `
able absent ample ancient angry annual autumn awake aware awful basic bitter black blank bland blind blond blue blunt bold
bored bossy brave brief bright brisk broad broken bronze brown bulky bumpy busy calm candid careful careless casual cheap cheerful chief
chilly chubby civil clean clear clever close cloudy clumsy coarse cold common compact cool copper costly cozy crazy creamy crimson
crisp crooked crowded crude cruel curious curly curved daily damp daring dark dear decent deep dense direct dirty distant dizzy
double drowsy dry dull dusty eager early earnest eastern easy elder elegant empty endless enough entire equal eternal even evil
exact exotic extra faint fair faithful false famous fancy fast fatal feeble fertile fierce final fine firm first fiscal flat
fluffy fluid foggy fond foolish formal frail frank free fresh friendly frosty frozen fruity full funny fuzzy gentle giant gifted
glad gloomy glossy golden good graceful grand grateful gray greasy great greedy green grim gross grumpy guilty handy happy hard
harsh hasty healthy heavy helpful hidden high hollow honest hopeful horrid hostile huge humble humid hungry icy ideal idle ill
inner intact ivory jealous jolly joyful juicy junior keen kind large last late lazy lean legal level light likely limp
linen little lively local lofty lonely long loose loud lovely loyal lucky lunar mad magic main major mature meager meek
mellow merry messy mighty mild minor misty modern modest moist moody moral muddy mute narrow nasty native naughty naval near
neat nervous new nice nimble noble noisy normal northern novel oak obvious odd old olive open orange outer oval pale
patient perfect petty pink plain playful polite poor precious pretty prime private proper proud public pure purple quaint quick quiet
rapid rare raw ready real red regal remote rich rigid ripe robust rosy rough round royal rude rural rusty sacred
sad safe salty sandy scarlet secure serene severe shaky shallow sharp shiny short shy silent silky silver simple sleepy slender
slim slow small smart smooth snowy sober social soft solar solid sour southern spare spicy stable stale steady steep stern
stiff still stormy strange strict strong sturdy subtle sudden sunny super sweet swift tall tame tart tender tense thick thin
thirsty tidy tiny tired tough tragic true trusty ugly unique upper urban useful usual vague vain valid vast violet vivid
warm wary weak wealthy weary western wet white whole wicked wide wild windy wise witty wooden woolen worn yellow young`
  .trim()
  .split(/\s+/);

/** Common English nouns. */
export const nouns: readonly string[] = `
acorn actor airport alarm album alley almond amber anchor angel ankle antler anvil apple apron arch arena armor arrow artist
ash atlas attic author award axle badge badger bagel baker balcony ball bamboo banana band banjo bank banner barley barn
barrel basil basin basket bat bath battery beach beacon bead beak beam bean bear beard beaver bed bee beetle bell
belt bench berry bicycle bird biscuit bison blade blanket blossom board boat bolt bone bonnet book boot border bottle boulder
bow bowl box bracelet branch brass bread brick bridge brook broom brush bubble bucket buckle buffalo bugle builder bulb bundle
bus bush butcher butter button cabbage cabin cable cactus cake calendar camel camera camp canal candle canoe canvas canyon cape
captain car caramel card cargo carpet carrot cart castle cat cave cedar cellar cello chain chair chalk channel chapel cheese
cherry chess chest chicken chimney chin cider circle citrus city clam clay cliff clock cloth cloud clover coach coal coast
coat cobra coconut coffee coin collar comet compass concert cookie coral cork corn corner cottage cotton couch cougar council country
court cousin cow crab cradle crane crater crayon creek crew cricket crow crown crystal cup curtain cushion cycle daisy dam
dancer dawn deck deer delta dentist desert desk dial diamond diary dinner dish doctor dog doll dolphin donkey door dough
dove dragon drawer dream dress drill drum duck dune eagle ear earth easel echo editor eel egg elbow elephant elk
elm ember emerald engine envelope eraser estate evening eye fabric factory falcon farmer feather fence fern ferry festival fiddle field
fig finch finger fire fish flag flame flask flea fleet flint flood floor flour flower flute fly foam fog folder
forest fork fort fossil fountain fox frame friar friend frog fruit furnace galaxy gallery garage garden garlic garment gate gazelle
gem ghost giraffe glacier glass globe glove goat goose gorilla grain grape grass gravel grove guard guest guitar gull hail
hall hammer hamster handle harbor hare harp harvest hat hawk hazel heart hedge helmet hen herb heron hill hinge hockey
honey hood hook horn horse hose hotel hour house hunter hut iceberg igloo inch index ink inlet insect iris iron
island jacket jaguar jar jasmine jaw jelly jewel jigsaw judge jug jungle jury kayak kettle key king kitchen kite kitten
knee knife knight knot ladder lagoon lake lamb lamp lantern lark laser lawn lawyer leaf leather ledge lemon lentil leopard
letter lettuce lever library lid lily lime line lion lizard llama lobster lock locket lodge log lotus lumber lunch lute
lynx magnet maid mall mammoth mango mantle maple marble market marsh mask mast match mayor meadow melon mentor merchant mermaid
meteor milk mill mineral mint mirror mitten moat model mole monk monkey moon moose morning moss moth motor mountain mouse
mud muffin mule museum mushroom music mustard nail napkin necklace needle nephew nest net nickel night noodle north nose nurse
nut oasis oat ocean octopus officer oil onion opera orbit orchard orchid organ ostrich otter oven owl oyster paddle page
painter palace palm panda panel panther paper parade parcel parent park parrot parsley pasta pastry path peach peacock peanut pear
pearl pebble pedal pelican pen pencil penguin pepper petal piano pickle picnic picture pie pigeon pillow pilot pine pipe pirate
pitcher planet plank plant plate player plaza plum pocket poem poet pond pony poplar porch port potato pottery pouch powder
prairie prince prism prize puddle pump pumpkin puppy puzzle pyramid quail quarry queen quill quilt rabbit raccoon radar radio radish
raft rail rain raisin ranch raven razor reed reef ribbon rice rider ridge ring river road robin robot rocket roof
room rooster root rope rose ruby rug ruler sack saddle sail sailor salad salmon salt sand sandal satin sauce saucer
scarf school scooter scout screw sea seal seed shadow shark shed sheep shelf shell shelter shepherd ship shirt shoe shore
shovel shrimp singer skate sketch skirt sky sled sleeve slipper sloth snail snake soap sock sofa soil soldier song soup
spark sparrow spear spider spinach sponge spoon spring spruce squash squid stable stair stamp star statue steam steel stone stool
storm stove straw stream street string student studio sugar suit summer summit sun swan sweater sword table tailor tape target
tavern teacher temple tent theater thimble thistle thorn thread throne thumb thunder ticket tiger timber toad toast tomato tongue tool
torch tortoise towel tower town toy tractor trail train tray treasure tree trophy trout truck trumpet trunk tulip tunnel turkey
turnip turtle uncle valley vase vault vessel village vine violin visitor volcano voyage wagon waiter wallet walnut walrus waltz warden
wasp watch water wave weaver wedge whale wheat wheel whistle widow willow window wing winter wizard wolf wood worm wren
writer yacht yard yarn yogurt zebra zinc zipper`
  .trim()
  .split(/\s+/);

/** Common English verbs. */
export const verbs: readonly string[] = `
accept achieve admire admit adopt advise afford agree aim allow amuse appear argue arrive ask assist attend avoid bake beg
begin behave belong blend bless blink boil borrow bounce bow breathe bring build burn carry carve catch cause celebrate chase
chew choose chop claim clap climb collect compare complain confess connect consider contain cook copy count cover crawl create cross
decide decorate deliver deny depend describe deserve destroy discover divide draw dry earn eat embrace employ enjoy enter escape examine
exist expand explain explore fasten fetch fill fix float fold follow forget forgive gather glow grab greet grow guess hang
happen hatch heal help hesitate hide hire hope hug hum hurry imagine improve include increase inform insist invent invite join
juggle jump knit knock laugh lead learn lend lift listen live lock lose manage march marry measure melt mend mention
move nod notice obey observe obtain offer open operate order owe paint pause perform permit persuade plan plant play plead
polish pour practice praise pray prefer prepare pretend prevent produce promise protect prove provide pull punish push raise reach read
receive recognize refuse regret rely remain remember remind repair repeat replace reply rescue respect return reveal ride rinse roll row
rub run rush save scatter scold scrape scream search send separate settle sew shake share shave shine shiver shout shrug
sigh sing sink sit skip sleep slide smell smile snatch sneeze sniff solve speak spell spend spill splash spread squeeze
stand stare start stay steal stir stop stretch strike suffer suggest supply support suppose surprise surround swim swing take talk
taste teach tease tell thank think throw tie touch trace trade travel treat tremble trust try turn twist understand unite
untie use vanish visit wait wake walk wander warn wash wave wear weep weigh whisper win wipe wish wonder work
worry wrap wrestle wriggle write yawn yell`
  .trim()
  .split(/\s+/);

/** All words of the lists, each once. */
export const commonWords: readonly string[] = [...new Set([...nouns, ...adjectives, ...verbs])];

/** Draws `count` distinct numbers of seven digits. */
export function drawNumbers(rng: Rng, count: number): string[] {
  return drawDistinct(count, () => String(rng.integer(1_000_000, 9_999_999)));
}

/** A random UUID: 128 bits in lower-case hex, those of version 4 and its variant set. */
export function drawUuid(rng: Rng): string {
  const [a, b, c, d] = [rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32()];
  const bits = [a, (b & 0xffff0fff) | 0x4000, (c & 0x3fffffff) | 0x80000000, d];
  const hex = bits.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Distinct values of `draw`, in the order drawn. */
export function drawDistinct(count: number, draw: () => string): string[] {
  const values = new Set<string>();
  while (values.size < count) values.add(draw());
  return [...values];
}

/** Draws `count` distinct keys of the form `adjective-noun`. */
export function drawKeys(rng: Rng, count: number): string[] {
  return drawDistinct(count, () => drawKey(rng));
}

export function drawKey(rng: Rng): string {
  return `${rng.pick(adjectives)}-${rng.pick(nouns)}`;
}
