import { defineCommand } from '../command.ts';

/** Looks at this machine. Asks nobody over the network. */
export const doctor = defineCommand({
  name: 'doctor',
  summary: 'examine this machine: versions, memory, disk, devices, caches',
  description: 'It computes on every device, and names whatever is missing with the command that installs it. It uses no network.',
  arguments: {},
  options: {},
  examples: [{ line: 'pipeline doctor', purpose: 'Find out which devices work here, and why others do not.' }],
  async run(_given, { artifacts, terminal }) {
    const { examineMachine } = await import('../../runner/machine/index.ts');
    const { diagnosisText } = await import('../render/diagnosis.ts');
    const findings = await examineMachine(artifacts);
    const isWell = findings.every(({ state }) => state !== 'warn');
    return { data: { ok: isWell, findings }, text: diagnosisText(findings, terminal.colors) };
  },
});
