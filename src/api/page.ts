import { OrtrainError } from '../core/errors.ts';
import { checkOutput } from '../core/outputs.ts';

/** Looks at the path of a page before any work is done. Throws a usage error where it names none, or cannot be written. */
export function checkPage(path: string): void {
  if (!/\.html?$/i.test(path))
    throw new OrtrainError('usage', `${path}: the report is an HTML page, so its name must end in .html`, {
      subject: path,
      remedy: 'Name a file such as report.html.',
    });
  checkOutput(path);
}
