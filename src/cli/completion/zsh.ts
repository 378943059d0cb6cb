import { subcommandsOf, type Completed, type CompletedCommand, type CompletedOption, type CompletionModel } from './model.ts';

/** A script for zsh, by its function `_arguments`. */
export function zshScript({ commands, shared, words }: CompletionModel): string {
  const roots = commands.filter(({ path }) => !path.includes(' '));
  const described = (of: readonly { readonly path: string; readonly summary: string }[]): string =>
    of.map(({ path, summary }) => quoted(`${path.split(' ').at(-1)}:${summary.replaceAll(':', '\\:')}`)).join('\n    ');
  return `#compdef pipeline ortrain
# Completion of the commands pipeline and ortrain for zsh. In ~/.zshrc, after compinit:
#   source <(pipeline completion zsh)

_ortrain() {
  local curcontext="$curcontext" state artifacts ret=1
  local -a line shared commands
  typeset -A opt_args
  shared=(
    '(- *)'{-h,--help}'[print this help]'
    ${shared.map((option) => quoted(optionSpec(option))).join('\n    ')}
  )
  commands=(
    ${described([...roots, { path: 'help', summary: 'print the help of a command' }])}
  )
  _arguments -C $shared '(- *)'{-V,--version}'[print the version]' '1:command:->command' '*::argument:->arguments' && ret=0
  artifacts=\${opt_args[--artifacts]:-artifacts} # as given before the command
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    arguments)
      case $line[1] in
${roots.map((command) => `        ${command.path})\n${bodyOf(command, '          ')}\n          ;;`).join('\n')}
      esac
      ;;
  esac
  return ret
}

_ortrain_runs() {
  local -a runs
  runs=(\${opt_args[--artifacts]:-$artifacts}/runs/*(N/:t))
  compadd -a runs
}

_ortrain_settings() { compadd -S '' -- ${words.setting.map((key) => `${key}=`).join(' ')}; }

if [[ $funcstack[1] == (_pipeline|_ortrain) ]]; then # a file of the fpath
  _ortrain "$@"
else
  compdef _ortrain pipeline ortrain
fi
`;

  function bodyOf(command: CompletedCommand, indent: string): string {
    const below = subcommandsOf(commands, command.path);
    const specs = [
      ...command.options.map((option) => quoted(optionSpec(option))),
      ...command.arguments.map((argument, i) => quoted(argumentSpec(argument, i + 1))),
    ];
    const own = `_arguments $shared ${specs.join(' ')}`.trimEnd();
    if (below.length === 0) return `${indent}${own} && ret=0`;
    const [first] = below;
    return `${indent}commands=(${described(below)})
${indent}if (( CURRENT > 2 )) && [[ $words[2] == ${first?.path.split(' ').at(-1)} ]]; then
${indent}  _arguments $shared '1:command:' ${first?.options.map((option) => quoted(optionSpec(option))).join(' ')} && ret=0
${indent}else
${indent}  _arguments $shared '1:command:{_describe -t commands command commands}' && ret=0
${indent}fi`;
  }

  function optionSpec(option: CompletedOption): string {
    const start = `${option.isRepeatable ? '*' : ''}${option.flag}`;
    const meaning = `[${option.summary.replace(/[[\]\\]/g, '\\$&')}]`;
    return option.takesValue ? `${start}=${meaning}:value:${actionOf(option)}` : `${start}${meaning}`;
  }

  function argumentSpec(argument: CompletedCommand['arguments'][number], position: number): string {
    return `${argument.isRepeated ? '*' : position}:argument:${actionOf(argument)}`;
  }

  function actionOf({ choices, completion }: Completed): string {
    if (choices !== undefined) return `(${choices.join(' ')})`;
    if (completion === 'file') return '_files';
    if (completion === 'folder') return '_files -/';
    if (completion === 'stage') return `(${words.stage.join(' ')})`;
    return completion === 'none' ? ' ' : `_ortrain_${completion}s`;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
