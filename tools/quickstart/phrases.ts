/**
 * The stuff the quickstart's messages are made of. In a template, `{name}` stands for any phrase of the slot of that
 * name and `[a|b|]` for any of the alternatives; both nest.
 */
export interface Theme {
  /** What the `keyword` column says. */
  readonly keyword: string;
  /** Messages about something that is happening or has happened. */
  readonly report: readonly string[];
  /** Messages that use the same words for something else: figures of speech, games, films, plans, drills. */
  readonly everyday: readonly string[];
}

export const slots: Readonly<Record<string, readonly string[]>> = {
  town: [
    'Harrow Creek', 'Port Ellery', 'Kestrel Bay', 'Dunmarrow', 'Saltley', 'New Brannock', 'Oldmere', 'Wexcombe',
    'Tarn Hollow', 'Pinefield', 'Carrick Sound', 'Lower Aldham', 'Mirefield', 'Gansby', 'Redstone Flats', 'East Corley',
  ],
  road: ['Route {roadNumber}', 'the ring road', 'Mill Lane', 'the {town} bypass', 'the coast road', 'Quarry Street', 'the A{roadNumber}', 'Station Road'],
  building: [
    'a warehouse', 'a block of flats', 'the old paper mill', 'a primary school', 'a furniture shop', 'the bus depot',
    'a two storey house', 'a care home', 'the grain silo', 'a hotel', 'the leisure centre', 'a bakery',
  ],
  crews: ['fire crews', 'rescue teams', 'emergency services', 'firefighters', 'paramedics', 'the coastguard', 'volunteers', 'police and ambulance crews'],
  officials: ['officials', 'police', 'the mayor', 'the council', 'the fire service', 'a spokesperson', 'witnesses', 'the met office'],
  people: ['families', 'residents', 'passengers', 'workers', 'students', 'people', 'guests', 'drivers'],
  hurt: ['injured', 'dead', 'missing', 'taken to hospital', 'treated for smoke inhalation', 'trapped', 'killed', 'unaccounted for'],
  number: ['two', 'three', 'four', 'six', '7', '9', '11', '14', '23', '36', '40', '120'],
  roadNumber: ['4', '9', '17', '22', '38', '61', '104', '350'],
  when: [
    'this morning',
    'overnight',
    'last night',
    'earlier today',
    'around 4am',
    'just now',
    'shortly before noon',
    'on Tuesday',
    'in the early hours',
    'this afternoon',
  ],
  river: ['the river', 'the Arrow', 'the canal', 'the Tamble', 'the reservoir', 'the creek'],
  relative: ['my sister', 'my brother', 'mum', 'my dad', 'my flatmate', 'my boss', 'my neighbour', 'the dog', 'my gran', 'my ex'],
  chore: [
    'the laundry',
    'my thesis',
    'these spreadsheets',
    'the dishes',
    'this essay',
    'my inbox',
    'the school run',
    'tax season',
    'moving house',
  ],
  food: [
    'this curry',
    'the chilli',
    'that burger',
    'grandma’s stew',
    'these noodles',
    'the new hot sauce',
    'my birthday cake',
    'this ramen',
  ],
  music: ['the new album', 'this chorus', 'that bass line', 'the encore', 'her voice', 'this playlist', 'the drummer', 'that remix'],
  team: ['the Saltley Owls', 'our under 12s', 'the Gansby Rovers', 'the home side', 'the Kestrels', 'my fantasy team', 'the B team'],
  event: [
    'the wedding',
    'my exam',
    'the concert',
    'the interview',
    'book club',
    'the office party',
    'game night',
    'prom',
    'the season finale',
  ],
  feeling: ['honestly', 'i swear', 'no joke', 'ngl', 'not gonna lie', 'literally', 'im telling you', 'lol'],
  thing: ['phone', 'laptop', 'group chat', 'weekend', 'love life', 'kitchen', 'garden', 'skincare', 'sleep schedule', 'bank account'],
  weekday: ['monday', 'friday', 'tuesday', 'thursday', 'saturday', 'sunday'],
};

export const themes: readonly Theme[] = [
  {
    keyword: 'fire',
    report: [
      '[Large|Huge|Major|] fire at {building} [in|near|outside] {town}, {crews} [on scene|at the scene|on their way]',
      '{crews} are tackling a [blaze|fire|grass fire] that broke out {when} [near|off|behind] {road}. [Keep windows closed|Avoid the area|{number} {hurt}]',
      'Thick black smoke over {town} after {building} caught fire {when}',
      'Just drove past {road} and {building} is on fire, flames coming [out of the roof|through the windows]. Hope everyone got out',
      'Wildfire near {town} has burned [{number} hectares|{number} homes|through the nature reserve], {people} told to leave',
      '{building} gutted by fire in {town}; {officials} say {number} {people} {hurt}',
    ],
    everyday: [
      '{music} is [pure fire|straight fire|fire], been on repeat since {when}',
      '{food} set my mouth on fire and i would do it again',
      '{relative} is on fire in the kitchen today, three cakes [& counting|already]',
      '{team} are on fire this season, {number} wins [in a row|and no sign of stopping]',
      'trying to light a fire under {relative} to finish {chore}',
      'That outfit at {event} was [fire|🔥🔥] {feeling}',
    ],
  },
  {
    keyword: 'flood',
    report: [
      '{river} has burst its banks [at|near|above] {town}, {road} is under water',
      'Flood water [rising fast|up to the windowsills|waist deep] on {road}, {crews} moving {people} by boat',
      'Flash flood warning for {town} after {number} inches of rain {when}; {officials} urge {people} to move to higher ground',
      '{number} {people} rescued from cars in flood water [near|outside] {town} {when}',
      'Our street in {town} is flooded again, [the cellar is gone|sandbags did nothing|power is off] and {river} is still rising',
      'Bridge on {road} washed away by floods, {number} {hurt}, {officials} say',
    ],
    everyday: [
      'flood of memories going through {relative}’s old photos',
      'My inbox is flooded after {event}, send [help|coffee|snacks]',
      'flooded with birthday messages, thank you all so much',
      '{relative} flooded the bathroom doing {chore} and blames me',
      'crying so hard at {event} i could flood {town}',
      'New players flood the market for {thing} cases, prices drop by {weekday}',
    ],
  },
  {
    keyword: 'earthquake',
    report: [
      'Magnitude [4.8|5.6|6.1|6.7] earthquake strikes {number} km from {town}, [no tsunami warning|damage reported|aftershocks expected]',
      'Strong earthquake felt in {town} {when}, {people} ran into the street',
      '{number} {hurt} after quake brings down {building} near {town}',
      'Aftershock just now in {town}, the walls are cracked and {road} is blocked by rubble',
      '{crews} search the rubble of {building} after the earthquake, {number} still {hurt}',
    ],
    everyday: [
      'the way {music} shakes my flat, it’s a small earthquake every {weekday}',
      '{relative} walks down the stairs like an earthquake',
      'That goal for {team} was an earthquake, the whole pub [jumped|was shaking|lost it]',
      'Earthquake drill at school today, {number} minutes under a desk with {relative}’s lunch',
      'documentary about the great earthquake on tonight, anyone watching?',
    ],
  },
  {
    keyword: 'crash',
    report: [
      '{number} {hurt} in crash on {road} near {town}, [both lanes|southbound lanes|the junction] closed',
      'Multi-vehicle crash on {road} {when}, {crews} cutting {people} free',
      'Light aircraft crashed [in a field|near the harbour] outside {town}; pilot {hurt}',
      'Bus carrying {number} {people} overturned on {road}, {officials} confirm',
      'Train derailed between {town} and {town} {when}. {number} {hurt}, line closed',
      'Just saw a terrible crash on {road}, lorry on its side and [glass everywhere|two cars under it]. Please slow down',
    ],
    everyday: [
      'my {thing} crashed again [right before {event}|and took {chore} with it|lol]',
      'sugar crash hitting [hard|me now] after {food}',
      'Gonna crash at {relative}’s place after {event}',
      'Crash course in [knitting|statistics|latte art] this {weekday}, {number} places left',
      '{relative} just crashed {event} and stole the show',
      'the site crashed because of {music} tickets, {feeling}',
    ],
  },
  {
    keyword: 'explosion',
    report: [
      'Explosion at {building} in {town}, {number} {hurt}',
      'Loud explosion heard across {town} {when}, {officials} say a gas main [ruptured|failed] on {road}',
      'Gas explosion flattens {building} near {road}; {crews} [looking for survivors|searching the debris]',
      'Blast at chemical plant outside {town}, {people} told to stay indoors and shut windows',
      'Windows blown out along {road} after an explosion {when}. {number} {hurt}',
    ],
    everyday: [
      'explosion of flavour, {food} [deserves a prize|is unreal|10/10]',
      'my {thing} is exploding with notifications since {event}',
      'colour explosion in {relative}’s new paintings, go and see them',
      'Head about to explode from {chore}',
      'Glitter explosion in the living room thanks to {relative}',
      'that plot twist in {event} made my brain explode 🤯',
    ],
  },
  {
    keyword: 'storm',
    report: [
      'Storm tears roof off {building} in {town}, {number} {hurt}',
      'Hurricane force winds hit {town} {when}: trees down on {road}, {number} homes without power',
      'Tornado touched down near {town}, {building} destroyed, {crews} going door to door',
      'Fishing boat with {number} aboard missing off {town} in the storm, {crews} searching',
      'Lightning strike sets {building} alight during storm over {town}',
      'Storm surge has cut off {town}, {road} impassable and {people} {hurt}',
    ],
    everyday: [
      'took {event} by storm, so proud of {relative}',
      'cooking up a storm with {relative}, {food} is nearly ready',
      'calm before the storm, {event} is {weekday}',
      'brainstorm session about {chore} went on for {number} hours',
      'Storm in a teacup over {relative}’s [haircut|parking|jokes], {feeling}',
      'nothing better than rain on the window, tea and {music}',
    ],
  },
  {
    keyword: 'collapse',
    report: [
      'Roof of {building} collapsed {when} in {town}, {number} {hurt}',
      'Scaffolding collapse on {road}: {number} {people} {hurt}, {crews} at the scene',
      'Part of the bridge at {town} has collapsed into {river}, {officials} confirm {number} vehicles involved',
      'Mine collapse near {town}, {number} workers {hurt}',
      'Crane collapsed onto {building}, {people} evacuated from {road}',
    ],
    everyday: [
      'collapsed on the sofa after {chore} and [woke up at 3|never moved again|missed {event}]',
      '{team} with another second half collapse, {feeling}',
      'my soufflé collapsed in front of {relative}',
      'tent collapsed on us at {music} festival, still the best {weekday} ever',
      'Watching my sleep schedule collapse before {event}',
    ],
  },
  {
    keyword: 'evacuation',
    report: [
      'Evacuation ordered for {town} as [wildfire|flood water|the gas leak] spreads, {number} {people} in shelters',
      '{number} {people} evacuated from {building} on {road} after [a gas leak|smoke was reported|a suspicious package was found]',
      'Hospital in {town} being evacuated {when}, {crews} moving patients',
      'We had to leave {town} with the kids and the cat, evacuation order came {when}',
    ],
    everyday: [
      'evacuate the kitchen, {relative} is making {food}',
      'Fire drill again, evacuated {building} for {number} minutes and lost my coffee',
      'if {relative} starts singing at {event} i am evacuating',
      'planning an evacuation from {chore} this {weekday}',
    ],
  },
  {
    keyword: 'landslide',
    report: [
      'Landslide buries {road} near {town} after heavy rain, {number} {hurt}',
      'Mudslide hits {building} above {town} {when}, {crews} digging by hand',
      'Hillside gave way onto the railway at {town}, {number} {people} led to safety',
      'Avalanche near {town}: {number} skiers {hurt}, {crews} searching with dogs',
    ],
    everyday: [
      '{team} win by a landslide, [5|6|7|9] nil',
      'landslide victory for {relative} in the cake contest',
      'avalanche of {chore} waiting on my desk this {weekday}',
      'opened the cupboard, avalanche of plastic boxes. every. time.',
    ],
  },
  {
    keyword: 'emergency',
    report: [
      'State of emergency declared in {town} after [the explosion|days of rain|the wildfire], {officials} say',
      'Emergency landing at {town} airport {when}, {number} {people} {hurt}',
      '{crews} responding to an emergency at {building}, {road} closed both ways',
      'Ferry with {number} {people} sent a mayday off {town}, {crews} alongside',
      'Chemical spill on {road} near {town}, {people} [told to stay inside|{hurt}]',
    ],
    everyday: [
      'snack emergency, who has [crisps|chocolate|biscuits]??',
      'Fashion emergency before {event}, need shoes by {weekday}',
      'wifi is down, this is an emergency, {feeling}',
      'in case of emergency call {relative}, they have {food}',
      'state of emergency in my {thing} since {event}',
    ],
  },
  {
    keyword: 'power outage',
    report: [
      'Power outage across {town} after substation fire, {number} {people} stuck in lifts',
      '{number} thousand homes without power in {town} since the storm {when}',
      'Blackout in {town}: hospital on generators, {road} signals dark, {number} crashes reported',
    ],
    everyday: [
      'my {thing} had a total blackout during {event}',
      'low battery is my personality this {weekday}',
      'blacked out my calendar for {event}, do not call',
      'power nap turned into {number} hours, {feeling}',
    ],
  },
  {
    keyword: 'wreck',
    report: [
      'Wreck on {road} involving {number} cars, {crews} en route, expect delays',
      'Divers reach the wreck of the trawler off {town}; {number} crew {hurt}',
      'Overturned tanker wreck blocks {road} at {town}, fuel leaking into {river}',
    ],
    everyday: [
      'emotional wreck after {event}, tissues please',
      'I look like a train wreck and {relative} still took a photo',
      'diving an old wreck on holiday, best {weekday} ever',
      'nervous wreck about {event}, wish me luck',
    ],
  },
  {
    keyword: 'sirens',
    report: [
      'Sirens all over {town}, {crews} heading for {building}, someone said {number} {hurt}',
      'Ambulances and sirens on {road} {when}, a cyclist has been hit, please avoid',
      'Tornado sirens going off in {town} right now, get to the basement',
    ],
    everyday: [
      '{relative} can imitate sirens perfectly and the dog hates it',
      'sirens in {music} get me every time, i keep checking the mirror',
      'alarm bells and sirens in my head when {relative} says “quick question”',
    ],
  },
];

/** What a reader could not tell apart either; the label is drawn. */
export const ambiguous: readonly string[] = [
  'smoke everywhere at {relative}’s place {when}',
  'sirens again on {road}, what is going on in {town}',
  'so that just happened. {road} is a mess',
  '{town} is burning tonight',
  'can’t believe what happened to {building} in {town}',
  'everybody out of {building} {when}, standing in the rain',
  'what a disaster {when}, still shaking',
  '{relative} is stuck in {town} and nobody picks up',
  'pray for {town}',
  '{team} bus stuck on {road}, police everywhere',
  'complete destruction at {building}',
  'the noise {when} was unreal, whole street awake',
];

/** Messages in which no such word is used at all. */
export const smallTalk: readonly string[] = [
  'good morning {town}, coffee first',
  'anyone selling a ticket for {event}? asking for {relative}',
  '{relative} finally learned to ride a bike {when} 🎉',
  'Does {food} count as breakfast',
  '{chore} done, now {music} & a long bath',
  'new timetable for {road} buses starts {weekday}, about time',
  'i miss {relative} so much today',
  'is it [{weekday}|payday|the weekend] yet',
  'looking for a flat in {town}, under [six|seven|eight|nine] hundred, cat friendly',
  'The library on {road} opens again {weekday}!',
];

export const tails = {
  report: [
    '. [More soon|More to follow|Details to come].',
    '. Stay safe everyone.',
    '. [Photos|Video]: {url}',
    ' {url}',
    ' via @{user}',
    ' #breaking',
    ' 🚨',
    ' 😢',
    ' 🙏',
    ' #{town}',
    ' &gt;&gt; {url}',
  ],
  everyday: [' 😂', ' 😭', ' 🔥', ' ❤️', ' lol', ' haha', ' {feeling}', ' #{weekday}', ' {url}', ' 💀', '!!!', ' smh', ' &lt;3', ' 🙏'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
