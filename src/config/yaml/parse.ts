import type { Document, Node, ParsedNode } from 'yaml';
import type { Problem } from '../../core/errors.ts';
import { yaml } from '../libraries.ts';
import { syntaxProblems } from './syntax.ts';
import { problemAt, type Entry, type Locate, type Place, type Tree } from './tree.ts';

export interface Parsed {
  /** Undefined where the text is not YAML that we can trust. */
  readonly tree: Tree | undefined;
  readonly problems: readonly Problem[];
}

/** Bounds on what aliases may unfold to, and on what a person would write. */
const MOST_NODES = 2000;
const DEEPEST = 32;

/** Reads one YAML 1.2 document. All that is wrong with it as YAML becomes problems, repeated keys too. */
export function parseYaml(text: string, locate: Locate): Parsed {
  const { parseAllDocuments } = yaml();
  // Repeated keys are found below, where both places are known.
  const parsed = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, stringKeys: true, version: '1.2' });
  const documents: readonly Document.Parsed[] = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : [];
  const syntax = documents.flatMap((document) => syntaxProblems(document, text, locate));
  if (syntax.length > 0) return { tree: undefined, problems: syntax };
  const [document, second] = documents;
  if (second !== undefined) {
    const at = second.range[0];
    return { tree: undefined, problems: [problemAt(locate(at, at + 1), [], 'a second document starts here; a file holds one experiment')] };
  }
  if (document === undefined || document.contents === null) return { tree: undefined, problems: [] };
  return treeOf(document, locate);
}

function treeOf(document: Document.Parsed, locate: Locate): Parsed {
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  const problems: Problem[] = [];
  let nodes = 0;
  let limitProblem: Problem | undefined;

  const convert = (node: Node, depth: number): Tree => {
    const place = placeOf(node, locate);
    const nothing: Tree = { kind: 'scalar', place, value: null, source: '' };
    nodes += 1;
    if (nodes > MOST_NODES || depth > DEEPEST) {
      const limit = nodes > MOST_NODES ? `holds more than ${MOST_NODES} values` : `is nested more than ${DEEPEST} levels deep`;
      limitProblem ??= problemAt(locate(...rangeOf(node)), [], `the document ${limit}, with aliases expanded`);
      return nothing;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return convert(target, depth + 1);
      limitProblem ??= problemAt(place, [], `the alias *${node.source} has no anchor &${node.source} before it`);
      return nothing;
    }
    if (isMap<Node, Node | null>(node)) {
      const entries = new Map<string, Entry>();
      for (const { key: keyNode, value } of node.items) {
        const key = isScalar(keyNode) ? String(keyNode.value) : '';
        const keyPlace = locate(...rangeOf(keyNode));
        const earlier = entries.get(key);
        if (earlier === undefined)
          entries.set(key, { key: keyPlace, value: value === null ? { ...nothing, place: undefined } : convert(value, depth + 1) });
        else
          problems.push(
            problemAt(keyPlace, [], `the key ${key} is set twice; it is first set on line ${earlier.key?.line ?? 1}`),
          );
      }
      return { kind: 'map', place, entries };
    }
    if (isSeq<Node>(node)) return { kind: 'list', place, items: node.items.map((item) => convert(item, depth + 1)) };
    const value = isScalar(node) ? node.value : null;
    return { kind: 'scalar', place, value: isPlainValue(value) ? value : String(value), source: isScalar(node) ? (node.source ?? '') : '' };
  };

  const tree = convert(document.contents as ParsedNode, 0);
  return limitProblem === undefined ? { tree, problems } : { tree: undefined, problems: [limitProblem] };
}

const isPlainValue = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** Undefined for what is empty, or written below its key: a problem there is better shown on the key. */
function placeOf(node: Node, locate: Locate): Place | undefined {
  const [start, end] = rangeOf(node);
  const { isCollection } = yaml();
  return start === end || (isCollection(node) && node.flow !== true) ? undefined : locate(start, end);
}

const rangeOf = (node: Node): readonly [number, number] => (node.range ? [node.range[0], node.range[1]] : [0, 0]);
