import { shortened } from '../../core/text.ts';
import { isPathOr, typesOf, wordsOf, type SchemaNode } from './schema.ts';
import { likelyWord } from './suggest.ts';
import type { Tree } from '../yaml/tree.ts';

/** What a schema asks for, in words that follow "must be". */
export function expected(schema: SchemaNode): string {
  const types = typesOf(schema);
  if (EVERY_TYPE.every((type) => types.includes(type))) return 'any value';
  const alternatives: string[] = [];
  const words = wordsOf(schema);
  if (schema.anyOf !== undefined) alternatives.push(schema.patternErrorMessage ?? 'text');
  else if (words.length > 0) alternatives.push(`one of ${words.join(', ')}`);
  else if (types.includes('object') && !types.includes('string')) alternatives.push(`a mapping with ${keysInWords(schema)}`);
  else {
    if (types.includes('integer')) alternatives.push(`a whole number${bounds(schema)}`);
    if (types.includes('number')) alternatives.push(`a number${bounds(schema)}`);
    if (types.includes('boolean')) alternatives.push('true or false');
    const word = schema.patternErrorMessage ?? onlyWord(schema) ?? 'text';
    if (types.includes('string')) alternatives.push(isPathOr(schema) ? 'a path' : word);
    if (types.includes('object')) alternatives.push(`a mapping with ${keysInWords(schema)}`);
    if (types.includes('array')) alternatives.push(listInWords(schema));
  }
  if (types.includes('null')) alternatives.push('null');
  return alternatives.join(', or ');
}

const EVERY_TYPE = ['string', 'number', 'boolean', 'array', 'object', 'null'] as const;

/** What stands there instead, in words that follow "but is". */
export function found(tree: Tree): string {
  if (tree.kind === 'map') return 'a mapping';
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : `a list of length ${tree.items.length}`;
  if (tree.value === null) return tree.source === '' ? 'empty' : tree.source;
  if (typeof tree.value === 'string') return tree.value === '' ? 'empty text' : `the text ${JSON.stringify(shortened(tree.value))}`;
  return tree.source === '' ? String(tree.value) : shortened(tree.source);
}

/** The value that was probably meant, where one is near. */
export function likelyValue(schema: SchemaNode, tree: Tree): string | undefined {
  if (tree.kind === 'map') return templateIn(schema, tree);
  if (tree.kind !== 'scalar' || tree.value === null) return undefined;
  const types = typesOf(schema);
  const kinds = (schema.allOf ?? []).map((rule) => rule.if.properties.name.const);
  const kind = kinds.length > 0 ? likelyWord(String(tree.value), kinds) : undefined;
  if (kind !== undefined) return `{ name: ${kind} }`;
  const words = wordsOf(schema);
  if (words.length > 0) return likelyWord(String(tree.value), words);
  if (types.includes('boolean')) return YES_OR_NO.get(String(tree.value).toLowerCase());
  if (types.includes('integer') || types.includes('number')) {
    if (typeof tree.value !== 'string') return undefined;
    const meant = numberIn(tree.value);
    if (meant !== undefined) return meant;
    return types.includes('string') ? likelyWord(tree.value, [onlyWord(schema) ?? 'auto']) : undefined;
  }
  const word = onlyWord(schema);
  if (word !== undefined) return likelyWord(String(tree.value), [word]);
  if (types.includes('array') && !types.includes('string')) return `[${tree.source}]`;
  return types.includes('string') && typeof tree.value !== 'string' ? JSON.stringify(tree.source) : undefined;
}

/** `{text}` without quotes, which reads as a mapping. */
function templateIn(schema: SchemaNode, { entries }: Extract<Tree, { readonly kind: 'map' }>): string | undefined {
  const isBare = [...entries.values()].every(({ value }) => value.kind === 'scalar' && value.value === null && value.source === '');
  const [name, second] = [...entries.keys()];
  const types = typesOf(schema);
  if (!isBare || name === undefined || second !== undefined || !types.includes('string') || types.includes('object')) return undefined;
  return JSON.stringify(`{${name}}`);
}

/** The word that a text has to be. */
function onlyWord({ pattern = '' }: SchemaNode): string | undefined {
  return /^\^([a-z]+)\$$/.exec(pattern)?.[1];
}

/** What YAML 1.1 took for truth values; in YAML 1.2 they are text. */
const YES_OR_NO: ReadonlyMap<string, string> = new Map([
  ...['yes', 'on', 'y', '1', 'true'].map((word) => [word, 'true'] as const),
  ...['no', 'off', 'n', '0', 'false'].map((word) => [word, 'false'] as const),
]);

/**
 * A text that a person would read as a number: in quotes, with a decimal comma, digits in groups, a typographic minus or a percent sign.
 */
function numberIn(text: string): string | undefined {
  const cleaned = text.trim().replace(/[‐‑−–]/g, '-').replace(/(?<=\d)[_ ](?=\d)/g, '').replace(/^(-?\d+),(\d+)$/, '$1.$2');
  const value = cleaned.endsWith('%') ? Number((Number(cleaned.slice(0, -1).trim() || NaN) / 100).toPrecision(12)) : Number(cleaned);
  return cleaned !== '' && Number.isFinite(value) ? String(value) : undefined;
}

function bounds(schema: SchemaNode): string {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const low =
    minimum !== undefined ? `of at least ${minimum}` : exclusiveMinimum !== undefined ? `greater than ${exclusiveMinimum}` : undefined;
  const high =
    maximum !== undefined ? `of at most ${maximum}` : exclusiveMaximum !== undefined ? `less than ${exclusiveMaximum}` : undefined;
  const both = [low, high].filter((bound) => bound !== undefined).join(' and ');
  return both === '' ? '' : ` ${both}`;
}

function listInWords(schema: SchemaNode): string {
  const size =
    schema.minItems === undefined ? (schema.maxItems === undefined ? 'a list' : `a list of at most ${schema.maxItems} values`)
    : schema.minItems === schema.maxItems ? `a list of ${schema.minItems} values`
    : `a list of at least ${schema.minItems}`;
  return schema.items === undefined ? size : `${size}, each ${expected(schema.items)}`;
}

function keysInWords(schema: SchemaNode): string {
  if (typeof schema.additionalProperties === 'object') return `names, and for each ${expected(schema.additionalProperties)}`;
  const keys = Object.keys(schema.properties ?? {});
  const shown = keys.slice(0, 4).join(', ');
  return `${keys.length === 1 ? 'the key' : 'keys'} such as ${shown}`.replace('the key such as', 'the key');
}
