/**
 * The exponential of a matrix by Taylor polynomials of few products (Bader, Blanes and Casas 2019), scaling and squaring: PyTorch's
 * way. It is computed in the dtype of the tensor, for the exponential of a matrix with large elements depends on every rounding.
 */

import { type Elements, identity } from "./linalg.ts";

/** The 1-norms up to which the polynomials of degree 1, 2, 4, 8, 12 and 18 are exact. */
const SINGLE = [1.192092800768788e-7, 5.978858893805233e-4, 5.116619363445086e-2, 5.800524627688768e-1, 1.461661507209034, 3.010066362817634];
const DOUBLE = [2.220446049250313e-16, 2.580956802971767e-8, 3.397168839976962e-4, 4.991228871115323e-2, 2.996158913811580e-1, 1.090863719290036];

/** A sum of matrices of one order, weighed. */
function combined<T extends Elements>(weights: readonly number[], matrices: readonly T[]): T {
  const out = matrices[0].slice() as T, term = matrices[0].slice(0, 1) as T, weight = term.slice() as T;
  out.fill(0);
  weights.forEach((w, k) => {
    weight[0] = w;
    const m = matrices[k];
    for (let i = 0; i < out.length; i++) {
      term[0] = weight[0] * m[i];
      out[i] += term[0];
    }
  });
  return out;
}

/** Multiplications from which on PyTorch leaves a product to BLAS, which rounds a product and its addition once. */
const FUSED = 400;

/** The product of two matrices of order n. */
function times<T extends Elements>(a: T, b: T, n: number): T {
  const out = a.slice() as T, term = a.slice(0, 1) as T;
  out.fill(0);
  const fused = n * n * n >= FUSED;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k];
      if (fused) { for (let j = 0; j < n; j++) out[i * n + j] += x * b[k * n + j]; }
      else {
        for (let j = 0; j < n; j++) {
          term[0] = x * b[k * n + j];
          out[i * n + j] += term[0];
        }
      }
    }
  }
  return out;
}

const plus = <T extends Elements>(a: T, b: T): T => combined([1, 1], [a, b]);

const ROOT = Math.sqrt(177);
const X3 = 2 / 3;
/** The coefficients of the polynomial of degree 8. */
const EIGHT = {
  inner: [0, X3 * ((1 + ROOT) / 88), X3 * ((1 + ROOT) / 352)],
  outer: [
    (-271 + 29 * ROOT) / (315 * X3),
    11 * (-1 + ROOT) / (1260 * X3),
    11 * (-9 + ROOT) / (5040 * X3),
    (89 - ROOT) / (5040 * X3 * X3),
  ],
  square: (857 - 58 * ROOT) / 630,
};

/** Of degree 12: each row weighs I, A, A^2, A^3. */
const TWELVE = [
  [9.0198e-16, 0.46932117595418237389, -0.20099424927047284052, -0.04623946134063071740],
  [5.31597895759871264183, 1.19926790417132231573, 0.01179296240992997031, 0.01108844528519167989],
  [0.18188869982170434744, 0.05502798439925399070, 0.09351590770535414968, 0.00610700528898058230],
  [-2.0861320e-13, -0.13181061013830184015, -0.02027855540589259079, -0.00675951846863086359],
];

/** Of degree 18: each row weighs I, A, A^2, A^3, A^6. */
const EIGHTEEN = [
  [0, -1.00365581030144618291e-1, -8.02924648241156932449e-3, -8.92138498045729985177e-4, 0],
  [0, 3.97849749499645077844e-1, 1.36783778460411720168, 4.98289622525382669416e-1, -6.37898194594723280150e-4],
  [-1.09676396052962061844e1, 1.68015813878906206114, 5.71779846478865511061e-2, -6.98210122488052056106e-3, 3.34975017086070470649e-5],
  [-9.04316832390810593223e-2, -6.76404519071381882256e-2, 6.75961301770459654925e-2, 2.95552570429315521194e-2, -1.39180257516060693404e-5],
  [0, 0, -9.23364619367118555360e-2, -1.69364939002081722752e-2, -1.40086798182036094347e-5],
];

function polynomial<T extends Elements>(degree: number, I: T, A: T, n: number): T {
  if (degree === 1) return plus(I, A);
  const A2 = times(A, A, n);
  if (degree === 2) return combined([1, 1, 1 / 2], [I, A, A2]);
  if (degree === 4) return combined([1, 1, 1], [I, A, times(A2, combined([1 / 2, 1 / 6, 1 / 24], [I, A, A2]), n)]);
  if (degree === 8) {
    const A4 = times(A2, combined(EIGHT.inner, [I, A, A2]), n);
    const A8 = times(combined([X3, 1], [A2, A4]), combined(EIGHT.outer, [I, A, A2, A4]), n);
    return combined([1, 1, EIGHT.square, 1], [I, A, A2, A8]);
  }
  const A3 = times(A, A2, n);
  if (degree === 12) {
    const [b0, b1, b2, b3] = TWELVE.map((weights) => combined(weights, [I, A, A2, A3]));
    const A6 = plus(b2, times(b3, b3, n));
    return plus(b0, times(plus(b1, A6), A6, n));
  }
  const A6 = times(A3, A3, n);
  const [b0, b1, b2, b3, b4] = EIGHTEEN.map((weights) => combined(weights, [I, A, A2, A3, A6]));
  const A9 = plus(b3, times(b0, b4, n));
  return plus(b1, times(plus(b2, A9), A9, n));
}

const DEGREES = [1, 2, 4, 8, 12, 18];

function norm1(a: Elements, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]);
    if (!(sum <= largest)) largest = sum;
  }
  return largest;
}

/** exp(a) of a[n, n]. */
export function exponential<T extends Elements>(a: T, n: number): T {
  if (n === 0) return a;
  const limits = a instanceof Float32Array ? SINGLE : DOUBLE;
  const norm = norm1(a, n);
  const unit = identity(a, n);
  const at = limits.findIndex((limit) => norm <= limit);
  if (at >= 0) return polynomial(DEGREES[at], unit, a, n);
  const squarings = Math.max(0, Math.ceil(Math.log2(norm / limits[5]))) || 0;
  const scaled = combined([2 ** -squarings], [a]);
  let result = polynomial(18, unit, scaled, n);
  for (let i = 0; i < squarings; i++) result = times(result, result, n);
  return result;
}
