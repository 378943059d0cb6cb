/** Finds all of a set of byte strings that begin at a place, each with a number. */
export interface PieceTrie {
  /** The node behind `node` and a byte; 0 where there is none. The root is node 0. */
  next(node: number, byte: number): number;
  /** [nodes] The number of the string that ends at a node; -1 where none does. */
  readonly values: Int32Array;
}

/** Of a string that is there twice, the later number counts. Throws an Error where there are more bytes than any tokenizer has. */
export function pieceTrie(pieces: Iterable<readonly [bytes: Uint8Array, value: number]>): PieceTrie {
  let size = 1024;
  // A node and a byte by a hash; open addressing. No edge leads to the root, so 0 is a free place.
  let keys = new Uint32Array(size);
  let targets = new Int32Array(size);
  let shift = 22;
  let values = new Int32Array(512).fill(-1);
  let nodes = 1;

  const place = (key: number): number => {
    let at = Math.imul(key, GOLDEN) >>> shift;
    while (targets[at] !== 0 && keys[at] !== key) at = (at + 1) & (size - 1);
    return at;
  };
  const grow = (): void => {
    const [oldKeys, oldTargets] = [keys, targets];
    size *= 2;
    shift--;
    keys = new Uint32Array(size);
    targets = new Int32Array(size);
    oldTargets.forEach((target, i) => {
      if (target === 0) return;
      const at = place(oldKeys[i]!);
      keys[at] = oldKeys[i]!;
      targets[at] = target;
    });
  };
  for (const [bytes, value] of pieces) {
    let node = 0;
    for (const byte of bytes) {
      const key = ((node << 8) | byte) >>> 0;
      let at = place(key);
      if (targets[at] === 0) {
        if (nodes === MOST_NODES) throw new Error('its pieces are longer than those of any tokenizer');
        if (2 * nodes > size) {
          grow();
          at = place(key);
        }
        if (nodes === values.length) {
          const more = new Int32Array(2 * nodes).fill(-1);
          more.set(values);
          values = more;
        }
        keys[at] = key;
        targets[at] = nodes++;
      }
      node = targets[at]!;
    }
    if (node !== 0) values[node] = value;
  }
  const [mask, theKeys, theTargets, theShift] = [size - 1, keys, targets, shift];
  return {
    next(node, byte) {
      const key = ((node << 8) | byte) >>> 0;
      let at = Math.imul(key, GOLDEN) >>> theShift;
      for (;;) {
        const target = theTargets[at]!;
        if (target === 0 || theKeys[at] === key) return target;
        at = (at + 1) & mask;
      }
    },
    values,
  };
}

/** 2^32 divided by the golden ratio, which spreads neighbours far apart. */
const GOLDEN = 0x9e3779b1;

/** A node and a byte make a number of 32 bits. */
const MOST_NODES = 2 ** 24;
