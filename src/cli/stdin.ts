import { OrtrainError } from '../core/errors.ts';

/** What Node can hold as one text. */
const MOST_BYTES = 2 ** 29 - 24;

/** All of standard input as a stream of one piece, which is read when somebody asks for it. */
export async function* stdinStream(onEnd: () => void): AsyncIterable<Uint8Array> {
  const bytes = await stdinBytes();
  onEnd();
  yield bytes;
}

/** All of standard input. */
export async function stdinBytes(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES)
      throw new OrtrainError('data', 'stdin is longer than 512 MB', { subject: 'stdin', remedy: 'Write the texts in several parts.' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
