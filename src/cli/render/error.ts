import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { Colors } from '../terminal.ts';
import { visible } from '../../core/printable.ts';
import { plural, printable, withoutCredentials } from './layout/text.ts';
import { widthOf } from './layout/width.ts';

/** 0 done · 1 the run failed · 2 the configuration, the data or the command line is wrong · 130 interrupted. */
export function exitCodeOf(error: unknown): 1 | 2 | 130 {
  if (!(error instanceof OrtrainError)) return 1;
  if (error.code === 'interrupted') return 130;
  return error.code === 'run' || error.code === 'environment' ? 1 : 2;
}

/** The error for a program to read: the value of `error` in the JSON document. */
export function errorDocument(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof OrtrainError))
    return { code: 'defect', message: messageOf(error), subject: null, remedy: DEFECT_REMEDY, problems: [] };
  const { code, message, subject, remedy, problems } = error;
  return { code, message, subject: subject ?? null, remedy: remedy ?? null, problems: inOrder(problems) };
}

/** The error for a person: what is wrong, each problem with its place, and what to do now. */
export function renderError(error: unknown, colors: Colors): string {
  if (!(error instanceof OrtrainError)) return renderDefect(error, colors);
  if (error.code === 'interrupted') return colors.yellow(printable(error.message));
  // A problem without a place may say no more than the error itself.
  const told = error.problems.filter(({ message, line }) => line !== undefined || error.message !== message);
  const shown = inOrder(told).slice(0, MOST_PROBLEMS);
  const hidden = told.length - shown.length;
  return [
    `${colors.red(colors.bold('error:'))} ${printable(error.message)}`,
    ...shown.map((problem) => renderProblem(problem, colors)),
    ...(hidden > 0 ? [`  … and ${plural(hidden, 'more problem')}; --json lists all`] : []),
    ...(error.cause instanceof Error && error.problems.length === 0 && !error.message.includes(error.cause.message)
      ? [colors.dim(`  because: ${printable(withoutCredentials(error.cause.message))}`)]
      : []),
    ...(error.remedy === undefined ? [] : [`${colors.cyan('what to do:')} ${printable(error.remedy)}`]),
  ].join('\n');
}

/** The same error, saying which of several experiments it belongs to. */
export function namingExperiment(error: unknown, whose: string): unknown {
  if (!(error instanceof OrtrainError)) return error;
  const { code, message, subject, remedy, problems, cause } = error;
  return new OrtrainError(code, `${whose}: ${message}`, {
    problems,
    cause,
    ...(subject === undefined ? {} : { subject }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** More would push the first ones off the screen. */
const MOST_PROBLEMS = 40;

const DEFECT_REMEDY = 'This is a bug in ortrain, not in your experiment. Please report it with the lines above.';

function renderDefect(error: unknown, colors: Colors): string {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const shown = withoutCredentials(trace).split('\n').map(printable).join('\n');
  return `${colors.red(colors.bold('error:'))} ${shown}\n${colors.cyan('what to do:')} ${DEFECT_REMEDY}`;
}

function messageOf(error: unknown): string {
  return withoutCredentials(error instanceof Error ? error.message : String(error));
}

/** Files as they first come, each from top to bottom; problems without a place come last. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))].toSorted((a, b) => Number(a === undefined) - Number(b === undefined));
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      numbersFirst(a.line, b.line) ||
      numbersFirst(a.column, b.column) ||
      numbersFirst(a.row, b.row),
  );
}

function numbersFirst(a: number | undefined, b: number | undefined): number {
  return a === b ? 0 : (a ?? Infinity) - (b ?? Infinity);
}

/**
 * ```
 *   configs/a.yaml:12:3  unknown key optimzer in training; did you mean optimizer?
 *     12 │   optimzer: { name: adam }
 *        │   ^^^^^^^^
 * ```
 */
function renderProblem(problem: Problem, colors: Colors): string {
  const place = placeOf(problem);
  const suggestion = problem.suggestion === undefined ? '' : `; did you mean ${colors.green(printable(exact(problem.suggestion)))}?`;
  const heading = `  ${place === '' ? '' : `${colors.bold(place)}  `}${printable(problem.message)}${suggestion}`;
  return [heading, ...snippetLines(problem, colors)].join('\n');
}

/** A suggestion as it stands, in quotes where the eye would lose its beginning or end, or what is invisible in it. */
function exact(suggestion: string): string {
  return suggestion !== '' && suggestion === suggestion.trim() && visible(suggestion) === suggestion
    ? suggestion
    : `"${visible(suggestion)}"`;
}

/** `configs/a.yaml:12:3`, or `train.csv:15 (row 13, column text)` for a table; an override has no line, and its snippet tells the place. */
function placeOf({ file, line, column, row, field, message }: Problem): string {
  const position = [file, ...(line === undefined ? [] : [line, column])].filter((part) => part !== undefined).join(':');
  const isTold = column !== undefined || field === undefined || message.includes(field);
  const cell = row === undefined ? (isTold ? '' : field) : `row ${row}${field === undefined ? '' : `, column ${field}`}`;
  return printable(position === '' ? cell : cell === '' ? position : `${position} (${cell})`);
}

/** A long line is shown around the place that matters, in as many characters as there is room for. */
const SNIPPET_WIDTH = 100;
const LEAST_SNIPPET = 20;
/** Of them before the place. */
const BEFORE_PLACE = 0.4;
/** Left of the line: indentation, its number, a bar. */
const MARGIN = 13;

function snippetLines({ snippet, line, column, width }: Problem, colors: Colors): readonly string[] {
  if (snippet === undefined) return [];
  const characters = [...snippet];
  const most = Math.max(LEAST_SNIPPET, Math.min(SNIPPET_WIDTH, (colors.columns ?? Infinity) - MARGIN));
  const start = widthOf(snippet) <= most ? 0 : Math.max(0, (column ?? 1) - 1 - Math.floor(BEFORE_PLACE * most));
  const shown = fitting(characters.slice(start), most);
  const end = start + shown.length;
  const [cutLeft, cutRight] = [start > 0 ? '…' : '', characters.length > end ? '…' : ''];
  const number = line === undefined ? '' : `${line} `;
  const source = `    ${colors.dim(`${number}│`)} ${cutLeft}${printable(shown.join(''))}${cutRight}`;
  if (column === undefined) return [source];
  // Some characters take two columns, and a place may lie behind the end of its line.
  const [before, marked] = [shown.slice(0, column - 1 - start), shown.slice(column - 1 - start, column - 1 - start + (width ?? 1))];
  const indent = ' '.repeat(widthOf(printable(before.join(''))) + Math.max(0, column - 1 - start - shown.length) + cutLeft.length);
  const carets = '^'.repeat(Math.max(1, widthOf(printable(marked.join('')))));
  return [source, `    ${colors.dim(`${' '.repeat(number.length)}│`)} ${indent}${colors.red(carets)}`];
}

/** As many characters as fit. */
function fitting(characters: readonly string[], columns: number): readonly string[] {
  let left = columns;
  const end = characters.findIndex((character) => (left -= widthOf(character)) < 0);
  return end === -1 ? characters : characters.slice(0, end);
}
