/** Where the bytes of a file come from: a buffer in memory, or a file that is read piece by piece. */
export interface ByteSource {
  /** The file's name, for error messages. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset` on. They may be a view; the reader never writes to them. */
  read(offset: number, length: number): Uint8Array;
}
