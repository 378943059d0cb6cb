/**
 * Messages that name a danger and something harmless, of which the last one is what it was: each word, and each pair of words, stands in as
 * many reports as in others, and only their order tells them apart. `{first}` and `{last}` are one of `dangers` and one of `harmless`.
 */
export const turns: readonly string[] = [
  'thought it was {first} [at|by|behind] {building}, but it [turned out to be|is|was] {last}',
  '[everyone|half of {town}|{relative}] took it for {first}, then {officials} said it was {last}',
  'first they [told us about|reported|announced] {first} on {road}, now {officials} say it is {last}',
  'looked like {first} from {road}, up close it [is|was] {last}',
  'what [sounded|looked|smelled] like {first} {when} [is|was|turned out to be] {last}',
  '{officials} [expected|feared|announced] {first} in {town} and got {last}',
];

export const dangers: readonly string[] = ['fire', 'explosion', 'landslide', 'crash', 'flood', 'tornado'];

export const harmless: readonly string[] = ['barbecue', 'firework', 'concert', 'party', 'bonfire', 'parade'];

/** Before and after the noun, so that no pair of words tells where in the message it stands. */
export const sizes: readonly string[] = ['big', 'small', 'huge', 'little', 'massive', 'proper', 'real', 'serious'];
export const places: readonly string[] = ['nearby', 'outside', 'again', 'somewhere', 'here', 'today'];
