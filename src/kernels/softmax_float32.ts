/**
 * Softmax and its relatives of short float32 rows, to the bit as PyTorch's vectors of 64 bytes compute them: every step is rounded, and sums are
 * taken in its order. (Its vectors of 32 bytes give the same for rows of up to seven elements.)
 */
import { sumOfRun } from "./cascade.ts";
import { expFloat32 } from "./special/float32.ts";
import { logFloat32 } from "./special/float32_vectors.ts";

type Row = Float32Array<ArrayBuffer>;

const f = Math.fround;

/** Elements in a vector. */
const LANES = 16;

/**
 * The sum of a row, which may hold exact products of two numbers: one after the other in short rows; in long ones lane by lane, a product
 * and a sum rounded once, and then the lanes' halves, quarters and so on added.
 */
function sumOf(row: Float64Array): number {
  const n = row.length;
  let sum = 0;
  if (n < LANES) {
    for (let i = 0; i < n; i++) sum = f(sum + f(row[i]));
    return sum;
  }
  const lanes = Float32Array.from(row.subarray(0, LANES));
  for (let i = LANES; i < n; i++) lanes[i % LANES] += row[i];
  for (let half = LANES / 2; half >= 1; half /= 2) for (let i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

function greatestOf(data: Row, from: number, n: number): number {
  let top = -Infinity;
  for (let i = from; i < from + n; i++) if (data[i] > top || data[i] !== data[i]) top = data[i];
  return top;
}

/** Softmax, or its logarithm, of each of the rows of `n` elements from `at` on. */
export function softmaxRows(log: boolean, data: Row, at: number, rows: number, n: number): Row {
  const out = new Float32Array(rows * n), row = new Float64Array(n);
  for (let r = 0; r < rows; r++) {
    const from = at + r * n, to = r * n, top = greatestOf(data, from, n);
    for (let i = 0; i < n; i++) row[i] = f(expFloat32(f(data[from + i] - top)));
    const sum = sumOf(row);
    if (log) {
      const logarithm = f(logFloat32(sum));
      for (let i = 0; i < n; i++) out[to + i] = f(data[from + i] - top) - logarithm;
    } else {
      const factor = f(1 / sum);
      for (let i = 0; i < n; i++) out[to + i] = row[i] * factor;
    }
  }
  return out;
}

/** The logarithm of the sum of the exponentials of `n` elements; the greatest of them, `top`, is finite. */
export function logSumExpOf(data: Row, from: number, n: number, top: number): number {
  const row = new Float32Array(n);
  for (let i = 0; i < n; i++) row[i] = expFloat32(f(data[from + i] - top));
  return f(logFloat32(sumOfRun(row, 0, n))) + top;
}

/** The gradients of the rows from those of the results `y`: y (grad - sum(grad y)), or grad - e^y sum(grad) for the logarithm. */
export function softmaxRowGradients(log: boolean, grad: Row, gradAt: number, y: Row, at: number, rows: number, n: number): Row {
  const out = new Float32Array(rows * n), row = new Float64Array(n);
  for (let r = 0; r < rows; r++) {
    const g = gradAt + r * n, from = at + r * n, to = r * n;
    for (let i = 0; i < n; i++) row[i] = log ? grad[g + i] : grad[g + i] * y[from + i];
    const sum = sumOf(row);
    for (let i = 0; i < n; i++) out[to + i] = log ? grad[g + i] - f(expFloat32(y[from + i])) * sum : f(grad[g + i] - sum) * y[from + i];
  }
  return out;
}
