import type { Attribute, DType, Shape } from './types.ts';

/**
 * What an attribute may hold. `axis`, `axes` and `new-axes` may be given counted from the end and are kept counted from
 * the front; `axes` left empty means all of them. `new-axes` count in the result, as Unsqueeze has it.
 */
export interface AttributeKinds {
  readonly int: number;
  readonly float: number;
  readonly axis: number;
  readonly ints: readonly number[];
  readonly axes: readonly number[];
  readonly 'new-axes': readonly number[];
  readonly dims: Shape;
  readonly dtype: DType;
  readonly text: string;
}

export type AttributeKind = keyof AttributeKinds;

/** One attribute of an operator. `operand`: ONNX takes it as an input tensor; here it is a plain attribute all the same. */
export interface AttributeSpec<K extends AttributeKind = AttributeKind, Optional extends boolean = boolean> {
  readonly kind: K;
  readonly optional: Optional;
  readonly fallback?: Attribute;
  readonly operand: boolean;
}

export type AttributeSpecs = Readonly<Record<string, AttributeSpec>>;

/** A node's complete attributes. */
export type AttributeValues<A extends AttributeSpecs> = { readonly [K in keyof A]: AttributeKinds[A[K]['kind']] };

type OptionalKeys<A extends AttributeSpecs> = { [K in keyof A]: A[K]['optional'] extends true ? K : never }[keyof A];

/** What a caller gives: attributes with a default may be left out. */
export type AttributeArguments<A extends AttributeSpecs> = Partial<Pick<AttributeValues<A>, OptionalKeys<A>>> &
  Omit<AttributeValues<A>, OptionalKeys<A>>;

/** An attribute of the table, required without a fallback. */
export function attr<K extends AttributeKind>(kind: K): AttributeSpec<K, false>;
export function attr<K extends AttributeKind>(kind: K, fallback: AttributeKinds[K]): AttributeSpec<K, true>;
export function attr<K extends AttributeKind>(kind: K, fallback?: AttributeKinds[K]): AttributeSpec<K> {
  return fallback === undefined ? { kind, optional: false, operand: false } : { kind, optional: true, fallback, operand: false };
}

/** As `attr`, for what ONNX takes as an input tensor. */
export function operand<K extends AttributeKind>(kind: K): AttributeSpec<K, false>;
export function operand<K extends AttributeKind>(kind: K, fallback: AttributeKinds[K]): AttributeSpec<K, true>;
export function operand<K extends AttributeKind>(kind: K, fallback?: AttributeKinds[K]): AttributeSpec<K> {
  return fallback === undefined ? { kind, optional: false, operand: true } : { kind, optional: true, fallback, operand: true };
}
