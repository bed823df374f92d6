/**
 * Distances between points, |a - b|_p, and their gradients.
 */

/** A typed array of floating-point numbers. */
export type Floats = Float32Array | Float64Array;

/** The p-norm of the difference of `n` coordinates; for p = 0 the number of those that differ. */
export function distance(a: Floats, i: number, b: Floats, j: number, n: number, p: number): number {
  let total = 0;
  if (p === 0) { for (let k = 0; k < n; k++) total += a[i + k] === b[j + k] ? 0 : 1; }
  else if (p === 1) { for (let k = 0; k < n; k++) total += Math.abs(a[i + k] - b[j + k]); }
  else if (p === 2) {
    for (let k = 0; k < n; k++) {
      const d = a[i + k] - b[j + k];
      total += d * d;
    }
    return Math.sqrt(total);
  } else if (p === Infinity) { for (let k = 0; k < n; k++) total = Math.max(total, Math.abs(a[i + k] - b[j + k])); }
  else {
    for (let k = 0; k < n; k++) total += Math.abs(a[i + k] - b[j + k]) ** p;
    return total ** (1 / p);
  }
  return total;
}

/**
 * Adds `grad` times the gradient of one distance with respect to `a` to `out`. It is sign(d) (|d| / distance)^(p - 1), and zero
 * for equal points; for p = infinity only the largest differences have one.
 */
export function addGradient(out: Floats, at: number, grad: number, dist: number, a: Floats, i: number, b: Floats, j: number, n: number, p: number): void {
  if (p === 0 || (dist === 0 && p !== 1)) return;
  const single = a instanceof Float32Array; // the distance was rounded
  for (let k = 0; k < n; k++) {
    const d = a[i + k] - b[j + k];
    if (p === 1) out[at + k] += grad * Math.sign(d);
    else if (p === 2) out[at + k] += grad * d / dist;
    else if (p === Infinity) out[at + k] += Math.abs(single ? Math.fround(d) : d) === dist ? grad * Math.sign(d) : 0;
    else if (d !== 0 || p >= 1) out[at + k] += grad * Math.sign(d) * Math.abs(d) ** (p - 1) / dist ** (p - 1);
  }
}
