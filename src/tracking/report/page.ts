import { html, trusted, type Html } from '../../core/page/html.ts';
import { blue, dark, ground, green, ink, line, muted, orange, red } from '../../core/page/palette.ts';
import { FONT } from './figure.ts';

/** One part of a page. */
export interface Section {
  /** For links to it. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** What stands above the sections. */
export interface Heading {
  readonly title: string;
  readonly subtitle: string;
  /** The answer in a sentence or two. */
  readonly answer: Html;
}

/** A whole page: no scripts, and nothing that is fetched from anywhere. */
export function page({ title, subtitle, answer }: Heading, sections: readonly Section[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="ortrain">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="muted">${subtitle}</p>
<div class="answer">${answer}</div>
<nav>${sections.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>
</header>
<main>
${sections.map(({ id, title, body }) => html`<section id="${id}"><h2>${title}</h2>
${body}
</section>
`)}</main>
</body>
</html>
`.markup;
}

const { [ground]: darkGround, [ink]: darkInk, [muted]: darkMuted, [line]: darkLine } = dark;

const STYLE = `
:root {
  --ground: ${ground}; --ink: ${ink}; --muted: ${muted}; --line: ${line}; --wash: #f5f7f9; --blue: ${blue};
  --orange: ${orange}; --green: ${green}; --red: ${red};
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 2.5rem clamp(1rem, 4vw, 3rem) 4rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.55 ${FONT};
}
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 1rem; font-size: 1.2rem; font-weight: 650; }
h3 { margin: 1.6rem 0 0.6rem; font-size: 0.95rem; font-weight: 650; overflow-wrap: anywhere; }
p { margin: 0 0 0.8rem; max-width: 46rem; overflow-wrap: anywhere; }
.muted, figcaption, dt { color: var(--muted); }
.small, figcaption { font-size: 0.86rem; line-height: 1.5; }
.answer { margin: 1.6rem 0 1.4rem; font-size: 1.15rem; line-height: 1.5; }
.answer p { max-width: 52rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; padding: 0.7rem 0; border-block: 1px solid var(--line); font-size: 0.88rem; }
a { color: var(--blue); text-decoration: none; } a:hover { text-decoration: underline; }
section { padding: 2.4rem 0 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.8rem; margin: 0 0 1.6rem; }
.tile { padding: 0.8rem 1rem; border-radius: 0.6rem; background: var(--wash); }
.tile b { display: block; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tile span { display: block; color: var(--muted); font-size: 0.82rem; }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 2rem 2.5rem;
  align-items: start; margin-bottom: 1.6rem;
}
figure { margin: 0; min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figure h3 { margin-top: 0; }
figcaption { margin-top: 0.4rem; max-width: 40rem; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.8rem 0.35rem 0; text-align: right; white-space: nowrap; font-weight: 400; }
tr > :last-child { padding-right: 0; }
th:first-child { text-align: left; padding-right: 1.2rem; }
.scroll th:first-child { position: sticky; left: 0; background: var(--ground); }
thead th { color: var(--muted); border-bottom: 1px solid var(--line); vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
.bar {
  display: inline-block; width: 7rem; height: 0.55rem; border-radius: 0.3rem; background: var(--wash);
  vertical-align: middle; overflow: hidden;
}
.bar i { display: block; height: 100%; background: var(--blue); opacity: 0.75; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.3rem 1.6rem; margin: 0 0 1rem; font-size: 0.92rem; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
code {
  font: 0.88em/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; background: var(--wash); padding: 0.1em 0.35em;
  border-radius: 0.25rem; overflow-wrap: anywhere;
}
.findings, .findings ul { margin: 0; padding: 0; list-style: none; }
.findings > li { padding: 0.7rem 0 0.7rem 5.2rem; overflow-wrap: anywhere; border-top: 1px solid var(--line); }
.findings p { margin: 0; max-width: 52rem; }
.findings b { display: inline-block; width: 4.9rem; margin-left: -5.2rem; font-weight: 600; color: var(--muted); }
.findings .warning b { color: var(--orange); }
.findings li li { font-size: 0.9rem; }
.mistakes {
  margin: 0; padding: 0; list-style: none; display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem;
}
.mistakes li { padding: 0.8rem 0; border-top: 1px solid var(--line); min-width: 0; }
.mistakes p { margin: 0; overflow-wrap: anywhere; }
.mistakes .what { display: flex; flex-wrap: wrap; gap: 0 0.9rem; font-size: 0.84rem; color: var(--muted); }
.mistakes .text { white-space: pre-wrap; }
.mistakes .conflict { color: var(--orange); font-size: 0.86rem; }
@media (max-width: 32rem) {
  body { padding-top: 1.4rem; }
  h1 { font-size: 1.5rem; }
  .findings > li { padding-left: 0; } .findings b { display: block; margin: 0; }
  .answer { font-size: 1.02rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.6rem; }
  .scroll th:first-child { padding-right: 0.7rem; }
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: ${darkGround}; --ink: ${darkInk}; --muted: ${darkMuted}; --line: ${darkLine}; --wash: #1e232a;
    --blue: #6ea3e0; --orange: #e0925a;
  }
  ${Object.entries(dark)
    .map(([light, partner]) => `svg [fill='${light}'] { fill: ${partner}; } svg [stroke='${light}'] { stroke: ${partner}; }`)
    .join('\n  ')}
}
@media print {
  :root { --ground: #fff; --wash: #f5f7f9; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 0.85rem; }
  nav { display: none; }
  .scroll { overflow: visible; }
  td .small { font-size: inherit; }
  thead th { overflow-wrap: anywhere; }
  table { font-size: 0.68rem; }
  th, td { white-space: normal; padding-right: 0.5rem; }
  figure, .mistakes li, .findings > li, tr, .tile { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
