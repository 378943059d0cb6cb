/** Text from files and other programs with its control characters made visible, so that it cannot move the cursor or colour the screen. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => ('\t\n'.includes(character) ? ' ' : '�'));
}

/** Text with what nobody sees in it, such as a no-break space or a byte order mark, written as `\\u00a0`. */
export function visible(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cf}\p{Zl}\p{Zp}\u00a0\u00ad\u2000-\u200a\u202f\u205f\u3000]/gu, (character) =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
