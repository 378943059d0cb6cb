import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/files.ts';
import { standalone, type Drawing } from './figure.ts';

/** Pixels of a picture to one of CSS, as fine screens show them. */
const SCALE = 2;

/** Writes drawings into a folder, each as SVG and as PNG; answers with their paths. The painter is loaded here and nowhere else. */
export async function writeFigures(folder: string, drawings: readonly Drawing[]): Promise<readonly string[]> {
  if (drawings.length === 0) return [];
  const { Resvg } = await import('@resvg/resvg-js');
  const require = createRequire(import.meta.url);
  const font = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
  return drawings.flatMap((drawing) => {
    const svg = standalone(drawing);
    // A machine may have no fonts at all; those that it has are asked only for what ours cannot write.
    const fonts = { fontFiles: [font], defaultFontFamily: FAMILY, sansSerifFamily: FAMILY, loadSystemFonts: BEYOND.test(svg) };
    const picture = new Resvg(svg, { fitTo: { mode: 'zoom', value: SCALE }, font: fonts }).render().asPng();
    const path = join(folder, drawing.name);
    writeFileAtomic(`${path}.svg`, svg);
    writeFileAtomic(`${path}.png`, picture);
    return [`${path}.svg`, `${path}.png`];
  });
}

const FAMILY = 'DejaVu Sans';

/** Scripts that DejaVu Sans has. */
const SCRIPTS = ['Common', 'Inherited', 'Latin', 'Greek', 'Cyrillic', 'Armenian', 'Georgian', 'Hebrew', 'Arabic'];

/** Characters of other scripts, and pictures. */
const BEYOND = new RegExp(`[^${SCRIPTS.map((script) => `\\p{Script=${script}}`).join('')}]|\\p{Emoji_Presentation}`, 'u');
