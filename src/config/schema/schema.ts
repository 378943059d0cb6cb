/** A value that JSON and YAML can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object' | 'null';

/** The part of JSON Schema 2020-12 that configurations need. There is no `required`: a layer may leave out anything. */
export interface SchemaNode {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type: JsonType | readonly JsonType[];
  /** A property without a default has to be given by some layer, unless it is an object, which is filled from its properties. */
  readonly default?: Json;
  /** Values to learn from, for editors and docs/configuration.md. */
  readonly examples?: readonly Json[];
  readonly enum?: readonly (string | null)[];
  /** Words, and a pattern of further ones. */
  readonly anyOf?: readonly [Pick<SchemaNode, 'enum'>, Pick<SchemaNode, 'pattern'>];
  readonly pattern?: string;
  /** What the pattern asks for, in words; editors show it too. */
  readonly patternErrorMessage?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** No further keys, or what each of them holds. */
  readonly additionalProperties?: false | SchemaNode;
  /** One rule a kind, for objects that come in kinds. */
  readonly allOf?: readonly KindRule[];
}

/** "Where `name` is this, only these keys may stand." */
interface KindRule {
  readonly if: { readonly properties: { readonly name: { readonly const: string } }; readonly required: readonly ['name'] };
  readonly then: { readonly propertyNames: { readonly enum: readonly string[] } };
}

declare const valueType: unique symbol;

/** A schema that remembers, for the compiler only, the type of the complete values it describes. */
export interface Schema<T> extends SchemaNode {
  readonly [valueType]?: T;
}

export type Value<S> = S extends Schema<infer T> ? T : never;

type Properties = Readonly<Record<string, SchemaNode>>;
type Values<P extends Properties> = { readonly [K in keyof P]: Value<P[K]> };
type Kinds<P extends Properties> = Readonly<Record<string, readonly (keyof P & string)[]>>;
type OneOf<P extends Properties, K extends Kinds<P>> = {
  [Name in keyof K]: Pick<Values<P>, K[Name][number]> & { readonly name: Name };
}[keyof K];

interface About<T> {
  readonly description: string;
  readonly default?: T;
  readonly examples?: readonly [T];
}

interface Range {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** A column of a table or several, as a rule. */
export const textOrList = (about: About<string> & { readonly items: string }): Schema<string | readonly string[]> => {
  const { items, ...own } = about;
  return { type: ['string', 'array'], minLength: 1, items: text({ description: items }), minItems: 1, ...own };
};

/** Text that is not empty, or a number that stands for its digits. */
export const textOrNumber = (about: About<string>): Schema<string | number> => ({ type: ['string', 'number'], minLength: 1, ...about });

/** Text that is not empty. */
export const text = (about: About<string> & Pick<SchemaNode, 'pattern' | 'patternErrorMessage' | 'maxLength'>): Schema<string> => ({
  type: 'string',
  minLength: 1,
  ...about,
});

export const integer = (about: About<number> & Range): Schema<number> => ({ type: 'integer', ...about });

export const number = (about: About<number> & Range): Schema<number> => ({ type: 'number', ...about });

export const flag = (about: About<boolean>): Schema<boolean> => ({ type: 'boolean', ...about });

/** One of a few words. */
export const choice = <const C extends string>(values: readonly C[], about: About<NoInfer<C>>): Schema<C> => ({
  type: 'string',
  enum: values,
  ...about,
});

/** One of many words, or a text of a pattern. */
export const wordOr = <W extends string>(
  words: readonly W[],
  pattern: string,
  about: About<NoInfer<W>> & Required<Pick<SchemaNode, 'patternErrorMessage'>>,
): Schema<W> => ({ type: 'string', anyOf: [{ enum: words }, { pattern }], ...about });

export const list = <T extends Json>(
  items: Schema<T>,
  about: About<readonly T[]> & Pick<SchemaNode, 'minItems' | 'maxItems'>,
): Schema<readonly T[]> => ({
  type: 'array',
  items,
  ...about,
});

export const pair = <T extends Json>(items: Schema<T>, about: About<readonly [T, T]>): Schema<readonly [T, T]> => ({
  type: 'array',
  items,
  minItems: 2,
  maxItems: 2,
  ...about,
});

export const object = <P extends Properties>(description: string, properties: P): Schema<Values<P>> => ({
  type: 'object',
  description,
  properties,
  additionalProperties: false,
});

/**
 * An object, or a text alone that stands for its `path`. Nothing else of the object has to be given, and nothing is filled in: what it
 * leaves out is taken from elsewhere.
 */
export const pathOr = <P extends Properties>(
  description: string,
  properties: P,
  example: string,
): Schema<string | ({ readonly path: string } & Partial<Values<P>>)> => ({
  type: ['string', 'object'],
  minLength: 1,
  description,
  examples: [example],
  properties: { path: text({ description: 'Path of the file.', examples: [example] }), ...withoutDefaults(properties) },
  additionalProperties: false,
});

function withoutDefaults(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).map(([key, { default: _, ...schema }]) => [key, schema]));
}

/** Whether a text alone may stand for an object with this `path`. */
export function isPathOr(schema: SchemaNode | undefined): boolean {
  return schema?.properties?.['path'] !== undefined && typesOf(schema).includes('string') && typesOf(schema).includes('object');
}

/** Texts in a list, or one for each of some keys. */
export const listOrTexts = (
  items: Schema<string>,
  of: Schema<string>,
  about: About<readonly string[]> & Pick<SchemaNode, 'minItems'>,
): Schema<readonly string[] | Readonly<Record<string, string>>> => ({
  type: ['array', 'object'],
  items,
  additionalProperties: of,
  ...about,
});

/** A word, or an object of whatever keys with a number each. */
export const wordOrNumbers = <const W extends string>(
  word: W,
  numbers: Schema<number>,
  about: { readonly description: string; readonly examples?: readonly Json[] },
): Schema<W | Readonly<Record<string, number>>> => ({
  type: ['string', 'object'],
  pattern: `^${word}$`,
  patternErrorMessage: word,
  additionalProperties: numbers,
  ...about,
});

/** The same, or a number. */
export const orNumber = <T>(schema: Schema<T>, range: Range): Schema<T | number> => ({
  ...(schema as SchemaNode),
  type: ['number', ...typesOf(schema)],
  ...range,
});

/** The same, or null; null unless it is given. */
export const nullable = <T>(schema: Schema<T>): Schema<T | null> => ({
  ...(schema as SchemaNode),
  type: [...typesOf(schema), 'null'],
  ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] }),
  default: null,
});

/** A whole number, or the word `auto`, which is the default. */
export const orAuto = (schema: Schema<number>): Schema<number | 'auto'> => ({
  ...(schema as SchemaNode),
  type: ['integer', 'string'],
  pattern: '^auto$',
  patternErrorMessage: 'auto',
  default: 'auto',
});

/**
 * An object whose `name` says of which kind it is, and so which of the properties it has. A property means the same in every
 * kind that has it, so that its value may stay when a layer changes the kind.
 */
export const kinds = <P extends Properties, const K extends Kinds<P>>(
  about: About<keyof K & string>,
  properties: P,
  table: K,
): Schema<OneOf<P, K>> => ({
  type: 'object',
  description: about.description,
  properties: { name: { type: 'string', enum: Object.keys(table), ...about }, ...properties },
  additionalProperties: false,
  allOf: Object.entries(table).map(([name, keys]) => ({
    if: { properties: { name: { const: name } }, required: ['name'] },
    then: { propertyNames: { enum: ['name', ...keys] } },
  })),
});

/** The words that a value may be; none where it may be anything. */
export function wordsOf({ enum: words, anyOf }: SchemaNode): readonly string[] {
  return (words ?? anyOf?.[0].enum ?? []).filter((word) => word !== null);
}

export function typesOf(schema: SchemaNode): readonly JsonType[] {
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}

/** The keys that an object of this kind has, or all keys where the schema has no kinds or the kind is unknown. */
export function keysOf(schema: SchemaNode, name: unknown): readonly string[] {
  const rule = schema.allOf?.find((candidate) => candidate.if.properties.name.const === name);
  return rule?.then.propertyNames.enum ?? Object.keys(schema.properties ?? {});
}

/** The kinds that have a key. */
export function kindsWith(schema: SchemaNode, key: string): readonly string[] {
  return (schema.allOf ?? []).filter((rule) => rule.then.propertyNames.enum.includes(key)).map((rule) => rule.if.properties.name.const);
}

/** A property's schema; undefined for names that the schema does not have, those of Object.prototype too. A map takes any name. */
export function propertyOf(schema: SchemaNode, key: string): SchemaNode | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** A place in a value: keys of objects, numbers for items of lists. */
export type Path = readonly (string | number)[];

/** The schema of the value at a path. */
export function schemaAt(schema: SchemaNode | undefined, path: Path): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>(
    (node, key) => (node === undefined ? undefined : typeof key === 'number' ? node.items : propertyOf(node, key)),
    schema,
  );
}

/** `stages[2].when` for `['stages', 2, 'when']`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`), '');
}

/** Every path of a schema below its root, objects before their properties; lists are not entered. */
export function pathsOf(schema: SchemaNode, above: readonly string[] = []): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => [[...above, key], ...pathsOf(child, [...above, key])]);
}
