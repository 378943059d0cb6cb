import { defineCommand } from '../command.ts';
import { flag, port, required, text, wholeNumber } from '../options.ts';

/** Classifies texts that come over HTTP, until it is told to stop. */
export const serve = defineCommand({
  name: 'serve',
  summary: 'classify texts that come over HTTP',
  description:
    'Stops at Ctrl-C or SIGTERM, when it has answered what has come; at SIGHUP it reads the run again. ' +
    'Where ORTRAIN_TOKEN is set, requests need it as their bearer token.',
  arguments: {},
  options: {
    run: required('run', 'name or folder of the run; or the folder of one of its models or of any classifier', { completion: 'run' }),
    host: text('address', 'address to listen on; 0.0.0.0 is every one of this machine', { otherwise: '127.0.0.1' }),
    port: port('port to listen on', '8080'),
    threads: wholeNumber('n', 'CPU threads of a batch', { otherwise: 'all, divided among the lanes' }),
    lanes: wholeNumber('n', 'batches that are computed side by side, each by a process with the models', { otherwise: '2 on the CPU' }),
    maxBatch: wholeNumber('tokens', 'tokens of a batch', { otherwise: '1024' }),
    maxWait: wholeNumber('ms', 'how long a text waits for others to join its batch', { otherwise: '2' }),
    maxQueue: wholeNumber('texts', 'texts that may wait; beyond them requests are refused', { otherwise: '4096' }),
    maxTexts: wholeNumber('texts', 'texts of a request', { otherwise: '1000' }),
    maxLength: wholeNumber('characters', 'characters of a text', { otherwise: '20000' }),
    maxBody: wholeNumber('bytes', 'bytes of a request', { otherwise: '1048576' }),
    timeout: wholeNumber('seconds', 'time in which a request is answered or refused', { otherwise: '30' }),
    logTexts: flag('write the texts of requests into the log, too'),
  },
  examples: [
    { line: 'pipeline serve --run quickstart', purpose: 'Answer at http://127.0.0.1:8080, where there is a page to try it, too.' },
    {
      line: 'pipeline serve --run quickstart --port 80 --max-wait 5',
      purpose: 'Listen on port 80, and let texts wait up to 5 ms for others.',
    },
  ],
  async run({ run: name, ...given }, context) {
    const { serveUntilStopped } = await import('../serve.ts');
    return serveUntilStopped(name, given, context);
  },
});
