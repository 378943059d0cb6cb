/**
 * Serves the page beside it, an export, and the modules that the page imports, from this machine to this machine:
 *
 *   npm install
 *   node serve.js ../my-model 8080
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm' };
const module = (name) => fileURLToPath(import.meta.resolve(name));

const [, , model = 'my-model', port = '8080'] = argv;
const places = [
  ['/model/', (path) => join(model, path)],
  ['/modules/tokenizers.js', () => module('@huggingface/tokenizers')],
  ['/modules/ort/', (path) => join(dirname(module('onnxruntime-web')), path)],
  ['/', (path) => join(here, path === '' ? 'index.html' : path)],
];

const server = createServer((request, response) => {
  const file = fileOf(request.url);
  if (file === undefined || !existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end('not found');
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    // With these two, onnxruntime may use several threads.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  createReadStream(file).pipe(response);
});

/** The file that an address names; undefined for what is no address. */
function fileOf(address) {
  try {
    const path = posix.normalize(decodeURIComponent(new URL(`http://localhost${address}`).pathname).replaceAll('\\', '/'));
    const [start, place] = places.find(([prefix]) => path.startsWith(prefix));
    return place(path.slice(start.length));
  } catch {
    return undefined;
  }
}

server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
