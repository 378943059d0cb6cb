// Compiles the sources to plain JavaScript, file by file, and the validators of the configuration's schemas with them. Plain
// JavaScript itself, because it runs before anything is compiled.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @param {string} root the folder that holds src/
 * @param {string} out the folder to write into, below `root`
 */
export async function compile(root, out) {
  await build({
    ...modules(root),
    entryPoints: ['src/**/*.ts'],
    outbase: 'src',
    outdir: out,
    plugins: [fileByFile],
  });
  await bundleSome(root, out);
  // Node looks for the kind of a module no further up than node_modules.
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
  await compileValidators(root, out);
}

/**
 * How all modules are built.
 *
 * @param {string} root
 * @returns {import('esbuild').BuildOptions}
 */
function modules(root) {
  return {
    absWorkingDir: root,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    bundle: true,
    logLevel: 'warning',
  };
}

/**
 * What opens a classifier, on both sides: hundreds of files take longer to find and to read than to run, so each side is one file. The
 * process has nothing beside its file; who opens it shares core, where errors and what a program hands over have to be the same for all.
 */
const BUNDLES = [
  { name: 'runner/classifier/classifier-worker', sharesCore: false },
  { name: 'runner/classifier/index', sharesCore: true },
];

async function bundleSome(root, out) {
  for (const { name, sharesCore } of BUNDLES)
    await build({
      ...modules(root),
      entryPoints: [`src/${name}.ts`],
      outfile: join(out, `${name}.js`),
      plugins: [...(sharesCore ? [coreApart(join(root, 'src'), name)] : []), ownAddresses(join(root, 'src'), name)],
    });
}

/** Files of core stay imports of the compiled files. */
function coreApart(src, bundle) {
  return {
    name: 'core apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => {
        const own = relative(dirname(join(src, bundle)), join(resolveDir, path)).replaceAll('\\', '/');
        const isCore = relative(src, join(resolveDir, path)).replaceAll('\\', '/').startsWith('core/');
        return isCore ? { path: own.replace(/\.ts$/, '.js'), external: true } : undefined;
      });
    },
  };
}

/** Every source in a bundle keeps the address of its own file, beside which it finds others. */
function ownAddresses(src, bundle) {
  return {
    name: 'own addresses',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        const own = relative(dirname(join(src, bundle)), path).replaceAll('\\', '/').replace(/\.ts$/, '.js');
        return { contents: contents.replaceAll('import.meta.url', `new URL(${JSON.stringify(own)}, import.meta.url).href`), loader: 'ts' };
      });
    },
  };
}

/** Keeps every source a file of its own: imports between them stay imports, of the compiled names. */
const fileByFile = {
  name: 'file by file',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, kind }) => (kind === 'entry-point' ? undefined : { path: path.replace(/\.ts$/, '.js'), external: true }));
  },
};

/** Writes config/validators.cjs: for the SHA-256 of each schema a function that checks it, without ajv's compiler. */
async function compileValidators(root, out) {
  const { validatedSchemas } = await import(pathToFileURL(join(out, 'config/validated-schemas.js')).href);
  const { validatorOptions, schemaDigest } = await import(pathToFileURL(join(out, 'config/schema/validators.js')).href);
  const require = createRequire(join(root, 'package.json'));
  const { Ajv2020 } = require('ajv/dist/2020.js');
  const standalone = require('ajv/dist/standalone').default;
  const names = Object.fromEntries(validatedSchemas.map((schema, i) => [`schema${i}`, schema]));
  const ajv = new Ajv2020({ ...validatorOptions, code: { source: true, lines: false } });
  for (const [name, schema] of Object.entries(names)) ajv.addSchema({ ...schema, $id: name });
  const refs = Object.fromEntries(Object.keys(names).map((name) => [name, name]));
  const digests = Object.entries(names).map(([name, schema]) => `${JSON.stringify(schemaDigest(schema))}: validators.${name}`);
  mkdirSync(join(out, 'config'), { recursive: true });
  await build({
    stdin: { contents: `const validators = (() => { const exports = {}; ${standalone(ajv, refs)}; return exports; })();\nmodule.exports = { ${digests.join(', ')} };`, resolveDir: root, loader: 'js' },
    outfile: join(out, 'config/validators.cjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    logLevel: 'warning',
  });
}
