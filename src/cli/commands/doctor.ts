import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { hubSettings } from '../../data/hub-cache.ts';
import { graphBuilder } from '../../engine/graph/index.ts';
import { openSession } from '../../engine/runtime/session.ts';
import { onnxruntimeVersion } from '../../engine/runtime/version.ts';
import type { Verb } from '../call.ts';
import { bytes, plural, printable } from '../render/text.ts';
import { left, table } from '../render/table.ts';

/** One thing that was looked at. */
interface Finding {
  readonly subject: string;
  readonly state: 'ok' | 'warn';
  readonly found: string;
  /** What to do, where `state` is warn. */
  readonly remedy: string | null;
}

/** Looks at this machine. Asks nobody over the network. */
export const doctor: Verb<object> = async (_operands, _flags, call) => {
  const { colors } = call.terminal;
  const findings = [node(), processor(), memory(), disk(call.flags.artifacts), await cpuDevice(), modelCache(), trackingServer()];
  const rows = findings.map(({ subject, state, found, remedy }) => [
    state === 'ok' ? colors.green('ok') : colors.yellow('warn'),
    subject,
    remedy === null ? found : `${found}\n${remedy}`,
  ]);
  const warnings = findings.filter(({ state }) => state === 'warn').length;
  return {
    data: { ok: warnings === 0, findings },
    text: `${table([left(''), left(''), left('')], rows, colors).trimStart()}\n\n${warnings === 0 ? 'all is well' : plural(warnings, 'warning')}`,
  };
};

const ok = (subject: string, found: string): Finding => ({ subject, state: 'ok', found, remedy: null });
const warn = (subject: string, found: string, remedy: string): Finding => ({ subject, state: 'warn', found, remedy });

/** The oldest versions with everything that is used here. */
const OLDEST_NODE = [20, 19] as const;

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const found = `${process.versions.node} on ${process.platform} ${process.arch}, ${release()}`;
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isNew ? ok('node', found) : warn('node', found, `Install Node ${OLDEST_NODE.join('.')} or later.`);
}

function processor(): Finding {
  return ok('processor', `${plural(availableParallelism(), 'core')}, ${cpus()[0]?.model.trim() || 'unknown'}`);
}

/** Full fine-tuning of a base-size BERT with Adam: four copies of 0.44 GB, a batch's values, and the runtime. */
const MEMORY_FOR_BASE = 6e9;

function memory(): Finding {
  const limit = process.constrainedMemory();
  const usable = limit > 0 && limit < totalmem() ? limit : totalmem();
  const found = bytes(usable);
  return usable >= MEMORY_FOR_BASE ? ok('memory', found) : warn('memory', found, 'Enough for small models; for base-size ones freeze the encoder or lower training.batch_size.');
}

/** Five fold models of base size, the best of each, and the cache. */
const DISK_FOR_BASE = 5e9;

function disk(artifacts: string): Finding {
  let folder = resolve(artifacts);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const found = `${bytes(bavail * bsize)} free for ${resolve(artifacts)}`;
  return bavail * bsize >= DISK_FOR_BASE ? ok('disk', found) : warn('disk', found, 'Free some space, or put the runs elsewhere with --artifacts.');
}

/** Does a small sum on the device instead of believing a list. */
async function cpuDevice(): Promise<Finding> {
  try {
    const g = graphBuilder('doctor');
    const x = g.input('x', 'float32', [2]);
    g.output('y', g.Add(x, x));
    const session = await openSession(g.build(), { threads: 1, spinning: false });
    const { y } = await session.run({ x: session.tensor({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }) });
    await session.release();
    return y?.[1] === 4 ? ok('onnxruntime', `${onnxruntimeVersion()}, computes on the cpu`) : warn('onnxruntime', 'the cpu computes wrongly', 'Install the packages again: npm ci');
  } catch (error) {
    return warn('onnxruntime', printable(error instanceof Error ? error.message : String(error)), 'Install the packages again on this machine: npm ci');
  }
}

function modelCache(): Finding {
  const { cache, endpoint, offline } = hubSettings(process.env);
  const state = existsSync(cache) ? cache : `${cache}, not there yet`;
  return ok('models', `${state}; ${offline ? 'offline (HF_HUB_OFFLINE)' : `fetched from ${printable(endpoint)}`}`);
}

function trackingServer(): Finding {
  const uri = process.env['MLFLOW_TRACKING_URI'];
  return ok('mlflow', uri === undefined || uri === '' ? 'MLFLOW_TRACKING_URI is not set' : printable(withoutPassword(uri)));
}

function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//');
}
