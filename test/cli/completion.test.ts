import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { completionScript } from '../../src/cli/completion/index.ts';
import { completionModel } from '../../src/cli/completion/model.ts';
import { sharedOptions } from '../../src/cli/shared-options.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { because } from '../helpers/skips.ts';

const folder = temporaryFolder();
for (const run of ['bert', 'roberta']) mkdirSync(join(folder, 'artifacts', 'runs', run), { recursive: true });
mkdirSync(join(folder, 'elsewhere', 'runs', 'tweets'), { recursive: true });
mkdirSync(join(folder, 'hostile', 'runs', '$(touch evil)'), { recursive: true });
writeFileSync(join(folder, 'my config.yaml'), '');

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

const isHere = (shell: Shell): boolean => spawnSync(shell, ['--version']).error === undefined;

/** What a shell offers after a line, with its last word unfinished. */
const offers: Readonly<Record<Shell, (script: string, line: string) => readonly string[]>> = {
  bash(script, line) {
    const words = line
      .split(' ')
      .flatMap((word) => word.split(/(=)/))
      .filter((word, i, all) => word !== '' || i === all.length - 1);
    const quoted = words.map((word) => `'${word}'`).join(' ');
    return printed('bash', [
      '--norc',
      '-c',
      `source '${script}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _ortrain; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]);
  },
  fish: (script, line) =>
    printed('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`]).map((offered) => offered.split('\t')[0] ?? ''),
  zsh(script, line) {
    const driver = join(folder, 'driver.zsh');
    writeFileSync(driver, ZSH_DRIVER);
    const hits = printed('zsh', ['-f', driver, script, line]).flatMap((out) => /HIT:([^"].*)$/.exec(out)?.[1] ?? []);
    return [...new Set(hits)];
  },
};

/** Types a line and a tab into a zsh of its own, in which every match is printed. */
const ZSH_DRIVER = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w z 'compadd () { [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]] || { local -a hits; builtin compadd -A hits "$@"; print -l -- "HIT:"$^hits }; builtin compadd "$@" }'
zpty -w z 'finish () { print; print DONE; exit }; comppostfuncs=(finish); zle -C complete-word complete-word _main_complete; bindkey "^I" complete-word'
zpty -w z "$2"$'\\t'
while zpty -r z line; do print -r -- "$line"; [[ $line == DONE* ]] && break; done
`;

function printed(shell: Shell, args: readonly string[]): readonly string[] {
  const { stdout } = spawnSync(shell, args, { cwd: folder, encoding: 'utf8', timeout: 30_000 });
  return stdout.split(/\r?\n/).filter((line) => line !== '');
}

describe.each(shells)('completion of %s', (shell) => {
  const script = join(folder, `completion.${shell}`);
  writeFileSync(script, completionScript(shell));

  it.skipIf(because(`${shell} is not installed`, !isHere(shell)))(
    'offers commands, options, words, files, runs and keys where they belong',
    () => {
      const offered = (line: string): readonly string[] => offers[shell](script, line);
      expect(offered('pipeline swe')).toEqual(['sweep']);
      expect(offered('ortrain --artifacts elsewhere pre')).toEqual(['predict']);
      expect(offered('pipeline run --unt').map((option) => option.replace(/=$/, ''))).toEqual(['--until']);
      expect(offered('pipeline run --with').length).toBe(0);
      expect(offered('pipeline delete --with').map((option) => option.replace(/=$/, ''))).toEqual(['--with-cache']);
      expect(offered('pipeline run --until tok')).toEqual(['tokenize']);
      expect(offered('pipeline run --device cu')).toEqual(['cuda']);
      expect(offered('pipeline export --format h')).toEqual(['huggingface']);
      expect(offered('pipeline show ').toSorted()).toEqual(['bert', 'roberta']);
      expect(offered('pipeline --artifacts elsewhere show ')).toEqual(['tweets']);
      expect(offered('pipeline --artifacts hostile show ').map((name) => name.replaceAll('\\', ''))).toEqual(['$(touch evil)']);
      expect(existsSync(join(folder, 'evil'))).toBe(false);
      expect(offered('pipeline --artifacts nowhere show ')).toEqual([]);
      expect(offered('pipeline compare bert ro')).toEqual(['roberta']);
      expect(offered('pipeline predict --run be')).toEqual(['bert']);
      expect(offered('pipeline cache pru')).toEqual(['prune']);
      expect(offered('pipeline cache prune --dry').map((option) => option.replace(/=$/, ''))).toEqual(['--dry-run']);
      expect(offered('pipeline run x.yaml --set training.epo')).toEqual(['training.epochs=']);
      expect(offered('pipeline completion z')).toEqual(['zsh']);
      expect(offered('pipeline run m').map((file) => file.replaceAll('\\', ''))).toEqual(['my config.yaml']);
      expect(offered('pipeline init --target m')).toEqual([]);
    },
  );
});

test('an option takes a value in every command that has it, or in none, because bash and fish look at its name alone', () => {
  const { commands: all, shared } = completionModel(commands, sharedOptions, { stage: [], setting: [] });
  const kinds = new Map<string, Set<boolean>>();
  for (const { flag, takesValue } of [...all.flatMap(({ options }) => options), ...shared])
    kinds.set(flag, (kinds.get(flag) ?? new Set()).add(takesValue));
  expect(kinds.size).toBeGreaterThan(20);
  expect([...kinds].filter(([, each]) => each.size > 1)).toEqual([]);
});
