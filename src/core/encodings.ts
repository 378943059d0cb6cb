/** Names of text encodings, as the WHATWG standard and as Python spell them. */

/** Spellings of Python that are no labels of the standard, `_` written as `-`. */
const PYTHON: Readonly<Record<string, string>> = {
  'utf-8-sig': 'utf-8',
  u8: 'utf-8',
  utf: 'utf-8',
  cp65001: 'utf-8',
  u16: 'utf-16',
  utf16: 'utf-16',
  'utf-16-le': 'utf-16le',
  'utf-16-be': 'utf-16be',
  'latin-1': 'latin1',
  'iso-8859-1-1987': 'latin1',
  '8859': 'latin1',
  ansi: 'windows-1252',
  'windows-latin-1': 'windows-1252',
  'shift-jis': 'shift_jis',
  's-jis': 'shift_jis',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  cp936: 'gbk',
  ms936: 'gbk',
  cp949: 'euc-kr',
  uhc: 'euc-kr',
  cp950: 'big5',
  'big5-hkscs': 'big5',
  eucjp: 'euc-jp',
  euckr: 'euc-kr',
  'mac-roman': 'macintosh',
  macroman: 'macintosh',
  'mac-cyrillic': 'x-mac-cyrillic',
};

/** What to name in messages. */
export const USUAL_ENCODINGS = [
  'utf-8',
  'utf-16',
  'latin1',
  'windows-1252',
  'windows-1251',
  'iso-8859-2',
  'shift_jis',
  'gb18030',
  'big5',
  'euc-kr',
] as const;

/** For messages about a name that is none. */
export const OTHER_ENCODINGS = `Encodings are ${USUAL_ENCODINGS.join(', ')} and others of the WHATWG standard.`;

/**
 * The standard's name of an encoding, in lower case: `windows-1252` for latin1, as browsers have it, and `utf-16` where the file's mark
 * says which of the two; undefined where it can be decoded by no such name.
 */
export function encodingOf(label: string): string | undefined {
  const spelled = label.trim().toLowerCase();
  const dashed = spelled.replaceAll('_', '-');
  const known = PYTHON[dashed] ?? PYTHON[dashed.replaceAll('-', '')];
  const ofPython = [
    dashed.replace(/^iso-?(\d)/, 'iso-$1'),
    dashed.replace(/^cp-?(\d+)$/, 'windows-$1'),
    dashed.replace(/^cp-?(\d+)$/, 'ibm$1'),
  ];
  const candidates = [...(known === undefined ? [] : [known]), spelled, dashed, ...ofPython];
  for (const candidate of candidates) {
    if (candidate === 'utf-16') return candidate;
    try {
      return new TextDecoder(candidate).encoding;
    } catch {
      // Not a label of the standard, or one that Node cannot decode.
    }
  }
  return undefined;
}
