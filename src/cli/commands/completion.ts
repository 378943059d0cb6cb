import { oneOf } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** Prints a script that completes commands, options, files, runs and keys of the configuration in a shell. */
export const completion = defineCommand({
  name: 'completion',
  summary: 'print a script for your shell that completes commands, options, files, runs and configuration keys',
  arguments: { shell: oneOf(['bash', 'zsh', 'fish'], 'the shell') },
  options: {},
  examples: [
    { line: 'pipeline completion bash >> ~/.bashrc', purpose: 'Complete in every new bash.' },
    { line: 'pipeline completion zsh > ~/.zfunc/_pipeline', purpose: 'Complete in zsh, if ~/.zfunc is in its fpath.' },
    { line: 'pipeline completion fish | source', purpose: 'Complete in this fish; the same line in config.fish keeps it.' },
  ],
  async run({ shell }) {
    const { completionScript } = await import('../completion/index.ts');
    const script = completionScript(shell);
    return { data: { shell, script }, text: script, verbatim: true };
  },
});
