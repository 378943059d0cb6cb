// What the command runs in a checkout: the sources, compiled once for each state of them.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** How long a compiled state is kept after its last use; runs of days load modules late. */
const KEPT_MS = 14 * 24 * 3600 * 1000;

/**
 * The module of the command line.
 * @param {string} root the checkout
 */
export async function commandLine(root) {
  const folder = join(root, 'node_modules/.cache/ortrain');
  const compiled = join(folder, fingerprint(root));
  if (existsSync(compiled)) touch(compiled);
  else if (!(await compileInto(root, folder, compiled))) return sources(root);
  return import(pathToFileURL(join(compiled, 'cli/main.js')).href);
}

/** Of the names, sizes and times of everything that is compiled or compiles. */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const folder of ['src', 'tools/build']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      if (entry.isFile()) hash.update(`${path}\0${statSync(path).size}\0${statSync(path).mtimeMs}\n`);
    }
  }
  return hash.update(statSync(join(root, 'package.json')).mtimeMs.toString()).digest('hex').slice(0, 16);
}

/** False where nothing can be written beside the packages. */
async function compileInto(root, folder, compiled) {
  const temporary = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const { compile } = await import('./compile.js');
    await compile(root, temporary);
    for (const name of readdirSync(folder)) removeIfOld(join(folder, name));
    renameSync(temporary, compiled);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (existsSync(compiled)) return true; // another process was quicker
    if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return false;
    throw error;
  }
  return true;
}

/** Another process may have moved it meanwhile. */
function removeIfOld(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
}

function touch(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Somebody else's folder: its owner's use counts.
  }
}

/** The sources themselves, which takes a second more at each start. */
async function sources(root) {
  const { tsImport } = await import('tsx/esm/api');
  return tsImport(pathToFileURL(join(root, 'src/cli/main.ts')).href, import.meta.url);
}
