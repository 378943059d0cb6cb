// Compiles the sources to plain JavaScript, file by file, and the validators of the configuration's schemas with them. Plain
// JavaScript itself, because it runs before anything is compiled.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @param {string} root the folder that holds src/
 * @param {string} out the folder to write into, below `root`
 */
export async function compile(root, out) {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/**/*.ts'],
    outbase: 'src',
    outdir: out,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    bundle: true,
    logLevel: 'warning',
    plugins: [fileByFile],
  });
  // Node looks for the kind of a module no further up than node_modules.
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
  await compileValidators(root, out);
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
