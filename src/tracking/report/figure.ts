import type { TopLevelSpec } from 'vega-lite';
import type { Figure, Spec } from '../../core/page/figure.ts';
import { html, trusted, visible, type Html } from '../../core/page/html.ts';
import { blue, ground, ink, line, muted, orange, series } from '../../core/page/palette.ts';

/** A figure as SVG, in the light colours. */
export interface Drawing {
  readonly name: string;
  readonly title: string;
  /** Without a ground of its own. */
  readonly svg: string;
  /** Drawn size in CSS pixels. */
  readonly width: number;
}

/** Draws figures one after the other. Vega is loaded here and nowhere else: it takes half a second. */
export async function draw(figures: readonly Figure[]): Promise<readonly Drawing[]> {
  if (figures.length === 0) return [];
  const [{ View, parse }, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const drawings: Drawing[] = [];
  for (const { name, title, spec } of figures) {
    const view = new View(parse(compile(vegaLite(spec)).spec), { renderer: 'none' });
    const svg = visible(unmarked(await view.toSVG()));
    view.finalize();
    const width = Number(/^<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
    drawings.push({ name, title, svg, width });
  }
  return drawings;
}

/** Vega-Lite's own types hold only whole, writable literals; that our parts fit together is what the tests look at. */
function vegaLite(spec: Spec): TopLevelSpec {
  return { ...(marked(spec) as Spec), config: theme } as unknown as TopLevelSpec;
}

/** What every object has. Vega keeps values as keys of objects, in which it finds these before it has put them there. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));
/** A private character, which makes such a name an ordinary one until the figure is drawn. */
const MARK = '\uE0FE';

/** A copy of a figure's data and of the names in its scales in which no text is the name of an inherited property. */
function marked(part: unknown): unknown {
  if (typeof part === 'string') return INHERITED.has(part) ? `${part}${MARK}` : part;
  if (Array.isArray(part)) return part.map(marked);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, marked(value)]));
}

function unmarked(svg: string): string {
  return svg.replaceAll(MARK, '');
}

/** The drawing as a file of its own, on the light ground. */
export function standalone({ svg }: Drawing): string {
  const opened = svg.indexOf('>') + 1;
  return `${svg.slice(0, opened)}<rect width="100%" height="100%" fill="${ground}"/>${svg.slice(opened)}\n`;
}

/** The drawing for a page, as wide as there is room, up to the size that it was drawn in. */
export function inline({ svg, width, title }: Drawing): Html {
  const viewBox = /^<svg[^>]* viewBox="([\d. -]+)"/.exec(svg)?.[1] ?? '';
  const inside = trusted(svg.slice(svg.indexOf('>') + 1));
  return html`<svg viewBox="${viewBox}" role="img" aria-label="${title}" style="max-width:${Math.ceil(width)}px">${inside}`;
}

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** Quiet axes, no frames, figures' own colours. */
const theme: NonNullable<TopLevelSpec['config']> = {
  background: 'transparent',
  font: FONT,
  padding: 4,
  aria: false,
  view: { stroke: null },
  axis: {
    labelColor: muted,
    labelFontSize: 11,
    titleColor: muted,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    gridColor: line,
    gridWidth: 0.75,
    domainColor: line,
    tickColor: line,
    tickSize: 3,
    labelPadding: 4,
    titlePadding: 6,
  },
  axisX: { grid: false },
  axisY: { domain: false, ticks: false, tickCount: 4 },
  legend: {
    labelColor: ink,
    titleColor: muted,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    symbolSize: 60,
    orient: 'top',
    padding: 0,
    offset: 6,
    labelLimit: 160,
  },
  title: { color: ink, fontSize: 12, fontWeight: 'normal', anchor: 'start', frame: 'group', offset: 6 },
  range: { category: series },
  line: { strokeWidth: 1.75, color: blue },
  point: { size: 36, filled: true, color: blue },
  rule: { color: orange },
  text: { fontSize: 11, color: ink },
  bar: { color: blue },
};
