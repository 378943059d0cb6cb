import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { OrtrainError } from '../core/errors.ts';
import { packageVersion } from '../core/package.ts';
import type { Answer, Call, SharedFlags, Verb } from './call.ts';

/** Carries out a command line; undefined where it only asked for help or the version. Throws a usage error for one that makes no sense. */
export async function carryOut(argv: readonly string[], call: Omit<Call, 'flags'>): Promise<Answer | undefined> {
  const answers: Answer[] = [];
  const program = commands((load) => async (...given) => {
    const command = given.at(-1) as Command;
    const flags = command.optsWithGlobals<Partial<SharedFlags> & Omit<SharedFlags, 'set'>>();
    if (flags.set !== undefined && !CONFIGURABLE.includes(command.name())) call.terminal.note(`--set changes nothing here: ${command.name()} reads no configuration`);
    const verb = await load();
    answers.push(await verb(command.args, command.opts() as never, { ...call, flags: { ...flags, set: flags.set ?? [] } }));
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, argv);
  }
  return answers[0];
}

/** Commands that read configurations, to which --set applies. */
const CONFIGURABLE = ['run', 'plan', 'check', 'explain', 'sweep'];

/** Turns a verb that is loaded when it is used into what commander calls. */
type Act = <Flags>(load: () => Promise<Verb<Flags>>) => (...given: readonly unknown[]) => Promise<void>;

/** Every command with its operands and flags. The code behind a command is loaded when it is used, so that help is quick. */
function commands(act: Act): Command {
  const program = new Command('pipeline')
    .description('Fine-tunes a text classifier from one YAML file.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--set <key=value>', 'override a value of the configuration, as training.epochs=3 (repeatable; the value is YAML)', collect)
    .addOption(new Option('--device <device>', 'where to compute; auto: as configured').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'))
    .option('--artifacts <dir>', 'folder of the runs and the cache', namedFolder, 'artifacts')
    .option('--json', 'print one JSON document on stdout, and everything else on stderr')
    .option('--quiet', 'no progress and no notes, only results and errors')
    .exitOverride()
    // Below 40 columns for descriptions commander would leave the breaking of lines to the terminal, which breaks words.
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 16 })
    .configureOutput({ outputError: () => {} })
    .showHelpAfterError(false);

  program
    .command('run <config...>')
    .description('carry experiments out, one after the other, and compare them')
    .option('--until <stage>', 'stop after this stage')
    .option('--force <stage>', 'carry this stage out again, though its output is in the cache (repeatable)', collect)
    .option('--name <run name>', "name the run's folder")
    .action(act(async () => (await import('./commands/run.ts')).run));
  program
    .command('sweep <file>')
    .description('carry out every experiment of a sweep, rank them, and write a report')
    .option('--dry-run', 'only list the experiments')
    .action(act(async () => (await import('./commands/sweep.ts')).sweep));
  program
    .command('plan <config...>')
    .description('say what a run would do and take: what is cached, exact steps and tokens, memory, disk, time')
    .option('--probe', 'time a few batches now, for about 20 s at most, in place of going by earlier runs')
    .option('--until <stage>', 'stop after this stage')
    .option('--force <stage>', 'plan to carry this stage out again (repeatable)', collect)
    .option('--name <run name>', "name the run's folder")
    .action(act(async () => (await import('./commands/plan.ts')).plan));
  program
    .command('explain <config...>')
    .description('explain the training step: operators, parameters, memory, floating-point operations')
    .option('--graph', 'print the step as a program instead')
    .action(act(async () => (await import('./commands/explain.ts')).explain));
  program
    .command('check <config...>')
    .description('find everything that is wrong with configurations and their data')
    .action(act(async () => (await import('./commands/check.ts')).check));
  program
    .command('init [table]')
    .description('write a commented configuration for a table of texts and classes, or copy an example')
    .addOption(new Option('--example <name>', 'copy a shipped example into the working directory').choices(['quickstart', 'disaster-tweets']))
    .option('--output <file>', 'the file to write (default: configs/<name>.yaml, with the name of the table, or of its folder where the table is called train or data)')
    .option('--text <column>', 'the column with the text')
    .option('--target <column>', 'the column with the class')
    .option('--columns <names>', 'names of the columns of a table without a header, separated by commas', names)
    .option('--encoding <label>', 'encoding of the table, such as latin1 or utf-16 (default: utf-8)')
    .action(act(async () => (await import('./commands/init.ts')).init));
  program
    .command('runs')
    .description('list the runs')
    .action(act(async () => (await import('./commands/runs.ts')).runs));
  program
    .command('show <run>')
    .description('show a run: what was asked, results, learning curves, decisions, files')
    .action(act(async () => (await import('./commands/show.ts')).show));
  program
    .command('compare <run...>')
    .description('put runs side by side: what differs, the results, and whether the difference is more than noise')
    .option('--report <file>', 'write the comparison as an HTML page, too')
    .action(act(async () => (await import('./commands/compare.ts')).compare));
  program
    .command('predict')
    .description('classify new texts with the models of a run')
    .requiredOption('--run <run>', 'name or folder of the run')
    .requiredOption('--input <file>', "a table with the run's text column (csv, tsv, jsonl, json, parquet, packed or not), a .txt with one text a line, or - for stdin")
    .addOption(new Option('--format <format>', 'what stdin, or a file of another name, holds (default: what it begins like)').choices(['lines', 'csv', 'tsv', 'jsonl']))
    .option('--columns <names>', 'names of the columns of a table without a header, separated by commas', names)
    .option('--encoding <label>', 'encoding of the input, such as latin1 or utf-16 (default: utf-8)')
    .option('--output <file>', 'write the CSV there instead of to stdout')
    .option('--safe-csv', "put an apostrophe before cells that a spreadsheet would compute, those that begin with =, +, - or @")
    .action(act(async () => (await import('./commands/predict.ts')).predict));
  program
    .command('diff <run> <run>')
    .description('say in what two runs differ: configuration, data, versions and surroundings, results, and why')
    .action(act(async () => (await import('./commands/diff.ts')).diff));
  program
    .command('delete <run...>')
    .description('delete runs, after showing what goes; what other runs use stays')
    .option('--with-cache', 'remove what no other run uses in the cache, too')
    .option('--dry-run', 'only show it')
    .option('--yes', 'do not ask')
    .action(act(async () => (await import('./commands/delete.ts')).deleteStored));
  const cache = program
    .command('cache')
    .description('list what the cache holds: size, age, and the runs that use it')
    .action(act(async () => (await import('./commands/cache.ts')).cache));
  cache
    .command('prune')
    .description('remove what no run refers to, after showing it')
    .option('--dry-run', 'only show it')
    .option('--yes', 'do not ask')
    .action(act(async () => (await import('./commands/cache.ts')).prune));
  program
    .command('export')
    .description('write the model of one fold for other tools: ONNX with its tokenizer, or a Hugging Face model directory')
    .requiredOption('--run <run>', 'name or folder of the run')
    .requiredOption('--to <dir>', 'the folder to write; it must not be there yet')
    .addOption(new Option('--format <format>', 'what to write').choices(['onnx', 'huggingface']).default('onnx'))
    .option('--fold <n>', 'which fold (default: the best by the monitored metric)', wholeNumber)
    .addOption(new Option('--dtype <dtype>', 'float16: write a float16 model beside the float32 one').choices(['float32', 'float16']).default('float32'))
    .addOption(new Option('--quantize <kind>', 'int8: write a dynamically quantized model beside the float32 one').choices(['int8']))
    .action(act(async () => (await import('./commands/export.ts')).exportModel));
  program
    .command('sync [run...]')
    .description('send to MLflow what it has not of the named runs, or of all runs that ask for it')
    .option('--anew', 'send everything again')
    .action(act(async () => (await import('./commands/sync.ts')).sync));
  program
    .command('ui')
    .description('show the runs in MLflow: on the configured server, or on one started here')
    .option('--port <number>', 'port of the server started here (default: any free one)')
    .action(act(async () => (await import('./commands/ui.ts')).ui));
  program
    .command('schema')
    .description('print the JSON Schema of the configuration')
    .addOption(new Option('--of <kind>', 'of which file').choices(['experiment', 'sweep']).default('experiment'))
    .action(act(async () => (await import('./commands/schema.ts')).schema));
  program
    .command('doctor')
    .description('look at this machine: versions, memory, disk, devices, caches')
    .action(act(async () => (await import('./commands/doctor.ts')).doctor));
  return program;
}

function names(value: string): readonly string[] {
  return value.split(',').map((each) => each.trim());
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** A variable of the shell that is not set would put the runs among the files of the working directory, and prune and delete what is there. */
function namedFolder(value: string): string {
  if (value === '' || value.includes('\0')) throw new InvalidArgumentError('It names no folder.');
  return value;
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It is a whole number from 0 on.');
  return Number(value);
}

/** Commander says `error: unknown option '--devise'\n(Did you mean --device?)`. */
function usageError({ code, message }: CommanderError, argv: readonly string[]): OrtrainError {
  if (code === 'commander.help') return new OrtrainError('usage', 'no command was given', { remedy: 'pipeline --help lists the commands.' });
  const [problem = '', hint] = message.replace(/^error: /, '').split('\n');
  const asked = argv.find((argument) => !argument.startsWith('-'));
  const help = code === 'commander.unknownCommand' || asked === undefined ? 'pipeline --help' : `pipeline ${asked} --help`;
  return new OrtrainError('usage', problem, { remedy: hint === undefined ? `See ${help}.` : `${hint.replace(/[()]/g, '')} Else see ${help}.` });
}
