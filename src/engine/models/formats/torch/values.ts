import type { SafetensorsDtype } from '../safetensors-header.ts';

/** What a pickle can make here: data, and names of the few things that descriptions of tensors refer to. None of them runs anything. */
export type Pickled = null | boolean | number | bigint | string | Bytes | List | Tuple | Dictionary | Global | Storage | Tensor | Opaque;

export interface Bytes {
  readonly kind: 'bytes';
}

interface List {
  readonly kind: 'list';
  readonly items: Pickled[];
}

interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly Pickled[];
}

export interface Dictionary {
  readonly kind: 'dictionary';
  readonly entries: Map<Pickled, Pickled>;
}

/** A name of the allow-list, such as `torch.FloatStorage`. */
export interface Global {
  readonly kind: 'global';
  readonly name: string;
}

/** Bytes of the file under a key of its own. */
export interface Storage {
  readonly kind: 'storage';
  readonly key: string;
  readonly dtype: SafetensorsDtype;
  /** Bytes of the storage as a whole. */
  readonly size: number;
  /** Its part that is meant, in bytes: all of it but in the oldest files. */
  readonly begin: number;
  readonly end: number;
}

/** Elements of a storage. */
export interface Tensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly dtype: SafetensorsDtype;
  /** The first element, counted from the beginning of the storage's part. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements from one to the next along each axis. */
  readonly strides: readonly number[];
}

/** Something that is of no use here, such as the device that a tensor was on. */
export interface Opaque {
  readonly kind: 'opaque';
}

export function isSequence(value: Pickled | undefined): value is List | Tuple {
  return isKind(value, 'list') || isKind(value, 'tuple');
}

export function isKind<K extends Exclude<Pickled, null | boolean | number | bigint | string>['kind']>(
  value: Pickled | undefined,
  kind: K,
): value is Extract<Pickled, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** A value in a few words. */
export function called(value: Pickled | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value !== 'object') return `a ${typeof value}`.replace('bigint', 'number').replace('string', 'text');
  if (value.kind === 'global') return value.name;
  return value.kind === 'opaque' ? 'an object' : value.kind === 'bytes' ? 'bytes' : `a ${value.kind}`;
}
