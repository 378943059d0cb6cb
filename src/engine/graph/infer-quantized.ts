import { broadcast } from './dims.ts';
import { lastTwo, refuse } from './infer.ts';
import type { TensorType, Value } from './types.ts';

export function dynamicQuantizeLinear([x]: readonly [Value]): readonly TensorType[] {
  if (x.dtype !== 'float32') refuse(`takes float32, not ${x.dtype}`);
  return [{ dtype: 'uint8', shape: x.shape }, { dtype: 'float32', shape: [] }, { dtype: 'uint8', shape: [] }];
}

export function matMulInteger([a, b, aZero]: readonly [Value, Value, Value | null]): TensorType {
  if (a.dtype !== 'uint8' || b.dtype !== 'int8' || (aZero !== null && aZero.dtype !== 'uint8'))
    refuse('takes uint8 and int8, and a zero point of uint8');
  const [m, k] = lastTwo(a, 0);
  const [k2, n] = lastTwo(b, 0);
  if (k !== k2) refuse(`inner axes differ: ${k} and ${k2}`);
  return { dtype: 'int32', shape: [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] };
}
