import { join } from 'node:path';
import { againstHub } from './hub.ts';
import { hubCases } from './hub-cases.ts';
import { againstTracking, trackingCases } from './mlflow.ts';

/** Meets every hostile server once, in `folder`; the number of those with which something was wrong, each told to `report`. */
export async function hostileServers(folder: string, report: (line: string) => void): Promise<number> {
  let failures = 0;
  const tell = (name: string, wrong: readonly string[]): void => {
    if (wrong.length === 0) return;
    failures += 1;
    report(`${name}: ${wrong.join('; ')}`);
  };
  for (const [i, each] of hubCases.entries()) tell(`a hub with ${each.name}`, await againstHub(each, join(folder, `hub-${i}`)));
  for (const [i, each] of trackingCases.entries())
    tell(`an MLflow server with ${each.name}`, await againstTracking(each, join(folder, `mlflow-${i}`)));
  report(`${hubCases.length + trackingCases.length} hostile servers were met`);
  return failures;
}
