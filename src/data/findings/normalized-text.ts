/** What two texts share that a reader would call the same: shortened addresses differ in each copy of a message. */
export function normalizedText(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/https?:\/\/\S+/g, ' ').replace(/\s+/g, ' ').trim();
  return plain === '' ? text : plain;
}
