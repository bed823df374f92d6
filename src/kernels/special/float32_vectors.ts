/**
 * Elementary functions to the bit as PyTorch's vectors give them in float32 (SLEEF's, up to 3.5 ulp from the true value for the sine and cosine, 1 for
 * the others): polynomials evaluated by fused multiply-adds. What SLEEF computes in pairs of floats is computed in double precision here; the two
 * differ by less than a rounding shows but for one number in some ten thousand.
 */
const f = Math.fround;

/** To the nearest whole number, to the even one of two: adding 1.5 * 2^52 leaves no digits behind the point. */
const rint = (x: number): number => x + 6755399441055744 - 6755399441055744;

const POWERS = Float64Array.from({ length: 384 }, (_, i) => 2 ** (i - 192));
/** 2^n for |n| < 192. */
const powerOf2 = (n: number): number => POWERS[n + 192];

// -- sine, cosine, tangent -------------------------------------------------------------------------------------------

/** π in three parts, each but the last short enough for its multiples to be exact. */
const PI_HIGH = f(3.1414794921875), PI_MIDDLE = f(0.00011315941810607910156), PI_LOW = f(1.9841872589410058936e-9);
/** From here on π is taken in four parts. */
const MANY_TURNS = 125;
/** π in four parts. */
const PI_1 = f(3.140625), PI_2 = f(0.0009670257568359375), PI_3 = f(6.2771141529083251953e-7), PI_4 = f(1.2154201256553420762e-10);
/** From here on the reduction needs more digits of π than these; the true value is taken. */
const TOO_MANY_TURNS = 39000;
const BY_PI = f(1 / Math.PI), BY_HALF_PI = f(2 / Math.PI);

/** Coefficients of sin d = d + d s (c1 + c2 s + ...), s = d². */
const SIN_1 = f(-0.166666597127914428710938), SIN_2 = f(0.00833307858556509017944336), SIN_3 = f(-0.0001981069071916863322258);
const SIN_4 = f(2.6083159809786593541503e-6);

/** x - q π, or with half of everything x - q π/2: `part` is 1 or 1/2. */
function reduced(x: number, q: number, part: number): number {
  const u = q * part;
  if (Math.abs(x) < MANY_TURNS) return f(f(f(x - u * PI_HIGH) - u * PI_MIDDLE) - u * PI_LOW);
  return f(f(f(f(x - u * PI_1) - u * PI_2) - u * PI_3) - u * PI_4);
}

/** sin d for |d| <= π/2. */
function sinReduced(d: number): number {
  const s = f(d * d);
  const u = f(f(f(SIN_4 * s + SIN_3) * s + SIN_2) * s + SIN_1);
  return f(f(s * f(u * d)) + d);
}

/** The sine. */
export function sinFloat32(x: number): number {
  if (!(Math.abs(x) < TOO_MANY_TURNS)) return Math.sin(x);
  if (x === 0) return x;
  const q = rint(f(x * BY_PI));
  const d = reduced(x, q, 1);
  return sinReduced((q & 1) === 0 ? d : -d);
}

/** The cosine. */
export function cosFloat32(x: number): number {
  if (!(Math.abs(x) < TOO_MANY_TURNS)) return Math.cos(x);
  const q = 2 * rint(f(f(x * BY_PI) - 0.5)) + 1;
  const d = reduced(x, q, 0.5);
  return sinReduced((q & 2) === 0 ? -d : d);
}

/** Coefficients of tan t = t (1 + s (c1 + s (c2 + ...))), s = t², |t| <= π/4. */
const TAN_1 = f(0.33333361148834228515625), TAN_2 = f(0.133325666189193725585938), TAN_3 = f(0.0540687143802642822265625);
const TAN_4 = f(0.0212360303848981857299805), TAN_5 = f(0.0109639242291450500488281), TAN_6 = f(-8.3920182078145444393158e-5);
const TAN_7 = f(0.00446636462584137916564941);

/** The tangent. */
export function tanFloat32(x: number): number {
  if (!(Math.abs(x) < TOO_MANY_TURNS)) return Math.tan(x);
  if (x === 0) return x;
  const q = rint(f(x * BY_HALF_PI)), h = q * 0.5;
  const t = Math.abs(x) < MANY_TURNS ? x - h * PI_HIGH - h * PI_MIDDLE - h * PI_LOW : x - h * PI_1 - h * PI_2 - h * PI_3 - h * PI_4;
  const square = t * t, s = f(square);
  const u = f(f(f(f(TAN_7 * s + TAN_6) * s + TAN_5) * s + TAN_4) * s + TAN_3);
  const y = t * (1 + square * (TAN_1 + square * (TAN_2 + f(u * s))));
  return (q & 1) === 0 ? y : -1 / y;
}

// -- logarithms ------------------------------------------------------------------------------------------------------

const LN2 = f(0.69314718246459960938) + f(-1.904654323148236017e-9);

const bits = new Int32Array(1), single = new Float32Array(bits.buffer);

/** The exponent e of a normal number for which x / 2^e lies between 3/4 and 3/2. */
function exponentOf(x: number): number {
  single[0] = x * (1 / 0.75);
  return (bits[0] >> 23 & 255) - 127;
}

/** Coefficients of log((1 + z) / (1 - z)) = 2z + z³ (c1 + c2 z² + c3 z⁴). */
const LOG_1 = f(0.6666694880), LOG_2 = f(0.3996108174), LOG_3 = f(0.3027294874);

/** The cube of (m - 1) / (m + 1), of which only the first digits matter, times a polynomial in its square, each step rounded. */
function tail(above: number, below: number, c1: number, c2: number, c3: number): number {
  const x = f(f(above) * f(1 / f(below))), s = f(x * x);
  return f(f(s * x) * f(f(c3 * s + c2) * s + c1));
}

/** The natural logarithm. */
export function logFloat32(x: number): number {
  if (!(x > 1.1754943508222875e-38 && x < Infinity)) return Math.log(x);
  const e = exponentOf(x), m = x * powerOf2(-e);
  const z = (m - 1) / (m + 1);
  return LN2 * e + 2 * z + tail(m - 1, m + 1, LOG_1, LOG_2, LOG_3);
}

const LOG2_1 = f(0.9618012905120), LOG2_2 = f(0.5764790177), LOG2_3 = f(0.4374550283), LOG2_Z = f(2.8853900432586669922) + f(3.2734474483568488616e-8);

/** The logarithm to base 2. */
export function log2Float32(x: number): number {
  if (!(x > 1.1754943508222875e-38 && x < Infinity)) return Math.log2(x);
  const e = exponentOf(x), m = x * powerOf2(-e);
  const z = (m - 1) / (m + 1);
  return e + LOG2_Z * z + tail(m - 1, m + 1, LOG2_1, LOG2_2, LOG2_3);
}

const LOG10_1 = f(0.2895309627), LOG10_2 = f(0.1735493541), LOG10_3 = f(0.1314289868), LOG10_Z = f(0.868588984) + f(-2.170757285e-8);
const LOG10_E = f(0.30103001) + f(-1.432098889e-8);

/** The logarithm to base 10. */
export function log10Float32(x: number): number {
  if (!(x > 1.1754943508222875e-38 && x < Infinity)) return Math.log10(x);
  const e = exponentOf(x), m = x * powerOf2(-e);
  const z = (m - 1) / (m + 1);
  return LOG10_E * e + LOG10_Z * z + tail(m - 1, m + 1, LOG10_1, LOG10_2, LOG10_3);
}

/** log(1 + x). */
export function log1pFloat32(x: number): number {
  if (!(x > -1)) return Math.log1p(x);
  if (x > 1e38) return Infinity;
  if (x === 0) return x;
  const e = exponentOf(f(x + 1)), t = powerOf2(-e);
  const m = f(x * t + f(t - 1));
  const z = m / (2 + m);
  return LN2 * e + 2 * z + tail(m, 2 + m, LOG_1, LOG_2, LOG_3);
}

// -- exponentials ----------------------------------------------------------------------------------------------------

const LN2_HIGH = f(0.693145751953125), LN2_LOW = f(1.428606765330187e-6), BY_LN2 = f(Math.LOG2E);
/** Coefficients of e^s = 1 + s + s² (1/2 + s (c1 + s (c2 + ...))), |s| <= ln 2 / 2. */
const EXP_1 = f(0.166666659414234244790680580464), EXP_2 = f(0.4166637361e-1), EXP_3 = f(0.8333456703e-2), EXP_4 = f(0.1394256484e-2);
const EXP_5 = f(0.1980960224e-3);

/** e^x - 1 with some more digits than float32 has, |x| < 90. */
function expm1Long(x: number): number {
  const q = rint(f(x * BY_LN2));
  const s = x - q * LN2_HIGH - q * LN2_LOW, short = f(s);
  const u = f(f(f(EXP_5 * short + EXP_4) * short + EXP_3) * short + EXP_2);
  const y = s + s * s * (0.5 + s * (EXP_1 + s * u));
  return q === 0 ? y : (1 + y) * powerOf2(q) - 1;
}

/** e^x - 1, exact near 0. */
export function expm1Float32(x: number): number {
  if (x > 88.72283172607421875) return Infinity;
  if (x < -16.635532333438687426013570) return -1;
  return x === 0 || x !== x ? x : expm1Long(x);
}

/** The hyperbolic tangent: with t = e^|x| - 1 it is t (t + 2) / (t (t + 2) + 2). */
export function tanhFloat32(x: number): number {
  if (x === 0 || x !== x) return x;
  const size = Math.abs(x);
  if (size > 8.664339742) return x < 0 ? -1 : 1;
  const t = expm1Long(size), w = t * (t + 2);
  return x < 0 ? -w / (w + 2) : w / (w + 2);
}

// -- inverse trigonometric functions ---------------------------------------------------------------------------------

const PI_PAIR = f(3.1415927410125732422) + f(-8.7422776573475857731e-8);
/** Coefficients of asin x = x + x³ (c1 + c2 x² + ...), |x| <= 1/2. */
const ASIN_1 = f(0.1666677296), ASIN_2 = f(0.7495029271e-1), ASIN_3 = f(0.4547423869e-1), ASIN_4 = f(0.2424046025e-1), ASIN_5 = f(0.4197454825e-1);

/** x³ times the polynomial of asin in x². */
const asinTail = (x: number, s: number): number => f(f(f(f(f(f(ASIN_5 * s + ASIN_4) * s + ASIN_3) * s + ASIN_2) * s + ASIN_1)) * f(s * x));

/** A square root as the quotient of a sum that is rounded first. */
function rootOf(s: number): number {
  const t = f(Math.sqrt(s));
  return t === 0 ? 0 : f(f(s + t * t) * f(1 / t)) * 0.5;
}

/** The inverse sine. */
export function asinFloat32(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return NaN;
  if (size < 0.5) return x + Math.sign(x) * asinTail(size, f(size * size));
  const s = f(f(1 - size) * 0.5), root = size === 1 ? 0 : Math.sqrt(s);
  return Math.sign(x) * 2 * (PI_PAIR / 4 - root - asinTail(rootOf(s), s));
}

/** The inverse cosine. */
export function acosFloat32(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return NaN;
  if (size < 0.5) return PI_PAIR / 2 - (x + Math.sign(x) * asinTail(size, f(size * size)));
  const s = f(f(1 - size) * 0.5), root = size === 1 ? 0 : Math.sqrt(s);
  const y = 2 * (root + asinTail(rootOf(s), s));
  return x < 0 ? PI_PAIR - y : y;
}

/** Coefficients of atan t = t (1 + s (c1 + c2 s + ...)), s = t², |t| <= 1. */
const ATAN_1 = f(-0.333332866430282592773438), ATAN_2 = f(0.199983194470405578613281), ATAN_3 = f(-0.142626821994781494140625);
const ATAN_4 = f(0.109463557600975036621094), ATAN_5 = f(-0.0838950723409652709960938), ATAN_6 = f(0.0577365085482597351074219);
const ATAN_7 = f(-0.0309564601629972457885742), ATAN_8 = f(0.0107900900766253471374512), ATAN_9 = f(-0.00176397908944636583328247);

/** The inverse tangent. */
export function atanFloat32(x: number): number {
  if (x === 0 || x !== x) return x;
  const size = Math.abs(x);
  const t = size > 1 ? -1 / size : size, square = t * t, s = f(square);
  const u = f(f(f(f(f(f(f(ATAN_9 * s + ATAN_8) * s + ATAN_7) * s + ATAN_6) * s + ATAN_5) * s + ATAN_4) * s + ATAN_3) * s + ATAN_2);
  const y = t * (1 + square * (ATAN_1 + f(u * s)));
  const out = size > 1 ? PI_PAIR / 2 + y : y;
  return x < 0 ? -out : out;
}
