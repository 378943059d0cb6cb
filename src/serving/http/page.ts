import type { FastifyInstance } from 'fastify';
import { ground, ink, line, muted, blue, dark } from '../../core/page/palette.ts';
import { html } from '../../core/page/html.ts';

/** A small page to try the model. It loads nothing from elsewhere, and says nothing of the model itself: it asks as any client would. */
export function addPage(app: FastifyInstance): void {
  app.get('/', async (_, reply) => reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(PAGE));
  app.get('/try.js', async (_, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT));
  app.get('/try.css', async (_, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Try the model</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/try.css">
</head>
<body>
<main>
<h1 id="name">Try the model</h1>
<p id="about" class="quiet"></p>
<form id="form">
<label id="token-label" hidden>Token <input id="token" type="password" autocomplete="off"></label>
<label><span id="first-name">Text</span> <textarea id="first" rows="4" autofocus></textarea></label>
<label id="second-label" hidden>Second text <textarea id="second" rows="4"></textarea></label>
<button id="classify">Classify</button> <span id="took" class="quiet"></span>
</form>
<p id="problem" role="alert" hidden></p>
<section id="answer" hidden aria-live="polite">
<h2 id="prediction"></h2>
<table><tbody id="rows"></tbody></table>
<details><summary>JSON</summary><pre id="json"></pre></details>
</section>
<p class="quiet"><a href="/openapi.json">openapi.json</a></p>
</main>
<noscript>This page needs JavaScript; POST /v1/classify does not.</noscript>
<script src="/try.js"></script>
</body>
</html>
`.markup;

const STYLE = `
:root { color-scheme: light dark; --ground: ${ground}; --ink: ${ink}; --muted: ${muted}; --line: ${line}; }
@media (prefers-color-scheme: dark) {
  :root { --ground: ${dark[ground]}; --ink: ${dark[ink]}; --muted: ${dark[muted]}; --line: ${dark[line]}; }
}
body { background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 42rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0; }
[hidden] { display: none; }
textarea, input { box-sizing: border-box; width: 100%; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 6px; padding: .5rem; }
button { font: inherit; color: #fff; background: ${blue}; border: 0; border-radius: 6px; padding: .5rem 1.25rem; cursor: pointer; }
button:disabled { opacity: .6; cursor: default; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .25rem 0; overflow-wrap: anywhere; }
td:nth-child(2) { width: 5rem; text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(3) { width: 40%; padding-left: 1rem; }
meter { width: 100%; }
pre { overflow: auto; border: 1px solid var(--line); border-radius: 6px; padding: .5rem; }
.quiet { color: var(--muted); }
#problem { border-left: 3px solid #cf4f4f; padding-left: .75rem; }
`;

const SCRIPT = `'use strict';
const at = (id) => document.getElementById(id);
let takesPairs = false;

function headers() {
  const token = at('token').value.trim();
  return token === '' ? {} : { authorization: 'Bearer ' + token };
}

function show(problem) {
  at('problem').hidden = problem === '';
  at('problem').textContent = problem;
}

async function ask(path, options) {
  const response = await fetch(path, { ...options, headers: { ...headers(), ...(options || {}).headers } });
  const answer = await response.json();
  if (response.status === 401) at('token-label').hidden = false;
  if (!response.ok) throw new Error(answer.title + ': ' + answer.detail);
  return answer;
}

async function describe() {
  try {
    const model = await ask('/v1/model');
    takesPairs = model.pairs === true;
    at('name').textContent = model.name;
    at('about').textContent = [model.task, ...model.targets].join(' · ');
    at('second-label').hidden = !takesPairs;
    at('first-name').textContent = takesPairs ? 'First text' : 'Text';
    show('');
  } catch (error) {
    show(error.message);
  }
}

function numbersOf(answer) {
  if (answer.probabilities) return Object.entries(answer.probabilities);
  return typeof answer.prediction === 'number' ? [] : Object.entries(answer.prediction);
}

function row([name, value], isShare) {
  const cells = [name, value.toFixed(4)].map((text) => {
    const cell = document.createElement('td');
    cell.textContent = text;
    return cell;
  });
  if (isShare) {
    const meter = document.createElement('meter');
    meter.value = value;
    meter.setAttribute('aria-label', name);
    cells.push(document.createElement('td'));
    cells[2].append(meter);
  }
  const line = document.createElement('tr');
  line.append(...cells);
  return line;
}

at('token').addEventListener('change', describe);
at('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  at('classify').disabled = true;
  const start = performance.now();
  try {
    const text = takesPairs ? [at('first').value, at('second').value] : at('first').value;
    const body = JSON.stringify({ text });
    const answers = await ask('/v1/classify', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    const [answer] = answers.predictions;
    const { prediction } = answer;
    at('prediction').textContent =
      Array.isArray(prediction) ? prediction.join(', ') || 'no label' : typeof prediction === 'object' ? '' : String(prediction);
    const rows = numbersOf(answer).sort((a, b) => (answer.probabilities ? b[1] - a[1] : 0));
    at('rows').replaceChildren(...rows.map((each) => row(each, Boolean(answer.probabilities))));
    at('json').textContent = JSON.stringify(answers, null, 2);
    at('took').textContent = Math.round(performance.now() - start) + ' ms';
    at('answer').hidden = false;
    show('');
  } catch (error) {
    at('answer').hidden = true;
    show(error.message);
  } finally {
    at('classify').disabled = false;
  }
});
describe();
`;
