import type { BatchReport } from '../batching/batcher.ts';
import type { ServedModel } from '../served-model.ts';

/** What a server counts, for Prometheus. */
export interface Metrics {
  request(route: string, status: number, seconds: number): void;
  batch(report: BatchReport): void;
  refused(reason: string): void;
  reload(isDone: boolean): void;
  serves(model: ServedModel): void;
  /** In Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** @param waitingTexts is asked whenever somebody looks */
export async function openMetrics(waitingTexts: () => number, isReady: () => boolean): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'ortrain_requests_total', help: 'Requests by route and status', labelNames: ['route', 'status'], registers,
  });
  const seconds = new Histogram({
    name: 'ortrain_request_duration_seconds', help: 'From the head of a request to the end of its answer', labelNames: ['route'],
    buckets: SECONDS, registers,
  });
  const refusals = new Counter({
    name: 'ortrain_refused_total', help: 'Requests that were not answered, by reason', labelNames: ['reason'], registers,
  });
  const texts = new Counter({ name: 'ortrain_texts_total', help: 'Texts that were classified', registers });
  const tokens = new Counter({ name: 'ortrain_tokens_total', help: 'Their tokens, as they are estimated: one for four bytes', registers });
  const failures = new Counter({ name: 'ortrain_failed_batches_total', help: 'Batches that the model did not answer', registers });
  const batchTexts = new Histogram({
    name: 'ortrain_batch_texts', help: 'Texts of a batch', buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256], registers,
  });
  const batchSeconds = new Histogram({
    name: 'ortrain_batch_duration_seconds', help: 'From a batch to its answers', buckets: SECONDS, registers,
  });
  const waited = new Histogram({
    name: 'ortrain_queue_wait_seconds', help: 'For how long the first text of a batch waited', buckets: SECONDS, registers,
  });
  const reloads = new Counter({ name: 'ortrain_reloads_total', help: 'Reloads by result', labelNames: ['result'], registers });
  const served = new Gauge({ name: 'ortrain_model_info', help: 'The model that answers', labelNames: ['name', 'digest'], registers });
  // These are asked when somebody looks.
  registry.registerMetric(
    new Gauge({
      name: 'ortrain_queued_texts', help: 'Texts that wait now', registers: [],
      collect() {
        this.set(waitingTexts());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'ortrain_ready', help: '1 while requests are taken', registers: [],
      collect() {
        this.set(isReady() ? 1 : 0);
      },
    }),
  );
  return {
    request(route, status, duration) {
      requests.inc({ route, status });
      seconds.observe({ route }, duration);
    },
    batch(report) {
      batchTexts.observe(report.texts);
      batchSeconds.observe(report.seconds);
      waited.observe(report.waitedSeconds);
      if (report.failed) failures.inc();
      else {
        texts.inc(report.texts);
        tokens.inc(report.tokens);
      }
    },
    refused: (reason) => refusals.inc({ reason }),
    reload: (isDone) => reloads.inc({ result: isDone ? 'done' : 'failed' }),
    serves({ name, digest }) {
      served.reset();
      served.set({ name, digest }, 1);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
