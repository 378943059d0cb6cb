import { parameterPaths } from '../../config/index.ts';
import { stages } from '../../stages/index.ts';
import { commands } from '../commands/index.ts';
import { sharedOptions } from '../shared-options.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { completionModel } from './model.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** The completion of a shell, made of the commands themselves. */
export function completionScript(shell: keyof typeof scripts): string {
  return scripts[shell](completionModel(commands, sharedOptions, { stage: Object.keys(stages), setting: parameterPaths() }));
}
