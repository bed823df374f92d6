/**
 * Elementary functions of float32. Most are computed in float64, where simple formulas leave an error far below the rounding of the result;
 * those that training calls all the time are computed in float32, which is faster.
 */

import { cosTail, erfcx, erfRatio, expTail, fit, logTail, sinTail, tanhTail } from "./fit.ts";
import type { Lanes } from "./lanes.ts";
import { type Vector, Vectors } from "./vectors.ts";
import { call, func, op } from "./wat.ts";

/** Writes the instructions for the results. */
type Formula = (v: Vectors, x: Vector) => Vector;

/**
 * x = n * unit + r with whole n and |r| <= unit / 2, for small n; the sum of `parts` is the unit. Adding 1.5 * 2^mantissa rounds to a
 * whole number and leaves n in the low bits of the sum.
 */
function reduce(v: Vectors, x: Vector, unit: number, ...parts: number[]): { shifted: Vector; r: Vector } {
  const magic = 1.5 * 2 ** v.lanes.mantissa;
  const shifted = v.madd(x, 1 / unit, magic);
  const n = v.sub(shifted, magic);
  return { shifted, r: parts.reduce((rest, part) => v.madd(n, -part, rest), x) };
}

/** 2^n for n in the low bits. */
const power = (v: Vectors, n: Vector) => v.integer("add", v.shift("shl", n, v.lanes.mantissa), v.lanes.one);

const EXP_FIT = fit(expTail, -Math.LN2 / 2, Math.LN2 / 2, 5);

/** e^x of |x| below 700 in float64. */
function expDouble(v: Vectors, x: Vector): Vector {
  const { shifted, r } = reduce(v, x, Math.LN2, Math.LN2);
  return v.mul(v.polynomial(r, [1, 1, ...EXP_FIT]), power(v, shifted));
}

/** e^x - 1 of |x| below 700 in float64: with e^r - 1 = t it is 2^n t + (2^n - 1), so nothing is lost near 0. */
function expm1(v: Vectors, x: Vector): Vector {
  const { shifted, r } = reduce(v, x, Math.LN2, Math.LN2);
  const scale = power(v, shifted);
  return v.madd(v.mul(v.polynomial(r, [1, ...EXP_FIT]), r), scale, v.sub(scale, 1));
}

const EXP_FIT_SINGLE = fit(expTail, -Math.LN2 / 2, Math.LN2 / 2, 4);
/** log(2) in two parts; the product of the first, 10 bits, with n is exact. */
const LN2 = [0.693359375, Math.LN2 - 0.693359375];

/** The bits of 1.5 * 2^23, which is what `reduce` gives for n = 0. */
const SHIFTED_ZERO = 0x4b400000n;

/** e^x = value * 2^n in float32, with n in the low bits of `shifted`. */
function expSingle(v: Vectors, x: Vector): { value: Vector; shifted: Vector } {
  const { shifted, r } = reduce(v, x, Math.LN2, ...LN2);
  return { value: v.add(v.madd(v.mul(r, r), v.polynomial(r, EXP_FIT_SINGLE), r), 1), shifted };
}

/** e^x in float32 up to infinity and down to the subnormal numbers, which takes two steps for 2^n. */
function exp(v: Vectors, x: Vector): Vector {
  const { value, shifted } = expSingle(v, v.atMost(v.atLeast(x, -104), 89));
  const n = v.integer("sub", shifted, SHIFTED_ZERO);
  const half = v.shift("shr_s", n, 1);
  return v.mul(v.mul(value, power(v, half)), power(v, v.integer("sub", n, half)));
}

const TANH_FIT = fit(tanhTail, 0, 0.36, 4);

/** tanh: an odd polynomial near 0, 1 - 2 / (e^2x + 1) elsewhere. */
function tanh(v: Vectors, x: Vector): Vector {
  const a = v.abs(x);
  const { value, shifted } = expSingle(v, v.atMost(v.add(a, a), 20));
  const large = v.sub(1, v.div(2, v.madd(value, power(v, shifted), 1)));
  const z = v.mul(a, a);
  const small = v.madd(v.mul(z, v.polynomial(z, TANH_FIT)), a, a);
  return v.copysign(v.select(v.op("lt", a, 0.6), small, large), x);
}

const LOG_FIT = fit(logTail, 0, 0.0295, 3);
/** Where the mantissa's interval begins: the bits of sqrt(1/2). */
const SQRT_HALF = 0x3fe6a09e667f3bcdn;

/** scale * log(x) in float64, with the special cases. Where x is near 1, `tail` may give x - 1 more precisely. */
function log(v: Vectors, x: Vector, scale: number, tail?: Vector): Vector {
  // x = 2^e (1 + t); 1022 makes e positive for the shift, and as low bits of 2^52 it becomes a number
  const exponent = v.shift("shr_u", v.integer("sub", x, SQRT_HALF - (1022n << 52n)), 52);
  const mantissa = v.integer("sub", x, v.shift("shl", v.integer("sub", exponent, 1022n), 52));
  const e = v.sub(v.bitwise("or", exponent, 0x433n << 52n), 2 ** 52 + 1022);
  let t = v.sub(mantissa, 1);
  if (tail) t = v.select(v.op("eq", e, 0), tail, t);
  // log(1 + t) = log((1 + s) / (1 - s))
  const s = v.div(t, v.add(t, 2));
  const value = v.madd(e, Math.LN2 * scale, v.mul(s, v.polynomial(v.mul(s, s), [2, ...LOG_FIT].map((c) => c * scale))));
  const known = v.select(v.op("lt", x, Infinity), value, x);
  return v.select(v.op("gt", x, 0), known, v.select(v.op("eq", x, 0), -Infinity, NaN));
}

const SIN_FIT = fit(sinTail, 0, Math.PI * Math.PI / 16, 3);
const COS_FIT = fit(cosTail, 0, Math.PI * Math.PI / 16, 3);
/** pi / 2 in two parts; the product of the first, 33 bits, with n below 2^20 is exact. */
const HALF_PI = [1.57079632673412561417e+00, 6.07710050650619224932e-11];
/** Up to here the reduction is good; beyond, the platform's function is called. */
const LARGE_ANGLE = 1e6;

/** sin(r) and cos(r) for x = n pi/2 + r, with n in the low bits. */
function circular(v: Vectors, x: Vector): { sin: Vector; cos: Vector; n: Vector } {
  const { shifted, r } = reduce(v, x, Math.PI / 2, ...HALF_PI);
  const z = v.mul(r, r);
  return { sin: v.madd(v.mul(v.polynomial(z, SIN_FIT), z), r, r), cos: v.polynomial(z, [1, -0.5, ...COS_FIT]), n: shifted };
}

/** All bits set where n is odd. */
const odd = (v: Vectors, n: Vector) => v.integer("sub", 0n, v.bitwise("and", n, 1n));

/** sin(x + quarters pi/2) of x >= 0 */
const wave = (quarters: bigint): Formula => (v, x) => {
  const { sin, cos, n } = circular(v, x);
  const quadrant = quarters === 0n ? n : v.integer("add", n, quarters);
  return v.bitwise("xor", v.select(odd(v, quadrant), cos, sin), v.shift("shl", v.shift("shr_u", quadrant, 1), 63));
};

/** sin / cos, or -cos / sin in odd quadrants, of x >= 0 */
const tan: Formula = (v, x) => {
  const { sin, cos, n } = circular(v, x);
  const swap = odd(v, n);
  return v.bitwise("xor", v.div(v.select(swap, cos, sin), v.select(swap, sin, cos)), v.shift("shl", swap, 63));
};

/** An odd function of x from its value for |x|. */
const reflect = (v: Vectors, value: Vector, x: Vector) => v.bitwise("xor", value, v.bitwise("and", x, 0x80000000n));

const ERF_FIT = fit(erfRatio, 0, 0.81, 6);
const ERFC_FIT = fit((t) => erfcx(3 * (1 - t) / t) / t, 3 / 13.1, 1, 11);

/** erfc of a in [0, 10.1]: e^(-a^2) times a polynomial in t = 3 / (3 + a). */
function erfc(v: Vectors, a: Vector): Vector {
  const t = v.div(3, v.add(a, 3));
  const decay = expDouble(v, v.op("neg", v.mul(a, a)));
  return v.mul(decay, v.mul(t, v.polynomial(t, ERFC_FIT)));
}

/** A formula for each function. */
const formulas: Record<string, Formula> = {
  exp,
  exp2: (v, x) =>
    inDouble(v, v.atMost(v.atLeast(x, -160), 130), (w, a) => {
      const { shifted, r } = reduce(w, a, 1, 1);
      return w.mul(w.polynomial(w.mul(r, Math.LN2), [1, 1, ...EXP_FIT]), power(w, shifted));
    }),
  expm1: (v, x) => v.copysign(inDouble(v, v.atMost(v.atLeast(x, -110), 90), expm1), x),
  log: (v, x) => inDouble(v, x, (w, a) => log(w, a, 1)),
  log2: (v, x) => inDouble(v, x, (w, a) => log(w, a, 1 / Math.LN2)),
  log10: (v, x) => inDouble(v, x, (w, a) => log(w, a, 1 / Math.LN10)),
  log1p: (v, x) => v.copysign(inDouble(v, x, (w, a) => log(w, w.add(a, 1), 1, a)), x),
  sin: (v, x) => orPlatform(v, "sin", x, reflect(v, inDouble(v, v.abs(x), wave(0n)), x)),
  cos: (v, x) => orPlatform(v, "cos", x, inDouble(v, v.abs(x), wave(1n))),
  tan: (v, x) => orPlatform(v, "tan", x, reflect(v, inDouble(v, v.abs(x), tan), x)),
  sinh: (v, x) =>
    v.copysign(
      inDouble(v, v.atMost(v.abs(x), 100), (w, a) => {
        const e = expm1(w, a);
        return w.mul(w.add(e, w.div(e, w.add(e, 1))), 0.5);
      }),
      x,
    ),
  cosh: (v, x) =>
    inDouble(v, v.atMost(v.abs(x), 100), (w, a) => {
      const e = expDouble(w, a);
      return w.mul(w.add(e, w.div(1, e)), 0.5);
    }),
  tanh,
  sigmoid: (v, x) => inDouble(v, v.atMost(v.atLeast(v.op("neg", x), -110), 110), (w, a) => w.div(1, w.add(expDouble(w, a), 1))),
  erf: (v, x) =>
    v.copysign(
      inDouble(v, v.atMost(v.abs(x), 10.1), (w, a) => {
        const small = w.mul(a, w.polynomial(w.mul(a, a), ERF_FIT));
        return w.select(w.op("lt", a, 0.9), small, w.sub(1, erfc(w, a)));
      }),
      x,
    ),
  erfc: (v, x) => {
    const value = inDouble(v, v.atMost(v.abs(x), 10.1), erfc);
    return v.select(v.op("lt", x, 0), v.sub(2, value), value);
  },
  sqrt: (v, x) => v.op("sqrt", x),
  rsqrt: (v, x) => inDouble(v, x, (w, a) => w.div(1, w.op("sqrt", a))),
};

/** Functions of the platform, for arguments beyond LARGE_ANGLE. */
export const imports: string[] = ["sin", "cos", "tan"].map((name) => `(import "Math" "${name}" (func $Math_${name} (param f64) (result f64)))`);

/** `exp(address, end)` and so on: replaces the float32 in [address, end), in pieces of 8, by their function values. */
export function elementwise(single: Lanes): string[] {
  return Object.entries(formulas).map(([name, formula]) =>
    func(name, ["address", "end"], (f, address, end) => {
      f.while(op("i32.lt_s", [address, end]), () => {
        const x = [0, 16].map((offset) => f.let("v128", single.load(address, offset)));
        formula(new Vectors(f, single), x).forEach((y, i) => f.do(single.store(address, y, i * 16)));
        f.increase(address, 32);
      });
    })
  );
}

/** Applies a formula in float64 and rounds. */
const inDouble = (v: Vectors, x: Vector, formula: Formula): Vector => v.demote(formula(v.double, v.promote(x)));

/** y, or the platform's value where |x| is large or x is no number. */
function orPlatform({ f, lanes }: Vectors, name: string, x: Vector, y: Vector): Vector {
  x.forEach((vector, i) => {
    const isSmall = lanes.op("lt", lanes.op("abs", vector), lanes.constant(LARGE_ANGLE));
    f.if(op("i32.eqz", [op("i32x4.all_true", [isSmall])]), () => {
      for (let lane = 0; lane < lanes.count; lane++) {
        const element = f.let("f32", op("f32x4.extract_lane", [vector], String(lane)));
        f.if(op("i32.eqz", [op("f32.lt", [op("f32.abs", [element]), `(f32.const ${LARGE_ANGLE})`])]), () => {
          const exact = op("f32.demote_f64", [call(`Math_${name}`, op("f64.promote_f32", [element]))]);
          f.set(y[i], op("f32x4.replace_lane", [y[i], exact], String(lane)));
        });
      }
    });
  });
  return y;
}
