import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** The part of a syntax tree that the page is made from; the parser follows the ESTree of TypeScript. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A name that the package exports, as its source declares it. */
export interface Declaration {
  readonly name: string;
  readonly kind: 'function' | 'interface' | 'type' | 'class';
  /** All overloads of a function that callers see; one declaration of anything else. */
  readonly signatures: readonly string[];
  readonly docs: Docs;
  readonly members: readonly Member[];
}

export interface Member {
  readonly name: string;
  readonly type: string;
  readonly docs: Docs;
}

/** A docstring in its parts. */
export interface Docs {
  readonly text: string;
  readonly params: readonly { readonly name: string; readonly text: string }[];
  readonly example: string | undefined;
}

const src = fileURLToPath(new URL('../../../src/', import.meta.url));

/** What `src/index.ts` exports, in its order, each followed to the file that declares it. */
export function exportedDeclarations(): readonly Declaration[] {
  return exportsOf('index.ts').map(({ name, file }) => declarationOf(file, name));
}

interface Exported {
  readonly name: string;
  readonly local: string;
  readonly file: string;
}

function exportsOf(file: string): readonly Exported[] {
  return parsed(file).body.flatMap((node) => {
    const source = (node['source'] as { readonly value: string } | null | undefined)?.value;
    if (node.type !== 'ExportNamedDeclaration' || source === undefined) return [];
    const specifiers = node['specifiers'] as readonly Specifier[];
    return specifiers.map(({ local, exported }) => ({ name: exported.name, local: local.name, file: join(dirname(file), source) }));
  });
}

interface Specifier {
  readonly local: { readonly name: string };
  readonly exported: { readonly name: string };
}

/** Follows re-exports down to the declaration. Throws where there is none. */
function declarationOf(file: string, name: string): Declaration {
  const further = exportsOf(file).find((each) => each.name === name);
  if (further !== undefined) return declarationOf(further.file, further.local);
  const { text, body, comments } = parsed(file);
  const found = body
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .map((node) => ({ node, declared: node['declaration'] as Node | null }))
    .filter(({ declared }) => (declared?.['id'] as { readonly name?: string } | null | undefined)?.name === name);
  const [first] = found;
  if (first?.declared === null || first === undefined) throw new Error(`${file} does not declare ${name}`);
  const docs = docsBefore(text, comments, first.node.start);
  const kind = KINDS[first.declared.type];
  if (kind === undefined) throw new Error(`${file} declares ${name} as a ${first.declared.type}`);
  const overloads = found.filter(({ declared }) => declared?.['body'] === null || found.length === 1);
  const signatures = overloads.map(({ declared }) => signatureOf(text, declared as Node));
  return { name, kind, signatures, docs, members: membersOf(text, comments, first.declared) };
}

const KINDS: Readonly<Record<string, Declaration['kind']>> = {
  FunctionDeclaration: 'function',
  TSDeclareFunction: 'function',
  TSInterfaceDeclaration: 'interface',
  TSTypeAliasDeclaration: 'type',
  ClassDeclaration: 'class',
};

/** The declaration without the body of a function or a class. */
function signatureOf(text: string, declared: Node): string {
  const body = declared['body'] as Node | null | undefined;
  const isAlias = declared.type === 'TSTypeAliasDeclaration';
  const end = isAlias || body === null || body === undefined ? declared.end : body.start;
  const written = text.slice(declared.start, end);
  return (isAlias ? written : withoutComments(written)).replace(/^(async|abstract) /, '').replace(/;?\s*$/, '');
}

function membersOf(text: string, comments: readonly Comment[], declared: Node): readonly Member[] {
  const body = declared['body'] as Node | null | undefined;
  if (declared.type !== 'TSInterfaceDeclaration' && declared.type !== 'ClassDeclaration') return [];
  const members = (body?.['body'] ?? []) as readonly Node[];
  return members.flatMap((member): readonly Member[] => {
    const key = member['key'] as Node | undefined;
    if (key === undefined || member['kind'] === 'constructor') return [];
    const whole = withoutComments(text.slice(member.start, member.end)).replace(/;?\s*$/, '').replace(/^readonly /, '');
    const name = text.slice(key.start, key.end);
    const rest = whole.slice(whole.indexOf(name) + name.length).replace(/^\]/, '');
    const optional = rest.startsWith('?') ? '?' : '';
    return [
      {
        name: `${member['computed'] === true ? `[${name}]` : name}${optional}`,
        type: rest.replace(/^\??:\s*/, ''),
        docs: docsBefore(text, comments, member.start),
      },
    ];
  });
}

interface Comment {
  readonly type: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

interface Parsed {
  readonly text: string;
  readonly body: readonly Node[];
  readonly comments: readonly Comment[];
}

const known = new Map<string, Parsed>();

function parsed(file: string): Parsed {
  const before = known.get(file);
  if (before !== undefined) return before;
  const text = readFileSync(join(src, file), 'utf8');
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const result = { text, body: program.body as unknown as readonly Node[], comments };
  known.set(file, result);
  return result;
}

/** The docstring that ends right before a place. */
function docsBefore(text: string, comments: readonly Comment[], start: number): Docs {
  const comment = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === '');
  return docsOf(comment?.type === 'Block' && comment.value.startsWith('*') ? comment.value : '');
}

/** Lines without their stars; `@param` and `@example` apart. What follows a parameter after an empty line belongs to the text. */
function docsOf(comment: string): Docs {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
  const [before = '', example] = lines.join('\n').replace(/^\*?\s*/, '').split(/^@example\n/m);
  const paragraphs = before.trim().split(/\n\s*\n/);
  const params = paragraphs.flatMap((paragraph) => paragraph.split(/^(?=@param )/m).filter((part) => part.startsWith('@param ')));
  return {
    text: paragraphs.map((paragraph) => flowing(paragraph.split(/^@param /m)[0] ?? '')).filter((each) => each !== '').join('\n\n'),
    params: params.map((param) => {
      const [, name = '', text = ''] = /^@param (\S+) ([\s\S]*)$/.exec(param) ?? [];
      return { name, text: flowing(text) };
    }),
    example: example?.trim(),
  };
}

function flowing(paragraph: string): string {
  return paragraph.replaceAll('\n', ' ').trim();
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*\*?[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line, i) => i === 0 || line.trim() !== '')
    .join('\n');
}
