export type DType = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'int32' | 'int64' | 'uint8' | 'uint32' | 'bool';

/**
 * One axis: a fixed length, or a length known only when the graph runs. A symbol is a name (`B`), or a product of names
 * and numbers in canonical form (`B*S`), as a reshape that merges axes gives.
 */
export type Dim = number | string;

export type Shape = readonly Dim[];

/** What an edge of the graph carries. Identity is by object; the name is unique within its graph. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A number, a text (a dtype for Cast), or a list: of integers, or of dimensions where a shape is meant. */
export type Attribute = number | string | readonly Dim[];

export interface Node {
  /** A key of the operator table. */
  readonly op: string;
  /** `null` stands for an optional input that is left out. */
  readonly inputs: readonly (Value | null)[];
  /** Complete: defaults are filled in, axes count from the front. */
  readonly attrs: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Value[];
  /** The part of the model that the node belongs to, `bert.encoder.layer.3.attention.self`; left out where there is none. */
  readonly scope?: string;
}

/** float16 and bfloat16 go as their bits. */
export type ConstantData = Float32Array | Uint16Array | Int8Array | Int32Array | BigInt64Array | Uint8Array | Uint32Array;

/** What is known of a value before it has a name. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A finished graph; nodes stand in an order in which every value is made before it is used. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly constants: ReadonlyMap<Value, ConstantData>;
  readonly nodes: readonly Node[];
  /** Output name to the value it returns. */
  readonly outputs: ReadonlyMap<string, Value>;
}
