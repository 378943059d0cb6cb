/** A text, or two that a model reads together. */
export type Text = string | readonly [first: string, second: string];

/** One, or the two of a pair. */
export function segmentsOf(text: Text): readonly string[] {
  return typeof text === 'string' ? [text] : text;
}

/** Texts have the same key where all their segments are the same to the character; keys are in the order of the segments. */
export function textKey(text: Text): string {
  return typeof text === 'string' ? text : text.map((segment) => segment.replaceAll('\0', '\0\u0001')).join('\0\0');
}

export function textKeys(texts: readonly Text[]): readonly string[] {
  return areSingle(texts) ? texts : texts.map(textKey);
}

/** For a person, on one line or in one cell. */
export function shownText(text: Text): string {
  return segmentsOf(text).join(' | ');
}

/** The words of all segments, and no word of two. */
export function runningText(text: Text): string {
  return segmentsOf(text).join('\n');
}

/** Whether there is nothing but space. */
export function isBlank(text: Text): boolean {
  return segmentsOf(text).every((segment) => segment.trim() === '');
}

/** What is made of each segment. */
export function mapText(text: Text, change: (segment: string) => string): Text {
  return typeof text === 'string' ? change(text) : [change(text[0]), change(text[1])];
}

export function areSingle(texts: readonly Text[]): texts is readonly string[] {
  return texts.every((text) => typeof text === 'string');
}
