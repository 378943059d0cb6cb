import { Agent, request } from 'node:http';

/**
 * A load generator, in a process of its own: so many clients, each of which asks for one text at a time and waits for the answer. Reads
 * orders as JSON lines on stdin, and answers each with a line.
 */
export interface LoadOrder {
  readonly url: string;
  readonly clients: number;
  /** Together. */
  readonly requests: number;
  /** The body of each request, taken in turn. */
  readonly bodies: readonly string[];
}

export interface Load {
  readonly seconds: number;
  /** Of each request, in milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** Answers other than 200. */
  readonly failed: number;
}

async function load({ url, clients, requests, bodies }: LoadOrder): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  let [next, failed] = [0, 0];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let i = next++; i < requests; i = next++) {
        const begun = performance.now();
        const status = await ask(agent, url, bodies[i % bodies.length] ?? '');
        latencies.push(performance.now() - begun);
        if (status !== 200) failed++;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  agent.destroy();
  return { seconds, latencies: latencies.sort((a, b) => a - b), failed };
}

function ask(agent: Agent, url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('error', reject).end(body);
  });
}

let line = '';
process.stdin.setEncoding('utf8').on('data', (more: string) => {
  const lines = `${line}${more}`.split('\n');
  line = lines.pop() ?? '';
  for (const order of lines) {
    load(JSON.parse(order) as LoadOrder).then(
      (answer) => console.log(JSON.stringify(answer)),
      (error: unknown) => console.log(JSON.stringify({ error: String(error) })),
    );
  }
});
