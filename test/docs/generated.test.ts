import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { fileSchemas, type Experiment } from '../../src/config/index.ts';
import { dotted, kindsWith, pathsOf, schemaAt, type Json, type SchemaNode } from '../../src/config/schema/schema.ts';
import { exampleOf } from '../../tools/docs/configuration.ts';
import { anchor } from '../../tools/docs/markdown.ts';
import { generatedPages } from '../../tools/docs/pages.ts';
import { root } from '../cli/bin.ts';

const docs = join(root, 'docs');
const written = (name: string): string => readFileSync(join(docs, name), 'utf8');

describe.each(Object.entries(generatedPages))('docs/%s', (name, page) => {
  it('is what the sources say; if not, run: npm run docs', () => {
    expect(written(name)).toBe(page());
  });
});

describe('examples in the schema', () => {
  const schema = fileSchemas.experiment;
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
  const values = pathsOf(schema).filter(
    (path) => schemaAt(schema, path)?.examples !== undefined || schemaAt(schema, path)?.properties === undefined,
  );

  it('are there for every key that has a value', () => {
    expect(values.length).toBeGreaterThan(80);
    expect(values.filter((path) => exampleOf(schemaAt(schema, path)!) === undefined).map(dotted)).toEqual([]);
  });

  it.each(values.map((path) => [dotted(path), path] as const))('%s: is another value than the default, and valid', (_, path) => {
    const node = schemaAt(schema, path)!;
    const example = exampleOf(node)!;
    expect(example).not.toEqual(node.default);
    expect(validate(layerWith(path, example)), JSON.stringify(validate.errors)).toBe(true);
  });

  /** A layer with one value, and where that is of a kind, the name of one that has it. */
  function layerWith(path: readonly string[], value: Json): Partial<Experiment> {
    const above = path.slice(0, -1);
    const holder: SchemaNode | undefined = schemaAt(schema, above);
    const key = path.at(-1)!;
    const kind = holder === undefined || key === 'name' ? undefined : kindsWith(holder, key)[0];
    const object = { [key]: value, ...(kind === undefined ? {} : { name: kind }) };
    return above.reduceRight<object>((inner, name) => ({ [name]: inner }), object);
  }
});

describe.each(readdirSync(docs).filter((name) => name.endsWith('.md')))('links of docs/%s', (name) => {
  const links = [
    ...written(name)
      .replace(/```[\s\S]*?```/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map((match) => match[1] ?? '')
    .filter((link) => !/^https?:/.test(link));

  it('lead to files and headings that exist', () => {
    const broken = links.filter((link) => {
      const [file = '', heading] = link.split('#');
      const path = file === '' ? join(docs, name) : join(docs, file);
      if (!existsSync(path)) return true;
      return heading !== undefined && path.endsWith('.md') && !headingsOf(readFileSync(path, 'utf8')).includes(`#${heading}`);
    });
    expect(broken).toEqual([]);
  });
});

test('docs/README.md lists every page', () => {
  const index = written('README.md');
  for (const name of readdirSync(docs).filter((each) => each.endsWith('.md') && each !== 'README.md'))
    expect(index).toContain(`](${name})`);
});

function headingsOf(page: string): readonly string[] {
  return [...page.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)].map((match) => anchor((match[1] ?? '').replace(/`/g, '')));
}
