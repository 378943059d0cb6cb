/** Numbers of pairs of whole numbers below 2²⁶, in a table of a few bytes a pair: a Map of so many texts would fill the memory. */
export interface PairNumbers {
  /** The number of a pair; of a new one what `next` says, which is kept unless it is −1. */
  numberOf(first: number, second: number, next: () => number): number;
}

export function pairNumbers(): PairNumbers {
  let [keys, numbers, used] = [emptyKeys(FIRST_SLOTS), new Int32Array(FIRST_SLOTS), 0];
  const grow = (): void => {
    const [oldKeys, oldNumbers] = [keys, numbers];
    [keys, numbers] = [emptyKeys(2 * oldKeys.length), new Int32Array(2 * oldKeys.length)];
    oldKeys.forEach((key, slot) => {
      if (key === EMPTY) return;
      const own = slotOf(keys, key);
      keys[own] = key;
      numbers[own] = oldNumbers[slot]!;
    });
  };
  return {
    numberOf(first, second, next) {
      const key = first * SHIFT + second;
      const slot = slotOf(keys, key);
      if (keys[slot] === key) return numbers[slot]!;
      const number = next();
      if (number === -1) return -1;
      keys[slot] = key;
      numbers[slot] = number;
      used += 1;
      if (2 * used > keys.length) grow();
      return number;
    },
  };
}

const FIRST_SLOTS = 1 << 12;
const SHIFT = 2 ** 26;
const EMPTY = -1;

function emptyKeys(slots: number): Float64Array {
  return new Float64Array(slots).fill(EMPTY);
}

/** Where a key stands, or the free slot in which it would: open addressing, one slot after the other. */
function slotOf(keys: Float64Array, key: number): number {
  const mask = keys.length - 1;
  const [first, second] = [Math.floor(key / SHIFT), key % SHIFT];
  let slot = mixed(Math.imul(first, 0x9e3779b1) ^ second) & mask;
  while (keys[slot] !== EMPTY && keys[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}

/** The last steps of MurmurHash3, after which every bit depends on every other (Appleby, public domain). */
function mixed(hash: number): number {
  const a = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  return (b ^ (b >>> 16)) >>> 0;
}
