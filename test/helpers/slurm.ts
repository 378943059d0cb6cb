import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../src/core/programs.ts';
import { freePort } from './free-port.ts';

/** Why the tests on Slurm cannot run; undefined where they can. tools/slurm/install.sh installs it. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return 'its daemons are started as root';
  const missing = ['slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'].find((name) => program(name) === undefined);
  return missing === undefined ? undefined : `there is no ${missing}`;
}

export interface SlurmCluster {
  /** For the processes that submit jobs. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of Slurm's programs. */
  ask(name: string, ...words: readonly string[]): string;
  stop(): void;
}

/** A cluster of several nodes, all of them this machine, without accounting. */
export async function startSlurm(folder: string, nodes: number): Promise<SlurmCluster> {
  mkdirSync(join(folder, 'state'), { recursive: true });
  const host = hostname().replace(/\..*/, '');
  const ports: number[] = [];
  while (ports.length < nodes + 1) ports.push(await freePort());
  const conf = join(folder, 'slurm.conf');
  writeFileSync(
    conf,
    [
      'ClusterName=test', `SlurmctldHost=${host}(127.0.0.1)`, 'SlurmUser=root', 'AuthType=auth/none', 'CredType=cred/none',
      `SlurmctldPort=${ports[0]}`, `StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool-%n`,
      `SlurmctldPidFile=${folder}/slurmctld.pid`, `SlurmdPidFile=${folder}/slurmd-%n.pid`, `SlurmctldLogFile=${folder}/slurmctld.log`,
      `SlurmdLogFile=${folder}/slurmd-%n.log`, 'ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'SelectType=select/cons_tres',
      'SchedulerParameters=sched_interval=1', 'ReturnToService=2', 'KillWait=5',
      ...ports.slice(1).map((port, i) => `NodeName=n${i + 1} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=2 RealMemory=1000`),
      'PartitionName=main Nodes=ALL Default=YES State=UP', '',
    ].join('\n'),
  );
  writeFileSync(join(folder, 'cgroup.conf'), 'CgroupPlugin=cgroup/v1\n');
  const env = { SLURM_CONF: conf };
  const ask = (name: string, ...words: readonly string[]): string =>
    execFileSync(program(name) ?? name, words, { encoding: 'utf8', env: { ...process.env, ...env } });
  ask('slurmctld');
  for (let node = 1; node <= nodes; node += 1) ask('slurmd', '-N', `n${node}`);
  const isReady = (): boolean => {
    const { stdout } = spawnSync('sinfo', ['-hN', '-o', '%t'], { encoding: 'utf8', env: { ...process.env, ...env } });
    return stdout.split('\n').filter((state) => state === 'idle').length === nodes;
  };
  for (let tries = 0; !isReady(); tries += 1) {
    if (tries === 100) throw new Error(readFileSync(join(folder, 'slurmctld.log'), 'utf8').slice(-2000));
    await sleep(100);
  }
  return {
    env,
    ask,
    stop() {
      for (const name of readdirSync(folder).filter((each) => each.endsWith('.pid'))) {
        const pid = Number(readFileSync(join(folder, name), 'utf8'));
        if (pid > 0 && existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
      }
    },
  };
}

/** Debian has the daemons in a folder that is not on everybody's path. */
function program(name: string): string | undefined {
  const path = `/usr/sbin/${name}`;
  return findProgram(name) ?? (existsSync(path) ? path : undefined);
}
