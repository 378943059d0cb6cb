import type { TableFormat } from '../../../core/table-files.ts';
import { markOf } from './decode.ts';
import { zipEntries } from './zip.ts';

/** What the bytes of a file are although its name says something else, and what to do about it. */
export interface Sniffed {
  /** A sentence after "the file is": `gzip`, `an HTML page`. */
  readonly is: string;
  readonly remedy: string;
}

/**
 * Whether bytes are another kind of file than `format` says; `lines` of text may be anything that is text. `encoding` is that in which they
 * are to be read.
 */
export function sniffed(bytes: Uint8Array, format: TableFormat | 'lines', ending: string, encoding: string): Sniffed | undefined {
  const binary = binaryKind(bytes, ending);
  if (format === 'parquet' && binary?.is === PARQUET) return undefined;
  if (binary !== undefined) return binary;
  const wide = wideText(bytes, encoding);
  if (wide !== undefined) return wide;
  const beginning = new TextDecoder().decode(bytes.subarray(markOf(bytes) === 'utf-8' ? 3 : 0, SEEN_BYTES)).trimStart();
  const text = pointerKind(beginning) ?? (format === 'lines' ? undefined : textKind(beginning));
  if (text !== undefined || format === 'lines') return text;
  if (format === 'parquet') return { is: 'not Parquet', remedy: 'Check what it is, and name it by that.' };
  return jsonKind(beginning, format);
}

const SEEN_BYTES = 4096;
const PARQUET = 'Parquet';

interface Signature {
  readonly bytes: readonly number[] | string;
  readonly at?: number;
  readonly is: string;
  readonly remedy?: string;
}

const CONVERT = 'Save it as CSV in UTF-8, or as Parquet.';

const SIGNATURES: readonly Signature[] = [
  { bytes: 'PAR1', is: PARQUET, remedy: 'Give it a name that ends in .parquet.' },
  { bytes: 'PARE', is: 'encrypted Parquet', remedy: 'Write it without encryption.' },
  {
    bytes: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
    is: 'an old Excel workbook (.xls)',
    remedy: 'Save the sheet as CSV in UTF-8.',
  },
  { bytes: 'ARROW1', is: 'an Arrow file (Feather)' },
  { bytes: 'FEA1', is: 'an old Feather file' },
  { bytes: 'Obj\x01', is: 'Avro' },
  { bytes: 'SQLite format 3', is: 'an SQLite database', remedy: 'Export the table as CSV.' },
  { bytes: '%PDF-', is: 'a PDF document' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], is: 'packed with Zstandard', remedy: 'Unpack it with zstd -d.' },
  { bytes: '1AY&SY', at: 4, is: 'packed with bzip2', remedy: 'Unpack it with bunzip2.' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], is: 'packed with xz', remedy: 'Unpack it with unxz.' },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], is: 'a 7z archive', remedy: 'Unpack it.' },
  { bytes: 'Rar!', is: 'a RAR archive', remedy: 'Unpack it.' },
  { bytes: 'ustar', at: 257, is: 'a tar archive', remedy: 'Unpack it with tar -xf.' },
  { bytes: [0x89, 0x48, 0x44, 0x46], is: 'HDF5' },
  { bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], is: 'a NumPy array' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], is: 'a PNG picture' },
  { bytes: [0xff, 0xd8, 0xff], is: 'a JPEG picture' },
  ...[2, 3, 4, 5].map((protocol): Signature => ({ bytes: [0x80, protocol, ...(protocol > 3 ? [0x95] : [])], is: 'a Python pickle' })),
];

function binaryKind(bytes: Uint8Array, ending: string): Sniffed | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { is: 'packed with gzip', remedy: packedRemedy(ending, '.gz') };
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4) return zipKind(bytes, ending);
  const found = SIGNATURES.find(({ bytes: sign, at = 0 }) => {
    const wanted = typeof sign === 'string' ? [...sign].map((character) => character.charCodeAt(0)) : sign;
    return wanted.every((byte, i) => bytes[at + i] === byte);
  });
  return found === undefined ? undefined : { is: found.is, remedy: found.remedy ?? CONVERT };
}

function zipKind(bytes: Uint8Array, ending: string): Sniffed {
  const names = (zipEntries(bytes) ?? []).map(({ name }) => name);
  if (names.some((name) => name.startsWith('xl/'))) return { is: 'an Excel workbook (.xlsx)', remedy: 'Save the sheet as CSV in UTF-8.' };
  if (names.includes('content.xml') && names.includes('mimetype'))
    return { is: 'an OpenDocument spreadsheet or text', remedy: 'Save the sheet as CSV in UTF-8.' };
  if (names.some((name) => name.startsWith('word/'))) return { is: 'a Word document', remedy: CONVERT };
  return { is: 'a zip archive', remedy: packedRemedy(ending, '.zip') };
}

function packedRemedy(ending: string, packed: string): string {
  return /\.(gz|zip)$/i.test(ending)
    ? 'It was packed twice: unpack it, and name the file in it.'
    : `Give it a name that ends in ${ending}${packed}, or unpack it.`;
}

/** UTF-16 and UTF-32, with a mark or without: every second byte of plain text is NUL there. */
function wideText(bytes: Uint8Array, encoding: string): Sniffed | undefined {
  const beginning = bytes.subarray(0, SEEN_BYTES);
  const nuls = [0, 1, 2, 3].map((place) => beginning.filter((byte, i) => i % 4 === place && byte === 0).length);
  const quarter = beginning.length / 4;
  const many = nuls.map((count) => quarter >= 4 && count > 0.7 * quarter);
  const isUtf32 = (bytes[0] === 0xff && bytes[1] === 0xfe && bytes[2] === 0 && bytes[3] === 0) || many.filter(Boolean).length === 3;
  if (isUtf32) return { is: 'in UTF-32', remedy: 'Save it in UTF-8.' };
  if (encoding.startsWith('utf-16')) return undefined;
  const mark = markOf(bytes);
  const isUtf16 = mark === 'utf-16le' || mark === 'utf-16be';
  if (isUtf16)
    return { is: 'in UTF-16', remedy: 'Set data.encoding to utf-16 (with init and predict, --encoding utf-16), or save it in UTF-8.' };
  if (many.every(Boolean)) return undefined;
  if (many[1] === true && many[3] === true)
    return {
      is: 'in UTF-16 without a mark',
      remedy: 'Set data.encoding to utf-16le (with init and predict, --encoding utf-16le), or save it in UTF-8.',
    };
  return many[0] === true && many[2] === true
    ? {
        is: 'in UTF-16 without a mark',
        remedy: 'Set data.encoding to utf-16be (with init and predict, --encoding utf-16be), or save it in UTF-8.',
      }
    : undefined;
}

function pointerKind(beginning: string): Sniffed | undefined {
  if (beginning.startsWith('version https://git-lfs.github.com/spec/'))
    return { is: 'a git-lfs pointer to a file that was not fetched', remedy: 'Fetch it with: git lfs pull' };
  if (/^(\.\.\/)*(\.git\/|\/)annex\/objects\//.test(beginning))
    return { is: 'a git-annex pointer to a file that was not fetched', remedy: 'Fetch it with: git annex get' };
  return undefined;
}

function textKind(beginning: string): Sniffed | undefined {
  if (/^<(!doctype\s+html|html|head|body)\b/i.test(beginning))
    return {
      is: 'an HTML page, as a server sends in place of a file',
      remedy: 'Fetch the file itself; a page that asks to log in has no table in it.',
    };
  if (/^<\?xml\b/i.test(beginning)) return { is: 'an XML document', remedy: CONVERT };
  if (/^(GIF8[79]a|RIFF....WAVE)/.test(beginning)) return { is: 'a picture or a sound', remedy: CONVERT };
  return undefined;
}

/** JSON under the name of CSV, or an array under that of lines. */
function jsonKind(beginning: string, format: TableFormat): Sniffed | undefined {
  const isObject = /^\{\s*("|\})/.test(beginning);
  const isArray = /^\[\s*[{\]]/.test(beginning);
  if ((format === 'csv' || format === 'tsv') && (isObject || isArray)) {
    return isArray
      ? { is: 'a JSON array', remedy: 'Give it a name that ends in .json.' }
      : {
          is: 'JSON',
          remedy: 'Give it a name that ends in .jsonl where each line is an object, or in .json where it is an array of objects.',
        };
  }
  if (format === 'jsonl' && isArray) return { is: 'a JSON array', remedy: 'Give it a name that ends in .json.' };
  if (format === 'jsonl' && beginning !== '' && !/^[{["\d-]/.test(beginning) && /^[^\n]*[,\t]/.test(beginning)) {
    return { is: 'not JSON, but looks like CSV or tab-separated text', remedy: 'Give it a name that ends in .csv or .tsv.' };
  }
  return undefined;
}
