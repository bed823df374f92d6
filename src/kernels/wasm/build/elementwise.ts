/**
 * Elementary functions of float32, four elements at once. Most are computed in float64, where simple formulas leave an error far below the
 * rounding of the result; those that training calls all the time are computed in float32, twice as fast.
 */

import { cosTail, erfcx, erfRatio, expTail, fit, logTail, sinTail, tanhTail } from "./fit.ts";
import type { Lanes } from "./lanes.ts";
import { add, call, type Code, type Func, func, type Local, op } from "./wat.ts";

/** Writes the instructions for a vector of results. */
type Formula = (f: Func, lanes: Lanes, x: Local) => Code;

const abs = (f: Func, lanes: Lanes, x: Code) => f.let("v128", lanes.op("abs", x));

/** x within [low, high]; NaN stays NaN. */
const clamp = (lanes: Lanes, x: Code, low: number, high: number) => lanes.op("pmin", lanes.op("pmax", x, low), high);

const EXP_FIT = fit(expTail, -Math.LN2 / 2, Math.LN2 / 2, 5);

/**
 * x = n * unit + r with whole n and |r| <= unit / 2. Adding 1.5 * 2^52 rounds to a whole number and leaves n in the low bits of the sum.
 */
function reduce(f: Func, lanes: Lanes, x: Code, unit: number, ...parts: number[]): { shifted: Local; r: Local } {
  const magic = lanes.count === 4 ? 1.5 * 2 ** 23 : 1.5 * 2 ** 52;
  const shifted = f.let("v128", lanes.madd(x, 1 / unit, magic));
  const n = f.let("v128", lanes.sub(shifted, magic));
  return { shifted, r: f.let("v128", parts.reduce<Code>((rest, part) => lanes.madd(n, -part, rest), x)) };
}

/** 2^n for n in the low bits. */
const power = (f: Func, lanes: Lanes, n: Code) => {
  const mantissa = lanes.count === 4 ? 23 : 52;
  const one = lanes.count === 4 ? 127n << 23n : 1023n << 52n;
  return f.let("v128", lanes.bits("add", lanes.bits("shl", n, mantissa), one));
};

/** e^x of |x| below 700 in float64. */
function exp(f: Func, lanes: Lanes, x: Code): Local {
  const { shifted, r } = reduce(f, lanes, x, Math.LN2, Math.LN2);
  return f.let("v128", lanes.mul(lanes.polynomial(r, [1, 1, ...EXP_FIT]), power(f, lanes, shifted)));
}

/** e^x - 1 of |x| below 700 in float64: with e^r - 1 = t, 2^n t + (2^n - 1), so that nothing is lost near 0. */
function expm1(f: Func, lanes: Lanes, x: Code): Local {
  const { shifted, r } = reduce(f, lanes, x, Math.LN2, Math.LN2);
  const scale = power(f, lanes, shifted);
  return f.let("v128", lanes.madd(lanes.mul(lanes.polynomial(r, [1, ...EXP_FIT]), r), scale, lanes.sub(scale, 1)));
}

const LOG_FIT = fit(logTail, 0, 0.0295, 3);

/** log(x) / log(base) in float64, with the special cases; where x is near 1, `tail` may give x - 1 more precisely. */
function log(f: Func, lanes: Lanes, x: Local, base: number, tail?: Local): Code {
  // the exponent of x / sqrt(1/2), made positive for a shift without sign
  const offset = 0x3fe6a09e667f3bcdn - (1022n << 52n);
  const exponent = f.let("v128", lanes.bits("shr_u", lanes.bits("sub", x, offset), 52));
  const mantissa = lanes.bits("sub", x, lanes.bits("shl", lanes.bits("sub", exponent, 1022n), 52));
  // the integer as the low bits of 2^52
  const e = f.let("v128", lanes.sub(op("v128.or", [exponent, lanes.constant(2 ** 52)]), 2 ** 52 + 1022));
  let m = lanes.sub(mantissa, 1);
  if (tail) m = lanes.select(lanes.op("eq", e, 0), tail, m);
  const t = f.let("v128", m);
  const s = f.let("v128", lanes.div(t, lanes.add(t, 2)));
  const z = f.let("v128", lanes.mul(s, s));
  const scale = 1 / Math.log(base);
  const value = lanes.madd(e, Math.LN2 * scale, lanes.mul(s, lanes.polynomial(z, [2, ...LOG_FIT].map((c) => c * scale))));
  const known = lanes.select(lanes.op("lt", x, Infinity), value, x);
  return lanes.select(lanes.op("gt", x, 0), known, lanes.select(lanes.op("eq", x, 0), -Infinity, NaN));
}

const SIN_FIT = fit(sinTail, 0, (Math.PI / 4) ** 2, 3);
const COS_FIT = fit(cosTail, 0, (Math.PI / 4) ** 2, 3);
/** pi / 2 in two parts; the product of the first, 33 bits, with n below 2^20 is exact. */
const HALF_PI = [1.57079632673412561417e+00, 6.07710050650619224932e-11];
/** Up to here the reduction is good; beyond, the platform's function is called. */
const LARGE_ANGLE = 1e6;

/** sin(r), cos(r) and n in the low bits, for x = n pi/2 + r. */
function circular(f: Func, lanes: Lanes, x: Code): { sin: Local; cos: Local; n: Local } {
  const { shifted, r } = reduce(f, lanes, x, Math.PI / 2, ...HALF_PI);
  const z = f.let("v128", lanes.mul(r, r));
  return {
    sin: f.let("v128", lanes.madd(lanes.mul(lanes.polynomial(z, SIN_FIT), z), r, r)),
    cos: f.let("v128", lanes.polynomial(z, [1, -0.5, ...COS_FIT])),
    n: shifted,
  };
}

/** sin(x + shift pi/2) */
const wave = (shift: bigint): Formula => (f, lanes, x) => {
  const { sin, cos, n } = circular(f, lanes, x);
  const quadrant = f.let("v128", shift === 0n ? n : lanes.bits("add", n, shift));
  const odd = lanes.bits("sub", lanes.zero, op("v128.and", [quadrant, lanes.constant(1n)]));
  const flip = lanes.bits("shl", lanes.bits("shr_u", quadrant, 1), 63);
  return op("v128.xor", [lanes.select(odd, cos, sin), flip]);
};

const tan: Formula = (f, lanes, x) => {
  const { sin, cos, n } = circular(f, lanes, x);
  const odd = f.let("v128", lanes.bits("sub", lanes.zero, op("v128.and", [n, lanes.constant(1n)])));
  const flip = op("v128.and", [odd, lanes.op("neg", 0)]);
  return op("v128.xor", [lanes.div(lanes.select(odd, cos, sin), lanes.select(odd, sin, cos)), flip]);
};

const ERF_FIT = fit(erfRatio, 0, 0.81, 6);
const ERFC_FIT = fit((t) => erfcx(3 * (1 - t) / t) / t, 3 / 13.1, 1, 11);

/** erfc of a in [0, 10.1]: e^(-a^2) times a polynomial in t = 3 / (3 + a). */
function erfc(f: Func, lanes: Lanes, a: Local): Local {
  const t = f.let("v128", lanes.div(3, lanes.add(a, 3)));
  const decay = exp(f, lanes, f.let("v128", lanes.op("neg", lanes.mul(a, a))));
  return f.let("v128", lanes.mul(decay, lanes.mul(t, lanes.polynomial(t, ERFC_FIT))));
}

const EXP_FIT_SINGLE = fit(expTail, -Math.LN2 / 2, Math.LN2 / 2, 4);
/** log(2) in two parts; the product of the first, 10 bits, with n is exact. */
const LN2 = [0.693359375, Math.LN2 - 0.693359375];

/** e^x of x within [-104, 89] in float32, up to infinity and down to the subnormal numbers: 2^n is multiplied in two steps. */
function expSingle(f: Func, lanes: Lanes, x: Code): Local {
  const { shifted, r } = reduce(f, lanes, x, Math.LN2, ...LN2);
  const n = f.let("v128", lanes.bits("sub", shifted, 0x4b400000n));
  const half = f.let("v128", lanes.bits("shr_s", n, 1));
  const square = lanes.mul(r, r);
  const value = lanes.add(lanes.madd(square, lanes.polynomial(r, EXP_FIT_SINGLE), r), 1);
  return f.let("v128", lanes.mul(lanes.mul(value, power(f, lanes, half)), power(f, lanes, lanes.bits("sub", n, half))));
}

const TANH_FIT = fit(tanhTail, 0, 0.6 ** 2, 4);

/** The functions computed in float32. */
const narrow: Record<string, Formula> = {
  exp: (f, lanes, x) => expSingle(f, lanes, f.let("v128", clamp(lanes, x, -104, 89))),
  sigmoid: (f, lanes, x) => {
    // e^-|x| / (1 + e^-|x|), or 1 / (1 + e^-|x|) on the positive side, so that nothing overflows
    const decay = expSingle(f, lanes, f.let("v128", lanes.op("pmax", lanes.op("neg", lanes.op("abs", x)), -104)));
    return lanes.div(lanes.select(lanes.op("lt", x, 0), decay, 1), lanes.add(decay, 1));
  },
  tanh: (f, lanes, x) => {
    const a = abs(f, lanes, x);
    const e = expSingle(f, lanes, f.let("v128", lanes.op("pmin", lanes.add(a, a), 20)));
    const large = lanes.sub(1, lanes.div(2, lanes.add(e, 1)));
    const z = f.let("v128", lanes.mul(a, a));
    const small = lanes.madd(lanes.mul(z, lanes.polynomial(z, TANH_FIT)), a, a);
    return lanes.copysign(lanes.select(lanes.op("lt", a, 0.6), small, large), x);
  },
};

/** The functions computed in float64. */
const wide: Record<string, Formula> = {
  exp: (f, lanes, x) => exp(f, lanes, clamp(lanes, x, -110, 90)),
  exp2: (f, lanes, x) => {
    const bounded = f.let("v128", clamp(lanes, x, -160, 130));
    const { shifted, r } = reduce(f, lanes, bounded, 1, 1);
    const t = f.let("v128", lanes.mul(r, Math.LN2));
    return lanes.mul(lanes.polynomial(t, [1, 1, ...EXP_FIT]), power(f, lanes, shifted));
  },
  expm1: (f, lanes, x) => lanes.copysign(expm1(f, lanes, f.let("v128", clamp(lanes, x, -110, 90))), x),
  log: (f, lanes, x) => log(f, lanes, x, Math.E),
  log2: (f, lanes, x) => log(f, lanes, x, 2),
  log10: (f, lanes, x) => log(f, lanes, x, 10),
  log1p: (f, lanes, x) => lanes.copysign(log(f, lanes, f.let("v128", lanes.add(x, 1)), Math.E, x), x),
  sin: wave(0n),
  cos: wave(1n),
  tan,
  sinh: (f, lanes, x) => {
    const e = expm1(f, lanes, f.let("v128", lanes.op("pmin", abs(f, lanes, x), 100)));
    return lanes.copysign(lanes.mul(lanes.add(e, lanes.div(e, lanes.add(e, 1))), 0.5), x);
  },
  cosh: (f, lanes, x) => {
    const e = exp(f, lanes, f.let("v128", lanes.op("pmin", abs(f, lanes, x), 100)));
    return lanes.mul(lanes.add(e, lanes.div(1, e)), 0.5);
  },
  tanh: (f, lanes, x) => {
    const e = expm1(f, lanes, f.let("v128", lanes.op("pmin", lanes.mul(abs(f, lanes, x), 2), 50)));
    return lanes.copysign(lanes.div(e, lanes.add(e, 2)), x);
  },
  sigmoid: (f, lanes, x) => lanes.div(1, lanes.add(exp(f, lanes, f.let("v128", clamp(lanes, lanes.op("neg", x), -110, 110))), 1)),
  erf: (f, lanes, x) => {
    const a = f.let("v128", lanes.op("pmin", abs(f, lanes, x), 10.1));
    const z = f.let("v128", lanes.mul(a, a));
    const large = lanes.sub(1, erfc(f, lanes, a));
    return lanes.copysign(lanes.select(lanes.op("lt", a, 0.9), lanes.mul(a, lanes.polynomial(z, ERF_FIT)), large), x);
  },
  erfc: (f, lanes, x) => {
    const value = erfc(f, lanes, f.let("v128", lanes.op("pmin", abs(f, lanes, x), 10.1)));
    return lanes.select(lanes.op("lt", x, 0), lanes.sub(2, value), value);
  },
  rsqrt: (_, lanes, x) => lanes.div(1, lanes.op("sqrt", x)),
};

/** Functions of the platform, for arguments beyond LARGE_ANGLE. */
const imported = ["sin", "cos", "tan"];

/** What the module imports. */
export const imports: string[] = imported.map((name) => `(import "Math" "${name}" (func $Math_${name} (param f64) (result f64)))`);

/** `unary_NAME(address, end)`: replaces the float32 in [address, end), a whole number of vectors, by their function values. */
export function elementwise(single: Lanes, double: Lanes): string[] {
  return [
    ...Object.entries(wide).map(([name, formula]) => unary(name, single, (f, x) => inDouble(f, single, double, name, formula, x))),
    ...Object.entries(narrow).map(([name, formula]) => unary(name + "1", single, (f, x) => formula(f, single, x))),
    unary("sqrt", single, (_, x) => single.op("sqrt", x)),
  ];
}

function unary(name: string, single: Lanes, formula: (f: Func, x: Local) => Code): string {
  return func(`unary_${name}`, ["address", "end"], (f, address, end) => {
    const x = f.local("v128");
    f.while(op("i32.lt_s", [address, end]), () => {
      f.set(x, single.load(address));
      f.do(single.store(address, formula(f, x)));
      f.increase(address, 16);
    });
  });
}

/** Applies a formula to the lower and the upper half in float64. */
function inDouble(f: Func, single: Lanes, double: Lanes, name: string, formula: Formula, x: Local): Code {
  const [lower, upper] = [x, op("i8x16.shuffle", [x, x], "8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7")].map((half) => {
    const value = formula(f, double, f.let("v128", op("f64x2.promote_low_f32x4", [half])));
    return f.let("v128", op("f32x4.demote_f64x2_zero", [value]));
  });
  const y = f.let("v128", op("i8x16.shuffle", [lower, upper], "0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23"));
  if (imported.includes(name)) {
    f.if(op("i32.eqz", [op("i32x4.all_true", [op("f32x4.lt", [op("f32x4.abs", [x]), single.constant(LARGE_ANGLE)])])]), () => {
      for (let lane = 0; lane < 4; lane++) {
        const element = f.let("f32", op("f32x4.extract_lane", [x], String(lane)));
        f.if(op("i32.eqz", [op("f32.lt", [op("f32.abs", [element]), `(f32.const ${LARGE_ANGLE})`])]), () => {
          const exact = op("f32.demote_f64", [call(`Math_${name}`, op("f64.promote_f32", [element]))]);
          f.set(y, op("f32x4.replace_lane", [y, exact], String(lane)));
        });
      }
    });
  }
  return y;
}
