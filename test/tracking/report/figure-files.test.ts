import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Figure } from '../../../src/core/page/figure.ts';
import { draw } from '../../../src/tracking/report/figure.ts';
import { writeFigures } from '../../../src/tracking/report/figure-files.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const saying = (text: string): Figure => ({
  name: 'saying',
  title: 'A text',
  spec: {
    data: { values: [{ text }] },
    width: 120,
    height: 30,
    mark: { type: 'text', fontSize: 20 },
    encoding: { text: { field: 'text' } },
  },
});

async function written(text: string): Promise<{ readonly svg: string; readonly png: Buffer }> {
  const [svg = '', png = ''] = await writeFigures(temporaryFolder(), await draw([saying(text)]));
  expect([svg, png]).toEqual([expect.stringMatching(/saying\.svg$/), expect.stringMatching(/saying\.png$/)]);
  return { svg: readFileSync(svg, 'utf8'), png: readFileSync(png) };
}

test('a figure is written as SVG and, twice as large, as PNG', async () => {
  const { svg, png } = await written('Aa');
  const [, width, height] = /^<svg[^>]* width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  // The first chunk holds width and height.
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * Number(width), 2 * Number(height)]);
});

test.each(['Latin ß', 'Ελληνικά', 'кириллица', 'עברית'])('a picture shows its text, whatever fonts the machine has: %s', async (text) => {
  const [shown, blank] = [await written(text), await written(' '.repeat(text.length))];
  expect(shown.png.byteLength).toBeGreaterThan(blank.png.byteLength + 400);
});
