/** Markup that is safe to put into a page as it is. */
export interface Html {
  readonly markup: string;
}

/** What a template may hold: text and numbers are escaped, markup is taken as it is, lists are joined, and what is absent is nothing. */
type Part = Html | string | number | null | undefined | false | readonly Part[];

/** A page's only way to markup: `` html`<p>${text}</p>` `` escapes every text between its own. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: strings.reduce((page, string, i) => page + markupOf(parts[i - 1]) + string) };
}

/** Markup that a library made and escaped. Never for text from data. */
export function trusted(markup: string): Html {
  return { markup };
}

function markupOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return 'markup' in part ? part.markup : part.map(markupOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For texts and quoted attributes alike. */
function escape(text: string): string {
  return visible(text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? ''));
}

/** Control characters, which neither HTML nor XML allows, and those that turn the direction of what follows, as signs. */
export function visible(text: string): string {
  return text.replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
