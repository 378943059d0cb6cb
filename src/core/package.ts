import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package, or of the checkout: the nearest one above this module with our package.json. */
export function packageFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (nameIn(folder) === NAME) return folder;
    if (dirname(folder) === folder) throw new Error(`no folder above ${fileURLToPath(import.meta.url)} holds the package.json of ${NAME}`);
  }
}

export function packageVersion(): string {
  return packageFile().version ?? '';
}

/** What our package.json says. */
export function packageFile(): PackageFile {
  return readPackage(packageFolder());
}

const NAME = 'ortrain';

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function nameIn(folder: string): string | undefined {
  return existsSync(join(folder, 'package.json')) ? readPackage(folder).name : undefined;
}

function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
}
