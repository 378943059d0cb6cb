import type { Completed, CompletedOption, CompletionModel } from './model.ts';
import { subcommandsOf } from './model.ts';

/** A script for bash, from 3.2 on, which is that of macOS. */
export function bashScript({ commands, shared, words }: CompletionModel): string {
  const valued = [
    ...new Set([...shared, ...commands.flatMap(({ options }) => options)].filter(({ takesValue }) => takesValue).map(({ flag }) => flag)),
  ];
  const help = '--help';
  const flagsOf = (options: readonly CompletedOption[]): string =>
    [...options, ...shared]
      .map(({ flag }) => flag)
      .concat(help)
      .join(' ');
  const roots = commands.filter(({ path }) => !path.includes(' ')).map(({ path }) => path);
  return `# Completion of the commands pipeline and ortrain for bash. In ~/.bashrc:
#   source <(pipeline completion bash)

_ortrain() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" command='' option='' artifacts='artifacts' position=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ $word == '=' ]]; then # bash breaks words there, and the value follows
      [[ -z $option ]] && ((i++))
      ((i >= COMP_CWORD)) && return
    elif [[ -n $option ]]; then
      [[ $option == '--artifacts' ]] && artifacts="$word"
      option=''
    else
      case "$word" in
        ${valued.join(' | ')}) option="$word" ;;
        -*) ;;
        *)
          case "\${command:+$command }$word" in
            ${commands.map(({ path }) => `'${path}'`).join(' | ')}) command="\${command:+$command }$word" ;;
            *) ((position++)) ;;
          esac
          ;;
      esac
    fi
  done
  [[ $cur == '=' ]] && cur=''

  if [[ -n $option ]]; then
    case "$command $option" in
${cases([
  ...shared.filter(({ takesValue }) => takesValue).map((option): Case => [`*' ${option.flag}'`, option]),
  ...commands.flatMap(({ path, options }) =>
    options.filter(({ takesValue }) => takesValue).map((option): Case => [`'${path} ${option.flag}'`, option]),
  ),
])}
    esac
  elif [[ $cur == -* ]]; then
    case "$command" in
      '') _ortrain_words '${flagsOf([])} --version' ;;
${commands.map(({ path, options }) => `      '${path}') _ortrain_words '${flagsOf(options)}' ;;`).join('\n')}
    esac
  else
    case "$command $position" in
      ' 0') _ortrain_words '${[...roots, 'help'].join(' ')}' ;;
${cases(
  commands.flatMap(({ path, arguments: positions }) =>
    positions.map((argument, i): Case => [argument.isRepeated ? `'${path} '*` : `'${path} ${i}'`, argument]),
  ),
)}
${roots
  .map((path) => [path, subcommandsOf(commands, path)] as const)
  .filter(([, below]) => below.length > 0)
  .map(
    ([path, below]) => `      '${path} 0') _ortrain_words '${below.map(({ path: whole }) => whole.slice(path.length + 1)).join(' ')}' ;;`,
  )
  .join('\n')}
    esac
  fi
}

_ortrain_words() { _ortrain_reply < <(compgen -W "$1" -- "$cur"); }

# Not by compgen, which would expand what a name holds.
_ortrain_runs() {
  local run
  for run in "$artifacts"/runs/*/; do
    run="\${run%/}"
    run="\${run##*/}"
    [[ $run != '*' && $run == "$cur"* ]] && COMPREPLY+=("$(printf '%q' "$run")")
  done
}

_ortrain_stages() { _ortrain_words '${words.stage.join(' ')}'; }

_ortrain_settings() {
  compopt -o nospace 2>/dev/null
  _ortrain_words '${words.setting.map((key) => `${key}=`).join(' ')}'
}

_ortrain_files() {
  compopt -o filenames 2>/dev/null
  _ortrain_reply < <(compgen -f -- "$cur")
}

_ortrain_folders() {
  compopt -o filenames 2>/dev/null
  _ortrain_reply < <(compgen -d -- "$cur")
}

_ortrain_reply() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}

complete -F _ortrain pipeline ortrain
`;
}

type Case = readonly [pattern: string, what: Completed];

function cases(all: readonly Case[]): string {
  return all
    .map(([pattern, what]) => [pattern, actionOf(what)] as const)
    .filter(([, action]) => action !== undefined)
    .map(([pattern, action]) => `      ${pattern}) ${action} ;;`)
    .join('\n');
}

function actionOf({ choices, completion }: Completed): string | undefined {
  if (choices !== undefined) return `_ortrain_words '${choices.join(' ')}'`;
  return completion === 'none' ? undefined : `_ortrain_${completion}s`;
}
