import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { rayEngine } from '../../../src/runner/launchers/ray.ts';

/** Answers as the Ray Jobs API does, without running anything. */
async function jobsApi(): Promise<{ readonly address: string; readonly jobs: Map<string, Record<string, unknown>> }> {
  const jobs = new Map<string, Record<string, unknown>>();
  const server = createServer((request, response) => {
    const [, , , id = '', what] = new URL(request.url ?? '', 'http://ray').pathname.split('/').map(decodeURIComponent);
    const answer = (status: number, value: unknown): void => void response.writeHead(status).end(JSON.stringify(value));
    if (id === '') {
      let body = '';
      request.setEncoding('utf8').on('data', (more: string) => (body += more)).on('end', () => {
        const job = JSON.parse(body) as { readonly submission_id: string };
        jobs.set(job.submission_id, { ...job, status: 'PENDING' });
        answer(200, { job_id: job.submission_id, submission_id: job.submission_id });
      });
    } else if (!jobs.has(id)) answer(404, `Job ${id} does not exist`);
    else if (what === 'logs') answer(200, { logs: 'the last words\n' });
    else if (what === 'stop') {
      jobs.set(id, { ...jobs.get(id), status: 'STOPPED' });
      answer(200, { stopped: true });
    } else answer(200, jobs.get(id));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, jobs };
}

const settings = {
  artifacts: '/shared', title: 'grid #2?', worker: ['node', 'pipeline.js', 'worker'], command: null, threads: 2,
  runtimeEnv: {}, resources: { GPU: 1, memory: 1e9, tpu: 2 },
};

it('submits, follows and stops the jobs of a sweep, whatever it is called', async () => {
  const { address, jobs } = await jobsApi();
  const engine = rayEngine({ ...settings, address });
  await engine.start(2);
  const [first = '', second = ''] = [...jobs.keys()];
  expect(jobs.get(first)).toMatchObject({
    entrypoint: `cd ${process.cwd()} && exec node pipeline.js worker`,
    entrypoint_num_cpus: 2, entrypoint_num_gpus: 1, entrypoint_memory: 1e9, entrypoint_resources: { tpu: 2 },
  });
  jobs.set(first, { status: 'RUNNING', driver_info: { node_ip_address: '10.0.0.7' } });
  jobs.set(second, { status: 'FAILED', driver_exit_code: 7 });
  expect(await engine.poll()).toEqual([
    { id: first, state: 'running', where: '10.0.0.7', detail: 'RUNNING', isDone: false },
    { id: second, state: 'ended', where: undefined, detail: 'FAILED, exit code 7', isDone: false },
  ]);
  expect(await engine.lastWords(first)).toBe('the last words');
  await engine.stop();
  expect(jobs.get(first)).toMatchObject({ status: 'STOPPED' });
});

it('refuses what is no address of a dashboard', () => {
  for (const address of ['ray://10.0.0.5:10001', 'http://'])
    expect(() => rayEngine({ ...settings, address })).toThrow(`launch.address is ${address}, not the address of Ray's dashboard`);
});
