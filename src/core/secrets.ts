/** Text without what lets somebody in. Both ways through it are linear in its length: error pages of strangers come through here. */

/**
 * Text without the user and password of the addresses in it, without the values of their parameters that look like a key, and
 * without tokens of the hub; as many characters as it had, so that a mark below it stays in its place.
 */
export function withoutCredentials(text: string): string {
  return withoutHubTokens(replaced(text, addressesIn(text), veiled));
}

/** Text of others without secrets that they may have been told. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret !== '').reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** What of a text would let somebody in: `a user or password`, `a value of token`, `a token of the hub`; undefined for an innocent one. */
export function credentialIn(text: string): string | undefined {
  for (const { start, end } of addressesIn(text)) {
    const address = text.slice(start, end);
    if (/^[^/?#\\]*@/.test(address)) return 'a user or password';
    const parameter = parametersIn(address).find(({ value }) => value !== '');
    if (parameter !== undefined) return `a value of ${parameter.name}`;
  }
  return withoutHubTokens(text) === text ? undefined : 'a token of the hub';
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A text with some of its ranges, which are in order, as `by` has them. */
function replaced(text: string, ranges: readonly Range[], by: (part: string) => string): string {
  let from = 0;
  const parts = ranges.flatMap(({ start, end }) => {
    const before = text.slice(from, start);
    from = end;
    return [before, by(text.slice(start, end))];
  });
  return [...parts, text.slice(from)].join('');
}

/**
 * Where the addresses of a text are, each from behind its scheme to the next space, quote or bracket. Browsers take http:host, too, and
 * what begins with // is one where a user with a password follows.
 */
function addressesIn(text: string): readonly Range[] {
  const found: Range[] = [];
  const begins = /(?<=[\w+.-]):\/\/|https?:\/?(?![\s/])|(?<![\w/])\/\/(?=[^\s"'`<>/:@]+:[^\s"'`<>/@]*@)/gi;
  const ends = /[\s"'`<>]|$/g;
  for (let begin = begins.exec(text); begin !== null; begin = begins.exec(text)) {
    const start = begin.index + begin[0].length;
    ends.lastIndex = start;
    const end = ends.exec(text)?.index ?? text.length;
    found.push({ start, end });
    begins.lastIndex = Math.max(end, start);
  }
  return found;
}

/** A password may hold any sign, so that all before the last @ goes. */
function veiled(address: string): string {
  const at = address.lastIndexOf('@');
  const open = at === -1 ? address : `${stars(address.slice(0, at))}${address.slice(at)}`;
  return replaced(open, parametersIn(open), stars);
}

/** `?token=…`, `&X-Amz-Signature=…`: the parameters of an address whose name says that the value is nobody's business. */
function parametersIn(address: string): readonly (Range & { readonly name: string; readonly value: string })[] {
  const query = address.search(/[?#]/);
  if (query === -1) return [];
  return [...address.matchAll(/([?&;#])([^=?&;#]*)=([^?&;#]*)/g)].flatMap((match) => {
    const [whole, , name = '', value = ''] = match;
    const end = match.index + whole.length;
    return match.index >= query && isSecretName(name) ? [{ name, value, start: end - value.length, end }] : [];
  });
}

const isSecretName = (name: string): boolean =>
  /token|secret|passw|pwd|signature|credential|api-?_?key|access-?_?key|^(key|sig|auth|pass|jwt|code|session)$/i.test(name);

function withoutHubTokens(text: string): string {
  return text.replace(/\bhf_[A-Za-z0-9]{16,}/g, stars);
}

/** Counted as places in a line are: in characters, not in halves of them. */
const stars = (text: string): string => '*'.repeat([...text].length);
