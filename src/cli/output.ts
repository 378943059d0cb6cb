import { OrtrainError } from '../core/errors.ts';
import { checkOutput, isStandardOutput } from '../core/outputs.ts';
import type { Terminal } from './terminal.ts';

/**
 * Looks at a path to write before any work is done. Answers whether it is where results are printed anyway: then the content is the
 * answer's text. Throws a usage error where it cannot be written, or where the JSON document goes there, too.
 */
export function isPrinted(path: string, flag: string, { json }: Terminal): boolean {
  checkOutput(path);
  const printed = isStandardOutput(path);
  if (printed && json)
    throw new OrtrainError('usage', `--json and ${flag} ${path} would both write to standard output`, {
      subject: path,
      remedy: 'Leave one of them out.',
    });
  return printed;
}
