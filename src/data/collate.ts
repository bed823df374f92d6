/**
 * Samples put together into batches.
 */
import { bool, float64, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { List } from "../nn/arguments.ts";
import { tensor } from "../ops/create.ts";
import { stack } from "../ops/join.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";

/**
 * A batch of samples: tensors are stacked, numbers become a tensor (int64 where all of them are whole, else float64, for JavaScript
 * does not tell `1` from `1.0`), texts stay a list, and lists, tuples and dictionaries are put together part by part.
 */
export function default_collate(batch: readonly unknown[]): unknown {
  const [first] = batch;
  if (first instanceof Tensor) return stack(batch as Tensor[], 0);
  if (typeof first === "number") {
    const whole = batch.every((n) => Number.isInteger(n));
    return tensor(batch as number[], { dtype: whole ? int64 : float64 });
  }
  if (typeof first === "bigint") return tensor(batch as bigint[], { dtype: int64 });
  if (typeof first === "boolean") return tensor(batch as boolean[], { dtype: bool });
  if (typeof first === "string") return batch;
  if (first instanceof Map) {
    return new Map([...first.keys()].map((key) => [key, default_collate(List.from(batch as Map<unknown, unknown>[], (d) => d.get(key)))]));
  }
  if (isPlainObject(first)) {
    return Object.fromEntries(Object.keys(first).map((key) => [key, default_collate(List.from(batch as Record<string, unknown>[], (d) => d[key]))]));
  }
  if (Array.isArray(first)) {
    const rows = batch as unknown[][];
    if (rows.some((row) => row.length !== first.length)) throw new RuntimeError("each element in list of batch should be of equal size");
    return List.from(first.map((_, i) => default_collate(rows.map((row) => row[i]))));
  }
  throw new TypeError(`default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found <class '${pythonType(first)}'>`);
}

/** A sample that stands alone: as it is, but for tuples, which become lists. */
export function default_convert(data: unknown): unknown {
  if (data instanceof Map) return new Map([...data].map(([key, value]) => [key, default_convert(value)]));
  if (isPlainObject(data)) return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, default_convert(value)]));
  return Array.isArray(data) ? List.from(data.map(default_convert)) : data;
}
