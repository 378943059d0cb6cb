import { subcommandsOf, type Completed, type CompletedOption, type CompletionModel } from './model.ts';

/** A script for fish. */
export function fishScript({ commands, shared, words }: CompletionModel): string {
  const valued = [
    ...new Set([...shared, ...commands.flatMap(({ options }) => options)].filter(({ takesValue }) => takesValue).map(({ flag }) => flag)),
  ];
  const line = (condition: string, rest: string): string => `  complete -c $program -n '${condition}' ${rest}`;
  const optionLine = (condition: string, { flag, summary, takesValue, ...what }: CompletedOption): string =>
    line(condition, `-l ${flag.slice(2)} -d ${quoted(summary)}${takesValue ? ` -r ${actionOf(what)}` : ''}`);
  const roots = commands.filter(({ path }) => !path.includes(' '));
  return `# Completion of the commands pipeline and ortrain for fish:
#   pipeline completion fish > ~/.config/fish/completions/pipeline.fish

# Prints the words of the command and how many arguments it has before the cursor, such as "cache prune 0".
function __ortrain_command
  set -l command
  set -l position 0
  set -l is_value 0
  for word in (commandline -opc)[2..]
    if test $is_value = 1
      set is_value 0
    else if contains -- $word ${valued.join(' ')}
      set is_value 1
    else if string match -q -- '-*' $word
      continue
    else if contains -- (string join ' ' $command $word) ${commands.map(({ path }) => quoted(path)).join(' ')}
      set -a command $word
    else
      set position (math $position + 1)
    end
  end
  echo "$command $position"
end

function __ortrain_is
  string match -qr -- "^$argv\\$" (__ortrain_command)
end

function __ortrain_runs
  set -l artifacts artifacts
  set -l words (commandline -opc)
  if set -l at (contains -i -- --artifacts $words)
    set artifacts $words[(math $at + 1)]
  end
  command ls -1 $artifacts/runs 2>/dev/null
end

for program in pipeline ortrain
  complete -c $program -f
  complete -c $program -s h -l help -d 'print this help'
${shared.map((option) => optionLine('true', option)).join('\n')}
${[...roots, { path: 'help', summary: 'print the help of a command' }]
  .map(({ path, summary }) => line('__ortrain_is " 0"', `-a ${path} -d ${quoted(summary)}`))
  .join('\n')}
${commands
  .flatMap(({ path, options, arguments: positions }) => [
    ...subcommandsOf(commands, path).map(({ path: whole, summary }) =>
      line(`__ortrain_is "${path} 0"`, `-a ${whole.slice(path.length + 1)} -d ${quoted(summary)}`),
    ),
    ...positions.map((argument, i) => line(`__ortrain_is "${path} ${argument.isRepeated ? '.*' : i}"`, actionOf(argument))),
    ...options.map((option) => optionLine(`__ortrain_is "${path} .*"`, option)),
  ])
  .join('\n')}
end
`;

  function actionOf({ choices, completion }: Completed): string {
    if (choices !== undefined) return `-f -a ${quoted(choices.join(' '))}`;
    if (completion === 'file') return '-F';
    if (completion === 'folder') return `-f -a '(__fish_complete_directories (commandline -ct))'`;
    if (completion === 'run') return `-f -a '(__ortrain_runs)'`;
    if (completion === 'stage') return `-f -a ${quoted(words.stage.join(' '))}`;
    return completion === 'setting' ? `-f -a ${quoted(words.setting.map((key) => `${key}=`).join(' '))}` : '-f';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
