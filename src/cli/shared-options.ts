import { InvalidArgumentError } from 'commander';
import { choiceOr, flag, repeatable, text, type Option } from './options.ts';

/** What every command can be told. */
export interface SharedOptions {
  /** `a.b=value` each, in the order given. */
  readonly set: readonly string[];
  readonly device: 'auto' | 'cpu' | 'cuda' | 'webgpu';
  readonly artifacts: string;
}

/** The options of every command. `json` and `quiet` are the terminal's, which is opened before the command line is parsed. */
export const sharedOptions = {
  set: {
    ...repeatable('key=value', 'override a key of the configuration, such as training.epochs=3; the value is YAML', {
      completion: 'setting',
    }),
    default: [],
    isAlwaysThere: true,
  } satisfies Option<readonly string[], true>,
  device: choiceOr('device', ['auto', 'cpu', 'cuda', 'webgpu'], 'auto', 'device to compute on; auto: the configured one'),
  artifacts: {
    ...text('dir', 'folder of the runs and the cache', { completion: 'folder' }),
    default: 'artifacts',
    isAlwaysThere: true,
    parse: folderName,
  } satisfies Option<string, true>,
  json: flag('print one JSON document on stdout, and everything else on stderr'),
  quiet: flag('print results and errors only, no progress and no notes'),
};

/** An unset shell variable would put the runs among the files of the working directory, where prune and delete would remove things. */
function folderName(given: string): string {
  if (given === '' || given.includes('\0')) throw new InvalidArgumentError('It names no folder.');
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(given))
    throw new InvalidArgumentError('It is an address, not a folder. Object stores are not supported; NFS is (docs/clusters.md).');
  return given;
}
