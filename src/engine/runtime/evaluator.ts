import { lower } from '../graph/index.ts';
import type { ForwardProgram, HostTensor } from '../program.ts';
import { bindSymbols, inputsBesides } from './batch.ts';
import { openModel, type Session, type SessionOptions } from './session.ts';
import type { ForwardModel } from './trainer.ts';

/** A forward pass for devices on which nothing stays between runs but a session's own constants: the parameters are that. */
export interface Evaluator extends ForwardModel {
  /** Takes parameters into a session, which the first forward pass does otherwise. */
  load(): Promise<void>;
  /** Lets them go, before they change. */
  unload(): Promise<void>;
}

/** @param held all parameters as they are now, by name; a tensor's numbers do not change, but another may take its place */
export function openEvaluator(program: ForwardProgram, held: ReadonlyMap<string, HostTensor>, options: SessionOptions): Evaluator {
  const names = program.parameters.map(({ name }) => name);
  const batchInputs = inputsBesides(program.graph.inputs, names);
  let session: Session | undefined;
  const open = async (): Promise<Session> => {
    const { toOnnxWithFiles } = await import('../graph/onnx/to-onnx.ts');
    const graph = lower(program.graph, options.provider ?? 'cpu');
    const files = Object.fromEntries(names.map((name) => [name, held.get(name)!.data as Float32Array]));
    return openModel(graph.name, toOnnxWithFiles(graph, new Set(names)), options, files);
  };
  const unload = async (): Promise<void> => {
    await session?.release();
    session = undefined;
  };
  return {
    async load() {
      session ??= await open();
    },
    unload,
    async forward(feeds) {
      bindSymbols(batchInputs, feeds);
      session ??= await open();
      const loaded = session;
      const outputs = await loaded.run(Object.fromEntries(batchInputs.map(({ name }) => [name, loaded.tensor(feeds[name]!)])));
      return outputs[program.output]!;
    },
    release: unload,
  };
}
