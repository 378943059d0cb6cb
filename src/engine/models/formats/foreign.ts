import { foreignContent, type Foreign } from '../../../core/foreign.ts';
import type { ByteSource } from './byte-source.ts';

type Format = 'safetensors' | 'torch';

interface Kind extends Foreign {
  /** The format that is read, if it is one. */
  readonly format?: Format;
  /** Of its first bytes, as Latin-1. */
  is(head: string, source: ByteSource): boolean;
}

const ANOTHER = 'Take the file of the same model that PyTorch or safetensors wrote.';

/** Looked for first: the beginning of a safetensors file may look like JSON. */
const kinds: readonly Kind[] = [
  {
    is: (head, { size }) => head.startsWith('\0\0\0\0{', 4) && lengthOf(head) <= size - 8,
    format: 'safetensors',
    what: 'it is a safetensors file',
    remedy: 'Call it model.safetensors.',
  },
  { is: (head) => head.startsWith('\x89HDF\r\n\x1a\n'), what: 'it is an HDF5 file, as TensorFlow and Keras write', remedy: ANOTHER },
  { is: (head) => head.startsWith('GGUF'), what: 'it is a GGUF file, as llama.cpp reads', remedy: ANOTHER },
  { is: (head) => head.startsWith('\x93NUMPY'), what: 'it is an array of NumPy', remedy: ANOTHER },
  {
    is: (head) => head.startsWith('PK\x03\x04'),
    format: 'torch',
    what: 'it is a zip archive, as PyTorch writes',
    remedy: 'Call it pytorch_model.bin.',
  },
  {
    is: (head) => head.startsWith('\x80') && head.charCodeAt(1) <= 5,
    format: 'torch',
    what: 'it is a pickle, as PyTorch writes',
    remedy: 'Call it pytorch_model.bin.',
  },
  {
    is: (head) => head.startsWith('ustar', 257),
    what: 'it is a tar archive, as PyTorch wrote before its first release',
    remedy: 'Load it with PyTorch and save its state_dict() again.',
  },
];

/** Bytes of a file's beginning by which kinds are told. */
const HEAD = 512;

/** What a file is that was read as one of a format and is none; undefined where it is no kind that is known. */
export function foreignKind(source: ByteSource, readAs: Format): Foreign | undefined {
  const beginning = source.read(0, Math.min(HEAD, source.size));
  const head = Buffer.from(beginning).toString('latin1');
  return kinds.find((kind) => kind.format !== readAs && kind.is(head, source)) ?? foreignContent(beginning, 'weights');
}

function lengthOf(head: string): number {
  return Buffer.from(head.slice(0, 4), 'latin1').readUInt32LE();
}
