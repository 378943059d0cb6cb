import { cpus, platform, release, totalmem, userInfo } from 'node:os';
import type { Environment } from '../core/environment.ts';
import { packageVersion } from '../core/package.ts';
import { gitState } from '../core/programs.ts';
import { withoutCredentials } from '../core/secrets.ts';
import { onnxruntimeVersion } from '../engine/runtime/index.ts';
import type { PreparedRun } from './prepare.ts';

type Settled = Pick<PreparedRun, 'device' | 'deviceChoice' | 'precisionChoice' | 'threads' | 'data' | 'entries'>;

/** What a run is made of on this machine, besides its configuration. */
export function environmentOf(prepared: Settled, commandLine: readonly string[], checkout?: string): Environment {
  const { device, deviceChoice, precisionChoice, threads, data, entries } = prepared;
  const processors = cpus();
  return {
    versions: { ortrain: packageVersion(), node: process.versions.node, onnxruntime: onnxruntimeVersion() },
    machine: {
      platform: `${platform()} ${release()} ${process.arch}`,
      cpu: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    user: loginName(),
    device,
    deviceChoice: { asked: deviceChoice.asked, adapter: deviceChoice.adapter, passedOver: deviceChoice.passedOver },
    precision: precisionChoice.precision,
    threads,
    git: checkout === undefined ? null : gitState(checkout),
    commandLine: commandLine.map(withoutCredentials),
    data,
    entries,
  };
}

/** A container's user may have no entry in the system's list. */
function loginName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
